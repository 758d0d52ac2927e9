"""Media files on this machine: what they hold, and how they come into a talk's folder.

Looks into files with PyAV; reads the sidecars that yt-dlp and people put beside a recording
(`<stem>.info.json`, `<stem>.en.vtt`). Knows no network.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import av

from translate.errors import BadFileError, InputError, MediaError, MissingError
from translate.model import CaptionTrack, Chapter, Download, Listing, Media, Progress, Step

CAPTIONS = (".vtt", ".srt")
SPARE = 50_000_000  # bytes of disk that stay free
_LARGEST_JSON = 50_000_000
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")
# Two letters before ".srt" may be anything (talk.hd.srt): these are languages (ISO 639-1).
_ISO_639 = frozenset(
    re.findall(
        "..",
        "aaabaeafakamanarasavayazbabebgbibmbnbobrbscacechcocrcscucvcydadedvdzeeeleneoeseteufafffifj"
        "fofrfygagdglgngugvhahehihohrhthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkmknkokrkskukvkwky"
        "lalblglilnloltlulvmgmhmimkmlmnmrmsmtmynanbndnengnlnnnonrnvnyocojomorospapiplpsptqurmrnrorurw"
        "sascsdsesgsiskslsmsnsosqsrssstsusvswtatetgthtitktltntotrtstttwtyugukuruzvevivowawoxhyiyozazhzu",
    )
)
UNKNOWN_LANGUAGE = "und"  # BCP 47: undetermined


# Texts that FFmpeg takes for lists of other files, and would open those: never from outside.
_LISTS = (b"#EXTM3U", b"ffconcat", b"<", b"v=0", b"[playlist]", b"#!")
_PLAY_IT = "play it in a media player; get it again if it does not play there either"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What PyAV finds in a file; `duration` is 0.0 where the container does not say."""

    audio: str  # "aac 44100 Hz"
    video: str  # "h264 1280x720", or empty
    duration: float
    tags: Mapping[str, str]


def probe(path: Path, *, silent: bool = False) -> Probe:
    """Look into a media file without decoding it; a `silent` one is a picture without sound.

    Raises MediaError: not media, no audio stream.
    """
    with path.open("rb") as file:
        if file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_LISTS):
            raise MediaError(f"{path.name}: a text or a playlist, not a media file", _PLAY_IT)
    try:
        options = {"protocol_whitelist": "file"}
        with av.open(str(path), metadata_errors="ignore", options=options) as container:
            sound = next(iter(container.streams.audio), None)
            first = next((s for s in container.streams.video if not _is_cover(s)), None)
            if sound is None and not (silent and first):
                raise MediaError(
                    f"{path.name}: no audio in this file",
                    "fetch one with sound; or put its English captions beside it, as"
                    f" {path.stem}.en.srt",
                )
            if not any(packet.size for packet in container.demux(sound or first)):
                raise MediaError(f"{path.name}: a media file with nothing in it", _PLAY_IT)
            return Probe(
                audio=f"{sound.codec_context.name} {sound.codec_context.sample_rate} Hz"
                if sound
                else "",
                video=_picture(first) if first else "",
                duration=_duration(container, sound or first),
                tags={k.lower(): v for k, v in container.metadata.items()},
            )
    except (av.FFmpegError, ValueError, UnicodeError) as error:
        raise MediaError(
            f"{path.name}: not a media file, or a damaged one ({type(error).__name__})",
            _PLAY_IT,
        ) from error


def _picture(stream: Any) -> str:
    size = f" {stream.width}x{stream.height}" if stream.width else ""
    return f"{stream.codec_context.name}{size}"


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _duration(container: Any, stream: Any) -> float:
    if container.duration:
        return float(container.duration / av.time_base)
    return float(stream.duration * stream.time_base) if stream.duration else 0.0


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_intact(media: Media, into: Path) -> bool:
    """Whether the file of an earlier download is still there as it was recorded."""
    path = into / media.file
    with contextlib.suppress(OSError):
        if path.is_file() and path.stat().st_size == media.bytes:
            return sha256(path) == media.sha256
    return False


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def check_space(into: Path, needed: int, free: Callable[[Path], int]) -> None:
    """Raises MissingError when `needed` bytes and a reserve do not fit."""
    have = free(into)
    if have < needed + SPARE:
        raise MissingError(
            f"the disk of {into} has {have / 1e6:,.0f} MB free and the download needs "
            f"{(needed + SPARE) / 1e6:,.0f} MB",
            "free some space, fetch with --audio-only, or use a folder on another disk",
        )


def place(source: Path, target: Path) -> None:
    """Put a file in its place at once or not at all: linked where possible, copied otherwise."""
    handle, name = tempfile.mkstemp(prefix=".stw-", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    temporary.unlink()
    try:
        try:
            temporary.hardlink_to(source)
        except OSError:  # another disk, or a file system without hard links
            shutil.copyfile(source, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


# --- what a local file says ---------------------------------------------------------------------


def find_file(path: Path) -> Listing:
    """The facts of a local recording, or of captions alone.

    Raises InputError (no such file), MediaError, BadFileError (a broken info.json).
    """
    if path.is_dir():
        raise InputError(f"{path}: a folder, not a recording", "name one file in it")
    if not path.is_file():
        raise InputError(
            f"{path}: no such file", "for a web page write its address from https:// on"
        )
    if path.suffix.lower() in CAPTIONS:
        _check_captions(path)
        track = CaptionTrack(language=_tag_of(path, ""), kind="creator", name=path.name)
        stem = path.stem.removesuffix(f".{track.language}")
        return Listing(source=str(path), title=_spoken(stem), extractor="file", captions=(track,))
    info = _info_of(path)
    found = probe(path, silent=_has_words(path, info))
    return Listing(
        source=str(path),
        title=_spoken(info.get("title") or found.tags.get("title") or path.stem),
        url=_web(info.get("webpage_url")),
        channel=_said(info, "channel", "uploader") or found.tags.get("artist", ""),
        date=iso_date(info.get("upload_date")) or iso_date(found.tags.get("date")),
        duration=found.duration or _number(info.get("duration")),
        description=_said(info, "description")
        or found.tags.get("description", "")
        or found.tags.get("comment", ""),
        licence=_said(info, "license") or found.tags.get("copyright", ""),
        language=_said(info, "language"),
        chapters=chapters_of(info),
        captions=tuple(track for track, _ in _sidecars(path, info)),
        extractor="file",
        platform_id=_said(info, "id"),
        audio_bytes=path.stat().st_size,
        video_bytes=path.stat().st_size if found.video else None,
    )


def take_file(
    listing: Listing,
    into: Path,
    *,
    audio_only: bool,
    progress: Progress,
    free: Callable[[Path], int] = free_bytes,
) -> Download:
    """Link or copy a local recording and its English captions into `into`."""
    path = Path(listing.source).resolve()
    listing = replace(find_file(path), source=listing.source, problems=listing.problems)
    check_space(into, path.stat().st_size, free)
    if path.suffix.lower() in CAPTIONS:
        track, media = _take_captions(listing.captions[0], path, into)
        return Download(listing=listing, media=(media,), captions=(track,))
    found = probe(path, silent=not audio_only and _has_words(path, _info_of(path)))
    suffix = path.suffix.lower() if _SUFFIX.fullmatch(path.suffix.lower()) else ".media"
    name = f"{'video' if found.video and not audio_only else 'audio'}{suffix}"
    place(path, into / name)
    size = path.stat().st_size
    progress(Step(stage="download", done=size, total=size, unit="bytes", note=name))
    media_files = list(as_media(into / name, found, audio_only=audio_only))
    captions: list[CaptionTrack] = []
    for listed, sidecar in _sidecars(path, _info_of(path)):
        track = listed
        if is_wanted(listed) and not any(
            c.file.startswith(_caption_stem(listed)) for c in captions
        ):
            track, media = _take_captions(listed, sidecar, into)
            media_files.append(media)
        captions.append(track)
    return Download(listing=listing, media=tuple(media_files), captions=tuple(captions))


def as_media(path: Path, found: Probe, *, audio_only: bool) -> Iterator[Media]:
    """A file as what it serves as: sound, and the picture too where it has one."""
    size, digest = path.stat().st_size, sha256(path)
    kinds: list[tuple[Literal["audio", "video"], str]] = []
    if found.audio:
        kinds.append(("audio", found.audio))
    if found.video and not audio_only:
        kinds.append(("video", found.video))
    for kind, form in kinds:
        yield Media(kind=kind, file=path.name, bytes=size, sha256=digest, format=form)


# --- captions -----------------------------------------------------------------------------------


def is_wanted(track: CaptionTrack) -> bool:
    """Creator-made and in English, or in a language that nobody stated."""
    code = track.language.lower().replace("_", "-")
    return track.kind == "creator" and (code in ("en", UNKNOWN_LANGUAGE) or code.startswith("en-"))


def captions_media(path: Path) -> Media:
    return Media(
        kind="captions",
        file=path.name,
        bytes=path.stat().st_size,
        sha256=sha256(path),
        format=path.suffix.lstrip("."),
    )


def looks_like_captions(path: Path) -> bool:
    """Whether a file begins like WebVTT, or holds the arrow of a cue's times near its start."""
    with path.open("rb") as file:
        head = file.read(65_536)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode()
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"WEBVTT") or b"-->" in head


def _check_captions(path: Path) -> None:
    if not looks_like_captions(path):
        raise BadFileError(
            f"{path.name}: no captions in this file",
            "an .srt or .vtt with times and text is needed",
        )


def _caption_stem(track: CaptionTrack) -> str:
    return f"captions.{track.language}."


def _take_captions(track: CaptionTrack, path: Path, into: Path) -> tuple[CaptionTrack, Media]:
    _check_captions(path)
    target = into / f"{_caption_stem(track)}{path.suffix.lower().lstrip('.')}"
    place(path, target)
    return replace(track, file=target.name), captions_media(target)


def _has_words(path: Path, info: Mapping[str, Any]) -> bool:
    """Whether captions beside a recording can take the place of its sound."""
    return any(is_wanted(track) for track, _ in _sidecars(path, info))


def _sidecars(path: Path, info: Mapping[str, Any]) -> list[tuple[CaptionTrack, Path]]:
    """Caption files beside a recording; automatic where info.json knows them as such alone."""
    made, automatic = (
        set(value) if isinstance(value := info.get(key), Mapping) else set()
        for key in ("subtitles", "automatic_captions")
    )
    found = []
    for file in sorted(path.parent.iterdir()):
        middle = file.name.removeprefix(path.stem).removesuffix(file.suffix)
        fits = file.name.startswith(path.stem) and file.suffix.lower() in CAPTIONS
        language = _tag_of(file, path.stem)
        named = middle.lstrip(".").replace("_", "-") == language
        if not fits or (middle and not (named and middle.startswith("."))):
            continue  # another recording's, or talk.notes.srt
        machine = language in automatic and language not in made
        kind: Literal["creator", "automatic"] = "automatic" if machine else "creator"
        found.append((CaptionTrack(language=language, kind=kind, name=file.name), file))
    return found


def _tag_of(path: Path, stem: str) -> str:
    """The language in `talk.en.vtt`."""
    tag = path.stem.removeprefix(stem).rpartition(".")[2] if "." in path.stem else ""
    known = _LANGUAGE.fullmatch(tag) and re.split("[-_]", tag)[0].lower() in _ISO_639
    return tag.replace("_", "-") if known else UNKNOWN_LANGUAGE


# --- sidecar metadata ---------------------------------------------------------------------------


def _info_of(path: Path) -> Mapping[str, Any]:
    sidecar = path.with_suffix(".info.json")
    if not sidecar.is_file():
        return {}
    try:
        with sidecar.open("rb") as file:
            found = json.loads(file.read(_LARGEST_JSON))
    except (ValueError, RecursionError) as error:
        raise BadFileError(
            f"{sidecar.name}: not JSON", "mend it, or move it away to go on without it"
        ) from error
    return found if isinstance(found, dict) else {}


def iso_date(value: object) -> str:
    """YYYY-MM-DD of "20231016" or "2023-10-16T…"; empty for anything else, a lone year too."""
    match = re.match(r"(\d{4})-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)", str(value or ""))
    return "-".join(match.groups()) if match else ""


def _said(info: Mapping[str, Any], *keys: str) -> str:
    return next((v for k in keys if isinstance(v := info.get(k), str) and v), "")


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e7 else 0.0


def _web(value: object) -> str:
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else ""


def _spoken(name: object) -> str:
    """A file's name as a title: underscores were spaces."""
    text = str(name)
    return " ".join((text if " " in text else text.replace("_", " ")).split())


def chapters_of(info: Mapping[str, Any]) -> tuple[Chapter, ...]:
    """Chapters as yt-dlp writes them, in order of time."""
    listed = info.get("chapters")
    found = (
        Chapter(start=float(c["start_time"]), title=" ".join(c["title"].split()))
        for c in (listed if isinstance(listed, list) else ())
        if isinstance(c, Mapping)
        and isinstance(c.get("start_time"), int | float)
        and isinstance(c.get("title"), str)
    )
    return tuple(sorted(found, key=lambda c: c.start))
