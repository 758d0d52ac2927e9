"""The draft's Markdown: parse gives back what was rendered, and loses no word of any file."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translate.draft import (
    Block,
    Draft,
    Free,
    Heading,
    Note,
    Passage,
    Shown,
    anchors,
    chunks,
    parse,
    render,
    seconds,
    yaml_scalar,
)
from translate.model import Line
from translate.placing import bullets
from translate.typography import escape_text, one_line

plain = st.text(max_size=40).map(one_line)
hostile = st.sampled_from(
    [
        "<!-- 00:00:01 -->",
        "-->",
        "a --> b",
        "--",
        "{{ x }}",
        "</details>",
        "<p>",
        "&amp;",
        "a -",
        "> 编者注 ✍️：",
        "【待译】",
        "原因：x -->",
        '"><script>',
    ]
)
outside = st.one_of(plain, hostile, st.tuples(plain, hostile).map(" ".join).map(one_line))
markdown = outside.map(escape_text).filter(lambda t: bool(t) and "【待译】" not in t)
link = st.sampled_from(["", "https://www.youtube.com/watch?v=a&t=83s", 'https://a.b/"x"<y>&amp;'])


shown_lines = st.lists(
    st.builds(Line, text=outside, level=st.integers(0, 3), code=st.booleans()), max_size=4
)
slide = st.one_of(
    shown_lines.map(bullets).filter(bool), st.just("![00-01-02](slides/00-01-02.png)")
)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Any draft that the program itself could make."""
    times = sorted(draw(st.lists(st.floats(0, 400_000), max_size=5)))
    blocks: list[Block] = []
    for at in anchors(times):
        if draw(st.booleans()):
            blocks.append(Shown(at=at, text=draw(slide)))
        if draw(st.booleans()):
            blocks.append(Heading(text=draw(markdown), level=draw(st.integers(1, 6))))
        if draw(st.booleans()):
            blocks.append(Free(text=draw(markdown)))
        chinese = draw(st.one_of(st.just(""), markdown))
        english = draw(outside)
        blocks.append(
            Passage(
                at=at,
                chinese=chinese,
                missing="" if chinese else draw(outside),
                stale=draw(outside) if chinese else "",
                english=english,
                link=draw(link) if english else "",
                notes=tuple(
                    draw(st.lists(st.builds(Note, reason=outside, text=st.just("")), max_size=2))
                ),
            )
        )
    front = (("title", yaml_scalar(draw(outside) or "x")), ("author", "\n   name: a\n   github: b"))
    return Draft(front=front if draw(st.booleans()) else (), blocks=tuple(blocks))


@settings(deadline=None)
@given(drafts())
def test_parse_gives_back_what_was_rendered(draft: Draft) -> None:
    parsed = parse(render(draft))
    assert parsed == draft
    assert parsed.problems == ()


@settings(deadline=None)
@given(drafts())
def test_windows_line_ends_are_the_same_draft(draft: Draft) -> None:
    assert parse(render(draft).replace("\n", "\r\n")) == draft


@settings(deadline=None)
@given(drafts(), st.data())
def test_no_edit_makes_parse_raise_or_drop_a_word(draft: Draft, data: st.DataObject) -> None:
    text = render(draft)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 30))
        typed = data.draw(st.one_of(st.just(""), st.text(max_size=8), hostile))
        text = text[:at] + typed + text[at + cut :]
    again = render(parse(text))
    # Angle brackets and ampersands in the English may be written another way; words may not.
    words = re.findall(r"\w+", re.sub(r"&#?\w*;?", " ", text))
    kept = set(re.findall(r"\w+", re.sub(r"&#?\w*;?", " ", again)))
    joined = "".join(sorted(kept))
    missing = [w for w in words if w not in kept and w not in joined and w not in again]
    assert not missing


@settings(deadline=None)
@given(st.text("ab \n`~\r\t", max_size=80))
def test_chunks_joined_are_the_text(text: str) -> None:
    assert "".join(c.text + c.gap for c in chunks(text)) == text


def test_the_shape() -> None:
    draft = Draft(
        front=(("title", "'a: b'"),),
        blocks=(
            Heading(text="A chapter"),
            Passage(
                at="00:01:23",
                english="Use List<int> & {{ x }}.",
                link="https://youtu.be/x?a=1&t=83s",
                chinese="中文。",
                notes=(Note(reason="缩写 --> ONNX"),),
            ),
            Passage(at="00:02:00", english="B.", chinese="", missing="no translator"),
        ),
    )
    assert render(draft) == (
        "---\ntitle: 'a: b'\n---\n\n## A chapter\n\n"
        '<details>\n<summary>英文原文（<a href="https://youtu.be/x?a=1&amp;t=83s">00:01:23</a>）'
        "</summary>\n<p>Use List&lt;int&gt; &amp; &#123;&#123; x &#125;&#125;.</p>\n</details>\n\n"
        "中文。<!-- 00:01:23 -->\n\n"
        "> 编者注 ✍️：<!-- 提示：缩写 &#45;-&gt; ONNX -->\n\n"
        "<details>\n<summary>英文原文（00:02:00）</summary>\n<p>B.</p>\n</details>\n\n"
        "【待译】<!-- 原因：no translator --><!-- 00:02:00 -->\n"
    )


def passage(english: str = "<p>Hi.</p>", chinese: str = "你好。<!-- 00:00:05 -->") -> str:
    return (
        f"<details>\n<summary>英文原文（00:00:05）</summary>\n{english}\n</details>\n\n{chinese}\n"
    )


def test_a_paragraph_split_by_the_editor_is_one_passage() -> None:
    (block,) = parse(passage(chinese="你好。\n\n再见。<!-- 00:00:05 -->")).blocks
    assert isinstance(block, Passage)
    assert block.chinese == "你好。\n\n再见。"
    assert block.english == "Hi."


def test_an_anchor_without_english_is_a_passage() -> None:
    (block,) = parse("你好。 <!-- 00:00:05 -->\n").blocks
    assert block == Passage(at="00:00:05", chinese="你好。")


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        (passage(chinese="你好。"), "anchor-missing", 1),
        (passage(chinese="你好。<!-- 00:0:05 -->"), "anchor-broken", 6),
        (passage(chinese="你好。<!-- 00:00:99 -->"), "anchor-broken", 6),
        (passage(chinese="甲\n乙<!-- 00：00：05 -->"), "anchor-broken", 7),
        (passage(chinese="你好。<!-- 00:00:05"), "anchor-broken", 6),
        (passage() + "\n再见。<!-- 00:00:05 -->\n", "anchor-twice", 8),
    ],
)
def test_a_broken_anchor_is_reported_with_its_line(text: str, rule: str, line: int) -> None:
    draft = parse("---\ntitle: x\n---\n\n" + text)
    found = {(p.rule, p.where) for p in draft.problems}
    assert (rule, f"line {line + 4}") in found
    assert all(p.hint for p in draft.problems)
    assert "你好" in render(draft) or "甲" in render(draft)


def test_a_fenced_block_is_one_chunk() -> None:
    text = "```py\na\n\nb\n```\n\nc\n"
    assert [c.text for c in chunks(text)] == ["```py\na\n\nb\n```", "c"]


@settings(deadline=None)
@given(st.lists(st.floats(0, 500_000), max_size=30).map(sorted))
def test_anchors_are_distinct_and_near(starts: list[float]) -> None:
    found = anchors(starts)
    assert len(set(found)) == len(starts)
    for start, anchor in zip(starts, found, strict=True):
        assert abs(seconds(anchor) - start) < 1.1


def test_paragraphs_of_one_second_stay_apart() -> None:
    assert anchors([3.1, 3.25, 3.25, 64.0]) == [
        "00:00:03",
        "00:00:03.250",
        "00:00:03.251",
        "00:01:04",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("State of PyTorch", "State of PyTorch"),
        ("a: b", "'a: b'"),
        ("it's: b", '"it\'s: b"'),
        ('it\'s "b": c', "'it''s \"b\": c'"),
        ("a #b", "'a #b'"),
        ("C#", "C#"),
        ("- x", "'- x'"),
        ("2024-01-01", "'2024-01-01'"),
        ("1e3", "'1e3'"),
        ("No", "'No'"),
        ("", "''"),
        ("http://a.b/c?d=e&f=g", "http://a.b/c?d=e&f=g"),
        ("ends:", "'ends:'"),
        ("\\: '", "'\\: '''"),
    ],
)
def test_yaml_scalar(text: str, expected: str) -> None:
    assert yaml_scalar(text) == expected


def test_paragraphs_that_an_editor_joined_have_both_anchors_and_are_no_problem() -> None:
    text = (
        "<details>\n<summary>英文原文（00:00:05）</summary>\n<p>A.</p>\n</details>\n\n"
        "甲，乙。<!-- 00:00:05 --><!-- 00:00:09 -->\n\n"
        "<details>\n<summary>英文原文（00:00:09）</summary>\n<p>B.</p>\n</details>\n"
    )
    draft = parse(text)
    (passage,) = draft.passages
    assert (passage.at, passage.english) == ("00:00:05", "A.")
    assert passage.anchors == ("00:00:05", "00:00:09")
    assert draft.problems == ()
    assert parse(render(draft)) == draft


def test_a_paragraph_taken_out_is_told_apart_from_one_that_lost_its_anchor() -> None:
    english = "<details>\n<summary>英文原文（00:00:05）</summary>\n<p>A.</p>\n</details>\n\n"
    (gone,) = parse(f"{english}## 下一节\n").problems
    (lost,) = parse(f"{english}甲。\n").problems
    assert (gone.rule, gone.severity, gone.at) == ("paragraph-deleted", "warning", 5.0)
    assert (lost.rule, lost.severity, lost.at) == ("anchor-missing", "error", 5.0)
    assert "<!-- 00:00:05 -->" in lost.hint


# --- slides -------------------------------------------------------------------------------------

PASSAGE = Passage(at="00:00:20", chinese="一。", english="One.", notes=(Note(reason="why"),))
LIST = Shown(at="00:00:21", text="> - a\n>    - b")
PICTURE = Shown(at="00:00:22.500", text="![x](slides/x.png)")


def test_the_shape_of_a_slide() -> None:
    code = Shown(at="00:00:23", text="> - a\n>\n> ```text\n> x = 1\n> ```")
    text = render(Draft(front=(), blocks=(LIST, PASSAGE, PICTURE, code)))
    assert text == (
        "> - a\n>    - b<!-- 幻灯片 00:00:21 -->\n\n"
        "<details>\n<summary>英文原文（00:00:20）</summary>\n<p>One.</p>\n</details>\n\n"
        "一。<!-- 00:00:20 -->\n\n"
        "> 编者注 ✍️：<!-- 提示：why -->\n\n"
        "![x](slides/x.png)<!-- 幻灯片 00:00:22.500 -->\n\n"
        "> - a\n>\n> ```text\n> x = 1\n> ```\n>\n> <!-- 幻灯片 00:00:23 -->\n"
    )
    assert PICTURE.start == 22.5


@pytest.mark.parametrize("slide", [LIST, PICTURE])
@pytest.mark.parametrize("after", ["</details>", "第一部分。"])
def test_a_slide_moved_into_a_paragraph_leaves_the_paragraph_whole(
    slide: Shown, after: str
) -> None:
    split = replace(PASSAGE, chinese="第一部分。\n\n第二部分。")
    moved = render(Draft(front=(), blocks=(slide,))).strip()
    text = render(Draft(front=(), blocks=(split,))).replace(after, f"{after}\n\n{moved}")
    parsed = parse(text)
    assert parsed.blocks == (slide, split)
    assert parsed.problems == ()


def test_a_deleted_paragraph_before_a_picture_is_told_as_deleted() -> None:
    text = render(Draft(front=(), blocks=(PASSAGE, PICTURE)))
    parsed = parse(text.replace("一。<!-- 00:00:20 -->\n\n> 编者注 ✍️：<!-- 提示：why -->\n\n", ""))
    assert [p.rule for p in parsed.problems] == ["paragraph-deleted"]
    assert PICTURE in parsed.blocks


@pytest.mark.parametrize(
    "broken", ["<!-- 幻灯片 00:0:21 -->", "<!-- 幻灯片 00:00:21", "<!-- 00:21 -->"]
)
def test_a_broken_anchor_of_a_slide_is_told(broken: str) -> None:
    parsed = parse(f"> - a{broken}\n")
    (problem,) = parsed.problems
    assert (problem.rule, problem.where) == ("anchor-broken", "line 1")
    assert "<!-- 幻灯片 00:00:00 -->" in problem.hint
    assert isinstance(parsed.blocks[0], Free)


def test_two_slides_with_one_anchor_are_told() -> None:
    """And a paragraph with the time of a slide is neither."""
    text = (
        "> - a<!-- 幻灯片 00:00:21 -->\n\n一。<!-- 00:00:21 -->\n\n> - b<!-- 幻灯片 00:00:21 -->\n"
    )
    (problem,) = parse(text).problems
    assert (problem.rule, problem.where) == ("anchor-twice", "line 5")
    assert problem.message == "two slides have the anchor 00:00:21"
    assert "<!-- 幻灯片 00:00:00 -->" in problem.hint
