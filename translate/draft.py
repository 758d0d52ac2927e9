"""The draft, as the Markdown a person edits: its nouns, `render` and `parse`.

    ---
    title: '【睁眼看世界 🌍】｜Event - Talk'
    ---

    ## A chapter

    <details>
    <summary>英文原文（<a href="https://…t=83s">00:01:23</a>）</summary>
    <p>The English, as text: nothing in it is markup.</p>
    </details>

    中文译文。<!-- 00:01:23 -->

    > 编者注 ✍️：<!-- 提示：why a reader will ask here -->

    > - A line of a slide
    > - The next one<!-- 幻灯片 00:01:23 -->

    ![00-01-59](slides/00-01-59.png)<!-- 幻灯片 00:01:59 -->

Chinese that is missing is `【待译】<!-- 原因：why -->`; Chinese of an earlier run, whose English or
terms have changed since, has `<!-- 旧译：why -->` behind it. The comment that ends a paragraph is
its anchor, and its identity: when it is spoken; a slide has one of its own, when it was first
shown. The English stands in one block of HTML, which no linter and no Markdown looks into; a blank
line would end it. Whatever `parse` does not know is the
editor's and stays word for word as a `Free` block.

Knows the shape, not where text comes from: nothing of talks, translators or files. All text in
the nouns is Markdown (as `typography.escape_text` makes it) unless it says plain.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from translate.model import UNTRANSLATED, Problem, clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    text: str
    level: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A place for an editor's note; a slot while `text` is empty."""

    reason: str = ""  # plain: why a reader will ask here
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A paragraph of the talk: its English, its Chinese, and the notes right after it."""

    at: str  # the anchor: "00:01:23", or "00:01:23.250" where a second holds two paragraphs
    chinese: str  # empty when it waits for its translation; with other anchors, if joined to them
    english: str = ""  # plain; empty where the editor took it out
    link: str = ""  # the video at this time
    missing: str = ""  # plain: why there is no Chinese
    stale: str = ""  # plain: why the Chinese is that of an earlier run, if it is
    notes: tuple[Note, ...] = ()

    @property
    def start(self) -> float:
        return seconds(self.at)

    @property
    def plain(self) -> str:
        """The Chinese without comments and anchors."""
        return _COMMENTS.sub("", self.chinese).strip()

    @property
    def anchors(self) -> tuple[str, ...]:
        """Its own, and those of the paragraphs that an editor has joined to it, by time."""
        return tuple(sorted({self.at, *ANCHOR.findall(self.chinese)}, key=seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A slide, where it is spoken of: what stands on it as a list, or its picture."""

    at: str  # its anchor, when it was first shown
    text: str  # without blank lines: a quote, or a picture

    @property
    def start(self) -> float:
        return seconds(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """Anything else: the lead, the boilerplate, and whatever the editor writes."""

    text: str


Block = Heading | Passage | Shown | Free


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    front: tuple[tuple[str, str], ...]  # key and its YAML, which may be lines below the key
    blocks: tuple[Block, ...]
    problems: tuple[Problem, ...] = field(default=(), compare=False)  # what `parse` doubted

    @property
    def passages(self) -> tuple[Passage, ...]:
        return tuple(b for b in self.blocks if isinstance(b, Passage))


# --- anchors ------------------------------------------------------------------------------------

_TIME = r"\d{2,}:[0-5]\d:[0-5]\d(?:\.\d{3})?"
ANCHOR = re.compile(rf"<!-- ({_TIME}) -->")
SLIDE = re.compile(rf"<!-- 幻灯片 ({_TIME}) -->")  # the anchor of a slide
REMARK = re.compile(r"<!-- (?:原因|旧译)：(?:(?!-->)[^\n])* -->")  # what we say of a paragraph
_COMMENTS = re.compile(r"\s*<!--.*?-->", re.DOTALL)
_DOUBTFUL = re.compile(
    r"<!--+ *(?:幻灯片 *)?[0-9０-９]{1,3} *[:：][0-9０-９:：.\s]*-*>?|<!-- (?:幻灯片 )?[0-9:.]+$",
    re.MULTILINE,
)


def anchors(starts: Sequence[float], taken: Iterable[str] = ()) -> list[str]:
    """An anchor for each start, in seconds: its second, and milliseconds where that is taken."""
    found: list[str] = []
    used = set(taken)
    for start in starts:
        anchor, ms = clock(start), round(max(0.0, start) * 1000)
        while anchor in used:
            anchor = f"{clock(ms // 1000)}.{ms % 1000:03d}"
            ms += 1
        used.add(anchor)
        found.append(anchor)
    return found


def seconds(anchor: str) -> float:
    """The time of an anchor."""
    hours, minutes, rest = anchor.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


# --- chunks -------------------------------------------------------------------------------------

_FRONT = re.compile(r"\A\ufeff?---[ \t]*\n((?:.*\n)*?)---[ \t]*(?:\n|\Z)")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`\n]*$)|~{3,})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What stands between blank lines (nothing at all, for blank lines at the top), and the white
    space after it."""

    text: str
    gap: str
    line: int  # of the file, from 1


def split_front(text: str) -> tuple[str, str, str]:
    """The front matter's lines, the whole of it with its fences, and the body."""
    match = _FRONT.match(text)
    return (match.group(1), match.group(), text[match.end() :]) if match else ("", "", text)


def chunks(body: str, line: int = 1) -> Iterator[Chunk]:
    """`body` in pieces that joined again are `body`; a fenced block is one piece."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", body)  # splitlines would split at more than line ends
    first = 0
    while first < len(lines):
        end = _end_of_chunk(lines, first)
        after = end
        while after < len(lines) and not lines[after].strip():
            after += 1
        text = "".join(lines[first:end])
        stripped = text.rstrip()
        yield Chunk(stripped, text[len(stripped) :] + "".join(lines[end:after]), line + first)
        first = after


def _end_of_chunk(lines: list[str], first: int) -> int:
    fence = _FENCE.match(lines[first])
    if fence:
        bar = fence.group(1)
        for at in range(first + 1, len(lines)):
            if lines[at].strip().startswith(bar) and not lines[at].strip().strip(bar[0]):
                return at + 1
    at = first
    while at < len(lines) and lines[at].strip():
        at += 1
    return at


def end_of_paragraph(found: Sequence[Chunk], at: int, anchor: str) -> int | None:
    """Where in `found` the Chinese ends that starts at `at`, if its anchor comes.

    Without `anchor` it is one chunk; after English with that anchor it goes on, since an editor
    may have split it, to the chunk that ends with it. A slide on the way is passed over.
    """
    while at < len(found):
        text = found[at].text
        if anchor and shown(text):
            at += 1
            continue
        if _anchor_at_end(text):
            return at if not anchor or anchor in ANCHOR.findall(text) else None
        if not anchor or _HEADING.fullmatch(text) or text.startswith(("<details", ">", "---")):
            return None
        at += 1
    return None


# --- rendering ----------------------------------------------------------------------------------


def render(draft: Draft) -> str:
    """The draft as Markdown, ending in one line end."""
    front = "".join(
        f"{key}:{_after_colon(value)}\n" if key else f"{value}\n" for key, value in draft.front
    )
    parts = [f"---\n{front}---"] if draft.front else []
    for block in draft.blocks:
        if isinstance(block, Heading):
            parts.append(f"{'#' * block.level} {block.text}")
        elif isinstance(block, Free):
            parts.append(block.text)
        elif isinstance(block, Shown):
            between = "\n>\n> " if _CODE_AT_END.search(block.text) else ""
            parts.append(f"{block.text}{between}<!-- 幻灯片 {block.at} -->")
        else:
            parts.extend(_passage(block))
    return "\n\n".join(parts) + "\n"


def _after_colon(value: str) -> str:
    return value if value.startswith("\n") or not value else f" {value}"


def _passage(passage: Passage) -> Iterator[str]:
    if passage.english:
        yield english_block(passage.at, passage.english, passage.link)
    why = f"<!-- 原因：{_comment(passage.missing)} -->" if passage.missing else ""
    old = f"<!-- 旧译：{_comment(passage.stale)} -->" if passage.stale else ""
    yield f"{passage.chinese or UNTRANSLATED + why}{old}<!-- {passage.at} -->"
    for note in passage.notes:
        reason = f"<!-- 提示：{_comment(note.reason)} -->" if note.reason else ""
        yield f"{NOTE}{note.text}{reason}"


NOTE = "> 编者注 ✍️："
# How the lead of a post ends: in the draft, and once an editor has been through it.
PROOFREAD = ("本文由机器辅助生成，尚待编者校对。", "本文由机器辅助生成，经编者校对。")
CLOSING = "- （编者留言）"  # stands under 编者最后的碎碎念 until the editor writes there


def english_block(at: str, english: str, link: str = "") -> str:
    """The English of a paragraph, folded; as text, whatever stands in it."""
    time = f'<a href="{_html(link).replace(chr(34), "&quot;")}">{at}</a>' if link else at
    return f"<details>\n<summary>英文原文（{time}）</summary>\n<p>{_html(english)}</p>\n</details>"


def _html(text: str) -> str:
    """Plain text in HTML that Vue compiles: no tag, no entity, no `{{`."""
    return html.escape(text, quote=False).replace("{", "&#123;").replace("}", "&#125;")


def _comment(text: str) -> str:
    """Plain text in a comment: it cannot end it, nor pass for another."""
    return re.sub("-(?=-|$)", "&#45;", _html(text))


_PLAIN = re.compile(r"[A-Za-z0-9【（\u4e00-\u9fff](?:[^\x00-\x1f:#]|:(?=\S)|(?<! )#)*")
_TYPED = re.compile(
    r"(?i)(?:true|false|null|yes|no|on|off|y|n|[-+.\d][\d_.,:eExXoOa-f+-]*|\.?inf|\.?nan|\d{4}-.*)"
)


def yaml_scalar(text: str) -> str:
    """`text`, plain and on one line, as YAML that prettier leaves alone.

    Quoted only where YAML needs it, in single quotes unless that would mean more escapes.
    """
    if _PLAIN.fullmatch(text) and not _TYPED.fullmatch(text) and not text.endswith((":", " ")):
        return text
    if "\\" not in text and '"' not in text and "'" in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


# --- parsing ------------------------------------------------------------------------------------

_HEADING = re.compile(r"(#{1,6}) +(\S.*)")
_DETAILS = re.compile(
    rf"<details>\n<summary>英文原文（(?:<a href=\"([^\"]*)\">)?({_TIME})(?:</a>)?）</summary>\n"
    r"<p>([^<]*)</p>\n</details>"
)
_LAST_ANCHOR = re.compile(rf"(.*?)[ ]*<!-- ({_TIME}) -->", re.DOTALL)
_MISSING = re.compile(rf"{UNTRANSLATED}(?:<!-- 原因：(.*?) -->)?")
_STALE = re.compile(r"(.+?)[ ]*<!-- 旧译：((?:(?!-->)[^\n])*) -->", re.DOTALL)
_CODE_AT_END = re.compile(r"^>[ ]*`{3,}\Z", re.MULTILINE)  # which no comment may stand behind
_SHOWN = re.compile(rf"(.*?)(?:\n>\n> |[ ]*)<!-- 幻灯片 ({_TIME}) -->", re.DOTALL)
_NOTE = re.compile(rf"{NOTE}[ ]*(.*?)[ ]*(?:<!-- 提示：([^<>]*?) -->)?")
_KEY = re.compile(r"([^\s#:-][^:\n]*):(?:[ ]+(.*)|)")


def shown(chunk: str) -> Shown | None:
    """The slide that a chunk is, if it is one: it ends with a slide's anchor."""
    match = _SHOWN.fullmatch(chunk)
    if match is None or not match.group(1) or ANCHOR.search(chunk):
        return None
    return Shown(at=match.group(2), text=match.group(1))


def parse(text: str) -> Draft:
    """The draft in a file, however it was edited; nothing in it raises, and no word is dropped.

    What was broken stands in `Draft.problems` with its line.
    """
    text = text.replace("\r\n", "\n")
    front, whole, body = split_front(text)
    found = list(chunks(body, 1 + whole.count("\n")))
    reader = _Reader([c for c in found if c.text.strip()])
    blocks = tuple(reader.blocks())
    return Draft(front=tuple(front_items(front)), blocks=blocks, problems=tuple(reader.problems()))


def front_items(lines: str) -> Iterator[tuple[str, str]]:
    """Front matter key by key, each with the lines that belong to it; "" for lines before any."""
    key, value = "", ""
    for line in lines.removesuffix("\n").split("\n") if lines else ():
        match = _KEY.fullmatch(line)
        if match:
            if key or value:
                yield key, value
            key, value = match.group(1), match.group(2) or ""
        else:
            value = f"{value}\n{line}" if key or value else line
    if key or value:
        yield key, value


class _Reader:
    """Takes chunks in order and makes blocks of those that it knows."""

    def __init__(self, found: list[Chunk]) -> None:
        self.found = found
        self.at = 0
        self.alone: list[Chunk] = []  # English without Chinese
        self.inside: list[Shown] = []  # slides that an editor has moved into a passage

    def blocks(self) -> Iterator[Block]:
        while self.at < len(self.found):
            block = self._block()
            yield from self.inside
            self.inside.clear()
            yield block

    def _block(self) -> Block:
        text = self.found[self.at].text
        heading = _HEADING.fullmatch(text)
        if heading:
            self.at += 1
            return Heading(level=len(heading.group(1)), text=heading.group(2))
        slide = shown(text)
        if slide:
            self.at += 1
            return slide
        details = _DETAILS.fullmatch(text)
        start = self.at + 1 if details else self.at
        end = end_of_paragraph(self.found, start, details.group(2) if details else "")
        if end is None:
            if details:
                self.alone.append(self.found[self.at])
            self.at += 1
            return Free(text=text)
        return self._passage(details, end)

    def _passage(self, details: re.Match[str] | None, end: int) -> Passage:
        first = self.at + 1 if details else self.at
        parts = [c.text for c in self.found[first : end + 1]]
        slides = [shown(part) for part in parts]
        self.inside += filter(None, slides)
        prose = "\n\n".join(p for p, slide in zip(parts, slides, strict=True) if not slide)
        chinese, anchor = _without_anchor(prose, details.group(2) if details else "")
        missing = _MISSING.fullmatch(chinese)
        old = None if missing else _STALE.fullmatch(chinese)
        self.at = end + 1
        return Passage(
            at=anchor,
            chinese="" if missing else old.group(1) if old else chinese,
            stale=html.unescape(old.group(2)) if old else "",
            missing=html.unescape(missing.group(1) or "") if missing else "",
            english=html.unescape(details.group(3)) if details else "",
            link=html.unescape(details.group(1) or "") if details else "",
            notes=tuple(self._notes()),
        )

    def _notes(self) -> Iterator[Note]:
        while self.at < len(self.found):
            match = _NOTE.fullmatch(self.found[self.at].text)
            if match is None:
                return
            self.at += 1
            yield Note(text=match.group(1), reason=html.unescape(match.group(2) or ""))

    def problems(self) -> Iterator[Problem]:
        known = {anchor for chunk in self.found for anchor in ANCHOR.findall(chunk.text)}
        for chunk in self.alone:
            details = _DETAILS.fullmatch(chunk.text)
            if details and details.group(2) not in known:  # else joined to another, or moved away
                yield self._lost(chunk, details.group(2))
        seen: set[str] = set()
        for chunk in self.found:
            for match in _DOUBTFUL.finditer(chunk.text):
                if not (ANCHOR.fullmatch(match.group()) or SLIDE.fullmatch(match.group())):
                    yield _problem(
                        chunk, match.group(), "anchor-broken", f"not an anchor: {match.group()}"
                    )
            yield from _twins(chunk, seen)

    def _lost(self, chunk: Chunk, anchor: str) -> Problem:
        after = self.found.index(chunk) + 1
        text = self.found[after].text if after < len(self.found) else ""
        ends = _HEADING.fullmatch(text) or text.startswith(("<details", ">", "---"))
        if not text or ends or shown(text):
            return Problem(
                rule="paragraph-deleted",
                severity="warning",
                message="this English has no Chinese any more",
                at=seconds(anchor),
                where=f"line {chunk.line}",
                hint="taken out: take its English out as well; joined to another paragraph: put"
                f" <!-- {anchor} --> behind that one's Chinese, too",
            )
        return replace(
            _problem(
                chunk,
                chunk.text,
                "anchor-missing",
                "the Chinese of this English has lost its anchor",
            ),
            at=seconds(anchor),
            severity="error",  # without it, nothing can check what stands there
            hint=f"end the paragraph with <!-- {anchor} -->",
        )


def _without_anchor(prose: str, wanted: str) -> tuple[str, str]:
    """The paragraph without its anchor, and that anchor: the wanted one, else the last."""
    match = _anchor_at_end(prose)
    if match is None:
        return prose, ""
    last = match.group(2)
    if wanted and wanted != last:
        before, comment, after = prose.rpartition(f"<!-- {wanted} -->")
        if comment:
            return before.rstrip(" ") + after, wanted
    return match.group(1), last


def _anchor_at_end(text: str) -> re.Match[str] | None:
    """The anchor that ends a paragraph; `(.*?)` takes any others before it."""
    return _LAST_ANCHOR.fullmatch(text)


def _twins(chunk: Chunk, seen: set[str]) -> Iterator[Problem]:
    """Problems with anchors that stand in `seen`, to which the chunk's are added."""
    for pattern, what in ((ANCHOR, "paragraphs"), (SLIDE, "slides")):
        for match in pattern.finditer(chunk.text):
            if match.group() in seen:
                message = f"two {what} have the anchor {match.group(1)}"
                yield _problem(chunk, match.group(), "anchor-twice", message)
            seen.add(match.group())


def _problem(chunk: Chunk, near: str, rule: str, message: str) -> Problem:
    line = chunk.line + chunk.text[: max(0, chunk.text.find(near))].count("\n")
    hint = "end the paragraph with <!-- 00:00:00 -->, the time of its English"
    if "幻灯片" in near or chunk.text.startswith(("> - ", "> ```", "![")):
        hint = "end the slide with <!-- 幻灯片 00:00:00 -->, its `at` in slides.json"
    return Problem(
        rule=rule,
        severity="warning",
        message=message,
        where=f"line {line}",
        hint=hint,
    )
