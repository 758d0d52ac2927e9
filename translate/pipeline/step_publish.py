"""Publish: the draft becomes a post and its pictures, in the blog or beside the draft; preview.

Knows where the blog keeps what, and which of its files are ours: a record says what we wrote, so
a post that somebody changed in the blog, or that was never ours, is not written over. The record
goes to disk before the files: killed in between, the next run finishes.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from translate import refusals
from translate.draft import front_items, split_front
from translate.errors import (
    BadFileError,
    ConflictError,
    InputError,
    MissingError,
    SettingsError,
    UnfinishedError,
)
from translate.model import Problem, clock
from translate.pipeline.run import untouched
from translate.stages.publish import Picture, Post, post_of, strays
from translate.workspace import (
    DRAFT,
    POST,
    PREVIEW,
    PUBLISHED,
    Workspace,
    decode,
    digest,
    write_atomic,
)

_LISTED = 10  # open ends in the message that refuses to publish


class Fitted(Protocol):
    """A picture as the blog wants it."""

    @property
    def data(self) -> bytes: ...
    @property
    def ending(self) -> str: ...  # ".png"
    @property
    def problems(self) -> tuple[Problem, ...]: ...


class Pictures(Protocol):
    """Whoever makes pictures fit the blog."""

    def fit(self, path: Path) -> Fitted:
        """Raises BadFileError where there is no picture that could be published."""
        ...


class Page(Protocol):
    """Whoever shows Markdown as a web page."""

    def __call__(
        self,
        markdown: str,
        *,
        title: str,
        byline: str,
        picture: Callable[[str], bytes | None],
        open_ends: Sequence[str],
    ) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What publishing did."""

    post: Path
    pictures: tuple[Path, ...] = ()
    did: str = "kept"  # or "made"
    removed: tuple[Path, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What we ever wrote to one kind of place: a file as we wrote it is ours, in any checkout."""

    slug: str = ""  # the last one
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # name → digests


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    kind: str  # the record's key: "blog" or "folder"
    root: Path  # holds posts/ and images/


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A post with its pictures, before it is written."""

    post: Post
    pictures: dict[str, bytes]  # by the post's name for them
    unfinished: tuple[Problem, ...]
    doubts: tuple[Problem, ...]


def publish(
    workspace: Workspace,
    *,
    blog: Path | None,
    slug: str,
    bilingual: bool,
    allow_unfinished: bool,
    force: bool,
    remaining: Sequence[Problem],
    images: Pictures,
) -> Published:
    """Write the post and its pictures; `remaining` is what a check of the talk has found.

    An empty `slug` means the last one, else the talk's. Raises UnfinishedError while something
    is open, unless `allow_unfinished`; ConflictError for files that are not ours, unless `force`,
    which backs them up; InputError where there is no draft or no blog; SettingsError for a slug
    that the blog does not allow.
    """
    with workspace.locked("stw publish"):
        place = _place(workspace, blog)
        records = _records(workspace)
        name = _slug(workspace, place, records, slug)
        errors = [p for p in remaining if p.severity == "error"]
        made = _make(workspace, name, bilingual=bilingual, images=images, finished=not errors)
        unfinished = _without_twins([*made.unfinished, *errors])
        if unfinished and not allow_unfinished:
            raise _refusal(workspace, unfinished)
        before = records.get(place.kind, Record())
        problems = [*unfinished, *made.doubts, *_untouched(workspace), *_renamed(before, name)]
        files = {f"images/{name}/{n}": data for n, data in made.pictures.items()}
        files[f"posts/{name}.md"] = made.post.text.encode()
        writer = _Writer(workspace, place, before)
        seen = writer.look(files, force=force)
        record = replace(before, slug=name, files=_remembered(before, files))
        if record != before:
            workspace.put_aside(PUBLISHED, {**records, place.kind: record})
        wrote = writer.write(files, seen)
        removed = writer.remove_unused(f"images/{name}/", files)
        return Published(
            post=place.root / f"posts/{name}.md",
            pictures=tuple(place.root / n for n in files if n.startswith("images/")),
            did="made" if wrote or removed else "kept",
            removed=tuple(removed),
            problems=(*problems, *writer.problems),
        )


def post_text(workspace: Workspace) -> tuple[str, str]:
    """The text that publishing would write today, and the name it would have."""
    records = _records(workspace)
    slug = _slug(workspace, _place(workspace, None), records, "")
    edited = not untouched(workspace)
    return post_of(_draft(workspace), slug=slug, bilingual=False, edited=edited).text, slug


# --- where to, under which name -----------------------------------------------------------------


def _place(workspace: Workspace, blog: Path | None) -> _Place:
    if blog is None:
        return _Place(kind="folder", root=workspace.path(POST))
    root = blog / "src"
    if not (root / "posts").is_dir():
        raise InputError(
            f"{blog} is no checkout of the blog: it has no src/posts",
            "--blog takes the folder into which the blog was cloned",
        )
    return _Place(kind="blog", root=root)


def _records(workspace: Workspace) -> dict[str, Record]:
    if not workspace.has(PUBLISHED):
        return {}
    path = workspace.path(PUBLISHED)
    return decode(workspace.read(PUBLISHED), dict[str, Record], path)  # type: ignore[no-any-return]


def _slug(workspace: Workspace, place: _Place, records: Mapping[str, Record], asked: str) -> str:
    here = records.get(place.kind, Record()).slug
    before = here or next((r.slug for r in records.values() if r.slug), "")
    slug = asked or before or workspace.slug
    if not re.fullmatch("[a-z0-9-]+", slug):
        raise SettingsError(
            f"{slug!r} cannot be the name of a post: the blog allows a-z, 0-9 and -",
            "give one with --slug",
        )
    return slug


def _renamed(before: Record, slug: str) -> Iterator[Problem]:
    if before.slug and before.slug != slug:
        yield Problem(
            rule="published-before",
            severity="warning",
            message=f"this talk was published as {before.slug}; that post is still there",
            where=f"posts/{before.slug}.md",
            hint=f"remove it and images/{before.slug}/, if the new name is meant",
        )


# --- what to write ------------------------------------------------------------------------------


def _draft(workspace: Workspace) -> str:
    if not workspace.has(DRAFT):
        raise InputError(f"{workspace.slug}: there is no draft yet", f"stw draft {workspace.slug}")
    return workspace.text(DRAFT)


def _make(
    workspace: Workspace, slug: str, *, bilingual: bool, images: Pictures, finished: bool = True
) -> _Made:
    text = _draft(workspace)
    shown = post_of(text, slug=slug, bilingual=bilingual).pictures
    fitted: dict[str, Fitted] = {}
    lacking: list[Problem] = []
    doubts: list[Problem] = []
    for picture in shown:
        try:
            found = images.fit(workspace.path(picture.source))
        except BadFileError as e:
            lacking.append(_no_picture(picture, e))
            continue
        fitted[picture.source] = found
        doubts += (replace(p, where=p.where or f"line {picture.line}") for p in found.problems)
    endings = {source: found.ending for source, found in fitted.items()}
    made_of = partial(post_of, text, slug=slug, bilingual=bilingual, endings=endings)
    post = made_of(edited=finished and not lacking and not untouched(workspace))
    found_there = [*strays(post.text, slug=slug), *_only_in_the_post(text, post)]
    if found_there:
        post = made_of(edited=False)
    names = {p.source: p.name for p in post.pictures}
    return _Made(
        post=post,
        pictures={names[source]: found.data for source, found in fitted.items()},
        unfinished=(*post.unfinished, *lacking, *found_there),
        doubts=tuple(doubts),
    )


def _only_in_the_post(draft: str, post: Post) -> Iterator[Problem]:
    """What the blog would refuse, and nobody could see in the draft."""
    told = {(p.rule, p.message) for p in refusals.problems(draft)}
    for problem in refusals.problems(post.text):
        if problem.severity == "error" and (problem.rule, problem.message) not in told:
            yield replace(problem, where=f"{problem.where} of the post")


def _no_picture(picture: Picture, error: BadFileError) -> Problem:
    return Problem(
        rule="picture",
        severity="error",
        message=error.message,
        where=f"line {picture.line}",
        hint=error.hint or "put the file there, or take the picture out of the draft",
    )


def _untouched(workspace: Workspace) -> Iterator[Problem]:
    if untouched(workspace):
        yield Problem(
            rule="unedited",
            severity="warning",
            message="nobody has edited the draft; the post says that it waits for an editor",
            where=DRAFT,
            hint="read it through before it is published",
        )


def _without_twins(problems: Sequence[Problem]) -> list[Problem]:
    """Each open end once, by time; the draft and the check tell of some both."""
    seen: dict[tuple[str, str], Problem] = {}
    for problem in problems:
        at = clock(problem.at) if problem.at is not None else problem.where + problem.message
        seen.setdefault((problem.rule, at), problem)
    return sorted(seen.values(), key=lambda p: (p.at is None, p.at or 0.0))


def _refusal(workspace: Workspace, problems: Sequence[Problem]) -> UnfinishedError:
    count = "one thing keeps" if len(problems) == 1 else f"{len(problems)} things keep"
    lines = [f"{workspace.slug}: {count} it from being published"]
    for problem in problems[:_LISTED]:
        at = clock(problem.at) if problem.at is not None else ""
        place = ", ".join(filter(None, (at, problem.where)))
        lines.append(f"  {place}: {problem.message}" if place else f"  {problem.message}")
    if len(problems) > _LISTED:
        lines.append(f"  … and {len(problems) - _LISTED} more")
    return UnfinishedError(
        "\n".join(lines),
        "mend them in draft.md; stw check lists them all; --allow-unfinished publishes all the"
        " same, to look at it",
    )


# --- writing ------------------------------------------------------------------------------------


def _remembered(before: Record, files: Mapping[str, bytes]) -> dict[str, tuple[str, ...]]:
    known = dict(before.files)
    for name, data in files.items():
        shas = known.get(name, ())
        if digest(data) not in shas:
            known[name] = (*shas, digest(data))
    return known


class _Writer:
    """Writes what is ours into one place, and nothing else."""

    def __init__(self, workspace: Workspace, place: _Place, record: Record) -> None:
        self.problems: list[Problem] = []
        self._workspace = workspace
        self._root = place.root
        self._record = record

    def look(self, files: Mapping[str, bytes], *, force: bool) -> dict[str, bytes | None]:
        """What lies there now. Raises ConflictError where it is not ours, unless `force`."""
        seen = {name: self._content(name) for name in files}
        foreign = [
            name
            for name, now in seen.items()
            if now not in (None, files[name]) and not self._ours(name, now)
        ]
        if foreign and not force:
            raise self._conflict(foreign)
        for name in foreign:
            kept = self._workspace.back_up_file(self._root / name)
            self.problems.append(
                Problem(
                    rule="replaced",
                    severity="info",
                    message=f"was not as we wrote it; it is kept as {kept}",
                    where=str(self._root / name),
                )
            )
        return seen

    def write(self, files: Mapping[str, bytes], seen: Mapping[str, bytes | None]) -> bool:
        """Pictures before the post that shows them; False when all is there already."""
        wrote = False
        for name, data in files.items():
            if seen[name] == data:
                continue
            if self._content(name) != seen[name]:  # saved by a person meanwhile
                raise self._conflict([name])
            write_atomic(self._root / name, data)
            wrote = True
        return wrote

    def remove_unused(self, folder: str, files: Mapping[str, bytes]) -> list[Path]:
        """Take away pictures that we wrote and the post no longer shows."""
        removed: list[Path] = []
        for name in self._record.files:
            now = self._content(name) if name.startswith(folder) and name not in files else None
            if now is None:
                continue
            path = self._root / name
            if not self._ours(name, now):
                self.problems.append(
                    Problem(
                        rule="edited-side-file",
                        severity="info",
                        message="the post shows it no longer, but somebody changed it: left there",
                        where=str(path),
                        hint="remove it by hand",
                    )
                )
                continue
            try:
                path.unlink()
            except OSError as e:
                raise MissingError(f"cannot remove {path}: {e.strerror or e}") from e
            removed.append(path)
        return removed

    def _content(self, name: str) -> bytes | None:
        path = self._root / name
        if not path.parent.resolve().is_relative_to(self._root.resolve()):
            raise InputError(f"{path} leads out of {self._root}", "is a folder of it a link?")
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as e:
            raise InputError(f"{path} cannot be read: {e.strerror or e}") from e

    def _ours(self, name: str, now: bytes | None) -> bool:
        known = self._record.files.get(name, ())
        return now is not None and digest(now) in known and not (self._root / name).is_symlink()

    def _conflict(self, names: Sequence[str]) -> ConflictError:
        known = [n for n in names if n in self._record.files]
        why = "was changed since we wrote it" if known else "is there already, and not from us"
        listed = ", ".join(str(self._root / n) for n in (known or names)[:5])
        return ConflictError(
            f"{listed}: {why}",
            "take the change over into draft.md, then --force (what is there is backed up first)"
            if known
            else "--slug gives the post another name; --force replaces it, after a backup",
        )


# --- preview ------------------------------------------------------------------------------------


def preview(workspace: Workspace, *, bilingual: bool, images: Pictures, page: Page) -> Path:
    """The post as a page to look at; an unfinished one as well, with its open ends listed."""
    with workspace.locked("stw preview"):
        made = _make(workspace, "preview", bilingual=bilingual, images=images)
        front, _, markdown = split_front(made.post.text)
        facts = dict(front_items(front))
        html = page(
            markdown,
            title=_scalar(facts.get("title", "")) or workspace.slug,
            byline=" · ".join(filter(None, (_authors(facts), _scalar(facts.get("date", ""))))),
            picture=lambda target: made.pictures.get(target.rpartition("/")[2]),
            open_ends=[
                ", ".join(filter(None, (clock(p.at) if p.at is not None else "", p.where)))
                + f": {p.message}"
                for p in made.unfinished
            ],
        )
        workspace.put_aside(PREVIEW, html)
        return workspace.path(PREVIEW)


def _scalar(value: str) -> str:
    """A YAML value as people write titles, names and dates."""
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        quote = value[0]
        return value[1:-1].replace(quote * 2, quote) if quote == "'" else value[1:-1]
    return value


def _authors(facts: Mapping[str, str]) -> str:
    lines = f"{facts.get('author', '')}\n{facts.get('co_authors', '')}"
    return "、".join(
        _scalar(n) for n in re.findall(r"^[ \t-]*name:[ \t]*(.+)$", lines, re.MULTILINE)
    )
