"""What we generate passes the blog's own tools untouched, and shows text from outside as text.

All drafts go through each tool in one process, because starting Node costs more than linting.
"""

import html
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.blog.drafts import HOSTILE, cues, random_texts
from tests.blog.tools import HERE, Blog, page
from tests.shared import SHARED
from tests.test_typography import letters
from translate.typography import escape_text, one_line

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_prettier_changes_nothing(blog: Blog) -> None:
    done = blog.run("prettier", "--check", "posts")
    assert done.code == 0, done.said[-3000:]


def test_lint_md_finds_nothing(blog: Blog) -> None:
    done = blog.run("lint-md", "posts/*.md", "--threads", "2")
    assert done.code == 0, done.said[-3000:]


def test_the_tools_would_have_found_something(blog: Blog, tmp_path: Path) -> None:
    """The checks above can fail."""
    for name in (".lintmdrc", ".prettierrc.json"):
        shutil.copy(HERE / name, tmp_path)
    bad = tmp_path / "bad.md"
    bad.write_text("中文English\n\n* a\n", "utf-8")
    here = replace(blog, site=tmp_path)
    assert here.run("prettier", "--check", "bad.md").code == 1
    assert here.run("lint-md", "bad.md").code == 1


def test_lint_md_finds_nothing_in_real_lines(node: Path, tmp_path: Path) -> None:
    """Thousands of lines of people's Chinese, as captions have it, escaped one by one."""
    folder = SHARED / "lectures/hf-course/zh-CN"
    if not folder.exists():
        pytest.skip("needs the test recordings")
    texts = [c.text for path in sorted(folder.glob("*.srt")) for c in cues(path)]
    escaped = [e for e in map(escape_text, texts) if e]
    assert len(escaped) > 3000
    for name in (".lintmdrc", ".prettierrc.json"):
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "lines.md").write_text("\n\n".join(escaped) + "\n", "utf-8")
    here = Blog({}, {}, tmp_path, node)
    assert here.run("prettier", "--check", "lines.md").code == 0
    done = here.run("lint-md", "lines.md")
    assert done.code == 0, done.said[-3000:]


def test_every_post_is_built_with_its_title(blog: Blog, pages: Path) -> None:
    for name in blog.drafts:
        assert (pages / f"{name}.html").exists()
    assert page(pages, "normal").text["h1"] == (
        "【睁眼看世界 🌍】｜PyTorch Conference 2023 - State of PyTorch"
    )
    for n, text in enumerate(HOSTILE):
        title = page(pages, f"one-{n}").text["h1"]
        plain = re.sub("<(?=[/!a-z])", "＜", one_line(text)).replace("{", "｛").replace("}", "｝")
        assert title == f"【睁眼看世界 🌍】｜{plain} - {plain}"


def test_hostile_text_is_shown_and_runs_nothing(pages: Path) -> None:
    wide = str.maketrans("０１２３４５６７８９", "0123456789")
    for name in ("hostile", "hostile-waiting", *(f"one-{n}" for n in range(len(HOSTILE)))):
        found = page(pages, name)
        shown = letters(found.text["main"].translate(wide))
        if name == "hostile":
            for text in HOSTILE:
                assert letters(one_line(text).translate(wide)) in shown, text
        allowed = set(
            re.findall(r"\w+", "a blockquote code details div h1 h2 hr li main p summary ul")
        )
        inside = [t for t, _ in found.tags[[t for t, _ in found.tags].index("main") :]]
        assert set(inside[: inside.index("nav")]) <= allowed
        for tag, attributes in found.tags:
            assert not any(a.startswith("on") for a in attributes), (tag, attributes)
            target = attributes.get("href") or ""
            assert not target.lower().startswith("javascript"), target


def test_what_was_read_on_slides_is_shown_and_runs_nothing(pages: Path) -> None:
    allowed = set(
        re.findall(
            r"\w+",
            "a blockquote button code details div h1 h2 h3 hr img li main p pre span summary ul",
        )
    )
    for name in ("slides", "slides-hostile", "slides-random", "post-slides-hostile"):
        found = page(pages, name)
        inside = [t for t, _ in found.tags[[t for t, _ in found.tags].index("main") :]]
        assert set(inside[: inside.index("nav")]) <= allowed
        assert not any(a.startswith("on") for _, given in found.tags for a in given)
        assert "幻灯片 0" not in found.text["main"]
    shown = page(pages, "slides")
    assert {"alt": "00-00-05"}.items() <= next(dict(a) for t, a in shown.tags if t == "img").items()
    for text in ("20M+ downloads", "torch.compile", "return x", "1. PyTorch 2.0"):
        assert text in shown.text["main"]


def test_random_lines_are_shown_as_they_are(pages: Path) -> None:
    wide = str.maketrans("０１２３４５６７８９", "0123456789")
    body = (pages / "lines.html").read_text("utf-8")
    paragraphs = re.findall(r"<p>(.*?)</p>", body.split("<main>")[1], re.DOTALL)
    texts = random_texts(1500)
    assert len(paragraphs) >= len(texts)
    for text, paragraph in zip(texts, paragraphs, strict=False):
        shown = html.unescape(re.sub(r"<[^>]*>", "", paragraph))
        assert letters(shown.translate(wide)) == letters(one_line(text).translate(wide)), text


def test_the_english_folds_away_and_the_anchors_are_not_shown(pages: Path) -> None:
    found = page(pages, "normal")
    assert "Hi." in found.text["details"]
    assert "00:01:01" in found.text["summary"]
    links = [a["href"] for t, a in found.tags if t == "a" and "t=61s" in (a.get("href") or "")]
    assert links == ["https://www.youtube.com/watch?v=dR0lHxt3Tjo&list=a_b&t=61s"]
    assert found.text["blockquote"].strip() == "编者注 ✍️："
    assert "核心维护者" not in found.text["main"]
    assert "<!--" not in found.text["main"]


def test_the_home_page_shows_the_lead_alone(pages: Path) -> None:
    found = page(pages.parent, "index")
    assert "本文译自 PyTorch Conference 2023 的演讲《State of PyTorch》" in found.text["section"]
    assert "写在最前" not in found.text["section"]
