"""How well slides are read, and laid out: characters, words, titles, bullets, levels; time, memory.

    python -m tests.bench.ocr FOLDER [--heights 720 360] [--slides 60] [--crf 28]

FOLDER holds composed talks, each with `truth.json` and the drawn states of its slides, as
`tests.bench.slide_talks` makes them. Every picture goes through x264 at each height before it is
read, because that is what a video leaves of a slide. Time is the processor's, of all threads,
without loading the models; peak memory is the whole process's.
"""

import argparse
import io
import json
import random
import re
import resource
import time
from collections import Counter
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image
from rapidfuzz.distance import Levenshtein

from translate.backends.rapid_ocr import RapidOcr
from translate.layout import arrange
from translate.model import TextBox


def through_video(picture: np.ndarray, crf: int) -> np.ndarray:
    """What x264 leaves of a picture that stands for a second."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": str(crf), "preset": "veryfast"}
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file) as container:
        *_, last = container.decode(video=0)
        return last.to_ndarray(format="rgb24")


def slides(folder: Path, most: int) -> list[tuple[Path, dict[str, Any]]]:
    """Drawn slides in their last state with what stands on them; a fixed choice of `most`."""
    found = []
    for truth in sorted(folder.glob("*/truth.json")):
        seen = set()
        for showing in json.loads(truth.read_text("utf-8"))["showings"]:
            if showing["states"] and showing["slide"] not in seen and not showing["covered"]:
                seen.add(showing["slide"])
                found.append((truth.parent / showing["states"][-1], showing))
    return sorted(random.Random(6).sample(found, min(most, len(found))), key=lambda one: one[0])


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("–", "-").replace("’", "'")).strip()


def texts(truth: dict[str, Any]) -> list[str]:
    lines = [truth["title"], *(line["text"] for line in truth["lines"])]
    return [plain(text) for text in dict.fromkeys(lines) if text.strip()]


class Score:
    """Sums over slides."""

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()
        self.wrong: list[str] = []

    def add(self, truth: dict[str, Any], read: tuple[TextBox, ...], aspect: float) -> None:
        got = [plain(box.text.removeprefix("• ").removeprefix("- ")) for box in read]
        words = Counter(word for text in got for word in text.split())
        for text in texts(truth):
            self.sums["letters"] += len(text)
            misread = min((Levenshtein.distance(text, one) for one in got), default=len(text))
            self.sums["misread"] += min(misread, len(text))
            wanted = Counter(text.split())
            self.sums["words"] += wanted.total()
            self.sums["words found"] += (wanted & words).total()
        page = arrange(read, aspect=aspect)
        self.sums["slides"] += 1
        self.sums["titles"] += plain(page.title) == plain(truth["title"])
        self.sums["kinds"] += page.kind == truth["kind"]
        wanted_lines = [line for line in truth["lines"] if line["text"].strip()]
        lines = Counter((plain(line.text), line.level, line.code) for line in page.lines)
        prose = Counter(plain(line.text) for line in page.lines)
        for line in wanted_lines:
            self.sums["lines"] += 1
            self.sums["lines found"] += prose[plain(line["text"])] > 0
            self.sums["levels"] += lines[plain(line["text"]), line["level"], line["code"]] > 0
        self.sums["too many"] += max(0, len(page.lines) - len(wanted_lines))
        if plain(page.title) != plain(truth["title"]):
            self.wrong.append(f"title {truth['title']!r}: {page.title!r}")

    def row(self, name: str, seconds: float) -> str:
        s = self.sums
        return (
            f"| {name} | {s['slides']} | {1 - s['misread'] / s['letters']:.4f} "
            f"| {s['words found'] / s['words']:.4f} | {s['titles']} | {s['kinds']} "
            f"| {s['lines found']}/{s['lines']} | {s['levels']}/{s['lines']} | {s['too many']} "
            f"| {seconds / s['slides']:.2f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--heights", type=int, nargs="+", default=[720, 360])
    parser.add_argument("--slides", type=int, default=60)
    parser.add_argument("--crf", type=int, default=28)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    reader = RapidOcr(threads=options.threads)
    reader.read(np.full((64, 64, 3), 255, np.uint8))  # loads the models
    print(
        "| height | slides | characters | words | titles | kinds | lines | with level | too many "
        "| CPU s per slide |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    chosen = slides(options.folder, options.slides)
    wrong: list[str] = []
    for height in options.heights:
        scores = {"light": Score(), "dark": Score()}
        spent = dict.fromkeys(scores, 0.0)
        for file, truth in chosen:
            with Image.open(file) as image:
                width = round(image.width * height / image.height / 2) * 2
                sized = np.asarray(image.convert("RGB").resize((width, height)))
            picture = through_video(sized, options.crf)
            kind = "light" if np.median(picture) > 127 else "dark"
            start = time.process_time()
            read = reader.read(picture)
            spent[kind] += time.process_time() - start
            scores[kind].add(truth, read, width / height)
        for kind, score in scores.items():
            if score.sums["slides"]:
                print(score.row(f"{height}p {kind}", spent[kind]), flush=True)
            wrong += [f"{height}p {text}" for text in score.wrong]
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
    print("\n".join(wrong))


if __name__ == "__main__":
    main()
