"""Which engine hears a talk: chosen once, kept until a person asks for another."""

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from translate.compose import build_tools
from translate.console import Console
from translate.doctor import examine
from translate.errors import MissingError, SettingsError
from translate.glossary import Glossary
from translate.model import Engine, Media, Talk, Transcript, no_progress
from translate.pipeline import Tools, Wishes, step_transcribe
from translate.pipeline.step_transcribe import transcript_from
from translate.settings import Settings, load
from translate.stages.transcribe import Recogniser
from translate.workspace import TALK, TRANSCRIPT, Workspace, digest

SOUND = Media(kind="audio", file="media/a.m4a", bytes=1, sha256="00")
TALK_OF_ONE = Talk(slug="t", title="T", media=(SOUND,))


@dataclass
class Asked:
    """What `transcript_from` looks at of the tools."""

    model: str = ""
    recogniser_options: dict[str, str] = field(default_factory=dict)
    default_model: str = "turbo"

    def recogniser_id(self) -> str:
        return self.model

    def known_models(self) -> tuple[str, ...]:
        return ("turbo", "small.en", "base", "large-v3")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "t")
    workspace.put(TALK, TALK_OF_ONE, key="")
    return workspace


def key(
    workspace: Workspace, model: str = "", *, wishes: Wishes | None = None, **options: str
) -> str:
    tools = cast(Tools, Asked(model, options))
    return transcript_from(workspace, TALK_OF_ONE, tools, wishes or Wishes())[1]


def made(workspace: Workspace, with_key: str) -> None:
    transcript = Transcript(language="en", engine=Engine(name="x"), duration=1.0, cues=())
    workspace.put(TRANSCRIPT, transcript, key=with_key)


def test_the_default_engine_has_the_keys_it_always_had(workspace: Workspace) -> None:
    assert key(workspace).split(":")[1] == digest("turbo")
    assert key(workspace, "small.en").split(":")[1] == digest("small.en")
    assert key(workspace, engine="whisper") == key(workspace)


def test_what_nobody_asks_for_stays(workspace: Workspace) -> None:
    first = key(workspace, "small.en", engine="faster-whisper", words="yes")
    made(workspace, first)
    assert key(workspace) == first
    assert key(workspace, "small.en") == first
    assert key(workspace, engine="faster-whisper") == first
    assert key(workspace, "small.en", words="yes") == first


def test_what_is_asked_for_is_made(workspace: Workspace) -> None:
    first = key(workspace, "small.en", engine="faster-whisper", words="yes")
    made(workspace, first)
    others = [
        key(workspace, "base"),
        key(workspace, engine="whisper"),
        key(workspace, beam="5"),
        key(workspace, precision="float32"),
        key(workspace, "small.en", engine="faster-whisper", words="yes", beam="5"),
    ]
    assert others[2] == others[4]  # whether the rest was asked for again or not
    assert len({first, *others}) == 5
    assert others[1].split(":")[1] == f"{digest('small.en')}+words=yes"  # the rest stays
    made(workspace, others[2])
    assert key(workspace, beam="5") == key(workspace) == others[2]


FORCED = Wishes(force=True)


def test_a_new_option_keeps_the_rest(workspace: Workspace) -> None:
    made(workspace, key(workspace, "large-v3", beam="5"))
    assert key(workspace, words="yes").split(":")[1] == f"{digest('large-v3')}+beam=5+words=yes"
    assert key(workspace, beam="1").split(":")[1] == digest("large-v3")
    assert key(workspace, "base").split(":")[1] == f"{digest('base')}+beam=5"


def test_a_plain_option_that_is_asked_for_is_none_in_the_key(workspace: Workspace) -> None:
    plain = key(workspace, beam="1", words="no", precision="auto", engine="whisper")
    assert plain == key(workspace)


def test_a_model_nobody_can_find_stays_until_something_is_made(workspace: Workspace) -> None:
    own = key(workspace, "the hash of a checkpoint", beam="5")
    made(workspace, own)
    assert key(workspace) == own
    default = f"{digest('turbo')}+beam=5"
    assert key(workspace, wishes=FORCED).split(":")[1] == default
    assert key(workspace, words="yes").split(":")[1] == f"{default}+words=yes"
    assert key(workspace, "the hash of a checkpoint", wishes=FORCED) == own
    workspace.path(TRANSCRIPT).unlink()
    assert key(workspace).split(":")[1] == default


def test_new_rules_keep_the_model_and_the_language(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = key(workspace, "large-v3", beam="5", wishes=Wishes(language="fr"))
    made(workspace, first)
    monkeypatch.setattr(step_transcribe, "TRANSCRIBE_RULES", "next")
    later = key(workspace)
    assert later.split(":")[0] != first.split(":")[0]
    assert later.split(":")[1:] == first.split(":")[1:]


class StopError(Exception):
    """Raised once it is known what would be built."""


@pytest.mark.parametrize("wishes", [FORCED, Wishes()])
@pytest.mark.parametrize("now", [{}, {"words": True}, {"beam": 1}, {"model": "base"}])
def test_what_is_built_is_what_the_key_says(
    workspace: Workspace, now: dict[str, object], wishes: Wishes
) -> None:
    first = tools(settings_with(model="large-v3", beam=5, precision="float32"))
    made(workspace, transcript_from(workspace, TALK_OF_ONE, first, Wishes())[1])
    asked = tools(settings_with(**now))
    built: list[Engine] = []

    def stop(decided: Mapping[str, str]) -> Recogniser:
        built.append(asked.recogniser(decided).engine)
        raise StopError

    watched = replace(asked, recogniser=stop)
    if not now and not wishes.force:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(step_transcribe, "put_side", lambda *_, **__: [])
            step_transcribe.transcribe(workspace, watched, Glossary(), wishes, no_progress)
        assert not built
        return
    with pytest.raises(StopError):
        step_transcribe.transcribe(workspace, watched, Glossary(), wishes, no_progress)
    [engine] = built
    assert engine.model == now.get("model", "large-v3")
    assert engine.parameters["beam"] == str(now.get("beam", 5))
    assert engine.parameters["words"] == ("yes" if "words" in now else "no")
    assert engine.parameters["precision"] == "float32"
    said = transcript_from(workspace, TALK_OF_ONE, asked, wishes)[1].split(":")[1]
    beam = "" if "beam" in now else "+beam=5"
    words = "+words=yes" if "words" in now else ""
    assert said == f"{digest(engine.model)}{beam}+precision=float32{words}"


def test_the_same_recogniser_serves_talk_after_talk() -> None:
    built = tools(settings_with())
    plain = {"engine": "whisper", "precision": "auto", "beam": "1", "words": "no", "model": ""}
    assert built.recogniser(plain) is built.recogniser(dict(plain))
    assert built.recogniser({**plain, "beam": "2"}).engine.parameters["beam"] == "2"


def test_words_for_a_transcript_without(workspace: Workspace) -> None:
    made(workspace, key(workspace))
    assert key(workspace, words="yes") != key(workspace)


# --- from the settings ----------------------------------------------------------------------------


def tools(settings: Settings) -> Tools:
    return build_tools(settings, {}, Console(quiet=True), fast=False)


def settings_with(**values: object) -> Settings:
    return load(None, {}, {"transcribe": values})


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_the_settings_name_the_engine() -> None:
    assert tools(settings_with()).recogniser_options == {}
    plain = settings_with(precision="auto", beam=1, words=False)
    assert tools(plain).recogniser_options == {"precision": "auto", "beam": "1", "words": "no"}
    asked = settings_with(engine="faster-whisper", precision="int8", beam=5, words=True)
    assert tools(asked).recogniser_options == {
        "engine": "faster-whisper",
        "precision": "int8",
        "beam": "5",
        "words": "yes",
    }
    for wrong in ({"engine": "whisperx"}, {"precision": "int4"}, {"beam": 0}, {"words": "some"}):
        with pytest.raises(SettingsError, match=next(iter(wrong))):
            settings_with(**wrong)


FASTER = {
    "engine": "faster-whisper",
    "precision": "float32",
    "beam": "3",
    "words": "yes",
    "model": "",
}


def test_the_engine_is_built_as_asked(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("faster_whisper", reason="the extra faster-whisper")
    asked = settings_with(
        engine="faster-whisper", model="tiny", device="cpu", precision="float32", beam=3, words=True
    )
    recogniser = build_tools(asked, {}, Console(), fast=False).recogniser(FASTER)
    engine = recogniser.engine
    assert (engine.name, engine.model) == ("faster-whisper", "tiny")
    assert engine.parameters["dtype"] == "float32"
    assert (engine.parameters["beam"], engine.parameters["words"]) == ("3", "yes")
    said = capsys.readouterr().err
    assert "to download to" in said
    assert "converted once for faster-whisper, 75.6 MB" in said
    with pytest.raises(SettingsError, match="mps"):
        tools(settings_with(engine="faster-whisper", device="mps")).recogniser(FASTER)


def test_without_the_extra_it_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(MissingError) as caught:
        tools(settings_with(engine="faster-whisper")).recogniser(FASTER)
    assert "see-the-world[faster-whisper]" in caught.value.hint


@pytest.mark.parametrize("engine", ["", "faster-whisper"])
def test_the_doctor_misses_it_only_where_it_is_asked_for(
    engine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:

    version = importlib.metadata.version

    def without(name: str) -> str:
        if name == "faster-whisper":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", without)
    examine(settings_with(engine=engine), {}, Console(as_json=True))
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    [row] = [r for r in rows if r["what"] == "faster-whisper"]
    assert row["state"] == ("missing" if engine else "optional")
    assert "see-the-world[faster-whisper]" in row["mend"]


def test_the_doctor_finds_it(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("faster_whisper", reason="the extra faster-whisper")
    examine(settings_with(), {}, Console(as_json=True))
    assert "CTranslate2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("engine", "code", "said"), [("whisperx", 2, "'whisperx'"), ("faster-whisper", 3, "no talk")]
)
def test_the_command_line_takes_it(engine: str, code: int, said: str) -> None:
    options = ("--engine", engine, "--precision", "int8", "--beam", "2", "--words")
    done = subprocess.run(
        [sys.executable, "-m", "translate", "transcribe", "nosuch", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
