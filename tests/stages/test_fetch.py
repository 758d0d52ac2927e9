"""Titles, slugs, links, captions and the merge of a second fetch."""

import re
import time
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translate.model import CaptionTrack, Download, Listing, Media, Speaker, Talk, public_url
from translate.stages.fetch import (
    Overrides,
    choose_captions,
    describe,
    gathered,
    links_in,
    merge_talk,
    parse_title,
    slug_for,
)

# --- titles -------------------------------------------------------------------------------------

# raw title | talk | event | "Name (Affiliation); Name"
TITLES = [
    (
        "State of PyTorch - Alban Desmaison, Meta | PyTorch Conference 2023",
        "State of PyTorch",
        "PyTorch Conference 2023",
        "Alban Desmaison (Meta)",
    ),
    (
        "Lightning Talk: State of PyTorch - Alban Desmaison, Meta",
        "Lightning Talk: State of PyTorch",
        "",
        "Alban Desmaison (Meta)",
    ),
    (
        "Keynote: Welcome & Opening Remarks - Ibrahim Haddad, Director, PyTorch Foundation",
        "Keynote: Welcome & Opening Remarks",
        "",
        "Ibrahim Haddad (Director, PyTorch Foundation)",
    ),
    (
        "TorchDynamo: An Out of the Box Graph Capture - Jason Ansel & Will Feng, Meta",
        "TorchDynamo: An Out of the Box Graph Capture",
        "",
        "Jason Ansel (Meta); Will Feng (Meta)",
    ),
    (
        "Sponsored Session: Fast LLMs - Jane O'Neil, Red Hat & Juan de la Cruz, Hugging Face",
        "Sponsored Session: Fast LLMs",
        "",
        "Jane O'Neil (Red Hat); Juan de la Cruz (Hugging Face)",
    ),
    (
        "Scaling Julia | Viral B. Shah | JuliaCon 2024",
        "Scaling Julia",
        "JuliaCon 2024",
        "Viral B. Shah",
    ),
    (
        "JuliaCon 2024 | Jane Doe: Scaling Julia to 10k Cores",
        "Scaling Julia to 10k Cores",
        "JuliaCon 2024",
        "Jane Doe",
    ),
    (
        "Jane Doe - Time Series with Polars | PyData Berlin 2023",
        "Time Series with Polars",
        "PyData Berlin 2023",
        "Jane Doe",
    ),
    (
        "Raymond Hettinger - Super considered super! - PyCon 2015",
        "Super considered super!",
        "PyCon 2015",
        "Raymond Hettinger",
    ),
    ("[NeurIPS 2023] Scaling Laws Revisited", "Scaling Laws Revisited", "NeurIPS 2023", ""),
    (
        "【PyTorch Conference 2022】TorchBench: Quantifying Performance",
        "TorchBench: Quantifying Performance",
        "PyTorch Conference 2022",
        "",
    ),
    (
        "🔥 Deep Learning in the Browser ｜ Li Fei ｜ JSConf EU 2019 🎉",
        "Deep Learning in the Browser",
        "JSConf EU 2019",
        "Li Fei",
    ),
    (
        "CppCon 2021: Back to Basics: Templates by Bob Steagall",
        "Back to Basics: Templates",
        "CppCon 2021",
        "Bob Steagall",
    ),
    (
        "Back To Basics: Lifetime Management - Phil Nash - CppCon 2023",
        "Back To Basics: Lifetime Management",
        "CppCon 2023",
        "Phil Nash",
    ),
    (
        "KubeCon + CloudNativeCon Europe 2024: Keynote: Platform Engineering",
        "Keynote: Platform Engineering",
        "KubeCon + CloudNativeCon Europe 2024",
        "",
    ),
    (
        "Rust at Speed | Jon Gjengset | Strange Loop 2019",
        "Rust at Speed",
        "Strange Loop 2019",
        "Jon Gjengset",
    ),
    (
        "2023 LLVM Dev Mtg - MLIR Is Not an ML Compiler - Alex Zinenko, Google DeepMind",
        "MLIR Is Not an ML Compiler",
        "2023 LLVM Dev Mtg",
        "Alex Zinenko (Google DeepMind)",
    ),
    (
        "LLVM Developers' Meeting 2023 - MLIR Tutorial - Mehdi Amini",
        "MLIR Tutorial",
        "LLVM Developers' Meeting 2023",
        "Mehdi Amini",
    ),
    (
        "SciPy 2023 - Jane Doe, John Roe, Ann Lee - Array API",
        "Array API",
        "SciPy 2023",
        "Jane Doe; John Roe; Ann Lee",
    ),
    (
        "Ray Summit 2023 - vLLM - Woosuk Kwon & Zhuohan Li (UC Berkeley)",
        "vLLM",
        "Ray Summit 2023",
        "Woosuk Kwon (UC Berkeley); Zhuohan Li (UC Berkeley)",
    ),
    (
        "Training at Scale (Jane Doe, Meta AI) | AI Day 2022",
        "Training at Scale",
        "AI Day 2022",
        "Jane Doe (Meta AI)",
    ),
    (
        "Compilers for Everyone | Jane Doe (Acme) | MLSys 2022",
        "Compilers for Everyone",
        "MLSys 2022",
        "Jane Doe (Acme)",
    ),
    (
        "How to GPU - Wen-mei Hwu, University of Illinois at Urbana-Champaign",
        "How to GPU",
        "",
        "Wen-mei Hwu (University of Illinois at Urbana-Champaign)",
    ),
    (
        "Data at Rest - Jane Doe, John Roe and Ann Lee",
        "Data at Rest",
        "",
        "Jane Doe; John Roe; Ann Lee",
    ),
    ("Another Day in Kubernetes - Bob Smith", "Another Day in Kubernetes", "", "Bob Smith"),
    (
        "State of PyTorch 2023 - Alban Desmaison, Meta",
        "State of PyTorch 2023",
        "",
        "Alban Desmaison (Meta)",
    ),
    # Nothing here is sure: all of it stays.
    ("Attention Is All You Need", "Attention Is All You Need", "", ""),
    ("Service Mesh Deep Dive - Kubernetes Basics", None, "", ""),
    ("2:4 Sparsity and the Year 2023", None, "", ""),
    ("Linux Foundation: Open Source in 2023", None, "", ""),
    ("Panel Discussion: The Future of AI - Moderator: Jane Doe", None, "", ""),
    ("From Zero to Hero: Building Compilers by Hand", None, "", ""),
    ("Stand by Me", None, "", ""),
    ("A Workshop on Monads", None, "", ""),
    ("Release 2.1 - October 2023", None, "", ""),
    ("PyTorch Conference 2023", None, "", ""),
    ("深度学习入门", None, "", ""),
    ("", "", "", ""),
]


def people(text: str) -> tuple[Speaker, ...]:
    found = (re.fullmatch(r"(.*?)(?: \((.*)\))?", one) for one in text.split("; ") if one)
    return tuple(Speaker(name=m[1], affiliation=m[2] or "") for m in found if m)


@pytest.mark.parametrize(("raw", "title", "event", "speakers"), TITLES, ids=lambda v: str(v)[:40])
def test_habits_of_titles(raw: str, title: str | None, event: str, speakers: str) -> None:
    naming = parse_title(raw)
    assert (naming.title, naming.event, naming.speakers) == (
        raw if title is None else title,
        event,
        people(speakers),
    )


def test_a_stated_event_and_speaker_win_and_lend_their_pieces() -> None:
    naming = parse_title(
        "Fast Kernels - Jane Doe, Acme - Velocity",
        event="Velocity",
        speakers=(Speaker(name="Jane Doe"),),
    )
    assert naming.title == "Fast Kernels"
    assert naming.event == "Velocity"
    assert naming.speakers == (Speaker(name="Jane Doe", affiliation="Acme"),)


def test_a_playlist_names_the_event_when_the_title_does_not() -> None:
    assert parse_title("Fast Kernels", playlist="PyTorch Conference 2023").event == (
        "PyTorch Conference 2023"
    )
    assert parse_title("Fast Kernels", playlist="Things I liked").event == ""


PIECES = st.sampled_from(
    (
        *("State of PyTorch", "Jane Doe, Acme", "PyCon 2023", "[FOSDEM 2020] x", "a: b", "🔥"),
        *("Jane Doe & John Roe", "Keynote", "Talk by Jane Doe", "Dr. Ann Lee (MIT)", "(", "深度"),
    )
)
TITLE = st.one_of(
    st.text(max_size=500),
    st.lists(PIECES, max_size=5).flatmap(
        lambda parts: st.sampled_from([" - ", " | ", "｜", ": ", " ", " // "]).map(
            lambda sep: sep.join(parts)
        )
    ),
)


@given(TITLE)
def test_no_word_of_a_title_is_lost(title: str) -> None:
    naming = parse_title(title)
    parts = [naming.title, naming.event]
    parts += [text for s in naming.speakers for text in (s.name, s.affiliation)]

    def words(text: str) -> set[str]:
        return set(re.findall(r"\w+", unicodedata.normalize("NFC", text)))

    assert words(title) - words(" ".join(parts)) <= {"by", "By", "BY", "and", "And", "AND"}
    assert naming.title or not words(title)


def test_a_hostile_title_is_left_alone_at_once() -> None:
    title = "A" * 100_000 + " & " * 100_000
    assert parse_title(title).title == title


# --- the talk -----------------------------------------------------------------------------------

LISTING = Listing(
    source="https://u:p@example.org/watch?v=abc&token=s3cret",
    url="https://example.org/watch?v=abc&sig=s3cret",
    title="State of PyTorch - Alban Desmaison, Meta | PyTorch Conference 2023",
    channel="PyTorch",
    date="2023-10-16",
    duration=1234.5,
    description="Code: https://github.com/pytorch/pytorch. Slides (https://x.org/a_(b)).",
    licence="CC BY",
)


def test_describe_fills_a_talk_and_writes_no_secret() -> None:
    talk = describe(LISTING, slug="s")
    assert talk.slug == "s"
    assert talk.event == "PyTorch Conference 2023"
    assert talk.links == ("https://github.com/pytorch/pytorch", "https://x.org/a_(b)")
    assert talk.url == "https://example.org/watch?v=abc"
    assert talk.source == "https://example.org/watch?v=abc"
    assert "s3cret" not in repr(talk)
    assert "s3cret" not in LISTING.key


def test_a_local_file_is_named_without_its_folder() -> None:
    local = Listing(source="/home/someone/private/talk.mp4", title="talk")
    assert describe(local, slug="talk").source == "talk.mp4"


def test_overrides_win_even_when_they_empty_a_field() -> None:
    said = Overrides(title="T", event="", speakers=(Speaker(name="Zed"),), date="2020-01-02")
    talk = describe(LISTING, slug="s", overrides=said)
    assert (talk.title, talk.event, talk.date) == ("T", "", "2020-01-02")
    assert talk.speakers == (Speaker(name="Zed"),)


def test_gathered_names_files_from_the_talks_folder() -> None:
    track = CaptionTrack(language="en", kind="creator", file="captions.en.vtt")
    listed = CaptionTrack(language="de", kind="creator")
    media = Media(kind="audio", file="audio.m4a", bytes=3, sha256="x")
    download = Download(
        listing=replace(LISTING, duration=60.0), media=(media,), captions=(track, listed)
    )
    talk = gathered(describe(LISTING, slug="s"), download, folder="media")
    assert talk.media[0].file == "media/audio.m4a"
    assert [c.file for c in talk.captions] == ["media/captions.en.vtt", ""]
    assert talk.duration == 60.0


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://youtu.be/a?t=3&list=x", "https://youtu.be/a?t=3&list=x"),
        ("https://a.org/x?X-Amz-Signature=1&v=2&access_token=3#f", "https://a.org/x?v=2#f"),
        ("http://u:p@a.org:80/x", "http://a.org:80/x"),
        ("http://[?token=1", "http://["),
        ("/home/a?token=1", "/home/a?token=1"),
    ],
)
def test_what_may_be_written_down_of_a_url(url: str, written: str) -> None:
    assert public_url(url) == written


# --- merging a second fetch ---------------------------------------------------------------------

TALKS = st.builds(
    Talk,
    slug=st.just("s"),
    title=st.sampled_from(["a", "b", "c"]),
    event=st.sampled_from(["", "e", "f"]),
    date=st.sampled_from(["", "2023-01-01", "2024-01-01"]),
    duration=st.sampled_from([0.0, 1.0, 2.0]),
    speakers=st.sampled_from([(), (Speaker(name="x y"),), (Speaker(name="z w"),)]),
)


@given(TALKS, TALKS)
def test_untouched_takes_the_new_and_same_new_keeps_mine(a: Talk, b: Talk) -> None:
    assert merge_talk(a, a, b) == b
    assert merge_talk(a, b, a) == b
    assert merge_talk(a, b, b) == b
    assert merge_talk(a, None, b) == b


@given(TALKS, TALKS, TALKS)
def test_every_field_comes_from_a_hand_or_from_the_new(base: Talk, mine: Talk, new: Talk) -> None:
    merged = merge_talk(base, mine, new)
    for name in ("title", "event", "date", "duration", "speakers"):
        changed = getattr(mine, name) != getattr(base, name)
        assert getattr(merged, name) == getattr(mine if changed else new, name)
    assert merge_talk(base, merged, new) == merged


def test_without_a_base_what_mine_says_is_kept() -> None:
    mine = Talk(slug="s", title="by hand", event="")
    new = Talk(slug="s", title="from site", event="Conf")
    assert merge_talk(None, mine, new) == Talk(slug="s", title="by hand", event="Conf")


# --- captions -----------------------------------------------------------------------------------


def track(language: str, kind: str = "creator", name: str = "", file: str = "") -> CaptionTrack:
    return CaptionTrack(language=language, kind=kind, name=name, file=file)  # type: ignore[arg-type]  # the tests write the two words


@pytest.mark.parametrize(
    ("tracks", "expected"),
    [
        ([], None),
        ([track("en", "automatic")], None),
        ([track("zh-Hans"), track("de")], None),
        ([track("enm")], None),  # Middle English
        ([track("en-IN"), track("en-GB"), track("en-US")], "en-US"),
        ([track("en-IN"), track("en-GB")], "en-GB"),
        ([track("en", "automatic"), track("en-CA", name="English SDH")], "en-CA"),
        ([track("en-US"), track("en")], "en"),
        ([track("EN_us")], "EN_us"),
        ([track("und"), track("en-AU")], "en-AU"),
        ([track("und")], "und"),
    ],
)
def test_creators_english_captions_only(tracks: list[CaptionTrack], expected: str | None) -> None:
    chosen = choose_captions(tracks)
    assert (chosen.language if chosen else None) == expected


def test_of_two_equal_tracks_the_downloaded_one() -> None:
    here = track("en", file="captions.en.vtt")
    assert choose_captions([track("en"), here]) == here


# --- links --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://a.org/x.", ("https://a.org/x",)),
        ("(https://a.org/x)", ("https://a.org/x",)),
        ("https://en.wikipedia.org/wiki/A_(b), ok", ("https://en.wikipedia.org/wiki/A_(b)",)),
        ("[t](https://a.org/y_(z))", ("https://a.org/y_(z)",)),
        ("**https://a.org**", ("https://a.org",)),
        ("论文：https://a.org/p，代码：http://b.org/c。", ("https://a.org/p", "http://b.org/c")),
        ("https://a.org https://a.org!", ("https://a.org",)),
        ("<https://a.org/?q=1&r=2>", ("https://a.org/?q=1&r=2",)),
        ("ftp://a.org javascript:alert(1) file:///etc/passwd https://", ()),
    ],
)
def test_links(text: str, links: tuple[str, ...]) -> None:
    assert links_in(text) == links


@given(st.text())
def test_links_are_parts_of_the_text(text: str) -> None:
    for link in links_in(text + " http://a.b/(c)." + text):
        assert link.lower().startswith("http")
        assert not set(' <>"\n\t') & set(link)


def test_a_wall_of_brackets_takes_no_time() -> None:
    started = time.monotonic()
    links_in("https://a.org/" + ")" * 1_000_000)
    assert time.monotonic() - started < 2


# --- slugs --------------------------------------------------------------------------------------


free = frozenset[str]().__contains__


def test_slug_from_event_and_title() -> None:
    slug = slug_for("PyTorch Conference 2023", "What's new: Café & C++?", free, "k")
    assert slug == "pytorch-conference-2023-whats-new-cafe-c"


def test_a_long_slug_is_cut_between_words() -> None:
    slug = slug_for(
        "", "An Out of the Box Graph Capture Solution for PyTorch and Everyone", free, ""
    )
    assert slug == "an-out-of-the-box-graph-capture-solution-for-pytorch-and"


@pytest.mark.parametrize("title", ["深度学习入门", "🔥🔥", "", "2023", "../..", "…"])
def test_no_latin_letters_still_gives_a_slug(title: str) -> None:
    first = slug_for("", title, free, "https://a.org/1")
    assert re.fullmatch(r"talk-[0-9a-f]{8}", first)
    assert first != slug_for("", title, free, "https://a.org/2")


@pytest.mark.parametrize("title", ["con", "NUL", "com1", "LPT9", "aux", "prn"])
def test_no_name_that_windows_keeps_for_itself(title: str) -> None:
    assert slug_for("", title, free, "k") == f"talk-{title.lower()}"


@given(st.text(), st.text(), st.text(), st.sets(st.integers(0, 5)))
def test_slugs_are_safe_stable_and_free(event: str, title: str, key: str, steps: set[int]) -> None:
    seen: list[str] = []

    def taken(slug: str) -> bool:
        seen.append(slug)
        return len(seen) - 1 in steps and len(seen) < 6

    slug = slug_for(event, title, taken, key)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert len(slug) <= 60
    assert not re.fullmatch(r"con|nul|prn|aux|com\d|lpt\d", slug)
    assert seen[-1] == slug
    assert slug_for(event, title, free, key) == slug_for(event, title, free, key)


def test_a_collision_gets_a_hash_of_where_the_talk_comes_from() -> None:
    first = slug_for("PyCon", "Keynote", free, "https://a.org/1")
    second = slug_for("PyCon", "Keynote", {first}.__contains__, "https://a.org/2")
    third = slug_for("PyCon", "Keynote", {first, second}.__contains__, "https://a.org/3")
    assert second.startswith("pycon-keynote-")
    assert len({first, second, third}) == 3
