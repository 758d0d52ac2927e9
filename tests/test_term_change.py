"""A changed term costs the paragraphs it touches, in a talk of three hours."""

import json
import re
from pathlib import Path

import pytest

from tests.chat_server import Call, good, serving
from tests.test_pipeline import Place, stamp

pytestmark = pytest.mark.slow

ROWS = "source,target,policy,case,first_mention,heard_as,forbidden,note\n{}"
BEFORE = "kernel,内核,strict,any,no,,,\ngraph break,图中断,strict,any,no,,,\n"
SAID = (
    "On day {n} we looked at the loader and at what it reads from the slow disks in the cluster.",
    "The people of team {n} had written this part long before anybody thought about compilers.",
    "In week {n} a graph break in the training step cost us most of the time that we had won.",
    "What you see on slide {n} is the memory that the optimizer keeps for every single parameter.",
    "And after {n} experiments somebody wrote a kernel by hand that does all of this in one go.",
)


def three_hours(path: Path) -> None:
    cues = []
    for n in range(1440):
        start = n * 7.5
        text = SAID[(n // 4) % 5].format(n=n + 20)
        cues.append(f"{n + 1}\n{stamp(start)} --> {stamp(start + 7)}\n{text}\n")
    path.write_text("\n".join(cues), encoding="utf-8")


def asked(calls: list[Call]) -> list[str]:
    return sorted(p["en"] for call in calls for p in call.message["translate"])


def test_one_changed_row_asks_for_exactly_its_paragraphs(tmp_path: Path) -> None:
    three_hours(tmp_path / "A long talk - Ada Byron, Labs | Demo Conf 2026.srt")
    place = Place(tmp_path)
    rows = tmp_path / "terms.csv"
    rows.write_text(ROWS.format(BEFORE), "utf-8")
    place.env["STW_GLOSSARY"] = str(rows)
    with serving(good) as server:
        place.use(server)
        place.stw("run", "A long talk - Ada Byron, Labs | Demo Conf 2026.srt")
        every = asked(server.calls)
        article = json.loads((place.talk / "article.json").read_text("utf-8"))
        assert len(every) == sum(len(s["paragraphs"]) for s in article["sections"]) > 200
        server.calls.clear()
        # Another rendering, and what nobody who translates is shown: a note, a misheard form.
        changed = BEFORE.replace("图中断", "图断裂").replace("no,,,\ng", "no,colonel,,注\ng")
        rows.write_text(ROWS.format(changed), "utf-8")
        place.stw("draft", place.talk.name)
        again = asked(server.calls)
        assert again == [p for p in every if re.search("graph break", p)]
        assert 0 < len(again) < len(every)
        draft = (place.talk / "draft.md").read_text("utf-8")
        assert "图断裂" in draft
        assert "图中断" not in draft
        server.calls.clear()
        rows.write_text(ROWS.format(BEFORE), "utf-8")  # back: all of it was paid for already
        place.stw("draft", place.talk.name)
        assert asked(server.calls) == []
        assert "图断裂" not in (place.talk / "draft.md").read_text("utf-8")
