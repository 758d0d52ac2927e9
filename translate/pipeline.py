"""The stages in order: what is missing, stale or edited, and how each is made.

    fetch → transcribe → segment → translate → assemble

Knows the order, what every file is made from, and how a person's edits are kept. Backends come
in ready to be built (`Tools`); this module never says which. It prints nothing.
"""

import contextlib
import datetime
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import msgspec

from translate import glossary as terms
from translate.draft import parse, render
from translate.errors import ConflictError, InputError, LockedError, StwError
from translate.flags import problems_of
from translate.glossary import Glossary
from translate.merge import Conflict, merge
from translate.model import (
    Article,
    Card,
    Cue,
    Engine,
    Flag,
    Listing,
    Media,
    Problem,
    Progress,
    Talk,
    Transcript,
    Translation,
    Usage,
    WindowResult,
)
from translate.report import ReportFacts, render_report
from translate.stages import assemble as assembling
from translate.stages import fetch as fetching
from translate.stages import segment as segmenting
from translate.stages import transcribe as transcribing
from translate.stages import translate as translating
from translate.subtitles import srt
from translate.workspace import (
    ANSWERS,
    ARTICLE,
    CONFLICTS,
    DRAFT,
    DRAFT_BASE,
    MEDIA,
    PRIVATE,
    REPORT,
    REPORT_JSON,
    SUBTITLES,
    TALK,
    TALK_BASE,
    TRANSCRIPT,
    TRANSCRIPT_SRT,
    TRANSLATION,
    USAGE,
    WINDOWS,
    Lines,
    State,
    Workspace,
    decode,
    digest,
    digest_of,
    find_fetched,
)

# Raised when a stage's own rules change, so that what it made before counts as stale.
SEGMENT_RULES = "1"
TRANSCRIBE_RULES = "1"
DRAFT_RULES = "1"


class Captions(Protocol):
    """What a captions file holds, as it stands there."""

    @property
    def cues(self) -> tuple[Cue, ...]: ...
    @property
    def flags(self) -> tuple[Flag, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The outside world, each thing built only when it is needed."""

    downloader: Callable[[], fetching.Downloader]
    decode: Callable[[Path, Progress], transcribing.Audio]
    detector: Callable[[], transcribing.SpeechDetector]
    recogniser: Callable[[], transcribing.Recogniser]
    recogniser_id: Callable[[], str]  # the model that was asked for, unloaded; empty: none was
    default_model: str  # what is taken when none was asked for
    count_tokens: Callable[[str], int]  # as Whisper counts
    read_captions: Callable[[Path], Captions]
    text_language: Callable[[str], tuple[str, float]]
    translator: Callable[[], translating.Translator]
    translator_id: str  # preset, model and prompt, without asking any server
    memory: Callable[[], translating.TranslationMemory | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user chose for this run."""

    captions: str = "auto"  # auto, never, only
    language: str = ""  # empty: English is expected and checked
    audio_only: bool = False
    untranslated: bool = False  # no translation was asked for, so none is no failure
    force: bool = False  # make again what is edited, after a backup
    column: assembling.Column = field(default_factory=assembling.Column)
    today: datetime.date = field(default_factory=datetime.date.today)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What one stage found and did."""

    stage: str
    file: str
    found: State
    did: str  # "made", "kept", "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One talk after a run."""

    workspace: Workspace
    made: tuple[Made, ...] = ()
    problems: tuple[Problem, ...] = ()
    usage: Usage = field(default_factory=Usage)
    stopped: StwError | None = None  # what ended the translator early; the draft is there


# --- fetch --------------------------------------------------------------------------------------


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
        _save_talk(workspace, replace(new, media=have), overrides, key)
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

    What the platform said last is kept aside, so that the next fetch can tell a hand from it.
    """
    mine = workspace.talk() if workspace.has(TALK) else None
    merged = fetching.merge_talk(workspace.talk_base(), mine, new)
    # Files are facts of this folder, not opinions: nobody edits them by hand.
    merged = replace(merged, slug=workspace.slug, media=new.media, captions=new.captions)
    said = {
        name: value
        for name in ("title", "event", "speakers", "date")
        if (value := getattr(overrides, name)) is not None
    }
    workspace.put(TALK, replace(merged, **said), key=key)
    workspace.put_aside(TALK_BASE, new)


# --- transcribe ---------------------------------------------------------------------------------


def transcribe(
    workspace: Workspace,
    tools: Tools,
    glossary: Glossary,
    wishes: Wishes,
    progress: Progress,
) -> Result:
    """Bring transcript.json and transcript.srt up to date."""
    with workspace.locked("stw transcribe"):
        talk = workspace.talk()
        source, key = transcript_from(workspace, talk, tools, wishes)

        def make() -> Transcript:
            if source.kind == "captions":
                return _from_captions(workspace, talk, source, tools, wishes, progress)
            return _from_audio(workspace, talk, source, tools, glossary, key, wishes, progress)

        made = _bring(workspace, "transcribe", TRANSCRIPT, key, make, force=wishes.force)
        Lines(workspace.path(WINDOWS)).clear()
        transcript = workspace.transcript()
        text = srt([(c.start, c.end, c.text) for c in transcript.cues])
        problems = _put_side(workspace, TRANSCRIPT_SRT, text)
    return Result(
        workspace=workspace,
        made=(made,),
        problems=(*problems_of(transcript), *problems),
    )


def speech_source(talk: Talk, policy: str) -> Media:
    """The file whose words are taken: creator-made captions when wanted and there, else sound."""
    track = fetching.choose_captions(talk.captions) if policy != "never" else None
    files = {m.file: m for m in talk.media}
    if track and track.file in files:
        return files[track.file]
    if policy == "only":
        raise InputError(
            f"{talk.slug}: no creator-made English captions",
            f"stw transcribe {talk.slug} --captions never takes the speech through Whisper",
        )
    for media in talk.media:
        if media.kind == "audio":
            return media
    raise InputError(
        f"{talk.slug}: no audio has been downloaded", f"stw fetch {talk.source or 'URL'}"
    )


def transcript_from(
    workspace: Workspace, talk: Talk, tools: Tools, wishes: Wishes
) -> tuple[Media, str]:
    """What the transcript is made from: the file, and the key.

    A transcript that is there stays fresh while its file does, unless a person asks for another
    model or for captions: nobody wants hours of decoding again because `--fast` was left out the
    second time. For the same reason the prompt that biases Whisper is no part of the key: with
    it, one new row in the term base would make every transcript stale. It stands in the
    transcript's provenance; `--force` takes the words anew.
    """
    asked = tools.recogniser_id()
    made_from = workspace.key(TRANSCRIPT).split(":")
    same = [m for m in talk.media if _source_key(m) == made_from[0]]
    source = same[0] if same and _still_wanted(same[0], wishes) else None
    source = source or speech_source(talk, wishes.captions)
    engine = "captions" if source.kind == "captions" else asked
    file = _source_key(source)
    by = digest(engine or tools.default_model)
    language = wishes.language or "en"
    if len(made_from) == 3 and made_from[0] == file:  # what nobody asked for stays as it was
        by = by if engine else made_from[1]
        language = wishes.language or made_from[2]
    return source, f"{file}:{by}:{language}"


def _still_wanted(source: Media, wishes: Wishes) -> bool:
    """Whether the file that a transcript was made from is still one the user may mean."""
    return wishes.captions != ("never" if source.kind == "captions" else "only")


def _source_key(media: Media) -> str:
    return digest(TRANSCRIBE_RULES, media.kind, media.sha256)


def _from_captions(
    workspace: Workspace,
    talk: Talk,
    source: Media,
    tools: Tools,
    wishes: Wishes,
    progress: Progress,
) -> Transcript:
    """Captions as the transcript, held against the sound where it is there."""
    captions = tools.read_captions(workspace.path(source.file))
    transcript = transcribing.from_captions(
        captions.cues,
        duration=talk.duration,
        engine=Engine(name="captions", model=source.file.rpartition("/")[2]),
        detect=tools.text_language,
        language=wishes.language or None,
        flags=captions.flags,
    )
    sound = next((m for m in talk.media if m.kind == "audio"), None)
    if sound is None or not workspace.has(sound.file):
        return transcript
    audio = tools.decode(workspace.path(sound.file), progress)
    speech = tools.detector().speech(audio)
    bare = transcribing.uncovered(transcript.cues, speech)
    return replace(transcript, speech=speech, flags=(*transcript.flags, *audio.flags, *bare))


def _from_audio(
    workspace: Workspace,
    talk: Talk,
    source: Media,
    tools: Tools,
    glossary: Glossary,
    key: str,
    wishes: Wishes,
    progress: Progress,
) -> Transcript:
    audio = tools.decode(workspace.path(source.file), progress)
    journal = WindowJournal(workspace.path(WINDOWS), key)
    return transcribing.transcribe_audio(
        audio,
        tools.recogniser(),
        tools.detector(),
        journal=journal,
        prompt=journal.prompt(lambda: bias(talk, glossary, tools.count_tokens)),
        language=wishes.language or None,
        progress=progress,
    )


def bias(talk: Talk, glossary: Glossary, count_tokens: Callable[[str], int]) -> str:
    """The prompt that makes Whisper spell this talk's terms."""
    context = "\n".join(
        [talk.title, talk.event, talk.description, *(c.title for c in talk.chapters)]
    )
    return transcribing.bias_prompt(
        terms.bias_terms(glossary, context),
        title=talk.title,
        event=talk.event,
        speakers=tuple(s.name for s in talk.speakers),
        count_tokens=count_tokens,
    )


class WindowJournal:
    """Finished windows of one transcription, each on disk as soon as it is done.

    The first line says what they are windows of, and the prompt, so that a continued run does not
    mix two prompts when the glossary was changed in between.
    """

    def __init__(self, path: Path, key: str) -> None:
        self._lines = Lines(path)
        rows = list(self._lines.read())
        self._head: dict[str, str] = rows[0] if rows and isinstance(rows[0], dict) else {}
        if self._head.get("key") != key:
            self._lines.clear()
            self._head, rows = {}, []
        self._key = key
        self._rows = rows[1:]

    def prompt(self, make: Callable[[], str]) -> str:
        if not self._head:
            self._head = {"key": self._key, "prompt": make()}
            self._lines.append(self._head)
        return self._head.get("prompt", "")

    def load(self) -> dict[int, WindowResult]:
        done: dict[int, WindowResult] = {}
        for row in self._rows:
            try:
                done[row["index"]] = msgspec.convert(row["result"], WindowResult)
            except (msgspec.ValidationError, KeyError, TypeError):
                continue  # from another version: that window is done again
        return done

    def append(self, index: int, result: WindowResult) -> None:
        self._lines.append({"index": index, "result": result})


# --- draft --------------------------------------------------------------------------------------


def draft(
    workspace: Workspace,
    tools: Tools,
    glossary: Glossary,
    wishes: Wishes,
    progress: Progress,
) -> Result:
    """Bring article.json, translation.json, draft.md, the subtitles and the report up to date."""
    with workspace.locked("stw draft"):
        talk = workspace.talk()
        if not workspace.has(TRANSCRIPT):
            raise InputError(
                f"{workspace.slug}: there is no transcript yet", f"stw transcribe {workspace.slug}"
            )
        transcript = workspace.transcript()
        key = article_key(workspace, talk, glossary)
        segmented = _bring(
            workspace,
            "segment",
            ARTICLE,
            key,
            lambda: terms.correct_article(segmenting.segment(transcript, talk.chapters), glossary),
            force=wishes.force,
        )
        article = workspace.article()
        translated, outcome = _translate(
            workspace, talk, article, tools, glossary, wishes, progress
        )
        translations = workspace.translations()
        drafted, conflicts = _assemble(
            workspace, talk, transcript, article, translations, glossary, wishes
        )
        # The proof below speaks of terms for the whole talk, so the answers' own findings need not.
        conflicts = _standing(workspace, conflicts)
        problems = [p for p in outcome.problems if not p.rule.startswith("term")]
        if wishes.untranslated:
            problems = [
                replace(p, severity="warning") if p.rule == "untranslated" else p for p in problems
            ]
        problems = [*problems_of(transcript), *problems]
        problems += terms.prove(article, translations, glossary)
        for name, text in zip(SUBTITLES, assembling.subtitles(article, translations), strict=True):
            problems += _put_side(workspace, name, text)
        problems += parse(workspace.text(DRAFT)).problems
        facts = ReportFacts(
            talk=talk,
            transcript=transcript,
            article=article,
            translations=translations,
            problems=problems,
            conflicts=conflicts,
            usage=_spent(workspace, outcome.usage),
        )
        markdown, data = render_report(facts)
        workspace.put(REPORT, markdown, key="")
        workspace.put(REPORT_JSON, data, key="")
    return Result(
        workspace=workspace,
        made=(segmented, translated, drafted),
        problems=(*problems, *(_conflict_problem(c) for c in conflicts)),
        usage=outcome.usage,
        stopped=outcome.stopped,
    )


def _spent(workspace: Workspace, now: Usage) -> Usage:
    """What this talk has cost in all runs together."""
    before = workspace.usage()
    if now.calls:
        workspace.put_aside(USAGE, before + now)
    return before + now


def _standing(workspace: Workspace, fresh: Sequence[Conflict]) -> tuple[Conflict, ...]:
    """The merge's open questions: those of today, and older ones whose block is still as it was.

    A conflict shows only in the run that meets it, because the base moves on; the question stays
    open until the editor changes that block.
    """
    text = _text(workspace, DRAFT) or ""
    told = {c.at for c in fresh}
    before: list[Conflict] = []
    if workspace.has(CONFLICTS):
        path = workspace.path(CONFLICTS)
        before = decode(workspace.read(CONFLICTS), list[Conflict], path)
    old = [c for c in before if c.edited and c.edited in text and c.at not in told]
    standing = sorted([*fresh, *old], key=lambda c: c.at or 0.0)
    if standing != before:
        workspace.put_aside(CONFLICTS, standing)
    return tuple(standing)


def _conflict_problem(conflict: Conflict) -> Problem:
    return Problem(
        rule="merge-conflict",
        severity="warning",
        message="you changed this block, and what would stand there has changed too; yours stays",
        at=conflict.at,
        where=DRAFT,
        hint="both versions stand in report.md",
    )


def article_key(workspace: Workspace, talk: Talk, glossary: Glossary) -> str:
    heard = "\n".join(f"{t.source}\t{'|'.join(t.heard_as)}" for t in glossary.terms)
    chapters = digest_of(talk.chapters)
    return digest(SEGMENT_RULES, workspace.read(TRANSCRIPT), chapters, heard)


def translation_key(workspace: Workspace, article: Article, glossary: Glossary, tool: str) -> str:
    hit = {t.source: t for p in article.paragraphs for t in glossary.terms_in(p.english)}
    rows = terms.digest(hit[s] for s in sorted(hit))
    return digest(workspace.read(ARTICLE), tool, rows)


def _translate(
    workspace: Workspace,
    talk: Talk,
    article: Article,
    tools: Tools,
    glossary: Glossary,
    wishes: Wishes,
    progress: Progress,
) -> tuple[Made, translating.Outcome]:
    key = translation_key(workspace, article, glossary, tools.translator_id)
    found = workspace.state(TRANSLATION, key)
    kept = Made(stage="translate", file=TRANSLATION, found=found, did="kept")
    if found is State.CONFLICT and not wishes.force:
        raise _conflict(workspace, TRANSLATION)
    if found is State.EDITED and not wishes.force:
        return kept, translating.Outcome(translations=tuple(workspace.translations()))
    if found in (State.EDITED, State.CONFLICT):
        workspace.back_up(TRANSLATION)
    outcome = translating.translate(
        article.paragraphs,
        glossary.terms_in,
        tools.translator(),
        AnswerStore(workspace.path(ANSWERS)),
        card=_card(talk),
        progress=progress,
        reuse=tools.memory(),
        before=workspace.translations() if workspace.has(TRANSLATION) else (),
    )
    new = workspace.put(TRANSLATION, list(outcome.translations), key=key)
    return replace(kept, did="made" if new else "kept"), outcome


def _card(talk: Talk) -> Card:
    speakers = tuple(", ".join(filter(None, (s.name, s.affiliation))) for s in talk.speakers)
    return Card(title=talk.title, event=talk.event, speakers=speakers, summary=talk.description)


class AnswerStore:
    """Every answer that was paid for and passed its checks, on disk as it arrived."""

    def __init__(self, path: Path) -> None:
        self._lines = Lines(path)
        self._known: dict[str, translating.Stored] = {}
        for row in self._lines.read():
            try:
                line = msgspec.convert(row, AnswerLine)
            except msgspec.ValidationError:
                continue  # from another version: asked for again
            self._known[line.key] = translating.Stored(line.chinese, line.engine)

    def get(self, key: str) -> translating.Stored | None:
        return self._known.get(key)

    def put(self, key: str, chinese: str, engine: Engine) -> None:
        self._lines.append(AnswerLine(key=key, chinese=chinese, engine=engine))
        self._known[key] = translating.Stored(chinese, engine)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """One line of the store's file."""

    key: str
    chinese: str
    engine: Engine


def _assemble(
    workspace: Workspace,
    talk: Talk,
    transcript: Transcript,
    article: Article,
    translations: Sequence[Translation],
    glossary: Glossary,
    wishes: Wishes,
) -> tuple[Made, tuple[Conflict, ...]]:
    """Write draft.md, merged with what a person did to it.

    The draft goes to disk before its base. Killed in between, the next run merges the same new
    text into the merged draft, and changes nothing.
    """
    key = draft_key(workspace, glossary, wishes.column)
    found = draft_state(workspace, key)
    base = _text(workspace, DRAFT_BASE)
    if workspace.has(DRAFT) and (base is None or wishes.force):
        if not wishes.force:
            raise ConflictError(
                f"{workspace.path(DRAFT)} was not written by this tool, or its base was removed",
                "move it away; or --force: it is backed up, then made again",
            )
        workspace.back_up(DRAFT)
        base = None
    english = {p.start: p.english for p in article.paragraphs}
    glossed = terms.add_first_mentions(
        [(english.get(t.start, ""), t.chinese) for t in translations], glossary
    )
    new = render(
        assembling.assemble(
            talk,
            article,
            [replace(t, chinese=c) for t, c in zip(translations, glossed, strict=True)],
            column=wishes.column,
            hints=terms.first_notes(article, glossary),
            today=_first_day(base) or wishes.today,
            transcribed_by=transcript.engine,
        )
    )
    text, conflicts = new, tuple[Conflict, ...]()
    for _ in range(5):
        mine = _text(workspace, DRAFT)
        if mine is not None and base is not None:
            merged = merge(base, mine, new)
            text, conflicts = merged.text, merged.conflicts
        if _text(workspace, DRAFT) == mine:  # else an editor saved while we merged: merge again
            break
    else:
        raise ConflictError(f"{workspace.path(DRAFT)} keeps changing", "save it, then run again")
    touched = mine is not None and mine != base
    if mine != text:
        if touched:
            workspace.back_up(DRAFT)
        workspace.put_aside(DRAFT, text)
    workspace.put(DRAFT_BASE, new, key=key)
    did = "kept" if mine == text else "merged" if touched else "made"
    return Made(stage="draft", file=DRAFT, found=found, did=did), conflicts


def draft_key(workspace: Workspace, glossary: Glossary, column: assembling.Column) -> str:
    sources = [workspace.read(name) for name in (TALK, ARTICLE, TRANSLATION)]
    if workspace.has(TRANSCRIPT):  # the draft says who transcribed
        sources.append(digest_of(workspace.transcript().engine).encode())
    return digest(DRAFT_RULES, *sources, digest_of(column), digest_of(glossary.terms))


def draft_state(workspace: Workspace, key: str) -> State:
    """The draft's state: a hand's touch shows as a difference from the base beside it."""
    if not workspace.has(DRAFT):
        return State.MISSING
    edited = _text(workspace, DRAFT) != _text(workspace, DRAFT_BASE)
    if workspace.key(DRAFT_BASE) == key:
        return State.EDITED if edited else State.FRESH
    return State.CONFLICT if edited else State.STALE


def _text(workspace: Workspace, name: str) -> str | None:
    return workspace.text(name) if workspace.has(name) else None


def _first_day(base: str | None) -> datetime.date | None:
    """The day on which the draft was first made: its date does not move with every run."""
    if base and (found := re.search(r"^date: (\d{4}-\d{2}-\d{2})$", base, re.MULTILINE)):
        return datetime.date.fromisoformat(found[1])
    return None


# --- all stages ---------------------------------------------------------------------------------


def _bring(
    workspace: Workspace,
    stage: str,
    name: str,
    key: str,
    make: Callable[[], object],
    *,
    force: bool,
) -> Made:
    """Make a file if it is missing or stale; never over a person's words without `force`."""
    found = workspace.state(name, key)
    if found in (State.FRESH, State.EDITED) and not force:
        return Made(stage=stage, file=name, found=found, did="kept")
    if found is State.CONFLICT and not force:
        raise _conflict(workspace, name)
    value = make()
    if found in (State.EDITED, State.CONFLICT):
        workspace.back_up(name)
    workspace.put(name, value, key=key)
    return Made(stage=stage, file=name, found=found, did="made")


def _conflict(workspace: Workspace, name: str) -> ConflictError:
    return ConflictError(
        f"{workspace.path(name)} was edited by hand, and what it was made from has changed since",
        "keep yours: undo the change of the source; or take the new one: --force (yours is backed"
        " up first)",
    )


def _put_side(workspace: Workspace, name: str, text: str) -> list[Problem]:
    """Write a file that is only derived; one that a person edited is left, and that is said."""
    if workspace.edited(name):
        return [
            Problem(
                rule="edited-side-file",
                severity="info",
                message="edited by hand, so it was left as it is",
                where=name,
                hint="move it away to have it made again",
            )
        ]
    workspace.put(name, text, key="")
    return []


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
    rows = [_fetch_status(workspace, talk)]
    try:
        source, key = transcript_from(workspace, talk, tools, wishes)
        state = workspace.state(TRANSCRIPT, key)
        rows.append(Status(stage="transcribe", file=TRANSCRIPT, state=state, note=source.file))
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
    edited = workspace.edited(TALK) or talk != workspace.talk_base()
    return Status(stage="fetch", file=TALK, state=State.EDITED if edited else State.FRESH)


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
        key = translation_key(workspace, workspace.article(), glossary, tools.translator_id)
        state = workspace.state(TRANSLATION, key)
    if workspace.has(TRANSLATION):
        rows = workspace.translations()
        open_ = sum(1 for t in rows if t.missing)
        note = f"{len(rows) - open_} of {len(rows)} paragraphs" if open_ else ""
    yield Status(stage="translate", file=TRANSLATION, state=state, note=note)
    state = State.MISSING
    if workspace.has(TRANSLATION) and workspace.has(ARTICLE):
        state = draft_state(workspace, draft_key(workspace, glossary, wishes.column))
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
        if row.stage == "transcribe":
            return f"stw transcribe {workspace.slug}"
        return f"stw draft {workspace.slug}"
    if any(r.stage == "translate" and r.note for r in rows):
        return f"stw draft {workspace.slug}  (fills the 【待译】 slots)"
    return f"edit {workspace.path(DRAFT)}"
