"""Talks from web pages, through yt-dlp, and from files on this machine.

yt-dlp finds the streams and gets them; this module decides which, where to, and what to make of
its words. It gives yt-dlp fixed file names only, so no title ever names a file; user
configuration, caches and the cookie file are not touched.
"""

import contextlib
import hashlib
import io
import re
import shutil
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from translate.backends.ytdlp_files import (
    UNKNOWN_LANGUAGE,
    as_media,
    captions_media,
    chapters_of,
    check_space,
    find_file,
    free_bytes,
    is_intact,
    is_wanted,
    iso_date,
    looks_like_captions,
    place,
    probe,
    take_file,
)
from translate.backends.ytdlp_formats import (
    Choice,
    Format,
    choose_formats,
    expected_bytes,
    readable_captions,
)
from translate.backends.ytdlp_refusals import (
    RUNTIME_COMMAND,
    clean,
    explain,
    needs_runtime,
    proxy_secrets,
)
from translate.backends.ytdlp_webpage import LONGEST_PAGE, Page, Video, read_page
from translate.errors import DownloadError, InputError, MediaError, StwError
from translate.model import (
    CaptionTrack,
    Download,
    Listing,
    Media,
    Problem,
    Progress,
    Step,
    no_progress,
)

_Info = dict[str, Any]
_RUNTIMES = ("deno", "node", "bun", "quickjs")  # in yt-dlp's own order of preference
_LONGEST_WAIT = 30.0  # seconds between two tries
_PARTIAL = "partial"  # inside the target directory: what is not complete yet
_NOT_CAPTIONS = ("live_chat", "comments", "danmaku", "rechat", "storyboards")


@dataclass(frozen=True, slots=True, kw_only=True)
class YtDlpOptions:
    """What a person may say about the way to the net."""

    cookies_file: Path | None = None  # in Netscape's format; read, never written
    cookies_from_browser: str = ""  # "firefox", or "firefox:PROFILE"
    proxy: str = ""  # empty: what the environment says
    rate_limit: int | None = None  # bytes per second
    retries: int = 5
    timeout: float = 30.0  # seconds of silence
    backoff: float = 1.0  # seconds before the second try; doubles from there


class YtDlp:
    """Finds and gets talks. Cheap to build: yt-dlp loads with the first use."""

    def __init__(
        self,
        options: YtDlpOptions | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._options = options or YtDlpOptions()
        self._sleep = sleep
        self._free = free

    def find(self, source: str, *, progress: Progress = no_progress) -> tuple[Listing, ...]:
        """The talks behind a URL (several for a playlist) or in a file.

        Raises InputError, MediaError, DownloadError, MissingError.
        """
        del progress  # finding has no measure
        if not _is_web(source):
            try:
                return (find_file(Path(source).expanduser()),)
            except (OSError, RuntimeError, ValueError) as error:  # no rights, no such home, "\0"
                raise InputError(
                    f"{source[:200]}: cannot be read ({error})", "check the path and its rights"
                ) from error
        with _Session(self._options, self._sleep, source) as session:
            return tuple(listing for listing, _ in session.talks(source))

    def download(
        self,
        listing: Listing,
        into: Path,
        *,
        audio_only: bool,
        progress: Progress = no_progress,
        have: tuple[Media, ...] = (),
    ) -> Download:
        """Get sound, picture and the creator's English captions into `into`.

        A broken download goes on where it stopped; files of `have` that are as recorded stay.
        Raises InputError, MediaError, DownloadError, MissingError.
        """
        into = into.absolute()
        into.mkdir(parents=True, exist_ok=True)
        if not _is_web(listing.source):
            try:
                return take_file(
                    listing, into, audio_only=audio_only, progress=progress, free=self._free
                )
            except OSError as error:
                raise explain(str(error), listing.source) from error
        kept = tuple(m for m in have if is_intact(m, into))

        def attempt(session: _Session) -> Download:
            found, info = session.talk(listing)
            job = _Job(session, found, info, into, audio_only, kept, progress, self._free)
            return job.run()

        with _Session(self._options, self._sleep, listing.source) as session:
            try:
                return attempt(session)
            except DownloadError:
                if not session.expired:
                    raise
        # Addresses of streams are signed for some hours; a fresh one goes on where it stopped.
        with _Session(self._options, self._sleep, listing.source) as session:
            return attempt(session)


def javascript_runtime() -> str | None:
    """The JavaScript runtime that YouTube needs, as yt-dlp finds it: "deno 2.9.8", or None."""
    import yt_dlp  # noqa: F401  # registers the runtimes
    from yt_dlp.globals import supported_js_runtimes

    for name in _RUNTIMES:
        known = supported_js_runtimes.value.get(name)
        found = known().info if known else None
        if found and found.supported:
            return f"{found.name} {found.version}"
    return None


def _is_web(source: str) -> bool:
    scheme, mark, _ = source.partition("://")
    if not mark or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return False
    if scheme.lower() in ("http", "https"):
        return True
    hint = "give the file's path" if scheme.lower() == "file" else "use an https:// address"
    raise InputError(f"{scheme}:// addresses are not fetched", hint)


# --- a conversation with yt-dlp -----------------------------------------------------------------


class _Log:
    """Keeps yt-dlp's warnings; nothing of it is printed."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def debug(self, message: str) -> None:
        pass

    def info(self, message: str) -> None:
        pass

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def error(self, message: str) -> None:
        pass  # the same words come as an exception


class _Session:
    """One `YoutubeDL`, its errors translated."""

    def __init__(self, options: YtDlpOptions, sleep: Callable[[float], None], url: str) -> None:
        self._options = options
        self._sleep = sleep
        self._url = url
        self.expired = False  # a stream was refused that the page had just named
        self._log = _Log()
        self._answers: list[Any] = []
        self._watch: Callable[[_Info], None] | None = None
        proxies = [options.proxy, *urllib.request.getproxies().values()]
        self._secrets = tuple(secret for p in proxies for secret in proxy_secrets(p))

    def __enter__(self) -> "_Session":
        import yt_dlp

        self._failures = (yt_dlp.utils.YoutubeDLError, OSError)
        with self.translated():
            self._ydl: Any = yt_dlp.YoutubeDL(self._parameters())
        self._open = self._ydl.urlopen
        self._ydl.urlopen = self._urlopen
        return self

    def _urlopen(self, request: Any) -> Any:
        """yt-dlp's own, with what it forgets to close remembered (it peeks into media files)."""
        self._answers = [a for a in self._answers if not a.closed]
        try:
            answer = self._open(request)
        except self._failures as error:  # a refusal is an answer too
            self._answers += filter(None, [getattr(error, "response", None)])
            raise
        self._answers.append(answer)
        return answer

    def __exit__(self, *_: object) -> None:
        for answer in self._answers:
            answer.close()
        # A cookie file that cannot be read fails here a second time; it was reported already.
        with contextlib.suppress(*self._failures):
            self._ydl.close()

    def _parameters(self) -> _Info:
        options = self._options
        browser, _, profile = options.cookies_from_browser.partition(":")
        return {
            "quiet": True,
            "noprogress": True,
            "color": "never",
            "logger": self._log,
            "cachedir": False,
            "noplaylist": True,
            "extract_flat": "in_playlist",
            "format": "all",
            "fixup": "never",
            "hls_prefer_native": True,
            "updatetime": False,
            "geo_bypass": False,  # it would send an invented address as the viewer's
            "default_search": "error",
            "continuedl": True,
            "retries": options.retries,
            "fragment_retries": options.retries,
            "file_access_retries": 3,
            "retry_sleep_functions": {"http": self.wait, "fragment": self.wait},
            "skip_unavailable_fragments": False,  # speech would be missing in silence
            "concurrent_fragment_downloads": 4,
            "ratelimit": options.rate_limit,
            "socket_timeout": options.timeout,
            "proxy": options.proxy or None,
            "cookiefile": _cookies(options.cookies_file),
            "cookiesfrombrowser": (browser, profile or None, None, None) if browser else None,
            "progress_hooks": [self._tick],
            "js_runtimes": {name: {} for name in _RUNTIMES},
        }

    def wait(self, n: int) -> float:
        """Seconds before try `n + 1`, for yt-dlp's own retries."""
        return float(min(self._options.backoff * 2**n, _LONGEST_WAIT))

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        try:
            yield
        except self._failures as error:
            raise self.refusal(error) from error

    def refusal(self, error: BaseException) -> StwError:
        said = f"{error} {error.__context__ or ''}" if "cookies" in str(error) else str(error)
        lacking = next((w for w in self._log.warnings if needs_runtime(w)), "")
        if lacking and re.search("(?i)no video formats|requested format|http error 403", said):
            said = f"{clean(lacking)[:120]}; {said}"
        return explain(said, self._url, secrets=self._secrets)

    def problems(self) -> tuple[Problem, ...]:
        """What yt-dlp warned of and a person must know."""
        found = []
        for warning in dict.fromkeys(self._log.warnings):
            words = clean(warning, self._secrets)
            if needs_runtime(warning):
                found.append(
                    Problem(
                        rule="no-javascript-runtime",
                        severity="warning",
                        message=f"YouTube may hide formats from this machine: {words}",
                        hint=RUNTIME_COMMAND,
                    )
                )
            elif re.search("formats? (?:may be missing|have been skipped)", words):
                found.append(Problem(rule="formats-missing", severity="info", message=words))
        return tuple(found)

    # -- finding

    def talks(self, url: str) -> list[tuple[Listing, _Info]]:
        """Every talk behind `url`, with yt-dlp's own facts (no streams where only listed)."""
        info, page = self._info(url)
        if info.get("_type") != "playlist":
            return [(self._listed(info, page, url), info)]
        title = _line(info.get("title"))
        found: list[tuple[Listing, _Info]] = []
        for number, entry in enumerate(self._entries(info), start=1):
            address = _web(entry.get("url")) if _is_reference(entry) else ""
            listing = self._listed(entry, page, address or url)
            found.append((replace(listing, item=0 if address else number, playlist=title), entry))
        if not found:
            raise DownloadError(f"{clean(url)}: no talk in this list", "check the address")
        return found

    def talk(self, listing: Listing) -> tuple[Listing, _Info]:
        """One talk with its streams; what only the list knew of it stays."""
        found = self.talks(listing.source)
        at = min(max(listing.item - 1, 0), len(found) - 1)
        fresh, info = found[at]
        return _refreshed(listing, fresh), info

    def _entries(self, info: _Info, depth: int = 0) -> Iterator[_Info]:
        """The videos of a list; lists in it (the tabs of a channel) are opened."""
        for entry in info.get("entries") or ():
            if not isinstance(entry, dict):
                continue
            inner = entry
            if re.search("Tab$|Playlist$", str(entry.get("ie_key"))) and depth < 2:
                with self.translated():
                    inner = self._retried(partial(self._extract, entry["url"]))
            if inner.get("_type") == "playlist":
                yield from self._entries(inner, depth + 1)
            else:
                yield inner

    def _info(self, url: str) -> tuple[_Info, Page]:
        """yt-dlp's facts, and the page's own where yt-dlp has only its generic reading."""
        try:
            info = self._retried(partial(self._extract, url))
        except self._failures as error:
            if "Unsupported URL" not in str(error):
                raise self.refusal(error) from error
            return self._from_page(url, error)
        generic = _is_generic(info)
        page = self._page(url) if generic and not info.get("direct") else Page()
        if generic:
            self._add_subtitles(info, page)
        return info, page

    def _extract(self, url: str) -> _Info:
        info = self._ydl.extract_info(url, download=False)
        if not isinstance(info, dict):
            raise OSError("no video formats found")
        if isinstance(entries := info.get("entries"), Iterator) or not isinstance(
            entries, list | None
        ):
            info["entries"] = list(entries)
        return info

    def _from_page(self, url: str, error: BaseException) -> tuple[_Info, Page]:
        """A page that yt-dlp finds nothing in, but that names its video all the same."""
        page = self._page(url)
        for address in (*page.media, *(v.embed for v in page.videos if v.embed)):
            with contextlib.suppress(*self._failures):
                info = self._retried(partial(self._extract, address))
                info["webpage_url"] = url
                info["direct"] = False
                self._add_subtitles(info, page)
                return info, page
        raise self.refusal(error) from error

    def _retried(self, ask: Callable[[], _Info]) -> _Info:
        """Ask again, with growing pauses, when the site's server stumbled or the line broke."""
        for n in range(self._options.retries):
            try:
                return ask()
            except self._failures as error:
                if not _is_passing(str(error)):
                    raise
                self._sleep(self.wait(n))
        return ask()

    def _page(self, url: str) -> Page:
        """The page itself; an empty one for anything but HTML."""
        from yt_dlp.networking import Request

        def ask() -> _Info:
            with self._ydl.urlopen(Request(url, headers={"Accept": "text/html,*/*;q=0.5"})) as got:
                kind = str(got.headers.get("Content-Type") or "")
                if "html" not in kind.lower():
                    return {"content": b"", "charset": ""}
                charset = re.search(r"charset=[\"']?([\w-]+)", kind)
                return {
                    "content": got.read(LONGEST_PAGE),
                    "charset": charset[1] if charset else "",
                    "url": got.url,
                }

        try:
            got = self._retried(ask)
        except self._failures as error:
            raise self.refusal(error) from error
        return read_page(got["content"], got.get("url") or url, charset=got["charset"])

    def _add_subtitles(self, info: _Info, page: Page) -> None:
        """Captions that the generic reading dropped: of an HLS manifest in a page, of `<track>`."""
        tracks: dict[str, Any] = info.setdefault("subtitles", {}) or {}
        info["subtitles"] = tracks
        manifests = dict.fromkeys(
            f["manifest_url"]
            for f in _streams_of(info)
            if f.get("manifest_url") and str(f.get("protocol", "")).startswith("m3u8")
        )
        for manifest in manifests if page != Page() else ():
            # The streams are known already; captions that cannot be had are no reason to stop.
            with contextlib.suppress(*self._failures):
                again = self._retried(partial(self._extract, manifest))
                for language, formats in (again.get("subtitles") or {}).items():
                    tracks.setdefault(language, formats)
        for track in page.tracks:
            ext = track.url.partition("?")[0].rpartition(".")[2].lower()
            if track.kind in ("subtitles", "captions"):
                entry = {"url": track.url, "ext": ext if ext == "srt" else "vtt"}
                tracks.setdefault(
                    track.language or UNKNOWN_LANGUAGE, [{**entry, "name": track.label}]
                )

    def _listed(self, info: _Info, page: Page, source: str) -> Listing:
        listing = _listing(info, source)
        if page != Page() and (_is_generic(info) or _is_reference(info)):
            listing = _with_page(listing, info, page)
        return replace(listing, problems=self.problems())

    # -- getting

    def size_and_tag(self, form: Format) -> tuple[int | None, str]:
        """Size and version of a plain file, asked of its server; (None, "") when it won't say."""
        from yt_dlp.networking import HEADRequest

        if form.get("protocol") not in ("http", "https"):
            return None, ""
        request = HEADRequest(form["url"], headers=form.get("http_headers") or {})
        with contextlib.suppress(*self._failures), self._ydl.urlopen(request) as got:
            size = str(got.headers.get("Content-Length") or "")
            tag = got.headers.get("ETag") or got.headers.get("Last-Modified") or ""
            return (int(size) if size.isdigit() and int(size) else None), str(tag)
        return None, ""

    def get(self, path: Path, form: Format, hook: Callable[[_Info], None] | None = None) -> None:
        """Get one stream into `path`, going on from its `.part`."""
        self._watch = hook
        with self.translated():
            try:
                self._ydl.dl(str(path), dict(form))
            except self._failures as error:
                self.expired = bool(re.search("HTTP Error (?:403|410)", str(error)))
                raise
            except ValueError as error:  # a file that yt-dlp's other threads closed on failing
                raise OSError("a piece of the stream is missing") from error
            if not path.is_file():  # what it returns is not dependable for HLS captions
                raise OSError("did not get any data")

    def _tick(self, state: _Info) -> None:
        if self._watch:
            self._watch(state)


def _cookies(path: Path | None) -> io.StringIO | None:
    """The cookies as a text stream: yt-dlp writes a named file anew when it closes."""
    if path is None:
        return None
    try:
        return io.StringIO(path.expanduser().read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"{path}: the cookies cannot be read ({type(error).__name__})",
            "export them from a browser as cookies.txt (Netscape format)",
        ) from error


def _is_passing(said: str) -> bool:
    """Whether the same question may be answered a moment later."""
    return bool(
        re.search(
            r"(?i)http error (?:5\d\d|429)|timed out|connection (?:reset|aborted|broken)"
            r"|remote end closed|incompleteread|more expected",
            said,
        )
    )


# --- facts --------------------------------------------------------------------------------------


def _is_generic(info: Mapping[str, Any]) -> bool:
    """Found by looking at a page or file as such, not by an extractor that knows the site."""
    return info.get("extractor_key") in ("Generic", "HTML5MediaEmbed")


def _streams_of(info: _Info) -> tuple[Format, ...]:
    """The formats; where there is only one, yt-dlp may name it in the facts themselves."""
    return tuple(
        info.get("formats") or (() if _is_reference(info) or not info.get("url") else (info,))
    )


def _day(timestamp: object) -> str:
    with contextlib.suppress(ValueError, OverflowError, OSError):
        if isinstance(timestamp, int | float):
            return datetime.fromtimestamp(timestamp, UTC).date().isoformat()
    return ""


def _is_reference(entry: Mapping[str, Any]) -> bool:
    return entry.get("_type") in ("url", "url_transparent")


def _listing(info: _Info, source: str) -> Listing:
    """The facts in yt-dlp's own words."""
    generic = _is_generic(info)
    address = _web(info.get("webpage_url")) or _web(info.get("original_url")) or source
    duration = _number(info.get("duration"))
    choice = choose_formats(_streams_of(info), audio_only=False)
    return Listing(
        source=source,
        title=_line(info.get("title")),
        url=source if _is_reference(info) else address,
        channel="" if generic else _line(info.get("channel") or info.get("uploader")),
        # A generic date is the file's Last-Modified, which says when a server was filled.
        date="" if generic else iso_date(info.get("upload_date")) or _day(info.get("timestamp")),
        duration=duration,
        description=str(info.get("description") or "").strip(),
        licence=_line(info.get("license")),
        language=_line(info.get("language")),
        chapters=chapters_of(info),
        tags=tuple(t for t in info.get("tags") or () if isinstance(t, str)),
        captions=_caption_tracks(info),
        extractor=_line(info.get("extractor_key") or info.get("ie_key")).lower(),
        platform_id=_line(info.get("id")),
        audio_bytes=expected_bytes(choice.audio, duration),
        video_bytes=expected_bytes(choice.video, duration),
    )


def _with_page(listing: Listing, info: _Info, page: Page) -> Listing:
    """What the page states comes before what the generic reading guessed from it."""
    video = _video_of(page, info, listing)
    title = video.title or ("" if listing.item else page.title) or listing.title
    return replace(
        listing,
        title=title,
        channel=video.channel or page.site or listing.channel,
        date=video.date or listing.date,
        duration=listing.duration or video.duration,
        description=video.description or page.description or listing.description,
        licence=video.licence or listing.licence,
        language=video.language or listing.language or page.language,
        chapters=video.chapters or listing.chapters,
        tags=video.tags or listing.tags,
        event=video.event,
        speakers=video.speakers,
    )


def _video_of(page: Page, info: _Info, listing: Listing) -> Video:
    """The page's statement about this very video: by its address, by its name, or the only one."""
    addresses = {f.get(key) for f in _streams_of(info) for key in ("url", "manifest_url")}
    for video in page.videos:
        if video.media and video.media in addresses:
            return video
    for video in page.videos:
        if video.title and video.title in (listing.title, page.title):
            return video
    return page.videos[0] if len(page.videos) == 1 else Video()


def _refreshed(listed: Listing, fresh: Listing) -> Listing:
    """`fresh` facts, with those that only the list stated; a file's name is no title."""
    names_only = fresh.extractor == "generic" and bool(listed.playlist)
    kept = {
        name: getattr(listed, name)
        for name in ("title", "date", "description", "duration", "channel", "event", "playlist")
        if getattr(listed, name) and (names_only or not getattr(fresh, name))
    }
    return replace(fresh, source=listed.source, item=listed.item, **kept)


def _caption_tracks(info: _Info) -> tuple[CaptionTrack, ...]:
    found = []
    for kind, key in _TRACK_KINDS:
        for language, formats in (info.get(key) or {}).items():
            first = formats[0] if formats else {}
            # A machine's translation of the machine's captions is no track of this talk.
            translated = "tlang=" in str(first.get("url"))
            if language not in _NOT_CAPTIONS and not translated:
                name = _line(first.get("name"))
                found.append(CaptionTrack(language=language, kind=kind, name=name))
    return tuple(found)


_TRACK_KINDS: tuple[tuple[Literal["creator", "automatic"], str], ...] = (
    ("creator", "subtitles"),
    ("automatic", "automatic_captions"),
)


def _line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e7 else 0.0


def _web(value: object) -> str:
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else ""


# --- one download -------------------------------------------------------------------------------


@dataclass(slots=True)
class _Job:
    """Gets the files of one talk. Everything is complete and proven before it takes its place."""

    session: _Session
    listing: Listing
    info: _Info
    into: Path
    audio_only: bool
    kept: tuple[Media, ...]
    progress: Progress
    free: Callable[[Path], int]

    def run(self) -> Download:
        if self.info.get("is_live") or self.info.get("live_status") in ("is_live", "is_upcoming"):
            raise explain("is_upcoming", self.listing.source)
        workshop = self.into / _PARTIAL
        workshop.mkdir(exist_ok=True)
        media, duration = self._streams(workshop)
        captions, texts, problems = self._captions(workshop)
        shutil.rmtree(workshop)
        listing = replace(
            self.listing, duration=self.listing.duration or duration, captions=captions
        )
        return Download(
            listing=listing,
            media=(*media, *texts),
            captions=captions,
            problems=(*self.session.problems(), *problems),
        )

    # -- sound and picture

    def _streams(self, workshop: Path) -> tuple[list[Media], float]:
        choice = choose_formats(_streams_of(self.info), audio_only=self.audio_only)
        if choice.audio is None:
            raise MediaError(
                f"{clean(self.listing.source)}: no sound in any stream of this video",
                "give a recording with sound",
            )
        media = self._still_here(choice)
        have = {m.kind for m in media}
        missing = [f for f in choice.distinct if not self._is_served(f, choice, have)]
        plans = [self._plan(form, workshop) for form in missing]
        check_space(self.into, sum(left for _, _, left in plans), self.free)
        duration = 0.0
        for (path, total, _), form in zip(plans, missing, strict=True):
            kind = "audio" if form is choice.audio else "video"
            duration = max(duration, self._get(path, form, kind, total))
        for (path, _, _), form in zip(plans, missing, strict=True):
            media += self._placed(path, "audio" if form is choice.audio else "video")
        return media, duration

    def _still_here(self, choice: Choice) -> list[Media]:
        """What an earlier download brought; a file with both may have been used for one only."""
        for m in self.kept:
            if m.kind == "audio" and choice.audio is choice.video:
                path = self.into / m.file
                return list(as_media(path, probe(path), audio_only=self.audio_only))
        return [m for m in self.kept if m.kind in ("audio", "video")]

    def _is_served(self, form: Format, choice: Choice, have: Set[str]) -> bool:
        if form is choice.audio and form is choice.video:
            # A plain file says nothing of its streams: then sound alone is all there was.
            return have >= ({"audio"} if form.get("vcodec") is None else {"audio", "video"})
        return ("audio" if form is choice.audio else "video") in have

    def _plan(self, form: Format, workshop: Path) -> tuple[Path, int | None, int]:
        """Where a stream is collected, its size, and how much of that is still to come.

        The name holds all that tells one version of a stream from another, so that a changed file
        is never glued to the beginning of an older one.
        """
        total, tag = self.session.size_and_tag(form)
        total = total or form.get("filesize")
        told = (self.listing.key, form.get("format_id"), form.get("ext"), total, tag)
        digest = hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()[:12]
        path = workshop / f"{digest}.{_extension(form)}"
        size = total or expected_bytes(form, self.listing.duration)
        here = sum(p.stat().st_size for p in workshop.glob(f"{digest}.*"))
        return path, total, max(0, (size or 0) - here)

    def _get(self, path: Path, form: Format, kind: str, total: int | None) -> float:
        """Get and prove one stream; its duration in seconds."""

        most = 0.0
        lock = threading.Lock()  # pieces of a stream arrive in several threads

        def hook(state: _Info) -> None:
            nonlocal most
            whole = state.get("total_bytes") or total or state.get("total_bytes_estimate")
            done = state.get("downloaded_bytes") or 0
            if state.get("status") == "finished":
                done = whole = state.get("total_bytes") or done
            with lock:
                most = max(most, float(done))
                end = max(most, float(whole)) if whole else None
                self.progress(Step(stage="download", done=most, total=end, unit="bytes", note=kind))

        self.session.get(path, form, hook)
        try:
            found = probe(path, silent=form.get("acodec") == "none")
        except MediaError as error:
            path.unlink()
            raise MediaError(
                f"{clean(self.listing.source)}: what the site sent is no usable media "
                f"({error.message.partition(': ')[2]})",
                "open the address in a browser; it may ask for a login: --cookies-from-browser",
            ) from error
        return found.duration

    def _placed(self, path: Path, kind: str) -> list[Media]:
        found = probe(path, silent=True)
        both = kind == "audio" and bool(found.video) and not self.audio_only
        target = self.into / f"{'video' if both else kind}{path.suffix}"
        place(path, target)
        media = list(as_media(target, found, audio_only=self.audio_only))
        return media if both else [m for m in media if m.kind == kind]

    # -- captions

    def _captions(
        self, workshop: Path
    ) -> tuple[tuple[CaptionTrack, ...], list[Media], list[Problem]]:
        tracks: list[CaptionTrack] = []
        media: list[Media] = []
        problems: list[Problem] = []
        for track in self.listing.captions:
            formats = (self.info.get("subtitles") or {}).get(track.language) or ()
            name = f"captions.{_tag(track.language)}"
            if not is_wanted(track) or any(m.file.startswith(f"{name}.") for m in media):
                tracks.append(track)
                continue
            try:
                got = self._caption_file(readable_captions(formats), name, workshop)
            except StwError as error:
                problems.append(
                    Problem(
                        rule="captions-not-downloaded",
                        severity="warning",
                        where=track.language,
                        message=f"the creator's captions ({track.language}): {error.message}",
                        hint=error.hint,
                    )
                )
                tracks.append(track)
                continue
            media.append(got)
            tracks.append(replace(track, file=got.file))
        return tuple(tracks), media, problems

    def _caption_file(self, form: Format | None, name: str, workshop: Path) -> Media:
        if form is None:
            raise DownloadError("offered neither as WebVTT nor as SRT")
        for media in self.kept:
            if media.kind == "captions" and media.file == f"{name}.{form['ext']}":
                return media
        path = workshop / f"{name}.{form['ext']}"
        path.unlink(missing_ok=True)  # small: always new
        if form.get("data"):
            path.write_text(form["data"], encoding="utf-8")
        else:
            self.session.get(path, form)
        if not looks_like_captions(path):
            path.unlink()
            raise DownloadError("the site sent something else")
        target = self.into / path.name
        place(path, target)
        return captions_media(target)


def _extension(form: Format) -> str:
    ext = str(form.get("ext") or "").lower()
    return ext if re.fullmatch(r"[a-z0-9]{1,5}", ext) else "media"


def _tag(language: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", language)[:20].strip("-") or UNKNOWN_LANGUAGE
