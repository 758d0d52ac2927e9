"""Slides: what a video shows becomes slides, each once, with its picture and its words.

Plain functions over small Protocols. A slide that cannot be seen or read is a problem and stands
there without words; the others go on. Knows neither files nor what reads.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from translate.errors import MissingError, StwError
from translate.layout import Page, arrange, settled
from translate.model import (
    Deck,
    Engine,
    Flag,
    Problem,
    Progress,
    Showing,
    Slide,
    Span,
    Step,
    TextBox,
)

_QUOTED = 3  # lines that were hard to read, before the rest is only counted
P = TypeVar("P", bound="Picture")
Gives = TypeVar("Gives", bound="Picture", covariant=True)
Takes = TypeVar("Takes", bound="Picture", contravariant=True)


class Picture(Protocol):
    """Height x width x 3, red, green, blue, 0..255."""

    @property
    def shape(self) -> tuple[int, ...]: ...


class Video(Protocol[Gives]):
    """A video with slides in it."""

    @property
    def flags(self) -> tuple[Flag, ...]: ...  # what was wrong with the file, after `find`

    def find(self, progress: Progress) -> tuple[Showing, ...]:
        """Every stretch in which a slide stands. Raises MediaError where nothing can be seen."""
        ...

    def picture(self, showing: Showing) -> Gives:
        """The slide at its best. Raises MediaError."""
        ...


class Reader(Protocol[Takes]):
    """Whoever reads pictures."""

    @property
    def engine(self) -> Engine: ...

    def read(self, picture: Takes) -> tuple[TextBox, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What was read on one picture."""

    boxes: tuple[TextBox, ...]
    aspect: float  # width over height of the picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look at the whole video came to."""

    showings: tuple[Showing, ...]
    flags: tuple[Flag, ...] = ()  # what was wrong with the file


class Shelf(Protocol[Takes]):
    """Where results lie as soon as there are any, so that a killed run goes on after them."""

    def found(self, find: Callable[[], Found]) -> Found: ...

    def picture(self, showing: Showing) -> str:
        """The file of the picture, if it was kept before; else empty."""
        ...

    def keep(self, showing: Showing, at: float, picture: Takes) -> str:
        """Keep the picture of the slide that was first shown `at`; the name of its file."""
        ...

    def scan(self, showing: Showing) -> Scan | None: ...

    def keep_scan(self, showing: Showing, scan: Scan) -> None: ...


def gather(
    video: Video[P],
    shelf: Shelf[P],
    *,
    reader: Reader[P] | None,
    progress: Progress,
) -> Deck:
    """The slides of a video, each once with all its times. Without a reader, pictures alone.

    Raises MediaError where the video cannot be seen at all, MissingError where the reader's
    models or room on the disk are missing.
    """

    def find() -> Found:
        showings = video.find(progress)  # before the flags, which it finds as well
        return Found(showings=showings, flags=video.flags)

    found = shelf.found(find)
    groups = _slides_of(found.showings)
    seen: list[_Seen] = []
    for n, showings in enumerate(groups):
        progress(Step(stage="slides", done=n, total=len(groups), unit="slides"))
        seen.append(_look(video, shelf, showings, reader))
    progress(Step(stage="slides", done=len(groups), total=len(groups), unit="slides"))
    # What each slide says tells what is a banner and what is not on the others.
    read = [n for n, one in enumerate(seen) if one.page is not None]
    pages = settled([page for one in seen if (page := one.page) is not None])
    for n, page in zip(read, pages, strict=True):
        seen[n] = replace(seen[n], page=page)
    return Deck(
        slides=tuple(map(_slide, seen)),
        problems=(*_about_the_video(found.flags), *(p for one in seen for p in _problems(one))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    shown: tuple[Span, ...]
    image: str = ""
    page: Page | None = None
    missing: str = ""
    hint: str = ""


def _slides_of(showings: Sequence[Showing]) -> list[list[Showing]]:
    """The showings of each slide, in order of when it was first shown."""
    groups: dict[int, list[Showing]] = {}
    for showing in sorted(showings, key=lambda s: (s.start, s.end)):
        groups.setdefault(showing.of, []).append(showing)
    return list(groups.values())


def _look(
    video: Video[P], shelf: Shelf[P], showings: Sequence[Showing], reader: Reader[P] | None
) -> _Seen:
    seen = _Seen(shown=tuple(Span(start=s.start, end=s.end) for s in showings))
    best = max(showings, key=lambda s: (s.fullest, s.end - s.start))
    try:
        image, scan = shelf.picture(best), shelf.scan(best) if reader else None
        if not image or (reader and scan is None):
            picture = video.picture(best)
            image = image or shelf.keep(best, showings[0].start, picture)
            seen = replace(seen, image=image)  # which stands, whatever reading comes to
            if reader and scan is None:
                height, width = picture.shape[:2]
                scan = Scan(boxes=reader.read(picture), aspect=width / max(1, height))
                shelf.keep_scan(best, scan)
    except MissingError:
        raise  # the same for every slide: the disk is full, the models are not there
    except StwError as e:
        return replace(seen, missing=e.message, hint=e.hint)
    return replace(
        seen, image=image, page=arrange(scan.boxes, aspect=scan.aspect) if scan else None
    )


def _slide(seen: _Seen) -> Slide:
    slide = Slide(shown=seen.shown, image=seen.image, missing=seen.missing)
    if seen.page is None:
        return slide
    page = seen.page
    return replace(
        slide,
        kind=page.kind,
        title=page.title,
        lines=page.lines,
        banner=page.banner,
        words=page.words,
    )


# --- what a person must know --------------------------------------------------------------------


def _about_the_video(flags: Sequence[Flag]) -> Iterator[Problem]:
    for flag in flags:
        yield Problem(
            rule="slides-damaged",
            severity="warning",
            message=f"the video is {flag.rule}: slides may be missing there",
            at=flag.start,
            where=flag.detail,
            hint="fetch it again, then stw slides",
        )


def _problems(seen: _Seen) -> Iterator[Problem]:
    at = seen.shown[0].start
    if seen.missing:
        yield Problem(
            rule="slide-missing",
            severity="warning",
            message=f"a slide could not be {'read' if seen.image else 'seen'}: {seen.missing}",
            at=at,
            hint=seen.hint or "stw slides tries again; or write it into slides.json",
        )
    if seen.page is None or seen.page.kind == "picture" or not seen.page.doubtful:
        return  # of a picture, the picture is shown
    lines = seen.page.doubtful
    said = ", ".join(f"“{line}”" for line in lines[:_QUOTED])
    more = f" and {len(lines) - _QUOTED} more" if len(lines) > _QUOTED else ""
    yield Problem(
        rule="slide-unreadable",
        severity="warning",
        message=f"hard to read on this slide: {said}{more}",
        at=at,
        hint="compare it with its picture, and put it right in slides.json or in the draft",
    )
