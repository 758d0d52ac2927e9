"""The flags of a transcript as problems: how grave each rule's finding is, and what to do.

Knows the rules' names and what they mean to an editor; not how a rule decides.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from translate.model import Flag, Problem, Severity, Transcript

DOUBTED = 1 / 3  # share of unsure cues from which on a transcript is not to be trusted
LONG_SILENCE = 10.0  # seconds of speech without text that nobody should publish unheard
# Words that were there, heard or written, and were taken out: speech without text, for sure.
TAKEN_OUT = frozenset({"loop", "prompt-echo", "rate", "silence", "timestamp"})


class _Meaning(NamedTuple):
    severity: Severity
    says: str
    hint: str = ""


LISTEN = "listen at this time, and write what was said"
MEANINGS = {
    "uncovered": _Meaning("warning", "", LISTEN),
    "drift": _Meaning(
        "warning",
        "the times do not fit the sound",
        "take the speech through the recogniser: stw transcribe --captions never",
    ),
    "turn": _Meaning("info", "another person may be speaking from here"),
    "loop": _Meaning("warning", "the recogniser repeated itself; taken out", LISTEN),
    "silence": _Meaning("info", "text where nobody speaks; taken out"),
    "prompt-echo": _Meaning("warning", "the recogniser echoed its prompt", LISTEN),
    "rate": _Meaning("warning", "more words than a tongue can say", LISTEN),
    "repeat": _Meaning("warning", "the same passage twice", "if it was said once, take one out"),
    "sparse": _Meaning("warning", "few words for so much speech; some may be missing", LISTEN),
    "other-language": _Meaning(
        "warning",
        "speech in another language; neither transcribed nor translated",
        "listen at this time, and say in the draft what was said",
    ),
    "low-confidence": _Meaning("info", "the recogniser was not sure", "listen at this time"),
    "empty": _Meaning("info", "a time without text"),
    "music": _Meaning("info", "music or applause; taken out"),
    "inaudible": _Meaning("warning", "the captions say that this was not understood", LISTEN),
    "unchecked": _Meaning(
        "warning", "the sound is not here, so nobody checked whether the captions leave speech out"
    ),
    "no-speech": _Meaning("info", "no speech; not recognised"),
    "cut-off": _Meaning("warning", "a stretch may have lost its end", LISTEN),
    "language": _Meaning("warning", "the language is not certain"),
    "timestamp": _Meaning("info", "a time was put right"),
    "speaker": _Meaning("info", "a speaker's mark; taken out"),
    "rolling": _Meaning("info", "lines shown twice while the captions rolled; counted once"),
    "duplicate": _Meaning("info", "the same cue twice; taken once"),
    "garbled": _Meaning("warning", "a sign that stands for no letter", LISTEN),
    "stray": _Meaning("warning", "text outside any cue; left out", "look into the captions file"),
    "gap": _Meaning("warning", "the recording has a hole"),
    "damaged": _Meaning("warning", "the recording is damaged", LISTEN),
    "truncated": _Meaning("error", "the recording ends early", "fetch it again"),
}


def problem_of(flag: Flag) -> Problem:
    """One flag as a problem. A rule nobody described here is a warning, never silence."""
    meaning = MEANINGS.get(flag.rule, _Meaning("warning", flag.rule))
    severity = meaning.severity
    if flag.rule == "uncovered" and flag.end - flag.start >= LONG_SILENCE:
        severity = "error"
    detail = "; ".join(p for p in (flag.detail, f"“{flag.text}”" if flag.text else "") if p)
    return Problem(
        rule=flag.rule,
        severity=severity,
        message=": ".join(p for p in (meaning.says, detail) if p) or flag.rule,
        at=flag.start,
        hint=meaning.hint,
    )


def _lost(flags: Sequence[Flag]) -> set[Flag]:
    """Speech without text where words were taken out, and ends that were lost with speech there.

    Of a stretch that lost its end the last time is the recogniser's guess: few words for the
    speech in it say the same as no words after it.
    """
    bare = [f for f in flags if f.rule == "uncovered"]
    thin = [f for f in flags if f.rule == "sparse"]
    removed = [f for f in flags if f.action == "removed" and f.rule in TAKEN_OUT]
    ends = [f for f in flags if f.rule == "cut-off"]
    return {f for f in bare if _touches(f, removed)} | {f for f in ends if _touches(f, bare + thin)}


def _touches(flag: Flag, others: Sequence[Flag]) -> bool:
    return any(o.start < flag.end and flag.start < o.end for o in others)


def problems_of(transcript: Transcript) -> tuple[Problem, ...]:
    """Everything that was removed or doubted between the sound and the text, in order of time."""
    flags = sorted(transcript.flags, key=lambda f: f.start)
    lost = _lost(flags)
    found = tuple(
        replace(problem_of(f), severity="error") if f in lost else problem_of(f) for f in flags
    )
    if any(cue.has_text for cue in transcript.cues):
        unsure = sum(f.rule == "low-confidence" for f in transcript.flags)
        if unsure <= len(transcript.cues) * DOUBTED:
            return found
        doubt = Problem(
            rule="unreliable",
            severity="error",
            message=f"the recogniser was unsure of {unsure} of {len(transcript.cues)} cues",
            hint="do not trust this text: try another model",
        )
        return (doubt, *found)
    empty = Problem(
        rule="no-text",
        severity="error",
        message="nothing was understood: there is no text at all",
        hint="listen: is there speech, and is it the right file?",
    )
    return (empty, *found)
