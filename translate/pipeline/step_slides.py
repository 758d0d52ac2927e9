"""Slides: the video becomes slides.json and the pictures beside it, resumable.

A person edits slides.json; what was found and read lies beside it as the base, and is merged.
"""

import contextlib
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import msgspec

from translate.draft import anchors
from translate.errors import InputError, MediaError, MissingError
from translate.model import (
    Deck,
    Media,
    Problem,
    Progress,
    Showing,
    Slide,
    Talk,
)
from translate.pipeline.run import Made, Result, Tools, Wishes, content, text_of, undisturbed
from translate.slidefile import (
    Merged,
    SlideFile,
    doubts_of,
    left_of,
    merge,
    read,
    rows_of,
    slides_of,
    times_of,
)
from translate.stages import slides as sliding
from translate.workspace import (
    DRAFT,
    PICTURES,
    SLIDES,
    SLIDES_BASE,
    SLIDES_NEXT,
    SLIDES_READ,
    TRANSCRIPT,
    Lines,
    NextDeck,
    State,
    Workspace,
    digest,
    digest_of,
    encode,
)

SLIDE_RULES = "2"  # raised when the rules change, so that older slides count as stale
_UNSEEN = "slides-missing"  # the rule of a video that cannot be looked at


def slides(
    workspace: Workspace,
    tools: Tools,
    wishes: Wishes,
    progress: Progress,
    *,
    required: bool = True,
) -> Result:
    """Bring slides.json and its pictures up to date.

    Unless `required`, a talk without a video, or for which no slides are wanted, is passed over.
    Raises InputError for a slides.json that cannot be read, and where there is no video;
    MissingError where reading was asked for and nothing here reads.
    """
    with workspace.locked("stw slides"):
        talk = workspace.talk()
        if wishes.slides == "none" and not required:
            return Result(workspace=workspace)
        _finish(workspace)
        if workspace.has(SLIDES):
            rows_in(workspace)  # a slip of typing is told before an hour of video is read
        video = video_of(workspace, talk)
        if video is None:
            if required and not workspace.has(SLIDES):
                raise InputError(
                    f"{workspace.slug}: there is no video here to take slides from",
                    f"stw fetch {talk.source or 'URL'} --with-video",
                )
            return Result(workspace=workspace)
        found, mode = _planned(workspace, talk, tools, wishes)
        did = "kept"
        if mode is not None:
            did = _make(workspace, video, mode, tools, wishes, progress)
        problems = problems_of_slides(workspace)
    if required:  # asked for slides, a video without any is a failure
        problems = tuple(replace(p, severity="error") if p.rule == _UNSEEN else p for p in problems)
    made = Made(stage="slides", file=SLIDES, found=found, did=did)
    return Result(workspace=workspace, made=(made,), problems=problems)


# --- what lies there ----------------------------------------------------------------------------


def slides_today(workspace: Workspace, wishes: Wishes) -> tuple[Slide, ...]:
    """The slides for the draft, as a person has left them; none where none are wanted.

    Raises InputError for a slides.json that cannot be read.
    """
    if wishes.slides == "none" or not workspace.has(SLIDES):
        return ()
    return slides_of(rows_in(workspace).slides, workspace.deck())


def mode_of(workspace: Workspace, shown: Sequence[Slide]) -> str:
    """How the draft shows slides: "full", "images"; empty where it shows none."""
    return (_recorded(workspace).mode or "full") if shown else ""


def rows_in(workspace: Workspace) -> SlideFile:
    return read(workspace.read(SLIDES), str(workspace.path(SLIDES)))


def problems_of_slides(workspace: Workspace) -> tuple[Problem, ...]:
    """What was doubtful about the slides that are left."""
    deck = workspace.deck()
    if not workspace.has(SLIDES):
        return tuple(p for p in deck.problems if p.rule == _UNSEEN)
    rows = rows_in(workspace).slides
    there = times_of(rows) | {s.start for s in left_of(rows, deck)}
    told = (p for p in deck.problems if not p.rule.startswith("slide-") or p.at in there)
    heard = workspace.has(TRANSCRIPT)
    end = workspace.transcript().duration if heard else workspace.talk().duration
    return (*told, *doubts_of(rows, deck, end))


def words_of_slides(workspace: Workspace, wishes: Wishes) -> Iterator[str]:
    """What stands on each slide, for whoever wants to know how names are spelt."""
    with contextlib.suppress(InputError):  # told where the slides themselves are wanted
        for slide in slides_today(workspace, wishes):
            yield slide.words


def lines_of_slides(workspace: Workspace, wishes: Wishes) -> tuple[str, ...]:
    """Titles and lines of the slides, each once; without code, and without what charts hold."""
    with contextlib.suppress(InputError):  # told where the slides themselves are wanted
        shown = slides_today(workspace, wishes)
        texts = [(s.banner, s.title, *(x.text for x in s.lines if not x.code)) for s in shown]
        return tuple(dict.fromkeys(t for some in texts for t in some if t.strip()))
    return ()


def video_of(workspace: Workspace, talk: Talk) -> Media | None:
    """The video, where it was downloaded and is here."""
    return next((m for m in talk.media if m.kind == "video" and workspace.has(m.file)), None)


def slides_state(workspace: Workspace, talk: Talk, tools: Tools, wishes: Wishes) -> State:
    """The state of slides.json and its pictures: what a hand did is a difference from the base.

    A slide that failed does not count as stale: the next run tries it again, and may fail again.
    """
    if not workspace.has(SLIDES):
        return State.MISSING
    edited = rows_in(workspace).slides != rows_of(workspace.deck().slides)
    video = video_of(workspace, talk)
    if video is None or _up_to_date(workspace, video, reader_here(tools), wishes):
        return State.EDITED if edited else State.FRESH
    return State.CONFLICT if edited else State.STALE


def _up_to_date(workspace: Workspace, video: Media, reader: str, wishes: Wishes) -> bool:
    """Whether the slides are of this video, in the mode that is wanted, with their pictures.

    What was read once stays where nothing here reads (`reader` is empty), also without a picture
    that was removed: pictures alone come in its place only where they are asked for, and from then
    on.
    """
    before = _recorded(workspace)
    asked = _asked(wishes, before)
    if before.key != _key(video):
        return False
    if before.mode == "full" and asked != "images" and not reader:
        return True
    if before.mode == "full" and before.reader not in ("", reader) and asked != "images":
        return False
    mode = asked or ("full" if reader else "images")
    as_asked = (before.mode, before.asked) == (mode, asked == "images")
    return as_asked and not _picture_removed(workspace)


def _key(video: Media) -> str:
    return digest(SLIDE_RULES, video.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    """What the slides were made from, and how; all empty while there are none."""

    key: str = ""
    mode: str = ""  # "full", "images"
    reader: str = ""  # the digest of who read them
    asked: bool = False  # for images, though they could be read

    def text(self) -> str:
        return ":".join((self.key, self.mode, self.reader, "asked" if self.asked else ""))


def _recorded(workspace: Workspace) -> _Recorded:
    if not workspace.has(SLIDES_BASE):
        return _Recorded()  # announced, and killed before it was written
    key, mode, reader, asked = (workspace.key(SLIDES_BASE) + ":::").split(":")[:4]
    return _Recorded(key=key, mode=mode, reader=reader, asked=bool(asked))


# --- making them --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mode:
    name: str  # "full", "images"
    asked: bool = False  # for images, though they could be read
    reader: sliding.Reader[Any] | None = None
    problem: Problem | None = None


def _planned(
    workspace: Workspace, talk: Talk, tools: Tools, wishes: Wishes
) -> tuple[State, _Mode | None]:
    """What lies there, and how to make it; None where it is as it should be."""
    state = slides_state(workspace, talk, tools, wishes)
    before = _recorded(workspace)
    asked = _asked(wishes, before)
    if state not in (State.FRESH, State.EDITED) or wishes.force:
        return state, _mode(tools, asked)
    if not _failed(workspace):
        return state, None
    mode = _mode(tools, asked)
    worse = not asked and before.mode == "full" and mode.name == "images"
    return state, None if worse else mode


def _asked(wishes: Wishes, before: _Recorded) -> str:
    """The mode asked for, now or before; empty: full, and images where nothing here reads."""
    if wishes.slides in ("", "none"):
        return "images" if before.asked else ""
    return wishes.slides


def reader_here(tools: Tools) -> str:
    """Who would read, unloaded; empty where nothing here reads."""
    try:
        return _id_of(tools.slide_reader())
    except MissingError:
        return ""


def _id_of(reader: sliding.Reader[Any] | None) -> str:
    return digest_of(reader.engine) if reader else ""


def _failed(workspace: Workspace) -> bool:
    """Whether something failed that may succeed when it is tried again."""
    deck = workspace.deck()
    unseen = any(p.rule == _UNSEEN for p in deck.problems)
    return unseen or any(s.missing for s in left_of(rows_in(workspace).slides, deck))


def _picture_removed(workspace: Workspace) -> bool:
    rows = rows_in(workspace).slides
    shown = {row.image for row in rows if row.image and not row.drop}
    left = left_of(rows, workspace.deck())
    return any(s.image in shown and not workspace.has(s.image) for s in left)


def _mode(tools: Tools, asked: str) -> _Mode:
    if asked == "images":
        return _Mode(name="images", asked=True)
    try:
        return _Mode(name="full", reader=tools.slide_reader())
    except MissingError as e:
        if asked == "full":
            raise
        problem = Problem(
            rule="slides-unread",
            severity="warning",
            message=f"the slides stand as pictures, and nobody has read them: {e.message}",
            where=SLIDES,
            hint=e.hint,
        )
        return _Mode(name="images", problem=problem)


def _make(
    workspace: Workspace,
    video: Media,
    mode: _Mode,
    tools: Tools,
    wishes: Wishes,
    progress: Progress,
) -> str:
    """Write slides.json, merged with what a person did to it; the pictures first, the base last.

    Killed in between, the next run writes the base first: a merged file would not fit the old one.
    """
    forced = wishes.force and workspace.has(SLIDES)
    shelf = SlideShelf(
        workspace,
        video,
        mode.reader,
        tools.encode_picture,
        held=_held(workspace, forced=forced),
        anew=wishes.force,
    )
    try:
        deck = _gathered(workspace, video, mode, tools, shelf, progress)
    except MediaError as e:
        _keep_unseen(workspace, video, e)
        return "kept"
    before, new = rows_of(workspace.deck().slides), rows_of(deck.slides)
    kept = None

    def made(mine: bytes | None) -> tuple[SlideFile, Merged, bool]:
        nonlocal kept
        # Whoever removes the whole file has taken no slide out: it is made again.
        anew = mine is None or forced
        there = SlideFile(slides=before) if anew else rows_in(workspace)
        typed = there.slides
        own = {row.image for row in typed if row.image and workspace.edited(row.image)}
        merged = merge(before, typed, new, own, () if anew else workspace.deck().typed)
        touched = mine is not None and not forced and typed != before
        if mine not in (None, kept) and (forced or (touched and merged.rows != typed)):
            workspace.back_up(SLIDES)
            kept = mine
        return there, merged, touched

    mine, (there, merged, touched) = undisturbed(workspace, SLIDES, content, made)
    deck = replace(deck, problems=(*deck.problems, *merged.problems), typed=merged.typed)
    key = _Recorded(
        key=_key(video), mode=mode.name, reader=_id_of(mode.reader), asked=mode.asked
    ).text()
    if mine is None or forced or merged.rows != there.slides:  # else it stays as it was laid out
        file = encode(replace(there, slides=merged.rows))
        workspace.put_aside(SLIDES_NEXT, NextDeck(deck=deck, key=key, sha=digest(file)))
        workspace.put_aside(SLIDES, file)
    workspace.put(SLIDES_BASE, deck, key=key)
    workspace.remove(SLIDES_NEXT)
    _remove_unused(workspace, merged.rows)
    return "merged with your edits" if touched else "made"


def _held(workspace: Workspace, *, forced: bool) -> frozenset[str]:
    """The pictures of slides that a person has edited."""
    if forced or not workspace.has(SLIDES):
        return frozenset()
    ours = set(rows_of(workspace.deck().slides))
    return frozenset(row.image for row in rows_in(workspace).slides if row not in ours)


def _finish(workspace: Workspace) -> None:
    """Write the base of a slides.json that was written before the last run was killed."""
    if not workspace.has(SLIDES_NEXT):
        return
    announced = workspace.slides_next()
    written = content(workspace, SLIDES)
    if written is not None and digest(written) == announced.sha:
        workspace.put(SLIDES_BASE, announced.deck, key=announced.key)
    workspace.remove(SLIDES_NEXT)


def _gathered(
    workspace: Workspace,
    video: Media,
    mode: _Mode,
    tools: Tools,
    shelf: "SlideShelf",
    progress: Progress,
) -> Deck:
    """Raises MediaError where the video cannot be seen at all."""
    file = tools.slide_video(workspace.path(video.file))
    deck = sliding.gather(file, shelf, reader=mode.reader, progress=progress)
    return replace(deck, problems=(*filter(None, (mode.problem,)), *deck.problems))


def _keep_unseen(workspace: Workspace, video: Media, error: MediaError) -> None:
    """Leave slides and pictures as they are, and remember why; the next run tries again."""
    deck = workspace.deck()
    problem = Problem(
        rule=_UNSEEN,
        severity="warning",
        message=f"no slides could be taken from the video: {error.message}",
        where=video.file,
        hint=error.hint,
    )
    others = (p for p in deck.problems if p.rule != _UNSEEN)
    told = replace(deck, problems=(problem, *others))
    workspace.put(SLIDES_BASE, told, key=workspace.key(SLIDES_BASE))


def _remove_unused(workspace: Workspace, rows: Sequence[Any]) -> None:
    """Take away pictures of ours that no slide has and the draft does not show."""
    used = {row.image for row in rows} | {s.image for s in workspace.deck().slides}
    draft = text_of(workspace, DRAFT) or ""
    for name in workspace.written(PICTURES):
        if name not in used and name not in draft:
            workspace.remove(name)


# --- results as they come -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of the journal."""

    of: str
    found: sliding.Found | None = None
    image: str = ""
    sha: str = ""  # of the picture, as it was written
    scan: sliding.Scan | None = None


def _names(at: float, ending: str) -> Iterator[str]:
    """Names for the picture of a slide: its second, and milliseconds where that is taken."""
    (anchor,) = anchors([at])
    stem = f"{PICTURES}/{anchor.replace(':', '-')}"
    yield f"{stem}{ending}"
    yield from (f"{stem}-{(round(at * 1000) + n) % 1000:03d}{ending}" for n in range(1000))
    yield from (f"{stem}-{n}{ending}" for n in count(1000))


class SlideShelf:
    """What runs over one video have found, seen and read, each thing on disk as soon as it is done.

    Kept by what it was made from: a picture by the video, its time and its part of it; what was
    read on it by whoever read it as well. `anew`: what earlier runs have kept does not count.
    `held`: pictures that are shown for something a person has typed, and are not written over.
    """

    def __init__(
        self,
        workspace: Workspace,
        video: Media,
        reader: sliding.Reader[Any] | None,
        encode: Callable[[Any], tuple[bytes, str]],
        *,
        held: Container[str] = (),
        anew: bool = False,
    ) -> None:
        self._workspace = workspace
        self._video = _key(video)
        self._reader = _id_of(reader)
        self._encode = encode
        self._lines = Lines(workspace.path(SLIDES_READ))
        self._known: dict[str, _Line] = {}
        self._held = held
        self._given: set[str] = set()  # names of this run
        if anew:
            self._lines.clear()
        for row in self._lines.read():
            with contextlib.suppress(msgspec.ValidationError):  # of another version: done again
                line = msgspec.convert(row, _Line)
                self._known[line.of] = line

    def _keep(self, line: _Line) -> None:
        self._lines.append(line)
        self._known[line.of] = line

    def _of(self, showing: Showing, *more: str) -> str:
        return digest(self._video, repr(showing.at), digest_of(showing.region), *more)

    def found(self, find: Callable[[], sliding.Found]) -> sliding.Found:
        known = self._known.get(self._video)
        if known is not None and known.found is not None:
            return known.found
        found = find()
        self._keep(_Line(of=self._video, found=found))
        return found

    def picture(self, showing: Showing) -> str:
        known = self._known.get(self._of(showing))
        if known is None or not known.image or not self._workspace.has(known.image):
            return ""
        if known.sha != self._workspace.ours(known.image):
            return ""  # another slide's, of another video
        self._given.add(known.image)
        return known.image

    def keep(self, showing: Showing, at: float, picture: Any) -> str:
        data, ending = self._encode(picture)
        sha = digest(data)
        name = next(n for n in _names(at, ending) if self._is_free(n, sha))
        self._given.add(name)
        self._workspace.put(name, data, key="")
        self._keep(_Line(of=self._of(showing), image=name, sha=sha))
        return name

    def _is_free(self, name: str, sha: str) -> bool:
        """Whether nobody else's picture lies there: another slide's, or a person's own."""
        if name in self._given or self._workspace.edited(name):
            return False
        return name not in self._held or self._workspace.ours(name) == sha

    def scan(self, showing: Showing) -> sliding.Scan | None:
        known = self._known.get(self._of(showing, self._reader))
        return known.scan if known else None

    def keep_scan(self, showing: Showing, scan: sliding.Scan) -> None:
        self._keep(_Line(of=self._of(showing, self._reader), scan=scan))
