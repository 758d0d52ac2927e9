"""Translation memories: what is read, what is refused, what matches."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translate.backends.memory import Entry, Memory, NoTranslator
from translate.errors import BadFileError
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
    ],
)
def test_a_bad_tmx_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "m.tmx"
    path.write_text(text)
    with pytest.raises(BadFileError, match=message):
        Memory.load(path)


def test_files_that_are_no_memories_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="not a translation memory"):
        Memory.load(tmp_path / "m.csv")
    with pytest.raises(BadFileError, match="cannot be read"):
        Memory.load(tmp_path / "missing.jsonl")
