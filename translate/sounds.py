"""Marks for sounds in a transcript: `[Music]`, `(applause)`, `♪`."""

import re

BRACKET = re.compile(r"[\[(（【]([^\[\]()（）【】]{1,60})[\])）】]")
SUNG = re.compile(r"[♪♫♬][^♪♫♬]*[♪♫♬]")
NOTES = re.compile(r"[♪♫♬]+")
# Sounds that nobody puts in brackets for another reason.
SOUND = re.compile(
    r"\b(?:music|applau\w+|laugh(?:s|ing|ter)|chuckl\w+|giggl\w+|s?whoosh\w*|swoosh\w*|"
    r"cheer(?:s|ing)|clapping|cough(?:s|ing)|sigh(?:s|ing)|inaudible|indistinct|unintelligible|"
    r"crosstalk|silence|blank_audio)\b",
    re.IGNORECASE,
)
# Sounds only where the bracket is all there is.
UNHEARD = re.compile(r"(?i)indistinct|inaudible|unintelligible|unclear|crosstalk")
FAINT_SOUND = re.compile(
    r"\b(?:pop(?:s|ping)|snap(?:s|ping)|click(?:s|ing)|beep(?:s|ing)|ring(?:s|ing)|whirring|"
    r"fizzl(?:es|ing)|sliding|decrescendos|crescendos|noise|static|foreign)$",
    re.IGNORECASE,
)


def rule_of_mark(text: str) -> str:
    """The rule of a mark in the text: a sound, or speech that its writer did not understand."""
    return "inaudible" if UNHEARD.search(text) else "music"


def without_sounds(text: str) -> tuple[str, list[str]]:
    """Text without the marks for sounds, and the marks."""
    marks: list[str] = []

    def take(match: re.Match[str]) -> str:
        marks.append(match.group().strip())
        return " "

    def take_sound(match: re.Match[str]) -> str:
        inside = match.group(1)
        alone = match.group() == text.strip()
        short = len(inside.split()) <= 4
        named = SOUND.search(inside) or (alone and FAINT_SOUND.search(inside.strip()))
        return take(match) if short and named else match.group()

    out = BRACKET.sub(take_sound, text)
    out = NOTES.sub(take, SUNG.sub(take, out))
    return " ".join(out.split()), marks
