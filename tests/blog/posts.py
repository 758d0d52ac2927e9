"""Posts: of the drafts as they are, and of drafts that were edited the way people type.

The typing is made by program, the same in every run: what editors mix up and leave lying about.
"""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import Image, ImageDraw

from translate.backends.images import BlogPictures
from translate.draft import ANCHOR, CLOSING
from translate.pipeline.step_publish import publish
from translate.stages.publish import post_of
from translate.workspace import DRAFT, Workspace

# --- typing -------------------------------------------------------------------------------------

_HAN = "我们今天在这里发布了新的编译器它让模型训练更快也支持动态形状请看图里面那个算子"
_LATIN = (
    *(
        "PyTorch",
        "GPU",
        "torch.compile()",
        "CUDA 12.1",
        "C++",
        ".NET",
        "A100",
        "v1.2.3",
        "PyTorch2.0",
    ),
    *(
        "foo_bar",
        "set_default_device",
        " __init__ ",
        "torch.nn.Module",
        "f(x)",
        "~2M",
        "~10%",
        "3x",
    ),
    *("2.0", "60%", "8", "-1", "1/2", "100ms", "16GB", "2023", "$5", "#123", "@someone", "GPT-4"),
    *("e.g.", "i.e.", "and/or", "state-of-the-art", "I'm", "Q&A", "a < b", "x > 0", "AT&T", "1e-5"),
)
_MARKED = (
    *("`code`", "`中文code`", "``a`b``", "**粗体**", "**粗体。**", "**bold**", "*斜体*", "~~删~~"),
    *("[文档](https://a.b/c)", "[PyTorch](https://pytorch.org)", "https://pytorch.org/docs/a_b"),
    *("http://a.b/c?d=e&f=g", "<https://a.b/c>", "[字](https://a.b/c_(d) '题')", "$x_i$"),
    *("[**粗**体](https://a.b)", "[`code`](https://a.b)", "a@b.cn", "https://a.b/（c）"),
)
_QUOTED = (
    *('"引"', "“引”", "‘引’", "'quote'", "「引」", "『引』", "《书》", "(注)", "（注）", "(note)"),
    *("【注】", "[注]", "“English”", '"English, 中文"', "（见 https://a.b/c）", "(见图1)"),
)
_MARKS = (
    *(",", ".", ";", ":", "!", "?", "，", "。", "；", "：", "！", "？", "、", "...", "……", "…"),
    *(
        "--",
        "——",
        "—",
        "-",
        " - ",
        "~",
        "～",
        "!!",
        "？！",
        "。。。",
        "·",
        "/",
        "&",
        "+",
        "=",
        "→",
        "🎉",
    ),
)
_GAPS = ("", "", "", " ", " ", "  ", "\u3000", "\u00a0", "\t")


def _han(dice: random.Random, most: int = 8) -> str:
    return "".join(dice.choices(_HAN, k=dice.randint(1, most)))


def typed(dice: random.Random) -> str:
    """A line of Chinese as somebody in a hurry types it."""
    out = [_han(dice)]
    for _ in range(dice.randint(1, 7)):
        kind = dice.choices((_LATIN, _MARKED, _QUOTED, _MARKS), (4, 2, 2, 3))[0]
        out += (dice.choice(_GAPS), dice.choice(kind), dice.choice(_GAPS))
        if dice.random() < 0.7:
            out.append(_han(dice))
    if dice.random() < 0.6:
        out.append(dice.choice((".", "。", "!", "…", "...", "；", ":")))
    return "".join(out).strip()


def _ended(dice: random.Random) -> str:
    return typed(dice) + dice.choice(("", "", "", " ", "  ", "   ", "\t"))


def _paragraph(dice: random.Random) -> Iterator[str]:
    for n in range(dice.randint(1, 3)):
        yield (
            dice.choice((" ", "   ", "\u3000\u3000")) if not n and dice.random() < 0.2 else ""
        ) + (_ended(dice))


def _heading(dice: random.Random) -> Iterator[str]:
    closed = dice.choice(("", "", " ##", "  "))
    gap = dice.choice((" ", "  ", "\t"))
    name = dice.choice([x for x in _LATIN if not x.endswith(".")])
    yield f"{'#' * dice.randint(2, 4)}{gap}{_han(dice)}{name}{closed}"


def _bullets(dice: random.Random) -> Iterator[str]:
    mark = dice.choice("*-+") + dice.choice((" ", "  ", "   "))
    for n in range(dice.randint(1, 4)):
        if n and dice.random() < 0.2:
            yield ""
        yield mark + _ended(dice)


def _nested(dice: random.Random) -> Iterator[str]:
    step = dice.choice((2, 3, 4))
    for depth in (0, 1, 1, 2, 1, 0)[: dice.randint(2, 6)]:
        yield f"{' ' * step * depth}{dice.choice('*-+') if not depth else '-'} {_ended(dice)}"


def _numbers(dice: random.Random) -> Iterator[str]:
    mark = dice.choice(".)")
    for n in range(1, dice.randint(2, 12)):
        yield f"{n}{mark}{dice.choice((' ', '  '))}{_ended(dice)}"
        if dice.random() < 0.2:
            yield f"   - {_ended(dice)}"


def _quote(dice: random.Random) -> Iterator[str]:
    gap = dice.choice(("", " ", "  "))
    for _ in range(dice.randint(1, 3)):
        yield f">{gap}{_ended(dice)}"
    if dice.random() < 0.3:
        yield f">\n>{gap}- {_ended(dice)}"


def _table(dice: random.Random) -> Iterator[str]:
    rows = [[typed(dice).replace("|", "/") for _ in range(3)] for _ in range(dice.randint(2, 5))]
    for n, row in enumerate(rows):
        yield f"|{'|'.join(row)}|" if dice.random() < 0.5 else f"| {' | '.join(row)} |"
        if not n:
            yield dice.choice(("|---|:-:|--:|", "| - | - | - |", "|:---|---|---|"))


def _code(dice: random.Random) -> Iterator[str]:
    yield from ("```python", f"x  =  '{typed(dice)}'   ", "", "", "* a", "```")


_BLOCKS = (_paragraph,) * 4 + (_heading, _bullets, _nested, _numbers, _quote, _table, _code)


def block(dice: random.Random) -> str:
    """A block of what editors write, with whatever blank lines after it."""
    return "\n".join(dice.choice(_BLOCKS)(dice)) + "\n" * dice.randint(2, 4)


# --- edited drafts ------------------------------------------------------------------------------

_NOTE = "> 编者注 ✍️："


def edited(draft: str, dice: random.Random, share: float = 0.5) -> str:
    """A draft after somebody's hour with it: passages, notes, and text of their own."""
    head, more, body = draft.partition("<!-- more -->")
    out = []
    for line in body.split("\n"):
        ends = ANCHOR.search(line)
        if ends and dice.random() < share:
            new = f"{typed(dice)}{dice.choice(('', ' '))}{ends[0]}"
            out.append(new if dice.random() < 0.8 else f"{line}{dice.choice(('', '  '))}")
            if dice.random() < 0.3:
                out.append("\n" * dice.randint(1, 3) + block(dice))
        elif line.startswith(_NOTE) and dice.random() < share:
            out.append(f"{_NOTE}{dice.choice(_GAPS)}{_ended(dice)}")
            out += (f">{dice.choice(('', ' '))}{_ended(dice)}" for _ in range(dice.randint(0, 2)))
        elif line == CLOSING:
            out.append("\n".join(_bullets(dice)))
        else:
            out.append(line)
    return f"{head}{more}" + "\n".join(out) + "\n" * dice.randint(0, 3)


def written(dice: random.Random, blocks: int) -> str:
    """A text that is all typing; a plain paragraph parts what could run together."""
    front = "---\ntitle: T\ndate: 2026-08-06\nauthor:\n  name: a\n  github: b\n---\n"
    parts = (block(dice) + f"{_han(dice)}{_ended(dice)}\n\n" for _ in range(blocks))
    return front + f"{typed(dice)}\n\n<!-- more -->\n\n" + "".join(parts)


def made_posts(drafts: Mapping[str, str]) -> dict[str, str]:
    """The posts of all drafts, and of drafts that were edited, by the name of their pages."""
    made = {}
    for name, draft in drafts.items():
        made[f"post-{name}"] = post_of(draft, slug="s", bilingual=False).text
        made[f"both-{name}"] = post_of(draft, slug="s", bilingual=True).text
    for n, name in enumerate(sorted(drafts)):
        if name.startswith(("one-", "lines", "hostile")):
            continue
        after = edited(drafts[name], random.Random(n))
        made[f"edited-{name}"] = post_of(after, slug="s", bilingual=bool(n % 2)).text
    for n in range(30):
        text = written(random.Random(n), 25)
        made[f"written-{n}"] = post_of(text, slug="s", bilingual=False).text
    return made


# --- one with a picture -------------------------------------------------------------------------


def publish_with_picture(blog: Path) -> None:
    """A talk with a slide, published into the blog by the program's own step."""
    workspace = Workspace(blog.parent / "drafts" / "pictured")
    slide = workspace.path("slides/一.png")
    slide.parent.mkdir(parents=True, exist_ok=True)
    image = Image.effect_noise((1280, 720), 90)
    ImageDraw.Draw(image).text((9, 9), "slide", fill="black")
    image.save(slide)
    draft = (
        "---\ntitle: 图\ndate: 2026-08-06\nauthor:\n   name: a\n   github: b\n---\n\n导语。\n\n"
        "<!-- more -->\n\n看图。<!-- 00:00:01 -->\n\n![](slides/一.png)\n"
    )
    workspace.path(DRAFT).write_text(draft, "utf-8")
    publish(
        workspace,
        blog=blog,
        slug="pictured",
        bilingual=False,
        allow_unfinished=False,
        force=False,
        remaining=(),
        images=BlogPictures(),
    )
