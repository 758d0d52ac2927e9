"""Translations that people have made: a translation memory, and the translator that has none.

Reads JSON Lines (`{"source", "target", "source_lang", "target_lang", "note"}`) and TMX 1.4b.
Matches a whole paragraph exactly but for spaces and Unicode width, else sentence by sentence.
Knows no talk folder and no glossary.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from translate.errors import BadFileError
from translate.model import Answer, Engine, Request, Unit

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_FIELDS = {"source", "target", "source_lang", "target_lang", "note"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One English text and its Chinese."""

    source: str
    target: str
    note: str = ""


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

    def __init__(self, entries: Iterable[Entry], name: str = "memory") -> None:
        self._known = {_normal(e.source): e.target.strip() for e in entries}
        text = json.dumps(sorted(self._known.items()), ensure_ascii=True)
        version = hashlib.sha256(text.encode("ascii")).hexdigest()[:12]
        self.engine = Engine(name="memory", model=name, version=version)

    @classmethod
    def load(cls, *paths: Path) -> "Memory":
        """Read `.jsonl` and `.tmx` files; later files win.

        Raises BadFileError with file and line when one cannot be read as what it says it is.
        """
        entries = [entry for path in paths for entry in _read(path)]
        return cls(entries, name=", ".join(p.name for p in paths))

    def __len__(self) -> int:
        return len(self._known)

    def lookup(self, unit: Unit) -> str | None:
        """The Chinese of the paragraph, else of all its sentences joined, else None."""
        whole = self._known.get(_normal(unit.english))
        if whole is not None:
            return whole
        parts = [self._known.get(_normal(sentence)) for sentence in unit.sentences]
        known = [part for part in parts if part is not None]
        return _join(known) if parts and len(known) == len(parts) else None

    def translate(self, request: Request) -> Answer:
        """What is known of the units."""
        found = {unit.id: self.lookup(unit) for unit in request.units}
        texts = {one_id: text for one_id, text in found.items() if text is not None}
        return Answer(texts=texts, note="not in the translation memory")


class NoTranslator:
    """Nobody to ask: every paragraph stays untranslated and says so."""

    by_person = True
    engine = Engine(name="none")

    def translate(self, request: Request) -> Answer:
        """No text for any unit of the request."""
        del request
        return Answer(note="no translator configured; `stw doctor` says how")


def _read(path: Path) -> Iterator[Entry]:
    readers = {".jsonl": _read_jsonl, ".tmx": _read_tmx}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise BadFileError(
            f"{path}: not a translation memory", "Translation memories end in .jsonl or .tmx."
        )
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadFileError(f"{path}: cannot be read: {error.strerror}") from error
    return reader(path, raw)


def _read_jsonl(path: Path, raw: bytes) -> Iterator[Entry]:
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
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
    return Entry(source=source, target=target, note=row.get("note", ""))


def _is(tag: str, language: str) -> bool:
    """Whether a language tag is of a language; Traditional Chinese is not what is wanted."""
    parts = tag.lower().replace("_", "-").split("-")
    return parts[0] == language and not {"hant", "tw", "hk", "mo"} & set(parts)


def _read_tmx(path: Path, raw: bytes) -> Iterator[Entry]:
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    text = raw.decode(encoding, "replace")
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
        root = ElementTree.fromstring(re.sub(r"^\s*\ufeff?<\?xml[^>]*\?>", "", text))
    except ElementTree.ParseError as error:
        raise BadFileError(f"{path}:{error.position[0]}: not XML: {error}") from error
    if root.tag != "tmx":
        raise BadFileError(f"{path}:1: not TMX: the root is <{root.tag[:40]}>")
    return _tmx_entries(root)


def _tmx_entries(root: ElementTree.Element) -> Iterator[Entry]:
    for unit in root.iter("tu"):
        english = chinese = ""
        for variant in unit.findall("tuv"):
            tag = variant.get(_XML_LANG) or variant.get("lang") or ""
            text = _segment(variant.find("seg"))
            if _is(tag, "en"):
                english = english or text
            elif _is(tag, "zh"):
                chinese = chinese or text
        if english and chinese:  # pairs of other languages are none of our business
            yield Entry(source=english, target=chinese, note=unit.findtext("note") or "")


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
