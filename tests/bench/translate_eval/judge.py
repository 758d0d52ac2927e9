"""What the line makes of right answers and of damaged ones: alarms by check, recall by damage.

Right answers go through the checks one by one, so that each alarm has its check. Damaged ones go
through the translation stage itself, as the first answers of a translator that has no second
ones: what the stage refuses stays untranslated.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.bench.translate_eval import damage
from tests.bench.translate_eval.damage import Right
from tests.bench.translate_eval.pairs import SLIPS, Pair
from translate import checks
from translate.glossary import Glossary
from translate.model import Answer, Engine, Paragraph, Request, Unit, Usage
from translate.stages import translate as translating

BATCH_WORDS = 700  # as the chat backend takes
APART = 3  # every third paragraph is damaged at a time, so that its neighbours are right

# These hold the Chinese to the column's own style, which people elsewhere did not follow.
HOUSE = ("term", "term-preferred", "term-forbidden", "polite-you")


@dataclass(frozen=True, slots=True)
class Alarm:
    """A finding about a right answer."""

    code: str
    severity: str
    reason: str
    pair: Pair

    @property
    def false(self) -> bool:
        """Whether the people were right: neither their own slip nor another house's style."""
        slip = "number" in self.code and any(slip in self.pair.chinese for slip in SLIPS)
        return self.code not in HOUSE and not slip


def by_talk(pairs: Sequence[Pair]) -> list[list[Pair]]:
    talks: dict[str, list[Pair]] = {}
    for pair in pairs:
        talks.setdefault(pair.talk, []).append(pair)
    return list(talks.values())


def units(talk: Sequence[Pair], glossary: Glossary) -> tuple[Unit, ...]:
    return translating.units_of(paragraphs(talk), glossary.terms_in)


def paragraphs(talk: Sequence[Pair]) -> list[Paragraph]:
    return [pair.paragraph(10.0 * n) for n, pair in enumerate(talk)]


def alarms(pairs: Sequence[Pair], glossary: Glossary) -> Iterator[Alarm]:
    """Everything that the checks find about the people's Chinese, alone and among neighbours."""
    for talk in by_talk(pairs):
        listed = units(talk, glossary)
        for unit, pair in zip(listed, talk, strict=True):
            for found in checks.findings(unit.english, pair.chinese, unit.terms):
                yield Alarm(found.code, found.severity, found.reason, pair)
        everything = frozenset(unit.id for unit in listed)
        at = 0
        for batch in translating.batches(listed, everything, BATCH_WORDS):
            around = talk[max(0, at - 1) : at + len(batch)]  # what stands before is known by then
            for i, found in checks.between([(p.english, p.chinese) for p in around]).items():
                if around[i] in talk[at : at + len(batch)]:
                    yield Alarm(found.code, found.severity, found.reason, around[i])
            at += len(batch)


# --- through the stage ----------------------------------------------------------------------------


Answers = Callable[[Sequence[str]], Mapping[str, str]]  # ids of a call → Chinese by id


@dataclass
class Once:
    """A translator whose first answers are given; asked again, it has none."""

    answers: Answers
    engine: Engine = field(default_factory=lambda: Engine(name="given"))
    by_person: bool = False
    batch_words: int = BATCH_WORDS

    def estimate(self, request: Request) -> Usage:
        del request
        return Usage()

    def translate(self, request: Request) -> Answer:
        if request.reasons:
            return Answer(note="asked once already")
        return Answer(texts=self.answers([unit.id for unit in request.units]))


class Book(dict[str, translating.Stored]):
    """A store in memory."""

    def put(self, key: str, chinese: str, engine: Engine) -> None:
        self[key] = translating.Stored(chinese, engine)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one paragraph: refused, or published with these doubts in the report."""

    refused: bool
    doubts: frozenset[str]


def through_the_stage(
    said: Sequence[Paragraph], glossary: Glossary, answers: Answers
) -> dict[str, Verdict]:
    """By id."""
    outcome = translating.translate(said, glossary.terms_in, Once(answers), Book())
    doubts: dict[float, set[str]] = {}
    for problem in outcome.problems:
        doubts.setdefault(problem.at or 0.0, set()).add(problem.message)
    return {
        f"p{n:04d}": Verdict(bool(t.missing), frozenset(doubts.get(t.start, ())))
        for n, t in enumerate(outcome.translations, 1)
    }


@dataclass(slots=True)
class Tally:
    """Of one kind: how many were damaged, refused, or published with a new warning."""

    damaged: int = 0
    refused: int = 0
    warned: int = 0
    beside: int = 0  # right neighbours that were refused along
    missed: list[tuple[Right, str]] = field(default_factory=list)  # and the damaged Chinese

    @property
    def seen(self) -> float:
        """The share that was refused or warned about."""
        return (self.refused + self.warned) / self.damaged if self.damaged else 0.0


def recall(
    pairs: Sequence[Pair], glossary: Glossary, kinds: Sequence[str] | None = None
) -> dict[str, Tally]:
    """How much of each kind of damage is seen, over every paragraph that the kind can damage."""
    wanted = [*damage.ALONE, *damage.SAID, *damage.MIXED] if kinds is None else kinds
    tallies = {kind: Tally() for kind in wanted}
    for talk in by_talk(pairs):
        _recall_alone(talk, glossary, tallies)
        _recall_said(talk, glossary, tallies)
        _recall_mixed(talk, glossary, tallies)
    return tallies


def _rights(talk: Sequence[Pair], glossary: Glossary) -> dict[str, Right]:
    return {
        unit.id: Right(pair.english, pair.chinese, pair.pieces, unit.terms)
        for unit, pair in zip(units(talk, glossary), talk, strict=True)
    }


def _dice(kind: str, talk: str, one: str) -> random.Random:
    return random.Random(f"{kind}|{talk}|{one}")


def _recall_alone(talk: Sequence[Pair], glossary: Glossary, tallies: Mapping[str, Tally]) -> None:
    rights = _rights(talk, glossary)
    said = paragraphs(talk)
    clean = _right_verdicts(said, glossary, rights)
    for kind, make in damage.ALONE.items():
        if kind in tallies:
            made = {
                one: make(right, _dice(kind, talk[0].talk, one)) for one, right in rights.items()
            }
            _count(tallies[kind], said, glossary, rights, made, clean)


def _recall_said(talk: Sequence[Pair], glossary: Glossary, tallies: Mapping[str, Tally]) -> None:
    for kind, (what, make) in damage.SAID.items():
        if kind not in tallies:
            continue
        rights: dict[str, Right] = {}
        made: dict[str, str | None] = {}
        longer: list[Pair] = []
        for n, (one, right) in enumerate(_rights(talk, glossary).items()):
            rights[one], token = damage.with_said(what, right, n)
            made[one] = make(token, rights[one], _dice(kind, talk[0].talk, one))
            longer.append(Pair(talk[n].talk, rights[one].pieces))
        said = paragraphs(longer)
        clean = _right_verdicts(said, glossary, rights)
        _count(tallies[kind], said, glossary, rights, made, clean)


def _right_verdicts(
    said: Sequence[Paragraph], glossary: Glossary, rights: Mapping[str, Right]
) -> dict[str, Verdict]:
    """Of the right answers: what is said of a damaged one must be new."""
    return through_the_stage(said, glossary, lambda ids: {i: rights[i].chinese for i in ids})


def _count(
    tally: Tally,
    said: Sequence[Paragraph],
    glossary: Glossary,
    rights: Mapping[str, Right],
    made: Mapping[str, str | None],
    clean: Mapping[str, Verdict],
) -> None:
    """Damage some paragraphs at a time and count what becomes of them."""
    can = {
        one
        for one, text in made.items()
        if text is not None and _bare(text) != _bare(rights[one].chinese) and not clean[one].refused
    }
    listed = list(rights)
    for first in range(APART):
        now = {one for n, one in enumerate(listed) if n % APART == first and one in can}
        if not now:
            continue
        texts = {i: made[i] or "" if i in now else rights[i].chinese for i in listed}
        verdicts = through_the_stage(said, glossary, lambda ids, t=texts: {i: t[i] for i in ids})
        for one in listed:
            if one in now:
                _note(tally, rights[one], texts[one], verdicts[one], clean[one])
            elif verdicts[one].refused and not clean[one].refused:
                tally.beside += 1


def _note(tally: Tally, right: Right, text: str, verdict: Verdict, clean: Verdict) -> None:
    tally.damaged += 1
    if verdict.refused:
        tally.refused += 1
    elif verdict.doubts - clean.doubts:
        tally.warned += 1
    else:
        tally.missed.append((right, text))


def _bare(text: str) -> str:
    return "".join(text.split())


def _recall_mixed(talk: Sequence[Pair], glossary: Glossary, tallies: Mapping[str, Tally]) -> None:
    """The answers of every call mixed up."""
    rights = _rights(talk, glossary)
    said = paragraphs(talk)
    clean = _right_verdicts(said, glossary, rights)
    for kind, mix in damage.MIXED.items():
        if kind not in tallies:
            continue
        given: dict[str, str] = {}

        def answers(
            ids: Sequence[str],
            kind: str = kind,
            mix: damage.Mix = mix,
            given: dict[str, str] = given,
        ) -> Mapping[str, str]:
            texts = {one: rights[one].chinese for one in ids}
            mixed = mix(texts, _dice(kind, talk[0].talk, ids[0])) if len(ids) > 1 else texts
            given.update(mixed)
            return mixed

        verdicts = through_the_stage(said, glossary, answers)
        for one, right in rights.items():
            if clean[one].refused:
                continue
            if given.get(one) != right.chinese:
                _note(tallies[kind], right, given.get(one, ""), verdicts[one], clean[one])
            elif verdicts[one].refused:
                tallies[kind].beside += 1
