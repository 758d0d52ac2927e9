"""Fetch: from what a platform states about a talk to the facts that an editor reads.

Takes titles apart by the habits of conference channels, gives a talk its slug, picks the captions
worth reading, and merges a second fetch with what a hand corrected. Knows no site, no downloader
and no file names of the talk's folder. A title is never shortened by guessing: what is not
understood stays in the title.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePath
from typing import Protocol

from translate.model import (
    CaptionTrack,
    Download,
    Listing,
    Media,
    Progress,
    Speaker,
    Talk,
    public_url,
)


class Downloader(Protocol):
    """Whatever can find and get talks."""

    def find(self, source: str, *, progress: Progress) -> tuple[Listing, ...]:
        """The talks behind a URL or a file, several for a playlist.

        Raises InputError, DownloadError, MissingError.
        """
        ...

    def download(
        self,
        listing: Listing,
        into: Path,
        *,
        audio_only: bool,
        progress: Progress,
        have: tuple[Media, ...] = (),
    ) -> Download:
        """Get the sound, the picture unless `audio_only`, and the creator's English captions.

        `have` names what an earlier download brought, relative to `into`; files which are still
        as recorded are not gotten again. Raises InputError, DownloadError, MissingError.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What a person says about the talk; None where nothing was said. It always wins."""

    title: str | None = None
    event: str | None = None
    speakers: tuple[Speaker, ...] | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """A title taken apart."""

    title: str
    event: str = ""
    speakers: tuple[Speaker, ...] = ()


def describe(listing: Listing, *, slug: str, overrides: Overrides | None = None) -> Talk:
    """The facts of a talk: the title taken apart, links found, secrets left out."""
    said = overrides or Overrides()
    naming = parse_title(
        listing.title, event=listing.event, playlist=listing.playlist, speakers=listing.speakers
    )
    web = "://" in listing.source
    return Talk(
        slug=slug,
        title=naming.title if said.title is None else said.title,
        url=public_url(listing.url),
        source=public_url(listing.source) if web else PurePath(listing.source).name,
        event=naming.event if said.event is None else said.event,
        speakers=naming.speakers if said.speakers is None else said.speakers,
        channel=listing.channel,
        date=listing.date if said.date is None else said.date,
        duration=listing.duration,
        language=listing.language,
        description=listing.description,
        links=links_in(listing.description),
        licence=listing.licence,
        chapters=listing.chapters,
        captions=listing.captions,
    )


def gathered(talk: Talk, download: Download, *, folder: str) -> Talk:
    """`talk` with the downloaded files, named from the talk's folder instead of `folder`."""
    return replace(
        talk,
        duration=download.listing.duration or talk.duration,
        media=tuple(replace(m, file=f"{folder}/{m.file}") for m in download.media),
        captions=tuple(
            replace(c, file=f"{folder}/{c.file}") if c.file else c for c in download.captions
        ),
    )


def merge_talk(base: Talk | None, mine: Talk | None, new: Talk) -> Talk:
    """A second fetch, field by field: what a hand changed since `base` is kept, the rest is new.

    Without `base` nobody can tell a person's words from the platform's, so `mine` is kept
    wherever it says anything.
    """
    if mine is None:
        return new
    kept = {}
    for field in fields(Talk):
        theirs = getattr(mine, field.name)
        untouched = theirs == getattr(base, field.name) if base else not theirs
        if not untouched:
            kept[field.name] = theirs
    return replace(new, **kept)


# --- captions and links -------------------------------------------------------------------------

_PREFERRED = ("en", "en-us", "en-gb")


def choose_captions(tracks: Sequence[CaptionTrack]) -> CaptionTrack | None:
    """The creator's own English captions, plain `en` first; never automatic ones.

    A track of undetermined language (`und`, a file that says nothing) comes last: whoever reads
    it finds out. Where several are equally good, those already downloaded come first.
    """

    def rank(track: CaptionTrack) -> tuple[int, bool]:
        code = track.language.lower().replace("_", "-")
        if code in _PREFERRED:
            return _PREFERRED.index(code), not track.file
        return (len(_PREFERRED) if code.startswith("en-") else len(_PREFERRED) + 1), not track.file

    def fits(track: CaptionTrack) -> bool:
        code = track.language.lower().replace("_", "-")
        return track.kind == "creator" and (code in ("en", "und") or code.startswith("en-"))

    return min((t for t in tracks if fits(t)), key=rank, default=None)


_LINK = re.compile(
    r"https?://[^\s<>\"'`{}|\\^，。；：！？、（）【】《》「」『』“”‘’]{1,2000}", re.IGNORECASE
)
_BRACKETS = {")": "(", "]": "["}


def links_in(text: str) -> tuple[str, ...]:
    """The web links of a text, each once, in order; without the sentence's own punctuation."""
    found = (_trimmed(match.group()) for match in _LINK.finditer(text))
    return tuple(dict.fromkeys(link for link in found if not link.endswith("://")))


def _trimmed(link: str) -> str:
    while link:
        last = link[-1]
        opening = _BRACKETS.get(last)
        unbalanced = opening is not None and link.count(last) > link.count(opening)
        if last not in ".,;:!?*_~…([" and not unbalanced:
            break
        link = link[:-1]
    return link


# --- slugs --------------------------------------------------------------------------------------

_SLUG_LENGTH = 60
_RESERVED = re.compile(r"con|nul|prn|aux|com\d|lpt\d")


def slug_for(event: str, title: str, taken: Callable[[str], bool], key: str) -> str:
    """A folder's name from event and title: `^[a-z0-9-]+$`, at most 60 characters.

    `key` (where the talk comes from) tells two talks of one name apart: the second gets a hash of
    it. A name that leaves no Latin letter (Chinese, emoji) becomes `talk-<hash>`.
    """
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    plain = _latin(f"{event} {title}")
    if sum(map(str.isalpha, plain)) < 2:
        plain = f"talk-{digest[:8]}"
    elif _RESERVED.fullmatch(plain):
        plain = f"talk-{plain}"
    slug = _cut(plain, _SLUG_LENGTH)
    for length in range(8, len(digest) // 2):
        if not taken(slug):
            break
        slug = f"{_cut(plain, _SLUG_LENGTH - length - 1)}-{digest[:length]}"
    return slug


def _latin(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    letters = "".join(c for c in decomposed if not unicodedata.combining(c) and c not in "'’")
    return re.sub(r"[^a-z0-9]+", "-", letters.lower()).strip("-")


def _cut(slug: str, length: int) -> str:
    """At most `length` characters, whole words where the first word allows it."""
    if len(slug) <= length:
        return slug
    head = slug[: length + 1].rpartition("-")[0] or slug[:length]
    return head.strip("-")


# --- titles -------------------------------------------------------------------------------------


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A name of an event: a word that says so, with a year or a place after it and not a sentence.
_EVENT_WORD = (
    r"(?:[\w.&'’-]*(?:Conf|Con|Conference|Summit|Days?|Meetups?|Symposium|Workshops?|Fest|Camp"
    r"|Congress|Meeting|Forum|Hackathon|Colloquium)|CONF|SUMMIT|DAYS?|NeurIPS|ICML|ICLR|CVPR|ICCV|ECCV"
    r"|ACL|EMNLP|NAACL|KDD|SIGGRAPH|FOSDEM|MLSys|OSDI|SOSP|ASPLOS|PLDI|GTC|SciPy|EuroSciPy"
    r"|Interspeech|re:Invent|Mtg|PyData)"
)
_CAPITAL = r"(?:[^\W\d_a-z][\w.'’&+/-]*|(?:19|20)\d\d|[’']?\d\d?|[+&/–-]|of|on|the|at|de)"
_STRONG = re.compile(
    rf"(?:{_CAPITAL}\s+){{0,8}}\b{_EVENT_WORD}(?:[’']?\d\d(?:\d\d)?)?,?(?:\s+{_CAPITAL},?){{0,6}}"
    r"(?:\s*\([^()]{1,40}\))?"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_WEAK = re.compile(rf"{_CAPITAL}(?:\s+{_CAPITAL},?){{0,5}}")
_MONTH = re.compile(
    r"(?i)\b(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec|january|february|march|april"
    r"|august|september|october|november|december|edition|update|recap|review|state)\b"
)
_LONE_WORDS = _words(
    """conference summit day days workshop workshops symposium meetup meetups forum camp fest
    meeting congress hackathon colloquium con conf"""
)
_EMOJI = (
    r"[\U0001F000-\U0001FAFF\u2300-\u23FF\u2600-\u27BF\u2B00-\u2BFF\uFE0F\u200D"
    r"\U000E0020-\U000E007F]"
)
_LONGEST_TITLE = 400  # platforms allow 100 to 300; more than that is nobody's title
_EDGE_EMOJI = re.compile(rf"^(?:\s|{_EMOJI})+|(?:\s|{_EMOJI})+$")
_SEPARATOR = re.compile(r"(\s*[|｜¦•]\s*|\s*//\s+|\s+[-–—·]\s+|\s*[—]\s*)")
_BRACKETED = re.compile(r"^\s*(?:\[([^\[\]]+)\]|【([^【】]+)】|\(([^()]+)\))\s*(?=\S)")

# Words that open or make up titles and are nobody's name. Plain lower case.
_NO_NAME = _words(
    """a an and the of for with in on at to from by as or not no is are be your our my we you it its
    how why what when where who this that these those do does can all more most new next
    deep dive learning machine data science cloud native open source software hardware model models
    large small language intro introduction overview tutorial keynote talk talks lightning session
    panel poster demo opening closing remarks welcome part day track room main stage state future
    past present update updates roadmap live recap review highlights trailer interview podcast
    python pytorch kubernetes linux kernel rust julia java javascript golang tensorflow jax cuda gpu
    gpus cpu cpus api apis llm llms ai ml nlp paddle triton compiler compilers graph graphs tensor
    tensors code coding systems system design patterns pattern performance memory storage network
    networks neural security privacy service services mesh serverless edge computing compute
    distributed parallel production platform platforms framework frameworks library libraries tools
    tool developer developers engineering engineer engineers research researchers community
    foundation project projects program programs web app apps mobile quantum beyond under inside
    better good great fast faster easy simple advanced modern practical applied real world time
    first last full end stack scale scalable high low level quality control version release
    foundations basics fundamentals essentials internals architecture architectures infrastructure
    pipeline pipelines agent agents generative diffusion transformer transformers attention vision
    robotics inference serving training model-based reinforcement learned lessons story stories
    journey guide case study studies things ways tips tricks zero one two three using use make made
    go get let lets team group company inc university institute lab labs official video audio music
    english subtitles episode ep vol volume chapter lecture course class workshop conference summit
    event events channel news q&a qa ama unlocking bringing towards toward against without about
    into over through between everything nothing everyone power magic secret secrets hidden
    zen type types typed async concurrency free happy path hello big bang dark side"""
)
_PARTICLES = _words(
    "de da di del della van von der den la le du dos das bin ibn al el ten ter y e st. zu"
)
_HONORIFIC = re.compile(r"^(?:Dr|Prof|Professor|Mr|Mrs|Ms|Sir)\.?\s+(?=\S+\s+\S)")
_NAME_WORD = re.compile(r"^(?:[A-Z]\.)+$|^[^\W\d_][^\W\d_'’.]*(?:[-'’][^\W\d_]+)*\.?$")
_NO_NAME_ENDING = re.compile(r"(?:\w{3,}ing|tion|tions|ment|ments|ity|ness|ics|ware|ism|able|ful)$")
_FIRM = re.compile(
    r"\b(Inc|Ltd|LLC|GmbH|Corp|Labs?|AI|Universit\w+|Institut\w*|Foundation|Research|Systems"
    r"|Technolog\w+|Networks?|Software|Cloud|Group|Team|Hat|Face|Health|Bank|Studios?|College"
    r"|School|Engineering|Google|Microsoft|Meta|Facebook|IBM|Intel|AMD|NVIDIA|Nvidia|Amazon|AWS"
    r"|Huawei|Baidu|Alibaba|Tencent|ByteDance|OpenAI|DeepMind|Anthropic|Databricks|MIT|CMU|UC"
    r"|ETH|EPFL|Inria|Independent|Freelance|CEO|CTO)\b"
)
_BY = re.compile(
    r"(?P<rest>.*\S)(?:\s+(?:by|By|BY)\s+(?P<by>\S.*)|\s*[(（](?P<inside>[^()（）]+)[)）])"
)
_JOINER = re.compile(r"\s*(?:&|;|\+)\s*|\s*,?\s+(?:and|AND|And)\s+")


def parse_title(
    title: str, *, event: str = "", playlist: str = "", speakers: tuple[Speaker, ...] = ()
) -> Naming:
    """Take a title apart into talk, event and speakers, by the habits of conference channels.

    `event` and `speakers` are what the page itself states (they win); `playlist` is the title of
    the list it was found in. Every word of the title is in one of the parts.
    """
    if len(title) > _LONGEST_TITLE:
        return Naming(title=title, event=_clean(event), speakers=speakers)
    known = _clean(event)
    playlist = _clean(playlist)
    pieces = _Pieces.of(_clean(title))
    found = _take_event(pieces, known, playlist)
    spoken = _take_speakers(pieces, found or known, speakers)
    if not found and not known and _is_strong(playlist):
        found = playlist
    return Naming(
        title=pieces.text() or _clean(title),
        event=known or found,
        speakers=_united(speakers, spoken),
    )


def _clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _united(stated: tuple[Speaker, ...], read: tuple[Speaker, ...]) -> tuple[Speaker, ...]:
    """Stated speakers, each with the affiliation that only the title knows, then the others."""
    places = {s.name.casefold(): s.affiliation for s in read}
    names = {s.name.casefold() for s in stated}
    filled = tuple(
        s if s.affiliation else replace(s, affiliation=places.get(s.name.casefold(), ""))
        for s in stated
    )
    return filled + tuple(s for s in read if s.name.casefold() not in names)


class _Pieces:
    """A title between its separators, from which understood pieces are taken."""

    def __init__(self, pieces: list[str], separators: list[str]) -> None:
        self.pieces = pieces
        self._separators = separators  # one fewer: what stood before pieces[1:]

    @classmethod
    def of(cls, title: str) -> "_Pieces":
        parts = _SEPARATOR.split(title)
        pieces, separators = [_EDGE_EMOJI.sub("", parts[0])], []
        for separator, piece in zip(parts[1::2], parts[2::2], strict=True):
            if bare := _EDGE_EMOJI.sub("", piece):
                pieces.append(bare)
                separators.append(separator)
        if not pieces[0] and len(pieces) > 1:
            del pieces[0], separators[0]
        return cls(pieces, separators)

    def take(self, index: int) -> None:
        del self.pieces[index]
        if self._separators:
            del self._separators[max(0, index - 1)]

    def text(self) -> str:
        out = self.pieces[0]
        for separator, piece in zip(self._separators, self.pieces[1:], strict=True):
            out += f"{separator}{piece}"
        return out.strip()


# -- the event


def _is_strong(text: str) -> bool:
    """Names an event by a word that says so: "PyTorch Conference 2023", "KubeCon Europe"."""
    return bool(_STRONG.fullmatch(text)) and (
        text.casefold() not in _LONE_WORDS and not text.startswith(("A ", "An ", "The Day"))
    )


def _is_weak(text: str) -> bool:
    """Names an event perhaps: capitalised words and a year, "Strange Loop 2019"."""
    words = [w for w in re.split(r"[\s,]+", text) if not _YEAR.fullmatch(w)]
    return bool(words and _YEAR.search(text) and _WEAK.fullmatch(text) and not _MONTH.search(text))


def _take_event(pieces: _Pieces, known: str, playlist: str) -> str:
    named = {name.casefold() for name in (known, playlist) if name}
    _split_prefix(pieces, named)
    candidates = [
        (kind, index)
        for index, piece in enumerate(pieces.pieces)
        if (kind := _event_kind(piece, index, named))
    ]
    if len(pieces.pieces) < 2 or not candidates:
        return ""
    # The surest kind; among equals the last, where events stand by habit.
    index = max(candidates)[1]
    rest = [p for i, p in enumerate(pieces.pieces) if i != index]
    if index == 0 and len(rest) == 1 and _speakers_of(rest[0]):
        return ""  # "PyTorch Conference Highlights - Jane Doe": nothing else could be the talk
    event = pieces.pieces[index]
    pieces.take(index)
    return event


def _event_kind(piece: str, index: int, named: set[str]) -> int:
    """3 stated elsewhere, 2 named as an event, 1 perhaps (never at the front), 0 none."""
    if piece.casefold() in named:
        return 3
    if _is_strong(piece):
        return 2
    return int(index > 0 and _is_weak(piece))


def _split_prefix(pieces: _Pieces, named: set[str]) -> None:
    """Set "[Event] Talk" and "Event: Talk" apart, in the first piece."""
    first = pieces.pieces[0]
    bracketed = _BRACKETED.match(first)
    if bracketed:
        inside = next(group for group in bracketed.groups() if group).strip()
        rest = first[bracketed.end() :].lstrip("-–—:| ")
    else:
        inside, _, rest = (part.strip() for part in re.sub("：", ": ", first).partition(": "))
    if rest and (_is_strong(inside) or inside.casefold() in named):
        pieces.pieces[0] = inside
        pieces.pieces.insert(1, _EDGE_EMOJI.sub("", rest))
        pieces._separators.insert(0, " - ")


# -- the speakers


def _take_speakers(pieces: _Pieces, event: str, stated: tuple[Speaker, ...]) -> tuple[Speaker, ...]:
    found = _take_whole_piece(pieces, stated)
    if found:
        return found
    return _take_by(pieces) or (_take_colon(pieces) if event else ())


def _take_whole_piece(pieces: _Pieces, stated: tuple[Speaker, ...]) -> tuple[Speaker, ...]:
    """A piece that is all speakers: the last but the talk by habit, or the first."""
    if len(pieces.pieces) < 2:
        return ()
    names = {s.name.casefold() for s in stated}
    last = len(pieces.pieces) - 1
    reading = [(i, _speakers_of(p)) for i, p in enumerate(pieces.pieces)]
    likely = [(i, who) for i, who in reading if who]
    if not likely or len(likely) == len(pieces.pieces):
        return ()  # nobody, or everything looks like a name: no guess

    def rank(candidate: tuple[int, tuple[Speaker, ...]]) -> tuple[bool, bool, bool, int]:
        index, who = candidate
        is_stated = any(s.name.casefold() in names for s in who)
        # A company, then the end of the title, then its beginning; never the middle of three.
        return is_stated, any(s.affiliation for s in who), index in (0, last), index

    index, who = max(likely, key=rank)
    pieces.take(index)
    return who


def _take_by(pieces: _Pieces) -> tuple[Speaker, ...]:
    """ "Talk by Jane Doe, Company" or "Talk (Jane Doe)" at the end of a piece."""
    for index, piece in enumerate(pieces.pieces):
        match = _BY.fullmatch(piece)
        if match and (who := _speakers_of(match["by"] or match["inside"])):
            pieces.pieces[index] = match["rest"]
            return who
    return ()


def _take_colon(pieces: _Pieces) -> tuple[Speaker, ...]:
    """ "Jane Doe: Talk"; trusted only where an event was recognised beside it."""
    for index, piece in enumerate(pieces.pieces):
        head, colon, rest = piece.partition(": ")
        if colon and rest.strip() and (who := _speakers_of(head)):
            pieces.pieces[index] = rest.strip()
            return who
    return ()


def _speakers_of(text: str) -> tuple[Speaker, ...]:
    """The people in "Jane Doe & John Roe, Company", or () if it is anything else."""
    in_brackets = re.sub(r"\s*[(（]([^()（）]+)[)）]", r", \1", text)
    groups = [
        [token.strip() for token in group.split(",") if token.strip()]
        for group in _JOINER.split(in_brackets)
    ]
    if not groups or not all(groups):
        return ()
    tokens = [token for group in groups for token in group]
    oxford = len(tokens) > 2 and "," not in _JOINER.split(in_brackets)[-1]
    if oxford and all(_is_name(t) and not _FIRM.search(t) for t in tokens):
        return tuple(Speaker(name=t) for t in tokens)
    if len(groups) == 1 and len(tokens) > 2 and all(map(_is_name, tokens)):
        return tuple(Speaker(name=t) for t in tokens)
    people: list[Speaker] = []
    for group in groups:
        if not _is_name(group[0]):
            return ()
        people.append(Speaker(name=group[0], affiliation=", ".join(group[1:])))
    if any(_FIRM.search(p.name) and not p.affiliation for p in people):
        return ()  # "Red Hat" alone is nobody
    return _shared_affiliation(people)


def _shared_affiliation(people: list[Speaker]) -> tuple[Speaker, ...]:
    """ "A & B, Company": both are of the company when only the last one names it."""
    last = people[-1].affiliation
    if last and not any(p.affiliation for p in people[:-1]):
        return tuple(replace(p, affiliation=last) for p in people)
    return tuple(people)


def _is_name(text: str) -> bool:
    """Two to five words that read like a person's name."""
    words = _HONORIFIC.sub("", text).split()
    if not 2 <= len(words) <= 5 or len(text) > 60:
        return False
    return all(_is_name_word(w, at) for at, w in enumerate(words)) and words[-1][0].isupper()


def _is_name_word(word: str, at: int) -> bool:
    if at and word.lower() in _PARTICLES:
        return True
    lower = word.lower().rstrip(".")
    fits = _NAME_WORD.match(word) and (word[0].isupper() or not word[0].islower())
    acronym = len(word) > 3 and word.isupper()
    return bool(fits) and not (
        acronym or lower in _NO_NAME or _NO_NAME_ENDING.search(lower) or _is_strong(word)
    )
