"""Posts pass the blog's own tools untouched, however the draft was typed.

The whole blog, posts among drafts, goes through prettier, lint-md and the build in `test_blog.py`;
here is what holds for posts alone.
"""

import filecmp
import random
import re
import shutil
from pathlib import Path

import pytest

from tests.blog.posts import written
from tests.blog.tools import HERE, Blog, page
from tests.shared import shared_data
from tests.test_typography import letters
from translate import refusals
from translate.house import tidy
from translate.stages.publish import post_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

REAL = (
    "posts/pytorch-conference-01.md",
    "posts/zuckerberg-letter-post.md",
    "community/001_74a468db1d3fa860.txt",
)


def words(markdown: str) -> str:
    """Letters, digits and Han; an address that became a link counts once."""
    plain = markdown.replace("\\_", "_").replace("%28", "(").replace("%29", ")")
    return letters(re.sub(r"\[(https?://[^\]]*)\]\(\1\)", r"\1", plain))


def bare(folder: Path, node: Path) -> Blog:
    """A folder with the tools' settings and nothing else."""
    for name in (".lintmdrc", ".prettierrc.json"):
        shutil.copy(HERE / name, folder)
    return Blog({}, {}, folder, node)


def test_there_is_enough_to_judge_by(blog: Blog) -> None:
    typed = [t for n, t in blog.posts.items() if n.startswith(("edited-", "written-"))]
    assert sum(t.count("\n") for t in typed) > 5000
    assert sum("\n| " in t for t in typed) > 10
    assert sum("\n10.   " in t for t in typed) > 5


def test_what_was_typed_is_wrong_before_it_is_put_right(node: Path, tmp_path: Path) -> None:
    """The tools would have found it."""
    here = bare(tmp_path, node)
    for n in range(5):
        (tmp_path / f"typed-{n}.md").write_text(written(random.Random(n), 10), "utf-8")
    said = here.run("prettier", "--check", ".").said
    assert said.count("typed-") == 5
    found = here.run("lint-md", "typed-*.md").said
    for rule in ("space-around-alphabet", "space-around-number", "no-half-width-punctuation"):
        assert rule in found, rule


def test_lint_md_fixes_nothing(blog: Blog, tmp_path: Path) -> None:
    """Its --fix goes further than what it reports; it works on a copy of the typed posts."""
    names = [n for n in blog.posts if n.startswith(("edited-", "written-"))]
    names += ["post-hostile", "both-hostile", "post-lines", "both-normal"]
    here = bare(tmp_path, blog.node)
    for name in names:
        (tmp_path / f"{name}.md").write_text(blog.posts[name], "utf-8", newline="\n")
    done = here.run("lint-md", "*.md", "--fix", "--threads", "2")
    assert done.code == 0, done.said[-3000:]
    for name in names:
        assert (tmp_path / f"{name}.md").read_text("utf-8") == blog.posts[name], name


def test_every_post_is_built_without_what_is_the_drafts(blog: Blog, pages: Path) -> None:
    for name, text in blog.posts.items():
        assert (pages / f"{name}.html").exists(), name
        if name.startswith("post-") and "hostile" not in name and "one-" not in name:
            assert "<details>" not in text, name
            assert not re.search(r"<!-- \d\d:", text), name
    assert "details" not in page(pages, "post-normal").text
    assert "Hi." in page(pages, "both-normal").text["details"]


def test_what_was_typed_is_shown_word_for_word(blog: Blog, pages: Path) -> None:
    """The build loses nothing that stands in a typed post's paragraphs."""
    for n in range(5):
        shown = letters(page(pages, f"written-{n}").text["main"])
        text = written_paragraphs(blog.posts[f"written-{n}"])
        assert len(text) > 5
        for line in text:
            assert letters(line) in shown, line


def written_paragraphs(post: str) -> list[str]:
    """The lines of a post in which nothing is markup."""
    body = post.split("<!-- more -->", 1)[1]
    body = re.sub(r"^```.*?^```$", "", body, flags=re.DOTALL | re.MULTILINE)
    return [x for x in body.split("\n") if x and not re.search(r"[\[\]<>`|*_$&#:~\\]|\d[.)]", x)]


@pytest.mark.parametrize("bilingual", [False, True])
def test_no_word_is_lost_between_typing_and_post(bilingual: bool) -> None:
    for n in range(100):
        text = written(random.Random(1000 + n), 10)
        post = post_of(text, slug="s", bilingual=bilingual).text
        assert words(post) == words(tidy(text)) == words(text)
        assert post_of(post, slug="s", bilingual=bilingual).text == post


@pytest.mark.data
@pytest.mark.parametrize("name", REAL)
def test_the_columns_own_posts(name: str, node: Path, tmp_path: Path) -> None:
    text = shared_data(name).read_text("utf-8")
    done = tidy(text)
    assert words(done) == words(text)
    assert tidy(done) == done
    here = bare(tmp_path, node)
    (tmp_path / "post.md").write_text(done, "utf-8", newline="\n")
    assert here.run("prettier", "--check", "post.md").code == 0
    found = here.run("lint-md", "post.md")
    assert found.code == 0, found.said[-3000:]


def test_the_published_picture_is_in_the_built_page(blog: Blog, pages: Path) -> None:
    [published] = (blog.site / "images/pictured").iterdir()
    shown = [a for t, a in page(pages, "pictured").tags if t == "img"]
    assert [a["alt"] for a in shown] == ["conference-1"]
    source = (shown[0]["src"] or "").lstrip("/")
    assert filecmp.cmp(published, pages.parent / source, shallow=False)


def test_publishing_found_nothing_to_refuse(blog: Blog) -> None:
    """What the tools take, the program's own list of complaints takes as well."""
    for name, text in blog.posts.items():
        if "waiting" in name or "hostile" in name or "one-" in name or "lines" in name:
            continue
        errors = [p for p in refusals.problems(text) if p.severity == "error"]
        assert not errors, (name, errors[:3])
