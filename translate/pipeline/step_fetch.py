"""Fetch: a listing becomes a talk's folder with its facts and files."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from translate.errors import LockedError
from translate.model import (
    Listing,
    Progress,
    Talk,
)
from translate.pipeline.run import (
    Made,
    Result,
    Tools,
    Wishes,
)
from translate.stages import fetch as fetching
from translate.workspace import (
    MEDIA,
    PRIVATE,
    TALK,
    TALK_BASE,
    TALK_NEXT,
    Workspace,
    digest,
    find_fetched,
)


def fetch(
    drafts: Path,
    listing: Listing,
    tools: Tools,
    overrides: fetching.Overrides,
    wishes: Wishes,
    progress: Progress,
) -> Result:
    """Bring one talk into its folder: facts first, then the files.

    Hand-corrected facts are kept; files that are there and whole are not downloaded again.
    """
    key = digest(listing.key)
    with _home(drafts, listing, overrides, key) as workspace:
        found = workspace.state(TALK, key)
        mine = workspace.talk() if workspace.has(TALK) else None
        have = mine.media if mine else ()
        new = fetching.describe(listing, slug=workspace.slug)
        known = replace(new, media=have, captions=mine.captions if mine else new.captions)
        _save_talk(workspace, known, overrides, key)
        download = tools.downloader().download(
            listing,
            workspace.path(MEDIA),
            audio_only=wishes.audio_only,
            progress=progress,
            have=tuple(replace(m, file=m.file.removeprefix(f"{MEDIA}/")) for m in have),
        )
        # Of a playlist's entry the date, chapters and captions are known only now.
        new = fetching.describe(download.listing, slug=workspace.slug)
        _save_talk(workspace, fetching.gathered(new, download, folder=MEDIA), overrides, key)
    return Result(
        workspace=workspace,
        made=(Made(stage="fetch", file=TALK, found=found, did="made"),),
        problems=(*listing.problems, *download.problems),
    )


@contextlib.contextmanager
def _home(
    drafts: Path, listing: Listing, overrides: fetching.Overrides, key: str
) -> Iterator[Workspace]:
    """The talk's folder, locked: the one it was fetched into before, else a new one."""
    plain = fetching.describe(listing, slug="", overrides=overrides)
    slug = ""
    for _ in range(3):
        slug = fetching.slug_for(
            plain.event, plain.title, lambda s: _taken(drafts / s), listing.key
        )
        workspace = find_fetched(drafts, key) or Workspace(drafts / slug)
        with workspace.locked("stw fetch"):
            if workspace.has(TALK) and workspace.key(TALK) != key:
                continue  # another run gave this name to another talk a moment ago
            yield workspace
            return
    raise LockedError(f"{drafts}: other runs keep taking the name {slug!r}", "run it again")


def _taken(folder: Path) -> bool:
    """Whether a folder is somebody's. One without talk.json is what a killed fetch left."""
    return (folder / TALK).exists() or (
        folder.exists() and any(p.name not in (PRIVATE, MEDIA) for p in folder.iterdir())
    )


def _save_talk(workspace: Workspace, new: Talk, overrides: fetching.Overrides, key: str) -> None:
    """Merge what was fetched into talk.json: a flag wins over a hand, a hand over the platform.

    What the platform said last is kept aside, so that the next fetch can tell a hand from it:
    under another name until talk.json is written, so that killing us between the two loses neither.
    """
    mine = workspace.talk() if workspace.has(TALK) else None
    merged = fetching.merge_talk(_base(workspace, mine), mine, new)
    # Files are facts of this folder, not opinions: nobody edits them by hand.
    merged = replace(merged, slug=workspace.slug, media=new.media, captions=new.captions)
    said = {
        name: value
        for name in ("title", "event", "speakers", "date")
        if (value := getattr(overrides, name)) is not None
    }
    workspace.put_aside(TALK_NEXT, new)
    workspace.put(TALK, replace(merged, **said), key=key)
    workspace.path(TALK_NEXT).replace(workspace.path(TALK_BASE))


def _base(workspace: Workspace, mine: Talk | None) -> Talk | None:
    """What the platform had said when talk.json was last written."""
    base = workspace.talk_base()
    if mine is None or not workspace.has(TALK_NEXT):
        return base
    # A run was killed here. Where merging its facts changes nothing, talk.json has them already.
    later = workspace.talk_next()
    again = fetching.merge_talk(base, mine, later)
    same = replace(again, slug=mine.slug, media=mine.media, captions=mine.captions) == mine
    return later if same else base
