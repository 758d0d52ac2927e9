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
