"""Chinese typography as the blog's linters want it, and text from outside made inert.

Two jobs. `chinese` puts the spaces, punctuation and quotes of Markdown prose right without ever
changing a letter, a (half-width) digit or a Han character, and leaves code, links, maths,
comments and tags alone. `escape_text` takes text that is *not* Markdown (a title, a model's
answer) and gives Markdown that shows that text: a title is never markup. What it gives passes
lint-md, is left alone by prettier, and is plain text to VitePress.

Knows nothing of talks, drafts or files. Line ends inside outside text become spaces: a paragraph
is one line.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

# The characters of the Unicode script Han, which is what the blog's linter means by Chinese.
HAN = (
    "\u2e80-\u2e99\u2e9b-\u2ef3\u2f00-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufa6d\ufa70-\ufad9\U00016fe2\U00016fe3\U00016ff0\U00016ff1"
    "\U00020000-\U0002fa1d\U00030000-\U000323af"
)
_LATIN = "A-Za-z0-9\u00c0-\u024f\u0370-\u03ff"
_HALF = ",;:!?."
_FULL = dict(zip(_HALF, "，；：！？。", strict=True))
_FULL_MARKS = "，。！？；：、（）《》「」『』【】…"
_WIDE_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")

_han = re.compile(f"[{HAN}]")
# Spaces of every width are a space; what has no width, or turns the text around, is nothing.
_SPACES = re.compile("[\\s\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_WIDE_SPACES = re.compile("[\\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def has_han(text: str) -> bool:
    """Whether there is any Chinese in it."""
    return _han.search(text) is not None


def one_line(text: str) -> str:
    """`text` without invisible characters, its white space single spaces, its ends trimmed."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()


# --- pieces -------------------------------------------------------------------------------------

_CODE = r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>[^\n]{0,250}?[^`\n])(?P=ticks)(?!`)"
_PLAIN_CODE = r"(?<!`)`(?P<code>(?!\s)(?:(?!\{\{|\}\}|<!--|-->)[^`\n])+(?<!\s))`(?!`)"
_URL = (
    r"(?P<url>(?<![A-Za-z0-9@/.:\\])(?<!\]\()https?://"
    rf"[^\s<>\"'`|\\^{{}}\[\]()*~{HAN}\u2010-\u2027\u3000-\u303f\uff00-\uffef{chr(0xF0000)}-\U0010ffff]+"
    r"(?:\([^\s<>\"'`()\\*{}~]*\)[A-Za-z0-9_/#?=&%.+-]*)?)"
)
_NAME = r"(?!_*\.)[A-Za-z_][A-Za-z0-9_]*"
_CALL = r"\([A-Za-z0-9_.,=]*\)"
# What reads as a name in a program: it has an underscore, is called, or is a product of names.
# Markdown or the linters of Chinese prose would break these.
_IDENTIFIER = (
    rf"(?P<name>(?<![A-Za-z0-9_@/.*\\-])(?:"
    rf"(?=[A-Za-z0-9.]*_[A-Za-z0-9_.]*[A-Za-z0-9]|_+[A-Za-z0-9]){_NAME}(?:\.{_NAME})*(?:{_CALL})?"
    rf"|(?:{_NAME}\.)+{_NAME}{_CALL}"
    rf"|[a-z][A-Za-z0-9]*{_CALL}"
    r"|[A-Za-z0-9]+(?:\*[A-Za-z0-9]+){2,}"
    r")(?:(?=https?://)|(?![A-Za-z0-9_(*\\@])))"
)
_FENCE = r"(?P<fence>^(?P<bar>`{3,}(?=[^`\n]*$)|~{3,})[^\n]*\n(?s:.*?)^(?P=bar)[^\n]*$)"
_OPAQUE = (
    r"(?P<opaque><!--(?s:.*?)-->|</?[A-Za-z][^<>]*>|<(?:https?|mailto):[^<>\s]*>"
    r"|\\[!-/:-@\[-`{-~]|&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);"
    r"|\$\$(?s:.+?)\$\$|(?<![\\$])\$(?=[^\s$])[^$\n]*?(?<=[^\s\\])\$(?![\d$])"
    r"|(?<![\w\\`])_[A-Za-z0-9](?:[^\s_`*\\]*[A-Za-z0-9])?_(?!\w)"  # emphasis
    r"|!\[[^\]\n]*\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|^\[[^\]\n]+\]:[^\n]*$)"
)
_LINK = (
    r"(?P<link>\[(?P<label>(?:\\.|[^\[\]\\\n])+)\]"
    r"(?P<target>\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\](?!\()))"
)
# How a line begins in Markdown: quotes, list markers, headings, rules, containers.
_LEAD = (
    r"(?P<lead>^[ ]*(?:(?:>|[-*+]|\d{1,9}[.)]|\#{1,6})[ ]+)+|^[ ]*>$"
    r"|^[ ]*(?:-{3,}|\*{3,}|_{3,})[ ]*$|^:{3,}[^\n]*$|^[ ]*\|[-:| ]+\|[ ]*$)"
)
_MARKDOWN = re.compile(
    "|".join((_FENCE, _LEAD, _CODE, _OPAQUE, _LINK, _URL, _IDENTIFIER)), re.MULTILINE
)
_LABEL = re.compile("|".join((_CODE, _OPAQUE)), re.MULTILINE)
_PLAIN = re.compile("|".join((_PLAIN_CODE, _URL, _IDENTIFIER)))


@dataclass(frozen=True, slots=True)
class _Piece:
    """What prose must not look into; stands in it as one character while it is put right."""

    text: str  # Markdown
    front: bool = False  # takes a space between itself and Chinese before it, or after it
    back: bool = False


class _Pieces:
    """A text as prose with marks in it, and what the marks stand for."""

    def __init__(self, text: str, pattern: re.Pattern[str], *, wrap: bool = True) -> None:
        self.marked: dict[str, _Piece] = {}
        self._wrap = wrap  # names in backticks, web addresses in links
        self.prose = pattern.sub(self._take, re.sub(f"[{_ANY_MARK}]", "", text))

    def _take(self, match: re.Match[str]) -> str:
        groups = match.groupdict()
        bare = groups.get("url") is not None or groups.get("name") is not None
        if bare and not self._wrap:
            return self._add(match.group(), space=True)
        if groups.get("url") is not None:
            return self._url(match.group())
        if groups.get("name") is not None:
            return self._add(f"`{match.group()}`", space=True)
        if groups.get("link") is not None:
            label = _chinese(groups["label"], _LABEL)
            front, back = (bool(_LATIN_EDGE.match(c)) for c in (label[:1], label[-1:]))
            return self._mark(f"[{label}]{groups['target']}", _THING, front=front, back=back)
        if groups.get("code") is not None:
            return self._add(match.group(), space=True)
        return self._add(match.group(), space=False)

    def _url(self, found: str) -> str:
        url = found.rstrip(".,;:!?_~&-=/") + ("/" if found.endswith("/") else "")
        rest = found[len(url) :] if found.startswith(url) else ""
        return self._add(link(url), space=True) + rest

    def _add(self, text: str, *, space: bool) -> str:
        plane = _THING if space else _COMMENT if text.startswith("<!--") else _QUIET
        return self._mark(text, plane, front=space, back=space)

    def _mark(self, text: str, plane: int, *, front: bool, back: bool) -> str:
        mark = chr(plane + len(self.marked))
        self.marked[mark] = _Piece(text, front, back)
        return mark

    def spaced(self, prose: str) -> str:
        """Spaces between Chinese and code, links and names; none beside full-width marks."""
        prose = _BESIDE_FULL.sub("", prose)
        prose = _AFTER_HAN.sub(lambda m: " " * self.marked[m.group(1)].front + m.group(1), prose)
        prose = _UNTIL_HAN.sub(lambda m: m.group(1) + " " * self.marked[m.group(1)].back, prose)
        prose = _NOT_IMAGE.sub(lambda m: "! " if self._is_link(m.group(1)) else "!", prose)
        # Two pieces of code that touch would be one piece, or none.
        return _TOUCHING.sub(r"\1 ", prose)

    def _is_link(self, mark: str) -> bool:
        return self.marked[mark].text.startswith("[")

    def restore(self, prose: str) -> str:
        return re.sub(f"[{_ANY_MARK}]", lambda m: self.marked[m.group()].text, prose)


_PLAIN_URL = re.compile(r"https?://(?!.*(?:\.{4}|&#?\w+;|:\w+:))[A-Za-z0-9/:.?=&%#+,;@_~()-]+")


def link_target(url: str) -> str:
    """A web address as the target of a Markdown link; empty where the blog's build would call it
    dead, or one of the blog's tools would change it."""
    if not _PLAIN_URL.fullmatch(url) or urlsplit(url).hostname == "localhost":
        return ""
    return url.replace("(", "%28").replace(")", "%29")


def link(url: str) -> str:
    """A web address as Markdown that shows it: a link, else code."""
    target = link_target(url)
    label = re.sub(r"[_~]", lambda m: "\\" + m.group(), url)
    return f"[{label}]({target})" if target else f"`{url}`"


# --- prose --------------------------------------------------------------------------------------

# Private characters of Unicode that stand for pieces: comments, which nobody sees; what prose goes
# on around, such as tags and escapes; and what is read as a word: code, links, names.
_COMMENT, _QUIET, _THING = 0xF0000, 0xF8000, 0x100000
_ANY_MARK = "\U000f0000-\U0010ffff"
_COMMENT_MARK = "\U000f0000-\U000f7fff"
_THING_MARK = "\U00100000-\U0010ffff"
_BESIDE_FULL = re.compile(
    f"(?<=[{_FULL_MARKS}]) +(?=[{_THING_MARK}])|(?<=[{_THING_MARK}]) +(?=[{_FULL_MARKS}])"
)
_AFTER_HAN = re.compile(f"(?<=[{HAN}])([{_THING_MARK}])")
_UNTIL_HAN = re.compile(f"([{_THING_MARK}])(?=[{HAN}])")
_NOT_IMAGE = re.compile(f"!(?=([{_THING_MARK}]))")
_TOUCHING = re.compile(f"([{_THING_MARK}])(?=[{_THING_MARK}])")
_LATIN_EDGE = re.compile(f"[{_LATIN}`]")


def _rules(*rules: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), replacement) for pattern, replacement in rules)


_BEFORE = _rules(
    (rf"^([0-9]{{1,3}}[.)])(?=[{HAN}])", r"\1 "),
    (" {2,}", " "),
    (rf"(?<=[{HAN}])\.\.(?!\.)|(?<!\.)\.\.(?=[{HAN}])", "……"),
    (rf"(?<=[{HAN}”）》]) ?(?:-{{2,}}|[—–]) ?(?=[{HAN}“（《])", "——"),
    ("％", "%"),
    ("(?<=[0-9]) %", "%"),
    (rf"(?<=[0-9]%)(?=[{HAN}])", " "),
    # .NET and .py after Chinese keep their dot and get a space; `。But` does not.
    (rf"(?<=[{HAN}])(?=\.(?:[a-z]|[A-Z]{{2}}))", " "),
)
_AFTER = _rules(
    (f"(?<=[{HAN}])(?=[{_LATIN}])|(?<=[{_LATIN}])(?=[{HAN}])", " "),
    (rf"(?<=[A-Za-z][+#])(?=[{HAN}])|(?<=[A-Za-z]\+\+)(?=[{HAN}])", " "),
    (rf" +(?=[{_FULL_MARKS}])|(?<=[{_FULL_MARKS}]) +", ""),
    (rf"(?<=[{HAN}]) +(?=[“”])|(?<=[“”]) +(?=[{HAN}])", ""),
)
_ELLIPSIS = re.compile(r" ?(?:\.{3,}|…+|。{3,})(?: ?(?:\.{3,}|…+|。{3,}))*")
_ENGLISH_ELLIPSIS = re.compile(r"\.*…[.…]*|\.{4,}")
_NEAR_HAN = re.compile(rf"[,;:!?](?= *[“《（]?[{HAN}])|(?<=[{HAN}])[,;:!?]")
_DOT = re.compile(rf"(?<=[{HAN}])\.(?!\.)|(?<!\.)\.(?=[{HAN}])")
_DOT_SPACE = re.compile(rf"(?<![A-Za-z0-9.])([A-Za-z0-9]+)\. +(?=[{HAN}])")
_ABBREVIATIONS = frozenset(
    [
        "eg",
        "ie",
        "vs",
        "etc",
        "dr",
        "mr",
        "mrs",
        "ms",
        "st",
        "no",
        "fig",
        "eq",
        "al",
        "approx",
        "v",
        "e",
        "g",
        "i",
        "p",
        "ph",
        "d",
    ]
)
_FINAL = re.compile(rf"(?<=[A-Za-z0-9%”）{_THING_MARK}])[.!?](?= *[{_COMMENT_MARK}]*$)")
_BRACKETS = re.compile(r"[()（）]")
_BOLD = re.compile(
    r"(?<![\\*])\*\*(?![\s*])((?:(?!\*\*).)*?[^\s*\\])\*\*(?!\*)|(?<!\*)\*\*([^\s*])\*\*"
)
_WORDLIKE = re.compile(rf"[{_LATIN}{HAN}]")
_PUNCTUATION = re.compile(r"[^\w\s]")


def _full_marks(line: str) -> str:
    line = _NEAR_HAN.sub(lambda m: _FULL[m.group()], line)
    line = _DOT.sub("。", line)
    return _DOT_SPACE.sub(_sentence_end, line)


def _sentence_end(match: re.Match[str]) -> str:
    word = match.group(1)
    if word.lower() in _ABBREVIATIONS or (word.isdigit() and match.start() == 0):
        return match.group()
    return f"{word}。"


def _brackets(line: str) -> str:
    """Full-width brackets where Chinese touches a pair, from inside, or outside across spaces."""
    out = list(line)
    stack: list[int] = []
    for found in _BRACKETS.finditer(line):
        at = found.start()
        if found.group() in "(（":
            stack.append(at)
        elif stack:
            start = stack.pop()
            if _chinese_pair(line, start, at):
                out[start], out[at] = "（", "）"
        elif has_han(line[max(0, at - 1) : at + 2]):
            out[at] = "）"
    for at in stack:
        if has_han(line[max(0, at - 1) : at + 2]):
            out[at] = "（"
    return "".join(out)


def _chinese_pair(line: str, start: int, end: int) -> bool:
    outside = line[:start].rstrip()[-1:] + line[end + 1 :].lstrip()[:1]
    mixed = (line[start] == "（") != (line[end] == "）")
    return mixed or has_han(outside) or has_han(line[start:end])


def _quotes(line: str) -> str:
    """Straight double quotes in pairs; an odd number of them is no pair, and is left."""
    if '"' not in line or line.count('"') % 2 or not has_han(line):
        return line
    parts = line.split('"')
    return "".join(p + "“”"[i % 2] for i, p in enumerate(parts[:-1])) + parts[-1]


def _bold(line: str) -> str:
    """A space where bold would otherwise not open, or not close, and show its asterisks."""

    def mend(match: re.Match[str]) -> str:
        inner = match.group(1) or match.group(2)
        before, after = line[: match.start()][-1:], line[match.end() :][:1]
        left = " " if _WORDLIKE.match(before) and _PUNCTUATION.match(inner[0]) else ""
        right = " " if _WORDLIKE.match(after) and _PUNCTUATION.match(inner[-1]) else ""
        return f"{left}{match.group()}{right}"

    return _BOLD.sub(mend, line)


def _line(line: str) -> str:
    """One line of prose, marks in it, put right."""
    line = line.translate(_WIDE_DIGITS)
    line = _ELLIPSIS.sub("……", line) if has_han(line) else _ENGLISH_ELLIPSIS.sub("...", line)
    for pattern, replacement in _BEFORE:
        line = pattern.sub(replacement, line)
    line = _quotes(_brackets(_full_marks(line)))
    if has_han(line):
        line = _FINAL.sub(lambda m: _FULL[m.group()], line)
    for pattern, replacement in _AFTER:
        line = pattern.sub(replacement, line)
    return line


def _chinese(text: str, pattern: re.Pattern[str]) -> str:
    pieces = _Pieces(text, pattern)
    if "`" in pieces.prose:  # a stray backtick would pair with any that we add
        pieces = _Pieces(text, pattern, wrap=False)
    lines = (_bold(_line(line)) for line in pieces.prose.split("\n"))
    return pieces.restore(pieces.spaced("\n".join(lines)))


_PASSES = 8  # one rule's work can be another's occasion; two or three passes settle real prose


def chinese(markdown: str) -> str:
    """Chinese Markdown prose with the blog's typography.

    Code, maths, comments, tags, escapes and the targets of links stay as they are; a bare web
    address becomes a link, a bare identifier code. Applying it twice changes nothing more.
    """
    text = _WIDE_SPACES.sub(" ", _INVISIBLE.sub("", markdown))
    for _ in range(_PASSES):
        before, text = text, _chinese(text, _MARKDOWN)
        if before == text:
            break
    return text


# --- text from outside --------------------------------------------------------------------------

_INLINE = re.compile(
    r"[\\`*_\[\]$~<{}]|&(?=#?\w+;)"
    r"|:(?=[^\s\d])|:(?=\d+:)|;(?=-?[()])|(?<=[8BbXx])-(?=\))"  # the blog's emoji: `:tada:`, `8-)`
    r"|(?<=/)/|(?<=\w)@(?=\w)"  # what would become a link by itself
)
_ENTITIES = {"<": "&lt;", "{": "&#123;", "}": "&#125;", "&": "&amp;", "`": "&#96;"}
_HEADING_ENDS = " 。，：；.,:;~*`…"
_NOTHING = re.compile("(?!)")
_START = re.compile(r"(\d{1,9})([.)])(?= |$)|([-+>#])")


def _inline(prose: str) -> str:
    return _INLINE.sub(lambda m: _ENTITIES.get(m.group(), f"\\{m.group()}"), prose)


def _start(markdown: str) -> str:
    """What a line cannot begin with, unless it means it."""
    match = _START.match(markdown)
    if match is None:
        return markdown
    at = match.end() - 1
    return f"{markdown[:at]}\\{markdown[at:]}"


def escape_text(text: str, *, names: bool = True) -> str:
    """One line of Markdown that shows `text`, which is not Markdown, with the blog's typography.

    Only `code` in single backticks keeps its meaning; web addresses become links, identifiers
    code. With `names=False` these, too, are text: for headings, and for what stands in a link.
    Invisible characters are dropped and white space becomes single spaces.
    """
    pieces = _Pieces(one_line(text), _PLAIN if names else _NOTHING)
    return _start(pieces.restore(_inline(_settled(pieces))))


def heading_text(text: str) -> str:
    """`escape_text` for a heading, which must not end in a mark that the blog's linter forbids."""
    plain = one_line(text).rstrip(_HEADING_ENDS)
    return re.sub("#$", r"\\#", escape_text(plain, names=False))


def tidy_text(text: str) -> str:
    """Plain text, such as a subtitle's, with the blog's typography and no markup."""
    pieces = _Pieces(one_line(text).replace("`", ""), _PLAIN, wrap=False)
    return pieces.restore(_settled(pieces))


def _settled(pieces: _Pieces) -> str:
    prose = pieces.prose
    for _ in range(_PASSES):
        before, prose = prose, pieces.spaced(_line(prose))
        if before == prose:
            break
    return prose.strip()
