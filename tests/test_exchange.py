"""Term bases of others: every format read, three written, and nothing lost that one can hold."""

import csv
import io
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import shared_data
from translate import exchange, glossary
from translate.errors import BadFileError
from translate.exchange import Format, Read, Target, detect, read, write
from translate.model import Term

# --- the law ------------------------------------------------------------------------------------

# Whatever a term base's file can hold in a cell: no line ends, nothing invisible, no `|`.
PLAIN = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp"), exclude_characters="|"
    ),
    min_size=1,
    max_size=12,
).map(lambda text: " ".join(text.split()))
ODD = st.sampled_from(
    ['a "b", c', "#pragma", "&lt;", "<b>&amp;", "]]>", "I/O", "A；B", "=1+1", "'x", "a,b;c", "en"]
)
CELL = st.one_of(PLAIN.filter(bool), ODD)
HAN = st.sampled_from(
    ["张量", "输入/输出", "A 或 B", "算子（内核）", "张量，向量", "不译", "逻辑或"]
)
TARGET = st.one_of(CELL, HAN)


@st.composite
def terms(draw: st.DrawFn) -> Term:
    source = draw(CELL.filter(lambda text: not any("\u3400" <= c <= "\u9fff" for c in text)))
    other = TARGET.filter(lambda text: text != source)
    forbidden = draw(st.lists(other, max_size=2, unique=True))
    policy = draw(st.sampled_from(["strict", "prefer", "keep", "forbid"]))
    least = {"keep": 0, "forbid": 0}.get(policy, 1)
    targets = [] if policy == "forbid" else draw(st.lists(other, min_size=least, max_size=3))
    if policy == "forbid" and not forbidden:
        forbidden = [draw(other)]
    return Term(
        source=source,
        targets=tuple(dict.fromkeys(t for t in targets if t not in forbidden))
        or tuple(targets[:1]),
        policy=policy,
        exact_case=draw(st.booleans()),
        first_mention=draw(st.booleans()),
        heard_as=tuple(draw(st.lists(CELL, max_size=2, unique=True))),
        forbidden=tuple(forbidden),
        note=draw(st.one_of(st.just(""), TARGET)),
    )


BASES = st.lists(terms(), max_size=6, unique_by=lambda t: t.source)


def holds(term: Term, form: Target) -> dict[str, object] | None:
    """What the format can hold of a term, said here once more and independently."""
    if form == "omegat" and term.source.startswith("#"):
        return None
    if form != "tbx" and term.policy == "forbid":
        return None
    held: dict[str, object] = {"targets": term.targets}
    if form == "deepl":
        held["targets"] = () if term.policy == "keep" else term.targets[:1]
    if form != "deepl":
        held["note"] = term.note
    if form == "tbx":
        held["forbidden"] = term.forbidden
    held["policy"] = "prefer" if term.policy == "strict" else term.policy
    return held


@pytest.mark.parametrize("form", ["deepl", "omegat", "tbx"])
@given(base=BASES)
def test_a_round_trip_loses_nothing_that_the_format_can_hold(
    form: Target, base: list[Term]
) -> None:
    written = write(base, form)
    back = {term.source: term for term in read(written.data, "file", form).terms}
    expected = {term.source: held for term in base if (held := holds(term, form)) is not None}
    assert set(back) == set(expected)
    for source, held in expected.items():
        assert {name: getattr(back[source], name) for name in held} == held
    assert written.rows == len(back)


@pytest.mark.parametrize("form", ["deepl", "omegat", "tbx"])
@given(base=BASES)
def test_what_an_export_cannot_hold_is_told(form: Target, base: list[Term]) -> None:
    written = write(base, form)
    lost = {loss.source: loss.fields for loss in written.lost}
    back = {term.source: term for term in read(written.data, "file", form).terms}
    for term in base:
        fields = lost.get(term.source, ())
        if fields == ("source",):
            assert term.source not in back
            continue
        names = ("targets", "policy", "exact_case", "first_mention", "heard_as", "forbidden")
        for name in (*names, "note"):
            same = getattr(back[term.source], name) == getattr(term, name)
            assert same != (name in fields), name


@given(base=BASES.filter(bool))
def test_what_is_written_is_known_again_by_its_content(base: list[Term]) -> None:
    """Rows of a single column width could be anything; DeepL's name their languages."""
    for form in ("deepl", "tbx"):
        data = write(base, form).data
        if data:
            assert detect(data) == form


@given(base=BASES)
def test_the_same_rows_give_the_same_bytes(base: list[Term]) -> None:
    for form in ("deepl", "omegat", "tbx"):
        once = read(write(base, form).data, "file", form).terms
        assert read(write(once, form).data, "file", form).terms == tuple(once)


@given(data=st.binary(max_size=300), form=st.sampled_from([*exchange._READERS, None]))
def test_whatever_comes_in_it_is_rows_or_problems_or_a_bad_file(
    data: bytes, form: Format | None
) -> None:
    try:
        got = read(data, "file", form)
    except BadFileError:
        return
    for term in got.terms:
        assert term.source == " ".join(term.source.split())
        assert term.source
        assert term.targets or term.policy in ("keep", "forbid")


def test_the_columns_own_term_base_goes_through_tbx_and_back() -> None:
    files = sorted((Path(__file__).parents[1] / "glossary").glob("*.csv"))
    base = glossary.load(files).terms
    written = write(base, "tbx")
    assert written.rows == len(base)
    lost = {loss.source: {*loss.fields} for loss in written.lost}
    for term in base:
        fields = lost.get(term.source, set()) - {"exact_case", "first_mention", "heard_as"}
        if term.policy == "strict":
            fields.discard("policy")
        if term.targets[:1] == (term.source,):  # reads as: it stays English
            fields -= {"policy", "targets"}
        assert not fields, term


# --- each format --------------------------------------------------------------------------------


def rows(got: Read) -> dict[str, str]:
    return {term.source: "|".join(term.targets) for term in got.terms}


def told(got: Read, severity: str = "error") -> list[str]:
    return [f"{p.where}: {p.message}" for p in got.problems if p.severity == severity]


def test_deepl_with_and_without_languages_either_way_round() -> None:
    got = read("tensor,张量,en,zh\n内核,kernel,zh,en\nFrau,女士,de,zh\n".encode(), "g.csv")
    assert got.format == "deepl"
    assert rows(got) == {"tensor": "张量", "kernel": "内核"}
    assert told(got) == ["g.csv:3: “Frau” is de → zh, not en → zh"]
    got = read("tensor,张量\n".encode(), "g.csv", "deepl")
    assert rows(got) == {"tensor": "张量"}
    got = read("张量\ttensor\n".encode(), "g.tsv", "deepl")
    assert rows(got) == {"tensor": "张量"}


def test_deepl_that_was_exported_with_a_fifth_column() -> None:
    got = read(b"PyTorch,PyTorch,EN,ZH,0.9\n", "g.csv")
    assert [(t.source, t.policy, t.targets) for t in got.terms] == [("PyTorch", "keep", ())]


def test_omegat_comments_several_targets_and_quotes_that_mean_nothing() -> None:
    text = '# mine\ntensor\t张量\t数据\ntensor\t"张"量\nPyTorch\tPyTorch\n\nkernel\t\n'
    got = read(text.encode(), "g.txt")
    assert got.format == "omegat"
    assert rows(got) == {"tensor": '张量|"张"量', "PyTorch": ""}
    assert got.terms[0].note == "数据"
    assert got.terms[0].line == 2
    assert told(got) == ["g.txt:6: no Chinese beside “kernel”"]


def test_a_cell_that_looks_like_several_renderings_is_said() -> None:
    got = read("bias\t偏置；偏差\n".encode(), "g.txt")
    assert rows(got) == {"bias": "偏置；偏差"}
    assert "--format list" in told(got, "warning")[0]


def test_weblates_csv() -> None:
    text = (
        '"location","source","target","id","fuzzy","context","translator_comments",'
        '"developer_comments"\n'
        '"","tensor","张量","","False","","see\n\nabove","多维数组"\n'
        '"","kernel","内核/核函数","","True","","",""\n'
        '"","op","","","False","","",""\n'
    )
    got = read(text.encode(), "w.csv")
    assert got.format == "csv"
    assert rows(got) == {"tensor": "张量", "kernel": "内核|核函数"}
    assert got.terms[0].note == "see above；多维数组"
    assert told(got) == ["w.csv:6: no Chinese beside “op”"]
    assert told(got, "warning") == ["w.csv:5: “kernel” is marked as unfinished"]


def test_our_own_csv_comes_back_whole() -> None:
    text = (
        "source,target,policy,case,first_mention,heard_as,forbidden,note\n"
        "transformer,Transformer|变换器,strict,exact,yes,trance former,变压器,项目：x\n"
        "x,y,maybe,any,no,,,\n"
    )
    got = read(text.encode(), "own.csv")
    assert got.terms == (
        Term(
            source="transformer",
            targets=("Transformer", "变换器"),
            policy="strict",
            exact_case=True,
            first_mention=True,
            heard_as=("trance former",),
            forbidden=("变压器",),
            note="项目：x",
            line=2,
        ),
    )
    assert told(got) == ["own.csv:3: policy is 'maybe'"]


def test_a_semicolon_csv_in_utf16_and_a_column_that_is_not_read() -> None:
    got = read("英文;中文;词性\ntensor;张量;n\n".encode("utf-16"), "x.csv")
    assert rows(got) == {"tensor": "张量"}
    assert told(got, "info") == ["x.csv:1: column “词性” is not read"]


def test_csv_with_ragged_rows_and_an_open_quote_tells_each_line() -> None:
    got = read('source,target\na,甲\nb\nc,丙\n"d,丁\n'.encode(), "x.csv")
    assert rows(got) == {"a": "甲", "c": "丙"}
    assert [t.partition(": ")[0] for t in told(got)] == ["x.csv:3", "x.csv:5"]


@pytest.mark.parametrize(
    ("cell", "source", "targets", "note"),
    [
        ("准确率/精度", "accuracy", "准确率|精度", ""),
        ("输入/输出", "I/O", "输入/输出", ""),
        ("TCP/IP 协议", "internet protocols", "TCP/IP 协议", ""),
        ("参数，实参；形参、引数", "argument", "参数|实参|形参|引数", ""),
        ("算子或操作", "operator", "算子|操作", ""),
        ("按位或运算", "bitwise or", "按位或运算", ""),
        ("逻辑或", "disjunction", "逻辑或", ""),
        ("编译（动词）", "compile", "编译", "动词"),
        ("（语法）分析器", "parser", "分析器|语法分析器", ""),
        ("复合（类型，数据）", "compound", "复合", "类型，数据"),
        ("大括号，“{”或“}”", "brace", "大括号", "“{”或“}”"),
        ("1,000 个", "a thousand", "1,000 个", ""),
    ],
)
def test_cells_that_people_write_for_people(
    cell: str, source: str, targets: str, note: str
) -> None:
    line = io.StringIO()
    csv.writer(line).writerow([source, cell])
    got = read(f"source,target\n{line.getvalue()}".encode(), "x.csv")
    assert rows(got) == {source: targets}
    assert got.terms[0].note == note


@pytest.mark.parametrize(
    ("cell", "targets", "note"),
    [("（不译）", (), "不译"), ("自身，作关键字时不译", ("自身",), "作关键字时不译")],
)
def test_what_is_not_translated_stays_english(
    cell: str, targets: tuple[str, ...], note: str
) -> None:
    [term] = read(f"source,target\nself,{cell}\n".encode(), "x.csv").terms
    assert (term.policy, term.targets, term.note) == ("keep", targets, note)


def test_lists_either_way_round_with_headings() -> None:
    got = read("## 术语\n\n准确率/精度，accuracy\nsoftmax回归，softmax (x)\n???\n".encode(), "l.md")
    assert got.format == "list"
    assert rows(got) == {"accuracy": "准确率|精度", "softmax": "softmax回归"}
    assert told(got) == ["l.md:5: not one English and one Chinese: “???”"]
    got = read('a，甲，乙\n"b, c",丙\nd,丁\n'.encode(), "l.txt")
    assert rows(got) == {"a": "甲|乙", "b, c": "丙", "d": "丁"}


def test_markdown_tables() -> None:
    text = (
        "# Terms\n\nProse with | one bar.\n\n"
        "English | 简体中文 | 繁體中文 | 备注\n--- | --- | --- | ---\n"
        "**A** | | |\n"
        "`abs` \\| x | 绝对值，<br>模 | 絕對值 | 见 [docs](https://example.org/a_b)\n"
        "angle (n.) | 尖括号 &lt; | | \n"
        "only traditional | | 只有 | \n"
        "a | 甲 | 甲 | n | lost\n"
        "\na | b | outside\n"
    )
    got = read(text.encode(), "t.md")
    assert got.format == "markdown"
    assert rows(got) == {"abs | x": "绝对值|模", "angle": "尖括号 <", "a": "甲"}
    assert got.terms[0].note == "见 [docs](https://example.org/a_b)"
    assert got.terms[0].line == 8
    assert told(got) == [
        "t.md:10: no Chinese beside “only traditional”",
        "t.md:11: more cells than the header has; the last are not read",
        "t.md:13: not in a table, so not read: “a | b | outside”",
    ]
    assert told(got, "info") == [
        "t.md:5: column “繁體中文” is not read",
        "t.md:7: no Chinese beside “A”",
    ]


def test_a_table_without_names_is_read_by_its_content_and_one_without_chinese_is_told() -> None:
    got = read("|a|b|\n|-|-|\n|张量|tensor|\n\n|x|y|\n|-|-|\n|1|2|\n".encode(), "t.md")
    assert rows(got) == {"tensor": "张量"}
    assert told(got) == ["t.md:7: in a table without columns of English and Chinese"]


def test_a_table_that_the_parser_gives_up_is_told_line_by_line() -> None:
    columns = 40
    head = "English|中文" + "|x" * (columns - 2) + "\n" + "|".join(["-"] * columns) + "\n"
    count = 0x10000 // (columns - 2) + 50
    body = "".join(f"term {i}|甲\n" for i in range(count))
    got = read((head + body).encode(), "t.md")
    assert len(got.terms) < count
    assert len(got.terms) + len(told(got)) == count


TBX3 = """<?xml version="1.0" encoding="UTF-8"?>
<tbx type="TBX-Basic" style="dca" xml:lang="en" xmlns="urn:iso:std:iso:30042:ed-2"><text><body>
<conceptEntry id="1"><descrip type="definition">A grid.</descrip>
<langSec xml:lang="en"><termSec><term>tensor</term></termSec>
<termSec><term>tensors grid</term>
<termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></termSec></langSec>
<langSec xml:lang="zh-Hans"><termSec><term>张<hi>量</hi></term></termSec>
<termSec><term>多维数组</term>
<termNote type="administrativeStatus">preferredTerm-admn-sts</termNote></termSec>
<termSec><term>张力</term>
<termNote type="administrativeStatus">supersededTerm-admn-sts</termNote></termSec></langSec>
<langSec xml:lang="zh-TW"><termSec><term>張量</term></termSec></langSec></conceptEntry>
<conceptEntry id="2"><langSec xml:lang="en"><termSec><term>kernel</term></termSec></langSec>
</conceptEntry></body></text></tbx>"""


def test_tbx_3() -> None:
    got = read(TBX3.encode(), "b.tbx")
    assert got.terms == (
        Term(
            source="tensor",
            targets=("多维数组", "张量"),
            forbidden=("张力",),
            note="A grid.",
            line=3,
        ),
    )
    assert told(got) == ["b.tbx:13: no Chinese beside “kernel”"]
    assert told(got, "info") == [
        "b.tbx:3: not read: zh-TW: 張量",
        "b.tbx:3: not read: deprecated: tensors grid",
    ]


def test_tbx_2_names_a_dtd_and_that_the_english_stays() -> None:
    text = (
        '<?xml version="1.0"?><!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd">'
        "<martif><text><body><termEntry><descrip type='Translation needed'>No</descrip>"
        "<langSet xml:lang='en_US'><ntig><termGrp><term>PyTorch</term></termGrp></ntig></langSet>"
        "</termEntry></body></text></martif>"
    )
    [term] = read(text.encode("utf-16"), "b.tbx").terms
    assert (term.source, term.policy) == ("PyTorch", "keep")


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><martif>&b;</martif>',
        '<!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/passwd">]><martif>&a;</martif>',
        '<!DOCTYPE m [<!ENTITY % a SYSTEM "http://127.0.0.1:1/x">%a;]><martif></martif>',
        '<!DOCTYPE m SYSTEM "http://127.0.0.1:1/x.dtd"><martif><termEntry>&x;</termEntry></martif>',
        "<martif>&x;</martif>",
        "<martif><termEntry></martif>",
        "<html></html>",
    ],
)
def test_hostile_xml_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(BadFileError, match=r"^b\.tbx:\d+: "):
        read(f'<?xml version="1.0"?>\n{text}'.encode(), "b.tbx")


def test_tbx_is_well_formed_and_has_its_parts() -> None:
    term = Term(source="a<b", targets=("甲&", "乙"), forbidden=("丙",), note='"n"')
    root = ElementTree.fromstring(write([term], "tbx").data)
    assert root.tag == "martif"
    found = [e.text for e in root.iter("term")]
    assert found == ["a<b", "甲&", "乙", "丙"]
    status = [e.text for e in root.iter("termNote")]
    assert status[1:] == [
        "preferredTerm-admn-sts",
        "admittedTerm-admn-sts",
        "deprecatedTerm-admn-sts",
    ]


def test_what_is_not_shown_and_what_is_no_text_is_refused() -> None:
    got = read("a\u202eb,甲\nc\x00d,乙\n".encode(), "x.csv", "list")
    assert got.terms == ()
    assert len(told(got)) == 2
    with pytest.raises(BadFileError, match=r"x:2: not UTF-8"):
        read("a,b\n张量".encode("gb18030"), "x")
    with pytest.raises(BadFileError, match="names no columns"):
        read(b"a,b\n", "x", "csv")


# --- real term bases ----------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "form", "terms", "unread"),
    [
        ("d2l-zh-TERMINOLOGY.md", "list", 138, 0),
        ("rust-glossary.md", "markdown", 405, 22),  # letters above their words
    ],
)
def test_real_term_bases(name: str, form: str, terms: int, unread: int) -> None:
    data = shared_data(f"termbases/{name}").read_bytes()
    got = read(data, name)
    assert (got.format, len(got.terms)) == (form, terms)
    assert told(got) == []
    assert sum("no Chinese" in text for text in told(got, "info")) == unread
    text = data.decode()
    for term in got.terms:  # nothing was made up
        assert term.source.split()[0] in text.splitlines()[term.line - 1]
    for form_ in ("omegat", "tbx"):
        back = read(write(got.terms, form_).data, "x", form_)
        assert {t.source: (t.targets, t.policy, t.note) for t in back.terms} == {
            t.source: (t.targets, t.policy, t.note) for t in got.terms
        }
