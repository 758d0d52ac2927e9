"""slides.json: the laws of its edits, and what is told of a file that cannot be used."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translate.errors import BadFileError, InputError
from translate.model import Deck, Line, Slide, Span
from translate.slidefile import FIELDS, Row, SlideFile, doubts_of, merge, read, rows_of, slides_of
from translate.workspace import encode

word = st.sampled_from(("alpha", "beta", "模型", "x y"))


@st.composite
def decks(draw: st.DrawFn) -> tuple[Slide, ...]:
    """Slides at whole seconds, as in two runs over one video."""
    starts = sorted(draw(st.sets(st.integers(0, 30), max_size=6)))
    return tuple(
        Slide(
            shown=(Span(start=float(at), end=at + 1.0),),
            kind=draw(st.sampled_from(("text", "picture", "section"))),
            title=draw(word),
            lines=tuple(draw(st.lists(st.builds(Line, text=word), max_size=2))),
            image=f"slides/{at}.png",
        )
        for at in starts
    )


@st.composite
def edits(draw: st.DrawFn, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    out = list(rows)
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(("remove", "drop", "title", "lines", "place", "shown", "add")))
        at = draw(st.integers(0, max(0, len(out) - 1)))
        if kind == "add":
            new = Row(at=f"00:00:{draw(st.integers(0, 59)):02}", title="by hand")
            out += [new] * (new.at not in {r.at for r in (*rows, *out)})
        elif not out:
            continue
        elif kind == "remove":
            del out[at]
        else:
            typed: dict[str, Any] = {
                "drop": True,
                "title": "typed by hand",
                "lines": ("typed",),
                "place": "00:00:01",
                "shown": ("00:00:20-00:00:21",),
            }
            out[at] = replace(out[at], **{kind: typed[kind]})
    return tuple(sorted(out, key=lambda r: r.at))


History = tuple[tuple[Row, ...], tuple[Row, ...], tuple[Row, ...]]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Base, a person's edits of it, and another deck that need not have to do with it."""
    base, new = rows_of(draw(decks())), rows_of(draw(decks()))
    return base, draw(edits(base)), new


@st.composite
def shifts(draw: st.DrawFn) -> History:
    """Slides that all say something else, and the same ones at other times; some are gone."""
    starts = sorted(draw(st.sets(st.integers(0, 20), min_size=1, max_size=6)))
    moved = sorted(draw(st.sets(st.integers(0, 30), min_size=len(starts), max_size=len(starts))))
    texts = ["Why compile", "Export", "Quantised kernels", "A new loader", "Roadmap 2.5", "Thanks"]

    def slide(at: int, n: int) -> Slide:
        shown = (Span(start=float(at), end=at + 1.0),)
        return Slide(shown=shown, kind="text", title=texts[n], image=f"slides/{at}.png")

    kept = draw(st.sets(st.sampled_from(range(len(starts)))))
    base = rows_of([slide(at, n) for n, at in enumerate(starts)])
    new = rows_of([slide(at, n) for n, at in enumerate(moved) if n in kept])
    return base, draw(edits(base)), new


@settings(deadline=None)
@given(st.one_of(histories(), shifts()))
def test_nothing_new_changes_nothing(history: History) -> None:
    base, mine, new = history
    assert merge(base, mine, base).rows == mine
    assert merge(base, base, new).rows == new
    assert merge((), (), new).rows == new
    merged = merge(base, mine, new).rows
    assert merge(new, merged, new).rows == merged  # the next run


@settings(deadline=None, max_examples=300)
@given(st.one_of(histories(), shifts()))
def test_what_is_written_can_be_read(history: History) -> None:
    rows = merge(*history).rows
    assert read(encode(SlideFile(slides=rows)), "f").slides == rows
    own = {r.image for r in history[1][::2]}
    rows = merge(*history, own).rows
    assert read(encode(SlideFile(slides=rows)), "f").slides == rows
    assert own <= {r.image for r in rows}


@settings(deadline=None, max_examples=300)
@given(st.one_of(histories(), shifts()))
def test_what_was_typed_stays(history: History) -> None:
    base, mine, new = history
    merged = merge(base, mine, new).rows
    before = {r.at: r for r in base}
    for row in mine:
        old = before.get(row.at)
        typed = [n for n in FIELDS if old is None or getattr(row, n) != getattr(old, n)]
        assert not typed or any(
            all(getattr(r, n) == getattr(row, n) for n in typed) for r in merged
        )
    assert sum(r.title == "by hand" for r in merged) == sum(r.title == "by hand" for r in mine)


@settings(deadline=None, max_examples=300)
@given(shifts())
def test_edits_follow_their_slide(history: History) -> None:
    base, mine, new = history
    rows = [r for r in mine if r.title != "by hand"]
    for n, one in enumerate(base):
        mine_ = [r for r in rows if r.at == one.at]
        (fresh,) = [r for r in new if r.title == one.title] or [None]
        result = merge((one,), mine_, new)
        if fresh is None:
            edited = [r for r in mine_ if r != one]
            assert [p.rule for p in result.problems] == ["slide-edited"] * len(edited), n
            continue
        merged = merge(base, mine, new).rows
        here = [r for r in merged if r.at == fresh.at and r.title != "by hand"]
        assert len(here) == len(mine_)  # taken out stays out
        for row, old in zip(here, mine_, strict=True):
            typed = {f: getattr(old, f) for f in FIELDS if getattr(old, f) != getattr(one, f)}
            assert row == replace(fresh, **typed)


@settings(deadline=None)
@given(decks())
def test_rows_left_as_they_are_give_the_deck_back(slides: tuple[Slide, ...]) -> None:
    deck = Deck(slides=slides)
    data = msgspec.json.encode(SlideFile(slides=rows_of(slides)))
    assert slides_of(read(data, "f").slides, deck) == slides


# --- stories ------------------------------------------------------------------------------------

SLIDE = Slide(
    shown=(Span(start=194.4, end=242.0), Span(start=600.0, end=610.5)),
    kind="text",
    title="PyTorch 2.0",
    lines=(Line(text="Adds:"), Line(text="torch.func", level=1), Line(text="  x = 1", code=True)),
    words="PyTorch 2.0 Adds: torch.func x = 1 footer",
    image="slides/00-03-14.png",
)
ROW = rows_of([SLIDE])[0]


def test_the_shape_of_a_row() -> None:
    assert json.loads(msgspec.json.encode(ROW)) == {
        "at": "00:03:14",
        "shown": ["00:03:14-00:04:02", "00:10:00-00:10:10"],
        "kind": "text",
        "title": "PyTorch 2.0",
        "lines": ["Adds:", "  torch.func", "`  x = 1`"],
        "banner": "",
        "image": "slides/00-03-14.png",
        "place": "",
        "drop": False,
    }


def test_edits_reach_the_slide_and_its_times_stay_exact() -> None:
    edited = replace(
        ROW,
        title="PyTorch 2.1",
        lines=("Adds:", "    deep", "`y = 2`"),
        place="5:00",
        kind="section",
    )
    (slide,) = slides_of([edited], Deck(slides=(SLIDE,)))
    assert slide == replace(
        SLIDE,
        title="PyTorch 2.1",
        kind="section",
        lines=(Line(text="Adds:"), Line(text="deep", level=2), Line(text="y = 2", code=True)),
        place=300.0,
        words=f"{SLIDE.words}\nPyTorch 2.1\nAdds:\ndeep\ny = 2",
    )
    assert slides_of([replace(ROW, drop=True)], Deck(slides=(SLIDE,))) == ()


def test_a_slide_of_ones_own() -> None:
    own = Row(at="1:02:03", title="Mine", lines=("a",), kind="text")
    (slide,) = slides_of([own], Deck(slides=()))
    assert (slide.start, slide.title, slide.words) == (3723.0, "Mine", "Mine\na")


def test_both_changed_is_told() -> None:
    mine, new = replace(ROW, title="Mine"), replace(ROW, at="00:03:15", title="PyTorch 2.O")
    merged = merge([ROW], [mine], [new])
    assert merged.rows == (replace(new, title="Mine"),)
    (problem,) = merged.problems
    assert (problem.rule, problem.at) == ("slide-edited", 195.0)
    assert "PyTorch 2.O" in problem.message


def test_an_edited_slide_that_is_found_no_more_stays_and_is_told() -> None:
    mine = replace(ROW, title="Mine")
    merged = merge([ROW], [mine], [])
    assert merged.rows == (mine,)
    (problem,) = merged.problems
    assert (problem.rule, problem.severity, problem.at) == ("slide-edited", "warning", 194.0)
    assert "“Mine”, and it is found no more" in problem.message
    assert merge([ROW], [ROW], []).rows == ()


def at(time: str, title: str = "", **more: Any) -> Row:
    return Row(at=time, kind="text" if title else "picture", title=title, **more)


def test_an_edit_does_not_land_on_another_slide() -> None:
    base, new = [at("00:00:31", "PyTorch 2.0")], [at("00:00:31", "Join us in the halls")]
    mine = replace(base[0], title="My title")
    assert merge(base, [mine], new).rows == (*new, replace(mine, at="00:00:31.001"))
    assert merge(base, [], new).rows == tuple(new)


def test_pictures_follow_the_shift_of_the_slides_around_them() -> None:
    base = [at("00:00:10", "A title"), at("00:00:20"), at("00:00:24"), at("00:00:30", "The end")]
    new = [at("00:00:15", "A title"), at("00:00:25"), at("00:00:29"), at("00:00:35", "The end")]
    mine = [*base[:2], replace(base[2], title="Typed")]
    assert merge(base, mine, new).rows == (*new[:2], replace(new[2], title="Typed"))


def test_one_thing_said_twice_is_paired_in_order() -> None:
    base, new = [at("00:00:10", "Demo"), at("00:00:11", "Demo")], [at("00:00:11", "Demo")]
    new.append(at("00:00:12", "Demo"))
    mine = [replace(base[0], place="00:01:00"), base[1]]
    assert merge(base, mine, new).rows == (replace(new[0], place="00:01:00"), new[1])


def test_a_row_of_ones_own_moves_aside_for_a_slide_that_has_come_to_its_time() -> None:
    base, new = [at("00:00:31", "PyTorch")], [at("00:00:32", "PyTorch")]
    own = at("00:00:32", "Mine")
    rows = merge(base, [*base, own], new).rows
    assert rows == (*new, replace(own, at="00:00:32.001"))
    assert merge([], [own], new).rows == (own,)  # added by hand, and now found


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"at": "3 minutes"}, "slide 2 (3 minutes): '3 minutes' is no time"),
        ({"place": "soon"}, "slide 2 (00:05:00): 'soon' is no time"),
        ({"at": "00:03:14", "shown": []}, "slide 2 (00:03:14): slide 1 is at the same time"),
        ({"place": "00:99"}, "slide 2 (00:05:00): '00:99' is no time"),
        ({"place": "00:61:00"}, "slide 2 (00:05:00): '00:61:00' is no time"),
        (
            {"kind": "txt"},
            "slide 2 (00:05:00), kind: Invalid enum value 'txt'; it is text, picture or section",
        ),
        ({"title": 5}, "slide 2 (00:05:00), title: Expected `str`, got `int`"),
        ({"lines": "one"}, "slide 2 (00:05:00), lines: Expected `array`, got `str`"),
        ({"titel": "x"}, "slide 2 (00:05:00): unknown key 'titel'"),
        ({"shown": ["5:00"]}, "'5:00' is no stretch of time"),
        ({"shown": ["5:00-4:00"]}, "ends before it begins"),
        ({"image": "../../etc/passwd"}, "no file in the talk's folder"),
        ({"image": "https://a.b/c.png"}, "no file in the talk's folder"),
    ],
)
def test_a_bad_edit_is_told_by_its_slide(change: dict[str, Any], told: str) -> None:
    other = msgspec.to_builtins(replace(ROW, at="00:05:00", shown=("00:05:00-00:06:00",)))
    data = json.dumps({"slides": [msgspec.to_builtins(ROW), {**other, **change}]})
    with pytest.raises(InputError) as error:
        read(data.encode(), "slides.json")
    assert error.value.message.startswith("slides.json, slide 2 (")
    assert told in error.value.message


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"place": "00:12:31"}, "`place` 00:12:31 is after the end of the talk, 00:10:00"),
        ({"place": "00:10:00"}, ""),
        ({"kind": "text", "title": "A", "lines": ()}, "it stays a picture"),
        ({"kind": "text", "title": "", "lines": (), "drop": True}, ""),
        ({"kind": "section", "title": "", "banner": ""}, "nothing of it is shown"),
        ({"kind": "section", "title": "A"}, ""),
        ({"kind": "text", "lines": ("a",)}, ""),
    ],
)
def test_an_edit_that_does_not_do_what_it_says_is_told(change: dict[str, Any], told: str) -> None:
    found = Slide(shown=(Span(start=3.0, end=5.0),), kind="picture", image="slides/3.png")
    deck = Deck(slides=(found,))
    (row,) = rows_of(deck.slides)
    assert doubts_of([row], deck, 600.0) == ()
    problems = doubts_of([replace(row, **change)], deck, 600.0)
    assert [p.at for p in problems] == ([3.0] if told else [])
    assert all(told in p.message for p in problems)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"slides": [\n  {"at": "00:00:01",}\n]}', "slides.json, line 2: "),
        (b'{"slides": {}}', "slides.json, slides: Expected `array`"),
        (b"[]", "slides.json: Expected `object`"),
        (b'{"slides": [], "more": 1}', "slides.json: unknown key 'more'"),
        (b"\xff", "slides.json: "),
        (
            b'{"slides": [{"at": "0:05", "title": "a", "title": "b"}]}',
            "'title' of the slide at 0:05",
        ),
        (b'{"slides": [%s]}' % (b"1" * 5000), "slides.json: "),
        (b"[" * 100_000, "slides.json"),
        (b'{"help": "x"}', "the key 'slides' is missing"),
        (b'{"slides": []}', ""),
    ],
)
def test_a_file_that_is_none_is_told_by_its_line(data: bytes, told: str) -> None:
    if not told:
        assert read(data, "slides.json") == SlideFile()
        return
    with pytest.raises(BadFileError) as error:
        read(data, "slides.json")
    assert told in error.value.message
