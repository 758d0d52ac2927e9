"""The blog's own tools, and what a built page shows."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Ran:
    code: int
    said: str


@dataclass(frozen=True)
class Blog:
    """A small blog: its texts by the names of their pages."""

    drafts: Mapping[str, str]
    posts: Mapping[str, str]
    site: Path
    node: Path

    def run(self, *command: str) -> Ran:
        done = subprocess.run(
            [str(self.node / "node_modules/.bin" / command[0]), *command[1:]],
            cwd=self.site,
            capture_output=True,
            text=True,
            timeout=250,
            check=False,
        )
        return Ran(done.returncode, done.stdout + done.stderr)


class Page(HTMLParser):
    """What the page shows, by place, and every tag on it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.text[tag] = self.text.get(tag, "") + data


def page(pages: Path, name: str) -> Page:
    made = Page()
    made.feed((pages / f"{name}.html").read_text("utf-8"))
    return made
