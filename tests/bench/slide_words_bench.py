"""`python -m tests.bench.slide_words_bench [--show]`: how much of what is wrong slides give away.

Names: what recognisers really wrote for names (`tests/data/mishearings.csv`), each said while a
slide with the right name stands, half a minute after it and ten minutes after it; the term base
knows none of them. Numbers: composed slides (`tests.bench.slide_words`) with their lines read out
in other words, right, and with one number changed in the English or in the Chinese.

Wrong flags are counted on composed slides read out right; on lectures and talks said before slides
that have nothing to do with them; and on two recognisers' words of five real talks before slides
made of what people wrote down of the same talks, where a flag is right if they differ.
"""

import argparse
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.bench.mishearings import Pair, column, pairs, texts
from tests.bench.slide_words import cards
from tests.shared import SHARED
from translate.glossary import Glossary
from translate.model import (
    UNTRANSLATED,
    Article,
    Engine,
    Line,
    Paragraph,
    Problem,
    Section,
    Sentence,
    Slide,
    Span,
    Translation,
)
from translate.slide_numbers import differing
from translate.stages.mishear import Candidate, candidates

RATE = 2.6  # words a second
STANDS = 25.0  # seconds of a slide


@dataclass
class Talk:
    """What is said and shown."""

    article: Article
    slides: list[Slide]
    chinese: list[Translation]

    @property
    def words(self) -> int:
        return sum(len(p.english.split()) for p in self.article.paragraphs)


def spoken(
    sentences: Sequence[str], starts: Sequence[float] = (), chinese: Sequence[str] = ()
) -> Talk:
    """Paragraphs of three sentences, each as long as its words take, or from its own start."""
    done: list[Sentence] = []
    at = 0.0
    for n, text in enumerate(sentences):
        at = starts[n] if starts else at
        end = at + max(1, len(text.split())) / RATE
        done.append(Sentence(start=at, end=end, text=text))
        at = end
    size = 1 if chinese else 3
    parts = [done[n : n + size] for n in range(0, len(done), size)]
    paragraphs = tuple(
        Paragraph(start=p[0].start, end=p[-1].end, sentences=tuple(p)) for p in parts
    )
    by = Engine(name="none")
    translations = [
        Translation(start=p.start, chinese=c, of="", by=by)
        for p, c in zip(paragraphs, chinese, strict=False)
    ]
    return Talk(
        Article(sections=(Section(start=0, title="", paragraphs=paragraphs),)), [], translations
    )


def slide(lines: Sequence[Line], start: float, end: float, title: str = "") -> Slide:
    words = " ".join([title, *(line.text for line in lines)])
    shown = (Span(start=start, end=end),)
    return Slide(shown=shown, kind="text", title=title, lines=tuple(lines), words=words)


def split(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.?!])\s+", text) if s.strip()]


# --- names --------------------------------------------------------------------------------------


def flagged(pair: Pair, glossary: Glossary, after: float | None) -> bool:
    """Whether a name is proposed that stands on a slide; `after`: seconds since it was taken down;
    None: no slide at all."""
    talk = spoken([pair.sentence], [1000.0])
    if after is not None:
        end = 1030.0 if after == 0 else 1000.0 - after
        talk.slides = [slide([Line(text=f"Thanks to {pair.right}")], end - 20, end, "Our work")]
    found = candidates(talk.article, glossary, "", talk.slides)
    return any(c.term in pair.right or pair.right in c.term for c in found)


def names(bare: Glossary) -> None:
    some = [p for p in pairs() if any(c.isupper() for c in p.right)]
    for what, after in (
        ("no slides", None),
        ("while it stands", 0.0),
        ("30 s later", 30.0),
        ("10 min later", 600.0),
    ):
        for part in ("tune", "held-out"):
            here = [p for p in some if p.split == part]
            hits = sum(flagged(p, bare, after) for p in here)
            print(f"names\t{what}\t{part}\t{hits} of {len(here)}\t{hits / len(here):.2f}")
    missed = [p for p in some if not flagged(p, bare, 0.0)]
    print("missed while it stands: " + "; ".join(f"{p.heard} → {p.right}" for p in missed))


# --- numbers ------------------------------------------------------------------------------------

_SPOKEN = (
    (r"(?<=\d) s\b", " seconds"),
    (r"(?<=\d) ms\b", " milliseconds"),
    (r"(?<=\d) GB\b", " gigabytes"),
    (r"(?<=\d) MB\b", " megabytes"),
    (r"(?<=\d) ?%", " percent"),
    (r"(?<=\d)k\b", " thousand"),
    (r":", " is"),
    (r" \(", ", "),
    (r"\)", ""),
)
_CARRIERS = ("So {}.", "What we found is that {}.", "As you can see, {}, and we like that.", "{}.")
_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.%]*[A-Z.])(?=[ %k])")


def read_out(line: str, rng: random.Random) -> str:
    """A line as it is said: units in words, and some words left out."""
    for pattern, instead in _SPOKEN:
        line = re.sub(pattern, instead, line)
    words = line.split()
    kept = [
        w
        for n, w in enumerate(words)
        if rng.random() > 0.2 or any(c.isdigit() for x in words[max(0, n - 1) : n + 3] for c in x)
    ]
    text = " ".join(kept).replace(" ,", ",").strip(", ")
    return rng.choice(_CARRIERS).format(text[0].lower() + text[1:])


def composed(
    seed: int, rng: random.Random, *, shift: bool = True
) -> tuple[Talk, list[tuple[int, str]]]:
    """A talk that reads two or three lines of each slide out; with the lines by sentence."""
    sentences: list[str] = []
    starts: list[float] = []
    lines: list[tuple[int, str]] = []
    slides: list[Slide] = []
    every = [t for _, t in texts()]
    real = split(every[seed % len(every)])
    for n, card in enumerate(cards(60, seed)):
        at = n * STANDS
        slides.append(slide(card.lines, at, at + STANDS, card.title))
        prose = [x.text for x in card.lines if not x.code]
        now = at + (rng.uniform(-3, 6) if shift else 0.5)
        for text in [*rng.sample(prose, min(len(prose), 3)), rng.choice(real)]:
            said = read_out(text, rng) if text in prose else text
            if text in prose:
                lines.append((len(sentences), text))
            sentences.append(said)
            starts.append(max(0.0, now))
            now += len(said.split()) / RATE
    talk = spoken(sentences, starts, [UNTRANSLATED] * len(sentences))
    talk.slides, talk.chinese = slides, []
    return talk, lines


def changed(value: int, rng: random.Random) -> int:
    """A number as it is misheard or mistranslated: 15 for 50, ten times as much, another digit."""
    ways = [value * 10, value + rng.choice((-1, 1)) * max(2, value // 3)]
    if value % 10 == 0 and 20 <= value <= 90:
        ways.append(value // 10 + 10)
    if 13 <= value <= 19:
        ways.append((value - 10) * 10)
    return abs(rng.choice(ways)) or 7


def planted(seed: int, per_talk: int = 12) -> Iterator[tuple[str, bool]]:
    """Sentences with one number changed, and whether that sentence is flagged for it."""
    rng = random.Random(seed)
    talk, lines = composed(seed, rng)
    said = [s for p in talk.article.paragraphs for s in p.sentences]
    before = {(p.at, p.message) for p in differing(talk.slides, talk.article, [])}
    with_numbers = [at for at, text in lines if _NUMBER.search(said[at].text)]
    for at in rng.sample(with_numbers, min(per_talk, len(with_numbers))):
        old = said[at].text
        spots = list(_NUMBER.finditer(old))
        spot = rng.choice(spots)
        new = f"{old[: spot.start()]}{changed(int(spot[0]), rng)}{old[spot.end() :]}"
        texts_ = [new if n == at else s.text for n, s in enumerate(said)]
        other = spoken(texts_, [s.start for s in said], [UNTRANSLATED] * len(said))
        told = {(p.at, p.message) for p in differing(talk.slides, other.article, [])}
        yield new, any(p[0] == said[at].start for p in told - before)


def planted_chinese(seed: int, per_talk: int = 12) -> Iterator[bool]:
    """The same with the English right and another number in the Chinese."""
    rng = random.Random(seed)
    talk, lines = composed(seed, rng)
    paragraphs = talk.article.paragraphs
    by = Engine(name="none")
    with_numbers = [at for at, _ in lines if _NUMBER.search(paragraphs[at].english)]
    for at in rng.sample(with_numbers, min(per_talk, len(with_numbers))):
        numbers = re.findall(r"\d+", paragraphs[at].english)
        wrong = rng.randrange(len(numbers))
        written = [str(changed(int(x), rng)) if n == wrong else x for n, x in enumerate(numbers)]
        text = "我们看到" + "，还有 ".join(f" {x} 个" for x in written) + "。"
        row = Translation(start=paragraphs[at].start, chinese=text, of="", by=by)
        yield any(p.at == row.start for p in differing(talk.slides, talk.article, [row]))


def numbers(*, show: bool) -> None:
    hits: Counter[str] = Counter()
    missed: list[str] = []
    for seed in range(1, 11):
        for text, found in planted(seed):
            hits["English"] += found
            hits["English, all"] += 1
            missed += [] if found else [text]
        for found in planted_chinese(seed):
            hits["Chinese"] += found
            hits["Chinese, all"] += 1
    for language in ("English", "Chinese"):
        n, all_ = hits[language], hits[f"{language}, all"]
        print(f"numbers changed\t{language}\t{n} of {all_}\t{n / all_:.2f}")
    if show:
        print("missed:", *missed[:40], sep="\n    ")


# --- wrong flags --------------------------------------------------------------------------------


def counted(name: str, talks: Sequence[Talk], glossary: Glossary, *, show: bool) -> None:
    """Flags for 1,000 words: names for a slide's sake, names that slides took away, numbers."""
    words = sum(t.words for t in talks)
    heard: list[Candidate] = []
    other: list[Problem] = []
    without = with_ = 0
    for talk in talks:
        plain = candidates(talk.article, glossary)
        found = candidates(talk.article, glossary, "", talk.slides)
        without, with_ = without + len(plain), with_ + len(found)
        heard += [c for c in found if c.shown is not None]
        other += differing(talk.slides, talk.article, talk.chinese)
    rates = [f"{len(x)} ({1000 * len(x) / words:.2f})" for x in (heard, other)]
    print(f"{name}\t{words}\t{rates[0]}\t{rates[1]}\t{without} → {with_}", flush=True)
    if show:
        for c in heard:
            print(f"    {c.heard} → {c.term} {c.score:.2f}: {c.context}")
        for p in other:
            print(f"    {p.message}")


def unrelated() -> Iterator[Talk]:
    """Real speech before composed slides."""
    for n, (_, text) in enumerate(texts()):
        talk = spoken(split(text))
        talk.slides = [
            slide(card.lines, k * STANDS, (k + 1) * STANDS, card.title)
            for k, card in enumerate(cards(60, n + 1))
        ]
        yield talk


def real(recogniser: str) -> Iterator[Talk]:
    """A recogniser's words of real talks, before slides of what people wrote down of them."""
    words = _rows(f"{recogniser}.long.jsonl")
    for row in _rows("references.long.jsonl"):
        asr = next((r for r in words if r["sample_id"] == row["sample_id"]), None)
        if asr is None:
            continue
        text = str(asr.get("output") or "")
        talk = spoken(split(text))
        right = split(str(row["src_ref"]))
        scale = len(text.split()) / max(1, len(" ".join(right).split()))
        talk.slides = _slides(right, scale)
        yield talk


def people() -> Iterator[Talk]:
    """What people wrote down, in English and in Chinese, before slides of the same."""
    by_talk: dict[str, list[dict[str, str]]] = {}
    for row in _rows("references.sentences.jsonl"):
        by_talk.setdefault(str(row["doc_id"]), []).append(row)
    for rows in by_talk.values():
        talk = spoken([r["src_ref"] for r in rows], (), [r["tgt_ref"] for r in rows])
        talk.slides = _slides([s for r in rows for s in split(r["src_ref"])], 1.0)
        yield talk


def _rows(name: str) -> list[dict[str, str]]:
    lines = (SHARED / "talks/acl6060" / name).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _slides(sentences: Sequence[str], scale: float) -> list[Slide]:
    """Slides of half a minute, each with the sentences that hold a number or a name, shortened."""
    out: list[Slide] = []
    lines: list[Line] = []
    begun = at = 0.0
    for text in sentences:
        at += scale * len(text.split()) / RATE
        words = text.split()
        marks = [n for n, w in enumerate(words) if n and re.search(r"\d|[A-Z]", w)]
        for n in marks[::3]:
            lines.append(Line(text=" ".join(words[max(0, n - 5) : n + 6])))
        if at - begun > STANDS:
            out.append(slide(lines[:8], begun, at))
            lines, begun = [], at
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="every flag, and what was missed")
    show = parser.parse_args().show
    base, bare = column()
    names(bare)
    numbers(show=show)
    print(
        "\ntext\twords\tnames flagged (per 1,000)\tnumbers flagged"
        "\tall names, without → with slides"
    )
    right = [composed(seed, random.Random(seed))[0] for seed in range(1, 11)]
    counted("composed slides read out right", right, base, show=show)
    counted("real speech, slides of another talk", list(unrelated()), base, show=show)
    counted("five real talks, Whisper", list(real("whisper_asr")), base, show=show)
    counted("five real talks, Canary", list(real("canary-v2_asr")), base, show=show)
    counted("five real talks, people", list(people()), base, show=show)
    start = time.perf_counter()
    candidates(right[0].article, base, "", right[0].slides)
    list(differing(right[0].slides, right[0].article, []))
    print(f"\none talk of 25 minutes and 60 slides: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
