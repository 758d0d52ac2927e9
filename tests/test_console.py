"""What the user sees: progress lines, widths, hostile text."""

import io

import pytest

from translate.console import (
    Meter,
    human_bytes,
    human_time,
    printable,
    problem_text,
    progress_text,
    table_text,
)
from translate.model import Problem, Step


@pytest.mark.parametrize(
    ("n", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (123_456_789, "123 MB"), (5e12, "5000 GB")],
)
def test_human_bytes(n: float, text: str) -> None:
    assert human_bytes(n) == text


def test_human_time_keeps_the_hour() -> None:
    assert [human_time(s) for s in (5, 185, 3723)] == ["0:05", "3:05", "1:02:03"]


def test_progress_says_done_speed_and_time_left() -> None:
    step = Step(stage="transcribe", done=751, total=3482, unit="seconds")
    assert progress_text(step, 80, 751) == "transcribe 12:31 of 58:02 (22%), 9.4x, 4:50 left"
    step = Step(stage="download", done=2e6, total=None, unit="bytes", note="audio")
    assert progress_text(step, 2, 2e6) == "download 2.0 MB, 1.0 MB/s, audio"
    step = Step(stage="translate", done=0, total=0, unit="paragraphs")
    assert progress_text(step, 0, 0) == "translate 0"


def test_resumed_work_does_not_count_as_speed() -> None:
    step = Step(stage="transcribe", done=600, total=1200, unit="seconds")
    assert "1.0x, 10:00 left" in progress_text(step, 60, 60)


def test_a_log_gets_few_lines_and_no_carriage_returns() -> None:
    out = io.StringIO()
    meter = Meter(out)
    for done in range(1000):
        meter.show(Step(stage="decode", done=done, total=1000, unit="seconds"))
    meter.settle()
    meter.settle()
    assert out.getvalue().count("\n") == 2  # the first and the last
    assert "16:39 of 16:40" in out.getvalue()
    assert "\r" not in out.getvalue()


def test_tables_align_with_chinese() -> None:
    lines = table_text(("term", "中文"), [("kernel", "内核"), ("算子", "x")]).splitlines()
    assert lines[1].index("内核") == len("kernel  ")
    assert lines[2].startswith("算子    x")


def test_a_title_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2J\u202eb\rc\x07演讲🎤\n") == "a[2Jbc演讲🎤\n"


def test_a_problem_is_one_line() -> None:
    problem = Problem(rule="number", severity="error", message="8 became 9", at=3723.0, hint="look")
    assert problem_text(problem) == "error: 01:02:03: 8 became 9 (look)"
