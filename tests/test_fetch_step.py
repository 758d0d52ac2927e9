"""Fetching again: what a hand changed stays, whenever the run before was killed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.killing import Killed
from translate.model import Talk
from translate.pipeline.step_fetch import _save_talk
from translate.stages.fetch import Overrides
from translate.workspace import TALK, Workspace, write_atomic

FIRST = Talk(slug="t", title="A talk", event="Conf", description="draft")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path / "t")
    with workspace.locked("test"):
        _save_talk(workspace, FIRST, Overrides(), "k")
        mine = replace(workspace.talk(), event="My own name of it")
        workspace.path(TALK).write_text(
            workspace.text(TALK).replace('"Conf"', '"My own name of it"'), encoding="utf-8"
        )
        assert workspace.talk() == mine
        yield workspace


@pytest.mark.parametrize("at", range(6))
def test_a_fetch_killed_at_any_write_takes_no_fact_for_a_persons(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    calls = iter(range(99))
    rename = Path.replace

    def die_or(path: Path) -> None:
        if next(calls) == at:
            raise Killed(path)

    def dying_write(path: Path, data: bytes) -> None:
        die_or(path)
        write_atomic(path, data)

    def dying_rename(path: Path, target: Path) -> Path:
        if path.name == "talk.next.json":
            die_or(path)
        return rename(path, target)

    monkeypatch.setattr("translate.workspace.write_atomic", dying_write)
    monkeypatch.setattr(Path, "replace", dying_rename)
    second = replace(FIRST, title="A better title", description="longer")
    try:
        _save_talk(workspace, second, Overrides(), "k")
    except Killed:
        pass
    else:
        assert at == 5  # there are five writes
    monkeypatch.undo()
    third = replace(second, description="longest", date="2026-01-02")
    _save_talk(workspace, third, Overrides(), "k")
    assert workspace.talk() == replace(third, event="My own name of it")
    assert workspace.talk_base() == third
