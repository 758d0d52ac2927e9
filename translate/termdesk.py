"""The term base at work: rows added, taken in, handed out, suggested and counted.

The desk lends settings, terms and a console. Writes only to term base files of the user's own, and
only what `stw glossary check` accepts. Prints how each command ended, and knows the exit code.
"""

import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, cast, get_args

import msgspec

from translate import exchange, termfile
from translate import glossary as terms
from translate.compose import glossary_files, left_out, missing_folders, own_glossary
from translate.console import problem_text, table_text
from translate.desk import Desk
from translate.errors import (
    EXIT_PROBLEMS,
    BadFileError,
    ConflictError,
    InputError,
    SettingsError,
)
from translate.exchange import Format, Target
from translate.glossary import Policy
from translate.model import Problem, Term, clock
from translate.pipeline.step_check import edited_of
from translate.pipeline.step_slides import lines_of_slides
from translate.stages.suggest import Candidate, suggest
from translate.termfile import Difference
from translate.workspace import (
    ARTICLE,
    DRAFT,
    DRAFT_BASE,
    TRANSLATION,
    Workspace,
    find_talk,
    make_folder,
    write_atomic,
)

DEFAULT_FILE = "terms.csv"  # where rows go that nobody said a file for
_SUFFIXES: Mapping[str, Target] = {
    ".tbx": "tbx",
    ".csv": "deepl",
    ".txt": "omegat",
    ".utf8": "omegat",
    ".tab": "omegat",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Merged:
    """What became of rows that were to come in."""

    into: Path
    added: tuple[Term, ...] = ()
    same: tuple[Term, ...] = ()
    replaced: tuple[Difference, ...] = ()
    differing: tuple[Difference, ...] = ()
    refused: tuple[Problem, ...] = ()
    doubts: tuple[Problem, ...] = ()
    files: Mapping[Path, tuple[bytes, bytes]] = field(default_factory=dict)  # before, after


class TermDesk:
    """What one command works with."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._console = desk.console

    # --- rows come in ---

    def add(self, term: Term, *, file: str, replacing: bool, policy_said: bool) -> None:
        """Add one row, or change the one that stands.

        Raises InputError when the source stands with something else, or the row is none.
        """
        with self._folders_made():
            into = self._destination(file)
            merged = self._merge(
                [term], into, replacing=replacing, policies=policy_said, exact=replacing
            )
            for problem in merged.refused:
                raise InputError(problem.message, problem.hint)
            for difference in merged.differing:
                raise InputError(
                    _difference_text(difference), "--replace changes that row; nothing was written"
                )
            self._save(merged)
        for problem in merged.doubts:
            self._console.say(f"  {problem_text(problem)}")
        for difference in merged.replaced:
            self._console.say(f"  replaced: {_difference_text(difference)}")
        row = merged.same[0] if merged.same else None
        text = (
            f"“{term.source}” stands already"
            if row
            else f"{_place(merged.replaced[0].standing)}: “{term.source}” changed"
            if merged.replaced
            else f"{merged.into}: “{term.source}” added"
        )
        self._console.result(text, _merged_data(merged))

    def take_in(
        self, file: Path, *, form: str | None, into: str, dry_run: bool, replacing: bool
    ) -> int:
        """Take the rows of somebody else's term base into the user's.

        The exit code says whether any row did not come in. Raises BadFileError when the file is
        not what it is said to be.
        """
        name = str(file)
        chosen = cast(Format, _choice(form, get_args(Format), "--format")) if form else None
        try:
            data = file.read_bytes()
        except OSError as e:
            raise BadFileError(f"{file}: cannot be read: {e.strerror}") from e
        found = exchange.read(data, name, chosen)
        if not found.terms and not found.problems:
            raise BadFileError(f"{name}: no row of a term base in it", "is it the right file?")
        with self._folders_made():
            destination = self._destination(into or f"{file.stem}.csv")
            merged = self._merge(found.terms, destination, replacing=replacing, of=name)
            if not dry_run:
                self._save(merged)
        problems = (*found.problems, *merged.refused, *merged.doubts)
        data_out = {
            "file": name,
            "format": found.format,
            "dry_run": dry_run,
            **_merged_data(merged),
            "problems": [msgspec.to_builtins(p) for p in problems],
        }
        self._console.result("\n".join(_taken_text(merged, found, dry_run)), data_out)
        left = merged.differing or any(p.severity == "error" for p in problems)
        return EXIT_PROBLEMS if left else 0

    def _merge(
        self,
        wanted: Sequence[Term],
        into: Path,
        *,
        replacing: bool,
        of: str = "",
        policies: bool = False,
        exact: bool = False,
    ) -> _Merged:
        """Hold rows against the term base; nothing is written yet."""
        standing = self._desk.glossary.terms
        usable, refused = _holdable(wanted, of)
        usable = [replace(term, file=of) for term in usable]
        sorted_out = termfile.sort_out(usable, standing, policies=policies, exact=exact)
        own = {str(f) for f in self._own_files()} if replacing else set()
        replaced = [d for d in sorted_out.differing if d.standing.file in own]
        added, bad, doubts = self._accepted(sorted_out.new)
        changes: dict[Path, dict[int, termfile.Cells]] = {}
        for d in replaced:
            row = termfile.full_cells(termfile.taken_over(d))
            changes.setdefault(Path(d.standing.file), {})[d.standing.line] = row
        merged = _Merged(
            into=into,
            added=added,
            same=sorted_out.same,
            replaced=tuple(replaced),
            differing=tuple(d for d in sorted_out.differing if d.standing.file not in own),
            refused=(*refused, *bad),
            doubts=doubts,
            files=_rewritten(into, added, changes),
        )
        self._prove(merged)
        return merged

    def _accepted(
        self, new: Sequence[Term]
    ) -> tuple[tuple[Term, ...], tuple[Problem, ...], tuple[Problem, ...]]:
        """Of new rows: those that the check accepts, and why not the others; and its doubts."""
        left = list(new)
        refused: list[Problem] = []
        while left:
            problems = self._checked(left)
            errors = {at: p for at, p in problems if p.severity == "error"}
            refused += [_said_of(left[at], p) for at, p in errors.items()]
            if not errors:
                doubts = tuple(_said_of(left[at], p) for at, p in problems)
                return tuple(left), tuple(refused), doubts
            left = [term for at, term in enumerate(left) if at not in errors]
        return (), tuple(refused), ()

    def _checked(self, rows: Sequence[Term]) -> list[tuple[int, Problem]]:
        """What the check says of rows beside the term base, each with the row's number."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "new.csv"
            file.write_bytes(termfile.new_file([termfile.full_cells(t) for t in rows]))
            problems = terms.check([*glossary_files(self._desk.settings), file])
        place = f"{file}:"
        return [
            (int(p.where.removeprefix(place)) - 2, p) for p in problems if p.where.startswith(place)
        ]

    def _prove(self, merged: _Merged) -> None:
        """The term base as it would be has no error. Raises InputError."""
        with tempfile.TemporaryDirectory() as folder:
            files = []
            known = glossary_files(self._desk.settings)
            for number, path in enumerate([*known, *(p for p in merged.files if p not in known)]):
                files.append(Path(folder) / f"{number}" / path.name)
                files[-1].parent.mkdir()
                after = merged.files.get(path)
                files[-1].write_bytes(after[1] if after else path.read_bytes())
            problems = terms.check(files)
        for problem in problems:
            if problem.severity == "error":
                name = Path(problem.where).name
                raise InputError(f"{name}: {problem.message}", "nothing was written")

    def _save(self, merged: _Merged) -> None:
        """Write what changed. Raises ConflictError where a person saved a file meanwhile."""
        for path, (before, after) in merged.files.items():
            if (path.read_bytes() if path.exists() else b"") != before:
                raise ConflictError(f"{path} was changed just now", "run the same command again")
            write_atomic(path.resolve(), after)
        first = merged.files and not self._desk.glossary.terms  # rows of one's own
        if first and (note := left_out(self._desk.settings)):
            self._console.say(f"  {note}")

    @contextlib.contextmanager
    def _folders_made(self) -> Iterator[None]:
        """The named folders that are not there yet: made, and said; gone again if left empty."""
        made = missing_folders(self._desk.settings)
        for folder in made:
            make_folder(folder)
        try:
            yield
        finally:
            for folder in made:
                with contextlib.suppress(OSError):  # not empty: rows were written
                    folder.rmdir()
        for folder in (f for f in made if f.exists()):
            self._console.say(f"  {folder}: a new folder")

    def _own_files(self) -> list[Path]:
        own = own_glossary(self._desk.settings)
        return [f for f in glossary_files(self._desk.settings) if f in own or f.parent in own]

    def _destination(self, name: str) -> Path:
        """The user's file for new rows; see `own_glossary`.

        Raises SettingsError when nothing of the term base is theirs, InputError for a name that
        leads elsewhere.
        """
        own = own_glossary(self._desk.settings)
        if not own:
            raise SettingsError(
                "no term base of your own: what came with the tool is not written to",
                "name a folder, which is made if it is not there: --glossary FOLDER, `glossary` in"
                " stw.toml, or STW_GLOSSARY",
            )
        folder = next((p for p in own if p.is_dir()), None)
        if folder is None:
            named = [p for p in own if not name or p.name == name]
            return named[0] if named else own[0]
        file = Path(name or DEFAULT_FILE)
        if file.name != str(file) or file.name.startswith("."):
            raise InputError(f"{name!r} is not a file's name", f"the file comes to lie in {folder}")
        return folder / (file.name if file.suffix == ".csv" else f"{file.name}.csv")

    # --- rows go out ---

    def hand_out(self, file: Path, *, form: str | None, force: bool) -> None:
        """Write the whole term base for another tool, and tell what its format cannot hold.

        Raises InputError when something lies there already, or the format is not clear.
        """
        target = form or _SUFFIXES.get(file.suffix.lower(), "")
        if not target:
            raise InputError(
                f"{file}: its ending names no format", f"--format {' or '.join(get_args(Target))}"
            )
        target = _choice(target, get_args(Target), "--format")
        if file.exists() and not force:
            raise InputError(f"{file} is there already", "--force takes its place; or name another")
        if file.suffix == ".csv" and file.parent in own_glossary(self._desk.settings):
            raise InputError(f"{file} would be read as part of the term base", "name another place")
        written = exchange.write(self._desk.glossary.terms, cast(Target, target))
        write_atomic(file, written.data)
        lost = Counter(name for loss in written.lost for name in loss.fields)
        text = [f"{file}: {written.rows} rows ({target})"]
        if out := lost.pop("source", 0):
            left = [loss.source for loss in written.lost if loss.fields == ("source",)]
            text.append(f"left out: {out} ({_listed(left)})")
        if lost:
            told = ", ".join(f"{name} of {n}" for name, n in lost.most_common())
            text.append(f"not held by the format: {told}")
        data = {
            "file": str(file),
            "format": target,
            "rows": written.rows,
            "lost": [asdict(loss) for loss in written.lost],
        }
        self._console.result("\n".join(text), data)

    # --- looking ---

    def suggest(self, name: str) -> None:
        """Print what a talk says that may deserve a row."""
        workspace = find_talk(self._desk.drafts, name)
        if not workspace.has(ARTICLE):
            raise InputError(
                f"{workspace.slug}: its English is not there yet", f"stw draft {workspace.slug}"
            )
        talk = workspace.talk()
        beside = [talk.title, talk.description, *(chapter.title for chapter in talk.chapters)]
        beside += lines_of_slides(workspace, self._desk.wishes)
        found = suggest(workspace.article(), self._desk.glossary, beside)
        rows = [(c.text, c.kind, str(c.said), *_first_context(c)) for c in found]
        data = {"talk": workspace.slug, "candidates": [asdict(c) for c in found]}
        header = ("candidate", "kind", "said", "at", "first said")
        self._console.result(table_text(header, rows) if rows else "", data)
        self._console.say(f"{len(found)} candidates; stw glossary add SOURCE TARGET takes one")

    def stats(self, name: str | None) -> None:
        """Print how many rows of what kind there are; with a talk, what became of them in it."""
        rows = list(_counts(self._desk.glossary.terms))
        data: dict[str, Any] = {"files": rows[:-1], "total": rows[-1]}
        header = [key.replace("_", " ") for key in rows[0]]
        text = table_text(header, [[str(v) for v in row.values()] for row in rows])
        if name:
            told = self._talk_stats(find_talk(self._desk.drafts, name))
            data["talk"] = told
            text += (
                f"\n\n{told['talk']}: {told['terms_said']} terms said {told['times_said']} times,"
                f" {told['terms_missed']} missed in {told['places_missed']} paragraphs"
            )
            for missed in told["missed"]:
                text += f"\n  {missed['source']}: {', '.join(clock(t) for t in missed['at'])}"
        self._console.result(text, data)

    def _talk_stats(self, workspace: Workspace) -> dict[str, Any]:
        if not workspace.has(ARTICLE) or not workspace.has(TRANSLATION):
            raise InputError(
                f"{workspace.slug}: there is no translation yet", f"stw draft {workspace.slug}"
            )
        article, translations = workspace.article(), tuple(workspace.translations())
        if workspace.has(DRAFT) and workspace.has(DRAFT_BASE):
            edited = edited_of(workspace)
            article, translations = edited.article, edited.translations
        uses = terms.uses(article, translations, self._desk.glossary)
        missed = [use for use in uses if use.missed]
        return {
            "talk": workspace.slug,
            "terms_said": len(uses),
            "times_said": sum(use.said for use in uses),
            "terms_missed": len(missed),
            "places_missed": sum(len(use.missed) for use in missed),
            "missed": [{"source": use.term.source, "at": list(use.missed)} for use in missed],
        }


# --- rows ---------------------------------------------------------------------------------------


def _choice(value: str, choices: Sequence[str], option: str) -> str:
    if value not in choices:
        raise SettingsError(f"{option} {value!r}", f"it can be {', '.join(choices)}")
    return value


def row(
    source: str,
    target: str,
    policy: str,
    note: str,
    heard_as: Sequence[str],
    forbidden: Sequence[str],
) -> Term:
    """A row as typed; without a policy, what has no Chinese of its own stays English.

    Raises SettingsError for a policy that is none.
    """
    source, *targets = (" ".join(t.split()) for t in (source, *target.split("|")))
    own = tuple(dict.fromkeys(t for t in targets if t))
    if policy:
        policy = _choice(policy, get_args(Policy), "--policy")
    elif own in ((), (source,)):
        policy, own = "keep", ()
    return Term(
        source=source,
        targets=own,
        policy=cast(Policy, policy or "prefer"),
        heard_as=tuple(" ".join(h.split()) for h in heard_as),
        forbidden=tuple(" ".join(f.split()) for f in forbidden),
        note=" ".join(note.split()),
    )


def _holdable(wanted: Iterable[Term], of: str) -> tuple[list[Term], list[Problem]]:
    """The terms whose cells a row can hold; `|` separates the items of one."""
    usable: list[Term] = []
    refused: list[Problem] = []
    for term in wanted:
        if any("|" in text for text in (*term.targets, *term.heard_as, *term.forbidden)):
            where = f"{of}:{term.line}" if of else ""
            message = f"“{term.source}” has a | in one of its renderings"
            refused.append(
                Problem(rule=exchange.RULE, severity="error", message=message, where=where)
            )
        else:
            usable.append(term)
    return usable, refused


def _said_of(term: Term, problem: Problem) -> Problem:
    """A problem of a row that is not in the term base yet, where it comes from."""
    return replace(problem, where=_place(term))


def _place(term: Term) -> str:
    return f"{term.file}:{term.line}" if term.file else ""


def _rewritten(
    into: Path, added: Sequence[Term], changes: Mapping[Path, Mapping[int, termfile.Cells]]
) -> dict[Path, tuple[bytes, bytes]]:
    """The files that change: as they are, and as they will be."""
    files: dict[Path, tuple[bytes, bytes]] = {}
    for path, rows in changes.items():
        before = path.read_bytes()
        files[path] = (before, termfile.change_rows(before, rows, str(path)))
    if added:
        before, after = files.get(into) or (into.read_bytes() if into.exists() else b"",) * 2
        rows_ = [termfile.full_cells(term) for term in added]
        files[into] = (before, termfile.add_rows(after, rows_, str(into)))
    return {path: pair for path, pair in files.items() if pair[0] != pair[1]}


# --- what is told -------------------------------------------------------------------------------

_NAMED = 8  # items in one line


def _listed(items: Sequence[str]) -> str:
    more = f", and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    return ", ".join(items[:_NAMED]) + more


def _difference_text(difference: Difference) -> str:
    standing, wanted = difference.standing, difference.wanted
    here, there = termfile.full_cells(standing), termfile.full_cells(wanted)
    told = "; ".join(
        f"{column} {here[column] or '-'}, not {there[column] or '-'}"
        for column in difference.columns
    )
    return f"{_place(standing)}: “{standing.source}” stands with {told}"


def _merged_data(merged: _Merged) -> dict[str, Any]:
    def difference(d: Difference) -> dict[str, Any]:
        return {
            "source": d.wanted.source,
            "columns": list(d.columns),
            "standing": msgspec.to_builtins(d.standing),
            "wanted": msgspec.to_builtins(d.wanted),
        }

    return {
        "into": str(merged.into),
        "added": [t.source for t in merged.added],
        "same": [t.source for t in merged.same],
        "replaced": [difference(d) for d in merged.replaced],
        "differing": [difference(d) for d in merged.differing],
    }


def _taken_text(merged: _Merged, found: exchange.Read, dry_run: bool) -> Iterator[str]:
    for problem in (*found.problems, *merged.refused, *merged.doubts):
        if problem.severity != "info":
            yield problem_text(problem)
    for difference in merged.differing:
        yield f"differs: {_difference_text(difference)} (--replace takes it)"
    for difference in merged.replaced:
        yield f"replaced: {_difference_text(difference)}"
    infos = [p for p in found.problems if p.severity == "info"]
    if infos:
        yield f"passed over: {len(infos)} ({_listed([p.message for p in infos])})"
    counts = f"{len(merged.same)} stand already, {len(merged.differing)} differ"
    refused = sum(p.severity == "error" for p in (*found.problems, *merged.refused))
    yield (
        f"{merged.into}: {len(merged.added)} rows {'would be ' * dry_run}added of {found.format},"
        f" {len(merged.replaced)} replaced, {counts}, {refused} not read"
    )


def _first_context(candidate: Candidate) -> tuple[str, str]:
    if not candidate.contexts:
        return "-", "(beside the talk only)"
    context = candidate.contexts[0]
    return clock(context.at), context.text


def _counts(found: Sequence[Term]) -> Iterator[dict[str, Any]]:
    """A row of figures for each file, and the last for all."""
    files = dict.fromkeys(term.file for term in found)
    for file in (*files, None):
        here = [term for term in found if file in (None, term.file)]
        yield {
            "file": file or "all",
            "rows": len(here),
            **{policy: sum(t.policy == policy for t in here) for policy in get_args(Policy)},
            "heard_as": sum(bool(t.heard_as) for t in here),
            "forbidden": sum(bool(t.forbidden) for t in here),
            "first_mention": sum(t.first_mention for t in here),
        }
