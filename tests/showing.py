"""A scripted video, a scripted reader and a talk's folder for what is tested about slides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from translate.backends.memory import NoTranslator
from translate.errors import MediaError, MissingError
from translate.model import (
    Box,
    Engine,
    Flag,
    Media,
    Progress,
    Showing,
    Step,
    Talk,
    TextBox,
)
from translate.pipeline.run import Tools
from translate.workspace import TALK, Workspace

Picture = npt.NDArray[np.uint8]


def never(*_: object) -> object:
    raise AssertionError("this step needs no such tool")


def line(text: str, top: float, *, left: float = 0.1, confidence: float = 0.99) -> TextBox:
    """One line as a reader gives it; smaller than a title's."""
    box = Box(left=left, top=top, right=left + 0.02 * len(text), bottom=top + 0.05)
    return TextBox(text=text, box=box, confidence=confidence)


def page(title: str, *bullets: str, confidence: float = 0.99) -> tuple[TextBox, ...]:
    """A slide with a large title and bullets below it."""
    box = Box(left=0.1, top=0.06, right=0.1 + 0.03 * len(title), bottom=0.16)
    lines = (line(f"• {b}", 0.3 + 0.1 * n, confidence=confidence) for n, b in enumerate(bullets))
    return (TextBox(text=title, box=box, confidence=0.99), *lines)


@dataclass
class Video:
    """Showings by their numbers; the picture of one has its number as its colour."""

    showings: tuple[Showing, ...]
    broken: set[int] = field(default_factory=set)  # numbers that cannot be decoded
    blind: bool = False  # nothing of it can be seen
    flags: tuple[Flag, ...] = ()
    found: int = 0
    seen: list[int] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)  # the moments of those pictures

    def find(self, progress: Progress) -> tuple[Showing, ...]:
        if self.blind:
            raise MediaError("no picture in it could be decoded", "fetch it again")
        progress(Step(stage="find", done=1, total=2, unit="seconds"))
        self.found += 1
        return self.showings

    def picture(self, showing: Showing) -> Picture:
        self.seen.append(showing.of)
        self.asked.append(showing.at)
        if showing.of in self.broken:
            raise MediaError(f"no picture at {showing.at:.1f} s", "fetch it again")
        return np.full((9, 16, 3), showing.of, dtype=np.uint8)


@dataclass
class Reader:
    """Reads what was written for a number."""

    pages: Mapping[int, tuple[TextBox, ...]]
    unreadable: set[int] = field(default_factory=set)
    engine: Engine = field(default_factory=lambda: Engine(name="scripted", model="m"))
    read_: list[int] = field(default_factory=list)

    def read(self, picture: Picture) -> tuple[TextBox, ...]:
        of = int(picture[0, 0, 0])
        self.read_.append(of)
        if of in self.unreadable:
            raise MediaError("it could not be read")
        return self.pages.get(of, ())


def encode(picture: Picture) -> tuple[bytes, str]:
    return b"picture %d" % picture[0, 0, 0], ".png"


def no_reader() -> Reader:
    raise MissingError("nothing reads here", "pip install 'see-the-world[slides]'")


def shown(of: int, start: float, end: float) -> Showing:
    return Showing(start=float(start), end=float(end), at=(start + end) / 2, of=of)


def talk_with_video(folder: Path, sha: str = "5") -> Workspace:
    """A talk whose video was downloaded."""
    workspace = Workspace(folder)
    media = Media(kind="video", file="media/a.mp4", bytes=1, sha256=sha * 64)
    path = workspace.path(media.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    talk = Talk(slug=folder.name, title="A talk", date="2026-01-02", media=(media,))
    workspace.put(TALK, talk, key="")
    return workspace


def tools(video: Video, reader: Callable[[], Reader]) -> Tools:
    return Tools(
        **dict.fromkeys(  # type: ignore[arg-type]
            ("downloader", "decode", "detector", "recogniser", "read_captions", "text_language"),
            never,
        ),
        recogniser_id=lambda: "",
        default_model="",
        count_tokens=lambda text: len(text.split()),
        translator=NoTranslator,
        translator_id=lambda: "none",
        memory=lambda: None,
        slide_video=lambda _: video,
        slide_reader=reader,
        encode_picture=encode,
    )
