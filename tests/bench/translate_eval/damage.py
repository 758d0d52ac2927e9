"""Ways in which an answer goes wrong, done on purpose to right ones.

Each kind takes a paragraph and gives its damaged Chinese, or None where the paragraph has nothing
to damage so: damage that changes nothing does not count. The same paragraph and number give the
same damage. Kinds of `MIXED` damage the answers of a whole call instead.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from translate.model import Term

Texts = Mapping[str, str]  # Chinese by id


@dataclass(frozen=True, slots=True)
class Right:
    """A paragraph with its right Chinese."""

    english: str
    chinese: str
    pieces: tuple[tuple[str, str], ...] = ()  # (English, Chinese), mostly sentences
    terms: tuple[Term, ...] = ()


Damage = Callable[[Right, random.Random], "str | None"]
Mix = Callable[[Texts, random.Random], dict[str, str]]


def sentences(chinese: str) -> list[str]:
    """Chinese cut after its sentences."""
    return [s for s in re.split(r"(?<=[。！？])(?![”’）」』])", chinese) if s.strip()]


def _one(pattern: str, text: str, dice: random.Random) -> re.Match[str] | None:
    found = list(re.finditer(pattern, text))
    return dice.choice(found) if found else None


def _put(text: str, at: re.Match[str], new: str) -> str:
    return text[: at.start()] + new + text[at.end() :]


# --- nothing, or not Chinese --------------------------------------------------------------------


def empty(_right: Right, dice: random.Random) -> str | None:
    return dice.choice(["", " ", "。", "……", "\n"])


def echo(right: Right, _dice: random.Random) -> str | None:
    return right.english


def echo_sentence(right: Right, dice: random.Random) -> str | None:
    """One sentence of twelve English words or more comes back in English."""
    long = [(e, z) for e, z in right.pieces if len(e.split()) >= 12 and z and z in right.chinese]
    if not long:
        return None
    english, chinese = dice.choice(long)
    return right.chinese.replace(chinese, english, 1)


# --- not all of it, or more than it -------------------------------------------------------------


def cut_inside(right: Right, dice: random.Random) -> str | None:
    """Cut off inside a sentence, 30 to 90 % of the way."""
    text = right.chinese
    end = int(len(text) * (0.3 + 0.6 * dice.random()))
    while end > 1 and not text[end - 1].isalnum():
        end -= 1
    after = text[end : end + 1]
    return text[:end] if end > 1 and after not in ("", *"。！？") else None


def cut_after(least: float, most: float) -> Damage:
    """Cut off after a sentence, so that this part of the characters is lost."""

    def damage(right: Right, _dice: random.Random) -> str | None:
        parts = sentences(right.chinese)
        for n in range(len(parts) - 1, 0, -1):
            left = "".join(parts[:n])
            lost = 1 - len(left) / len(right.chinese)
            if least <= lost < most:
                return left
        return None

    return damage


def left_out(right: Right, dice: random.Random) -> str | None:
    """A sentence from the middle is left out."""
    parts = sentences(right.chinese)
    if len(parts) < 3:
        return None
    at = dice.randrange(1, len(parts) - 1)
    return "".join(parts[:at] + parts[at + 1 :])


def loop(right: Right, dice: random.Random) -> str | None:
    """The last piece of a sentence goes on and on."""
    piece = right.chinese.rstrip("。！？.")[-dice.randint(4, 20) :]
    return right.chinese + piece * dice.randint(5, 40) + "。"


def loop_sentence(right: Right, dice: random.Random) -> str | None:
    """A sentence comes again three times."""
    long = [s for s in sentences(right.chinese) if len(s) >= 9]
    return right.chinese + dice.choice(long) * 3 if long else None


# --- numbers ------------------------------------------------------------------------------------

_ARABIC = r"(?<![A-Za-z0-9_.,\-])\d+(?:,\d{3})*(?:\.\d+)?(?![A-Za-z0-9_]|[.,]\d|-[A-Za-z])"
_LONG_HAN = (
    r"(?:[一二两三四五六七八九][百千万亿][一二三四五六七八九零十百千万亿]*"
    r"|[二三四五六七八九]十[一二三四五六七八九]?(?!分之)|十[一二三四五六七八九](?!分之))(?![科克米瓦])"
)
_SMALL_HAN = r"[二两三四五六七八九](?=[个种条类步项次层张])"


def number_changed(right: Right, dice: random.Random) -> str | None:
    """One digit of one number is another."""
    found = _one(_ARABIC, right.chinese, dice)
    if found is None:
        return None
    at = dice.choice([i for i, c in enumerate(found[0]) if c.isdigit()])
    digit = str((int(found[0][at]) + dice.randint(1, 9)) % 10)
    if at == 0 and digit == "0":
        digit = str(int(found[0][0]) % 9 + 1)
    return _put(right.chinese, found, found[0][:at] + digit + found[0][at + 1 :])


def number_dropped(right: Right, dice: random.Random) -> str | None:
    """One number above one is gone."""
    found = _one(rf"(?!1(?![\d.,])|0(?![\d.])){_ARABIC}(?:\s?[万亿%])?", right.chinese, dice)
    return _put(right.chinese, found, "") if found else None


def one_dropped(right: Right, dice: random.Random) -> str | None:
    """A 0 or 1 is gone."""
    found = _one(rf"(?=[01](?![\d.,%])){_ARABIC}", right.chinese, dice)
    return _put(right.chinese, found, "") if found else None


def number_scaled(right: Right, dice: random.Random) -> str | None:
    """万 becomes 亿, or a number without either gets a digit more."""
    found = _one(r"(?<=\d)\s?[万亿]", right.chinese, dice)
    if found:
        return _put(right.chinese, found, "亿" if "万" in found[0] else "万")
    found = _one(_ARABIC, right.chinese, dice)
    if found is None or "." in found[0] or found[0] == "0":
        return None
    return _put(right.chinese, found, f"{found[0]}0")


def han_number_changed(right: Right, dice: random.Random) -> str | None:
    """A number in Chinese numerals above ten is another."""
    found = _one(_LONG_HAN, right.chinese, dice)
    if found is None:
        return None
    at = dice.choice([i for i, c in enumerate(found[0]) if c in "一二两三四五六七八九"])
    new = dice.choice([c for c in "三四五六七八" if c != found[0][at]])
    return _put(right.chinese, found, found[0][:at] + new + found[0][at + 1 :])


def small_number_changed(right: Right, dice: random.Random) -> str | None:
    """两个 becomes 三个: a small number in Chinese numerals is another."""
    found = _one(_SMALL_HAN, right.chinese, dice)
    if found is None:
        return None
    return _put(right.chinese, found, dice.choice([c for c in "三四五六七" if c != found[0]]))


# --- what must stay as it is ----------------------------------------------------------------------

LINKS = (
    "https://example.org/talks/{n}/slides",
    "https://docs.example.org/en/stable/page_{n}.html#part-{n}",
    "www.example.org/a-{n}",
    "https://github.com/example/tool-{n}",
    "someone{n}@example.org",
)
IDENTIFIERS = (
    "torch.compile",
    "max_new_tokens",
    "collate_fn()",
    "--no-cache",
    "__init__",
    "model.config.hidden_size",
    "getItem",
    "step_{n}",
)
_SAID = {
    "link": (LINKS, " You will find all of it at {}.", "全部内容见 {} 。"),
    "identifier": (IDENTIFIERS, " For that we call {} here.", "为此我们在这里调用 {} 。"),
}


def with_said(what: str, right: Right, n: int) -> tuple[Right, str]:
    """The paragraph with one more sentence, in both languages, that says a link or an identifier.

    Talks say few of them; what is said is returned, too.
    """
    forms, english, chinese = _SAID[what]
    one = forms[n % len(forms)].format(n=n)
    more = (english.format(one).strip(), chinese.format(one))
    return (
        Right(
            right.english + english.format(one),
            right.chinese + more[1],
            (*right.pieces, more),
            right.terms,
        ),
        one,
    )


def changed(said: str, right: Right, dice: random.Random) -> str | None:
    """A letter or digit inside it is another."""
    at = dice.choice([i for i, c in enumerate(said) if c.isalnum()])
    new = chr(ord(said[at]) + 1) if said[at] not in "zZ9" else said[at].replace(said[at], "x")
    return right.chinese.replace(said, said[:at] + new + said[at + 1 :])


def dropped(said: str, right: Right, _dice: random.Random) -> str | None:
    return right.chinese.replace(f" {said} ", "这里")


def put_in_chinese(said: str, right: Right, dice: random.Random) -> str | None:
    return right.chinese.replace(said, dice.choice(["火炬编译", "最大长度", "初始化", "那个函数"]))


# --- what does not belong there -------------------------------------------------------------------

_SIMPLIFIED = (
    "这个们来说对时会开发过还进让应该关问题学习结构现实应为数据训练样处话语经动当变输网络读场"
)
_TRADITIONAL = (
    "這個們來說對時會開發過還進讓應該關問題學習結構現實應為數據訓練樣處話語經動當變輸網絡讀場"
)
_TO_TRADITIONAL = str.maketrans(_SIMPLIFIED, _TRADITIONAL)


def traditional(right: Right, _dice: random.Random) -> str | None:
    """All of it in Traditional characters, as far as a small table has them."""
    return right.chinese.translate(_TO_TRADITIONAL)


def traditional_character(right: Right, dice: random.Random) -> str | None:
    """One character is a Traditional one."""
    found = _one(f"[{_SIMPLIFIED}]", right.chinese, dice)
    return _put(right.chinese, found, found[0].translate(_TO_TRADITIONAL)) if found else None


def meta(right: Right, dice: random.Random) -> str | None:
    before = ("以下是翻译：", "好的，以下是中文译文：", "翻译如下：", "Here is the translation: ")
    after = (
        "（注：此处为直译。）",
        "【译注：见原文】",
        "（译者注：存疑）",
        "(Note: translated literally.)",
        "\n注：以上为直译。",
        "\n\n说明：我保留了原文的术语。",
    )
    if dice.random() < 0.5:
        return dice.choice(before) + right.chinese
    return right.chinese + dice.choice(after)


def refusal(_right: Right, dice: random.Random) -> str | None:
    return dice.choice(
        [
            "抱歉，我无法翻译这段内容。",
            "对不起，我不能协助完成这个请求。",
            "I'm sorry, but I can't help with that.",
            "作为一个人工智能语言模型，我无法提供该内容。",
        ]
    )


def id_left(right: Right, dice: random.Random) -> str | None:
    """An id of the message stands in the text."""
    one = f"p{dice.randint(1, 99):04d}"
    return dice.choice(
        [
            f"{one}：{right.chinese}",
            f"[{one}] {right.chinese}",
            f"{right.chinese}（{one}）",
            f"{right.chinese}{one}",
            f'{{"id": "{one}", "zh": "{right.chinese}"}}',
        ]
    )


# --- terms --------------------------------------------------------------------------------------


def _written(right: Right, dice: random.Random) -> tuple[Term, str] | None:
    """A term of the paragraph that has Chinese, and the accepted Chinese that is written."""
    found = [
        (term, target)
        for term in right.terms
        for target in term.targets[:1]
        if target in right.chinese and not target.isascii()
    ]
    return dice.choice(found) if found else None


def term_doubled(right: Right, dice: random.Random) -> str | None:
    found = _written(right, dice)
    return right.chinese.replace(found[1], found[1] * 2, 1) if found else None


def term_forbidden(right: Right, dice: random.Random) -> str | None:
    found = [
        (target, term.forbidden[0])
        for term in right.terms
        if term.forbidden
        for target in (*term.targets, term.source)
        if target in right.chinese
    ]
    return right.chinese.replace(*dice.choice(found)) if found else None


def term_ignored(right: Right, dice: random.Random) -> str | None:
    """A term of a strict row becomes something else, everywhere in the paragraph."""
    found = _written(right, dice)
    if found is None or found[0].policy != "strict":
        return None
    out = right.chinese
    for target in sorted(found[0].targets, key=len, reverse=True):
        out = out.replace(target, "那个东西")
    return out


# --- what no rule can see -------------------------------------------------------------------------


def negation_lost(right: Right, dice: random.Random) -> str | None:
    """不能 becomes 能: the opposite is said."""
    found = _one("不(?=[能会是要需])|没有(?=[^，。])", right.chinese, dice)
    return _put(right.chinese, found, "") if found else None


# --- the answers of a whole call ------------------------------------------------------------------


def shift_up(texts: Texts, _dice: random.Random) -> dict[str, str]:
    """Every text under the id before its own; the last id gets the first text."""
    values = list(texts.values())
    return dict(zip(texts, values[1:] + values[:1], strict=True))


def shift_down(texts: Texts, _dice: random.Random) -> dict[str, str]:
    values = list(texts.values())
    return dict(zip(texts, values[-1:] + values[:-1], strict=True))


def shift_part(texts: Texts, dice: random.Random) -> dict[str, str]:
    """From the middle on, every text under the id before its own; the last id gets none."""
    ids, values = list(texts), list(texts.values())
    at = dice.randrange(len(ids) - 1)
    return dict(zip(ids[:-1], values[:at] + values[at + 1 :], strict=True))


def swap(texts: Texts, dice: random.Random) -> dict[str, str]:
    ids, values = list(texts), list(texts.values())
    at = dice.randrange(len(ids) - 1)
    values[at], values[at + 1] = values[at + 1], values[at]
    return dict(zip(ids, values, strict=True))


def merge(texts: Texts, dice: random.Random) -> dict[str, str]:
    """Two texts in one, the second id left out."""
    ids, values = list(texts), list(texts.values())
    at = dice.randrange(len(ids) - 1)
    return {
        one: values[at] + values[at + 1] if one == ids[at] else text
        for one, text in texts.items()
        if one != ids[at + 1]
    }


def merge_kept(texts: Texts, dice: random.Random) -> dict[str, str]:
    """Two texts in one, and the second under its own id as well."""
    ids, values = list(texts), list(texts.values())
    at = dice.randrange(len(ids) - 1)
    return {**texts, ids[at]: values[at] + values[at + 1]}


def merge_moved(texts: Texts, dice: random.Random) -> dict[str, str]:
    """Two texts in one, all that follow one id up, the last id left out."""
    ids, values = list(texts), list(texts.values())
    at = dice.randrange(len(ids) - 1)
    return dict(
        zip(ids[:-1], [*values[:at], values[at] + values[at + 1], *values[at + 2 :]], strict=True)
    )


def given_twice(texts: Texts, dice: random.Random) -> dict[str, str]:
    """A text under its own id and under the next one's."""
    ids, values = list(texts), list(texts.values())
    at = dice.randrange(len(ids) - 1)
    return {**texts, ids[at + 1]: values[at]}


# --- all of them ----------------------------------------------------------------------------------

ALONE: dict[str, Damage] = {
    "empty": empty,
    "echo": echo,
    "echo of a sentence": echo_sentence,
    "cut inside a sentence": cut_inside,
    "cut after a sentence, under 25 % lost": cut_after(0.01, 0.25),
    "cut after a sentence, 25-50 % lost": cut_after(0.25, 0.5),
    "cut after a sentence, over 50 % lost": cut_after(0.5, 1.0),
    "sentence left out": left_out,
    "loop": loop,
    "loop of a sentence": loop_sentence,
    "number changed": number_changed,
    "number dropped": number_dropped,
    "0 or 1 dropped": one_dropped,
    "number scaled": number_scaled,
    "Chinese numeral changed": han_number_changed,
    "small numeral changed": small_number_changed,
    "traditional": traditional,
    "one traditional character": traditional_character,
    "meta talk": meta,
    "refusal": refusal,
    "id left in": id_left,
    "term doubled": term_doubled,
    "term forbidden": term_forbidden,
    "term ignored": term_ignored,
    "negation lost": negation_lost,
}
# (what is said, what becomes of it): on paragraphs with one more sentence, see `with_said`.
SAID: dict[str, tuple[str, Callable[[str, Right, random.Random], str | None]]] = {
    "link changed": ("link", changed),
    "link dropped": ("link", dropped),
    "identifier changed": ("identifier", changed),
    "identifier dropped": ("identifier", dropped),
    "identifier translated": ("identifier", put_in_chinese),
}
MIXED: dict[str, Mix] = {
    "shift up": shift_up,
    "shift down": shift_down,
    "shift of a part": shift_part,
    "swap": swap,
    "merge": merge,
    "merge, both kept": merge_kept,
    "merge, rest moved up": merge_moved,
    "given twice": given_twice,
}
