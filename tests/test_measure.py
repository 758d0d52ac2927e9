"""Timing with a clock of our own, and figures about words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translate.errors import MissingError
from translate.glossary import Glossary
from translate.measure import (
    Counted,
    Heard,
    Race,
    Stopwatch,
    Taken,
    Told,
    agreement,
    median_parts,
    speed,
    spread,
    term_recall,
    times_as_fast,
    word_errors,
)
from translate.model import Term


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Runner:
    """Takes so many seconds for each clip, of them some for decoding."""

    def __init__(self, name: str, clock: Clock, seconds: list[float], log: list[str]) -> None:
        self.name, self.clock, self.seconds, self.log = name, clock, seconds, log

    def hear(self, clip: str, told: Told) -> Heard:
        self.log.append(self.name + clip)
        seconds = self.seconds.pop(0)
        told(0.5)
        self.clock.now += seconds
        return Heard(text=f"{self.name} of {clip}", parts={"decode": seconds / 4})


class Broken(Runner):
    def hear(self, clip: str, told: Told) -> Heard:
        if len(self.log) > 4:
            raise MissingError("no memory left")
        return super().hear(clip, told)


def taken(seconds: float, **parts: float) -> Taken:
    return Taken(seconds=seconds, parts=parts, texts=("",))


def test_contestants_take_turns_and_every_clip_counts() -> None:
    clock, log = Clock(), list[str]()
    a = Runner("a", clock, [1, 2, 3, 4], log)
    b = Runner("b", clock, [10, 20, 30, 40], log)
    told: list[tuple[float, float]] = []
    found = Race([a, b], [("x", 30.0), ("y", 60.0)], clock=clock).run(
        2, lambda done, total: told.append((done, total))
    )
    assert log == ["ax", "bx", "ay", "by"] * 2
    assert [r.seconds for r in found.taken["a"]] == [3, 7]
    assert [r.seconds for r in found.taken["b"]] == [30, 70]
    assert found.taken["a"][0].texts == ("a of x", "a of y")
    assert found.taken["b"][0].parts == {"decode": 7.5, "rest": 22.5}
    assert not found.failed
    assert told[:4] == [(15, 360), (30, 360), (45, 360), (60, 360)]
    assert told == sorted(told)
    assert told[-1] == (360, 360)


def test_who_fails_is_out_and_the_others_go_on() -> None:
    clock, log = Clock(), list[str]()
    a = Runner("a", clock, [1.0] * 6, log)
    b = Broken("b", clock, [1.0] * 6, log)
    found = Race([a, b], [("x", 30.0)], clock=clock).run(6, lambda *_: None)
    assert len(found.taken["a"]) == 6
    assert "b" not in found.taken
    assert found.failed["b"].message == "no memory left"


def test_a_stopwatch_adds_up_even_when_the_work_fails() -> None:
    clock = Clock()
    watch = Stopwatch(clock)

    def work(seconds: float) -> float:
        clock.now += seconds
        if seconds > 5:
            raise MissingError("too long")
        return seconds

    assert watch.time("mel", lambda: work(2)) == 2
    watch.time("mel", lambda: work(3))
    with pytest.raises(MissingError):
        watch.time("encoder", lambda: work(6))
    assert watch.parts == {"mel": 5, "encoder": 6}


def test_ratios_pair_runs_of_the_same_round() -> None:
    """The machine was slow in the second round: ten times for both, and the ratio stays."""
    ours, peer = [taken(2), taken(20), taken(1)], [taken(4), taken(40), taken(4)]
    ratio = times_as_fast(ours, peer)
    assert (ratio.low, ratio.median, ratio.high) == (2, 2, 4)
    fast = speed(ours, 60)
    assert (fast.low, fast.median, fast.high) == (3, 30, 60)


def test_parts_that_a_run_lacks_count_as_nothing() -> None:
    found = median_parts([taken(1, mel=1.0), taken(1, mel=3.0, again=2.0), taken(1, mel=2.0)])
    assert found == {"mel": 2.0, "again": 0.0}


@given(st.lists(st.floats(0.001, 1000), min_size=1))
def test_a_spread_holds_every_value(values: list[float]) -> None:
    found = spread(values)
    assert found.low <= found.median <= found.high
    assert all(found.low <= v <= found.high for v in values)


def test_word_errors_and_agreement() -> None:
    said = ["ask", "not", "what", "your", "country", "can", "do"]
    assert word_errors(said, said) == Counted(count=0, of=7)
    assert word_errors(["ask", "now", "what", "country", "can", "do"], said) == Counted(
        count=2, of=7
    )
    assert word_errors([], said).share == 1
    assert word_errors(said, []) == Counted(count=7, of=0)
    assert word_errors([], []).share is None
    assert agreement(["a", "b", "c", "d"], ["a", "x", "c"]) == Counted(count=2, of=4)
    assert agreement([], []).share is None


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_agreement_is_a_share_and_the_same_from_both_sides(a: list[str], b: list[str]) -> None:
    found = agreement(a, b)
    assert found == agreement(b, a)
    assert 0 <= found.count <= found.of
    assert (found.count == found.of) == (a == b)


def test_terms_count_as_often_as_they_were_said() -> None:
    glossary = Glossary(terms=(Term(source="Triton"), Term(source="kernel")))
    said = "Triton kernels. A Triton kernel. No graph."
    assert term_recall(said, said, glossary) == Counted(count=4, of=4)
    heard = "Trident kernels. A Triton kernel, Triton, Triton, Triton."
    assert term_recall(heard, "Triton kernel", glossary) == Counted(count=2, of=2)
    assert term_recall("Trident colonels", said, glossary) == Counted(count=0, of=4)
    assert term_recall("anything", "no term here", glossary).share is None
