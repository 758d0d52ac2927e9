"""Paragraphs to checked Chinese: what is stored, then what is known, then what must be asked.

Declares what it needs of the world: a `Translator`, a `Store` for validated answers and, if there
is one, a `TranslationMemory`. Knows no server, no file, no prompt. Every answer is checked
(`translate.checks`); what fails is asked again with the reasons, at most `_REPAIRS` times, then
each paragraph once alone; what still fails keeps the Chinese of an earlier run, marked as stale,
or is left without Chinese, and says why. The English is never handed out as Chinese, nor is an
empty string. Several calls may be under way at once, each worker on a stretch of the talk, so that
a paragraph is mostly asked for after those before it.
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from translate import checks, earlier
from translate.errors import NetworkError, TranslatorError
from translate.lanes import run_lanes
from translate.model import (
    Answer,
    Card,
    Engine,
    Example,
    Paragraph,
    Problem,
    Progress,
    Request,
    Step,
    Term,
    Translation,
    Unit,
    Usage,
    clock,
    no_progress,
)

_EXAMPLES = 3  # similar paragraphs of the memory sent along
_ALIKE = 0.75  # how similar they must be, 0..1
_REPAIRS = 2  # times failing paragraphs are asked again together
_PREVIOUS = 2  # finished pairs sent along
_GIVE_UP = 2  # calls in a row that the network lost, after which no more are made

_REFUSED = "the server refused to translate it (content filter)"


class Translator(Protocol):
    """Whoever answers.

    `translate` raises `TranslatorError` when asking again is useless (key, model, address) and
    another `NetworkError` when the server could not be reached in time. Anything else about an
    answer is told in the `Answer`.
    """

    @property
    def engine(self) -> Engine:
        """Name, model, version of the prompt and parameters: all of it goes into the keys."""
        ...

    @property
    def by_person(self) -> bool:
        """True where the answers are people's words: asked once, doubted but not refused."""
        ...

    @property
    def batch_words(self) -> int:
        """How many English words it takes in one call; a longer paragraph is a call of its own."""
        ...

    def estimate(self, request: Request) -> Usage:
        """What `translate` will take, told without asking; `cost` None where no price is known."""
        ...

    def translate(self, request: Request) -> Answer: ...


class TranslationMemory(Protocol):
    """Finished translations of whole paragraphs, made by people."""

    @property
    def engine(self) -> Engine: ...

    def lookup(self, unit: Unit) -> str | None: ...

    def engine_of(self, unit: Unit) -> Engine:
        """Where the answer of `lookup` comes from."""
        ...

    def similar(self, unit: Unit, *, least: float) -> tuple[Example, ...]:
        """Entries whose English is at least that similar (0..1), the most similar first."""
        ...

    def fingerprint(self, units: Sequence[Unit]) -> str:
        """A hash of all that it knows of these units; empty when that is nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """One validated answer as it was stored, and who gave it."""

    chinese: str
    engine: Engine


class Store(Protocol):
    """Validated answers; `put` returns when the answer would survive a power cut."""

    def get(self, key: str) -> Stored | None: ...

    def put(self, key: str, chinese: str, engine: Engine) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast, and for how much."""

    at_once: int = 1  # calls under way together
    budget: float | None = None  # the most that may be spent, in the currency of the price
    spent: float = 0.0  # of it, by earlier runs
    unpriced: int = 0  # calls of earlier runs whose cost is not known, so not in `spent`


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What translating would take."""

    paragraphs: int
    known: int  # from the memory or an earlier run: no call
    usage: Usage = field(default_factory=Usage)  # for the rest, if every first answer is right
    most: Usage = field(default_factory=Usage)  # if every answer is refused until it is given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One translation a paragraph, in order, and what to tell about them."""

    translations: tuple[Translation, ...]
    usage: Usage = field(default_factory=Usage)
    problems: tuple[Problem, ...] = ()
    stopped: NetworkError | None = None  # why asking ended early; what was stored is kept


def key(unit: Unit, engine: Engine) -> str:
    """What an answer depends on, hashed: the source, the engine and the terms that hit it."""
    made_of = {
        "source": unit.english,
        "engine": [engine.name, engine.model, engine.version, sorted(engine.parameters.items())],
        "terms": sorted(
            [t.source, list(t.targets), t.policy, sorted(t.forbidden), t.exact_case]
            for t in unit.terms
        ),
    }
    text = json.dumps(made_of, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def units_of(
    paragraphs: Sequence[Paragraph], terms_of: Callable[[str], tuple[Term, ...]]
) -> tuple[Unit, ...]:
    """The paragraphs as units, numbered from p0001."""
    return tuple(
        Unit(
            id=f"p{n:04d}",
            english=p.english,
            start=p.start,
            sentences=tuple(s.text for s in p.sentences),
            terms=terms_of(p.english),
        )
        for n, p in enumerate(paragraphs, 1)
    )


def translate(
    paragraphs: Sequence[Paragraph],
    terms_of: Callable[[str], tuple[Term, ...]],
    translator: Translator,
    store: Store,
    *,
    card: Card | None = None,
    progress: Progress = no_progress,
    reuse: TranslationMemory | None = None,
    before: Sequence[Translation] = (),
    pace: Pace | None = None,
    spent: Callable[[Usage], None] = lambda _: None,
) -> Outcome:
    """The Chinese of every paragraph, or the reason why it has none.

    Of what `before` holds of the same English and the same terms, people's words stand, and
    anybody's where nobody answers today: a missing key must not empty a finished draft. Nor does
    a change of the English, the terms or the model: where no new translation comes, the Chinese
    of `before` stands, and `Translation.stale` says what has changed and why it is the old one.
    It is stored as the answer to nothing, and asked for again in the next run.

    Answers are stored as they arrive, so that an interrupted run pays only for the rest. Errors
    of the translator, and the end of the budget, end the asking, never the work already done: see
    `Outcome.stopped`. `spent` is told after each answer what all of them have taken.

    `translator` is called from `pace.at_once` threads, `store`, `reuse` and `spent` by one at a
    time, `progress` from the caller's.
    """
    pace = pace or Pace()
    run = _Run(units_of(paragraphs, terms_of), translator, store, card or Card(), pace, reuse)
    run.spent = spent
    run.recall(before)
    progress(run.step())
    run_lanes(
        run.batches(),
        run.batch,
        workers=pace.at_once,
        done=lambda: progress(run.step()),
    )
    run.fall_back(before)
    run.stand_in(before)
    return run.outcome()


def plan(
    paragraphs: Sequence[Paragraph],
    terms_of: Callable[[str], tuple[Term, ...]],
    translator: Translator,
    store: Store,
    *,
    card: Card | None = None,
    reuse: TranslationMemory | None = None,
) -> Plan:
    """What `translate` would ask, without asking."""
    run = _Run(units_of(paragraphs, terms_of), translator, store, card or Card(), Pace(), reuse)
    run.recall()
    asked = run.batches()
    return Plan(
        paragraphs=len(run.units),
        known=len(run.done),
        usage=run.estimate(asked),
        most=run.estimate(run.repairs(asked)),
    )


def review(
    paragraphs: Sequence[Paragraph],
    terms_of: Callable[[str], tuple[Term, ...]],
    translations: Sequence[Translation],
) -> tuple[Problem, ...]:
    """What there is to doubt about finished translations, without asking anybody."""
    chinese = {t.start: t.chinese for t in translations if t.chinese.strip()}
    why = {t.start: t.missing for t in translations if t.missing}
    stale = {t.start: t.stale for t in translations if t.stale}
    problems: list[Problem] = []
    for unit in units_of(paragraphs, terms_of):
        if unit.start in chinese:
            found = _verdict(unit, chinese[unit.start], by_person=True)
            problems += [_doubt(finding, unit) for finding in found]
            problems += [_stale(unit.start, stale[unit.start])] if unit.start in stale else []
        else:
            reason = why.get(unit.start, "its translation is empty")
            problems.append(_open(unit.start, reason, ""))
    return tuple(problems)


def batches(
    units: Sequence[Unit], waiting: frozenset[str], max_words: int
) -> tuple[tuple[Unit, ...], ...]:
    """Neighbouring waiting paragraphs together, at most `max_words` English words a batch.

    A longer paragraph is a batch of its own; paragraphs are never cut.
    """
    out: list[list[Unit]] = []
    words, open_batch = 0, False
    for unit in units:
        if unit.id not in waiting:
            open_batch = False
            continue
        size = len(unit.english.split())
        if open_batch and words + size <= max_words:
            out[-1].append(unit)
            words += size
        else:
            out.append([unit])
            words, open_batch = size, True
    return tuple(tuple(batch) for batch in out)


@dataclass(slots=True)
class _Done:
    """An accepted text, who gave it and what is doubtful about it."""

    chinese: str
    by: Engine
    doubts: tuple[checks.Finding, ...] = ()


def _tidy(text: str) -> str:
    """One paragraph in one line; between Chinese characters a line break is no space."""
    text = text.strip().replace("\r", "\n")
    text = re.sub(r"(?<=[^\x00-\u2fff])[^\S\n]*\n\s*(?=[^\x00-\u2fff])", "", text)
    return re.sub(r"\s*\n\s*", " ", text)


def _verdict(unit: Unit, text: str, *, by_person: bool) -> tuple[checks.Finding, ...]:
    return checks.findings(unit.english, text, unit.terms, by_person=by_person)


def _errors(findings: Sequence[checks.Finding]) -> tuple[checks.Finding, ...]:
    return tuple(f for f in findings if f.severity == "error")


def _identity(engine: Engine) -> tuple[object, ...]:
    return engine.name, engine.model, engine.version, *sorted(engine.parameters.items())


class _Run:
    """One call of `translate`: what is done, what is missing and why."""

    def __init__(
        self,
        units: Sequence[Unit],
        translator: Translator,
        store: Store,
        card: Card,
        pace: Pace,
        reuse: TranslationMemory | None,
    ) -> None:
        self.units = tuple(units)
        self.place = {unit.id: i for i, unit in enumerate(units)}
        self.translator = translator
        self.store = store
        self.card = card
        self.pace = pace
        self.reuse = reuse
        self.done: dict[str, _Done] = {}
        self.missing: dict[str, str] = {}
        self.usage = Usage()
        self.promised = 0.0  # what the calls under way may cost
        self.assumed = 0.0  # what calls have cost whose answer did not say
        self.spent: Callable[[Usage], None] = lambda _: None
        self.lock = threading.RLock()  # held by whoever reads or writes any of this
        self.stopped: NetworkError | None = None
        self.lost_in_a_row = 0
        self.kept: list[Unit] = []  # by the translation of an earlier run
        self.stale: dict[str, Translation] = {}  # that of an earlier run, of what has changed since

    # --- what costs nothing ---

    def recall(self, before: Sequence[Translation] = ()) -> None:
        """Take what the memory knows, what people said `before`, then what is stored.

        All is checked again, for rules may change. People's words come before a paid answer, and
        where only people are asked, anything is better than nothing.
        """
        for unit in self.units:
            known = self.reuse.lookup(unit) if self.reuse is not None else None
            if self.reuse is not None and known is not None:
                self._take(unit, _tidy(known), self.reuse.engine_of(unit), by_person=True)
        people = self.translator.by_person
        self.fall_back([t for t in before if t.by.is_person])
        for unit in self.units:
            stored = (
                None if unit.id in self.done else self.store.get(key(unit, self.translator.engine))
            )
            if stored is not None:
                self._take(unit, stored.chinese, stored.engine, by_person=people)
        if people:
            self.fall_back(before)

    def _take(self, unit: Unit, text: str, by: Engine, *, by_person: bool) -> None:
        findings = _verdict(unit, text, by_person=by_person)
        if not _errors(findings):
            self.done[unit.id] = _Done(text, by, findings)

    def batches(self) -> tuple[tuple[Unit, ...], ...]:
        """What nothing is known of yet, as calls."""
        waiting = frozenset(u.id for u in self.units if u.id not in self.done)
        return batches(self.units, waiting, self.translator.batch_words)

    def estimate(self, batches: Sequence[Sequence[Unit]]) -> Usage:
        """What these calls will take together."""
        each = (self.translator.estimate(self._request(batch, {})) for batch in batches)
        return sum(each, Usage())

    def repairs(self, batches: Sequence[Sequence[Unit]]) -> list[Sequence[Unit]]:
        """These calls with all that `_repair` would ask if nothing were ever right."""
        if self.translator.by_person:
            return list(batches)
        again = [batch for batch in batches for _ in range(1 + _REPAIRS)]
        return [*again, *([unit] for batch in batches if len(batch) > 1 for unit in batch)]

    # --- what is asked ---

    def batch(self, batch: Sequence[Unit]) -> None:
        """Ask for these paragraphs until each is accepted or given up with its reason."""
        if self.stopped is not None:
            return
        reasons = self._ask(batch, {})
        if not self.translator.by_person:
            reasons = self._repair(batch, reasons)
        with self.lock:
            for unit in batch:
                if unit.id not in self.done:
                    self.missing[unit.id] = reasons.get(unit.id, "no answer")

    def _repair(self, batch: Sequence[Unit], reasons: dict[str, str]) -> dict[str, str]:
        """Ask again for what failed: together with the reasons, then one by one."""
        for _ in range(_REPAIRS):
            failing = [u for u in batch if u.id in reasons]
            if not failing or self._hopeless(failing, reasons):
                break
            reasons = self._ask(failing, reasons)
        failing = [u for u in batch if u.id in reasons and u.id not in self.done]
        if len(batch) > 1:
            for unit in failing:
                reasons |= self._ask([unit], {unit.id: reasons[unit.id]}) or {}
        return reasons

    def _hopeless(self, failing: Sequence[Unit], reasons: Mapping[str, str]) -> bool:
        """Whether the same question again would be answered alike: cut off, or filtered."""
        return all(reasons[u.id] in (_REFUSED, _CUT_OFF) for u in failing)

    def _ask(self, units: Sequence[Unit], reasons: Mapping[str, str]) -> dict[str, str]:
        """One call; keeps what is right and returns why the rest is not, by id."""
        with self.lock:
            request = self._request(units, reasons)
            promised = self._promise(request)
            if self.stopped is not None:
                return {u.id: reasons.get(u.id, "") or self._stop_reason() for u in units}
        answer = self._answer(request)
        with self.lock:
            self.promised -= promised
            if isinstance(answer, NetworkError):
                return self._lost(units, answer)
            self.lost_in_a_row = 0
            self.usage += answer.usage
            self.assumed += promised if answer.usage.cost is None else 0.0
            self.spent(self.usage)
            return self._judge(units, answer)

    def _answer(self, request: Request) -> Answer | NetworkError:
        try:
            return self.translator.translate(request)
        except NetworkError as error:
            return error

    def _lost(self, units: Sequence[Unit], error: NetworkError) -> dict[str, str]:
        self.lost_in_a_row += 1
        if isinstance(error, TranslatorError) or self.lost_in_a_row >= _GIVE_UP:
            self.stopped = self.stopped or error
        return {u.id: error.message for u in units}

    def _promise(self, request: Request) -> float:
        """Set aside what a call may cost; stops where the budget does not hold that."""
        budget = self.pace.budget
        if budget is None or self.stopped is not None:
            return 0.0
        cost = self.translator.estimate(request).cost
        spent = self.pace.spent + (self.usage.cost or 0.0) + self.assumed
        if cost is None:
            self.stopped = TranslatorError(
                "no price is known for this model, so no budget can be kept",
                "give translate.price in stw.toml, or leave the budget out",
            )
        elif spent + self.promised + cost > budget:
            self.stopped = TranslatorError(
                f"the budget of {budget:g} is used up: {self._spent_text(spent)}, and the next call"
                f" may take {cost:.4f}",
                "What is done is kept; run it again with a larger budget.",
            )
        else:
            self.promised += cost
            return cost
        return 0.0

    def _spent_text(self, spent: float) -> str:
        unpriced = self.pace.unpriced
        more = f" (cost of {unpriced} earlier calls unknown)" if unpriced else ""
        return f"{spent:.4f} spent{more}"

    def _stop_reason(self) -> str:
        return self.stopped.message if self.stopped else ""

    def _request(self, units: Sequence[Unit], reasons: Mapping[str, str]) -> Request:
        first, last = self.place[units[0].id], self.place[units[-1].id]
        return Request(
            units=tuple(units),
            card=self.card,
            previous=self._previous(first),
            following=self.units[last + 1].english if last + 1 < len(self.units) else "",
            examples=self._examples(units),
            reasons={u.id: reasons[u.id] for u in units if u.id in reasons},
        )

    def _previous(self, first: int) -> tuple[tuple[str, str], ...]:
        before = self.units[max(0, first - _PREVIOUS) : first]
        return tuple((u.english, self.done[u.id].chinese) for u in before if u.id in self.done)

    def _examples(self, units: Sequence[Unit]) -> tuple[Example, ...]:
        """What people made of paragraphs much like these."""
        if self.reuse is None or self.translator.by_person:
            return ()
        found = [e for unit in units for e in self.reuse.similar(unit, least=_ALIKE)]
        found.sort(key=lambda e: (-e.similarity, e.english))
        best: dict[str, Example] = {}
        for example in found:
            best.setdefault(example.english, example)
        return tuple(best.values())[:_EXAMPLES]

    # --- what is kept ---

    def _judge(self, units: Sequence[Unit], answer: Answer) -> dict[str, str]:
        """Check every text of an answer, alone and against its neighbours; store the right ones."""
        given = {u.id: answer.texts[u.id].strip() for u in units if u.id in answer.texts}
        given = {one_id: text.replace("\r", "\n") for one_id, text in given.items()}
        texts = {one_id: _tidy(text) for one_id, text in given.items()}
        doubts = {u.id: _verdict(u, given[u.id], by_person=self.translator.by_person)
                  for u in units if u.id in texts}  # fmt: skip
        if not self.translator.by_person:
            for one_id, finding in self._across(units, texts, answer).items():
                doubts[one_id] = (finding, *doubts[one_id])
        reasons: dict[str, str] = {}
        for unit in units:
            if unit.id not in texts:
                reasons[unit.id] = _why_none(answer)
            elif errors := _errors(doubts[unit.id]):
                reasons[unit.id] = "; ".join(f.reason for f in errors)
            else:
                again = self._keep(unit, texts[unit.id], doubts[unit.id])
                if again:
                    reasons[unit.id] = again
        return reasons

    def _keep(self, unit: Unit, text: str, doubts: tuple[checks.Finding, ...]) -> str:
        """Store a right answer; the reason to try once more where a doubt is worth it."""
        held = self.done.get(unit.id)
        if held is not None and len(doubts) >= len(held.doubts):
            return ""  # it was tried again and did not get better
        engine = self.translator.engine
        self.store.put(key(unit, engine), text, engine)
        self.done[unit.id] = _Done(text, engine, doubts)
        if held is not None:
            return ""
        return "; ".join(f.reason for f in doubts if f.again)

    def _across(
        self, units: Sequence[Unit], texts: Mapping[str, str], answer: Answer
    ) -> dict[str, checks.Finding]:
        """What only a comparison shows: shifted, merged, doubled and cut-off texts."""
        found: dict[str, checks.Finding] = {}
        first, last = self.place[units[0].id], self.place[units[-1].id]
        around = self.units[max(0, first - 1) : last + 2]
        pairs = [(u.english, texts.get(u.id) or self._chinese(u)) for u in around]
        for i, finding in checks.between(pairs).items():
            if around[i].id in texts:
                found[around[i].id] = finding
        order = [u.id for u in units]
        for i, one_id in enumerate(order):
            if not texts.get(one_id):  # a paragraph left out often hides in its neighbour
                for beside in order[max(0, i - 1) : i] + order[i + 1 : i + 2]:
                    if texts.get(beside):
                        found.setdefault(beside, _merged(one_id))
        if answer.finish == "length" and texts:
            found[list(texts)[-1]] = checks.Finding("truncated", "error", _CUT_OFF)
        return found

    def _chinese(self, unit: Unit) -> str:
        return self.done[unit.id].chinese if unit.id in self.done else ""

    # --- what is told ---

    def step(self) -> Step:
        """How far it is."""
        with self.lock:
            finished = len(self.done) + len(self.missing)
            note = f"{len(self.missing)} without translation" if self.missing else ""
        return Step(
            stage="translate", done=finished, total=len(self.units), unit="paragraphs", note=note
        )

    def fall_back(self, before: Sequence[Translation]) -> None:
        """Keep earlier translations of paragraphs that got none today."""
        known = {t.of: t for t in before if t.chinese}
        engines = {_identity(t.by): t.by for t in known.values()}.values()
        asked = None if self.translator.by_person else _identity(self.translator.engine)
        for unit in self.units:
            for of in (key(unit, engine) for engine in engines if unit.id not in self.done):
                old = known.get(of)
                if old and (asked in (None, _identity(old.by)) or old.by.is_person):
                    self._take(unit, old.chinese, old.by, by_person=old.by.is_person)
                    self.kept.append(unit)
                    break

    def stand_in(self, before: Sequence[Translation]) -> None:
        """Leave the Chinese of an earlier run where none came today, and say what it is."""
        waiting = frozenset(u.id for u in self.units if u.id not in self.done)
        if not waiting or not any(t.chinese for t in before):
            return
        asked = None if self.translator.by_person else self.translator.engine
        found = earlier.standing(before, self.units, waiting)
        for unit in self.units:
            if old := found.texts.get(unit.id):
                since = earlier.changes(old, unit, asked)
                why = f"{since}; not translated again: {self._why_missing(unit)}"
                self.stale[unit.id] = replace(old, start=unit.start, missing="", stale=why)
            elif unit.id in found.beside:
                place = clock(found.beside[unit.id])
                self.missing[unit.id] = (
                    f"{self._why_missing(unit)}; what was translated before it was cut otherwise"
                    f" stands at {place}"
                )

    def _why_missing(self, unit: Unit) -> str:
        return self.missing.get(unit.id) or self._stop_reason() or "not asked"

    def outcome(self) -> Outcome:
        """Everything, in the order of the talk."""
        translations = []
        for unit in self.units:
            if unit.id in self.stale:
                translations.append(self.stale[unit.id])
                continue
            done = self.done.get(unit.id)
            engine = done.by if done else self.translator.engine
            translations.append(
                Translation(
                    start=unit.start,
                    chinese=done.chinese if done else "",
                    of=key(unit, engine),
                    by=engine,
                    terms=tuple(t.source for t in unit.terms),
                    missing="" if done else self._why_missing(unit),
                    rows=earlier.rows_of(unit.terms),
                    english=unit.english,
                )
            )
        return Outcome(
            translations=tuple(translations),
            usage=self.usage,
            problems=(
                *self._untranslated(translations),
                *(_stale(t.start, t.stale) for t in translations if t.stale),
                *self._kept(),
                *self._doubtful(),
            ),
            stopped=self.stopped,
        )

    def _untranslated(self, translations: Sequence[Translation]) -> list[Problem]:
        """One problem a paragraph, so that each has its time."""
        hint = self.stopped.hint if self.stopped else ""
        return [_open(t.start, t.missing, hint) for t in translations if t.missing]

    def _kept(self) -> list[Problem]:
        return [
            Problem(
                rule="kept-translation",
                severity="info",
                message="a person's translation of an earlier run stands; no memory has it now"
                if self.done[unit.id].by.is_person
                else "nobody translated this today; the translation of an earlier run stands",
                at=unit.start,
            )
            for unit in self.kept
            if unit.id in self.done
        ]

    def _doubtful(self) -> list[Problem]:
        return [
            _doubt(finding, unit)
            for unit in self.units
            if unit.id in self.done
            for finding in self.done[unit.id].doubts
        ] + [
            _doubt(finding, unit)
            for unit in self.units
            if unit.id in self.stale
            for finding in _verdict(unit, self.stale[unit.id].chinese, by_person=True)
        ]


def _open(start: float, reason: str, hint: str) -> Problem:
    return Problem(
        rule="untranslated",
        severity="error",
        message=f"not translated: {reason}",
        at=start,
        hint=hint or "Translate by hand, or run `stw draft` again.",
    )


def _stale(start: float, reason: str) -> Problem:
    return Problem(
        rule="stale",
        severity="warning",
        message=f"the Chinese of an earlier run stands here: {reason}",
        at=start,
        hint="Run `stw draft` again with a translator; or put it right in the draft, and take its"
        " comment away.",
    )


def _doubt(finding: checks.Finding, unit: Unit) -> Problem:
    return Problem(
        rule=finding.code,
        severity=finding.severity,
        message=f"{finding.reason[0].upper()}{finding.reason[1:]}.",
        at=unit.start,
        hint="Compare the paragraph with the English.",
    )


_CUT_OFF = "the answer was cut off at the token limit"


def _why_none(answer: Answer) -> str:
    if answer.finish == "refused":
        return _REFUSED
    if answer.finish == "length":
        return _CUT_OFF
    return answer.note or "the answer left this paragraph out"


def _merged(left_out: str) -> checks.Finding:
    return checks.Finding(
        "merged", "error", f"the answer left out {left_out} beside it, so this may hold both"
    )
