"""What a person's draft has made of the article and its translations.

Plain functions over the draft's text and the nouns: which paragraphs were joined, which were taken
out, and whose Chinese stands there now. That is what will be published, so that is what is checked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from translate.draft import Draft, Passage, anchors
from translate.model import UNTRANSLATED, Article, Engine, Paragraph, Translation
from translate.stages.learn import plain

_NO_WORDS = "no words stand before <!-- {} -->, which belongs at the end of its Chinese"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """The talk as the draft tells it."""

    article: Article  # with paragraphs joined as the editor joined them
    translations: tuple[Translation, ...]  # with the editor's Chinese where there is any
    dropped: frozenset[float]  # starts of the paragraphs that the editor took out


def as_edited(
    now: Draft, base: Draft, article: Article, translations: Sequence[Translation]
) -> Edited:
    """Hold the draft against its base and the talk; anchors tell which paragraph is which."""
    starts = [p.start for p in article.paragraphs]
    by_anchor = dict(zip(anchors(starts), starts, strict=True))
    groups = list(_groups(now, by_anchor))
    article = _joined(article, groups)
    kept = {p.start for p in article.paragraphs}
    known = {t.start: t for t in translations}
    here = {start for group in groups for start in group}
    there = {by_anchor[a] for p in base.passages for a in p.anchors if a in by_anchor}
    dropped = there - here  # the English alone is no paragraph of the post
    for group in groups:
        dropped |= {s for s in group[1:] if s in kept}  # joined to one that is far away
    generated = {by_anchor.get(p.at): p for p in base.passages}
    for passage in now.passages:
        start = _first(passage, by_anchor)
        if start is None or start not in known or not _by_hand(passage, generated.get(start)):
            continue
        chinese = plain(passage.plain) if passage.plain else ""
        known[start] = replace(
            known[start],
            chinese=chinese,
            by=Engine(name="editor"),
            missing="" if chinese else _NO_WORDS.format(passage.anchors[0]),
            stale="",
        )
    return Edited(
        article=article,
        translations=tuple(t for t in known.values() if t.start in kept),
        dropped=frozenset(dropped),
    )


def _first(passage: Passage, by_anchor: dict[str, float]) -> float | None:
    return next((by_anchor[a] for a in passage.anchors if a in by_anchor), None)


def _by_hand(passage: Passage, generated: Passage | None) -> bool:
    ours = generated.chinese if generated else None
    if not passage.plain:
        return bool(ours) and not passage.missing  # emptied, and its anchor left
    if generated and generated.stale and not passage.stale:
        return True  # who takes that comment away, takes the words for their own
    return UNTRANSLATED not in passage.plain and passage.chinese != ours


def _groups(now: Draft, by_anchor: dict[str, float]) -> Iterator[tuple[float, ...]]:
    """The starts that each passage stands for, the first one first."""
    for passage in now.passages:
        found = tuple(sorted(by_anchor[a] for a in passage.anchors if a in by_anchor))
        if found:
            yield found


def _joined(article: Article, groups: Sequence[tuple[float, ...]]) -> Article:
    """Neighbours of one section that the draft has as one paragraph, as one paragraph."""
    into = {start: group[0] for group in groups for start in group[1:]}
    sections = []
    for section in article.sections:
        out: list[Paragraph] = []
        for paragraph in section.paragraphs:
            first = into.get(paragraph.start)
            if out and first == out[-1].start:
                out[-1] = Paragraph(
                    start=out[-1].start,
                    end=max(out[-1].end, paragraph.end),
                    sentences=(*out[-1].sentences, *paragraph.sentences),
                )
            else:
                out.append(paragraph)
        sections.append(replace(section, paragraphs=tuple(out)))
    return Article(sections=tuple(sections))
