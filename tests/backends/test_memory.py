"""Translation memories: what is read, what is refused, what matches."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translate.backends.memory import (
    Entry,
    Memory,
    NoTranslator,
    read_entries,
    update_entries,
    write_entries,
    written,
)
from translate.errors import BadFileError, MissingError
from translate.model import Request, Unit

TMX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header srclang="en" datatype="plaintext"/><body>
<tu><note>from a talk about entity linking</note>
<tuv xml:lang="en-US">
<seg>Call <bpt i="1">&lt;b&gt;</bpt>forward<ept i="1">x</ept> &amp; go.</seg></tuv>
<tuv xml:lang="zh-CN"><seg>调用 <hi>forward</hi> 就行。</seg></tuv></tu>
<tu><tuv xml:lang="en"><seg>Bonjour?</seg></tuv><tuv xml:lang="fr"><seg>Bonjour</seg></tuv></tu>
<tu><tuv lang="EN"><seg>Old.</seg></tuv><tuv lang="zh_Hant"><seg>舊。</seg></tuv>
<tuv lang="zh"><seg>旧。</seg></tuv></tu>
</body></tmx>
"""


def unit(*sentences: str) -> Unit:
    return Unit(id="p0001", english=" ".join(sentences), sentences=sentences)


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), encoding="utf-8")
    return path


def test_a_whole_paragraph_matches_but_for_spaces_and_width() -> None:
    memory = Memory([Entry(source="Hello  world（1）.", target="你好，世界。")])
    assert memory.lookup(unit("Hello world(1).")) == "你好，世界。"
    assert memory.lookup(unit(" Hello\n world (1).")) is None
    assert memory.lookup(unit("hello world(1).")) is None  # case is meaning: US, us


def test_sentences_match_when_all_of_them_are_known() -> None:
    memory = Memory([Entry(source="One.", target="一。"), Entry(source="GPU.", target="GPU")])
    assert memory.lookup(unit("One.", "One.")) == "一。一。"
    assert memory.lookup(unit("GPU.", "GPU.")) == "GPU GPU"
    assert memory.lookup(unit("One.", "Two.")) is None
    assert memory.lookup(Unit(id="p0001", english="Two.")) is None


def test_the_whole_paragraph_wins_over_its_sentences_and_later_over_earlier() -> None:
    entries = [Entry(source=s, target=t) for s, t in (("A.", "甲。"), ("A. A.", "两次。"))]
    memory = Memory([*entries, Entry(source="A.", target="乙。")])
    assert memory.lookup(unit("A.", "A.")) == "两次。"
    assert memory.lookup(unit("A.")) == "乙。"
    assert len(memory) == 2


@given(
    st.dictionaries(st.text(min_size=1).filter(str.strip), st.text(min_size=1).filter(str.strip))
)
def test_what_goes_in_comes_out_and_nothing_else(known: dict[str, str]) -> None:
    memory = Memory(Entry(source=s, target=t) for s, t in known.items())
    for source in known:
        found = memory.lookup(Unit(id="p0001", english=source))
        assert found in {t.strip() for t in known.values()}
    assert memory.lookup(unit("certainly not in there, 20 words or more")) is None


def test_as_a_translator_it_gives_what_it_knows_and_why_not_the_rest() -> None:
    memory = Memory([Entry(source="One.", target="一。")])
    two = Unit(id="p0002", english="Two.")
    answer = memory.translate(Request(units=(unit("One."), two)))
    assert dict(answer.texts) == {"p0001": "一。"}
    assert answer.note == "not in the translation memory"
    assert answer.usage.calls == 0
    assert dict(NoTranslator().translate(Request(units=(two,))).texts) == {}


def test_the_engine_changes_with_the_content() -> None:
    one, two = (Memory([Entry(source="A.", target=t)]) for t in ("甲。", "乙。"))
    assert one.engine.name == "memory"
    assert one.engine != two.engine


def test_jsonl_and_tmx_are_read(tmp_path: Path) -> None:
    jsonl = write(
        tmp_path / "a.jsonl",
        {"source": "One.", "target": "一。", "source_lang": "en", "target_lang": "zh-CN"},
        {"source": "Old.", "target": "老的。", "note": "n"},
    )
    tmx = tmp_path / "b.tmx"
    tmx.write_text(TMX, encoding="utf-8")
    memory = Memory.load(jsonl, tmx)
    assert memory.lookup(unit("One.")) == "一。"
    assert memory.lookup(unit("Old.")) == "旧。"  # later files win, and Traditional is not taken
    assert memory.lookup(unit("Call forward & go.")) == "调用 forward 就行。"
    assert len(memory) == 3
    assert memory.engine.model == "a.jsonl, b.tmx"
    tmx.write_bytes(TMX.replace("UTF-8", "UTF-16").encode("utf-16"))
    assert Memory.load(tmx).lookup(unit("Old.")) == "旧。"


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[1]",
        '{"source": "a"}',
        '{"source": "a", "target": "  "}',
        '{"source": "", "target": "一"}',
        '{"source": 1, "target": "一"}',
        '{"source": "a", "target": "一", "targte": "x"}',
        '{"source": "a", "target": "b", "target_lang": "fr"}',
        '{"source": "a", "target": "舊", "target_lang": "zh-TW"}',
        b'{"source": "a", "target": "\xff"}',
        "[" * 100_000,
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str | bytes) -> None:
    path = tmp_path / "m.jsonl"
    bad = line if isinstance(line, bytes) else line.encode()
    path.write_bytes('\ufeff{"source": "a", "target": "一"}\n\n'.encode() + bad + b"\n")
    with pytest.raises(BadFileError, match=r"m\.jsonl:3: "):
        Memory.load(path)


BOMB = '<!DOCTYPE tmx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<tmx><body>", r"m\.tmx:1: not XML"),
        ("<html/>", "not TMX"),
        (f"\n{BOMB}<tmx><body><tu>&b;</tu></body></tmx>", r"m\.tmx:2: a document type"),
        ('<!DOCTYPE tmx [<!ENTITY x SYSTEM "file:///etc/passwd">]><tmx/>', "document type"),
        ("", "not XML"),
        (
            '<tmx><tu><tuv xml:lang="en"><seg>'
            + "<hi>" * 60_000
            + "x"
            + "</hi>" * 60_000
            + "</seg></tuv></tu></tmx>",
            r"m\.tmx: markup nested",
        ),
    ],
)
def test_a_bad_tmx_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "m.tmx"
    path.write_text(text)
    with pytest.raises(BadFileError, match=message):
        Memory.load(path)


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("gb18030", "gb18030"),
        ("GB2312", "gbk"),
        ("big5", "big5"),
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("gb18030", "utf-8-sig"),  # what the first bytes show counts
        ("UTF-16", "utf-16"),
        ("UTF-16", "utf-16-be"),
        ("UTF-16", "utf-8"),  # which it cannot be
        ("UTF-32", "utf-32"),
    ],
)
def test_tmx_is_read_in_its_own_encoding(tmp_path: Path, declared: str, encoding: str) -> None:
    path = tmp_path / "m.tmx"
    path.write_bytes(TMX.replace("UTF-8", declared).encode(encoding, "xmlcharrefreplace"))
    assert [e.target for e in read_entries(path)] == ["调用 forward 就行。", "旧。"]


@pytest.mark.parametrize(
    ("declared", "encoding", "message"),
    [
        ("UTF-8", "gb18030", rf"m\.tmx: not utf-8 at byte {TMX.index('调')}$"),
        ("ascii", "utf-8", rf"m\.tmx: not ascii at byte {TMX.index('调')}$"),
        ("x-klingon", "utf-8", r"m\.tmx:1: an unknown encoding, x-klingon"),
        ("base64", "utf-8", "an unknown encoding, base64"),
        ("undefined", "utf-8", "not undefined"),
        ("utf-7", "ascii", "not text"),
    ],
)
def test_tmx_in_another_encoding_than_it_says_is_refused(
    tmp_path: Path, declared: str, encoding: str, message: str
) -> None:
    path = tmp_path / "m.tmx"
    text = TMX.replace("UTF-8", declared)
    if encoding == "ascii":
        text = f'<?xml version="1.0" encoding="{declared}"?><tmx>+2AA-</tmx>'
    path.write_bytes(text.encode(encoding))
    with pytest.raises(BadFileError, match=message):
        read_entries(path)


def test_files_that_are_no_memories_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="not a translation memory"):
        Memory.load(tmp_path / "m.csv")
    with pytest.raises(BadFileError, match="cannot be read"):
        Memory.load(tmp_path / "missing.jsonl")


# --- writing ------------------------------------------------------------------------------------

# Everything that a text from outside may hold, and what would break XML, JSON or lines.
hostile = st.text(
    st.one_of(
        st.sampled_from(["<", ">", "&", "]", "\r", "\n", "\x85", "\u2028", '"', "\x00", "\x1b"]),
        st.characters(),
        st.characters(categories=["Cs"]),
    ),
    max_size=12,
)
entries = st.builds(
    Entry,
    source=hostile,
    target=hostile,
    note=hostile,
    talk=st.sampled_from(["", "a-talk", "an<other>"]),
    at=st.sampled_from(["", "00:01:02"]),
    drafted_by=hostile,
)
several = st.lists(entries, max_size=6, unique_by=lambda e: (e.talk, "".join(e.source.split())))


def kept(some: list[Entry]) -> list[Entry]:
    """As they come back; each source of a talk once, as the memory compares them."""
    last = {}
    for e in map(written, some):
        if e.source and e.target:
            last[e.talk, _known(e)] = e
    return list(last.values())


def _known(entry: Entry) -> str:
    [source] = Memory([entry])._known
    return source


@given(several)
def test_jsonl_and_tmx_give_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, some: list[Entry]
) -> None:
    folder = tmp_path_factory.mktemp("memories")
    one, two, three, four = (folder / name for name in ("a.jsonl", "b.tmx", "c.jsonl", "d.jsonl"))
    assert update_entries(one, some) == (tuple(kept(some)), ())
    if not kept(some):
        assert not one.exists()
        return
    assert list(read_entries(one)) == kept(some)
    assert write_entries(two, read_entries(one)) == len(kept(some))
    assert read_entries(two) == read_entries(one)
    write_entries(three, read_entries(two))
    update_entries(four, read_entries(two))
    assert three.read_bytes() == four.read_bytes() == one.read_bytes()
    ElementTree.fromstring(two.read_bytes())  # without any of our own help


@given(several, several, st.data())
def test_writing_again_changes_nothing_and_others_rows_stay(
    tmp_path_factory: pytest.TempPathFactory,
    one: list[Entry],
    two: list[Entry],
    data: st.DataObject,
) -> None:
    path = tmp_path_factory.mktemp("memories") / "m.jsonl"
    path.touch()
    update_entries(path, one)
    before = read_entries(path)
    ours = [e for e in before if data.draw(st.booleans())]
    taken, left = update_entries(path, two, ours)
    after, raw = read_entries(path), path.read_bytes()
    assert sorted(map(repr, (*taken, *left))) == sorted(map(repr, kept(two)))
    assert set(taken) <= set(after)
    assert not set(left) & set(after)
    new = {(e.talk, _known(e)) for e in kept(two)}
    assert {e for e in before if e not in ours or (e.talk, _known(e)) not in new} <= set(after)
    assert update_entries(path, two, taken) == (taken, left)
    assert path.read_bytes() == raw


def test_what_a_person_has_changed_stays_and_our_own_rows_are_updated(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "m.jsonl"
    theirs = '{"target": "别人的。", "source": "One.",  "source_lang": "en-GB"}'
    path.parent.mkdir()
    path.write_text(f"{theirs}\r\n\n", encoding="utf-8")
    mine = [Entry(source=s, target="一。", talk="t", at="00:00:01") for s in ("One.", "Two.")]
    assert update_entries(path, mine) == (tuple(mine), ())
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == theirs  # word for word, though it has no line of ours
    fixed = lines[2].replace("一。", "二！")
    path.write_text("\n".join([*lines[:2], fixed, fixed.replace("！", "。")]), encoding="utf-8")
    more = [replace(e, source=f" {e.source} ", target="壹。") for e in mine]
    taken, left = update_entries(path, more, mine)
    assert [e.target for e in (*taken, *left)] == ["壹。", "壹。"]
    assert [e.source for e in left] == ["Two."]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == theirs
    assert json.loads(lines[1]) == {
        "source": "One.",
        "target": "壹。",
        "talk": "t",
        "at": "00:00:01",
    }
    assert lines[2:] == [fixed, fixed.replace("！", "。")]
    assert not list(path.parent.glob(".*"))  # nothing half-written is left behind


def test_a_memory_written_whole_takes_the_place_of_what_lies_there(tmp_path: Path) -> None:
    for path in (tmp_path / "m.jsonl", tmp_path / "m.tmx"):
        write_entries(
            path, [Entry(source="One.", target="一。"), Entry(source="Two.", target="二。")]
        )
        three = Entry(source="Three.", target="三。")
        assert write_entries(path, [three, Entry(source="\x00", target="零。")]) == 1
        assert read_entries(path) == (three,)


def test_a_broken_memory_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"source": "a", "target": "一"}\nnot json\n', encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(BadFileError, match=r"m\.jsonl:2: "):
        update_entries(path, [Entry(source="One.", target="一。")])
    assert path.read_bytes() == before
    with pytest.raises(BadFileError, match="not a translation memory"):
        write_entries(tmp_path / "m.csv", [])
    (tmp_path / "file").touch()
    with pytest.raises(MissingError, match="cannot write"):
        write_entries(tmp_path / "file" / "m.tmx", [Entry(source="One.", target="一。")])


def test_tmx_says_what_its_standard_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "m.tmx"
    entry = Entry(source="One & <two>.", target="一 & <二>。", note="看", talk="t", at="00:00:01")
    write_entries(path, [entry])
    root = ElementTree.parse(path).getroot()
    assert (root.tag, root.get("version")) == ("tmx", "1.4")
    header = root.find("header")
    assert header is not None
    assert set(header.keys()) == {
        *("creationtool", "creationtoolversion", "segtype", "o-tmf"),
        *("adminlang", "srclang", "datatype"),
    }
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert [v.get(lang) for v in root.iter("tuv")] == ["en", "zh-CN"]
    assert [s.text for s in root.iter("seg")] == [entry.source, entry.target]
    assert [child.tag for child in next(root.iter("tu"))] == [
        *("note", "prop", "prop", "tuv", "tuv"),
    ]


def test_where_the_chinese_comes_from_is_said_for_each_paragraph() -> None:
    mine = Entry(source="One.", target="一。", talk="t", at="00:00:01", drafted_by="chat x")
    by_hand = Entry(source="Two.", target="二。", talk="t")
    memory = Memory([mine, by_hand, Entry(source="Three.", target="三。")], name="m.jsonl")
    assert memory.engine_of(unit("One.")).parameters == {"talk": "t", "drafted_by": "chat x"}
    assert memory.engine_of(unit("Two.")).parameters == {"talk": "t", "drafted_by": ""}
    assert memory.engine_of(unit("Two.", "One.")).parameters["drafted_by"] == "chat x"
    assert memory.engine_of(unit("Three.")).parameters == {}
    assert memory.engine_of(unit("Three.")).model == "m.jsonl"
    assert all(memory.engine_of(unit(s)).is_person for s in ("One.", "Three."))


def test_what_is_known_of_a_talk_does_not_change_with_the_rest_of_the_memory() -> None:
    units = [unit("One."), unit("Two.")]
    one = Entry(source="One.", target="一。", talk="t")
    memory = Memory([one])
    more = Memory([one, Entry(source="Elsewhere.", target="别处。", talk="u")])
    assert memory.fingerprint(units) == more.fingerprint(units) != ""
    assert memory.engine_of(units[0]) == more.engine_of(units[0])
    assert Memory([replace(one, target="壹。")]).fingerprint(units) != memory.fingerprint(units)
    assert memory.fingerprint(units[1:]) == ""
