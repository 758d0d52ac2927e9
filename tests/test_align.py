"""Which paragraphs have become which: moved, cut, joined, and strangers told apart."""

from translate.align import Group, Spoken, align

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
