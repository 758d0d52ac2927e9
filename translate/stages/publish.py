"""Publish: the draft as its editor left it becomes a post of the blog.

The English, the anchors, the hints and what nobody filled in go; every other word stays where the
editor put it, because only what is known to be ours is ever taken out. Text in, text out: knows
the shape of a draft, and neither files nor where a picture's bytes come from.
"""

import html
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from translate.draft import ANCHOR, CLOSING, PROOFREAD, SLIDE, seconds, split_front
from translate.house import tidy
from translate.model import UNTRANSLATED, Problem
from translate.typography import has_han


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture of the post."""

    source: str  # relative to the talk's folder, with "/"
    name: str  # what the post calls it: "conference-1.png"
    line: int  # of the draft, where it is shown first


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What the blog gets."""

    text: str
    pictures: tuple[Picture, ...] = ()  # in order of appearance, each once
    unfinished: tuple[Problem, ...] = ()  # what keeps it from being published, with draft lines


def post_of(
    draft_text: str,
    *,
    slug: str,
    bilingual: bool,
    endings: Mapping[str, str] | None = None,
    edited: bool = True,
) -> Post:
    """The post that a draft's text is today; nothing in the draft raises.

    `bilingual` keeps the English, folded. `endings` gives pictures, by `Picture.source`, another
    file name ending than ".png". While something is unfinished, or nobody has `edited` the draft,
    the lead goes on saying that an editor has yet to go through it.
    """
    text = draft_text.removeprefix("\ufeff").replace("\r\n", "\n")
    _, front, body = split_front(_MARKS.sub("", text))
    writer = _Writer(body, 1 + front.count("\n"), slug, bilingual=bilingual, endings=endings or {})
    out = writer.written()
    if edited and not writer.unfinished:
        out = _proofread(out)
    return Post(
        text=tidy(f"{front}{writer.restored(_without_leftovers(out))}"),
        pictures=tuple(writer.pictures.values()),
        unfinished=tuple(writer.unfinished),
    )


# --- the pieces of a draft's body ---------------------------------------------------------------

# Stand for what was taken out, and around the number of what is not looked into any more.
_GONE, _KEPT = "\ufdd0", "\ufdd1"
_MARKS = re.compile(f"[{_GONE}{_KEPT}]")

_LABEL = rf"(?:(?!<!--|{UNTRANSLATED})(?:\\.|[^\[\]\\\n]|\[[^\[\]\n]*\]))*"
_TARGET = r"<[^<>\n]*>|[^<>()\n\"]*(?:\([^<>()\n\"]*\)[^<>()\n\"]*)*"
_PIECE = re.compile(
    "|".join(
        (
            r"(?P<fence>^(?:[ \t>]|[-*+][ ]|\d{1,9}[.)][ ])*(?P<bar>`{3,}(?=[^`\n]*$)|~{3,})"
            r"[^\n]*\n(?:[^\n]*\n)*?[ \t>]*(?P=bar)[`~]*[ \t]*$)",
            r"(?P<english>(?:^[ \t]+)?<details[^<>\n]*>\s*<summary>\s*英文原文[^\n]*?</summary>"
            r"(?P<inner>(?:(?!</?details\b)[\s\S])*)</details>[ \t]*)",
            r"(?P<escape>\\[!-/:-@\[-`{-~])",
            rf"(?P<code>(?<!`)(?P<ticks>`+)(?!`)(?:(?!{ANCHOR.pattern}|{SLIDE.pattern})[^\n])+?(?<!`)(?P=ticks)(?!`))",
            r"(?P<anchor><!--+[ ]*[0-9０-９]{1,3}[ ]*[:：][0-9０-９:：. ]*--+>)",
            r"(?P<slide><!--+[ ]*幻灯片(?:(?!-->|<!--)[^\n])*-->)",
            r"(?P<hint><!--[ ]*(?:提示|原因|旧译)[ ]*[：:](?:(?!-->|<!--)[^\n])*-->)",
            r"(?P<comment>^[ ]{0,3}<!--(?:(?!<!--|-->)[\s\S])*-->"
            r"|<!--(?:(?!<!--|-->|\n[ \t]*\n)[\s\S])*-->)",
            rf"(?P<image>!\[(?P<alt>{_LABEL})\]\([ ]*(?P<target>{_TARGET})"
            r"(?P<title>[ ]+(?:\"[^\"\n]*\"|'[^'\n]*'))?[ ]*\))",
            rf"(?P<by_name>!\[(?P<name_alt>{_LABEL})\](?:\[(?P<name>[^\[\]\n]*)\])?)",
            r"(?P<tag>(?i:<img\b[^<>]*?\bsrc=)(?P<quote>[\"'])(?P<src>[^\"'<>\n]*)(?P=quote))",
            rf"(?P<waiting>{UNTRANSLATED})",
            r"(?P<open><!--)",
            r"(?P<lost><summary>\s*英文原文)",
        )
    ),
    re.MULTILINE,
)
_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]\n]+)\]:[ \t]*(<[^<>\n]*>|\S+)", re.MULTILINE)
_SIMPLE_ENGLISH = re.compile(r"\s*<p>[^<]*</p>\s*")
_REMOTE = re.compile(r"(?i)(?:https?:)?//|data:")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NUMBERED = re.compile(r"conference-\d+")


class _Writer:
    """Goes through a body once: what to keep, to take out, to rename, and what is unfinished."""

    def __init__(
        self, body: str, line: int, slug: str, *, bilingual: bool, endings: Mapping[str, str]
    ) -> None:
        self.pictures: dict[str, Picture] = {}  # by source
        self.unfinished: list[Problem] = []
        self._kept: list[str] = []
        self._body = body
        self._line = line
        self._slug = slug
        self._bilingual = bilingual
        self._endings = endings
        self._named = {m[1].casefold(): m[2] for m in _DEFINITION.finditer(body)}

    def written(self) -> str:
        """The body, with marks for what is gone and for what nobody must look into."""
        return _PIECE.sub(lambda m: getattr(self, f"_{_kind(m)}")(m), self._body)

    def restored(self, text: str) -> str:
        return re.sub(f"{_KEPT}(\\d+){_KEPT}", lambda m: self._kept[int(m[1])], text)

    def _keep(self, text: str) -> str:
        self._kept.append(text)
        return f"{_KEPT}{len(self._kept) - 1}{_KEPT}"

    # --- one kind of piece each ---

    def _fence(self, match: re.Match[str]) -> str:
        return self._keep(match.group())

    def _english(self, match: re.Match[str]) -> str:
        altered = not _SIMPLE_ENGLISH.fullmatch(match["inner"]) and has_han(match["inner"])
        if altered:
            self._problem(
                match,
                "english-altered",
                "Chinese stands inside the folded English",
                "move it out of <details>, or take it out",
            )
        if altered or self._bilingual:
            return f"\n{self._keep(match.group().strip())}\n\n"
        return "\n\n"

    def _escape(self, match: re.Match[str]) -> str:
        return match.group()

    _code = _escape

    def _anchor(self, match: re.Match[str]) -> str:
        del match
        return _GONE

    _hint = _anchor
    _slide = _anchor

    def _comment(self, match: re.Match[str]) -> str:
        return self._keep(match.group()) if "\n" in match.group() else match.group()

    def _image(self, match: re.Match[str]) -> str:
        return self._shown(match, match["alt"], match["target"], match["title"] or "")

    def _by_name(self, match: re.Match[str]) -> str:
        target = self._named.get((match["name"] or match["name_alt"]).casefold())
        return match.group() if target is None else self._shown(match, match["name_alt"], target)

    def _tag(self, match: re.Match[str]) -> str:
        name = self._renamed(match, match["src"])
        if name is None:
            return match.group()
        return f"{match.group()[: match.start('src') - match.start()]}{name}{match['quote']}"

    def _waiting(self, match: re.Match[str]) -> str:
        self._problem(
            match,
            "untranslated",
            f"{UNTRANSLATED} stands here still",
            "translate it in draft.md, or stw draft with a translator",
        )
        return match.group()

    def _open(self, match: re.Match[str]) -> str:
        self._problem(
            match,
            "comment-open",
            "a comment begins here and does not end: it would hide what follows",
            "end it with -->, or take the <!-- out",
        )
        return match.group()

    def _lost(self, match: re.Match[str]) -> str:
        self._problem(
            match,
            "english-broken",
            "the folded English has lost its <details> or </details>",
            "put it back, or take the whole block out",
        )
        return match.group()

    # --- pictures ---

    def _shown(self, match: re.Match[str], alt: str, target: str, title: str = "") -> str:
        name = self._renamed(match, target)
        if name is None:
            return match.group()
        old = posixpath.splitext(posixpath.basename(_decoded(target)))[0]
        ours = not alt.strip() or unquote(alt) == old or _NUMBERED.fullmatch(alt)
        label = posixpath.splitext(posixpath.basename(name))[0] if ours else alt
        if "'" not in title and "\\" not in title:
            title = title.replace('"', "'")  # as the blog's formatter quotes it
        return f"![{label}]({name}{title})"

    def _renamed(self, match: re.Match[str], target: str) -> str | None:
        """What the post calls the picture; None when it stays as it is."""
        path = _decoded(target)
        if _REMOTE.match(path):
            return None
        source = posixpath.normpath(path)
        if _leaves(source) or _SCHEME.match(source) or not path:
            self._problem(
                match,
                "picture-outside",
                f"the picture {target!r} is no file in the talk's folder",
                "copy it into the talk's folder, and name it from there",
            )
            return None
        if source not in self.pictures:
            stem = f"conference-{len(self.pictures) + 1}"
            name = stem + self._endings.get(source, ".png")
            line = self._line_of(match)
            self.pictures[source] = Picture(source=source, name=name, line=line)
        return f"../images/{self._slug}/{self.pictures[source].name}"

    # --- what is unfinished ---

    def _line_of(self, match: re.Match[str]) -> int:
        return self._line + self._body.count("\n", 0, match.start())

    def _problem(self, match: re.Match[str], rule: str, message: str, hint: str) -> None:
        self.unfinished.append(
            Problem(
                rule=rule,
                severity="error",
                message=message,
                at=self._time(match.start()),
                where=f"line {self._line_of(match)}",
                hint=hint,
            )
        )

    def _time(self, at: int) -> float | None:
        """When it is said: the anchor that ends its paragraph, else the English before it."""
        following = ANCHOR.search(self._body, at)
        if following and not _NEXT.search(self._body, at, following.start()):
            return seconds(following[1])
        before = _TIMED.findall(self._body[:at])
        return seconds(before[-1]) if before else None


_NEXT = re.compile(r"^(?:#{1,6} |<details)", re.MULTILINE)
_TIMED = re.compile(r"<summary>英文原文[^\n]*?(\d{2,}:[0-5]\d:[0-5]\d(?:\.\d{3})?)")


def _kind(match: re.Match[str]) -> str:
    """The group of `_PIECE` that is the whole of the match."""
    return next(
        k for k, v in match.groupdict().items() if v is not None and match.span(k) == match.span()
    )


def _decoded(target: str) -> str:
    """A picture's target as a path."""
    return unquote(html.unescape(target.strip().strip("<>"))).replace("\\", "/")


def _leaves(source: str) -> bool:
    return source.startswith(("/", "../")) or source in (".", "..") or not source.isprintable()


# --- what the blog would not find ---------------------------------------------------------------

_SHOWS = re.compile(
    r"<(?:img|video|audio|source|track|iframe|embed|object)\b(?:\"[^\"]*\"|'[^']*'|[^>\"'])*",
    re.IGNORECASE,
)
_SHOWN_FROM = re.compile(
    r"\b(?:src|srcset|poster|data)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE
)


def strays(post: str, *, slug: str) -> Iterator[Problem]:
    """Files that a finished post shows, as a Markdown parser reads it, and that do not come along.

    `where` names the block, by its line of the post.
    """
    from markdown_it import MarkdownIt

    for token in MarkdownIt("commonmark").enable("table").parse(split_front(post)[2]):
        for one in (token, *(token.children or ())):
            for target in _targets(one.type, one.content, str(one.attrGet("src") or "")):
                if not _REMOTE.match(target) and not target.startswith(f"../images/{slug}/"):
                    first = (token.map or (0, 0))[0] + 1 + split_front(post)[1].count("\n")
                    yield Problem(
                        rule="picture-outside",
                        severity="error",
                        message=f"{target!r} would not be found from the post",
                        where=f"line {first} of the post",
                        hint="show it as ![text](slides/name.png), in one line",
                    )


def _targets(kind: str, content: str, source: str) -> Iterator[str]:
    if kind == "image":
        yield html.unescape(source)
    if kind in ("html_block", "html_inline"):
        for tag in _SHOWS.findall(content):
            yield from (a or b or c for a, b, c in _SHOWN_FROM.findall(tag))


# --- what is left of it -------------------------------------------------------------------------

_AT_END = re.compile(f"[ \t]*{_GONE}+[ \t]*$")
_AT_START = re.compile(f"^([ \t>]*){_GONE}+[ \t]*")
_AMID = re.compile(
    rf"(?<=[A-Za-z0-9]){_GONE}+(?=[A-Za-z0-9])|[ \t]+{_GONE}[ \t{_GONE}]+|{_GONE}+[ \t]+{_GONE}+"
)
_ONLY_MARKER = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)]|>)[ \t]*")
_SLOT = re.compile(r"[ \t]*>[ \t]*编者注[ \t]*(?:✍\ufe0f?)?[ \t]*[：:][ \t]*")
_QUOTE_LINE = re.compile(r"[ \t]*>[ \t>]*")
_ENDS_QUOTE = re.compile(rf"\s*(?:$|#{{1,6}} |[-*+] |\d{{1,9}}[.)] |---|{_KEPT})")
_PLACEHOLDER = re.compile(rf"[ \t]*[-*+][ \t]+{re.escape(CLOSING[2:])}[ \t]*")
_LAST_WORDS = re.compile(r"#{1,6} +编者最后的碎碎念[ \t#]*")


def _without_leftovers(text: str) -> str:
    """The body without the marks of what is gone, empty slots, and the placeholder at the end."""
    lines = list(_without_slots(list(_without_marks(text.split("\n")))))
    lines = [line for line in lines if not _PLACEHOLDER.fullmatch(line)]
    for at in range(len(lines) - 1, -1, -1):
        if _LAST_WORDS.fullmatch(lines[at]):
            rest = (line for line in lines[at + 1 :] if line.strip())
            if next(rest, "# ").startswith("#"):
                del lines[at]
    return "\n".join(lines)


def _without_marks(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if _GONE not in line:
            yield line
            continue
        left = _AT_START.sub(r"\1", _AT_END.sub("", line))
        left = _AMID.sub(" ", left).replace(_GONE, "")
        # An anchor on a line of its own ended a paragraph; a list item is dropped whole.
        if not _ONLY_MARKER.fullmatch(left):
            yield left


def _without_slots(lines: list[str]) -> Iterator[str]:
    """Without the editor's notes that nobody has written."""
    at = 0
    while at < len(lines):
        end = at + 1
        if _SLOT.fullmatch(lines[at]):
            while end < len(lines) and _QUOTE_LINE.fullmatch(lines[end]):
                end += 1
            if end == len(lines) or _ENDS_QUOTE.match(lines[end]) or _SLOT.match(lines[end]):
                at = end
                continue
        yield from lines[at:end]
        at = end


def _proofread(text: str) -> str:
    """The lead says that an editor has been through it."""
    lead, more, rest = text.partition("<!-- more -->")
    return lead.replace(*PROOFREAD, 1) + more + rest
