"""Caption files → raw cues: SubRip with pysrt, WebVTT with a reader of our own.

The only module that imports pysrt, which is under the GPL-3.0; see NOTICE for what that means
for whoever passes the whole on. Knows the two formats and their encodings. What markup means,
and which lines come twice, is for the stage that cleans captions.

pysrt alone drops blocks it cannot read without a word and takes letters in a time for zero. Here
every line of the file ends up in a cue, in a flag or in an error that names the line.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pysrt

from translate.errors import BadFileError
from translate.model import Cue, Flag

LARGEST = 64 << 20  # bytes; three hours of captions are a hundredth of this
ARROW = "-->"
SRT_TIMES = re.compile(
    r"\s*\d{1,6}:\d{1,2}:\d{1,2}[,.]\d{1,3}\s*-->\s*\d{1,6}:\d{1,2}:\d{1,2}[,.]\d{1,3}(?:\s.*)?$"
)
VTT_TIME = r"(?:(\d{1,6}):)?([0-5]?\d):([0-5]?\d)[.,](\d{3})"
VTT_TIMES = re.compile(rf"\s*{VTT_TIME}\s+-->\s+{VTT_TIME}(?:\s.*)?$")
VTT_ASIDE = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)(?:\s|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Captions:
    """What a caption file holds: cues with their markup and lines, in the file's order."""

    cues: tuple[Cue, ...]
    flags: tuple[Flag, ...] = ()  # lines that belong to no cue


def read(path: Path) -> Captions:
    """The cues of an .srt or .vtt file, told apart by what is in it.

    Raises BadFileError, with the line where there is one, for a file that cannot be read, is
    neither format, has times that make no sense, or has no cue.
    """
    text = _text(path)
    is_vtt = text.startswith("WEBVTT") or (path.suffix.lower() == ".vtt" and ARROW in text)
    lines = text.split("\n")
    found = _vtt(lines, path) if is_vtt else _srt(lines, path)
    if not found.cues:
        raise BadFileError(
            f"{path}: no captions in it.", "It takes SubRip (.srt) or WebVTT (.vtt) with cues."
        )
    return found


def _text(path: Path) -> str:
    """The file's text with "\\n" for every kind of line end."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadFileError(f"{path}: too large for captions.", "Is it a media file?")
        data = path.read_bytes()
    except OSError as error:
        raise BadFileError(
            f"{path}: cannot be read: {error.strerror}.", "Check the name."
        ) from error
    return _decoded(data).replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    zeros = data[:200].count(0)
    if zeros > len(data[:200]) // 4:  # UTF-16 that does not say so
        high_first = data[0] == 0
        return data.decode("utf-16-be" if high_first else "utf-16-le", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")  # what old editors on Windows write


# --- SubRip ---------------------------------------------------------------------------------------


def _srt(lines: Sequence[str], path: Path) -> Captions:
    """Blocks begin at their line of times: blank lines inside a text lose nothing."""
    cues = []
    at = [i for i, line in enumerate(lines) if _is_srt_times(line, i, path)]
    stray = [line for line in lines[: at[0] if at else len(lines)] if not _is_number(line)]
    for k, i in enumerate(at):
        until = at[k + 1] if k + 1 < len(at) else len(lines)
        body = list(lines[i + 1 : until])
        if k + 1 < len(at) and body and _is_number(body[-1]):
            body.pop()  # the next cue's number
        text = [line for line in body if line.strip()]
        cues.append(_srt_cue(lines[i], text, i, path))
    return Captions(cues=tuple(cues), flags=_stray(stray))


def _is_srt_times(line: str, index: int, path: Path) -> bool:
    if ARROW not in line:
        return False
    if SRT_TIMES.match(line):
        return True
    if re.match(r"\s*\d+:[\d:.,]*\s*-->", line):
        raise _bad_times(line, index, path)
    return False  # an arrow in somebody's text


def _srt_cue(times: str, text: Sequence[str], index: int, path: Path) -> Cue:
    try:
        item = pysrt.SubRipItem.from_lines(["0", times.strip(), *text])
    except (pysrt.InvalidItem, ValueError) as error:
        raise _bad_times(times, index, path) from error
    return Cue(start=item.start.ordinal / 1000, end=item.end.ordinal / 1000, text="\n".join(text))


# --- WebVTT ---------------------------------------------------------------------------------------


def _vtt(lines: Sequence[str], path: Path) -> Captions:
    cues = []
    stray: list[str] = []
    for first, block in _blocks(lines):
        times = next((i for i, line in enumerate(block[:2]) if ARROW in line), None)
        if times is None:
            if not VTT_ASIDE.match(block[0]):
                stray += block
            continue
        match = VTT_TIMES.match(block[times])
        if match is None:
            raise _bad_times(block[times], first + times, path)
        start, end = (_seconds(match.groups()[i : i + 4]) for i in (0, 4))
        cues.append(Cue(start=start, end=end, text="\n".join(block[times + 1 :])))
    return Captions(cues=tuple(cues), flags=_stray(stray))


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines between empty ones, with the index of their first; a line of times that
    follows on without an empty line begins a run as well."""
    block: list[str] = []
    for i, line in enumerate([*lines, ""]):
        timed = bool(VTT_TIMES.match(line))
        if block and (not line or (timed and any(VTT_TIMES.match(b) for b in block))):
            yield i - len(block), block
            block = []
        if line:
            block.append(line)


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, thousandths = (int(p or 0) for p in parts)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


# --- both -----------------------------------------------------------------------------------------


def _is_number(line: str) -> bool:
    return line.strip().isdigit() or not line.strip()


def _bad_times(line: str, index: int, path: Path) -> BadFileError:
    return BadFileError(
        f"{path}, line {index + 1}: times that cannot be read: {line.strip()[:80]!r}.",
        "Times look like 00:01:02,345 --> 00:01:04,000. Mend the line or fetch the file again.",
    )


def _stray(lines: Sequence[str]) -> tuple[Flag, ...]:
    text = "\n".join(line for line in lines if line.strip())
    if not text:
        return ()
    detail = "lines of the file that belong to no cue"
    return (Flag(start=0.0, end=0.0, rule="stray", action="removed", text=text, detail=detail),)
