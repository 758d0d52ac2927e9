"""The report: what an editor must look at, most pressing first, as Markdown and for programs.

Pure: facts in, text and plain data out. Everything from outside is escaped, so a title or a
model's answer is never markup here either. Knows the nouns; knows no files and no stages.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from translate.model import (
    Article,
    Correction,
    Flag,
    Problem,
    Severity,
    Span,
    Talk,
    Transcript,
    Translation,
    Usage,
    clock,
)
from translate.typography import escape_text, link_target

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
_SHOWN = 20  # problems of one kind before the rest is folded


class Conflict(Protocol):
    """A block that both the editor and the tool have changed."""

    @property
    def at(self) -> float | None: ...
    @property
    def base(self) -> str: ...
    @property
    def edited(self) -> str: ...
    @property
    def new(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """Everything that a report tells of one talk."""

    talk: Talk
    transcript: Transcript
    article: Article
    translations: Sequence[Translation]
    problems: Sequence[Problem] = ()
    conflicts: Sequence[Conflict] = ()
    usage: Usage = field(default_factory=Usage)


def render_report(facts: ReportFacts) -> tuple[str, dict[str, Any]]:
    """The report as Markdown, and as plain data whose keys stay as they are."""
    problems = sorted(facts.problems, key=_rank)
    figures = _figures(facts)
    parts = [
        f"# {escape_text(facts.talk.title, names=False) or facts.talk.slug}",
        _summary(problems, len(facts.conflicts)),
        *_problem_lists(problems, facts.talk),
        *_conflicts(facts),
        *_statistics(facts, figures),
        *_corrections(facts),
        *_removed(facts),
    ]
    return "\n\n".join(parts) + "\n", _data(facts, problems, figures)


def _rank(problem: Problem) -> tuple[int, str, float]:
    at = problem.at if problem.at is not None else -1.0
    return _SEVERITIES.index(problem.severity), problem.rule, at


def _summary(problems: Sequence[Problem], conflicts: int) -> str:
    count = Counter(p.severity for p in problems)
    said = [
        _many(count["error"], "error"),
        _many(count["warning"], "warning"),
        _many(conflicts, "conflict"),
        f"{count['info']} for information" if count["info"] else "",
    ]
    return f"To look at: {', '.join(filter(None, said))}." if any(said) else "Nothing to look at."


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count > 1 else ''}" if count else ""


# --- problems -----------------------------------------------------------------------------------


def _problem_lists(problems: Sequence[Problem], talk: Talk) -> Iterator[str]:
    for severity, title in (("error", "Errors"), ("warning", "Warnings"), ("info", "Information")):
        some = [p for p in problems if p.severity == severity]
        if not some:
            continue
        yield f"## {title}"
        for rule in dict.fromkeys(p.rule for p in some):
            yield from _rule(
                rule, [p for p in some if p.rule == rule], talk, folded=title[0] == "I"
            )


def _rule(rule: str, some: Sequence[Problem], talk: Talk, *, folded: bool) -> Iterator[str]:
    yield f"### {escape_text(rule, names=False)} ({len(some)})"
    hints = list(dict.fromkeys(p.hint for p in some if p.hint))
    shared = len(hints) == 1
    if shared:
        yield f"What to do: {escape_text(hints[0])}"
    lines = [f"- [ ] {_where(p, talk)}{escape_text(p.message)}{_hint(p, shared)}" for p in some]
    shown, rest = ([], lines) if folded else (lines[:_SHOWN], lines[_SHOWN:])
    if shown:
        yield "\n".join(shown)
    if rest:
        more = "more" if shown else "of them"
        yield f"<details>\n<summary>{len(rest)} {more}</summary>"
        yield "\n".join(rest)
        yield "</details>"


def _hint(problem: Problem, shared: bool) -> str:
    return f" → {escape_text(problem.hint)}" if problem.hint and not shared else ""


def _where(problem: Problem, talk: Talk) -> str:
    time = f"{_time(problem.at, talk)} " if problem.at is not None else ""
    return f"{time}{escape_text(problem.where)}: " if problem.where else time


def _time(at: float, talk: Talk) -> str:
    target = link_target(talk.at(at))
    return f"[{clock(at)}]({target})" if target else clock(at)


def _conflicts(facts: ReportFacts) -> Iterator[str]:
    if not facts.conflicts:
        return
    yield "## Edited by you and changed by the tool"
    yield "Your text is in the draft. What would stand there now is given beside it."
    for conflict in facts.conflicts:
        at = "Outside the talk" if conflict.at is None else _time(conflict.at, facts.talk)
        yield f"### {at}"
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


# --- figures ------------------------------------------------------------------------------------


def _statistics(facts: ReportFacts, s: Mapping[str, Any]) -> Iterator[str]:
    usage = facts.usage
    engine = facts.transcript.engine
    rows = [
        ("Length", clock(facts.transcript.duration)),
        ("Transcribed by", escape_text(f"{engine.name} {engine.model}")),
        ("Paragraphs", f"{s['paragraphs']}, {s['untranslated']} of them untranslated"),
        ("English words", str(s["words"])),
        ("Chinese characters", str(s["chinese_characters"])),
        ("Speech with text", _coverage(s)),
        (
            "Requests",
            f"{usage.calls}, {usage.prompt_tokens} tokens in, {usage.completion_tokens} out",
        ),
    ]
    if usage.cost is not None:
        rows.append(("Cost", f"{usage.cost:.4f} {escape_text(usage.currency)}".strip()))
    yield "## Figures"
    yield "\n".join(f"- {name}: {value}" for name, value in rows)


def _coverage(figures: Mapping[str, Any]) -> str:
    if figures["speech_seconds"] is None:
        return "not measured"
    with_text, speech = figures["speech_with_text_seconds"], figures["speech_seconds"]
    return f"{with_text:.0f} of {speech:.0f} seconds, {speech - with_text:.0f} without"


def _figures(facts: ReportFacts) -> dict[str, Any]:
    done = {t.start for t in facts.translations if t.chinese}
    paragraphs = facts.article.paragraphs
    speech = facts.transcript.speech
    spoken = sum(s.end - s.start for s in speech)
    return {
        "paragraphs": len(paragraphs),
        "translated": sum(p.start in done for p in paragraphs),
        "untranslated": sum(p.start not in done for p in paragraphs),
        "words": sum(len(p.english.split()) for p in paragraphs),
        "chinese_characters": sum(len(t.chinese) for t in facts.translations),
        "speech_seconds": round(spoken, 3) if speech else None,
        "speech_with_text_seconds": round(_overlap(speech, facts.transcript), 3)
        if speech
        else None,
    }


def _overlap(speech: Sequence[Span], transcript: Transcript) -> float:
    """Seconds of speech that some cue covers."""
    total, at = 0.0, 0
    covered = _union([(c.start, c.end) for c in transcript.cues])
    for span in sorted(speech, key=lambda s: s.start):
        while at < len(covered) and covered[at][1] <= span.start:
            at += 1
        n = at
        while n < len(covered) and covered[n][0] < span.end:
            total += min(covered[n][1], span.end) - max(covered[n][0], span.start)
            n += 1
    return total


def _union(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    out: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def _corrections(facts: ReportFacts) -> Iterator[str]:
    found = list(_every_correction(facts.article))
    if not found:
        return
    yield "## Put right after hearing"
    pairs: dict[tuple[str, str], list[float]] = {}
    for at, correction in found:
        pairs.setdefault((correction.heard, correction.written), []).append(at)
    lines = (
        f"- {escape_text(heard)} → {escape_text(written)}: "
        + ", ".join(_time(at, facts.talk) for at in times)
        for (heard, written), times in pairs.items()
    )
    yield "\n".join(lines)


def _every_correction(article: Article) -> Iterator[tuple[float, Correction]]:
    for paragraph in article.paragraphs:
        for sentence in paragraph.sentences:
            for correction in sentence.corrections:
                yield sentence.start, correction


def _removed(facts: ReportFacts) -> Iterator[str]:
    removed = [f for f in facts.transcript.flags if f.action == "removed"]
    if not removed:
        return
    yield "## Left out of the text"
    yield "\n".join(_flag_line(f, facts.talk) for f in removed)


def _flag_line(flag: Flag, talk: Talk) -> str:
    text = f": {escape_text(flag.text)}" if flag.text else ""
    detail = f" ({escape_text(flag.detail)})" if flag.detail else ""
    return f"- {_time(flag.start, talk)}–{clock(flag.end)} {escape_text(flag.rule)}{detail}{text}"


# --- for programs -------------------------------------------------------------------------------


def _data(
    facts: ReportFacts, problems: Sequence[Problem], figures: Mapping[str, Any]
) -> dict[str, Any]:
    talk = facts.talk
    return {
        "talk": {"slug": talk.slug, "title": talk.title, "url": talk.url},
        "counts": {s: sum(p.severity == s for p in problems) for s in _SEVERITIES},
        "problems": [asdict(p) | {"link": "" if p.at is None else talk.at(p.at)} for p in problems],
        "conflicts": [
            {"at": c.at, "base": c.base, "edited": c.edited, "new": c.new} for c in facts.conflicts
        ],
        "figures": figures,
        "usage": asdict(facts.usage),
        "corrections": [
            {"at": at, "heard": c.heard, "written": c.written}
            for at, c in _every_correction(facts.article)
        ],
        "removed": [asdict(f) for f in facts.transcript.flags if f.action == "removed"],
    }
