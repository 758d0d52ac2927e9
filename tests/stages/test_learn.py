"""Learning from an edited draft: pairs, figures, and proposals for the term base."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared import shared_data
from translate.draft import Draft, Free, Heading, Passage, anchors, render
from translate.errors import BadFileError
from translate.glossary import COLUMNS, Glossary, load
from translate.glossary import check as check_glossary
from translate.model import Article, Paragraph, Section, Sentence, Term, clock
from translate.stages.learn import Pair, figures_of, pairs_of, plain, same_words
from translate.stages.learn_terms import (
    Proposal,
    Proposed,
    merge_rows,
    proposals,
    read_rows,
    rows_text,
)
from translate.typography import escape_text

ENGLISH = (
    "Hello everyone, my name is Ada and I work on the compiler.",
    "We found that albin had written most of this operator by hand.",
    "So the second operator is what you should look at today.",
    "Thank you all for coming and see you at the next conference.",
)
CHINESE = (
    "大家好，我叫 Ada，我做的是编译器。",
    "我们发现，这个运算符的大部分是 albin 手写的。",
    "所以你们今天该看的是第二个运算符。",
    "谢谢大家的到来，下次大会再见。",
)
STARTS = (0.0, 12.5, 12.9, 40.0)
AT = anchors(STARTS)


def article(english: tuple[str, ...] = ENGLISH) -> Article:
    paragraphs = tuple(
        Paragraph(start=s, end=s + 5, sentences=(Sentence(start=s, end=s + 5, text=t),))
        for s, t in zip(STARTS, english, strict=True)
    )
    return Article(sections=(Section(start=0.0, title="One", paragraphs=paragraphs),))


def draft(chinese: tuple[str, ...] = CHINESE, english: tuple[str, ...] = ENGLISH) -> str:
    passages = [
        Passage(at=a, english=e, chinese=escape_text(c), missing="" if c else "还没有译文")
        for a, e, c in zip(AT, english, chinese, strict=True)
    ]
    blocks = (Free(text="导语。"), Heading(text="One"), *passages)
    return render(Draft(front=(("title", "T"),), blocks=blocks))


def learned(edited: str, base: str | None = None) -> dict[str, Pair]:
    return {p.at: p for p in pairs_of(base or draft(), edited, article())}


# --- plain text ---------------------------------------------------------------------------------

pieces = st.sampled_from(
    [
        *"`*_[]()<>&\\$~{}:!#-+.|\"' \n中文译，。“”…12aB@/",
        *("https://a.b/c_d", "torch.compile()", "__init__", "<!-- x -->", "**粗**", "```"),
        *("[标](https://x.y)", "&lt;", "{{ x }}", "![图](a.png)", "\n\n", "1. ", "> "),
    ]
)


@settings(max_examples=400)
@given(st.lists(st.one_of(pieces, st.characters()), max_size=25).map("".join))
def test_what_is_learned_becomes_the_same_again_by_way_of_a_draft(markdown: str) -> None:
    text = plain(markdown)
    assert plain(escape_text(text)) == text
    assert "\n" not in text
    assert same_words(markdown, escape_text(text))


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**今年（2023 年）** 发起", "今年（2023 年）发起"),
        ("**今年（2023 年）**发起", "今年（2023 年）发起"),
        (r"a\*b 与 `__init__` 和 \_x", "a*b 与 `__init__` 和 `_x`"),
        ("看[文档](https://x.y/z)吧。<!-- 提示：这里 -->", "看文档吧。"),
        ("看 [https://x.y/a\\_b](https://x.y/a_b)。", "看 https://x.y/a_b。"),
        ("第一段。\n\n第二段\n也是。", "第一段。第二段也是。"),
        ("Use CUDA\nGraphs 吧", "Use CUDA Graphs 吧"),
        ("R&amp;D &lt;b&gt; &#123;x&#125;", "R&D <b> {x}"),
        ("<b>粗</b>的", "粗的"),
        ("上![图](a.png)下", "上下"),
        ("1\\. 一", "1. 一"),
        ("", ""),
    ],
)
def test_markdown_is_undone(markdown: str, text: str) -> None:
    assert plain(markdown) == text


# --- pairs --------------------------------------------------------------------------------------


def test_an_untouched_draft_gives_every_paragraph_back() -> None:
    found = pairs_of(draft(), draft(), article())
    assert [(p.at, p.english, p.chinese) for p in found] == list(
        zip(AT, ENGLISH, CHINESE, strict=True)
    )
    assert not any(p.touched for p in found)


@given(st.lists(st.sampled_from(CHINESE), min_size=4, max_size=4))
def test_pairs_survive_memory_and_a_new_draft(final: list[str]) -> None:
    once = pairs_of(draft(), draft(tuple(final)), article())
    again = draft(tuple(p.chinese for p in once))
    assert [p.chinese for p in pairs_of(again, again, article())] == [p.chinese for p in once]


def test_edited_chinese_and_edited_english_belong_together() -> None:
    edited = draft().replace("第二个运算符", "**第二个**算子").replace("albin had", "Alban had")
    found = learned(edited)
    assert found[AT[2]].chinese == "所以你们今天该看的是第二个算子。"
    assert found[AT[2]].generated == CHINESE[2]
    assert found[AT[2]].touched
    assert found[AT[1]].english == ENGLISH[1].replace("albin", "Alban")
    assert (found[AT[1]].heard, found[AT[1]].touched) == (ENGLISH[1], False)


def test_only_new_markup_is_a_touch_too() -> None:
    pair = learned(draft().replace("谢谢大家", "**谢谢**大家"))[AT[3]]
    assert pair.touched
    assert pair.chinese == pair.generated


def test_what_is_not_finished_is_left_out() -> None:
    edited = draft((CHINESE[0], "", ENGLISH[2], CHINESE[3]))
    edited = edited.replace(CHINESE[3], "谢谢【待译】")
    assert list(learned(edited)) == [AT[0]]
    assert list(learned(draft().replace(CHINESE[0], ""))) == [*AT[1:]]


def block(n: int) -> str:
    return f"{CHINESE[n]}<!-- {AT[n]} -->"


def details(n: int) -> str:
    start = draft().index("<details>\n<summary>英文原文（" + AT[n])
    return draft()[start : draft().index("</details>", start) + len("</details>\n\n")]


@pytest.mark.parametrize("leave", ["both", "first", "last", "moved"])
def test_joined_paragraphs_have_the_english_of_all(leave: str) -> None:
    joined = f"{CHINESE[1]}<!-- {AT[1]} -->{CHINESE[2]}"
    edited = draft().replace(block(1) + "\n\n", "").replace(CHINESE[2], joined)
    if leave in ("last", "moved"):
        edited = edited.replace(details(1), "")
    if leave == "first":
        edited = edited.replace(details(2), "")
    if leave == "moved":
        edited = edited.replace(ENGLISH[2], f"{ENGLISH[1]} {ENGLISH[2]}")
    found = learned(edited)
    assert list(found) == [AT[0], AT[1], AT[3]]
    pair = found[AT[1]]
    assert pair.anchors == (AT[1], AT[2])
    assert sorted(pair.english.split()) == sorted(f"{ENGLISH[1]} {ENGLISH[2]}".split())
    assert pair.chinese == CHINESE[1] + CHINESE[2]


def test_split_and_moved_paragraphs_are_followed() -> None:
    split = draft().replace("大家好，我叫", "大家好。\n\n我叫")
    assert learned(split)[AT[0]].chinese == "大家好。我叫 Ada，我做的是编译器。"
    copied = draft().replace("大家好，我叫", f"大家好。<!-- {AT[0]} -->\n\n我叫")
    assert learned(copied)[AT[0]].chinese == "大家好。我叫 Ada，我做的是编译器。"
    last = details(3) + block(3) + "\n"
    moved = draft().replace(last, "").replace(details(0), last + "\n" + details(0))
    found = learned(moved)
    assert [p.chinese for p in found.values()] == [*CHINESE]
    assert not any(p.touched for p in found.values())


def test_without_its_english_block_the_article_says_what_was_said() -> None:
    assert learned(draft().replace(details(0), ""))[AT[0]].english == ENGLISH[0]
    strange = f"编辑自己的一段。<!-- 00:59:00 -->\n\n{details(0)}"
    assert "00:59:00" not in learned(draft().replace(details(0), strange))


# --- figures ------------------------------------------------------------------------------------


def test_figures_count_paragraphs_and_characters() -> None:
    base = draft((CHINESE[0], CHINESE[1], CHINESE[2], ""))
    edited = base.replace("第二个运算符", "第二个算子").replace(details(0) + block(0), "")
    figures = figures_of(base, edited, pairs_of(base, edited, article()))
    assert (figures.paragraphs, figures.untouched, figures.touched) == (4, 1, 1)
    assert (figures.deleted, figures.untranslated) == (1, 1)
    assert figures.share_untouched == 0.5
    assert figures.edits == 2  # 运算符 → 算子: one out, one replaced
    [distance] = figures.distances
    assert (distance.at, distance.edits, distance.characters) == (AT[2], 2, len(CHINESE[2]))
    assert figures.distance == 2 / (len(CHINESE[1]) + len(CHINESE[2]))


@given(
    st.lists(st.sampled_from(["keep", "touch", "delete", "empty"]), min_size=4, max_size=4),
)
def test_figures_add_up_whatever_was_done(what: list[str]) -> None:
    edited = draft()
    for n, how in enumerate(what):
        if how == "touch":
            edited = edited.replace(CHINESE[n], "改过的" + CHINESE[n])
        elif how == "delete":
            edited = edited.replace(details(n), "").replace(block(n), "")
        elif how == "empty":
            edited = edited.replace(CHINESE[n], "【待译】")
    figures = figures_of(draft(), edited, pairs_of(draft(), edited, article()))
    counts = [figures.untouched, figures.touched, figures.deleted, figures.untranslated]
    assert counts == [what.count(how) for how in ("keep", "touch", "delete", "empty")]
    assert figures.edits == 3 * what.count("touch")


# --- proposals ----------------------------------------------------------------------------------


def pair(n: int, english: str, generated: str, chinese: str, heard: str = "") -> Pair:
    return Pair(
        anchors=(clock(n * 20),),
        english=english,
        chinese=chinese,
        heard=heard or english,
        generated=generated,
        touched=generated != chinese,
    )


def edits(old: str, new: str, times: int = 3) -> list[Pair]:
    texts = ("每个{}都要重写一遍。", "我们先看{}。", "最后，{}其实很慢。", "那么{}呢？")
    english = (
        "Every operator has to be written anew.",
        "Let us look at the operator first.",
        "In the end an operator is slow.",
        "And what about the operator?",
    )
    pairs = [
        pair(n, e, t.format(old), t.format(new if n < times else old))
        for n, (e, t) in enumerate(zip(english, texts, strict=True))
    ]
    return [*pairs, pair(9, "The graph is compiled once.", "图只编译一次。", "图只会编译一次。")]


def test_a_repeated_replacement_becomes_a_row_with_its_evidence() -> None:
    [row] = proposals(edits("运算符", "算子", times=4), Glossary())
    assert (row.source, row.target, row.policy) == ("operator", "算子", "prefer")
    assert (row.case, row.first_mention, row.forbidden) == ("any", "no", "运算符")
    assert "4 段" in row.note
    assert "00:00:20" in row.note


def test_what_was_kept_elsewhere_is_not_forbidden() -> None:
    [row] = proposals(edits("运算符", "算子", times=3), Glossary())
    assert row.forbidden == ""
    assert "另有 1 段仍作“运算符”" in row.note


def test_once_is_not_enough() -> None:
    assert proposals(edits("运算符", "算子", times=1), Glossary()) == ()


def test_a_change_of_one_character_is_proposed_as_a_word() -> None:
    [row] = proposals(edits("推断", "推理", times=4), Glossary())
    assert (row.target, row.forbidden) == ("推理", "推断")


def test_latin_may_take_the_place_of_chinese_and_the_other_way_round() -> None:
    [row] = proposals(edits("运算符", "operator", times=4), Glossary())
    assert (row.source, row.target, row.policy, row.forbidden) == (
        *("operator", "", "keep"),
        "运算符",
    )
    [row] = proposals(edits(" Op ", "算子", times=4), Glossary())
    assert (row.source, row.target, row.forbidden) == ("operator", "算子", "")


def test_what_the_term_base_says_already_is_not_said_again() -> None:
    known = Term(source="operator", targets=("算子",), forbidden=("运算符",), file="a.csv", line=7)
    pairs = edits("运算符", "算子", times=4)
    assert proposals(pairs, Glossary(terms=(known,))) == ()
    other = Term(source="operator", targets=("操作符",), file="x/a.csv", line=7)
    [row] = proposals(pairs, Glossary(terms=(other,)))
    assert (row.target, row.forbidden) == ("算子|操作符", "运算符")
    assert "a.csv:7" in row.note


def test_rewording_proposes_nothing() -> None:
    """您 to 你, particles, whole sentences, insertions: no term's doing."""
    pairs = [
        pair(n, f"You see number {n} of the graph.", f"您看到图的第 {n} 个。", f"你看到图第 {n} 个")
        for n in range(4)
    ]
    assert proposals(pairs, Glossary()) == ()
    longer = edits("编译", "编译器", times=4)
    assert proposals(longer, Glossary()) == ()


def test_a_name_put_right_in_the_english_is_heard_as() -> None:
    pairs = [
        pair(n, f"Then Alban{end} said it.", "他说。", "他说。", f"Then albin{end} said it.")
        for n, end in enumerate(("", "'s"))
    ]
    [row] = proposals(pairs, Glossary())
    assert (row.source, row.policy, row.heard_as) == ("Alban", "keep", "albin")
    assert "2 段" in row.note
    [row] = proposals(pairs[:1], Glossary())
    assert "只见一次" in row.note
    known = Term(source="Alban", policy="keep", heard_as=("all bun",), file="p.csv", line=3)
    [row] = proposals(pairs, Glossary(terms=(known,)))
    assert row.heard_as == "all bun|albin"
    done = Term(source="Alban", policy="keep", heard_as=("albin",))
    assert proposals(pairs, Glossary(terms=(done,))) == ()


@pytest.mark.parametrize(
    ("heard", "english"),
    [
        ("the pytorch core", "the PyTorch core"),  # case alone: the term base does that itself
        ("he was going home", "he went home"),
        ("I am Alan here", "I'm Allan here"),
        ("GPT-2 is old", "GPT two is old"),
        ("we saw Jerry and then Jerry", "we saw Berry and then Jerry"),  # right elsewhere
        ("this is for all", "this is FSDP all"),
        ("the region of it. It has relations", "the Relation of it. It has relations"),
    ],
)
def test_other_changes_of_the_english_propose_nothing(heard: str, english: str) -> None:
    assert proposals([pair(0, english, "好。", "好。", heard)], Glossary()) == ()


@pytest.mark.data
@pytest.mark.parametrize("system", ["gemma", "tower"])
def test_real_machine_output_against_real_translations(system: str, tmp_path: Path) -> None:
    """Every row is one that the term base could load; the names are found, the noise is not."""
    folder = shared_data("talks/acl6060")

    def lines(name: str) -> list[dict[str, str]]:
        return [json.loads(x) for x in (folder / name).read_bytes().split(b"\n") if x]

    heard, machine = (
        {r["sample_id"]: r["output"] for r in lines(f"{name}.short.jsonl")}
        for name in ("whisper_asr", f"{system}_whisper")
    )
    talks: dict[str, list[dict[str, str]]] = {}
    for ref in lines("references.sentences.jsonl"):
        talks.setdefault(ref["doc_id"], []).append(ref)
    rows: list[Proposal] = []
    for talk in talks.values():
        pairs = [
            pair(
                n,
                " ".join(r["src_ref"] for r in some),
                plain("".join(machine[r["sample_id"]] for r in some)),
                plain("".join(r["tgt_ref"] for r in some)),
                " ".join(heard[r["sample_id"]] for r in some),
            )
            for n, some in enumerate(talk[i : i + 3] for i in range(0, len(talk), 3))
        ]
        rows += proposals(pairs, Glossary())
    found = {r.source: r for r in rows}
    assert {"VALSE", "SVAMP", "BERT", "ROUGE-L"} <= found.keys()
    assert "VALS" in found["VALSE"].heard_as.split("|")
    assert len(rows) <= 45  # of five talks, 140 paragraphs rewritten from beginning to end
    for n, row in enumerate(rows):
        path = tmp_path / f"{n}.csv"
        path.write_text(rows_text([row]), encoding="utf-8")
        assert not [p for p in check_glossary([path]) if p.severity == "error"]


# --- rows ---------------------------------------------------------------------------------------

cells = st.text(st.sampled_from('ab|",\n 中文'), max_size=6)
some_rows = st.lists(
    st.builds(Proposal, *[cells] * len(COLUMNS)), max_size=5, unique_by=lambda r: r.key
)


@given(some_rows)
def test_rows_come_back_as_they_were_written(rows: list[Proposal]) -> None:
    assert list(read_rows(rows_text(rows), "x.csv")) == rows


def row(source: str, target: str = "", note: str = "") -> Proposal:
    return Proposal(source, target, note=note)


# Few sources and few cells, so that rounds meet.
proposed_rows = st.lists(
    st.builds(row, st.sampled_from("abcd"), st.sampled_from("xy"), st.sampled_from("12")),
    max_size=4,
    unique_by=lambda r: r.key,
)


@st.composite
def persons(draw: st.DrawFn, rows: Sequence[Proposal]) -> list[Proposal]:
    """The rows with some struck out, some typed in, in another order."""
    left = [r for r in rows if draw(st.booleans())]
    typed = draw(st.lists(st.builds(row, st.sampled_from("abcde"), st.sampled_from("xyz"))))
    return list(draw(st.permutations([*left, *typed])))


@given(st.data())
def test_no_row_of_a_persons_is_lost_and_none_struck_out_comes_back(data: st.DataObject) -> None:
    """Over several rounds of learning, with a person at the file between them."""
    new = data.draw(proposed_rows)
    rows, proposed = merge_rows(Proposed(), None, new)
    assert rows == tuple(new)
    by_hand: Counter[Proposal] = Counter()
    struck: set[Proposal] = set()
    for _ in range(data.draw(st.integers(1, 4))):
        mine = data.draw(persons(rows))
        here = Counter(mine)
        ours = Counter(rows) - by_hand
        # What was ours and still stands there is ours; all else that stands there was typed.
        by_hand = here - ours
        struck |= {r.content for r in ours - here}
        new = data.draw(proposed_rows)
        rows, proposed = merge_rows(proposed, mine, new)
        assert not by_hand - Counter(rows)
        made = Counter(rows) - by_hand
        assert not struck & {r.content for r in made}
        assert set(made) <= set(new)
        assert merge_rows(proposed, rows, new) == (rows, proposed)  # again changes nothing


def test_a_row_comes_back_only_when_more_than_its_note_is_another() -> None:
    a, b, hand = row("a", "x", "2 段"), row("b"), row("hand")
    rows, proposed = merge_rows(Proposed(), None, [a, b])
    rows, proposed = merge_rows(proposed, [b, hand], [a, b])
    assert rows == (b, hand)
    rows, proposed = merge_rows(proposed, rows, [a, b])
    assert rows == (b, hand)
    rows, proposed = merge_rows(proposed, rows, [replace(a, note="3 段"), b])
    assert rows == (b, hand)
    rows, proposed = merge_rows(proposed, rows, [replace(a, target="y")])
    assert rows == (hand, replace(a, target="y"))
    assert merge_rows(proposed, rows, [a, b])[0] == (hand, b)  # what we took out is not struck out


def test_a_file_that_is_no_term_base_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="not a header"):
        read_rows("a,b\n1,2\n", "x.csv")
    with pytest.raises(BadFileError, match=r"x\.csv:2: .*cells"):
        read_rows("source,target\n1\n", "x.csv")
    with pytest.raises(BadFileError, match=r"x\.csv:2: not CSV"):
        read_rows('source,target\n"a"b,c\n', "x.csv")
    path = tmp_path / "a.csv"
    path.write_text(rows_text([Proposal("operator", "算子", note="x")]), encoding="utf-8")
    assert load([path]).terms[0].targets == ("算子",)


@pytest.mark.data
def test_a_post_in_which_only_markup_was_tidied_counts_as_unchanged() -> None:
    first = shared_data("community/001_74a468db1d3fa860.txt").read_text("utf-8")
    published = shared_data("posts/pytorch-conference-01.md").read_text("utf-8")
    one, two = (
        [plain(p) for p in text.split("---\n", 2)[2].split("\n\n") if not p.startswith(">")]
        for text in (first, published)
    )
    assert one == two
    assert len(one) > 50
