"""What a real browser makes of hostile text: the text itself, and nothing that ran."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blog.chromium import Seen, dom, look
from tests.blog.drafts import HOSTILE, RAN
from tests.blog.tools import Blog, Page
from tests.test_typography import letters
from translate.backends.page import page_html
from translate.draft import split_front
from translate.typography import one_line

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_WIDE = str.maketrans("０１２３４５６７８９", "0123456789")
_MIXED = ("hostile", "hostile-waiting", "post-hostile", "both-hostile", "post-hostile-waiting")


def plain(text: str) -> str:
    return letters(one_line(text).translate(_WIDE))


@pytest.fixture(scope="module")
def seen(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """Every hostile page, looked at in one start of the browser."""
    ones = [f"{kind}one-{n}" for n in range(len(HOSTILE)) for kind in ("", "post-")]
    names = [f"posts/{name}" for name in (*_MIXED, *ones, "pictured")]
    return look(pages.parent, ["control", "index", *names], tmp_path_factory.mktemp("chromium"))


def test_a_payload_that_runs_is_noticed(seen: dict[str, Seen]) -> None:
    """The tests below can fail: on this page of the same site three payloads do run."""
    control = seen["control"]
    assert control.marks["ran"] == "1"
    assert control.marks["told"] == "1"
    assert "onerror" in control.handlers
    assert "onclick" in control.handlers


def hostile_pages(seen: dict[str, Seen]) -> Iterator[tuple[str, Seen]]:
    yield from ((name, page) for name, page in seen.items() if name != "control")


def test_nothing_ran(seen: dict[str, Seen]) -> None:
    for name, page in hostile_pages(seen):
        assert page.marks == {"mounted": "1"}, name
        assert page.handlers == (), name
        assert set(page.schemes) <= {"http:", "https:", "mailto:"}, name


def test_the_text_is_shown_as_text(seen: dict[str, Seen]) -> None:
    for name in _MIXED:
        # A post leaves out the English, which is all there is of what was not translated.
        shown = letters(seen[f"posts/{name}"].text.translate(_WIDE))
        for text in HOSTILE if name != "post-hostile-waiting" else ():
            assert plain(text) in shown, (name, text)


def test_titles_are_shown_as_text(seen: dict[str, Seen]) -> None:
    for n, text in enumerate(HOSTILE):
        for kind in ("", "post-"):
            title = letters(seen[f"posts/{kind}one-{n}"].title.translate(_WIDE))
            assert title == letters("睁眼看世界") + plain(text) * 2, text


def test_a_published_picture_is_shown(seen: dict[str, Seen]) -> None:
    [(text, width)] = seen["posts/pictured"].pictures
    assert text == "conference-1"
    assert width > 800


# --- the preview --------------------------------------------------------------------------------


def preview(markdown: str, folder: Path) -> tuple[str, Page]:
    """The preview's page in the browser, as it lies on disk."""
    every = " ".join(t for t in HOSTILE if len(t) < 200)
    path = folder / "preview.html"
    text = page_html(markdown, title=every, byline=every, picture=lambda _: None, open_ends=[every])
    path.write_text(text, "utf-8")
    found = dom(path.as_uri(), folder / "profile")
    page = Page()
    page.feed(found)
    return found, page


def test_the_preview_of_a_hostile_post_shows_it_and_runs_nothing(
    blog: Blog, tmp_path: Path
) -> None:
    _, _, markdown = split_front(blog.posts["both-hostile"])
    found, page = preview(markdown, tmp_path)
    shown = letters(page.text["main"].translate(_WIDE))
    assert len(shown) > 10_000
    for text in HOSTILE:
        assert plain(text) in shown, text
    harmless(found, page)


@pytest.mark.parametrize("glue", ["\n\n", " "])
def test_the_preview_of_raw_hostile_markdown_runs_nothing(glue: str, tmp_path: Path) -> None:
    """As an editor could paste it: nothing escaped, what is HTML is read as HTML."""
    texts = [t for t in HOSTILE if "never closed" not in t]
    found, page = preview(glue.join(texts), tmp_path)
    assert "key: value" in html.unescape(re.sub(r"<[^>]*>", "", found))
    harmless(found, page)


def harmless(found: str, page: Page) -> None:
    assert not re.match(r"<html[^>]* data-", found[found.index("<html") :])
    assert not {"script", "iframe", "svg", "base", "input"} & {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        assert not [a for a in attributes if a.startswith("on")], tag
        target = (attributes.get("href") or "https://").lower()
        assert re.match(r"https?://|mailto:|#", target), target


def test_a_payload_in_a_file_is_noticed(tmp_path: Path) -> None:
    """The tests of the preview can fail."""
    path = tmp_path / "bad.html"
    path.write_text(f"<!doctype html><p>a</p><img src=x onerror={RAN}>", "utf-8")
    assert re.search("<html[^>]* data-ran", dom(path.as_uri(), tmp_path / "profile"))
