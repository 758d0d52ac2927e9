"""Learn: what an edited draft teaches. English with its final Chinese, and how much was changed.

Text in, values out: knows the shape of a draft, and neither files nor memories. All texts of a
`Pair` are plain, as a translator's answer is: `escape_text` makes them Markdown again.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from translate import checks
from translate.draft import Draft, Passage, anchors, parse, seconds
from translate.model import UNTRANSLATED, Article, Paragraph
from translate.typography import chinese, escape_text, one_line

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One finished paragraph of an edited draft, or several that the editor has joined."""

    anchors: tuple[str, ...]  # of all its paragraphs, by time
    english: str  # as the editor left it
    chinese: str
    heard: str  # the English as it was generated
    generated: str  # the Chinese as it was generated; empty where there was none
    touched: bool  # whether the editor has been at the Chinese, its Markdown included
    doubts: tuple[str, ...] = ()  # rules that would refuse it as a machine's answer, or "stale"

    @property
    def at(self) -> str:
        return self.anchors[0]

    @property
    def start(self) -> float:
        return seconds(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """How far the final Chinese of a paragraph is from what was generated, in characters."""

    at: str
    edits: int  # Levenshtein: characters put in, taken out, replaced
    characters: int  # of the longer one

    @property
    def share(self) -> float:
        return self.edits / self.characters if self.characters else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What an editor did to a draft; the four kinds add up to its paragraphs."""

    paragraphs: int = 0
    untouched: int = 0
    touched: int = 0
    deleted: int = 0
    untranslated: int = 0  # still waiting, or without Chinese that a memory may keep
    edits: int = 0
    characters: int = 0
    distances: tuple[Distance, ...] = ()  # of the paragraphs that were generated and touched

    @property
    def share_untouched(self) -> float:
        """Of the paragraphs that were translated and kept; 0..1."""
        kept = self.untouched + self.touched
        return self.untouched / kept if kept else 0.0

    @property
    def distance(self) -> float:
        """Edits per character, over all paragraphs that were generated and kept; 0..1."""
        return self.edits / self.characters if self.characters else 0.0


# --- Markdown to plain text ---------------------------------------------------------------------

_COMMENTS = re.compile(r"\s*<!--.*?-->", re.DOTALL)
_TAGS = re.compile(r"</?[A-Za-z][^<>]*>")
_CODE = re.compile(r"(?!\s)(?:(?!\{\{|\}\}|<!--|-->)[^`\n])+(?<!\s)")
_BETWEEN_HAN = re.compile(r"(?<=[^\x00-\u2fff])[^\S\n]*\n\s*(?=[^\x00-\u2fff])")
_PASSES = 8  # a text of two or three pieces of markup in one another settles in two


def plain(markdown: str) -> str:
    """What Markdown shows, in one line, with the blog's typography; code keeps its backticks.

    Links become their labels, comments and pictures nothing. `plain(escape_text(x)) == x` for
    every `x` that this gives.
    """
    text = one_line(_shown(chinese(markdown)))  # which mends bold that would not close
    for _ in range(_PASSES):
        before, text = text, one_line(_shown(escape_text(text)))
        if before == text:
            break
    return text


def same_words(one: str, other: str) -> bool:
    """Whether two texts in Markdown show the same, whatever their markup and typography."""
    return plain(one) == plain(other)


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


def _shown(markdown: str) -> str:
    lines = (line.strip() for line in _COMMENTS.sub("", markdown).split("\n"))
    tokens = _markdown().parse("\n".join(lines))
    parts = ("".join(_inline(t.children or [])) for t in tokens if t.type == "inline")
    others = (_TAGS.sub("", t.content) for t in tokens if t.type == "html_block")
    text = "\n".join(filter(None, (*parts, *others)))
    return _BETWEEN_HAN.sub("", text).replace("\n", " ")


def _inline(tokens: Sequence["Token"]) -> Iterator[str]:
    for token in tokens:
        if token.type == "code_inline":
            code = token.content.replace("`", "")
            yield f"`{code}`" if _CODE.fullmatch(code) else code
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type == "text":
            yield token.content.replace("`", "")  # beside code it would be more code


# --- pairs --------------------------------------------------------------------------------------

_ENGLISH = re.compile(
    r"<summary>[^\n]*?(\d{2,}:[0-5]\d:[0-5]\d(?:\.\d{3})?)[^\n]*</summary>\s*<p>(.*?)</p>",
    re.DOTALL,
)


def pairs_of(base_text: str, draft_text: str, article: Article) -> tuple[Pair, ...]:
    """Each finished paragraph's English with its final Chinese, by time.

    Left out: what waits for its translation, what the editor took out, and what is no Chinese
    text of its English at all.
    """
    starts = [p.start for p in article.paragraphs]
    spoken = dict(zip(anchors(starts), article.paragraphs, strict=True))
    base, draft = parse(base_text), parse(draft_text)
    generated = {p.at: p for p in base.passages}
    written = _English(base_text, draft_text, spoken)
    pairs = (_pair(group, generated, written) for group in _groups(draft))
    return tuple(sorted((p for p in pairs if p), key=lambda p: (p.start, p.at)))


def _groups(draft: Draft) -> Iterator[tuple[tuple[str, ...], list[Passage]]]:
    """Passages with the same anchors together: an editor may copy an anchor when splitting."""
    groups: list[tuple[set[str], list[Passage]]] = []
    for passage in draft.passages:
        names, parts = set(passage.anchors), [passage]
        for known in [g for g in groups if g[0] & names]:
            groups.remove(known)
            names, parts = names | known[0], known[1] + parts
        groups.append((names, parts))
    for names, parts in groups:
        yield tuple(sorted(names, key=seconds)), parts


def _pair(
    group: tuple[tuple[str, ...], list[Passage]],
    generated: Mapping[str, Passage],
    written: "_English",
) -> Pair | None:
    names, parts = group
    markdown = "\n\n".join(filter(None, (p.plain for p in parts)))
    english, heard = written.final(names), written.heard(names)
    final = plain(markdown)
    if UNTRANSLATED in markdown or not english or not _is_translation(english, final):
        return None
    ours = [generated[n] for n in names if n in generated]
    before = "\n\n".join(p.plain for p in ours)
    stale = any(p.stale for p in parts)
    # Who takes the mark of stale Chinese away, takes its words for their own.
    touched = markdown != before or (any(p.stale for p in ours) and not stale)
    doubts = [f.code for f in checks.findings(english, final) if f.severity == "error"]
    return Pair(
        anchors=names,
        english=english,
        chinese=final,
        heard=heard,
        generated=plain(before),
        touched=touched,
        doubts=(*doubts, "stale") if stale and not touched else tuple(doubts),
    )


def _is_translation(english: str, text: str) -> bool:
    """What would be refused as a person's translation is not learned either."""
    found = checks.findings(english, text, (), by_person=True)
    return bool(text) and not any(f.severity == "error" for f in found)


class _English:
    """The English of paragraphs, by anchor: as said, as generated, and as the editor left it."""

    def __init__(self, base: str, draft: str, spoken: Mapping[str, Paragraph]) -> None:
        self._spoken = {name: p.english for name, p in spoken.items()}
        self._base, self._draft = (
            {m[1]: one_line(html.unescape(m[2])) for m in _ENGLISH.finditer(text)}
            for text in (base, draft)
        )

    def heard(self, names: Sequence[str]) -> str:
        return " ".join(filter(None, map(self._generated, names)))

    def final(self, names: Sequence[str]) -> str:
        """With the editor's corrections. English that the editor took out was said all the same,
        unless it was moved into the block of the paragraph that it is now a part of."""
        edited = {
            name: text
            for name in names
            if (text := self._draft.get(name)) and text != one_line(self._generated(name))
        }
        parts = []
        for name in names:
            ours = self._generated(name)
            moved = name not in self._draft and any(one_line(ours) in t for t in edited.values())
            parts.append(edited.get(name) or ("" if moved else ours))
        return " ".join(filter(None, parts))

    def _generated(self, name: str) -> str:
        """As the article has it, which is what a memory will be asked for."""
        said = self._spoken.get(name, "")
        base = self._base.get(name, "")
        return said if said and base in ("", one_line(said)) else base


def read_through(base_text: str, draft_text: str) -> bool:
    """Whether an editor has changed anything but paragraphs that waited for their translation.

    Who fills a gap has not read what stands around it.
    """
    base, draft = parse(base_text), parse(draft_text)
    waiting = {p.at for p in base.passages if p.missing}

    def rest(some: Draft) -> Draft:
        blocks = (b for b in some.blocks if not (isinstance(b, Passage) and b.at in waiting))
        return replace(some, blocks=tuple(blocks))

    return rest(base) != rest(draft)


# --- figures ------------------------------------------------------------------------------------


def figures_of(base_text: str, draft_text: str, pairs: Sequence[Pair]) -> Figures:
    """Count what the editor did, paragraph by paragraph of what was generated."""
    base = {p.at for p in parse(base_text).passages}
    here = {name for p in parse(draft_text).passages for name in p.anchors}
    touched = {name for p in pairs if p.touched for name in p.anchors} & base
    untouched = {name for p in pairs if not p.touched for name in p.anchors} & base
    distances = [_distance(p) for p in pairs if p.generated]
    changed = {p.at for p in pairs if p.touched}
    return Figures(
        paragraphs=len(base),
        untouched=len(untouched),
        touched=len(touched),
        deleted=len(base - here),
        untranslated=len((base & here) - touched - untouched),
        edits=sum(d.edits for d in distances),
        characters=sum(d.characters for d in distances),
        distances=tuple(d for d in distances if d.at in changed),
    )


def _distance(pair: Pair) -> Distance:
    from rapidfuzz.distance import Levenshtein

    return Distance(
        at=pair.at,
        edits=Levenshtein.distance(pair.generated, pair.chinese),
        characters=max(len(pair.generated), len(pair.chinese)),
    )
