"""Merging: the laws, over any edits of any drafts, and the stories that an editor lives through."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
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
    parse,
    render,
)
from translate.merge import followed, merge, standing, take

TIME = re.compile(r"\d\d:\d\d:\d\d(?:\.\d{3})?")
OURS = re.compile(rf"{TIME.pattern}|(?<=^### )\d+\.", re.MULTILINE)
WORDS = ("alpha", "beta", "gamma", "模型", "训练", "编译器", "图", "kernel")
sentence = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)


def draft_of(
    passages: Sequence[tuple[float, str, str]],
    *,
    title: str = "T",
    lead: str = "导语。",
    headings: Sequence[str] = ("One",),
    notes: Sequence[int] = (),
    slides: Sequence[tuple[float, int, str]] = (),
) -> str:
    """A whole draft of (start, English, Chinese); of slides, start, which passage, and text."""
    blocks: list[Block] = [
        Free(text=lead),
        Free(text="---"),
        Heading(text="写在最前"),
        Free(text="---"),
    ]
    every = max(1, len(passages) // max(1, len(headings)))
    titles = list(headings)
    shown = list(zip(anchors([s[0] for s in slides]), slides, strict=True))
    for n, (at, (_, english, chinese)) in enumerate(
        zip(anchors([p[0] for p in passages]), passages, strict=True)
    ):
        if titles and n % every == 0:
            blocks.append(Heading(text=titles.pop(0)))
        slots = (Note(reason=f"why {at}"),) if n in notes else ()
        here = [Shown(at=a, text=t) for a, (_, m, t) in shown if m == n]
        blocks += (s for s in here if s.text.startswith(">"))
        blocks.append(Passage(at=at, english=english, chinese=chinese, notes=slots))
        blocks += (s for s in here if not s.text.startswith(">"))
    blocks += [Heading(text="编者最后的碎碎念"), Free(text="- （编者留言）")]
    front = (("title", title), ("author", "\n   name: a\n   github: b"), ("category", "insights"))
    return render(Draft(front=front, blocks=tuple(blocks)))


slide_text = st.one_of(
    sentence.map(lambda t: f"> - {t}"),
    st.tuples(sentence, sentence).map(lambda t: f"> - {t[0]}\n>    - {t[1]}"),
    st.sampled_from(("a", "b")).map(lambda n: f"![{n}](slides/{n}.png)"),
)


@st.composite
def talks(draw: st.DrawFn) -> str:
    starts = sorted(draw(st.sets(st.integers(0, 40), max_size=6)))
    return draft_of(
        [(s * 1.5, draw(sentence), draw(sentence)) for s in starts],
        title=draw(st.sampled_from(("T", "U"))),
        lead=draw(sentence),
        headings=draw(st.lists(st.sampled_from(("One", "Two", "Three")), max_size=3)),
        notes=draw(st.lists(st.integers(0, 5), max_size=2)),
        slides=[
            (at * 1.5, draw(st.integers(0, 5)), draw(slide_text))
            for at in sorted(draw(st.sets(st.integers(0, 40), max_size=3)))
        ],
    )


typed = st.sampled_from(
    [
        "编辑写的",
        "typed by hand",
        "## 我的标题",
        "",
        "---",
        "> 引用",
        "<!-- 00:00:03 -->",
        "```",
        "note: x",
    ]
)


@st.composite
def edits(draw: st.DrawFn, text: str) -> str:
    """`text` after some typing: lines and words put in, taken out, changed and moved."""
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, max(0, len(lines) - 1)))
        kind = draw(st.sampled_from(("insert", "delete", "word", "cut", "move", "copy", "split")))
        if kind == "insert" or not lines:
            lines[at:at] = [*draw(st.sampled_from(([], [""]))), draw(typed)]
        elif kind == "delete":
            del lines[at : at + draw(st.integers(1, 8))]
        elif kind == "word":
            lines[at] = f"{lines[at]}{draw(typed)}"
        elif kind == "cut":
            lines[at] = lines[at][draw(st.integers(0, 6)) :]
        elif kind == "split":
            middle = len(lines[at]) // 2
            lines[at : at + 1] = [lines[at][:middle], "", lines[at][middle:]]
        else:
            some = lines[at : at + draw(st.integers(1, 8))]
            if kind == "move":
                del lines[at : at + len(some)]
            to = draw(st.integers(0, len(lines)))
            lines[to:to] = some
    return "\n".join(lines)


@st.composite
def histories(draw: st.DrawFn) -> tuple[str, str, str]:
    base, new = draw(talks()), draw(talks())
    return base, draw(edits(base)), new


@settings(deadline=None)
@given(histories())
def test_nothing_new_changes_nothing(history: tuple[str, str, str]) -> None:
    base, edited, _ = history
    assert merge(base, edited, base).text == edited
    assert merge(base, edited, edited).text == edited


@settings(deadline=None)
@given(talks(), talks())
def test_an_untouched_draft_becomes_the_new_one(base: str, new: str) -> None:
    assert merge(base, base, new).text == new
    assert merge(base, new, new).text == new


@settings(deadline=None, max_examples=300)
@given(histories())
def test_every_typed_word_stays(history: tuple[str, str, str]) -> None:
    base, edited, new = history
    keeps_every_typed_word(base, edited, merge(base, edited, new).text)


def keeps_every_typed_word(base: str, edited: str, merged: str) -> None:
    # A paragraph's time and a heading's number are ours, and follow what they belong to.
    base, edited, merged = (OURS.sub("", text) for text in (base, edited, merged))
    ours = set(re.findall(r"\w+", base))
    words = Counter(w for w in re.findall(r"\w+", edited) if w not in ours)
    assert words <= Counter(re.findall(r"\w+", merged))
    typed = {line for line in edited.split("\n") if line.strip() and line not in base}
    assert typed <= set(merged.split("\n"))


@settings(deadline=None, max_examples=300)
@given(histories())
def test_merging_again_before_the_base_was_written_changes_nothing(
    history: tuple[str, str, str],
) -> None:
    base, edited, new = history
    merged = merge(base, edited, new).text
    assert merge(base, merged, new).text == merged


@settings(deadline=None)
@given(histories())
def test_a_merge_that_we_did_not_need_is_the_edited_file(history: tuple[str, str, str]) -> None:
    base, edited, new = history
    once = merge(base, edited, new)
    assert merge(new, once.text, new).text == once.text


@settings(deadline=None)
@given(histories())
def test_line_ends_of_windows_stay(history: tuple[str, str, str]) -> None:
    base, edited, new = history
    windows = edited.replace("\n", "\r\n")
    if "\n" in edited and windows not in (base, new) and edited not in (base, new) and base != new:
        assert merge(base, windows, new).text == merge(base, edited, new).text.replace("\n", "\r\n")


# --- stories ------------------------------------------------------------------------------------

OLD = [(10.0, "First.", "第一。"), (20.0, "Second.", "第二。"), (30.0, "Third.", "第三。")]
NEW = [(10.0, "First.", "其一。"), (20.0, "Second.", "其二。"), (30.0, "Third.", "其三。")]


def test_the_editors_words_stay_and_the_proposal_is_listed() -> None:
    base = draft_of(OLD)
    edited = base.replace("第二。", "第二个。")
    merged = merge(base, edited, draft_of(NEW))
    assert merged.text == draft_of([NEW[0], (20.0, "Second.", "第二个。"), NEW[2]])
    (conflict,) = merged.conflicts
    assert (conflict.at, conflict.edited, conflict.new) == (
        20.0,
        "第二个。<!-- 00:00:20 -->",
        "其二。<!-- 00:00:20 -->",
    )
    assert conflict.base == "第二。<!-- 00:00:20 -->"


def waiting(why: str) -> str:
    passages = [Passage(at="00:00:20", english="Second.", chinese="", missing=why)]
    return render(Draft(front=(), blocks=tuple(passages)))


def test_another_reason_is_no_conflict_and_nothing_waiting_is_proposed() -> None:
    """Else taking it would put 【待译】 in the place of what a person typed."""
    base, new = waiting("no translator"), waiting("the key was refused")
    edited = base.replace("【待译】", "【待译】编辑先写一句。")
    merged = merge(base, edited, new)
    assert (merged.text, merged.conflicts) == (edited, ())
    translated = base.replace("【待译】<!-- 原因：no translator -->", "第二。")
    merged = merge(translated, translated.replace("第二", "编辑"), new)
    assert (merged.text, merged.conflicts) == (translated.replace("第二", "编辑"), ())
    assert merge(base, edited, translated).conflicts != ()  # Chinese is


def test_that_the_old_chinese_is_stale_is_no_conflict() -> None:
    passage = Passage(at="00:00:20", english="Second.", chinese="第二。")
    base, *new = (
        render(Draft(front=(), blocks=(replace(passage, stale=why),)))
        for why in ("", "the term base has changed", "the English has changed")
    )
    edited = base.replace("第二。", "编辑写的。")
    for one in (new, [base, *new], [*new, base]):
        before = base
        for text in one:
            assert merge(before, edited, text).text == edited
            assert merge(before, edited, text).conflicts == ()
            before = text
    assert merge(base, base, new[0]).text == new[0]
    accepted = new[0].replace("<!-- 旧译：the term base has changed -->", "")
    assert merge(new[0], accepted, new[1]).text == accepted  # the comment stays away


def test_a_conflict_is_followed_to_what_its_block_says_now() -> None:
    base = draft_of(OLD)
    edited = base.replace("第二。", "第二个。")
    (conflict,) = merge(base, edited, draft_of(NEW)).conflicts
    for words in ("又改了。", "又改了。\n\n另起一段。"):
        again = edited.replace("第二个。", words)
        assert not standing(conflict, again)
        found = followed(conflict, again)
        assert found is not None
        assert found.edited == f"{words}<!-- 00:00:20 -->"
        assert take(again, [found]) == edited.replace("第二个。", "其二。")
    gone = followed(conflict, edited.replace("第二个。<!-- 00:00:20 -->\n\n", ""))
    assert gone is None


def test_a_deleted_paragraph_stays_deleted() -> None:
    base = draft_of(OLD)
    edited = draft_of([OLD[0], OLD[2]])
    merged = merge(base, edited, draft_of(NEW, notes=[1]))
    assert merged.text == draft_of([NEW[0], NEW[2]])
    assert merged.conflicts == ()


def test_a_new_paragraph_comes_in_at_its_time_after_the_editors_text() -> None:
    base = draft_of(OLD)
    edited = base.replace("第一。<!-- 00:00:10 -->", "第一。<!-- 00:00:10 -->\n\n我的话。")
    new = draft_of([OLD[0], (15.0, "Between.", "之间。"), *OLD[1:]])
    text = merge(base, edited, new).text
    order = [text.index(s) for s in ("第一。", "我的话。", "Between.", "之间。", "Second.")]
    assert order == sorted(order)
    assert text.count("之间。") == 1


def test_a_translation_that_arrives_later_fills_its_slot() -> None:
    base = draft_of([OLD[0], (20.0, "Second.", "")])
    edited = base.replace("第一。", "第一句。")
    text = merge(base, edited, draft_of(OLD[:2])).text
    assert "第一句。" in text
    assert "第二。<!-- 00:00:20 -->" in text
    assert "【待译】" not in text


def test_a_paragraph_moved_by_the_editor_is_followed() -> None:
    base = draft_of(OLD)
    piece = "第三。<!-- 00:00:30 -->\n\n"
    edited = base.replace(piece, "").replace("## One\n\n", f"## One\n\n{piece}")
    text = merge(base, edited, draft_of(NEW)).text
    assert text.index("其三。") < text.index("其一。")
    assert text.count("其三。") == 1


def test_paragraphs_joined_by_the_editor_are_not_doubled() -> None:
    base = draft_of(OLD)
    edited = base.replace(
        "第一。<!-- 00:00:10 -->", "第一，第二。<!-- 00:00:10 --><!-- 00:00:20 -->"
    ).replace("第二。<!-- 00:00:20 -->\n\n", "")
    merged = merge(base, edited, draft_of(NEW))
    assert "其一。" not in merged.text
    assert "其二。" not in merged.text
    assert {c.new for c in merged.conflicts} == {
        "其一。<!-- 00:00:10 -->",
        "其二。<!-- 00:00:20 -->",
    }


def test_a_retranscription_moves_starts_by_a_second() -> None:
    base = draft_of(OLD)
    edited = base.replace("第二。", "第二个。")
    later = [(s + 1.0, f"{e} Indeed.", c) for s, e, c in NEW]
    merged = merge(base, edited, draft_of(later))
    assert merged.text.count("第二个。") == 1
    assert "其二。" not in merged.text
    assert "其一。<!-- 00:00:11 -->" in merged.text
    assert [c.at for c in merged.conflicts] == [20.0]
    # The paragraph keeps the editor's words and follows its time, with its English.
    assert "第二个。<!-- 00:00:21 -->" in merged.text
    assert "英文原文（00:00:21）" in merged.text
    assert "00:00:20" not in merged.text
    assert all(standing(c, merged.text) for c in merged.conflicts)
    assert parse(merged.text).problems == ()


LONG = "so today I want to talk about how the compiler reads your model"
MORE = "and then we will see what happens when a graph breaks in the middle"
WHOLE = [(10.0, f"{LONG} {MORE}", "又长又全。"), (40.0, "Third.", "第三。")]
CUT = [(10.0, LONG, "前半。"), (25.0, MORE, "后半。"), (40.0, "Third.", "第三。")]


def test_a_paragraph_that_is_cut_in_two_later_stays_as_the_editor_wrote_it() -> None:
    base = draft_of(WHOLE)
    edited = base.replace("又长又全。", "编者写的。")
    merged = merge(base, edited, draft_of(CUT))
    assert merged.text == edited
    (conflict,) = merged.conflicts
    assert conflict.new.startswith("前半。<!-- 00:00:10 -->\n\n<details>")
    assert conflict.new.endswith("后半。<!-- 00:00:25 -->")
    assert parse(take(merged.text, [conflict])).passages[1].chinese == "后半。"
    assert merge(base, base.replace("第三。", "其三。"), draft_of(CUT)).text == draft_of(
        [*CUT[:2], (40.0, "Third.", "其三。")]
    )


def test_paragraphs_that_are_one_later_stay_when_the_editor_was_at_one_of_them() -> None:
    base = draft_of(CUT)
    edited = base.replace("后半。", "编者写的。")
    merged = merge(base, edited, draft_of(WHOLE))
    assert merged.text == edited
    assert [(c.name, c.new) for c in merged.conflicts] == [
        ("00:00:25", "又长又全。<!-- 00:00:10 -->")
    ]


def test_a_paragraph_becomes_another_by_its_words_or_by_its_time_and_not_both() -> None:
    """The anchor of what says the same was cut off; what is near in time was left alone."""
    base = draft_of([(1.0, "Say beta.", "乙。"), (4.0, "And gamma.", "丙。"), (6.0, LONG, "甲。")])
    cut = "</p>\n</details>\n\n丙。<!-- 00:00:04 -->\n\n"
    english = base[base.index(cut) + len(cut) : base.index("甲。")]
    edited = base.replace(cut, "</p>\n</details>\n").replace(english, "")
    new = draft_of([(3.0, LONG, "甲。")], notes=[0])
    merged = merge(base, edited, new).text
    assert merge(base, merged, new).text == merged
    assert "乙。" not in merged


def test_english_that_the_editor_mended_follows_its_time_too() -> None:
    base = draft_of(OLD)
    edited = base.replace("Second.", "Second, said Alban.").replace("第二。", "第二个。")
    later = [(s + 1.0, f"{e} Indeed.", c) for s, e, c in NEW]
    merged = merge(base, edited, draft_of(later))
    assert "Second, said Alban." in merged.text
    assert [p.at for p in parse(merged.text).passages] == ["00:00:11", "00:00:21", "00:00:31"]
    assert {c.name for c in merged.conflicts} == {"00:00:20", "00:00:20 english"}


def test_a_paragraph_split_by_the_editor_is_one_conflict() -> None:
    base = draft_of(OLD)
    edited = base.replace("第二。", "第二个。\n\n还有一句。")
    merged = merge(base, edited, draft_of(NEW))
    assert merged.text == draft_of([NEW[0], (20.0, "Second.", "第二个。\n\n还有一句。"), NEW[2]])
    (conflict,) = merged.conflicts
    assert conflict.edited == "第二个。\n\n还有一句。<!-- 00:00:20 -->"
    assert take(merged.text, [conflict]) == draft_of(NEW)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_taking_a_proposal(ends: str) -> None:
    base = draft_of(OLD)
    edited = (
        base.replace("第二。", "第二个。").replace("title: T", "title: 我的").replace("\n", ends)
    )
    merged = merge(base, edited, draft_of(NEW, title="V"))
    assert {c.name for c in merged.conflicts} == {"title", "00:00:20"}
    assert all(standing(c, merged.text) for c in merged.conflicts)
    taken = take(merged.text, merged.conflicts)
    assert taken == draft_of(NEW, title="V").replace("\n", ends)
    assert not any(standing(c, taken) for c in merged.conflicts)


def test_taking_what_became_of_joined_paragraphs_brings_all_of_them() -> None:
    base = draft_of(OLD)
    edited = base.replace(
        "第一。<!-- 00:00:10 -->", "第一，第二。<!-- 00:00:10 --><!-- 00:00:20 -->"
    ).replace("第二。<!-- 00:00:20 -->\n\n", "")
    merged = merge(base, edited, draft_of(NEW))
    text = take(merged.text, merged.conflicts)
    assert "其一。<!-- 00:00:10 -->\n\n其二。<!-- 00:00:20 -->" in text
    assert "第一，" not in text


def test_taking_changes_no_white_space_elsewhere() -> None:
    base = draft_of(OLD)
    edited = base.replace("第一。", "```\n代码\n```\n第一个。")
    (conflict,) = merge(base, edited.replace("第三", "三"), draft_of(NEW)).conflicts[-1:]
    assert conflict.new.startswith("其三")
    assert take(edited.replace("第三", "三"), [conflict]) == edited.replace("第三", "其三")


def test_taking_that_there_is_nothing_takes_the_block_away() -> None:
    base = draft_of(OLD)
    edited = base.replace("第三。", "第三个。")
    merged = merge(base, edited, draft_of(OLD[:2]))
    (conflict,) = merged.conflicts
    assert conflict.new == ""
    assert take(merged.text, [conflict]) == draft_of(OLD[:2])


@settings(deadline=None)
@given(histories())
def test_taking_puts_in_the_new_and_touches_nothing_else(history: tuple[str, str, str]) -> None:
    base, edited, new = history
    merged = merge(base, edited, new)
    assert take(merged.text, ()) == merged.text
    for conflict in merged.conflicts:
        assert standing(conflict, merged.text)
        taken = take(merged.text, [conflict])
        assert conflict.new in taken
        lost = Counter(re.findall(r"\w+", merged.text)) - Counter(re.findall(r"\w+", taken))
        assert lost <= Counter(re.findall(r"\w+", conflict.edited))


def test_a_broken_anchor_is_still_the_editors_paragraph() -> None:
    base = draft_of(OLD)
    edited = base.replace("第二。<!-- 00:00:20 -->", "第二。<!-- 00:0:20 -->")
    merged = merge(base, edited, draft_of(NEW))
    assert "第二。<!-- 00:0:20 -->" in merged.text
    assert "其二。" not in merged.text


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        ("title: Mine\ncategory: insights\n", "title: Mine\nsource: u\ncategory: news\n"),
        (
            "category: insights\ntitle: T\nmine: 1\n",
            "category: news\ntitle: V\nsource: u\nmine: 1\n",
        ),
        ("title: T\n", "title: V\nsource: u\n"),
    ],
)
def test_front_matter_is_merged_key_by_key(edited: str, expected: str) -> None:
    def page(front: str) -> str:
        return f"---\n{front}---\n\nBody.\n"

    base = page("title: T\ncategory: insights\n")
    new = page("title: V\nsource: u\ncategory: news\n")
    assert merge(base, page(edited), new).text == page(expected)


def test_a_filled_note_stays_and_an_unwanted_slot_stays_away() -> None:
    base = draft_of(OLD, notes=[0, 1])
    edited = base.replace(
        "> 编者注 ✍️：<!-- 提示：why 00:00:10 -->", "> 编者注 ✍️：他是谁。"
    ).replace("\n\n> 编者注 ✍️：<!-- 提示：why 00:00:20 -->", "")
    text = merge(base, edited, draft_of(NEW, notes=[0, 1, 2])).text
    assert "> 编者注 ✍️：他是谁。" in text
    assert "why 00:00:10" not in text
    assert "why 00:00:20" not in text
    assert "why 00:00:30" in text


@settings(deadline=None)
@given(histories())
@example(("", "", "x"))
def test_an_empty_or_headless_file_is_a_file_too(history: tuple[str, str, str]) -> None:
    base, edited, new = history
    body = edited.split("\n---\n", 1)[-1]
    merged = merge(base, body, new).text
    assert merge(base, merged, new).text == merged
    assert merge(base, "", new).text == merge(base, merge(base, "", new).text, new).text


# --- slides -------------------------------------------------------------------------------------

BULLETS = (18.0, 1, "> - gpu\n> - cpu")
CHART = (25.0, 1, "![00-00-25](slides/00-00-25.png)")
HEADS = ("One", "Two", "Three")


def slide_of(at: str, text: str) -> str:
    return f"{text}<!-- 幻灯片 {at} -->"


def test_an_untouched_slide_takes_the_new_text_beside_edited_prose() -> None:
    base = draft_of(OLD, slides=[BULLETS, CHART])
    new = draft_of(OLD, slides=[(18.0, 1, "> - GPU"), CHART])
    merged = merge(base, base.replace("第二", "二"), new)
    assert merged.text == new.replace("第二", "二")
    assert merged.conflicts == ()


def test_an_edited_slide_stays_and_the_new_one_is_offered_by_its_time() -> None:
    base = draft_of(OLD, slides=[BULLETS, CHART])
    edited = base.replace("> - gpu", "> - GPU, mine")
    new = draft_of(OLD, slides=[(18.0, 1, "> - Gpu"), CHART])
    merged = merge(base, edited, new)
    assert merged.text == edited
    (conflict,) = merged.conflicts
    assert (conflict.name, conflict.at) == ("00:00:18 slide", 18.0)
    assert conflict.new == slide_of("00:00:18", "> - Gpu")
    assert standing(conflict, edited)
    assert take(edited, [conflict]) == new
    again = followed(conflict, edited.replace("mine", "yours"))
    assert again and again.edited == slide_of("00:00:18", "> - GPU, yours\n> - cpu")


@pytest.mark.parametrize(("slides", "at"), [((), 20.0), ((BULLETS,), 18.0)])
def test_a_conflict_over_a_heading_has_the_time_of_what_it_stands_over(
    slides: Sequence[tuple[float, int, str]], at: float
) -> None:
    base = draft_of(OLD, headings=HEADS, slides=slides)
    new = draft_of(OLD, headings=("One", "Two again", "Three"), slides=slides)
    (conflict,) = merge(base, base.replace("## Two", "## 二"), new).conflicts
    assert (conflict.edited, conflict.new, conflict.at) == ("## 二", "## Two again", at)
    assert conflict.name.startswith("#")


@pytest.mark.parametrize("slide", [BULLETS, CHART])
def test_a_deleted_slide_stays_deleted(slide: tuple[float, int, str]) -> None:
    base = draft_of(OLD, slides=[BULLETS, CHART])
    gone = slide_of("00:00:18" if slide is BULLETS else "00:00:25", slide[2]) + "\n\n"
    edited = base.replace(gone, "").replace("第一", "一")
    assert gone in base
    for new in (
        draft_of(NEW, slides=[BULLETS, CHART]),
        draft_of(NEW, slides=[(18.0, 1, "> - x"), (25.0, 1, "> - y")]),
        draft_of(NEW, slides=[(19.0, 1, BULLETS[2]), (26.0, 2, CHART[2])]),  # a second later
    ):
        text = merge(base, edited, new).text
        kept = "幻灯片"
        assert text.count(kept) == 1, text


def test_a_moved_slide_stays_where_it_was_moved() -> None:
    base = draft_of(OLD, slides=[BULLETS, CHART])
    block = slide_of("00:00:18", BULLETS[2]) + "\n\n"
    edited = base.replace(block, "").replace("## 编者最后", f"{block}## 编者最后")
    assert merge(base, edited, draft_of(NEW, slides=[BULLETS, CHART])).text == (
        draft_of(NEW, slides=[CHART]).replace("## 编者最后", f"{block}## 编者最后")
    )
    new = draft_of(OLD, slides=[(18.0, 1, "> - better"), CHART])
    better = slide_of("00:00:18", "> - better") + "\n\n"
    assert merge(base, edited, new).text == edited.replace(block, better)


def test_a_slide_at_the_second_of_a_paragraph_is_not_that_paragraph() -> None:
    """The editor deletes the paragraph and keeps the slide; a new slot does not come alone."""
    slide = (20.0, 1, "> - gpu")
    base = draft_of(OLD, slides=[slide])
    gone = base[
        base.index("<details>", base.index("幻灯片")) : base.index("<details>", base.index("第二"))
    ]
    edited = base.replace(gone, "")
    new = draft_of(OLD, slides=[slide], notes=[1])
    assert merge(base, edited, new).text == edited
    edited = base.replace(slide_of("00:00:20", "> - gpu") + "\n\n", "")
    assert merge(base, edited, new).text == draft_of(OLD, notes=[1])


def test_slides_come_into_a_draft_that_was_edited_without_them() -> None:
    base = draft_of(OLD, notes=[1], headings=HEADS)
    edited = base.replace("第二", "二")
    new = draft_of(OLD, notes=[1], headings=HEADS, slides=[BULLETS, CHART])
    assert merge(base, edited, new).text == new.replace("第二", "二")


def test_a_deleted_heading_stays_deleted_and_another_number_is_no_conflict() -> None:
    def numbered(*titles: str) -> str:
        return (
            draft_of(OLD, headings=titles)
            .replace("## 编", "#0")
            .replace("## 写", "#1")
            .replace("## ", "### ")
            .replace("#0", "## 编")
            .replace("#1", "## 写")
        )

    base = numbered("1. A", "2. B", "3. C")
    edited = base.replace("### 2. B\n\n", "").replace("第一", "一")
    assert merge(base, edited, numbered("1. A", "2. B2", "3. C")).text == edited
    edited = base.replace("### 2. B", "### 2. B, mine")
    merged = merge(base, edited, numbered("1. X", "3. B", "4. C"))
    assert merged.text == numbered("1. X", "3. B, mine", "4. C")
    edited = edited.replace("### 2. B, mine", "### 7. B, mine")  # a number of the editor's
    assert "### 7. B, mine" in merge(base, edited, numbered("1. X", "3. B", "4. C")).text
    assert merged.conflicts == ()


Titled = tuple[float, str, str, int]  # start, title, text, which passage


def titled(slides: Sequence[Titled]) -> str:
    """A draft whose slides have numbered headings."""
    draft = parse(draft_of(OLD, slides=[(at, n, text) for at, _, text, n in slides]))
    titles = {at: s[1] for at, s in zip(anchors([s[0] for s in slides]), slides, strict=True)}
    blocks: list[Block] = []
    for block in draft.blocks:
        if isinstance(block, Shown):
            number = 1 + sum(isinstance(b, Heading) and b.level == 3 for b in blocks)
            blocks.append(Heading(level=3, text=f"{number}. {titles[block.at]}"))
        blocks.append(block)
    return render(replace(draft, blocks=tuple(blocks)))


ALPHA, BETA, GAMMA = (
    (1.0, "Alpha", "> - a one\n> - a two", 0),
    (18.0, "Beta", "> - b one", 1),
    (25.0, "Gamma", "![g](slides/g.png)", 1),
)


def moved(slide: Titled, passage: int) -> Titled:
    return (*slide[:3], passage)


def outline(text: str) -> list[str]:
    """Headings of slides, slides, and the anchors of the paragraphs between them."""
    out = []
    for block in parse(text).blocks:
        if isinstance(block, Shown):
            out.append(block.text)
        elif isinstance(block, Heading) and block.level == 3:
            out.append(f"### {block.text}")
        elif isinstance(block, Passage):
            out.append(block.at)
    return out


def test_a_slide_that_goes_elsewhere_moves_with_its_heading_whatever_else_was_edited() -> None:
    base, new = titled([ALPHA, BETA, GAMMA]), titled([moved(ALPHA, 2), BETA, GAMMA])
    edited = base.replace("- （编者留言）", "- 我的话。")
    merged = merge(base, edited, new)
    assert merged.text == new.replace("- （编者留言）", "- 我的话。")
    assert merged.conflicts == ()
    assert merge(base, merged.text, new).text == merged.text
    assert merge(new, merged.text, base).text == edited  # and back again


def test_headings_of_the_same_words_each_go_with_what_they_stand_over() -> None:
    again = (BETA[0], "Alpha", *BETA[2:])
    drafts = [
        titled(slides)
        for slides in (
            [ALPHA, again, GAMMA],
            [moved(ALPHA, 2), again, GAMMA],
            [ALPHA, moved(again, 2), GAMMA],
            [again, GAMMA],
            [ALPHA, GAMMA],
        )
    ]
    for base, new in itertools.permutations(drafts, 2):
        edited = base.replace("- （编者留言）", "- 我的话。")
        merged = merge(base, edited, new)
        assert merged.text == new.replace("- （编者留言）", "- 我的话。")
        assert merged.conflicts == ()
        assert merge(base, merged.text, new).text == merged.text


def test_a_heading_of_words_that_others_have_comes_in_only_over_what_it_belongs_to() -> None:
    base = draft_of(OLD, headings=["One", "Two", "Three"])
    piece = base[base.index("<details>", base.index("Two")) : base.index("## Three")]
    new = base.replace("## Two\n\n", "## One\n\n")
    edited = base.replace(f"## Two\n\n{piece}", "")
    assert merge(base, edited, new).text == edited
    assert merge(base, base.replace("第一", "一"), new).text == new.replace("第一", "一")


def test_a_sections_heading_goes_above_that_of_the_slide_which_begins_it_now() -> None:
    """Its own slide was dropped, or put elsewhere; the banner of the next one names it."""
    base = titled([ALPHA, BETA]).replace("### 2.", "## Section\n\n### 1.")
    lower = titled([ALPHA, moved(BETA, 2)]).replace("### 2.", "## Section\n\n### 1.")
    upper = base.replace("## Section\n\n", "").replace("### 1. A", "## Section\n\n### 1. A")
    second = base.replace("### 1. Beta", "### 2. Beta").replace("## Section\n\n", "")
    for one, other in itertools.permutations((base, lower, upper, second), 2):
        edited = one.replace("- （编者留言）", "- 我的话。")
        merged = merge(one, edited, other)
        assert merged.text == other.replace("- （编者留言）", "- 我的话。")


def test_what_the_editor_wrote_in_a_slide_and_its_heading_goes_with_them() -> None:
    base, new = titled([ALPHA, BETA, GAMMA]), titled([moved(ALPHA, 2), BETA, GAMMA])
    edited = base.replace("a two", "a two, mine").replace("1. Alpha", "1. My Alpha")
    edited = edited.replace("2. Beta", "2. My Beta")
    merged = merge(base, edited, new)
    mine = [line.replace("a two", "a two, mine") for line in outline(new)]
    mine = [line.replace("Alpha", "My Alpha").replace("Beta", "My Beta") for line in mine]
    assert outline(merged.text) == mine
    assert merge(base, merged.text, new) == replace(merged, conflicts=())


def test_a_slide_that_the_editor_has_moved_stays_there() -> None:
    base, new = titled([ALPHA, BETA, GAMMA]), titled([moved(ALPHA, 2), BETA, GAMMA])
    block = slide_of("00:00:01", ALPHA[2]) + "\n\n"
    edited = base.replace(block, "").replace("## 编者最后", f"{block}## 编者最后")
    at = outline(merge(base, edited, new).text)
    assert at.index(ALPHA[2]) == len(at) - 1


def test_a_heading_that_the_editor_has_worded_gets_its_new_number() -> None:
    base, new = titled([ALPHA, BETA, GAMMA]), titled([BETA, GAMMA])
    edited = base.replace("### 2. Beta", "### 2. My Beta")
    merged = merge(base, edited, new)
    assert merged.text == new.replace("### 1. Beta", "### 1. My Beta")
    assert merged.conflicts == ()


@st.composite
def placings(draw: st.DrawFn) -> tuple[str, str, str]:
    """The same paragraphs, with slides at others than before, or without some of them."""
    numbers = st.integers(0, 2)
    base, new = (
        titled([moved(s, draw(numbers)) for s in (ALPHA, BETA, GAMMA) if draw(st.booleans())])
        for _ in range(2)
    )
    return base, draw(edits(base)), new


@settings(deadline=None, max_examples=300)
@given(placings())
def test_slides_that_go_elsewhere_keep_the_laws(history: tuple[str, str, str]) -> None:
    base, edited, new = history
    merged = merge(base, edited, new)
    assert merge(base, edited, base).text == edited
    assert merge(base, base, new).text == new
    assert merge(base, merged.text, new).text == merged.text
    keeps_every_typed_word(base, edited, merged.text)


# --- paragraphs cut elsewhere -------------------------------------------------------------------


@st.composite
def cut_anew(draw: st.DrawFn) -> tuple[str, str, str]:
    """One text of sentences, each of its own words, in the paragraphs of before and of today, with
    slides or without; an editor has been at the Chinese of some."""
    lengths = draw(st.lists(st.integers(2, 12), min_size=3, max_size=16))
    sentences = [" ".join(f"s{n}w{w}" for w in range(many)) for n, many in enumerate(lengths)]

    def drawn(slides: Sequence[float]) -> str:
        inner = draw(st.sets(st.integers(1, len(lengths) - 1)))
        ends = sorted({0, *inner, len(lengths)})
        passages = [
            (7.0 * a, " ".join(sentences[a:b]), f"第 {a} 到 {b} 句。")
            for a, b in itertools.pairwise(ends)
        ]
        under = [sum(at >= p[0] for p in passages) - 1 for at in slides]
        shown = [(at, n, f"> - slide {at:.0f}") for at, n in zip(slides, under, strict=True)]
        return draft_of(passages, headings=(), slides=shown)

    slides = sorted(draw(st.sets(st.integers(0, 7 * len(lengths) - 1), max_size=4)))
    base = drawn(slides if draw(st.booleans()) else ())
    edited = base
    for mark in re.findall(r"第 \d+ 到 \d+ 句。", base):
        if draw(st.booleans()):
            edited = edited.replace(mark, f"改过的{mark}")
    return base, edited, drawn(slides)


@given(cut_anew())
def test_cut_anew_every_sentence_is_there_once_and_in_order(history: tuple[str, str, str]) -> None:
    base, edited, new = history
    merged = merge(base, edited, new).text
    said = [" ".join(re.findall(r"<p>(.*?)</p>", text)) for text in (merged, base)]
    assert said[0] == said[1]
    times = re.findall(r"<summary>英文原文（([\d:]+)", merged)
    assert times == sorted(set(times))
    shown = re.findall(r"幻灯片 ([\d:]+)", merged)
    assert shown == sorted(set(re.findall(r"幻灯片 ([\d:]+)", new)))
    assert merge(base, merged, new).text == merged
    keeps_every_typed_word(base, edited, merged)


def test_what_stays_beside_an_edited_paragraph_is_told_where_it_says_something_else() -> None:
    one, two, three = (" ".join(f"{c}{n}" for n in range(9)) for c in "abc")
    base = draft_of([(0, f"{one} {two}", "甲乙。"), (20, three, "丙。")])
    new = draft_of([(0, one, "甲。"), (10, f"{two} c0 c1 c2", "乙。"), (23, three[9:], "丁。")])
    edited = base.replace("甲乙。", "我的。")
    merged = merge(base, edited, new)
    assert merged.text == edited
    (conflict,) = merged.conflicts
    assert "丁" not in conflict.new  # the same words, only cut elsewhere
    heard = new.replace("c5", "d5")
    (conflict,) = merge(base, edited, heard).conflicts
    assert "d5" in conflict.new
    assert "丁" in conflict.new
