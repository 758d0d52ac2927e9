"""Slides that are left out for a while: what a person did to them, and what was typed meanwhile."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.slide_drafts import Shown, talks
from translate.pipeline.aside import Aside, Generated, bring

FULL, NONE, IMAGES = "full", "", "images"


def texts_of(talk: Shown) -> dict[str, str]:
    """What is generated in each mode."""
    pictures = [
        replace(s, kind="picture", title="", lines=(), banner="") for s in talk.found if s.image
    ]
    return {FULL: talk.draft(talk.found), NONE: talk.draft(()), IMAGES: talk.draft(pictures)}


@st.composite
def edits_of_slides(draw: st.DrawFn, text: str) -> str:
    """Slides and headings taken out, moved, and reworded; and some text between them."""
    blocks = text.split("\n\n")
    for n in range(draw(st.integers(1, 4))):
        some = [n for n, b in enumerate(blocks) if b.startswith("### ") or "<!-- 幻灯片" in b]
        if not some:
            break
        at = draw(st.sampled_from(some))
        did = draw(st.sampled_from(("delete", "move", "move both", "word", "type", "title")))
        if did == "word":
            blocks[at] = blocks[at].replace("> - line", "> - 行").replace("Title", "标题")
        elif did in ("type", "title"):
            blocks.insert(at, f"编者写的{n}。" if did == "type" else f"### 编者的{n}题")
        else:
            first = at - (did == "move both" and blocks[at - 1].startswith("### "))
            moved, blocks[first : at + 1] = blocks[first : at + 1], []
            to = draw(st.integers(_first(blocks), len(blocks) - 2))
            blocks[to:to] = moved if did != "delete" else []
    return "\n\n".join(blocks)


def _first(blocks: Sequence[str]) -> int:
    """Where the talk begins, below the column's own text."""
    return max(n for n, b in enumerate(blocks) if b == "---") + 1


@st.composite
def typing(draw: st.DrawFn, text: str, name: str) -> tuple[str, list[str]]:
    """`text` with paragraphs typed somewhere in the talk, and those."""
    blocks = text.split("\n\n")
    typed = [f"{name}时写的{n}。" for n in range(draw(st.integers(0, 2)))]
    for one in typed:
        blocks.insert(draw(st.integers(_first(blocks), len(blocks) - 1)), one)
    return "\n\n".join(blocks), typed


@settings(max_examples=300)
@given(talks(), st.lists(st.sampled_from((NONE, IMAGES)), min_size=1, max_size=3), st.data())
def test_slides_come_back_as_the_editor_left_them_with_what_was_typed_meanwhile(
    talk: Shown, way: list[str], data: st.DataObject
) -> None:
    texts = texts_of(talk)
    mine = data.draw(edits_of_slides(texts[FULL]))
    known: dict[str, Aside] = {}
    typed: list[str] = []
    was, now = Generated(mode=FULL, text=texts[FULL]), mine
    for n, mode in enumerate([*way, FULL]):
        today = Generated(mode=mode, text=texts[mode])
        merged, known = bring(was, now, today, lambda: texts[NONE], known)
        known.pop(mode, None)
        was, now = today, merged.text
        if mode != FULL:
            now, fresh = data.draw(typing(now, f"第{n}次"))
            typed += fresh
    blocks = now.split("\n\n")
    assert sorted(b for b in blocks if b in typed) == sorted(typed)
    assert "\n\n".join(b for b in blocks if b not in typed) == mine
