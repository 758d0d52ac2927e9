"""Merging drafts whose slides a person has dropped, moved, renamed or shown otherwise, as the
program makes such drafts."""

from collections.abc import Sequence

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.slide_drafts import Shown, found_again, left, talks
from tests.test_merge import edits, keeps_every_typed_word
from translate.draft import CLOSING, anchors
from translate.merge import merge

History = tuple[str, str]  # what was generated last, and what is generated today


@st.composite
def histories(draw: st.DrawFn, titles: Sequence[str] = ("Title", "Again")) -> History:
    """A draft of some slides, and one of what a person has left of them since, or of those that
    another look at the video finds."""
    talk = draw(talks(titles))
    some = left(talk.found, talk.end)
    base = draw(st.one_of(st.just(talk.found), some))
    if draw(st.booleans()):
        return talk.draft(base), talk.draft(draw(some))
    found = draw(found_again(talk.found))
    return talk.draft(base), talk.draft(found, found)


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
@given(histories().flatmap(lambda h: st.tuples(st.just(h), st.data())))
def test_whatever_was_edited_stays_and_merging_again_changes_nothing(
    drawn: tuple[History, st.DataObject],
) -> None:
    (base, new), data = drawn
    edited = data.draw(edits(base))
    merged = merge(base, edited, new).text
    assert merge(base, merged, new).text == merged
    assert merge(new, merged, new).text == merged
    keeps_every_typed_word(base, edited, merged)


@settings(max_examples=300)
@given(talks(), st.data())
def test_an_edited_slide_that_is_found_later_is_one_slide(talk: Shown, data: st.DataObject) -> None:
    """Whatever is new at its old time, and however much later it is; but where another has come
    to its time, nothing tells an edited slide from that one the next time."""
    found = data.draw(found_again(talk.found))
    before = anchors([s.start for s in talk.found])
    after = zip(anchors([s.start for s in found]), found, strict=True)
    later = [at for at, s in after if not s.title.startswith("Missed")]
    assume(all(a == b or b not in before for a, b in zip(before, later, strict=True)))
    base, new = talk.draft(talk.found), talk.draft(found, found)
    edited = base.replace("line", "行")
    merged = merge(base, edited, new)
    assert merged.text == new.replace("line", "行")
    assert merge(base, merged.text, new).text == merged.text
