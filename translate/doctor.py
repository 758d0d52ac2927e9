"""What is here and what is missing on this machine, each with the command that mends it.

Looks, and changes nothing: no download, no server but this machine's own, no model loaded.
"""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from translate import glossary as terms
from translate.compose import (
    DEFAULT_MODEL,
    choose_preset,
    download_model,
    glossary_files,
    left_out,
    look_up_model,
)
from translate.console import Console, human_bytes
from translate.errors import MissingError, StwError
from translate.settings import Settings

PACKAGES = (
    "torch",
    "openai-whisper",
    "yt-dlp",
    "yt-dlp-ejs",
    "av",
    "onnxruntime",
    "silero-vad",
    "pysrt",
    "langdetect",
    "markdown-it-py",
    "openai",
)
INSTALL = "pip install -c constraints.txt -e ."
ROOM = 3_000_000_000  # bytes: a talk of an hour with video, and some air
MARKS = {"ok": "✓", "missing": "✗", "optional": "·"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at. `missing` stops the work, `optional` does not."""

    what: str
    state: Literal["ok", "missing", "optional"]
    detail: str
    mend: str = ""


def examine(settings: Settings, environment: Mapping[str, str], console: Console) -> bool:
    """Look at everything and print it; True when nothing needed is missing."""
    checks = [
        _python(),
        *(_package(name) for name in PACKAGES),
        _javascript(),
        _device(),
        _whisper(settings),
        _faster_whisper(settings),
        _slides(settings),
        _translator(settings, environment),
        _glossary(settings),
        _drafts(settings),
    ]
    rows = [(MARKS[c.state], c.what, c.detail, c.mend and f"→ {c.mend}") for c in checks]
    console.table(("", "what", "", "mend"), rows, [asdict(c) for c in checks])
    return all(c.state != "missing" for c in checks)


def fetch_model(name: str, console: Console, *, agreed: Callable[[str], bool]) -> None:
    """Download a language model once its size and licence were shown, and `agreed` to.

    Raises SettingsError, MissingError and NetworkError as `backends.local` does.
    """
    found = look_up_model(name)
    licence = found.licence or "no licence is stated"
    text = f"{found.name} ({found.revision[:12]}): {human_bytes(found.bytes)}, {licence}"
    data = {"name": found.name, "bytes": found.bytes, "licence": found.licence, "folder": None}
    if not agreed(text):
        console.result(f"{text}\nnot downloaded", data)
        return
    folder = download_model(found)
    console.result(str(folder), {**data, "folder": str(folder)})


def _python() -> Check:
    version = ".".join(str(n) for n in sys.version_info[:3])
    return Check(what="Python", state="ok", detail=version)


def _package(name: str) -> Check:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Check(what=name, state="missing", detail="not installed", mend=INSTALL)
    return Check(what=name, state="ok", detail=version)


def _javascript() -> Check:
    from translate.backends.ytdlp import javascript_runtime

    found = javascript_runtime()
    if found:
        return Check(what="JavaScript for YouTube", state="ok", detail=found)
    return Check(
        what="JavaScript for YouTube",
        state="optional",
        detail="none: YouTube gives few formats or none",
        mend='pip install "yt-dlp[default,deno]"',
    )


def _device() -> Check:
    import torch

    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        name = torch.cuda.get_device_name()
        memory = f"{human_bytes(free)} of {human_bytes(total)} free"
        return Check(what="GPU", state="ok", detail=f"{name}, {memory}")
    if torch.backends.mps.is_available():
        return Check(what="GPU", state="ok", detail="Apple (mps)")
    threads = torch.get_num_threads()
    return Check(what="GPU", state="optional", detail=f"none; {threads} CPU threads", mend="--fast")


def _whisper(settings: Settings) -> Check:
    from translate.backends.whisper_files import plan_download

    wish = settings.transcribe
    model = wish.model or DEFAULT_MODEL
    folder = Path(wish.model_dir) if wish.model_dir else None
    try:
        plan = plan_download(model, folder)
    except StwError as e:
        return Check(what="Whisper model", state="missing", detail=e.message, mend=e.hint)
    size = human_bytes(plan.bytes)
    if plan.present:
        return Check(what="Whisper model", state="ok", detail=f"{model}, {size}, {plan.path}")
    return Check(
        what="Whisper model",
        state="optional",
        detail=f"{model} is not here yet: {size} to {plan.path}",
        mend="the first stw transcribe brings it; or put the file there by hand",
    )


def _faster_whisper(settings: Settings) -> Check:
    """The other engine: needed only where the settings ask for it."""
    from translate.backends.faster_whisper import EXTRA

    try:
        versions = [importlib.metadata.version(p) for p in ("faster-whisper", "ctranslate2")]
    except importlib.metadata.PackageNotFoundError:
        wanted = settings.transcribe.engine == "faster-whisper"
        return Check(
            what="faster-whisper",
            state="missing" if wanted else "optional",
            detail="not installed: --engine faster-whisper needs it",
            mend=EXTRA,
        )
    return Check(
        what="faster-whisper", state="ok", detail=f"{versions[0]} on CTranslate2 {versions[1]}"
    )


def _slides(settings: Settings) -> Check:
    """Who reads slides: needed only where the settings ask for their text."""
    from translate.backends.rapid_ocr import EXTRA, RapidOcr

    try:
        engine = RapidOcr().engine
    except MissingError as e:
        wanted = settings.slides == "full"
        return Check(
            what="slides",
            state="missing" if wanted else "optional",
            detail=f"{e.message.rstrip('.')}: they stand as pictures",
            mend=e.hint or EXTRA,
        )
    return Check(what="slides", state="ok", detail=f"{engine.name} {engine.version}")


def _translator(settings: Settings, environment: Mapping[str, str]) -> Check:
    wish = settings.translate
    if wish.translator in ("none", "memory"):
        return Check(what="translator", state="ok", detail=wish.translator)
    try:
        preset = choose_preset(wish, environment)
    except StwError as e:
        return Check(what="translator", state="missing", detail=e.message, mend=e.hint)
    if preset is None:
        return Check(
            what="translator",
            state="optional",
            detail="none: drafts come with 【待译】 slots",
            mend=f"export one of {', '.join(_key_names())}; or start Ollama",
        )
    where = f"{preset.title}, {preset.model or 'its own model'}"
    if preset.key_env and not environment.get(preset.key_env):
        return Check(
            what="translator",
            state="missing",
            detail=f"{where}: no key in {preset.key_env}",
            mend=f"export {preset.key_env}=…",
        )
    return Check(what="translator", state="ok", detail=where)


def _key_names() -> list[str]:
    from translate.backends import presets

    return [p.key_env for p in presets.load() if p.key_env]


def _glossary(settings: Settings) -> Check:
    try:
        found = terms.load(glossary_files(settings))
    except StwError as e:
        return Check(what="glossary", state="missing", detail=e.message, mend="stw glossary check")
    detail = f"{len(found.terms)} terms"
    if note := left_out(settings):
        return Check(what="glossary", state="ok", detail=detail, mend=note)
    return Check(what="glossary", state="ok", detail=detail)


def _drafts(settings: Settings) -> Check:
    """Whether talks can be written, and how much room there is."""
    folder = Path(settings.drafts).resolve()
    there = folder
    while not there.exists():
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK):
        return Check(
            what="drafts folder",
            state="missing",
            detail=f"{folder} cannot be written",
            mend="--drafts FOLDER, or mend the permissions",
        )
    free = shutil.disk_usage(there).free
    detail = f"{folder}, {human_bytes(free)} free"
    if free < ROOM:
        return Check(what="drafts folder", state="optional", detail=detail, mend="free some space")
    return Check(what="drafts folder", state="ok", detail=detail)
