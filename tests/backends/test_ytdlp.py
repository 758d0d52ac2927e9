"""Downloads from a real server on this machine, through the real yt-dlp."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media import make_hls, make_media
from tests.servers import MediaServer, Resource
from tests.shared import shared_data
from translate.backends.ytdlp import YtDlp, YtDlpOptions, javascript_runtime
from translate.backends.ytdlp_formats import choose_formats
from translate.backends.ytdlp_refusals import clean, explain
from translate.errors import (
    BadFileError,
    DownloadError,
    InputError,
    MediaError,
    MissingError,
    StwError,
)
from translate.model import Chapter, Download, Listing, Speaker, Step, no_progress

VTT = "WEBVTT\n\n00:00.000 --> 00:02.000\nHello everyone.\n"
SRT = "1\n00:00:00,000 --> 00:00:02,000\nHello everyone.\n"


@pytest.fixture
def server() -> Iterator[MediaServer]:
    with MediaServer() as running:
        yield running


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """talk.mp4 (both), big.m4a (noise), picture.mp4 (silent), and HLS playlists."""
    folder = tmp_path_factory.mktemp("clips")
    make_media(folder / "talk.mp4", picture=True, tags={"title": "Inner Title"})
    make_media(folder / "big.m4a", seconds=60, noise=True)
    make_media(folder / "picture.mp4", picture=True, sound=False)
    make_hls(folder, "aud", sound=True, picture=False)
    make_hls(folder, "vid", sound=False, picture=True)
    make_hls(folder, "frag", sound=True, picture=False, fmp4=True)
    return folder


def client(**options: object) -> YtDlp:
    quick = {"backoff": 0.01, "retries": 3, "timeout": 5.0} | options
    return YtDlp(YtDlpOptions(**quick))  # type: ignore[arg-type]  # fields of YtDlpOptions


def fetch(url: str, into: Path, *, audio_only: bool = False, **options: object) -> Download:
    tool = client(**options)
    (listing,) = tool.find(url, progress=no_progress)
    return tool.download(listing, into, audio_only=audio_only, progress=no_progress)


def names(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*")}


def assert_recorded(download: Download, into: Path) -> None:
    for media in download.media:
        content = (into / media.file).read_bytes()
        assert media.bytes == len(content)
        assert media.sha256 == hashlib.sha256(content).hexdigest()


# --- plain files --------------------------------------------------------------------------------


def test_a_direct_file_is_sound_and_picture_in_one(
    server: MediaServer, clips: Path, tmp_path: Path
) -> None:
    server.add("/x/talk.mp4", (clips / "talk.mp4").read_bytes())
    steps: list[Step] = []
    tool = client()
    (listing,) = tool.find(server.url("/x/talk.mp4"))
    assert listing.title == "talk"
    assert listing.date == ""  # the server's clock is no upload date
    got = tool.download(listing, tmp_path, audio_only=False, progress=steps.append)
    assert [(m.kind, m.file) for m in got.media] == [("audio", "video.mp4"), ("video", "video.mp4")]
    assert_recorded(got, tmp_path)
    assert names(tmp_path) == {"video.mp4"}
    assert got.listing.duration == pytest.approx(2.0, abs=0.2)
    size = (clips / "talk.mp4").stat().st_size
    assert steps[-1] == Step(stage="download", done=size, total=size, unit="bytes", note="audio")
    bodies = [r for r in server.requests("/x/talk.mp4") if not r.range]
    assert len(bodies) <= 3  # found, found again, downloaded: once


def test_audio_only_takes_the_file_for_its_sound(
    server: MediaServer, clips: Path, tmp_path: Path
) -> None:
    server.add("/talk.mp4", (clips / "talk.mp4").read_bytes())
    got = fetch(server.url("/talk.mp4"), tmp_path, audio_only=True)
    assert [(m.kind, m.file) for m in got.media] == [("audio", "audio.mp4")]


def test_what_is_complete_is_not_gotten_again(
    server: MediaServer, clips: Path, tmp_path: Path
) -> None:
    server.add("/talk.mp4", (clips / "talk.mp4").read_bytes())
    tool = client()
    (listing,) = tool.find(server.url("/talk.mp4"))
    first = tool.download(listing, tmp_path, audio_only=False)
    seen = len(server.requests("/talk.mp4"))
    again = tool.download(listing, tmp_path, audio_only=False, have=first.media)
    assert again.media == first.media
    assert len(server.requests("/talk.mp4")) == seen + 1  # the page, not the file
    (tmp_path / "video.mp4").write_bytes(b"damaged")
    healed = tool.download(listing, tmp_path, audio_only=False, have=first.media)
    assert healed.media == first.media
    assert_recorded(healed, tmp_path)


def test_sound_that_is_here_lends_its_picture(
    server: MediaServer, clips: Path, tmp_path: Path
) -> None:
    server.add("/talk.mp4", (clips / "talk.mp4").read_bytes())
    tool = client()
    (listing,) = tool.find(server.url("/talk.mp4"))
    sound = tool.download(listing, tmp_path, audio_only=True)
    both = tool.download(listing, tmp_path, audio_only=False, have=sound.media)
    assert [(m.kind, m.file) for m in both.media] == [
        ("audio", "audio.mp4"),
        ("video", "audio.mp4"),
    ]


def test_a_cut_connection_is_resumed(server: MediaServer, clips: Path, tmp_path: Path) -> None:
    content = (clips / "big.m4a").read_bytes()
    resource = server.add("/big.m4a", content, cuts=[None, None, 100_000, 150_000])
    got = fetch(server.url("/big.m4a"), tmp_path)
    assert (tmp_path / "audio.m4a").read_bytes() == content
    assert_recorded(got, tmp_path)
    # The bytes that were on their way when the line was cut may be lost, never those before.
    first, second = (
        int(r.range.removeprefix("bytes=").removesuffix("-"))
        for r in server.requests("/big.m4a")
        if r.range
    )
    assert 0 < first <= 100_000 < second <= first + 150_000
    assert resource.cuts == []


def test_killed_in_the_middle_the_next_run_goes_on(
    server: MediaServer, clips: Path, tmp_path: Path
) -> None:
    content = (clips / "big.m4a").read_bytes()
    server.add("/big.m4a", content, pause=0.05)
    code = (
        "import sys; from pathlib import Path\n"
        "from translate.backends.ytdlp import YtDlp\n"
        "tool = YtDlp(); (l,) = tool.find(sys.argv[1])\n"
        "tool.download(l, Path(sys.argv[2]), audio_only=True)\n"
    )
    into = tmp_path / "media"
    process = subprocess.Popen([sys.executable, "-c", code, server.url("/big.m4a"), str(into)])
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        parts = list(into.rglob("*.part"))
        if parts and parts[0].stat().st_size > 50_000:
            break
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = next(into.rglob("*.part")).stat().st_size
    assert 50_000 < kept < len(content)
    assert not (into / "audio.m4a").exists()  # nothing looks complete that is not
    server.resources["/big.m4a"].pause = 0
    got = fetch(server.url("/big.m4a"), into, audio_only=True)
    assert (into / got.media[0].file).read_bytes() == content
    assert [r.range for r in server.requests("/big.m4a") if r.range] == [f"bytes={kept}-"]
    assert names(into) == {"audio.m4a"}


def test_a_changed_file_is_not_glued_to_the_old_beginning(
    server: MediaServer, clips: Path, tmp_path: Path
) -> None:
    old = (clips / "big.m4a").read_bytes()
    server.add("/talk.m4a", old, cuts=[None, None] + [60_000] * 9)
    with pytest.raises(DownloadError):
        fetch(server.url("/talk.m4a"), tmp_path, retries=1)
    assert list(tmp_path.rglob("*.part"))
    new = (clips / "talk.mp4").read_bytes()
    server.add("/talk.m4a", new)
    fetch(server.url("/talk.m4a"), tmp_path)
    assert (tmp_path / "video.m4a").read_bytes() == new


# --- pages --------------------------------------------------------------------------------------

PAGE = """<!doctype html><html lang="en"><head><title>Fast Kernels | Site</title>
<meta property="og:title" content="Fast Kernels">
<meta property="og:site_name" content="Kernel TV">
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "VideoObject",
"name": "Fast Kernels - Jane Doe, Acme", "description": "Slides: https://a.org/s",
"uploadDate": "2023-10-16T08:00:00Z", "duration": "PT2S", "license": "CC-BY-4.0",
"author": {"@type": "Person", "name": "Jane Doe"},
"publisher": {"@type": "Organization", "name": "Kernel Conf"},
"recordedAt": {"@type": "Event", "name": "Day 1", "superEvent": {"name": "Kernel Conf 2023"}},
"hasPart": [{"@type": "Clip", "name": "Intro", "startOffset": 0},
            {"@type": "Clip", "name": "End", "startOffset": 1}],
"contentUrl": "/talk.mp4"}</script></head><body>
<video src="/talk.mp4"><track src="/en.vtt" srclang="en" kind="captions" label="English">
<track src="/zh.vtt" srclang="zh-Hans"></video></body></html>"""


def test_a_page_is_read_whole(server: MediaServer, clips: Path, tmp_path: Path) -> None:
    server.add("/page.html", PAGE)
    server.add("/talk.mp4", (clips / "talk.mp4").read_bytes())
    server.add("/en.vtt", VTT)
    got = fetch(server.url("/page.html"), tmp_path)
    found = got.listing
    assert found.title == "Fast Kernels - Jane Doe, Acme"
    assert found.date == "2023-10-16"
    assert found.channel == "Kernel Conf"
    assert found.event == "Kernel Conf 2023"
    assert found.speakers == (Speaker(name="Jane Doe"),)
    assert found.licence == "CC-BY-4.0"
    assert found.description == "Slides: https://a.org/s"
    assert found.chapters == (Chapter(start=0.0, title="Intro"), Chapter(start=1.0, title="End"))
    assert found.url == server.url("/page.html")
    tracks = [(c.language, c.kind, c.file) for c in got.captions]
    assert tracks == [("en", "creator", "captions.en.vtt"), ("zh-Hans", "creator", "")]
    assert [m.kind for m in got.media] == ["audio", "video", "captions"]
    assert (tmp_path / "captions.en.vtt").read_text() == VTT
    assert_recorded(got, tmp_path)
    assert not server.requests("/zh.vtt")
    assert names(tmp_path) == {"video.mp4", "captions.en.vtt"}


def test_a_page_with_open_graph_alone(server: MediaServer, clips: Path, tmp_path: Path) -> None:
    server.add(
        "/og.html",
        '<html><head><meta property="og:title" content="A &amp; B">'
        '<meta property="og:video" content="/talk.mp4"></head></html>',
    )
    server.add("/talk.mp4", (clips / "talk.mp4").read_bytes())
    got = fetch(server.url("/og.html"), tmp_path)
    assert got.listing.title == "A & B"
    assert got.listing.url == server.url("/og.html")
    assert got.media[0].file == "video.mp4"


def test_captions_that_are_no_captions_are_reported(
    server: MediaServer, clips: Path, tmp_path: Path
) -> None:
    server.add("/page.html", PAGE)
    server.add("/talk.mp4", (clips / "talk.mp4").read_bytes())
    server.add("/en.vtt", "<html>please log in</html>")
    got = fetch(server.url("/page.html"), tmp_path)
    assert [m.kind for m in got.media] == ["audio", "video"]
    assert [p.rule for p in got.problems] == ["captions-not-downloaded"]
    assert not list(tmp_path.glob("captions*"))


def test_a_stumbling_page_is_asked_again(server: MediaServer) -> None:
    server.add("/page.html", PAGE, statuses=[503, 503])
    waits: list[float] = []
    tool = YtDlp(YtDlpOptions(backoff=0.5, retries=3), sleep=waits.append)
    (listing,) = tool.find(server.url("/page.html"))
    assert listing.title == "Fast Kernels - Jane Doe, Acme"
    assert waits == [0.5, 1.0]


def test_a_page_that_stays_broken_is_given_up(server: MediaServer) -> None:
    server.add("/page.html", PAGE, status=503)
    waits: list[float] = []
    with pytest.raises(DownloadError, match="503"):
        YtDlp(YtDlpOptions(retries=4), sleep=waits.append).find(server.url("/page.html"))
    assert waits == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("status", [403, 404])
def test_a_refused_page(server: MediaServer, status: int) -> None:
    server.add("/page.html", PAGE, status=status)
    with pytest.raises(DownloadError, match=str(status)) as caught:
        client().find(server.url("/page.html?token=s3cret"))
    assert caught.value.hint
    assert "s3cret" not in f"{caught.value.message}{caught.value.hint}"
    assert len(server.requests("/page.html")) == 1  # not asked in vain again


@pytest.mark.parametrize("status", [403, 404])
def test_a_refused_file(server: MediaServer, tmp_path: Path, status: int) -> None:
    server.add("/page.html", PAGE)
    server.add("/talk.mp4", status=status)
    with pytest.raises(DownloadError, match=str(status)):
        fetch(server.url("/page.html"), tmp_path)


def test_an_expired_address_is_asked_for_again(
    server: MediaServer, clips: Path, tmp_path: Path
) -> None:
    server.add("/page.html", PAGE)
    server.add("/en.vtt", VTT)
    server.add("/talk.mp4", (clips / "talk.mp4").read_bytes(), statuses=[403])
    got = fetch(server.url("/page.html"), tmp_path)
    assert [m.kind for m in got.media] == ["audio", "video", "captions"]
    assert len(server.requests("/talk.mp4")) == 2


def test_a_page_without_video(server: MediaServer) -> None:
    server.add("/page.html", "<html><title>Nothing</title><p>words</p></html>")
    with pytest.raises(DownloadError, match="no video was found"):
        client().find(server.url("/page.html"))


def test_a_file_that_is_no_media(server: MediaServer, tmp_path: Path) -> None:
    server.add("/talk.mp4", "<html><body>Please log in</body></html>", "video/mp4")
    with pytest.raises(MediaError, match="no usable media"):
        fetch(server.url("/talk.mp4"), tmp_path)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_a_silent_video(server: MediaServer, clips: Path, tmp_path: Path) -> None:
    server.add("/talk.mp4", (clips / "picture.mp4").read_bytes())
    with pytest.raises(MediaError, match="no audio"):
        fetch(server.url("/talk.mp4"), tmp_path)


def test_nobody_there() -> None:
    with MediaServer() as gone:
        url = gone.url("/x.mp4")
    with pytest.raises(DownloadError, match="nobody answers"):
        client().find(url)


def test_two_videos_in_one_page(server: MediaServer, clips: Path, tmp_path: Path) -> None:
    server.add("/a/talk.mp4", (clips / "talk.mp4").read_bytes())
    server.add("/b/talk.mp4", (clips / "big.m4a").read_bytes())
    server.add(
        "/two.html",
        "<title>Two</title><video src='/a/talk.mp4'></video><video src='/b/talk.mp4'></video>",
    )
    tool = client()
    first, second = tool.find(server.url("/two.html"))
    assert first.key != second.key
    assert [first.item, second.item] == [1, 2]
    got = tool.download(second, tmp_path, audio_only=True)
    assert (tmp_path / got.media[0].file).read_bytes() == (clips / "big.m4a").read_bytes()


RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>Kernel Conf 2023</title>
<item><title>First Talk</title><link>{a}</link><pubDate>Mon, 16 Oct 2023 08:00:00 GMT</pubDate>
<enclosure url="{a}" type="video/mp4"/></item>
<item><title>Second Talk</title><link>{b}</link><enclosure url="{b}" type="video/mp4"/></item>
</channel></rss>"""


def test_a_feed_with_colliding_ids(server: MediaServer, clips: Path, tmp_path: Path) -> None:
    a, b = server.url("/1/talk.mp4"), server.url("/2/talk.mp4")
    server.add("/feed.xml", RSS.format(a=a, b=b))
    server.add("/1/talk.mp4", (clips / "talk.mp4").read_bytes())
    server.add("/2/talk.mp4", (clips / "big.m4a").read_bytes())
    tool = client()
    first, second = tool.find(server.url("/feed.xml"))
    assert [first.title, second.title] == ["First Talk", "Second Talk"]
    assert [first.date, second.date] == ["2023-10-16", ""]
    assert first.playlist == "Kernel Conf 2023"
    assert first.key != second.key
    assert not server.requests("/1/talk.mp4")  # listing gets nothing
    one = tool.download(first, tmp_path / "1", audio_only=False)
    two = tool.download(second, tmp_path / "2", audio_only=False)
    assert (one.listing.title, one.listing.date) == ("First Talk", "2023-10-16")
    assert (two.listing.title, two.listing.playlist) == ("Second Talk", "Kernel Conf 2023")
    assert one.media[0].sha256 != two.media[0].sha256


# --- HLS ----------------------------------------------------------------------------------------

MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aud",NAME="English",LANGUAGE="en",DEFAULT=YES,URI="aud.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="English",LANGUAGE="en",URI="subs.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=200000,RESOLUTION=160x90,CODECS="mp4v.20.9,mp4a.40.2",AUDIO="aud",SUBTITLES="subs"
vid.m3u8
"""
SUBS = """#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:4,
subs-0.vtt
#EXT-X-ENDLIST
"""


def add_hls(server: MediaServer, clips: Path, audio: str = "aud") -> None:
    server.add("/hls/master.m3u8", MASTER.replace("aud.m3u8", f"{audio}.m3u8"))
    server.add("/hls/subs.m3u8", SUBS)
    server.add("/hls/subs-0.vtt", VTT)
    for file in clips.iterdir():
        if file.name.startswith(("aud", "vid", "frag")):
            server.add(f"/hls/{file.name}", file.read_bytes())


@pytest.mark.parametrize("audio", ["aud", "frag"])
def test_hls_with_separate_sound_and_subtitles(
    server: MediaServer, clips: Path, tmp_path: Path, audio: str
) -> None:
    add_hls(server, clips, audio)
    got = fetch(server.url("/hls/master.m3u8"), tmp_path)
    assert {m.kind for m in got.media} == {"audio", "video", "captions"}
    files = {m.kind: m.file for m in got.media}
    assert files["audio"].startswith("audio.") and files["video"].startswith("video.")
    assert "Hello everyone." in (tmp_path / files["captions"]).read_text()
    assert got.listing.duration == pytest.approx(4.0, abs=0.3)
    assert_recorded(got, tmp_path)
    assert names(tmp_path) == set(files.values())


def test_a_page_around_hls_keeps_the_subtitles(
    server: MediaServer, clips: Path, tmp_path: Path
) -> None:
    add_hls(server, clips)
    server.add(
        "/page.html",
        "<title>In a page</title><video><source src='/hls/master.m3u8' "
        "type='application/x-mpegURL'></video>",
    )
    got = fetch(server.url("/page.html"), tmp_path, audio_only=True)
    assert got.listing.title == "In a page"
    assert [(c.language, c.file) for c in got.captions] == [("en", "captions.en.vtt")]
    assert {m.kind for m in got.media} == {"audio", "captions"}


def test_a_missing_piece_of_hls_is_no_success(
    server: MediaServer, clips: Path, tmp_path: Path
) -> None:
    add_hls(server, clips)
    server.resources["/hls/aud-2.ts"] = Resource(status=404)
    with pytest.raises(DownloadError):
        fetch(server.url("/hls/master.m3u8"), tmp_path, retries=1)
    assert not list(tmp_path.glob("audio*"))


# --- the way to the net -------------------------------------------------------------------------


def test_cookies_are_sent_and_their_file_is_left_alone(
    server: MediaServer, clips: Path, tmp_path: Path
) -> None:
    jar = tmp_path / "cookies.txt"
    jar.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tpass\ts3cret\n")
    before = jar.read_text()
    server.add(
        "/talk.mp4",
        (clips / "talk.mp4").read_bytes(),
        guard=lambda h: "pass=s3cret" in h.get("cookie", ""),
        headers={"Set-Cookie": "other=1; Max-Age=1000"},
    )
    with pytest.raises(DownloadError, match="403"):
        client().find(server.url("/talk.mp4"))
    fetch(server.url("/talk.mp4"), tmp_path / "m", cookies_file=jar)
    assert jar.read_text() == before


def test_cookies_that_cannot_be_read(tmp_path: Path, server: MediaServer) -> None:
    with pytest.raises(InputError, match="cookies"):
        client(cookies_file=tmp_path / "none.txt").find(server.url("/x"))
    broken = tmp_path / "broken.txt"
    broken.write_text("not cookies\n")
    with pytest.raises(InputError, match="cookies"):
        client(cookies_file=broken).find(server.url("/x"))


def test_a_dead_proxy_is_named_without_its_password() -> None:
    with MediaServer() as gone:
        port = gone.port
    tool = client(proxy=f"http://me:hunter2@127.0.0.1:{port}", retries=0)
    with pytest.raises(DownloadError) as caught:
        tool.find("http://talks.example/x.mp4")
    assert "hunter2" not in f"{caught.value.message}{caught.value.hint}"


def test_a_proxy_is_used(server: MediaServer, clips: Path, tmp_path: Path) -> None:
    # A proxy is asked with the whole address; this one answers it as its own path.
    server.add("http://talks.example/talk.mp4", (clips / "talk.mp4").read_bytes(), "video/mp4")
    got = fetch("http://talks.example/talk.mp4", tmp_path, proxy=server.url(""))
    assert got.media[0].file == "video.mp4"


def test_a_rate_limit_is_kept(server: MediaServer, clips: Path, tmp_path: Path) -> None:
    server.add("/big.m4a", (clips / "big.m4a").read_bytes()[:300_000] + b"\0" * 1)
    started = time.monotonic()
    with pytest.raises(StwError):  # cut off: no media
        fetch(server.url("/big.m4a"), tmp_path, rate_limit=150_000)
    assert time.monotonic() - started > 1.5


def test_a_full_disk_is_seen_before(server: MediaServer, clips: Path, tmp_path: Path) -> None:
    server.add("/talk.mp4", (clips / "talk.mp4").read_bytes())
    tool = YtDlp(free=lambda _: 10_000_000)
    (listing,) = tool.find(server.url("/talk.mp4"))
    with pytest.raises(MissingError, match=r"10 MB free .* needs 50 MB") as caught:
        tool.download(listing, tmp_path, audio_only=False)
    assert "--audio-only" in caught.value.hint


@pytest.mark.parametrize(
    "source",
    ["file:///etc/passwd", "ftp://a.org/x", "rtsp://a.org/x", "FILE:///etc/passwd"],
)
def test_other_addresses_are_refused(source: str) -> None:
    with pytest.raises(InputError):
        client().find(source)


def test_a_redirect_to_a_file_is_not_followed(server: MediaServer, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"secret")
    server.add("/talk.mp4", status=302, headers={"Location": secret.as_uri()})
    with pytest.raises(DownloadError):
        fetch(server.url("/talk.mp4"), tmp_path / "m")


def test_a_title_never_names_a_file(server: MediaServer, clips: Path, tmp_path: Path) -> None:
    server.add(
        "/page.html",
        "<title>../../../evil; rm -rf ~</title><video src='/..%2f..%2fevil.mp4'></video>",
    )
    server.add("/..%2f..%2fevil.mp4", (clips / "talk.mp4").read_bytes())
    fetch(server.url("/page.html"), tmp_path / "a" / "b")
    assert names(tmp_path) == {"a", "a/b", "a/b/video.mp4"}


# --- files on this machine ----------------------------------------------------------------------


def test_a_local_recording_with_its_sidecars(clips: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    source = home / "my_talk.mp4"
    source.write_bytes((clips / "talk.mp4").read_bytes())
    (home / "my_talk.en.vtt").write_text(VTT)
    (home / "my_talk.de.vtt").write_text(VTT)
    (home / "my_talk.en-GB.srt").write_text(SRT)
    (home / "my_talk_2.en.vtt").write_text(VTT)  # another talk's
    (home / "my_talk.info.json").write_text(
        json.dumps(
            {
                "title": "Talk - Jane Doe, Acme | PyCon 2023",
                "webpage_url": "https://youtu.be/x",
                "channel": "PyCon",
                "upload_date": "20231016",
                "chapters": [{"start_time": 0.0, "end_time": 1.0, "title": "Intro"}],
                "subtitles": {"en": [], "de": []},
                "automatic_captions": {"en-GB": []},
            }
        )
    )
    tool = client()
    (listing,) = tool.find(str(source))
    assert listing.title == "Talk - Jane Doe, Acme | PyCon 2023"
    assert (listing.channel, listing.date, listing.url) == (
        "PyCon",
        "2023-10-16",
        "https://youtu.be/x",
    )
    assert listing.chapters == (Chapter(start=0.0, title="Intro"),)
    got = tool.download(listing, tmp_path / "media", audio_only=False)
    assert {(c.language, c.kind, c.file) for c in got.captions} == {
        ("de", "creator", ""),
        ("en", "creator", "captions.en.vtt"),
        ("en-GB", "automatic", ""),
    }
    assert [m.file for m in got.media] == ["video.mp4", "video.mp4", "captions.en.vtt"]
    assert (tmp_path / "media" / "video.mp4").samefile(source)  # linked, not copied
    assert_recorded(got, tmp_path / "media")


def test_captions_beside_it_stand_for_the_sound_of_a_recording(clips: Path, tmp_path: Path) -> None:
    source = tmp_path / "mute.mp4"
    source.write_bytes((clips / "picture.mp4").read_bytes())
    (tmp_path / "mute.de.vtt").write_text(VTT)
    with pytest.raises(MediaError, match="no audio") as refused:
        client().find(str(source))
    assert "mute.en.srt" in refused.value.hint
    (tmp_path / "mute.en.vtt").write_text(VTT)
    (listing,) = client().find(str(source))
    got = client().download(listing, tmp_path / "media", audio_only=False)
    assert [(m.kind, m.file) for m in got.media] == [
        ("video", "video.mp4"),
        ("captions", "captions.en.vtt"),
    ]
    assert_recorded(got, tmp_path / "media")
    with pytest.raises(MediaError, match="no audio"):
        client().download(listing, tmp_path / "sound", audio_only=True)


def test_a_local_recording_alone(clips: Path, tmp_path: Path) -> None:
    tool = client()
    (listing,) = tool.find(str(clips / "talk.mp4"))
    assert listing.title == "Inner Title"
    got = tool.download(listing, tmp_path, audio_only=True)
    assert [(m.kind, m.file) for m in got.media] == [("audio", "audio.mp4")]


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("talk.en.srt", "en"),
        ("talk.srt", "und"),
        ("a.talk.hd.vtt", "und"),
        ("t.zh-Hans.srt", "zh-Hans"),
    ],
)
def test_captions_alone(tmp_path: Path, name: str, language: str) -> None:
    source = tmp_path / name
    source.write_text(SRT if name.endswith("srt") else VTT)
    tool = client()
    (listing,) = tool.find(str(source))
    assert [c.language for c in listing.captions] == [language]
    got = tool.download(listing, tmp_path / "m", audio_only=False)
    assert [m.kind for m in got.media] == ["captions"]
    assert got.captions[0].file == f"captions.{language}{source.suffix}"


def test_local_things_that_cannot_be_used(clips: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello " * 100)
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    (tmp_path / "captions.srt").write_text("hello")
    (tmp_path / "cut.m4a").write_bytes((clips / "big.m4a").read_bytes()[:5000])
    for name, error in {
        "": InputError,
        "none.mp4": InputError,
        "text.mp4": MediaError,
        "empty.mp4": MediaError,
        "list.mp4": MediaError,
        "cut.m4a": MediaError,
        "captions.srt": BadFileError,
    }.items():
        with pytest.raises(error) as caught:
            client().find(str(tmp_path / name))
        assert caught.value.hint
    with pytest.raises(MediaError, match="no audio"):
        client().find(str(clips / "picture.mp4"))


@pytest.mark.parametrize("source", ["x" * 5000, "a\0b", "~no-such-user/talk.mp4", ""])
def test_odd_paths(source: str) -> None:
    with pytest.raises(InputError):
        client().find(source)


def test_a_broken_sidecar_is_named(clips: Path, tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").write_bytes((clips / "talk.mp4").read_bytes())
    (tmp_path / "talk.info.json").write_text('{"title": ')
    with pytest.raises(BadFileError, match=r"talk\.info\.json"):
        client().find(str(tmp_path / "talk.mp4"))


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "seconds", "video"),
    [
        ("audio/english/jfk.flac", 11.0, False),
        ("audio/english/kennedy.wav", None, False),
        ("audio/english/p001.mp3", None, False),
        ("audio/english/columbia.wma", 198.0, False),
        ("audio/nonspeech/bach.ogg", None, False),
        ("video/lecture.mp4", None, True),
        ("video/input_5.mp4", None, True),
    ],
)
def test_real_recordings(tmp_path: Path, name: str, seconds: float | None, video: bool) -> None:
    source = shared_data(name)
    tool = client()
    (listing,) = tool.find(str(source))
    assert listing.duration == pytest.approx(seconds, abs=1.5) if seconds else listing.duration > 1
    got = tool.download(listing, tmp_path, audio_only=False)
    assert {m.kind for m in got.media} == ({"audio", "video"} if video else {"audio"})
    assert_recorded(got, tmp_path)


# --- choosing streams ---------------------------------------------------------------------------


def form(
    name: str, v: str | None, a: str | None, height: int | None = None, **more: object
) -> dict[str, object]:
    return {"format_id": name, "url": "u", "vcodec": v, "acodec": a, "height": height, **more}


SOUND = form("sound", "none", "opus")
P360, P720, P1080 = (form(f"v{h}", "h264", "none", h) for h in (360, 720, 1080))
BOARD = form("board", "none", "none", 45, protocol="mhtml")
C360, C1080 = form("c360", "h264", "aac", 360), form("c1080", "h264", "aac", 1080)
PLAIN = form("plain", None, None)
GERMAN = form("de", "none", "opus", language="de")
ENGLISH = form("en", "none", "opus", language="en-US")
ORIGINAL = form("orig", "none", "opus", language="de", language_preference=10)


@pytest.mark.parametrize(
    ("formats", "audio", "video"),
    [
        ([BOARD, SOUND, P360, P720, P1080], "sound", "v720"),
        ([SOUND, P1080], "sound", "v1080"),
        ([C360, C1080], "c360", "c360"),
        ([C1080], "c1080", "c1080"),
        ([SOUND, C360, C1080], "sound", "c360"),
        ([PLAIN], "plain", "plain"),
        ([SOUND], "sound", None),
        ([P720], None, "v720"),
        ([ENGLISH, GERMAN], "en", None),
        ([ENGLISH, ORIGINAL], "orig", None),
        ([form("drm", "none", "opus", has_drm=True)], None, None),
        ([], None, None),
    ],
)
def test_streams_chosen(
    formats: list[dict[str, object]], audio: str | None, video: str | None
) -> None:
    choice = choose_formats(formats, audio_only=False)
    assert (choice.audio and choice.audio["format_id"]) == audio
    assert (choice.video and choice.video["format_id"]) == video
    assert choose_formats(formats, audio_only=True).video is None


# --- what yt-dlp says ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "error", "what", "hint"),
    [
        (
            "ERROR: [youtube] dQw4: Sign in to confirm you’re not a bot. Use --cookies-from- "
            "browser or --cookies for the authentication. See  https://github.com/yt-dlp/yt-dlp/wiki/FAQ",
            DownloadError,
            "not a bot",
            "--cookies-from-browser",
        ),
        (
            "No supported JavaScript runtime could be found. Only deno is enabled by default; to "
            "use another runtime add  --js-runtimes RUNTIME[:PATH]",
            MissingError,
            "JavaScript",
            'pip install "yt-dlp[default,deno]"',
        ),
        (
            "n challenge solving failed: Some formats may be missing. Ensure you have a supported "
            "JavaScript runtime and challenge solver script distribution installed.",
            MissingError,
            "JavaScript",
            "pip install",
        ),
        (
            "ERROR: unable to download video data: HTTP Error 403: Forbidden",
            DownloadError,
            "403",
            "-U",
        ),
        ("HTTP Error 404: Not Found", DownloadError, "404", "check"),
        (
            "[youtube] x: Private video. Sign in if you've been granted access to this video",
            DownloadError,
            "private",
            "cookies",
        ),
        (
            "[youtube] x: Join this channel to get access to members-only content like this video",
            DownloadError,
            "members",
            "cookies",
        ),
        (
            "[youtube] x: Sign in to confirm your age. This video may be inappropriate for some",
            DownloadError,
            "age",
            "cookies",
        ),
        (
            "This video is not available from your location due to geo restriction",
            DownloadError,
            "from here",
            "--proxy",
        ),
        (
            "The uploader has not made this video available in your country",
            DownloadError,
            "from here",
            "--proxy",
        ),
        ("[generic] Unsupported URL: https://a.org/x", DownloadError, "no video", "address"),
        (
            "[x] y: Requested format is not available. Use --list-formats",
            DownloadError,
            "no video",
            "",
        ),
        ("This video is DRM protected", DownloadError, "DRM", "organisers"),
        ("[Errno 111] Connection refused", DownloadError, "nobody answers", "--proxy"),
        (
            "Failed to resolve 'nowhere.example' ([Errno -2] Name or service not known)",
            DownloadError,
            "host name",
            "address",
        ),
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get issuer",
            DownloadError,
            "TLS",
            "clock",
        ),
        ("[Errno 28] No space left on device", MissingError, "disk is full", "space"),
        ("This live event will begin in 3 hours.", DownloadError, "not been recorded", "wait"),
        ("[youtube] x: Video unavailable", DownloadError, "404", "check"),
        ("HTTP Error 429: Too Many Requests", DownloadError, "too many", "--rate-limit"),
        ("could not find firefox cookies database in /home/x", InputError, "cookies", "browser"),
        ("12345 bytes read, 99 more expected", DownloadError, "connection broke", "again"),
        ("something never heard of", DownloadError, "failed", "up to date"),
    ],
)
def test_refusals_say_what_to_do(said: str, error: type[StwError], what: str, hint: str) -> None:
    found = explain(said, "https://a.org/watch?v=1")
    assert type(found) is error
    assert what in found.message
    assert hint in found.hint
    assert found.message.startswith("https://a.org/watch?v=1: ")


def test_yt_dlps_own_words_are_the_ones_recognised() -> None:
    """The phrases that the rules look for stand in the yt-dlp that is installed."""
    import yt_dlp

    root = Path(yt_dlp.__file__).parent
    youtube = (root / "extractor/youtube/_video.py").read_text(encoding="utf-8")
    assert "No supported JavaScript runtime could be found." in youtube
    assert "n challenge solving failed" in youtube
    common = (root / "extractor/common.py").read_text(encoding="utf-8")
    assert "This video is not available from your location due to geo restriction" in common
    assert "This video is only available for registered users" in common
    utils = (root / "utils/_utils.py").read_text(encoding="utf-8")
    assert "Unsupported URL: " in utils
    assert "Requested format is not available" in (root / "YoutubeDL.py").read_text("utf-8")


def test_no_secret_leaves_with_a_message() -> None:
    said = (
        "\x1b[0;31mERROR:\x1b[0m Unable to connect to http://me:pw@proxy:3128 for "
        "https://r1.googlevideo.com/videoplayback?expire=1&sig=SIGNED&token=TOK and "
        "https://m.example/api/manifest/expire/17/sig/SIGNED/x.m3u8 (me:pw) "
        "(caused by HTTPError('SIGNED')); please report this issue on  https://github.com/yt-dlp"
    )
    text = clean(said, ("me:pw", "pw"))
    for secret in ("SIGNED", "TOK", "pw", "\x1b", "please report"):
        assert secret not in text
    assert len(clean("x" * 10_000)) < 500


def test_the_javascript_runtime_that_comes_with_the_package() -> None:
    found = javascript_runtime()
    assert found is None or found.split()[0] in ("deno", "node", "bun", "quickjs", "quickjs-ng")
    try:
        import deno  # noqa: F401  # comes with yt-dlp[deno]
    except ImportError:
        return
    assert found is not None


def test_a_missing_runtime_is_told_before_and_after() -> None:
    from translate.backends.ytdlp import _Session

    warned = "[youtube] No supported JavaScript runtime could be found. Only deno is enabled"
    with _Session(YtDlpOptions(), time.sleep, "https://youtu.be/x") as session:
        session._log.warning(warned)
        (problem,) = session.problems()
        assert (problem.rule, problem.severity) == ("no-javascript-runtime", "warning")
        assert problem.hint == 'pip install "yt-dlp[default,deno]"'
        refused = session.refusal(OSError("[youtube] x: Requested format is not available."))
        assert isinstance(refused, MissingError)
        private = session.refusal(OSError("[youtube] x: Private video"))
        assert isinstance(private, DownloadError)


def test_building_one_loads_nothing() -> None:
    code = (
        "import sys; from translate.backends.ytdlp import YtDlp; YtDlp();"
        "assert 'yt_dlp' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_listing_and_key_hold_apart_what_is_alike() -> None:
    one = Listing(source="https://a.org/p?token=x", title="t", item=1)
    assert one.key == "https://a.org/p#1"
