"""Captions: every word of the file is in a cue or listed."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hearing import rules
from tests.shared import shared_data
from translate.backends import captions as caption_files
from translate.caption_text import clean_captions
from translate.model import Cue


def cue(start: float, end: float, text: str) -> Cue:
    return Cue(start=start, end=end, text=text)


def cleaned(*raw: Cue) -> tuple[list[str], list[str]]:
    cues, flags = clean_captions(raw)
    return [c.text for c in cues], [f"{f.rule}: {f.text}" for f in flags]


@pytest.mark.parametrize(
    ("raw", "text", "logged"),
    [
        ("two\nlines  here", "two lines here", []),
        ("<i>so</i> <b>this</b> <c.colorE5E5E5>is</c> it", "so this is it", []),
        (r"{\an8}up here", "up here", []),
        ("the <s> and </s> tokens of List<int>", "the <s> and </s> tokens of List<int>", []),
        ("a &lt;pad&gt; &amp; a mask&nbsp;too", "a <pad> & a mask too", []),
        ("<v Ann Lee>Hello</v>", "Hello", ["speaker: Ann Lee"]),
        (">> And now?", "And now?", ["speaker: >>"]),
        ("&gt;&gt; And now?", "And now?", ["speaker: >>"]),
        ("if a >> b", "if a >> b", []),
        ("ANN: I agree.", "ANN: I agree.", []),
        ("[Music]", None, ["music: [Music]"]),
        ("Thank you. (audience laughs)", "Thank you.", ["music: (audience laughs)"]),
        ("♪ never gonna give ♪", None, ["music: ♪ never gonna give ♪"]),
        ("(title fizzles)", None, ["music: (title fizzles)"]),
        ("press it (it clicks)", "press it (it clicks)", []),
        ("(CPU, GPU, multiple GPUs, TPUs)", "(CPU, GPU, multiple GPUs, TPUs)", []),
        ("(not the music that they play here)", "(not the music that they play here)", []),
        ("zero\u200bwidth", "zerowidth", []),
    ],
)
def test_one_cue(raw: str, text: str | None, logged: list[str]) -> None:
    texts, flags = cleaned(cue(1, 2, raw))
    assert texts == ([text] if text is not None else [])
    assert flags == logged


def test_word_times_of_live_captions_are_kept() -> None:
    (only,), _ = clean_captions(
        [cue(25.1, 28.4, "i<00:00:25.279><c> welcome</c><00:00:26.000><c> you</c>")]
    )
    assert [(w.start, w.end, w.text) for w in only.words] == [
        (25.1, 25.279, "i"),
        (25.279, 26.0, "welcome"),
        (26.0, 28.4, "you"),
    ]


def test_odd_times_are_put_in_order() -> None:
    cues, flags = clean_captions(
        [
            cue(10, 14, "second"),
            cue(5, 12, "first"),
            cue(20, 20, "no length"),
            cue(30, 25, "backwards"),
            cue(40, 41, "left"),
            cue(40, 42, "right"),
            cue(50, 51, "same"),
            cue(50, 51, "same"),
        ]
    )
    assert [(c.start, c.end, c.text) for c in cues][:2] == [(5, 10, "first"), (10, 14, "second")]
    assert [c.text for c in cues][2:] == ["no length", "backwards", "left right", "same"]
    assert all(c.start < c.end for c in cues)
    assert rules(flags) == ["timestamp kept"] * 3 + ["duplicate removed"]


def test_a_speaker_may_say_no_twice() -> None:
    texts, flags = cleaned(
        cue(0, 1, "No."), cue(1, 2, "No."), cue(2, 3, "Absolutely not."), cue(3, 5, "I said so.")
    )
    assert texts == ["No.", "No.", "Absolutely not.", "I said so."]
    assert flags == []


def test_a_line_that_comes_back_later_is_said_again() -> None:
    raw = []
    for i in range(8):  # a rolling display that starts anew after each pause
        raw.append(cue(i * 10.0, i * 10.0 + 1, f"line {i}"))
        raw.append(cue(i * 10.0 + 1, i * 10.0 + 2, f"line {i}\nand so on"))
        raw.append(cue(i * 10.0 + 5, i * 10.0 + 6, "and so on"))
    texts, flags = cleaned(*raw)
    assert texts == [t for i in range(8) for t in (f"line {i}", "and so on", "and so on")]
    assert flags == ["rolling: "]


@pytest.mark.data
def test_rolling_captions_say_each_word_once() -> None:
    rolled = caption_files.read(shared_data("video/subtitles_8.vtt"))
    plain = caption_files.read(shared_data("video/subtitles_8.srt"))
    ours, flags = clean_captions(rolled.cues)
    theirs, _ = clean_captions(plain.cues)
    said, same = (
        [re.sub(r"\W", "", w) for c in cues for w in c.text.split()] for cues in (ours, theirs)
    )
    assert len(said) > 900
    assert said == same[: len(said)]  # the VTT ends earlier, and only its full stops differ
    assert sorted({f.rule for f in flags}) == ["music", "rolling"]
    assert sum(len(c.words) for c in ours) > 800


words_strategy = st.lists(
    st.sampled_from(["so", "we", "compile", "it", "No.", "yes", "(maybe)", "2.0", "a>b", "--"]),
    min_size=1,
    max_size=8,
)
marks = st.sampled_from(["", "[Music]", "(applause)", "♪ la la ♪", ">>"])
markup = st.sampled_from(["{}", "<i>{}</i>", "<c>{}</c>", "{{\\an8}}{}", "{}\n"])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(words_strategy, marks, markup, st.floats(-2, 9), st.floats(-1, 9)), max_size=12
    )
)
def test_captions_lose_no_word(
    made: list[tuple[list[str], str, str, float, float]],
) -> None:
    raw = []
    expected: list[str] = []
    at = 0.0
    for words, mark, wrap, gap, length in made:
        at += gap
        raw.append(cue(at, at + length, f"{mark} {wrap.format(' '.join(words))}"))
        expected += [*mark.split(), *words]
    cues, flags = clean_captions(raw)
    if any(f.rule == "rolling" for f in flags):
        return  # counted, not listed: the next law
    out = [w for c in cues for w in c.text.split()]
    gone = [w for f in flags if f.action == "removed" for w in f.text.split()]
    assert sorted(out + gone) == sorted(expected)
    for before, after in itertools.pairwise(cues):
        assert before.start < before.end <= after.start


@settings(deadline=None)
@given(st.lists(st.text("abcdefgh", min_size=1, max_size=3), min_size=6, max_size=40))
def test_a_rolling_display_gives_each_line_back_once(lines: list[str]) -> None:
    raw = []
    before = ""
    for i, line in enumerate(lines):
        raw.append(cue(i * 2.0, i * 2.0 + 1.99, f"{before}\n{line}".strip("\n")))
        raw.append(cue(i * 2.0 + 1.99, i * 2.0 + 2.0, f"{line}\n "))
        before = line
    texts, flags = cleaned(*raw)
    assert texts == lines
    assert flags == ["rolling: "]


def test_what_a_captioner_could_not_hear_is_not_taken_for_a_sound() -> None:
    raw = [
        Cue(start=0, end=2, text="and then (indistinct) happened"),
        Cue(start=2, end=3, text="[Music]"),
    ]
    _, flags = clean_captions(raw)
    assert [(f.rule, f.text) for f in flags] == [
        ("inaudible", "(indistinct)"),
        ("music", "[Music]"),
    ]
