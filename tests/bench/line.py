"""`python -m tests.bench.line`: what the line costs outside the models.

Prints JSON: the start of `stw --help` against the interpreter's own, `stw demo`, three hours of
sound decoded (time and peak memory), three hours of text through segment, glossary and assembly,
and a draft of three hours through merge, checks and publishing.
Every figure is the median of its runs; the machine stands beside it.
"""

import argparse
import datetime
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.media import make_media
from tests.shared import SHARED
from translate import glossary as terms
from translate import refusals
from translate.backends import captions, media
from translate.caption_text import clean_captions
from translate.draft import parse, render
from translate.merge import merge
from translate.model import Article, Cue, Engine, Talk, Transcript, Translation
from translate.stages.assemble import Column, assemble, subtitles
from translate.stages.publish import post_of
from translate.stages.segment import segment

ROOT = Path(__file__).parents[2]
HOURS = 3


def timed(command: list[str], cwd: Path | None = None) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=cwd)
    return time.perf_counter() - began


def start(runs: int) -> dict[str, float]:
    """Interleaved, so that a slow minute of the machine hits both."""
    bare, ours = [], []
    for _ in range(runs):
        bare.append(timed([sys.executable, "-c", "pass"]))
        ours.append(timed([sys.executable, "-m", "translate", "--help"]))
    return {
        "interpreter_s": statistics.median(bare),
        "help_s": statistics.median(ours),
        "help_over_interpreter_s": statistics.median(
            a - b for a, b in zip(ours, bare, strict=True)
        ),
    }


def demo(runs: int) -> dict[str, float]:
    times = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            times.append(timed([sys.executable, "-m", "translate", "demo"], Path(folder)))
    return {"demo_s": statistics.median(times)}


def peak_kb() -> int:
    """This process's own peak of resident memory; `ru_maxrss` would count the parent's, too."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    [line] = [x for x in status.read_text().splitlines() if x.startswith("VmHWM")]
    return int(line.split()[1])


def decode(path: Path) -> None:
    """Run in a process of its own: prints seconds and the peak of its memory."""
    before = peak_kb()
    began = time.perf_counter()
    audio = media.decode(path)
    seconds = time.perf_counter() - began
    peak = peak_kb()
    print(
        json.dumps(
            {
                "decode_s": seconds,
                "times_real_time": audio.duration / seconds,
                "memory_before_mb": before / 1024,
                "memory_peak_mb": peak / 1024,
                "samples_as_float32_mb": len(audio.samples) * 4 / 2**20,
            }
        )
    )


def long_sound() -> dict[str, float]:
    """Three hours of noise as m4a: the file is made here and thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        path = make_media(Path(folder) / "long.m4a", seconds=HOURS * 3600, noise=True)
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.line", "--decode", str(path)],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
    return dict(json.loads(done.stdout))


def long_text() -> tuple[Transcript, int]:
    """The lectures' captions one after the other, until three hours are full."""
    files = sorted((SHARED / "lectures").rglob("*.srt"))
    files = [f for f in files if "zh" not in f.parent.name and "dual" not in f.name]
    cues: list[Cue] = []
    at = 0.0
    for file in itertools.cycle(files):
        found, _ = clean_captions(captions.read(file).cues)
        cues += [Cue(start=c.start + at, end=c.end + at, text=c.text) for c in found]
        at = cues[-1].end
        if at >= HOURS * 3600:
            break
    words = sum(len(c.text.split()) for c in cues)
    engine = Engine(name="captions")
    return Transcript(language="en", engine=engine, duration=at, cues=tuple(cues)), words


def text_stages(runs: int) -> dict[str, float]:
    transcript, words = long_text()
    times: dict[str, list[float]] = {"segment_s": [], "glossary_s": [], "assemble_s": []}
    for _ in range(runs):
        marks = [time.perf_counter()]
        article = segment(transcript, ())
        marks.append(time.perf_counter())
        base = terms.load(sorted((ROOT / "glossary").glob("*.csv")))
        article = terms.correct_article(article, base)
        for paragraph in article.paragraphs:
            base.terms_in(paragraph.english)
        marks.append(time.perf_counter())
        translations = _filled(article)
        talk = Talk(slug="long", title="A long talk")
        today = datetime.date(2026, 1, 1)
        render(assemble(talk, article, translations, column=Column(), today=today))
        subtitles(article, translations)
        marks.append(time.perf_counter())
        for name, (a, b) in zip(times, itertools.pairwise(marks), strict=True):
            times[name].append(b - a)
    figures = {name: statistics.median(t) for name, t in times.items()}
    return figures | {"total_s": sum(figures.values()), "words": words}


def draft_stages(runs: int) -> dict[str, float]:
    """A draft of three hours, a third of it edited, and every paragraph translated anew."""
    article = segment(long_text()[0], ())
    talk = Talk(slug="long", title="A long talk", url="https://example.org/talk")
    today = datetime.date(2026, 1, 1)

    def drawn(translations: list[Translation]) -> str:
        return render(assemble(talk, article, translations, column=Column(), today=today))

    numbered = [
        replace(t, chinese=f"第 {n} 段。{t.chinese}") for n, t in enumerate(_filled(article))
    ]
    base = drawn(numbered)
    new = drawn([replace(t, chinese=f"{t.chinese}如此。") for t in numbered])
    edited = base
    for n in range(0, len(numbered), 3):
        edited = edited.replace(f"第 {n} 段。", f"第{n}段,编者改过。", 1)
    work: dict[str, Callable[[], object]] = {
        "merge_s": lambda: merge(base, edited, new),
        "parse_s": lambda: parse(edited),
        "house_s": lambda: refusals.problems(edited),
        "post_s": lambda: post_of(edited, slug="long", bilingual=False),
    }
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(runs):
        for name, do in work.items():
            began = time.perf_counter()
            do()
            times[name].append(time.perf_counter() - began)
    figures = {name: statistics.median(t) for name, t in times.items()}
    return figures | {"draft_characters": len(edited), "draft_paragraphs": len(numbered)}


def _filled(article: Article) -> list[Translation]:
    """Chinese of a usual length for every paragraph: what assembling costs is its typography."""
    by = Engine(name="bench")
    prose = "我们在 PyTorch 2.0 里用 `torch.compile` 把模型编译成融合内核，训练快了 8%。"
    return [Translation(start=p.start, chinese=prose * 4, of="", by=by) for p in article.paragraphs]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--decode", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.decode:
        decode(options.decode)
        return
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    figures = {"machine": machine, **start(options.runs), **demo(3), **long_sound()}
    if SHARED.exists():
        figures |= text_stages(options.runs) | draft_stages(options.runs)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
