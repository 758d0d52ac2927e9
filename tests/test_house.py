"""What the blog takes: typing put right without a word changed, and what is named instead."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.test_draft import drafts
from tests.test_typography import letters
from translate.draft import Draft, render
from translate.house import tidy
from translate.refusals import problems
from translate.typography import HAN

FRONT = "---\ntitle: T\ndate: 2026-08-06\nauthor:\n   name: a\n   github: b\n---\n\n"


def body(markdown: str) -> str:
    """A body put right."""
    done = tidy(f"{FRONT}{markdown}")
    assert done.startswith(FRONT)
    return done.removeprefix(FRONT)


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("中文English，8卡A100，60%的。", "中文 English，8 卡 A100，60% 的。\n"),
        ("你好,世界(测试).", "你好，世界（测试）。\n"),
        ("等等...", "等等……\n"),
        ("### 1. set_default_device", "### 1. set_default_device\n"),
        ("### 用 set_default_device 设置", "### 用 `set_default_device` 设置\n"),
        ('[字](https://a.b "题")', "[字](https://a.b '题')\n"),
        ('[字](https://a.b/c_(d) "题")', "[字](<https://a.b/c_(d)> '题')\n"),
        ("[字](https://a.b/c_(d))", "[字](<https://a.b/c_(d)>)\n"),
        ("甲 *斜体* 乙*斜体*丙，*斜*。", "甲 _斜体_ 乙*斜体*丙，_斜_。\n"),
        ("``a`b`` *斜* `*x*`", "``a`b`` _斜_ `*x*`\n"),
        ("## 字;f(x)", "## 字；f(x)\n"),
        ("## &#96;f(x)", "## &#96;f(x)\n"),
        ("*强调*.NET，__粗__。", "_强调_.NET，**粗**。\n"),
        ("*甲 **乙** 丙* ***丁***", "_甲 **乙** 丙_ _**丁**_\n"),
        ("~~~py\nx = 1\n~~~", "```py\nx = 1\n```\n"),
        ("````md\n```\n````", "````md\n```\n````\n"),
        ("[注][文档](https://a.b)新", "[注][文档](https://a.b)新\n"),
        ("- 甲\n+ 乙", "- 甲\n\n* 乙\n"),
        ("```py\nx = 1", "```py\nx = 1\n```\n"),
        ("9. 甲\n10. 乙", "9. 甲\n10. 乙\n"),
        ("8. 甲\n9. 乙\n10. 丙\n   - 丁", "8. 甲\n9. 乙\n10.   丙\n\n- 丁\n"),
        ("8. 甲\n9. 乙\n10. 丙\n    - 丁", "8. 甲\n9. 乙\n10.   丙\n      - 丁\n"),
        ("> 8. 甲\n> 9. 乙\n> 10. 丙", "> 8. 甲\n> 9. 乙\n> 10. 丙\n"),
        ("1. 甲\n- 乙\n2. 丙", "1. 甲\n\n- 乙\n\n2. 丙\n"),
        ("甲\n- \n1. ", "甲\n-\n\n1.\n"),
        ("```py\nx = 1  \n```", "```py\nx = 1\n```\n"),
        ("#  标题\n正文  \n\n\n\n末段 ", "# 标题\n\n正文\n\n末段\n"),
        ("* 甲\n* 乙", "- 甲\n- 乙\n"),
        ("正文\n- 甲\n  * 乙\n    + 丙", "正文\n\n- 甲\n   - 乙\n      - 丙\n"),
        ("1) 甲\n2) 乙\n   - 丙", "1. 甲\n2. 乙\n   - 丙\n"),
        ("- 甲\n  后续行", "- 甲\n  后续行\n"),
        ("- 甲\n\n  第二段\n- 乙", "- 甲\n\n   第二段\n\n- 乙\n"),
        (">引用\n续\n\n>  -  甲\n>  -  乙", "> 引用\n> 续\n\n> - 甲\n> - 乙\n"),
        ("一行  \n又一行", "一行  \n又一行\n"),
        (
            "| a | 中文 |\n|---|:-:|\n| 12345 | b |",
            "| a     | 中文 |\n| ----- | :--: |\n| 12345 |  b   |\n",
        ),
        ("| a |\n|---|\n| `x|y` |", "| a |\n|---|\n| `x|y` |\n"),
        ("***\n文", "---\n\n文\n"),
        ("```py\nx  = 1\n\n\ny\n```", "```py\nx  = 1\n\n\ny\n```\n"),
        (
            "<details>\n<summary>甲a</summary>\n</details>",
            "<details>\n<summary>甲a</summary>\n</details>\n",
        ),
        ("见https://a.b/c。", "见 [https://a.b/c](https://a.b/c)。\n"),
    ],
)
def test_typing_is_put_right(typed: str, right: str) -> None:
    assert body(typed) == right
    assert body(right) == right


def test_front_matter_is_put_right() -> None:
    typed = (
        '---\r\ntitle: "a b"\r\ndate: 2024-03-03\r\nauthor:\r\n  name:  x\r\nco_authors:\r\n'
        "  - name: y\r\n    github: z\r\n---\r\n文\r\n"
    )
    assert tidy("\ufeff" + typed) == (
        "---\ntitle: 'a b'\ndate: 2024-03-03\nauthor:\n   name: x\nco_authors:\n   - name: y\n"
        "     github: z\n---\n\n文\n"
    )


@settings(deadline=None)
@given(drafts())
def test_what_we_render_comes_back_as_it_is(draft: Draft) -> None:
    text = render(draft)
    assume(not re.search("[\U000f0000-\U0010ffff]", text))  # in no text that we let in
    assert tidy(text) == text


typed = st.lists(
    st.sampled_from(
        [
            *(
                "中文",
                "English",
                "2023",
                "60%",
                "`code`",
                "**粗体**",
                "（注）",
                "(x)",
                ",",
                ". ",
                "...",
                "：",
                " ",
            ),
            *(
                "\n",
                "\n\n",
                "\n- ",
                "\n  * ",
                "\n> ",
                "\n1. ",
                "\n## ",
                "\n```\n",
                "\n| a | b |\n|--|--|\n| c | d |\n",
            ),
            *(
                "[字](https://a.b)",
                "![图](a.png)",
                "__init__",
                "<br>",
                "  \n",
                "\n---\n",
                "<!-- 注 -->",
                "\n    ",
                "\t",
            ),
        ]
    ),
    max_size=25,
).map("".join)


@settings(deadline=None, max_examples=300)
@given(typed)
def test_no_letter_digit_or_han_character_changes_and_twice_is_once(text: str) -> None:
    once = tidy(FRONT + text)
    assert tidy(once) == once
    kept = f"[A-Za-z0-9{HAN}]"
    assert "".join(re.findall(kept, once)).startswith("".join(re.findall(kept, FRONT)))
    # A bare address is written twice: as a link's text and as its target.
    assert re.findall(kept, re.sub(r"\]\(https?:[^)]*\)", "]", once)) == re.findall(
        kept, re.sub(r"\]\(https?:[^)]*\)", "]", FRONT + text)
    )


# --- what is named instead ----------------------------------------------------------------------


def rules(markdown: str, **options: object) -> set[tuple[str, str, str]]:
    found = problems(FRONT + markdown, **options)  # type: ignore[arg-type]
    return {(p.rule.removeprefix("blog-"), p.severity, p.where) for p in found}


@pytest.mark.parametrize(
    ("markdown", "rule", "severity"),
    [
        ("List<int> 很好", "html", "error"),
        ("这里有 <pad> 标记", "html", "error"),
        ("<details>\n<summary>甲</summary>", "html", "error"),
        ("甲</b>", "html", "error"),
        ("{{ foo bar }}", "mustache", "error"),
        ("代码 `{{ foo }}` 也一样", "mustache", "error"),
        ("[字]()", "link", "error"),
        ('<p v-html="x">y</p>', "html", "error"),
        ('<p @click="x">y</p>', "html", "error"),
        ("<a href='x\">y</a>", "html", "error"),
        ("<<< @/x.js", "include", "error"),
        ("脚注[^1]。", "footnote", "error"),
        ("![图]()", "link", "error"),
        ("[字](other.md)", "link", "error"),
        ("[字](http://localhost:8000/a)", "link", "error"),
        ("```\ncode\n```", "fence", "error"),
        ("## 标题。", "heading", "error"),
        ("## Title:", "heading", "error"),
        ("- \n- 甲", "list", "error"),
        (">", "quote", "error"),
        ("算 a*b*c 的值", "emphasis", "warning"),
        ("调用 torch_func_name 即可", "identifier", "warning"),
        ("价格 $5 到 x$ 之间", "maths", "warning"),
        ("中文English", "typing", "info"),
    ],
)
def test_what_the_blog_would_refuse_is_named_with_its_line(
    markdown: str, rule: str, severity: str
) -> None:
    line = FRONT.count("\n") + 3
    found = rules(f"开头。\n\n{markdown}\n")
    assert (rule, severity, f"line {line}") in found, found


@pytest.mark.parametrize(
    "markdown",
    [
        "正文 `List<int>`、`<pad>` 和 **粗体**。\n",
        "<details>\n<summary>甲</summary>\n<p>乙</p>\n</details>\n",
        "<details>\n<summary>a</summary>\n<p>call my_var_name, a*b*c, $5 to x$</p>\n</details>\n",
        "[字](https://a.b/c_d_e) 与 [锚](#x) 和 [页](/posts/a)。\n",
        "```py\nList<int> {x} *a* __b_c_d__\n```\n",
        "## 真的吗？\n\n- 甲\n- 乙\n\n> 编者注 ✍️：好。\n",
        "文<br>字。<!-- 00:01:02 -->\n",
        "<a href=\"https://a.b/?c=d\" title='e' target=_blank>字</a><br/>\n",
        "一台 $5，两台 $9。\n",
        "<!-- more -->\n\n---\n",
    ],
)
def test_what_is_fine_is_not_named(markdown: str) -> None:
    assert {r for r in rules(markdown) if r[0] != "typing"} == set()


def test_pictures_are_looked_for() -> None:
    here = {"images/a 1.png"}
    text = "![甲](images/a%201.png)\n\n![乙](gone.png)\n\n![丙](https://a.b/c.png)\n"
    found = rules(text, has_file=lambda name: name in here)
    assert {r for r in found if r[0] == "image"} == {("image", "error", "line 11")}


def test_front_matter_that_breaks_the_build() -> None:
    found = problems("---\ntitle: a\ndate: 2026-01-01\n---\n\n文\n")
    assert [(p.where, p.message) for p in found] == [("line 1", "the front matter has no author")]
    assert problems("文\n")[0].message == "there is no front matter"


@pytest.mark.parametrize(
    "line",
    [
        *(
            "title: a: b",
            "title: `torch.compile` 一行",
            "title: '它",
            "title: [翻译] x",
            'title: "a',
        ),
        *("title: @x", "title: *x", "title: %x", "title: {x", "title: !x y", "title: 2026"),
        *("category:insights", "category：insights", "date: 明天", "date: 2026-13-45", "title: b"),
        "title: " + "[" * 3000,
    ],
)
def test_what_the_build_cannot_read_in_front_is_an_error(line: str) -> None:
    front = "---\ntitle: T\ndate: 2026-01-01\nauthor:\n   name: a\n---\n\n文\n"
    assert problems(front) == []
    key = line.split(":")[0]
    bad = front.replace("author:", f"{line}\nauthor:")
    if key in ("title", "date") and line != "title: b":
        bad = re.sub(rf"(?m)^{key}: .*$", lambda _: line, front, count=1)
    assert [p.rule for p in problems(bad)] == ["blog-front-matter"], bad
    assert problems(bad)[0].severity == "error"


def test_text_after_backticks_opens_no_code() -> None:
    found = rules("```内联``` 代码\n\n## What you can do:\n\n[x]()\n")
    assert {r[0] for r in found if r[1] == "error"} == {"heading", "link"}


def test_quotes_in_quotes_without_end_are_left() -> None:
    deep = ">" * 2000 + " 中"
    assert letters(tidy(FRONT + deep)) == letters(FRONT + deep)


@settings(deadline=None)
@given(drafts())
def test_of_what_we_render_nothing_is_named_but_its_front_matter(draft: Draft) -> None:
    assume(not re.search("[\U000f0000-\U0010ffff]", render(draft)))
    # These drafts are without front matter, and their headings are any text at all.
    assert {p.rule for p in problems(render(draft))} <= {"blog-front-matter", "blog-heading"}


@pytest.mark.parametrize(
    ("heading", "refused"),
    [("a &lt;", False), ("R&amp;D &gt;", False), ("a;", True)],
)
def test_a_heading_ends_in_what_an_escape_stands_for(heading: str, refused: bool) -> None:
    found = [p.message for p in problems(f"---\ntitle: x\n---\n\n## {heading}\n")]
    assert any("a heading ends in" in message for message in found) == refused
