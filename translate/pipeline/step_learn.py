"""Learn: what an editor did to a draft goes into the memory, and to the term base as proposals.

Knows where the two lie and what a person may have done there: rows of others stay in a memory,
and rows that were changed or struck out stay as they are among the proposals. What the machine
had written is remembered beside the draft, because a draft made again from the memory no longer
shows it. Backends come in as functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from translate.draft import anchors
from translate.errors import BadFileError, InputError
from translate.glossary import Glossary
from translate.model import Article, Engine, MemoryEntry, Problem
from translate.pipeline.run import untouched
from translate.stages.learn import Figures, Pair, figures_of, pairs_of, read_through
from translate.stages.learn_terms import (
    Proposal,
    Proposed,
    merge_rows,
    proposals,
    read_rows,
    rows_text,
)
from translate.workspace import (
    DRAFT,
    DRAFT_BASE,
    LEARNED,
    TRANSLATION,
    Workspace,
    decode,
    write_atomic,
)


class UpdateMemory(Protocol):
    """Brings entries into a memory's file, in the place of `ours`; what others wrote there stays.

    Gives the entries that stand there now, and those that do not because a person has changed
    the row.
    """

    def __call__(
        self, path: Path, entries: Sequence[MemoryEntry], ours: Sequence[MemoryEntry]
    ) -> tuple[Sequence[MemoryEntry], Sequence[MemoryEntry]]: ...


class WriteMemory(Protocol):
    """Writes a memory's file in place of what lies there; gives the number of its rows."""

    def __call__(self, path: Path, entries: Sequence[MemoryEntry]) -> int: ...


class ReadMemory(Protocol):
    """The entries of memory files, in order. Raises BadFileError with file and line."""

    def __call__(self, *paths: Path) -> Sequence[MemoryEntry]: ...


class SurveyMemory(Protocol):
    """The entries of one file, and the beginnings of what in it is none.

    Raises BadFileError with file and line.
    """

    def __call__(self, path: Path, /) -> tuple[Sequence[MemoryEntry], Sequence[str]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What one talk has taught."""

    figures: Figures
    pairs: int  # in the memory now
    unsettled: tuple[str, ...]  # anchors of pairs left out, because a check misses something
    unread: tuple[str, ...] = ()  # anchors of pairs left out, because nobody has read them yet
    kept: tuple[str, ...] = ()  # anchors of rows that a person has changed in the memory itself
    memory: Path | None  # None when nothing is finished yet
    proposals: Path | None  # rows to accept or strike out; None when there are none
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """What a machine had written of a paragraph, and what became of it."""

    english: str
    generated: str  # empty where a person translated it
    learned: tuple[str, ...]  # each Chinese that went into the memory for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is remembered of earlier learning from a talk."""

    first: tuple[First, ...] = ()
    rows: tuple[Proposal, ...] = ()  # the proposals that stood there as we wrote them
    # Those that a person struck out or changed. None in records that had a person's rows among
    # `rows`, of which therefore none is held to be ours.
    declined: tuple[Proposal, ...] | None = None
    memory: tuple[MemoryEntry, ...] = ()  # its rows as we wrote them
    read_through: bool = True  # whether more was edited than what waited for its translation


def learn(
    workspace: Workspace,
    *,
    memory_folder: Path,
    proposals_folder: Path,
    glossary: Glossary,
    update_memory: UpdateMemory,
    unsettled: Sequence[Problem] = (),
) -> Learned:
    """Take what the editor made of a draft into the memory, and propose rows for the term base.

    Pairs of which an `unsettled` problem says what would refuse a machine's answer are left out;
    so are a machine's that nobody has touched, where any such problem is an error. Of a draft in
    which only waiting paragraphs were filled, nothing else is held to be read. A row that a person
    has changed in the memory stays, and so does what they did to the proposals. Doing it again
    changes nothing. Raises InputError when there is no draft to learn from.
    """
    with workspace.locked("stw learn"):
        if not (workspace.has(DRAFT) and workspace.has(DRAFT_BASE)):
            raise InputError(
                f"{workspace.slug}: there is no draft to learn from", f"stw draft {workspace.slug}"
            )
        if untouched(workspace):
            raise InputError(
                f"{workspace.slug}: nobody has edited the draft, so it teaches nothing",
                f"edit {workspace.path(DRAFT)} first",
            )
        base, text, article = workspace.text(DRAFT_BASE), workspace.text(DRAFT), workspace.article()
        record = _record(workspace)
        every = _as_first_generated(pairs_of(base, text, article), record)
        record = replace(record, read_through=record.read_through or read_through(base, text))
        unread = [p for p in every if not p.touched and not record.read_through]
        doubted = [p for p in _doubted(workspace, every, unsettled, article) if p not in unread]
        pairs = [p for p in every if p not in doubted and p not in unread]
        memory = memory_folder / f"{workspace.slug}.jsonl"
        # Before the memory: with it, the next draft may no longer show what the machine wrote.
        entries = _entries(workspace, article, pairs)
        record = replace(record, first=_first(pairs, record))
        # Should this be the last that is written, the rows of both are ours.
        both = tuple(dict.fromkeys([*record.memory, *entries]))
        workspace.put_aside(LEARNED, replace(record, memory=both))
        kept: Sequence[MemoryEntry] = ()
        if pairs:
            taken, kept = update_memory(memory, entries, record.memory)
            record = replace(record, memory=_ours(record.memory, taken, kept))
        file = proposals_folder / f"{workspace.slug}.csv"
        rows, proposed = _propose(file, _proposed(record), proposals(pairs, glossary))
        record = replace(record, rows=proposed.written, declined=proposed.declined)
        workspace.put_aside(LEARNED, record)
    return Learned(
        figures=figures_of(base, text, every),
        pairs=len(pairs),
        unsettled=tuple(p.at for p in doubted),
        unread=tuple(p.at for p in unread),
        kept=tuple(e.at for e in kept),
        memory=memory if pairs else None,
        proposals=file if rows else None,
        rows=len(rows),
    )


def _doubted(
    workspace: Workspace, pairs: Sequence[Pair], unsettled: Sequence[Problem], article: Article
) -> list[Pair]:
    """What a check misses something in: of people's words, what would refuse a machine's answer."""
    told = _by_anchor(unsettled, article)
    wrong = _by_anchor([p for p in unsettled if p.severity == "error"], article)
    by = _drafted_by(workspace, article)
    machines = {a for a, engine in by.items() if engine}

    def misses(pair: Pair, anchor: str) -> bool:
        as_it_came = not pair.touched and anchor in machines and anchor in wrong
        return as_it_came or bool(told.get(anchor, set()) & {*pair.doubts})

    return [p for p in pairs if any(misses(p, a) for a in p.anchors)]


def _by_anchor(problems: Sequence[Problem], article: Article) -> dict[str, set[str]]:
    """The rules that each paragraph's problems are of."""
    starts = [p.start for p in article.paragraphs]
    names = dict(zip(starts, anchors(starts), strict=True))
    found: dict[str, set[str]] = {}
    for problem in problems:
        if problem.at in names:
            found.setdefault(names[problem.at], set()).add(problem.rule)
    return found


def _record(workspace: Workspace) -> Record:
    if not workspace.has(LEARNED):
        return Record(read_through=False)
    return decode(workspace.read(LEARNED), Record, workspace.path(LEARNED))  # type: ignore[no-any-return]  # decode checks


# --- the memory ---------------------------------------------------------------------------------


def _as_first_generated(pairs: Sequence[Pair], record: Record) -> tuple[Pair, ...]:
    """The pairs with what the machine had written, where the draft was made from the memory."""
    known = {first.english: first for first in record.first}
    out = []
    for pair in pairs:
        first = known.get(pair.english)
        if first and pair.generated in first.learned:
            pair = replace(pair, generated=first.generated, touched=True)
        out.append(pair)
    return tuple(out)


def _first(pairs: Sequence[Pair], record: Record) -> tuple[First, ...]:
    known = {first.english: first for first in record.first}
    for pair in pairs:
        if pair.touched:
            old = known.get(pair.english)
            same = old.learned if old and old.generated == pair.generated else ()
            learned = tuple(dict.fromkeys([*same, pair.chinese]))
            known[pair.english] = First(
                english=pair.english, generated=pair.generated, learned=learned
            )
    return tuple(known.values())


def _entries(workspace: Workspace, article: Article, pairs: Sequence[Pair]) -> list[MemoryEntry]:
    by = _drafted_by(workspace, article)
    return [
        MemoryEntry(
            source=pair.english,
            target=pair.chinese,
            talk=workspace.slug,
            at=pair.at,
            drafted_by=", ".join(dict.fromkeys(by[a] for a in pair.anchors if by.get(a)))
            if pair.generated
            else "",
        )
        for pair in pairs
    ]


def _ours(
    before: Sequence[MemoryEntry], taken: Sequence[MemoryEntry], kept: Sequence[MemoryEntry]
) -> tuple[MemoryEntry, ...]:
    """The rows that stand there as we wrote them; of a source, the latest."""
    rows = {e.source: e for e in (*before, *taken)}
    gone = {e.source for e in kept}
    return tuple(e for source, e in rows.items() if source not in gone)


def _drafted_by(workspace: Workspace, article: Article) -> Mapping[str, str]:
    """Which machine wrote the Chinese of each paragraph, by anchor; empty for a person."""
    if not workspace.has(TRANSLATION):
        return {}
    engines = {t.start: t.by for t in workspace.translations() if t.chinese}
    starts = [p.start for p in article.paragraphs]
    return {a: _machine(engines.get(s)) for a, s in zip(anchors(starts), starts, strict=True)}


def _machine(engine: Engine | None) -> str:
    if engine is None or engine.is_person:
        return engine.parameters.get("drafted_by", "") if engine else ""
    return f"{engine.name} {engine.model}".strip()


# --- the proposals ------------------------------------------------------------------------------


def _proposed(record: Record) -> Proposed:
    if record.declined is None:
        return Proposed()
    return Proposed(written=record.rows, declined=record.declined)


def _propose(
    file: Path, before: Proposed, new: Sequence[Proposal]
) -> tuple[tuple[Proposal, ...], Proposed]:
    """Bring the file up to date; returns the rows in it, and what is to be remembered of them."""
    mine = read_rows(_text(file), str(file)) if file.exists() else None
    rows, proposed = merge_rows(before, mine, new)
    if rows != mine and (rows or mine is not None):
        write_atomic(file, rows_text(rows).encode())
    return rows, proposed


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise BadFileError(f"{file}: not UTF-8 at byte {e.start}", "save it as UTF-8") from e


# --- memories of others -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """One file that was taken into the memory."""

    file: Path
    memory: Path
    entries: int  # that stand in the memory now
    kept: int = 0  # left out, because a person has changed the row there
    same: int = 0  # left out, because another memory of the folder says so already
    unusable: tuple[str, ...] = ()  # beginnings of units without English or without Chinese


# What was taken from each file lies here beside the memories, so that what a person changed in
# them since can be told from what the file has changed.
_IMPORTED = "imported"


def import_memories(
    files: Sequence[Path],
    folder: Path,
    *,
    survey: SurveyMemory,
    read: ReadMemory,
    update: UpdateMemory,
    write: WriteMemory,
) -> tuple[Imported, ...]:
    """Take memories (.jsonl, .tmx) into the folder, each under its own name.

    A row that a person has changed there since stays, and what another memory of the folder says
    is not said twice. All are read before anything is written. Raises BadFileError for what is no
    memory.
    """
    found = [(file, *survey(file)) for file in files]
    done = []
    for file, every, unusable in found:
        memory = folder / f"{file.stem}.jsonl"
        others = [p for p in sorted(folder.glob("*.jsonl")) if p != memory]
        said = {e.source: e.target for e in read(*others)}  # of several, the last counts
        entries = tuple(e for e in every if said.get(e.source) != e.target)
        record = folder / _IMPORTED / memory.name
        taken: Sequence[MemoryEntry] = ()
        kept: Sequence[MemoryEntry] = ()
        if entries:
            ours = tuple(read(record)) if record.exists() else ()
            taken, kept = update(memory, entries, ours)
            rows = {(e.talk, e.source): e for e in (*ours, *taken)}
            for entry in kept:
                rows.pop((entry.talk, entry.source), None)
            write(record, tuple(rows.values()))
        done.append(
            Imported(
                file=file,
                memory=memory,
                entries=len(taken),
                kept=len(kept),
                same=len(every) - len(entries),
                unusable=tuple(unusable),
            )
        )
    return tuple(done)


def export_memories(
    folder: Path, file: Path, *, read: ReadMemory, write: WriteMemory, force: bool = False
) -> int:
    """Write all memories of the folder as one file (.jsonl, .tmx); the number of its entries.

    Raises InputError when there is nothing to write, or something lies there already: `force`
    takes its place, unless it is one of the memories.
    """
    if file.exists() and not force:
        raise InputError(f"{file} is there already", "--force takes its place; or name another")
    memories = sorted(folder.glob("*.jsonl"))
    if file.resolve() in [p.resolve() for p in memories]:
        raise InputError(f"{file} is one of the memories", "name a file outside of their folder")
    entries = tuple(read(*memories))
    if not entries:
        raise InputError(f"{folder}: no translation memory", "stw learn TALK makes one")
    return write(file, entries)
