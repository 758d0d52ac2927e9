"""TBX: entries of a term base as XML, read from the formats in use and written as TBX-Basic.

Reads `<martif>` (TBX 2, which OmegaT, Weblate and most tools write) and `<tbx>` (TBX 3), entry by
entry. Writes TBX-Basic 2. Knows no rows of ours, no glossary and no files.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat
from xml.sax.saxutils import escape

from translate.errors import BadFileError

_ENTRIES = {"termEntry", "conceptEntry"}
_LANGUAGES = {"langSet", "langSec"}
_TERMS = {"tig", "ntig", "termSec"}
_LANG = "lang"  # xml:lang, without its namespace
_ROOTS = {"martif", "tbx"}


class Entry(NamedTuple):
    """One concept, with its words in English and Simplified Chinese."""

    line: int
    english: tuple[str, ...]
    chinese: tuple[str, ...] = ()  # the preferred first
    deprecated: tuple[str, ...] = ()  # Chinese that must not be used
    notes: tuple[str, ...] = ()
    translated: bool = True  # False where the entry says that the English stays
    skipped: tuple[str, ...] = ()  # deprecated English, and languages that are neither


def read(data: bytes, name: str) -> Iterator[Entry]:
    """The entries of a TBX file, in order.

    Entities of a file's own are refused, so that none can expand without end; nothing that a
    document type names is fetched. Raises BadFileError with the line.
    """
    reader = _Reader(name)
    step = 1 << 16
    for at in range(0, len(data), step):
        reader.feed(data[at : at + step])
        yield from reader.take()
    reader.feed(b"", last=True)
    yield from reader.take()


class _Reader:
    """Builds the tree of one entry at a time, whatever the size of the file."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = self._entity
        self._parser.SkippedEntityHandler = self._skipped
        self._builder: TreeBuilder | None = None
        self._line = 0
        self._root = ""
        self._done: list[Entry] = []

    def feed(self, data: bytes, *, last: bool = False) -> None:
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            raise BadFileError(
                f"{self._name}:{error.lineno}: not XML: {expat.ErrorString(error.code)}"
            ) from error
        except (ValueError, LookupError) as error:  # gb18030, big5, or no encoding at all
            raise BadFileError(
                f"{self._name}:1: its encoding cannot be read: {error}", "save it as UTF-8"
            ) from error

    def take(self) -> list[Entry]:
        done, self._done = self._done, []
        return done

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(" ")[2]
        if not self._root:
            self._root = tag
            if tag not in _ROOTS:
                raise BadFileError(f"{self._name}:1: not TBX: the root is <{tag[:40]}>")
        if tag in _ENTRIES:
            self._builder, self._line = TreeBuilder(), self._parser.CurrentLineNumber
        if self._builder:
            plain = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
            self._builder.start(tag, plain)

    def _end(self, tag: str) -> None:
        if not self._builder:
            return
        tag = tag.rpartition(" ")[2]
        self._builder.end(tag)
        if tag in _ENTRIES:
            self._done.append(_entry(self._builder.close(), self._line))
            self._builder = None

    def _text(self, text: str) -> None:
        if self._builder:
            self._builder.data(text)

    def _entity(self, *declaration: object) -> None:
        del declaration
        self._refuse("an entity declaration")

    def _skipped(self, name: str, is_parameter: bool) -> None:
        del is_parameter
        self._refuse(f"an entity that only its DTD knows, &{name[:40]};,")

    def _refuse(self, what: str) -> None:
        raise BadFileError(
            f"{self._name}:{self._parser.CurrentLineNumber}: {what} is refused",
            "Remove it; term bases need none.",
        )


@dataclass(slots=True)
class _Word:
    text: str
    status: str

    @property
    def deprecated(self) -> bool:
        return bool(re.match(r"deprecated|superseded|forbidden|obsolete|notRecom", self.status))


def _entry(root: Element, line: int) -> Entry:
    english: list[_Word] = []
    chinese: list[_Word] = []
    skipped: list[str] = []
    for section in root.iter():
        if section.tag not in _LANGUAGES:
            continue
        tag = section.get(_LANG, "")
        words = list(_words(section))
        if is_language(tag, "en"):
            english += words
        elif is_language(tag, "zh"):
            chinese += words
        else:
            skipped += [f"{tag}: {word.text}" for word in words]
    chinese.sort(key=lambda word: not word.status.startswith("preferred"))
    skipped += [f"deprecated: {word.text}" for word in english if word.deprecated]
    return Entry(
        line=line,
        english=tuple(word.text for word in english if not word.deprecated),
        chinese=tuple(word.text for word in chinese if not word.deprecated),
        deprecated=tuple(word.text for word in chinese if word.deprecated),
        notes=tuple(dict.fromkeys(_notes(root))),
        translated=not any(
            e.get("type") == "Translation needed" and _said(e).casefold() == "no"
            for e in root.iter("descrip")
        ),
        skipped=tuple(skipped),
    )


def is_language(tag: str, language: str) -> bool:
    """Whether a language tag is of a language; Traditional Chinese is not what is wanted."""
    parts = tag.lower().replace("_", "-").split("-")
    return parts[0] == language and not {"hant", "tw", "hk", "mo"} & set(parts)


def _words(section: Element) -> Iterator[_Word]:
    for group in section.iter():
        if group.tag not in _TERMS:
            continue
        term = next(group.iter("term"), None)
        text = _said(term) if term is not None else ""
        status = next(
            (
                _said(e)
                for e in group.iter()
                if "administrativeStatus" in (e.tag, e.get("type", ""))
            ),
            "",
        )
        if text:
            yield _Word(text, status)


def _notes(root: Element) -> Iterator[str]:
    for element in root.iter():
        told = element.tag == "note" or element.get("type") in ("definition", "context")
        if told and (text := _said(element)):
            yield text


def _said(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


# --- writing ------------------------------------------------------------------------------------

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<martif type="TBX-Basic" xml:lang="en">
<martifHeader>
<fileDesc><sourceDesc><p>see-the-world</p></sourceDesc></fileDesc>
<encodingDesc><p type="XCSURI">TBXBasicXCSV02.xcs</p></encodingDesc>
</martifHeader>
<text><body>
"""
_FOOT = "</body></text>\n</martif>\n"


def write(entries: Iterable[Entry]) -> bytes:
    """Entries as TBX-Basic 2 in UTF-8; the same entries give the same bytes."""
    return (_HEAD + "".join(_written(i, e) for i, e in enumerate(entries, 1)) + _FOOT).encode()


def _written(number: int, entry: Entry) -> str:
    notes = "".join(f"<note>{escape(note)}</note>\n" for note in entry.notes)
    chinese = [
        *((text, "admittedTerm" if i else "preferredTerm") for i, text in enumerate(entry.chinese)),
        *((text, "deprecatedTerm") for text in entry.deprecated),
    ]
    english = [(text, "preferredTerm") for text in entry.english]
    sections = _section("en", english) + _section("zh-CN", chinese)
    return f'<termEntry id="t{number}">\n{notes}{sections}</termEntry>\n'


def _section(language: str, words: list[tuple[str, str]]) -> str:
    groups = "".join(
        f"<tig><term>{escape(text)}</term>"
        f'<termNote type="administrativeStatus">{status}-admn-sts</termNote></tig>\n'
        for text, status in words
    )
    return f'<langSet xml:lang="{language}">\n{groups}</langSet>\n' if words else ""
