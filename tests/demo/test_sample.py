"""The demo's files agree with each other: script, video, metadata, captions, memory."""

import json
import re
import tomllib
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from translate.backends.memory import Memory
from translate.glossary import load
from translate.model import Unit

DEMO = Path(str(resources.files("translate.demo")))
GLOSSARY = sorted((Path(__file__).parents[2] / "glossary").glob("*.csv"))
WINDOW = 30.0


def script() -> dict[str, Any]:
    return tomllib.loads((DEMO / "script.toml").read_text(encoding="utf-8"))


def sentences() -> list[dict[str, str]]:
    return [row for slide in script()["slides"] for row in slide["sentences"]]


def timing() -> list[dict[str, Any]]:
    lines = (DEMO / "timing.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def info() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DEMO / "sample.info.json").read_text(encoding="utf-8"))
    return loaded


def cues() -> list[tuple[float, float, list[str]]]:
    found = []
    head, *blocks = (DEMO / "sample.en.vtt").read_text(encoding="utf-8").strip().split("\n\n")
    assert head.startswith("WEBVTT\n")
    for block in blocks:
        times, *lines = block.split("\n")
        match = re.fullmatch(r"(\d\d):(\d\d):(\d\d\.\d{3}) --> (\d\d):(\d\d):(\d\d\.\d{3})", times)
        assert match, times
        h, m, s, h2, m2, s2 = match.groups()
        start = int(h) * 3600 + int(m) * 60 + float(s)
        found.append((start, int(h2) * 3600 + int(m2) * 60 + float(s2), lines))
    return found


@pytest.fixture(scope="module")
def seconds() -> float:
    with av.open(str(DEMO / "sample.mp4")) as box:
        assert box.duration is not None
        return box.duration / 1_000_000


def test_video_is_small_and_plays_anywhere() -> None:
    assert (DEMO / "sample.mp4").stat().st_size <= 1_200_000
    with av.open(str(DEMO / "sample.mp4")) as box:
        picture, sound = box.streams.video[0].codec_context, box.streams.audio[0].codec_context
        assert (picture.name, picture.width, picture.height) == ("h264", 640, 360)
        assert (sound.name, sound.channels) == ("aac", 1)


def test_every_slide_begins_with_a_key_frame() -> None:
    with av.open(str(DEMO / "sample.mp4")) as box:
        stream = box.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        keys = {round(frame.time or 0.0, 1) for frame in box.decode(stream)}
    assert {round(chapter["start_time"], 1) for chapter in info()["chapters"]} <= keys


def test_info_has_what_a_platform_gives(seconds: float) -> None:
    talk = info()
    assert talk["title"] == (
        "Faster Training with One Line - Ada Byron-Lee, Example Labs | Demo Conf 2026"
    )
    assert talk["duration"] == pytest.approx(seconds, abs=0.3)
    assert talk["webpage_url"].startswith("https://example.org/")
    chapters = talk["chapters"]
    assert [c["title"] for c in chapters] == [slide["chapter"] for slide in script()["slides"]]
    assert chapters[0]["start_time"] == 0
    assert all(a["end_time"] == b["start_time"] for a, b in pairwise(chapters))
    assert chapters[-1]["end_time"] == pytest.approx(talk["duration"], abs=0.01)


def test_caption_times_rise_within_the_video(seconds: float) -> None:
    times = [time for start, end, _ in cues() for time in (start, end)]
    assert times == sorted(times)
    assert times[-1] < seconds
    assert all(2 <= end - start <= 6 for start, end, _ in cues())
    assert all(len(lines) <= 2 and max(map(len, lines)) <= 40 for _, _, lines in cues())


def test_captions_say_the_script_but_for_what_is_misheard_on_purpose() -> None:
    shown = " ".join(line for _, _, lines in cues() for line in lines)
    said = " ".join(row.get("caption", row["en"]) for row in sentences())
    assert shown == said
    assert shown.count("Trident") == 1
    assert "Triton" not in shown


def test_timing_says_the_script_in_order(seconds: float) -> None:
    assert " ".join(clause["text"] for clause in timing()) == " ".join(
        row["en"] for row in sentences()
    )
    times = [time for clause in timing() for time in (clause["start"], clause["end"])]
    assert times == sorted(times)
    assert times[-1] < seconds


def test_the_glossary_turns_the_captions_into_the_script() -> None:
    glossary = load(GLOSSARY)
    for row in sentences():
        for heard in (row["en"], row.get("caption", row["en"])):
            assert glossary.correct(heard)[0] == row["en"]


def test_memory_knows_every_sentence() -> None:
    memory = Memory.load(DEMO / "memory.jsonl")
    assert len(memory) == len(sentences())
    for row in sentences():
        unit = Unit(id="p1", english=row["en"], sentences=(row["en"],))
        assert memory.lookup(unit) == row["zh"]


def test_the_chinese_keeps_to_house_style() -> None:
    han = r"[\u4e00-\u9fff]"
    for row in sentences():
        chinese = row["zh"]
        assert "您" not in chinese
        assert not re.search(rf"{han}[A-Za-z0-9`]|[A-Za-z0-9%`]{han}", chinese), chinese
        assert not re.search(rf"{han}[,.;:!?()]|[,.;:!?()]{han}", chinese), chinese
        assert chinese[-1] in "。！"
