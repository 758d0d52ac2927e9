"""SubRip subtitles, written. Knows the format; does not know talks, languages or files."""

from collections.abc import Sequence


def srt(cues: Sequence[tuple[float, float, str]]) -> str:
    """The text of an .srt file from (start, end, text), times in seconds.

    Text may have lines. What would break the format is made harmless: blank lines are left out,
    and `-->` becomes `→`. Cues without text are left out; each has at least a millisecond.
    """
    blocks: list[str] = []
    for start, end, text in cues:
        lines = [" ".join(line.split()) for line in text.replace("-->", "→").splitlines()]
        body = "\n".join(line for line in lines if line)
        if body:
            first = max(0, round(start * 1000))
            last = max(first + 1, round(end * 1000))
            blocks.append(f"{len(blocks) + 1}\n{_time(first)} --> {_time(last)}\n{body}\n")
    return "\n".join(blocks)


def _time(milliseconds: int) -> str:
    seconds, ms = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d},{ms:03d}"
