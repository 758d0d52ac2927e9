"""Publishing to disk: what is written where, what is never written over, and being killed."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.killing import Killed
from tests.shared import shared_data
from translate.backends.images import BlogPictures
from translate.backends.page import page_html
from translate.draft import PROOFREAD, english_block
from translate.errors import (
    BadFileError,
    ConflictError,
    InputError,
    LockedError,
    SettingsError,
    UnfinishedError,
)
from translate.model import Problem
from translate.pipeline.step_publish import Published, preview, publish
from translate.workspace import DRAFT, DRAFT_BASE, PUBLISHED, Workspace, write_atomic

BODY = f"""\
---
title: '【睁眼看世界 🌍】｜Demo'
date: 2026-08-06
author:
   name: 孙
   github: sun
co_authors:
   - name: 'O''Neil'
     github: neil
---

本文译自演讲。{PROOFREAD[0]}

<!-- more -->

---

## 小节

{english_block("00:00:22", "Before that.")}

在此之前。<!-- 00:00:22 -->

![](slides/one.png)

{english_block("00:01:02", "After that.")}

在此之后。<!-- 00:01:02 -->

![](slides/two.png)
"""

ONE, TWO = (1 + BODY.splitlines().index(f"![](slides/{n}.png)") for n in ("one", "two"))


def draw(path: Path, text: str, width: int = 1280) -> None:
    image = Image.new("RGB", (width, 200), "white")
    ImageDraw.Draw(image).text((9, 9), text, fill="black")
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


@dataclass
class Desk:
    """One talk, one blog, and the choices of one call."""

    workspace: Workspace
    blog: Path | None
    choices: dict[str, Any] = field(default_factory=dict)

    def publish(self, **more: Any) -> Published:
        options: dict[str, Any] = {
            "blog": self.blog,
            "slug": "",
            "bilingual": False,
            "allow_unfinished": False,
            "force": False,
            "remaining": (),
            "images": BlogPictures(),
        }
        draft = self.workspace.read(DRAFT) if self.workspace.has(DRAFT) else None
        done = publish(self.workspace, **(options | more))
        assert self.workspace.read(DRAFT) == draft
        return done

    def edit(self, old: str, new: str) -> None:
        text = self.workspace.text(DRAFT)
        assert old in text
        self.workspace.path(DRAFT).write_text(text.replace(old, new), encoding="utf-8")

    @property
    def root(self) -> Path:
        return self.blog / "src" if self.blog else self.workspace.path("post")

    def files(self) -> dict[str, bytes]:
        found = (p for p in self.root.rglob("*") if p.is_file())
        return {str(p.relative_to(self.root)): p.read_bytes() for p in found}

    def post(self, slug: str = "a-talk") -> str:
        return (self.root / f"posts/{slug}.md").read_text(encoding="utf-8")


@pytest.fixture(params=["blog", "folder"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    workspace = Workspace(tmp_path / "drafts" / "a-talk")
    draw(workspace.path("slides/one.png"), "one")
    draw(workspace.path("slides/two.png"), "two")
    workspace.path(DRAFT).write_text(BODY, encoding="utf-8")
    if request.param == "folder":
        return Desk(workspace, None)
    blog = tmp_path / "blog"
    (blog / "src" / "posts").mkdir(parents=True)
    (blog / "src" / "images" / "other").mkdir(parents=True)
    (blog / "src" / "posts" / "other.md").write_text("别人的\n", encoding="utf-8")
    (blog / "src" / "images" / "other" / "conference-1.png").write_bytes(b"theirs")
    return Desk(workspace, blog)


OTHERS = {"posts/other.md", "images/other/conference-1.png"}
OURS = {
    "posts/a-talk.md",
    "images/a-talk/conference-1.png",
    "images/a-talk/conference-2.png",
}


# --- writing ------------------------------------------------------------------------------------


def test_a_post_and_its_pictures_are_written_and_nothing_else(desk: Desk) -> None:
    before = desk.files()
    done = desk.publish()
    after = desk.files()
    assert set(after) - set(before) == OURS
    assert {k: after[k] for k in before} == before
    assert done.did == "made"
    assert done.post == desk.root / "posts/a-talk.md"
    assert [p.name for p in done.pictures] == ["conference-1.png", "conference-2.png"]
    assert done.problems == ()
    text = desk.post()
    assert "Before that" not in text
    assert PROOFREAD[1] in text
    for path in re.findall(r"\]\((\.\./images/[^)]*)\)", text):
        assert (done.post.parent / path).is_file()


def test_publishing_twice_changes_no_byte_and_no_time(desk: Desk) -> None:
    desk.publish()
    stamps = {p: p.stat().st_mtime_ns for p in desk.root.rglob("*") if p.is_file()}
    record = desk.workspace.path(PUBLISHED).stat().st_mtime_ns
    again = desk.publish()
    assert again.did == "kept"
    assert {p: p.stat().st_mtime_ns for p in stamps} == stamps
    assert desk.workspace.path(PUBLISHED).stat().st_mtime_ns == record


def test_bilingual_is_another_post_of_the_same_name(desk: Desk) -> None:
    desk.publish(bilingual=True)
    assert "Before that" in desk.post()
    assert desk.publish().did == "made"
    assert "Before that" not in desk.post()


def test_an_edited_draft_replaces_what_was_published(desk: Desk) -> None:
    desk.publish()
    desk.edit("在此之后", "在这以后")
    assert desk.publish().did == "made"
    assert "在这以后" in desk.post()
    desk.edit("在这以后", "在此之后")
    assert desk.publish().did == "made"


def test_pictures_that_are_no_longer_shown_go_unless_somebody_changed_them(desk: Desk) -> None:
    desk.publish()
    desk.edit("![](slides/two.png)", "没有图了")
    done = desk.publish()
    assert [p.name for p in done.removed] == ["conference-2.png"]
    assert set(desk.files()) - OTHERS == OURS - {"images/a-talk/conference-2.png"}
    desk.edit("没有图了", "![](slides/two.png)")
    desk.publish()
    (desk.root / "images/a-talk/conference-2.png").write_bytes(b"mine")
    desk.edit("![](slides/two.png)", "没有图了")
    done = desk.publish()
    assert done.removed == ()
    assert [p.rule for p in done.problems] == ["edited-side-file"]
    assert desk.files()["images/a-talk/conference-2.png"] == b"mine"


def test_the_name_is_the_one_asked_for_then_the_last_then_the_talks(desk: Desk) -> None:
    assert desk.publish(slug="other-name").post.name == "other-name.md"
    assert desk.publish().post.name == "other-name.md"
    done = desk.publish(slug="third")
    assert [p.rule for p in done.problems] == ["published-before"]
    assert (desk.root / "posts/other-name.md").is_file()
    assert desk.publish().problems == ()


@pytest.mark.parametrize("slug", ["A", "a_b", "../x", "a/b", "名字", "a.md", " "])
def test_names_that_the_blog_refuses_are_refused(desk: Desk, slug: str) -> None:
    before = desk.files()
    with pytest.raises(SettingsError, match="cannot be the name of a post"):
        desk.publish(slug=slug)
    assert desk.files() == before


def test_a_folder_that_is_no_blog_is_refused(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no src/posts"):
        desk.publish(blog=tmp_path)


def test_without_a_draft_there_is_nothing_to_publish(desk: Desk) -> None:
    desk.workspace.path(DRAFT).unlink()
    with pytest.raises(InputError, match="no draft yet"):
        desk.publish()


def test_another_run_on_the_talk_is_respected(desk: Desk) -> None:
    with desk.workspace.locked("stw draft"), pytest.raises(LockedError):
        desk.publish()


def test_a_draft_that_nobody_touched_is_published_with_a_warning(desk: Desk) -> None:
    desk.workspace.put(DRAFT_BASE, desk.workspace.text(DRAFT), key="k")
    assert [p.rule for p in desk.publish().problems] == ["unedited"]
    desk.edit("在此之后", "在这以后")
    assert desk.publish().problems == ()


# --- what keeps a post from being published -----------------------------------------------------


def problem(at: float, rule: str = "number", severity: Any = "error") -> Problem:
    return Problem(rule=rule, severity=severity, message=f"message {at}", at=at)


def test_open_ends_are_listed_with_their_times_and_nothing_is_written(desk: Desk) -> None:
    desk.edit("在此之后。", "【待译】")
    before = desk.files()
    remaining = [
        problem(62.4, "untranslated"),
        problem(30.0),
        problem(10.0, severity="warning"),
        problem(11.0, severity="info"),
    ]
    with pytest.raises(UnfinishedError) as refused:
        desk.publish(remaining=remaining)
    assert refused.value.exit_code == 8
    assert refused.value.code == "unfinished"
    lines = refused.value.message.splitlines()
    assert lines == [
        "a-talk: 2 things keep it from being published",
        "  00:00:30: message 30.0",
        f"  00:01:02, line {TWO - 2}: 【待译】 stands here still",
    ]
    assert "--allow-unfinished" in refused.value.hint
    assert desk.files() == before
    assert not desk.workspace.has(PUBLISHED)


def test_what_only_the_post_would_be_refused_for_is_told(desk: Desk) -> None:
    """Two braces that an anchor kept apart; what stands in the draft, its own check tells."""
    desk.edit("在此之后", "{<!-- 00:00:59 -->{ x }} 在此之后")
    with pytest.raises(UnfinishedError, match=r"line \d+ of the post: .*expression"):
        desk.publish()
    desk.edit("{<!-- 00:00:59 -->{ x }}", "{{ x }}")
    assert desk.publish().did == "made"


def test_a_long_list_is_cut_and_counted(desk: Desk) -> None:
    with pytest.raises(UnfinishedError) as refused:
        desk.publish(remaining=[problem(float(n)) for n in range(25)])
    lines = refused.value.message.splitlines()
    assert lines[0] == "a-talk: 25 things keep it from being published"
    assert lines[-1] == "  … and 15 more"
    assert len(lines) == 12


def test_unfinished_is_published_when_asked_for_and_does_not_pretend(desk: Desk) -> None:
    desk.edit("在此之后。", "【待译】")
    done = desk.publish(allow_unfinished=True, remaining=[problem(30.0)])
    assert [p.rule for p in done.problems] == ["number", "untranslated"]
    assert "【待译】" in desk.post()
    assert PROOFREAD[0] in desk.post()


@pytest.mark.parametrize(
    "harm",
    ["missing", "svg", "broken", "link out", "folder"],
)
def test_a_picture_that_cannot_be_published_is_told_with_its_line(
    desk: Desk, tmp_path: Path, harm: str
) -> None:
    path = desk.workspace.path("slides/one.png")
    path.unlink()
    if harm == "svg":
        path.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")
    elif harm == "broken":
        path.write_bytes(b"\x89PNG\r\n\x1a\n")
    elif harm == "folder":
        path.mkdir()
    elif harm == "link out":
        draw(tmp_path / "secret.png", "secret")
        path.symlink_to(tmp_path / "secret.png")
    with pytest.raises(UnfinishedError, match=f"line {ONE}: "):
        desk.publish()
    done = desk.publish(allow_unfinished=True)
    assert [p.rule for p in done.problems] == ["picture"]
    assert [p.name for p in done.pictures] == ["conference-2.png"]
    assert "conference-1.png" in desk.post()


def test_what_a_picture_lacks_is_a_warning_with_its_line(desk: Desk) -> None:
    draw(desk.workspace.path("slides/one.png"), "small", width=300)
    (found,) = desk.publish().problems
    assert (found.rule, found.severity, found.where) == ("picture-narrow", "warning", f"line {ONE}")


# --- what is not ours ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_somebody_changed_there_is_not_written_over(desk: Desk, name: str) -> None:
    desk.publish()
    (desk.root / name).write_bytes("有人在博客里改过".encode())
    desk.edit("在此之后", "在这以后")
    before = desk.files()
    with pytest.raises(ConflictError, match="was changed since we wrote it") as refused:
        desk.publish()
    assert str(desk.root / name) in refused.value.message
    assert desk.files() == before
    done = desk.publish(force=True)
    assert "replaced" in [p.rule for p in done.problems]
    (kept,) = desk.workspace.path(".stw/backups").iterdir()
    assert kept.read_bytes() == "有人在博客里改过".encode()
    assert "在这以后" in desk.post()
    assert desk.publish().did == "kept"


def test_another_post_of_that_name_is_not_written_over(desk: Desk) -> None:
    (desk.root / "posts").mkdir(parents=True, exist_ok=True)
    (desk.root / "posts/a-talk.md").write_text("别的文章\n", encoding="utf-8")
    before = desk.files()
    with pytest.raises(ConflictError, match="not from us") as refused:
        desk.publish()
    assert "--slug" in refused.value.hint
    assert desk.files() == before
    desk.publish(force=True)
    (kept,) = desk.workspace.path(".stw/backups").iterdir()
    assert kept.read_text(encoding="utf-8") == "别的文章\n"


@pytest.mark.parametrize("desk", ["blog"], indirect=True)
def test_another_checkout_is_known_by_what_lies_in_it(desk: Desk, tmp_path: Path) -> None:
    """The record says no paths: a colleague's checkout, or an older branch, is as good."""
    desk.publish()
    first = desk.files()
    desk.edit("在此之后", "在这以后")
    desk.publish()
    assert str(tmp_path) not in desk.workspace.text(PUBLISHED)
    desk.blog = tmp_path / "other-checkout"
    for name, data in first.items():
        write_atomic(desk.root / name, data)
    assert desk.publish().did == "made"
    assert "在这以后" in desk.post()


def test_folders_that_lead_out_of_the_blog_are_refused(desk: Desk, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (desk.root / "images").mkdir(parents=True, exist_ok=True)
    (desk.root / "images/a-talk").symlink_to(elsewhere)
    with pytest.raises(InputError, match="leads out of"):
        desk.publish()
    assert list(elsewhere.iterdir()) == []


def test_a_link_in_the_place_of_a_post_is_not_ours(desk: Desk, tmp_path: Path) -> None:
    desk.publish()
    target = (desk.root / "posts/a-talk.md").rename(tmp_path / "target.md")
    (desk.root / "posts/a-talk.md").symlink_to(target)
    desk.edit("在此之后", "在这以后")
    before = target.read_bytes()
    with pytest.raises(ConflictError):
        desk.publish()
    assert target.read_bytes() == before


def test_what_is_saved_there_while_we_write_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.publish()
    desk.edit("在此之后", "在这以后")
    theirs = desk.root / "posts/a-talk.md"

    def recording(path: Path, data: bytes) -> None:
        write_atomic(path, data)
        if path.name == Path(PUBLISHED).name:
            theirs.write_text("刚刚保存的\n", encoding="utf-8")

    monkeypatch.setattr("translate.workspace.write_atomic", recording)
    with pytest.raises(ConflictError):
        desk.publish()
    assert theirs.read_text(encoding="utf-8") == "刚刚保存的\n"


# --- killed -------------------------------------------------------------------------------------


def dying(at: int, *, before: bool) -> Any:
    calls = iter(range(99))

    def write(path: Path, data: bytes) -> None:
        now = next(calls)
        if now == at and before:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(f".{path.name}.part").write_bytes(data[:9])
            raise Killed
        write_atomic(path, data)
        if now == at:
            raise Killed

    return write


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at", range(5))  # lock's note, record, two pictures, post
@pytest.mark.parametrize("first", [True, False])
def test_killed_at_any_write_the_next_run_finishes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, at: int, *, before: bool, first: bool
) -> None:
    if not first:
        desk.publish()
        desk.edit("在此之后", "在这以后")
        draw(desk.workspace.path("slides/one.png"), "another one")
        draw(desk.workspace.path("slides/two.png"), "another two")
    write = dying(at, before=before)
    monkeypatch.setattr("translate.workspace.write_atomic", write)
    monkeypatch.setattr("translate.pipeline.step_publish.write_atomic", write)
    with pytest.raises(Killed):
        desk.publish()
    monkeypatch.undo()
    desk.publish()
    assert desk.publish().did == "kept"
    assert set(desk.files()) - OTHERS == OURS
    assert ("在此之后" if first else "在这以后") in desk.post()
    assert not list(desk.root.rglob(".*.part"))


def test_killed_before_the_old_pictures_went_they_go_next_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.publish()
    desk.edit("![](slides/two.png)", "没有图了")

    unlink = Path.unlink

    def dies(self: Path, missing_ok: bool = False) -> None:
        if self.suffix == ".png":
            raise Killed
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", dies)
    with pytest.raises(Killed):
        desk.publish()
    monkeypatch.undo()
    assert "没有图了" in desk.post()
    assert [p.name for p in desk.publish().removed] == ["conference-2.png"]


# --- real ones, and the preview -----------------------------------------------------------------


@pytest.mark.data
def test_the_columns_own_post_is_published_as_it_stands(desk: Desk) -> None:
    text = shared_data("posts/pytorch-conference-01.md").read_text(encoding="utf-8")
    for picture in sorted(shared_data("posts/images").iterdir()):
        write_atomic(desk.workspace.path(f"slides/{picture.name}"), picture.read_bytes())
    draft = text.replace("../images/pytorch-conference-01/", "slides/")
    desk.workspace.path(DRAFT).write_text(draft, encoding="utf-8")
    done = desk.publish(slug="pytorch-conference-01")
    assert done.problems == ()
    assert len(done.pictures) == 6
    old = re.findall(r"!\[.*\]\(.*\)", text)
    assert re.findall(r"!\[.*\]\(.*\)", desk.post("pytorch-conference-01")) == old


def test_the_preview_shows_an_unfinished_draft_with_its_pictures(desk: Desk) -> None:
    desk.edit("在此之后。", "【待译】")
    desk.workspace.path("slides/two.png").unlink()
    before = desk.files()
    path = preview(desk.workspace, bilingual=False, images=BlogPictures(), page=page_html)
    assert path == desk.workspace.path(".stw/preview.html")
    text = path.read_text(encoding="utf-8")
    assert "<h1>【睁眼看世界 🌍】｜Demo</h1>" in text
    assert "孙、O&#x27;Neil · 2026-08-06" in text
    assert text.count("data:image/png;base64,") == 1
    assert "缺图" in text
    assert "<mark>【待译】</mark>" in text
    assert f"00:01:02, line {TWO - 2}" in text
    assert "Before that" not in text
    assert desk.files() == before
    preview(desk.workspace, bilingual=True, images=BlogPictures(), page=page_html)
    assert "Before that" in path.read_text(encoding="utf-8")


class Failing:
    """A maker of pictures that finds none."""

    def fit(self, path: Path) -> Any:
        raise BadFileError(f"{path}: no")


def test_the_preview_needs_no_front_matter_and_no_pictures(desk: Desk) -> None:
    desk.workspace.path(DRAFT).write_text("![](a.png) 字\n", encoding="utf-8")
    path = preview(desk.workspace, bilingual=False, images=Failing(), page=page_html)
    assert "<h1>a-talk</h1>" in path.read_text(encoding="utf-8")


def test_a_post_with_open_ends_of_any_kind_says_that_it_waits(desk: Desk) -> None:
    desk.publish(allow_unfinished=True, remaining=[problem(30.0)])
    assert PROOFREAD[0] in desk.post()
    desk.publish()
    assert PROOFREAD[1] in desk.post()
    desk.edit("slides/one.png", "slides/none.png")
    desk.publish(allow_unfinished=True)
    assert PROOFREAD[0] in desk.post()
    assert PROOFREAD[1] not in desk.post()
