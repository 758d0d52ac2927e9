"""The bench of slide finding: its talks hold what their truth says, and its counts are right."""

import importlib.util
import json
import random
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench import slide_drawing as drawing
from tests.bench import slide_talks as talks
from tests.bench import slides as bench
from tests.bench.slide_talks import Scene, Script, camera, shows
from tests.bench.slide_words import Card, cards
from translate.model import Line

pytestmark = pytest.mark.skipif(
    not drawing.FONTS.exists(), reason="the fonts of fonts-dejavu are not installed"
)

times = st.lists(st.floats(0, 60), max_size=12)


def a_card(number: int, *texts: str) -> Card:
    return Card(number, f"Title number {number}", lines=tuple(Line(text=t) for t in texts))


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 s camera, a build in two steps, a camera, the same slide, a dissolve to one with an inset,
    the first slide again."""
    first = a_card(0, "Read the trace first", "Then change the code")
    second = a_card(1, "Weights stay sharded")
    scenes = (
        camera(2),
        Scene(seconds=2, card=first, shown=1),
        Scene(seconds=2, card=first),
        camera(2, 1),
        Scene(seconds=2, card=first),
        Scene(seconds=3, card=second, layout="inset", enter="dissolve", fading=1.0),
        Scene(seconds=2, card=first),
    )
    folder = tmp_path_factory.mktemp("talk")
    talks.compose(Script(scenes=scenes, size=(320, 180), fps=5, options=talks.X264), folder)
    return folder


@pytest.fixture(scope="module")
def truth(talk: Path) -> dict:
    return json.loads((talk / "truth.json").read_text("utf-8"))


def perfect(truth: dict) -> list[dict]:
    """What a tool without a fault would say."""
    return [
        {k: s[k] for k in ("start", "end", "region")} | {"at": s["end"] - 0.8, "of": s["slide"]}
        for s in truth["showings"]
    ]


# --- the talks ------------------------------------------------------------------------------------


def test_the_truth_holds_every_showing_and_every_step_of_a_build(truth: dict) -> None:
    shown = [(s["start"], s["end"], s["slide"], s["steps"]) for s in truth["showings"]]
    assert shown == [(2, 6, 0, [4]), (8, 10.5, 0, []), (10.5, 13, 1, []), (13, 15, 0, [])]
    assert truth["camera"] == [[0, 2], [6, 8]]
    assert truth["duration"] == 15
    assert truth["showings"][0]["states"] == ["slides/000-full-1.png", "slides/000-full-2.png"]
    assert truth["showings"][2]["covered"]


def test_the_video_shows_what_the_truth_says(talk: Path, truth: dict) -> None:
    states = bench.States(talk, truth)
    moments = [(s, t) for s in truth["showings"] for t in (s["end"] - 0.7, s["end"] - 0.9)]
    frames = bench.pictures(talk / truth["video"], [t for _, t in moments])
    for showing, t in moments:
        name, off = states.seen(frames[t], showing)
        assert name == showing["states"][-1]
        assert off < bench.ALIKE
    early = bench.pictures(talk / truth["video"], [3.0])[3.0]
    assert states.seen(early, truth["showings"][0])[0] == "slides/000-full-1.png"


def test_a_dissolve_is_half_of_both_in_its_middle(talk: Path, truth: dict) -> None:
    frames = bench.pictures(talk / truth["video"], [9.8, 10.4, 11.4])
    before, between, after = (bench.reduced(f) for f in frames.values())
    left = (slice(0, 150), slice(0, 300))
    half = (before[left] + after[left]) / 2
    assert np.abs(between[left] - half).mean() < np.abs(before[left] - after[left]).mean() / 2


def test_a_person_moves_and_a_slide_does_not(talk: Path, truth: dict) -> None:
    frames = bench.pictures(talk / truth["video"], [0.4, 1.4, 4.4, 5.4])
    a, b, c, d = (bench.reduced(f) for f in frames.values())
    assert np.abs(a - b).mean() > 3 > 1 > np.abs(c - d).mean()


def test_every_kind_of_talk_is_in_order_and_long_enough() -> None:
    for kind, make in talks.KINDS.items():
        script = make()
        shown = talks.showings(script)
        for before, after in pairwise(shown):
            assert before["start"] < before["end"] <= after["start"], kind
        assert all(s["start"] < t < s["end"] for s in shown for t in s["steps"]), kind
        assert bool(shown) == (kind != "none")
        names = [s["states"][-1] for s in shown]
        assert len({s["slide"] for s in shown}) <= len(set(names)), kind
    script = talks.long()
    assert script.starts[-1] == pytest.approx(1200, abs=1)
    assert len({s["slide"] for s in talks.showings(script)}) == 60


@given(st.integers(0, 300))
def test_no_two_slides_of_a_talk_say_the_same(seed: int) -> None:
    deck = cards(20, seed)
    assert len({(c.title, c.lines, c.chart, c.table) for c in deck}) == 20


def test_a_build_ends_with_the_complete_slide() -> None:
    card = a_card(3, "one", "two", "three")
    scenes = shows(card, random.Random(1), 12, build=True, enter="dissolve", fading=0.5)
    assert [s.shown for s in scenes][-3:] == [1, 2, talks.ALL]
    assert sum(s.seconds for s in scenes) == pytest.approx(12)
    assert [s.fading for s in scenes][1:] == [0.0] * (len(scenes) - 1)


def test_missing_fonts_are_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "FONTS", Path("/nowhere"))
    with pytest.raises(FileNotFoundError, match="fonts-dejavu"):
        drawing.font.__wrapped__(20)


# --- matching -------------------------------------------------------------------------------------


@given(times, times)
def test_pairs_are_near_and_each_time_is_in_one_at_most(known: list, found: list) -> None:
    pairs = bench.matched(known, found)
    assert all(abs(a - b) <= bench.NEAR + 1e-5 for a, b in pairs)
    for side, given_ in enumerate((known, found)):
        used = sorted(p[side] for p in pairs)
        rest = sorted(given_)
        for one in used:
            rest.remove(one)  # raises where one is used twice
    assert len(bench.matched(found, known)) == len(pairs)


@given(st.lists(st.floats(0, 30), max_size=6), st.lists(st.floats(0, 30), max_size=6))
def test_no_other_pairing_has_more(known: list, found: list) -> None:
    def most(left: list, right: list) -> int:
        if not left:
            return 0
        rest = [most(left[1:], right)]
        for n, b in enumerate(right):
            if abs(left[0] - b) <= bench.NEAR + 1e-6:
                rest.append(1 + most(left[1:], right[:n] + right[n + 1 :]))
        return max(rest)

    assert len(bench.matched(known, found)) == most(known, found)


def test_a_region_overlaps_itself_wholly_and_a_half_by_half() -> None:
    whole = {"left": 0.0, "top": 0.0, "right": 1.0, "bottom": 1.0}
    assert bench.iou(whole, whole) == 1
    assert bench.iou(whole, whole | {"right": 0.5}) == 0.5
    assert bench.iou(whole | {"right": 0.4}, whole | {"left": 0.6}) == 0


# --- scores ---------------------------------------------------------------------------------------


def test_a_tool_without_a_fault_has_none(talk: Path, truth: dict) -> None:
    score = bench.score(talk, "ours", truth, perfect(truth))
    assert score.wrong == []
    assert (score.known, score.found, score.right) == (3, 3, 3)  # not the camera's end
    assert (score.complete, score.pictured, score.overlap) == (4, 4, 1.0)
    assert (score.duplicates, score.merged, score.lost, score.invented) == (0, 0, 0, 0)


def test_each_fault_is_counted_where_it_belongs(talk: Path, truth: dict) -> None:
    found = perfect(truth)

    late = [found[0] | {"start": 3.5}, *found[1:]]
    score = bench.score(talk, "ours", truth, late)
    assert (score.right, score.found) == (2, 3)

    twice = [*found[:3], found[3] | {"of": 7}]
    assert bench.score(talk, "ours", truth, twice).duplicates == 1

    merged = [*found[:2], found[2] | {"of": 0}, found[3]]
    score = bench.score(talk, "ours", truth, merged)
    assert (score.merged, score.right, score.found) == (1, 1, 1)

    score = bench.score(talk, "ours", truth, [*found[:2], found[3]])
    assert (score.lost, score.wrong[-1]) == (1, "slide 1: not there")

    person = {"start": 0.0, "end": 2.0, "of": 9, "at": 1.0, "region": found[0]["region"]}
    score = bench.score(talk, "ours", truth, [person, *found])
    assert (score.invented, score.found - score.right) == (1, 1)

    unfinished = [found[0] | {"at": 3.0}, *found[1:]]
    assert bench.score(talk, "ours", truth, unfinished).complete == 3

    between = [*found[:2], found[2] | {"at": 10.4}, found[3]]
    assert bench.score(talk, "ours", truth, between).complete == 3

    step = [found[0] | {"end": 4.0}, found[0] | {"start": 4.0, "of": 5}, *found[1:]]
    score = bench.score(talk, "ours", truth, step)
    assert "4.0 s: a change found that is none: a build step" in score.wrong
    assert score.duplicates == 1


def test_where_a_camera_begins_counts_neither_way_for_a_peer(talk: Path, truth: dict) -> None:
    cuts = [{"start": t} for t in (0.0, 2.0, 6.0, 8.0, 10.5, 13.0)]
    score = bench.score(talk, "content", truth, cuts)
    assert (score.right, score.found) == (3, 3)
    score = bench.score(talk, "content", truth, [*cuts[:2], {"start": 4.0}, *cuts[2:]])
    assert (score.right, score.found) == (3, 4)


def test_a_peer_that_is_absent_is_left_out_and_named(talk: Path) -> None:
    if importlib.util.find_spec("scenedetect"):
        pytest.skip("scenedetect is installed here")
    scores, notes = bench.measure([talk], {"content": sys.executable}, 1)
    assert scores == []
    assert notes == [f"content left out of {talk.name}: No module named 'scenedetect'"]
