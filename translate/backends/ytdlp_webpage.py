"""What a web page itself says about the videos in it: JSON-LD, Open Graph, `<video>`, `<track>`.

Reads bytes that someone else fetched; opens no connection. yt-dlp's generic reading takes one of
these sources and drops the others; here they are all read, so that nothing a page states is lost.
A page is hostile until read: any bytes give a `Page`, perhaps an empty one.
"""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from urllib.parse import urljoin, urlsplit

from translate.model import Chapter, Speaker

LONGEST_PAGE = 5_000_000  # bytes; longer pages are read up to here
_MOST_NODES = 20_000  # of JSON-LD in one page
_MOST_TAGS = 200_000
_TEXT = 20_000  # characters of any one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A `<track>` of a `<video>`."""

    url: str
    language: str = ""
    kind: str = "subtitles"  # as HTML names them: "subtitles", "captions", "chapters", ...
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """A JSON-LD `VideoObject`; empty where the page says nothing."""

    title: str = ""
    description: str = ""
    channel: str = ""
    speakers: tuple[Speaker, ...] = ()
    event: str = ""
    date: str = ""  # YYYY-MM-DD
    duration: float = 0.0
    licence: str = ""
    language: str = ""
    chapters: tuple[Chapter, ...] = ()
    tags: tuple[str, ...] = ()
    media: str = ""  # http(s) URL of the file or manifest
    embed: str = ""  # http(s) URL of a page with the player


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that a page states; URLs are absolute and http(s)."""

    title: str = ""
    description: str = ""
    site: str = ""
    language: str = ""
    videos: tuple[Video, ...] = ()
    media: tuple[str, ...] = ()  # of `<video>`, `<source>` and `og:video`, in order
    tracks: tuple[Track, ...] = ()


def read_page(content: bytes, url: str, *, charset: str = "") -> Page:
    """Read a page fetched from `url`. Never raises on what the page holds."""
    reader = _Reader(url)
    reader.read(_decoded(content[:LONGEST_PAGE], charset))
    videos = tuple(_videos(reader.scripts, reader.base))
    og_media = [reader.absolute(reader.meta.get(f"og:video{k}", "")) for k in _OG_VIDEO]
    media = dict.fromkeys([*reader.media, *og_media, *(v.media for v in videos)])
    return Page(
        title=_line(reader.meta.get("og:title") or reader.meta.get("twitter:title"))
        or _line(reader.title),
        description=_text(reader.meta.get("og:description") or reader.meta.get("description")),
        site=_line(reader.meta.get("og:site_name")),
        language=reader.language,
        videos=videos,
        media=tuple(m for m in media if m),
        tracks=tuple(reader.tracks),
    )


_OG_VIDEO = (":secure_url", ":url", "")
_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{1,40})", re.IGNORECASE
)


def _decoded(content: bytes, charset: str) -> str:
    found = _CHARSET.search(content[:4096])
    for name in (charset, found[1].decode("ascii") if found else ""):
        if name:
            # An unknown name, or a codec that is not of text: the next one is tried.
            with contextlib.suppress(LookupError, ValueError):
                return content.decode(name, "replace")
    return content.decode("utf-8", "replace")


def _line(value: object) -> str:
    return " ".join(_text(value).split())


def _text(value: object) -> str:
    """The text of a statement; of a list the first, of `{"@value": ...}` the value."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, Mapping):
        value = value.get("@value") or value.get("name") or ""
    return unescape(value[:_TEXT]).strip() if isinstance(value, str) else ""


# --- HTML ---------------------------------------------------------------------------------------

# The standard library's parser takes minutes for 200 kB of "<a <a <a": its time grows with the
# square of a malformed page. This reader looks at nine tags only, and each character a bounded
# number of times.
_OPENING = re.compile(
    r"<(?:!--|(html|base|meta|title|video|audio|source|track|script|style|textarea)(?=[\s/>]))",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"[\s/]*([^\s=>/\"'<][^\s=>/]{0,200})(?:\s{0,50}=\s{0,50}(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?"
)
_RAW_TEXT = ("title", "script", "style", "textarea")  # tags inside them are text


class _Reader:
    """Collects what the tags of one page state."""

    def __init__(self, url: str) -> None:
        self.base = url
        self.language = ""
        self.meta: dict[str, str] = {}
        self.title = ""
        self.scripts: list[str] = []
        self.media: list[str] = []
        self.tracks: list[Track] = []

    def read(self, html: str) -> None:
        folded = html.lower() if len(html.lower()) == len(html) else html
        at = 0
        for _ in range(_MOST_TAGS):
            match = _OPENING.search(html, at)
            if match is None:
                break
            if match[1] is None:
                at = _after(folded, "-->", match.end())
                continue
            tag = match[1].lower()
            values, at = _attributes(html, match.end())
            inside = ""
            if tag in _RAW_TEXT:
                end = _before(folded, f"</{tag}", at)
                inside, at = html[at:end], end
            self._take(tag, values, inside)

    def _take(self, tag: str, values: dict[str, str], inside: str) -> None:
        handler = getattr(self, f"_tag_{tag}", None)
        if tag == "title":
            self.title = self.title or unescape(inside[:_TEXT])  # an <svg> has titles too
        elif tag == "script" and "ld+json" in values.get("type", "").lower():
            self.scripts.append(inside)
        elif handler:
            handler(values)

    def absolute(self, address: str) -> str:
        """An http(s) URL, or empty."""
        try:
            joined = urljoin(self.base, address.strip())
            return joined if address and urlsplit(joined).scheme in ("http", "https") else ""
        except ValueError:
            return ""

    def _tag_html(self, values: dict[str, str]) -> None:
        self.language = _language(values.get("lang"))

    def _tag_base(self, values: dict[str, str]) -> None:
        self.base = self.absolute(values.get("href", "")) or self.base

    def _tag_meta(self, values: dict[str, str]) -> None:
        name = (values.get("property") or values.get("name") or "").lower()
        if name and "content" in values:
            self.meta.setdefault(name, values["content"])

    def _tag_video(self, values: dict[str, str]) -> None:
        if address := self.absolute(values.get("src", "")):
            self.media.append(address)

    def _tag_source(self, values: dict[str, str]) -> None:
        kind = values.get("type", "")
        if not kind.startswith("image/") and "srcset" not in values:  # those of <picture>
            self._tag_video(values)

    def _tag_track(self, values: dict[str, str]) -> None:
        if address := self.absolute(values.get("src", "")):
            self.tracks.append(
                Track(
                    url=address,
                    language=_language(values.get("srclang")),
                    kind=values.get("kind", "").lower() or "subtitles",
                    label=_line(values.get("label")),
                )
            )

    _tag_audio = _tag_video


def _attributes(html: str, at: int) -> tuple[dict[str, str], int]:
    """The attributes from `at` on, the first of each name, and where the tag ends."""
    values: dict[str, str] = {}
    for _ in range(100):
        match = _ATTRIBUTE.match(html, at)
        if match is None:
            break
        name, *quoted = match.groups()
        value = next((q for q in quoted if q is not None), "")
        values.setdefault(name.lower(), unescape(value[:_TEXT]))
        at = match.end()
    end = html.find(">", at, at + 100)
    return values, at if end < 0 else end + 1


def _after(text: str, mark: str, at: int) -> int:
    found = text.find(mark, at)
    return len(text) if found < 0 else found + len(mark)


def _before(text: str, mark: str, at: int) -> int:
    found = text.find(mark, at)
    return len(text) if found < 0 else found


# --- JSON-LD ------------------------------------------------------------------------------------

_Node = Mapping[str, object]


@dataclass(slots=True)
class _Graph:
    """The objects of all JSON-LD in a page, with the event that each stands in."""

    nodes: list[tuple[_Node, _Node | None]] = field(default_factory=list)
    by_id: dict[str, _Node] = field(default_factory=dict)

    def add(self, root: object) -> None:
        stack: list[tuple[object, _Node | None]] = [(root, None)]
        while stack and len(self.nodes) < _MOST_NODES:
            value, event = stack.pop()
            if isinstance(value, list):
                stack.extend((item, event) for item in reversed(value))
            elif isinstance(value, Mapping):
                self.nodes.append((value, event))
                name = value.get("@id")
                if isinstance(name, str) and len(value) > 1:
                    self.by_id.setdefault(name, value)
                inner = value if _is_event(value) else event
                stack.extend((v, inner) for v in reversed(list(value.values())))

    def each(self, value: object) -> Iterator[_Node | str]:
        """The items of a property, references followed."""
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                yield self.by_id.get(str(item.get("@id")), item) if len(item) == 1 else item
            elif isinstance(item, str) and item:
                yield item


def _videos(scripts: Iterable[str], base: str) -> Iterator[Video]:
    graph = _Graph()
    for script in scripts:
        cleaned = re.sub(r"^\s*(?:<!--|//\s*<!\[CDATA\[)|(?:-->|//\s*\]\]>)\s*$", "", script)
        # Not JSON, or nested beyond all sense: this script says nothing.
        with contextlib.suppress(ValueError, RecursionError):
            graph.add(json.loads(cleaned, strict=False))
    absolute = _Reader(base).absolute
    for node, event in graph.nodes:
        if "VideoObject" in _types(node):
            yield replace(
                _video(node, event, graph),
                media=absolute(_text(node.get("contentUrl") or node.get("contentURL"))),
                embed=absolute(_text(node.get("embedUrl") or node.get("embedURL"))),
            )


def _types(node: _Node) -> tuple[str, ...]:
    kinds = node.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    return tuple(n.rpartition("/")[2] for n in names if isinstance(n, str))


def _is_event(node: _Node) -> bool:
    return any(kind.endswith("Event") for kind in _types(node))


def _video(node: _Node, event: _Node | None, graph: _Graph) -> Video:
    around = event or next(
        (
            e
            for key in ("recordedAt", "superEvent", "about", "subjectOf")
            for e in graph.each(node.get(key))
            if isinstance(e, Mapping) and (_is_event(e) or key == "superEvent")
        ),
        None,
    )
    return Video(
        title=_line(node.get("name")) or _line(node.get("headline")),
        description=_text(node.get("description")),
        channel=_channel(node, graph),
        speakers=_speakers(node, around, graph),
        event=_event_name(around, graph),
        date=_date(node.get("uploadDate") or node.get("datePublished") or node.get("dateCreated")),
        duration=_duration(node.get("duration")),
        licence=_licence(node.get("license"), graph),
        language=_language(_text(node.get("inLanguage"))),
        chapters=_chapters(node, graph),
        tags=_tags(node.get("keywords")),
    )


def _event_name(event: _Node | None, graph: _Graph) -> str:
    """The conference: the outermost event that is named."""
    name = ""
    for _ in range(5):  # a talk in a track in a conference; a loop of references ends too
        if event is None:
            break
        name = _line(event.get("name")) or name
        event = next(
            (e for e in graph.each(event.get("superEvent")) if isinstance(e, Mapping)), None
        )
    return name


def _speakers(node: _Node, event: _Node | None, graph: _Graph) -> tuple[Speaker, ...]:
    """Performers first; authors only where nobody performs; the subject last of all."""
    for keys in (("performer", "actor"), ("author", "creator", "contributor"), ("about",)):
        found = {
            speaker.name: speaker
            for holder in (node, event or {})
            for key in keys
            for person in graph.each(holder.get(key))
            if (speaker := _speaker(person, key, graph))
        }
        if found:
            return tuple(found.values())
    return ()


def _speaker(person: _Node | str, key: str, graph: _Graph) -> Speaker | None:
    if isinstance(person, str):
        name = _line(person) if key in ("performer", "actor") else ""
        return Speaker(name=name) if name and "://" not in name else None
    kinds = _types(person)
    if "Person" not in kinds and (kinds or key not in ("performer", "actor")):
        return None
    employers = [*graph.each(person.get("affiliation")), *graph.each(person.get("worksFor"))]
    name = _line(person.get("name"))
    affiliation = next((text for e in employers if (text := _line(e))), "")
    return Speaker(name=name, affiliation=affiliation) if name else None


def _channel(node: _Node, graph: _Graph) -> str:
    for key in ("publisher", "author", "creator", "productionCompany"):
        for owner in graph.each(node.get(key)):
            if isinstance(owner, str) and key == "publisher":
                return _line(owner)
            if isinstance(owner, Mapping) and "Person" not in _types(owner):
                return _line(owner.get("name"))
    return ""


def _licence(value: object, graph: _Graph) -> str:
    for item in graph.each(value):
        if isinstance(item, str):
            return _line(item)
        return _line(item.get("url") or item.get("@id") or item.get("name"))
    return ""


def _chapters(node: _Node, graph: _Graph) -> tuple[Chapter, ...]:
    found = []
    for part in graph.each(node.get("hasPart")):
        if isinstance(part, Mapping) and "Clip" in _types(part):
            start = _seconds(part.get("startOffset"))
            title = _line(part.get("name"))
            if start is not None and title:
                found.append(Chapter(start=start, title=title))
    return tuple(sorted(found, key=lambda c: c.start))


def _seconds(value: object) -> float | None:
    with contextlib.suppress(ValueError, OverflowError):
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            seconds = float(value)
            return seconds if 0 <= seconds < 1e6 else None
    return None


_ISO_DURATION = re.compile(
    r"P(?:(\d{1,3})D)?T?(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,7}(?:[.,]\d{1,9})?)S)?",
    re.IGNORECASE,
)
_ISO_DATE = re.compile(r"((?:19|20)\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")


def _duration(value: object) -> float:
    """Seconds of an ISO 8601 duration (`PT1H2M3S`) or of a number; 0.0 when it is neither."""
    match = _ISO_DURATION.fullmatch(_text(value))
    if match:
        days, hours, minutes, seconds = (
            float((g or "0").replace(",", ".")) for g in match.groups()
        )
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return _seconds(value) or 0.0


def _date(value: object) -> str:
    match = _ISO_DATE.match(_text(value))
    return "-".join(match.groups()) if match else ""


def _language(value: str | None) -> str:
    match = _LANGUAGE.fullmatch((value or "").strip())
    return match.group().replace("_", "-") if match else ""


def _tags(value: object) -> tuple[str, ...]:
    words = value if isinstance(value, list) else _text(value).split(",")
    found = (_line(w) for w in words[:100])
    return tuple(dict.fromkeys(w for w in found if w))
