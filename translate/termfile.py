"""Term base files as people keep them: rows come in, and every other byte stays.

Knows what stands already and what differs; knows CSV text, no files. What a row must be like is
`glossary.check`'s affair.
"""

import csv
import heapq
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from translate.errors import BadFileError
from translate.glossary import COLUMNS, row_key
from translate.model import Term

Cells = Mapping[str, str]  # column → cell
_BOM = b"\xef\xbb\xbf"
_DEFAULTS = {"policy": "prefer", "case": "any", "first_mention": "no"}


def full_cells(term: Term) -> dict[str, str]:
    """All cells of a term's row."""
    return {
        "source": term.source,
        "target": "|".join(term.targets),
        "policy": term.policy,
        "case": "exact" if term.exact_case else "any",
        "first_mention": "yes" if term.first_mention else "no",
        "heard_as": "|".join(term.heard_as),
        "forbidden": "|".join(term.forbidden),
        "note": term.note,
    }


def new_file(rows: Sequence[Cells]) -> bytes:
    """A term base file of these rows, in their order, one a line."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


# --- what stands already ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row that stands already and says something else."""

    standing: Term
    wanted: Term
    columns: tuple[str, ...]  # in which they differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """Terms that are to come in, held against those that stand."""

    new: tuple[Term, ...] = ()
    same: tuple[Term, ...] = ()  # all they say stands already
    differing: tuple[Difference, ...] = ()


def sort_out(
    terms: Sequence[Term],
    standing: Sequence[Term],
    *,
    policies: bool = False,
    exact: bool = False,
) -> Sorted:
    """Which terms are new, which stand already, which differ; each against the ones before too.

    `policies`: a wanted `prefer` was said, and is not just what a row has that says nothing.
    `exact`: fewer targets, or the same in another order, differ too.
    """
    known: dict[str, list[Term]] = {}
    for term in standing:
        known.setdefault(row_key(term.source), []).append(term)
    new: list[Term] = []
    same: list[Term] = []
    differing: list[Difference] = []
    for term in terms:
        rows = known.setdefault(row_key(term.source), [])
        row = next((r for r in rows if not _apart(r, term)), None)
        if row is None:
            rows.append(term)
            new.append(term)
        elif columns := _differences(row, term, policies, exact):
            differing.append(Difference(standing=row, wanted=term, columns=columns))
        else:
            same.append(term)
    return Sorted(new=tuple(new), same=tuple(same), differing=tuple(differing))


def _apart(one: Term, other: Term) -> bool:
    return one.exact_case and other.exact_case and one.source != other.source


def _differences(standing: Term, wanted: Term, policies: bool, exact: bool) -> tuple[str, ...]:
    """The columns in which `wanted` says what the row does not say yet."""
    lists = {
        "target": (wanted.targets, standing.targets),
        "heard_as": (wanted.heard_as, standing.heard_as),
        "forbidden": (wanted.forbidden, standing.forbidden),
    }
    columns = [name for name, (more, there) in lists.items() if not {*more} <= {*there}]
    if exact and "target" not in columns and wanted.targets not in ((), standing.targets):
        columns.append("target")
    if wanted.policy != standing.policy and (policies or wanted.policy != "prefer"):
        columns.append("policy")
    if wanted.exact_case and not standing.exact_case:
        columns.append("case")
    if wanted.first_mention and not standing.first_mention:
        columns.append("first_mention")
    if wanted.note not in standing.note:
        columns.append("note")
    return tuple(columns)


def taken_over(difference: Difference) -> Term:
    """The row with what is wanted in its place.

    Targets, policy, case and first mention become the wanted ones where they differ; variants,
    forbidden renderings and notes are added to what stands.
    """
    standing, wanted = difference.standing, difference.wanted
    notes = [standing.note] if standing.note else []
    if "note" in difference.columns:
        notes.append(wanted.note)
    return replace(
        standing,
        targets=wanted.targets if "target" in difference.columns else standing.targets,
        policy=wanted.policy if "policy" in difference.columns else standing.policy,
        exact_case=standing.exact_case or wanted.exact_case,
        first_mention=standing.first_mention or wanted.first_mention,
        heard_as=tuple(dict.fromkeys([*standing.heard_as, *wanted.heard_as])),
        forbidden=tuple(dict.fromkeys([*standing.forbidden, *wanted.forbidden])),
        note="；".join(notes),
    )


# --- one file -----------------------------------------------------------------------------------


class _Chunk(NamedTuple):
    line: int
    cells: list[str]
    text: str  # with the empty lines behind it


@dataclass(slots=True)
class _File:
    name: str
    bom: bytes
    header: _Chunk
    rows: list[_Chunk] = field(default_factory=list)

    @classmethod
    def of(cls, data: bytes, name: str) -> "_File":
        data = data or new_file(())
        bom = _BOM if data.startswith(_BOM) else b""
        try:
            chunks = list(_chunks(data.removeprefix(_BOM).decode()))
        except (csv.Error, UnicodeDecodeError) as error:
            raise BadFileError(f"{name}: {error}", "`stw glossary check` says where") from error
        header = chunks[0]._replace(cells=[cell.strip() for cell in chunks[0].cells])
        return cls(name, bom, header, chunks[1:])

    @property
    def newline(self) -> str:
        return "\r\n" if self.header.text.endswith("\r\n") else "\n"

    def bytes(self) -> bytes:
        return self.bom + "".join(chunk.text for chunk in (self.header, *self.rows)).encode()

    def chunk(self, cells: Cells, old: _Chunk | None = None) -> _Chunk:
        """A row with these cells; where one stands already, what is not named stays."""
        columns = self.header.cells
        for column in cells:
            if column not in columns and cells[column] != _DEFAULTS.get(column, ""):
                raise BadFileError(
                    f"{self.name} has no column {column!r} for “{cells.get('source', '')}”",
                    "add it to the header and each row, or name another file",
                )
        before = dict(zip(columns, old.cells, strict=True)) if old else _DEFAULTS
        row = [cells.get(column, before.get(column, "")) for column in columns]
        out = io.StringIO()
        csv.writer(out, lineterminator=self.newline).writerow(row)
        return _Chunk(old.line if old else 0, row, out.getvalue() + (_behind(old) if old else ""))


def _chunks(text: str) -> Iterator[_Chunk]:
    """The rows with their exact text, split as `glossary` reads them."""
    lines = text.splitlines(keepends=True)
    reader = csv.reader(lines, strict=True)
    held: _Chunk | None = None
    start = 0
    for cells in reader:
        piece = "".join(lines[start : reader.line_num])
        if held and not cells:
            held = held._replace(text=held.text + piece)
        else:
            if held:
                yield held
            held = _Chunk(start + 1, cells, piece)
        start = reader.line_num
    if held:
        yield held


def _behind(chunk: _Chunk) -> str:
    """The empty lines after a row."""
    lines = chunk.text.splitlines(keepends=True)
    empty = len(lines) - len([line for line in lines if line.strip()])
    while empty and any(line.strip() for line in lines[-empty:]):
        empty -= 1  # an empty line inside a quoted cell
    return "".join(lines[len(lines) - empty :])


def add_rows(data: bytes, rows: Sequence[Cells], name: str) -> bytes:
    """A file with more rows: where they sort, if it is sorted by source, else at its end.

    Every other byte stays, but that a missing line end at the very end is made good. No data is a
    new file. Raises BadFileError for what is no CSV, and for a cell whose column it lacks.
    """
    file = _File.of(data, name)
    if not rows:
        return data
    last = (file.rows or [file.header])[-1]
    if not last.text.endswith(("\n", "\r")):
        last = last._replace(text=last.text + file.newline)
        if file.rows:
            file.rows[-1] = last
        else:
            file.header = last
    new = [file.chunk(row) for row in rows]
    at = file.header.cells.index("source") if "source" in file.header.cells else 0

    def key(chunk: _Chunk) -> str:
        return chunk.cells[at].casefold() if at < len(chunk.cells) else ""

    keys = [key(chunk) for chunk in file.rows]
    if keys == sorted(keys):
        file.rows = list(heapq.merge(file.rows, sorted(new, key=key), key=key))
    else:
        file.rows += new
    return file.bytes()


def change_rows(data: bytes, rows: Mapping[int, Cells], name: str) -> bytes:
    """A file with some rows changed, by line; cells that are not named and all else stay.

    Raises BadFileError for what is no CSV, for a line on which no row begins, and for a cell whose
    column the file lacks.
    """
    file = _File.of(data, name)
    if missing := set(rows) - {chunk.line for chunk in file.rows}:
        raise BadFileError(f"{name}:{min(missing)}: no row begins here")
    file.rows = [
        file.chunk(rows[chunk.line], chunk) if chunk.line in rows else chunk for chunk in file.rows
    ]
    return file.bytes()
