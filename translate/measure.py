"""Who is faster and who hears better: timing in interleaved runs, and figures about words.

Knows clocks, ratios and word errors. Does not know Whisper, files, or how results are shown; what
is measured is handed in, the clock too.

Speeds are in seconds of sound for a second of work (`x real time`). A ratio is taken between runs
of the same round, so that what slows the machine for a while slows both of its sides; its spread
over the rounds tells how much of it to believe.
"""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from rapidfuzz.distance import Levenshtein

from translate.errors import StwError
from translate.glossary import Glossary

Clip = TypeVar("Clip")
_Clip = TypeVar("_Clip", contravariant=True)
Clock = Callable[[], float]
Told = Callable[[float], None]  # hears the finished share of one thing, 0..1


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one engine made of one clip: the text, and seconds by part of the work."""

    text: str
    parts: Mapping[str, float] = field(default_factory=dict)


class Contestant(Protocol[_Clip]):
    """An engine as it is measured."""

    @property
    def name(self) -> str: ...

    def hear(self, clip: _Clip, told: Told) -> Heard:
        """From the file to the text. Raises StwError where it cannot."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One round of one engine: every clip once. Parts in seconds; `rest` is what no part names."""

    seconds: float
    parts: Mapping[str, float]
    texts: tuple[str, ...]  # one of each clip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    taken: Mapping[str, tuple[Taken, ...]]  # contestant → its rounds; all of them equally many
    failed: Mapping[str, StwError]  # what stopped a contestant; it is in none of the rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    low: float
    median: float
    high: float


class Stopwatch:
    """Seconds by part, added up. Parts must not run inside each other."""

    def __init__(self, clock: Clock = time.perf_counter) -> None:
        self._clock = clock
        self.parts: dict[str, float] = {}

    def time(self, part: str, work: "Callable[[], Result]") -> "Result":
        begun = self._clock()
        try:
            return work()
        finally:
            self.parts[part] = self.parts.get(part, 0.0) + self._clock() - begun


Result = TypeVar("Result")


class Race(Generic[Clip]):
    """Contestants on the same clips, taking turns: A B C A B C, each on one clip at a time."""

    def __init__(
        self,
        contestants: Sequence[Contestant[Clip]],
        clips: Sequence[tuple[Clip, float]],
        *,
        clock: Clock = time.perf_counter,
    ) -> None:
        """`clips`: each with its length in seconds."""
        self._contestants, self._clips, self._clock = contestants, clips, clock
        self._failed: dict[str, StwError] = {}

    def run(self, rounds: int, told: Callable[[float, float], None]) -> Rounds:
        """`told` hears the seconds of sound that are done, and of how many.

        A contestant that fails is out from there on; the others go on.
        """
        taken: dict[str, list[Taken]] = {c.name: [] for c in self._contestants}
        length = sum(seconds for _, seconds in self._clips)
        total = rounds * length * len(self._contestants)
        done = 0.0
        for _ in range(rounds):
            turns: dict[str, list[tuple[float, Heard]]] = {c.name: [] for c in self._contestants}
            for clip, seconds in self._clips:
                for contestant in self._contestants:
                    self._turn(contestant, clip, _Share(told, done, seconds, total), turns)
                    done += seconds
                    told(done, total)
            for name, heard in turns.items():
                if name not in self._failed:
                    taken[name].append(_sum(heard))
        kept = {name: tuple(each) for name, each in taken.items() if name not in self._failed}
        return Rounds(taken=kept, failed=dict(self._failed))

    def _turn(
        self,
        contestant: Contestant[Clip],
        clip: Clip,
        told: Told,
        turns: Mapping[str, list[tuple[float, Heard]]],
    ) -> None:
        if contestant.name in self._failed:
            return
        begun = self._clock()
        try:
            heard = contestant.hear(clip, told)
        except StwError as error:
            self._failed[contestant.name] = error
            return
        turns[contestant.name].append((self._clock() - begun, heard))


@dataclass(frozen=True, slots=True)
class _Share:
    """One clip's progress as that of the whole race."""

    told: Callable[[float, float], None]
    done: float
    seconds: float
    total: float

    def __call__(self, share: float) -> None:
        self.told(self.done + self.seconds * min(1.0, share), self.total)


def _sum(turns: Sequence[tuple[float, Heard]]) -> Taken:
    parts: Counter[str] = Counter()
    for _, heard in turns:
        for part, seconds in heard.parts.items():
            parts[part] += seconds  # type: ignore[assignment]  # Counter adds floats as well
    seconds = sum(seconds for seconds, _ in turns)
    rest = max(0.0, seconds - sum(parts.values()))
    return Taken(
        seconds=seconds,
        parts={**parts, "rest": rest},
        texts=tuple(heard.text for _, heard in turns),
    )


# --- figures of times -----------------------------------------------------------------------------


def spread(values: Sequence[float]) -> Spread:
    """Lowest, median and highest of at least one value."""
    return Spread(low=min(values), median=statistics.median(values), high=max(values))


def speed(rounds: Sequence[Taken], length: float) -> Spread:
    """Times real time, for clips of `length` seconds in all."""
    return spread([length / max(r.seconds, 1e-9) for r in rounds])


def times_as_fast(rounds: Sequence[Taken], peer: Sequence[Taken]) -> Spread:
    """How many times as fast as the peer, round by round."""
    pairs = zip(rounds, peer, strict=True)
    return spread([theirs.seconds / max(ours.seconds, 1e-9) for ours, theirs in pairs])


def median_parts(rounds: Sequence[Taken]) -> dict[str, float]:
    """Seconds of each part, the median of the rounds."""
    names = dict.fromkeys(name for r in rounds for name in r.parts)
    return {name: statistics.median(r.parts.get(name, 0.0) for r in rounds) for name in names}


# --- figures of words -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """So many of so many."""

    count: int
    of: int

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(count=self.count + other.count, of=self.of + other.of)

    @property
    def share(self) -> float | None:
        """None of nothing."""
        return self.count / self.of if self.of else None


def word_errors(heard: Sequence[str], said: Sequence[str]) -> Counted:
    """Insertions, deletions and replacements, of the words said; may be more than those."""
    return Counted(count=Levenshtein.distance(heard, said), of=len(said))


def agreement(words: Sequence[str], others: Sequence[str]) -> Counted:
    """Words that two hearings have in common in order, of the longer one's."""
    longest = max(len(words), len(others))
    return Counted(count=longest - Levenshtein.distance(words, others), of=longest)


def term_recall(heard: str, said: str, glossary: Glossary) -> Counted:
    """Terms of the term base in what was said, each as often as it was, that were also heard."""
    wanted, found = (
        Counter(match.term.source for match in glossary.matches(text)) for text in (said, heard)
    )
    return Counted(count=(wanted & found).total(), of=wanted.total())
