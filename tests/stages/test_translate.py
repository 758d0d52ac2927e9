"""The laws of translating: nothing wrong gets out, nothing right is lost or paid twice."""

import json
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import chat_server
from tests.chat_server import (
    Behaviour,
    Call,
    ChatServer,
    Reply,
    as_json,
    fake,
    good,
    right,
    serving,
)
from translate import checks
from translate.backends.chat import Chat
from translate.backends.memory import Entry, Memory, NoTranslator
from translate.backends.presets import Preset
from translate.backends.prompting import message, texts_of
from translate.errors import NetworkError, TranslatorError
from translate.model import (
    Answer,
    Card,
    Engine,
    Paragraph,
    Request,
    Sentence,
    Step,
    Term,
    Unit,
    Usage,
)
from translate.stages.translate import (
    Outcome,
    Pace,
    Plan,
    Stored,
    batches,
    key,
    plan,
    translate,
    units_of,
)

TOPICS = (
    "the compiler and how it fuses small kernels into larger ones before anything runs",
    "the data loader and why reading many tiny files from a slow disk hurts so much",
    "distributed training where every worker waits for the slowest of all the others",
    "the documentation sprint that brought new people into our open source community",
    "memory planning and the trick that lets a large model fit on one small device",
    "the graph exporter which turns dynamic Python code into something a phone can run",
)


def english(n: int) -> str:
    """Paragraph `n`: different from every other, with numbers, names and identifiers."""
    return (
        f"In {1990 + n} our team of {n * 7 + 13} people worked on {TOPICS[n % len(TOPICS)]}. "
        f"We called `step_{n}.run` about {n + 2} million times, and module{n}_test stayed green, "
        f"so Project{chr(65 + n % 26)}{chr(97 + n % 26)}X grew by {n + 21}.5 percent. "
        f"That is what I want you to remember from this part of the talk, please."
    )


def paragraphs(count: int) -> list[Paragraph]:
    return [
        Paragraph(
            start=n * 30.0,
            end=n * 30.0 + 29,
            sentences=(Sentence(start=n * 30.0, end=n * 30.0 + 29, text=english(n)),),
        )
        for n in range(count)
    ]


OPERATOR = Term(source="compiler", targets=("编译器",), policy="strict")


def terms_of(text: str) -> tuple[Term, ...]:
    return (OPERATOR,) if "compiler" in text else ()


def no_terms(_: str) -> tuple[Term, ...]:
    return ()


class Book(dict[str, Stored]):
    """A store in memory that remembers what was put."""

    def put(self, key: str, chinese: str, engine: Engine) -> None:
        self[key] = Stored(chinese, engine)


@dataclass
class Scripted:
    """A translator that answers what the script says for the call's number."""

    script: Callable[[int, Request], Answer]
    engine: Engine = field(default_factory=lambda: Engine(name="scripted", model="m", version="1"))
    by_person: bool = False
    batch_words: int = 700
    price: float | None = None  # of one call
    requests: list[Request] = field(default_factory=list)

    def estimate(self, request: Request) -> Usage:
        del request
        return Usage(calls=1, cost=self.price)

    def translate(self, request: Request) -> Answer:
        self.requests.append(request)
        return self.script(len(self.requests) - 1, request)


def truth(unit: Unit) -> str:
    return fake(unit.english, [t for term in unit.terms for t in term.targets[:1]])


def rightly(_: int, request: Request) -> Answer:
    return Answer(texts={u.id: truth(u) for u in request.units}, usage=Usage(calls=1))


def run(
    translator: Scripted,
    count: int = 4,
    store: Book | None = None,
    *,
    words: int = 700,
    **options: object,
) -> Outcome:
    book = store if store is not None else Book()
    translator.batch_words = words
    return translate(paragraphs(count), terms_of, translator, book, **options)  # type: ignore[arg-type]


def assert_lawful(outcome: Outcome, given_paragraphs: Sequence[Paragraph]) -> None:
    """One translation a paragraph, in order: right by every check, or missing with a reason."""
    assert [t.start for t in outcome.translations] == [p.start for p in given_paragraphs]
    for t, p in zip(outcome.translations, given_paragraphs, strict=True):
        assert bool(t.chinese) != bool(t.missing)
        if t.chinese:
            found = checks.findings(p.english, t.chinese, terms_of(p.english))
            assert not [f for f in found if f.severity == "error"], found
    told = [p for p in outcome.problems if p.rule == "untranslated"]
    assert bool(told) == any(t.missing for t in outcome.translations)


# --- the ordinary way ---------------------------------------------------------------------------


def test_the_test_material_is_what_it_claims() -> None:
    for unit in units_of(paragraphs(40), terms_of):
        assert checks.findings(unit.english, truth(unit), unit.terms) == ()


def test_everything_right_is_one_call_a_batch() -> None:
    translator, book, steps = Scripted(rightly), Book(), list[Step]()
    outcome = run(translator, 12, book, words=200, progress=steps.append)
    units = units_of(paragraphs(12), terms_of)
    assert [t.chinese for t in outcome.translations] == [truth(u) for u in units]
    assert len(translator.requests) == len(batches(units, frozenset(u.id for u in units), 200)) > 2
    assert outcome.usage.calls == len(translator.requests)
    assert (outcome.problems, outcome.stopped, len(book)) == ((), None, 12)
    assert (steps[-1].done, steps[-1].total) == (12, 12)
    assert [s.done for s in steps] == sorted(s.done for s in steps)


def test_each_call_has_what_stands_around_it() -> None:
    translator = Scripted(rightly)
    card = Card(title="T", speakers=("A",))
    run(translator, 8, words=130, card=card)
    second = translator.requests[1]
    units = units_of(paragraphs(8), terms_of)
    first = units.index(second.units[0])
    assert second.card == card
    assert second.previous == tuple((u.english, truth(u)) for u in units[first - 2 : first])
    assert second.following == units[first + len(second.units)].english
    assert translator.requests[-1].following == ""


@given(st.lists(st.integers(1, 900), max_size=20), st.data())
def test_batches_keep_order_and_size(sizes: list[int], data: st.DataObject) -> None:
    units = tuple(Unit(id=f"p{i}", english="w " * n) for i, n in enumerate(sizes))
    waiting = frozenset(u.id for u in units if data.draw(st.booleans()))
    made = batches(units, waiting, 700)
    assert [u for b in made for u in b] == [u for u in units if u.id in waiting]
    for batch in made:
        assert len(batch) == 1 or sum(len(u.english.split()) for u in batch) <= 700
        places = [units.index(u) for u in batch]
        assert places == list(range(places[0], places[0] + len(batch)))


# --- keys and stores ----------------------------------------------------------------------------


def test_the_key_knows_what_an_answer_depends_on_and_nothing_else() -> None:
    unit = Unit(id="p0001", english="The compiler.", terms=(OPERATOR,))
    engine = Engine(name="chat", model="m", version="v", parameters={"temperature": "0.2"})
    base = key(unit, engine)
    for same in (
        replace(unit, id="p0099", start=7.0, sentences=("The compiler.",)),
        replace(unit, terms=(replace(OPERATOR, note="x", file="f", line=3, heard_as=("cpl",)),)),
    ):
        assert key(same, engine) == base
    others = [
        key(replace(unit, english="The compilers."), engine),
        key(replace(unit, terms=()), engine),
        *(
            key(replace(unit, terms=(replace(OPERATOR, **change),)), engine)  # type: ignore[arg-type]
            for change in (
                {"targets": ("编译",)},
                {"policy": "prefer"},
                {"forbidden": ("汇编器",)},
                {"exact_case": True},
                {"source": "Compiler"},
            )
        ),
        *(
            key(unit, replace(engine, **change))  # type: ignore[arg-type]
            for change in (
                {"name": "x"},
                {"model": "x"},
                {"version": "x"},
                {"parameters": {"temperature": "0.3"}},
            )
        ),
    ]
    assert len({base, *others}) == len(others) + 1
    two = replace(unit, terms=(OPERATOR, replace(OPERATOR, source="a")))
    assert key(two, engine) == key(replace(two, terms=two.terms[::-1]), engine)


def test_a_second_run_asks_nothing() -> None:
    book = Book()
    first = run(Scripted(rightly), 6, book)
    again = Scripted(rightly)
    second = run(again, 6, book)
    assert second.translations == first.translations
    assert (again.requests, second.usage) == ([], Usage())


def test_a_changed_term_costs_exactly_the_paragraphs_it_hits() -> None:
    book = Book()
    run(Scripted(rightly), 12, book)
    changed = replace(OPERATOR, targets=("编译程序",))

    def new_terms(text: str) -> tuple[Term, ...]:
        return (changed,) if "compiler" in text else ()

    translator = Scripted(rightly)
    outcome = translate(paragraphs(12), new_terms, translator, book)
    asked = [u.english for r in translator.requests for u in r.units]
    assert asked == [p.english for p in paragraphs(12) if "compiler" in p.english]
    assert 0 < len(asked) < 12
    assert all("编译程序" in t.chinese for t in outcome.translations if t.terms)


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_run_killed_between_batches_pays_only_for_the_rest(after: int) -> None:
    def killed(n: int, request: Request) -> Answer:
        if n == after:
            raise KeyboardInterrupt
        return rightly(n, request)

    book = Book()
    first = Scripted(killed)
    with pytest.raises(KeyboardInterrupt):
        run(first, 12, book, words=200)
    paid = [u.english for r in first.requests[:after] for u in r.units]
    second = Scripted(rightly)
    outcome = run(second, 12, book, words=200)
    asked = [u.english for r in second.requests for u in r.units]
    assert paid + asked == [p.english for p in paragraphs(12)]
    assert all(t.chinese for t in outcome.translations)


def test_a_stored_answer_that_fails_todays_checks_is_asked_again() -> None:
    unit = units_of(paragraphs(1), terms_of)[0]
    translator, book = Scripted(rightly), Book()
    book.put(key(unit, translator.engine), unit.english, translator.engine)
    assert run(translator, 1, book).translations[0].chinese == truth(unit)


# --- hostile answers ----------------------------------------------------------------------------


def hostile_text(unit: Unit, n: int, others: Sequence[str]) -> st.SearchStrategy[str]:
    """What a model may say in place of a translation; some of it right."""
    good_text = truth(unit)
    return st.sampled_from(
        [
            good_text,
            unit.english,
            "",
            " \n ",
            good_text[: len(good_text) // 2],
            good_text.replace(str(1990 + n), "1066"),
            good_text + good_text,
            "以下是翻译：" + good_text,
            f"<think>嗯</think>{good_text}",
            good_text.replace("。", "這個。"),
            "好" * 150,
            "\ud800" + good_text,
            *others,
        ]
    ) | st.text(max_size=80)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_answer_whatsoever_gets_out_unchecked(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 5))
    units = units_of(paragraphs(count), terms_of)
    truths = {u.english: truth(u) for u in units}

    def script(_: int, request: Request) -> Answer:
        finish = data.draw(st.sampled_from(["stop", "stop", "stop", "length", "refused"]))
        texts: dict[str, str] = {}
        for unit in request.units:
            if data.draw(st.integers(0, 5)):
                n = int(unit.id[1:]) - 1
                texts[unit.id] = data.draw(hostile_text(unit, n, list(truths.values())))
        if data.draw(st.booleans()):
            texts["p0777"] = "多余的一段。"
        event = data.draw(st.integers(0, 30))
        if event == 0:
            raise TranslatorError("the key is wrong", "mend it")
        if event == 1:
            raise NetworkError("the line is down")
        return Answer(texts=texts, finish=finish)  # type: ignore[arg-type]

    assert_nothing_wrong_whatever(script, count)


def assert_nothing_wrong_whatever(script: Callable[[int, Request], Answer], count: int) -> None:
    units = units_of(paragraphs(count), terms_of)
    truths = {u.english: truth(u) for u in units}
    translator, book = Scripted(script), Book()
    outcome = run(translator, count, book, words=130)
    assert_lawful(outcome, paragraphs(count))
    for t, p in zip(outcome.translations, paragraphs(count), strict=True):
        if len(t.chinese) > 40 and t.chinese in truths.values():
            assert t.chinese == truths[p.english]  # never a neighbour's text
    made = batches(units, frozenset(u.id for u in units), 130)
    assert len(translator.requests) <= sum(3 + len(b) for b in made)
    for unit in units:
        stored = book.get(key(unit, translator.engine))
        if stored is not None:
            found = checks.findings(unit.english, stored.chinese, unit.terms)
            assert not [f for f in found if f.severity == "error"]
    second = Scripted(rightly)
    rerun = run(second, count, book)
    assert_lawful(rerun, paragraphs(count))
    kept = {t.start: t.chinese for t in outcome.translations if t.chinese}
    assert {t.start: t.chinese for t in rerun.translations} | kept == {
        t.start: t.chinese for t in rerun.translations
    }


def swapped(request: Request, offset: int) -> Mapping[str, str]:
    texts = [truth(u) for u in request.units]
    texts = texts[offset:] + texts[:offset]
    return {u.id: t for u, t in zip(request.units, texts, strict=True)}


@pytest.mark.parametrize("offset", [1, -1])
def test_a_shift_by_one_is_seen_and_mended(offset: int) -> None:
    def script(n: int, request: Request) -> Answer:
        return rightly(n, request) if n else Answer(texts=swapped(request, offset))

    translator, book = Scripted(script), Book()
    outcome = run(translator, 6, book)
    units = units_of(paragraphs(6), terms_of)
    assert [t.chinese for t in outcome.translations] == [truth(u) for u in units]
    assert len(translator.requests) == 2
    assert "neighbouring" in translator.requests[1].reasons["p0003"]


def test_a_merged_paragraph_is_not_accepted_beside_the_one_left_out() -> None:
    def script(n: int, request: Request) -> Answer:
        if n:
            return rightly(n, request)
        texts = dict(rightly(n, request).texts)
        del texts["p0002"]
        return Answer(texts=texts)

    translator = Scripted(script)
    run(translator, 5)
    assert [u.id for u in translator.requests[1].units] == ["p0001", "p0002", "p0003"]


def test_the_ladder_is_together_twice_then_alone_then_given_up() -> None:
    def script(_: int, request: Request) -> Answer:
        texts = {u.id: truth(u) if u.id == "p0001" else u.english for u in request.units}
        return Answer(texts=texts)

    translator = Scripted(script)
    outcome = run(translator, 3)
    sizes = [len(r.units) for r in translator.requests]
    assert sizes == [3, 2, 2, 1, 1]
    assert all(r.reasons for r in translator.requests[1:])
    assert [bool(t.missing) for t in outcome.translations] == [False, True, True]
    assert "English" in outcome.translations[1].missing
    assert_lawful(outcome, paragraphs(3))


def test_a_refusal_stops_only_the_paragraph_it_is_about() -> None:
    def script(n: int, request: Request) -> Answer:
        if any(u.id == "p0002" for u in request.units):
            return Answer(finish="refused")
        return rightly(n, request)

    translator = Scripted(script)
    outcome = run(translator, 4)
    assert [bool(t.chinese) for t in outcome.translations] == [True, False, True, True]
    assert "content filter" in outcome.translations[1].missing
    assert [len(r.units) for r in translator.requests] == [4, 1, 1, 1, 1]


def test_an_answer_cut_off_goes_on_one_by_one() -> None:
    def script(n: int, request: Request) -> Answer:
        if len(request.units) == 1:
            return rightly(n, request)
        return Answer(finish="length")

    translator = Scripted(script)
    assert all(t.chinese for t in run(translator, 3).translations)
    assert [len(r.units) for r in translator.requests] == [3, 1, 1, 1]


def test_a_missed_term_is_asked_once_more_and_then_reported() -> None:
    def without_term(_: int, request: Request) -> Answer:
        return Answer(texts={u.id: fake(u.english) for u in request.units})

    translator, book = Scripted(without_term), Book()
    outcome = run(translator, 1, book)
    assert len(translator.requests) == 2
    assert "编译器" in translator.requests[1].reasons["p0001"]
    assert outcome.translations[0].chinese
    assert [p.rule for p in outcome.problems] == ["term"]
    second = run(Scripted(rightly), 1, book)
    assert second.problems == outcome.problems  # told again, though nothing was asked


def test_a_missed_term_that_comes_the_second_time_is_taken() -> None:
    def script(n: int, request: Request) -> Answer:
        if n:
            return rightly(n, request)
        return Answer(texts={u.id: fake(u.english) for u in request.units})

    outcome = run(Scripted(script), 1)
    assert "编译器" in outcome.translations[0].chinese
    assert outcome.problems == ()


# --- failures of the translator -----------------------------------------------------------------


def test_a_fatal_error_keeps_what_is_done_and_is_handed_back() -> None:
    def script(n: int, request: Request) -> Answer:
        if n == 1:
            raise TranslatorError("no credit left", "top it up")
        return rightly(n, request)

    translator, book = Scripted(script), Book()
    units = units_of(paragraphs(9), terms_of)
    book.put(key(units[8], translator.engine), truth(units[8]), translator.engine)
    outcome = run(translator, 9, book, words=200)
    assert len(translator.requests) == 2
    done = len(translator.requests[0].units)
    assert [bool(t.chinese) for t in outcome.translations] == [True] * done + [False] * (
        8 - done
    ) + [True]
    assert isinstance(outcome.stopped, TranslatorError)
    problem = outcome.problems[0]
    assert (problem.rule, problem.hint) == ("untranslated", "top it up")
    assert "no credit left" in problem.message
    assert_lawful(outcome, paragraphs(9))


def test_one_lost_call_is_survived_and_two_in_a_row_end_it() -> None:
    def lose(lost: set[int]) -> Callable[[int, Request], Answer]:
        def script(n: int, request: Request) -> Answer:
            if n in lost:
                raise NetworkError("did not answer")
            return rightly(n, request)

        return script

    once = Scripted(lose({0}))
    assert run(once, 4).stopped is None
    assert all(t.chinese for t in run(Scripted(lose({0})), 4).translations)
    twice = Scripted(lose(set(range(99))))
    outcome = run(twice, 30, words=200)
    assert outcome.stopped is not None
    assert len(twice.requests) == 2
    assert_lawful(outcome, paragraphs(30))


# --- people's words -----------------------------------------------------------------------------


def test_a_memory_answers_without_a_call_and_before_the_translator() -> None:
    known = Memory([Entry(source=english(1), target="一个人写的译文，很短。")])
    translator = Scripted(rightly)
    outcome = run(translator, 3, reuse=known)
    assert outcome.translations[1].chinese == "一个人写的译文，很短。"
    assert outcome.translations[1].by == known.engine
    assert [u.id for r in translator.requests for u in r.units] == ["p0001", "p0003"]
    assert {p.rule for p in outcome.problems} >= {"length", "number"}  # doubted, not refused


def test_a_memory_alone_leaves_the_rest_with_its_reason() -> None:
    known = Memory([Entry(source=english(0), target="第一段的译文。")])
    outcome = translate(paragraphs(3), no_terms, known, Book())
    assert [t.missing for t in outcome.translations] == ["", *["not in the translation memory"] * 2]
    assert outcome.usage == Usage()
    told = [p for p in outcome.problems if p.rule == "untranslated"]
    assert [p.at for p in told] == [30.0, 60.0]


def test_a_memory_that_holds_english_is_refused_all_the_same() -> None:
    known = Memory([Entry(source=english(0), target=english(0))])
    assert translate(paragraphs(1), no_terms, known, Book()).translations[0].missing


def test_nobody_to_ask() -> None:
    outcome = translate(paragraphs(3), no_terms, NoTranslator(), Book())
    assert {t.missing for t in outcome.translations} == {
        "no translator configured; `stw doctor` says how"
    }
    assert {t.by.name for t in outcome.translations} == {"none"}


def test_no_paragraphs_at_all() -> None:
    assert run(Scripted(rightly), 0).translations == ()


# --- the whole way, through a server that misbehaves --------------------------------------------


def spoil(change: Callable[[dict[str, str], Call], dict[str, str] | str]) -> Behaviour:
    """The right answer, changed."""

    def behave(call: Call) -> Reply:
        changed = change(right(call), call)
        return Reply(changed if isinstance(changed, str) else as_json(changed))

    return behave


def first(texts: dict[str, str], change: Callable[[str], str]) -> dict[str, str]:
    one = next(iter(texts))
    return texts | {one: change(texts[one])}


def drop(texts: dict[str, str], _: Call) -> dict[str, str]:
    return dict(list(texts.items())[1:])


def merge(texts: dict[str, str], _: Call) -> dict[str, str]:
    a, b, *rest = texts
    return {a: texts[a] + texts[b]} | {k: texts[k] for k in rest}


def shift(texts: dict[str, str], _: Call) -> dict[str, str]:
    values = list(texts.values())
    return dict(zip(texts, values[1:] + values[:1], strict=True))


def echo(texts: dict[str, str], call: Call) -> dict[str, str]:
    return texts | {p["id"]: p["en"] for p in call.message["translate"][:2]}


ONCE: dict[str, Behaviour] = {
    "drops an id": spoil(drop),
    "merges two": spoil(merge),
    "shifts by one": spoil(shift),
    "echoes English": spoil(echo),
    "empty string": spoil(lambda t, _: first(t, lambda _: "")),
    "broken JSON": spoil(lambda t, _: as_json(t)[:40].replace('"', "'")),
    "notes": spoil(lambda t, _: first(t, lambda z: z + "\n\n（注：此处按上下文调整。）")),
    "meta talk": spoil(lambda t, _: first(t, lambda z: "以下是翻译：" + z)),
    "number changed": spoil(lambda t, _: first(t, lambda z: z.replace("1990", "1991"))),
    "identifier lost": spoil(lambda t, _: first(t, lambda z: z.replace("step_0.run", "步骤"))),
    "term ignored": spoil(lambda t, _: first(t, lambda z: z.replace("编译器", ""))),
    "traditional": spoil(lambda t, _: first(t, lambda z: z.replace("。", "這樣。"))),
    "loops": spoil(lambda t, _: first(t, lambda z: z[:60] + "我们再来一次" * 12)),
    "cut off": lambda call: Reply(as_json(right(call))[:200], "length"),
    "content filter": lambda _: Reply("", "content_filter"),
    "429 with Retry-After": lambda _: Reply(
        status=429, error={"message": "slow"}, headers={"retry-after": "1"}
    ),
    "429": lambda _: Reply(status=429, error={"message": "slow"}),
    "500": lambda _: Reply(status=500, raw=b"oops"),
    "closes mid-body": lambda call: replace(good(call), cut=True),
    "refuses json_schema": lambda _: Reply(status=400, error={"message": "no response_format"}),
}
HARMLESS: dict[str, Behaviour] = {
    "fenced": spoil(lambda t, _: f"```json\n{as_json(t)}\n```"),
    "thinking first": spoil(lambda t, _: f"<think>{as_json({'p0001': '错'})}</think>{as_json(t)}"),
    "extra ids": spoil(lambda t, _: t | {"p0500": "多余的一段。"}),
}
FATAL: dict[str, Behaviour] = {
    "401": lambda _: Reply(status=401, error={"message": "no"}),
    "402": lambda _: Reply(status=402, error={"message": "no"}),
    "404": lambda _: Reply(status=404, error={"message": "model not found"}),
    "redirect": lambda _: Reply(status=302, raw=b"", headers={"location": "http://127.0.0.1:1/"}),
    "another server": lambda _: Reply(raw=b"<html>"),
}


def through(server: ChatServer, book: Book, count: int = 4) -> Outcome:
    preset = Preset(
        name="t", title="T", base_url=server.url, key_env="K", model="m", temperature=0.0
    )
    client = Chat(preset, {"K": "key"}, timeout=5, attempts=2, sleep=lambda _: None)
    return translate(paragraphs(count), terms_of, client, book)


def truths(count: int) -> list[str]:
    return [truth(u) for u in units_of(paragraphs(count), terms_of)]


@pytest.mark.parametrize("kind", [*ONCE, *HARMLESS])
def test_what_a_server_does_wrong_once_is_mended(kind: str) -> None:
    book = Book()
    with serving((ONCE | HARMLESS)[kind], good) as server:
        outcome = through(server, book)
        calls = len(server.calls)
    assert [t.chinese for t in outcome.translations] == truths(4)
    assert sorted(s.chinese for s in book.values()) == sorted(truths(4))
    assert calls == 1 if kind in HARMLESS else 2 <= calls <= 5


ALWAYS = [k for k in ONCE if k not in ("refuses json_schema", "cut off", "term ignored")]


@pytest.mark.parametrize("kind", ALWAYS)
def test_what_a_server_always_does_wrong_is_left_out_and_told(kind: str) -> None:
    book = Book()
    with serving(ONCE[kind]) as server:
        outcome = through(server, book)
        assert len(server.calls) <= 3 + 4 + 2
    assert_lawful(outcome, paragraphs(4))
    wrong = [
        t.chinese for t, z in zip(outcome.translations, truths(4), strict=True) if t.chinese != z
    ]
    assert set(wrong) <= {""}
    assert bool(wrong) != (kind == "shifts by one")  # alone, there is nobody to shift to
    assert {s.chinese for s in book.values()} <= set(truths(4))


@pytest.mark.parametrize("kind", FATAL)
def test_what_cannot_be_mended_ends_the_asking_and_keeps_the_rest(kind: str) -> None:
    book = Book()
    with serving(good, FATAL[kind]) as server:
        through(server, book, 4)
        outcome = through(server, book, 16)
        assert len(server.calls) == 2
    assert outcome.stopped is not None
    assert [t.chinese for t in outcome.translations] == truths(4) + [""] * 12
    assert_lawful(outcome, paragraphs(16))


def test_thousands_of_answers_of_a_bad_model_and_not_one_wrong_paragraph() -> None:
    """A model that gets half of its answers wrong in some way, on a long talk."""
    chance = random.Random(4)
    spoilt = [f for k, f in (ONCE | HARMLESS).items() if f is not ONCE["refuses json_schema"]]
    answers = 0

    def script(_: int, request: Request) -> Answer:
        nonlocal answers
        answers += len(request.units)
        behaviour = chance.choice(spoilt) if chance.random() < 0.5 else good
        call = Call("/", {}, {"messages": [{}, {"content": message(request)}]})
        if len(request.units) == 1 and behaviour is ONCE["merges two"]:
            behaviour = good
        reply = behaviour(call)
        if reply.status != 200 or reply.cut:
            return Answer(note="no answer")
        texts = texts_of(reply.content)
        return Answer(texts=texts, finish="length" if reply.finish == "length" else "stop")

    count = 800
    outcome = run(Scripted(script), count)
    expected = truths(count)
    published = [t.chinese for t in outcome.translations]
    doubted = {p.at for p in outcome.problems if p.severity == "warning"}
    wrong = [
        (t.start, t.chinese)
        for t, z in zip(outcome.translations, expected, strict=True)
        if t.chinese not in ("", z) and t.start not in doubted
    ]
    assert wrong == []
    assert answers > 950
    assert sum(bool(z) for z in published) > 0.95 * count


def test_the_server_saw_the_terms_on_every_try() -> None:
    """The glossary is not dropped on the retry."""
    with serving(ONCE["number changed"], good) as server:
        through(server, Book())
        assert [c.message.get("terms") for c in server.calls] == [["compiler: always 编译器"]] * 2
        assert (
            json.dumps(server.calls[1].message["mistakes"], ensure_ascii=False).count("1990") == 1
        )
    assert chat_server.targets_of("compiler: always 编译器") == ["编译器"]


def test_a_persons_words_come_before_a_paid_answer() -> None:
    """A memory that learned the paragraph later takes the place of the stored machine answer."""
    store = Book()
    run(Scripted(rightly), 2, store)
    known = Memory([Entry(source=english(1), target="一个人写的译文，很短。")])
    outcome = run(Scripted(rightly), 2, store, reuse=known)
    assert outcome.translations[1].chinese == "一个人写的译文，很短。"
    assert outcome.translations[0].chinese == truth(units_of(paragraphs(2), terms_of)[0])


def test_nobody_to_ask_today_does_not_empty_what_was_translated() -> None:
    """An unset key, a changed preset: the Chinese of the same English stands, and that is said."""
    first = run(Scripted(rightly), 3)
    given_paragraphs = paragraphs(4)
    again = translate(given_paragraphs, terms_of, NoTranslator(), Book(), before=first.translations)
    assert [t.chinese for t in again.translations[:3]] == [t.chinese for t in first.translations]
    assert [t.by for t in again.translations[:3]] == [t.by for t in first.translations]
    assert again.translations[3].missing
    assert [p.rule for p in again.problems if p.rule == "kept-translation"] != []
    assert [p.at for p in again.problems if p.rule == "untranslated"] == [90.0]

    def other_terms(text: str) -> tuple[Term, ...]:
        return (replace(OPERATOR, targets=("编译程序",)),) if "compiler" in text else ()

    book = Book()
    changed = translate(
        given_paragraphs[:1], other_terms, NoTranslator(), book, before=first.translations
    )
    [old] = changed.translations  # made under another term: not what is wanted now, but there
    assert (old.chinese, old.of) == (first.translations[0].chinese, first.translations[0].of)
    assert old.stale.startswith("the term base has changed: compiler; not translated again: no ")
    assert [p.rule for p in changed.problems] == ["stale", "term"]
    assert not book


@pytest.mark.parametrize("why", ["refused", "budget", "bad answers"])
def test_what_cannot_be_translated_again_stands_and_is_asked_for_again(why: str) -> None:
    first = run(Scripted(rightly), 4)
    one = [t.chinese for t in first.translations]

    def new_terms(text: str) -> tuple[Term, ...]:
        return (replace(OPERATOR, targets=("编译程序",)),) if "compiler" in text else ()

    hit = [n for n in range(4) if terms_of(english(n))]
    assert hit

    def fails(_: int, request: Request) -> Answer:
        if why == "refused":
            raise TranslatorError("the key was refused", "")
        return Answer(texts={u.id: u.english for u in request.units})

    pace = Pace(budget=1.0) if why == "budget" else Pace()
    book = Book()
    for t in first.translations:
        book.put(t.of, t.chinese, t.by)
    translator = Scripted(fails, price=2.0)
    stale = translate(
        paragraphs(4), new_terms, translator, book, before=first.translations, pace=pace
    )
    assert [t.chinese for t in stale.translations] == one
    assert [n for n, t in enumerate(stale.translations) if t.stale] == hit
    assert [p.at for p in stale.problems if p.rule == "stale"] == [n * 30.0 for n in hit]
    assert [p.at for p in stale.problems if p.rule == "term"] == [n * 30.0 for n in hit]
    assert not [p for p in stale.problems if p.rule == "untranslated"]
    again = translate(paragraphs(4), new_terms, Scripted(rightly), book, before=stale.translations)
    for n, t in enumerate(again.translations):
        assert not t.stale
        assert ("编译程序" in t.chinese) == (n in hit)
    back = translate(paragraphs(4), terms_of, NoTranslator(), Book(), before=stale.translations)
    assert [(t.chinese, t.stale) for t in back.translations] == [(c, "") for c in one]


def test_another_model_that_answers_nothing_leaves_what_the_first_one_said() -> None:
    first = run(Scripted(rightly), 3)

    def refuses(_: int, request: Request) -> Answer:
        del request
        raise TranslatorError("the key was refused", "")

    other = replace(Scripted(rightly).engine, model="n")
    stale = run(Scripted(refuses, engine=other), 3, before=first.translations)
    assert [t.chinese for t in stale.translations] == [t.chinese for t in first.translations]
    assert all(t.by == first.translations[0].by for t in stale.translations)
    assert all(
        t.stale == "scripted n translates now, and this is by scripted m; not translated again:"
        " the key was refused"
        for t in stale.translations
    )


def heard(*parts: tuple[float, str]) -> list[Paragraph]:
    return [
        Paragraph(start=s, end=s + 9, sentences=(Sentence(start=s, end=s + 9, text=text),))
        for s, text in parts
    ]


def test_a_new_cut_or_other_words_keep_the_chinese_once() -> None:
    """Moved by tenths, a word put right, two joined, one cut in two: all that was there stands."""
    halves = [
        english(2)[: english(2).index("We called")].strip(),
        "We called" + english(2).split("We called")[1],
    ]
    old = heard((0.0, english(0)), (30.0, english(1)), (60.0, english(2)), (90.0, english(3)))
    first = translate(old, no_terms, Scripted(rightly), Book())
    one = [t.chinese for t in first.translations]
    assert all(one)
    new = heard(
        (0.4, english(0).replace("grew", "shrank") + " " + english(1)),
        (60.2, halves[0]),
        (69.0, halves[1]),
        (90.0, english(3).replace("called", "named")),
    )
    stale = translate(new, no_terms, NoTranslator(), Book(), before=first.translations)
    assert [t.chinese for t in stale.translations] == [one[0] + one[1], one[2], "", one[3]]
    assert "stands at 00:01:00" in stale.translations[2].missing
    assert "“called” → “named”" in stale.translations[3].stale
    assert [t.start for t in stale.translations] == [p.start for p in new]


# --- several calls at once ----------------------------------------------------------------------


class Busy:
    """Counts how many calls are under way; every call waits until `together` are."""

    def __init__(self, together: int) -> None:
        self.gate = threading.Barrier(together, timeout=10)
        self.lock = threading.Lock()
        self.now = self.most = 0

    def __call__(self, _: int, request: Request) -> Answer:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.gate.wait()
        with self.lock:
            self.now -= 1
        return rightly(0, request)


def test_so_many_calls_are_under_way_and_no_more() -> None:
    busy = Busy(3)
    translator = Scripted(busy)
    outcome = run(translator, 12, words=60, pace=Pace(at_once=3))
    assert busy.most == 3
    assert len(translator.requests) == 12
    assert [t.chinese for t in outcome.translations] == [
        t.chinese for t in run(Scripted(rightly), 12).translations
    ]
    assert outcome.usage == Usage(calls=12)


@settings(max_examples=40)
@given(st.integers(1, 12), st.integers(1, 5), st.randoms(use_true_random=False))
def test_nothing_is_lost_or_wrong_however_many_are_asked_at_once(
    count: int, at_once: int, dice: random.Random
) -> None:
    """Every third answer is wrong in one of several ways."""

    def sometimes(_: int, request: Request) -> Answer:
        texts = {u.id: truth(u) for u in request.units}
        first = request.units[0].id
        kind = dice.randrange(9)
        if kind == 0:
            texts.pop(first)
        elif kind == 1:
            texts[first] = request.units[0].english
        elif kind == 2:
            raise NetworkError("gone")
        return Answer(texts=texts, usage=Usage(calls=1))

    book = Book()
    outcome = run(Scripted(sometimes), count, book, words=130, pace=Pace(at_once=at_once))
    right_ones = {u.start: truth(u) for u in units_of(paragraphs(count), terms_of)}
    for translation in outcome.translations:
        assert bool(translation.chinese) != bool(translation.missing)
        assert translation.chinese in ("", right_ones[translation.start])
    assert {s.chinese for s in book.values()} == {
        t.chinese for t in outcome.translations if t.chinese
    }


def test_what_has_begun_is_kept_when_the_key_is_refused() -> None:
    def refused(call: int, request: Request) -> Answer:
        if call >= 4:
            raise TranslatorError("no such key")
        return rightly(call, request)

    book = Book()
    outcome = run(Scripted(refused), 40, book, words=60, pace=Pace(at_once=4))
    assert outcome.stopped is not None
    assert len(book) == 4
    assert sum(bool(t.chinese) for t in outcome.translations) == 4
    assert all("no such key" in t.missing for t in outcome.translations if not t.chinese)


# --- what it will cost --------------------------------------------------------------------------


def paid(_: int, request: Request) -> Answer:
    return replace(rightly(0, request), usage=Usage(calls=1, cost=1.0, currency="CNY"))


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_budget_is_never_exceeded_and_what_it_bought_is_kept(at_once: int) -> None:
    book = Book()
    translator = Scripted(paid, price=1.0)
    outcome = run(translator, 9, book, words=60, pace=Pace(at_once=at_once, budget=4.5))
    assert len(translator.requests) == 4 == len(book)
    assert outcome.usage.cost == 4.0
    assert isinstance(outcome.stopped, TranslatorError)
    assert "budget of 4.5" in outcome.stopped.message
    more = run(translator, 9, book, words=60, pace=Pace(at_once=at_once, budget=5.0))
    assert len(translator.requests) == 9
    assert more.stopped is None


def test_no_budget_can_be_kept_where_no_price_is_known() -> None:
    translator = Scripted(rightly)
    outcome = run(translator, 3, pace=Pace(budget=9))
    assert not translator.requests
    assert outcome.stopped is not None
    assert "no price" in outcome.stopped.message


def test_a_plan_asks_nothing_and_tells_what_is_known() -> None:
    book = Book()
    translator = Scripted(paid, price=0.5)
    run(translator, 2, book, words=60)
    told = plan(paragraphs(9), terms_of, replace(translator, batch_words=60), book)
    assert told == Plan(
        paragraphs=9,
        known=2,
        usage=Usage(calls=7, cost=3.5),
        most=Usage(calls=21, cost=10.5),  # each paragraph is asked for three times
    )
    assert len(translator.requests) == 2


@pytest.mark.parametrize("words", [60, 150, 700])
def test_nothing_right_takes_as_many_calls_as_the_plan_said_at_most(words: int) -> None:
    translator = Scripted(lambda *_: Answer(usage=Usage(calls=1)), batch_words=words)
    told = plan(paragraphs(9), terms_of, translator, Book())
    outcome = run(translator, 9, words=words)
    assert outcome.usage.calls == told.most.calls > told.usage.calls


def test_earlier_calls_of_unknown_cost_are_told_where_the_budget_ends() -> None:
    outcome = run(Scripted(paid, price=1.0), 3, pace=Pace(budget=2.0, spent=1.5, unpriced=80))
    assert outcome.stopped is not None
    assert "1.5000 spent (cost of 80 earlier calls unknown)" in outcome.stopped.message


def test_similar_paragraphs_of_the_memory_go_along_and_are_not_taken() -> None:
    like = english(1).replace("I want you to remember", "you should remember")
    memory = Memory([Entry(source=like, target="人的译文"), Entry(source="Hi.", target="嗨。")])
    translator = Scripted(rightly)
    outcome = run(translator, 4, reuse=memory)
    [request] = translator.requests
    assert [e.chinese for e in request.examples] == ["人的译文"]
    assert 0.75 <= request.examples[0].similarity < 1
    assert "人的译文" in message(request)
    assert all(t.chinese != "人的译文" for t in outcome.translations)


def test_a_budget_holds_where_answers_do_not_say_what_they_cost() -> None:
    translator = Scripted(rightly, price=1.0)
    run(translator, 9, words=60, pace=Pace(budget=3.0))
    assert len(translator.requests) == 3


def test_a_budget_is_of_all_runs_together() -> None:
    translator = Scripted(paid, price=1.0)
    run(translator, 9, words=60, pace=Pace(budget=3.0, spent=1.5))
    assert len(translator.requests) == 1


def test_what_is_spent_is_told_after_every_answer() -> None:
    told: list[Usage] = []
    run(Scripted(paid), 3, words=60, spent=told.append)
    assert [u.cost for u in told] == [1.0, 2.0, 3.0]


def test_markup_inside_an_answer_is_never_cut_out() -> None:
    text = "模型在 <think> 和 </think> 之间推理。"
    answer = as_json({"p0001": text, "p0002": "好。"})
    assert texts_of(f"<think>a</think>\n<thinking>b</thinking>{answer}") == {
        "p0001": text,
        "p0002": "好。",
    }
    assert texts_of(f"<think>{as_json({'p0002': '好。'})}") == {}


def test_much_thinking_is_read_in_no_time() -> None:
    assert texts_of("<think>" * 60_000) == {}
    assert texts_of("<think><think" * 30_000) == {}
