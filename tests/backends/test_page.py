"""The preview: what is shown is what the post says, and nothing in it runs or calls home."""

import base64
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared import shared_data
from tests.test_typography import BITS, letters
from translate.backends.page import page_html

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
HOSTILE = (
    "<script>document.title = 'ran'</script>",
    "<img src=x onerror=\"document.title = 'ran'\">",
    "<svg onload=\"document.title = 'ran'\"></svg>",
    "<iframe src='https://a.b'></iframe>",
    "<style>body{display:none}</style>",
    "<meta http-equiv=refresh content='0;url=https://a.b'>",
    "<link rel=stylesheet href=https://a.b/c.css>",
    "<base href='https://a.b'>",
    "<form action='https://a.b'><button>x</button></form>",
    "<p onclick=\"document.title = 'ran'\" style='position:fixed'>x</p>",
    "<a href=\"javascript:document.title = 'ran'\">x</a>",
    "[x](javascript:alert(1)) [y](data:text/html,x) [z](vbscript:x)",
    "<details open ontoggle=\"document.title = 'ran'\"><summary>x",
    "</main></body></html>",
    "</style><script>document.title = 'ran'</script>",
    "<!-- <script> -->",
    "<!--><script>document.title = 'ran'</script>-->",
    "<![CDATA[<script>]]>",
    "<?php x ?>",
    "<a\nhref=javascript:x>",
    "<script",
    "&lt;script&gt;",
    "![x](javascript:alert(1))",
    "{title} {0} {{ x }}",
)


def page(markdown: str, *, title: str = "题目", **more: object) -> str:
    picture = more.pop("picture", lambda target: PNG if target.endswith(".png") else None)
    return page_html(markdown, title=title, byline="孙 · 2026-08-06", picture=picture, **more)  # type: ignore[arg-type]


def main(markdown: str, **more: object) -> str:
    found = re.search(
        r"<p class=\"byline\">[^\n]*\n(.*)\n</main>", page(markdown, **more), re.DOTALL
    )
    assert found
    return found[1]


class Seen(HTMLParser):
    """All tags, attributes and links of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


ALLOWED = frozenset(
    re.findall(
        r"\S+",
        "html head meta title style body main aside p h1 h2 h3 h4 h5 h6 ul ol li blockquote"
        " details summary a img br hr code pre table thead tbody tr th td strong em s mark",
    )
)
HARMLESS = frozenset(
    re.findall(
        r"\S+",
        "lang charset http-equiv content name class href"
        " rel target src alt referrerpolicy start open style",
    )
)


def safe(text: str) -> Seen:
    seen = Seen(text)
    assert seen.tags <= ALLOWED
    assert seen.attributes <= HARMLESS
    assert not re.search(r'<[^>]* style="(?!text-align:)', text)  # of table cells
    for link in seen.links:
        assert link.startswith(("http://", "https://", "mailto:", "#", "data:image/")), link
    return seen


def test_the_page_has_the_looks_and_the_parts_of_a_post() -> None:
    text = page(
        "导语。\n\n<!-- more -->\n\n---\n\n## 小节\n\n> 编者注 ✍️：好\n\n"
        '<details>\n<summary>英文原文（<a href="https://a.b/?t=1&amp;x=2">00:00:01</a>）</summary>\n'
        "<p>List&lt;int&gt; &#123;&#123; x</p>\n</details>\n\n![图](../images/s/a.png)\n\n"
        "| a | b |\n| --- | --- |\n| 1 | `c` |\n\n$x_1$ ~~删~~ **粗**<br>\n",
        title="【睁眼看世界 🌍】｜<b> & {x}",
    )
    seen = safe(text)
    assert "<h1>【睁眼看世界 🌍】｜&lt;b&gt; &amp; {x}</h1>" in text
    assert '<p class="byline">孙 · 2026-08-06</p>' in text
    assert {"details", "summary", "blockquote", "table", "img", "h2", "br", "s"} <= seen.tags
    assert "List<int> {{ x" in seen.text
    assert "<!-- more" not in text
    assert "$x_1$" in seen.text
    assert 'href="https://a.b/?t=1&amp;x=2"' in text
    assert f'src="data:image/png;base64,{base64.b64encode(PNG).decode()}"' in text
    assert "default-src &#x27;none&#x27;" in text
    assert "<aside>" not in text


def test_what_is_open_is_marked_and_listed() -> None:
    text = page("【待译】\n\n<p>【待译】</p>\n", open_ends=["00:00:01: 【待译】 <x>"])
    assert text.count("<mark>【待译】</mark>") == 3
    assert "有 1 处未完成" in text
    assert "&lt;x&gt;" in text


def test_pictures_are_inlined_and_missing_ones_are_told() -> None:
    assert "［缺图：../images/s/none.jpg］" in main("![x](../images/s/none.jpg)")
    assert "［缺图：a.png］" in main("![x](a.png)", picture=lambda _: b"<svg onload=x>")
    assert "［缺图：http://a.b/c.png］" in main("![x](http://a.b/c.png)", picture=lambda _: None)
    remote = main("![x](https://a.b/c.png)", picture=lambda _: None)
    assert '<img src="https://a.b/c.png" alt="x" referrerpolicy="no-referrer">' in remote
    for start, kind in ((b"\xff\xd8\xff", "jpeg"), (b"GIF89a", "gif"), (b"RIFF", "webp")):
        assert f"data:image/{kind}" in main('<img src="a.x" alt="q">', picture=lambda _, s=start: s)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(text: str) -> None:
    safe(page(f"前 {text} 后\n\n{text}\n\n末尾", title=text, open_ends=[text]))


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([*HOSTILE, *BITS, "\n", "<p>", "</p>", "<a>", "<br/>"]), max_size=9)
)
def test_whatever_is_written_the_page_is_safe(bits: list[str]) -> None:
    text = "".join(bits)
    made = page(text, title=text)
    safe(made)
    assert made.count("</main>") == 1


words = st.lists(st.text("的一是在 abc", min_size=1, max_size=9), min_size=1, max_size=4)


@given(words)
def test_every_word_is_shown(texts: list[str]) -> None:
    assert letters("".join(texts)) in letters(Seen(main("\n\n".join(texts))).text)


@pytest.mark.data
def test_the_columns_own_post_is_shown_whole() -> None:
    text = shared_data("posts/pytorch-conference-01.md").read_text(encoding="utf-8")
    folder = shared_data("posts/images")
    shown = page(
        text.split("---", 2)[2], picture=lambda t: (folder / t.rpartition("/")[2]).read_bytes()
    )
    seen = safe(shown)
    assert shown.count('src="data:image/png;base64,') == 6
    for paragraph in re.findall(r"^[\u4e00-\u9fff，。、（）]{20,}$", text, re.MULTILINE):
        assert paragraph in seen.text


@pytest.mark.slow
def test_a_real_browser_runs_nothing(tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("needs chromium")
    path = tmp_path / "page.html"
    path.write_text(page("\n\n".join(HOSTILE) + "\n\n最后一段", title="题目"), encoding="utf-8")
    done = subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000"),
            *(f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "<title>题目</title>" in done.stdout
    assert "最后一段" in done.stdout
    assert "<script" not in done.stdout
