"""Settings: precedence, and mistakes that name where they stand."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from translate.cli import app
from translate.errors import SettingsError
from translate.settings import ENVIRONMENT, Settings, load


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "stw.toml"


def test_defaults_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(None, {}, {}) == Settings()


def test_flag_beats_environment_beats_file(toml: Path) -> None:
    toml.write_text('[transcribe]\nmodel = "base"\ndevice = "cpu"\ncaptions = "never"\n')
    env = {"STW_WHISPER_MODEL": "small", "STW_DEVICE": "cuda"}
    got = load(toml, env, {"transcribe": {"model": "tiny", "device": None}}).transcribe
    assert (got.model, got.device, got.captions) == ("tiny", "cuda", "never")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[transcribe]\nmodle = 'x'", "modle"),
        ("[transcribe]\ndevice = 'tpu'", "device"),
        ("colum = 1", "colum"),
        ("drafts = ", "stw.toml"),
        ("[column]\nauthor = 'me'", r"column\.author must be a table \{ \}, and is text"),
        ("[column]\nauthor = {name = 'x'}", "column.author needs github"),
        ("[translate]\nbudget = -1", "translate.budget must be at least 0$"),
        ("[translate]\nat_once = 65", "translate.at_once must be at most 64$"),
        ("[translate]\nprice = [1, 'x']", r"translate.price\[1\] must be a number, and is text"),
        ("[translate]\nmodle = 'x'", "unknown key translate.modle$"),
        ("[translate]\nprofile = 'x'", "translate.profile cannot be 'x'$"),
    ],
)
def test_a_mistake_names_file_and_place(toml: Path, text: str, says: str) -> None:
    toml.write_text(text)
    with pytest.raises(SettingsError, match=says) as caught:
        load(toml, {}, {})
    assert str(toml) in caught.value.message


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("engine", "x", "transcribe.engine is faster-whisper, whisper or empty"),
        ("precision", "fp8", "bfloat16, float16, float32, int8"),
        ("captions", "x", "transcribe.captions is auto, never or only"),
        ("beam", 99, "transcribe.beam is a whole number from 1 to 10"),
        ("beam", "x", "from 1 to 10"),
        ("model", 3, "README"),
    ],
)
def test_a_wrong_choice_is_told_the_choices(key: str, value: object, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(None, {}, {"transcribe": {key: value}})
    assert says in caught.value.hint


def test_beams_are_as_many_as_the_engines_take() -> None:
    from translate.backends.whisper import MOST_BEAMS

    assert load(None, {}, {"transcribe": {"beam": MOST_BEAMS}}).transcribe.beam == MOST_BEAMS
    with pytest.raises(SettingsError):
        load(None, {}, {"transcribe": {"beam": MOST_BEAMS + 1}})


def test_a_mistake_in_the_environment_names_the_variable(toml: Path) -> None:
    toml.write_text("")
    with pytest.raises(SettingsError, match="STW_DEVICE"):
        load(toml, {"STW_DEVICE": "tpu"}, {})


@pytest.mark.parametrize("command", ["run", "draft", "slides"])
@pytest.mark.parametrize("way", ["flag", "environment"])
def test_another_mode_of_slides_is_refused_with_the_choices(
    command: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    flags = ["--slides", "foo"] if way == "flag" else []
    environment = {} if way == "flag" else {"STW_SLIDES": "foo"}
    refused = CliRunner().invoke(app, [command, "x", *flags], env=environment).exception
    assert isinstance(refused, SettingsError)
    assert refused.exit_code == 2
    assert refused.message.endswith(": slides cannot be 'foo'")
    assert all(name in refused.hint for name in ("full", "images", "none"))


def test_finding_slides_cannot_be_asked_for_without_any() -> None:
    refused = CliRunner().invoke(app, ["slides", "x", "--slides", "none"]).exception
    assert isinstance(refused, SettingsError)


def test_every_variable_fills_a_real_place(toml: Path) -> None:
    toml.write_text("")
    for variable, place in ENVIRONMENT.items():
        value = "full" if variable == "STW_SLIDES" else "cuda"
        got: object = load(toml, {variable: value}, {})
        for name in place:
            got = getattr(got, name)
        assert got in (value, [value]), variable


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no settings file"):
        load(tmp_path / "absent.toml", {}, {})
