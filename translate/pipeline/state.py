"""Status: what lies in a talk's folder, and the next command. Makes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from translate.draft import parse
from translate.errors import InputError
from translate.glossary import Glossary
from translate.model import UNTRANSLATED, Talk
from translate.pipeline.run import Tools, Wishes
from translate.pipeline.step_draft import article_key, draft_key, draft_state, translation_key
from translate.pipeline.step_slides import slides_state, slides_today, video_of
from translate.pipeline.step_transcribe import transcript_from, unheard_of_slides
from translate.workspace import (
    ARTICLE,
    DRAFT,
    SLIDES,
    TALK,
    TRANSCRIPT,
    TRANSLATION,
    WINDOWS,
    State,
    Workspace,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One stage of one talk, as it lies on disk."""

    stage: str
    file: str
    state: State
    note: str = ""


def status(
    workspace: Workspace, tools: Tools, glossary: Glossary, wishes: Wishes
) -> tuple[tuple[Status, ...], str]:
    """Every stage's state, and the next command. Loads no model and asks no server."""
    talk = workspace.talk()
    rows = [_fetch_status(workspace, talk), *_slides_status(workspace, talk, tools, wishes)]
    try:
        source, key = transcript_from(workspace, talk, tools, wishes)
        state = workspace.state(TRANSCRIPT, key)
        note = f"{source.file}{_unheard(workspace, glossary, wishes)}"
        if state in (State.MISSING, State.STALE) and workspace.has(WINDOWS):
            note = f"{note}; begun, and the next run goes on"
        rows.append(Status(stage="transcribe", file=TRANSCRIPT, state=state, note=note))
    except InputError as e:
        state = State.EDITED if workspace.has(TRANSCRIPT) else State.MISSING
        rows.append(Status(stage="transcribe", file=TRANSCRIPT, state=state, note=e.message))
    rows += _draft_status(workspace, talk, tools, glossary, wishes)
    return tuple(rows), _next(workspace, talk, rows)


def _fetch_status(workspace: Workspace, talk: Talk) -> Status:
    absent = [m.file for m in talk.media if not workspace.has(m.file)]
    if absent or not talk.media:
        note = f"not here: {', '.join(absent)}" if absent else "nothing downloaded yet"
        return Status(stage="fetch", file=TALK, state=State.MISSING, note=note)
    base = workspace.talk_base()
    own = [f for f in ("title", "event", "speakers", "date") if _differ(talk, base, f)]
    edited = workspace.edited(TALK) or talk != base
    note = f"kept as you said: {', '.join(own)}" if own else ""
    return Status(
        stage="fetch", file=TALK, state=State.EDITED if edited else State.FRESH, note=note
    )


def _slides_status(
    workspace: Workspace, talk: Talk, tools: Tools, wishes: Wishes
) -> Iterator[Status]:
    """A row where there is a video, or slides of it."""
    if wishes.slides == "none":
        return
    if not workspace.has(SLIDES) and video_of(workspace, talk) is None:
        return
    try:
        state = slides_state(workspace, talk, tools, wishes)
        deck, shown = workspace.deck().slides, slides_today(workspace, wishes)
    except InputError as e:
        yield Status(stage="slides", file=SLIDES, state=State.EDITED, note=e.message)
        return
    failed = sum(1 for s in shown if s.missing)
    parts = [f"{len(shown)} slides" if workspace.has(SLIDES) else ""]
    parts += [f"{failed} failed" if failed else ""]
    parts += [f"{len(deck)} found" if len(deck) != len(shown) else ""]
    yield Status(stage="slides", file=SLIDES, state=state, note=", ".join(filter(None, parts)))


def _unheard(workspace: Workspace, glossary: Glossary, wishes: Wishes) -> str:
    """That slides have names which the words were taken without."""
    if not workspace.has(TRANSCRIPT):
        return ""
    names = unheard_of_slides(workspace, workspace.transcript(), glossary, wishes)
    return f", without {len(names)} names of the slides (--force)" if names else ""


def _differ(talk: Talk, base: Talk | None, name: str) -> bool:
    return base is not None and getattr(talk, name) != getattr(base, name)


def _draft_status(
    workspace: Workspace, talk: Talk, tools: Tools, glossary: Glossary, wishes: Wishes
) -> Iterator[Status]:
    """Stages after a missing or stale one are judged by what lies there now."""
    state = State.MISSING
    if workspace.has(TRANSCRIPT):
        state = workspace.state(ARTICLE, article_key(workspace, talk, glossary))
    yield Status(stage="segment", file=ARTICLE, state=state)
    state, note = State.MISSING, ""
    if workspace.has(ARTICLE):
        key = translation_key(workspace, workspace.article(), glossary, tools)
        state = workspace.state(TRANSLATION, key)
    if workspace.has(TRANSLATION):
        rows = workspace.translations()
        open_ = sum(1 for t in rows if t.missing)
        old = sum(1 for t in rows if t.stale)
        if (open_ or old) and workspace.has(DRAFT):  # a person may have settled some in the draft
            draft = workspace.text(DRAFT)
            open_ = min(open_, draft.count(UNTRANSLATED))
            old = min(old, sum(1 for p in parse(draft).passages if p.stale))
        note = f"{len(rows) - open_} of {len(rows)} paragraphs" if open_ or old else ""
        note += f", {old} of them stale" if old else ""
        state = State.STALE if old and state is State.FRESH else state
    yield Status(stage="translate", file=TRANSLATION, state=state, note=note)
    state = State.MISSING
    if workspace.has(TRANSLATION) and workspace.has(ARTICLE):
        state = draft_state(workspace, draft_key(workspace, glossary, wishes))
    yield Status(stage="draft", file=DRAFT, state=state)


def _next(workspace: Workspace, talk: Talk, rows: Sequence[Status]) -> str:
    """The next command for this talk, or what is left to a person."""
    todo = {State.MISSING, State.STALE, State.CONFLICT}
    for row in rows:
        if row.state not in todo:
            continue
        if row.stage == "fetch" and any(r.state is not State.MISSING for r in rows[1:]):
            continue  # the media may be gone when the words are there
        if row.stage == "fetch":
            return f"stw fetch {talk.source or talk.url}"
        if row.stage in ("slides", "transcribe"):
            return f"stw {row.stage} {workspace.slug}"
        return f"stw draft {workspace.slug}"
    if any(r.stage == "translate" and r.note for r in rows):
        return f"stw draft {workspace.slug}  (fills the 【待译】 slots)"
    return f"edit {workspace.path(DRAFT)}, then stw check {workspace.slug}"
