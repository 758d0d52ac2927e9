"""A server that misbehaves in every known way, and what of it reaches the editor: nothing wrong.

First through the real client and the real pipeline step on a small talk: for each misbehaviour,
what the draft shows, what the report says and what is stored; then the same talk with a good
server, which is asked for the rest alone. Then thousands of damaged answers to the stage itself.
"""

import json
import random
import re
import shutil
import ssl
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.chat_server import (
    Behaviour,
    Call,
    ChatServer,
    Reply,
    as_json,
    fake,
    good,
    plain,
    right,
    serving,
)
from translate.backends.chat import Chat
from translate.backends.presets import Preset, Profile
from translate.draft import parse
from translate.errors import NetworkError, TranslatorError
from translate.glossary import Glossary
from translate.model import (
    Answer,
    Cue,
    Engine,
    Paragraph,
    Request,
    Sentence,
    Talk,
    Term,
    Transcript,
    Unit,
    Usage,
    no_progress,
)
from translate.pipeline.run import Result, Tools, Wishes
from translate.pipeline.step_draft import draft
from translate.stages.translate import Stored, translate
from translate.workspace import ANSWERS, DRAFT, REPORT_JSON, TALK, TRANSCRIPT, Workspace

KEY = "sk-verysecretkey0123456789"
WAITING = "【待译】"
OPEN = 6  # paragraphs that the talk has, so that many are open when nothing was answered
GLOSSARY = Glossary(terms=(Term(source="compiler", targets=("编译器",), policy="strict"),))
TOPICS = (
    "the compiler and how it fuses small kernels into larger ones before anything runs",
    "the data loader and why reading many tiny files from a slow disk hurts so much",
    "distributed training where every worker waits for the slowest of all the others",
    "the documentation sprint that brought new people into our open source community",
    "memory planning and the trick that lets a large model fit on one small device",
)


def said(n: int) -> str:
    """Paragraph `n`: with a number, an identifier and a name that no other has."""
    return (
        f"In {1990 + n} our team of {n * 7 + 13} people worked on {TOPICS[n % len(TOPICS)]}. "
        f"We called step_{n}.run about {n + 2} million times, and module{n}_test stayed green, "
        f"so Project{chr(65 + n % 26)}{chr(97 + n % 26)}X grew by {n + 21}.5 percent. "
        f"That is what I want you to remember from this part of the talk, please."
    )


def truth(english: str) -> str:
    return fake(english, ["编译器"] if "compiler" in english else [])


# --- what a server may do -----------------------------------------------------------------------


def spoil(change: Callable[[dict[str, str], Call], dict[str, str] | str]) -> Behaviour:
    """The right answer, changed."""

    def behave(call: Call) -> Reply:
        changed = change(right(call), call)
        return Reply(changed if isinstance(changed, str) else as_json(changed))

    return behave


def each(change: Callable[[str], str]) -> Behaviour:
    """Every text of the right answer, changed."""
    return spoil(lambda texts, _: {k: change(v) for k, v in texts.items()})


def drop(texts: dict[str, str], _: Call) -> dict[str, str]:
    return dict(list(texts.items())[1:])


def merge(texts: dict[str, str], _: Call) -> dict[str, str]:
    a, *rest = texts
    return {a: "".join(list(texts.values())[:2])} | {k: texts[k] for k in rest[1:]}


def shift(texts: dict[str, str], _: Call) -> dict[str, str]:
    values = list(texts.values())
    return dict(zip(texts, values[1:] + values[:1], strict=True))


def echo(_: dict[str, str], call: Call) -> dict[str, str]:
    return {p["id"]: p["en"] for p in call.message["translate"]}


def fails(status: int, **headers: str) -> Behaviour:
    sent = {k.replace("_", "-"): v for k, v in headers.items()}
    return lambda _: Reply(status=status, error={"message": "no"}, headers=sent)


@dataclass(frozen=True)
class Case:
    """One misbehaviour, kept up for ever, and what the editor is told about it.

    `told` is found in the message of each paragraph left open; where nothing is left open it is
    empty, and `doubt` names the rule of the warnings instead, if there are any. `stops` is the
    class of the error that ends the asking.
    """

    server: Behaviour
    told: str = ""
    doubt: str = ""
    stops: type[NetworkError] | None = None


# Alone, a paragraph has no neighbour to be mixed up with: these servers are right in the end.
MENDED = {
    "merges two": Case(spoil(merge)),
    "shifts all by one": Case(spoil(shift)),
    "fences it": Case(spoil(lambda t, _: f"```json\n{as_json(t)}\n```")),
    "adds thinking text": Case(
        spoil(lambda t, _: f"<think>{as_json({'p0001': '错'})}</think>\n{as_json(t)}")
    ),
    "thinks inside the text": Case(each(lambda z: f"<think>嗯，这里是什么？</think>{z}")),
    "adds notes around it": Case(spoil(lambda t, _: f"好的：\n{as_json(t)}\n注：以上为译文。")),
    "adds ids": Case(spoil(lambda t, _: t | {"p0500": "多余的一段。"})),
    "ignores a term": Case(each(lambda z: z.replace("编译器", "")), doubt="term"),
}
REFUSED = {
    "echoes English": Case(spoil(echo), told="English|no Chinese"),
    "answers an empty string": Case(each(lambda _: ""), told="is empty"),
    "answers spaces": Case(each(lambda _: " \n　"), told="is empty"),
    "breaks JSON": Case(spoil(lambda t, _: as_json(t)[:40]), told="not the JSON"),
    "answers prose": Case(spoil(lambda t, _: "\n".join(t.values())), told="not the JSON"),
    "leaves its markup": Case(each(lambda z: f"{z}<|im_end|>"), told="model's markup"),
    "thinks inside the text and does not end": Case(
        each(lambda z: f"<think>嗯，这里是什么？{z}"), told="model's markup"
    ),
    "adds notes": Case(each(lambda z: z + "\n（注：此处按上下文调整。）"), told="itself"),
    "talks about it": Case(each(lambda z: "以下是翻译：" + z), told="itself"),
    "declines": Case(each(lambda _: "抱歉，我无法翻译这段内容。"), told="itself|too short"),
    "changes a number": Case(
        each(lambda z: re.sub(r"(?<![\w.])\d+(?![\w.])", "1066", z)), told="the number"
    ),
    "translates an identifier": Case(
        each(lambda z: re.sub(r"step_\d+\.run", "步骤运行", z)), told="must keep step_"
    ),
    "answers in Traditional": Case(each(lambda z: z.replace("。", "這樣。")), told="Traditional"),
    "loops": Case(each(lambda z: z[:60] + "我们再来一次" * 12), told="repeats itself|breaks off"),
    "loops without end": Case(each(lambda z: z * 400), told="does not end"),
    "cuts off at the token limit": Case(
        lambda call: Reply(as_json(right(call))[:60], "length"), told="token limit"
    ),
    "cuts off inside the text": Case(
        lambda call: Reply(
            as_json({k: v[: len(v) // 2] for k, v in right(call).items()}), "length"
        ),
        told="token limit|breaks off|the number|must keep",
    ),
    "filters content": Case(lambda _: Reply("", "content_filter"), told="refused"),
    "filters with 400": Case(
        lambda _: Reply(status=400, error={"message": "Content Exists Risk"}), told="refused"
    ),
}
LOST = {
    "429 with Retry-After": Case(fails(429, retry_after="7"), "answered 429", "", NetworkError),
    "429 without Retry-After": Case(fails(429), "answered 429", "", NetworkError),
    "429 for an hour": Case(fails(429, retry_after="3600"), "wait 3600 s", "", NetworkError),
    "500": Case(lambda _: Reply(status=500, raw=b"oops"), "answered 500", "", NetworkError),
    "closes mid-body": Case(
        lambda call: replace(good(call), cut=True), "could not be reached", "", NetworkError
    ),
    "401": Case(fails(401), "answered 401", "", TranslatorError),
    "402": Case(fails(402), "answered 402", "", TranslatorError),
    "404": Case(fails(404), "answered 404", "", TranslatorError),
    "is no chat server": Case(
        lambda _: Reply(raw=b"<html>"), "like a chat server", "", TranslatorError
    ),
}


# --- the whole way ------------------------------------------------------------------------------


def never(*_: object) -> object:
    raise AssertionError("drafting needs no such tool")


class Place:
    """A talk that is transcribed, and the step that drafts it."""

    def __init__(self, folder: Path, paragraphs: int = 8) -> None:
        self.workspace = Workspace(folder)
        folder.mkdir()
        self.workspace.put(TALK, Talk(slug=folder.name, title="Graphs", date="2026-01-02"), key="")
        cues = []
        for n in range(paragraphs):
            for i, sentence in enumerate(re.split(r"(?<=\.) (?=[A-Z])", said(n))):
                start = n * 90.0 + i * 8
                cues.append(Cue(start=start, end=start + 7.5, text=sentence))
        engine = Engine(name="captions", version="1")
        made = Transcript(language="en", engine=engine, duration=600.0, cues=tuple(cues))
        self.workspace.put(TRANSCRIPT, made, key="")
        self.pauses: list[float] = []

    def draft(self, url: str, timeout: float = 5.0, profile: Profile = "chat") -> Result:
        preset = Preset(
            name="t",
            title="T",
            base_url=url,
            key_env="K",
            model="m",
            temperature=0.0,
            profile=profile,
        )
        chat = Chat(
            preset,
            {"K": KEY},
            timeout=timeout,
            attempts=3,
            sleep=self.pauses.append,
            clock=lambda: sum(self.pauses),
        )
        tools = Tools(
            **dict.fromkeys(
                (
                    *("downloader", "decode", "detector", "recogniser", "recogniser_id"),
                    *("count_tokens", "read_captions", "text_language"),
                ),
                never,
            ),  # type: ignore[arg-type]
            default_model="",
            translator=lambda: chat,
            translator_id=lambda: "t",
            memory=lambda: None,
        )
        return draft(self.workspace, tools, GLOSSARY, Wishes(), no_progress)

    @property
    def english(self) -> dict[float, str]:
        return {p.start: p.english for p in self.workspace.article().paragraphs}

    @property
    def stored(self) -> list[str]:
        path = self.workspace.path(ANSWERS)
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [json.loads(line)["chinese"] for line in lines]

    @property
    def problems(self) -> list[dict[str, str]]:
        return list(json.loads(self.workspace.text(REPORT_JSON))["problems"])

    def told(self, rule: str) -> list[str]:
        return [p["message"] for p in self.problems if p["rule"] == rule]

    def shown(self) -> list[str]:
        """The Chinese of the draft's paragraphs, without what is added at first mention."""
        text = self.workspace.text(DRAFT)
        shown = [p.chinese.replace("编译器（compiler）", "编译器") for p in parse(text).passages]
        assert text.count(WAITING) == shown.count("")  # an open place shows, and is no text
        return [chinese or WAITING for chinese in shown]

    def everything(self) -> str:
        files = [p for p in self.workspace.path(".").rglob("*") if p.is_file()]
        return "\n".join(p.read_text("utf-8", errors="replace") for p in files)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "talk")


def assert_nothing_wrong(place: Place, *, ignored_term: bool = False) -> int:
    """Every paragraph is right or open and told; what is stored is right. How many are open."""
    truths = {s: truth(e) for s, e in place.english.items()}
    accepted = set(truths.values())
    if ignored_term:
        accepted |= {z.replace("编译器", "") for z in accepted}
    shown = place.shown()
    assert len(shown) == len(truths)
    for chinese, expected in zip(shown, truths.values(), strict=True):
        known = {expected, expected.replace("编译器", "")} if ignored_term else {expected}
        assert chinese in known | {WAITING} or _plain(chinese) in map(_plain, known)
    assert set(place.stored) <= accepted
    for english in place.english.values():
        assert not any(english[:60] in chinese for chinese in shown)
    waiting = shown.count(WAITING)
    assert len(place.told("untranslated")) == waiting
    assert KEY not in place.everything()
    return waiting


def _plain(text: str) -> str:
    """Without what the house's typography adds: backticks, spaces, escapes."""
    return re.sub(r"[\s`\\]", "", text)


def assert_mended_by_a_good_server(place: Place, waiting: int) -> None:
    """The next run asks for what is open, and for nothing else."""
    with serving(good) as server:
        result = place.draft(server.url)
        asked = [i for call in server.calls for i in call.ids]
    assert len(asked) == waiting
    assert result.stopped is None
    assert WAITING not in place.workspace.text(DRAFT)
    assert place.told("untranslated") == []
    assert assert_nothing_wrong(place) == 0


def test_the_talk_is_what_the_rest_takes_it_for(place: Place) -> None:
    with serving(good) as server:
        result = place.draft(server.url)
        assert len(server.calls) == 1
    assert " ".join(place.english.values()) == " ".join(map(said, range(8)))
    assert len(place.english) == OPEN
    assert assert_nothing_wrong(place) == 0
    assert len(place.stored) == OPEN
    assert (result.stopped, place.told("untranslated"), place.told("term")) == (None, [], [])


@pytest.mark.parametrize("kind", MENDED)
def test_mixed_up_or_wrapped_up_answers_come_out_right(place: Place, kind: str) -> None:
    case = MENDED[kind]
    with serving(case.server) as server:
        result = place.draft(server.url)
        assert len(server.calls) <= 3 + OPEN  # once, twice again, then one by one
    ignored = bool(case.doubt)
    assert assert_nothing_wrong(place, ignored_term=ignored) == 0
    assert result.stopped is None
    assert place.told("untranslated") == []
    if case.doubt:
        assert any("编译器" in message for message in place.told(case.doubt))


@pytest.mark.parametrize("kind", REFUSED)
def test_wrong_answers_are_left_open_with_the_reason_and_never_stored(
    place: Place, kind: str
) -> None:
    case = REFUSED[kind]
    with serving(case.server) as server:
        result = place.draft(server.url)
        assert len(server.calls) <= 3 + OPEN
    waiting = assert_nothing_wrong(place)
    assert waiting == OPEN
    for message in place.told("untranslated"):
        assert re.search(case.told, message), message
    assert place.stored == []
    assert result.stopped is None  # one bad paragraph does not end a run
    assert_mended_by_a_good_server(place, waiting)


def test_a_paragraph_that_is_never_answered_is_open_and_its_neighbour_is_not_taken_for_it(
    place: Place,
) -> None:
    """Drops the first id of every answer: what remains is right, and the first is left open."""
    with serving(spoil(drop)) as server:
        result = place.draft(server.url)
    waiting = assert_nothing_wrong(place)
    assert 1 <= waiting <= OPEN
    for message in place.told("untranslated"):
        assert re.search("was not the JSON|left this paragraph out|left out p", message), message
    assert len(place.stored) == OPEN - waiting
    assert result.stopped is None
    assert_mended_by_a_good_server(place, waiting)


@pytest.mark.parametrize("kind", LOST)
def test_a_server_that_fails_leaves_a_whole_draft_with_open_places(place: Place, kind: str) -> None:
    case = LOST[kind]
    with serving(case.server) as server:
        result = place.draft(server.url)
        assert len(server.calls) <= 2 * 3
    assert type(result.stopped) is case.stops
    assert assert_nothing_wrong(place) == OPEN
    for message in place.told("untranslated"):
        assert case.told in message
    assert place.stored == []
    assert_mended_by_a_good_server(place, OPEN)


@pytest.mark.parametrize(
    ("kind", "pauses"),
    [
        ("429 with Retry-After", [7.0, 7.0]),
        ("429 without Retry-After", [1.0, 2.0]),
        ("500", [1.0, 2.0]),
        ("429 for an hour", []),
        ("404", []),
    ],
)
def test_the_pauses_are_those_the_server_asks_for(
    place: Place, kind: str, pauses: list[float]
) -> None:
    with serving(LOST[kind].server) as server:
        place.draft(server.url)
    assert [p for p in place.pauses if p][: len(pauses)] == pytest.approx(pauses)
    assert bool(place.pauses) == bool(pauses)


def test_a_server_that_hangs_is_given_up(place: Place) -> None:
    end = threading.Event()
    with serving(lambda call: replace(good(call), wait=end)) as server:
        try:
            result = place.draft(server.url, timeout=0.2)
        finally:
            end.set()
    assert type(result.stopped) is NetworkError
    assert assert_nothing_wrong(place) == OPEN
    assert all("did not answer within 0.2 s" in m for m in place.told("untranslated"))
    assert_mended_by_a_good_server(place, OPEN)


def test_a_redirect_to_another_host_is_not_followed(place: Place) -> None:
    """Not even with the talk's text, let alone the key."""
    with serving(good) as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost") + "/chat/completions"
        moved = Reply(status=308, raw=b"", headers={"location": elsewhere})
        with serving(lambda _: moved) as server:
            result = place.draft(server.url)
        assert other.calls == []
    assert type(result.stopped) is TranslatorError
    assert assert_nothing_wrong(place) == OPEN
    assert all("points to another address (308)" in m for m in place.told("untranslated"))
    assert_mended_by_a_good_server(place, OPEN)


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[ChatServer]:
    """A server whose certificate nobody has signed but itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, so no certificate can be made")
    pem = tmp_path / "self-signed.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-out", pem, "-keyout", pem),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with serving(good, tls=context) as server:
        yield server


def test_a_certificate_that_is_not_trusted_ends_it_before_anything_is_sent(
    place: Place, impostor: ChatServer
) -> None:
    result = place.draft(impostor.url)
    assert impostor.calls == []
    assert place.pauses == []  # waiting would mend nothing
    assert type(result.stopped) is TranslatorError
    assert assert_nothing_wrong(place) == OPEN
    assert all("certificate that is not trusted" in m for m in place.told("untranslated"))
    assert_mended_by_a_good_server(place, OPEN)


# --- a model that only translates ---------------------------------------------------------------


def plainly(change: Callable[[str], str]) -> Behaviour:
    return lambda call: replace(plain(call), content=change(plain(call).content))


PLAIN_REFUSED = {
    "answers JSON": plainly(lambda z: as_json({"p0001": z})),
    "says what it was told": plainly(lambda z: f"参考下面的翻译：\n{z}"),
    "echoes English": lambda call: Reply(call.body["messages"][-1]["content"]),
    "answers an empty string": plainly(lambda _: ""),
    "adds a note": plainly(lambda z: f"{z}（注：此处按上下文调整。）"),
    "talks about it": plainly(lambda z: f"以下是翻译：{z}"),
    "changes a number": plainly(lambda z: re.sub(r"(?<![\w.])\d+(?![\w.])", "1066", z)),
    "translates an identifier": plainly(lambda z: re.sub(r"step_\d+\.run", "步骤运行", z)),
    "answers in Traditional": plainly(lambda z: z.replace("。", "這樣。")),
    "cuts off at the token limit": lambda call: replace(plain(call), finish="length"),
    "filters content": lambda _: Reply("", "content_filter"),
}


def test_a_translation_model_makes_the_same_draft(place: Place) -> None:
    with serving(plain) as server:
        result = place.draft(server.url, profile="mt")
        assert len(server.calls) == OPEN  # a paragraph a call
    assert assert_nothing_wrong(place) == 0
    assert result.usage.calls == OPEN
    assert place.told("term") == []


@pytest.mark.parametrize("kind", PLAIN_REFUSED)
def test_wrong_plain_answers_are_left_open_and_never_stored(place: Place, kind: str) -> None:
    with serving(PLAIN_REFUSED[kind]) as server:
        result = place.draft(server.url, profile="mt")
        assert len(server.calls) <= OPEN * 3
    assert assert_nothing_wrong(place) == OPEN
    assert (place.stored, result.stopped) == ([], None)


# --- thousands of answers -----------------------------------------------------------------------


def sentences(n: int) -> str:
    """Paragraph `n` of a longer talk: sentences of their own, with what checks can hold on to."""
    return (
        f"In {1990 + n} our team of {n * 7 + 13} people worked on {TOPICS[n % len(TOPICS)]}. "
        f"See https://example.org/talks/{n} for the slides. "
        f"We called step_{n}.run about {n + 2} million times, and module{n}_test stayed green. "
        f"So Project{chr(65 + n % 26)}{chr(97 + n // 26 % 26)}X grew by {n + 21}.5 percent. "
        f"That is what I want you to remember from this part of the talk, please."
    )


def sentencewise(english: str) -> str:
    """The right answer: sentence by sentence, so that a cut may fall between two of them."""
    parts = re.split(r"(?<=[.?!]) (?=[A-Z])", english)
    out = [fake(p, ["编译器"] if "compiler" in p else []) for p in parts]
    return "".join(out)


NUMBER = r"(?<![\w.])\d[\d.]*\d|(?<![\w.])\d(?![\w.])"
NAMED = r"step_\d+\.run|module\d+_test"
BROKEN = "\ufffd\ud800\u202e\x07"
TRADITIONAL = "這個們來說對時會開發過還進讓應該關問題學習結構"
NOTES = ("（注：译者按）", "【译注：见原文】", "（译者注：此处存疑）", "(Note: literal.)")
OPENERS = ("以下是翻译：", "好的，以下是中文译文：", "翻译如下：", "Here is the translation: ")
TAGS = ("<think>嗯</think>", "<|im_start|>", "[INST]", "</think>", "<answer>")


@dataclass(frozen=True)
class Draw:
    """What a damaged text is made from."""

    chance: random.Random
    english: str
    right: str

    def some(self, pattern: str, change: Callable[[str], str]) -> str:
        """The right text with one match of the pattern changed; as it is where there is none."""
        found = list(re.finditer(pattern, self.right))
        if not found:
            return self.right
        one = self.chance.choice(found)
        return self.right[: one.start()] + change(one[0]) + self.right[one.end() :]

    def number(self, old: str) -> str:
        """Another number: a digit changed, a digit more, or the digits backwards."""
        at = self.chance.choice([i for i, c in enumerate(old) if c.isdigit()])
        digit = str((int(old[at]) + self.chance.randint(1, 9)) % 10)
        ways = [old[:at] + digit + old[at + 1 :], old + "0", old[::-1]]
        self.chance.shuffle(ways)
        return next(w for w in ways if Decimal(w) != Decimal(old))

    def looped(self) -> str:
        piece = self.right[5 : 5 + self.chance.randint(4, 20)]
        return self.right + piece * self.chance.randint(6, 60) + "。"

    def tagged(self) -> str:
        tag = self.chance.choice(TAGS)
        return self.chance.choice([tag + self.right, self.right + tag])


# What the matter may be with one text.
ALONE: dict[str, Callable[[Draw], str]] = {
    "echo": lambda d: d.english,
    "half an echo": lambda d: d.right[: len(d.right) // 4] + d.english[len(d.english) // 4 :],
    "empty": lambda d: d.chance.choice(["", " ", "\n", "。", "……", "　"]),
    "number": lambda d: d.some(NUMBER, d.number),
    "number lost": lambda d: d.some(NUMBER, lambda _: "若干"),
    "identifier": lambda d: d.some(NAMED, lambda _: "那个函数"),
    "identifier mistyped": lambda d: d.some(NAMED, lambda i: i.replace("_", "-")),
    "url": lambda d: d.some(r"https?://\S*\w", lambda u: u[:-1] + "x"),
    "term ignored": lambda d: d.right.replace("编译器", "那个东西"),
    "traditional": lambda d: d.some("[一-龥]", lambda _: d.chance.choice(TRADITIONAL)),
    "loop": lambda d: d.looped(),
    "note": lambda d: d.right + d.chance.choice(NOTES),
    "talk about it": lambda d: d.chance.choice(OPENERS) + d.right,
    "markup": lambda d: d.tagged(),
    "fence": lambda d: f"```\n{d.right}\n```",
    "refusal": lambda d: d.chance.choice(["抱歉，我无法翻译。", "I'm sorry, but I can't help."]),
    "cut off": lambda d: d.right[: d.chance.randrange(1, len(d.right) * 3 // 4)],
    "broken characters": lambda d: f"{d.right[:9]}{d.chance.choice(BROKEN)}{d.right[9:]}",
}


def between_neighbours(kind: str, chance: random.Random, texts: dict[str, str]) -> dict[str, str]:
    """Answers mixed up among each other: which Chinese comes under which id."""
    ids, values = list(texts), list(texts.values())
    at = chance.randrange(len(ids) - 1)
    if kind == "shift":
        step = chance.choice([1, -1])
        return dict(zip(ids, values[step:] + values[:step], strict=True))
    if kind == "swap":
        values[at], values[at + 1] = values[at + 1], values[at]
        return dict(zip(ids, values, strict=True))
    if kind == "merge":
        texts[ids[at]] = values[at] + values[at + 1]
        return {k: v for k, v in texts.items() if k != ids[at + 1]}
    if kind == "give twice":
        return texts | {ids[at + 1]: values[at]}
    if kind == "drop":
        return {k: v for k, v in texts.items() if k != ids[at]}
    return texts


MIXED = ("shift", "swap", "merge", "give twice", "drop")


@dataclass
class BadModel:
    """Answers of which most are damaged; remembers how, by the text."""

    chance: random.Random
    engine: Engine = field(default_factory=lambda: Engine(name="bad", model="m", version="1"))
    by_person: bool = False
    batch_words: int = 700
    answers: int = 0
    how: dict[str, str] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)

    def estimate(self, request: Request) -> Usage:
        del request
        return Usage(calls=1)

    def translate(self, request: Request) -> Answer:
        chance, finish = self.chance, "stop"
        texts = {u.id: sentencewise(u.english) for u in request.units}
        self.answers += len(texts)
        if len(texts) > 1 and chance.random() < 0.4:
            kind = chance.choice(MIXED)
            self.kinds[kind] += len(texts)
            texts = between_neighbours(kind, chance, texts)
            return Answer(texts=texts, usage=Usage(calls=1))
        for unit in request.units:
            if chance.random() < 0.7:
                kind = chance.choice(list(ALONE))
                texts[unit.id] = self.damaged(kind, unit, texts[unit.id])
                if kind == "cut off" and unit is request.units[-1]:
                    finish = "length"
        return Answer(texts=texts, usage=Usage(calls=1), finish=finish)  # type: ignore[arg-type]

    def damaged(self, kind: str, unit: Unit, right_text: str) -> str:
        text = ALONE[kind](Draw(self.chance, unit.english, right_text))
        self.kinds[kind] += 1
        self.how[tidy(text)] = kind
        return text


class Book(dict[str, Stored]):
    """A store in memory."""

    def put(self, key: str, chinese: str, engine: Engine) -> None:
        self[key] = Stored(chinese, engine)


def a_talk(first: int, count: int) -> list[Paragraph]:
    return [
        Paragraph(
            start=n * 30.0,
            end=n * 30.0 + 29,
            sentences=(Sentence(start=n * 30.0, end=n * 30.0 + 29, text=sentences(n)),),
        )
        for n in range(first, first + count)
    ]


def tidy(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.slow
def test_no_wrong_paragraph_in_ten_thousand_answers() -> None:
    """Of every kind of damage, on every seed: refused, or at least doubted where checks only warn.

    A changed text that is the right one all the same (only spaces differ) is no damage.
    """
    answers, accepted, doubted = 0, 0, Counter[str]()
    wrong: list[tuple[str, str]] = []
    kinds = Counter[str]()
    seed = 0
    while answers < 10_000:
        model, book = BadModel(random.Random(seed)), Book()
        paragraphs = a_talk(seed * 3 % 200, 40)
        outcome = translate(paragraphs, GLOSSARY.terms_in, model, book)
        warned = {p.at for p in outcome.problems if p.severity == "warning"}
        for t, p in zip(outcome.translations, paragraphs, strict=True):
            expected = sentencewise(p.english)
            assert bool(t.chinese) != bool(t.missing)
            if not t.chinese or tidy(t.chinese) == tidy(expected):
                accepted += bool(t.chinese)
            elif t.start in warned:
                doubted[model.how.get(tidy(t.chinese), "mixed up")] += 1
            else:
                wrong.append((model.how.get(tidy(t.chinese), "mixed up"), t.chinese))
        assert {s.chinese for s in book.values()} >= {
            t.chinese for t in outcome.translations if t.chinese
        }
        answers += model.answers
        kinds += model.kinds
        seed += 1
    assert set(kinds) == {*ALONE, *MIXED}
    assert min(kinds.values()) >= 100
    assert accepted > 0.5 * seed * 40  # it is no feat to refuse everything
    assert wrong == [], Counter(kind for kind, _ in wrong)
    # A missed term, and a small number beside the right one, are doubted, not refused.
    assert set(doubted) <= {"term ignored", "number"}, doubted
    assert doubted["number"] <= 0.1 * kinds["number"]


def alone(english: str, chinese: str, terms: Glossary) -> tuple[str, list[str]]:
    """What is published of a model that always answers so, and the rules it is doubted by."""

    class Stubborn(BadModel):
        def translate(self, request: Request) -> Answer:
            return Answer(texts={u.id: chinese for u in request.units}, usage=Usage(calls=1))

    sentence = Sentence(start=0.0, end=9.0, text=english)
    paragraph = Paragraph(start=0.0, end=9.0, sentences=(sentence,))
    outcome = translate([paragraph], terms.terms_in, Stubborn(random.Random(0)), Book())
    rules = [p.rule for p in outcome.problems]
    return outcome.translations[0].chinese, rules


def test_a_note_on_a_line_of_its_own_is_seen() -> None:
    english = sentences(3)
    published, rules = alone(english, sentencewise(english) + "\n注：以上为直译。", GLOSSARY)
    assert published == "" or rules


def test_a_doubled_term_is_seen() -> None:
    english = sentences(0)
    doubled = sentencewise(english).replace("编译器", "编译器编译器")
    published, rules = alone(english, doubled, GLOSSARY)
    assert published == "" or rules
