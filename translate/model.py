"""The nouns. Plain frozen data from the standard library alone.

Knows no files, no JSON, no Markdown, no models. All times are seconds from the start of the
talk, as floats; identity is time, not ordinal, because `p017` shifts when someone splits `p003`
and 00:12:31 does not.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

Severity = Literal["error", "warning", "info"]
UNTRANSLATED = "【待译】"


def clock(seconds: float) -> str:
    """`HH:MM:SS` of a time in seconds, hours always shown: 3723.4 → `01:02:03`."""
    whole = max(0, int(seconds))
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def several(count: int, what: str) -> str:
    """`1 word`, `2 words`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def has_text(text: str) -> bool:
    """Whether there is a letter or a digit, of any script, in it."""
    return any(c.isalnum() for c in text)


def link_at(url: str, seconds: float) -> str:
    """`url` opened at a time in whole seconds; empty for an empty or non-web `url`.

    YouTube and Bilibili take `t` in the query, Vimeo and plain media files a fragment.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # "http://[", typed by hand
        return ""
    if parts.scheme not in ("http", "https"):
        return ""
    whole = max(0, int(seconds))
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    if host in ("youtube.com", "youtu.be", "youtube-nocookie.com", "bilibili.com"):
        query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != "t"]
        value = f"{whole}s" if host.startswith("you") else str(whole)
        return urlunsplit(parts._replace(query=urlencode([*query, ("t", value)]), fragment=""))
    return urlunsplit(parts._replace(fragment=f"t={whole}"))


_SECRET = re.compile(
    r"(?i)^(.*(token|secret|signature|password|credential|session|api-?_?key|auth).*"
    r"|sig|lsig|key|policy|expires?|se|sv|sp|st|hdnea|hdnts|jwt|key-pair-id|x-amz-.*|x-goog-.*)$"
)


def public_url(url: str) -> str:
    """`url` as it may be written down: without user, password and signed or secret parameters."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:  # "http://[": nothing of it can be told apart
        return url.partition("?")[0].partition("#")[0]
    if parts.scheme not in ("http", "https"):
        return url
    pairs = parts.query.split("&") if parts.query else []
    kept = [pair for pair in pairs if not _SECRET.match(pair.partition("=")[0])]
    return urlunsplit(parts._replace(netloc=host, query="&".join(kept)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What made something: provenance, and part of every key."""

    name: str  # "whisper", "captions", "chat", "memory", "none", "editor"
    model: str = ""  # "turbo", "deepseek-chat", a checkpoint's file name
    version: str = ""  # of the package, the prompt or the checkpoint's hash
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_person(self) -> bool:
        """Whether the Chinese it stands for is people's own: a memory's, or the editor's."""
        return self.name in ("memory", "editor")


# --- a talk -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    name: str
    affiliation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    start: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionTrack:
    """One caption track that the platform offers, downloaded (`file` set) or not."""

    language: str  # BCP 47 as the platform writes it: "en", "en-US", "zh-Hans"
    kind: Literal["creator", "automatic"]
    name: str = ""
    file: str = ""  # relative to the talk's folder, with "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One downloaded file."""

    kind: Literal["audio", "video", "captions"]
    file: str  # relative to the talk's folder, with "/"
    bytes: int
    sha256: str
    format: str = ""  # "m4a 128k", "mp4 1280x720", as the platform names it


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Who said what, where and when; as fetched, and as corrected by flag or by hand."""

    slug: str
    title: str
    url: str = ""  # the page a reader can open; empty for a local file
    source: str = ""  # what the user asked for: a URL, or a file's name
    event: str = ""
    speakers: tuple[Speaker, ...] = ()
    channel: str = ""
    date: str = ""  # upload date, YYYY-MM-DD, or empty
    duration: float = 0.0
    language: str = ""  # as the platform says; empty when it does not
    description: str = ""
    links: tuple[str, ...] = ()
    licence: str = ""  # as the platform states it
    chapters: tuple[Chapter, ...] = ()
    captions: tuple[CaptionTrack, ...] = ()
    media: tuple[Media, ...] = ()

    @property
    def sound(self) -> Media | None:
        """The file with the talk's sound, if it was downloaded."""
        return next((m for m in self.media if m.kind == "audio"), None)

    def at(self, seconds: float) -> str:
        """A link to the video at this time, or empty when there is no page."""
        return link_at(self.url, seconds)


# --- what a platform offers ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All facts of one talk as a platform, a page or a file states them, before any judgement."""

    source: str  # what finds it again: a URL (secrets and all) or a file's path; never written down
    item: int = 0  # which of the videos in one page, from 1; 0 where the source is one talk
    title: str
    url: str = ""  # the page a reader can open; empty for a local file
    channel: str = ""
    date: str = ""  # upload date, YYYY-MM-DD, or empty
    duration: float = 0.0
    description: str = ""
    licence: str = ""
    language: str = ""
    chapters: tuple[Chapter, ...] = ()
    tags: tuple[str, ...] = ()
    captions: tuple[CaptionTrack, ...] = ()
    extractor: str = ""  # "youtube", "generic", "file"
    platform_id: str = ""  # not unique on generic pages
    event: str = ""  # stated by the page's own data (superEvent), not guessed
    playlist: str = ""  # the title of the playlist it was found in
    speakers: tuple[Speaker, ...] = ()  # stated by the page's own data, not guessed
    audio_bytes: int | None = None  # what a download will bring; None while unknown
    video_bytes: int | None = None
    problems: tuple["Problem", ...] = ()

    @property
    def key(self) -> str:
        """Stable and free of secrets: tells two talks apart whose names are the same."""
        return f"{public_url(self.source)}#{self.item}" if self.item else public_url(self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What was gotten; file names are relative to the directory it was downloaded into."""

    listing: Listing  # with what only the files could tell, such as the duration
    media: tuple[Media, ...] = ()  # of kind "captions" too
    captions: tuple[CaptionTrack, ...] = ()  # all that the platform offers; `file` where gotten
    problems: tuple["Problem", ...] = ()


# --- what was said ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    start: float
    end: float
    text: str
    confidence: float | None = None  # 0..1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A stretch of speech with its text, as recognised or captioned."""

    start: float
    end: float
    text: str
    confidence: float | None = None  # 0..1: exp(average log-probability) for Whisper
    words: tuple[Word, ...] = ()

    @property
    def has_text(self) -> bool:
        """Whether a letter or digit is in it: punctuation alone stands for nothing said."""
        return has_text(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What a recogniser wrote for a stretch of one window, before any rule has judged it."""

    start: float
    end: float
    text: str  # empty where the recogniser itself threw its text away
    avg_logprob: float  # of the decoded tokens, <= 0
    no_speech_prob: float  # 0..1, of the window
    compression_ratio: float  # of the window's text; above 2.4 it repeats itself
    temperature: float  # at which the text was accepted; above 0 is a fallback
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What a recogniser made of one window, before any rule has judged it."""

    segments: tuple[Segment, ...]
    language: str = ""  # the one the sound is most likely in; empty where the engine cannot tell
    probability: float = 0.0  # of that language, 0..1
    whole: bool = True  # False where the engine ran into its limit before the window's end


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowResult:
    """One finished window of recognition, kept so that a killed run continues after it."""

    start: float
    end: float
    language: str
    of: str  # hash of what it was made from: samples, place, engine, prompt, language
    segments: tuple[Segment, ...]
    sounds_like: str = ""  # the language it is most likely in; empty where the engine cannot tell
    probability: float = 0.0  # of that language, 0..1
    heard: Literal["once", "again", "recut"] = "once"  # which hearing the segments come from
    whole: bool = True  # False where the recogniser ran into its limit before the window's end


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One decision about recognised text: what was removed or doubted, when, and by which rule."""

    start: float
    end: float
    rule: str  # "loop", "prompt-echo", "silence", "music", "uncovered", "rolling", ...
    action: Literal["removed", "kept"]
    text: str = ""
    detail: str = ""

    @classmethod
    def on(
        cls,
        stretch: Span | Cue | Segment | WindowResult,
        rule: str,
        action: Literal["removed", "kept"],
        text: str = "",
        detail: str = "",
    ) -> "Flag":
        """A flag over the time of something."""
        return cls(
            start=stretch.start,
            end=stretch.end,
            rule=rule,
            action=action,
            text=text,
            detail=detail,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    language: str
    engine: Engine
    duration: float
    cues: tuple[Cue, ...]
    flags: tuple[Flag, ...] = ()
    speech: tuple[Span, ...] = ()  # where the voice activity detector hears speech; () if not run


# --- what was shown -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of the picture, as fractions of its width and height, 0..1 from the left and top."""

    left: float
    top: float
    right: float
    bottom: float


WHOLE_PICTURE = Box(left=0.0, top=0.0, right=1.0, bottom=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """A stretch of the video in which one slide stands: a build is one, in its last state."""

    start: float
    end: float
    at: float  # when its picture is best: complete, sharp, and nothing in motion
    region: Box = WHOLE_PICTURE  # where the slide is, when the speaker shares the picture
    of: int = 0  # the same number: the same slide shown again, be it in another layout
    fullest: bool = True  # of all with this number, the one whose picture is to be taken


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBox:
    """A line of text as read from a picture."""

    text: str
    box: Box
    confidence: float  # 0..1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a slide's text, without its bullet."""

    text: str
    level: int = 0  # of nesting; 0 for the outermost
    code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """One slide with all the times it was shown; its identity is the start of the first."""

    shown: tuple[Span, ...]  # in order of time, at least one
    kind: Literal["text", "picture", "section"] = "picture"  # section: hardly more than a title
    title: str = ""
    lines: tuple[Line, ...] = ()  # below the title
    banner: str = ""  # what stands in the same place on many slides and names a section
    words: str = ""  # everything that was read on it, charts and code too, in reading order
    image: str = ""  # its picture, relative to the talk's folder, with "/"; empty without one
    missing: str = ""  # why it could not be read, or has no picture
    place: float | None = None  # what is spoken then is what it goes with: a person has said so

    @property
    def start(self) -> float:
        return self.shown[0].start


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """The slides of a talk, in order of when they were first shown."""

    slides: tuple[Slide, ...]
    problems: tuple["Problem", ...] = ()
    typed: tuple[tuple[float, str], ...] = ()  # what a person typed though it is found so as well


# --- what is read -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A misheard term put right in a sentence; `offset` is in characters of the new text."""

    offset: int
    heard: str
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    start: float
    end: float
    text: str
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    start: float
    end: float
    sentences: tuple[Sentence, ...]

    @property
    def english(self) -> str:
        return " ".join(s.text for s in self.sentences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    start: float
    title: str  # empty where the talk has no chapters
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The talk as prose: sections of paragraphs of sentences, in order of time."""

    sections: tuple[Section, ...]

    @property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        return tuple(p for s in self.sections for p in s.paragraphs)


# --- terms and translations ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One row of the term base."""

    source: str
    targets: tuple[str, ...] = ()  # accepted Chinese, the preferred first; () for keep and forbid
    policy: Literal["strict", "prefer", "keep", "forbid"] = "prefer"
    exact_case: bool = False
    first_mention: bool = False  # write 中文（English） the first time
    heard_as: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()  # Chinese that must not stand for it
    note: str = ""
    file: str = ""  # where the row stands, for messages
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """The Chinese of one paragraph, or the reason why there is none (never the English)."""

    start: float  # of its paragraph
    chinese: str  # empty exactly when `missing` says why
    of: str  # hash of what it was made from: source, model, prompt, the terms that hit
    by: Engine
    terms: tuple[str, ...] = ()  # sources of the glossary rows that hit
    missing: str = ""
    rows: tuple[str, ...] = ()  # a digest of each of those rows, as it was
    english: str = ""  # that it was made from
    stale: str = ""  # what has changed since, and why it was not translated again; else empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What a model proposes of a talk before it is translated; nobody has looked at it yet."""

    summary: str = ""
    terms: tuple[tuple[str, str], ...] = ()  # (English, Chinese)
    usage: "Usage" = field(default_factory=lambda: Usage())
    missing: str = ""  # why there is neither; what the answer cost is in `usage` all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class TermUse:
    """What became of one term in the whole talk."""

    term: Term
    said: int
    paragraphs: int  # translated ones in which it is said
    written: tuple[tuple[str, int], ...]  # each rendering and how often, the most used first
    missed: tuple[float, ...]  # starts of the paragraphs that do not render it
    forbidden: tuple[float, ...]  # of those that render it as the row forbids

    @property
    def kept(self) -> int:
        """Paragraphs that render it as its row says."""
        return self.paragraphs - len(self.missed) - len(self.forbidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryEntry:
    """One English text and the Chinese that people have agreed on: a row of a memory."""

    source: str
    target: str
    note: str = ""
    talk: str = ""  # the talk it was learned from; empty where somebody else made it
    at: str = ""  # its anchor there
    drafted_by: str = ""  # the machine whose draft a person went through; empty for none


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a translation cost."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None  # in `currency`; None where no price is known
    currency: str = ""
    unpriced: int = 0  # of a sum: calls whose cost is not in `cost`

    @property
    def without_cost(self) -> int:
        """The calls of which nobody knows what they cost."""
        return self.calls if self.cost is None else self.unpriced

    @property
    def cost_text(self) -> str:
        """`14.3400 CNY; cost of 80 calls unknown`, for people."""
        if self.cost is None:
            return "unknown" if self.calls else "0"
        more = f"; cost of {self.unpriced} calls unknown" if self.unpriced else ""
        return f"{self.cost:.4f} {self.currency}".rstrip() + more

    def __add__(self, other: "Usage") -> "Usage":
        known = [u.cost for u in (self, other) if u.cost is not None]
        if len({u.currency for u in (self, other) if u.cost}) > 1:
            known = []  # two currencies make no sum
        return Usage(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost=sum(known) if known else None,
            currency=self.currency or other.currency,
            unpriced=self.without_cost + other.without_cost if known else 0,
        )


# --- what a translator is asked, and what it answers ---------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One paragraph to translate, with the rows of the term base that hit it."""

    id: str  # "p0001": of this run, never stored
    english: str
    start: float = 0.0
    sentences: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a translator should know about the whole talk."""

    title: str = ""
    event: str = ""
    speakers: tuple[str, ...] = ()  # "Name, Affiliation"
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What a person made of a similar paragraph."""

    english: str
    chinese: str
    similarity: float  # 0..1


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call: some neighbouring paragraphs and what stands around them."""

    units: tuple[Unit, ...]
    card: Card = field(default_factory=Card)
    previous: tuple[tuple[str, str], ...] = ()  # (English, Chinese) just before
    following: str = ""  # English just after
    examples: tuple[Example, ...] = ()  # from the memory, the most similar first
    reasons: Mapping[str, str] = field(default_factory=dict)  # id → why its last answer was refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, by id; ids may be missing, and the texts are not checked yet."""

    texts: Mapping[str, str] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    finish: Literal["stop", "length", "refused"] = "stop"
    note: str = ""  # why texts are missing, where the translator knows


# --- what the user is told ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that did not stop the run, and that a person must know."""

    rule: str  # stable, kebab-case: "untranslated", "number", "uncovered-speech", ...
    severity: Severity
    message: str
    at: float | None = None  # seconds into the talk
    where: str = ""  # a file, a line, a term: what `at` cannot say
    hint: str = ""  # what to do


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One tick of progress."""

    stage: str  # "download", "decode", "transcribe", "translate"
    done: float
    total: float | None  # None while it is not known
    unit: Literal["bytes", "seconds", "paragraphs", "slides"]
    note: str = ""


Progress = Callable[[Step], None]


def no_progress(step: Step) -> None:
    """A `Progress` for those who do not watch."""
