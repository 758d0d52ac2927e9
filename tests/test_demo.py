"""`stw demo`, as a user calls it: offline, from the bundled files to the draft."""

import json
import time

import pytest

from tests.test_pipeline import Place


@pytest.fixture
def offline(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A folder and a program that would fail at once if it asked any server."""
    place = Place(tmp_path_factory.mktemp("demo"))
    place.env |= {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    return place


def test_demo_makes_a_whole_draft_from_captions(offline: Place) -> None:
    began = time.monotonic()
    done = offline.stw("demo")
    assert time.monotonic() - began < 60  # seconds on any machine; a hang is a failure
    draft = (offline.talk / "draft.md").read_text(encoding="utf-8")
    assert "【待译】" not in draft
    assert "Triton" in draft
    assert "Trident" not in draft
    assert "Trident" in (offline.talk / "report.md").read_text(encoding="utf-8")
    assert str(offline.talk.relative_to(offline.folder) / "draft.md") in done.stdout
    talk = json.loads((offline.talk / "talk.json").read_text(encoding="utf-8"))
    assert (talk["event"], talk["speakers"][0]["name"]) == ("Demo Conf 2026", "Ada Byron-Lee")


def test_demo_takes_its_slides_along(offline: Place) -> None:
    """From the video itself: found, seen and, where the extra is installed, read."""
    offline.stw("demo")
    rows = json.loads((offline.talk / "slides.json").read_text("utf-8"))["slides"]
    assert len(rows) == 4
    assert all((offline.talk / row["image"]).stat().st_size < 300_000 for row in rows)
    pytest.importorskip("rapidocr", reason="reading needs the extra [slides]")
    draft = (offline.talk / "draft.md").read_text("utf-8")
    assert (
        "## Graph breaks and memory\n\n### 1. Two Problems We Met\n\n> - Graph breaks: 40 removed\n"
        "> - Optimizer state: sharded over 16 GPUs\n"
        "> - The same code for inference<!-- 幻灯片 00:00:5"
    ) in draft
    assert draft.count("<!-- 幻灯片 ") == 4
    offline.stw("demo")
    assert (offline.talk / "draft.md").read_text("utf-8") == draft


def test_demo_without_slides_has_no_trace_of_them(offline: Place) -> None:
    offline.env["STW_SLIDES"] = "none"
    offline.stw("demo")
    draft = (offline.talk / "draft.md").read_text("utf-8")
    assert not (offline.talk / "slides.json").exists()
    assert "<!-- 幻灯片" not in draft
    assert "###" not in draft


def test_demo_again_changes_nothing(offline: Place) -> None:
    offline.stw("demo")
    before = offline.files()
    offline.stw("demo")
    assert offline.files() == before


@pytest.mark.slow
def test_demo_through_whisper_reads_the_speech(offline: Place) -> None:
    offline.stw("demo", "--transcribe")
    transcript = json.loads((offline.talk / "transcript.json").read_text(encoding="utf-8"))
    assert transcript["engine"]["name"] == "whisper"
    assert transcript["engine"]["model"] == "demo.pt"
    assert "【待译】" not in (offline.talk / "draft.md").read_text(encoding="utf-8")
