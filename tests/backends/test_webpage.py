"""What a page states, and what no page can do to its reader."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translate.backends.ytdlp_webpage import Page, Track, Video, read_page
from translate.model import Chapter, Speaker

URL = "https://conf.example/talks/7"


def page(html: str, url: str = URL) -> Page:
    return read_page(html.encode(), url)


def stated(node: object) -> Video:
    html = f'<script type="application/ld+json">{json.dumps(node)}</script>'
    (video,) = page(html).videos
    return video


def test_open_graph_and_titles() -> None:
    found = page(
        """<html lang="en-US"><title>Tab &amp; title</title>
        <meta property="og:title" content="A &quot;talk&quot;"><meta name=description content='D'>
        <meta content="Site" property="og:site_name">
        <meta property="og:video:secure_url" content="https://cdn.example/v.mp4">"""
    )
    assert found == Page(
        title='A "talk"',
        description="D",
        site="Site",
        language="en-US",
        media=("https://cdn.example/v.mp4",),
    )
    assert page("<title>\n Tab &amp;\n title </title><svg><title>icon</title>").title == (
        "Tab & title"
    )


def test_players_and_tracks_with_a_base() -> None:
    found = page(
        """<base href="https://cdn.example/x/"><video SRC="a.mp4" poster=p.png>
        <source src='b.m3u8' type=application/x-mpegURL><track src=en.vtt srclang=en
        kind=captions label="English SDH" default><track kind="chapters" src="/c.vtt"></video>
        <picture><source srcset="p.webp" type="image/webp"></picture>
        <video src="javascript:alert(1)"></video><audio src="file:///etc/passwd"></audio>"""
    )
    assert found.media == ("https://cdn.example/x/a.mp4", "https://cdn.example/x/b.m3u8")
    assert found.tracks == (
        Track(
            url="https://cdn.example/x/en.vtt",
            language="en",
            kind="captions",
            label="English SDH",
        ),
        Track(url="https://cdn.example/c.vtt", kind="chapters"),
    )


def test_tags_in_comments_scripts_and_textareas_are_text() -> None:
    found = page(
        "<!-- <video src=a.mp4> --><script>'<video src=b.mp4>'</script>"
        "<textarea><video src=c.mp4></textarea><style>/*<video src=d.mp4>*/</style>"
        "<video src=e.mp4>"
    )
    assert found.media == ("https://conf.example/talks/e.mp4",)


def test_a_whole_video_object() -> None:
    assert stated(
        {
            "@type": "VideoObject",
            "name": "Talk &amp; more",
            "description": "Line\nline",
            "uploadDate": "2023-10-16T08:00:00+02:00",
            "duration": "PT1H2M3.5S",
            "license": {"@type": "CreativeWork", "url": "https://cc.example/by"},
            "publisher": {"@type": "Organization", "name": "Conf"},
            "author": {"@type": "Person", "name": "Jane Doe", "affiliation": {"name": "Acme"}},
            "inLanguage": "en_US",
            "keywords": "a, b,a",
            "hasPart": [
                {"@type": "Clip", "name": "Two", "startOffset": "60"},
                {"@type": "Clip", "name": "One", "startOffset": 0},
                {"@type": "Clip", "name": "Bad", "startOffset": "x"},
            ],
            "contentUrl": "/v.mp4",
            "embedUrl": "//player.example/7",
        }
    ) == Video(
        title="Talk & more",
        description="Line\nline",
        channel="Conf",
        speakers=(Speaker(name="Jane Doe", affiliation="Acme"),),
        date="2023-10-16",
        duration=3723.5,
        licence="https://cc.example/by",
        language="en-US",
        chapters=(Chapter(start=0.0, title="One"), Chapter(start=60.0, title="Two")),
        tags=("a", "b"),
        media="https://conf.example/v.mp4",
        embed="https://player.example/7",
    )


def test_a_graph_with_references() -> None:
    video = stated(
        {
            "@graph": [
                {"@type": "WebPage", "name": "no video"},
                {"@id": "#jd", "@type": "Person", "name": "Jane Doe"},
                {"@id": "#org", "@type": "Organization", "name": "Org"},
                {
                    "@type": ["VideoObject", "LearningResource"],
                    "name": "T",
                    "author": {"@id": "#jd"},
                    "publisher": {"@id": "#org"},
                },
            ]
        }
    )
    assert (video.title, video.channel, video.speakers) == ("T", "Org", (Speaker(name="Jane Doe"),))


def test_a_video_inside_an_event() -> None:
    video = stated(
        [
            {
                "@type": "EducationEvent",
                "name": "The session",
                "performer": [{"@type": "Person", "name": "Ann Lee"}, "Bob Smith"],
                "superEvent": {"@type": "Event", "name": "Conf 2024"},
                "recordedIn": {
                    "@type": "VideoObject",
                    "name": "T",
                    "author": {"@type": "Person", "name": "The Uploader"},
                },
            }
        ]
    )
    assert video.event == "Conf 2024"
    assert video.speakers == (Speaker(name="Ann Lee"), Speaker(name="Bob Smith"))


def test_an_organisation_is_no_speaker() -> None:
    video = stated(
        {"@type": "VideoObject", "name": "T", "author": {"@type": "Organization", "name": "Org"}}
    )
    assert (video.channel, video.speakers) == ("Org", ())


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("PT45M", 2700.0),
        ("P1DT1S", 86401.0),
        ("pt2m0,5s", 120.5),
        ("90", 90.0),
        (90, 90.0),
        ("T1H", 0.0),
        ("PT", 0.0),
        (-5, 0.0),
        ("1e999", 0.0),
        ("nan", 0.0),
        (True, 0.0),
        ({"@type": "Duration", "name": "PT1S"}, 1.0),
    ],
)
def test_durations(duration: object, seconds: float) -> None:
    assert stated({"@type": "VideoObject", "duration": duration}).duration == seconds


@pytest.mark.parametrize(
    ("date", "read"),
    [("2023-10-16", "2023-10-16"), ("20231016", "2023-10-16"), ("2023", ""), ("16/10/2023", "")],
)
def test_dates(date: str, read: str) -> None:
    assert stated({"@type": "VideoObject", "uploadDate": date}).date == read


def test_broken_json_costs_only_itself() -> None:
    found = page(
        '<script type="application/ld+json">{"@type": "VideoObject",</script>'
        '<script type="application/ld+json">//<![CDATA[\n{"@type": "VideoObject", '
        '"name": "a\tb"}\n//]]></script>'
    )
    assert [v.title for v in found.videos] == ["a b"]


def test_character_sets() -> None:
    title = "<title>Café 日本</title>"
    assert read_page(title.encode("utf-16"), URL, charset="utf-16").title == "Café 日本"
    meta = '<meta charset="gb2312"><title>中文</title>'
    assert read_page(meta.encode("gb2312"), URL).title == "中文"
    for unknown in ("no-such-charset", "base64", "idna"):
        assert "Caf" in read_page(title.encode(), URL, charset=unknown).title


PIECES = st.sampled_from(
    [
        *(
            "<video",
            "<track",
            "<meta",
            "<title>",
            "</title>",
            "<!--",
            "-->",
            "<script>",
            "</script>",
        ),
        *('<script type="application/ld+json">', '{"@type":"VideoObject",', '"name":', '"author":'),
        *("[", "]", "{", "}", '"@id":"a"', '"hasPart":', '"duration":"PT', " src=", '"', "'", ">"),
        *("http://[", "&#x110000;", "&amp", "\x00", "\ud800", "İ", " charset=", "/", "=", ","),
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=40), st.text(max_size=20))
def test_any_text_gives_a_page(pieces: list[str], url: str) -> None:
    content = "".join(pieces).encode("utf-8", "surrogatepass")
    found = read_page(content, url)
    assert all(m.startswith(("http://", "https://")) for m in found.media)


@given(st.binary(max_size=300), st.sampled_from(["", "utf-8", "utf-16", "hz", "x"]))
def test_any_bytes_give_a_page(content: bytes, charset: str) -> None:
    assert isinstance(read_page(content, URL, charset=charset), Page)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                (
                    *("@type", "@id", "@graph", "name", "author", "publisher", "performer"),
                    *("superEvent", "recordedAt", "hasPart", "startOffset", "duration", "about"),
                    *("uploadDate", "inLanguage", "contentUrl", "embedUrl", "affiliation"),
                    *("license", "keywords"),
                )
            ),
            inner,
            max_size=6,
        ),
    ),
    max_leaves=20,
)


@given(JSON, st.dictionaries(st.sampled_from(["author", "superEvent", "hasPart", "name"]), JSON))
def test_any_statement_gives_a_video(value: object, extra: dict[str, object]) -> None:
    node = {"@graph": [value, {"@type": "VideoObject", **extra}]}
    html = f'<script type="application/ld+json">{json.dumps(node)}</script>'
    assert page(html).videos


@pytest.mark.parametrize(
    "piece",
    [
        *("<", "<a ", "<!--", "<video a='", '<meta a="', "<script", "<title", "<title>a</title"),
        *("<video src=x>", "</", "<![", "<meta charset ", "<track =", "&", "<html\n"),
        "<script type='ld+json'>" + "[" * 1000,
        "<script type='ld+json'>[" + '{"a":1},' * 100 + "1]</script>",
    ],
)
def test_hostile_pages_take_no_time(piece: str) -> None:
    content = (piece * (300_000 // len(piece))).encode()
    started = time.monotonic()
    read_page(content, URL)
    assert time.monotonic() - started < 5


def test_a_loop_of_references_ends() -> None:
    video = stated(
        {
            "@graph": [
                {"@id": "#a", "@type": "Event", "name": "A", "superEvent": {"@id": "#a"}},
                {"@type": "VideoObject", "recordedAt": {"@id": "#a"}},
            ]
        }
    )
    assert video.event == "A"


def test_a_reference_to_itself_is_followed_once() -> None:
    assert stated({"@type": "VideoObject", "name": "T", "superEvent": "plain text"}).event == ""
