"""Typography: golden pairs, and the laws that hold for any text at all."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.shared import shared_data
from translate.typography import chinese, escape_text, has_han, one_line

# Bits that have broken some Markdown tool or linter, to be strung together at random.
BITS = (
    *"中文的了一〇々，。！？；：、（）“”《》—…　 ,.;:!?()\"'`*_~$#<>{}[]|\\/&@%^+-=0123abcXYZé\n\t",
    *("...", "....", "……", "--", "---", "{{", "}}", "<script>", "</details>", "<!-- ", "-->"),
    *("http://a.b/c_d", "https://x.y/z(1)", "http://localhost:3000/x", "__init__", "a_b", "f(x)"),
    *("torch.compile", "a*b*c", "&amp;", "&copy;", ":tada:", ";)", "8-)", "**", "``", "```"),
    *("::: tip", "[[toc]]", "[x](y)", "![i](j)", "1. ", "- ", "> ", "# ", "C++", ".NET", "60%"),
    *(
        "２０",
        "~~",
        "$x$",
        "//localhost:1/",
        "\u200b",
        "\u202e",
        "🎉",
        "e.g. ",
        "<!-- 00:01:02 -->",
    ),
    *("English", "{#id}", "{.cls}", "**粗（体）**", "`code`", "[链接](https://a.b/c)", "|---|"),
)
hostile = st.one_of(
    st.lists(st.sampled_from(BITS), max_size=14).map("".join),
    st.text(max_size=40),
)


def letters(text: str) -> str:
    """Letters, digits and Han, in order."""
    return re.sub(r"[\W_]", "", text)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: set[str] = set()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- the signature is HTMLParser's
        self.tags.add(tag)


def shown(markdown: str) -> _Text:
    """What a browser shows of it."""
    page = _Text()
    page.feed(MarkdownIt("commonmark", {"html": True}).render(markdown))
    return page


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("使用torch.compile,我们有8卡A100", "使用 torch.compile，我们有 8 卡 A100"),
        ("2023年有60%的GPU", "2023 年有 60% 的 GPU"),
        ("约 60 ％的人", "约 60% 的人"),
        ("模型(model)和GPU (H100) 的差别", "模型（model）和 GPU（H100）的差别"),
        ("等等...并且", "等等……并且"),
        ("他说…好", "他说……好"),
        ('他说 "你好" 然后走', "他说“你好”然后走"),
        ("今天--也就是现在", "今天——也就是现在"),
        ("今年 — 也就是现在", "今年——也就是现在"),
        ("**今年（2023 年）**发起", "**今年（2023 年）** 发起"),
        ("中文**“引用”**在此", "中文 **“引用”** 在此"),
        ("实现__init__和torch_function", "实现 `__init__` 和 `torch_function`"),
        ("就是a*b*c了", "就是 `a*b*c` 了"),
        ("调用torch.compile(model)即可", "调用 `torch.compile(model)` 即可"),
        ("中文.NET和C++写的Node.js", "中文 .NET 和 C++ 写的 Node.js"),
        (
            "见https://pytorch.org/blog。然后",
            "见 [https://pytorch.org/blog](https://pytorch.org/blog)。然后",
        ),
        ("在http://localhost:80/x上", "在 `http://localhost:80/x` 上"),
        ("使用 PyTorch.<!-- 00:01:02 -->", "使用 PyTorch。<!-- 00:01:02 -->"),
        ("使用`a,b`吧", "使用 `a,b` 吧"),
        ("看[Blog,中文](https://a.b/中,文)吧", "看 [Blog，中文](https://a.b/中,文)吧"),
        ("公式$x,中$不变", "公式$x,中$不变"),
        ("> 引用,中文\n- 列表(项)", "> 引用，中文\n- 列表（项）"),
        ("PyTorch ，以及", "PyTorch，以及"),
        ("PyTorch, 以及 PyTorch. 结束", "PyTorch，以及 PyTorch。结束"),
        ("１２个", "12 个"),
        ("He said: use (it), ok.", "He said: use (it), ok."),
        ("12:30开始", "12:30 开始"),
        ("```py\n中文English\n```", "```py\n中文English\n```"),
    ],
)
def test_chinese(text: str, expected: str) -> None:
    assert chinese(text) == expected
    assert chinese(expected) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Not a heading", r"\# Not a heading"),
        ("1. first", r"1\. first"),
        ("---", r"\---"),
        ("<script>alert('x')</script>", "&lt;script>alert('x')&lt;/script>"),
        ("{{ 7 * 7 }}", r"&#123;&#123; 7 \* 7 &#125;&#125;"),
        ("title {onclick=x}", "title &#123;onclick=x&#125;"),
        ("costs $5 and $6", r"costs \$5 and \$6"),
        ("the __init__ method", "the `__init__` method"),
        ("[toc](x)", r"\[toc\](x)"),
        ("说:中文English", "说：中文 English"),
        ("a\u202eb\u200bc\x00d", "abcd"),
        ("two\nlines", "two lines"),
        ("", ""),
    ],
)
def test_escape_text(text: str, expected: str) -> None:
    assert escape_text(text) == expected


@settings(deadline=None)
@given(hostile)
@example('"(中)"a')
@example("。。。…...中.")
def test_chinese_is_idempotent(text: str) -> None:
    once = chinese(text)
    assert chinese(once) == once


@settings(deadline=None)
@given(hostile)
def test_chinese_keeps_every_letter(text: str) -> None:
    wide = str.maketrans("０１２３４５６７８９", "0123456789")
    visible = one_line(text).translate(wide)
    # An address that became a link stands there twice.
    result = re.sub(r"\]\(https?://[^)]*\)", "]", chinese(text)).translate(wide)
    assert letters(result) == letters(re.sub(r"\]\(https?://[^)]*\)", "]", visible))


@settings(deadline=None)
@given(hostile)
def test_escaped_text_is_shown_as_text(text: str) -> None:
    markdown = escape_text(text)
    page = shown(markdown)
    wide = str.maketrans("０１２３４５６７８９", "0123456789")
    assert page.tags <= {"p", "code", "a"}
    assert letters(page.text.translate(wide)) == letters(one_line(text).translate(wide))
    assert "\n" not in markdown
    assert "<!--" not in markdown
    assert "{{" not in markdown


@settings(deadline=None)
@given(st.text('中文abAB12,. ()!?…"%', max_size=60))
def test_no_chinese_touches_a_letter_or_a_half_width_mark(text: str) -> None:
    result = escape_text(text)
    plain = re.sub(r"`[^`]*`", "`", result)
    assert not re.search(r"[中文][A-Za-z0-9]|[A-Za-z0-9][中文]", plain)
    assert not re.search(r"[中文][,.;:!?()]|[,.;:!?()][中文]", plain)


@settings(deadline=None)
@given(st.text("ab_ *中文", max_size=30))
def test_spacing_is_settled_after_escaping(text: str) -> None:
    assert chinese(escape_text(text)) == escape_text(text)


@pytest.mark.parametrize(
    "bit", ["`", "` `` ", "a", "(", "a_", "a.", "**a", "http://a", "中a", "$a", "a*b", "[", "<!--"]
)
def test_long_runs_take_no_time(bit: str) -> None:
    text = bit * (10_000 // len(bit))
    start = time.process_time()
    escape_text(text)
    chinese(text)
    assert time.process_time() - start < 5


def test_has_han() -> None:
    assert has_han("a中")
    assert not has_han("，。！ー한ã")


@pytest.mark.data
def test_the_columns_own_posts_need_little() -> None:
    """The editors' own prose passes with few changes, and no change of words."""
    for name in ("pytorch-conference-01.md", "zuckerberg-letter-post.md"):
        text = shared_data(f"posts/{name}").read_text("utf-8").split("<!-- more -->")[1]
        lines = [line for line in text.split("\n") if has_han(line)]
        changed = [line for line in lines if chinese(line) != line]
        assert len(changed) <= len(lines) // 5, changed
