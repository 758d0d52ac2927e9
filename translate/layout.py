"""Lines of text with their places on a slide → its title, bullets, code, and what kind it is.

Knows how slides are laid out. Does not know what read the lines, nor the picture, nor the talk.
Text from a slide is anybody's: no control character, direction mark or line break leaves here.

All lengths are in heights of the slide; horizontal fractions are brought to the same measure.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import median
from typing import Literal

from translate.model import Line, TextBox

DOUBTFUL = 0.85  # confidence below which a line should be looked at
_FOOT, _HEAD = 0.89, 0.2  # where the lower edge begins, and where the head of a slide ends
_OUT = 1.15  # how much larger than the rest a title is
_ALIKE = 0.75  # heights of two lines of the same size, as they are measured

Kind = Literal["text", "picture", "section"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one slide says."""

    kind: Kind
    title: str = ""
    banner: str = ""  # small text at the head, perhaps the name of a section
    lines: tuple[Line, ...] = ()  # below the title; last what stands apart, or in a footnote
    edges: tuple[str, ...] = ()  # small text at the lower edge: page number, event, address
    words: str = ""  # all of it, in reading order
    doubtful: tuple[str, ...] = ()  # lines that were hard to read


@dataclass(frozen=True, slots=True)
class _Row:
    text: str  # without its bullet
    left: float
    top: float
    right: float
    bottom: float
    confidence: float
    bullet: bool = False

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def letter(self) -> float:
        """The width of one character."""
        return (self.right - self.left) / max(1, len(self.text))


def arrange(boxes: Sequence[TextBox], *, aspect: float = 16 / 9) -> Page:
    """The page that lines of text make up, in whatever order they come.

    `aspect` is the width of the picture that they were read from, over its height.
    """
    rows = _joined([row for box in boxes if (row := _row(box, aspect)) is not None])
    if not rows:
        return Page(kind="picture")
    feet = [row for row in rows if _is_foot(row, rows, aspect)]
    main = [row for row in rows if row not in feet]
    title = _title(main)
    rest = [row for row in main if row not in title]
    banner = _banner(rest, title)
    body = [row for row in rest if row not in banner]
    table = _cells(body)
    size = _size_of_text([row for row in body if row not in table], title)
    blocks = _blocks([row for row in body if row not in table])
    lines: list[Line] = []
    scraps: list[_Row] = []
    for block in blocks:
        loose = _scraps(block, size)
        scraps += loose
        lines += _lines([row for row in block if row not in loose])
    scraps += table
    kind = _kind(title, body, len(scraps))
    if kind != "picture":  # where they can be seen; few, and perhaps what the slide is about
        lines += (Line(text=row.text) for row in scraps if _is_said(row.text))
    order = [*banner, *title, *(row for block in blocks for row in block), *table, *feet]
    if kind == "picture" and title and title[0].top > 0.7:  # what stands under a photograph
        title, lines = [], []
    return Page(
        kind=kind,
        title=_prose(title),
        banner=" ".join(row.text for row in banner),
        lines=tuple(lines),
        edges=tuple(row.text for row in feet),
        words=" ".join(row.text for row in order),
        doubtful=tuple(row.text for row in order if row.confidence < DOUBTFUL),
    )


def settled(pages: Sequence[Page]) -> tuple[Page, ...]:
    """The pages of one talk, each corrected by the others.

    A banner that stands on nearly every page is the event's and no section's; small text below a
    title that stands on one page alone is no banner but the slide's first line. What stands at the
    lower edge of one page alone is a note of that slide's, unless it is its number.
    """
    feet = Counter(said for page in pages for said in {_letters(edge) for edge in page.edges})
    pages = [_with_notes(page, feet) for page in pages]
    seen: dict[str, int] = {}
    for page in pages:
        for said in {page.banner, page.title} - {""}:  # a section's first slide has it as title
            seen[said] = seen.get(said, 0) + 1
    with_banner = sum(1 for page in pages if page.banner)
    return tuple(_settled(page, seen, with_banner, len(pages)) for page in pages)


def _with_notes(page: Page, feet: Mapping[str, int]) -> Page:
    own = [e for e in page.edges if feet[_letters(e)] == 1 and len(_letters(e)) > 1]
    own = [edge for edge in own if not _PAGE_NUMBER.match(edge)]
    if not own or page.kind == "picture":
        return page
    return replace(
        page,
        lines=(*page.lines, *(Line(text=edge) for edge in own)),
        edges=tuple(edge for edge in page.edges if edge not in own),
    )


def _letters(text: str) -> str:
    """What two footers have in common: all but their numbers and marks."""
    return "".join(c for c in text.casefold() if c.isalpha())


def _settled(page: Page, seen: dict[str, int], with_banner: int, pages: int) -> Page:
    count = seen.get(page.banner, 0)
    if not page.banner or pages < 4:  # too few to tell
        return page
    if count == 1 and not page.words.startswith(page.banner):
        return replace(page, banner="", lines=(Line(text=page.banner), *page.lines))
    if count >= 0.8 * pages and count == with_banner:
        return replace(page, banner="", edges=(page.banner, *page.edges))
    return page


def _is_said(text: str) -> bool:
    return any(c.isalnum() for c in text)


# --- lines as they were read --------------------------------------------------------------------

# What bullets are read as. The first need nothing behind them, the others a space.
_GLYPH = re.compile(r"^(?:[•●○◦▪▫■□◆◇►▶➢➤‣⁃∙✓✔❖]|[·*\-–—o¢»>→口日回](?=\s|$))\s*")
_NUMBERED = re.compile(r"^\(?(?:\d{1,2}|[a-z])[.)](?=\s|[A-Z])")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # full-width ASCII


def clean(text: str) -> str:
    """`text` on one line, without what cannot be seen or turns the direction of writing."""
    text = unicodedata.normalize("NFC", text.translate(_WIDE))
    kinds = ((c, unicodedata.category(c)) for c in text)
    seen = (" " if kind in ("Cc", "Zl", "Zp", "Zs") else c for c, kind in kinds if kind not in _OFF)
    return " ".join("".join(seen).split())


_OFF = ("Cf", "Cs", "Co", "Cn")


def _row(box: TextBox, aspect: float) -> _Row | None:
    whole = clean(box.text)
    edges = box.box
    if not whole or edges.right <= edges.left or edges.bottom <= edges.top:
        return None
    found = _GLYPH.match(whole)
    return _Row(
        text=whole[found.end() :] if found else whole,
        left=edges.left * aspect,
        top=edges.top,
        right=edges.right * aspect,
        bottom=edges.bottom,
        confidence=box.confidence,
        bullet=bool(found or _NUMBERED.match(whole)),
    )


def _joined(rows: list[_Row]) -> list[_Row]:
    """Pieces of one line put together, from left to right; all from top to bottom."""
    done: list[_Row] = []
    for row in sorted(rows, key=lambda row: (row.left, row.top)):
        before = next((one for one in reversed(done) if _goes_on(one, row)), None)
        if before is None:
            done.append(row)
            continue
        done[done.index(before)] = replace(
            before,
            text=f"{before.text} {row.text}".strip(),
            top=min(before.top, row.top) if before.text else row.top,
            right=max(before.right, row.right),
            bottom=max(before.bottom, row.bottom) if before.text else row.bottom,
            confidence=min(before.confidence, row.confidence) if before.text else row.confidence,
        )
    return sorted((row for row in done if row.text), key=lambda row: (row.top, row.left))


def _goes_on(one: _Row, other: _Row) -> bool:
    """Whether `other` stands on the same line as `one`, right behind it."""
    if other.bullet and one.text:
        return False
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    level = shared > 0.6 * min(one.height, other.height)
    if not one.text:  # a bullet alone
        return level and 0 <= other.left - one.right < 3 * other.height
    alike = min(one.height, other.height) > 0.6 * max(one.height, other.height)
    return level and alike and -0.5 * one.height < other.left - one.right < 0.5 * one.height


# --- the frame: title, banner, footer -----------------------------------------------------------

_PAGE_NUMBER = re.compile(
    r"^(?:page |slide |p\. ?)?\d{1,3}(?: ?(?:/|of|\|) ?\d{1,3})?$", re.IGNORECASE
)


def _is_foot(row: _Row, rows: Sequence[_Row], aspect: float) -> bool:
    """Small text at the lower edge, or a page number in a lower corner."""
    if row.top > 0.85 and _PAGE_NUMBER.match(row.text) and not row.bullet:
        return row.right > 0.85 * aspect or row.left < 0.15 * aspect or row.top > _FOOT
    others = [other.height for other in rows if other is not row and other.bottom < _FOOT]
    return row.top > _FOOT and not row.bullet and bool(others) and row.height <= max(others)


def _title(rows: Sequence[_Row]) -> list[_Row]:
    """The topmost large line, and those that continue it."""
    plain = [row for row in rows if not row.bullet]
    if not plain:
        return []
    tallest = max(plain, key=lambda row: row.height)
    upper = [row for row in plain if row.top < 0.4]
    if not upper or (len(rows) <= 4 and tallest.height > 1.4 * max(row.height for row in upper)):
        upper = plain
    largest = max(row.height for row in upper)
    first = next(row for row in upper if row.height >= 0.8 * largest)
    below = [row for row in rows if row.top >= first.bottom - 0.3 * first.height]
    title = [first]
    for row in below:
        if row.left > max(one.right for one in title) or row.right < first.left:
            continue  # beside it
        if not _continues_title(title[-1], row, below):
            break
        title.append(row)
    rest = [row for row in rows if row not in title]
    return title if not rest or _stands_out(title, rest) else []


def _stands_out(title: Sequence[_Row], rest: Sequence[_Row]) -> bool:
    size = median(row.height for row in title)
    if len(rest) == 1 or size >= _OUT * median(row.height for row in rest):
        return True
    if title[0].top >= _HEAD:
        return False
    wide = [row.letter for row in rest if len(row.text) >= 5]
    if wide and title[0].letter >= 1.25 * median(wide):  # heights of short words are unsure
        return True
    under = [row.top for row in rest if row.top > title[-1].top]
    return bool(under) and min(under) - title[-1].bottom > size


def _continues_title(last: _Row, row: _Row, below: Sequence[_Row]) -> bool:
    alike = _ALIKE <= row.height / last.height <= 1 / _ALIKE
    near = -0.4 * last.height < row.top - last.bottom < 0.5 * last.height
    middle = abs((row.left + row.right) - (last.left + last.right)) / 2
    aligned = abs(row.left - last.left) < last.height or middle < last.height
    text = [other.height for other in below if other is not row and other.height < row.height]
    larger = len(below) <= 2 or (bool(text) and row.height >= _OUT * median(text))
    return alike and near and aligned and larger and not row.bullet


def _banner(rows: Sequence[_Row], title: Sequence[_Row]) -> list[_Row]:
    """Small text over the title, or right below it at the same left edge."""
    if not title:
        return []
    head, size = title[0], median(row.height for row in title)
    over = [row for row in rows if row.bottom <= head.top + 0.3 * size and row.top < 0.12]
    over = [row for row in over if row.height < 0.95 * size and not _PAGE_NUMBER.match(row.text)]
    if over:
        return [row for row in over if row.top < over[0].bottom]
    body = [row for row in rows if row.top > title[-1].bottom - 0.3 * size]
    if len(body) < 2 or title[-1].bottom > _HEAD:
        return []
    first, others = body[0], body[1:]
    small = first.height <= 0.7 * size and first.top < _HEAD and not first.bullet
    aligned = abs(first.left - head.left) < 0.5 * first.height
    inside = all(other.left > first.left + 0.5 * first.height for other in others)
    smaller = first.height <= 0.87 * median(other.height for other in others)
    return [first] if small and aligned and (inside or smaller) else []


# --- the body: tables, columns, text and what is none -------------------------------------------


def _cells(rows: Sequence[_Row]) -> list[_Row]:
    """The rows of a table: three and more side by side, at least twice."""
    bands: list[list[_Row]] = []
    for row in rows:
        middle = (row.top + row.bottom) / 2
        band = next((b for b in bands if b[0].top < middle < b[0].bottom), None)
        if band is None:
            bands.append([row])
        else:
            band.append(row)
    wide = [band for band in bands if len(band) >= 3 and not any(row.bullet for row in band)]
    return [row for band in wide for row in band] if len(wide) >= 2 else []


def _size_of_text(rows: Sequence[_Row], title: Sequence[_Row]) -> float:
    """The height of the smallest line of the slide's own text, as against a picture's on it."""
    least = 0.4 * median(row.height for row in title) if title else 0.0
    text = [row.height for row in rows if row.bullet]
    prose = sorted(row.height for row in rows if row.text.count(" ") >= 2)
    size = median(text) if text else prose[len(prose) * 3 // 4] if prose else 0.0
    return max(least, 0.62 * size)


def _blocks(rows: list[_Row]) -> list[list[_Row]]:
    """Columns from left to right, cut again where something wide stands over or below them."""
    if len(rows) < 4:
        return [rows] if rows else []
    size = median(row.height for row in rows)
    parts = _side_by_side(rows, 1.2 * size)
    if parts:
        return [block for part in parts for block in _blocks(part)]
    for upper, lower in _cuts(rows, 1.2 * size):
        if _side_by_side(upper, 1.2 * size) or _side_by_side(lower, 1.2 * size):
            return [*_blocks(upper), *_blocks(lower)]
    return [rows]


def _side_by_side(rows: Sequence[_Row], gutter: float) -> tuple[list[_Row], list[_Row]] | None:
    across = sorted(rows, key=lambda row: row.left)
    end = across[0].right if across else 0.0
    for at, row in enumerate(across):
        if row.left - end > gutter and 2 <= at <= len(across) - 2:
            left, right = across[:at], across[at:]
            if _overlap(left, right) > 0.3:
                by_top = (sorted(part, key=lambda row: row.top) for part in (left, right))
                one, other = by_top
                return one, other
        end = max(end, row.right)
    return None


def _overlap(left: Sequence[_Row], right: Sequence[_Row]) -> float:
    """How much of the lower of two columns stands beside the other, 0..1."""
    spans = [(min(r.top for r in part), max(r.bottom for r in part)) for part in (left, right)]
    shared = min(spans[0][1], spans[1][1]) - max(spans[0][0], spans[1][0])
    return shared / min(bottom - top for top, bottom in spans)


def _cuts(rows: Sequence[_Row], gap: float) -> Iterator[tuple[list[_Row], list[_Row]]]:
    """Every way to cut rows in two where there is room between them."""
    end = rows[0].bottom
    for at, row in enumerate(rows):
        if row.top - end > gap:
            yield list(rows[:at]), list(rows[at:])
        end = max(end, row.bottom)


def _scraps(rows: Sequence[_Row], size: float) -> list[_Row]:
    """Short or small texts that are no part of a list: of a chart, a diagram, a screenshot."""
    if _is_code(rows):
        return []
    scraps = []
    for row in rows:
        if row.height < size or (_is_short(row) and not _in_list(row, rows)):
            scraps.append(row)
    return scraps


def _is_short(row: _Row) -> bool:
    wordy = sum(1 for word in row.text.split() if any(c.isalpha() for c in word))
    return not row.bullet and wordy < 4 and not _ADDRESS.match(row.text)


def _in_list(row: _Row, rows: Sequence[_Row]) -> bool:
    """Whether a line of the same size starts at the same place, or a bullet is right above."""
    if sum(c.isalpha() for c in row.text) < 3:
        return False
    for other in rows:
        far = min(abs(other.bottom - row.top), abs(row.bottom - other.top))
        alike = _ALIKE <= other.height / row.height <= 1 / _ALIKE
        whole = other.bullet or not _is_short(other)
        below = other.top < row.top and whole and other.left < row.left < other.right
        aligned = abs(other.left - row.left) < 0.4 * row.height
        letters = sum(c.isalpha() for c in other.text) >= 3
        if other is not row and alike and far < 1.6 * row.height and letters and (aligned or below):
            return True
    return False


def _kind(title: Sequence[_Row], body: Sequence[_Row], scraps: int) -> Kind:
    if title and not any(row.bullet for row in body):
        few = len(title) + len(body) <= 2 or (len(body) <= 3 and title[0].top > 0.2)
        larger = all(row.height < 0.8 * title[0].height for row in body)
        if few and larger:
            return "picture" if title[0].top > 0.7 else "section"
    return "picture" if scraps >= 4 or scraps > len(body) / 2 else "text"


# --- lists --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Item:
    rows: list[_Row]
    level: int = 0


def _lines(rows: Sequence[_Row]) -> list[Line]:
    """One block as lines: bullets, paragraphs and code, in order."""
    lines: list[Line] = []
    for part in _parts(rows):
        if _is_code(part):
            lines += _code(part)
        else:
            items = _items(part)
            _nest(items)
            lines += (Line(text=_prose(item.rows), level=item.level) for item in items)
    return lines


def _parts(rows: Sequence[_Row]) -> list[list[_Row]]:
    """One block cut where code begins and ends."""
    parts: list[list[_Row]] = []
    prose = False
    for bullet, run in groupby(rows, key=lambda row: row.bullet):
        part = list(run)
        code = not bullet and _is_code(part)
        if prose and not code:
            parts[-1] += part
        else:
            parts.append(part)
        prose = not code
    return parts


def _items(rows: Sequence[_Row]) -> list[_Item]:
    items: list[_Item] = []
    right = max((row.right for row in rows), default=0.0)
    for row in rows:
        if items and _wraps(items[-1], row, right):
            items[-1].rows.append(row)
        else:
            items.append(_Item([row]))
    return items


def _wraps(item: _Item, row: _Row, right: float) -> bool:
    """Whether `row` is the next line of the same bullet or paragraph.

    The line before was full: the first word of this one had no room on it.
    """
    last, head = item.rows[-1], item.rows[0]
    size = max(last.height, row.height)
    if row.bullet or row.top - last.bottom > 0.7 * size or row.height < 0.62 * last.height:
        return False
    if _ADDRESS.match(last.text) and " " not in row.text:
        return True  # often centred
    first = row.text.partition(" ")[0]
    full = last.right + (len(first) + 1) * row.letter > 0.97 * right
    if last.text.endswith("-") or (first[:1].islower() and full):
        full = True
    same = abs(row.left - last.left) < 0.6 * size
    if not head.bullet:
        return full and same and (first[:1].islower() or len(item.rows) > 1 or _tight(item, row))
    broken = first[:1].islower() and row.top - last.bottom < 0.3 * size  # by hand
    return (
        (full or broken) and (row.left > head.left + 0.3 * size) and (len(item.rows) == 1 or same)
    )


def _tight(item: _Item, row: _Row) -> bool:
    """Whether two lines stand as near as those of one paragraph."""
    last = item.rows[-1]
    return row.top < last.bottom


def _nest(items: Sequence[_Item]) -> None:
    """Levels from the left edges: further in than the one before is one deeper."""
    stack: list[float] = []
    for item in items:
        left, size = item.rows[0].left, item.rows[0].height
        while stack and left < stack[-1] - 0.6 * size:
            stack.pop()
        if not stack or left > stack[-1] + 0.6 * size:
            stack.append(left)
        item.level = len(stack) - 1


_ADDRESS = re.compile(r"^(?:https?://|www\.|[\w-]+(?:\.[\w-]+)+/)\S*$")


def _prose(rows: Sequence[_Row]) -> str:
    """The lines of one paragraph as one, with words that were broken at their ends made whole."""
    text = ""
    for row in rows:
        last = text.rpartition(" ")[2]
        broken = len(last) > 1 and last.endswith("-") and last[-2].isalpha()
        if broken and row.text[:1].islower():
            # "state-of-the-" + "art" keeps it, "trans-" + "former" does not.
            text = (text if "-" in last[:-1] else text[:-1]) + row.text
        elif _ADDRESS.match(last) and " " not in row.text:
            text += row.text
        else:
            text = f"{text} {row.text}" if text else row.text
    return text


# --- code ---------------------------------------------------------------------------------------

_LONGEST = 300  # characters that a line of code has at most; a longer one costs more to look at
_CODE = re.compile(
    r"""^(?:import|from|def|class|return|yield|async|await|with|if|elif|else|for|while|try|except
        |let|const|var|fn|pub|use|struct|impl|void|int|float|auto|template|static|using|func|package
        |SELECT|FROM|WHERE)\b.*(?:[:;({)}]$|\bimport\b|=)
      | ^import\ [\w.]+(?:\ as\ \w+)?$ | ^from\ [\w.]+\ import\ | ^return\b | ^@\w[\w.]*(?:\(.*\))?$
      | ^\#include | ^(?:\$|>>>|\#|//|--?\w)\ ?\S | ^\[\w+\]\ | [;{}\\]$ | ^[)}\]]+[,;]?$
      | ^[\w.\[\],\ ]+\ ?(?:[-+*/|&]|//)?=\ ?[^=].* | \w\(.*\)(?:\ *\#.*)?$ | ^[\w.]+\([^)]*,?$
      | ^\w+=[^=]+,?\)?$ | \w[_.]\w{1,80}\(""",
    re.VERBOSE,
)
_SURE = re.compile(
    r"^(?:import [\w.]+(?: as \w+)?$|from [\w.]+ import |def \w+\(|class \w+.*:$|#include|>>> )"
)


def _is_code(rows: Sequence[_Row]) -> bool:
    """Whether most lines look like a program, or one cannot be anything else."""
    if not rows or any(row.bullet for row in rows):
        return False
    hits = sum(1 for row in rows if len(row.text) <= _LONGEST and _CODE.search(row.text))
    if len(rows) == 1:
        return bool(_SURE.match(rows[0].text))
    return hits >= max(2, 0.6 * len(rows)) and _even(rows)


def _even(rows: Sequence[_Row]) -> bool:
    """Whether all letters may be as wide as each other; short lines are measured too badly."""
    widths = [row.letter for row in rows if len(row.text) >= 10]
    return not widths or max(widths) < 1.3 * min(widths)


def _code(rows: Sequence[_Row]) -> list[Line]:
    """With the indentation that the left edges show, in spaces."""
    letter = median(row.letter for row in sorted(rows, key=lambda row: -len(row.text))[:5])
    margin = min(row.left for row in rows)
    return [
        Line(text=" " * min(40, round((row.left - margin) / letter)) + row.text, code=True)
        for row in rows
    ]
