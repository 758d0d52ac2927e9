"""One command at work: settings and tools at hand, talks taken one after the other.

Goes on with the next talk when one fails, prints how each ended, and knows the exit code.
"""

import datetime
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import msgspec

from translate import glossary as terms
from translate import pipeline
from translate.compose import (
    build_tools,
    build_wishes,
    check_budget,
    check_device,
    glossary_files,
    left_out,
    load_glossary,
)
from translate.console import Console, problem_text, report_error, table_text
from translate.coverage import Coverage, told
from translate.errors import EXIT_PROBLEMS, BadFileError, InputError, SettingsError, StwError
from translate.forecast import Forecast, usage_text
from translate.glossary import Glossary
from translate.model import Listing, Problem, Speaker, public_url, several
from translate.pipeline import Result
from translate.settings import Settings
from translate.stages.brief import Briefer
from translate.stages.fetch import Overrides
from translate.workspace import DRAFT, REPORT, Workspace, find_talk, talks

SHOWN = 8  # problems on the screen; all of them stand in the report


@dataclass(frozen=True, slots=True)
class Failed:
    """A talk, or a source, that ended with an error."""

    name: str
    error: StwError


Outcome = Result | Failed


class Desk:
    """What one command works with."""

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        console: Console,
        *,
        fast: bool = False,
        force: bool = False,
    ) -> None:
        self.settings = settings
        self.console = console
        self._environment = environment
        self._tools = build_tools(settings, environment, console, fast=fast)
        self.wishes = build_wishes(settings, force=force)

    @cached_property
    def glossary(self) -> Glossary:
        return load_glossary(self.settings)

    @property
    def drafts(self) -> Path:
        return Path(self.settings.drafts)

    def briefer(self) -> Briefer:
        """The translator's model. Raises SettingsError where nobody is configured who reads."""
        translator = self._tools.translator()
        if not hasattr(translator, "brief"):
            raise SettingsError(
                f"{translator.engine.name}: nobody here can sum up a talk",
                "configure a chat model; stw doctor says how",
            )
        return cast(Briefer, translator)

    # --- the stages, over many talks ---

    def fetch(self, sources: Sequence[str], said: Mapping[str, Any]) -> Iterator[Outcome]:
        overrides = _overrides(said)
        for listing in self._find(sources, overrides):
            yield self._try(listing, lambda item: self._fetch(item, overrides))

    def transcribe(self, names: Sequence[str]) -> Iterator[Outcome]:
        """Raises MissingError, before anything is touched, for a device that is not here."""
        check_device(self.settings.transcribe)
        for name in names:
            yield self._try(name, lambda n: self._transcribe(find_talk(self.drafts, n)))

    def slides(self, names: Sequence[str]) -> Iterator[Outcome]:
        for name in names:
            yield self._try(name, lambda n: self._slides(find_talk(self.drafts, n), asked=True))

    def draft(self, names: Sequence[str]) -> Iterator[Outcome]:
        """Raises SettingsError, before anything is touched, for a budget that cannot be kept."""
        check_budget(self.settings.translate, self._environment)
        for name in names:
            yield self._try(name, lambda n: self._shown_and_drafted(find_talk(self.drafts, n)))

    def plan(self, names: Sequence[str]) -> int:
        """Print what drafting these talks would ask and cost; the first failure's exit code."""
        found: list[Forecast] = []
        data: list[Mapping[str, Any]] = []
        code = 0
        for name in names:
            try:
                told = self._plan(find_talk(self.drafts, name))
            except StwError as e:
                report_error(e, as_json=False)
                code = code or e.exit_code
                data.append({"talk": name, "ended": e.code, "message": e.message, "hint": e.hint})
                continue
            data.append(told.data)
            found.append(told)
        header = ("talk", "translator", "paragraphs", "known", "calls", "tokens", "cost")
        text = table_text(header, [told.row for told in found]) if found else ""
        text = "\n".join([text, *(note for told in found for note in told.notes)])
        self.console.result(text, data[0] if len(data) == 1 else data)
        return code

    def _plan(self, workspace: Workspace) -> Forecast:
        plan = pipeline.plan(workspace, self._tools, self.glossary)
        translator = self._tools.translator().engine
        return Forecast(
            workspace.slug,
            " ".join(filter(None, (translator.name, translator.model))),
            plan,
            spent=workspace.usage(),
            budget=self.settings.translate.budget,
        )

    def run(self, sources: Sequence[str], said: Mapping[str, Any]) -> Iterator[Outcome]:
        """Raises, before anything is touched, SettingsError for a budget that cannot be kept and
        MissingError for a device that is not here.
        """
        check_budget(self.settings.translate, self._environment)
        check_device(self.settings.transcribe)
        overrides = _overrides(said)
        for listing in self._find(sources, overrides):
            yield self._try(listing, lambda item: self._run(item, overrides))

    def _find(
        self, sources: Sequence[str], overrides: Overrides
    ) -> Sequence[Listing | Failed] | Iterator[Listing | Failed]:
        """Every talk behind the sources; a source that cannot be read does not stop the others.

        Raises InputError where a title or speakers are given for more than one talk.
        """
        if overrides.title is None and overrides.speakers is None:
            return self._listings(sources)
        found = list(self._listings(sources))
        if len(found) > 1:
            raise InputError(
                f"--title and --speaker name one talk, and here are {len(found)}",
                "fetch them one by one, or correct each talk.json",
            )
        return found

    def _listings(self, sources: Sequence[str]) -> Iterator[Listing | Failed]:
        for source in sources:
            local = Path(source)
            place = str(local.resolve()) if local.exists() else source
            try:
                yield from self._tools.downloader().find(place, progress=self.console.progress)
            except StwError as e:
                yield Failed(public_url(source), e)

    def _try(self, item: Any, do: Callable[[Any], Result]) -> Outcome:
        if isinstance(item, Failed):
            return item
        try:
            return do(item)
        except StwError as e:
            return Failed(item.title if isinstance(item, Listing) else str(item), e)

    def _fetch(self, listing: Listing, overrides: Overrides) -> Result:
        self.console.say(f"fetch: {listing.title or listing.key}")
        return pipeline.fetch(
            self.drafts, listing, self._tools, overrides, self.wishes, self.console.progress
        )

    def _slides(self, workspace: Workspace, *, asked: bool) -> Result:
        """Unless they were `asked` for: where there is a video, and --force means other files."""
        video = any(m.kind == "video" for m in workspace.talk().media)
        if asked or (video and self.wishes.slides != "none"):
            self.console.say(f"slides: {workspace.slug}")
        wishes = self.wishes if asked else replace(self.wishes, force=False)
        return pipeline.slides(
            workspace, self._tools, wishes, self.console.progress, required=asked
        )

    def _shown_and_drafted(self, workspace: Workspace) -> Result:
        shown = self._slides(workspace, asked=False)
        drafted = self._draft(workspace)
        return replace(drafted, made=(*shown.made, *drafted.made))

    def _transcribe(self, workspace: Workspace) -> Result:
        self.console.say(f"transcribe: {workspace.slug}")
        result = pipeline.transcribe(
            workspace, self._tools, self.glossary, self.wishes, self.console.progress
        )
        engine = workspace.transcript().engine
        choice = workspace.talk().sound and engine.name == "captions"
        more = "; --captions never takes Whisper instead" if choice else ""
        self.console.say(f"  words: {engine.name} {engine.model}{more}")
        return result

    def _draft(self, workspace: Workspace) -> Result:
        self.console.say(f"draft: {workspace.slug}")
        return pipeline.draft(
            workspace, self._tools, self.glossary, self.wishes, self.console.progress
        )

    def _run(self, listing: Listing, overrides: Overrides) -> Result:
        fetched = self._fetch(listing, overrides)
        shown = self._slides(fetched.workspace, asked=False)
        transcribed = self._transcribe(fetched.workspace)
        drafted = self._draft(fetched.workspace)
        return replace(
            drafted,
            made=(*fetched.made, *shown.made, *transcribed.made, *drafted.made),
            coverage=transcribed.coverage,
            problems=(*fetched.problems, *drafted.problems),  # the draft's hold the transcript's
        )

    # --- looking around ---

    def status(self, name: str | None) -> bool:
        """Print every talk's stages; False when one of them cannot be read."""
        found = [find_talk(self.drafts, name)] if name else talks(self.drafts)
        rows: list[tuple[str, str, str, str]] = []
        data: list[dict[str, Any]] = []
        for workspace in found:
            try:
                states, todo = pipeline.status(workspace, self._tools, self.glossary, self.wishes)
            except BadFileError as e:
                rows.append((workspace.slug, "-", "unreadable", e.message))
                data.append({"talk": workspace.slug, "error": e.message, "next": e.hint})
                continue
            rows += [(workspace.slug, s.stage, str(s.state), s.note) for s in states]
            rows.append(("", "", "next:", todo))
            stages = [msgspec.to_builtins(s) for s in states]
            data.append({"talk": workspace.slug, "stages": stages, "next": todo})
        if not found:
            self.console.say(f"no talks in {self.drafts} yet: stw fetch URL brings one")
        if rows or self.console.as_json:
            self.console.table(("talk", "stage", "state", ""), rows, data)
        return not any("error" in d for d in data)

    def list_terms(self, words: Sequence[str]) -> None:
        wanted = [w.casefold() for w in words]
        found = [
            t
            for t in self.glossary.terms
            if all(w in "\n".join((t.source, *t.targets, *t.heard_as)).casefold() for w in wanted)
        ]
        rows = [
            (t.source, " | ".join(t.targets) or "-", t.policy, " | ".join(t.heard_as))
            for t in found
        ]
        self.console.table(
            ("English", "中文", "policy", "heard as"), rows, [msgspec.to_builtins(t) for t in found]
        )
        self.console.say(f"{len(found)} of {len(self.glossary.terms)} terms")
        if note := left_out(self.settings):
            self.console.say(f"  {note}")

    def check_terms(self) -> bool:
        """Print what is wrong with the term base; True when nothing is an error."""
        files = glossary_files(self.settings)
        problems = terms.check(files)
        text = "\n".join(problem_text(p) for p in problems)
        self.console.result(text, [msgspec.to_builtins(p) for p in problems])
        errors = sum(p.severity == "error" for p in problems)
        self.console.say(
            f"{several(len(files), 'file')}: {several(errors, 'error')},"
            f" {several(len(problems) - errors, 'warning')}"
        )
        return not errors

    def undo(self, name: str, what: str, *, redo: bool) -> None:
        """Take corrections of one talk back, or let them be made again, and print which."""
        workspace = find_talk(self.drafts, name)
        changed = (pipeline.redo if redo else pipeline.undo)(workspace, what)
        did = "corrected again" if redo else "left as heard"
        text = "\n".join(f"{did}: {pipeline.undone_text(u)}" for u in changed)
        data = [msgspec.to_builtins(u) for u in changed]
        self.console.result(text, {"talk": workspace.slug, "did": did, "corrections": data})
        self.console.say(f"stw draft {workspace.slug} brings it into the draft")

    # --- the end ---

    def conclude(self, outcomes: Sequence[Outcome]) -> int:
        """Print how every talk ended; return the exit code, the first failure's."""
        if not outcomes:
            raise InputError("nothing to do: no talk was found there")
        if len(outcomes) == 1 and isinstance(outcomes[0], Failed):
            raise outcomes[0].error
        for outcome in outcomes:
            if isinstance(outcome, Result):
                self._tell(outcome)
            else:
                self.console.settle()
                self.console.say(f"{outcome.name}:")
                report_error(outcome.error, as_json=False)
        data = [_facts(o) for o in outcomes]
        text = ""
        if len(outcomes) > 1:
            rows = [(f["talk"] or "-", f["ended"], f["message"]) for f in data]
            text = table_text(("talk", "ended", ""), rows)
        elif isinstance(outcomes[0], Result):
            text = _where(outcomes[0])
        self.console.result(text, data[0] if len(data) == 1 else data)
        codes = [int(f["exit_code"]) for f in data if f["exit_code"]]
        return next((c for c in codes if c != EXIT_PROBLEMS), codes[0] if codes else 0)

    def _tell(self, result: Result) -> None:
        """What a person wants to know at once; the rest is in the report."""
        for made in result.made:
            self.console.say(f"  {made.stage}: {made.file} {made.did} (was {made.found})")
        for line in _loudest(result.problems, result.workspace.path(REPORT)):
            self.console.say(f"  {line}")
        if result.coverage:
            self.console.say(f"  {told(result.coverage)}")
        if result.usage.calls:
            self.console.say(f"  translator: {usage_text(result.usage)}")
        if result.stopped:
            report_error(result.stopped, as_json=False)


def _loudest(problems: Sequence[Problem], report: Path) -> Iterator[str]:
    """The gravest problems in a few lines; alike ones share a line."""
    alike: dict[tuple[str, str], list[Problem]] = {}
    for problem in sorted(problems, key=lambda p: p.severity != "error"):
        if problem.severity != "info":
            alike.setdefault((problem.rule, problem.message), []).append(problem)
    for some in list(alike.values())[:SHOWN]:
        more = f" (and {len(some) - 1} more like it)" if len(some) > 1 else ""
        yield problem_text(some[0]) + more
    left = sum(len(some) for some in list(alike.values())[SHOWN:])
    if left:
        where = f"in {report}" if report.exists() else "for the report that stw draft writes"
        yield f"… and {left} more {where}"


def _where(result: Result) -> str:
    """The file that the command was about."""
    workspace = result.workspace
    if any(m.file == DRAFT for m in result.made):
        return f"draft: {workspace.path(DRAFT)}\nreport: {workspace.path(REPORT)}"
    if not result.made:
        return str(workspace.folder)
    return str(workspace.path(result.made[-1].file))


def _facts(outcome: Outcome) -> dict[str, Any]:
    """One talk's end, for --json and for the table of many."""
    if isinstance(outcome, Failed):
        error = outcome.error
        return {
            "talk": outcome.name,
            "ended": error.code,
            "message": error.message,
            "hint": error.hint,
            "exit_code": error.exit_code,
        }
    counts = Counter(p.severity for p in outcome.problems)
    failed = outcome.stopped
    code = failed.exit_code if failed else EXIT_PROBLEMS if counts["error"] else 0
    ended = failed.code if failed else "problems" if counts["error"] else "done"
    return {
        "talk": outcome.workspace.slug,
        "ended": ended,
        "message": ", ".join(several(counts[s], s) for s in ("error", "warning")),
        "exit_code": code,
        "folder": str(outcome.workspace.folder),
        "stages": [msgspec.to_builtins(m) for m in outcome.made],
        "problems": [msgspec.to_builtins(p) for p in outcome.problems],
        "usage": msgspec.to_builtins(outcome.usage),
        **({"coverage": _coverage(outcome.coverage)} if outcome.coverage else {}),
        **({"stopped": {"message": failed.message, "hint": failed.hint}} if failed else {}),
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "share": round(coverage.share, 4),
        "speech_seconds": round(coverage.speech_seconds, 3),
        "covered_seconds": round(coverage.covered_seconds, 3),
        "words_per_second": round(coverage.words_per_second, 3),
        "gaps": [[round(g.start, 3), round(g.end, 3)] for g in coverage.gaps],
    }


def _overrides(said: Mapping[str, Any]) -> Overrides:
    """Flags as facts. Raises SettingsError for a date that is none."""
    day = said["date"]
    if day is not None:
        try:
            datetime.date.fromisoformat(day)
        except ValueError as e:
            raise SettingsError(f"--date {day!r} is not a date", "write YYYY-MM-DD") from e
    people = said["speakers"]
    speakers = None if people is None else tuple(_speaker(p) for p in people)
    return Overrides(title=said["title"], event=said["event"], speakers=speakers, date=day)


def _speaker(text: str) -> Speaker:
    name, _, company = text.partition(",")
    return Speaker(name=name.strip(), affiliation=company.strip())
