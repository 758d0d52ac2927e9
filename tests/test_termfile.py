"""Rows come into a file that a person keeps, and every other byte of it stays."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translate import glossary
from translate.errors import BadFileError
from translate.model import Term
from translate.termfile import add_rows, change_rows, full_cells, sort_out, taken_over

HEADER = "source,target,policy,case,first_mention,heard_as,forbidden,note"
OWN = sorted((Path(__file__).parents[1] / "glossary").glob("*.csv"))
WORD = st.text("abcXYZ", min_size=1, max_size=4)
NOTE = st.sampled_from(["", "注", '"引" 号', "a, b", "两\n行", "空\n\n行", " x "])


def row(source: str, target: str, note: str, newline: str) -> str:
    out = io.StringIO()
    cells = [source, target, "prefer", "any", "no", "", "", note]
    csv.writer(out, lineterminator=newline).writerow(cells)
    return out.getvalue()


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    """A file as a person may leave it, and the exact text of its rows."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    sources = draw(st.lists(WORD, max_size=6, unique_by=str.casefold))
    if draw(st.booleans()):
        sources.sort(key=str.casefold)
    rows = [
        row(s, "甲", draw(NOTE), newline) + draw(st.sampled_from(["", newline])) for s in sources
    ]
    text = HEADER + newline + "".join(rows)
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode(), rows


NEW = st.lists(WORD.map(lambda w: f"new {w}"), min_size=1, max_size=4, unique_by=str.casefold)


@given(file=files(), new=NEW)
def test_every_byte_of_other_rows_stays(file: tuple[bytes, list[str]], new: list[str]) -> None:
    data, _ = file
    terms = [Term(source=s, targets=("乙", "丙"), note='x "y", z') for s in new]
    after = add_rows(data, [full_cells(t) for t in terms], "f.csv")
    newline = "\r\n" if b"\r\n" in data[: len(HEADER) + 5] else "\n"
    left = after.decode("utf-8")
    for term in terms:
        out = io.StringIO()
        csv.writer(out, lineterminator=newline).writerow(full_cells(term).values())
        assert left.count(out.getvalue()) == 1
        left = left.replace(out.getvalue(), "")
    assert left.rstrip("\r\n") == data.decode("utf-8").rstrip("\r\n")
    assert len(left) - len(data.decode("utf-8")) in (0, len(newline))  # a line end made good


@given(file=files(), new=NEW)
def test_what_was_added_is_read_and_sorted_where_the_file_is(
    file: tuple[bytes, list[str]], new: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "f.csv"
    data, _ = file
    path.write_bytes(data)
    before = [t.source for t in glossary.load([path]).terms]
    terms = [Term(source=s, targets=("乙",)) for s in new]
    path.write_bytes(add_rows(data, [full_cells(t) for t in terms], "f.csv"))
    after = [t.source for t in glossary.load([path]).terms]
    assert [s for s in after if s not in new] == before
    assert sorted(after) == sorted([*before, *new])
    if before == sorted(before, key=str.casefold):
        assert after == sorted(after, key=str.casefold)
    else:
        assert after == [*before, *new]


@given(file=files(), at=st.integers(0, 5))
def test_changing_one_row_changes_one_row(file: tuple[bytes, list[str]], at: int) -> None:
    data, rows = file
    if at >= len(rows):
        return
    text = data.decode("utf-8-sig")
    place = text.index(rows[at].rstrip("\r\n") if at == len(rows) - 1 else rows[at], len(HEADER))
    line = text.count("\n", 0, place) + 1
    after = change_rows(data, {line: {"target": "丁|戊"}}, "f.csv").decode("utf-8-sig")
    assert after[:place] == text[:place]
    rest = text[place:].partition("甲")[2]
    assert after[place:].rstrip() == text[place:].replace("甲", "丁|戊", 1).rstrip()
    assert after.rstrip().endswith(rest.rstrip())


def test_the_columns_own_files_stay_as_they_are_but_for_one_line() -> None:
    for path in OWN:
        data = path.read_bytes()
        assert add_rows(data, [], str(path)) == data
        after = add_rows(data, [full_cells(Term(source="mm zz", targets=("乙",)))], str(path))
        lines = after.splitlines(keepends=True)
        lines.remove("mm zz,乙,prefer,any,no,,,\n".encode())
        assert b"".join(lines) == data


def test_a_new_file_and_a_file_with_columns_of_its_own() -> None:
    term = Term(source="tensor", targets=("张量",))
    assert add_rows(b"", [full_cells(term)], "f").decode() == (
        f"{HEADER}\ntensor,张量,prefer,any,no,,,\n"
    )
    short = "target,source\n甲,a\n".encode()
    assert add_rows(short, [full_cells(term)], "f") == short + "张量,tensor\n".encode()
    with pytest.raises(BadFileError, match="f has no column 'note' for “tensor”"):
        add_rows(short, [full_cells(Term(source="tensor", targets=("张量",), note="n"))], "f")
    with pytest.raises(BadFileError, match="f:9: no row begins here"):
        change_rows(short, {9: {"target": "x"}}, "f")
    with pytest.raises(BadFileError, match="f: unexpected end of data"):
        add_rows(b'source,target\n"open', [full_cells(term)], "f")


def standing(**cells: Any) -> Term:
    return Term(source="data loader", targets=("甲", "乙"), file="f.csv", line=3, **cells)


def test_what_stands_is_told_apart_from_what_differs() -> None:
    rows = [standing(policy="strict", heard_as=("day to",), note="记")]
    same = Term(source="Data-Loader", targets=("乙",))
    other = Term(source="data loader", targets=("丙",), note="别的")
    new = Term(source="tensor", targets=("张量",))
    again = Term(source="Tensor", targets=("张力",))
    got = sort_out([same, other, new, again], rows)
    assert (got.same, got.new) == ((same,), (new,))
    assert [(d.standing.source, d.columns) for d in got.differing] == [
        ("data loader", ("target", "note")),
        ("tensor", ("target",)),
    ]
    taken = taken_over(got.differing[0])
    assert (taken.source, taken.targets, taken.policy) == ("data loader", ("丙",), "strict")
    assert (taken.heard_as, taken.note) == (("day to",), "记；别的")


def test_a_policy_counts_when_it_was_said() -> None:
    rows = [standing(policy="strict")]
    wanted = Term(source="data loader", targets=("甲",))
    assert sort_out([wanted], rows).same == (wanted,)
    [difference] = sort_out([wanted], rows, policies=True).differing
    assert difference.columns == ("policy",)
    assert taken_over(difference).policy == "prefer"
    assert taken_over(difference).targets == ("甲", "乙")


def test_names_that_differ_by_case_alone_may_both_stand() -> None:
    ray = Term(source="Ray", policy="keep", exact_case=True)
    assert sort_out([Term(source="ray", targets=("射线",), exact_case=True)], [ray]).new
    assert sort_out([Term(source="ray", targets=("射线",))], [ray]).differing
