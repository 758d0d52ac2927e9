"""What the blog takes: a Markdown file put right without changing a word, and what it would refuse.

`tidy` does for an editor's typing what a formatter would, in the few forms that drafts and posts
have: front matter, headings, paragraphs, lists, quotes, tables, code, HTML. `problems` names what
the blog's linters or its build would refuse, or break in silence, with the line. Both are told by
rules alone; the blog's own tools are asked in the tests. A block whose meaning the rules would
change, as a Markdown parser reads it, is left as it was typed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from translate.draft import ANCHOR, front_items, split_front
from translate.model import Problem, Severity
from translate.outline import blocks, same
from translate.typography import chinese, has_han

_INDENT = 3  # spaces: the blog's formatter nests lists and front matter by three

# --- lines --------------------------------------------------------------------------------------

_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})[ ]*([^`]*)")
_HEADING = re.compile(r"[ ]{0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_QUOTE = re.compile(r"[ ]{0,3}>")
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
            heading = _HEADING.fullmatch(some[0])
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


def _end_of_fence(lines: Sequence[str], at: int, bar: str) -> int:
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
    fence = _FENCE.match(lines[0])
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
            if not fenced and _FENCE.match(text.strip()):
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
    fence = _FENCE.match(line)
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


# --- what the blog would refuse -----------------------------------------------------------------

_TAGS = frozenset(
    re.findall(
        r"\w+",
        """
a abbr audio b blockquote br code dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6
hr i iframe img ins kbd li mark ol p picture pre q s small source span strong sub summary sup table
tbody td tfoot th thead tr u ul video
""",
    )
)
_VOID = frozenset({"br", "hr", "img", "source"})
_TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)((?:\s[^<>]*|/)?)>|<(?=[A-Za-z/])")
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(
    r"(!?)\[((?:\\.|[^\[\]\\])*)\]\(\s*(<[^>]*>|[^()\s]*(?:\([^()]*\)[^()\s]*)*)[^()]*\)"
)
_BARE = re.compile(r"(?<![(<\[\"'/\w])https?://[^\s<>()]*[\u4e00-\u9fff。，；：！？、）]")
_NAME = re.compile(r"(?<![\w`/\\.@-])(?:__\w+?__|\w+_\w+_\w+)(?![\w`/])")
_MATHS = re.compile(r"(?<![\\$\w])\$(?=[^\s$])[^$\n]*?(?<=[^\s\\])\$(?![\d$])")
_ANGLES = re.compile(
    r"(?<=\]\()\s*<[^<>\n]*>|<(?:[A-Za-z][A-Za-z0-9+.-]+:[^<>\s]*|[^<>\s@]+@[^<>\s@]+)>"
)
_STAR = re.compile(r"(?<![*\s\\])\*(?![*\s])[^*\n]*(?<![\s\\])\*(?![*\s])")
_BAD_END = "。，：；.,:;~*"
_HAS_FILE = Callable[[str], bool]


def problems(markdown: str, *, has_file: _HAS_FILE | None = None) -> list[Problem]:
    """What the blog's linters or build would refuse, or break in silence, in order of lines.

    `has_file` tells whether a picture's path, as written, leads to a file; None: not looked at.
    """
    text = markdown.replace("\r\n", "\n")
    front, whole, body = split_front(text)
    first = 1 + whole.count("\n")
    found = [*_front_problems(front, whole)]
    found += _html_problems(body, first)
    found += _line_problems(body, first)
    found += _link_problems(body, first, has_file)
    found += _typing(text)
    return sorted(found, key=lambda p: int(p.where.rpartition(" ")[2] or 0))


def _problem(rule: str, severity: Severity, line: int, message: str, hint: str) -> Problem:
    return Problem(
        rule=f"blog-{rule}", severity=severity, message=message, where=f"line {line}", hint=hint
    )


def _front_problems(front: str, whole: str) -> Iterator[Problem]:
    if not whole:
        yield _problem("front-matter", "error", 1, "there is no front matter", "see the README")
        return
    items = dict(front_items(front))
    for key in ("title", "date", "author"):
        if not items.get(key, "").strip():
            what = f"the front matter has no {key}"
            yield _problem("front-matter", "error", 1, what, f"add `{key}:`")
    for n, line in enumerate(front.split("\n"), 2):
        found = re.fullmatch(r" *(?:- +)?[^\s:#'\"-][^:#]*: +([^'\"\s\[{|>].*)", line)
        if found and re.search(r": |:$| #", found[1]):
            what = "a value with `: ` or ` #` needs quotes"
            yield _problem("front-matter", "error", n, what, "put it in single quotes")


def _masked(body: str) -> str:
    """The body with code, comments and fences blanked out, every line where it was."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    lines = body.split("\n")
    at = 0
    while at < len(lines):
        fence = _FENCE.match(lines[at].lstrip("> "))
        if fence:
            end = _end_of_fence([x.lstrip("> ") for x in lines], at, fence[1])
            lines[at:end] = [" " * len(x) for x in lines[at:end]]
            at = end
        else:
            at += 1
    return _CODE.sub(blank, _COMMENT.sub(blank, "\n".join(lines)))


def _line_of(text: str, at: int, first: int) -> int:
    return first + text.count("\n", 0, at)


def _html_problems(body: str, first: int) -> Iterator[Problem]:
    """Tags that the build would not understand, and mustaches that it would run."""
    for found in re.finditer(r"\{\{", _COMMENT.sub(lambda m: " " * len(m[0]), body)):
        where = _line_of(body, found.start(), first)
        hint = "write &#123;&#123;, outside backticks"
        yield _problem("mustache", "error", where, "`{{` is an expression to the build", hint)
    text = _ANGLES.sub(lambda m: " " * len(m[0]), _masked(body))
    open_: list[tuple[str, int]] = []
    for found in _TAG.finditer(text):
        line = _line_of(text, found.start(), first)
        name = (found[2] or "").lower()
        if found[2] is None or name not in _TAGS:
            shown = f"<{found[2] or ''}"
            what = f"`{shown}` is no tag that the build knows"
            yield _problem("html", "error", line, what, "put it in backticks, or write &lt;")
        elif name in _VOID or (found[3] or "").endswith("/"):
            continue
        elif not found[1]:
            open_.append((name, line))
        elif any(n == name for n, _ in open_):
            while open_ and open_[-1][0] != name:
                yield _unclosed(*open_.pop())
            open_.pop()
        else:
            what = f"</{name}> closes nothing"
            yield _problem("html", "error", line, what, "take it out")
    for name, line in open_:
        yield _unclosed(name, line)


def _unclosed(name: str, line: int) -> Problem:
    return _problem("html", "error", line, f"<{name}> is not closed", f"add </{name}>")


def _line_problems(body: str, first: int) -> Iterator[Problem]:
    masked = _masked(body).split("\n")
    lines = body.split("\n")
    skip = 0
    for n, (line, seen) in enumerate(zip(lines, masked, strict=True)):
        at = first + n
        fence = _FENCE.match(line.lstrip("> "))
        if n >= skip and fence:
            skip = _end_of_fence([x.lstrip("> ") for x in lines], n, fence[1])
            if not fence[2].strip():
                what = "a code block without a language"
                yield _problem("fence", "error", at, what, "write ```text, or the language")
        heading = _HEADING.fullmatch(seen)
        if heading and (heading[2] or "").rstrip()[-1:] in tuple(_BAD_END):
            what = f"a heading ends in {heading[2].rstrip()[-1]}"
            yield _problem("heading", "error", at, what, "take the mark away")
        if _EMPTY_QUOTE.fullmatch(seen) and line == seen and _alone(lines, n):
            yield _problem("quote", "error", at, "an empty line of a quote", "take it out")
        if re.fullmatch(r"[>\s]*(?:[-*+]|\d+[.)])[ \t]*", seen) and line == seen:
            yield _problem("list", "error", at, "an empty item of a list", "take it out")
        yield from _silent(seen, at)


_EMPTY_QUOTE = re.compile(r"[ ]{0,3}(?:>[ ]?)+")


def _alone(lines: Sequence[str], at: int) -> bool:
    """Whether a quote's empty line begins a quote with nothing in it."""
    if at and _QUOTE.match(lines[at - 1]):
        return False
    following = (x for x in lines[at:] if not _EMPTY_QUOTE.fullmatch(x))
    return not _QUOTE.match(next(following, ""))


def _silent(line: str, at: int) -> Iterator[Problem]:
    """What passes every check, and reads otherwise than it was typed."""
    if _NAME.search(_LINK.sub("", line)):
        what = "an identifier outside backticks loses its underscores"
        yield _problem("identifier", "warning", at, what, "put it in backticks")
    if _MATHS.search(line):
        hint = "if it is not meant, write \\$"
        yield _problem("maths", "warning", at, "text between $ becomes a formula", hint)
    if found := _STAR.search(_LINK.sub("", line)):
        inside = re.match(r"\w", line[: found.start()][-1:]) and re.match(r"\w", found[0][1])
        if inside and found[0].isascii():
            hint = "put it in backticks"
            yield _problem("emphasis", "warning", at, "text between * becomes italic", hint)


def _link_problems(body: str, first: int, has_file: _HAS_FILE | None) -> Iterator[Problem]:
    text = _masked(body)
    for found in _LINK.finditer(text):
        image, target = bool(found[1]), found[3].strip("<>")
        line = _line_of(text, found.start(), first)
        if not target:
            kind = "a picture" if image else "a link"
            yield _problem("link", "error", line, f"{kind} that leads nowhere", "add its address")
        elif image:
            if has_file and not urlsplit(target).scheme and not has_file(unquote(target)):
                hint = "paths begin at the talk's folder"
                yield _problem("image", "error", line, f"no picture at {target}", hint)
        elif reason := _dead(target):
            yield _problem("link", "error", line, f"{target}: {reason}", "mend the link")
    for found in _BARE.finditer(_LINK.sub(lambda m: " " * len(m[0]), text)):
        if not ANCHOR.search(found[0]):
            line = _line_of(text, found.start(), first)
            hint = "publishing makes it a link; or write [text](address)"
            what = "a bare address swallows the Chinese after it"
            yield _problem("address", "info", line, what, hint)


def _dead(target: str) -> str:
    try:
        parts = urlsplit(target)
    except ValueError:
        return "not an address"
    if parts.hostname == "localhost":
        return "nobody else has this machine"
    if not parts.scheme and not parts.netloc and parts.path and not parts.path.startswith("#"):
        return "" if parts.path.startswith("/") else "the build looks for a page of the blog there"
    return ""


def _typing(text: str) -> Iterator[Problem]:
    """How much of the typing publishing will put right."""
    done = tidy(text)
    if done == text:
        return
    before, after = text.split("\n"), set(done.split("\n"))
    changed = [n for n, line in enumerate(before, 1) if line not in after]
    if changed:
        what = f"{len(changed)} lines whose spacing or punctuation publishing will put right"
        yield _problem(
            "typing", "info", changed[0], what, "nothing to do; the draft stays as it is"
        )
    elif has_han(text):
        yield _problem("typing", "info", 1, "blank lines that publishing will put right", "")
