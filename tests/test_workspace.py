"""The laws of the folder: states, atomic writing, torn lines, locks, names."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.killing import Killed
from translate.errors import BadFileError, LockedError, MissingError, TalkNotFoundError
from translate.model import Speaker, Talk
from translate.workspace import (
    ARTICLE,
    LEDGER,
    TALK,
    Entry,
    Lines,
    State,
    Workspace,
    decode,
    digest,
    encode,
    find_talk,
    write_atomic,
)

TALK_FACTS = Talk(slug="a-talk", title="演讲 🎤", speakers=(Speaker(name="Ada"),), duration=3723.5)


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "a-talk")


def test_states_follow_the_file_and_its_inputs(ws: Workspace) -> None:
    assert ws.state(TALK, "k1") == State.MISSING
    ws.put(TALK, TALK_FACTS, key="k1")
    assert ws.state(TALK, "k1") == State.FRESH
    assert ws.state(TALK, "k2") == State.STALE
    ws.path(TALK).write_bytes(encode(replace(TALK_FACTS, title="mine")))
    assert ws.state(TALK, "k1") == State.EDITED
    assert ws.state(TALK, "k2") == State.CONFLICT
    assert ws.edited(TALK)


def test_a_file_we_did_not_write_is_a_persons(ws: Workspace) -> None:
    ws.folder.mkdir()
    ws.path(ARTICLE).write_text("{}")
    assert ws.state(ARTICLE, "k") == State.CONFLICT
    assert ws.edited(ARTICLE)


def test_writing_the_same_again_touches_nothing(ws: Workspace) -> None:
    assert ws.put(TALK, TALK_FACTS, key="k")
    before = ws.path(TALK).stat().st_mtime_ns, ws.path(LEDGER).stat().st_mtime_ns
    assert not ws.put(TALK, TALK_FACTS, key="k")
    assert before == (ws.path(TALK).stat().st_mtime_ns, ws.path(LEDGER).stat().st_mtime_ns)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_killed_between_the_three_writes_ours_stays_ours(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    ws.put(TALK, TALK_FACTS, key="k1")
    calls = iter(range(99))

    def dying(path: Path, data: bytes) -> None:
        if next(calls) == at:
            raise Killed
        write_atomic(path, data)

    monkeypatch.setattr("translate.workspace.write_atomic", dying)
    with pytest.raises(Killed):
        ws.put(TALK, replace(TALK_FACTS, title="new"), key="k2")
    monkeypatch.undo()
    assert ws.state(TALK, "k2") == (State.FRESH if at == 2 else State.STALE)
    assert not ws.edited(TALK)
    ws.put(TALK, replace(TALK_FACTS, title="new"), key="k2")
    assert ws.state(TALK, "k2") == State.FRESH


def test_a_full_disk_leaves_the_old_file(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.put(TALK, TALK_FACTS, key="k")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("translate.workspace.os.fsync", full)
    with pytest.raises(MissingError, match="No space left"):
        write_atomic(ws.path(TALK), b"{}")
    monkeypatch.undo()
    assert ws.talk() == TALK_FACTS
    assert not list(ws.folder.glob(".*.part"))


def test_nouns_come_back_as_they_went(ws: Workspace) -> None:
    ws.put(TALK, TALK_FACTS, key="k")
    assert ws.talk() == TALK_FACTS


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b'{"slug": "a", "title": 3}', r"\$\.title"),
        (b'{"slug": "a"', "JSON is malformed|truncated"),
        (b'{"slug": "a", "title": "b", "speaker": "Ada"}', r"unknown key \$\.speaker"),
        (b'{"slug": "a", "title": "b", "speakers": [{"name": "x", "from": 1}]}', r"\[0\]\.from"),
        (b'{"slug": "a", "title": "b", "duration": 1e308}', r"out of all bounds at \$\.duration"),
        (b"\xff\xfe", "talk.json"),
        (b"", "talk.json"),
    ],
)
def test_a_bad_hand_edit_names_the_file_and_the_place(text: bytes, place: str) -> None:
    with pytest.raises(BadFileError, match=place):
        decode(text, Talk, Path("talk.json"))


def test_names_cannot_leave_the_folder(ws: Workspace) -> None:
    for name in ("../x", "/etc/passwd", "media/../../x"):
        with pytest.raises(BadFileError):
            ws.path(name)


@given(st.lists(st.dictionaries(st.text(), st.text(), max_size=2), max_size=5), st.binary())
def test_lines_survive_a_torn_tail(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], torn: bytes
) -> None:
    lines = Lines(tmp_path_factory.mktemp("lines") / "a.jsonl")
    for row in rows:
        lines.append(row)
    assert list(lines.read()) == rows
    with lines.path.open("ab") as file:
        file.write(b'{"cut": ' + torn.replace(b"\n", b"").replace(b"}", b""))
    assert list(lines.read()) == rows
    lines.append({"after": "1"})
    assert list(lines.read()) == [*rows, {"after": "1"}]


def test_two_runs_on_one_talk(ws: Workspace) -> None:
    code = (
        "import sys; from pathlib import Path; from translate.workspace import Workspace\n"
        f"with Workspace(Path({str(ws.folder)!r})).locked('stw draft'):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(LockedError, match=f"stw draft, process {other.pid}"), ws.locked("x"):
            pass
        other.kill()
    with ws.locked("stw run"):  # free again, although nobody released it
        pass


def test_find_talk(tmp_path: Path) -> None:
    for slug in ("pytorch-conf-state", "pytorch-conf-export", "kubecon"):
        Workspace(tmp_path / slug).put(TALK, replace(TALK_FACTS, slug=slug), key="")
    (tmp_path / "not-a-talk").mkdir()
    assert find_talk(tmp_path, "kube").slug == "kubecon"
    assert find_talk(tmp_path, "pytorch-conf-state").slug == "pytorch-conf-state"
    assert find_talk(tmp_path, str(tmp_path / "kubecon")).slug == "kubecon"
    assert find_talk(tmp_path, str(tmp_path / "kubecon" / "draft.md")).slug == "kubecon"
    with pytest.raises(TalkNotFoundError, match="several"):
        find_talk(tmp_path, "pytorch")
    for name in ("nothing", "../..", "", " "):
        with pytest.raises(TalkNotFoundError):
            find_talk(tmp_path, name)


def test_find_talk_by_title_or_file(tmp_path: Path) -> None:
    for slug, title, source in (
        ("talk-090539e0", "p001", "/tmp/p001_final.mp3"),
        ("cold-talk", "Nothing p00 here", "x.mp3"),
    ):
        talk = replace(TALK_FACTS, slug=slug, title=title, source=source)
        Workspace(tmp_path / slug).put(TALK, talk, key="")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / TALK).write_text("{")
    for name in ("p001", "P001_FINAL.mp3", "p001-final"):
        assert find_talk(tmp_path, name).slug == "talk-090539e0"
    assert find_talk(tmp_path, "cold_talk").slug == "cold-talk"
    assert find_talk(tmp_path, "talk_0905").slug == "talk-090539e0"
    with pytest.raises(TalkNotFoundError, match="several"):
        find_talk(tmp_path, "p00")
    shutil.rmtree(tmp_path / "cold-talk")
    with pytest.raises(TalkNotFoundError, match="no talk"):
        find_talk(tmp_path, "_")


def test_backups_keep_both_of_one_second(ws: Workspace) -> None:
    ws.folder.mkdir()
    ws.path("draft.md").write_text("one")
    first = ws.back_up("draft.md")
    ws.path("draft.md").write_text("two")
    second = ws.back_up("draft.md")
    assert first and second
    assert (first.read_text(), second.read_text()) == ("one", "two")
    assert ws.back_up("absent.md") is None


def test_digest_keeps_parts_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert Entry() == Entry(key="", sha="")


def test_a_place_that_cannot_be_written_is_an_error_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(MissingError, match="cannot write"),
        Workspace(tmp_path / "file" / "talk").locked("stw fetch"),
    ):
        pass


def test_a_ledger_with_merge_markers_says_what_to_do(ws: Workspace) -> None:
    ws.put(TALK, TALK_FACTS, key="k")
    ws.path(LEDGER).write_text("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> theirs\n")
    with pytest.raises(BadFileError) as caught:
        ws.state(TALK, "k")
    assert "take either side of a git merge" in caught.value.hint
