"""Brief: what a model proposes before anything is translated, as a file for a person to edit.

A summary, which every call is given, and terms, which the term base may take. A model's words are
doubted: only terms that are said in the talk and that the term base lacks, only a summary that is
Chinese. Text in, text out; knows no server and no folder.
"""

import html
import re
import shlex
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Protocol

from translate.glossary import Glossary
from translate.model import Article, Brief, Card
from translate.typography import escape_text, has_han, one_line, tidy_text

MAX_WORDS = 8000  # English words that a model is shown; longer talks: their beginning
_MOST_TERMS = 40
_LONGEST = 400  # characters of a summary
_LONGEST_TERM = 60
_NONE = "（没有摘要）"
_SUMMARY, _TERMS = "# 这场演讲讲什么", "# 术语建议"
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


class Briefer(Protocol):
    """Whoever reads a talk and proposes.

    Raises TranslatorError when asking is useless, NetworkError when nobody answered. An answer
    that is no brief says so in `missing`.
    """

    def brief(self, card: Card, english: str) -> Brief: ...


def beginning(article: Article) -> str:
    """As much of the talk as a model is shown."""
    words = " ".join(p.english for p in article.paragraphs).split()
    return " ".join(words[:MAX_WORDS])


@dataclass(frozen=True, slots=True)
class Dropped:
    """What of a model's proposals a person does not get to see."""

    what: str  # the English of a term, or "summary"
    why: str


def sifted(
    brief: Brief, article: Article, glossary: Glossary, shown: Sequence[str] = ()
) -> tuple[Brief, tuple[Dropped, ...]]:
    """What of a model's proposals a person should see, and what was left out and why.

    `shown` stands on slides: as good as said, and often better spelt.
    """
    english = "\n".join([*(p.english for p in article.paragraphs), *shown])
    known = {t.source.casefold() for t in glossary.terms}
    terms: dict[str, tuple[str, str]] = {}
    dropped: list[Dropped] = []
    for source, target in brief.terms:
        source, target = one_line(source), one_line(target)
        if why := _why_not(source, target, english, known):
            dropped.append(Dropped(source[:_LONGEST_TERM], why))
        elif source.casefold() in terms or len(terms) == _MOST_TERMS:
            twice = source.casefold() in terms
            dropped.append(Dropped(source, "proposed twice" if twice else "too many proposed"))
        else:
            terms[source.casefold()] = (source, target)
    summary = one_line(brief.summary)
    usable = has_han(summary) and len(summary) <= _LONGEST
    if summary and not usable:
        dropped.append(Dropped("summary", "too long" if has_han(summary) else "not Chinese"))
    sifted = Brief(
        summary=tidy_text(summary) if usable else "",
        terms=tuple(terms.values()),
        usage=brief.usage,
    )
    return sifted, tuple(dropped)


def _why_not(source: str, target: str, english: str, known: Container[str]) -> str:
    """Why a proposed term is none to show; empty where it is."""
    if not (1 < len(source) <= _LONGEST_TERM and 0 < len(target) <= _LONGEST_TERM):
        return "too short or too long"
    if not re.search(rf"(?<!\w){re.escape(source)}(?!\w)", english, re.IGNORECASE):
        return "not said in the talk"
    if not has_han(target) and target.casefold() != source.casefold():
        return "not Chinese"
    return "in the term base already" if source.casefold() in known else ""


def brief_text(brief: Brief, place: str) -> str:
    """The file, for a person to edit: Markdown with a summary and a table of terms.

    `place` is what a person would call the file by on a command line.
    """
    parts = [
        _SUMMARY,
        "<!-- Every call of the translator is given this paragraph. Put it right, or empty it."
        " What is translated already stays as it is. -->",
        escape_text(brief.summary, names=False) or _NONE,
        _TERMS,
        "<!-- Nothing reads this table by itself. Strike out what is wrong, then: stw glossary"
        f" import {shlex.quote(place)} -->",
        "\n".join(["| English | 中文 |", "| --- | --- |", *map(_row, brief.terms)]),
    ]
    return "\n\n".join(parts) + "\n"


def _row(term: Sequence[str]) -> str:
    cells = (escape_text(cell, names=False).replace("|", "\\|") for cell in term)
    return f"| {' | '.join(cells)} |"


def summary_of(text: str) -> str:
    """The summary as a person left it in the file; empty when there is none."""
    _, heading, rest = _COMMENT.sub("", text).partition(_SUMMARY)
    summary = one_line(re.split(r"\n#{1,6} ", rest, maxsplit=1)[0]) if heading else ""
    plain = html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", summary))
    return "" if plain == _NONE else plain
