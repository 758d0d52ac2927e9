"""How the blog lays out a Markdown file: typing put right without changing a word.

`tidy` does for an editor's typing what a formatter would, in the few forms that drafts and posts
have: front matter, headings, paragraphs, lists, quotes, tables, code, HTML. It is told by rules
alone; the blog's own tools are asked in the tests. A block whose meaning the rules would change,
as a Markdown parser reads it, is left as it was typed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from translate.draft import split_front
from translate.outline import blocks, same
from translate.typography import chinese

if TYPE_CHECKING:
    pass

_DEEPEST = 40  # columns of quote marks
_INDENT = 3  # spaces: the blog's formatter nests lists and front matter by three

# --- lines --------------------------------------------------------------------------------------

FENCE = re.compile(r"[ ]{0,3}(`{3,}(?=[^`]*$)|~{3,})[ ]*(.*)")
HEADING = re.compile(r"[ ]{0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
QUOTE = re.compile(r"[ ]{0,3}>")
_ITEM = re.compile(r"(?P<indent>[ \t]*)(?P<mark>[-*+]|\d{1,9}[.)])(?P<gap>[ \t]+|$)(?P<text>.*)")


def tidy(markdown: str) -> str:
    """A file as an editor left it, as the blog's formatter and linters want it.

    Changes no letter, no digit, no Han character; doing it twice is doing it once. What we have
    rendered ourselves comes back as it is.
    """
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    front, whole, body = split_front(text)
    parts = [f"---\n{_front(front)}---"] if whole else []
    return "\n\n".join([*parts, _body(body)]).rstrip("\n") + "\n"


def _body(typed: str) -> str:
    """A body laid out; what would say something else, or would not stay, is left as typed."""
    blocks = list(_blocks(typed.split("\n")))
    done = _joined(blocks)
    if _keeps(typed, done):
        return done
    done = "\n\n".join(_settled(b) for b in blocks)
    return done if _keeps(typed, done, _settled) else typed.strip("\n")


def _joined(blocks: Iterable["_Block"], margin: int = 0) -> str:
    return "\n\n".join(_laid_out(b, margin) for b in blocks)


def _settled(block: "_Block") -> str:
    typed = "\n".join(block.lines).rstrip()
    done = _laid_out(block, 0)
    return done if done == typed or _keeps(typed, done, nth=block.nth) else typed


def _keeps(typed: str, done: str, lay_out: "_LayOut | None" = None, nth: int = 0) -> bool:
    """Whether a text laid out says what was typed, and would be left as it is another time."""
    blocks = _blocks(done.split("\n"), nth)
    again = "\n\n".join(map(lay_out, blocks)) if lay_out else _joined(blocks)
    return again == done and same(typed, done)


@dataclass(frozen=True, slots=True)
class _Block:
    kind: str  # of the parser's token; "" for what it makes nothing of, such as link targets
    lines: Sequence[str]
    nth: int = 0  # of its kind among neighbours of the same kind


_LayOut = Callable[[_Block], str]


def _blocks(lines: Sequence[str], first: int = 0) -> Iterator[_Block]:
    """The blocks of a body as a Markdown parser sees them, without the blank lines between.

    `first`: which one of its kind the first of them is.
    """
    at, before, nth = 0, "", first - 1
    for kind, start, end in (*blocks("\n".join(lines)), ("", len(lines), len(lines))):
        if between := _trimmed(lines[at:start]):
            yield _Block("", between)
            before = ""
        nth = nth + 1 if kind == before or not at else 0
        before = kind
        if some := _trimmed(lines[start:end]):
            yield _Block(kind, some, nth)
        at = end


def _trimmed(lines: Sequence[str]) -> Sequence[str]:
    """Lines without the blank ones around them."""
    full = [n for n, line in enumerate(lines) if line.strip()]
    return lines[full[0] : full[-1] + 1] if full else ()


def _laid_out(block: _Block, margin: int) -> str:
    """One block; `margin`: how many columns of quote marks stand before it."""
    some = block.lines
    match block.kind:
        case "fence":
            return _fenced([x.rstrip(" \t") for x in some])
        case "heading_open":
            heading = HEADING.fullmatch(some[0])
            if heading is None:  # underlined
                return "\n".join([*_paragraph(some[:-1]), some[-1].strip()])
            return f"{heading[1]} {_title(heading[2] or '')}".rstrip()
        case "hr":
            return "---"
        case "blockquote_open":
            return _quote(some, margin)
        case "bullet_list_open" | "ordered_list_open":
            return "\n".join(_list(some, margin, block.nth))
        case "table_open":
            # With a bar too many, in code perhaps, the formatter would cut the row.
            whole = all(len(_cells(x)) <= len(_cells(some[0])) for x in some)
            return "\n".join(_table(some) if whole else some)
        case "paragraph_open":
            return "\n".join(_paragraph(some))
        case _:
            return "\n".join(x.rstrip(" \t") for x in some)


def end_of_fence(lines: Sequence[str], at: int, bar: str) -> int:
    for end in range(at + 1, len(lines)):
        line = lines[end].strip()
        if line.startswith(bar) and not line.strip(bar[0]):
            return end + 1
    return len(lines)


# --- kinds of blocks ----------------------------------------------------------------------------


_OPAQUE = re.compile(r"(`+[^`]*`+|<!--.*?-->|</?[A-Za-z!][^<>]*>|\]\([^()]*\)|~~)", re.DOTALL)
_TILDE = re.compile(r"(?<!\\)~")
_LINK_TITLE = re.compile(r"(\]\(\s*(?:<[^<>]*>|[^\s()]+)\s+)\"([^\"'\\]*)\"(\s*\))")
_SPAN = r"(?<!`)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)"
_ROUND_TARGET = re.compile(
    rf"{_SPAN}|(?<=\]\()(?P<target>[^\s()<>\\]*(?:\([^\s()<>\\]*\)[^\s()<>\\]*)+)(?=[\s)])",
    re.DOTALL,
)
_SLANTED = re.compile(
    rf"{_SPAN}|</?[A-Za-z!][^<>]*>|\]\([^()]*\)"
    r"|(?<![\w*\\])(?P<marks>\*{1,3}|__)(?![\s*_])"
    r"(?P<text>(?:`[^`]*`|\*\*[^*_`\n\[\]<>\\]+\*\*|[^*_`\n\[\]<>\\])+)(?<!\s)(?P=marks)(?![\w*])",
    re.DOTALL,
)
_EMPHASIS = {"*": ("_", "_"), "**": ("**", "**"), "***": ("_**", "**_"), "__": ("**", "**")}
_AFTER_MARK = re.compile(r"(.*[.,:;，。：；])(\s*)`([A-Za-z0-9.()]+(?:_[A-Za-z0-9.()]+)*)`")


def _prose(text: str) -> str:
    """Inline Markdown with the blog's typography; two `~2M` do not strike out what is between."""
    done = _ROUND_TARGET.sub(lambda m: f"<{m[0]}>" if m["target"] else m[0], chinese(text))
    done = _SLANTED.sub(_emphasis, done)
    pieces = _OPAQUE.split(_LINK_TITLE.sub(r"\1'\2'\3", done))
    if sum(len(_TILDE.findall(p)) for p in pieces[::2]) > 1:
        pieces[::2] = [_TILDE.sub(r"\\~", p) for p in pieces[::2]]
    return "\n".join(line.strip(" ") for line in "".join(pieces).split("\n"))


def _emphasis(match: re.Match[str]) -> str:
    """`*a*` as `_a_`, `__a__` as `**a**`, as the formatter writes them."""
    if not match["marks"]:
        return match[0]
    before, after = _EMPHASIS[match["marks"]]
    return f"{before}{match['text']}{after}"


def _fenced(lines: Sequence[str]) -> str:
    """Code between as few backticks as it takes."""
    fence = FENCE.match(lines[0])
    bar = fence[1] if fence else "```"
    closed = len(lines) > 1 and re.fullmatch(rf"[ ]{{0,3}}{re.escape(bar)}[{bar[0]}]*", lines[-1])
    if closed and lines[0].startswith(bar) and "`" not in lines[0].lstrip("`"):
        longest = max((len(x) for line in lines[1:-1] for x in re.findall("`+", line)), default=0)
        new = "`" * max(3, longest + 1)
        lines = [new + lines[0].lstrip(bar[0]).lstrip(), *lines[1:-1], new]
    elif not closed and not re.match(r"[ \t]", lines[0]):
        lines = [*_trimmed(lines), bar]  # open until the end of the text
    return "\n".join(lines).rstrip("\n")


def _title(text: str) -> str:
    """A heading: after `1.` a name stays bare, because the linter looks at its last plain text."""
    done = _prose(text)
    bare = _AFTER_MARK.fullmatch(done)
    return "".join(bare.groups()) if bare and "`" not in text else done


def _paragraph(lines: Sequence[str]) -> Iterator[str]:
    """Lines without what stands around them; two spaces at an end are a line break."""
    lines = list(_unnumbered(lines))
    done = _prose("\n".join(line.strip(" \t") for line in lines)).split("\n")
    for n, (line, typed) in enumerate(zip(done, lines, strict=True)):
        yield line + ("  " if typed.endswith("  ") and n + 1 < len(lines) else "")


def _unnumbered(lines: Sequence[str]) -> Iterator[str]:
    """`8. …` at the beginning of a later line is no list, and not left there by the formatter."""
    line = lines[0]
    for later in lines[1:]:
        if re.match(r"[ \t]*\d{1,9}[.)][ \t]+\S", later) and line.strip() not in "-+*":
            line = f"{line.rstrip()} {later.strip()}"
        else:
            yield line
            line = later
    yield line


def _quote(lines: Sequence[str], margin: int) -> str:
    if margin > _DEEPEST:  # no parser reads on there
        return "\n".join(line.rstrip() for line in lines)
    inner = [re.sub(r"^[ ]{0,3}>[ ]?", "", line) for line in lines]
    # `>  text`: a space more before a paragraph or an item means nothing.
    inner = [line[1:] if re.match(r" \S", line) else line for line in inner]
    body = _joined(_blocks(inner), margin + 2)
    return "\n".join(f"> {line}" if line else ">" for line in body.split("\n"))


@dataclass(slots=True)
class _Item:
    """One open item of a list, as typed and as written."""

    content: int  # where its text began, as typed
    start: int  # where the marker stands now
    width: int  # of the marker with its space
    nth: int = 0  # in its list
    even: bool = False  # its numbered list has its text at multiples of the indentation
    first: bool = True  # still in its first paragraph
    loose: bool = False  # a blank line stands in it

    @property
    def numbered(self) -> bool:
        return self.width > len("- ")

    @property
    def inner(self) -> int:
        """Where the lines below its first paragraph begin."""
        return self.start + max(self.width, _INDENT)


def _list(lines: Sequence[str], column: int, nth: int) -> Iterator[str]:
    """Items with one space after the marker, nested by three; their lines below the text."""
    items: list[_Item] = []
    blank = False
    fenced, margin = "", 0
    for line in lines:
        text = line.expandtabs(4).rstrip()
        if not text:
            blank = True
            continue
        found = None if fenced else _ITEM.fullmatch(text)
        if found is None:
            if blank:
                yield ""
                for item in items:
                    item.first, item.loose = False, True
            if not fenced and FENCE.match(text.strip()):
                margin = len(text) - len(text.lstrip())
            inside = bool(fenced)
            fenced = _fence_after(text.strip(), fenced)
            yield _under(text, items, margin if inside or fenced else None)
        else:
            apart = blank
            before = None
            while items and len(found["indent"]) < items[-1].content:
                before = items.pop()
                apart = before.loose or apart
            if before is not None and before.numbered != found["mark"][0].isdigit():
                before, apart = None, apart or not items  # another list
            if apart:
                yield ""
            item = _opened(found, items, before, column)
            items.append(item)
            mark = _mark(found["mark"], len(items) == 1 and nth % 2 == 1)
            text = _checked(found["text"].strip())
            yield f"{' ' * item.start}{mark.ljust(item.width)}{text}".rstrip()
        blank = False


def _mark(typed: str, odd: bool) -> str:
    """An item's marker; of two lists in a row, the second has the other one."""
    if typed in "-*+":
        return "*" if odd else "-"
    return typed[:-1] + (")" if odd else ".")


def _opened(
    found: re.Match[str], items: Sequence[_Item], before: _Item | None, column: int
) -> _Item:
    """A new item, in the list of the one `before` it on its level."""
    if items:
        items[-1].first = False
    mark = found["mark"]
    item = _Item(
        content=len(found["indent"]) + len(mark) + max(1, len(found["gap"])),
        start=items[-1].inner if items else 0,
        width=len(mark) + 1,
    )
    if before is not None and item.numbered:
        # Where `1. ` and `2. ` end on a column of the indentation, the formatter takes `10. `
        # on to the next one.
        item.nth = before.nth + 1
        on_column = (column + item.start + item.width) % _INDENT == 0
        item.even = before.even if before.nth else on_column and item.width == before.width
        if item.even:
            item.width += -item.width % _INDENT
    return item


def _checked(text: str) -> str:
    """An item's text; a tick box in front of it stays what it is."""
    box = re.match(r"\[[ xX]\] ", text)
    return box[0] + _prose(text[4:]) if box else _prose(text)


def _fence_after(line: str, fenced: str) -> str:
    """The bar of the fence that is open after this line, or empty."""
    if fenced:
        return "" if line.startswith(fenced) and not line.strip(fenced[0]) else fenced
    fence = FENCE.match(line)
    return fence[1] if fence else ""


def _under(line: str, items: Sequence[_Item], margin: int | None) -> str:
    """A line that belongs to the last item, or to the one it is indented for.

    `margin`: where the fence began that the line of code is in; None for prose.
    """
    indent = len(line) - len(line.lstrip())
    depth = indent if margin is None else margin
    own = next((x for x in reversed(items) if depth >= x.content), items[-1])
    if margin is not None or line.lstrip().startswith(">"):
        own.first = False
    if margin is not None:
        return " " * (own.inner + max(0, indent - margin)) + line.lstrip()
    at = own.start + own.width if own.first else own.inner
    return " " * at + _prose(line.strip())


def _cells(line: str) -> list[str]:
    inner = re.sub(r"^[ \t]*\|?|(?<!\\)\|?[ \t]*$", "", line)
    return [c.strip() for c in re.split(r"(?<!\\)\|", inner)]


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _table(lines: Sequence[str]) -> Iterator[str]:
    """Every cell as wide as the widest of its column; a Chinese character counts two."""
    rows = [_cells(line) for line in lines]
    rows = [row if n == 1 else [_prose(c) for c in row] for n, row in enumerate(rows)]
    count = len(rows[0])
    rows = [[*row, *[""] * count][:count] for row in rows]
    widths = [
        max(3, *(_width(row[i]) for n, row in enumerate(rows) if n != 1)) for i in range(count)
    ]
    for n, row in enumerate(rows):
        if n == 1:
            cells = [_ruler(cell, width) for cell, width in zip(row, widths, strict=True)]
        else:
            sides = zip(row, rows[1], widths, strict=True)
            cells = [_padded(cell, rule, width) for cell, rule, width in sides]
        yield f"| {' | '.join(cells)} |"


def _ruler(cell: str, width: int) -> str:
    left, right = cell.startswith(":"), cell.endswith(":")
    return ":" * left + "-" * (width - left - right) + ":" * right


def _padded(cell: str, rule: str, width: int) -> str:
    room = width - _width(cell)
    left = room if rule.endswith(":") and not rule.startswith(":") else 0
    if rule.startswith(":") and rule.endswith(":"):
        left = room // 2
    return " " * left + cell + " " * (room - left)


# --- front matter -------------------------------------------------------------------------------

_FRONT_LINE = re.compile(r"( *)(- +)?(?:([^\s:#'\"-][^:#]*):(?: +(.*))?|(.*))")


def _front(lines: str) -> str:
    """Front matter with the blog's indentation and quotes; anything unusual stays as it is."""
    out = []
    for line in lines.rstrip("\n").split("\n") if lines.strip() else ():
        found = _FRONT_LINE.fullmatch(line.rstrip())
        if found is None or not line.strip() or line.lstrip().startswith("#"):
            out.append(line.rstrip())
            continue
        indent, dash, key, value, rest = found.groups()
        space = 0 if not indent and not dash else _INDENT
        if indent and not dash and _after_dash(out):
            space = _INDENT + 2
        text = f"{key.strip()}: {_scalar(value or '')}".rstrip() if key else _scalar(rest or "")
        out.append(" " * space + ("- " if dash else "") + text)
    return "".join(f"{line}\n" for line in out)


def _after_dash(lines: Sequence[str]) -> bool:
    """Whether the last lines are those of an item in a list."""
    last = lines[-1] if lines else ""
    return last.startswith((" " * _INDENT + "- ", " " * (_INDENT + 2)))


def _scalar(value: str) -> str:
    value = value.strip()
    inner = value[1:-1]
    if len(value) > 1 and value[0] == value[-1] == '"' and not re.search(r"[\\'\"]", inner):
        return f"'{inner}'"
    return value
