"""Where another person may be speaking, told from the words and the pauses alone.

Pure functions of cues and of the stretches where a voice was heard. Voices are not compared: what
is told is what a moderator, a guest or an answer to one says, and only where a pause or a set
phrase leaves little doubt. A turn that is taken without either is not seen.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from translate.model import Cue, Flag, Span

PAUSE = 1.0  # seconds: somebody takes a microphone
APPLAUSE = 3.0  # seconds without speech after thanks
OPEN = 300.0  # seconds after the floor was opened in which questions are expected
APART = 8.0  # seconds: nearer turns are one

# Said to the floor; what follows a pause is somebody else.
INVITES = re.compile(
    r"\b(?:(?:are|do we have|is) (?:there |we )?any (?:other |more |further )?questions?"
    r"|^any (?:other |more |further )?questions?"
    r"|(?:take|answer|have time for|open (?:it |the floor |up )*(?:to|for)|move (?:on )?to"
    r"|go to) (?:(?:any |some |a few |your |more |audience |the )*questions"
    r"|(?:one|a) (?:more |last )?question|(?:the )?q ?(?:&|and) ?a)"
    r"|questions? (?:from|in) the (?:audience|floor|room|chat))\b",
    re.IGNORECASE,
)
# Said by whoever asks, or to whoever asked, and by hardly anybody else.
ASKS = re.compile(
    r"\b(?:(?:the|our) (?:next|last|first) question (?:is from|comes from|from)"
    r"|^(?:the )?next question\b|^(?:hi|hello|hey)\b.{0,40}\bthank(?:s| you)\b.{0,30}"
    r"\b(?:talk|presentation)"
    r"|thank(?:s| you)(?: very much| so much)? for (?:the|your|this|that|a) (?:\w+ ){0,3}"
    r"(?:talk|presentation|lecture|question)\b"
    r"|(?:i have|i've got|i had|just) (?:a|one|two|another) (?:quick |short |small |last |more )?"
    r"questions? (?:about|on|for|regarding)|my (?:first |second |last )?question (?:is|was)"
    r"|(?:to |let me |i'll |i will |i should )repeat the question|repeating the question"
    r"|could you repeat the question|the question (?:from the \w+|was (?:whether|about|if)))",
    re.IGNORECASE,
)
# Said in the talk too: believed after a pause, while the floor is open.
MAYBE = re.compile(
    r"^(?:so |okay |ok |and |yeah |yes |um |uh |well )*(?:the question (?:is|was)|you(?:'re| are)"
    r" asking|(?:that's|that is|it's|this is|very|a|really)* ?(?:a |very |really )*(?:good|great|"
    r"nice|excellent|interesting) question|thank(?:s| you)|hi\b|hello\b)",
    re.IGNORECASE,
)
THANKS = re.compile(
    r"\bthank(?:s| you)(?: (?:all|everyone|everybody|very much|so much))?\W*$", re.IGNORECASE
)


class Turn(NamedTuple):
    cue: int
    why: str


def turns(cues: Sequence[Cue], speech: Sequence[Span]) -> list[Flag]:
    """Where another person may begin to speak, at the start of a cue, each with the reason.

    Pauses are those in `speech` or, without any, those between cues. Missing many, wrong rarely.
    """
    out: list[Flag] = []
    for turn in _turns(cues, speech):
        cue = cues[turn.cue]
        if out and cue.start - out[-1].start < APART:
            continue
        out.append(Flag(start=cue.start, end=cue.end, rule="turn", action="kept", detail=turn.why))
    return out


def _turns(cues: Sequence[Cue], speech: Sequence[Span]) -> Iterator[Turn]:
    opened = float("-inf")
    said = ""  # the end of what stands before
    for at, cue in enumerate(cues):
        pause = _pause(cues[at - 1], cue, speech) if at else 0.0
        text = " ".join(cue.text.split())
        invited = INVITES.search(said)
        if invited:
            opened = cues[at - 1].end
        if at and invited and pause >= PAUSE:
            yield Turn(at, f"after “{invited.group().strip()}” and {pause:.0f} s of silence")
        elif at and THANKS.search(said) and pause >= APPLAUSE and _says_more(text):
            yield Turn(at, f"after thanks and {pause:.0f} s without speech")
        elif found := _asked(text, pause, open_=cue.start - opened <= OPEN):
            yield Turn(at, f"“{found}”")
        said = text


def _says_more(text: str) -> bool:
    """More than the thanks and scraps that a recogniser hears in applause and silence."""
    return len(THANKS.sub("", text).split()) >= 3


def _asked(text: str, pause: float, *, open_: bool) -> str:
    """The words that only somebody else, or an answer to them, would say here; empty for none."""
    found = ASKS.search(text)
    if not found and open_ and pause >= PAUSE:
        found = MAYBE.search(text)
    return found.group().strip() if found else ""


def _pause(before: Cue, after: Cue, speech: Sequence[Span]) -> float:
    """Seconds of silence about the border of two cues; their times are vague, so it may be in one.

    Where nobody listened for speech, what lies between them.
    """
    if not speech:
        return max(0.0, after.start - before.end)
    low, high = before.end - 1.0, after.start + 1.0
    longest, end = 0.0, None
    for span in _near(speech, low, high):
        if end is not None and span.start >= low and end <= high:
            longest = max(longest, span.start - end)
        end = span.end
    return longest


def _near(speech: Sequence[Span], low: float, high: float) -> Sequence[Span]:
    """The spans that touch a time, and one more on each side."""
    first = max(0, bisect_right(speech, low, key=lambda s: s.end) - 1)
    return speech[first : bisect_left(speech, high, key=lambda s: s.start) + 1]
