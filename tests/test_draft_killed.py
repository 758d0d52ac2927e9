"""The first draft of a talk, killed at any write: the next run ends as if nothing had been."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.killing import Killed, counted
from tests.test_pipeline import stamp
from translate.cli import app
from translate.workspace import write_atomic

SAID = (
    "On the first day we looked at the decoder and at what it reads from the slow disks here.",
    "So we wrote a small kernel by hand, and it does all of this work in one single go for us.",
)


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    source = "A talk - Ada Byron | Demo Conf 2026.srt"
    cues = (f"{n}\n{stamp(n * 9)} --> {stamp(n * 9 + 8)}\n{text}\n" for n, text in enumerate(SAID))
    Path(source).write_text("\n".join(cues), "utf-8")
    done = CliRunner().invoke(app, ["run", source, "--translator", "none", "--quiet"])
    if isinstance(done.exception, Killed):
        raise done.exception
    assert done.exit_code == 0, done.output


def made(folder: Path) -> dict[str, bytes]:
    [talk] = (folder / "drafts").iterdir()
    return {n: (talk / n).read_bytes() for n in ("draft.md", "article.json", "translation.json")}


def run_until(
    at: int, folder: Path, monkeypatch: pytest.MonkeyPatch, calls: list[str] | None = None
) -> None:
    """A run whose write numbered `at` is the last thing that happens."""
    write = counted(write_atomic, [] if calls is None else calls, at)
    folder.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr("translate.workspace.write_atomic", write)
        run(folder, monkeypatch)


def test_killed_at_any_write_of_the_draft_the_next_run_makes_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, writes = tmp_path / "whole", list[str]()
    run_until(0, whole, monkeypatch, writes)
    drafts = [n for n, path in enumerate(writes, 1) if "draft.md" in path or "draft.base" in path]
    for at in range(drafts[0] - 1, drafts[-1] + 1):
        folder = tmp_path / str(at)
        with pytest.raises(Killed):
            run_until(at, folder, monkeypatch)
        run(folder, monkeypatch)
        assert made(folder) == made(whole), at
    assert len(drafts) > 1
