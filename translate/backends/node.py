"""The blog's own linters, run over a post before it is in the blog.

Knows where a checkout of the blog keeps its tools and settings; nothing of talks. The only use of
Node in this program, and only when somebody asks for it.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from translate.errors import MissingError
from translate.model import Problem

_SETTINGS = (".lintmdrc", ".lintmdrc.json", ".prettierrc*", "prettier.config.*", ".editorconfig")
_PATIENCE = 120  # seconds for one tool
_SHOWN = 20  # lines of what a tool says


def run_blog_checks(blog: Path, post: str, slug: str) -> list[Problem]:
    """What the blog's lint-md and prettier say of a post, each line an error.

    Raises MissingError where the blog's tools, or Node, are not installed.
    """
    tools = blog.resolve() / "node_modules" / ".bin"
    for name in ("lint-md", "prettier"):
        if not (tools / name).exists():
            raise MissingError(
                f"{tools / name} is missing", "install the blog's packages first: pnpm install"
            )
    if shutil.which("node") is None:
        raise MissingError("there is no node on this machine", "install Node.js 20 or newer")
    with tempfile.TemporaryDirectory(prefix="stw-") as name:
        folder = Path(name)
        for pattern in (*_SETTINGS, "package.json"):
            for file in blog.glob(pattern):
                shutil.copy(file, folder)
        (folder / "node_modules").symlink_to(tools.parent)
        (folder / "src" / "posts").mkdir(parents=True)
        place = f"src/posts/{slug}.md"
        (folder / place).write_text(post, encoding="utf-8", newline="\n")
        return [*_lint(tools, folder, place), *_format(tools, folder, place)]


def _lint(tools: Path, folder: Path, place: str) -> Iterator[Problem]:
    code, said = _run(tools / "lint-md", place, folder=folder)
    if code:
        yield from _said("lint-md", place, said)


def _format(tools: Path, folder: Path, place: str) -> Iterator[Problem]:
    code, said = _run(tools / "prettier", "--ignore-path", os.devnull, place, folder=folder)
    if code:
        yield from _said("prettier", place, said)
        return
    before = (folder / place).read_text(encoding="utf-8").split("\n")
    for n, (mine, theirs) in enumerate(zip(before, [*said.split("\n"), ""], strict=False), 1):
        if mine != theirs:  # what follows a line put in or taken out differs as well
            yield _problem("prettier", place, n, f"would be written otherwise: {theirs[:80]}")
            return


def _run(tool: Path, *arguments: str, folder: Path) -> tuple[int, str]:
    try:
        done = subprocess.run(
            [str(tool), *arguments],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as e:
        raise MissingError(f"{tool.name} did not end within {_PATIENCE} seconds") from e
    except OSError as e:
        raise MissingError(f"{tool.name} cannot be run: {e.strerror or e}") from e
    return done.returncode, done.stdout if not done.returncode else done.stdout + done.stderr


def _said(rule: str, place: str, said: str) -> Iterator[Problem]:
    """The lines of a tool's complaint that name a place, or all of it."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in said.split("\n")]
    lines = [line for line in lines if line]
    found = [line for line in lines if re.search(r"\b\d+:\d+\b|line \d+", line)]
    for line in (found or lines)[:_SHOWN]:
        at = re.search(r"\b(\d+):\d+\b|line (\d+)", line)
        yield _problem(rule, place, int(at[1] or at[2]) if at else 0, line[:200])


def _problem(rule: str, place: str, line: int, message: str) -> Problem:
    return Problem(
        rule=rule,
        severity="error",
        message=message,
        where=f"{place}, line {line}" if line else place,
        hint="mend the draft; this is said of the post that it makes",
    )
