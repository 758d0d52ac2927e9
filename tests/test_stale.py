"""What was translated stays in the draft when its terms or its English change and nobody can
translate it again: marked, checked, never learned, and translated anew as soon as somebody can."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chat_server import Call, ChatServer, Reply, as_json, fake, good, right, serving
from tests.test_pipeline import Place, stamp
from translate.draft import Passage, parse

ROWS = "source,target,policy,case,first_mention,heard_as,forbidden,note\n{}"
BEFORE = "decoder,解码器,strict,any,no,,,\nTriton,,keep,exact,no,Trident,,\n"
AFTER = BEFORE.replace("解码器", "甲码器")
SAID = (
    "On the first day we looked at the decoder and at what it reads from the slow disks here.",
    "The people of our team had written this part long before anybody thought about compilers.",
    "So we wrote a small kernel in Trident by hand, and it does all of this in one single go.",
    "And after a year of work the decoder was fast enough for everybody who wanted to use it.",
)
MORE = "In week {n} of this work we had to look at many other parts of the system that are slow."
OLD = re.compile(r"<!-- 旧译：(.*?) -->")


def refused(_: Call) -> Reply:
    return Reply(status=401, error={"message": "Incorrect API key provided"})


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serving(good) as server:
        yield server


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a user with a talk of four paragraphs; two of them say a strict term."""
    place = Place(tmp_path_factory.mktemp("made"))
    source = place.folder / "A talk - Ada Byron | Demo Conf 2026.srt"
    cues = []
    for n, text in enumerate(SAID):
        for m, line in enumerate((text, *(MORE.format(n=10 * n + m) for m in range(1, 5)))):
            start = n * 60 + m * 9
            cues.append(f"{len(cues) + 1}\n{stamp(start)} --> {stamp(start + 8)}\n{line}\n")
    source.write_text("\n".join(cues), "utf-8")
    place.env["STW_GLOSSARY"] = "terms.csv"
    rows(place, BEFORE)
    with serving(good) as server:
        place.use(server)
        place.stw("run", source.name)
    assert [bool(p.chinese) for p in passages(place)] == [True] * 4
    return place.folder


@pytest.fixture
def place(tmp_path: Path, made: Path, server: ChatServer) -> Place:
    shutil.copytree(made, tmp_path / "here")
    place = Place(tmp_path / "here")
    place.env["STW_GLOSSARY"] = "terms.csv"
    place.use(server)
    return place


def rows(place: Place, text: str) -> None:
    (place.folder / "terms.csv").write_text(ROWS.format(text), "utf-8")


def passages(place: Place) -> tuple[Passage, ...]:
    return parse(draft(place)).passages


def draft(place: Place) -> str:
    return (place.talk / "draft.md").read_text("utf-8")


def rewrite(place: Place, old: str, new: str) -> None:
    assert draft(place).count(old) == 1
    (place.talk / "draft.md").write_text(draft(place).replace(old, new), "utf-8")


def told(place: Place, *rules: str) -> list[tuple[str, float, str]]:
    report = json.loads((place.talk / "report.json").read_text("utf-8"))
    return [
        (p["rule"], p["at"], p["severity"])
        for p in report["problems"]
        if p["rule"] in rules and (p["rule"], p["severity"]) != ("term", "warning")
    ]


def nobody(place: Place) -> None:
    place.env["STW_TRANSLATOR"] = "none"
    for name in ("STW_BASE_URL", "STW_CHAT_MODEL", "STW_API_KEY_ENV"):
        place.env.pop(name, None)


@pytest.mark.parametrize("why", ["key refused", "budget", "nobody"])
def test_a_changed_term_takes_no_chinese_away(place: Place, server: ChatServer, why: str) -> None:
    before = [p.chinese for p in passages(place)]
    rows(place, AFTER)
    more: list[str] = []
    if why == "nobody":
        nobody(place)
    elif why == "budget":
        (place.folder / "stw.toml").write_text("[translate]\nprice = [900.0, 900.0]\n", "utf-8")
        more = ["--budget", "0.0001"]
    else:
        server.script = [refused]
    for _ in range(2):  # and a second time alike
        done = place.stw("draft", place.talk.name, *more, code=None)
        assert done.returncode == (8 if why == "nobody" else 4), done.stderr
        now = passages(place)
        assert [p.chinese for p in now] == before
        assert [bool(p.stale) for p in now] == [True, False, False, True]
        assert "the term base has changed: decoder; not translated again: " in now[0].stale
        assert "【待译】" not in draft(place)
        assert told(place, "stale", "untranslated") == [
            ("stale", 0.0, "warning"),
            ("stale", 180.0, "warning"),
        ]
        # The old Chinese is held against what is asked for today.
        assert told(place, "term") == [("term", 0.0, "error"), ("term", 180.0, "error")]
        report = (place.talk / "report.md").read_text("utf-8")
        assert "Translated before something changed" in report
        assert "the term base has changed: decoder" in report
        status = place.stw("status", place.talk.name).stdout
        assert re.search(r"translate +stale +4 of 4 paragraphs, 2 of them stale", status)
        assert f"stw draft {place.talk.name}" in status
    stored = (place.talk / ".stw" / "answers.jsonl").read_text("utf-8")
    assert len(stored.splitlines()) == 4  # none of it passes for an answer to what is asked today


def test_it_is_translated_as_soon_as_somebody_can(place: Place, server: ChatServer) -> None:
    rows(place, AFTER)
    server.script = [refused]
    place.stw("draft", place.talk.name, code=4)
    server.script = [good]
    server.calls.clear()
    place.stw("draft", place.talk.name)
    asked = [p["en"] for c in server.calls for p in c.message["translate"]]
    assert sorted(asked) == sorted(p.english for p in passages(place) if "decoder" in p.english)
    assert draft(place).count("甲码器") == 2
    assert not OLD.search(draft(place))
    assert told(place, "stale", "term") == []


def test_a_term_put_back_leaves_nothing_stale(place: Place) -> None:
    before = draft(place)
    rows(place, AFTER)
    nobody(place)
    place.stw("draft", place.talk.name, code=None)
    assert OLD.search(draft(place))
    rows(place, BEFORE)
    place.stw("draft", place.talk.name)
    assert draft(place) == before


def test_other_english_takes_no_chinese_away(place: Place) -> None:
    before = [p.chinese for p in passages(place)]
    nobody(place)
    place.stw("glossary", "undo", place.talk.name, "00:02:00")
    place.stw("draft", place.talk.name)
    now = passages(place)
    assert "Trident" in now[2].english
    assert [p.chinese for p in now] == before
    assert "the English has changed: “Triton” → “Trident”; not translated again" in now[2].stale
    assert told(place, "stale", "untranslated") == [("stale", 120.0, "warning")]


def test_the_editors_words_are_not_called_stale_and_do_not_conflict(place: Place) -> None:
    first, second = passages(place)[0], passages(place)[3]
    rewrite(place, first.chinese, f"编者改过：{first.chinese}")
    rows(place, AFTER)
    nobody(place)
    place.stw("draft", place.talk.name, code=None)
    assert told(place, "stale", "merge-conflict") == [("stale", 180.0, "warning")]
    assert f"编者改过：{first.chinese}<!-- 00:00:00 -->" in draft(place)
    # Who takes the comment away, takes the words for their own.
    [comment] = [m[0] for m in OLD.finditer(draft(place))]
    rewrite(place, comment, "")
    for _ in range(2):
        place.stw("draft", place.talk.name, code=None)
        assert told(place, "stale", "merge-conflict") == []
        assert f"{second.chinese}<!-- 00:03:00 -->" in draft(place)
    assert "of them stale" not in place.stw("status", place.talk.name).stdout


def test_stale_chinese_is_not_learned_and_its_comment_not_published(place: Place) -> None:
    second = passages(place)[1]
    rewrite(place, second.chinese, f"编者改过：{second.chinese}")
    rows(place, AFTER)
    nobody(place)
    place.stw("draft", place.talk.name, code=None)
    done = place.stw("learn", place.talk.name)
    assert "left out: 2 pairs" in done.stdout
    memory = place.folder / "glossary" / "memory" / f"{place.talk.name}.jsonl"
    learned = [json.loads(line)["source"] for line in memory.read_text("utf-8").splitlines()]
    assert sorted(learned) == sorted(p.english for p in passages(place)[1:3])
    place.stw("publish", place.talk.name, "--allow-unfinished", code=None)
    post = next((place.talk / "post").rglob("*.md")).read_text("utf-8")
    assert "旧译" not in post
    assert passages(place)[3].chinese[:12] in post


def test_a_machines_words_with_errors_that_nobody_touched_are_not_learned(place: Place) -> None:
    """Here a strict term is missed; the memory would hand it out as people's words."""
    second = passages(place)[1]
    rewrite(place, second.chinese, f"编者改过：{second.chinese}")
    for n in (0, 3):
        text = passages(place)[n].chinese
        (place.talk / "draft.md").write_text(
            draft(place).replace(text, text.replace("解码器", "")), "utf-8"
        )
    # As if the machine had written them so: what is generated has no mark of a person.
    for name in ("translation.json", ".stw/draft.base.md"):
        file = place.talk / name
        file.write_text(file.read_text("utf-8").replace("解码器", ""), "utf-8")
    done = place.stw("learn", place.talk.name)
    assert "left out: 2 pairs in which stw check misses something (00:00:00, 00:03:00)" in (
        done.stdout
    )
    assert "memory: 2 pairs" in done.stdout


def test_who_fills_a_gap_has_not_read_the_rest(place: Place, server: ChatServer) -> None:
    def leaves_one(call: Call) -> Reply:
        english = {p["id"]: p["en"] for p in call.message["translate"]}
        done = right(call)
        return Reply(as_json({k: v for k, v in done.items() if SAID[1] not in english[k]}))

    server.script = [leaves_one]
    shutil.rmtree(place.talk)
    place.stw("run", next(place.folder.glob("*.srt")).name, code=8)
    assert [bool(p.chinese) for p in passages(place)] == [True, False, True, True]
    waiting = re.search("【待译】<!-- 原因.*? -->(?=<!-- 00:01:00 -->)", draft(place))
    assert waiting
    rewrite(place, waiting[0], f"{waiting[0][:4]}编者写的一句{waiting[0][4:]}")
    done = place.stw("learn", place.talk.name)
    assert "memory: none" in done.stdout
    assert "left out: 3 pairs that nobody seems to have read" in done.stdout
    mine = fake(passages(place)[1].english)
    rewrite(place, f"{waiting[0][:4]}编者写的一句{waiting[0][4:]}", mine)
    for _ in range(2):  # nor by learning twice
        done = place.stw("learn", place.talk.name)
        assert "memory: 1 pairs" in done.stdout
        assert "left out: 3 pairs that nobody seems to have read" in done.stdout
    rewrite(place, passages(place)[0].chinese, f"编者改过：{passages(place)[0].chinese}")
    done = place.stw("learn", place.talk.name)
    assert "memory: 4 pairs" in done.stdout
    assert "nobody seems" not in done.stdout
