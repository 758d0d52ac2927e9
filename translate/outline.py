"""What a Markdown text says to its reader: its blocks, and its words with their marks.

Two texts with the same outline differ in spacing, punctuation and layout alone. It is told by the
parser, not by the rules that lay a text out, so that it can judge what they have done. Knows
nothing of the blog, nor of drafts.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# Marks that may be won: by a name, and by an address.
_MAY_WIN = frozenset({"code", "link"})
_UNSEEN = "\u115f\u1160\u3164\uffa0"  # letters without a shape, which typography takes out
Said = tuple[str, frozenset[str]]  # a letter and its marks, or a block and nothing


def outline(markdown: str) -> list[Said]:
    """Every block that opens, and every letter and digit with the marks it stands under."""
    return list(_blocks(_parser().parse(markdown)))


def blocks(markdown: str) -> Iterator[tuple[str, int, int]]:
    """The blocks that stand in no other: the parser's name, first line, and the line after."""
    for token in _reader().parse(markdown):
        if token.level == 0 and token.nesting >= 0 and token.map:
            yield token.type, token.map[0], token.map[1]


def same(before: str, after: str) -> bool:
    """Whether `after` says what `before` says.

    A name may have become code, also where its underscores were read as marks, and an address a
    link; nothing else may have lost or won a mark, and no letter is another or elsewhere. What is
    bold is not compared: beside Chinese, asterisks are often not read as they were meant.
    """
    one, other = outline(before), outline(after)
    return len(one) == len(other) and all(map(_same, one, other))


def _same(before: Said, after: Said) -> bool:
    if before == after:
        return True
    if before[0] != after[0]:
        return False
    lost, won = _plain(before) - _plain(after), _plain(after) - _plain(before)
    by_underscore = (
        {m.removesuffix("_") for m in before[1] if m.endswith("_")} if "code" in won else ()
    )
    return won <= _MAY_WIN and lost <= {*by_underscore}


def _plain(said: Said) -> set[str]:
    """The marks, whichever characters made them."""
    return {m.removesuffix("_") for m in said[1]} - {"strong"}


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


@cache
def _reader() -> "MarkdownIt":
    """A parser that does not look into the blocks."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").disable("inline")


def _blocks(tokens: Sequence["Token"]) -> Iterator[Said]:
    for token in tokens:
        if token.type == "inline":
            yield from _inline(token.children or ())
        elif token.nesting >= 0:
            yield f"{token.type} {token.tag} {token.info.strip()}", frozenset()
            yield from _letters("".join(token.content.split()), frozenset())


def _inline(tokens: Sequence["Token"]) -> Iterator[Said]:
    marks: list[str] = []
    for n, token in enumerate(tokens):
        if token.nesting > 0:
            marks.append(_mark(token, tokens[n + 1 :]))
        elif token.nesting < 0:
            marks.pop()
        elif token.type == "image":
            yield f"image {token.attrGet('src')}", frozenset(marks)
            yield from _inline(token.children or ())
        elif token.type == "hardbreak":
            yield "break", frozenset()
        else:
            code = {"code_inline": ["code"]}.get(token.type, [])
            yield from _letters(token.content, frozenset([*marks, *code]))


def _mark(token: "Token", following: Sequence["Token"]) -> str:
    if token.type != "link_open":
        return token.tag + "_" * ("_" in token.markup)  # as in `__init__`
    target = f"{token.attrGet('href')} "  # with the space, no mark ends in an underscore
    end = next(n for n, t in enumerate(following) if t.type == "link_close")
    label = "".join(t.content for t in following[:end])
    return "link" if _bare(label) == _bare(target) else f"link {target}"


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _letters(text: str, marks: frozenset[str]) -> Iterator[Said]:
    for letter in unicodedata.normalize("NFKC", text):
        if letter.isalnum() and letter not in _UNSEEN:
            yield letter, marks
