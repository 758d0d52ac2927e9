"""The known translation servers, read from `translate/data/presets.toml`, and which to take.

Knows addresses, default model names and where a key would stand in the environment; never reads
a key's value beyond asking whether there is one, and never sends anything but a GET of the model
list to this machine's own loopback address.
"""

import json
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from translate.errors import BadFileError

Profile = Literal["chat", "mt"]
"""What a model was made for: conversation, or nothing but translation (see `prompting`)."""

_KEYS = {
    *("title", "base_url", "key_env", "model", "temperature", "body", "note", "price"),
    *("profile", "serves"),
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_BIGGEST_LIST = 1_000_000  # bytes of a model list


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a million tokens cost, and when that was so."""

    input: float
    output: float
    currency: str
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One server that speaks the OpenAI chat protocol."""

    name: str
    title: str
    base_url: str
    key_env: str = ""  # empty: no key is sent
    model: str = ""  # empty: the server is asked
    temperature: float | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    profile: Profile = "chat"
    serves: str = ""  # part of the names of the only models that it is for, in lower case
    price: Price | None = None
    note: str = ""
    as_of: date = date.min

    @property
    def local(self) -> bool:
        """Whether it runs on this machine, so that no text leaves it."""
        return urlsplit(self.base_url).hostname in _LOOPBACK


def load(path: Path | None = None) -> tuple[Preset, ...]:
    """All presets, in the order in which `auto` tries them.

    Raises BadFileError naming file and entry when the file is not as described at its top.
    """
    source = path or files("translate").joinpath("data/presets.toml")
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8"))
        as_of = data["as_of"]
        return tuple(_preset(name, entry, as_of) for name, entry in data["presets"].items())
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise BadFileError(
            f"{source}: not a list of presets: {error}", "Compare it with the one shipped."
        ) from error


def _preset(name: str, entry: Mapping[str, Any], as_of: date) -> Preset:
    if unknown := set(entry) - _KEYS:
        raise ValueError(f"[presets.{name}] has unknown keys {', '.join(sorted(unknown))}")
    if entry.get("profile", "chat") not in get_args(Profile):
        raise ValueError(f"[presets.{name}] has no profile of {', '.join(get_args(Profile))}")
    price = entry.get("price")
    values = {k: v for k, v in entry.items() if k != "price"}
    return Preset(name=name, as_of=as_of, price=Price(**price) if price else None, **values)


def find_local(
    timeout: float = 0.3, presets: tuple[Preset, ...] | None = None
) -> tuple[Preset, ...]:
    """The presets of this machine whose server answers now, each with a model it has.

    Asks only loopback addresses, without a proxy, at most `timeout` seconds each.
    """
    known = load()
    # A translation model is no chat model: it would answer no JSON.
    special = [p.serves for p in known if p.serves]
    listed: dict[str, list[str]] = {}
    found = []
    for preset in presets if presets is not None else known:
        if not preset.local:
            continue
        if preset.base_url not in listed:
            listed[preset.base_url] = _models(preset.base_url, timeout)
        models = [m for m in listed[preset.base_url] if _fits(m, preset, special)]
        if models:
            model = preset.model if preset.model in models else models[0]
            found.append(replace(preset, model=model))
    return tuple(found)


def _fits(model: str, preset: Preset, special: Sequence[str]) -> bool:
    if preset.serves:
        return preset.serves in model.lower()
    return not any(part in model.lower() for part in special)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A server on this machine that points elsewhere is not followed."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _models(base_url: str, timeout: float) -> list[str]:
    """Chat models that a local server lists; empty when there is none or no server."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(f"{base_url.rstrip('/')}/models", timeout=timeout) as response:
            listed = json.loads(response.read(_BIGGEST_LIST))["data"]
            names = [str(model["id"]) for model in listed]
    except (OSError, ValueError, KeyError, TypeError):  # no server, or one of another kind
        return []
    # Ollama's cloud models would send the text away; embedding models do not chat.
    return [n for n in names if n and not n.endswith("cloud") and "embed" not in n.lower()]


def choose_auto(
    environ: Mapping[str, str],
    *,
    presets: tuple[Preset, ...] | None = None,
    local: Callable[[], tuple[Preset, ...]] = find_local,
) -> Preset | None:
    """What to use when nobody said: a server whose key is there, else a local one, else none."""
    for preset in presets if presets is not None else load():
        if preset.key_env and environ.get(preset.key_env, "").strip():
            return preset
    return next(iter(local()), None)
