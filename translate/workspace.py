"""One talk's folder: which file holds what, how it is read, and how it is written safely.

The one place that knows file names. It knows nothing of how anything is made: a caller says what
a file was made from (`key`, a digest of the inputs), and the workspace says whether what lies
there is still that, or has been touched by a person.

Writing is in three steps, so that killing the program at any instant loses nothing and a file of
ours is never taken for an edited one: the ledger says what is about to be written; the file is
written under a temporary name, flushed and renamed; the ledger says that it is there.
"""

import contextlib
import difflib
import hashlib
import json
import os
import shutil
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import filelock
import msgspec

from translate.errors import BadFileError, LockedError, MissingError, TalkNotFoundError
from translate.model import Article, Deck, Talk, Transcript, Translation, Usage

TALK = "talk.json"
TRANSCRIPT = "transcript.json"
TRANSCRIPT_SRT = "transcript.srt"
ARTICLE = "article.json"
TRANSLATION = "translation.json"
DRAFT = "draft.md"
SLIDES = "slides.json"
PICTURES = "slides"  # what the slides look like
BRIEF = "brief.md"
REPORT = "report.md"
REPORT_JSON = "report.json"
SUBTITLES = ("subtitles.en.srt", "subtitles.zh.srt", "subtitles.bilingual.srt")
MEDIA = "media"
POST = "post"  # what `stw publish` makes where no blog is given

# The tool's own memory; in git with the rest, so that a colleague's checkout merges as well.
PRIVATE = ".stw"
LEDGER = f"{PRIVATE}/ledger.json"
DRAFT_BASE = f"{PRIVATE}/draft.base.md"
DRAFT_ASIDE = f"{PRIVATE}/draft.aside.json"  # edited drafts whose slides are left out for now
TALK_BASE = f"{PRIVATE}/talk.base.json"
TALK_NEXT = f"{PRIVATE}/talk.next.json"  # the base of the talk.json that is being written
SLIDES_BASE = f"{PRIVATE}/slides.base.json"  # the slides as they were found and read
SLIDES_NEXT = f"{PRIVATE}/slides.next.json"  # the base of the slides.json that is being written
SLIDES_READ = f"{PRIVATE}/slides.jsonl"  # what was found and read, each as it was done
ANSWERS = f"{PRIVATE}/answers.jsonl"
WINDOWS = f"{PRIVATE}/windows.jsonl"
USAGE = f"{PRIVATE}/usage.json"
CONFLICTS = f"{PRIVATE}/conflicts.json"
MARKS = f"{PRIVATE}/marks.json"
UNDONE = f"{PRIVATE}/undone.json"  # corrections that a person has taken back
LEARNED = f"{PRIVATE}/learned.json"
PUBLISHED = f"{PRIVATE}/published.json"
PREVIEW = f"{PRIVATE}/preview.html"
BACKUPS = f"{PRIVATE}/backups"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextDeck:
    """A deck with its key, and the digest of the slides.json that is written with it."""

    deck: Deck
    key: str
    sha: str


TYPES: dict[str, Any] = {
    TALK: Talk,
    TALK_BASE: Talk,
    TALK_NEXT: Talk,
    TRANSCRIPT: Transcript,
    ARTICLE: Article,
    TRANSLATION: list[Translation],
    SLIDES_BASE: Deck,
    SLIDES_NEXT: NextDeck,
    USAGE: Usage,
}


class State(StrEnum):
    """What a made file is, against what it would be made from today."""

    MISSING = "missing"
    FRESH = "fresh"
    STALE = "stale"  # ours, and its inputs changed
    EDITED = "edited"  # a person's, and its inputs are the same
    CONFLICT = "edited+stale"  # a person's, and its inputs changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the ledger knows of one file: its inputs and its content, as we last wrote them."""

    key: str = ""
    sha: str = ""
    next_key: str = ""  # announced before the file is written
    next_sha: str = ""


def digest(*parts: str | bytes) -> str:
    """A short hash of the parts, in order; parts cannot run into each other."""
    h = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        h.update(len(raw).to_bytes(8, "big") + raw)
    return h.hexdigest()[:16]


def digest_of(value: object) -> str:
    """A short hash of a noun, by its JSON."""
    return digest(msgspec.json.encode(value, order="sorted"))


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that it is either the old one or the new one, whatever happens.

    Raises MissingError when the disk is full or the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync_folder(path.parent)
    except OSError as e:
        with contextlib.suppress(OSError):
            part.unlink()
        raise MissingError(
            f"cannot write {path}: {e.strerror or e}",
            "free some space or mend the permissions, then run the same command again",
        ) from e


def make_folder(folder: Path) -> None:
    """Make a folder and those above it. Raises MissingError when that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise MissingError(
            f"cannot make {folder}: {e.strerror or e}", "name another place, or mend its rights"
        ) from e


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open a folder, and renames durably by itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Lines:
    """An append-only JSONL file whose every line survives a kill right after it was appended.

    A line that a kill cut short is dropped on reading, and cut off before the next one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Iterator[Any]:
        """Every whole line, decoded, in order."""
        if not self.path.exists():
            return
        for line in self.path.read_bytes().split(b"\n")[:-1]:
            with contextlib.suppress(msgspec.DecodeError):
                yield msgspec.json.decode(line)

    def append(self, value: object) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    file.write(b"\n")  # a torn line becomes one that does not decode
            file.write(msgspec.json.encode(value) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)


class Workspace:
    """One talk's folder. Reading needs no lock; writing happens inside `locked()`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def slug(self) -> str:
        return self.folder.name

    def path(self, name: str) -> Path:
        """The path of a file of this talk; a name from outside cannot leave the folder."""
        path = self.folder / name
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise BadFileError(f"{self.folder}: the name {name!r} leads out of the talk's folder")
        return path

    def has(self, name: str) -> bool:
        return self.path(name).exists()

    # --- reading ---

    def read(self, name: str) -> bytes:
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError as e:
            raise BadFileError(f"{self.path(name)} is missing", f"stw status {self.slug}") from e

    def text(self, name: str) -> str:
        try:
            return self.read(name).decode("utf-8-sig")
        except UnicodeDecodeError as e:
            raise BadFileError(
                f"{self.path(name)}: not UTF-8 at byte {e.start}", "save it as UTF-8"
            ) from e

    def talk(self) -> Talk:
        return self._load(TALK)  # type: ignore[no-any-return]  # TYPES says so

    def transcript(self) -> Transcript:
        return self._load(TRANSCRIPT)  # type: ignore[no-any-return]

    def article(self) -> Article:
        return self._load(ARTICLE)  # type: ignore[no-any-return]

    def translations(self) -> list[Translation]:
        return self._load(TRANSLATION)  # type: ignore[no-any-return]

    def deck(self) -> Deck:
        """The slides as they were found and read last, whatever a person has made of them."""
        return self._load(SLIDES_BASE) if self.has(SLIDES_BASE) else Deck(slides=())

    def slides_next(self) -> NextDeck:
        return self._load(SLIDES_NEXT)  # type: ignore[no-any-return]

    def talk_base(self) -> Talk | None:
        return self._load(TALK_BASE) if self.has(TALK_BASE) else None

    def talk_next(self) -> Talk:
        return self._load(TALK_NEXT)  # type: ignore[no-any-return]

    def usage(self) -> Usage:
        return self._load(USAGE) if self.has(USAGE) else Usage()

    def _load(self, name: str) -> Any:
        return decode(self.read(name), TYPES[name], self.path(name))

    # --- state ---

    def state(self, name: str, key: str) -> State:
        """What lies at `name`, against `key`: a digest of what it would be made from today."""
        if not self.has(name):
            return State.MISSING
        sha = digest(self.read(name))
        entry = self._ledger().get(name, Entry())
        for known_sha, known_key in ((entry.sha, entry.key), (entry.next_sha, entry.next_key)):
            if sha == known_sha:
                return State.FRESH if key == known_key else State.STALE
        return State.EDITED if key == entry.key else State.CONFLICT

    def key(self, name: str) -> str:
        """What a file was made from when we last wrote or announced it; empty if never."""
        entry = self._ledger().get(name, Entry())
        return entry.key or entry.next_key

    def made_from(self, name: str) -> str:
        """What the content that lies there was made from, also where a run was killed over it."""
        entry = self._ledger().get(name, Entry())
        announced = self.has(name) and digest(self.read(name)) == entry.next_sha
        return entry.next_key if announced and entry.next_sha != entry.sha else self.key(name)

    def edited(self, name: str) -> bool:
        """True when a person has been at this file, or it was never ours."""
        if not self.has(name):
            return False
        entry = self._ledger().get(name, Entry())
        return digest(self.read(name)) not in (entry.sha, entry.next_sha)

    def ours(self, name: str) -> str:
        """The digest of what we wrote there last, whatever lies there now; empty if nothing."""
        return self._ledger().get(name, Entry()).sha

    def _ledger(self) -> dict[str, Entry]:
        if not self.has(LEDGER):
            return {}
        hint = (
            "it holds no words of yours: take either side of a git merge; or move it away, and all"
            " files count as edited by hand"
        )
        return decode(self.read(LEDGER), dict[str, Entry], self.path(LEDGER), hint=hint)  # type: ignore[no-any-return]

    def _save_ledger(self, ledger: dict[str, Entry]) -> None:
        write_atomic(self.path(LEDGER), encode(ledger))

    # --- writing ---

    def put(self, name: str, value: object, *, key: str) -> bool:
        """Write a noun, text or bytes made from `key`; False when the same already lies there."""
        data = encode(value)
        sha = digest(data)
        ledger = self._ledger()
        entry = ledger.get(name, Entry())
        there = self.has(name) and self.read(name) == data
        if there and (entry.sha, entry.key) == (sha, key):
            return False
        ledger[name] = replace(entry, next_key=key, next_sha=sha)
        self._save_ledger(ledger)
        if not there:
            write_atomic(self.path(name), data)
        ledger[name] = Entry(key=key, sha=sha)
        self._save_ledger(ledger)
        return not there

    def put_aside(self, name: str, value: object) -> None:
        """Write one of the tool's own notes; nobody edits those."""
        write_atomic(self.path(name), encode(value))

    def written(self, folder: str) -> list[str]:
        """The files in a folder of the talk that are as we wrote them."""
        names = (n for n in self._ledger() if n.startswith(f"{folder}/"))
        return [n for n in names if self.has(n) and not self.edited(n)]

    def remove(self, name: str) -> None:
        """Take away a file that is as we wrote it."""
        self.path(name).unlink(missing_ok=True)
        self._save_ledger({n: entry for n, entry in self._ledger().items() if n != name})

    def back_up(self, name: str) -> Path | None:
        """Copy a file to the backups, named by the time; None when there is none."""
        source = self.path(name)
        return self.back_up_file(source) if source.exists() else None

    def back_up_file(self, source: Path) -> Path:
        """Copy a file, which may lie elsewhere, to the backups."""
        stamp = time.strftime("%Y%m%dT%H%M%S")
        content = digest(source.read_bytes())[:6]  # two in a second do not overwrite each other
        target = self.path(f"{BACKUPS}/{stamp}-{content}-{source.name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        return target

    @contextlib.contextmanager
    def locked(self, command: str) -> Iterator[None]:
        """Hold the talk for one run.

        Raises LockedError naming the holder. The lock belongs to the process: it is free as soon
        as the process ends, however that happens.
        """
        folder = self.path(PRIVATE)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise MissingError(
                f"cannot write {folder}: {e.strerror or e}", "--drafts FOLDER names another place"
            ) from e
        lock = filelock.FileLock(folder / "lock")
        holder = folder / "lock.json"
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as e:
            raise LockedError(
                f"{self.slug}: another run holds this talk{_describe_holder(holder)}",
                "wait for it, or stop it; nothing is lost either way",
            ) from e
        try:
            facts = {
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "command": command,
                "since": time.strftime("%Y-%m-%d %H:%M:%S"),
            }
            write_atomic(holder, encode(facts))
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()


def _describe_holder(path: Path) -> str:
    try:
        facts = json.loads(path.read_text())
        return (
            f" ({facts['command']}, process {facts['pid']} on {facts['host']},"
            f" since {facts['since']})"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # written a moment later, or gone a moment ago


def encode(value: object) -> bytes:
    """The bytes of a file: text and bytes as they are, nouns as JSON that diffs well."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


MEND = "mend it by hand, or move the file away to have it made again"


def decode(data: bytes, kind: Any, path: Path, *, hint: str = MEND) -> Any:
    """Read a noun back. Raises BadFileError naming the file and the place in it.

    A key that the noun does not have is an error as well: it would vanish at the next writing,
    and somebody typed it. So is a number that no time or size can be.
    """
    try:
        raw = msgspec.json.decode(data)
        value = msgspec.convert(raw, kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise BadFileError(f"{path}: {e}", hint) from e
    extra = _extra_keys(raw, msgspec.to_builtins(value), "$")
    if extra:
        raise BadFileError(f"{path}: unknown key {extra}", hint)
    if wild := _wild_number(raw, "$"):
        raise BadFileError(f"{path}: a number out of all bounds at {wild}", hint)
    return value


_BOUND = 1e15  # bytes of a file are fewer, and seconds of a talk by far


def _wild_number(raw: Any, place: str) -> str:
    """The place of the first number beyond the bound, or empty."""
    if isinstance(raw, int | float):
        return "" if abs(raw) < _BOUND else place
    items: Iterable[tuple[str, Any]] = ()
    if isinstance(raw, dict):
        items = ((f"{place}.{key}", value) for key, value in raw.items())
    elif isinstance(raw, list):
        items = ((f"{place}[{i}]", value) for i, value in enumerate(raw))
    return next((found for where, value in items if (found := _wild_number(value, where))), "")


def _extra_keys(raw: Any, known: Any, place: str) -> str:
    """The place of the first key in `raw` that `known` lacks, or empty."""
    if isinstance(raw, dict) and isinstance(known, dict):
        for key, value in raw.items():
            if key not in known:
                return f"{place}.{key}"
            if found := _extra_keys(value, known[key], f"{place}.{key}"):
                return found
    if isinstance(raw, list) and isinstance(known, list | tuple):
        for i, (a, b) in enumerate(zip(raw, known, strict=False)):
            if found := _extra_keys(a, b, f"{place}[{i}]"):
                return found
    return ""


# --- many talks ---------------------------------------------------------------------------------


def talks(drafts: Path) -> list[Workspace]:
    """Every talk under `drafts`, by name."""
    if not drafts.is_dir():
        return []
    return [Workspace(p) for p in sorted(drafts.iterdir()) if (p / TALK).is_file()]


def find_talk(drafts: Path, name: str) -> Workspace:
    """The talk that a user means: a slug, a unique part of one, or the path of its folder.

    Where no slug has the part: a unique part of a title or of the fetched file's name. Underscores
    and spaces count as hyphens.

    Raises TalkNotFoundError when none or several answer to it.
    """
    if not name.strip():
        raise TalkNotFoundError("the name of the talk is empty", "stw status lists the talks")
    given = Path(name)
    if given.name == TALK or given.name == DRAFT:
        given = given.parent
    if (given / TALK).is_file():
        return Workspace(given)
    known = talks(drafts)
    exact = [w for w in known if w.slug == name]
    part = _hyphened(name)
    found = exact or [w for w in known if name.lower() in w.slug or (part and part in w.slug)]
    if part and not found:
        others = [(w, _other_names(w)) for w in known]
        found = [w for w, names in others if part in names]
        found = found or [w for w, names in others if any(part in other for other in names)]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(w.slug for w in found[:6])
        raise TalkNotFoundError(f"{name!r} means several talks: {listed}", "write more of the name")
    listed = ", ".join(w.slug for w in known[:6]) or "none yet"
    raise TalkNotFoundError(f"no talk {name!r} in {drafts} (there: {listed})", _meant(known, name))


def _hyphened(name: str) -> str:
    return "-".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _other_names(workspace: Workspace) -> list[str]:
    """What a talk is called besides its slug: its title, and its file or address."""
    with contextlib.suppress(BadFileError):
        talk = workspace.talk()
        file = talk.source.rstrip("/").replace("\\", "/").rpartition("/")[2]
        return [_hyphened(talk.title), _hyphened(file)]
    return []


def _meant(known: Sequence[Workspace], name: str) -> str:
    words = {word: w.slug for w in known for word in (*w.slug.split("-"), w.slug)}
    near = difflib.get_close_matches(name.lower(), words, n=1)
    return f"did you mean {words[near[0]]}?" if near else "stw fetch URL brings one"


def find_fetched(drafts: Path, key: str) -> Workspace | None:
    """The talk in `drafts` that was fetched with this key; unreadable ones are passed over."""
    for workspace in talks(drafts):
        with contextlib.suppress(BadFileError):
            if workspace.key(TALK) == key:
                return workspace
    return None
