"""The bench of placing: what it deals is in order, and each fault is counted where it belongs."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench import slide_placing as bench
from tests.bench.slide_placing import Composed, Drafted, Score
from tests.shared import shared_data
from translate.draft import Block, Free, Heading, Passage, Shown
from translate.model import Cue, Slide, Span


def talk_of(seconds: int, seed: int) -> Composed:
    """A talk of sentences of some seconds, each with its own words."""
    rng = random.Random(seed)
    cues: list[Cue] = []
    at = 0.0
    while at < seconds:
        words = [f"word{rng.randrange(9999)}" for _ in range(rng.randint(6, 16))]
        end = at + len(words) / 2.5
        cues.append(Cue(start=at, end=end, text=f"So {' '.join(words)}."))
        at = end + rng.choice((0.0, 0.3, 1.2))
    return bench.compose("t", cues, seed)


@dataclass
class Whole:
    talk: Composed
    out: Drafted

    def score(self, blocks: Sequence[Block] | None = None) -> Score:
        score = Score()
        score.add(self.talk, replace(self.out, blocks=tuple(blocks or self.out.blocks)))
        return score


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    talk = talk_of(1500, 1)
    return Whole(talk, bench.drafted(talk, tmp_path_factory.mktemp("talks") / "t"))


# --- the talks ------------------------------------------------------------------------------------


@given(st.integers(0, 200))
def test_showings_are_in_order_and_what_is_said_is_known(seed: int) -> None:
    talk = talk_of(600, seed)
    shown = sorted((s for d in talk.dealt for s in d.shown), key=lambda s: s.start)
    assert all(s.start < s.end for s in shown)
    assert all(a.end <= b.start for a, b in pairwise(shown))
    assert [d.first.start for d in talk.dealt] == sorted(d.first.start for d in talk.dealt)
    assert all(a.end <= b.start for a, b in pairwise(talk.cues))
    starts = {cue.start for cue in talk.cues}
    assert all(d.said in starts for d in talk.dealt if d.said is not None)
    assert bool(talk.chapters) == (seed % 2 == 0)


def test_every_way_for_a_slide_to_come_is_dealt() -> None:
    ways = {d.way for seed in range(12) for d in talk_of(900, seed).dealt}
    assert ways == {*bench.WAYS, "before the first word", "after the last word"}


# --- what is right --------------------------------------------------------------------------------

SPOKEN = [Span(start=10, end=40), Span(start=50, end=80), Span(start=80, end=100)]


@pytest.mark.parametrize(
    ("start", "end", "appeared", "most"),
    [
        (0, 30, {0}, {0}),
        (30, 70, {0}, {1}),
        (42, 55, {1}, {1}),  # in a pause: what is spoken then
        (41, 48, {0, 1}, {0, 1}),  # nothing: both beside it
        (0, 5, {0}, {0}),
        (120, 130, {2}, {2}),
        (15, 95, {0}, {1}),
        (60, 62, {1}, {1}),
        (77, 100, {1, 2}, {2}),  # the speaker goes on about what stood before
        (77, 79, {1}, {1}),
    ],
)
def test_right_is_what_was_spoken_when_it_appeared_or_longest(
    start: float, end: float, appeared: set[int], most: set[int]
) -> None:
    truth = bench.right(Span(start=start, end=end), SPOKEN)
    assert (truth.appeared, truth.most) == (appeared, most)
    assert truth.either == appeared | most


def test_a_picture_may_also_stand_after_its_prose() -> None:
    shown = Span(start=15, end=95)
    assert bench.right(shown, SPOKEN, picture=True).either == {0, 1, 2}
    assert bench.right(shown, SPOKEN).either == {0, 1}
    assert bench.right(replace(shown, end=89), SPOKEN, picture=True).either == {0, 1}


A, B = Passage(at="00:00:01", chinese="一"), Passage(at="00:00:31", chinese="二")
LIST = Shown(at="00:00:05", text="> - a")
PICTURE = Shown(at="00:00:06", text="![a](slides/a.png)")
TITLE = Heading(text="1. Title", level=3)


@pytest.mark.parametrize(
    ("blocks", "at", "place"),
    [
        ((A, LIST, B), 1, 1),
        ((A, PICTURE, B), 1, 0),
        ((A, PICTURE, PICTURE, B), 2, 0),
        ((A, TITLE, PICTURE, TITLE, LIST, B), 2, 1),
        ((TITLE, A, PICTURE, TITLE, B), 2, 0),
        ((A, B, LIST), 2, None),
    ],
)
def test_a_list_belongs_to_what_is_below_and_a_picture_to_what_is_above_under_its_heading(
    blocks: tuple[Block, ...], at: int, place: int | None
) -> None:
    assert bench.place_of(blocks, at) == place


# --- scores ---------------------------------------------------------------------------------------


def faults(score: Score) -> dict[str, int]:
    kinds = ("missing", "twice", "torn", "doubled", "unopened", "apart", "strayed")
    return {kind: n for kind in kinds if (n := len(getattr(score.faults, kind)))}


def a_list(whole: Whole) -> int:
    """A block in the middle of the draft: a list of two lines or more."""
    shown = [(n, b) for n, b in enumerate(whole.out.blocks) if isinstance(b, Shown)]
    some = [n for n, b in shown if b.text.count("\n> - ")]
    return some[len(some) // 2]


def test_what_the_program_makes_of_it_has_no_fault(whole: Whole) -> None:
    score = whole.score()
    assert faults(score) == {}
    assert score.ours.slides == len(whole.talk.dealt) > 30
    assert score.ours.either > 0.93 * score.ours.slides
    assert score.faults.lines > 60


def test_slides_in_any_order_score_low(whole: Whole) -> None:
    shown = [b for b in whole.out.blocks if isinstance(b, Shown)]
    random.Random(1).shuffle(shown)
    rest = iter(shown)
    score = whole.score([next(rest) if isinstance(b, Shown) else b for b in whole.out.blocks])
    assert score.ours.either < 0.4 * score.ours.slides
    assert score.ours.near < 0.6 * score.ours.slides
    assert "apart" in faults(score)


def test_slides_a_paragraph_late_score_low_and_are_next_to_it(whole: Whole) -> None:
    blocks: list[Block] = []
    kept: list[Block] = []
    for block in whole.out.blocks:
        if isinstance(block, Shown):
            kept.append(block)
            continue
        blocks.append(block)
        if isinstance(block, Passage):
            blocks += kept
            kept = []
    score = whole.score([*blocks, *kept])
    lists = score.kinds["lists"]
    assert lists.either < 0.5 * lists.slides
    assert lists.near > 0.9 * lists.slides


def test_each_fault_is_counted_where_it_belongs(whole: Whole) -> None:
    blocks = list(whole.out.blocks)
    at = a_list(whole)
    one = blocks[at]
    assert isinstance(one, Shown)

    gone = whole.score([*blocks[:at], *blocks[at + 1 :]])
    assert faults(gone).keys() >= {"missing"}
    assert len(gone.faults.missing) == 1

    double = faults(whole.score([*blocks[:at], one, *blocks[at:]]))
    assert double["twice"] == 1
    assert double["doubled"] >= 1

    head, _, tail = one.text.rpartition("\n> - ")
    torn = [*blocks[:at], replace(one, text=head), *blocks[at + 1 :]]
    assert faults(whole.score(torn)) == {"torn": 1}
    strayed = [*torn, Shown(at="00:59:59", text=f"> - {tail}")]
    assert faults(whole.score(strayed)) == {"torn": 1, "twice": 1}  # of no slide that there is
    copied = [*blocks, Free(text=f"> - {tail}")]
    assert faults(whole.score(copied)).keys() == {"doubled"}

    titles = [b for b in blocks if not (isinstance(b, Heading) and b.level == 3)]
    assert faults(whole.score(titles)).keys() == {"unopened"}


def test_naive_placements_are_what_they_say() -> None:
    late = Slide(shown=(Span(start=45, end=52), Span(start=80, end=99)))
    assert bench.nearest([late], SPOKEN) == [1]
    assert bench.under_way([late], SPOKEN) == [0]
    assert bench.most_seconds([late], SPOKEN) == [1]
    assert bench.under_way([replace(late, shown=(Span(start=0, end=2),))], SPOKEN) == [0]


# --- real things ----------------------------------------------------------------------------------


@pytest.mark.data
def test_the_columns_post_has_its_slides_where_we_put_them() -> None:
    shared_data("posts/pytorch-conference-01.md")
    rows = list(bench.post())
    lists = [(theirs, ours) for what, theirs, ours in rows if what.startswith("list")]
    assert len(lists) == len(rows) - 6 == 6
    assert all(theirs == ours for theirs, ours in lists)
    assert sum(theirs == ours for _, theirs, ours in rows) >= 11


@pytest.mark.data
def test_a_real_lecture_has_no_fault(tmp_path: Path) -> None:
    shared_data("lectures/hf-course")
    name, cues = next(iter(bench.captions()))
    talk = bench.compose(name, cues, 2)
    score = Score()
    score.add(talk, bench.drafted(talk, tmp_path / "t"))
    assert faults(score) == {}
    assert score.faults.chapters > 0
