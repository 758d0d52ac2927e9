"""Whisper's checkpoints as files: their names, sizes, download and proof.

Does not know what a checkpoint is for. A download goes to a `.part` file, continues where it broke
off, and takes its name only when its SHA-256 is right.
"""

import hashlib
import http.client
import os
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from translate.errors import BadFileError, MissingError, SettingsError
from translate.model import Progress, Step

# Names → file, bytes. The addresses and hashes are openai-whisper's own.
CHECKPOINTS = {
    "tiny.en": ("tiny.en.pt", 75_571_315),
    "tiny": ("tiny.pt", 75_572_083),
    "base.en": ("base.en.pt", 145_261_783),
    "base": ("base.pt", 145_262_807),
    "small.en": ("small.en.pt", 483_615_683),
    "small": ("small.pt", 483_617_219),
    "medium.en": ("medium.en.pt", 1_528_006_491),
    "medium": ("medium.pt", 1_528_008_539),
    "large-v1": ("large-v1.pt", 3_086_999_982),
    "large-v2": ("large-v2.pt", 3_086_999_982),
    "large-v3": ("large-v3.pt", 3_087_371_615),
    "large": ("large-v3.pt", 3_087_371_615),
    "large-v3-turbo": ("large-v3-turbo.pt", 1_617_941_637),
    "turbo": ("large-v3-turbo.pt", 1_617_941_637),
}
TIMEOUT = 60.0  # seconds without a byte
BLOCK = 1 << 20
SPARE = 64 << 20  # bytes of disk to leave free after a download


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where a checkpoint lies or will lie, and what is still to be fetched for it."""

    path: Path
    bytes: int  # of the whole checkpoint
    present: bool  # nothing will be downloaded


def plan_download(model: str, model_dir: Path | None = None) -> Plan:
    """What loading `model` (a name, or a path to a `.pt`) would take; touches no network.

    Raises SettingsError for a name that is neither, BadFileError for a path without a file.
    """
    if model in CHECKPOINTS:
        name, size = CHECKPOINTS[model]
        path = (model_dir or _cache_dir()) / name
        present = path.is_file() and path.stat().st_size == size
        return Plan(path=path, bytes=size, present=present)
    path = Path(model).expanduser()
    if path.is_file():
        return Plan(path=path, bytes=path.stat().st_size, present=True)
    if path.suffix == ".pt" or len(path.parts) > 1:
        raise BadFileError(f"{path}: no such checkpoint.", "Check the path given as the model.")
    raise SettingsError(
        f"No Whisper model is called {model!r}.",
        f"Choose one of {', '.join(CHECKPOINTS)}, or give the path of a .pt file.",
    )


def checkpoint(model: str, model_dir: Path | None, progress: Progress) -> Path:
    """The checkpoint's file, downloaded and verified where it has an official name."""
    plan = plan_download(model, model_dir)
    if model not in CHECKPOINTS:
        return plan.path
    expected = _sha256_of_name(model)
    if not plan.present:
        _download(_url(model), expected, plan, progress)
    elif _sha256(plan.path) != expected:
        raise MissingError(
            f"{plan.path}: not the checkpoint that it is named after (its SHA-256 differs).",
            "Delete the file and run again, or give another with --model /path/to/file.pt.",
        )
    return plan.path


def sha256_of(model: str, model_dir: Path | None = None) -> str:
    """What the checkpoint's bytes are, in hex; downloads nothing."""
    if model in CHECKPOINTS:
        return _sha256_of_name(model)
    path = plan_download(model, model_dir).path
    stat = path.stat()
    return _sha256(path, stat.st_size, stat.st_mtime_ns)


def _cache_dir() -> Path:
    """Where openai-whisper itself keeps checkpoints, so that both share one copy."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whisper"


def _url(name: str) -> str:
    import whisper

    # Upstream offers no public way to its addresses.
    return str(whisper._MODELS[name])


def _sha256_of_name(name: str) -> str:
    return _url(name).split("/")[-2]


@cache
def _sha256(path: Path, _size: int = 0, _modified: int = 0) -> str:
    """SHA-256 of a file; size and time are there to tell a changed file from one seen before."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(url: str, expected: str, plan: Plan, progress: Progress) -> None:
    """Fetch a checkpoint to `plan.path`, which appears only when it is whole and verified."""
    part = plan.path.with_name(plan.path.name + ".part")
    try:
        plan.path.parent.mkdir(parents=True, exist_ok=True)
        have = part.stat().st_size if part.exists() else 0
        free = shutil.disk_usage(plan.path.parent).free
        if free < plan.bytes - have + SPARE:
            raise MissingError(
                f"{plan.path.parent}: {free / 1e9:.1f} GB free, and the model needs"
                f" {(plan.bytes - have) / 1e9:.1f} GB.",
                "Free some space, or choose another folder with --model-dir.",
            )
        _fetch(url, part, have, plan, progress)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise _by_hand(url, plan, f"it could not be downloaded ({reason})") from error
    with part.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != expected:
        part.unlink()
        raise _by_hand(url, plan, "what arrived is not it (its SHA-256 differs)")
    part.replace(plan.path)


def _fetch(url: str, part: Path, have: int, plan: Plan, progress: Progress) -> None:
    """Bytes from `url` appended to `part`; OSError where they end too early."""
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing is left to fetch
            return
        raise
    with response, part.open("ab" if response.status == 206 else "wb") as out:
        done = out.tell()
        length = response.headers.get("Content-Length")
        total = done + int(length) if length else plan.bytes
        note = str(plan.path)
        while block := response.read(BLOCK):
            out.write(block)
            done += len(block)
            progress(Step(stage="download", done=done, total=total, unit="bytes", note=note))
        if length and done < total:
            raise OSError(f"the connection broke off at {done} of {total} bytes")


def _by_hand(url: str, plan: Plan, why: str) -> MissingError:
    return MissingError(
        f"The Whisper model is not here: {why}.",
        f"Run again to continue the download. Or fetch {url} elsewhere, put it at {plan.path},"
        " or name it with --model /path/to/file.pt.",
    )
