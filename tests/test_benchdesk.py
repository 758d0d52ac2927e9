"""`stw bench transcribe`: what it refuses, what it promises, and real engines on a real clip."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.shared import shared_data
from tests.test_pipeline import Place
from translate import benchdesk
from translate.benchdesk import BenchDesk, Clip, Entrant
from translate.console import Console
from translate.desk import Desk
from translate.errors import BadFileError, InputError, MissingError, SettingsError
from translate.measure import Heard, Told
from translate.settings import Settings

FIXTURE = "whisper/overfit-fixture.pt"
JFK = "audio/english/jfk.flac"
SAID = (
    "And so, my fellow Americans, ask not what your country can do for you,"
    " ask what you can do for your country."
)


class Entered:
    """An engine that writes what it is told to, or fails at its nth hearing."""

    def __init__(self, engine: str, precision: str, text: str = SAID, fails_at: int = 0) -> None:
        self.name, self.engine = f"{engine} {precision}".strip(), engine
        self.precision, self.text, self.fails_at = precision, text, fails_at
        self.heard: list[Clip] = []

    def hear(self, clip: Clip, told: Told) -> Heard:
        self.heard.append(clip)
        if len(self.heard) == self.fails_at:
            raise MissingError(f"no memory for {self.name}", "close something")
        told(1.0)
        return Heard(text=self.text, parts={"decode": 0.0})

    def facts(self) -> Mapping[str, Any]:
        return {"precision": self.precision, "batch": 4, "load": 1.5, "parameters": {}}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "jfk.flac"
    shutil.copy(shared_data(JFK), path)
    return path


class Bench:
    """The command with engines of our own."""

    def __init__(self, *entrants: Entered) -> None:
        self.entrants = {(e.engine, e.precision): e for e in entrants}

    def run(self, *clips: object, as_json: bool = True, **what: Any) -> int:
        def build(engine: str, precision: str) -> Entrant:
            return self.entrants[engine, precision]

        desk = Desk(Settings(), {}, Console(as_json=as_json))
        return BenchDesk(desk, build=build).transcribe([str(c) for c in clips], **what)


# --- what it refuses ------------------------------------------------------------------------------


def test_names_that_are_none_are_told_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'fast' is no engine") as refused:
        Bench().run(tmp_path / "clip.wav", engines="whisper,fast")
    assert "faster-whisper" in refused.value.hint
    with pytest.raises(SettingsError, match="'int4' is no precision") as refused:
        Bench().run(tmp_path / "clip.wav", precisions="int8,int4")
    assert "bfloat16" in refused.value.hint


def test_an_engine_that_is_not_installed_names_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchdesk, "_has_faster_whisper", lambda: False)
    with pytest.raises(MissingError) as refused:
        Bench().run(tmp_path / "clip.wav", engines="faster-whisper")
    assert "[faster-whisper]" in refused.value.hint


@pytest.mark.data
def test_a_missing_clip_or_reference_is_told(clip: Path) -> None:
    with pytest.raises(InputError, match=r"none\.wav: no such recording"):
        Bench().run(clip.with_name("none.wav"), engines="openai")
    with pytest.raises(InputError, match="no reference text") as refused:
        Bench().run(clip, engines="openai", words=True)
    assert "jfk.flac=reference.txt" in refused.value.hint
    with pytest.raises(InputError, match=r"absent\.txt: no such reference text"):
        Bench().run(f"{clip}=absent.txt", engines="openai", words=True)
    clip.with_suffix(".txt").write_text(" \n", encoding="utf-8")
    with pytest.raises(BadFileError, match="no text in it"):
        Bench().run(clip, engines="openai", words=True)
    clip.with_suffix(".txt").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(BadFileError, match=r"jfk\.txt"):
        Bench().run(clip, engines="openai", words=True)


def test_no_clip_is_a_mistake_on_the_command_line(tmp_path: Path) -> None:
    done = Place(tmp_path).stw("bench", "transcribe", code=2)
    assert "CLIP" in done.stderr


# --- with engines of our own ----------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize("kind", ["beside.txt", "beside.srt", "named"])
def test_figures_of_words_from_a_reference(
    clip: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = str(clip)
    if kind == "beside.srt":
        first, second = SAID[:28], SAID[28:]
        clip.with_suffix(".srt").write_text(
            f"1\n00:00:00,000 --> 00:00:05,000\n{first}\n\n"
            f"2\n00:00:05,000 --> 00:00:11,000\n{second}\n",
            encoding="utf-8",
        )
    else:
        words = clip.with_name("said.text") if kind == "named" else clip.with_suffix(".txt")
        words.write_text(SAID, encoding="utf-8")
        asked += f"={words}" if kind == "named" else ""
    worse = SAID.replace("country", "county").lower()
    bench = Bench(
        Entered("whisper", "float32"), Entered("whisper", "int8", worse), Entered("openai", "")
    )
    code = bench.run(asked, engines="whisper,openai", precisions="float32,int8", runs=2, words=True)
    assert code == 0
    found = json.loads(capsys.readouterr().out)
    exact, int8, openai = found["engines"]
    assert (exact["wer"], openai["wer"]) == (0, 0)
    assert (int8["errors"], int8["words"]) == (2, 22)
    assert int8["wer"] == round(2 / 22, 4)
    # Of 22 words two are misheard, and two more have lost their capital letter.
    assert int8["agreement"] == round(18 / 22, 4)
    assert exact["agreement"] is None
    assert openai["agreement"] is None


@pytest.mark.data
def test_every_engine_warms_up_and_the_time_is_promised(
    clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, peer = Entered("whisper", "auto"), Entered("openai", "")
    assert Bench(ours, peer).run(clip, engines="whisper,openai", runs=3) == 0
    assert [c.most is not None for c in ours.heard] == [True, False, False, False, False]
    out = capsys.readouterr()
    assert "3 runs of whisper auto, openai over 0:11 of sound: about 0:00" in out.err
    found = json.loads(out.out)
    assert found["runs"] == 3
    assert found["peer"] == "openai"
    assert found["clips"] == [{"name": "jfk.flac", "seconds": 11.0}]
    assert found["engines"][1]["times_as_fast"] == {"low": 1.0, "median": 1.0, "high": 1.0}
    assert [len(e["seconds"]) for e in found["engines"]] == [3, 3]
    assert found["machine"]["cpu"]


@pytest.mark.data
@pytest.mark.parametrize("fails_at", [1, 4])
def test_who_fails_is_left_out_aloud(
    clip: Path, fails_at: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, peer = Entered("whisper", "auto"), Entered("openai", "", fails_at=fails_at)
    assert Bench(ours, peer).run(clip, engines="whisper,openai") == 8
    out = capsys.readouterr()
    assert "openai is left out: no memory for openai" in out.err
    found = json.loads(out.out)
    assert [e["name"] for e in found["engines"]] == ["whisper auto"]
    assert found["engines"][0]["times_as_fast"] is None
    assert found["left_out"][0]["hint"] == "close something"


@pytest.mark.data
def test_nobody_left_is_an_error(clip: Path) -> None:
    with pytest.raises(MissingError, match="no memory for openai"):
        Bench(Entered("openai", "", fails_at=1)).run(clip, engines="openai")


@pytest.mark.data
def test_the_output_is_markdown_with_its_machine(
    clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip.with_suffix(".txt").write_text(SAID, encoding="utf-8")
    bench = Bench(Entered("whisper", "float32"), Entered("whisper", "int8"), Entered("openai", ""))
    asked = {"engines": "whisper,openai", "precisions": "float32,int8", "runs": 2, "words": True}
    assert bench.run(clip, as_json=False, **asked) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "torch" in lines[0]
    assert lines[1] == "Model turbo, 2 interleaved runs on jfk.flac 0:11."
    assert lines[3] == (
        "| engine | precision | batch | load, s | x real time (min-max)"
        " | times as fast as openai | WER | term recall | words as float32 |"
    )
    assert lines[5].startswith("| whisper float32 | float32 | 4 | 1.5 |")
    assert lines[6].endswith("| 0.000 | – | 100.0% |")
    assert "| engine | decode | rest |" in lines


# --- with the real ones ---------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.slow
def test_real_engines_hear_a_clip_without_an_error(clip: Path, tmp_path: Path) -> None:
    clip.with_suffix(".txt").write_text(SAID, encoding="utf-8")
    done = Place(tmp_path).stw(
        *("bench", "transcribe", str(clip), "--model", str(shared_data(FIXTURE))),
        *("--engines", "whisper,openai", "--precisions", "float32", "--runs", "1"),
        *("--threads", str(min(2, torch.get_num_threads())), "--wer", "--json"),
    )
    found = json.loads(done.stdout)
    assert found["model"] == "overfit-fixture.pt"
    assert str(tmp_path) not in done.stdout
    ours, openai = found["engines"]
    assert (ours["wer"], openai["wer"]) == (0, 0)
    assert (ours["precision"], openai["precision"]) == ("float32", "float32")
    assert ours["batch"] >= 1
    assert ours["load"] > 0
    assert {"decode", "VAD", "mel", "encoder", "decoder", "rest"} <= set(ours["parts"])
    assert 0 < sum(ours["parts"].values()) == pytest.approx(ours["seconds"][0], abs=0.05)
    assert set(openai["parts"]) == {"decode", "recognition", "rest"}
    assert ours["real_time"]["median"] > 0
    assert ours["times_as_fast"]["median"] > 0
    assert not found["left_out"]
