"""`python -m tests.bench.mishearings`: how many mishearings are suspected, and how often wrongly.

Recall is counted on what recognisers really wrote (`tests/data/mishearings.csv`: the column's own,
and two recognisers against people's transcripts of the same talks), each in a sentence of our own,
and on the `heard_as` of the term base with `heard_as` taken out. A name may be new to the talk, or
its title may say it. Wrong flags are counted on whole lectures and talks. Phonetics are left out
once, to see what they bring.
"""

import csv
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tests.shared import SHARED
from translate import glossary as terms
from translate.glossary import Glossary
from translate.model import Article, Paragraph, Section, Sentence, Term
from translate.stages import mishear
from translate.stages.mishear import Candidate, candidates

ROOT = Path(__file__).parents[2]
PAIRS = ROOT / "tests" / "data" / "mishearings.csv"
CARRIER = "Today we will look at how {} does this for us."


class Pair(NamedTuple):
    heard: str
    right: str
    sentence: str
    split: str
    source: str


def pairs(file: Path = PAIRS) -> list[Pair]:
    with file.open(encoding="utf-8", newline="") as rows:
        return [Pair(**row) for row in csv.DictReader(rows)]


def column() -> tuple[Glossary, Glossary]:
    """The column's term base, and the same without what it knows to be misheard."""
    base = terms.load(sorted((ROOT / "glossary").glob("*.csv")))
    return base, Glossary(terms=tuple(replace(t, heard_as=()) for t in base.terms))


def with_names(base: Glossary, names: Iterable[str]) -> Glossary:
    """The term base of somebody who has put these names into it."""
    known = {t.source for t in base.terms}
    new = [n for n in dict.fromkeys(names) if n not in known]
    return Glossary(terms=(*base.terms, *(Term(source=n, policy="keep") for n in new)))


def article(text: str) -> Article:
    """Running text, cut at the ends of sentences; one second each."""
    parts = [s for s in re.split(r"(?<=[.?!])\s+", text) if s.strip()]
    sentences = tuple(Sentence(start=n, end=n + 1, text=s) for n, s in enumerate(parts))
    whole = Paragraph(start=0, end=len(sentences), sentences=sentences)
    return Article(sections=(Section(start=0, title="", paragraphs=(whole,)),))


def found(pair: Pair, glossary: Glossary, *, expected: bool) -> bool:
    """Whether the right name, or a part of it, is proposed in the pair's sentence."""
    context = pair.right if expected else ""
    told = candidates(article(pair.sentence), glossary, context)
    return any(c.term in pair.right for c in told)


def odd(pair: Pair) -> bool:
    """Whether a word of what was heard is no English, or has a capital."""
    opening = pair.sentence.startswith(pair.heard)
    return any(mishear._kind(w, opening=opening) != "plain" for w in pair.heard.split())


def texts() -> Iterator[tuple[str, str]]:
    """Corpus and text of everything that wrong flags are counted on."""
    for file in sorted((SHARED / "lectures/hf-course/en").glob("*.srt")):
        yield "38 short lectures", _captions(file)
    for file in sorted((SHARED / "lectures/polyu-comp5521").glob("*.srt")):
        if "dual" not in file.name:
            yield "2 lectures of an hour", _captions(file)
    for name, key, corpus in (
        ("whisper_asr", "output", "5 ACL talks, by Whisper"),
        ("references", "src_ref", "5 ACL talks, by people"),
    ):
        rows = (SHARED / f"talks/acl6060/{name}.long.jsonl").read_text("utf-8").splitlines()
        yield from ((corpus, json.loads(row)[key]) for row in rows)


def _captions(file: Path) -> str:
    return " ".join(re.sub(r"(?m)^(\d+|.*-->.*)$", "", file.read_text("utf-8-sig")).split())


@contextmanager
def without_phonetics() -> Iterator[None]:
    """Likeness by letters alone."""
    real = mishear.likeness

    def look(heard: str, name: str) -> float:
        letters = mishear._letters
        return mishear.Indel.normalized_similarity(letters(heard), letters(name))

    mishear.likeness = look
    try:
        yield
    finally:
        mishear.likeness = real


def recall(name: str, some: list[Pair], glossary: Glossary) -> None:
    for expected in (False, True):
        hits = sum(found(pair, glossary, expected=expected) for pair in some)
        how = "said in the title" if expected else "new to the talk"
        print(f"{name}\t{how}\t{hits} of {len(some)}\t{hits / len(some):.2f}")


def flags(base: Glossary, glossary: Glossary, show: Callable[[Candidate], bool]) -> None:
    """Flags for 1,000 words, on what the term base has put right already."""
    words: dict[str, int] = {}
    told: dict[str, list[Candidate]] = {}
    for corpus, text in texts():
        words[corpus] = words.get(corpus, 0) + len(text.split())
        corrected = terms.correct_article(article(text), base)
        told.setdefault(corpus, []).extend(candidates(corrected, glossary))
    for corpus, count in words.items():
        print(f"{corpus}\t{count} words\t{len(told[corpus])} flags", end="\t")
        print(f"{1000 * len(told[corpus]) / count:.2f} for 1,000")
        for c in filter(show, told[corpus]):
            print(f"    {c.heard} → {c.term} {c.score:.2f}: {c.context}")
    total = sum(map(len, told.values()))
    print(f"all\t{sum(words.values())}\t{total}\t{1000 * total / sum(words.values()):.2f}")


def main() -> None:
    base, bare = column()
    real = pairs()
    full = with_names(bare, (p.right for p in real))
    recorded = [
        Pair(heard, t.source, CARRIER.format(heard), "", "term base")
        for t in base.terms
        for heard in t.heard_as
    ]

    def measure() -> None:
        for split in ("tune", "held-out"):
            some = [p for p in real if p.split == split]
            recall(f"real, {split}", some, full)
            recall("  those that are no plain English", [p for p in some if odd(p)], full)
        recall("recorded in the term base", recorded, bare)

    measure()
    for expected in (False, True):
        missed = [p for p in real if not found(p, full, expected=expected)]
        print(f"missed, {expected=}: " + "; ".join(f"{p.heard} → {p.right}" for p in missed))
    print("\nwrong flags, the column's term base:")
    flags(base, bare, lambda _: True)
    print("\nflags, with the names of the ACL talks in it (those by Whisper are mostly right):")
    flags(base, full, lambda c: c.term not in {t.source for t in bare.terms})
    print("\nwithout phonetics:")
    with without_phonetics():
        measure()
        flags(base, bare, lambda _: False)
    long = article(" ".join(" ".join(text for _, text in texts()).split()[:30_000]))
    start = time.perf_counter()
    candidates(long, base)
    print(f"\n30,000 words, {len(base.terms)} terms: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
