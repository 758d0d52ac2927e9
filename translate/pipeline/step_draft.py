"""Draft: segment, translate, assemble and merge, report.

Knows what each of its files is made from, and the order in which they may be written.
"""

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from translate import glossary as terms
from translate.draft import ANCHOR, chunks, render
from translate.errors import ConflictError, InputError
from translate.glossary import Glossary
from translate.merge import Conflict, Merged, followed
from translate.merge import take as take_in
from translate.model import (
    Article,
    Card,
    Engine,
    Example,
    Problem,
    Progress,
    Slide,
    Talk,
    Transcript,
    Translation,
    Unit,
)
from translate.pipeline import aside
from translate.pipeline.run import (
    Made,
    Result,
    Tools,
    Wishes,
    bring,
    conflict,
    content,
    put_side,
    text_of,
    undisturbed,
)
from translate.pipeline.step_check import (
    edited_of,
    open_conflicts,
    recorded_conflicts,
    report_on,
)
from translate.pipeline.step_slides import mode_of, slides_today
from translate.pipeline.step_undo import undone_in
from translate.stages import annotate as annotating
from translate.stages import assemble as assembling
from translate.stages import learn as learning
from translate.stages import segment as segmenting
from translate.stages import translate as translating
from translate.stages.brief import summary_of
from translate.stages.learn import same_words
from translate.workspace import (
    ANSWERS,
    ARTICLE,
    BRIEF,
    CONFLICTS,
    DRAFT,
    DRAFT_ASIDE,
    DRAFT_BASE,
    REPORT,
    SUBTITLES,
    TALK,
    TRANSCRIPT,
    TRANSLATION,
    USAGE,
    Lines,
    State,
    Workspace,
    decode,
    digest,
    digest_of,
)

# Raised when a stage's rules change, so that what it made before counts as stale.
SEGMENT_RULES = "1"
DRAFT_RULES = "1"
SLIDE_PLACES = "3"  # of a draft with slides


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
        key, starts = _made_of(workspace, talk, glossary, anew=wishes.force)
        segmented = bring(
            workspace,
            "segment",
            ARTICLE,
            key,
            lambda: _segmented(workspace, transcript, talk, glossary, starts),
            force=wishes.force,
        )
        article = workspace.article()
        translated, outcome = _translate(workspace, article, tools, glossary, wishes, progress)
        translations = workspace.translations()
        # Where --force settles a file before the draft, the draft itself is still merged.
        settled = {segmented.found, translated.found} & {State.EDITED, State.CONFLICT}
        forced = wishes.force and not settled
        side: list[Problem] = []
        drafted = _assemble(
            workspace,
            talk,
            transcript,
            article,
            translations,
            glossary,
            replace(wishes, force=forced),
        )
        edited = edited_of(workspace)
        for name, text in zip(
            SUBTITLES, assembling.subtitles(edited.article, edited.translations), strict=True
        ):
            side += put_side(workspace, name, text)
        side += [p for p in outcome.problems if p.rule == "kept-translation"]
        checked = report_on(workspace, edited, glossary, wishes, usage=workspace.usage(), more=side)
    return Result(
        workspace=workspace,
        made=(segmented, translated, drafted),
        problems=checked.open,
        usage=outcome.usage,
        stopped=outcome.stopped,
    )


def plan(workspace: Workspace, tools: Tools, glossary: Glossary) -> translating.Plan:
    """What translating this talk would take today; asks nobody and writes nothing."""
    article = article_today(workspace, glossary)
    return translating.plan(
        article.paragraphs,
        glossary.terms_in,
        tools.translator(),
        AnswerStore(workspace.path(ANSWERS)),
        card=card_of(workspace),
        reuse=_memory(workspace, tools),
    )


def article_today(workspace: Workspace, glossary: Glossary) -> Article:
    """The article that a draft would be made of now."""
    talk = workspace.talk()
    key, starts = _made_of(workspace, talk, glossary)
    if workspace.state(ARTICLE, key) in (State.FRESH, State.EDITED):
        return workspace.article()
    return _segmented(workspace, workspace.transcript(), talk, glossary, starts)


def _segmented(
    workspace: Workspace,
    transcript: Transcript,
    talk: Talk,
    glossary: Glossary,
    starts: Sequence[float],
) -> Article:
    heard = segmenting.segment(transcript, talk.chapters, starts)
    return terms.correct_article(heard, glossary, undone_in(workspace))


def _remember(workspace: Workspace, text: str, new: str, fresh: Sequence[Conflict]) -> None:
    """Keep the merge's open questions: those of today, and older ones whose block is as it was.

    A conflict shows only in the run that meets it, because the base moves on; the question stays
    open until the editor changes that block, or what they changed is generated again.
    """
    told = {c.name for c in fresh}
    again = {c.text for c in chunks(new)}
    known = (c for c in open_conflicts(workspace, text) if c.base not in again)
    # That nothing stands for a block any more is no question once something does.
    known = (c for c in known if c.new or followed(c, new) is None)
    old = [c for c in known if c.name not in told]
    if fresh or old or workspace.has(CONFLICTS):
        workspace.put_aside(CONFLICTS, sorted([*fresh, *old], key=lambda c: (c.at or -1.0, c.name)))


def take(workspace: Workspace, names: Sequence[str]) -> tuple[Conflict, ...]:
    """Put the new text in the place of the editor's, where the report offers it.

    A name is a conflict's own, or a time, which means all that stands there. One whose block the
    editor has changed again since the report is taken all the same. Raises InputError for a name
    that nothing answers to; then nothing is taken. The draft is backed up first.
    """
    with workspace.locked("stw draft --take"):
        text = workspace.text(DRAFT)
        known = open_conflicts(workspace, text)
        for name in names:
            if not any(_answers(c, name) for c in known):
                again = _settled(workspace, text, name)
                if not again:
                    listed = ", ".join(c.name for c in known) or "none"
                    raise InputError(
                        f"{workspace.slug}: no conflict is called {name!r} (open: {listed})",
                        f"they stand in {workspace.path(REPORT)}, which stw check brings up to"
                        " date; what you took out of the draft has none",
                    )
                known = (*known, *again)
        taken = tuple(c for c in known if any(_answers(c, name) for name in names))
        # What the editor made of several blocks is one block: it goes as a whole.
        taken = tuple(c for c in known if c.edited in {t.edited for t in taken})
        workspace.back_up(DRAFT)
        workspace.put_aside(DRAFT, take_in(text, taken))
        workspace.put_aside(CONFLICTS, [c for c in known if c not in taken])
    return taken


def _settled(workspace: Workspace, text: str, name: str) -> tuple[Conflict, ...]:
    """Questions of that name which the editor has settled by changing the block again."""
    known = (c for c in recorded_conflicts(workspace) if _answers(c, name))
    return tuple(filter(None, (followed(c, text) for c in known)))


def _answers(conflict: Conflict, name: str) -> bool:
    return name in (conflict.name, conflict.name.partition(" ")[0])


def article_key(workspace: Workspace, talk: Talk, glossary: Glossary) -> str:
    return _made_of(workspace, talk, glossary)[0]


def _made_of(
    workspace: Workspace, talk: Talk, glossary: Glossary, *, anew: bool = False
) -> tuple[str, Sequence[float]]:
    """The key of the article, and when slides were first shown, since paragraphs begin with them.

    Slides that a person takes out, or that are not wanted in the draft, count as well. But slides
    found later cut no paragraphs again, unless these are made `anew`: so they, their Chinese and
    what was edited in it stay as they are.
    """
    heard = "\n".join(f"{t.source}\t{'|'.join(t.heard_as)}" for t in glossary.terms)
    chapters = digest_of(talk.chapters)
    undone = undone_in(workspace)
    left = (digest_of(undone),) if undone else ()
    without = digest(SEGMENT_RULES, workspace.read(TRANSCRIPT), chapters, heard, *left)
    starts = tuple(s.start for s in workspace.deck().slides)
    recorded = workspace.key(ARTICLE) if workspace.has(ARTICLE) and not anew else ""
    if recorded.partition(":")[0] == without:
        return recorded, starts
    return f"{without}:{digest_of(starts)}" if starts else without, starts


def translation_key(
    workspace: Workspace, article: Article, glossary: Glossary, tools: Tools
) -> str:
    """What the translations are made from: the English, the terms and the remembered Chinese that
    hit it, and whoever translates the rest."""
    hit = {t.source: t for p in article.paragraphs for t in glossary.terms_in(p.english)}
    rows = terms.digest(hit[s] for s in sorted(hit))
    memory = _memory(workspace, tools)
    units = translating.units_of(article.paragraphs, glossary.terms_in) if memory else ()
    made_of = digest(workspace.read(ARTICLE), rows)
    today = (memory.fingerprint(units) if memory else "", tools.translator_id())
    recorded = workspace.key(TRANSLATION)
    before = tuple(recorded.split(":"))
    if before[0] == made_of and all(t in ("", b) for t, b in zip(today, before[1:], strict=True)):
        return recorded  # nobody knows better today: what is there stays as good as it was
    return ":".join((made_of, *today))


def _memory(workspace: Workspace, tools: Tools) -> translating.TranslationMemory | None:
    """The memory; what it learned from this very talk only where the draft still says so."""
    memory = tools.memory()
    if memory is None or not (workspace.has(DRAFT) and workspace.has(DRAFT_BASE)):
        return memory
    now = {t.start: t.chinese for t in edited_of(workspace).translations}
    return _OwnWords(memory, workspace.slug, now)


@dataclass(frozen=True, slots=True)
class _OwnWords:
    """A memory without what its talk's editor has since put otherwise."""

    memory: translating.TranslationMemory
    talk: str
    now: Mapping[float, str]  # what the draft says, by paragraph

    @property
    def engine(self) -> Engine:
        return self.memory.engine

    def lookup(self, unit: Unit) -> str | None:
        found = self.memory.lookup(unit)
        own = self.memory.engine_of(unit).parameters.get("talk") == self.talk
        if found is None or (own and not same_words(found, self.now.get(unit.start, found))):
            return None
        return found

    def engine_of(self, unit: Unit) -> Engine:
        return self.memory.engine_of(unit)

    def fingerprint(self, units: Sequence[Unit]) -> str:
        return self.memory.fingerprint([u for u in units if self.lookup(u) is not None])

    def similar(self, unit: Unit, *, least: float) -> tuple[Example, ...]:
        return self.memory.similar(unit, least=least)


def _translate(
    workspace: Workspace,
    article: Article,
    tools: Tools,
    glossary: Glossary,
    wishes: Wishes,
    progress: Progress,
) -> tuple[Made, translating.Outcome]:
    key = translation_key(workspace, article, glossary, tools)
    found = workspace.state(TRANSLATION, key)
    kept = Made(stage="translate", file=TRANSLATION, found=found, did="kept")
    if found is State.CONFLICT and not wishes.force:
        raise conflict(workspace, TRANSLATION)
    before = workspace.translations() if workspace.has(TRANSLATION) else []
    done = found is State.FRESH and not any(t.missing or t.stale for t in before)
    if (done or found is State.EDITED) and not wishes.force:
        doubts = translating.review(article.paragraphs, glossary.terms_in, before)
        return kept, translating.Outcome(translations=tuple(before), problems=doubts)
    seen = content(workspace, TRANSLATION)
    earlier = workspace.usage()
    if found in (State.EDITED, State.CONFLICT):
        workspace.back_up(TRANSLATION)
    outcome = translating.translate(
        article.paragraphs,
        glossary.terms_in,
        tools.translator(),
        AnswerStore(workspace.path(ANSWERS)),
        card=card_of(workspace),
        progress=progress,
        reuse=_memory(workspace, tools),
        before=before,
        pace=replace(wishes.pace, spent=earlier.cost or 0.0, unpriced=earlier.without_cost),
        spent=lambda now: workspace.put_aside(USAGE, earlier + now),  # killed, it has paid as well
    )
    if content(workspace, TRANSLATION) != seen:  # saved by a person meanwhile; answers are stored
        raise conflict(workspace, TRANSLATION)
    new = workspace.put(TRANSLATION, list(outcome.translations), key=key)
    return replace(kept, did="made" if new else "kept"), outcome


def card_of(workspace: Workspace) -> Card:
    """What a translator is told of the talk; of its own accord, or as brief.md sums it up."""
    talk = workspace.talk()
    summary = summary_of(workspace.text(BRIEF)) if workspace.has(BRIEF) else ""
    speakers = tuple(", ".join(filter(None, (s.name, s.affiliation))) for s in talk.speakers)
    return Card(
        title=talk.title, event=talk.event, speakers=speakers, summary=summary or talk.description
    )


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
) -> Made:
    """Write draft.md, merged with what a person did to it.

    The draft goes to disk before its base. Killed in between, the next run merges the same new
    text into the merged draft, and changes nothing. The first of all comes after its base: a
    draft without one could not be told from a file of somebody else's.
    """
    key = draft_key(workspace, glossary, wishes)
    found = draft_state(workspace, key)
    base = text_of(workspace, DRAFT_BASE)
    backup: Path | None = None
    if workspace.has(DRAFT) and (base is None or wishes.force):
        if not wishes.force:
            raise ConflictError(
                f"{workspace.path(DRAFT)} was not written by this tool, or its base was removed",
                "move it away; or --force: it is backed up, then made again",
            )
        base = None
    english = {p.start: p.english for p in article.paragraphs}
    glossed = terms.add_first_mentions(
        [(english.get(t.start, ""), t.chinese) for t in translations], glossary
    )
    today = _first_day(base) or wishes.today
    slots = annotating.note_slots(
        article,
        glossary,
        wishes.counterparts,
        date=talk.date,
        today=today,
        amount=wishes.notes,
    )
    for start, reasons in annotating.foreign_slots(article, transcript.flags).items():
        slots[start] = (*reasons, *slots.get(start, ()))
    passages = [
        t if _own(t, workspace) else replace(t, chinese=c)
        for t, c in zip(translations, glossed, strict=True)
    ]

    def rendered(shown: Sequence[Slide]) -> str:
        return render(
            assembling.assemble(
                talk,
                article,
                passages,
                column=wishes.column,
                slots=slots,
                slides=shown,
                found=workspace.deck().slides,
                today=today,
                transcribed_by=transcript.engine,
            )
        )

    shown = slides_today(workspace, wishes)
    now = aside.Generated(mode=mode_of(workspace, shown), text=rendered(shown))
    new = now.text
    mine, merged, kept = _merged(workspace, base, now, lambda: rendered(()))
    text = merged.text
    touched = base is not None and mine is not None and mine != base
    _put_aside(workspace, {**_aside(workspace), **kept})  # before the draft is without them
    if mine is None and base is None:
        workspace.put(DRAFT_BASE, new, key=key)
    if mine != text:
        backup = _written(workspace, text, keep=mine is not None and (touched or base is None))
    _remember(
        workspace, text, new, merged.conflicts
    )  # before the base moves on and they cannot be seen
    workspace.put(DRAFT_BASE, new, key=key)
    _put_aside(workspace, {m: one for m, one in kept.items() if m != now.mode})
    did = "kept" if mine == text else "merged with your edits" if touched else "made"
    if backup and base is None:
        did = f"replaced; the old one is {backup}"
    return Made(stage="draft", file=DRAFT, found=found, did=did)


def _merged(
    workspace: Workspace,
    base: str | None,
    now: aside.Generated,
    plain: Callable[[], str],
) -> tuple[str | None, Merged, Mapping[str, aside.Aside]]:
    """The draft that lies there, what is to come in its place, and which drafts to keep aside; of a
    draft that is made anew, none."""

    def made(mine: str | None) -> tuple[Merged, Mapping[str, aside.Aside]]:
        if mine is None or base is None:
            return Merged(text=now.text), {}
        was = aside.Generated(mode=_mode_of(workspace.made_from(DRAFT_BASE)), text=base)
        return aside.bring(was, mine, now, plain, _aside(workspace))

    mine, (merged, kept) = undisturbed(workspace, DRAFT, text_of, made)
    told = tuple(c for c in merged.conflicts if not _agreed(c))
    return mine, replace(merged, conflicts=told), kept


def _aside(workspace: Workspace) -> dict[str, aside.Aside]:
    """The drafts with slides that were kept while others, or none, are shown."""
    if not workspace.has(DRAFT_ASIDE):
        return {}
    path = workspace.path(DRAFT_ASIDE)
    kept: list[aside.Aside] = decode(workspace.read(DRAFT_ASIDE), list[aside.Aside], path)
    return {one.mode: one for one in kept}


def _put_aside(workspace: Workspace, kept: Mapping[str, aside.Aside]) -> None:
    if kept != _aside(workspace):
        workspace.put_aside(DRAFT_ASIDE, list(kept.values()))


def _mode_of(key: str) -> str:
    """How the draft with this key shows slides."""
    return key.partition(":")[2]


def _written(workspace: Workspace, text: str, *, keep: bool) -> Path | None:
    """Write the draft; what stood there is backed up before, if it is to be kept: where it is."""
    backup = workspace.back_up(DRAFT) if keep else None
    workspace.put_aside(DRAFT, text)
    return backup


def _own(translation: Translation, workspace: Workspace) -> bool:
    """Whether it was learned from this very talk: its editor has decided on first mentions too."""
    return translation.by.parameters.get("talk") == workspace.slug


def _agreed(conflict: Conflict) -> bool:
    """Whether what would stand there says what the editor says, but for markup: their own words,
    given back by the memory."""
    both = (conflict.edited, conflict.new)
    chinese = all(ANCHOR.search(t) and not t.startswith("<details") for t in both)
    return chinese and learning.same_words(*both)


def draft_key(workspace: Workspace, glossary: Glossary, wishes: Wishes) -> str:
    sources = [workspace.read(name) for name in (TALK, ARTICLE, TRANSLATION)]
    if workspace.has(TRANSCRIPT):  # the draft says who transcribed, and what nobody could
        transcript = workspace.transcript()
        sources.append(digest_of(transcript.engine).encode())
        foreign = [f for f in transcript.flags if f.rule == "other-language"]
        sources += [digest_of(foreign).encode()] if foreign else []
    notes = (wishes.notes, digest_of(wishes.counterparts.terms))
    rows = digest_of(glossary.terms)
    shown = slides_today(workspace, wishes)
    slides = (SLIDE_PLACES, digest_of(shown)) if shown else ()
    made_of = digest(DRAFT_RULES, *sources, digest_of(wishes.column), rows, *notes, *slides)
    return f"{made_of}:{mode_of(workspace, shown)}" if shown else made_of


def draft_state(workspace: Workspace, key: str) -> State:
    """The draft's state: a hand's touch shows as a difference from the base beside it."""
    if not workspace.has(DRAFT):
        return State.MISSING
    edited = text_of(workspace, DRAFT) != text_of(workspace, DRAFT_BASE)
    if workspace.key(DRAFT_BASE) == key:
        return State.EDITED if edited else State.FRESH
    return State.CONFLICT if edited else State.STALE


def _first_day(base: str | None) -> datetime.date | None:
    """The day on which the draft was first made: its date does not move with every run."""
    if base and (found := re.search(r"^date: (\d{4}-\d{2}-\d{2})$", base, re.MULTILINE)):
        return datetime.date.fromisoformat(found[1])
    return None
