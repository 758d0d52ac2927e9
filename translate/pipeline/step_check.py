"""Check: what an editor must look at, told from what lies in the folder, and the report on it.

Asks nobody and changes nothing but the report. Knows which rules look at what; what a person has
ticked or silenced is kept beside the report, under the ids of its items.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from shlex import quote

from translate import glossary as terms
from translate import refusals, slide_numbers
from translate.draft import Draft, Passage, parse
from translate.errors import InputError, MissingError
from translate.flags import problems_of
from translate.glossary import Glossary, Undone
from translate.merge import Conflict, standing
from translate.model import UNTRANSLATED, Problem, Slide, Talk, Transcript, Usage, clock
from translate.pipeline.as_edited import Edited, as_edited
from translate.pipeline.run import Wishes, untouched
from translate.pipeline.step_slides import problems_of_slides, slides_today
from translate.pipeline.step_transcribe import unheard_of_slides, unheard_problem
from translate.pipeline.step_undo import undone_in
from translate.report import (
    Item,
    Marks,
    ReportFacts,
    every_correction,
    items_of,
    read_ticks,
    render_report,
    without_ticks,
)
from translate.spelling import slips
from translate.stages import mishear as mishearing
from translate.stages import translate as translating
from translate.workspace import (
    CONFLICTS,
    DRAFT,
    DRAFT_BASE,
    MARKS,
    REPORT,
    REPORT_JSON,
    TALK,
    Workspace,
    decode,
    digest,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is remembered of a report: the person's marks, and what we wrote last, unticked."""

    marks: Marks = field(default_factory=Marks)
    report: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One talk, looked at."""

    workspace: Workspace
    talk: Talk
    items: tuple[Item, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def open(self) -> tuple[Problem, ...]:
        """What nobody has silenced."""
        return tuple(i.problem for i in self.items if not i.silenced)


def check(workspace: Workspace, glossary: Glossary, wishes: Wishes) -> Checked:
    """Look at a talk as it is now, and bring its report up to date.

    Raises InputError when there is no draft yet.
    """
    with workspace.locked("stw check"):
        if not (workspace.has(DRAFT) and workspace.has(DRAFT_BASE)):
            raise InputError(
                f"{workspace.slug}: there is no draft to check yet", f"stw draft {workspace.slug}"
            )
        return report_on(workspace, edited_of(workspace), glossary, wishes, usage=workspace.usage())


def silence(workspace: Workspace, item: str, reason: str) -> None:
    """Remember that one item needs no looking at, and why; an empty reason takes that back.

    Raises InputError when the report has no such item.
    """
    with workspace.locked("stw check"):
        kept = _kept(workspace)
        if not reason and item not in kept.marks.silenced:
            raise InputError(
                f"{workspace.slug}: {item} is silenced only with a reason", "--reason '…'"
            )
        known = read_ticks(workspace.text(REPORT)) if workspace.has(REPORT) else {}
        if item not in known and item not in kept.marks.silenced:
            raise InputError(
                f"{workspace.slug}: the report has no item {item!r}",
                f"the six digits before each line of {workspace.path(REPORT)} name it",
            )
        silenced = {k: v for k, v in kept.marks.silenced.items() if k != item}
        if reason:
            silenced[item] = reason
        marks = replace(kept.marks, silenced=silenced)
        workspace.put_aside(MARKS, replace(kept, marks=marks))


def edited_of(workspace: Workspace) -> Edited:
    """The talk as its draft tells it."""
    return as_edited(
        parse(workspace.text(DRAFT)),
        parse(workspace.text(DRAFT_BASE)),
        workspace.article(),
        workspace.translations(),
    )


def report_on(
    workspace: Workspace,
    edited: Edited,
    glossary: Glossary,
    wishes: Wishes,
    *,
    usage: Usage,
    more: Sequence[Problem] = (),
) -> Checked:
    """Gather what there is to say, and write report.md and report.json. `more` comes with it."""
    talk, transcript = workspace.talk(), workspace.transcript()
    text, shown = workspace.text(DRAFT), slides_today(workspace, wishes)
    draft = parse(text)
    conflicts = open_conflicts(workspace, text)
    problems = [
        *more,
        *_about_facts(talk, wishes),
        *_about_text(draft, edited, glossary, wishes),
        *_about_hearing(transcript, edited),
        *_about_prompt(workspace, transcript, glossary, wishes),
        *_about_names(talk, edited, glossary, undone_in(workspace), shown),
        *_about_draft(workspace, text, draft),
        *_about_slides(workspace, talk, glossary, wishes, text, edited, shown),
        *slide_numbers.differing(shown, edited.article, edited.translations),
        *(_about_conflict(c) for c in conflicts),
    ]
    kept = _kept(workspace)
    old = workspace.text(REPORT) if workspace.has(REPORT) else ""
    marks = _with_ticks(kept.marks, old)
    items = items_of(_untold(problems, edited), edited.article, edited.translations, marks, text)
    facts = ReportFacts(
        talk=talk,
        transcript=transcript,
        article=edited.article,
        translations=edited.translations,
        items=items,
        conflicts=conflicts,
        usage=usage,
        terms=terms.uses(edited.article, edited.translations, glossary),
        slides=shown,
    )
    markdown, data = render_report(facts)
    if old and digest(without_ticks(old)) != kept.report and old != markdown:
        workspace.back_up(REPORT)  # somebody wrote more into it than ticks
    workspace.put_aside(MARKS, Kept(marks=marks, report=digest(without_ticks(markdown))))
    workspace.put(REPORT, markdown, key="")
    workspace.put(REPORT_JSON, data, key="")
    return Checked(workspace=workspace, talk=talk, items=items, conflicts=conflicts)


def _kept(workspace: Workspace) -> Kept:
    if not workspace.has(MARKS):
        return Kept()
    return decode(workspace.read(MARKS), Kept, workspace.path(MARKS))  # type: ignore[no-any-return]


def _with_ticks(marks: Marks, report: str) -> Marks:
    """The marks with what a person has ticked, or unticked, in the report that lies there."""
    seen = read_ticks(report)
    ticked = {i for i in marks.ticked if seen.get(i, True)} | {i for i, on in seen.items() if on}
    return replace(marks, ticked=tuple(sorted(ticked)))


def _untold(problems: Sequence[Problem], edited: Edited) -> list[Problem]:
    """Without what is said twice, and what is said of paragraphs that the editor took out."""
    # True of the talk, whatever the draft keeps of it; and of the draft, just because it is so.
    spoken = {"uncovered", "sparse", "other-language", "misheard", "paragraph-deleted"}
    told = dict.fromkeys(problems)
    return [p for p in told if p.at not in edited.dropped or p.rule in spoken]


# --- what is looked at --------------------------------------------------------------------------


def _about_facts(talk: Talk, wishes: Wishes) -> Iterator[Problem]:
    """What a post needs to say of the talk and of its author, and nobody has said."""
    facts = {"link": talk.url, "speaker": talk.speakers, "event": talk.event, "date": talk.date}
    lacking = [name for name, value in facts.items() if not value]
    if lacking:
        yield Problem(
            rule="facts",
            severity="warning",
            message=f"the talk has no {', no '.join(lacking)}",
            where=TALK,
            hint="write it into talk.json, or stw fetch again with --event, --speaker, --date",
        )
    if not wishes.signed:
        yield Problem(
            rule="author",
            severity="info",
            message=f"the post is signed {wishes.column.author.name}, the column's default",
            where=DRAFT,
            hint="set author under [column] in stw.toml",
        )


def _about_text(
    draft: Draft, edited: Edited, glossary: Glossary, wishes: Wishes
) -> Iterator[Problem]:
    """The Chinese against the English, paragraph by paragraph, and the terms of all of it."""
    found = translating.review(edited.article.paragraphs, glossary.terms_in, edited.translations)
    # Of the terms, the proof speaks for the whole talk.
    problems = [p for p in found if not p.rule.startswith("term")]
    told = {p.at for p in problems if p.rule == "untranslated"}
    problems += [p for p in _about_marks(draft) if p.at is None or p.at not in told]
    emptied = {t.start for t in edited.translations if t.missing and t.by.is_person}
    for problem in problems:
        asked_for = wishes.untranslated and problem.at not in emptied
        waiting = problem.rule == "untranslated" and asked_for
        yield replace(problem, severity="warning") if waiting else problem
    yield from terms.prove(edited.article, edited.translations, glossary)


def _about_hearing(transcript: Transcript, edited: Edited) -> Iterator[Problem]:
    """What was removed, doubted or put right between the sound and the English."""
    yield from problems_of(transcript)
    for at, correction in every_correction(edited.article):
        yield Problem(
            rule="misheard",
            severity="info",
            message=f"“{correction.heard}” was heard, and put right",
            at=at,
            where=correction.written,
        )


def _about_prompt(
    workspace: Workspace, transcript: Transcript, glossary: Glossary, wishes: Wishes
) -> Iterator[Problem]:
    """Names on slides that the recogniser was not told of."""
    if unheard := unheard_of_slides(workspace, transcript, glossary, wishes):
        yield unheard_problem(workspace, unheard)


def _about_names(
    talk: Talk,
    edited: Edited,
    glossary: Glossary,
    undone: Sequence[Undone],
    shown: Sequence[Slide],
) -> Iterator[Problem]:
    """What may be a name misheard; what a person has taken back before is none."""
    right = {u.heard.casefold() for u in undone}
    rows = {term.source: term for term in glossary.terms}
    context = "\n".join([talk.title, talk.event, talk.description, *_headings(talk)])
    for found in mishearing.candidates(edited.article, glossary, context, shown):
        if found.heard.casefold() in right:
            continue
        row = rows.get(found.term)
        place = f"{row.file}:{row.line}" if row and row.file else "the glossary"
        todo = f"put it into heard_as of {place} and draft again"
        if row is None:
            said = f"{quote(found.term)} '' --policy keep --heard-as {quote(found.heard)}"
            todo = f"stw glossary add {said}, and draft again"
        slide = f", as the slide at {clock(found.shown)} has it" if found.shown is not None else ""
        yield Problem(
            rule="misheard",
            severity="warning",
            message=f"“{found.heard}” may be {found.term}{slide}, misheard: … {found.context} …",
            at=found.at,
            where=found.term,
            hint=f"If it is, {todo}; if not, silence it.",
        )


def _headings(talk: Talk) -> Iterator[str]:
    yield from (s.name for s in talk.speakers)
    yield from (c.title for c in talk.chapters)


def _about_draft(workspace: Workspace, text: str, draft: Draft) -> Iterator[Problem]:
    """The draft's own shape: anchors, slots, and what the blog would not take."""
    if untouched(workspace):
        yield Problem(
            rule="unedited",
            severity="warning",
            message="nobody has edited the draft yet",
            where=DRAFT,
            hint="read it through before it is published",
        )
    yield from draft.problems
    yield from refusals.problems(text, has_file=lambda name: _has(workspace, name))
    for passage in draft.passages:
        for note in passage.notes:
            if not note.text.strip():
                yield Problem(
                    rule="slot",
                    severity="info",
                    message=note.reason or "a note without text",
                    at=passage.start,
                    hint="Write it in the draft; left empty, it drops out of the post.",
                )


def _about_slides(
    workspace: Workspace,
    talk: Talk,
    glossary: Glossary,
    wishes: Wishes,
    draft: str,
    edited: Edited,
    shown: Sequence[Slide],
) -> Iterator[Problem]:
    """What failed, what was hard to read, and slips of the pen that the draft shows."""
    if wishes.slides == "none":
        return
    yield from problems_of_slides(workspace)
    read = [s for s in shown if s.kind != "picture"]
    lines = [
        (s.start, t) for s in read for t in (s.title, *(x.text for x in s.lines if not x.code))
    ]
    known = [talk.title, talk.event, talk.description, *_headings(talk)]
    known += [t.source for t in glossary.terms]
    # Whoever wrote the English down has not seen the slides: no two slip alike.
    known += [p.english for p in edited.article.paragraphs]
    try:
        found = slips([text for _, text in lines], known)
    except MissingError as e:  # read elsewhere, or typed
        if any(text.strip() for _, text in lines):
            yield Problem(
                rule="slide-spelling-unchecked",
                severity="info",
                message=f"nobody has looked for slips of the pen on the slides: {e.message}",
                hint=e.hint,
            )
        return
    for slip in found:
        if slip.written in draft:
            yield Problem(
                rule="slide-spelling",
                severity="warning",
                message=f"“{slip.written}” on a slide may be “{slip.likely}”",
                at=lines[slip.line][0],
                hint="put it right in the draft, or in slides.json; silence it if it is right",
            )


def _about_marks(draft: Draft) -> Iterator[Problem]:
    """【待译】 wherever a person has left it standing."""
    for block in draft.blocks:
        text = block.chinese if isinstance(block, Passage) else block.text
        if UNTRANSLATED in text:
            yield Problem(
                rule="untranslated",
                severity="error",
                message=f"{UNTRANSLATED} still stands here",
                at=block.start if isinstance(block, Passage) else None,
                where="" if isinstance(block, Passage) else DRAFT,
                hint="Translate it, and take the mark away.",
            )


def _has(workspace: Workspace, name: str) -> bool:
    path = (workspace.folder / name).resolve()
    return path.is_relative_to(workspace.folder.resolve()) and path.is_file()


def open_conflicts(workspace: Workspace, draft: str) -> tuple[Conflict, ...]:
    """The merge's questions that are still open: whose block is as it was."""
    return tuple(c for c in recorded_conflicts(workspace) if standing(c, draft))


def recorded_conflicts(workspace: Workspace) -> tuple[Conflict, ...]:
    """The merge's questions that were open when the draft was made."""
    if not workspace.has(CONFLICTS):
        return ()
    return tuple(decode(workspace.read(CONFLICTS), list[Conflict], workspace.path(CONFLICTS)))


def _about_conflict(conflict: Conflict) -> Problem:
    return Problem(
        rule="merge-conflict",
        severity="warning",
        message="you changed this block, and what would stand there has changed too; yours stays",
        at=conflict.at,
        where=conflict.name,
        hint="both versions stand in report.md",
    )
