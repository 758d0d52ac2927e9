"""`python -m tests.bench.slide_talks OUTDIR [--kinds long inset ...]`: talks with known slides.

Writes OUTDIR/KIND/talk.mp4 (or .webm), truth.json beside it, and slides/*.png, every state of
every slide as drawn. truth.json: `showings`, in order of time, each with start and end in seconds
(in the middle of a transition), the slide's number (the same when it is shown again), its region
as fractions of the picture, what covers it or moves in it (`covered`, in the same fractions), kind,
title, banner, lines with levels, the times of its build steps, and the pictures of its states, the
last one being the complete slide; `camera`, the stretches without a slide.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial
from pathlib import Path

import av
import numpy as np
from PIL import Image

from tests.bench import slide_drawing as drawing
from tests.bench.slide_drawing import DARK, LIGHT, PLAIN, UNNUMBERED, Planes, Speaker, Theme
from tests.bench.slide_words import Card, cards
from translate.model import WHOLE_PICTURE, Box

ALL = 99  # lines: the complete slide
INSET = Box(left=0.74, top=0.67, right=0.98, bottom=0.96)
SPLIT = Box(left=0.0125, top=0.175, right=0.6625, bottom=0.825)
BESIDE = Box(left=0.675, top=0.175, right=0.9875, bottom=0.825)
FILMED = Box(left=0.12, top=0.06, right=0.88, bottom=0.82)
CLIP = Box(left=0.52, top=0.25, right=0.96, bottom=0.8)  # within the slide
REGIONS = {"full": WHOLE_PICTURE, "inset": WHOLE_PICTURE, "split": SPLIT, "filmed": FILMED}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is on the picture until something happens; without a card, a camera."""

    seconds: float
    card: Card | None = None
    shown: int = ALL
    layout: str = "full"  # a key of REGIONS
    camera: int = 0  # which one
    enter: str = "cut"  # or a key of TRANSITIONS
    fading: float = 0.0  # how long it takes to come in, in seconds
    pointer: str = ""  # "laser" or "mouse"


@dataclass(frozen=True, kw_only=True)
class Script:
    scenes: tuple[Scene, ...]
    size: tuple[int, int] = (1280, 720)
    fps: int = 10
    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=dict)
    bits: int = 0  # per second; 0: as the options say
    suffix: str = ".mp4"
    theme: Theme = LIGHT
    room: float = 0.92  # how far to the right texts go
    noise: float = 0.0  # over the whole picture, standard deviation in grey levels
    moves: int = 1  # what moves gets a new picture every so many frames
    sparse: bool = False  # a recorder of screens: no new frame where nothing changed

    @cached_property
    def starts(self) -> list[float]:
        out = [0.0]
        for scene in self.scenes:
            out.append(round((out[-1] + scene.seconds) * self.fps) / self.fps)
        return out


TRANSITIONS: dict[str, Callable[[Planes, Planes, float], Planes]] = {
    "dissolve": drawing.mixed,
    "wipe": drawing.wiped,
    "push": drawing.pushed,
    "black": lambda a, b, k: (
        drawing.mixed(a, drawing.black(a), 2 * k)
        if k < 0.5
        else drawing.mixed(drawing.black(b), b, 2 * k - 1)
    ),
}


# --- the picture ----------------------------------------------------------------------------------


def pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, width and height in multiples of 4."""
    width, height = size
    left, top = round(box.left * width / 4) * 4, round(box.top * height / 4) * 4
    right, bottom = round(box.right * width / 4) * 4, round(box.bottom * height / 4) * 4
    return left, top, right - left, bottom - top


def placed(box: Box, size: tuple[int, int]) -> Box:
    """Where it really is, on whole pixels."""
    left, top, wide, high = pixels(box, size)
    width, height = size
    return Box(
        left=left / width,
        top=top / height,
        right=(left + wide) / width,
        bottom=(top + high) / height,
    )


def within(outer: Box, inner: Box) -> Box:
    """A part of a part, as fractions of the whole."""
    wide, high = outer.right - outer.left, outer.bottom - outer.top
    return Box(
        left=outer.left + inner.left * wide,
        top=outer.top + inner.top * high,
        right=outer.left + inner.right * wide,
        bottom=outer.top + inner.bottom * high,
    )


class Studio:
    """Puts the picture of a moment together."""

    def __init__(self, script: Script):
        self._script, self._size = script, script.size
        self._stills: dict[tuple[int, int, str], Planes] = {}
        self._people: dict[tuple[str, int], Speaker] = {}
        self._unit = script.size[1] / 720
        self._pointers = {k: drawing.pointer(k, self._unit) for k in ("laser", "mouse")}
        self._grain = drawing.noises((self._size[1], self._size[0]), script.noise, 9)

    def drawn(self, card: Card, shown: int, layout: str) -> Image.Image:
        """The slide alone, at the size that it has on the picture."""
        _, _, width, height = pixels(REGIONS[layout], self._size)
        return drawing.draw(card, shown, self._script.theme, (width, height), self._script.room)

    def _still(self, scene: Scene, card: Card) -> Planes:
        key = card.id, scene.shown, scene.layout
        if key not in self._stills:
            slide = drawing.planes(self.drawn(card, scene.shown, scene.layout))
            left, top, width, height = pixels(REGIONS[scene.layout], self._size)
            if (width, height) != self._size:
                slide = drawing.pasted(self._around(slide), slide, left, top)
            self._stills[key] = slide
        return self._stills[key]

    def _around(self, like: Planes) -> Planes:
        """A dark ground of the picture's size."""
        width, height = self._size
        tone = (36, 122, 134)
        shapes = ((height, width), (height // 2, width // 2), (height // 2, width // 2))
        out = [np.full(s, c, like[0].dtype) for s, c in zip(shapes, tone, strict=True)]
        return out[0], out[1], out[2]

    def _person(self, role: str, camera: int, box: Box) -> Speaker:
        key = role, camera
        if key not in self._people:
            _, _, width, height = pixels(box, self._size)
            seed = camera * 7 + len(role)
            self._people[key] = Speaker((width, height), seed, pan=role in ("whole", "clip"))
        return self._people[key]

    def layer(self, scene: Scene, since: float, t: float) -> Planes:
        """The picture without what lies over slides."""
        if scene.card is None:
            return self._person("whole", scene.camera, WHOLE_PICTURE).planes(t)
        picture = self._still(scene, scene.card)
        if scene.card.clip:
            box = within(REGIONS[scene.layout], CLIP)
            left, top, width, height = pixels(box, self._size)
            if scene.card.clip == "curve":
                done = min(1.0, max(0.0, (since - 1) / (0.6 * scene.seconds)))
                part = drawing.curve((width, height), done)
            else:
                until = min(since, 0.7 * scene.seconds)
                part = self._person("clip", 3, box).planes(t - since + until)
            picture = drawing.pasted(picture, part, left, top)
        return picture

    def over(self, picture: Planes, scene: Scene, t: float) -> Planes:
        """What lies over slides: a person, a pointer, grain."""
        for layout, role, box in (("inset", "inset", INSET), ("split", "beside", BESIDE)):
            if scene.card and scene.layout == layout:
                left, top, _, _ = pixels(box, self._size)
                person = self._person(role, 0, box).planes(t)
                picture = drawing.pasted(picture, person, left, top)
        if scene.pointer and scene.card and math.sin(t * 0.37) > -0.4:
            box = within(REGIONS[scene.layout], self._aimed(t))
            left, top, _, _ = pixels(box, self._size)
            picture = drawing.dotted(picture, self._pointers[scene.pointer], left, top)
        if self._script.noise:
            picture = drawing.with_noise(picture, self._grain, t, round(3 * math.sin(t * 1.1)))
        return picture

    @staticmethod
    def _aimed(t: float) -> Box:
        """Where the pointer is: it goes from line to line and rests."""
        x = 0.1 + 0.4 * (0.5 + 0.5 * math.sin(t * 0.9)) + 0.005 * math.sin(t * 31)
        y = 0.25 + 0.08 * (int(t / 3) % 6) + 0.005 * math.cos(t * 27)
        return Box(left=x, top=y, right=x + 0.02, bottom=y + 0.02)

    @staticmethod
    def still(scene: Scene, since: float, noise: float) -> bool:
        """Whether the picture is the same as a moment before."""
        if scene.card is None or noise or scene.pointer or scene.card.clip:
            return False
        return scene.layout == "full" and since > scene.fading


def frames(script: Script) -> Iterator[tuple[int, Planes, bool]]:
    """Every frame's number and picture, and whether the picture is new."""
    studio = Studio(script)
    before: Planes | None = None  # the last picture of the scene before
    for number, scene in enumerate(script.scenes):
        start, end = script.starts[number], script.starts[number + 1]
        layer = picture = None
        for n in range(round(start * script.fps), round(end * script.fps)):
            t = n / script.fps
            since = t - start
            still = n % script.moves or studio.still(scene, since - 1 / script.fps, script.noise)
            new = picture is None or not still
            if new:
                layer = shown = studio.layer(scene, since, t)
                if before is not None and since < scene.fading:
                    done = (since + 1 / script.fps) / (scene.fading + 1 / script.fps)
                    shown = TRANSITIONS[scene.enter](before, layer, done)
                picture = studio.over(shown, scene, t)
            yield n, picture, new
        before = layer


def encode(script: Script, path: Path) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(script.codec, rate=script.fps)
        stream.width, stream.height = script.size
        stream.pix_fmt = "yuv420p"
        stream.options = script.options
        if script.bits:
            stream.bit_rate = script.bits
        picture = None
        for n, planes, new in frames(script):
            if new or picture is None:
                picture = drawing.frame(planes)
            elif script.sparse and n % (2 * script.fps):
                continue
            picture.pts, picture.time_base = n, Fraction(1, script.fps)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))


# --- the truth ------------------------------------------------------------------------------------


def showings(script: Script) -> list[dict]:
    """Scenes of the same slide in the same place one after the other are one."""
    out: list[dict] = []
    before: Scene | None = None
    for number, scene in enumerate(script.scenes):
        start = script.starts[number] + scene.fading / 2
        if out and before and before.card and not out[-1]["end"]:
            same = scene.card is before.card and scene.layout == before.layout
            if same:
                out[-1]["steps"].append(script.starts[number])
                out[-1]["states"].append(picture_name(scene))
                before = scene
                continue
            out[-1]["end"] = start
        if scene.card:
            out.append(_showing(scene, scene.card, start, script.size))
        before = scene
    if out and not out[-1]["end"]:
        out[-1]["end"] = script.starts[-1]
    return out


def _showing(scene: Scene, card: Card, start: float, size: tuple[int, int]) -> dict:
    region = placed(REGIONS[scene.layout], size)
    covered = [asdict(INSET)] if scene.layout == "inset" else []
    if card.clip:
        covered.append(asdict(within(region, CLIP)))
    return {
        "start": start,
        "end": 0.0,
        "slide": card.id,
        "kind": card.kind,
        "region": asdict(region),
        "covered": covered,
        "clip": card.clip,
        "title": card.title,
        "banner": card.banner,
        "lines": [asdict(line) for line in card.lines],
        "table": card.table,
        "chart": card.chart,
        "steps": [],
        "states": [picture_name(scene)],
    }


def picture_name(scene: Scene) -> str:
    assert scene.card
    shown = min(scene.shown, len(scene.card.lines))
    return f"slides/{scene.card.id:03}-{scene.layout}-{shown}.png"


def truth(script: Script, path: Path) -> dict:
    camera: list[list[float]] = []
    for number, scene in enumerate(script.scenes):
        if scene.card is None:
            until = script.starts[number + 1]
            camera.append([script.starts[number] + scene.fading / 2, until])
    return {
        "video": path.name,
        "width": script.size[0],
        "height": script.size[1],
        "fps": script.fps,
        "duration": script.starts[-1],
        "codec": script.codec,
        "options": script.options,
        "showings": showings(script),
        "camera": camera,
    }


def compose(script: Script, folder: Path) -> dict:
    """Writes the video, the drawn slides and truth.json; gives the truth."""
    (folder / "slides").mkdir(parents=True, exist_ok=True)
    studio = Studio(script)
    for scene in {picture_name(s): s for s in script.scenes if s.card}.values():
        picture = studio.drawn(scene.card, scene.shown, scene.layout)
        picture.save(folder / picture_name(scene), compress_level=1)
    path = folder / f"talk{script.suffix}"
    encode(script, path)
    known = truth(script, path)
    (folder / "truth.json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    return known


# --- the talks ------------------------------------------------------------------------------------

X264 = {"preset": "veryfast", "crf": "26", "g": "50"}


def shows(
    card: Card, rng: random.Random, seconds: float, build: bool = False, **how
) -> list[Scene]:
    """One slide: as it is, or its lines one by one."""
    if not build or len(card.lines) < 2 or card.kind == "section":
        return [Scene(seconds=seconds, card=card, **how)]
    counts = list(range(rng.choice((0, 1)), len(card.lines) + 1))
    shares = [rng.uniform(0.5, 1.5) for _ in counts]
    scenes = []
    for count, share in zip(counts, shares, strict=True):
        shown = ALL if count == len(card.lines) else count
        scenes.append(Scene(seconds=seconds * share / sum(shares), card=card, shown=shown, **how))
        how |= {"enter": "cut", "fading": 0.0}
    return scenes


def run_of(
    deck: Sequence[Card], rng: random.Random, shortest: float = 8, longest: float = 24, **how
) -> list[Scene]:
    """The slides one after the other."""
    return [s for card in deck for s in shows(card, rng, rng.uniform(shortest, longest), **how)]


def moving(card: Card, deck: Sequence[Card], clip: str) -> Card:
    """The card with something that moves in its right half, beside short bullets."""
    lines = next(c.lines for c in (card, *deck[1:]) if c.lines and not c.lines[0].code)
    return replace(card, kind="text", lines=lines[:3], chart=(), table=(), clip=clip)


def camera(seconds: float, which: int = 0, **how) -> Scene:
    return Scene(seconds=seconds, camera=which, **how)


def long(seed: int = 1) -> Script:
    """20 minutes, 60 slides, something of everything."""
    rng = random.Random(seed)
    deck = cards(60, seed)
    for at, clip in ((13, "curve"), (50, "film")):
        deck[at] = moving(deck[at], deck, clip)
    scenes = [camera(7)]
    for at, card in enumerate(deck):
        layout = "inset" if 15 <= at < 45 else "full"
        enter = ("dissolve", 0.6) if at % 4 == 2 else ("cut", 0.0)
        how = {"layout": layout, "enter": enter[0], "fading": enter[1]}
        how["pointer"] = "laser" if at % 9 == 5 else ""
        scenes += shows(card, rng, rng.uniform(7, 26), build=at % 3 == 1, **how)
        if at % 8 == 7:
            scenes.append(camera(rng.uniform(3, 9), at % 2))
            if at % 16 == 7:
                scenes.append(Scene(seconds=rng.uniform(5, 9), card=card, layout=layout))
        if at in (20, 33, 50):
            scenes.append(Scene(seconds=rng.uniform(5, 12), card=deck[at - 5], layout=layout))
    how = {"fps": 25, "moves": 2, "options": X264 | {"g": "250"}, "room": 0.72}
    return Script(scenes=_lasting(scenes, 1200), **how)


def _lasting(scenes: Sequence[Scene], seconds: float) -> tuple[Scene, ...]:
    factor = seconds / sum(s.seconds for s in scenes)
    return tuple(replace(s, seconds=s.seconds * factor) for s in scenes)


def inset() -> Script:
    rng = random.Random(2)
    scenes = run_of(cards(13, 2), rng, layout="inset")
    return Script(scenes=tuple(scenes), options=X264, room=0.72)


def split() -> Script:
    rng = random.Random(3)
    scenes = run_of(cards(13, 3), rng, layout="split")
    return Script(scenes=tuple(scenes), options=X264, theme=PLAIN)


def cutaway() -> Script:
    """Camera between the slides; often the same slide comes back."""
    rng = random.Random(4)
    scenes = [camera(9)]
    for at, card in enumerate(cards(11, 4)):
        scenes += shows(card, rng, rng.uniform(8, 16))
        if at % 2:
            scenes.append(camera(rng.uniform(3, 10), at % 4 // 2))
            if at % 4 == 1:
                scenes += shows(card, rng, rng.uniform(5, 12))
    scenes += [camera(8, 1), camera(5)]
    return Script(scenes=tuple(scenes), options=X264)


def build() -> Script:
    rng = random.Random(5)
    scenes = run_of(cards(12, 5), rng, 14, 26, build=True)
    return Script(scenes=tuple(scenes), options=X264)


def build_inset() -> Script:
    """Builds beside a moving person: a new line may look like motion."""
    rng = random.Random(6)
    scenes = run_of(cards(12, 6), rng, 14, 26, build=True, layout="inset")
    return Script(scenes=tuple(scenes), options=X264, room=0.72, theme=PLAIN)


def fade() -> Script:
    """Dissolves and fades through black, half a second to one and a half."""
    rng = random.Random(7)
    scenes: list[Scene] = []
    for at, card in enumerate(cards(13, 7)):
        how = {"enter": ("dissolve", "black")[at % 2], "fading": rng.choice((0.5, 1.0, 1.5))}
        scenes += shows(card, rng, rng.uniform(8, 22), **how)
    return Script(scenes=tuple(scenes), options=X264)


def wipe() -> Script:
    """Wipes and pushes."""
    rng = random.Random(8)
    scenes: list[Scene] = []
    for at, card in enumerate(cards(13, 8)):
        how = {"enter": ("wipe", "push")[at % 2], "fading": rng.choice((0.5, 0.8, 1.2))}
        scenes += shows(card, rng, rng.uniform(8, 22), **how)
    return Script(scenes=tuple(scenes), options=X264)


def again() -> Script:
    """Slides shown again later, once in another order, once right after one another."""
    rng = random.Random(9)
    deck = cards(9, 9)
    order = [*range(9), 3, 4, 1, 8, 1, 2, 6]
    scenes = run_of([deck[at] for at in order], rng, 6, 16)
    return Script(scenes=tuple(scenes), options=X264)


def animation() -> Script:
    """In the right half of some slides a curve draws itself, or a film runs."""
    rng = random.Random(10)
    deck = cards(11, 10)
    for at in (2, 4, 7, 9):
        deck[at] = moving(deck[at], deck[at:], ("curve", "film")[at % 2])
    return Script(scenes=tuple(run_of(deck, rng, 12, 24)), options=X264)


def pointer() -> Script:
    """A laser's dot or a mouse over every slide."""
    rng = random.Random(11)
    scenes: list[Scene] = []
    for at, card in enumerate(cards(13, 11)):
        how = {"pointer": ("laser", "mouse")[at % 2]}
        scenes += shows(card, rng, rng.uniform(8, 22), build=at % 4 == 2, **how)
    return Script(scenes=tuple(scenes), options=X264)


def mixed(seed: int = 12, **how) -> Script:
    """Builds, dissolves, cameras and an inset in one; other kinds encode it in other ways."""
    rng = random.Random(seed)
    scenes: list[Scene] = [camera(6)]
    for at, card in enumerate(cards(13, seed)):
        enter = ("dissolve", 0.6) if at % 3 == 2 else ("cut", 0.0)
        layout = "inset" if at > 6 else "full"
        manner = {"layout": layout, "enter": enter[0], "fading": enter[1]}
        scenes += shows(card, rng, rng.uniform(8, 20), build=at % 3 == 1, **manner)
        if at in (4, 9):
            scenes.append(camera(rng.uniform(4, 8), 1))
    return Script(scenes=tuple(scenes), **({"options": X264, "room": 0.72} | how))


def crf38() -> Script:
    """Strong compression."""
    return mixed(13, options=X264 | {"crf": "38", "g": "250"})


def small() -> Script:
    """360p, as fetched for finding slides."""
    return mixed(14, size=(640, 360))


def vp9() -> Script:
    """VP9 in WebM at 400 kbit/s, 360p: a video site's small format."""
    fast = {"deadline": "realtime", "cpu-used": "8", "g": "128"}
    return mixed(
        15, size=(640, 360), codec="libvpx-vp9", options=fast, bits=400_000, suffix=".webm"
    )


def mpeg4() -> Script:
    """MPEG-4 part 2 at 1.5 Mbit/s: blocks and ringing."""
    return mixed(16, codec="mpeg4", options={"g": "50"}, bits=1_500_000)


def gop() -> Script:
    """A key frame each 50 s and none at cuts: key frames alone miss most slides."""
    return mixed(17, options={"preset": "veryfast", "crf": "26", "g": "500", "sc_threshold": "0"})


def sparse() -> Script:
    """A screen recorder: where nothing changes there is one frame each two seconds."""
    rng = random.Random(18)
    scenes = run_of(cards(14, 18), rng, 6, 24)
    return Script(scenes=tuple(scenes), options=X264, sparse=True)


def filmed() -> Script:
    """A camera films the screen in the hall: grain and flicker over everything, dark around."""
    rng = random.Random(19)
    scenes = run_of(cards(12, 19), rng, layout="filmed")
    return Script(scenes=tuple(scenes), options=X264 | {"crf": "28"}, noise=5.0, theme=PLAIN)


def similar() -> Script:
    """Slides in pairs: of the second, one line says something else; there are no page numbers."""
    rng = random.Random(20)
    deck: list[Card] = []
    for card in cards(14, 20):
        if card.lines and not card.lines[0].code and card.kind == "text":
            at = rng.randrange(len(card.lines))
            other = replace(card.lines[at], text=rng.choice(ALTERED))
            lines = (*card.lines[:at], other, *card.lines[at + 1 :])
            deck += [card, replace(card, id=card.id + 100, lines=lines)]
        else:
            deck.append(card)
    return Script(scenes=tuple(run_of(deck, rng, 7, 14)), options=X264, theme=UNNUMBERED)


ALTERED = (
    "Start-up fell from 31 s to 8 s",
    "Nothing to install on the client",
    "Median of seven runs, warm caches",
    "p99 latency: 41 ms (target: 9 ms)",
)


def dark() -> Script:
    """Light letters on a dark ground, an inset, builds."""
    return mixed(21, theme=DARK)


def flick() -> Script:
    """Slides leafed through in two to four seconds each, between longer ones."""
    rng = random.Random(22)
    scenes: list[Scene] = []
    for at, card in enumerate(cards(24, 22)):
        long_one = at % 6 == 0
        scenes += shows(card, rng, rng.uniform(12, 20) if long_one else rng.uniform(2, 4))
    return Script(scenes=tuple(scenes), options=X264)


def layouts() -> Script:
    """The same slide goes from beside the speaker to the whole picture and back."""
    rng = random.Random(23)
    scenes: list[Scene] = [camera(5)]
    for at, card in enumerate(cards(9, 23)):
        for layout in (("split",), ("split", "full"), ("full", "inset", "split"))[at % 3]:
            scenes += shows(card, rng, rng.uniform(7, 14), layout=layout)
    return Script(scenes=tuple(scenes), options=X264, room=0.72)


def none() -> Script:
    """Cameras only."""
    rng = random.Random(24)
    scenes = [camera(rng.uniform(4, 20), at % 3) for at in range(16)]
    return Script(scenes=tuple(scenes), options=X264, size=(640, 360))


KINDS: dict[str, Callable[[], Script]] = {
    "long": long,
    "inset": inset,
    "split": split,
    "cutaway": cutaway,
    "build": build,
    "build-inset": build_inset,
    "fade": fade,
    "wipe": wipe,
    "again": again,
    "animation": animation,
    "pointer": pointer,
    "mixed": mixed,
    "crf38": crf38,
    "360p": small,
    "vp9": vp9,
    "mpeg4": mpeg4,
    "long-gop": gop,
    "sparse": sparse,
    "filmed": filmed,
    "similar": similar,
    "dark": dark,
    "flick": flick,
    "layouts": layouts,
    "none": none,
}


def unseen(seed: int) -> Script:
    """A talk of everything in colours of its own, for thresholds to be tried on, not set by."""
    rng = random.Random(seed)
    deck = cards(20, seed)
    deck[6] = moving(deck[6], deck, rng.choice(("curve", "film")))
    scenes: list[Scene] = [camera(rng.uniform(4, 9), 2)]
    layouts = [rng.choice(("full", "inset", "split")) for _ in range(4)]
    for at, card in enumerate(deck):
        enter = rng.choice(("cut", "cut", "dissolve", "wipe", "black"))
        manner = {"layout": layouts[at // 5], "enter": enter}
        manner["fading"] = 0.0 if enter == "cut" else rng.choice((0.4, 0.8, 1.2))
        manner["pointer"] = rng.choice(("", "", "", "laser", "mouse"))
        scenes += shows(card, rng, rng.uniform(6, 18), build=rng.random() < 0.4, **manner)
        if rng.random() < 0.2:
            scenes.append(camera(rng.uniform(3, 9), rng.randrange(3)))
        if at > 3 and rng.random() < 0.2:
            again = deck[rng.randrange(at - 3)]
            scenes += shows(again, rng, rng.uniform(4, 9), layout=layouts[at // 5])
    theme = drawing.coloured(rng)
    return Script(scenes=tuple(scenes), options=X264 | {"g": "100"}, room=0.72, theme=theme)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seed", nargs="+", type=int, default=[], help="writes OUTDIR/unseen-SEED")
    options = parser.parse_args()
    scripts = {kind: KINDS[kind] for kind in options.kinds}
    scripts |= {f"unseen-{seed}": partial(unseen, seed) for seed in options.seed}
    for kind, script in scripts.items():
        began = time.perf_counter()
        known = compose(script(), options.folder / kind)
        took = time.perf_counter() - began
        slides = len({s["slide"] for s in known["showings"]})
        size = (options.folder / kind / known["video"]).stat().st_size / 1e6
        print(f"{kind}: {known['duration']:.0f} s, {slides} slides, {size:.1f} MB, in {took:.0f} s")


if __name__ == "__main__":
    main()
