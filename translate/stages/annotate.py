"""Annotate: where a reader of the Chinese will ask, and what an editor's note could answer.

Reads the English of a talk and says, paragraph by paragraph, why a note may stand there: people,
acronyms and PyTorch things at their first mention, releases, links spoken aloud, dates that only
the audience could place, events that are over. Each reason proposes the words where the facts are
at hand; nothing is looked up, and nothing is taken from the talk but what patterns of plain words
let through. Knows neither the draft's shape nor the Chinese.
"""

import datetime
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from translate.glossary import Glossary, Match
from translate.model import Article, Flag, Paragraph, Sentence, Term, clock, public_url
from translate.stages.annotate_time import day_of, event_in, moments_in
from translate.typography import one_line

Amount = Literal["few", "all", "none"]

WORDS_A_NOTE = 250  # about 2.4 notes per 1,000 Han characters; the column's own post has 1.4
# Ranks: 0 is the likeliest to be filled. `few` gives at most half of its places to those from
# MINOR on, and none to those from IDLE on.
MINOR, IDLE = 6, 9


class _Question(NamedTuple):
    """Why a note may stand after a paragraph."""

    rank: int
    kind: str
    key: str  # with the kind: what is asked once in a talk
    reason: str


class _Found(NamedTuple):
    order: int  # of the paragraph
    start: float
    question: _Question


def note_slots(
    article: Article,
    glossary: Glossary,
    counterparts: Glossary,
    *,
    date: str,
    today: datetime.date,
    amount: Amount = "few",
) -> dict[float, tuple[str, ...]]:
    """The reasons for notes, by the start of the paragraph they follow; plain text of one line.

    `counterparts` has PyTorch's names as sources and Paddle's as targets. `date` is the talk's,
    YYYY-MM-DD, or empty when nobody knows; `today` decides which events are over. Each thing is
    asked once in a talk, where it comes first. `few`: the likeliest, one a paragraph and one for
    every 250 English words; `all`: all that was found; `none`: none.
    """
    if amount == "none":
        return {}
    reader = _Reader(article, glossary, counterparts, day_of(date), today)
    asked: dict[tuple[str, str], _Found] = {}
    for n, paragraph in enumerate(article.paragraphs):
        for question in reader.questions(paragraph):
            found = _Found(n, paragraph.start, question)
            asked.setdefault((question.kind, question.key), found)
    every = sorted(asked.values(), key=lambda f: (f.order, f.question.rank))
    if amount == "few":
        words = sum(len(p.english.split()) for p in article.paragraphs)
        every = _few(every, max(1, round(words / WORDS_A_NOTE)))
    slots: dict[float, list[str]] = {}
    for found in every:
        slots.setdefault(found.start, []).append(one_line(found.question.reason))
    return {start: tuple(reasons) for start, reasons in slots.items()}


def foreign_slots(article: Article, flags: Iterable[Flag]) -> dict[float, tuple[str, ...]]:
    """A note for every stretch in another language, by the start of the paragraph before it.

    What nobody has transcribed has no paragraph of its own, and would not be missed.
    """
    starts = [p.start for p in article.paragraphs]
    slots: dict[float, tuple[str, ...]] = {}
    for flag in flags:
        if flag.rule == "other-language" and starts:
            after = starts[max(0, bisect_right(starts, flag.start) - 1)]
            reason = (
                f"外语：{clock(flag.start)} 到 {clock(flag.end)} 说的是另一种语言，没有转写，"
                f"也没有翻译，请听原声（{flag.detail}）"
            )
            slots[after] = (*slots.get(after, ()), one_line(reason))
    return slots


def _few(found: Sequence[_Found], places: int) -> list[_Found]:
    """The best of them, one a paragraph; the more of a kind there are, the less the next counts."""
    left = sorted((f for f in found if f.question.rank < IDLE), key=lambda f: f.order)
    chosen: list[_Found] = []
    kinds: Counter[str] = Counter()
    while left and len(chosen) < places:
        best = min(left, key=lambda f: (f.question.rank + 2 * kinds[f.question.kind], f.order))
        chosen.append(best)
        kinds[best.question.kind] += 1
        minor = sum(f.question.rank >= MINOR for f in chosen) >= max(1, places // 2)
        left = [
            f for f in left if f.start != best.start and not (minor and f.question.rank >= MINOR)
        ]
    return sorted(chosen, key=lambda f: f.order)


class _Reader:
    """One talk, and what is known of it when a paragraph is read."""

    def __init__(
        self,
        article: Article,
        glossary: Glossary,
        counterparts: Glossary,
        date: datetime.date | None,
        today: datetime.date,
    ) -> None:
        self.glossary = glossary
        self.counterparts = counterparts
        self.date = date
        self.today = today
        english = " ".join(p.english for p in article.paragraphs)
        self.whole = _folded(english)
        self.lower = frozenset(re.findall(r"\b[a-z]{2,}\b", english))
        self.caps = Counter(_CAPS.findall(english))
        self.people: list[frozenset[str]] = []  # each as the words of a name

    def questions(self, paragraph: Paragraph) -> Iterator[_Question]:
        terms = self.glossary.matches(paragraph.english)
        yield from self._terms(paragraph, terms)
        yield from self._unknown_acronyms(paragraph, terms)
        yield from _releases(paragraph.english)
        for sentence in paragraph.sentences:
            yield from self._times(sentence)
            yield from self._people(sentence)
            yield from _links(sentence.text)

    # --- terms ---

    def _terms(self, paragraph: Paragraph, terms: Sequence[Match]) -> Iterator[_Question]:
        """What the term base and the table of counterparts have to say."""
        pairs = self.counterparts.matches(paragraph.english)
        known = {(m.start, m.end): m.term for m in terms}
        for match in pairs:
            row = known.get((match.start, match.end))
            yield self._counterpart(match.term, row)
        taken = [(m.start, m.end) for m in pairs]
        for match in terms:
            label, _, fact = match.term.note.partition("：")
            if label == "人物":
                yield from self._known_person(match.term, fact, paragraph.english)
            elif not any(low < match.end and match.start < high for low, high in taken):
                yield from self._noted(match.term, label, fact)

    def _counterpart(self, term: Term, row: Term | None) -> _Question:
        name, paddle = term.source, "、".join(term.targets)
        label, _, fact = row.note.partition("：") if row else ("", "", "")
        if label == "缩写" and not self._is_spelled_out(name, fact):
            name = f"{name}（{_expansion(fact)}）"
        reason = (
            f"飞桨的对应：首次提到 {name}。可写：飞桨里与 {term.source} 对应的是{_spaced(paddle)}。"
        )
        # Where more than a name can be told, a reader gains more.
        return _Question(3 if term.note else 5, "counterpart", paddle, reason + _stopped(term.note))

    def _known_person(self, term: Term, fact: str, english: str) -> Iterator[_Question]:
        name = re.escape(term.source)
        speaks = re.search(rf"\b(?:[Mm]y name(?: is|'s|’s)|I'm|I am) {name}(?!\w)", english)
        if self._is_new(term.source):
            # Speakers say who they are; a first name alone may be somebody else's.
            rank = IDLE if speaks else 1 if " " in term.source else 2
            reason = f"人物：首次提到 {term.source}。可写：{_stopped(fact)}职务会变，发布前请核对"
            yield _Question(rank, "person", term.source, reason)

    def _noted(self, term: Term, label: str, fact: str) -> Iterator[_Question]:
        name = term.source
        if label == "飞桨":
            reason = (
                f"飞桨的对应：首次提到 {name}。可写：飞桨里与它对应的是{_spaced(_stopped(fact))}"
            )
            yield _Question(5, "counterpart", fact, reason)
        elif label == "缩写" and name not in _EVERYDAY and not self._is_spelled_out(name, fact):
            reason = f"缩写：{name} 首次出现，演讲里没有展开。可写：{name}（{fact}）"
            yield _Question(6, "acronym", name, reason)
        elif label == "项目":
            yield _Question(IDLE, "project", name, f"项目：首次提到 {name}。可写：{_stopped(fact)}")

    # --- acronyms ---

    def _is_spelled_out(self, name: str, fact: str) -> bool:
        expansion = _folded(_expansion(fact))
        return bool(expansion) and expansion in self.whole and expansion != _folded(name)

    def _unknown_acronyms(
        self, paragraph: Paragraph, terms: Sequence[Match]
    ) -> Iterator[_Question]:
        text = paragraph.english
        letters = [c for c in text if c.isalpha()]
        if sum(c.isupper() for c in letters) * 3 > 2 * len(letters):
            return  # captions in capitals: nothing in them is an acronym
        for match in _CAPS.finditer(text):
            name = match.group()
            if name in _EVERYDAY or name.lower() in self.lower or set(name) <= set("IVX"):
                continue
            if any(m.start <= match.start() < m.end for m in terms):
                continue
            if not _initials_nearby(name, text, match):
                # Said once, its meaning matters little.
                rank = 8 if self.caps[name] > 2 else IDLE
                reason = f"缩写：{name} 首次出现，演讲里没有展开，也可能是听错了。请查证后写出全称"
                yield _Question(rank, "acronym", name, reason)

    # --- people ---

    def _is_new(self, name: str) -> bool:
        """Whether nobody of this name was asked after; `Alban` is also Alban Desmaison."""
        words = frozenset(name.lower().split())
        if any(words <= other or other <= words for other in self.people):
            return False
        self.people.append(words)
        return True

    def _people(self, sentence: Sentence) -> Iterator[_Question]:
        """People who are introduced, and of whom the term base knows nothing."""
        known = self.glossary.matches(sentence.text)
        for pattern, rank, why in _INTRODUCED:
            for match in pattern.finditer(sentence.text):
                for group, name in match.groupdict().items():
                    at = match.start(group)
                    if not name or any(m.start < match.end(group) and at < m.end for m in known):
                        continue
                    if _is_name(name) and self._is_new(name):
                        reason = f"人物：{why} {name}，术语库里没有。{self._namesakes(name)}"
                        yield _Question(rank, "person", name, reason)

    def _namesakes(self, name: str) -> str:
        """Who it may be, for a first name alone."""
        same = [
            term.source
            for term in self.glossary.terms
            if term.note.startswith("人物：") and term.source.lower().startswith(f"{name} ".lower())
        ]
        if same:
            return f"可能是 {'、'.join(same[:3])}，请对照视频后写一句介绍"
        return "请核对拼写，写一句介绍（所在团队、GitHub）"

    # --- time ---

    def _times(self, sentence: Sentence) -> Iterator[_Question]:
        """Dates that need a year, and events that are over by now."""
        moments = list(moments_in(sentence.text, self.date))
        event = event_in(sentence.text, moments, self.date)
        over = event is not None and (event.last is None or event.last < self.today)
        if event and over:
            known = f"按视频日期 {self.date} 推算是{event.when}，到今天已经结束"
            if self.date is None:
                what = "演讲的日期未知，请查证是否已经结束"
            elif event.sure:
                what = f"{known}。可写：活动已经结束了"
            else:
                what = f"视频发布于 {self.date}，多半已经结束，请查证。可写：活动已经结束了"
            reason = f"活动：“{event.said}”，{what}"
            yield _Question(0, "event", event.key, reason)
        for moment in moments:
            if moment.write:
                doubt = "，请核对年份" if moment.doubtful else ""
                write = f"按视频日期 {self.date} 推算{doubt}。可写：{moment.write}"
            else:
                write = "演讲的日期未知，请查证后写明年份"
            reason = f"相对时间：“{moment.said}”，{write}"
            yield _Question(moment.rank, "date", moment.said.lower(), reason)


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _expansion(fact: str) -> str:
    return re.split(r"[，（；。]", fact, maxsplit=1)[0].strip()


def _spaced(text: str) -> str:
    """`text` as it follows Chinese."""
    return f" {text}" if text[:1].isascii() else text


def _stopped(text: str) -> str:
    """`text` as a sentence, if there is any."""
    return f"{text.rstrip('。')}。" if text else ""


# --- acronyms -----------------------------------------------------------------------------------

_CAPS = re.compile(r"(?<![\w./@#$-])[A-Z]{3,6}(?![\w/@-]|\.\w)")
# What readers of the column know, or what is a name rather than an acronym.
_EVERYDAY_WORDS = """
AI ALBERT API APIS ASCII ASR AWS BART BERT CEO CI CLI CLS CNN CNNS COCO CPU CPUS CSV CTO CUDA CV
DL DNA DOI EOF FAQ FLOPS FP16 GAN GLUE GPT GPU GPUS GUI HTML HTTP HTTPS IBM ID IDE IDS IEEE IO
IP IT JSON LLM LLMS LSTM MAC MIT ML MNIST NASA NLP NMT NYC OCR OK OOM OS PC PDF PHD PIP PNG PR
PRS QA RAM README REST RGB RNA RNN RNNS SDK SEP SOTA SQL SSD SSH TCP TODO TV UI UK UN URL URLS
US USA USB UTF XML XOR YAML
"""
_EVERYDAY = frozenset(_EVERYDAY_WORDS.split())
_SMALL = "a an and at by for from in of on or the to with"
_SMALL_WORDS = frozenset(_SMALL.split())


def _initials_nearby(name: str, text: str, match: re.Match[str]) -> bool:
    """Whether words beside the acronym spell it: `FSDP, fully sharded data parallel`."""
    reach = 2 * len(name) + 6
    before = re.findall(r"[A-Za-z]+", text[: match.start()])[-reach:]
    after = re.findall(r"[A-Za-z]+", text[match.end() :])[:reach]
    for words in (before, after):
        full = "".join(word[0] for word in words).lower()
        short = "".join(word[0] for word in words if word.lower() not in _SMALL_WORDS).lower()
        if name.lower() in full or name.lower() in short:
            return True
    return False


# --- people -------------------------------------------------------------------------------------

_NAME_WORD = r"[A-Z][a-z\u00df-\u024f]+(?:[-'’][A-Z]?[a-z\u00df-\u024f]+)?"
_FULL_NAME = rf"{_NAME_WORD}(?: (?:[A-Z]\.|de|van|von|der|{_NAME_WORD})){{0,2}} {_NAME_WORD}"
_ANY_NAME = rf"{_FULL_NAME}|{_NAME_WORD}"
_SAID = r"(?:just |already |also |has |have |had )*"
_SAID += r"(?:mentioned|said|showed|shown|explained|talked|spoke|presented|pointed out|described)\b"
# Pattern, rank, and why a reader will ask. Case matters: a name begins with a capital.
_INTRODUCED: tuple[tuple[re.Pattern[str], int, str], ...] = (
    (
        re.compile(
            rf"\b(?:[Aa]s|[Ll]ike|[Ww]hat) (?P<a>{_ANY_NAME})(?:,? and (?P<b>{_ANY_NAME}))? {_SAID}"
        ),
        1,
        "演讲中提到",
    ),
    (
        re.compile(
            r"\b(?:[Mm]y|[Oo]ur) (?:colleagues?|co-?authors?|co-?workers?|co-?speakers?|teammates?"
            rf"|advisors?|supervisors?|friends?),? (?:from [A-Z]\w+,? )?(?P<a>{_ANY_NAME})"
            rf"(?:,? and (?P<b>{_ANY_NAME}))?"
        ),
        2,
        "同事或合作者",
    ),
    (
        re.compile(
            r"\b(?:(?:[Ss]pecial |[Bb]ig |[Mm]any )?[Tt]hanks to|[Tt]hank you to|[Jj]oined by"
            r"|[Jj]oint work with|[Tt]ogether with|[Pp]lease welcome|[Ii]ntroduce|[Hh]and (?:it )?"
            rf"(?:over|off) to) (?P<a>{_FULL_NAME})(?:,? and (?P<b>{_FULL_NAME}))?"
        ),
        2,
        "致谢或介绍",
    ),
    (re.compile(rf"\b[Mm]y name(?: is|'s|’s) (?P<a>{_FULL_NAME})"), IDLE, "演讲者自我介绍"),
)
_OTHER_WORDS = """
The This That These Those There They We You He She It And But So If In On At For From With All
Also Deep Machine Learning Neural Network Networks Language Model Models Natural Processing
Research University Institute Lab Labs Team Teams Foundation Google Meta Microsoft Figure Table
January February March April May June July August September October November December Monday
Tuesday Wednesday Thursday Friday Saturday Sunday English German Chinese French Spanish
"""
_NO_NAMES = frozenset(_OTHER_WORDS.split())


def _is_name(name: str) -> bool:
    return _NO_NAMES.isdisjoint(name.split())


# --- releases -----------------------------------------------------------------------------------

_RELEASE = re.compile(
    r"(?<![\w.])(?P<name>[A-Z][A-Za-z+-]{0,30}[A-Za-z](?: [A-Z][A-Za-z]{1,30})?),? "
    r"(?:[Vv]ersion |[Rr]elease |[Vv])?(?P<number>\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)(?![\w%]|\.\d)"
)
_NEW = re.compile(
    r"(?i)\b(?:releas\w+|launch\w*|announc\w+|ship(?:s|ped|ping)?|new version|came out|version"
    r"|landed|upgrad\w+|introduc\w+|download\w*)\b"
)
_RELEASE_NOTES = {
    "pytorch": "https://github.com/pytorch/pytorch/releases/tag/v{}",
    "torch": "https://github.com/pytorch/pytorch/releases/tag/v{}",
    "paddlepaddle": "https://github.com/PaddlePaddle/Paddle/releases/tag/v{}",
    "paddle": "https://github.com/PaddlePaddle/Paddle/releases/tag/v{}",
}


def _releases(english: str) -> Iterator[_Question]:
    """Versions that are named; of PyTorch itself, or where the text speaks of a release."""
    for match in _RELEASE.finditer(english):
        name, number = match["name"], match["number"]
        address = _RELEASE_NOTES.get(name.lower())
        if address:
            full = number if number.count(".") == 2 else f"{number}.0"
            link = address.format(full)
            reason = f"版本：{name} {number}。可写：详细内容可以看 {number} Release notes（{link}）"
            yield _Question(2, "release", f"{name} {number}", reason)
        elif _NEW.search(english[max(0, match.start() - 80) : match.end() + 80]) and _is_name(name):
            reason = f"版本：{name} {number}。可附发布说明的链接"
            yield _Question(4, "release", f"{name} {number}", reason)


# --- links --------------------------------------------------------------------------------------

_TOP = r"(?:org|com|net|edu|dev|io|ai|blog|gov)"
_WRITTEN = re.compile(
    r"https?://[^\s<>\"'`(){}\[\]，。；]+"
    rf"|(?<![\w@./-])(?:[a-z0-9][\w-]*\.)+{_TOP}(?:/[\w.~/-]*[\w/])(?![\w@])"
    rf"|(?i:(?<=\bat )|(?<=\bto )|(?<=\bvisit )|(?<=\bsee )|(?<=\bsite is ))"
    rf"(?:[a-z0-9][\w-]*\.)+{_TOP}\b(?![\w@/-]|\.\w)"
)
_DOTTED = re.compile(
    rf"(?i)\b[\w-]{{1,60}}(?: dot [\w-]{{1,60}}){{0,4}} dot {_TOP}\b(?! dot\b)"
    r"(?:,? (?:forward )?slash [\w-]+(?: (?:dash|hyphen|underscore) [\w-]+)*)*"
)
_MODULES = frozenset(["paddle", "torch", "tf", "np", "jax", "flax", "keras", "skimage", "scipy"])
_ON_GITHUB = re.compile(
    r"(?i:\bon GitHub,? (?:under|at|as)(?: the)?(?: name)?) "
    r"(?:(?P<owner>[A-Za-z0-9][\w.-]*)(?:/| slash )(?P<slashed>[\w.-]*\w)|(?P<name>[\w-]+))"
)
_ASKED = re.compile(
    r"(?i)\b(?:available|released|published|open[- ]sourced|hosted"
    r"|find (?:it|them|(?:the|our) code)|code(?: and (?:data|models?))? is)\b[^.?!]{0,40}?"
    r"\bon (?:our |the |my )?(?P<on>GitHub|website)\b"
    r"|\b(?P<shown>scan (?:the|this) QR code|(?:click|open|follow|check out) (?:the|this) link"
    r"|link (?:is )?(?:below|in the description|on (?:the|this) slide)s?)\b"
)
_SPOKEN_MARKS = (
    (r"(?i)\s+dot\s+", "."),
    (r"(?i),?\s+(?:forward\s+)?slash\s+", "/"),
    (r"(?i)\s+(?:dash|hyphen)\s+", "-"),
    (r"(?i)\s+underscore\s+", "_"),
)


def _links(text: str) -> Iterator[_Question]:
    """Addresses and repositories that are said, as a reader can open them."""
    found = False
    for match in _WRITTEN.finditer(text):
        address = match.group().rstrip(".,;:!?/")
        if not address.startswith("http"):
            if address.split(".")[0].lower() in _MODULES:
                continue
            address = f"https://{address}"
        found = True
        yield _link(match.group().rstrip(".,;:!?"), public_url(address))
    for match in _DOTTED.finditer(text):
        if match.group().split()[0].lower() not in _MODULES or " slash " in match.group().lower():
            found = True
            yield _link(match.group(), f"https://{_unspoken(match.group())}")
    for match in _ON_GITHUB.finditer(text):
        found = True
        if match["owner"]:
            repository = f"{match['owner']}/{match['slashed']}".lower()
            yield _link(match.group(), f"https://github.com/{repository}")
        elif match["name"].lower() not in _SMALL_WORDS | {"our", "my", "this", "that"}:
            reason = f"仓库：“{match.group()}”，请查到地址，写出可点的链接"
            yield _Question(4, "link", match["name"].lower(), reason)
    asked = None if found else _ASKED.search(text)
    if asked:
        said = asked["shown"] or f"on {asked['on']}"
        reason = f"链接：演讲里说 “{asked.group()}”，没有念出地址。请查到后写出可点的链接"
        yield _Question(4, "link", said.lower(), reason)


def _link(said: str, address: str) -> _Question:
    key = address.partition("://")[2].removeprefix("www.").lower()
    return _Question(3, "link", key, f"链接：口述的 “{said}”。可写成可点的地址：{address}")


def _unspoken(said: str) -> str:
    for pattern, mark in _SPOKEN_MARKS:
        said = re.sub(pattern, mark, said)
    return said.lower()
