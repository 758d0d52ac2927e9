"""Merging drafts whose slides a person has dropped, moved, renamed or shown otherwise, as the
program makes such drafts."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.slide_drafts import left, talks
from tests.test_merge import edits, keeps_every_typed_word
from translate.draft import CLOSING
from translate.merge import merge

History = tuple[str, str]  # what was generated last, and what is generated today


@st.composite
def histories(draw: st.DrawFn, titles: Sequence[str] = ()) -> History:
    """A draft of some slides, and one of what a person has left of them since."""
    talk = draw(talks(titles))
    some = left(talk.found, talk.end)
    base = draw(st.one_of(st.just(talk.found), some))
    return talk.draft(base), talk.draft(draw(some))


@settings(max_examples=300)
@given(histories())
def test_where_slides_and_headings_stand_does_not_hang_on_an_edit_elsewhere(
    history: History,
) -> None:
    base, new = history
    edited, wanted = (text.replace(CLOSING, "- 我的话。") for text in history)
    merged = merge(base, edited, new)
    assert merged.text == wanted
    assert merged.conflicts == ()
    assert merge(base, wanted, new).text == wanted


@settings(max_examples=300)
@given(histories(("A", "B")).flatmap(lambda h: st.tuples(st.just(h), st.data())))
def test_whatever_was_edited_stays_and_merging_again_changes_nothing(
    drawn: tuple[History, st.DataObject],
) -> None:
    (base, new), data = drawn
    edited = data.draw(edits(base))
    merged = merge(base, edited, new).text
    assert merge(base, merged, new).text == merged
    assert merge(new, merged, new).text == merged
    keeps_every_typed_word(base, edited, merged)
