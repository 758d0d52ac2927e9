"""One blog and one build of it, for every test here and every process that runs them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock
from PIL import Image

from tests.blog.drafts import PICTURE, made_drafts
from tests.blog.posts import made_posts, publish_with_picture
from tests.blog.tools import HERE, Blog

_OFFLINE = re.compile(r"code (?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT)")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of one test run share."""
    base = tmp_path_factory.getbasetemp()
    found = (base if worker_id == "master" else base.parent) / "blog"
    found.mkdir(exist_ok=True)
    return found


@pytest.fixture(scope="session")
def node(shelf: Path) -> Path:
    """The folder with the blog's tools, installed at the first use."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs Node and npm for the blog's own tools")
    with FileLock(shelf / "node.lock"):
        if (HERE / "node_modules/.bin/vitepress").exists():
            return HERE
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund"],
            cwd=HERE,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    if done.returncode and _OFFLINE.search(done.stderr):
        pytest.skip("needs the npm registry once, to install the blog's own tools")
    assert done.returncode == 0, done.stderr[-2000:]
    return HERE


@pytest.fixture(scope="session")
def blog(node: Path, shelf: Path) -> Blog:
    """A small blog: a page for each draft, and for each post that was made of one."""
    site = shelf / "src"
    drafts = made_drafts()
    posts = made_posts(drafts)
    with FileLock(shelf / "site.lock"):
        if not site.exists():
            _lay_out(shelf, node, {**drafts, **posts})
    return Blog(drafts, posts, site, node)


def _lay_out(shelf: Path, node: Path, texts: dict[str, str]) -> None:
    site = shelf / "src"
    shutil.copytree(HERE / "site", site)
    for name in (".lintmdrc", ".prettierrc.json", "package.json"):
        shutil.copy(HERE / name, site)
    (site / "node_modules").symlink_to(node / "node_modules")
    (site / "posts").mkdir()
    for name, text in texts.items():
        (site / "posts" / f"{name}.md").write_text(text, "utf-8", newline="\n")
    for picture in (site / "posts" / PICTURE, site / "images/s/conference-1.png"):
        picture.parent.mkdir(parents=True)
        Image.new("RGB", (64, 36), "white").save(picture)
    publish_with_picture(shelf)


@pytest.fixture(scope="session")
def pages(blog: Blog, shelf: Path) -> Path:
    """The built site. `vitepress --version` would start a server; `build` ends by itself."""
    built = blog.site / ".vitepress/dist"
    with FileLock(shelf / "build.lock"):
        if not (shelf / "built").exists():
            done = blog.run("vitepress", "build", ".")
            assert done.code == 0, done.said[-3000:]
            (shelf / "built").touch()
    return built / "posts"
