"""Learn terms: rows for the term base, proposed from what an editor replaced more than once.

A proposal is a row in the term base's own columns with its evidence in the note; a person takes
it over or strikes it out. Few and good: what is not clearly one term's doing is left out. Knows
no files; rows come and go as CSV text.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from difflib import SequenceMatcher

from translate.errors import BadFileError
from translate.glossary import COLUMNS, COMMON, Glossary
from translate.model import Term
from translate.stages.learn import Pair


@dataclass(frozen=True, slots=True)
class Proposal:
    """One row, its cells as they stand in the file; the order is that of `COLUMNS`."""

    source: str
    target: str = ""
    policy: str = "prefer"
    case: str = "any"
    first_mention: str = "no"
    heard_as: str = ""
    forbidden: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        return self.source.casefold()

    @property
    def content(self) -> "Proposal":
        """What it would do; the note's evidence grows with every edit."""
        return replace(self, source=self.key, note="")


def proposals(pairs: Sequence[Pair], glossary: Glossary) -> tuple[Proposal, ...]:
    """Rows for what the editor replaced in the Chinese of two paragraphs or more, and for names
    put right in the English; by source, each source once."""
    rows: dict[str, Proposal] = {}
    for row in (*_renderings(pairs, glossary), *_mishearings(pairs, glossary)):
        rows[row.key] = _united(rows[row.key], row) if row.key in rows else row
    return tuple(rows[key] for key in sorted(rows))


def _united(one: Proposal, other: Proposal) -> Proposal:
    def listed(*cells: str) -> str:
        return "|".join(dict.fromkeys(item for c in cells for item in c.split("|") if item))

    return replace(
        one,
        target=listed(one.target, other.target),
        policy="prefer" if one.target or other.target else one.policy,
        heard_as=listed(one.heard_as, other.heard_as),
        forbidden=listed(one.forbidden, other.forbidden),
        note="；".join(dict.fromkeys([*one.note.split("；"), *other.note.split("；")])),
    )


# --- what was replaced by what ------------------------------------------------------------------

_HAN = re.compile(r"[\u3400-\u9fff]")
_TOKEN = re.compile(r"[\u3400-\u9fff]|[A-Za-z0-9][A-Za-z0-9_]*(?:[.'’+#/-]+[A-Za-z0-9_]+)*|[^\s]")
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_]*(?:[.'’+#/-]+[A-Za-z0-9_]+)*|[^\s]")
_LONGEST = 8  # tokens of a replacement: Han characters or words; more is a sentence rewritten
_GAP = 2  # tokens that two changes of one word may leave between them: 运算符 → 算子
_WORD_LENGTH = 2  # Han characters that make a word


@dataclass(frozen=True, slots=True)
class _Change:
    """One thing replaced by another."""

    old: str
    new: str


def _changes(before: str, after: str, token: re.Pattern[str]) -> Iterator[_Change]:
    """Everything in `before` that may be said to have become something in `after`.

    Several readings of each change are given, with and without what stands around it; which one
    is meant shows only when many paragraphs are compared.
    """
    old, new = token.findall(before), token.findall(after)
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    ops = [n for n, code in enumerate(codes) if code[0] != "equal"]
    for n, first in enumerate(ops):
        for last in ops[n:]:
            inside = codes[first : last + 1]
            if any(c[0] == "equal" and c[2] - c[1] > _GAP for c in inside):
                break
            spans = (inside[0][1], inside[-1][2]), (inside[0][3], inside[-1][4])
            yield from _readings(old, new, *spans)


def _readings(
    old: Sequence[str], new: Sequence[str], here: tuple[int, int], there: tuple[int, int]
) -> Iterator[_Change]:
    """The change, alone and with the Han characters that stand around it on both sides."""
    for left in range(_WORD_LENGTH + 1):
        if left and not _same_han(old, new, here[0] - left, there[0] - left):
            break
        for right in range(_WORD_LENGTH + 1 - left):
            if right and not _same_han(old, new, here[1] + right - 1, there[1] + right - 1):
                break
            one = old[here[0] - left : here[1] + right]
            two = new[there[0] - left : there[1] + right]
            if _is_term(one) and _is_term(two):
                change = _Change(_spelled(one), _spelled(two))
                if not (_within(change.old, change.new) or _within(change.new, change.old)):
                    yield change


def _within(short: str, long: str) -> bool:
    """Whether all of it stands there, in order: something was only put in or taken out."""
    rest = iter(long)
    return all(c in rest for c in short)


def _same_han(old: Sequence[str], new: Sequence[str], i: int, j: int) -> bool:
    inside = 0 <= i < len(old) and 0 <= j < len(new)
    return inside and old[i] == new[j] and bool(_HAN.match(old[i]))


# Characters that hardly a term begins or ends with.
_NO_EDGE = frozenset(
    "的了是在和与们我你您他她它这那个该每也都就得地把被将从到及其并或而则但很更最还又吗呢吧等着过给让不"
)
_NO_END = frozenset("中上下为于会要来可以对由所种")


def _is_term(tokens: Sequence[str]) -> bool:
    """Whether it could be a word or a name: no punctuation, not one Han character alone."""
    if not 0 < len(tokens) <= _LONGEST or not all(t[0].isalnum() for t in tokens):
        return False
    if tokens[0] in _NO_EDGE or tokens[-1] in _NO_EDGE | _NO_END:
        return False
    han = sum(bool(_HAN.match(t)) for t in tokens)
    letters = sum(c.isalpha() for t in tokens for c in t) - han
    return han >= _WORD_LENGTH or (letters >= _WORD_LENGTH and han != 1)


def _spelled(tokens: Sequence[str]) -> str:
    out = ""
    for token in tokens:
        gap = bool(out) and not _HAN.match(out[-1]) and not _HAN.match(token)
        out += f"{' ' * gap}{token}"
    return out


def _count(text: str, part: str) -> int:
    """How often it stands there, whatever spaces and case; Latin words as whole words."""
    pattern = re.escape(part).replace(r"\ ", r"\s*")
    start = r"(?<![A-Za-z0-9_])" if part[0].isascii() else ""
    end = r"(?:e?s)?(?![A-Za-z0-9_])" if part[-1].isascii() else ""
    return len(re.findall(f"{start}{pattern}{end}", text, re.IGNORECASE))


# --- the Chinese --------------------------------------------------------------------------------


def _renderings(pairs: Sequence[Pair], glossary: Glossary) -> Iterator[Proposal]:
    known = [p for p in pairs if p.generated]
    where: dict[_Change, list[Pair]] = {}
    for pair in known:
        if pair.touched:
            for change in dict.fromkeys(_changes(pair.generated, pair.chinese, _TOKEN)):
                where.setdefault(change, []).append(pair)
    targets = {target for term in glossary.terms for target in term.targets}

    def rank(change: _Change) -> tuple[float, ...]:
        found = sum(_count(p.generated, change.old) for p in known)
        found += sum(_count(p.chinese, change.new) for p in known)
        size = len(change.old) + len(change.new)
        return (-len(where[change]), change.new not in targets, -found, size)

    taken: list[_Change] = []
    for change in sorted((c for c in where if len(where[c]) > 1), key=rank):
        if any(_overlap(change, other) for other in taken):
            continue
        kept = [p for p in known if _count(p.chinese, change.old)]
        if len(kept) >= len(where[change]) or not _is_whole(change, known):
            continue
        row = _row(change, where[change], kept, known, glossary)
        if row is not None:
            taken.append(change)
            yield row


def _is_whole(change: _Change, known: Sequence[Pair]) -> bool:
    """Whether both are words, as far as the talk can tell: no one Han character stands always
    before or after them."""
    sides = (change.old, [p.generated for p in known]), (change.new, [p.chinese for p in known])
    for part, texts in sides:
        if not _HAN.match(part[0]):
            continue
        found = [m for text in texts for m in re.finditer(f"(.?){re.escape(part)}(.?)", text)]
        for around in ({m[1] for m in found}, {m[2] for m in found}):
            if len(around) == 1 and _HAN.match(next(iter(around))) and not around & _NO_EDGE:
                return False
    return True


def _overlap(one: _Change, other: _Change) -> bool:
    return bool(
        one.old in other.old or other.old in one.old or one.new in other.new or other.new in one.new
    )


def _row(
    change: _Change,
    where: Sequence[Pair],
    kept: Sequence[Pair],
    known: Sequence[Pair],
    glossary: Glossary,
) -> Proposal | None:
    found = _english_of(change, where, known, glossary)
    if found is None:
        return None
    source, term = found
    note = f"“{change.old}”改为“{change.new}”：{_times(where)}"
    if kept:
        note += f"；另有 {len(kept)} 段仍作“{change.old}”"
    stays = source.casefold() == change.new.casefold()
    row = Proposal(
        source=source,
        target="" if stays else change.new,
        policy="keep" if stays else "prefer",
        forbidden="" if kept or not _HAN.search(change.old) else change.old,
        note=note,
    )
    return _beside(row, term) if term else row


def _beside(row: Proposal, term: Term) -> Proposal | None:
    """The row for a term that the term base has already; None when it says nothing new."""
    target = "" if row.target in term.targets else row.target
    forbidden = "" if row.forbidden in (*term.forbidden, *term.targets) else row.forbidden
    heard = "" if row.heard_as in term.heard_as else row.heard_as
    if not (target or forbidden or heard):
        return None
    targets = [row.target] if row.target else []
    place = f"（{term.file.rpartition('/')[2]}:{term.line}）" if term.file else ""
    return replace(
        row,
        target="|".join(dict.fromkeys([*targets, *term.targets])),
        policy=term.policy,
        case="exact" if term.exact_case else "any",
        first_mention="yes" if term.first_mention else "no",
        heard_as="|".join(dict.fromkeys([*term.heard_as, *filter(None, [heard])])),
        forbidden="|".join(
            wrong
            for wrong in dict.fromkeys([*term.forbidden, *filter(None, [forbidden])])
            if wrong != row.target
        ),
        note=f"{row.note}；词表已有此词{place}，请改那一行",
    )


def _times(where: Sequence[Pair]) -> str:
    """How many paragraphs, and when the first few of them are."""
    shown = "、".join(p.at for p in where[:4])
    return f"{len(where)} 段（{shown}{'等' if len(where) > 4 else ''}）"


# --- which English it stands for ----------------------------------------------------------------

_FITS = 0.6  # how closely what is said and what was written must go together, 0..1
_RELATED = 0.3  # the same, where the term base has one of the two Chinese words for the term
_NOUN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[.'’+#/-]+[A-Za-z0-9]+)*")
_NO_NOUN = re.compile(r"(?i)(?:.*(?:ly|ed|n't|'re|'ve|'ll|'m|'s)|i)")


def _english_of(
    change: _Change, where: Sequence[Pair], known: Sequence[Pair], glossary: Glossary
) -> tuple[str, Term | None] | None:
    """The one English term that is said where the old Chinese was written; None if unclear."""
    written = [_count(p.generated, change.old) for p in known]
    fits: list[tuple[tuple[float, ...], str, Term | None]] = []
    terms = list(glossary.terms_in(where[0].english))
    for term in terms:
        said = [sum(m.term == term for m in glossary.matches(p.english)) for p in known]
        ours = {change.old, change.new} & {*term.targets, *term.forbidden}
        if not ours and any(_count(p.chinese, t) for p in where for t in term.targets):
            continue  # it is there in its own Chinese
        fits += _fit(term.source, term, said, written, where, known, (bool(ours), True))
    names = {term.source.casefold() for term in terms}
    for words in _nouns(where[0].english):
        if words.casefold() in names or _in_term(words, glossary):
            continue
        if all(words.casefold() in p.english.casefold() for p in where):
            said = [_count(p.english, words) for p in known]
            fits += _fit(words, None, said, written, where, known, (False, False))
    fits.sort(key=lambda fit: fit[0], reverse=True)
    best = [fit for fit in fits if fit[0] == fits[0][0]]
    # Of what is said always together, the longest is the term.
    longest = max(best, key=lambda fit: len(fit[1]), default=None)
    if longest is None or any(fit[1].casefold() not in longest[1].casefold() for fit in best):
        return None
    return longest[1], longest[2]


def _fit(
    source: str,
    term: Term | None,
    said: Sequence[int],
    written: Sequence[int],
    where: Sequence[Pair],
    known: Sequence[Pair],
    rank: tuple[bool, bool],
) -> Iterator[tuple[tuple[float, ...], str, Term | None]]:
    """A candidate with its rank, if it is said in all these paragraphs and in few others."""
    if not all(n for n, p in zip(said, known, strict=True) if p in where):
        return
    both = sum(map(min, said, written))
    share = both / (sum(map(max, said, written)) or 1)
    if share >= (_RELATED if rank[0] else _FITS):
        yield (float(rank[0]), round(share, 2), float(rank[1])), source, term


def _nouns(english: str) -> Iterator[str]:
    """Runs of one to three words that could be a term."""
    seen = set()
    for sentence in re.split(r"[.!?,;:()\"“”]+(?:\s+|$)", english):
        words = sentence.split()
        for size in (1, 2, 3):
            for first in range(len(words) - size + 1):
                run = words[first : first + size]
                text = " ".join(run)
                if all(map(_could_be_noun, run)) and text.casefold() not in seen:
                    seen.add(text.casefold())
                    yield text


def _could_be_noun(word: str) -> bool:
    return bool(
        len(word) > 2
        and _NOUN.fullmatch(word)
        and word.casefold() not in COMMON
        and not _NO_NOUN.fullmatch(word)
    )


def _in_term(words: str, glossary: Glossary) -> bool:
    """Whether it is a term of the term base, in the plural perhaps, which is a candidate itself."""
    return any(m.end - m.start == len(words) for m in glossary.matches(words))


# --- the English --------------------------------------------------------------------------------

_CLOSE = 0.4  # how alike two spellings of one name are at least, 0..1
_ENDING = re.compile(r"(?:['’]s|(?<![siu])s|['’])$")
_FEWEST = 3  # letters of what is heard; fewer would be found everywhere


def _mishearings(pairs: Sequence[Pair], glossary: Glossary) -> Iterator[Proposal]:
    """Names put right in the English: again and again, or once where it is plainly a name."""
    where: dict[_Change, list[Pair]] = {}
    for pair in pairs:
        if pair.heard != pair.english:
            for change in _respelled(pair.heard, pair.english):
                where.setdefault(change, []).append(pair)
    final = "\n".join(p.english for p in pairs)
    terms = {term.source.casefold(): term for term in glossary.terms}
    claimed = {heard.casefold() for term in glossary.terms for heard in term.heard_as}
    means: dict[str, set[str]] = {}
    for change in where:
        means.setdefault(change.old.casefold(), set()).add(change.new.casefold())
    for change, found in where.items():
        times = len(found)
        heard = change.old.casefold()
        if heard in terms or heard in claimed or _count(final, change.old) or len(means[heard]) > 1:
            continue  # a real word: it was right elsewhere, or is heard for more than one
        if not _like_a_name(change.new, final) or (times == 1 and not _alike(change)):
            continue
        paragraphs = list(dict.fromkeys(found))
        seen = "只见一次" if times == 1 else _times(paragraphs)
        at = f"（{found[0].at}）" if times == 1 else ""
        row = Proposal(
            source=change.new,
            policy="keep",
            heard_as=change.old,
            note=f"英文“{change.old}”改为“{change.new}”：{seen}{at}{_caution(change.old)}",
        )
        term = terms.get(change.new.casefold())
        fresh = _beside(replace(row, source=term.source), term) if term else row
        if fresh is not None:
            yield fresh


def _respelled(heard: str, english: str) -> Iterator[_Change]:
    """Words replaced by words, without what a linter of English could have done."""
    old, new = _WORD.findall(heard), _WORD.findall(english)
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        one, two = old[i1:i2], new[j1:j2]
        if kind != "replace" or max(len(one), len(two)) > 4 or not _are_words([*one, *two]):
            continue
        change = _without_ending(_Change(" ".join(one), " ".join(two)))
        same = re.sub(r"\W", "", change.old).casefold() == re.sub(r"\W", "", change.new).casefold()
        words = change.old.casefold().split()
        common = words[0] in COMMON or words[-1] in COMMON
        common = common or bool(re.search(r"\d", change.old) and not re.search(r"\d", change.new))
        if not same and not common and len(change.old) >= _FEWEST:
            yield change


def _are_words(tokens: Sequence[str]) -> bool:
    return all(t[0].isalnum() for t in tokens) and any(c.isalpha() for c in tokens[0])


def _without_ending(change: _Change) -> _Change:
    old, new = _ENDING.search(change.old), _ENDING.search(change.new)
    if old and new and old[0] == new[0]:
        return _Change(change.old[: old.start()], change.new[: new.start()])
    return change


def _like_a_name(text: str, english: str) -> bool:
    """Words with a capital, a digit or an underscore each, none of them an everyday word or
    written small elsewhere."""
    return all(
        re.search(r"[A-Z0-9_]", word)
        and not re.search("['’]", word)
        and word.casefold() not in COMMON
        and not re.search(rf"\b{re.escape(word.lower())}s?\b", english)
        for word in text.split()
    )


def _caution(heard: str) -> str:
    return "（像是普通词，采用前请带上它前后的词）" if re.fullmatch("[a-z]+", heard) else ""


def _alike(change: _Change) -> bool:
    from rapidfuzz import fuzz

    one, two = (re.sub(r"\W", "", t).casefold() for t in (change.old, change.new))
    return fuzz.ratio(one, two) / 100 >= _CLOSE


# --- rows as CSV --------------------------------------------------------------------------------


def read_rows(text: str, name: str) -> tuple[Proposal, ...]:
    """The rows of a CSV file. Raises BadFileError naming `name` when it is none of ours."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    hint = f"Its columns are {','.join(COLUMNS)}; mend it, or move it away."
    try:
        columns = reader.fieldnames or ()
        if set(columns) - set(COLUMNS) or "source" not in columns:
            raise BadFileError(f"{name}:1: not a header of the term base", hint)
        rows = []
        for cells in reader:
            if None in cells or None in cells.values():
                raise BadFileError(
                    f"{name}:{reader.line_num}: not as many cells as the header has", hint
                )
            rows.append(Proposal(**cells))
    except csv.Error as error:
        raise BadFileError(f"{name}:{reader.line_num + 1}: not CSV: {error}", hint) from error
    return tuple(rows)


def rows_text(rows: Iterable[Proposal]) -> str:
    """The rows as a CSV file with its header."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(row) for row in rows)
    return out.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What became of all that was ever proposed for one file."""

    written: tuple[Proposal, ...] = ()  # rows that stood there as we wrote them
    declined: tuple[Proposal, ...] = ()  # rows that a person has struck out, or changed


def merge_rows(
    before: Proposed, mine: Sequence[Proposal] | None, new: Sequence[Proposal]
) -> tuple[tuple[Proposal, ...], Proposed]:
    """What the file should hold, and what to pass as `before` next time.

    `mine` as it is, but that rows which we wrote follow what is `new`. A row that a person typed
    or changed stays; one that they struck out comes again only when more than its note is
    another. With no file there (`mine` is None) all of `new`.
    """
    if mine is None:
        return tuple(new), Proposed(written=tuple(new))
    ours, fresh = _by_key(before.written), _by_key(new)
    here = {row.key for row in mine}
    gone = {row.content for row in before.declined}
    rows, written = [], []
    for row in mine:
        if ours.get(row.key) != row:
            rows.append(row)
            continue
        del ours[row.key]  # a second one like it was typed
        if row.key in fresh and fresh[row.key].content not in gone:
            rows.append(fresh[row.key])
            written.append(fresh[row.key])
    # Of what stands there in a person's words, they have decided as well.
    kept = {row.key for row in written}
    decided = [row for row in new if row.key in here and row.key not in kept]
    declined = {row.content: row for row in (*before.declined, *ours.values(), *decided)}
    more = [row for row in new if row.key not in here and row.content not in declined]
    return (
        (*rows, *more),
        Proposed(written=(*written, *more), declined=tuple(declined.values())),
    )


def _by_key(rows: Iterable[Proposal]) -> dict[str, Proposal]:
    return {row.key: row for row in rows}
