"""Chinese of an earlier run, where nobody can translate a paragraph again: which stands, and why
it is stale.

Plain functions of plain values. Text that was once paid for, or written, is not taken away because
its English, its terms or the model have changed and no new translation came; it stands as what it
is, and says so.
"""

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from translate import glossary
from translate.align import Spoken, align
from translate.model import Engine, Term, Translation, Unit

_SHOWN = 3  # changes of the English that are quoted
_QUOTED = 40  # characters of each side


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands for some paragraphs that are not translated anew."""

    texts: Mapping[str, Translation]  # by id of the unit; several joined where they were cut anew
    beside: Mapping[str, float]  # ids without a text of their own, and where theirs stands


def rows_of(terms: Sequence[Term]) -> tuple[str, ...]:
    """Short digests of rows of the term base, each of what it asks of a translation."""
    return tuple(glossary.digest([term])[:8] for term in terms)


def standing(
    before: Sequence[Translation], units: Sequence[Unit], waiting: Collection[str]
) -> Standing:
    """The Chinese of `before` for those of the `units` whose ids are `waiting`.

    Where the talk was cut otherwise since, all of a stretch goes to its first waiting paragraph:
    nothing tells which part of it belongs to which.
    """
    texts: dict[str, Translation] = {}
    beside: dict[str, float] = {}
    for old, new in _groups(before, units):
        done = {unit.english for unit in new if unit.id not in waiting}
        known = [t for t in old if t.chinese and t.english not in done]
        left = [unit for unit in new if unit.id in waiting]
        same = {t.english: t for t in known}
        for unit in [u for u in left if u.english in same]:
            texts[unit.id] = same[unit.english]
            left.remove(unit)
            known = [t for t in known if t.english != unit.english]
        if left and known:
            texts[left[0].id] = _joined(known)
            beside.update((unit.id, left[0].start) for unit in left[1:])
    return Standing(texts=texts, beside=beside)


def _groups(
    before: Sequence[Translation], units: Sequence[Unit]
) -> Iterator[tuple[list[Translation], list[Unit]]]:
    """Translations and paragraphs that say the same."""
    at = {t.start: t for t in before}
    if {u.start for u in units} <= at.keys():  # cut as it was
        yield from (([at[unit.start]], [unit]) for unit in units)
        return
    old = [t for t in before if t.english]
    found = align(
        [Spoken(t.start, t.english) for t in old], [Spoken(u.start, u.english) for u in units]
    )
    for group in found:
        yield [old[n] for n in group.old], [units[n] for n in group.new]
    by_start = {t.start: t for t in before if not t.english}  # made before English was kept
    yield from (([by_start[u.start]], [u]) for u in units if u.start in by_start)


def _joined(parts: Sequence[Translation]) -> Translation:
    if len(parts) == 1:
        return parts[0]
    rows = {s: r for t in parts for s, r in zip(t.terms, t.rows, strict=False)}
    return Translation(
        start=parts[0].start,
        chinese="".join(t.chinese for t in parts),
        of="",  # of no one paragraph
        by=parts[0].by,
        terms=tuple(rows),
        rows=tuple(rows.values()),
        english=" ".join(t.english for t in parts),
    )


def changes(old: Translation, unit: Unit, asked: Engine | None) -> str:
    """What has changed since `old` was made; `asked` is who translates today, if anybody does."""
    told = [
        *_english(old.english, unit.english),
        *_terms(old, unit),
        *_engine(old.by, asked),
    ]
    return "; ".join(told) or "the English or its terms have changed"


def _english(old: str, new: str) -> Iterator[str]:
    if not old or old == new:
        return
    one, two = old.split(), new.split()
    codes = difflib.SequenceMatcher(None, one, two, autojunk=False).get_opcodes()
    spots = [
        (" ".join(one[a:b]), " ".join(two[c:d])) for tag, a, b, c, d in codes if tag != "equal"
    ]
    if len(spots) > _SHOWN or any(len(side) > _QUOTED for spot in spots for side in spot):
        yield f"the English has changed in {len(spots)} places"
    else:
        yield "the English has changed: " + ", ".join(f"“{a}” → “{b}”" for a, b in spots)


def _terms(old: Translation, unit: Unit) -> Iterator[str]:
    if len(old.rows) != len(old.terms):
        return  # made before rows were kept
    then = dict(zip(old.terms, old.rows, strict=True))
    now = dict(zip((t.source for t in unit.terms), rows_of(unit.terms), strict=True))
    # Of other English, a term in one of the two alone is no other term base.
    both = then.keys() | now.keys() if old.english == unit.english else then.keys() & now.keys()
    changed = sorted(s for s in both if then.get(s) != now.get(s))
    if changed:
        yield f"the term base has changed: {', '.join(changed)}"


def _engine(old: Engine, asked: Engine | None) -> Iterator[str]:
    if asked is None or old == asked:
        return
    one, two = (f"{e.name} {e.model}".strip() for e in (old, asked))
    if one != two:
        yield f"{two} translates now, and this is by {one}"
    elif not old.is_person:
        yield f"{two} is asked in another way now"
