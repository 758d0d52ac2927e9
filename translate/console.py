"""What the user sees: progress, tables, errors. Results go to stdout, all else to stderr.

Knows how things look and nothing of how they are made. Rich is loaded when something is drawn.
"""

import json
import sys
import time
from collections.abc import Sequence
from typing import IO, Any

from translate.errors import StwError
from translate.model import Problem, Step, clock


def human_bytes(n: float) -> str:
    """`1.5 GB`: decimal units, as disks and downloads are sold."""
    for unit in ("B", "kB", "MB", "GB"):
        if n < 1000 or unit == "GB":
            return f"{n:.0f} {unit}" if unit == "B" or n >= 100 else f"{n:.1f} {unit}"
        n /= 1000
    raise AssertionError("unreachable")


def human_time(seconds: float) -> str:
    """`3:05`, `1:02:03`: a duration as a clock without leading zeros."""
    return clock(seconds).removeprefix("00:").removeprefix("0")


class Console:
    """Where messages go. `quiet` keeps errors and results only; `as_json` keeps stdout for JSON."""

    def __init__(self, *, quiet: bool = False, as_json: bool = False) -> None:
        self.quiet = quiet
        self.as_json = as_json
        self._meter = Meter(sys.stderr) if not quiet else None

    def say(self, text: str) -> None:
        """A line about what is going on."""
        if not self.quiet:
            self.settle()
            print(printable(text), file=sys.stderr)  # noqa: T201  # the one place that prints

    def result(self, text: str, data: Any) -> None:
        """What the command was asked for: `text` for people, `data` with --json."""
        self.settle()
        if self.as_json:
            print(json.dumps(data, ensure_ascii=False, indent=1))  # noqa: T201
        elif text:
            print(printable(text))  # noqa: T201

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]], data: Any) -> None:
        """A table for people, aligned also where Chinese is twice as wide; `data` with --json."""
        self.result(table_text(header, rows), data)

    def progress(self, step: Step) -> None:
        if self._meter:
            self._meter.show(step)

    def settle(self) -> None:
        """End a progress line, so that what follows stands on its own."""
        if self._meter:
            self._meter.settle()


class Meter:
    """One line of progress: how much is done, how fast, how long to go.

    On a terminal the line is redrawn in place; elsewhere a line is written every ten seconds, and
    the last one when the work ends.
    """

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._live = out.isatty()
        self._key = ""
        self._began = (0.0, 0.0)  # time, amount done
        self._drawn = 0.0
        self._width = 0
        self._held: Step | None = None  # not written yet

    def show(self, step: Step) -> None:
        now = time.monotonic()
        if (key := step.stage + step.note) != self._key:
            self.settle()
            self._key, self._began, self._drawn = key, (now, step.done), 0.0
        finished = step.total is not None and step.done >= step.total
        self._held = step
        if now - self._drawn < (0.1 if self._live else 10.0) and not (finished and self._live):
            return
        self._draw(step, now)

    def _draw(self, step: Step, now: float) -> None:
        self._held, self._drawn = None, now
        line = printable(progress_text(step, now - self._began[0], step.done - self._began[1]))
        if self._live:
            self._out.write("\r" + line + " " * max(0, self._width - cells(line)))
            self._width = cells(line)
        else:
            self._out.write(line + "\n")
        self._out.flush()

    def settle(self) -> None:
        if self._held:
            self._draw(self._held, time.monotonic())
        if self._live and self._width:
            self._out.write("\n")
            self._out.flush()
        self._width, self._key = 0, ""


def progress_text(step: Step, elapsed: float, gained: float) -> str:
    """`transcribe 12:31 of 58:02 (22%), 9.4x, 4:51 left`; `gained` is what `elapsed` brought."""
    form = human_bytes if step.unit == "bytes" else human_time if step.unit == "seconds" else _whole
    amount = form(step.done)
    if step.total:
        share = min(1.0, step.done / step.total)
        amount = f"{amount} of {form(step.total)} ({share:.0%})"
    parts = [f"{step.stage} {amount}"]
    speed = gained / elapsed if elapsed > 0.5 else 0.0
    if speed > 0:
        parts.append(
            f"{human_bytes(speed)}/s"
            if step.unit == "bytes"
            else f"{speed:.1f}x"
            if step.unit == "seconds"
            else f"{speed * 60:.0f} a minute"
        )
        if step.total and step.total > step.done:
            parts.append(f"{human_time((step.total - step.done) / speed)} left")
    if step.note:
        parts.append(step.note)
    return ", ".join(parts)


def _whole(n: float) -> str:
    return f"{n:.0f}"


def cells(text: str) -> int:
    """How many terminal cells a text takes: Chinese and emoji take two."""
    from rich.cells import cell_len

    return cell_len(text)


def printable(text: str) -> str:
    """The text without what a terminal would obey: control and bidi characters from outside."""
    return "".join(c for c in text if c in "\n\t" or (c.isprintable() and c not in _BIDI))


_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def table_text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, *rows]
    widths = [max(cells(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            text + " " * (width - cells(text)) for text, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def problem_text(problem: Problem) -> str:
    place = ", ".join(
        p for p in (clock(problem.at) if problem.at is not None else "", problem.where) if p
    )
    line = f"{problem.severity}: " + (f"{place}: " if place else "") + problem.message
    return f"{line} ({problem.hint})" if problem.hint else line


def report_error(error: StwError, *, as_json: bool) -> None:
    """The one form of every error: what happened, then what to try."""
    if as_json:
        facts = {
            "code": error.code,
            "message": error.message,
            "hint": error.hint,
            "exit_code": error.exit_code,
        }
        print(json.dumps({"error": facts}, ensure_ascii=False, indent=1))  # noqa: T201
    print(printable(f"stw: {error.message}"), file=sys.stderr)  # noqa: T201
    if error.hint:
        print(printable(f"  → {error.hint}"), file=sys.stderr)  # noqa: T201
