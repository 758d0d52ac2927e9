"""The blog's own linters over a post that is not in the blog yet."""

import shutil
from pathlib import Path

import pytest

from tests.blog.tools import HERE
from translate.backends.node import run_blog_checks
from translate.errors import MissingError

GOOD = "---\ntitle: a\n---\n\n好的。\n"


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    if not (HERE / "node_modules/.bin/lint-md").exists() or shutil.which("node") is None:
        pytest.skip("needs the blog's tools, which the tests of the blog install")
    for name in (".lintmdrc", ".prettierrc.json", "package.json"):
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    return tmp_path


@pytest.mark.slow
def test_each_complaint_has_its_tool_and_its_line(blog: Path) -> None:
    assert run_blog_checks(blog, GOOD, "a-post") == []
    found = run_blog_checks(blog, f"{GOOD}\n中文English\n\n* a\n", "a-post")
    assert [(p.rule, p.severity, p.where) for p in found] == [
        ("lint-md", "error", "src/posts/a-post.md, line 7"),
        ("prettier", "error", "src/posts/a-post.md, line 9"),
    ]
    assert not (blog / "src").exists()  # nothing is written into the blog


def test_a_blog_without_its_packages_says_how_to_install_them(tmp_path: Path) -> None:
    with pytest.raises(MissingError) as caught:
        run_blog_checks(tmp_path, GOOD, "a-post")
    assert "pnpm install" in caught.value.hint
