"""`stw glossary undo`: a correction taken back in one talk, for good, and made again."""

import json
from pathlib import Path

import pytest

from tests.test_pipeline import Place, stamp

SENTENCES = [
    "Today I will show you how we write kernels in Trident at our company.",
    "It was not easy to learn, but then all of us were quite fast with it.",
    "The missile that is called Trident has nothing to do with any of this.",
    "We have measured all of it on the machines that we had at that time.",
]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    source = tmp_path / "A talk - Ada Byron | Demo Conf 2026.srt"
    cues = [
        f"{n + 1}\n{stamp(n * 10)} --> {stamp(n * 10 + 9)}\n{text}\n"
        for n, text in enumerate(SENTENCES)
    ]
    source.write_text("\n".join(cues), "utf-8")
    place = Place(tmp_path)
    place.stw("run", source.name)
    return place


def english(place: Place) -> str:
    return (place.talk / "draft.md").read_text("utf-8")


def misheard(place: Place) -> list[tuple[str, float]]:
    done = place.stw("check", place.talk.name, "--json")
    problems = json.loads(done.stdout)["problems"]
    return [(p["severity"], p["at"]) for p in problems if p["rule"] == "misheard"]


def test_one_correction_is_undone_by_its_time_and_stays_so(place: Place) -> None:
    name = place.talk.name
    assert "Trident" not in english(place)
    assert misheard(place) == [("info", 0.0), ("info", 20.0)]
    done = place.stw("glossary", "undo", name, "00:00:20")
    assert "left as heard: “Trident” → Triton at 00:00:20" in done.stdout
    assert f"stw draft {name}" in done.stderr
    assert "stale" in place.stw("status", name).stdout
    for _ in range(2):
        place.stw("draft", name)
        assert "called Trident has" in english(place)
        assert "kernels in Triton at" in english(place)
    assert misheard(place) == [("info", 0.0)]  # and nobody doubts what a person has decided
    place.stw("glossary", "undo", name, "0:20", "--redo")
    place.stw("draft", name)
    assert "Trident" not in english(place)


def test_text_means_the_whole_talk(place: Place) -> None:
    name = place.talk.name
    done = place.stw("glossary", "undo", name, "trident", "--json")
    assert json.loads(done.stdout)["corrections"] == [
        {"heard": "Trident", "written": "Triton", "start": None, "end": None}
    ]
    place.stw("draft", name)
    assert english(place).count("Trident") == 2
    place.stw("glossary", "undo", name, "Triton", "--redo")
    place.stw("draft", name)
    assert "Trident" not in english(place)


def test_what_answers_to_nothing_is_said(place: Place) -> None:
    name = place.talk.name
    done = place.stw("glossary", "undo", name, "00:00:10", code=3)
    assert "nothing was corrected" in done.stderr
    place.stw("glossary", "undo", name, "00:00:00")
    done = place.stw("glossary", "undo", name, "00:00:20", "--redo", code=3)
    assert "“Trident” → Triton at 00:00:00" in done.stderr


def test_what_may_be_misheard_is_a_warning_that_can_be_silenced(tmp_path: Path) -> None:
    source = tmp_path / "A talk on Kubernetes - Ada Byron | Demo Conf 2026.srt"
    text = "All of our jobs run on Kubernettiez in Trident, as I have said before."
    source.write_text(f"1\n{stamp(0)} --> {stamp(9)}\n{text}\n", "utf-8")
    place = Place(tmp_path)
    place.stw("run", source.name)
    done = place.stw("check", place.talk.name, "--json")
    found = [p for p in json.loads(done.stdout)["problems"] if p["rule"] == "misheard"]
    [doubt, made] = found
    assert (doubt["severity"], doubt["where"], doubt["at"]) == ("warning", "Kubernetes", 0.0)
    assert "“Kubernettiez” may be Kubernetes" in doubt["message"]
    assert "heard_as of" in doubt["hint"]
    assert (made["severity"], made["where"]) == ("info", "Triton")
    place.stw("check", place.talk.name, "--silence", doubt["id"], "--reason", "a joke")
    report = (place.talk / "report.md").read_text("utf-8")
    assert doubt["id"] in report.split("## Silenced")[1]
    assert "Kubernettiez" in english(place)  # flagged, never changed
