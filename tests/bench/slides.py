"""`python -m tests.bench.slides FOLDER [--peers PYTHON]`: are the slides of composed talks found?

FOLDER is what `tests.bench.slide_talks` wrote. Each tool runs in a process of its own, one after
the other on the same talk, `--runs` times over. Peers are run with the interpreter given; one that
it does not have is left out, and a line says so.

A change is where another slide than the last one begins; build steps are none, nor is the camera,
nor the same slide after it or in another layout: for an editor that is one slide which goes on,
however many showings it has. Found within a second, one to one. Peers do not know cameras from
slides: for them, and only for them, where a camera begins or ends counts neither way.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("slide_tools.py")
PEERS = ("content", "adaptive", "evp", "v2s")
CUTTERS = ("content", "adaptive")  # find cuts; what is a slide they do not say
NEAR = 1.0  # seconds
SEEN = (480, 270)  # pictures are compared at this size
ALIKE = 5.0  # grey levels in the mean: more is another picture, or one in a transition

Truth = dict[str, Any]
Found = Sequence[dict[str, Any]]


# --- changes --------------------------------------------------------------------------------------


def changes(showings: Found, name: str) -> list[float]:
    """The starts of what is not the same as the showing before."""
    out, last = [], None
    for showing in showings:
        if name not in showing or showing[name] != last:
            out.append(float(showing["start"]))
        last = showing.get(name)
    return out


def matched(
    known: Sequence[float], found: Sequence[float], near: float = NEAR
) -> list[tuple[float, float]]:
    """As many pairs as there can be, each time in one of them at most."""
    pairs = []
    left, right = sorted(known), sorted(found)
    a = b = 0
    while a < len(left) and b < len(right):
        if abs(left[a] - right[b]) <= near + 1e-6:
            pairs.append((left[a], right[b]))
            a, b = a + 1, b + 1
        elif left[a] < right[b]:
            a += 1
        else:
            b += 1
    return pairs


def uncounted(truth: Truth) -> list[float]:
    """Where a camera begins or ends without another slide: neither right nor wrong for a peer."""
    edges = [t for span in truth["camera"] for t in span]
    edges += [t for s in truth["showings"] for t in (s["start"], s["end"])]
    known = changes(truth["showings"], "slide")
    return [t for t in edges if all(abs(t - k) > NEAR for k in known)]


def why(time: float, truth: Truth) -> str:
    """What happened where a change was found that is none."""
    for showing in truth["showings"]:
        if any(abs(step - time) <= NEAR for step in showing["steps"]):
            return "a build step"
        if abs(showing["start"] - time) <= NEAR:
            return "the same slide, after something else or elsewhere"
        if showing["start"] + NEAR < time < showing["end"] - NEAR:
            if showing["clip"]:
                return "a clip in the slide"
            return f"in slide {showing['slide']}"
    return "a camera"


# --- which is which -------------------------------------------------------------------------------


def overlap(a: dict[str, Any], b: dict[str, Any]) -> float:
    return max(0.0, min(a["end"], b["end"]) - max(a["start"], b["start"]))


def assigned(found: Found, known: Found) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Each found with the known one that it shows longest; None: half of it or more shows none."""
    out = []
    for one in found:
        best = max(known, key=lambda k: overlap(one, k), default=None)
        shown = sum(overlap(one, k) for k in known)
        if best is None or overlap(one, best) <= 0 or shown < (one["end"] - one["start"]) / 2:
            best = None
        out.append((one, best))
    return out


def iou(a: dict[str, float], b: dict[str, float]) -> float:
    wide = min(a["right"], b["right"]) - max(a["left"], b["left"])
    high = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
    both = max(0.0, wide) * max(0.0, high)
    areas = ((x["right"] - x["left"]) * (x["bottom"] - x["top"]) for x in (a, b))
    return both / (sum(areas) - both)


def surplus(pairs: Iterable[tuple[Any, Any]]) -> list[Any]:
    """Firsts that stand beside more than one second."""
    beside: dict[Any, set[Any]] = {}
    for a, b in pairs:
        beside.setdefault(a, set()).add(b)
    return [a for a, bs in beside.items() for _ in range(len(bs) - 1)]


# --- pictures -------------------------------------------------------------------------------------


def pictures(video: Path, times: Sequence[float]) -> dict[float, Image.Image]:
    """The frame that stands at each time."""
    out: dict[float, Image.Image] = {}
    with av.open(str(video)) as file:
        stream = file.streams.video[0]
        assert stream.time_base
        for time in sorted(set(times)):
            file.seek(int(max(0.0, time) / stream.time_base), stream=stream)
            last = None
            for frame in file.decode(stream):
                if last is not None and frame.time > time + 1e-3:
                    break
                last = frame
            if last is not None:
                out[time] = last.to_image()
    return out


def reduced(image: Image.Image) -> np.ndarray:
    grey = image.convert("L").resize(SEEN, Image.Resampling.BOX)
    return np.asarray(grey, np.float32)


class States:
    """Every state of every slide as drawn, to be compared with frames."""

    def __init__(self, folder: Path, truth: Truth):
        names = sorted({n for s in truth["showings"] for n in s["states"]})
        self._names = names
        self._drawn = [reduced(Image.open(folder / name)) for name in names]
        self._size = truth["width"], truth["height"]

    def seen(self, frame: Image.Image, showing: dict[str, Any]) -> tuple[str, float]:
        """The state that the frame shows, and by how many grey levels it is off the last one."""
        width, height = self._size
        region = showing["region"]
        box = region["left"], region["top"], region["right"], region["bottom"]
        part = frame.crop(
            tuple(round(x * s) for x, s in zip(box, (width, height) * 2, strict=True))
        )
        mask = self._bare(showing)
        now = reduced(part)[mask]
        differences = [float(np.abs(now - d[mask]).mean()) for d in self._drawn]
        last = self._names.index(showing["states"][-1])
        best = int(np.argmin(differences))
        if differences[last] <= differences[best] + 0.02:
            best = last  # what differs may be under the speaker
        return self._names[best], differences[last]

    @staticmethod
    def _bare(showing: dict[str, Any]) -> np.ndarray:
        """What nothing lies over."""
        bare = np.ones((SEEN[1], SEEN[0]), bool)
        region = showing["region"]
        wide, high = region["right"] - region["left"], region["bottom"] - region["top"]
        for box in showing["covered"]:
            left = (box["left"] - region["left"]) / wide * SEEN[0] - 2
            right = (box["right"] - region["left"]) / wide * SEEN[0] + 2
            top = (box["top"] - region["top"]) / high * SEEN[1] - 2
            bottom = (box["bottom"] - region["top"]) / high * SEEN[1] + 2
            bare[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1] = False
        return bare


# --- a talk and a tool ----------------------------------------------------------------------------


@dataclass
class Score:
    talk: str
    tool: str
    minutes: float
    known: int = 0  # changes
    found: int = 0
    right: int = 0
    off: float = 0.0  # seconds, the median of those right
    duplicates: int = 0  # a slide that is there twice
    merged: int = 0  # slides that pass for one another
    lost: int = 0  # slides that are not there
    invented: int = 0  # showings of what is no slide
    overlap: float = 1.0  # of regions, the mean
    complete: int = 0  # pictures that show the last state
    pictured: int = 0
    seconds: list[float] = field(default_factory=list)  # of each run
    cpu: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.known if self.known else 1.0

    @property
    def seconds_per_hour(self) -> float:
        """Of the best run: what else the machine did only adds."""
        return min(self.seconds) / self.minutes * 60 if self.seconds else 0.0

    @property
    def cpu_per_hour(self) -> float:
        return min(self.cpu) / self.minutes * 60 if self.cpu else 0.0


def score(folder: Path, tool: str, truth: Truth, found: list[dict[str, Any]]) -> Score:
    """What a tool found in a talk, against the truth beside the talk."""
    out = Score(folder.name, tool, truth["duration"] / 60)
    ends = [*(f["start"] for f in found[1:]), truth["duration"]][: len(found)]
    found = [{"end": end} | f for f, end in zip(found, ends, strict=True)]
    score_changes(out, truth, found)
    score_slides(out, truth, found)
    score_pictures(out, folder, truth, found)
    return out


def score_changes(out: Score, truth: Truth, found: Found) -> None:
    known, times = changes(truth["showings"], "slide"), changes(found, "of")
    pairs = matched(known, times)
    hit = {b for _, b in pairs}
    wrong = [t for t in times if t not in hit]
    if out.tool != "ours":
        free = {b for _, b in matched(uncounted(truth), wrong)}
        wrong = [t for t in wrong if t not in free]
    out.known, out.right, out.found = len(known), len(pairs), len(pairs) + len(wrong)
    out.off = statistics.median(abs(a - b) for a, b in pairs) if pairs else 0.0
    missed = sorted(set(known) - {a for a, _ in pairs})
    out.wrong += [f"{t:.1f} s: a change not found" for t in missed]
    out.wrong += [f"{t:.1f} s: a change found that is none: {why(t, truth)}" for t in wrong]


def score_slides(out: Score, truth: Truth, found: Found) -> None:
    pairs = assigned(found, truth["showings"])
    numbered = [(f.get("of", n), f, k) for n, (f, k) in enumerate(pairs)]
    shown = [(of, k["slide"]) for of, _, k in numbered if k]
    twice, merged = surplus((slide, of) for of, slide in shown), surplus(shown)
    lost = sorted({s["slide"] for s in truth["showings"]} - {slide for _, slide in shown})
    out.duplicates, out.merged, out.lost = len(twice), len(merged), len(lost)
    out.invented = sum(k is None for _, _, k in numbered)
    regions = [iou(f["region"], k["region"]) for f, k in pairs if k and "region" in f]
    out.overlap = statistics.mean(regions) if regions else 1.0
    out.wrong += [f"slide {s}: there twice" for s in twice]
    for of in merged:
        slides = sorted({k["slide"] for n, _, k in numbered if k and n == of})
        out.wrong.append(f"slides {slides}: pass for the same")
    out.wrong += [f"slide {s}: not there" for s in lost]
    for of, one, k in numbered:
        if k is None:
            out.wrong.append(f"{one['start']:.1f}-{one['end']:.1f} s: slide {of} is none")
        elif "region" in one and iou(one["region"], k["region"]) < 0.9:
            share = iou(one["region"], k["region"])
            out.wrong.append(f"{one['start']:.1f} s: region overlaps by {share:.2f}")


def score_pictures(out: Score, folder: Path, truth: Truth, found: Found) -> None:
    pairs = [(f, k) for f, k in assigned(found, truth["showings"]) if k and "at" in f]
    if not pairs:
        return
    frames = pictures(folder / truth["video"], [f["at"] for f, _ in pairs])
    states = States(folder, truth)
    for one, known in pairs:
        out.pictured += 1
        name, off = states.seen(frames[one["at"]], known)
        if name == known["states"][-1] and off <= ALIKE:
            out.complete += 1
        else:
            shows = Path(name).stem + (", in a transition?" if off > ALIKE else "")
            wanted = Path(known["states"][-1]).stem
            out.wrong.append(f"{one['at']:.1f} s: the picture shows {shows} for {wanted}")


# --- the runs -------------------------------------------------------------------------------------


def run(tool: str, python: str, video: Path) -> dict[str, Any]:
    """One tool on one video, in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if tool == "ours":
        paths = [*filter(None, [os.environ.get("PYTHONPATH")]), str(ROOT)]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
    command = [python, str(PROGRAM), tool, str(video)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        return {"failed": " ".join(last) or f"exit status {done.returncode}"}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(
    folders: Sequence[Path], tools: dict[str, str], runs: int
) -> tuple[list[Score], list[str]]:
    """Scores in order of talks, and what could not be measured."""
    scores: dict[tuple[str, str], Score] = {}
    notes: list[str] = []
    for _ in range(runs):
        for folder in folders:
            truth = json.loads((folder / "truth.json").read_text("utf-8"))
            for tool, python in tools.items():
                answer = run(tool, python, folder / truth["video"])
                problem = answer.get("absent") or answer.get("failed")
                if problem:
                    notes.append(f"{tool} left out of {folder.name}: {problem}")
                    continue
                key = folder.name, tool
                if key not in scores:
                    scores[key] = score(folder, tool, truth, answer["found"])
                scores[key].seconds.append(answer["seconds"])
                scores[key].cpu.append(answer["cpu"])
                scores[key].peak_mb = max(scores[key].peak_mb, answer["peak_mb"])
                print(row(scores[key]), file=sys.stderr)  # it takes long: what is done so far
    return list(scores.values()), list(dict.fromkeys(notes))


def total(scores: Sequence[Score], tool: str) -> Score:
    mine = [s for s in scores if s.tool == tool]
    out = Score("all", tool, sum(s.minutes for s in mine))
    for name in ("known", "found", "right", "duplicates", "merged", "lost", "invented"):
        setattr(out, name, sum(getattr(s, name) for s in mine))
    out.complete, out.pictured = sum(s.complete for s in mine), sum(s.pictured for s in mine)
    out.overlap = statistics.mean(s.overlap for s in mine)
    out.off = statistics.median(s.off for s in mine)
    out.seconds = [sum(min(s.seconds) for s in mine)]
    out.cpu = [sum(min(s.cpu) for s in mine)]
    out.peak_mb = max(s.peak_mb for s in mine)
    return out


HEAD = (
    "| talk | tool | changes | precision | recall | off, s | twice | merged | lost | invented "
    "| region | complete | s per hour | CPU s per hour | MB |"
)


def row(s: Score) -> str:
    cells = (
        *(s.talk, s.tool, f"{s.right}/{s.known}, {s.found - s.right} wrong"),
        *(f"{s.precision:.2f}", f"{s.recall:.2f}", f"{s.off:.2f}"),
        *(str(s.duplicates), str(s.merged), str(s.lost)),
        "" if s.tool in CUTTERS else str(s.invented),
        f"{s.overlap:.2f}" if s.tool == "ours" else "",
        f"{s.complete}/{s.pictured}" if s.pictured else "",
        *(f"{s.seconds_per_hour:.0f}", f"{s.cpu_per_hour:.0f}", f"{s.peak_mb:.0f}"),
    )
    return "| " + " | ".join(cells) + " |"


def as_json(s: Score) -> dict[str, Any]:
    figures = {name: getattr(s, name) for name in s.__dataclass_fields__}
    extra = {k: getattr(s, k) for k in ("precision", "recall", "seconds_per_hour", "cpu_per_hour")}
    return figures | extra


def printed(scores: Sequence[Score], notes: Sequence[str], tools: Iterable[str]) -> None:
    print(HEAD)
    print("|" + "---|" * (HEAD.count("|") - 1))
    for s in scores:
        print(row(s))
    for tool in tools:
        if any(s.tool == tool for s in scores):
            print(row(total(scores, tool)))
    for note in notes:
        print(note)
    for s in scores:
        if s.tool == "ours":
            for line in s.wrong:
                print(f"{s.talk}: {line}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kinds", nargs="+")
    parser.add_argument("--peers", help="a Python that has the peers")
    parser.add_argument("--tools", nargs="+", choices=("ours", *PEERS), default=("ours", *PEERS))
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    kinds = options.kinds or sorted(p.parent.name for p in options.folder.glob("*/truth.json"))
    if not kinds:
        parser.error(f"no talks in {options.folder}: write some by tests.bench.slide_talks")
    tools = {t: sys.executable if t == "ours" else options.peers for t in options.tools}
    absent = [t for t, python in tools.items() if not python]
    tools = {t: python for t, python in tools.items() if python}
    scores, notes = measure([options.folder / k for k in kinds], tools, options.runs)
    notes += [f"{t} left out: no --peers" for t in absent]
    if options.json:
        print(json.dumps({"scores": [as_json(s) for s in scores], "notes": notes}, indent=1))
    else:
        printed(scores, notes, tools)


if __name__ == "__main__":
    main()
