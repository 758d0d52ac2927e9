"""Where another person may be speaking: what is told of made-up floors, and of real talks."""

import json
import re

import pytest

from tests.shared import shared_data
from translate.model import Cue, Span
from translate.turns import turns


def cues(*said: tuple[float, str]) -> tuple[Cue, ...]:
    """Cues of three seconds, each after the one before and a pause."""
    out: list[Cue] = []
    at = 0.0
    for pause, text in said:
        out.append(Cue(start=at + pause, end=at + pause + 3, text=text))
        at = out[-1].end
    return tuple(out)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([(0, "Are there any questions?"), (2, "How big is it?")], "any questions"),
        ([(0, "I am happy to take questions."), (2, "How big?")], "take questions"),
        ([(0, "That is all."), (0, "Thank you for the great talk, I wonder")], "great talk"),
        ([(0, "That is all."), (0, "Our next question comes from the chat")], "next question"),
        ([(0, "Sure."), (0, "Let me repeat the question for the stream")], "repeat the question"),
        ([(0, "Thank you very much."), (5, "We have some minutes left")], "after thanks"),
        (
            [(0, "Any questions?"), (0, "Please."), (1.5, "The question is whether it fits")],
            "The question is",
        ),
    ],
)
def test_a_turn_is_told_with_its_time_and_reason(said: list[tuple[float, str]], why: str) -> None:
    given = cues(*said)
    [flag] = turns(given, ())
    assert (flag.rule, flag.action, flag.start) == ("turn", "kept", given[-1].start)
    assert why in flag.detail


@pytest.mark.parametrize(
    "said",
    [
        [(0, "The question is how we can prove this."), (2, "We take the contrapositive.")],
        [(0, "Does it answer your question?"), (2, "It does.")],
        [(0, "Are there any questions?"), (0, "No, then let us go on with the proof.")],
        [(0, "Thank you."), (20, "Thank you."), (20, "you")],
        [(0, "Thank you."), (1, "Today I talk about compilers.")],
        [(0, "What is a tensor?"), (2, "It is an array.")],
    ],
)
def test_a_speaker_alone_makes_no_turn(said: list[tuple[float, str]]) -> None:
    assert turns(cues(*said), ()) == []


def test_the_pause_is_that_of_the_voice() -> None:
    """Cues may leave no time between them while the sound is silent, and the other way round."""
    given = (
        Cue(start=0, end=5, text="Any questions?"),
        Cue(start=5, end=9, text="How big is it?"),
    )
    apart = (Span(start=0, end=4.2), Span(start=5.6, end=9))
    assert len(turns(given, apart)) == 1
    assert turns(given, (Span(start=0, end=9),)) == []


@pytest.mark.data
@pytest.mark.parametrize("name", ["references", "whisper_asr"])
def test_no_turn_is_told_of_in_five_talks_of_one_speaker_each(name: str) -> None:
    """The words are real; their times are not here, so each sentence stands after a pause."""
    for line in shared_data(f"talks/acl6060/{name}.long.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        text = row["src_ref"] if name == "references" else row["output"]
        said = [(1.5, s) for s in re.split(r"(?<=[.?!])\s+", text)]
        assert len(said) > 50
        assert turns(cues(*said), ()) == []


@pytest.mark.data
def test_wrong_turns_in_lectures_are_few() -> None:
    """Forty-one lectures, six hours: two, both where the lecturer goes on after a break."""
    shared_data("lectures/hf-course/en")
    from tests.bench import coverage as bench

    told = [(r.name, f) for r in bench.captioned() for f in turns(r.cues, ())]
    assert len(told) <= 2, told
