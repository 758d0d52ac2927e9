"""Translations that people have made: a translation memory, and the translator that has none.

Reads and writes JSON Lines (`{"source", "target", "source_lang", "target_lang", "note", "talk",
"at", "drafted_by"}`, all but the first two optional) and TMX 1.4b. Matches a whole paragraph
exactly but for spaces and Unicode width, else sentence by sentence. Knows no talk folder and no
glossary.
"""

import codecs
import contextlib
import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from translate import __version__
from translate.errors import BadFileError, MissingError
from translate.model import Answer, Engine, Example, Request, Unit, Usage
from translate.model import MemoryEntry as Entry

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_BOM = b"\xef\xbb\xbf"
_OPTIONAL = ("note", "talk", "at", "drafted_by")
_SIMILAR = 3  # examples of one paragraph
_BEGINNING = 40  # characters of a unit that is left out
_FIELDS = {"source", "target", "source_lang", "target_lang", *_OPTIONAL}


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _join(parts: Sequence[str]) -> str:
    """Sentences as prose: a space only where two Latin texts would touch."""
    out = ""
    for part in parts:
        gap = " " if out and out[-1].isascii() and part[:1].isascii() else ""
        out += gap + part
    return out


class Memory:
    """A `Translator` and a `TranslationMemory` over entries in memory.

    Where a source stands twice, the later entry counts.
    """

    by_person = True
    batch_words = 700

    def __init__(self, entries: Iterable[Entry], name: str = "memory") -> None:
        self._known = {_normal(e.source): e for e in entries}
        self._sources = list(self._known)
        pairs = sorted((source, e.target.strip()) for source, e in self._known.items())
        self.engine = Engine(name="memory", model=name, version=_version(pairs))

    @classmethod
    def load(cls, *paths: Path) -> "Memory":
        """Read `.jsonl` and `.tmx` files; later files win.

        Raises BadFileError with file and line when one cannot be read as what it says it is.
        """
        return cls(read_entries(*paths), name=", ".join(p.name for p in paths))

    def __len__(self) -> int:
        return len(self._known)

    def lookup(self, unit: Unit) -> str | None:
        """The Chinese of the paragraph, else of all its sentences joined, else None."""
        found = self._entries(unit)
        return _join([e.target.strip() for e in found]) if found else None

    def engine_of(self, unit: Unit) -> Engine:
        """What is to be said of where the Chinese of `lookup` comes from.

        It changes only with that Chinese, not with the rest of the memory. For what was learned
        from talks, `parameters` say whose draft a person went through there ("" for nobody's).
        """
        found = self._entries(unit)
        version = _version([(_normal(e.source), e.target.strip()) for e in found])
        if not found or not all(e.talk for e in found):
            return Engine(name="memory", model=self.engine.model, version=version)
        talks, drafted = (
            ", ".join(dict.fromkeys(filter(None, names)))
            for names in ((e.talk for e in found), (e.drafted_by for e in found))
        )
        parameters = {"talk": talks, "drafted_by": drafted}
        return Engine(name="memory", model=talks, version=version, parameters=parameters)

    def fingerprint(self, units: Iterable[Unit]) -> str:
        """A hash of what is known of these units; empty when nothing is."""
        engines = [self.engine_of(unit) for unit in units if self._entries(unit)]
        facts = [(e.model, e.version, e.parameters.get("drafted_by", "")) for e in engines]
        return _version(facts) if facts else ""

    def similar(self, unit: Unit, *, least: float) -> tuple[Example, ...]:
        """Entries whose English is at least that similar (0..1, by edits), the most similar first;
        not those that are the same."""
        from rapidfuzz import fuzz, process

        source = _normal(unit.english)
        found = process.extract(
            source, self._sources, scorer=fuzz.ratio, score_cutoff=least * 100, limit=_SIMILAR
        )
        return tuple(
            Example(
                english=other, chinese=self._known[other].target.strip(), similarity=score / 100
            )
            for other, score, _ in found
            if other != source
        )

    def estimate(self, request: Request) -> Usage:
        """Nothing."""
        del request
        return Usage(cost=0.0)

    def translate(self, request: Request) -> Answer:
        """What is known of the units."""
        found = {unit.id: self.lookup(unit) for unit in request.units}
        texts = {one_id: text for one_id, text in found.items() if text is not None}
        return Answer(texts=texts, note="not in the translation memory")

    def _entries(self, unit: Unit) -> list[Entry]:
        """The entry of the paragraph, else those of all its sentences, else none."""
        whole = self._known.get(_normal(unit.english))
        if whole is not None:
            return [whole]
        parts = [self._known.get(_normal(sentence)) for sentence in unit.sentences]
        known = [part for part in parts if part is not None]
        return known if len(known) == len(parts) else []


def _version(facts: Sequence[tuple[str, ...]]) -> str:
    text = json.dumps(facts, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:12]


class NoTranslator:
    """Nobody to ask: every paragraph stays untranslated and says so."""

    by_person = True
    batch_words = 700
    engine = Engine(name="none")

    def estimate(self, request: Request) -> Usage:
        """Nothing."""
        del request
        return Usage(cost=0.0)

    def translate(self, request: Request) -> Answer:
        """No text for any unit of the request."""
        del request
        return Answer(note="no translator configured; `stw doctor` says how")


# --- reading ------------------------------------------------------------------------------------


def read_entries(*paths: Path) -> tuple[Entry, ...]:
    """The entries of `.jsonl` and `.tmx` files, in order.

    Raises BadFileError with file and line when one cannot be read as what it says it is.
    """
    return tuple(entry for path in paths for entry in _read(path))


def survey(path: Path) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The entries of one file, and the beginnings of the units in it that are none, because they
    lack the English or the Chinese (Simplified). Raises BadFileError as `read_entries` does."""
    found = list(_units(path))
    entries = tuple(item for item in found if isinstance(item, Entry))
    return entries, tuple(item for item in found if isinstance(item, str))


def _read(path: Path) -> Iterator[Entry]:
    return (item for item in _units(path) if isinstance(item, Entry))


def _units(path: Path) -> Iterator[Entry | str]:
    """The entries, and the beginnings of what is none."""
    readers: dict[str, Callable[[Path, bytes], Iterator[Entry | str]]] = {
        ".jsonl": _read_jsonl,
        ".tmx": _read_tmx,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise _no_memory(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadFileError(f"{path}: cannot be read: {error.strerror}") from error
    return reader(path, raw)


def _no_memory(path: Path) -> BadFileError:
    return BadFileError(
        f"{path}: not a translation memory", "Translation memories end in .jsonl or .tmx."
    )


def _read_jsonl(path: Path, raw: bytes) -> Iterator[Entry]:
    for number, line in enumerate(raw.removeprefix(_BOM).split(b"\n"), 1):
        if line.strip():
            yield _entry(path, number, line)


def _bad(path: Path, line: int, what: str) -> BadFileError:
    hint = 'Each line is {"source": "English", "target": "中文"}.'
    return BadFileError(f"{path}:{line}: {what}", hint)


def _entry(path: Path, number: int, line: bytes) -> Entry:
    try:
        row: Any = json.loads(line.decode("utf-8"))
    except ValueError as error:
        raise _bad(path, number, f"not JSON in UTF-8: {error}") from error
    except RecursionError as error:
        raise _bad(path, number, "nested without end") from error
    if not isinstance(row, dict) or not all(isinstance(v, str) for v in row.values()):
        raise _bad(path, number, "not an object of strings")
    if unknown := set(row) - _FIELDS:
        raise _bad(path, number, f"unknown field {', '.join(sorted(unknown))}")
    source, target = row.get("source", "").strip(), row.get("target", "").strip()
    if not source or not target:
        raise _bad(path, number, "source or target is missing or empty")
    languages = row.get("source_lang", "en"), row.get("target_lang", "zh")
    if not _is(languages[0], "en") or not _is(languages[1], "zh"):
        raise _bad(path, number, f"{languages[0]} → {languages[1]} instead of en → zh")
    more = {name: row.get(name, "").strip() for name in _OPTIONAL}
    return Entry(source=source, target=target, **more)


def _is(tag: str, language: str) -> bool:
    """Whether a language tag is of a language; Traditional Chinese is not what is wanted."""
    parts = tag.lower().replace("_", "-").split("-")
    return parts[0] == language and not {"hant", "tw", "hk", "mo"} & set(parts)


_PROPS = {"talk": "x-talk", "at": "x-at", "drafted_by": "x-drafted-by"}


def _read_tmx(path: Path, raw: bytes) -> Iterator[Entry | str]:
    text = _decoded(path, raw)
    # A document type can define entities that expand without end; TMX needs none of it.
    declared = re.search(r"<!\s*(DOCTYPE|ENTITY)[^>\[]*(\[)?", text, re.IGNORECASE)
    if declared and (
        declared[2] or re.search(r"<!\s*ENTITY", text, re.IGNORECASE) or "SYSTEM" not in declared[0]
    ):
        line = text.count("\n", 0, declared.start()) + 1
        raise BadFileError(
            f"{path}:{line}: a document type declaration is refused", "Remove the <!DOCTYPE …>."
        )
    if declared:
        text = text.replace(declared[0] + ">", "", 1)
    try:
        root = ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except ElementTree.ParseError as error:
        raise BadFileError(f"{path}:{error.position[0]}: not XML: {error}") from error
    except UnicodeEncodeError as error:
        raise BadFileError(f"{path}: not text: {error}", _IN_UTF8) from error
    if root.tag != "tmx":
        raise BadFileError(f"{path}:1: not TMX: the root is <{root.tag[:40]}>")
    try:
        return iter(list(_tmx_entries(root)))
    except RecursionError as error:
        raise BadFileError(f"{path}: markup nested without end") from error


_IN_UTF8 = "Save it as UTF-8, or name its encoding in its first line."
_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before that of UTF-16, with which it begins
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
# What calls itself by an older name is written in the newer one, which contains it; and where the
# declaration could be read byte by byte, it is not in UTF-16.
_MEANT = {"gb2312": "gb18030", "gbk": "gb18030", "utf-16": "utf-8"}


def _decoded(path: Path, raw: bytes) -> str:
    """The text in the encoding that its first bytes show, or that it declares; else in UTF-8."""
    name = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), "")
    if not name:
        declared = _DECLARED.match(raw)
        name = declared[1].decode("ascii").lower() if declared else "utf-8"
        name = _MEANT.get(name, name)
    try:
        return raw.decode(name)
    except LookupError as error:
        raise BadFileError(f"{path}:1: an unknown encoding, {name}", _IN_UTF8) from error
    except UnicodeDecodeError as error:
        raise BadFileError(f"{path}: not {name} at byte {error.start}", _IN_UTF8) from error
    except UnicodeError as error:
        raise BadFileError(f"{path}: not {name}: {error}", _IN_UTF8) from error


def _tmx_entries(root: ElementTree.Element) -> Iterator[Entry | str]:
    for unit in root.iter("tu"):
        english = chinese = other = ""
        for variant in unit.findall("tuv"):
            tag = variant.get(_XML_LANG) or variant.get("lang") or ""
            text = _segment(variant.find("seg"))
            if _is(tag, "en"):
                english = english or text
            elif _is(tag, "zh"):
                chinese = chinese or text
            other = other or text
        if not (english and chinese):
            yield _normal(english or chinese or other)[:_BEGINNING] or "an empty unit"
        else:
            props = {p.get("type") or "": (p.text or "").strip() for p in unit.findall("prop")}
            yield Entry(
                source=english,
                target=chinese,
                note=(unit.findtext("note") or "").strip(),
                **{name: props.get(_PROPS[name], "") for name in _PROPS},
            )


def _segment(seg: ElementTree.Element | None) -> str:
    """The text of a segment, without the markup of the tool that made it."""
    if seg is None:
        return ""
    parts = [seg.text or ""]
    for child in seg:
        if child.tag in ("hi", "sub"):
            parts.append(_segment(child))
        parts.append(child.tail or "")
    return "".join(parts).strip()


# --- writing ------------------------------------------------------------------------------------

# What neither XML nor a file in UTF-8 can hold.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def written(entry: Entry) -> Entry:
    """The entry as it comes back from a file: without what none can hold, its ends trimmed."""
    fields = ("source", "target", *_OPTIONAL)
    return Entry(**{n: _UNWRITABLE.sub("", getattr(entry, n)).strip() for n in fields})


def write_entries(path: Path, entries: Iterable[Entry]) -> int:
    """Write a memory as its name ends, in place of what lies there; the number of its rows.

    The same entries give the same bytes. Raises MissingError when nothing can be written.
    """
    writers = {".jsonl": _jsonl, ".tmx": _tmx}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise _no_memory(path)
    rows = list(filter(_is_whole, map(written, entries)))
    _write(path, writer(rows))
    return len(rows)


def update_entries(
    path: Path, entries: Iterable[Entry], ours: Iterable[Entry] = ()
) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Bring entries into a `.jsonl` file; gives those that stand there now, and those that do
    not because a person has changed the row.

    An entry takes the place of the one of the same talk and source if that is one of `ours`, as
    we wrote them before; all else that lies there stays, in order. New ones come last. Raises
    BadFileError when what lies there is no memory, MissingError when nothing can be written.
    """
    before = path.read_bytes() if path.exists() else b""
    raw = [line.rstrip(b"\r") for line in before.removeprefix(_BOM).split(b"\n")]
    known = [(line, _entry(path, n, line)) for n, line in enumerate(raw, 1) if line.strip()]
    lines = [line for line, _ in known]
    where = {_key(entry): n for n, (_, entry) in enumerate(known)}  # the last one counts
    may_go = set(map(written, ours))
    taken: list[Entry] = []
    kept: list[Entry] = []
    for key, entry in {_key(e): e for e in map(written, entries) if _is_whole(e)}.items():
        old = known[where[key]][1] if key in where else None
        if old is None:
            lines.append(_line(entry))
        elif old != entry and old in may_go:
            lines[where[key]] = _line(entry)
        (taken if old is None or old == entry or old in may_go else kept).append(entry)
    if lines != [line for line, _ in known]:
        _write(path, b"".join(line + b"\n" for line in lines))
    return tuple(taken), tuple(kept)


def _is_whole(entry: Entry) -> bool:
    return bool(entry.source and entry.target)


def _key(entry: Entry) -> tuple[str, str]:
    return entry.talk, _normal(entry.source)


def _line(entry: Entry) -> bytes:
    row = {"source": entry.source, "target": entry.target}
    row |= {name: value for name in _OPTIONAL if (value := getattr(entry, name))}
    return json.dumps(row, ensure_ascii=False).encode()


def _jsonl(entries: Iterable[Entry]) -> bytes:
    return b"".join(_line(entry) + b"\n" for entry in entries)


def _tmx(entries: Iterable[Entry]) -> bytes:
    units = map(_tmx_unit, entries)
    header = {
        "creationtool": "see-the-world",
        "creationtoolversion": __version__,
        "segtype": "paragraph",
        "o-tmf": "jsonl",
        "adminlang": "en",
        "srclang": "en",
        "datatype": "plaintext",
    }
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in header.items())
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4">\n<header {attributes}/>\n'
    return f"{head}<body>\n{''.join(units)}</body>\n</tmx>\n".encode()


def _tmx_unit(entry: Entry) -> str:
    note = f"<note>{_xml(entry.note)}</note>\n" if entry.note else ""
    props = "".join(
        f'<prop type="{kind}">{_xml(value)}</prop>\n'
        for name, kind in _PROPS.items()
        if (value := getattr(entry, name))
    )
    variants = "".join(
        f'<tuv xml:lang="{language}"><seg>{_xml(text)}</seg></tuv>\n'
        for language, text in (("en", entry.source), ("zh-CN", entry.target))
    )
    return f"<tu>\n{note}{props}{variants}</tu>\n"


def _xml(text: str) -> str:
    return escape(text, {"\r": "&#13;"})  # a bare one would be read as a line end


def _write(path: Path, data: bytes) -> None:
    """Either the old file or the new one, whatever happens."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise MissingError(
            f"cannot write {path}: {error.strerror or error}",
            "free some space or mend the permissions, then run the same command again",
        ) from error
