"""Captions as a file has them → plain text, a line a cue, with nothing lost on the way.

Knows what captions do to text: markup, rolling displays, marks for sounds and speakers, odd
times. Does not know files, languages, or what becomes of the cues.
"""

import html
import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from translate.model import Cue, Flag, Word
from translate.sounds import rule_of_mark, without_sounds

SECONDS_PER_WORD = 0.3  # for a caption without a length
ROLLING_SHARE = 0.3
ROLLING_LEAST = 3
SAME_TIME = 0.01


def clean_captions(raw: Sequence[Cue]) -> tuple[tuple[Cue, ...], list[Flag]]:
    """Captions as plain text in one line a cue, with times in order, and what was taken out.

    Every word of the input is in the cues or in the text of a flag, except what the rolling
    display of live captions shows again: the `rolling` flag counts those.
    """
    flags: list[Flag] = []
    shown = []
    for cue in sorted(raw, key=lambda c: c.start):
        lines, found = _unmarked(cue)
        flags += found
        shown.append((cue, lines))
    cues = []
    for cue, lines in _unrolled(shown, flags):
        text, marks = without_sounds(" ".join(line.text for line in lines))
        flags += [Flag.on(cue, rule_of_mark(m), "removed", text=m) for m in marks]
        if text:
            words = _words(cue, lines, text)
            cues.append(Cue(start=cue.start, end=cue.end, text=text, words=words))
    return _in_order(cues, flags), flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a caption: its text, and the pieces of it that have a time of their own."""

    text: str
    pieces: tuple[tuple[float | None, str], ...]


# Only what captions are known to use: `<s>` and `List<int>` may be what the talk is about.
TAG = re.compile(r"</?(?:i|b|u|c|v|font|ruby|rt|rp|lang)(?:[.\s][^<>]*)?>", re.IGNORECASE)
VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]+)>", re.IGNORECASE)
OVERRIDE = re.compile(r"\{\\[^{}]*\}")
CLOCK = re.compile(r"<(?:(\d{1,6}):)?(\d{1,2}):(\d{2}\.\d{3})>")
INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
NEXT_SPEAKER = re.compile(r"^\s*(?:>>+|&gt;&gt;(?:&gt;)*)\s*")


def _unmarked(cue: Cue) -> tuple[list[Line], list[Flag]]:
    """The cue's lines with text, without markup; who speaks is logged."""
    flags = []
    lines = []
    for raw in cue.text.splitlines():
        flags += [Flag.on(cue, "speaker", "removed", text=v) for v in VOICE.findall(raw)]
        bare = NEXT_SPEAKER.sub("", TAG.sub("", OVERRIDE.sub("", raw)))
        if NEXT_SPEAKER.match(TAG.sub("", OVERRIDE.sub("", raw))):
            flags.append(Flag.on(cue, "speaker", "removed", text=">>"))
        parts = CLOCK.split(bare)
        pieces: list[tuple[float | None, str]] = [(None, _plain_text(parts[0]))]
        for i in range(1, len(parts), 4):
            at = int(parts[i] or 0) * 3600 + int(parts[i + 1]) * 60 + float(parts[i + 2])
            pieces.append((at, _plain_text(parts[i + 3])))
        text = _plain_text("".join(parts[::4]))
        if text:
            lines.append(Line(text=text, pieces=tuple(p for p in pieces if p[1])))
    return lines, flags


def _plain_text(markup: str) -> str:
    return " ".join(INVISIBLE.sub("", html.unescape(markup)).split())


def _unrolled(
    shown: Sequence[tuple[Cue, list[Line]]], flags: list[Flag]
) -> list[tuple[Cue, list[Line]]]:
    """Without the lines that a rolling display shows a second time.

    Judged by the whole track: two cues alike may be a speaker who says "No." twice, but not
    when cue after cue begins with the line that ended the one before and adds another.
    """
    again = []
    for (before, old), (cue, new) in itertools.pairwise([(_NO_CUE, []), *shown]):
        close = cue.start - before.end < 1.0
        most = min(len(old), len(new)) if close else 0
        texts, last = ([_plain(line.text) or [line.text] for line in ls] for ls in (new, old))
        again.append(next((n for n in range(most, 0, -1) if last[-n:] == texts[:n]), 0))
    rolling = sum(0 < n < len(new) for (_, new), n in zip(shown, again, strict=True))
    if rolling < ROLLING_SHARE * len(shown) or rolling < ROLLING_LEAST:
        return list(shown)
    words = sum(
        len(line.text.split())
        for (_, lines), n in zip(shown, again, strict=True)
        for line in lines[:n]
    )
    flags.append(
        Flag(
            start=shown[0][0].start,
            end=shown[-1][0].end,
            rule="rolling",
            action="removed",
            detail=f"{sum(again)} lines with {words} words were shown again, word for word",
        )
    )
    return [(cue, lines[n:]) for (cue, lines), n in zip(shown, again, strict=True)]


_NO_CUE = Cue(start=-math.inf, end=-math.inf, text="")


def _words(cue: Cue, lines: Sequence[Line], text: str) -> tuple[Word, ...]:
    """Times of single words where the captions give one to each; () where they do not."""
    pieces = [p for line in lines for p in line.pieces]
    if len(pieces) < 2 or [w for _, w in pieces] != text.split():
        return ()
    starts = [cue.start if at is None else at for at, _ in pieces]
    if sum(at is None for at, _ in pieces) > 1 or starts != sorted(starts):
        return ()
    if starts[0] < cue.start or starts[-1] >= cue.end:
        return ()
    ends = [*starts[1:], cue.end]
    return tuple(
        Word(start=a, end=b, text=w) for a, b, (_, w) in zip(starts, ends, pieces, strict=True)
    )


def _in_order(cues: Sequence[Cue], flags: list[Flag]) -> tuple[Cue, ...]:
    """Cues that rise, last, and do not overlap; those that start together are joined."""
    out: list[Cue] = []
    for raw in cues:
        cue = replace(raw, start=max(0.0, raw.start))
        if cue.end <= cue.start:
            count = len(cue.text.split())
            cue = replace(cue, end=cue.start + max(0.5, SECONDS_PER_WORD * count), words=())
            flags.append(Flag.on(cue, "timestamp", "kept", cue.text, "it had no length"))
        if not out or cue.start - out[-1].start >= SAME_TIME:
            if out and out[-1].end > cue.start:
                if out[-1].end - cue.start > 0.5:
                    detail = f"it ran to {out[-1].end:.2f}, into the next"
                    flags.append(Flag.on(out[-1], "timestamp", "kept", out[-1].text, detail))
                out[-1] = replace(out[-1], end=cue.start, words=_before(out[-1], cue.start))
            out.append(cue)
        elif cue.text == out[-1].text:
            flags.append(Flag.on(cue, "duplicate", "removed", text=cue.text))
        else:
            text = f"{out[-1].text} {cue.text}"
            out[-1] = replace(out[-1], end=max(out[-1].end, cue.end), text=text, words=())
    return tuple(out)


def _before(cue: Cue, end: float) -> tuple[Word, ...]:
    """The cue's words if all of them start before `end`, the last cut to it."""
    if not cue.words or cue.words[-1].start >= end:
        return ()
    return (*cue.words[:-1], replace(cue.words[-1], end=min(end, cue.words[-1].end)))


def _plain(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.casefold())
