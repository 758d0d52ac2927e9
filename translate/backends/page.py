"""A post as a page to look at: one file, no script, in the look of the blog.

Knows Markdown and HTML, nothing of talks. The text comes from people and from outside, so HTML
in it is rebuilt tag by tag from a short list; all else is shown as text. Maths stays text.
"""

import base64
import html
import re
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from translate.model import UNTRANSLATED

Picture = Callable[[str], bytes | None]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; base-uri 'none'; form-action 'none'"  # noqa: E501  # one value


def page_html(
    markdown: str,
    *,
    title: str,
    byline: str,
    picture: Picture,
    open_ends: Sequence[str] = (),
) -> str:
    """The whole page. `markdown` is the post without its front matter.

    `picture` gives the bytes of a picture that the post names, or None. `open_ends` stand in a
    box at the top: plain text, what is still to be done.
    """
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = reader.parse(markdown)
    body = _Renderer(picture).render(tokens, reader.options, {})
    return _PAGE.format(
        policy=html.escape(_POLICY, quote=True),
        title=html.escape(title),
        byline=html.escape(byline),
        open_ends=_box(open_ends),
        style=_STYLE,
        body=body,
    )


def _box(open_ends: Sequence[str]) -> str:
    if not open_ends:
        return ""
    items = "".join(f"<li>{_marked(html.escape(text))}</li>" for text in open_ends)
    return f"<aside><p>还不能发布，有 {len(open_ends)} 处未完成：</p><ul>{items}</ul></aside>"


def _marked(escaped: str) -> str:
    return escaped.replace(UNTRANSLATED, f"<mark>{UNTRANSLATED}</mark>")


# --- Markdown -----------------------------------------------------------------------------------


class _Renderer(RendererHTML):
    """Markdown's own HTML, with what came from outside made safe."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self._picture = picture

    def text(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return _marked(super().text(tokens, idx, options, env))

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        target = str(tokens[idx].attrs.get("href", ""))
        tokens[idx].attrs = {
            **({"href": target} if _web(target) else {}),
            "rel": "noopener noreferrer",
            "target": "_blank",
        }
        return self.renderToken(tokens, idx, options, env)

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        alt = self.renderInlineAsText(token.children or [], options, env)
        return _image(self._picture, str(token.attrs.get("src", "")), alt)

    def html_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        del options, env
        return _Safe(self._picture).of(tokens[idx].content)

    html_inline = html_block


def _web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https", "mailto") or url.startswith("#")
    except ValueError:  # "http://["
        return False


_KINDS = (
    (b"\x89PNG\r\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
)


def _image(picture: Picture, source: str, alt: str) -> str:
    label = html.escape(alt)
    if re.match(r"(?i)https://", source):
        return f'<img src="{html.escape(source)}" alt="{label}" referrerpolicy="no-referrer">'
    data = picture(source)
    kind = next((k for start, k in _KINDS if data is not None and data.startswith(start)), None)
    if data is None or kind is None:
        return f"<mark>［缺图：{html.escape(source)}］</mark>"
    coded = base64.b64encode(data).decode("ascii")
    return f'<img src="data:{kind};base64,{coded}" alt="{label}">'


# --- HTML ---------------------------------------------------------------------------------------


class _Safe(HTMLParser):
    """HTML from outside: the tags that posts use, without attributes that do anything; comments
    and declarations go, every other tag is shown as text. What is not closed, the browser closes.
    """

    _TAGS = frozenset(("details", "summary", "p", "a"))

    def __init__(self, picture: Picture) -> None:
        super().__init__(convert_charrefs=False)
        self._picture = picture
        self._out: list[str] = []

    def of(self, text: str) -> str:
        self.feed(text)
        # What looks like the start of a tag and never ends is text.
        rest = self.rawdata
        self.reset()
        return "".join(self._out) + html.escape("" if rest.startswith("<!") else rest)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {key: value or "" for key, value in attrs}
        if tag == "img":
            self._out.append(_image(self._picture, facts.get("src", ""), facts.get("alt", "")))
        elif tag == "br":
            self._out.append("<br>")
        elif tag in self._TAGS:
            self._out.append(_opening(tag, facts))
        else:
            self._shown(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("img", "br"):
            self.handle_starttag(tag, attrs)
        else:
            self._shown(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        closing = f"</{tag}>"
        self._out.append(closing if tag in self._TAGS else html.escape(closing))

    def handle_data(self, data: str) -> None:
        self._out.append(_marked(html.escape(data, quote=False)))

    def handle_entityref(self, name: str) -> None:
        self._out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._out.append(f"&#{name};")

    def _shown(self, text: str) -> None:
        self._out.append(html.escape(text))


def _opening(tag: str, facts: dict[str, str]) -> str:
    if tag == "a" and _web(facts.get("href", "")):
        return f'<a href="{html.escape(facts["href"])}" rel="noopener noreferrer" target="_blank">'
    return "<details open>" if tag == "details" and "open" in facts else f"<{tag}>"


# --- the page -----------------------------------------------------------------------------------

_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{open_ends}
<main>
<h1>{title}</h1>
<p class="byline">{byline}</p>
{body}
</main>
</body>
</html>
"""

_STYLE = """
:root {
  --paper: #fff; --ink: #3c3c43; --soft: #67676c; --line: #e2e2e3; --brand: #3451b2;
  --note: #f0f4ff; --note-line: #5672cd; --code: #f6f6f7; --warn: #fff3c4; --warn-ink: #6b4e00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #1b1b1f; --ink: #dfdfd6; --soft: #98989f; --line: #2e2e32; --brand: #a8b1ff;
    --note: #20263a; --note-line: #7c91e0; --code: #202127; --warn: #4a3b00; --warn-ink: #ffe08a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink); line-height: 1.75; font-size: 16px;
  font-family: system-ui, -apple-system, "Segoe UI", "PingFang SC", "Hiragino Sans GB",
    "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif;
  overflow-wrap: anywhere;
}
main, aside { max-width: 750px; margin: 0 auto; padding: 0 24px; }
main { padding-top: 32px; padding-bottom: 96px; }
h1, h2, h3, h4 { line-height: 1.4; font-weight: 600; }
h1 { font-size: 30px; margin: 0 0 8px; }
h2 { font-size: 23px; margin: 48px 0 16px; padding-top: 20px; border-top: 1px solid var(--line); }
h3 { font-size: 19px; margin: 32px 0 0; }
.byline { margin: 0 0 32px; color: var(--soft); font-size: 14px; }
p, ul, ol, table, pre { margin: 16px 0; }
li + li { margin-top: 6px; }
a { color: var(--brand); font-weight: 500; text-underline-offset: 3px; }
img { display: block; max-width: 100%; height: auto; margin: 16px auto; border-radius: 6px; }
hr { border: 0; border-top: 1px solid var(--line); margin: 32px 0; }
hr + h2 { border-top: 0; padding-top: 0; margin-top: 32px; }
blockquote {
  margin: 16px 0; padding: 4px 16px; background: var(--note); border-radius: 8px;
  border-left: 4px solid var(--note-line); font-size: 15px;
}
blockquote p, blockquote ul { margin: 8px 0; }
details { margin: 16px 0; padding: 8px 16px; border-radius: 8px; background: var(--code);
  color: var(--soft); font-size: 14px; }
summary { cursor: pointer; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.875em;
  background: var(--code); padding: 3px 6px; border-radius: 4px; }
pre { background: var(--code); padding: 16px 20px; border-radius: 8px; overflow-x: auto;
  line-height: 1.6; overflow-wrap: normal; }
pre code { padding: 0; background: none; }
table { display: block; overflow-x: auto; border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: 8px 16px; }
tr:nth-child(2n) td { background: var(--code); }
mark { background: var(--warn); color: var(--warn-ink); padding: 0 2px; border-radius: 3px; }
aside { margin-top: 16px; padding: 8px 24px; background: var(--warn); color: var(--warn-ink);
  border-radius: 8px; font-size: 14px; }
"""
