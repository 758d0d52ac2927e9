"""What can be wrong with a Chinese answer, told without a model: one small function a rule.

A check takes the English of a paragraph, its Chinese and the terms that hit it, and gives a
reason in English, or None. The reason is written to be sent back to a translator and to be read
by an editor. Knows nothing of translators, stores or drafts; reads nothing; never raises.

`error` findings are never let through. `warning` findings are let through and reported; those
of a check with `again` are worth one more try first.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from translate import concepts, numerals
from translate.glossary import unkept
from translate.model import Term

Terms = Sequence[Term]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with one answer."""

    code: str  # stable, kebab-case
    severity: Literal["error", "warning"]
    reason: str
    again: bool = False  # a warning that is worth one more try


@dataclass(frozen=True, slots=True)
class Check:
    """One rule; `structural` ones hold for a person's words too, which the rest may only doubt."""

    code: str
    run: Callable[[str, str, Terms], str | None]
    severity: Literal["error", "warning"] = "error"
    structural: bool = False
    again: bool = False


_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f〇]")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_UNIT = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff〇]|[A-Za-z0-9_][A-Za-z0-9_.'’/+-]*")
_IDS = re.compile(r"\bp\d{4}\b")
_QUOTED = 40  # characters of a text quoted in a reason

# Length: Chinese units (Han characters and other words) per English word. People's translations
# of talks have 1.0, 1.5 and 2.0 at the 5th, 50th and 95th percentile.
_LOWEST, _HIGHEST = 0.7, 2.4
_ENOUGH_WORDS = 12
_ENDED_WORDS = 8  # from here on an answer ends its sentence where the English does
_LEFT_ENGLISH = 9  # words in one piece; people leave six, and whole titles in quotes
_QUOTES = re.compile(r"“[^”]{1,200}”|《[^》]{1,200}》|「[^」]{1,200}」|\"[^\"]{1,200}\"")
_ENDLESS = 2000  # characters: beyond any length, and not worth looking at closely
_MANY_WORDS = 25  # from here on people keep within the limits without exception


def _fold(text: str) -> str:
    """Compared without width, case, spaces and backticks."""
    return re.sub(r"[\s`]+", "", unicodedata.normalize("NFKC", text)).casefold()


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"


def _words(text: str) -> list[str]:
    return [w.casefold() for w in _LATIN_WORD.findall(text)]


def _units(chinese: str) -> int:
    return len(_UNIT.findall(chinese))


# --- is it a translation at all -----------------------------------------------------------------


def empty(english: str, chinese: str, _terms: Terms) -> str | None:
    """Nothing but spaces and punctuation."""
    if any(c.isalnum() for c in chinese) or not any(c.isalnum() for c in english):
        return None
    return "the translation is empty"


def characters(_english: str, chinese: str, _terms: Terms) -> str | None:
    """Broken or invisible characters: lone surrogates, U+FFFD, controls, direction overrides."""
    for c in chinese:
        kind = unicodedata.category(c)
        if kind in ("Cs", "Co", "Cn") or c == "\ufffd" or (kind == "Cc" and c != "\n"):
            return f"the translation has a broken character (U+{ord(c):04X})"
        if "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069":
            return f"the translation has an invisible direction mark (U+{ord(c):04X})"
    return None


def thinking(english: str, chinese: str, _terms: Terms) -> str | None:
    """A model's own markup: thinking, turns, tools."""
    found = re.search(
        r"</?\s*(think|thinking|thought|reasoning|analysis|answer)\s*>|<\|[^|>]{0,40}\|>|\[/?INST\]"
        r"|<</?SYS>>",
        chinese,
        re.IGNORECASE,
    )
    if found is None or found[0] in english:
        return None
    return f"the translation holds a model's markup: {_short(found[0])}"


_META = (
    # what stands in the answer; what in the English would explain it
    (r"^\W*(好的|当然|没问题|明白)?[，,。！!\s]*(以下|下面)是.{0,12}(翻译|译文|译稿)", r"translat"),
    (r"^\W*(翻译|译文|中文翻译|中文译文|翻译结果)(如下|结果)?\s*[：:]", r"translat"),
    (
        r"作为(一个|一名)?(AI|人工智能|大型?语言)(语言)?(模型|助手)",
        r"\bAI\b|language model|assistant",
    ),
    (r"(here is|here's|below is).{0,30}translat", r"translat"),
    (r"as an AI( language)? (model|assistant)", r"as an AI"),
    (
        r"[（(【\[]\s*(译者?注|译注|翻译说明|注释?|注意|说明|Note|Translat\w+ note)\s*[：:]",
        r"\bnote",
    ),
    (r"(^|\n)\s*(注|译注|译者注|翻译说明|说明|备注|Note)\s*[：:]", r"\bnote"),
    # The same once the lines of the answer are one: after a sentence, to the end.
    (r"[。！？!?”）)]\s*(注|译注|译者注|译者按|翻译说明|说明|备注|Note)\s*[：:]", r"\bnote"),
    (
        r"^\W*(抱歉|对不起|很遗憾|非常抱歉)[，,！!\s]*.{0,10}(无法|不能|不可以).{0,8}"
        r"(提供|翻译|协助|帮助|回答|满足|完成|处理|生成|继续)",
        r"\bsorry\b|apolog|unfortunately|regret",
    ),
    (r"^\W*(I'm sorry|I am sorry|sorry|I apologi[sz]e|I can(no|')t)\b", r"sorry|apolog|I can"),
    (r"(请|您)?提供(需要|要|待)翻译的", r"translat"),
)
_META_COMPILED = tuple(
    (re.compile(a, re.IGNORECASE), re.compile(b, re.IGNORECASE)) for a, b in _META
)


def meta(english: str, chinese: str, _terms: Terms) -> str | None:
    """Talk about the translation, a note nobody asked for, or a refusal, in place of the text."""
    for talk, said in _META_COMPILED:
        found = talk.search(chinese)
        if found and not said.search(english):
            return f"the translation talks about itself: {_short(found[0])}"
    return None


def leftover(english: str, chinese: str, _terms: Terms) -> str | None:
    """Pieces of the message: ids, JSON, fences, headings, the marker for missing text."""
    found = _IDS.search(chinese) or re.search(
        r'"(?:zh|en|id|paragraphs)"\s*:|```|^\s*#{1,6}\s|【待译】', chinese, re.MULTILINE
    )
    if found is None or found[0].strip() in english:
        return None
    return f"the translation holds a piece of the message around it: {_short(found[0])}"


def no_chinese(english: str, chinese: str, _terms: Terms) -> str | None:
    """No Han character where the English has words."""
    if _HAN.search(chinese):
        return None
    words = [w for w in _LATIN_WORD.findall(_without_code(english)) if w[0].islower() or len(w) > 3]
    return "the translation has no Chinese in it" if words else None


def echo(english: str, chinese: str, terms: Terms) -> str | None:
    """The English handed back, whole or in large part."""
    latin, han = _words(_without_code(chinese)), len(_HAN.findall(chinese))
    if not latin:
        return None
    if _fold(english) == _fold(chinese) and no_chinese(english, "", terms):
        return "the translation is the English again"
    if len(latin) >= 6 and han < len(latin):
        return "most of the translation is not Chinese"
    said = _words(_without_code(english))
    run = _longest_run(said, _words(_without_code(_QUOTES.sub(" ", chinese))))
    if run >= _LEFT_ENGLISH or (run := _longest_run(said, latin)) >= 2 * _LEFT_ENGLISH:
        return f"{run} words of the English were left untranslated in one piece"
    return None


def _longest_run(of: list[str], inside: list[str]) -> int:
    """Length of the longest run of words that stands in both lists."""
    best = 0
    before = [0] * (len(inside) + 1)
    for word in of:
        now = [0] * (len(inside) + 1)
        for i, other in enumerate(inside):
            if word == other:
                now[i + 1] = before[i] + 1
                best = max(best, now[i + 1])
        before = now
    return best


def script(english: str, chinese: str, _terms: Terms) -> str | None:
    """Letters of a third script, which the English does not have."""
    for name, letters in (
        ("Japanese", "\u3041-\u3096\u30a1-\u30fa"),
        ("Korean", "\uac00-\ud7a3"),
        ("Cyrillic", "\u0400-\u04ff"),
        ("Arabic", "\u0600-\u06ff"),
    ):
        found = re.findall(f"[{letters}]", chinese)
        if len(found) >= 2 and not re.search(f"[{letters}]", english):
            return f"the translation has {name} letters: {_short(''.join(found))}"
    return None


# Characters that only Traditional Chinese writes, and that come often enough to betray it.
_TRADITIONAL = frozenset(
    "來個們傳優別則剛創劃劇劉劑動務勝勞勢勵匯區協參員問啟單嗎嗚嘆嘗噸嚴囑國圍園圓圖團執場塊壇壓"
    "壘壞壯壽夠夢夾奪奮婦媽嬰孫學實寧審寫寬寶將專尋對導層屬岡島峽幣幫幹庫廠廢廣廳張強彈彌彎徑從"
    "復態慘慣慶憂憐憑憲憶應懷懸戀戰戲戶拋擁擇擊擋擔據擠擬擴擺攔敗敵數斷時暫曆曉書會東條業極榮構"
    "樂樓標樣樹橋機檔檢櫃權歐歡歲歷歸殘殺氣決沒況測準溝滅滿漢漲潔濃濟濤瀏灣災為無煙煩燈燒營爐爭"
    "爺牆狀狹獎獨獲獻現瑪環瓊產畝畢異當療癢發皺盜盡監盤眾睜瞞確礎礙禍禦禪禮種稱穩窩竊競筆節範築"
    "簡簽籃籌糧糾紀約紅紋納純紙級紛細終組結絕絡給統絲綁經綜綠維網緒線緣編緩緯練縣縮總織繪繼續罰"
    "罷義習聖聞聯聰聲職聽肅腦腸膚膠臉臨與舉舊艦艱華藍藝藥蘇蘭處虛蟲術補裝製複襲見規視親覺覽觀觸"
    "訂訃計訊討訓託記訪設許評詞詢試詩該詳誇誌認誕語誠誤說誰課調談請論諾謀謂謙講謝謹證識譜譯議護"
    "讀變讓讚豐豬貓貝負財貨販貫責貴買費貼賀資賓賞賢賣質購賽贈贏趕趙跡踐躍車軌軍軟軸較載輔輕輛輝"
    "輪輸轄轉辦辭農迴這連進運過達遞遠適遲遷選遺遼邁還邊邏郵鄉鄭鄰醫釀釋釘針鈴鉛銀銅鋼錄錢錯鍊鍵"
    "鎖鎮鏈鏡鐘鐵鑑鑒鑰鑽長門閃閉開間閘閣閥閱闊關陣陰陳陸陽隊階際隨險隱雖雙雜離難雲電霧靈靜韓韻"
    "響頁頂項順須預頒頓頗領頭頸頻顆題額顏願類顧顯風飛飯飲餅餓館饑馬駐駕駛騎騙騷驅驗驚驟髒體髮鬆"
    "鬥鬧魚鮮鳥鴉鵝鹽麗麥麵黃點黨齊齒齡龍龜於"
)


def traditional(english: str, chinese: str, _terms: Terms) -> str | None:
    """Traditional characters: the blog is written in Simplified ones."""
    found = list(dict.fromkeys(c for c in chinese if c in _TRADITIONAL and c not in english))
    if not found:
        return None
    return f"the translation has Traditional characters ({''.join(found[:8])}); write Simplified"


def loop(english: str, chinese: str, _terms: Terms) -> str | None:
    """The same piece again and again, as a model does that has lost its way."""
    text = re.sub(r"\s+", "", chinese)[:6000]
    for found in re.finditer(r"(.{1,60}?)\1{3,}", text):
        times = len(found[0]) // len(found[1])
        letters = re.search(r"\w", found[1]) and not found[1].isdecimal()
        if letters and len(found[0]) >= 6 and 2 * _repeated(english) < times:
            return f"the translation repeats itself: {_short(found[1])}"
    for sentence, count in Counter(re.split(r"[。！？；.!?;\n]", text)).items():
        if len(sentence) >= 8 and count >= 3 and 2 * _said_again(english) < count + 1:
            return f"the translation says the same sentence {count} times: {_short(sentence)}"
    return None


def _repeated(english: str) -> int:
    """How often in a row the speaker, or the recogniser, says the same one to six words."""
    words = _words(english)
    best = 1
    for size in range(1, 7):
        row = 0
        for one, other in zip(words, words[size:], strict=False):
            row = row + 1 if one == other else 0
            best = max(best, row // size + 1)
    return best


def _said_again(english: str) -> int:
    """How often the speaker, or the recogniser, says the same four words."""
    words = _words(english)
    return max(
        Counter(zip(words, words[1:], words[2:], words[3:], strict=False)).values(), default=1
    )


# --- is it all there ----------------------------------------------------------------------------


def _ratio(english: str, chinese: str) -> tuple[int, float]:
    words = len(english.split())
    return words, _units(chinese) / max(1, words)


def length(english: str, chinese: str, _terms: Terms) -> str | None:
    """Far too short or far too long for the English: text left out, merged in or made up."""
    words, ratio = _ratio(english, chinese)
    if words < _ENOUGH_WORDS:
        low, high = (0.2 if words >= 4 else 0.0), 3.0 + 12 / max(1, words)
    elif words < _MANY_WORDS:
        low, high = _LOWEST * 0.8, _HIGHEST * 1.2
    else:
        low, high = _LOWEST, _HIGHEST
    return _length_reason(english, chinese) if not low <= ratio <= high else None


def length_doubt(english: str, chinese: str, terms: Terms) -> str | None:
    """An unusual length for a sentence or two, where people are sometimes as short or long."""
    words, ratio = _ratio(english, chinese)
    if words < _ENOUGH_WORDS or _LOWEST <= ratio <= _HIGHEST or length(english, chinese, terms):
        return None
    return _length_reason(english, chinese)


def _length_reason(english: str, chinese: str) -> str:
    words, ratio = _ratio(english, chinese)
    kind = "short" if ratio < 1 else "long"
    return f"the translation is too {kind}: {_units(chinese)} characters for {words} words"


_ENDS = "。！？…”’」』）)】》.!?:：；;—"


def truncated(english: str, chinese: str, _terms: Terms) -> str | None:
    """The English ends its sentence and the Chinese does not; not asked of a few words."""
    ends = english.rstrip().endswith((".", "!", "?", '."', ".”"))
    if len(english.split()) < _ENDED_WORDS or not ends:
        return None
    end = chinese.rstrip().rstrip("`*_")[-1:]
    if end in _ENDS:
        return None
    return f"the translation breaks off: it ends with “{_short(chinese.rstrip()[-12:])}”"


_NEAR = 0.12  # of a paragraph: how far from its place a sentence may be retold
_RETOLD = 0.26  # of a sentence's common words must be retold there
_FEW = 3  # common words in a sentence; less says nothing


def left_out(english: str, chinese: str, _terms: Terms) -> str | None:
    """A sentence whose common words hardly come where the Chinese of it should stand."""
    at = 0
    for sentence in re.split(r"(?<=[.?!])\s+", english):
        begin, end = at / max(1, len(english)), (at + len(sentence)) / max(1, len(english))
        at += len(sentence) + 1
        told = concepts.english(sentence)
        if len(told) < _FEW or len(sentence) == len(english):
            continue
        here = chinese[
            max(0, int((begin - _NEAR) * len(chinese))) : int((end + _NEAR) * len(chinese)) + 1
        ]
        if len(told & concepts.chinese(here)) <= _RETOLD * len(told):
            return f"this sentence may have been left out: {_short(sentence)}"
    return None


def numbers(english: str, chinese: str, _terms: Terms) -> str | None:
    """A number of the English that the Chinese does not have in any form."""
    said, written = numerals.english(english), numerals.chinese(chinese)
    lost = said.required - written.values
    if not lost:
        return None
    return f"the number {_listed(lost)} of the English is not in the translation"


def small_numbers(english: str, chinese: str, _terms: Terms) -> str | None:
    """A number word from two to twelve that the Chinese does not have in any form."""
    lost = numerals.english(english).small - numerals.chinese(chinese).values
    if not lost:
        return None
    return f"the number {_listed(lost)} of the English is not in the translation"


def fewer_numbers(english: str, chinese: str, _terms: Terms) -> str | None:
    """A number that the Chinese has less often than the English says it."""
    said, written = numerals.english(english), numerals.chinese(chinese)
    fewer = {v for v, times in said.times.items() if 0 < written.times.get(v, 0) < times}
    if not fewer:
        return None
    return f"the number {_listed(fewer)} is said more often than the translation writes it"


def new_numbers(english: str, chinese: str, _terms: Terms) -> str | None:
    """A number in digits, or one that plainly counts, that the English does not have."""
    said, written = numerals.english(english), numerals.chinese(chinese)
    new = {n for n in (written.arabic | written.counted) - said.possible if n > 1}
    if not new:
        return None
    return f"the number {_listed(new)} of the translation is not in the English"


def _listed(values: Iterable[Decimal]) -> str:
    return ", ".join(f"{v:f}" for v in sorted(values)[:5])


_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'，。；：！？、（）“”]+", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_STARTERS = frozenset(
    re.findall(
        r"\w+",
        """
The And So But I We It In This That Then Now If You They He She There What Or For Here As When
Well At On Of With By To My Our Let Yes No Not A An How Why Also Because
""",
    )
)
_CODE = re.compile(
    r"`[^`\n]+`"
    r"|\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\b(?:\(\))?"  # torch.compile, pytorch.org
    r"|\b\w*[A-Za-z0-9]_\w+\b|\b__\w+__\b"  # foo_bar
    r"|\b[A-Za-z_]\w*\(\)"  # foo()
    r"|(?<![\w-])--[a-z][\w-]+"  # --flag
    r"|\b[a-z]+[A-Z]\w*\b(?<!s[A-Z])",  # camelCase, but also iPhone: kept as written, too
    re.ASCII,  # Chinese may touch it
)
_NAME = re.compile(
    r"\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+\b|\b[A-Z]+\d[\w-]*\b|\b[a-z]+[A-Z]\w*\b", re.ASCII
)


# Names written like code that have Chinese of their own.
_USUAL = {
    "co2": ("二氧化碳",),
    "h2o": ("水",),
    "mcdonald": ("麦当劳",),
    "mcdonalds": ("麦当劳",),
    "wechat": ("微信",),
    "tiktok": ("抖音",),
    "linkedin": ("领英",),
}


def _is_code(token: str) -> bool:
    """`a.b` is code unless it is an abbreviation or two sentences that touch."""
    if "." not in token or token.startswith("`") or token.endswith("()"):
        return True
    parts = token.split(".")
    return all(len(p) > 1 for p in parts) and not any(p in _STARTERS for p in parts[1:])


def _codes(text: str) -> list[str]:
    found = [m.rstrip(".,;:!?)") for m in _URL.findall(text)] + _MAIL.findall(text)
    rest = _MAIL.sub(" ", _URL.sub(" ", text))
    found += [m[0].strip("`") for m in _CODE.finditer(rest) if _is_code(m[0])]
    return list(dict.fromkeys(found))


def _without_code(text: str) -> str:
    for pattern in (_URL, _MAIL, _CODE, _NAME):
        text = pattern.sub(" ", text)
    return text


def identifiers(english: str, chinese: str, _terms: Terms) -> str | None:
    """URLs, addresses and code that must stand in the Chinese exactly as in the English."""
    flat = _fold(chinese)
    lost = [c for c in _codes(english) if _fold(c).removesuffix("()") not in flat]
    if not lost:
        return None
    return f"the translation must keep {', '.join(_short(c) for c in lost[:4])} as it is written"


def names(english: str, chinese: str, terms: Terms) -> str | None:
    """Names written like code (PyTorch, DataLoader, H100) that are usually kept as they are."""
    flat = _fold(chinese)
    covered = "".join(_fold(t.source) for t in terms)
    lost = [
        n
        for n in dict.fromkeys(_NAME.findall(_URL.sub(" ", english)))
        if _fold(n) not in flat
        and _fold(n).removesuffix("s") not in flat
        and _fold(n) not in covered
        and not any(chinese_name in chinese for chinese_name in _USUAL.get(_fold(n), ()))
    ]
    return f"usually kept as it is written: {', '.join(lost[:4])}" if lost else None


# --- are the terms kept -------------------------------------------------------------------------


def _wanted(term: Term) -> str:
    if term.policy == "keep":
        return f"keep “{term.source}” in English"
    return f"write “{term.source}” as {' or '.join(term.targets)}"


def terms_missed(_english: str, chinese: str, terms: Terms) -> str | None:
    """A strict or keep row of the term base that the Chinese does not follow."""
    missed = [t for t in unkept(terms, chinese)[1] if t.policy != "prefer"]
    return "; ".join(_wanted(t) for t in missed[:6]) or None


def terms_not_preferred(_english: str, chinese: str, terms: Terms) -> str | None:
    """A prefer row of the term base that the Chinese does not follow."""
    missed = [t for t in unkept(terms, chinese)[1] if t.policy == "prefer"]
    return "; ".join(_wanted(t) for t in missed[:6]) or None


def terms_forbidden(_english: str, chinese: str, terms: Terms) -> str | None:
    """Chinese that must not stand for a term, outside the Chinese that may."""
    bad = [f"do not write {wrong} for “{t.source}”" for t, wrong in unkept(terms, chinese)[0]]
    return "; ".join(bad[:6]) or None


def terms_doubled(english: str, chinese: str, terms: Terms) -> str | None:
    """The Chinese of a term, or any four characters, twice in a row as a model stutters."""
    text = re.sub(r"[\s`]+", "", chinese)
    for term in terms:
        for target in term.targets:
            twice = len(target) > 1 and _HAN.search(target) and target + target in text
            if twice and not re.search(
                rf"({re.escape(term.source)}\w*)\W+\1", english, re.IGNORECASE
            ):
                return f"“{_short(target)}” is written twice in a row"
    again = re.search(rf"((?:{_HAN.pattern}){{4,20}})\1", text)
    if again is None or _repeated(english) > 1:
        return None
    return f"“{_short(again[1])}” is written twice in a row"


# --- house style --------------------------------------------------------------------------------


def polite_you(_english: str, chinese: str, _terms: Terms) -> str | None:
    """The column addresses its readers as 大家 or 你."""
    return "write 你 or 大家, not 您" if "您" in chinese else None


CHECKS: tuple[Check, ...] = (
    Check("empty", empty, structural=True),
    Check("characters", characters, structural=True),
    Check("thinking", thinking),
    Check("meta", meta),
    Check("leftover", leftover, structural=True),
    Check("no-chinese", no_chinese, structural=True),
    Check("echo", echo, structural=True),
    Check("script", script),
    Check("traditional", traditional),
    Check("loop", loop),
    Check("length", length),
    Check("truncated", truncated),
    Check("number", numbers),
    Check("identifier", identifiers),
    Check("small-number", small_numbers, severity="warning", again=True),
    Check("fewer-numbers", fewer_numbers, severity="warning", again=True),
    Check("new-number", new_numbers, severity="warning", again=True),
    Check("length-doubt", length_doubt, severity="warning", again=True),
    Check("left-out", left_out, severity="warning", again=True),
    Check("name", names, severity="warning"),
    Check("term", terms_missed, severity="warning", again=True),
    Check("term-forbidden", terms_forbidden, severity="warning", again=True),
    Check("doubled", terms_doubled, severity="warning", again=True),
    Check("term-preferred", terms_not_preferred, severity="warning"),
    Check("polite-you", polite_you, severity="warning"),
)


def findings(
    english: str, chinese: str, terms: Terms = (), *, by_person: bool = False
) -> tuple[Finding, ...]:
    """Everything that is wrong with one answer, in the order of `CHECKS`.

    Only structural errors refuse a person's words; other errors become warnings there.
    """
    if len(chinese) > _ENDLESS + 40 * len(english):
        return (Finding("length", "error", "the translation does not end"),)
    found = []
    for check in CHECKS:
        reason = check.run(english, chinese, terms)
        if reason is not None:
            doubt = by_person and not check.structural
            severity = "warning" if doubt else check.severity
            found.append(Finding(check.code, severity, reason, check.again and not by_person))
            if check.code == "empty":
                break
    return tuple(found)


# --- is it the translation of this paragraph ----------------------------------------------------


def _told(english: str) -> frozenset[str]:
    """What an English text speaks of: common words, names, numbers."""
    numbers = {f"{n:f}" for n in numerals.english(english).possible if n > _LOOSE_NUMBER}
    return concepts.english(english) | {f"={w}" for w in _words(english)} | numbers


def _retold(chinese: str) -> frozenset[str]:
    """The same of a Chinese text, in the words of `_told`."""
    names = {f"={w}" for w in _words(chinese) if len(w) > 1}
    numbers = {f"{n:f}" for n in numerals.chinese(chinese).values if n > _LOOSE_NUMBER}
    return concepts.chinese(chinese) | names | numbers


_LOOSE_NUMBER = 12


def _belongs(
    told: Sequence[frozenset[str]], retold: Sequence[frozenset[str]]
) -> Callable[[int, int], float]:
    """How much of what Chinese `j` says English `i` says too; rare things count for more."""
    n = len(told)
    often: dict[str, int] = {}
    for things in told:
        for thing in things:
            often[thing] = often.get(thing, 0) + 1
    weight = {thing: 1.0 / count for thing, count in often.items() if count < n or n == 1}

    def belongs(i: int, j: int) -> float:
        return sum(weight.get(thing, 0.0) for thing in told[i] & retold[j])

    return belongs


_SHIFTED = 1.0  # by how much more a Chinese text must suit its neighbour's English than its own
"""One name or number that only the neighbour has, or two or three rarer words."""


def between(pairs: Sequence[tuple[str, str]]) -> dict[int, Finding]:
    """Answers that belong to a neighbour: by position in `pairs` of (English, Chinese), in order.

    Finds a Chinese text given twice, one that holds its neighbour's as well, and texts shifted or
    swapped between neighbours. A lone paragraph cannot be compared, and is never found here.
    """
    found: dict[int, Finding] = {}
    for i in range(len(pairs) - 1):
        for reason in _same(pairs[i], pairs[i + 1]):
            found[i] = found[i + 1] = Finding("duplicate", "error", reason)
    told = [_told(english) for english, _ in pairs]
    retold = [_retold(chinese) for _, chinese in pairs]
    belongs = _belongs(told, retold)
    for step in (1, -1):
        gain = [
            belongs(j + step, j) - belongs(j, j) if 0 <= j + step < len(pairs) else 0.0
            for j in range(len(pairs))
        ]
        for j, more in enumerate(gain):
            if more >= _SHIFTED:
                found.setdefault(j, _misplaced())
                # Its neighbours were moved, too, unless they clearly suit their own English.
                for k in (j - 1, j + 1):
                    if 0 <= k < len(pairs) and gain[k] > -_SHIFTED:
                        found.setdefault(k, _misplaced())
    return found


def _misplaced() -> Finding:
    return Finding(
        "shift",
        "error",
        "the translation seems to be that of a neighbouring paragraph: mind the ids",
    )


def _same(one: tuple[str, str], two: tuple[str, str]) -> list[str]:
    """Why two neighbouring answers cannot both be right."""
    (english, chinese), (other_english, other) = one, two
    a, b = _fold(chinese), _fold(other)
    if _fold(english) == _fold(other_english) or min(len(a), len(b)) < 4:
        return []
    if a == b:
        return ["two different paragraphs have the same translation"]
    if min(len(a), len(b)) >= 15 and (a in b or b in a):
        return ["the translation holds that of its neighbour as well"]
    return []
