"""The whole line through the real program: states, edits, restarts, failures, exit codes.

Captions come from a file and Chinese from a local chat server, so that nothing is mocked but the
people and the network.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.chat_server import Call, ChatServer, Reply, as_json, good, serving
from tests.media import make_media

ROOT = Path(__file__).parents[1]
PROSE = (
    "So today I want to talk about how torch.compile reads your model and why it matters to you."
    " We ran it on {n} machines for 8 weeks and looked at every graph break that it found there."
    " Most of them came from plain Python code that somebody had written a long time ago."
)
WORDS = PROSE.format(n=12).split()


def captions(path: Path, minutes: int = 6) -> Path:
    """A captions file of some minutes: short cues, cut in the middle of sentences."""
    cues = []
    words = [w for n in range(minutes * 3) for w in PROSE.format(n=12 + n).split()]
    for i in range(0, len(words), 7):
        start = i * 0.4
        cues.append(
            f"{i // 7 + 1}\n{stamp(start)} --> {stamp(start + 2.7)}\n{' '.join(words[i : i + 7])}\n"
        )
    path.write_text("\n".join(cues), encoding="utf-8")
    return path


def stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3600000:02d}:{ms // 60000 % 60:02d}:{ms // 1000 % 60:02d},{ms % 1000:03d}"


class Place:
    """A folder in which a user works, and the program as they call it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            k: v for k, v in os.environ.items() if not k.endswith(("_API_KEY", "_ACCESS_TOKEN"))
        }
        self.env |= {"STW_TRANSLATOR": "none", "PYTHONPATH": str(ROOT), "COLUMNS": "100"}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "translate", *arguments]

    def stw(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        if code is not None:
            assert done.returncode == code, done.stderr + done.stdout
        return done

    def use(self, server: ChatServer) -> None:
        self.env |= {
            "STW_TRANSLATOR": "auto",
            "STW_BASE_URL": server.url,
            "STW_CHAT_MODEL": "fake",
            "STW_API_KEY_ENV": "",
        }

    @property
    def talk(self) -> Path:
        [folder] = [p.parent for p in (self.folder / "drafts").glob("*/talk.json")]
        return folder

    def files(self) -> dict[str, str]:
        """Everything in the talk's folder that a person may read, as text."""
        return {
            str(p.relative_to(self.talk)): p.read_text(encoding="utf-8")
            for p in sorted(self.talk.rglob("*"))
            if p.is_file() and not {"media", ".stw", "slides"} & set(p.relative_to(self.talk).parts)
        }


@pytest.fixture
def place(tmp_path: Path) -> Place:
    captions(tmp_path / "A talk about graphs - Ada Byron, Example Labs | Demo Conf 2026.srt")
    return Place(tmp_path)


@pytest.fixture
def source(place: Place) -> str:
    [path] = place.folder.glob("*.srt")
    return path.name


def test_from_captions_to_a_draft(place: Place, source: str) -> None:
    with serving(good) as server:
        place.use(server)
        done = place.stw("run", source)
    draft = (place.talk / "draft.md").read_text(encoding="utf-8")
    assert f"draft: {Path('drafts') / place.talk.name / 'draft.md'}" in done.stdout
    assert "【待译】" not in draft
    assert draft.count("<details>") == draft.count("</details>") >= 6
    report = json.loads((place.talk / "report.json").read_text(encoding="utf-8"))
    assert report
    english = (place.talk / "subtitles.en.srt").read_text(encoding="utf-8")
    assert re.findall(r"\S+", re.sub(r"(?m)^(\d+|.*-->.*)$", "", english))[: len(WORDS)] == WORDS


def test_a_second_run_changes_nothing_and_asks_nobody(place: Place, source: str) -> None:
    with serving(good) as server:
        place.use(server)
        place.stw("run", source)
        before = {p: p.stat().st_mtime_ns for p in place.talk.rglob("*") if p.suffix != ".json"}
        texts, calls = place.files(), len(server.calls)
        place.stw("run", source)
        place.stw("draft", place.talk.name[:8])
        assert len(server.calls) == calls
    assert place.files() == texts
    untouched = ("draft.md", "report.md", "transcript.srt")
    for path, changed in before.items():
        if path.name in untouched:
            assert path.stat().st_mtime_ns == changed, path


def test_a_dry_run_tells_the_cost_and_sends_and_writes_nothing(place: Place, source: str) -> None:
    place.stw("run", source)
    before = {p: p.read_bytes() for p in place.talk.rglob("*") if p.is_file()}
    with serving(good) as server:
        place.use(server)
        told = json.loads(place.stw("draft", place.talk.name, "--dry-run", "--json").stdout)
        assert not server.calls
        assert {p: p.read_bytes() for p in place.talk.rglob("*") if p.is_file()} == before
        place.stw("draft", place.talk.name)
        used = json.loads((place.talk / "report.json").read_text(encoding="utf-8"))["usage"]
        assert told["usage"]["calls"] == used["calls"] == len(server.calls)
        again = place.stw("draft", place.talk.name, "--dry-run").stdout
    assert told["known"] == 0
    assert told["usage"]["prompt_tokens"] > told["usage"]["completion_tokens"] > 500
    assert re.search(r"chat fake +(\d+) +\1 +0 +about 0 \+ 0", again)


def test_a_budget_without_a_price_is_refused_before_anything_is_touched(
    place: Place, source: str
) -> None:
    with serving(good) as server:
        place.use(server)
        done = place.stw("run", source, "--budget", "1", code=2)
        assert not (place.folder / "drafts").exists()
        place.stw("run", source, "--translator", "none", "--budget", "1")  # nobody is paid
        before = place.files()
        place.stw("draft", place.talk.name, "--budget", "1", code=2)
        assert place.files() == before
        told = place.stw("draft", place.talk.name, "--budget", "1", "--dry-run").stdout
        assert not server.calls
    assert "no price is known for" in done.stderr
    assert "price = [2.0, 3.0]" in done.stderr
    assert "budget 1: no price is known for this model" in told


def priced(place: Place) -> None:
    text = '[translate]\nprice = [1000.0, 1000.0]\ncurrency = "CNY"\n'
    (place.folder / "stw.toml").write_text(text, "utf-8")


def test_calls_without_a_price_are_told_beside_the_cost_of_the_others(
    place: Place, source: str
) -> None:
    def cost() -> list[str]:
        report = (place.talk / "report.md").read_text("utf-8")
        return re.findall(r"^- Cost: (.+)$", report, re.MULTILINE)

    refused = Reply(as_json({}))
    with serving(lambda _: refused) as server:
        place.use(server)
        place.stw("run", source, code=8)
        unpriced = len(server.calls)
        assert cost() == ["unknown"]
        priced(place)
        server.script = [lambda _: refused]
        place.stw("draft", place.talk.name, code=8)
        paid = len(server.calls) - unpriced
        assert cost() == [f"{paid * 0.15:.4f} CNY; cost of {unpriced} calls unknown"]
        told = place.stw("draft", place.talk.name, "--budget", "0.01", code=4).stderr
        assert f"{paid * 0.15:.4f} spent (cost of {unpriced} earlier calls unknown)" in told
        assert len(server.calls) == paid + unpriced


def test_a_dry_run_tells_the_most_it_can_take_and_whether_the_budget_holds_that(
    place: Place, source: str
) -> None:
    place.stw("run", source)
    priced(place)
    with serving(lambda _: Reply(as_json({}))) as server:
        place.use(server)

        def plan(budget: float) -> dict[str, Any]:
            asked = ("draft", place.talk.name, "--dry-run", "--json", "--budget", f"{budget}")
            return dict(json.loads(place.stw(*asked).stdout))

        told = plan(1)
        least, most = told["usage"]["cost"], told["most"]["cost"]
        assert told["within_budget"] == "no"
        assert plan((least + most) / 2)["within_budget"] == "perhaps"
        assert plan(most + 1)["within_budget"] == "yes"
        place.stw("draft", place.talk.name, code=8)
        assert len(server.calls) == told["most"]["calls"] > told["usage"]["calls"]
        spent = len(server.calls) * 0.15
        assert plan(most + 1)["within_budget"] == "perhaps"  # some of it is spent by now
        shown = place.stw("draft", place.talk.name, "--dry-run", "--budget", "1").stdout
    assert f"at most {told['most']['calls']} calls, about" in shown
    assert f"so far {told['most']['calls']} calls" in shown
    assert f"cost {spent:.4f} CNY" in shown
    assert "budget 1: it would be used up before the end" in shown


def test_without_a_translator_the_draft_is_whole_and_says_so(place: Place, source: str) -> None:
    place.stw("run", source)
    draft = (place.talk / "draft.md").read_text(encoding="utf-8")
    assert draft.count("【待译】") >= 6
    rows = json.loads((place.talk / "translation.json").read_text(encoding="utf-8"))
    assert all(r["missing"] and not r["chinese"] for r in rows)
    with serving(good) as server:
        place.use(server)
        place.stw("draft", place.talk.name)
    assert "【待译】" not in (place.talk / "draft.md").read_text(encoding="utf-8")


def test_a_missing_key_does_not_empty_a_finished_draft(place: Place, source: str) -> None:
    with serving(good) as server:
        place.use(server)
        place.stw("run", source)
    for name in ("STW_BASE_URL", "STW_CHAT_MODEL", "STW_API_KEY_ENV"):
        del place.env[name]
    before = (place.talk / "subtitles.zh.srt").read_text(encoding="utf-8")
    place.stw("draft", place.talk.name, "--translator", "none")
    assert (place.talk / "subtitles.zh.srt").read_text(encoding="utf-8") == before
    assert "【待译】" not in (place.talk / "draft.md").read_text(encoding="utf-8")


def test_status_says_what_is_there_and_what_is_next(place: Place, source: str) -> None:
    def states() -> dict[str, str]:
        [talk] = json.loads(place.stw("status", "--json").stdout)
        return {s["stage"]: s["state"] for s in talk["stages"]} | {"next": talk["next"]}

    assert json.loads(place.stw("status", "--json").stdout) == []
    place.stw("fetch", source)
    assert states()["fetch"] == "fresh"
    assert states()["next"].startswith("stw transcribe ")
    place.stw("transcribe", place.talk.name)
    assert states()["next"].startswith("stw draft ")
    place.stw("draft", place.talk.name)
    assert {s for k, s in states().items() if k != "next"} == {"fresh"}
    draft = place.talk / "draft.md"
    draft.write_text(draft.read_text(encoding="utf-8") + "\n我加的一段。\n", encoding="utf-8")
    assert states()["draft"] == "edited"
    transcript = place.talk / "transcript.json"
    transcript.write_text(
        transcript.read_text(encoding="utf-8").replace("somebody", "someone"), encoding="utf-8"
    )
    assert states()["transcribe"] == "edited"
    assert states()["segment"] == "stale"


def test_a_corrected_transcript_flows_down_and_an_edited_draft_keeps_its_words(
    place: Place, source: str
) -> None:
    place.stw("run", source)
    draft = place.talk / "draft.md"
    draft.write_text(
        draft.read_text(encoding="utf-8").replace("【待译】", "编辑亲手写的一句。", 1),
        encoding="utf-8",
    )
    transcript = place.talk / "transcript.json"
    mended = transcript.read_text(encoding="utf-8").replace("somebody", "someone")
    transcript.write_text(mended, encoding="utf-8")
    place.stw("draft", place.talk.name)
    text = draft.read_text(encoding="utf-8")
    assert "编辑亲手写的一句。" in text
    assert "someone" in text
    assert transcript.read_text(encoding="utf-8") == mended
    assert list((place.talk / ".stw" / "backups").glob("*-draft.md"))


def test_the_report_and_the_subtitles_speak_of_the_draft_as_it_is(
    place: Place, source: str
) -> None:
    """A slot filled by hand is no longer untranslated anywhere."""
    place.stw("run", source)
    draft = place.talk / "draft.md"
    slot = re.search(
        r"【待译】(<!-- [^>]* -->)?<!-- 00:00:00 -->", draft.read_text(encoding="utf-8")
    )
    assert slot
    mine = "今天我想讲讲 `torch.compile` 怎么读你的模型。<!-- 00:00:00 -->"
    text = draft.read_text(encoding="utf-8").replace(slot[0], mine)
    draft.write_text(text, encoding="utf-8")
    place.stw("draft", place.talk.name)
    assert "今天我想讲讲" in (place.talk / "subtitles.zh.srt").read_text(encoding="utf-8")
    report = json.loads((place.talk / "report.json").read_text(encoding="utf-8"))
    untranslated = [p["at"] for p in report["problems"] if p["rule"] == "untranslated"]
    assert untranslated
    assert 0.0 not in untranslated


def test_a_slot_that_still_says_untranslated_is_untranslated(place: Place, source: str) -> None:
    place.stw("run", source)
    draft = place.talk / "draft.md"
    text = draft.read_text(encoding="utf-8")
    draft.write_text(text.replace("【待译】", "【待译】这段先放着", 1), encoding="utf-8")
    place.stw("draft", place.talk.name)
    report = json.loads((place.talk / "report.json").read_text(encoding="utf-8"))
    assert 0.0 in [p["at"] for p in report["problems"] if p["rule"] == "untranslated"]
    assert "先放着" not in (place.talk / "subtitles.zh.srt").read_text(encoding="utf-8")
    assert "这段先放着" in draft.read_text(encoding="utf-8")


def test_what_a_person_saves_while_we_work_is_not_overwritten(place: Place, source: str) -> None:
    place.stw("fetch", source)
    place.stw("transcribe", place.talk.name)
    file = place.talk / "translation.json"
    once = threading.Lock()  # several calls are under way together

    def saves(call: Call) -> Reply:
        if file.exists() and once.acquire(blocking=False):
            file.write_text(
                file.read_text(encoding="utf-8").replace('"missing": "', '"missing": "我的')
            )
        return good(call)

    place.stw("draft", place.talk.name)
    with serving(saves) as server:
        place.use(server)
        done = place.stw("draft", place.talk.name, code=6)
        assert "translation.json was edited by hand" in done.stderr
        assert "我的" in file.read_text(encoding="utf-8")


def test_an_edited_translation_does_not_hide_what_is_still_open(place: Place, source: str) -> None:
    place.stw("run", source)
    file = place.talk / "translation.json"
    rows = json.loads(file.read_text(encoding="utf-8"))
    rows[0] |= {"chinese": "我手写的第一段译文。", "missing": ""}
    file.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    place.env["STW_TRANSLATOR"] = "memory"
    place.env["STW_MEMORY"] = str(place.folder / "m.jsonl")
    (place.folder / "m.jsonl").write_text("", encoding="utf-8")
    done = place.stw("draft", place.talk.name, code=None)
    assert done.returncode in (6, 8)


def test_a_server_that_quotes_the_key_does_not_put_it_into_a_file(
    place: Place, source: str
) -> None:
    def refuses(call: Call) -> Reply:
        del call
        return Reply(status=401, error={"message": "bad key SECRETKEY1234567890", "code": "x"})

    with serving(refuses) as server:
        place.use(server)
        place.env |= {"STW_API_KEY_ENV": "MY_KEY", "MY_KEY": "SECRETKEY1234567890"}
        done = place.stw("run", source, "-q", code=4)
    assert "SECRETKEY" not in done.stderr + done.stdout
    assert "401" in done.stderr
    for path in place.talk.rglob("*"):
        if path.is_file():
            assert b"SECRETKEY" not in path.read_bytes(), path


def test_force_says_that_it_replaced_and_where_the_old_one_is(place: Place, source: str) -> None:
    place.stw("run", source)
    draft = place.talk / "draft.md"
    draft.write_text(draft.read_text(encoding="utf-8") + "\n我加的一段。\n", encoding="utf-8")
    done = place.stw("draft", place.talk.name, "--force")
    found = re.search(r"replaced; the old one is (\S+)", done.stderr)
    assert found
    assert "我加的一段。" in (place.folder / found[1]).read_text(encoding="utf-8")


def test_what_is_missing_of_the_talk_is_said(place: Place) -> None:
    captions(place.folder / "bare.srt", minutes=1)
    place.stw("run", "bare.srt")
    report = (place.talk.parent / "bare" / "report.md").read_text(encoding="utf-8")
    assert "no link, no speaker, no event" in report
    assert "nobody checked whether the captions leave speech out" in report


def test_edited_and_stale_stops_and_force_keeps_a_backup(place: Place, source: str) -> None:
    place.stw("run", source)
    article = place.talk / "article.json"
    article.write_text(
        article.read_text(encoding="utf-8").replace("somebody", "a person"), encoding="utf-8"
    )
    transcript = place.talk / "transcript.json"
    transcript.write_text(
        transcript.read_text(encoding="utf-8").replace("somebody", "someone"), encoding="utf-8"
    )
    done = place.stw("draft", place.talk.name, code=6)
    assert "article.json was edited by hand" in done.stderr
    assert "a person" in article.read_text(encoding="utf-8")
    place.stw("draft", place.talk.name, "--force")
    assert "someone" in article.read_text(encoding="utf-8")
    kept = [p.read_text() for p in (place.talk / ".stw" / "backups").glob("*-article.json")]
    assert any("a person" in text for text in kept)


def test_a_hand_corrected_talk_survives_the_next_fetch(place: Place, source: str) -> None:
    place.stw("fetch", source, "--event", "PyTorch Conference 2026")
    path = place.talk / "talk.json"
    path.write_text(path.read_text(encoding="utf-8").replace("Ada Byron", "Ada Lovelace"))
    place.stw("fetch", source)
    talk = json.loads(path.read_text(encoding="utf-8"))
    assert talk["event"] == "PyTorch Conference 2026"
    assert talk["speakers"][0]["name"] == "Ada Lovelace"


def test_a_setting_that_leaves_videos_out_can_be_overruled(place: Place) -> None:
    make_media(place.folder / "talk.mp4", seconds=2, picture=True)
    (place.folder / "stw.toml").write_text("[fetch]\naudio_only = true\n", "utf-8")
    for more, kinds in (((), ["audio"]), (("--with-video",), ["audio", "video"])):
        place.stw("fetch", "talk.mp4", *more)
        talk = json.loads((place.talk / "talk.json").read_text(encoding="utf-8"))
        assert sorted(m["kind"] for m in talk["media"]) == kinds


def test_what_a_killed_fetch_left_is_the_talks_own_folder(place: Place, source: str) -> None:
    """Killed before talk.json was written, the next run takes the same name, not another."""
    place.stw("fetch", source)
    slug = place.talk.name
    (place.talk / "talk.json").unlink()
    place.stw("fetch", source)
    assert place.talk.name == slug


def test_two_talks_of_one_name_get_two_folders(place: Place, source: str) -> None:
    other = place.folder / "elsewhere" / source
    other.parent.mkdir()
    captions(other, minutes=1)
    place.stw("fetch", source)
    place.stw("fetch", str(other))
    folders = sorted(p.parent.name for p in (place.folder / "drafts").glob("*/talk.json"))
    assert len(folders) == 2
    place.stw("fetch", source)
    place.stw("fetch", str(other))
    again = sorted(p.parent.name for p in (place.folder / "drafts").glob("*/talk.json"))
    assert again == folders


def test_a_draft_that_is_not_ours_is_never_overwritten(place: Place, source: str) -> None:
    place.stw("fetch", source)
    place.stw("transcribe", place.talk.name)
    (place.talk / "draft.md").write_text("我自己的草稿\n", encoding="utf-8")
    place.stw("draft", place.talk.name, code=6)
    assert (place.talk / "draft.md").read_text(encoding="utf-8") == "我自己的草稿\n"


def test_one_bad_source_does_not_stop_the_others_and_is_not_a_success(
    place: Place, source: str
) -> None:
    (place.folder / "broken.srt").write_text("no captions here", encoding="utf-8")
    done = place.stw("run", "absent.mp4", source, "broken.srt", "--json", code=None)
    assert done.returncode == 3
    ends = json.loads(done.stdout)
    assert [bool(e["exit_code"]) for e in ends].count(True) == 2
    assert [e["talk"] for e in ends if e["exit_code"]] == ["absent.mp4", "broken.srt"]
    assert "absent.mp4:" in done.stderr
    assert (place.talk / "draft.md").exists()


def test_a_title_is_of_one_talk(place: Place, source: str) -> None:
    done = place.stw("fetch", source, source, "--title", "Mine", code=3)
    assert "--title and --speaker name one talk" in done.stderr
    assert not (place.folder / "drafts").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("draft", "nothing"), 3, "no talk 'nothing'"),
        (("fetch", "absent.mp4"), 3, "absent.mp4"),
        (("transcribe",), 2, "Missing argument"),
        (("run", "sound.wav", "--model", "nosuch"), 2, "nosuch"),
        (("draft", "x", "--config", "no.toml"), 2, "no settings file"),
        (("fetch", "x.srt", "--date", "yesterday"), 2, "not a date"),
        (("glossary", "check", "--glossary", "nowhere.csv"), 2, "no term base"),
    ],
)
def test_errors_say_what_and_exit_with_their_code(
    place: Place, arguments: tuple[str, ...], code: int, says: str
) -> None:
    make_media(place.folder / "sound.wav", seconds=1)
    done = place.stw(*arguments, code=code)
    assert says in done.stderr
    assert "decode" not in done.stderr  # told before any long work
    assert "Traceback" not in done.stderr


def test_errors_are_json_for_programs(place: Place) -> None:
    done = place.stw("draft", "nothing", "--json", code=3)
    assert json.loads(done.stdout)["error"]["code"] == "talk-not-found"


def test_a_bad_row_in_the_term_base_names_file_and_line(place: Place, source: str) -> None:
    folder = place.folder / "glossary"
    folder.mkdir()
    head = "source,target,policy,case,first_mention,heard_as,forbidden,note\n"
    (folder / "mine.csv").write_text(head + "kernel,内核,stric,,,,,\n", encoding="utf-8")
    done = place.stw("glossary", "check", code=3)
    assert "mine.csv:2" in done.stdout
    place.stw("fetch", source)
    place.stw("transcribe", place.talk.name, code=3)


def test_more_notes_and_other_counterparts_are_a_new_draft_with_the_old_words(
    place: Place, source: str
) -> None:
    folder = place.folder / "glossary" / "counterparts"
    folder.mkdir(parents=True)
    head = "source,target,policy,case,first_mention,heard_as,forbidden,note\n"
    (folder.parent / "mine.csv").write_text(head + "graph,图,prefer,,,,,\n", encoding="utf-8")
    table = folder / "paddle.csv"
    table.write_text("pytorch,paddle\ntorch.compile,to_static\n", encoding="utf-8")
    place.stw("run", source)
    name, draft = place.talk.name, place.talk / "draft.md"
    first = draft.read_text(encoding="utf-8")
    assert first.count("对应的是 to_static。") == 1
    draft.write_text(first.replace("- （编者留言）", "- 我的话。"), encoding="utf-8")
    for change in ("paddle.jit", "CINN"):
        table.write_text(f"pytorch,paddle\ntorch.compile,{change}\n", encoding="utf-8")
        place.stw("draft", name)
        text = draft.read_text(encoding="utf-8")
        assert text.count(f"对应的是 {change}。") == 1
        assert "- 我的话。" in text
    place.stw("draft", name, "--notes", "none")
    text = draft.read_text(encoding="utf-8")
    assert "编者注 ✍️" not in text
    assert "- 我的话。" in text
    table.write_text("pytorch,paddle\ntorch.compile\n", encoding="utf-8")
    assert "paddle.csv:2" in place.stw("draft", name, code=3).stderr


def without_costs(files: dict[str, str]) -> dict[str, str]:
    """What a person reads, but for what the runs cost: a killed one cannot say."""
    texts = {k: v for k, v in files.items() if k != "report.json"}
    return texts | {"report.md": re.sub(r"(?m)^- Requests: .*$", "", texts["report.md"])}


def test_an_open_conflict_stays_in_the_report_until_the_editor_settles_it(
    place: Place, source: str
) -> None:
    with serving(good) as server:
        place.use(server)
        place.stw("run", source)
        draft = place.talk / "draft.md"
        text = draft.read_text(encoding="utf-8")
        ours = re.search(r"(?m)^(?!本文|【|如果)(.*)<!-- 00:00:00 -->", text)
        assert ours
        draft.write_text(text.replace(ours[1], "编辑写的第一段。"), encoding="utf-8")
        transcript = place.talk / "transcript.json"
        mended = transcript.read_text(encoding="utf-8").replace("somebody", "someone", 1)
        transcript.write_text(mended, encoding="utf-8")
        for _ in range(2):
            place.stw("draft", place.talk.name)
            report = (place.talk / "report.md").read_text(encoding="utf-8")
            assert "编辑写的第一段。" in report
        settled = draft.read_text(encoding="utf-8").replace("编辑写的第一段。", "定稿的第一段。")
        draft.write_text(settled, encoding="utf-8")
        place.stw("draft", place.talk.name)
    assert "定稿的第一段。" in draft.read_text(encoding="utf-8")
    assert "编辑写的第一段。" not in (place.talk / "report.md").read_text(encoding="utf-8")


def test_a_choice_made_once_does_not_make_the_transcript_stale(place: Place, source: str) -> None:
    """`--model` or `--captions` for one run: later runs keep what was made."""
    place.stw("fetch", source)
    place.stw("transcribe", place.talk.name, "--captions", "only", "--language", "de")
    transcript = place.talk / "transcript.json"
    before = transcript.stat().st_mtime_ns
    place.stw("transcribe", place.talk.name)
    [talk] = json.loads(place.stw("status", "--json").stdout)
    assert talk["stages"][1]["state"] == "fresh"
    assert transcript.stat().st_mtime_ns == before
    place.stw("transcribe", place.talk.name, "--language", "en")  # asked for anew: made anew
    assert json.loads(transcript.read_text(encoding="utf-8"))["language"] == "en"


def test_interrupted_it_says_so_and_the_next_run_goes_on(place: Place, source: str) -> None:
    asked, answer = threading.Event(), threading.Event()

    def slow(call: Call) -> Reply:
        asked.set()
        answer.wait(20)
        return good(call)

    with serving(slow) as server:
        place.use(server)
        with subprocess.Popen(
            place.command("run", source),
            cwd=place.folder,
            env=place.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert asked.wait(30)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            said = process.stderr.read()
        answer.set()
        assert process.returncode == 130
        assert "interrupted" in said
        assert "Traceback" not in said
        place.stw("run", source)


# --- killed at any moment -----------------------------------------------------------------------


def run_killed(place: Place, after: float, *arguments: str) -> bool:
    """Start a command, SIGKILL it; True when it was still at work."""
    with subprocess.Popen(
        place.command(*arguments),
        cwd=place.folder,
        env=place.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        time.sleep(after)
        working = process.poll() is None
        if working:
            os.killpg(process.pid, signal.SIGKILL)
    return working


@pytest.mark.slow
def test_killed_again_and_again_it_ends_with_the_same_and_pays_once(
    place: Place, source: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    calm = Place(tmp_path_factory.mktemp("calm"))
    (calm.folder / source).write_bytes((place.folder / source).read_bytes())
    with serving(good) as server:
        calm.use(server)
        calm.stw("run", source)
        wanted = calm.files()
    with serving(good) as server:
        place.use(server)
        kills = 0
        for after in (0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.6, 2.0, 2.5):
            kills += run_killed(place, after, "run", source)
        place.stw("run", source)
        answers = (place.talk / ".stw" / "answers.jsonl").read_bytes().split(b"\n")[:-1]
        asked = [i for call in server.calls for i in call.ids]
    assert kills >= 3
    assert without_costs(place.files()) == without_costs(wanted)
    keys = [json.loads(line)["key"] for line in answers]
    assert len(keys) == len(set(keys))  # stored once each: nothing was bought twice and kept
    lost = len(asked) - len(keys)
    assert lost <= kills * max(len(call.ids) for call in server.calls)  # at most what was in flight
