"""What every step has in common: tools, wishes, results, and how a made file is kept up to date.

Knows states and backups; knows no stage.
"""

import datetime
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

from translate.coverage import Coverage
from translate.errors import ConflictError, MissingError, StwError
from translate.glossary import Glossary
from translate.model import Cue, Flag, Problem, Progress, Usage
from translate.stages import annotate as annotating
from translate.stages import assemble as assembling
from translate.stages import fetch as fetching
from translate.stages import slides as sliding
from translate.stages import transcribe as transcribing
from translate.stages import translate as translating
from translate.workspace import DRAFT, DRAFT_BASE, LEARNED, State, Workspace

S = TypeVar("S")
T = TypeVar("T")


class Captions(Protocol):
    """What a captions file holds, as it stands there."""

    @property
    def cues(self) -> tuple[Cue, ...]: ...
    @property
    def flags(self) -> tuple[Flag, ...]: ...


def _nobody(*_: object) -> NoReturn:
    raise MissingError("nothing here looks at slides")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The outside world, each thing built only when it is needed."""

    downloader: Callable[[], fetching.Downloader]
    decode: Callable[[Path, Progress], transcribing.Audio]
    detector: Callable[[], transcribing.SpeechDetector]
    # From engine, precision, beam, words and model; an empty model: what was asked for, or default.
    recogniser: Callable[[Mapping[str, str]], transcribing.Recogniser]
    recogniser_id: Callable[[], str]  # the model that was asked for, unloaded; empty: none was
    recogniser_options: Mapping[str, str] = field(default_factory=dict)  # engine, beam, …: as asked
    default_model: str  # what is taken when none was asked for
    known_models: Callable[[], Collection[str]] = tuple  # that can be built by name alone
    count_tokens: Callable[[str], int]  # as Whisper counts
    read_captions: Callable[[Path], Captions]
    text_language: Callable[[str], tuple[str, float]]
    translator: Callable[[], translating.Translator]
    translator_id: Callable[[], str]  # preset, model, prompt; empty: nobody is configured
    memory: Callable[[], translating.TranslationMemory | None]
    slide_video: Callable[[Path], sliding.Video[Any]] = _nobody
    # Raises MissingError where the package that reads is not installed.
    slide_reader: Callable[[], sliding.Reader[Any]] = _nobody
    encode_picture: Callable[[Any], tuple[bytes, str]] = _nobody  # to a file's bytes and ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user chose for this run."""

    captions: str = "auto"  # auto, never, only
    language: str = ""  # empty: English is expected and checked
    audio_only: bool = False
    slides: str = ""  # none, images, full; empty: full, and images where nothing here reads
    untranslated: bool = False  # no translation was asked for, so none is no failure
    signed: bool = True  # the user has said whose name stands under the posts
    force: bool = False  # make again what is edited, after a backup
    pace: translating.Pace = field(default_factory=translating.Pace)
    notes: annotating.Amount = "few"  # slots for editor's notes
    counterparts: Glossary = field(default_factory=Glossary)  # PyTorch's names and Paddle's
    column: assembling.Column = field(default_factory=assembling.Column)
    today: datetime.date = field(default_factory=datetime.date.today)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What one stage found and did."""

    stage: str
    file: str
    found: State
    did: str  # "made", "kept", "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One talk after a run."""

    workspace: Workspace
    made: tuple[Made, ...] = ()
    problems: tuple[Problem, ...] = ()
    usage: Usage = field(default_factory=Usage)
    coverage: Coverage | None = None  # of a transcript that was held against its sound
    stopped: StwError | None = None  # what ended the translator early; the draft is there


def untouched(workspace: Workspace) -> bool:
    """Whether nobody has edited the draft: it is as we wrote it, and not from its own editor."""
    ours = text_of(workspace, DRAFT) == text_of(workspace, DRAFT_BASE)
    return ours and not workspace.has(LEARNED)


def bring(
    workspace: Workspace,
    stage: str,
    name: str,
    key: str,
    make: Callable[[], object],
    *,
    force: bool,
) -> Made:
    """Make a file if it is missing or stale; never over a person's words without `force`."""
    found = workspace.state(name, key)
    if found in (State.FRESH, State.EDITED) and not force:
        return Made(stage=stage, file=name, found=found, did="kept")
    if found is State.CONFLICT and not force:
        raise conflict(workspace, name)
    before = content(workspace, name)
    value = make()
    if content(workspace, name) != before:  # saved by a person while we worked
        raise conflict(workspace, name)
    if found in (State.EDITED, State.CONFLICT):
        workspace.back_up(name)
    workspace.put(name, value, key=key)
    return Made(stage=stage, file=name, found=found, did="made")


def content(workspace: Workspace, name: str) -> bytes | None:
    return workspace.read(name) if workspace.has(name) else None


def undisturbed(
    workspace: Workspace, name: str, look: Callable[[Workspace, str], S], make: Callable[[S], T]
) -> tuple[S, T]:
    """What a person's file says, by `look`, and what `make` makes of it.

    If somebody saves it meanwhile, from the start. Raises ConflictError where that does not end.
    """
    for _ in range(5):
        mine = look(workspace, name)
        made = make(mine)
        if look(workspace, name) == mine:
            return mine, made
    raise ConflictError(f"{workspace.path(name)} keeps changing", "save it, then run again")


def conflict(workspace: Workspace, name: str) -> ConflictError:
    return ConflictError(
        f"{workspace.path(name)} was edited by hand, and what it was made from has changed since",
        "keep yours: undo the change of the source; or take the new one: stw draft (or transcribe)"
        f" {workspace.slug} --force (yours is backed up first)",
    )


def put_side(
    workspace: Workspace, name: str, text: str, *, source: str = "", force: bool = False
) -> list[Problem]:
    """Write a file that is only derived; one that a person edited is left, and that is said.

    `source`: the file to edit instead, where nobody should take this one for it. With `force` it
    is made again after a backup.
    """
    if workspace.edited(name) and force:
        workspace.back_up(name)
    elif workspace.edited(name):
        more = f"; nothing reads it: the words come from {source}" if source else ""
        hint = f"edit {source} instead; " if source else ""
        return [
            Problem(
                rule="edited-side-file",
                severity="warning" if source else "info",
                message=f"edited by hand, so it was left as it is{more}",
                where=name,
                hint=f"{hint}move it away to have it made again",
            )
        ]
    workspace.put(name, text, key="")
    return []


def text_of(workspace: Workspace, name: str) -> str | None:
    return workspace.text(name) if workspace.has(name) else None
