"""Undo: corrections of the glossary that a person takes back in one talk, and makes again.

Keeps the list in the talk's folder and changes nothing else; the next draft is made by it.
"""

import re
from collections.abc import Iterator

from translate.errors import InputError
from translate.glossary import Undone
from translate.model import Article, Sentence, clock
from translate.workspace import ARTICLE, UNDONE, Workspace, decode

_TIME = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})")


def undone_in(workspace: Workspace) -> tuple[Undone, ...]:
    """The corrections that are not to be made in this talk."""
    if not workspace.has(UNDONE):
        return ()
    return tuple(decode(workspace.read(UNDONE), list[Undone], workspace.path(UNDONE)))


def undo(workspace: Workspace, what: str) -> tuple[Undone, ...]:
    """Take corrections back: at a time (`00:12:31`), or all of what was heard, or of one term.

    Raises InputError when no correction of this talk answers to it.
    """
    with workspace.locked("stw glossary undo"):
        if not workspace.has(ARTICLE):
            raise InputError(
                f"{workspace.slug}: nothing has been corrected yet", f"stw draft {workspace.slug}"
            )
        found = tuple(dict.fromkeys(_corrected(workspace.article(), what)))
        if not found:
            raise InputError(
                f"{workspace.slug}: nothing was corrected at, or into, {what!r}",
                f"report.md lists the corrections: {workspace.path('report.md')}",
            )
        known = undone_in(workspace)
        workspace.put_aside(UNDONE, list(dict.fromkeys((*known, *found))))
    return found


def redo(workspace: Workspace, what: str) -> tuple[Undone, ...]:
    """Let corrections be made again that were taken back; named as they are in `undo`.

    Raises InputError when none of them answers to it.
    """
    with workspace.locked("stw glossary undo --redo"):
        known = undone_in(workspace)
        again = tuple(u for u in known if _answers(u, what))
        if not again:
            listed = ", ".join(undone_text(u) for u in known) or "none"
            raise InputError(
                f"{workspace.slug}: no correction {what!r} was taken back (those that were: "
                f"{listed})",
                "name one of them by its time or by what was heard",
            )
        workspace.put_aside(UNDONE, [u for u in known if u not in again])
    return again


def undone_text(undone: Undone) -> str:
    """`“Trident” → Triton at 00:12:31` in one line."""
    place = "everywhere" if undone.start is None else f"at {clock(undone.start)}"
    return f"“{undone.heard}” → {undone.written} {place}"


def _corrected(article: Article, what: str) -> Iterator[Undone]:
    at = _seconds(what)
    sentences = [s for p in article.paragraphs for s in p.sentences]
    for sentence in sentences if at is None else _at(sentences, at):
        for c in sentence.corrections:
            if at is not None:
                yield Undone(
                    heard=c.heard, written=c.written, start=sentence.start, end=sentence.end
                )
            elif what.casefold() in (c.heard.casefold(), c.written.casefold()):
                yield Undone(heard=c.heard, written=c.written)


def _at(sentences: list[Sentence], at: int) -> list[Sentence]:
    """The corrected sentences that begin in this second, else the one that is under way."""
    corrected = [s for s in sentences if s.corrections]
    begun = [s for s in corrected if int(s.start) == at]
    return begun or [s for s in corrected if s.start <= at < s.end]


def _answers(undone: Undone, what: str) -> bool:
    at = _seconds(what)
    if at is None:
        return what.casefold() in (undone.heard.casefold(), undone.written.casefold())
    if undone.start is None or undone.end is None:
        return False
    return int(undone.start) <= at < max(undone.end, int(undone.start) + 1)


def _seconds(text: str) -> int | None:
    """`12:31` or `00:12:31` in seconds; None for anything else."""
    if not (time := _TIME.fullmatch(text.strip())):
        return None
    hours, minutes, seconds = (int(part or 0) for part in time.groups())
    return hours * 3600 + minutes * 60 + seconds
