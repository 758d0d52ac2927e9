"""Brief: what a model proposes before anything is translated, as a file for a person to edit.

A summary, which every call is given, and terms, which the term base may take. A model's words are
doubted: only terms that are said in the talk and that the term base lacks, only a summary that is
Chinese. Text in, text out; knows no server and no folder.
"""

import html
import re
from collections.abc import Sequence
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

    Raises TranslatorError when asking is useless, NetworkError when nobody answered, BadFileError
    when the answer was none.
    """

    def brief(self, card: Card, english: str) -> Brief: ...


def beginning(article: Article) -> str:
    """As much of the talk as a model is shown."""
    words = " ".join(p.english for p in article.paragraphs).split()
    return " ".join(words[:MAX_WORDS])


def sifted(brief: Brief, article: Article, glossary: Glossary) -> Brief:
    """What of a model's proposals a person should see."""
    english = " ".join(p.english for p in article.paragraphs)
    known = {t.source.casefold() for t in glossary.terms}
    terms: dict[str, tuple[str, str]] = {}
    for source, target in brief.terms:
        source, target = one_line(source), one_line(target)
        said = re.search(rf"(?<!\w){re.escape(source)}(?!\w)", english, re.IGNORECASE)
        right = has_han(target) or target.casefold() == source.casefold()
        short = 1 < len(source) <= _LONGEST_TERM and 0 < len(target) <= _LONGEST_TERM
        if said and right and short and source.casefold() not in known:
            terms.setdefault(source.casefold(), (source, target))
    summary = one_line(brief.summary)
    return Brief(
        summary=tidy_text(summary) if has_han(summary) and len(summary) <= _LONGEST else "",
        terms=tuple(terms.values())[:_MOST_TERMS],
        usage=brief.usage,
    )


def brief_text(brief: Brief) -> str:
    """The file, for a person to edit: Markdown with a summary and a table of terms."""
    parts = [
        _SUMMARY,
        "<!-- Every call of the translator is given this paragraph. Put it right, or empty it."
        " What is translated already stays as it is. -->",
        escape_text(brief.summary, names=False) or _NONE,
        _TERMS,
        "<!-- Nothing reads this table by itself. Strike out what is wrong, then: stw glossary"
        " import brief.md -->",
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
