"""Caption files: every line of them is in a cue, in a flag, or in an error with its line."""

from pathlib import Path

import pytest

from tests.shared import shared_data
from translate.backends.captions import read
from translate.errors import BadFileError

SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello\nthere\n\n2\n00:00:03,000 --> 00:00:04,000\nBye\n"
VTT = """WEBVTT - a talk
Kind: captions

STYLE
::cue { color: red }

NOTE
two lines
of a note

REGION
id:bottom

intro
00:01.000 --> 00:02.500 align:start position:0%
Hello
there

01:00:03.000 --> 01:00:04.000
Bye
"""


def found(path: Path) -> list[tuple[float, float, str]]:
    return [(c.start, c.end, c.text) for c in read(path).cues]


def put(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_subrip_and_webvtt(tmp_path: Path) -> None:
    assert found(put(tmp_path, "a.srt", SRT)) == [(1, 2.5, "Hello\nthere"), (3, 4, "Bye")]
    assert found(put(tmp_path, "a.vtt", VTT)) == [(1, 2.5, "Hello\nthere"), (3603, 3604, "Bye")]
    assert read(tmp_path / "a.vtt").flags == ()


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    assert len(found(put(tmp_path, "a.srt", VTT))) == 2
    assert len(found(put(tmp_path, "a.txt", SRT))) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("name", "text"), [("a.srt", SRT), ("a.vtt", VTT)])
def test_encodings_and_line_ends(
    tmp_path: Path, encoding: str, end: str, name: str, text: str
) -> None:
    path = put(tmp_path, name, text.replace("there", "thère").replace("\n", end), encoding)
    assert [t for _, _, t in found(path)] == ["Hello\nthère", "Bye"]


def test_old_windows_files(tmp_path: Path) -> None:
    path = put(tmp_path, "a.srt", SRT.replace("Hello", "“Café”"), "cp1252")
    assert found(path)[0][2] == "“Café”\nthere"


def test_blank_lines_in_a_text_lose_nothing(tmp_path: Path) -> None:
    text = SRT.replace("Hello\nthere", "Hello\n\nthere\n\n42 --> 43")
    assert found(put(tmp_path, "a.srt", text))[0][2] == "Hello\nthere\n42 --> 43"


def test_cues_without_a_blank_line_between(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nA\n2\n00:00:03,000 --> 00:00:04,000\nB\n"
    assert [t for _, _, t in found(put(tmp_path, "a.srt", text))] == ["A", "B"]
    vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nA\n00:03.000 --> 00:04.000\nB\n"
    assert [t for _, _, t in found(put(tmp_path, "a.vtt", vtt))] == ["A", "B"]


def test_long_hours_and_joined_segments(tmp_path: Path) -> None:
    text = "1\n100:00:01,000 --> 100:00:02,000\nA\n"
    assert found(put(tmp_path, "a.srt", text)) == [(360001, 360002, "A")]
    vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nA\n\nWEBVTT\nX-TIMESTAMP-MAP=LOCAL:0\n\n" + (
        "100:00:03.000 --> 100:00:04.000\nB\n"
    )
    assert found(put(tmp_path, "a.vtt", vtt)) == [(1, 2, "A"), (360003, 360004, "B")]


def test_lines_of_no_cue_are_flagged(tmp_path: Path) -> None:
    (flag,) = read(put(tmp_path, "a.srt", "Subtitles by X\n\n" + SRT)).flags
    assert (flag.rule, flag.action, flag.text) == ("stray", "removed", "Subtitles by X")
    (flag,) = read(put(tmp_path, "a.vtt", VTT + "\nlost words\n")).flags
    assert flag.text == "lost words"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.srt", SRT.replace("00:00:03,000 -->", "00:00:3x,000 -->"), None),
        ("a.srt", SRT.replace("00:00:03,000 -->", "00:03 -->"), 7),
        ("a.vtt", VTT.replace("01:00:03.000 -->", "1 hour -->"), 19),
        ("a.srt", SRT.replace("00:00:03,000 -->", f"{'9' * 5000}:00:03,000 -->"), 7),
        ("a.vtt", VTT.replace("01:00:03.000 -->", f"{'9' * 5000}:00:03.000 -->"), 19),
        ("a.srt", "", None),
        ("a.srt", "just some text\n", None),
        ("a.vtt", "WEBVTT\n\n", None),
    ],
)
def test_what_cannot_be_read_is_said(
    tmp_path: Path, name: str, text: str, line: int | None
) -> None:
    path = put(tmp_path, name, text)
    if line is None and "3x" in text:  # not a line of times: it stays as text, and is seen
        assert "3x" in read(path).cues[0].text
        return
    with pytest.raises(BadFileError) as caught:
        read(path)
    assert str(path) in caught.value.message
    assert line is None or f"line {line}:" in caught.value.message


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="cannot be read"):
        read(tmp_path / "none.srt")


@pytest.mark.data
def test_real_files_are_read_whole() -> None:
    paths = sorted(shared_data("lectures").glob("**/*.srt"))
    assert len(paths) > 70
    for path in paths:
        captions = read(path)
        times = path.read_text("utf-8-sig").count("-->")
        assert len(captions.cues) == times, path.name
        assert captions.flags == (), path.name
