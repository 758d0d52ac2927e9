"""Flags as problems: none is lost, and long silent stretches are errors."""

import re
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_architecture import PACKAGE
from translate.flags import LONG_SILENCE, MEANINGS, problem_of, problems_of
from translate.model import Cue, Engine, Flag, Transcript

RULES = st.sampled_from([*MEANINGS, "a-rule-of-tomorrow"])


@given(
    st.lists(
        st.builds(
            Flag,
            start=st.floats(0, 9e3),
            end=st.floats(0, 9e3),
            rule=RULES,
            action=st.sampled_from(["removed", "kept"]),
            text=st.text(),
        )
    )
)
def test_no_flag_is_lost(flags: list[Flag]) -> None:
    transcript = Transcript(
        language="en", engine=Engine(name="x"), duration=9e3, cues=(), flags=tuple(flags)
    )
    problems = [p for p in problems_of(transcript) if p.rule not in ("no-text", "unreliable")]
    assert [p.at for p in problems] == sorted(f.start for f in flags)
    assert sorted(p.rule for p in problems) == sorted(f.rule for f in flags)
    for flag in flags:
        assert any(flag.text in p.message for p in problems)


def test_a_long_stretch_without_text_is_an_error() -> None:
    flag = Flag(start=10.0, end=10.0 + LONG_SILENCE, rule="uncovered", action="kept")
    assert problem_of(flag).severity == "error"
    assert problem_of(Flag(start=1, end=3, rule="uncovered", action="kept")).severity == "warning"


def flag(rule: str, start: float, end: float, action: Literal["kept", "removed"] = "kept") -> Flag:
    return Flag(start=start, end=end, rule=rule, action=action)


@pytest.mark.parametrize(
    ("flags", "errors"),
    [
        ([flag("cut-off", 20, 30)], []),
        ([flag("cut-off", 20, 30), flag("uncovered", 26, 29)], ["cut-off"]),
        ([flag("cut-off", 20, 30), flag("sparse", 12, 30)], ["cut-off"]),
        ([flag("cut-off", 20, 30), flag("uncovered", 30, 33)], []),
        ([flag("loop", 5, 12, "removed"), flag("uncovered", 6, 12)], ["uncovered"]),
        ([flag("silence", 5, 8, "removed"), flag("uncovered", 20, 23)], []),
        ([flag("music", 5, 8, "removed"), flag("uncovered", 5, 8)], []),
        ([flag("prompt-echo", 5, 8), flag("uncovered", 5, 8)], []),
    ],
)
def test_words_that_are_lost_with_the_speech_there_are_an_error(
    flags: list[Flag], errors: list[str]
) -> None:
    cues = (Cue(start=0, end=5, text="so"),)
    transcript = Transcript(
        language="en", engine=Engine(name="x"), duration=40, cues=cues, flags=tuple(flags)
    )
    found = problems_of(transcript)
    assert [p.rule for p in found if p.severity == "error"] == errors
    assert len(found) == len(flags)


def test_every_rule_in_the_code_has_its_meaning() -> None:
    """Reads the rules' names out of the modules that make flags."""
    found: set[str] = set()
    rooms = ("windows.py", "guards.py", "caption_text.py", "sounds.py", "coverage.py", "turns.py")
    for file in (*rooms, "stages/transcribe.py", "backends/media.py", "backends/captions.py"):
        text = (PACKAGE / file).read_text(encoding="utf-8")
        found |= set(re.findall(r'rule="([a-z-]+)"', text))
        found |= set(re.findall(r'Flag\.on\([^,()]+(?:\([^()]*\))?[^,]*, "([a-z-]+)"', text))
    assert len(found) > 10
    assert found <= set(MEANINGS)


def test_a_talk_without_a_word_is_an_error() -> None:
    nothing = Transcript(language="en", engine=Engine(name="x"), duration=9.0, cues=())
    assert [(p.rule, p.severity) for p in problems_of(nothing)] == [("no-text", "error")]


def test_a_transcript_the_recogniser_doubts_is_an_error() -> None:
    cues = tuple(Cue(start=float(n), end=n + 1.0, text="x") for n in range(6))
    doubts = tuple(
        Flag(start=c.start, end=c.end, rule="low-confidence", action="kept") for c in cues[:3]
    )
    some = Transcript(language="en", engine=Engine(name="x"), duration=6, cues=cues, flags=doubts)
    assert problems_of(some)[0].rule == "unreliable"
    few = Transcript(
        language="en", engine=Engine(name="x"), duration=6, cues=cues, flags=doubts[:2]
    )
    assert "unreliable" not in {p.rule for p in problems_of(few)}
