"""The user's settings: read once, at the edge, into one frozen object.

From the command line, then the environment (`STW_…`), then `stw.toml`, then the defaults below.
An unknown key is an error that names the file. Secrets are never settings: a key for a
translation server is read from the environment variable that `api_key_env` names.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from translate.errors import SettingsError

FILE = "stw.toml"

Precision = Literal["auto", "float32", "bfloat16", "float16", "int8"]
_Several = Annotated[int, msgspec.Meta(ge=1, le=64)]
_Beams = Annotated[int, msgspec.Meta(ge=1, le=10)]  # as many as the engines take
_Amount = Annotated[float, msgspec.Meta(ge=0)]


class FetchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    audio_only: bool = False  # no video, so no slides
    cookies: str = ""  # a cookies.txt file
    cookies_from_browser: str = ""  # "firefox", "chrome:Profile 1"
    proxy: str = ""  # "socks5://127.0.0.1:1080"
    rate_limit: str = ""  # "500K", "2M": bytes per second


class TranscribeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    model: str = ""  # a Whisper name or a .pt file; empty: turbo, or what a talk already has
    fast_model: str = "small.en"  # what --fast takes
    model_dir: str = ""  # where checkpoints lie; empty: openai-whisper's own cache
    engine: Literal["", "whisper", "faster-whisper"] = ""  # empty: whisper, or what a talk has
    device: Literal["auto", "cuda", "cpu", "mps"] = "auto"  # auto: a GPU when there is one
    precision: Literal["", Precision] = ""  # auto, float32, …, int8; empty: auto, or as a talk has
    beam: _Beams | None = None  # hypotheses at once; 1 is greedy; unset: 1, or what a talk has
    words: bool | None = None  # the time of every word; unset: false, or what a talk has
    captions: Literal["auto", "never", "only"] = "auto"  # the creator's own, before Whisper
    language: str = ""  # go on with a talk in this language, without asking


class TranslateSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    translator: str = "auto"  # auto, none, memory, local, or one of data/presets.toml
    model: str = ""  # instead of the preset's own
    profile: Literal["", "chat", "mt"] = ""  # mt: a model that only translates; empty: the preset's
    base_url: str = ""  # any OpenAI-compatible server; takes the place of the preset's
    api_key_env: str = ""  # name of the environment variable that holds the key
    memory: list[str] = []  # .jsonl or .tmx; empty: what was learned, glossary/memory/*.jsonl
    at_once: _Several = 4  # calls under way together
    budget: _Amount | None = None  # stop before a talk costs more
    price: list[_Amount] = []  # of a million tokens, sent and received: [2.0, 3.0]
    currency: str = ""  # of the price and the budget


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    github: str
    avatar: str = ""


class ColumnSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The blog's column: what stands in every post."""

    author: Person | None = None  # {name, github, avatar}
    co_authors: list[Person] = []  # the same, several
    category: str = ""  # of the blog; empty: insights
    boilerplate: str = ""  # Markdown under "## 写在最前"


class PublishSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    blog: str = ""  # a checkout of the blog; empty: a post/ folder beside the draft
    bilingual: bool = False  # keep the English, folded away


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    drafts: str = "drafts"  # one folder per talk
    glossary: list[str] = []  # term base files or folders; empty: ./glossary, else the bundled one
    notes: Literal["few", "all", "none"] = "few"  # slots for editor's notes in the draft
    slides: Literal["", "none", "images", "full"] = ""  # empty: full, or images without the extra
    fetch: FetchSettings = FetchSettings()
    transcribe: TranscribeSettings = TranscribeSettings()
    translate: TranslateSettings = TranslateSettings()
    column: ColumnSettings = ColumnSettings()
    publish: PublishSettings = PublishSettings()


# Environment variable → the place it fills.
ENVIRONMENT = {
    "STW_DRAFTS": ("drafts",),
    "STW_GLOSSARY": ("glossary",),
    "STW_SLIDES": ("slides",),
    "STW_COOKIES": ("fetch", "cookies"),
    "STW_PROXY": ("fetch", "proxy"),
    "STW_WHISPER_MODEL": ("transcribe", "model"),
    "STW_MODEL_DIR": ("transcribe", "model_dir"),
    "STW_DEVICE": ("transcribe", "device"),
    "STW_TRANSLATOR": ("translate", "translator"),
    "STW_CHAT_MODEL": ("translate", "model"),
    "STW_BASE_URL": ("translate", "base_url"),
    "STW_API_KEY_ENV": ("translate", "api_key_env"),
    "STW_MEMORY": ("translate", "memory"),
    "STW_BLOG": ("publish", "blog"),
}
_LISTS = {"glossary", "memory"}  # several paths, separated as in PATH


def load(
    file: Path | None, environment: Mapping[str, str], flags: Mapping[str, Mapping[str, object]]
) -> Settings:
    """Read the settings. `file` None: ./stw.toml when it is there. `flags`: table → key → value.

    A flag that is None was not given. Raises SettingsError naming the file or variable.
    """
    path = file or Path(FILE)
    raw = _read(path, required=file is not None)
    _convert(raw, str(path))  # the file alone, so that its mistakes carry its name
    for variable, place in ENVIRONMENT.items():
        if value := environment.get(variable, ""):
            _set(raw, place, value.split(os.pathsep) if place[-1] in _LISTS else value)
            _convert(raw, variable)
    for table, values in flags.items():
        for key, given in values.items():
            if given is not None:
                _set(raw, (table, key) if table else (key,), given)
    return _convert(raw, "the command line")


def _read(path: Path, *, required: bool) -> dict[str, Any]:
    if not path.is_file():
        if required:
            raise SettingsError(f"no settings file {path}")
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as e:
        raise SettingsError(f"{path}: {e}", "mend the file; README.md lists the keys") from e


def _set(raw: dict[str, Any], place: tuple[str, ...], value: object) -> None:
    *tables, key = place
    for table in tables:
        raw = raw.setdefault(table, {})
    raw[key] = value


def _convert(raw: Mapping[str, Any], source: str) -> Settings:
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as e:
        message = f"{source}: {_in_words(str(e))}"
        place = _place_of(str(e))
        hint = f"{place} is {said}" if (said := allowed(place)) else ""
        raise SettingsError(message, hint or "README.md lists the keys and values") from e


def allowed(place: str) -> str:
    """The values that a key may have, in words; empty where they are not few or not a range."""
    kind: Any = Settings
    for name in place.split("."):
        fields = {f.name: f.type for f in msgspec.structs.fields(kind)} if _is_table(kind) else {}
        kind = fields.get(name)
    info = msgspec.inspect.type_info(kind) if kind else None
    kinds = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    for one in kinds:
        if isinstance(one, msgspec.inspect.LiteralType):
            names = [str(v) for v in one.values if v]
            names = names if len(names) == len(one.values) else [*names, "empty"]
            return f"{', '.join(names[:-1])} or {names[-1]}"
        if isinstance(one, msgspec.inspect.IntType) and one.ge is not None and one.le is not None:
            return f"a whole number from {one.ge} to {one.le}"
    return ""


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _place_of(said: str) -> str:
    """Where msgspec found a wrong value."""
    at = said.partition(" - at `")[2]
    return at.rstrip("`").removeprefix("$").removeprefix(".").replace("[...]", "")


_KINDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "array": "a list [ ]",
    "object": "a table { }",
}


def _in_words(said: str) -> str:
    """What msgspec says of a wrong value, its place first, in words for whoever wrote it."""
    what, place = said.partition(" - at `")[0], _place_of(said)
    if found := re.fullmatch(r"Object contains unknown field `(.+)`", what):
        return f"unknown key {'.'.join(filter(None, (place, found[1])))}"
    if found := re.fullmatch(r"Object missing required field `(.+)`", what):
        return f"{place} needs {found[1]}"
    if found := re.fullmatch(r"Invalid enum value (.+)", what):
        return f"{place} cannot be {found[1]}"
    if found := re.fullmatch(r"Expected `\w+` (>=|<=) ([\d.]+)", what):
        edge = "least" if found[1] == ">=" else "most"
        return f"{place} must be at {edge} {float(found[2]):g}"
    if found := re.fullmatch(r"Expected `(\w+)[^`]*`, got `(\w+)`", what):
        wanted, got = (_KINDS.get(kind, kind) for kind in found.groups())
        return f"{place} must be {wanted}, and is {got}"
    return f"{place}: {what}"
