"""Term bases of others: read into rows, and rows written for other tools.

What each format can hold of a row, so what a round trip through it gives back:

- `deepl`: source, the preferred target, and that a term stays English (it is its own target). CSV
  without header: source, target, en, zh. Also read as TSV, and without the languages.
- `omegat`: source, all targets, the note, and that a term stays English. Tab-separated: source,
  target, comment, a line for each target; lines with `#` are comments.
- `tbx`: as OmegaT, and forbidden renderings. TBX-Basic, XML.
- `csv`, read only: whatever its header names. CSV or TSV; Weblate's, our own, any with two columns.
- `list`, read only: `中文，English` or `English,中文`, one pair a line.
- `markdown`, read only: tables with a column of English and one of Chinese.

None but our own CSV holds `strict`, `case`, `first_mention` or `heard_as`. `write` tells what its
format lost by reading what it has written. In lists, tables and CSV of others a cell is what people
write for people: several renderings in one, remarks in parentheses; those are taken apart, and what
is not a rendering goes to the note. In DeepL, OmegaT and TBX a cell is one rendering.

Knows no files: bytes come in and go out.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal, NamedTuple, cast, get_args

from translate import tbx
from translate.errors import BadFileError
from translate.glossary import Policy
from translate.model import Problem, Severity, Term

Format = Literal["deepl", "omegat", "tbx", "csv", "list", "markdown"]
Target = Literal["deepl", "omegat", "tbx"]  # formats that are written
RULE = "term-import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a file of somebody else's holds; `line` of each term is its row's."""

    format: Format
    terms: tuple[Term, ...]  # each source once
    problems: tuple[Problem, ...]  # errors are rows that are not among the terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What a format could not hold of one row."""

    source: str
    fields: tuple[str, ...]  # of Term; ("source",) where the whole row is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    data: bytes
    rows: int  # terms in it
    lost: tuple[Loss, ...]


class _Record(NamedTuple):
    """One row as it stands in a file; cells are stripped."""

    line: int
    source: str
    target: str
    note: str = ""
    more: Mapping[str, str] = {}  # columns of our own


_Found = Term | Problem


def read(data: bytes, name: str, form: Format | None = None) -> Read:
    """The rows of a term base, its format told by its content unless `form` says it.

    `name` stands in messages. Rows with one source are taken together. Every row is either among
    the terms or has its Problem. Raises BadFileError when the file is not of the format at all.
    """
    if what := _other(data):
        raise BadFileError(f"{name}: {what}, not a term base", "name a list of terms")
    form = form or detect(data, name)
    found = list(_READERS[form](data, name))
    terms: dict[str, Term] = {}
    problems = []
    for item in found:
        if isinstance(item, Term) and (wrong := _unusable(item)):
            item = _problem(name, item.line, wrong)
        if isinstance(item, Problem):
            problems.append(item)
        else:
            old = terms.get(item.source)
            terms[item.source] = _united(old, item) if old else item
    kept = map(_keeping, terms.values()) if form in get_args(Target) else terms.values()
    return Read(format=form, terms=tuple(kept), problems=tuple(problems))


def write(terms: Sequence[Term], form: Target) -> Written:
    """The terms in a format, and what it could not hold of them. Sources are unique."""
    data = _WRITERS[form](terms)
    back = {term.source: term for term in read(data, form, form).terms}
    lost = [Loss(source=t.source, fields=_lost(t, back.get(t.source))) for t in terms]
    return Written(data=data, rows=len(back), lost=tuple(loss for loss in lost if loss.fields))


def _lost(term: Term, back: Term | None) -> tuple[str, ...]:
    if back is None:
        return ("source",)
    names = [f.name for f in fields(Term) if f.name not in ("file", "line")]
    return tuple(name for name in names if getattr(term, name) != getattr(back, name))


def _united(one: Term, other: Term) -> Term:
    """Two rows of one source: `address (n.)` 地址 and `address (v.)` 寻址."""
    notes = dict.fromkeys(note for note in (one.note, other.note) if note)
    return replace(
        one,
        targets=tuple(dict.fromkeys([*one.targets, *other.targets])),
        heard_as=tuple(dict.fromkeys([*one.heard_as, *other.heard_as])),
        forbidden=tuple(dict.fromkeys([*one.forbidden, *other.forbidden])),
        note="；".join(notes),
    )


# --- what a file is -----------------------------------------------------------------------------

_HAN = re.compile(r"[\u3400-\u9fff]")
_RULER = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+\|?\s*$", re.MULTILINE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?")
_LOOKED_AT = 50  # lines that tell a format


def detect(data: bytes, name: str = "the file") -> Format:
    """What a file is, by its content. Raises BadFileError where it is no text."""
    start = data[:400].removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n")
    if re.match(rb"<(?:\?xml|!DOCTYPE|martif|tbx)\b", start):
        return "tbx"
    text = _text(data, name)
    if _RULER.search(text):
        return "markdown"
    lines = [line for line in text.splitlines() if line.strip()][:_LOOKED_AT]
    rows = [_cells(line, _delimiter(line)) for line in lines]
    if rows and sum(_has_languages(row) for row in rows) * 2 > len(rows):
        return "deepl"
    if rows and _roles(rows[0]).keys() >= {"source", "target"}:
        return "csv"
    lines = [line for line in lines if not line.startswith("#")]
    return "omegat" if sum("\t" in line for line in lines) * 2 > len(lines) else "list"


_CUE = re.compile(rb"^(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}[ \t]+-->[ \t]", re.MULTILINE)


def _other(data: bytes) -> str:
    """What a file is that would pass for lines of text, and holds no terms; empty for none."""
    start = data[:4000].removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n")
    if start.startswith(b"WEBVTT") or _CUE.search(start):
        return "captions"
    if re.match(rb"""\{\s*"|\[\s*[{\["]""", start):
        return "JSON (a translation memory goes to stw memory import)"
    return ""


def _text(data: bytes, name: str) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadFileError(
            f"{name}:{line}: not UTF-8 at byte {error.start}", "save it as UTF-8"
        ) from error


def _delimiter(line: str) -> str:
    return max("\t,;", key=line.count)


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of a single line; of a broken one, itself."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def _has_languages(cells: Sequence[str]) -> bool:
    return len(cells) >= 4 and all(_LANGUAGE.fullmatch(cell.strip()) for cell in cells[2:4])


# Which column is what, by the words of its header; the first that fits.
_ROLES = (
    ("from", r"source[ _]?lang"),
    ("to", r"target[ _]?lang"),
    ("other", r"繁|traditional|hant\b|\btw\b|[-_]tw$|[-_]hk$|台湾|臺灣"),
    ("fuzzy", r"^fuzzy$"),
    ("nothing", r"^(?:location|id)$"),
    ("note", r"note|comment|remark|备注|说明|注释|解释|context|definition|description"),
    ("target", r"简体|simplified|中文$|chinese|译文|译名|翻译|^target|translation|^zh\b|^zh_"),
    ("source", r"^source|english|英文|英语|原文|^en\b|^en_|^term$|^original"),
)
_OWN = ("policy", "case", "first_mention", "heard_as", "forbidden")


def _roles(header: Iterable[str]) -> dict[str, int]:
    """Role → its first column; `note` of others may stand in several (`note 2`)."""
    roles: dict[str, int] = {}
    for at, cell in enumerate(header):
        name = cell.strip().casefold()
        role = name if name in _OWN else ""
        role = role or next((r for r, pattern in _ROLES if re.search(pattern, name)), "")
        if role == "note" and role in roles:
            role = f"note {at}"
        roles.setdefault(role or f"unknown {at}", at)
    return roles


# --- one row ------------------------------------------------------------------------------------


def _problem(name: str, line: int, message: str, severity: Severity = "error") -> Problem:
    return Problem(rule=RULE, severity=severity, message=message, where=f"{name}:{line}")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _unusable(term: Term) -> str:
    """Why a row cannot be taken, or nothing."""
    texts = (term.source, *term.targets, *term.forbidden, *term.heard_as, term.note)
    if any(unicodedata.category(c) in ("Cc", "Cs") or c in _BIDI for t in texts for c in t):
        return f"“{term.source}” has a character that is not shown"
    return ""


_BIDI = frozenset("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def _exact(record: _Record, name: str) -> Iterator[_Found]:
    """A row whose target is one rendering; the English itself for what stays English."""
    source, target = record.source, record.target
    if not source or not target:
        yield _incomplete(record, name)
        return
    if re.search(r"[；;，、]", target) and not re.search(r"[;,]", source):
        yield _problem(
            name,
            record.line,
            f"“{target}” is taken as one rendering; with --format list it would be several",
            "warning",
        )
    yield Term(source=source, targets=(target,), note=record.note, line=record.line)


def _keeping(term: Term) -> Term:
    """`PyTorch` in Chinese `PyTorch`: it stays English."""
    if term.targets[:1] == (term.source,):
        rest = tuple(t for t in term.targets if t != term.source)
        return replace(term, policy="keep", targets=rest)
    return term


def _incomplete(record: _Record, name: str) -> Problem:
    missing = "English" if not record.source else "Chinese"
    shown = record.source or record.target
    divider = len(re.sub(r"\W", "", shown)) <= 1 and not record.note  # **A**, above its words
    return _problem(
        name, record.line, f"no {missing} beside “{shown}”", "info" if divider else "error"
    )


_ASIDE = r"[（(][^（）()]*[）)]"
_UNTRANSLATED = re.compile(r"不译|不翻译|保留(?:英文|原文)")
_REMARK = re.compile(r"[“”\"]|不译|不翻译|的缩写$")


def _by_people(record: _Record, name: str) -> Iterator[_Found]:
    """A row as people write it for people: renderings apart, remarks to the note."""
    source, asides = _bare_source(record.source)
    renderings, remarks = _renderings(record.target, source)
    stays = bool(_UNTRANSLATED.search(record.target)) or renderings[:1] == [source]
    if not source or not (renderings or stays):
        yield _incomplete(record, name)
    elif _HAN.search(source):
        yield _problem(name, record.line, f"“{source}” is not English")
    else:
        notes = dict.fromkeys(note for note in (*asides, *remarks, record.note) if note)
        yield Term(
            source=source,
            targets=tuple(r for r in dict.fromkeys(renderings) if r != source or not stays),
            policy="keep" if stays else "prefer",
            note="；".join(notes),
            line=record.line,
        )


def _bare_source(text: str) -> tuple[str, list[str]]:
    """`long short-term memory (LSTM)` → the words, and what stands behind them."""
    found = re.fullmatch(r"(.+?)(?:\s+\(|（|\((?=[A-Z][A-Za-z]*[A-Z]))([^（）()]+)[）)]", text)
    return (found[1].strip(), [found[2].strip()]) if found else (text, [])


def _renderings(cell: str, source: str) -> tuple[list[str], list[str]]:
    """The renderings in one cell, and the remarks."""
    renderings: list[str] = []
    remarks: list[str] = []
    for part in _parts(cell, source):
        if whole := re.fullmatch(_ASIDE, part):
            remarks.append(whole[0][1:-1].strip())
            continue
        if _REMARK.search(re.sub(_ASIDE, "", part)):
            remarks.append(part)
            continue
        if (behind := re.fullmatch(rf"(.+?)\s*({_ASIDE})", part)) and _HAN.search(behind[2]):
            part = behind[1]
            remarks.append(behind[2][1:-1].strip())
        if optional := re.fullmatch(rf"({_ASIDE})\s*(.+)", part):  # （语法）分析器
            renderings += [optional[2], optional[1][1:-1].strip() + optional[2]]
        else:
            renderings.append(part)
    return renderings, remarks


def _parts(cell: str, source: str) -> list[str]:
    """The cell at its separators, but for those inside parentheses and those that the English has
    as well: `I/O` is 输入/输出."""
    marks = [r"[；;，、]", r",(?![\d ]*\d)"]
    if "/" not in source:
        marks.append(r"(?<![A-Za-z0-9])[/／]|[/／](?![A-Za-z0-9])")
    if not re.search(r"\bor\b", source, re.IGNORECASE):
        marks.append(r"(?<=[\u3400-\u9fff]{2})或(?=[\u3400-\u9fff]{2})(?!者|许)")
    pieces = re.split(rf"({_ASIDE}|“[^”]*”)", cell)
    texts = [""]
    for at, piece in enumerate(pieces):
        if at % 2:
            texts[-1] += piece
            continue
        first, *rest = re.split("|".join(marks), piece)
        texts[-1] += first
        texts += rest
    return [text for text in (text.strip() for text in texts) if text]


# --- reading ------------------------------------------------------------------------------------


def _table(text: str, name: str, delimiter: str) -> Iterator[tuple[int, list[str]] | Problem]:
    """The lines and cells of CSV; where it breaks off, a Problem."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, [_plain(cell) for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        yield _problem(name, line, f"not CSV from here on: {error}")


def _tabbed(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines and cells of text with tabs, where quotes mean nothing."""
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line.strip():
            yield number, [_plain(cell) for cell in line.split("\t")]


def _turned(records: Sequence[_Record]) -> Sequence[_Record]:
    """The records, the other way round where the Chinese comes first in most of them."""
    ahead = sum(
        bool(_HAN.search(r.source)) - bool(_HAN.search(r.target)) for r in records if r.target
    )
    if ahead <= 0:
        return records
    return [r._replace(source=r.target, target=r.source) for r in records]


def _read_deepl(data: bytes, name: str) -> Iterator[_Found]:
    text = _text(data, name)
    first = text.lstrip().partition("\n")[0]
    rows = _tabbed(text) if "\t" in first else _table(text, name, ",")
    records = []
    for row in rows:
        if isinstance(row, Problem):
            yield row
            continue
        line, cells = row
        cells = [*cells, "", ""] if len(cells) < 2 else cells
        if not _has_languages(cells):
            records.append(_Record(line, cells[0], cells[1]))
            if any(cells[2:]):
                yield _problem(name, line, f"not read: {', '.join(cells[2:])}", "warning")
            continue
        yield from _of_languages(
            _Record(line, cells[0], cells[1]), cells[2], cells[3], name, _exact
        )
    for record in _turned(records):
        yield from _exact(record, name)


def _of_languages(
    record: _Record,
    source: str,
    target: str,
    name: str,
    each: Callable[[_Record, str], Iterator[_Found]],
) -> Iterator[_Found]:
    """A row that says its languages, from either to the other."""
    if tbx.is_language(source, "zh") and tbx.is_language(target, "en"):
        record = record._replace(source=record.target, target=record.source)
    elif not (tbx.is_language(source, "en") and tbx.is_language(target, "zh")):
        yield _problem(name, record.line, f"“{record.source}” is {source} → {target}, not en → zh")
        return
    yield from each(record, name)


def _read_omegat(data: bytes, name: str) -> Iterator[_Found]:
    records = []
    for line, cells in _tabbed(_text(data, name)):
        if cells[0].startswith("#"):
            continue
        target, note, *_ = [*cells[1:3], "", ""]
        records.append(_Record(line, cells[0], target, note))
        if any(cells[3:]):
            yield _problem(name, line, f"not read: {', '.join(cells[3:])}", "warning")
    for record in _turned(records):
        yield from _exact(record, name)


def _read_tbx(data: bytes, name: str) -> Iterator[_Found]:
    for entry in tbx.read(data, name):
        for text in entry.skipped:
            yield _problem(name, entry.line, f"not read: {text}", "info")
        for source in entry.english:
            term = Term(
                source=source,
                targets=tuple(dict.fromkeys(entry.chinese)),
                forbidden=tuple(dict.fromkeys(entry.deprecated)),
                note="；".join(entry.notes),
                line=entry.line,
            )
            if not entry.translated:
                yield replace(term, policy="keep")
            elif term.targets:
                yield term
            elif term.forbidden:
                yield replace(term, policy="forbid")
            else:
                yield _incomplete(_Record(entry.line, source, ""), name)
        if not entry.english and (entry.chinese or entry.deprecated):
            shown = (*entry.chinese, *entry.deprecated)[0]
            yield _incomplete(_Record(entry.line, "", shown), name)
        elif not entry.english and not entry.skipped:
            yield _problem(name, entry.line, "an entry without words")


def _read_csv(data: bytes, name: str) -> Iterator[_Found]:
    text = _text(data, name)
    rows = _table(text, name, _delimiter(text.lstrip().partition("\n")[0]))
    header = next(rows, None)
    roles = _roles(header[1]) if isinstance(header, tuple) else {}
    if not isinstance(header, tuple) or not roles.keys() >= {"source", "target"}:
        raise BadFileError(
            f"{name}: its first line names no columns of English and Chinese",
            "name them source and target; or, without a header, --format list",
        )
    yield from _unread(header[1], roles, name, header[0])
    for row in rows:
        if isinstance(row, Problem):
            yield row
            continue
        line, cells = row
        if len(cells) != len(header[1]):
            wrong = f"{len(cells)} cells where the header has {len(header[1])}"
            yield _problem(name, line, wrong)
            continue
        yield from _from_columns(line, {role: cells[at] for role, at in roles.items()}, name)


def _unread(
    header: Sequence[str], roles: Mapping[str, int], name: str, line: int
) -> Iterator[Problem]:
    for role, at in roles.items():
        if role.startswith(("unknown", "other")) and header[at].strip():
            yield _problem(name, line, f"column “{header[at].strip()}” is not read", "info")


def _from_columns(line: int, cells: Mapping[str, str], name: str) -> Iterator[_Found]:
    """A row under its header."""
    notes = dict.fromkeys(v for role, v in cells.items() if role.startswith("note") and v)
    record = _Record(line, cells["source"], cells["target"], "；".join(notes), cells)
    if cells.get("fuzzy", "").casefold() in ("true", "1", "yes"):
        yield _problem(name, line, f"“{record.source}” is marked as unfinished", "warning")
    each = _own if any(column in cells for column in _OWN) else _by_people
    if cells.get("from") and cells.get("to"):
        yield from _of_languages(record, cells["from"], cells["to"], name, each)
    else:
        yield from each(record, name)


def _own(record: _Record, name: str) -> Iterator[_Found]:
    """A row in the term base's own columns."""
    cells = record.more
    policy = cells.get("policy") or "prefer"
    if policy not in get_args(Policy):
        yield _problem(name, record.line, f"policy is {policy!r}")
        return
    term = Term(
        source=record.source,
        targets=_items(record.target),
        policy=cast(Policy, policy),
        exact_case=cells.get("case") == "exact",
        first_mention=cells.get("first_mention") == "yes",
        heard_as=_items(cells.get("heard_as", "")),
        forbidden=_items(cells.get("forbidden", "")),
        note=record.note,
        line=record.line,
    )
    wanting = not term.targets and term.policy in ("strict", "prefer")
    yield _incomplete(record, name) if not term.source or wanting else term


def _items(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for part in cell.split("|") if (item := part.strip())))


_BETWEEN = re.compile(r"[\t,，=：]")


def _read_list(data: bytes, name: str) -> Iterator[_Found]:
    """One pair a line; headings and comments begin with `#`."""
    records = []
    for number, line in enumerate(re.split(r"\r\n|\n|\r", _text(data, name)), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        pair = _pair(line)
        if pair:
            records.append(_Record(number, _plain(pair[0]), _plain(pair[1])))
        else:
            yield _problem(name, number, f"not one English and one Chinese: “{line[:60]}”")
    for record in _turned(records):
        if _HAN.search(record.source) and not _HAN.search(record.target):
            record = record._replace(source=record.target, target=record.source)
        yield from _by_people(record, name)


def _pair(line: str) -> tuple[str, str] | None:
    """The two sides of a line: at the separator beside the Chinese, else at the only one."""
    for delimiter in ("\t", ","):
        cells = [cell.strip() for cell in _cells(line, delimiter)]
        if len(cells) == 2 and (delimiter == "\t" or '"' in line):
            return cells[0], cells[1]
    places = [m.start() for m in _BETWEEN.finditer(line)]
    sides = [(line[:at].strip(), line[at + 1 :].strip()) for at in places]
    ahead = [s for s in sides if s[0] and _HAN.search(s[1]) and not _HAN.search(s[0])]
    behind = [s for s in sides if s[1] and _HAN.search(s[0]) and not _HAN.search(s[1])]
    if ahead or behind:
        return ahead[-1] if ahead else behind[0]
    return sides[0] if len(sides) == 1 else None


# --- Markdown -----------------------------------------------------------------------------------


def _read_markdown(data: bytes, name: str) -> Iterator[_Found]:
    """Every table with a column of English and one of Chinese; other columns are notes or told."""
    from markdown_it import MarkdownIt

    text = _text(data, name)
    lines = re.split(r"\r\n|\n|\r", text)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    table: list[tuple[int, list[_Cell]]] = []
    end = -1  # of the last table, in lines
    for at, token in enumerate(tokens):
        if token.type == "table_open":
            table, end = [], token.map[1] if token.map else -1
        elif token.type == "tr_open":
            table.append((token.map[0] + 1 if token.map else 0, []))
        elif token.type == "inline" and tokens[at - 1].type in ("th_open", "td_open"):
            table[-1][1].append(_Cell.of(token.children or (), token.content))
        elif token.type == "table_close":
            yield from _from_table(table, lines, name)
        elif token.type == "inline" and token.map:
            # Beside a table, or because the parser gives a very long and ragged one up.
            least = 1 if token.map[0] == end else 2
            yield from _outside(token.map, lines, name, least)


def _outside(span: Sequence[int], lines: Sequence[str], name: str, least: int) -> Iterator[Problem]:
    """Lines with bars that are in no table."""
    for number in range(*span):
        if lines[number].count("|") >= least:
            shown = lines[number].strip()[:60]
            yield _problem(name, number + 1, f"not in a table, so not read: “{shown}”")


class _Cell(NamedTuple):
    text: str  # as it is shown
    written: str  # as it is written, with its links

    @classmethod
    def of(cls, children: Iterable[object], written: str) -> "_Cell":
        shown = "".join(
            " " if _is_break(child) else getattr(child, "content", "") for child in children
        )
        return cls(_close(shown), _close(re.sub(r"<br */?>", " ", written)))


def _close(text: str) -> str:
    """The text on one line: no space between Chinese and Chinese."""
    return re.sub(r"(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff])", "", _plain(text))


def _is_break(token: object) -> bool:
    kind = getattr(token, "type", "")
    return kind in ("softbreak", "hardbreak", "html_inline")


def _from_table(
    table: Sequence[tuple[int, Sequence[_Cell]]], lines: Sequence[str], name: str
) -> Iterator[_Found]:
    if not table:
        return
    line, header = table[0]
    roles = _roles(cell.text for cell in header)
    if not roles.keys() >= {"source", "target"}:
        roles = _by_content(table[1:])
    if not roles:
        for number, _ in table[1:]:
            yield _problem(name, number, "in a table without columns of English and Chinese")
        return
    yield from _unread([cell.text for cell in header], roles, name, line)
    for number, cells in table[1:]:
        beyond = re.findall(r"(?<!\\)\|", lines[number - 1].strip().strip("|"))
        if len(beyond) >= len(header):
            yield _problem(name, number, "more cells than the header has; the last are not read")
        columns = {
            role: cells[at].written if role.startswith("note") else cells[at].text
            for role, at in roles.items()
            if at < len(cells)
        }
        if any(columns.values()):
            yield from _from_columns(number, columns, name)


def _by_content(rows: Sequence[tuple[int, Sequence[_Cell]]]) -> dict[str, int]:
    """The first two columns, if one is in Chinese and the other is not."""
    shares = [
        sum(bool(_HAN.search(cells[at].text)) for _, cells in rows if at < len(cells))
        for at in (0, 1)
    ]
    if max(shares) * 2 <= len(rows) or min(shares) * 2 >= len(rows):
        return {}
    target = shares.index(max(shares))
    return {"source": 1 - target, "target": target}


_READERS: dict[Format, Callable[[bytes, str], Iterator[_Found]]] = {
    "deepl": _read_deepl,
    "omegat": _read_omegat,
    "tbx": _read_tbx,
    "csv": _read_csv,
    "list": _read_list,
    "markdown": _read_markdown,
}

# --- writing ------------------------------------------------------------------------------------

_DEEPL_BYTES = 1024  # of one phrase


def _shown(term: Term) -> tuple[str, ...]:
    """What stands for a term in Chinese, the preferred first."""
    return (term.source, *term.targets) if term.policy == "keep" else term.targets


def _write_deepl(terms: Sequence[Term]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for term in terms:
        pair = (term.source, *_shown(term)[:1])
        if len(pair) == 2 and all(0 < len(text.encode()) <= _DEEPL_BYTES for text in pair):
            writer.writerow([*pair, "en", "zh"])
    return out.getvalue().encode()


def _write_omegat(terms: Sequence[Term]) -> bytes:
    """A line for each rendering, the note beside the first."""
    lines = []
    for term in terms:
        if term.source.startswith("#"):  # it would be a comment
            continue
        for at, target in enumerate(dict.fromkeys(_shown(term))):
            note = [term.note] if term.note and not at else []
            lines.append("\t".join([term.source, target, *note]) + "\n")
    return "".join(lines).encode()


def _write_tbx(terms: Sequence[Term]) -> bytes:
    return tbx.write(
        tbx.Entry(
            line=0,
            english=(term.source,),
            chinese=tuple(dict.fromkeys(_shown(term))),
            deprecated=term.forbidden,
            notes=(term.note,) if term.note else (),
        )
        for term in terms
    )


_WRITERS: dict[Target, Callable[[Sequence[Term]], bytes]] = {
    "deepl": _write_deepl,
    "omegat": _write_omegat,
    "tbx": _write_tbx,
}
