"""After the draft: check it, take what the tool proposes, make it a post, learn from it.

One command at work on talks that have a draft; the desk lends it settings, terms and a console.
Prints how each talk ended, and knows the exit code.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from translate import pipeline
from translate.compose import (
    build_page,
    build_pictures,
    memory_folder,
    proposals_folder,
    read_memory,
    run_blog_checks,
    survey_memory,
    update_memory,
    write_memory,
)
from translate.console import problem_text, report_error
from translate.desk import Desk
from translate.errors import EXIT_PROBLEMS, StwError
from translate.forecast import usage_text
from translate.pipeline import Checked, Imported, Learned
from translate.report import item_data, report_text
from translate.workspace import DRAFT, REPORT, Workspace, find_talk, talks

_SHOWN = 5  # times in one message


@dataclass(frozen=True, slots=True)
class _End:
    """How one talk ended."""

    talk: str
    text: str = ""
    data: Any = None
    code: int = 0


class Press:
    """What one command works with."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._console = desk.console

    def check(self, names: Sequence[str], *, strict: bool, blog: Path | None) -> int:
        """Print what there is to look at in each talk; all talks that have a draft, if unnamed.

        The exit code says whether an error is left; with `strict`, or a warning. With `blog`, its
        own linters look at the post as well.
        """

        def one(workspace: Workspace) -> _End:
            checked = pipeline.check(workspace, self._desk.glossary, self._desk.wishes)
            grave = {"error", "warning"} if strict else {"error"}
            said = run_blog_checks(blog, *pipeline.post_text(workspace)) if blog else []
            failed = bool(said) or any(p.severity in grave for p in checked.open)
            text = report_text(checked.items) + "".join(f"\n{problem_text(p)}" for p in said)
            text += f"\nreport: {workspace.path(REPORT)}"
            data = _data(checked) | ({"blog": [asdict(p) for p in said]} if blog else {})
            return _End(workspace.slug, text, data, EXIT_PROBLEMS if failed else 0)

        return self._each(names, one)

    def silence(self, name: str, item: str, reason: str) -> None:
        """Remember why one item of a talk's report needs no looking at."""
        pipeline.silence(find_talk(self._desk.drafts, name), item, reason)

    def take(self, name: str, conflicts: Sequence[str]) -> None:
        """Put what the tool proposes in the place of the editor's words, where the user says so."""
        workspace = find_talk(self._desk.drafts, name)
        taken = [c.name for c in pipeline.take(workspace, conflicts)]
        self._console.say(f"  {workspace.path(DRAFT)}: the draft as it was is backed up")
        checked = pipeline.check(workspace, self._desk.glossary, self._desk.wishes)
        left = ", ".join(c.name for c in checked.conflicts)
        self._console.result(
            f"taken: {', '.join(taken)}\n" + (f"open: {left}" if left else "no conflict is open"),
            {"talk": workspace.slug, "taken": taken, "open": [c.name for c in checked.conflicts]},
        )

    def learn(self, names: Sequence[str]) -> int:
        """Take what editors made of drafts into the memory, and propose terms."""
        settings = self._desk.settings

        def one(workspace: Workspace) -> _End:
            checked = pipeline.check(workspace, self._desk.glossary, self._desk.wishes)
            learned = pipeline.learn(
                workspace,
                unsettled=checked.open,
                memory_folder=memory_folder(settings),
                proposals_folder=proposals_folder(settings),
                glossary=self._desk.glossary,
                update_memory=update_memory,
            )
            return _End(workspace.slug, _learned_text(learned), _learned_data(workspace, learned))

        return self._each(names, one)

    def import_memories(self, files: Sequence[Path]) -> None:
        """Take memories of others into the column's."""
        folder = memory_folder(self._desk.settings)
        done = pipeline.import_memories(
            files,
            folder,
            survey=survey_memory,
            read=read_memory,
            update=update_memory,
            write=write_memory,
        )
        text = "\n".join(map(_imported_text, done))
        data = [{**asdict(d), "file": str(d.file), "memory": str(d.memory)} for d in done]
        self._console.result(text, data)

    def export_memories(self, file: Path, *, force: bool) -> None:
        """Write all memories of the column as one file."""
        folder = memory_folder(self._desk.settings)
        count = pipeline.export_memories(
            folder, file, read=read_memory, write=write_memory, force=force
        )
        self._console.result(f"{file}: {count} pairs", {"file": str(file), "entries": count})

    def brief(self, name: str, *, force: bool) -> None:
        """Have the translator's model propose a summary and terms, and say where they stand."""
        workspace = find_talk(self._desk.drafts, name)
        done = pipeline.brief(
            workspace,
            self._desk.briefer(),
            self._desk.glossary,
            self._desk.wishes,
            force=force,
        )
        if done.backup:
            self._console.say(f"  yours is kept as {done.backup}")
        self._console.say(f"  {usage_text(done.brief.usage)}")
        summary = "a summary" if done.brief.summary else "no summary"
        text = f"{done.file}: {summary}, {len(done.brief.terms)} terms to look at"
        for why in dict.fromkeys(d.why for d in done.dropped):
            named = [d.what for d in done.dropped if d.why == why]
            listed = ", ".join(named[:_SHOWN]) + ", …" * (len(named) > _SHOWN)
            text += f"\nleft out, {why}: {len(named)} ({listed})"
        data = {
            "talk": workspace.slug,
            "file": str(done.file),
            **asdict(done.brief),
            "left_out": [asdict(d) for d in done.dropped],
        }
        self._console.result(text, data)

    def publish(
        self, name: str, *, slug: str, bilingual: bool, unfinished: bool, force: bool
    ) -> int:
        """Write a talk's post, into the blog if one is named in the settings."""
        workspace = find_talk(self._desk.drafts, name)
        checked = pipeline.check(workspace, self._desk.glossary, self._desk.wishes)
        blog = self._desk.settings.publish.blog
        done = pipeline.publish(
            workspace,
            blog=Path(blog) if blog else None,
            slug=slug,
            bilingual=bilingual,
            allow_unfinished=unfinished,
            force=force,
            remaining=checked.open,
            images=build_pictures(),
        )
        for problem in done.problems:
            self._console.say(f"  {problem_text(problem)}")
        for file in done.removed:
            self._console.say(f"  removed: {file}, which the post no longer shows")
        pictures = {0: "", 1: " and a picture"}
        more = pictures.get(len(done.pictures), f" and {len(done.pictures)} pictures")
        self._console.say(f"  {done.did}: the post{more}")
        data = {
            "talk": workspace.slug,
            "post": str(done.post),
            "pictures": [str(p) for p in done.pictures],
            "removed": [str(p) for p in done.removed],
            "did": done.did,
            "problems": [asdict(p) for p in done.problems],
        }
        self._console.result(str(done.post), data)
        return EXIT_PROBLEMS if any(p.severity == "error" for p in done.problems) else 0

    def preview(self, name: str, *, bilingual: bool) -> Path:
        """Write a talk's post as one page, and print where it lies."""
        workspace = find_talk(self._desk.drafts, name)
        page = pipeline.preview(
            workspace, bilingual=bilingual, images=build_pictures(), page=build_page()
        ).resolve()
        self._console.result(str(page), {"talk": workspace.slug, "page": str(page)})
        return page

    # --- over many talks ---

    def _each(self, names: Sequence[str], do: Callable[[Workspace], _End]) -> int:
        """One talk after the other; a failure stops only its own. The gravest code counts."""
        ends = list(self._ends(names, do))
        if not ends:
            self._console.say(f"no talks with a draft in {self._desk.drafts}: stw draft makes one")
        many = len(ends) != 1 or not names
        texts = [f"{e.talk}\n\n{e.text}\n" if many else e.text for e in ends if e.text]
        data = [e.data for e in ends]
        self._console.result("\n".join(texts), data if many else data[0])
        codes = [e.code for e in ends if e.code]
        return next((c for c in codes if c != EXIT_PROBLEMS), codes[0] if codes else 0)

    def _ends(self, names: Sequence[str], do: Callable[[Workspace], _End]) -> Iterator[_End]:
        named = [w for w in talks(self._desk.drafts) if w.has(DRAFT)]
        for item in names or named:
            slug = item if isinstance(item, str) else item.slug
            try:
                yield do(find_talk(self._desk.drafts, item) if isinstance(item, str) else item)
            except StwError as e:
                if len(names) == 1:
                    raise
                report_error(e, as_json=False)
                yield _End(
                    slug, "", {"talk": slug, "error": e.code, "message": e.message}, e.exit_code
                )


def _imported_text(done: Imported) -> str:
    text = f"{done.memory}: {done.entries} pairs of {done.file}"
    if done.same:
        text += f"; {done.same} stand in another memory already"
    if done.kept:
        text += f"; {done.kept} left as somebody has changed them there"
    if done.unusable:
        shown = ", ".join(f"“{unit}”" for unit in done.unusable[:_SHOWN])
        more = ", …" * (len(done.unusable) > _SHOWN)
        text += (
            f"\nleft out: {len(done.unusable)} units without English or without Simplified Chinese"
            f" ({shown}{more})"
        )
    return text


def _learned_text(learned: Learned) -> str:
    f = learned.figures
    lines = [
        f"{f.paragraphs} paragraphs: {f.untouched} untouched ({f.share_untouched:.0%} of those"
        f" kept), {f.touched} changed, {f.deleted} deleted, {f.untranslated} untranslated",
        f"memory: {learned.pairs} pairs in {learned.memory}" if learned.memory else "memory: none",
    ]
    if f.characters:
        lines.insert(1, f"changed: {f.edits} of {f.characters} characters ({f.distance:.0%})")
    if learned.unsettled:
        where = ", ".join(learned.unsettled[:_SHOWN]) + ", …" * (len(learned.unsettled) > _SHOWN)
        lines.append(
            f"left out: {len(learned.unsettled)} pairs in which stw check misses something"
            f" ({where}); mend them, or silence that with a reason, and learn again"
        )
    if learned.unread:
        where = ", ".join(learned.unread[:_SHOWN]) + ", …" * (len(learned.unread) > _SHOWN)
        lines.append(
            f"left out: {len(learned.unread)} pairs that nobody seems to have read, since only"
            f" paragraphs without Chinese were edited ({where}); edit the draft, and learn again"
        )
    if learned.kept:
        where = ", ".join(learned.kept[:_SHOWN]) + ", …" * (len(learned.kept) > _SHOWN)
        lines.append(
            f"left as they are: {len(learned.kept)} rows that somebody has changed in the memory"
            f" ({where}); change them there, or take them out of it and learn again"
        )
    if learned.proposals:
        lines.append(f"terms: {learned.rows} rows to accept or strike out in {learned.proposals}")
    return "\n".join(lines)


def _learned_data(workspace: Workspace, learned: Learned) -> dict[str, Any]:
    f = learned.figures
    return {
        "talk": workspace.slug,
        **asdict(f),
        "share_untouched": f.share_untouched,
        "distance": f.distance,
        "pairs": learned.pairs,
        "unsettled": list(learned.unsettled),
        "unread": list(learned.unread),
        "kept": list(learned.kept),
        "memory": str(learned.memory) if learned.memory else None,
        "proposals": str(learned.proposals) if learned.proposals else None,
        "rows": learned.rows,
    }


def _data(checked: Checked) -> dict[str, Any]:
    counts = {s: sum(p.severity == s for p in checked.open) for s in ("error", "warning", "info")}
    return {
        "talk": checked.workspace.slug,
        "counts": {**counts, "silenced": len(checked.items) - len(checked.open)},
        "problems": [item_data(i, checked.talk) for i in checked.items],
    }
