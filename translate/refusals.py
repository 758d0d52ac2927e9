"""What the blog's linters or its build would refuse, or break in silence, told by rules alone.

`problems` names it with its line. The blog's own tools are asked in the tests, and by
`stw check --blog`. Knows a post's text, and nothing of files but whether a picture is there.
"""

import datetime
import html
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from translate.draft import ANCHOR, split_front
from translate.house import FENCE, HEADING, QUOTE, end_of_fence, tidy
from translate.model import Problem, Severity
from translate.typography import has_han

if TYPE_CHECKING:
    import yaml

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
_DIRECTIVE = re.compile(r"<[A-Za-z][^<>]*?\s(v-[a-z][\w:.-]*|[@:#][a-z][\w:.-]*)", re.IGNORECASE)
_WHOLE_TAG = re.compile(
    r"<[A-Za-z][\w-]*(?:\s+[^\s\"'<>=]+(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+))?)*\s*/?>"
)
_FOOTNOTE = re.compile(r"(?<!\\)\[\^[^\[\]\s]+\]")
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
    found += _mustaches(body, first)
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
    try:
        items = _yaml(front)
    except _BadYamlError as error:
        hint = "a value with `: `, `#` or quotes in it belongs in single quotes"
        yield _problem("front-matter", "error", error.line + 2, str(error), hint)
        return
    for key in ("title", "date", "author"):
        if not items.get(key):
            what = f"the front matter has no {key}"
            yield _problem("front-matter", "error", 1, what, f"add `{key}:`")
        elif not isinstance(items[key], _FRONT_TYPES[key]):
            what = f"the front matter's {key} is not read as {_FRONT_WORDS[key]}"
            yield _problem("front-matter", "error", 1, what, "compare it with another post's")
    for n, line in enumerate(front.split("\n"), 2):
        if re.search(r"^[^'\"#]*: +[^'\"#\s][^'\"]*\s#", line):
            what = "what follows ` #` is no part of the value"
            yield _problem("front-matter", "warning", n, what, "put the value in single quotes")


_FRONT_TYPES: dict[str, tuple[type, ...]] = {
    "title": (str,),
    "date": (datetime.date,),
    "author": (dict, str),
}
_FRONT_WORDS = {"title": "text", "date": "a date, 2026-01-31", "author": "a name"}


class _BadYamlError(ValueError):
    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def _yaml(front: str) -> dict[str, object]:
    """Front matter as the build reads it. Raises _BadYamlError with its line, from 0."""
    import yaml

    try:
        for node in yaml.compose_all(front, Loader=yaml.SafeLoader):
            _no_twins(node)
        found = yaml.safe_load(front)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        raise _BadYamlError(f"the build cannot read this: {error.problem}", line) from error
    except (ValueError, RecursionError) as error:  # 2026-13-45; thousands of brackets
        raise _BadYamlError(f"the build cannot read this: {error}", 0) from error
    if not isinstance(found, dict):
        raise _BadYamlError("the build cannot read this: no `key: value`", 0)
    return {str(key): value for key, value in found.items()}


def _no_twins(node: "yaml.Node | None") -> None:
    """Raises _BadYamlError for a key that stands twice, which the build refuses."""
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen:
            raise _BadYamlError(f"the key {key.value} stands twice", key.start_mark.line)
        seen.add(key.value)
        _no_twins(value)


def _masked(body: str) -> str:
    """The body with code, comments and fences blanked out, every line where it was."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    lines = body.split("\n")
    at = 0
    while at < len(lines):
        fence = FENCE.match(lines[at].lstrip("> "))
        if fence:
            end = end_of_fence([x.lstrip("> ") for x in lines], at, fence[1])
            lines[at:end] = [" " * len(x) for x in lines[at:end]]
            at = end
        else:
            at += 1
    return _CODE.sub(blank, _COMMENT.sub(blank, "\n".join(lines)))


def _line_of(text: str, at: int, first: int) -> int:
    return first + text.count("\n", 0, at)


def _html_problems(body: str, first: int) -> Iterator[Problem]:
    """Tags that the build would not understand."""
    text = _ANGLES.sub(lambda m: " " * len(m[0]), _masked(body))
    open_: list[tuple[str, int]] = []
    for found in _TAG.finditer(text):
        line = _line_of(text, found.start(), first)
        name = (found[2] or "").lower()
        if found[2] is None or name not in _TAGS:
            shown = f"<{found[2] or ''}"
            what = f"`{shown}` is no tag that the build knows"
            yield _problem("html", "error", line, what, "put it in backticks, or write &lt;")
        elif not found[1] and (what := _bad_attributes(name, found[0])):
            yield _problem("html", "error", line, what, "mend it, or take it out")
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


def _mustaches(body: str, first: int) -> Iterator[Problem]:
    for found in re.finditer(r"\{\{", _COMMENT.sub(lambda m: " " * len(m[0]), body)):
        where = _line_of(body, found.start(), first)
        hint = "write &#123;&#123;, outside backticks"
        yield _problem("mustache", "error", where, "`{{` is an expression to the build", hint)


def _bad_attributes(name: str, tag: str) -> str:
    if not _WHOLE_TAG.fullmatch(tag):
        return f"the quotes in <{name}> do not match"
    if directive := _DIRECTIVE.match(tag):
        return f"{directive[1]} is an instruction to the build"
    return ""


def _unclosed(name: str, line: int) -> Problem:
    return _problem("html", "error", line, f"<{name}> is not closed", f"add </{name}>")


def _line_problems(body: str, first: int) -> Iterator[Problem]:
    masked = _masked(body).split("\n")
    lines = body.split("\n")
    skip = 0
    for n, (line, seen) in enumerate(zip(lines, masked, strict=True)):
        at = first + n
        fence = FENCE.match(line.lstrip("> "))
        if n >= skip and fence:
            skip = end_of_fence([x.lstrip("> ") for x in lines], n, fence[1])
            if not fence[2].strip():
                what = "a code block without a language"
                yield _problem("fence", "error", at, what, "write ```text, or the language")
        heading = HEADING.fullmatch(seen)
        last = html.unescape(heading[2] or "").rstrip()[-1:] if heading else ""
        if last in tuple(_BAD_END):  # `&lt;` is no semicolon
            what = f"a heading ends in {last}"
            yield _problem("heading", "error", at, what, "take the mark away")
        if _EMPTY_QUOTE.fullmatch(seen) and line == seen and _alone(lines, n):
            yield _problem("quote", "error", at, "an empty line of a quote", "take it out")
        if re.fullmatch(r"[>\s]*(?:[-*+]|\d+[.)])[ \t]*", seen) and line == seen:
            yield _problem("list", "error", at, "an empty item of a list", "take it out")
        if re.match(r"<<<\s*[@.\w/]", seen):
            what = "<<< makes the build include a file"
            yield _problem("include", "error", at, what, "write &lt;&lt;&lt;")
        if footnote := _FOOTNOTE.search(seen):
            what = f"the blog has no footnotes: {footnote[0]}"
            yield _problem("footnote", "error", at, what, "say it in brackets, or in a note")
        if not _RAW.match(seen):
            yield from _silent(seen, at)


_RAW = re.compile(r"[> ]*<p>")  # HTML up to the next empty line, where no mark means anything
_EMPTY_QUOTE = re.compile(r"[ ]{0,3}(?:>[ ]?)+")


def _alone(lines: Sequence[str], at: int) -> bool:
    """Whether a quote's empty line begins a quote with nothing in it."""
    if at and QUOTE.match(lines[at - 1]):
        return False
    following = (x for x in lines[at:] if not _EMPTY_QUOTE.fullmatch(x))
    return not QUOTE.match(next(following, ""))


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
