"""What can be wrong with a Chinese answer, told without a model: one small function a rule.

A check takes the English of a paragraph, its Chinese and the terms that hit it, and gives a
reason in English, or None. The reason is written to be sent back to a translator and to be read
by an editor. Knows nothing of translators, stores or drafts; reads nothing; never raises.

`error` findings are never let through. `warning` findings are let through and reported; those
of a check with `again` are worth one more try first.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from translate import numerals
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
    run = _longest_run(_words(english), latin)
    if run >= 12:
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
    "鬥鬧魚鮮鳥鴉鵝鹽麗麥麵黃點黨齊齒齡龍龜"
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
    found = re.search(r"(.{1,60}?)\1{3,}", text)
    while found and not re.search(r"\w", found[1]):
        found = re.compile(r"(.{1,60}?)\1{3,}").search(text, found.end())
    if found and len(found[0]) >= 6 and not _repeats(english, 3) and not found[1].isdecimal():
        return f"the translation repeats itself: {_short(found[1])}"
    counts: dict[str, int] = {}
    for sentence in re.split(r"[。！？；.!?;\n]", text):
        if len(sentence) >= 8:
            counts[sentence] = counts.get(sentence, 0) + 1
    for sentence, count in counts.items():
        if count >= 3 and not _repeats(english, count):
            return f"the translation says the same sentence {count} times: {_short(sentence)}"
    return None


def _repeats(english: str, times: int) -> bool:
    """Whether the speaker, or the recogniser, repeats a run of words that often."""
    words = _words(english)
    for size in (1, 2, 3, 4, 6):
        counts: dict[tuple[str, ...], int] = {}
        for i in range(len(words) - size + 1):
            if size == 1 and words[i : i + 3] != words[i : i + 1] * 3:
                continue
            run = tuple(words[i : i + size])
            counts[run] = counts.get(run, 0) + 1
        if size in (1, 4, 6) and any(
            c >= max(1 if size == 1 else 2, times - 1) for c in counts.values()
        ):
            return True
    return False


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
    """The English ends its sentence and the Chinese of a longer paragraph does not."""
    if len(english.split()) < 25 or not english.rstrip().endswith((".", "!", "?", '."', ".”")):
        return None
    end = chinese.rstrip().rstrip("`*_")[-1:]
    if end in _ENDS:
        return None
    return f"the translation breaks off: it ends with “{_short(chinese.rstrip()[-12:])}”"


def numbers(english: str, chinese: str, _terms: Terms) -> str | None:
    """A number of the English that the Chinese does not have in any form."""
    said, written = numerals.english(english), numerals.chinese(chinese)
    lost = said.required - written.values
    if not lost:
        return None
    return f"the number {_listed(lost)} of the English is not in the translation"


def new_numbers(english: str, chinese: str, _terms: Terms) -> str | None:
    """A number in digits that the English does not have in any form."""
    said, written = numerals.english(english), numerals.chinese(chinese)
    new = {n for n in written.arabic - said.possible if n > 1}
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
    Check("new-number", new_numbers, severity="warning", again=True),
    Check("length-doubt", length_doubt, severity="warning", again=True),
    Check("name", names, severity="warning"),
    Check("term", terms_missed, severity="warning", again=True),
    Check("term-forbidden", terms_forbidden, severity="warning", again=True),
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

# Words of talks that nearly everybody translates alike: an English beginning, then what the
# Chinese has for it. Used only to see which English a Chinese text belongs to.
_COMMON = """
abstract 摘要|accura 准确 精度|agree 同意 一致|algorithm 算法|analy 分析|annotat 标注 注释
answer 答|approach 方法|articl 文章|audio 音频|author 作者|automatic 自动|baseline 基线 基准
batch 批|benchmark 基准|better 更好|book 书|build 构建 建立|call 调用 称|challeng 挑战
chang 改变 变化 更改|classif 分类|code 代码|column 列|commit 提交|communit 社区|compan 公司
compar 比较 对比 相比|compil 编译|comput 计算|config 配置|consist 包括 由|context 上下文 语境
correct 正确 纠正|corpus 语料|creat 创建 创造|data 数据|debug 调试|decod 解码|demo 演示
develop 开发|device 设备|dictionar 字典 词典|differen 不同 差异|difficult 困难 难|distribut 分布
document 文档 文件|domain 领域 域|download 下载|edge 边缘|embedding 嵌入|encod 编码|english 英
error 错误 误差|evaluat 评估 评价|event 事件|exampl 例|experiment 实验|expert 专家
expla 解释 说明|extract 提取 抽取|feature 特征 功能|figure 图|file 文件|filter 过滤|find 发现 找
fine 微调|first 首先 第一|four 四|framework 框架|function 函数 功能|future 未来|generat 生成
goal 目标|gradient 梯度|graph 图|hardware 硬件|hello 你好 大家好|help 帮助|hidden 隐藏
histor 历史|human 人类 人工|idea 想法 思想|image 图像 图片|import 重要 导入
improv 改进 提高 改善 提升|industr 工业 行业 产业|information 信息|input 输入|install 安装
instance 实例|interest 兴趣 有趣|introduc 介绍 引入|issue 问题|kernel 内核 核|knowledge 知识
label 标签 标记|language 语言|large 大|last 最后 去年 上|layer 层|learn 学习|legal 法律
length 长度|level 级 层|library 库|linear 线性|link 链接|list 列表|load 加载|loss 损失
machine 机器|mask 掩|match 匹配|mathemat 数学|math 数学|memor 内存 显存 记忆|method 方法
metric 指标 度量|model 模型|modif 修改|month 月|name 名|natural 自然|network 网络|neural 神经
new 新|next 下一 接下来|number 数|object 对象 物体|open 开放 打开 开源|operat 操作 运算 算子
optimi 优化|output 输出|paper 论文|parallel 并行|parameter 参数|pars 解析|part 部分|people 人
perform 性能 表现 执行|phase 阶段|phone 电话 手机|phrase 短语|position 位置|predict 预测
present 介绍 展示 呈现|previous 之前 以前 先前|problem 问题|process 过程 处理|product 产品 乘积
program 程序|project 项目|propos 提出 建议|quality 质量|quantit 数量|question 问题
rank 排名 排序|reason 推理 原因 理由|recogni 识别|relation 关系|releas 发布 版本
represent 表示 代表|research 研究|result 结果|retriev 检索|review 评论 审|robust 稳健 鲁棒
row 行|sampl 样本 采样 示例|scor 分数 得分 评分|script 脚本|search 搜索|second 第二 其次 秒
semantic 语义|sentence 句|sequence 序列|server 服务器|shar 分享 共享|shot 样本
show 展示 显示 表明|simpl 简单|slide 幻灯片|small 小|social 社会 社交|software 软件|source 源
space 空间|special 特殊|speech 语音|speed 速度|split 拆分 分割|standard 标准|statist 统计
step 步|structur 结构|student 学生|summar 摘要 总结|support 支持|system 系统|table 表
target 目标|task 任务|team 团队|term 术语 词|test 测试|text 文本|thank 谢|theor 理论|three 三
time 时间 次|token 分词 词元 标记|tool 工具|train 训练|transform 转换 变换|translat 翻译|tree 树
tutorial 教程|type 类型|universit 大学|updat 更新|user 用户|valid 验证 有效|value 值|vector 向量
version 版本|video 视频|vision 视觉|visual 视觉 可视|vocabular 词汇 词表|voice 声音 语音
weight 权重|window 窗口|word 词 单词|work 工作|world 世界|writ 写|year 年
"""
_CONCEPTS = tuple(
    (parts[0], tuple(parts[1:]))
    for parts in (entry.split() for entry in _COMMON.replace("\n", "|").split("|"))
    if parts
)


def _told(english: str) -> set[str]:
    """What an English text speaks of: common words, names, numbers."""
    words = set(_words(english))
    stems = {w[:n] for w in words for n in range(3, len(w) + 1)}
    numbers = {f"{n:f}" for n in numerals.english(english).possible if n > _LOOSE_NUMBER}
    return {stem for stem, _ in _CONCEPTS if stem in stems} | {f"={w}" for w in words} | numbers


def _retold(chinese: str) -> set[str]:
    """The same of a Chinese text, in the words of `_told`."""
    names = {f"={w}" for w in _words(chinese) if len(w) > 1}
    numbers = {f"{n:f}" for n in numerals.chinese(chinese).values if n > _LOOSE_NUMBER}
    return {stem for stem, zh in _CONCEPTS if any(z in chinese for z in zh)} | names | numbers


_LOOSE_NUMBER = 12


def _belongs(told: Sequence[set[str]], retold: Sequence[set[str]]) -> Callable[[int, int], float]:
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
