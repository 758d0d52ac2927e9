"""What we generate passes the blog's own tools untouched, and shows text from outside as text.

All drafts go through each tool in one process, because starting Node costs more than linting.
"""

import datetime
import html
import random
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.shared import SHARED
from tests.test_typography import BITS, letters
from translate.draft import Draft, Free, Heading, anchors, english_block, render
from translate.merge import merge
from translate.model import (
    Article,
    Cue,
    Engine,
    Paragraph,
    Section,
    Sentence,
    Speaker,
    Talk,
    Transcript,
    Translation,
)
from translate.stages.assemble import Column, Person, assemble
from translate.stages.segment import segment
from translate.typography import escape_text, heading_text, one_line

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HERE = Path(__file__).parent
DAY = datetime.date(2026, 8, 6)
CHAT = Engine(name="chat", model="model_x-1")
COLUMN = Column(
    author=Person(name="孙", github="sun"),
    co_authors=(Person(name="O'Neil: a", github="neil"),),
    boilerplate="一段话。\n\n又一段，见[这里](https://github.com/a)。",
)

HOSTILE = (
    "<script>window.ran = 1</script>",
    "<img src=x onerror=alert(1)>",
    "{{ constructor.constructor('return 1')() }}",
    "{{ foo bar }} and }} or {{",
    "a title {.evil onclick=alert(1)}",
    "---",
    "key: value # comment",
    "a | b | c",
    "| a | b |",
    "<details>",
    "</details></p></main>",
    "<b>unclosed",
    "``` and ` and ``",
    "`{{ x }}`",
    "__init__ and torch_function and a*b*c and 2*3*4",
    "$x$ and $$y$$ costs $5 or $6",
    "right\u202eleft \u2066iso\u2069 zero\u200bwidth \ufeffbom",
    "--> <!-- 00:00:01 --> --!> <!--",
    "中文。<!-- 00:01:23 -->",
    "<!-- more -->",
    "<!--@include: ./a.md-->",
    "<<< @/package.json",
    "> 编者注 ✍️：不是我们的",
    "【待译】<!-- 原因：x -->",
    "# heading",
    "1. one",
    "- item",
    "+ plus",
    "> quote",
    "[[toc]]",
    "::: danger",
    "[x]: http://a.b/c",
    "[x](javascript:alert(1)) ![y](./missing.png) [z](./dead)",
    "http://localhost:3000/x and //localhost:3000/y",
    "http://a.b/c_d?e=f&copy;g#h。后面还有",
    ":tada: <3 8-) :100:",
    "等等...还有....和…，模型(model)有8卡A100,60%的GPU",
    '他说"你好",she said "hi"',
    "C:\\dir\\* \\",
    "&lt;b&gt; &amp; &#123;",
    "ends with a colon:",
    "ends with hash #",
    "true",
    "2024-01-01",
    "'single' and \"double\": both",
    "tab\tand\nline\r\nends\u2028here\x0b\x00\x08",
    "x" * 5000,
    "长" * 3000,
    "…" * 9 + "." * 9,
    "~~~ ~~strike~~ ==mark== ^sup^",
    "１２３ＡＢＣ",
    "مرحبا بالعالم 日本語カナ 한국어",
    "v-html v-on:click @click :bind #slot",
)


def sentence(start: float, text: str) -> Sentence:
    return Sentence(start=start, end=start + 4, text=text)


def spoken(start: float, *texts: str) -> Paragraph:
    made = tuple(sentence(start + 4 * n, t) for n, t in enumerate(texts))
    return Paragraph(start=start, end=made[-1].end, sentences=made)


def translated(start: float, chinese: str, missing: str = "") -> Translation:
    return Translation(start=start, chinese=chinese, of="h", by=CHAT, missing=missing)


def normal() -> Draft:
    talk = Talk(
        slug="s",
        title="State of PyTorch",
        url="https://www.youtube.com/watch?v=dR0lHxt3Tjo&list=a_b",
        event="PyTorch Conference 2023",
        speakers=(Speaker(name="Alban Desmaison", affiliation="Meta"),),
        channel="PyTorch",
        date="2023-10-16",
        licence="Creative Commons Attribution license (reuse allowed)",
    )
    sections = (
        Section(start=0, title="Intro", paragraphs=(spoken(0, "Hi."), spoken(0.5, "I am."))),
        Section(start=60, title="2.0: What?", paragraphs=(spoken(61, "We shipped PyTorch 2.0."),)),
    )
    return assemble(
        talk,
        Article(sections=sections),
        [translated(0, "大家好"), translated(0.5, "我是Alban."), translated(61, "我们发布了2.0。")],
        column=COLUMN,
        slots={0.0: ("Meta 的工程师 --> 核心维护者",)},
        today=DAY,
        transcribed_by=Engine(name="whisper", model="turbo"),
    )


def hostile(texts: Sequence[str] = HOSTILE, *, chinese: bool = True) -> Draft:
    """Every text in every place: chapter, English, Chinese, reason, note."""
    sections = tuple(
        Section(start=n * 10, title=t, paragraphs=(spoken(n * 10, t, "End."),))
        for n, t in enumerate(texts)
    )
    every = " ".join(t for t in texts if len(t) < 100)
    talk = Talk(
        slug="s",
        title=every,
        url='http://localhost:8000/it\'s?a="b"',
        event=every,
        speakers=tuple(Speaker(name=t, affiliation=t) for t in texts if len(t) < 100),
        channel=every,
        date=every,
        licence=every,
    )
    return assemble(
        talk,
        Article(sections=sections),
        [
            translated(n * 10, t if chinese else "", "" if chinese else t)
            for n, t in enumerate(texts)
        ],
        column=replace(COLUMN, author=Person(name=texts[0], github=texts[1])),
        slots={n * 10.0: (t, t) for n, t in enumerate(texts)},
        today=DAY,
        transcribed_by=Engine(name=every, model=""),
    )


def one_hostile(text: str) -> Draft:
    """One text as the whole title, so that YAML sees it bare."""
    talk = Talk(slug="s", title=text, event=text, speakers=(Speaker(name=text),), licence=text)
    article = Article(sections=(Section(start=0, title=text, paragraphs=(spoken(0, text),)),))
    return assemble(talk, article, [translated(0, text)], column=COLUMN, today=DAY)


def untranslated() -> Draft:
    talk = Talk(slug="s", title="A talk")
    article = Article(sections=(Section(start=0, title="", paragraphs=(spoken(3, "Hi."),)),))
    return assemble(talk, article, [], column=COLUMN, today=DAY)


def lines(texts: Sequence[str]) -> Draft:
    """Escaped lines as paragraphs, headings and English; one heading each, so none is empty."""
    blocks = [Free(text=e) for e in map(escape_text, texts) if e]
    heads = [Heading(text=h) for h in map(heading_text, texts[:300]) if h]
    quotes = [
        Free(text=english_block(at, one_line(t)))
        for at, t in zip(anchors(range(300)), texts, strict=False)
    ]
    front = (("title", "lines"), ("author", "\n   name: a\n   github: b"))
    return Draft(front=front, blocks=(*blocks, *heads, *quotes))


def random_texts(count: int) -> list[str]:
    dice = random.Random(20260806)
    made = ("".join(dice.choices(BITS, k=dice.randint(1, 9))) for _ in range(count))
    return [text for text in made if escape_text(text)]


def merged() -> str:
    """A draft that was edited and then merged with a better one."""
    base = render(untranslated())
    edited = base.replace("- （编者留言）", "- 我的话。").replace("category: insights\n", "")
    article = Article(
        sections=(Section(start=0, title="", paragraphs=(spoken(3, "Hi."), spoken(9, "New one."))),)
    )
    talk = Talk(slug="s", title="A talk", licence="CC: BY")
    new = assemble(talk, article, [translated(3, "你好")], column=COLUMN, today=DAY)
    return merge(base, edited, render(new)).text


# --- real lectures ------------------------------------------------------------------------------

_CUE = re.compile(
    r"(\d+):(\d+):(\d+)[,.](\d+) --> (\d+):(\d+):(\d+)[,.](\d+)[^\n]*\n(.*?)\n\s*\n", re.DOTALL
)


def cues(path: Path) -> list[Cue]:
    text = path.read_text("utf-8-sig").replace("\r\n", "\n") + "\n\n"
    out = []
    for h, m, s, ms, h2, m2, s2, ms2, said in _CUE.findall(text):
        start = int(h) * 3600 + int(m) * 60 + int(s) + int(ms) / 1000
        end = int(h2) * 3600 + int(m2) * 60 + int(s2) + int(ms2) / 1000
        out.append(Cue(start=start, end=max(end, start), text=" ".join(said.split())))
    return out


def lecture(english: Path, chinese: Path | None) -> Draft:
    said = cues(english)
    transcript = Transcript(
        language="en", engine=CHAT, duration=said[-1].end, cues=tuple(c for c in said if c.text)
    )
    article = segment(transcript, ())
    known = []
    theirs = cues(chinese) if chinese else []
    for paragraph in article.paragraphs:
        here = [c.text for c in theirs if paragraph.start <= c.start < paragraph.end]
        known.append(translated(paragraph.start, " ".join(here), "" if here else "no captions"))
    talk = Talk(slug="s", title=english.stem, url="https://a.b/watch?v=1")
    return assemble(talk, article, known, column=COLUMN, today=DAY)


def lectures() -> dict[str, str]:
    """Whole real lectures with people's Chinese, where the recordings are here."""
    folder = SHARED / "lectures"
    if not folder.exists():
        return {}
    found = {}
    for n, english in enumerate(sorted((folder / "hf-course/en").glob("*.srt"))):
        other = folder / "hf-course/zh-CN" / english.name
        found[f"hf-{n}"] = render(lecture(english, other if other.exists() else None))
    for n, english in enumerate(sorted((folder / "polyu-comp5521").rglob("*.srt"))):
        found[f"polyu-{n}"] = render(lecture(english, english))
    return found


# --- the tools ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ran:
    code: int
    said: str


@dataclass(frozen=True)
class Blog:
    drafts: Mapping[str, str]
    site: Path
    node: Path

    def run(self, *command: str) -> Ran:
        done = subprocess.run(
            [str(self.node / "node_modules/.bin" / command[0]), *command[1:]],
            cwd=self.site,
            capture_output=True,
            text=True,
            timeout=250,
            check=False,
        )
        return Ran(done.returncode, done.stdout + done.stderr)


_OFFLINE = re.compile(r"code (?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT)")


@pytest.fixture(scope="session")
def node() -> Path:
    """The folder with the blog's tools, installed at the first use."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs Node and npm for the blog's own tools")
    if not (HERE / "node_modules/.bin/vitepress").exists():
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund"],
            cwd=HERE,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        if done.returncode and _OFFLINE.search(done.stderr):
            pytest.skip("needs the npm registry once, to install the blog's own tools")
        assert done.returncode == 0, done.stderr[-2000:]
    return HERE


@pytest.fixture(scope="session")
def blog(node: Path, tmp_path_factory: pytest.TempPathFactory) -> Blog:
    """A small blog with one post for each draft."""
    site = tmp_path_factory.mktemp("blog")
    shutil.copytree(HERE / "site", site, dirs_exist_ok=True)
    for name in (".lintmdrc", ".prettierrc.json", "package.json"):
        shutil.copy(HERE / name, site)
    (site / "node_modules").symlink_to(node / "node_modules")
    drafts = {
        "normal": render(normal()),
        "hostile": render(hostile()),
        "hostile-waiting": render(hostile(chinese=False)),
        "untranslated": render(untranslated()),
        "merged": merged(),
        "lines": render(lines(random_texts(1500))),
        **{f"one-{n}": render(one_hostile(t)) for n, t in enumerate(HOSTILE)},
        **lectures(),
    }
    (site / "posts").mkdir()
    for name, text in drafts.items():
        (site / "posts" / f"{name}.md").write_text(text, "utf-8", newline="\n")
    return Blog(drafts, site, node)


@pytest.fixture(scope="session")
def pages(blog: Blog) -> Path:
    """The built site. `vitepress --version` would start a server; `build` ends by itself."""
    done = blog.run("vitepress", "build", ".")
    assert done.code == 0, done.said[-3000:]
    return blog.site / ".vitepress/dist/posts"


class _Page(HTMLParser):
    """What the page shows, by place, and every tag on it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.text[tag] = self.text.get(tag, "") + data


def page(pages: Path, name: str) -> _Page:
    made = _Page()
    made.feed((pages / f"{name}.html").read_text("utf-8"))
    return made


# --- the tests ----------------------------------------------------------------------------------


def test_prettier_changes_nothing(blog: Blog) -> None:
    done = blog.run("prettier", "--check", "posts")
    assert done.code == 0, done.said[-3000:]


def test_lint_md_finds_nothing(blog: Blog) -> None:
    done = blog.run("lint-md", "posts/*.md", "--threads", "2")
    assert done.code == 0, done.said[-3000:]


def test_the_tools_would_have_found_something(blog: Blog, tmp_path: Path) -> None:
    """The checks above can fail."""
    for name in (".lintmdrc", ".prettierrc.json"):
        shutil.copy(HERE / name, tmp_path)
    bad = tmp_path / "bad.md"
    bad.write_text("中文English\n\n* a\n", "utf-8")
    here = replace(blog, site=tmp_path)
    assert here.run("prettier", "--check", "bad.md").code == 1
    assert here.run("lint-md", "bad.md").code == 1


def test_lint_md_finds_nothing_in_real_lines(node: Path, tmp_path: Path) -> None:
    """Thousands of lines of people's Chinese, as captions have it, escaped one by one."""
    folder = SHARED / "lectures/hf-course/zh-CN"
    if not folder.exists():
        pytest.skip("needs the test recordings")
    texts = [c.text for path in sorted(folder.glob("*.srt")) for c in cues(path)]
    escaped = [e for e in map(escape_text, texts) if e]
    assert len(escaped) > 3000
    for name in (".lintmdrc", ".prettierrc.json"):
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "lines.md").write_text("\n\n".join(escaped) + "\n", "utf-8")
    here = Blog({}, tmp_path, node)
    assert here.run("prettier", "--check", "lines.md").code == 0
    done = here.run("lint-md", "lines.md")
    assert done.code == 0, done.said[-3000:]


def test_every_post_is_built_with_its_title(blog: Blog, pages: Path) -> None:
    for name in blog.drafts:
        assert (pages / f"{name}.html").exists()
    assert page(pages, "normal").text["h1"] == (
        "【睁眼看世界 🌍】｜PyTorch Conference 2023 - State of PyTorch"
    )
    for n, text in enumerate(HOSTILE):
        title = page(pages, f"one-{n}").text["h1"]
        plain = re.sub("<(?=[/!a-z])", "＜", one_line(text)).replace("{", "｛").replace("}", "｝")
        assert title == f"【睁眼看世界 🌍】｜{plain} - {plain}"


def test_hostile_text_is_shown_and_runs_nothing(pages: Path) -> None:
    wide = str.maketrans("０１２３４５６７８９", "0123456789")
    for name in ("hostile", "hostile-waiting", *(f"one-{n}" for n in range(len(HOSTILE)))):
        found = page(pages, name)
        shown = letters(found.text["main"].translate(wide))
        if name == "hostile":
            for text in HOSTILE:
                assert letters(one_line(text).translate(wide)) in shown, text
        allowed = set(
            re.findall(r"\w+", "a blockquote code details div h1 h2 hr li main p summary ul")
        )
        inside = [t for t, _ in found.tags[[t for t, _ in found.tags].index("main") :]]
        assert set(inside[: inside.index("nav")]) <= allowed
        for tag, attributes in found.tags:
            assert not any(a.startswith("on") for a in attributes), (tag, attributes)
            target = attributes.get("href") or ""
            assert not target.lower().startswith("javascript"), target


def test_random_lines_are_shown_as_they_are(pages: Path) -> None:
    wide = str.maketrans("０１２３４５６７８９", "0123456789")
    body = (pages / "lines.html").read_text("utf-8")
    paragraphs = re.findall(r"<p>(.*?)</p>", body.split("<main>")[1], re.DOTALL)
    texts = random_texts(1500)
    assert len(paragraphs) >= len(texts)
    for text, paragraph in zip(texts, paragraphs, strict=False):
        shown = html.unescape(re.sub(r"<[^>]*>", "", paragraph))
        assert letters(shown.translate(wide)) == letters(one_line(text).translate(wide)), text


def test_the_english_folds_away_and_the_anchors_are_not_shown(pages: Path) -> None:
    found = page(pages, "normal")
    assert "Hi." in found.text["details"]
    assert "00:01:01" in found.text["summary"]
    links = [a["href"] for t, a in found.tags if t == "a" and "t=61s" in (a.get("href") or "")]
    assert links == ["https://www.youtube.com/watch?v=dR0lHxt3Tjo&list=a_b&t=61s"]
    assert found.text["blockquote"].strip() == "编者注 ✍️："
    assert "核心维护者" not in found.text["main"]
    assert "<!--" not in found.text["main"]


def test_the_home_page_shows_the_lead_alone(pages: Path) -> None:
    found = page(pages, "normal")
    assert "本文译自 PyTorch Conference 2023 的演讲《State of PyTorch》" in found.text["section"]
    assert "写在最前" not in found.text["section"]
