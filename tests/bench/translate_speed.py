"""How close translating comes to the fastest that a server's latency allows.

    python -m tests.bench.translate_speed [--at-once 1 4 8] [--paragraphs 160] [--seconds 2]

A local server answers rightly, each call after a wait of its own (log-normal, as chat servers
wait; the same waits in every run). Ideal: the sum of all waits, shared by the calls under way
together. In the time: batching, the HTTP client, the checks, and a store that writes to disk.
Not in it: segmenting and assembling, which `tests.bench.line` measures.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.chat_server import Call, Reply, good, serving
from tests.stages.test_translate import paragraphs, terms_of
from translate.backends.chat import Chat
from translate.backends.presets import Preset
from translate.pipeline.step_draft import AnswerStore
from translate.stages.translate import Pace, translate


class Slow:
    """A good server that takes its time."""

    def __init__(self, seconds: float) -> None:
        self._dice = random.Random(1)
        self._seconds = seconds
        self._lock = threading.Lock()
        self.waited: list[float] = []

    def __call__(self, call: Call) -> Reply:
        with self._lock:
            wait = self._seconds * self._dice.lognormvariate(0, 0.3)
            self.waited.append(wait)
        time.sleep(wait)
        return good(call)


def measure(at_once: int, count: int, seconds: float, words: int) -> dict[str, float]:
    """One whole translation: seconds, the ideal and the ratio of the two."""
    slow = Slow(seconds)
    with serving(slow) as server, tempfile.TemporaryDirectory() as folder:
        preset = Preset(name="bench", title="bench", base_url=server.url, model="m")
        translator = Chat(preset, {})
        translator.batch_words = words
        begun = time.perf_counter()
        outcome = translate(
            paragraphs(count),
            terms_of,
            translator,
            AnswerStore(Path(folder) / "answers.jsonl"),
            pace=Pace(at_once=at_once),
        )
        took = time.perf_counter() - begun
    assert all(t.chinese for t in outcome.translations)
    ideal = sum(slow.waited) / at_once
    return {
        "at_once": at_once,
        "calls": len(slow.waited),
        "seconds": round(took, 2),
        "ideal": round(ideal, 2),
        "ratio": round(took / ideal, 3),
    }


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--paragraphs", type=int, default=320)
    parser.add_argument("--seconds", type=float, default=2.0, help="median wait of a call")
    parser.add_argument("--words", type=int, default=200, help="English words a call")
    told = parser.parse_args(arguments)
    for at_once in told.at_once:
        row = measure(at_once, told.paragraphs, told.seconds, told.words)
        print(json.dumps(row))


if __name__ == "__main__":
    main(sys.argv[1:])
