"""What an editor did to the slides of a draft, while a setting leaves them out or shows others.

A merge takes what is not generated any more for gone, and what comes again for new. Slides that a
setting leaves out are neither: the draft that showed them is kept, and they come back as the
editor left them. Text in, text out: knows no files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from translate.draft import chunks, shown
from translate.merge import Merged, merge, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A draft as it was generated, and how it shows slides: "" for not at all."""

    mode: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A draft with slides, as it was when another way of showing them was chosen."""

    mode: str
    base: str  # what was generated
    edited: str  # what the editor had made of it
    then: str  # what was generated next, in another mode
    left: str  # what was written in its place

    def is_left(self, text: str) -> bool:
        """Whether `text`, which stands there now, is what has come in its place."""
        if text == self.edited:
            return False
        out = {c.text for c in chunks(self.edited)} - {c.text for c in chunks(self.left)}
        return not out & {c.text for c in chunks(text)}


def bring(
    was: Generated,
    mine: str,
    now: Generated,
    plain: Callable[[], str],
    known: Mapping[str, Aside],
) -> tuple[Merged, dict[str, Aside]]:
    """`merge(was, mine, now)`, and the drafts to keep aside from now on, by their mode.

    Going to another mode and back is, for slides, not having gone; what was done to the rest of
    the draft meanwhile stays. `plain` generates the draft without slides. The draft of today's own
    mode stays among those kept until the caller has written the base: a run may be killed before.
    """
    here, there = known.get(was.mode), known.get(now.mode)
    killed = here is not None and here.base == was.text and here.is_left(mine)
    if was.mode == now.mode:
        if here is not None and killed:
            return _back(here, here.then, mine, now, plain()), dict(known)
        return merge(was.text, mine, now.text), dict(known)
    made = merge(was.text, mine, now.text)
    if there is not None:
        made = _back(there, was.text, mine, now, plain())
    if not was.mode or killed:
        return made, dict(known)
    kept = Aside(mode=was.mode, base=was.text, edited=mine, then=now.text, left=made.text)
    return made, {**known, was.mode: kept}


def _back(aside: Aside, base: str, mine: str, now: Generated, plain: str) -> Merged:
    """The draft that was kept, as of today, with what the editor has done since it was left.

    That is seen without any slides: those of the mode between are not the editor's.
    """
    before = merge(aside.then, aside.left, plain).text
    since = merge(base, mine, plain)
    today = merge(aside.base, aside.edited, now.text)
    made = merge(before, since.text, today.text)
    # That a slide of the mode between is no more is nothing to ask about.
    others = (c for c in since.conflicts if c.new or not _is_of_slide(c.base))
    conflicts = {c.name: c for c in (*others, *today.conflicts, *made.conflicts)}
    told = tuple(c for c in conflicts.values() if standing(c, made.text))
    return Merged(text=made.text, conflicts=told)


def _is_of_slide(block: str) -> bool:
    return shown(block) is not None or block.startswith("#")
