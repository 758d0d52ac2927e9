"""The report: what an editor must look at, most pressing first, as Markdown and for programs.

Pure: facts in, text and plain data out, and the ticks of a report that a person has been through.
Everything from outside is escaped, so a title or a model's answer is never markup here either.
Knows the nouns; knows no files and no stages.
"""

import hashlib
import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from translate.coverage import Coverage, Stretch, measure
from translate.model import (
    Article,
    Correction,
    Paragraph,
    Problem,
    Severity,
    Slide,
    Talk,
    TermUse,
    Transcript,
    Translation,
    Usage,
    clock,
)
from translate.typography import escape_text, link_target, one_line

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
_SHOWN = 20  # items of one kind before the rest is folded
_FEW = 3  # items for information that need no folding
_QUOTED = 240  # characters of a paragraph beside an item
_GLIMPSE = 160  # of one that waits for its translation: the draft has it all

# What a rule is called, the most pressing first. A rule that nobody named here comes last, under
# its own name.
KINDS = {
    "no-text": "No text at all",
    "unreliable": "Unreliable transcript",
    "untranslated": "Untranslated",
    "stale": "Translated before something changed",
    "uncovered": "Speech without text",
    "other-language": "Speech in another language",
    "sparse": "Few words for so much speech",
    "drift": "Times that do not fit the sound",
    "gap": "Holes in the recording",
    "damaged": "Damage in the recording",
    "inaudible": "Not understood",
    "garbled": "Letters that could not be read",
    "no-chinese": "No Chinese",
    "echo": "English in place of Chinese",
    "leftover": "Left over from a message",
    "number": "Number changed",
    "new-number": "Number that was not said",
    "slide-number": "Number that a slide has otherwise",
    "identifier": "Link or identifier changed",
    "name": "Name changed",
    "term-forbidden": "Term rendered wrongly",
    "term": "Term missed",
    "misheard": "Misheard",
    "length": "Too long or too short",
    "length-doubt": "Unusually long or short",
    "truncated": "Cut off",
    "traditional": "Traditional characters",
    "loop": "Repeats itself",
    "repeat": "Said twice",
    "silence": "Text in silence",
    "prompt-echo": "Echo of the prompt",
    "merge-conflict": "Edited by you and changed by the tool",
    "anchor-missing": "Anchor lost",
    "anchor-broken": "Anchor broken",
    "anchor-twice": "Anchor twice",
    "slot": "Notes to write",
    "slides-missing": "No slides from the video",
    "slides-damaged": "Damage in the video",
    "slides-unread": "Slides that nobody has read",
    "slides-unheard": "Names on slides that the recogniser was not told",
    "slide-missing": "Slides that could not be seen or read",
    "slide-unreadable": "Slides that were hard to read",
    "slide-spelling": "Spelling on slides",
    "slide-spelling-unchecked": "Spelling on slides, not looked at",
    "slide-edited": "Slides that you have edited",
    "paragraph-deleted": "English without Chinese",
    "blog-html": "HTML that the blog's build refuses",
    "blog-mustache": "Expressions that the blog's build would run",
    "blog-front-matter": "Front matter",
    "blog-image": "Pictures",
    "blog-link": "Links",
    "blog-fence": "Code without a language",
    "blog-heading": "Headings",
    "blog-list": "Lists",
    "blog-quote": "Quotes",
    "blog-emphasis": "Asterisks",
    "blog-identifier": "Identifiers outside backticks",
    "blog-maths": "Dollar signs",
    "blog-address": "Bare addresses",
    "blog-typing": "Spacing and punctuation",
    "turn": "Other people speaking",
    "facts": "Facts about the talk",
    "author": "Who signs the post",
    "unedited": "Nobody has edited it",
    "unchecked": "Nobody could check",
    "kept-translation": "Translations of an earlier run",
    "edited-side-file": "Files that you have edited",
}
_ORDER = {rule: n for n, rule in enumerate(KINDS)}
_OF_ONE = {"anchor-missing", "paragraph-deleted"}  # about one paragraph, by its anchor
_BY_TERM = {"term", "term-forbidden", "misheard"}  # their `where` is the term


class Conflict(Protocol):
    """A block that both the editor and the tool have changed."""

    @property
    def name(self) -> str: ...
    @property
    def at(self) -> float | None: ...
    @property
    def base(self) -> str: ...
    @property
    def edited(self) -> str: ...
    @property
    def new(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a person has said of a report's items, by their ids."""

    ticked: tuple[str, ...] = ()
    silenced: Mapping[str, str] = field(default_factory=dict)  # id → the reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to look at, with what was said there and what stands there."""

    id: str  # six hexadecimal digits, of what it says and of the English it says it about
    problem: Problem
    english: str = ""
    chinese: str = ""
    ticked: bool = False
    silenced: str = ""  # why nobody needs to look at it; empty: somebody does


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """Everything that a report tells of one talk."""

    talk: Talk
    transcript: Transcript
    article: Article
    translations: Sequence[Translation]
    items: Sequence[Item] = ()
    conflicts: Sequence[Conflict] = ()
    usage: Usage = field(default_factory=Usage)
    terms: tuple[TermUse, ...] = ()
    slides: Sequence[Slide] = ()


# --- items --------------------------------------------------------------------------------------


def items_of(
    problems: Sequence[Problem],
    article: Article,
    translations: Sequence[Translation],
    marks: Marks,
    draft: str = "",
) -> tuple[Item, ...]:
    """The problems ranked, each with its paragraph and with what a person has said of it.

    `draft` is the text whose lines they name.
    """
    lines = draft.split("\n")
    paragraphs = sorted(article.paragraphs, key=lambda p: p.start)
    starts = [p.start for p in paragraphs]
    chinese = {t.start: t.chinese for t in translations}
    ticked = set(marks.ticked)
    seen: Counter[str] = Counter()
    items = []
    for problem in sorted(problems, key=lambda p: p.at if p.at is not None else -1.0):
        paragraph = None
        if problem.at is not None and (n := bisect_right(starts, problem.at)):
            paragraph = paragraphs[n - 1]
            if problem.rule in _OF_ONE and problem.at - paragraph.start >= 1:
                paragraph = None  # its own is not in the post any more
        made_of = _made_of(problem, paragraph.english if paragraph else "", lines)
        seen[made_of] += 1
        one = hashlib.sha256(f"{seen[made_of]}\n{made_of}".encode()).hexdigest()[:6]
        items.append(
            Item(
                id=one,
                problem=problem,
                english=_said(problem, paragraph) if paragraph else "",
                chinese=chinese.get(paragraph.start, "") if paragraph else "",
                ticked=one in ticked,
                silenced=marks.silenced.get(one, ""),
            )
        )
    return tuple(_ranked(items))


def _made_of(problem: Problem, english: str, lines: Sequence[str]) -> str:
    """What stays the same when a new transcription moves the times, or a line comes in above."""
    where = problem.where
    if found := re.fullmatch(r"line (\d+)", where):
        at = int(found[1]) - 1
        where = lines[at].strip() if at < len(lines) and problem.at is None else ""
    return "\n".join((problem.rule, where, problem.message, english))


def _said(problem: Problem, paragraph: Paragraph) -> str:
    """The sentence that it is about, where that can be told, else the paragraph."""
    if problem.rule in _BY_TERM:
        for sentence in paragraph.sentences:
            if problem.where.casefold() in sentence.text.casefold():
                return sentence.text
    return paragraph.english


def _ranked(items: Sequence[Item]) -> list[Item]:
    """Errors first; within them by kind, within a kind by term, the most frequent first."""
    often = Counter(_group(i.problem) for i in items)

    def rank(item: Item) -> tuple[int, int, str, int, str, float]:
        p = item.problem
        group = _group(p)
        at = p.at if p.at is not None else -1.0
        order = _ORDER.get(p.rule, len(_ORDER))
        return _SEVERITIES.index(p.severity), order, p.rule, -often[group], group[1], at

    return sorted(items, key=rank)


def _group(problem: Problem) -> tuple[str, str]:
    return problem.rule, problem.where if problem.rule in _BY_TERM else ""


_TICK = re.compile(r"^\s*[-*+] \[([ xX])\] `([0-9a-f]{6})`", re.MULTILINE)


def read_ticks(markdown: str) -> dict[str, bool]:
    """The ids that stand in a report, and whether somebody has ticked them."""
    return {m[2]: m[1] != " " for m in _TICK.finditer(markdown)}


def without_ticks(markdown: str) -> str:
    """A report with every box empty: what is left tells whether anything else was written in."""
    return _TICK.sub(lambda m: m[0].replace(f"[{m[1]}]", "[ ]", 1), markdown)


# --- as Markdown --------------------------------------------------------------------------------


def render_report(facts: ReportFacts) -> tuple[str, dict[str, Any]]:
    """The report as Markdown, and as plain data whose keys stay as they are."""
    coverage = measure(facts.transcript)
    figures = _figures(facts, coverage)
    open_ = [i for i in facts.items if not i.silenced]
    parts = [
        f"# {escape_text(facts.talk.title, names=False) or facts.talk.slug}",
        summary(facts.items),
        *_lists(open_, ("error", "warning"), facts.talk),
        *_conflicts(open_, facts),
        *_lists(open_, ("info",), facts.talk),
        *_silenced([i for i in facts.items if i.silenced], facts.talk),
        *_statistics(facts, figures, coverage),
    ]
    return "\n\n".join(parts) + "\n", _data(facts, figures, coverage)


def summary(items: Sequence[Item]) -> str:
    """`To look at: 2 errors, 1 warning.` in one line."""
    count = Counter(i.problem.severity for i in items if not i.silenced)
    silenced = sum(1 for i in items if i.silenced)
    said = [
        _many(count["error"], "error"),
        _many(count["warning"], "warning"),
        f"{count['info']} for information" if count["info"] else "",
    ]
    text = f"To look at: {', '.join(filter(None, said))}." if any(said) else "Nothing to look at."
    return f"{text} {silenced} silenced." if silenced else text


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count > 1 else ''}" if count else ""


_TITLES: dict[Severity, str] = {"error": "Errors", "warning": "Warnings", "info": "Information"}


def _lists(items: Sequence[Item], severities: Sequence[Severity], talk: Talk) -> Iterator[str]:
    for severity in severities:
        some = [i for i in items if i.problem.severity == severity]
        some = [i for i in some if i.problem.rule != "merge-conflict"]
        if not some:
            continue
        yield f"## {_TITLES[severity]}"
        for group in dict.fromkeys(_group(i.problem) for i in some):
            yield from _kind(
                [i for i in some if _group(i.problem) == group], talk, folded=severity == "info"
            )


def _kind(some: Sequence[Item], talk: Talk, *, folded: bool) -> Iterator[str]:
    rule, term = _group(some[0].problem)
    title = KINDS.get(rule, rule) + (f": {term}" if term else "")
    yield f"### {escape_text(title, names=False)} ({len(some)})"
    hints = list(dict.fromkeys(i.problem.hint for i in some if i.problem.hint))
    shared = len(hints) == 1
    if shared:
        yield f"What to do: {escape_text(hints[0])}"
    lines = [_line(i, talk, hint=not shared, where=not term) for i in some]
    most = (_FEW if len(lines) <= _FEW else 0) if folded else _SHOWN
    shown, rest = lines[:most], lines[most:]
    if shown:
        yield "\n".join(shown)
    if rest:
        more = "more" if shown else "of them"
        yield f"<details>\n<summary>{len(rest)} {more}</summary>"
        yield "\n".join(rest)
        yield "</details>"


def _line(item: Item, talk: Talk, *, hint: bool, where: bool) -> str:
    problem = item.problem
    place = f"{escape_text(problem.where)}: " if problem.where and where else ""
    time = f"{_time(problem.at, talk)} " if problem.at is not None else ""
    todo = f" → {escape_text(problem.hint)}" if problem.hint and hint else ""
    line = f"- [{'x' if item.ticked else ' '}] `{item.id}` {time}{place}"
    line += f"{escape_text(problem.message)}{todo}"
    if problem.severity == "info":
        return line
    return line + "".join(f"\n  - {name}: {escape_text(text)}" for name, text in _quotes(item))


def _quotes(item: Item) -> Iterator[tuple[str, str]]:
    most = _GLIMPSE if item.problem.rule == "untranslated" else _QUOTED
    for name, text in (("EN", item.english), ("中", item.chinese)):
        if text:
            line = one_line(text)
            yield name, line if len(line) <= most else f"{line[: most - 1]}…"


def _time(at: float, talk: Talk) -> str:
    target = link_target(talk.at(at))
    return f"[{clock(at)}]({target})" if target else clock(at)


def _conflicts(items: Sequence[Item], facts: ReportFacts) -> Iterator[str]:
    if not facts.conflicts:
        return
    yield f"## {KINDS['merge-conflict']}"
    yield (
        "Your text is in the draft. What would stand there now is given beside it;"
        f" `stw draft {facts.talk.slug} --take NAME` takes it."
    )
    known = {i.problem.where: i for i in items if i.problem.rule == "merge-conflict"}
    for conflict in facts.conflicts:
        ours = re.fullmatch("[0-9a-z:.# ]+", conflict.name)  # a key of the front matter is not
        yield f"### {conflict.name if ours else escape_text(conflict.name, names=False)}"
        if item := known.get(conflict.name):
            at = _time(conflict.at, facts.talk) if conflict.at is not None else "outside the talk"
            yield f"- [{'x' if item.ticked else ' '}] `{item.id}` {at}"
        yield "Yours:"
        yield _verbatim(conflict.edited)
        if conflict.new:
            yield "New:"
            yield _verbatim(conflict.new)
        else:
            yield "New: nothing, it is no longer there."


def _verbatim(text: str) -> str:
    """A block of code that `text` cannot end."""
    runs = (len(run) for run in re.findall("`+", text))
    fence = "`" * max(3, 1 + max(runs, default=0))
    return f"{fence}md\n{text}\n{fence}"


def _silenced(items: Sequence[Item], talk: Talk) -> Iterator[str]:
    if not items:
        return
    yield "## Silenced"
    yield "\n".join(
        f"- `{i.id}` {_time(i.problem.at, talk) + ' ' if i.problem.at is not None else ''}"
        f"{escape_text(i.problem.message)} ({escape_text(i.silenced)})"
        for i in items
    )


# --- for a terminal -----------------------------------------------------------------------------


def report_text(items: Sequence[Item]) -> str:
    """The items as lines for a terminal, ranked; what is for information is only counted."""
    lines = [summary(items)]
    for severity in ("error", "warning"):
        some = [i for i in items if i.problem.severity == severity and not i.silenced]
        for group in dict.fromkeys(_group(i.problem) for i in some):
            rule, term = group
            here = [i for i in some if _group(i.problem) == group]
            title = KINDS.get(rule, rule) + (f": {term}" if term else "")
            lines += ["", f"{severity}: {title} ({len(here)})"]
            hints = list(dict.fromkeys(i.problem.hint for i in here if i.problem.hint))
            lines += [f"  → {hint}" for hint in hints if len(hints) == 1]
            for item in here:
                lines += _terminal_lines(item, hint=len(hints) > 1, where=not term)
    return "\n".join(lines)


def _terminal_lines(item: Item, *, hint: bool, where: bool) -> Iterator[str]:
    problem = item.problem
    time = f"{clock(problem.at)} " if problem.at is not None else ""
    place = f"{problem.where}: " if problem.where and where else ""
    todo = f" → {problem.hint}" if hint and problem.hint else ""
    box = "x" if item.ticked else " "
    yield one_line(f"[{box}] {item.id} {time}{place}{problem.message}{todo}")
    for name, text in _quotes(item):
        yield f"      {name} {text}"


# --- figures ------------------------------------------------------------------------------------


def _statistics(
    facts: ReportFacts, s: Mapping[str, Any], coverage: Coverage | None
) -> Iterator[str]:
    usage = facts.usage
    engine = facts.transcript.engine
    rows = [
        ("Length", clock(facts.transcript.duration)),
        ("Transcribed by", escape_text(f"{engine.name} {engine.model}")),
        ("Paragraphs", f"{s['paragraphs']}, {s['untranslated']} of them untranslated"),
        ("English words", str(s["words"])),
        ("Chinese characters", str(s["chinese_characters"])),
        *_coverage(coverage, facts.talk),
        *_slides(facts.slides, facts.talk),
        ("Terms", _kept_terms(s)),
        (
            "Requests",
            f"{usage.calls}, {usage.prompt_tokens} tokens in, {usage.completion_tokens} out",
        ),
    ]
    if usage.calls:
        rows.append(("Cost", escape_text(usage.cost_text)))
    yield "## Figures"
    yield "\n".join(f"- {name}: {value}" for name, value in rows)


def _slides(slides: Sequence[Slide], talk: Talk) -> Iterator[tuple[str, str]]:
    if not slides:
        seen = any(m.kind == "video" for m in talk.media)
        yield "Slides", "none" if seen else "none: there is no video to take them from"
        return
    failed = [s.start for s in slides if s.missing]
    with_words = sum(1 for s in slides if s.words)
    text = f"{len(slides)}, {with_words} with words"
    if failed:
        text += f", {len(failed)} failed ({', '.join(_time(at, talk) for at in failed[:_SHOWN])})"
    yield "Slides", text


def _coverage(coverage: Coverage | None, talk: Talk) -> Iterator[tuple[str, str]]:
    if coverage is None:
        yield "Speech with text", "not measured"
        return
    with_text, speech = coverage.covered_seconds, coverage.speech_seconds
    share = math.floor(coverage.share * 1000) / 10
    value = f"{share:.1f} %: {with_text:.0f} of {speech:.0f} seconds"
    yield "Speech with text", f"{value}, {speech - with_text:.0f} without"
    if coverage.gaps:
        some = [_time(g.start, talk) for g in coverage.gaps[:_SHOWN]]
        more = len(coverage.gaps) - len(some)
        yield "Without text", ", ".join(some) + (f" and {more} more" if more else "")
    thin = ", ".join(
        f"{s.words_per_second:.1f} from {_time(s.start, talk)}" for s in coverage.thinnest
    )
    yield "Words per second of speech", f"{coverage.words_per_second:.1f}; least {thin}"


def _kept_terms(figures: Mapping[str, Any]) -> str:
    if figures["term_success"] is None:
        return f"{figures['terms']} said"
    text = f"{figures['terms']} said; {figures['term_success']:.1%} of their paragraphs keep them"
    if figures["term_consistency"] is not None:
        text += f", {figures['term_consistency']:.1%} in the usual way"
    return text


def _term_figures(terms: Sequence[TermUse]) -> dict[str, Any]:
    """`term_success`: of all paragraphs with a term, those that render it as its row says, 0..1.

    `term_consistency`: of all renderings of terms rendered more than once, those in the term's
    most used way, 0..1. None where there is nothing to count.
    """
    asked = sum(t.paragraphs for t in terms if t.term.policy != "forbid")
    kept = sum(t.kept for t in terms if t.term.policy != "forbid")
    several = [[n for _, n in t.written] for t in terms]
    several = [counts for counts in several if sum(counts) > 1]
    written = sum(map(sum, several))
    return {
        "terms": len(terms),
        "term_success": round(kept / asked, 4) if asked else None,
        "term_consistency": round(sum(map(max, several)) / written, 4) if written else None,
    }


def _figures(facts: ReportFacts, coverage: Coverage | None) -> dict[str, Any]:
    done = {t.start for t in facts.translations if t.chinese}
    paragraphs = facts.article.paragraphs
    return {
        "paragraphs": len(paragraphs),
        "translated": sum(p.start in done for p in paragraphs),
        "untranslated": sum(p.start not in done for p in paragraphs),
        "words": sum(len(p.english.split()) for p in paragraphs),
        "chinese_characters": sum(len(t.chinese) for t in facts.translations),
        "speech_seconds": round(coverage.speech_seconds, 3) if coverage else None,
        "speech_with_text_seconds": round(coverage.covered_seconds, 3) if coverage else None,
        **_term_figures(facts.terms),
    }


def every_correction(article: Article) -> Iterator[tuple[float, Correction]]:
    """Each term that was put right after hearing, with the start of its sentence."""
    for paragraph in article.paragraphs:
        for sentence in paragraph.sentences:
            for correction in sentence.corrections:
                yield sentence.start, correction


# --- for programs -------------------------------------------------------------------------------


def item_data(item: Item, talk: Talk) -> dict[str, Any]:
    """One item for programs."""
    problem = item.problem
    return {
        "id": item.id,
        **asdict(problem),
        "link": "" if problem.at is None else talk.at(problem.at),
        "english": item.english,
        "chinese": item.chinese,
        "ticked": item.ticked,
        "silenced": item.silenced,
    }


def _coverage_data(coverage: Coverage, talk: Talk) -> dict[str, Any]:
    def stretches(some: Sequence[Stretch]) -> list[dict[str, Any]]:
        return [
            {
                "start": round(s.start, 3),
                "end": round(s.end, 3),
                "words_per_second": round(s.words_per_second, 3),
                "link": talk.at(s.start),
            }
            for s in some
        ]

    return {
        "share": round(coverage.share, 4),
        "words_per_second": round(coverage.words_per_second, 3),
        "gaps": [
            {"start": round(g.start, 3), "end": round(g.end, 3), "link": talk.at(g.start)}
            for g in coverage.gaps
        ],
        "thinnest": stretches(coverage.thinnest),
        "along": stretches(coverage.along),
    }


def _data(
    facts: ReportFacts, figures: Mapping[str, Any], coverage: Coverage | None
) -> dict[str, Any]:
    talk = facts.talk
    open_ = [i.problem for i in facts.items if not i.silenced]
    return {
        "talk": {"slug": talk.slug, "title": talk.title, "url": talk.url},
        "counts": {
            **{s: sum(p.severity == s for p in open_) for s in _SEVERITIES},
            "silenced": len(facts.items) - len(open_),
        },
        "problems": [item_data(i, talk) for i in facts.items],
        "conflicts": [
            {"name": c.name, "at": c.at, "base": c.base, "edited": c.edited, "new": c.new}
            for c in facts.conflicts
        ],
        "figures": figures,
        "slides": {
            "shown": len(facts.slides),
            "with_words": sum(1 for s in facts.slides if s.words),
            "failed": [s.start for s in facts.slides if s.missing],
        },
        "coverage": _coverage_data(coverage, talk) if coverage else None,
        "usage": asdict(facts.usage),
        "terms": [
            {
                "source": use.term.source,
                "policy": use.term.policy,
                "said": use.said,
                "paragraphs": use.paragraphs,
                "written": dict(use.written),
                "missed": list(use.missed),
                "forbidden": list(use.forbidden),
            }
            for use in facts.terms
        ],
        "corrections": [
            {"at": at, "heard": c.heard, "written": c.written}
            for at, c in every_correction(facts.article)
        ],
        "removed": [asdict(f) for f in facts.transcript.flags if f.action == "removed"],
    }
