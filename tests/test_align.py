"""Which paragraphs have become which: moved, cut, joined, and strangers told apart."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from translate.align import Group, Spoken, align, closed, same_words

ONE = "so today I want to talk about how the compiler reads your model"
TWO = "and then we will see what happens when a graph breaks in the middle"
THREE = "finally there is a short demonstration of the new profiler and its traces"


def spoken(*paragraphs: tuple[float, str]) -> list[Spoken]:
    return [Spoken(start, text) for start, text in paragraphs]


def test_a_paragraph_that_moved_is_the_same() -> None:
    old = spoken((0, ONE), (10, TWO), (20, THREE))
    new = spoken((0.4, ONE), (14, TWO.replace("graph", "graft")), (21, THREE))
    assert align(old, new) == (Group((0,), (0,)), Group((1,), (1,)), Group((2,), (2,)))


def test_paragraphs_that_are_cut_elsewhere_are_one_group() -> None:
    old = spoken((0, f"{ONE} {TWO}"), (20, THREE))
    new = spoken((0, ONE), (10, TWO), (20, THREE))
    assert align(old, new) == (Group((0,), (0, 1)), Group((1,), (2,)))
    assert align(new, old) == (Group((0, 1), (0,)), Group((2,), (1,)))


def test_what_was_not_heard_before_has_no_counterpart() -> None:
    old = spoken((0, ONE), (30, THREE))
    new = spoken((0, ONE), (15, TWO), (30, THREE))
    assert align(old, new) == (Group((0,), (0,)), Group((1,), (2,)))


def test_the_same_words_at_another_time_are_another_paragraph() -> None:
    old = spoken((0, ONE), (10, TWO))
    new = spoken((0, TWO), (10, ONE))
    assert align(old, new) == ()
    assert align([], new) == ()


@st.composite
def cuts(draw: st.DrawFn) -> tuple[list[Spoken], list[Spoken]]:
    """One text of sentences, each of its own words, cut into paragraphs in two ways."""
    lengths = draw(st.lists(st.integers(2, 12), min_size=2, max_size=14))
    sentences = [" ".join(f"s{n}w{w}" for w in range(many)) for n, many in enumerate(lengths)]
    starts = [float(sum(lengths[:n])) for n in range(len(lengths))]
    ways = []
    for _ in range(2):
        inner = draw(st.sets(st.integers(1, len(lengths) - 1)))
        ends = sorted({0, *inner, len(lengths)})
        ways.append([Spoken(starts[a], " ".join(sentences[a:b])) for a, b in pairwise(ends)])
    return ways[0], ways[1]


@given(cuts())
def test_a_closed_group_says_the_same_on_both_sides(
    ways: tuple[list[Spoken], list[Spoken]],
) -> None:
    old, new = ways
    groups = align(old, new)
    for group in groups:
        whole = closed(group, groups, old, new)
        assert {*group.old} <= {*whole.old}
        assert {*group.new} <= {*whole.new}
        assert same_words(whole, old, new)


def test_a_closed_group_is_no_larger_than_it_must_be() -> None:
    old = spoken((0, ONE), (10, f"{TWO} {THREE}"), (30, ONE))
    new = spoken((0, ONE), (10, TWO), (20, THREE), (30, ONE))
    groups = align(old, new)
    assert closed(groups[1], groups, old, new) == Group((1,), (1, 2))
    assert closed(groups[0], groups, old, new) == Group((0,), (0,))


def test_words_heard_otherwise_at_a_cut_do_not_join_what_they_stand_between() -> None:
    old = spoken((0, f"{ONE} thank you"), (10, TWO), (20, THREE))
    new = spoken((0, ONE), (10, f"tank yew {TWO}"), (20, f"so {THREE}"))
    groups = align(old, new)
    assert closed(groups[1], groups, old, new) == Group((1,), (1,))
