"""A draft becomes a post: what is ours goes, and every word of the editor's is there."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared import shared_data
from tests.test_typography import BITS, letters
from translate.draft import ANCHOR, CLOSING, NOTE, PROOFREAD, anchors, english_block
from translate.stages.publish import Picture, Post, post_of, strays

FRONT = """\
---
title: '【睁眼看世界 🌍】｜Demo Conf 2026 - One line'
date: 2026-08-06
author:
   name: 孙
   github: sun
category: insights
source: https://example.org/talk
event: Demo Conf 2026
speakers:
   - Ada
uploaded: 2026-06-01
licence: CC BY 4.0
transcribed_by: whisper turbo
translated_by: chat model
machine_assisted: true
reviewed_by: 我自己加的一行   # 留着
---
"""

LEAD = f"本文译自 Demo Conf 2026 的演讲《[One line](https://example.org/talk)》。{PROOFREAD[0]}"

EDITED = f"""\
{FRONT}
{LEAD}我很喜欢这场演讲。

<!-- more -->

---

## 写在最前

一段话。

---

<!-- 我的备忘：下周再看一遍 -->

## One line

{english_block("00:00:22", "Before torch_compile, we ran List<int> & more.", "https://a.b/?t=22")}

在PyTorch 2.0之前,一切都很慢。<!-- 00:00:22 -->

> 编者注 ✍️：<!-- 提示：首次提到 PyTorch 2.0 --&gt; 链接 -->

{english_block("00:00:40", "It became 8 percent faster.")}

快了 8%。

这半段是我拆出来的。<!-- 00:00:40 -->

> 编者注 ✍️：见 [Blog](https://example.org/b)。<!-- 提示：版本 -->

![slide-0001](slides/slide-0001.png)

{english_block("00:01:00", "One.")}

{english_block("00:01:09", "Two.")}

两段合成了一段。<!-- 00:01:00 --><!-- 00:01:09 -->

![损失曲线](slides/loss%20curve.jpg "图")

![](./slides/slide-0001.png) 又见第一张。

```python
print("<!-- 00:00:22 -->")  # 【待译】
```

## 编者最后的碎碎念

{CLOSING}
"""

PUBLISHED = f"""\
{FRONT}
{LEAD.replace(*PROOFREAD)}我很喜欢这场演讲。

<!-- more -->

---

## 写在最前

一段话。

---

<!-- 我的备忘：下周再看一遍 -->

## One line

在 PyTorch 2.0 之前，一切都很慢。

快了 8%。

这半段是我拆出来的。

> 编者注 ✍️：见 [Blog](https://example.org/b)。

![conference-1](../images/one-line/conference-1.png)

两段合成了一段。

![损失曲线](../images/one-line/conference-2.jpg '图')

![conference-1](../images/one-line/conference-1.png) 又见第一张。

```python
print("<!-- 00:00:22 -->")  # 【待译】
```
"""


def post(body: str, *, bilingual: bool = False) -> Post:
    return post_of(body, slug="s", bilingual=bilingual)


def body(text: str, *, bilingual: bool = False) -> str:
    return post(text, bilingual=bilingual).text.removesuffix("\n")


def test_an_edited_draft_becomes_a_post() -> None:
    made = post_of(
        EDITED, slug="one-line", bilingual=False, endings={"slides/loss curve.jpg": ".jpg"}
    )
    assert made.text == PUBLISHED
    assert made.unfinished == ()
    assert [(p.source, p.name) for p in made.pictures] == [
        ("slides/slide-0001.png", "conference-1.png"),
        ("slides/loss curve.jpg", "conference-2.jpg"),
    ]
    assert EDITED.splitlines()[made.pictures[0].line - 1] == "![slide-0001](slides/slide-0001.png)"


def test_bilingual_keeps_the_english_folded() -> None:
    made = post_of(EDITED, slug="one-line", bilingual=True).text
    for block in re.findall(r"<details>.*?</details>", EDITED, re.DOTALL):
        assert f"\n\n{block}\n\n" in made
    assert made.count("<!-- 00:") == 1  # the one in the code


@pytest.mark.parametrize("windows", ["\ufeff" + EDITED.replace("\n", "\r\n"), "\ufeff" + EDITED])
def test_windows_files_give_the_same_post(windows: str) -> None:
    assert post_of(windows, slug="a", bilingual=False) == post_of(EDITED, slug="a", bilingual=False)


# --- laws ---------------------------------------------------------------------------------------

han = st.text("的一是在不了有和人这中大为上个国我以要他", min_size=1, max_size=12)
mark = st.sampled_from(
    [*"，。！？；：,.!", " ", " GPU", "PyTorch 2", "（a）", "60%", "**粗**", "`f`"]
)
prose = st.lists(st.tuples(han, mark).map("".join), min_size=1, max_size=3).map("".join)
english_words = st.lists(st.sampled_from(["zqone", "zqtwo_x", "<zq>", "zq&"]), min_size=1)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str, list[str]]:
    """A draft after an editor's hour, the words that must be published, and its English."""
    times = anchors(sorted(draw(st.lists(st.integers(0, 4000), min_size=1, max_size=5))))
    parts: list[str] = []
    words: list[str] = []
    said: list[str] = []
    waiting: list[str] = []  # anchors of paragraphs that are joined to a later one
    for at in times:
        spoken = " ".join(draw(english_words))
        if draw(st.booleans()):
            parts.append(english_block(at, spoken, draw(st.sampled_from(["", "https://a.b/c"]))))
            said.append(spoken)
        anchor = f"<!-- {at} -->"
        what = draw(st.sampled_from(["whole", "split", "joined", "deleted", "odd", "moved up"]))
        texts = draw(st.lists(prose, min_size=1, max_size=3))
        if what == "joined":
            waiting.append(anchor)
            continue
        if what == "deleted":
            continue
        if what == "odd":
            texts[0] = f"{texts[0]}{anchor}{texts.pop()}" if len(texts) > 1 else anchor + texts[0]
            anchor = ""
        words += [ANCHOR.sub("", text) for text in texts]
        texts = texts if what == "split" else ["\n".join(texts)]
        texts[-1] += "".join(waiting) + anchor
        waiting = []
        parts[len(parts) - (what == "moved up" and bool(parts)) :] = texts + (
            parts[-1:] if what == "moved up" else []
        )
        for note in draw(st.lists(st.one_of(st.just(""), han), max_size=2)):
            hint = draw(st.sampled_from(["", "<!-- 提示：为什么 &#45;- x -->"]))
            parts.append(f"{NOTE}{note}{hint}")
            words.append(f"编者注{note}" if note else "")
        if draw(st.booleans()):
            free = draw(st.sampled_from(["### 小节 1", "- 一\n- 二", "> 引用", "---", "| 表 |"]))
            parts.append(free)
            words.append(free)
    return draw(st.sampled_from(["\n\n", "\n\n\n"])).join(parts) + "\n", "".join(words), said


@settings(max_examples=300)
@given(edited(), st.booleans(), st.booleans())
def test_every_chinese_word_is_in_the_post_and_no_english_is(
    made: tuple[str, str, list[str]], windows: bool, bilingual: bool
) -> None:
    text, words, said = made
    if windows:
        text = "\ufeff" + text.replace("\n", "\r\n")
    found = post(text, bilingual=bilingual)
    plain = re.sub(r"<details>.*?</details>", "", found.text, flags=re.DOTALL)
    # A paragraph may have been moved up over others: then its words stand elsewhere.
    assert sorted(letters(plain)) == sorted(letters(words))
    assert "zq" not in plain
    assert found.text.count("<details>") == (len(said) if bilingual else 0)
    assert not ANCHOR.search(found.text)
    assert found.unfinished == ()


_OURS = re.compile(
    r"<details>.*?</details>|<!--.*?-->|^ *> 编者注 ✍️：|^- （编者留言）$|^#+ |!\[[^\n]*|^```.*?^```"
    rf"|^- |^---$|^> |{PROOFREAD[0]}|https://[^\s)]*",
    re.DOTALL | re.MULTILINE,
)


@settings(max_examples=300)
@given(st.data())
def test_a_word_typed_anywhere_is_in_the_post(data: st.DataObject) -> None:
    places = set(range(len(FRONT) + 1, len(EDITED)))
    for match in _OURS.finditer(EDITED):
        places -= set(range(match.start() + 1, match.end()))
        if match.group().startswith(("![", "```")):  # these would be something else then
            places -= {match.start(), match.end()}
    at = data.draw(st.sampled_from(sorted(places)))
    typed = data.draw(st.sampled_from(["亲手写的", "typed by hand", "\n\n亲手写的一段。\n\n"]))
    made = post_of(EDITED[:at] + typed + EDITED[at:], slug="one-line", bilingual=False)
    assert letters(typed) in letters(made.text)
    # A paragraph typed right after the label of a note makes it an empty slot.
    whole = Counter(letters(PUBLISHED.replace(".jpg", ".png").replace("编者注", "")))
    assert whole <= Counter(letters(made.text)) - Counter(letters(typed))


@settings(max_examples=300)
@given(st.lists(st.sampled_from([*BITS, EDITED[-900:], NOTE, "\n", CLOSING]), max_size=25))
def test_nothing_raises_and_a_finished_post_is_a_post_already(bits: list[str]) -> None:
    made = post("".join(bits))
    assert made.text.endswith("\n")
    if made.unfinished or made.pictures:
        return
    again = post(made.text)
    assert not again.unfinished
    assert again.text == made.text


# --- what keeps it from being published ---------------------------------------------------------


def test_what_waits_for_its_translation_is_told_with_its_time_and_line() -> None:
    text = (
        "## A\n\n【待译】<!-- 原因：x --><!-- 00:01:02 -->\n\n"
        f"{english_block('00:02:00', 'b')}\n\n先写一半，【待译】\n\n## B\n\n`【待译】` 是占位符。\n"
    )
    made = post(text)
    assert [(p.rule, p.severity, p.at, p.where) for p in made.unfinished] == [
        ("untranslated", "error", 62.0, "line 3"),
        ("untranslated", "error", 120.0, "line 10"),
    ]
    assert made.text == "## A\n\n【待译】\n\n先写一半，【待译】\n\n## B\n\n`【待译】` 是占位符。\n"


def test_an_unfinished_post_does_not_say_that_it_was_proofread() -> None:
    assert PROOFREAD[0] in body(f"{PROOFREAD[0]}\n\n【待译】")
    assert body(PROOFREAD[0]) == PROOFREAD[1]
    mine = PROOFREAD[0].replace("尚待", "仍待")
    assert body(mine) == mine
    quoted = f"开头。\n\n<!-- more -->\n\n草稿里写着“{PROOFREAD[0]}”"
    assert body(quoted) == quoted


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("甲。<!-- 00:00:05 ->\n\n乙。<!-- 00:00:09 -->", "comment-open"),
        ("甲。<!-- 00:00:05\n", "comment-open"),
        ("甲。<!-- 我的话\n\n乙。-->", "comment-open"),
        ("<details>\n<summary>英文原文（00:00:05）</summary>\n<p>a</p>\n\n甲", "english-broken"),
        ("<summary>英文原文（00:00:05）</summary>\n<p>a</p>\n</details>\n\n甲", "english-broken"),
        (
            "<details>\n<summary>英文原文（00:00:05）</summary>\n<p>a</p>\n我写在这里\n</details>",
            "english-altered",
        ),
        ("![a](../secret.png)", "picture-outside"),
        ("![a](slides/../../x.png)", "picture-outside"),
        ("![a](..\\x.png)", "picture-outside"),
        ("![a](%2e%2e/x.png)", "picture-outside"),
        ("![a](/etc/passwd)", "picture-outside"),
        ("![a](file:///etc/passwd)", "picture-outside"),
        ("![a](C:\\x.png)", "picture-outside"),
        ("![a](a%00b.png)", "picture-outside"),
        ("![a]()", "picture-outside"),
        ('<img src="/x.png">', "picture-outside"),
    ],
)
def test_what_cannot_be_published_is_told_and_left(text: str, rule: str) -> None:
    made = post(text)
    assert [p.rule for p in made.unfinished] == [rule]
    assert made.unfinished[0].where.startswith("line ")
    assert made.pictures == ()
    assert letters(re.sub("<!-- [0-9:]+ -->", "", text)) in letters(made.text)


# --- odd places ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PyTorch<!-- 00:00:05 -->Paddle<!-- 00:00:09 -->", "PyTorch Paddle"),
        ("甲 <!-- 00:00:05 --> 乙<!-- 00:00:09 -->", "甲 乙"),
        ("甲<!-- 0:05 -->乙<!--00:00:09-->丙<!-- 00：00：10 -->", "甲乙丙"),
        ("<!-- 00:00:05 -->\n\n甲", "甲"),
        ("- 甲\n- <!-- 00:00:05 -->\n- 乙<!-- 00:00:06 -->", "- 甲\n- 乙"),
        ("> 甲<!-- 00:00:05 -->\n> 乙", "> 甲\n> 乙"),
        ("## 甲 <!-- 00:00:05 -->\n\n乙", "## 甲\n\n乙"),
        (f"甲\n{english_block('00:00:05', 'a')}\n乙", "甲\n\n乙"),
        ("> 编者注 ✍️：\n\n甲", "甲"),
        ("> 编者注 ✍：<!--提示:x-->\n>\n\n甲", "甲"),
        (f"{NOTE}<!-- 提示：x -->\n{NOTE}<!-- 提示：y -->\n\n甲", "甲"),
        (f"{NOTE}<!-- 提示：x -->\n{NOTE}乙<!-- 提示：y -->", f"{NOTE}乙"),
        (f"{NOTE}<!-- 提示：x -->\n>\n> 甲", f"{NOTE}\n>\n> 甲"),
        (f"{NOTE}<!-- 提示：x -->\n甲", f"{NOTE}\n> 甲"),
        (f"{NOTE}<!-- 提示：x -->\n## 甲", "## 甲"),
        (f"## 编者最后的碎碎念\n\n{CLOSING}\n- 我的话", "## 编者最后的碎碎念\n\n- 我的话"),
        (f"## 编者最后的碎碎念\n\n{CLOSING}\n\n## 参考\n\n甲", "## 参考\n\n甲"),
        ("## 编者最后的碎碎念\n\n- （编者留言）谢谢", "## 编者最后的碎碎念\n\n- （编者留言）谢谢"),
        ("甲 ` 乙<!-- 00:00:05 --> 丙 ` 丁", "甲 ` 乙 丙 ` 丁"),
        ("<!-- ![a](x.png) 【待译】 -->", "<!-- ![a](x.png) 【待译】 -->"),
        ("\\![a](https://a.b/c)", "\\![a](https://a.b/c)"),
        ("![a](https://a.b/c.png) ![b](//a.b/c.png)", "![a](https://a.b/c.png) ![b](//a.b/c.png)"),
        ('<IMG width="9" src=\'a b.png\'>', "<IMG width=\"9\" src='../images/s/conference-1.png'>"),
        ("![a (1)](<x/a (1).png>)", "![conference-1](../images/s/conference-1.png)"),
        ("![图][f]\n\n[f]: x.png", "![图](../images/s/conference-1.png)\n\n[f]: x.png"),
        ("[![a](a.png)](https://a.b/c)", "[![conference-1](../images/s/conference-1.png)](https://a.b/c)"),
        ("1. 甲\n\n   ```md\n   ![a](b.png)\n   ```", "1. 甲\n\n   ```md\n   ![a](b.png)\n   ```"),
        ("", ""),
    ],
)  # fmt: skip
def test_odd_places(text: str, expected: str) -> None:
    made = post(text)
    assert made.text == expected + "\n"
    assert made.unfinished == ()


def test_a_picture_shown_twice_is_one() -> None:
    made = post("![](x/a.png) ![](./x//a.png) ![](x%2Fa.png) ![](b.png)")
    assert made.pictures == (
        Picture(source="x/a.png", name="conference-1.png", line=1),
        Picture(source="b.png", name="conference-2.png", line=1),
    )


@pytest.mark.data
@pytest.mark.parametrize("name", ["pytorch-conference-01", "zuckerberg-letter-post"])
def test_the_columns_own_posts_lose_no_word(name: str) -> None:
    text = shared_data(f"posts/{name}.md").read_text(encoding="utf-8")
    made = post(text)
    assert {p.rule for p in made.unfinished} <= {"picture-outside"}
    links = re.compile(r"\[(https?://[^\]]+)\]\(\1\)")  # a bare address has become a link
    assert letters(links.sub(r"\1", made.text)) == letters(links.sub(r"\1", text))


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("<img src=slides/a.png>", "slides/a.png"),
        ('<img alt="a > b" src="slides/a.png">', ""),
        ("![两行\n说明](slides/a.png)", "slides/a.png"),
        ("![a [b [c] d] e](slides/a.png)", "slides/a.png"),
        ('<video src="slides/a.mp4"></video>', "slides/a.mp4"),
        ("<source srcset='slides/a.webp'>", "slides/a.webp"),
        ('<img src = "../a.png">', "../a.png"),
        ("![x][pic]\n\n[pic]:\n  slides/a.png", "slides/a.png"),
    ],
)
def test_a_picture_that_does_not_come_along_is_named(typed: str, target: str) -> None:
    """However it is written: as a parser reads the finished post."""
    made = post(f"{FRONT}\n文\n\n{typed}\n")
    known = [*made.unfinished, *strays(made.text, slug="s")]
    assert [p.rule for p in known] == ["picture-outside"] or made.pictures, made.text
    if known and target:
        assert target in known[0].message


def test_pictures_that_come_along_and_those_of_other_sites_are_no_strays() -> None:
    text = f"{FRONT}\n![a](slides/a.png) ![b](https://a.b/c.png) <img src='//a.b/c.png'>\n"
    assert list(strays(post(text).text, slug="s")) == []


def test_a_draft_that_nobody_has_edited_says_so_in_the_lead() -> None:
    made = post_of(EDITED, slug="s", bilingual=False, edited=False)
    assert PROOFREAD[0] in made.text
    assert PROOFREAD[1] not in made.text


def test_slides_come_along_without_their_anchors() -> None:
    text = (
        "## A\n\n> - a\n>\n> ```text\n> x <!-- 1 -->\n> ```\n>\n> <!-- 幻灯片 00:00:01 -->\n\n"
        "> - b<!-- 幻灯片 00:00:02 -->\n\n一。<!-- 00:00:01 -->\n\n"
        "![00-00-03](slides/00-00-03.webp)<!-- 幻灯片 00:00:03 -->\n"
    )
    post = post_of(text, slug="s", bilingual=False, endings={"slides/00-00-03.webp": ".jpg"})
    assert post.text == (
        "## A\n\n> - a\n>\n> ```text\n> x <!-- 1 -->\n> ```\n\n> - b\n\n一。\n\n"
        "![conference-1](../images/s/conference-1.jpg)\n"
    )
    assert [p.source for p in post.pictures] == ["slides/00-00-03.webp"]
    assert post.unfinished == ()
