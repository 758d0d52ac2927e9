"""English with people's Chinese, as paragraphs: the talks and lectures among the test data, or a
file of the user's own. Read in place; nothing of it is part of the repository.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.shared import SHARED
from translate.backends import captions
from translate.errors import BadFileError
from translate.model import Paragraph, Sentence

ACL = "talks/acl6060"
HF = "lectures/hf-course/zh-CN"
POLYU = "lectures/polyu-comp5521"  # Chinese by a machine: never a reference
# Where the people themselves slipped, by what they wrote: 1,108 became 10108, 838 thousand 883 万.
SLIPS = ("10108", "883万")
WORDS = 80  # English words from which a paragraph ends at the next sentence

_HAN = re.compile(r"[\u3400-\u9fff]")
_ASIDE = re.compile(r"^\s*\*?\s*\[译者注")  # a translator's note in the captions: nobody said it
_END = re.compile(r"[.?!][\"”')]*$")
_CHINESE_END = re.compile(r"[。？！.?!…][”’」』）)]*$")


@dataclass(frozen=True, slots=True)
class Pair:
    """One paragraph: the talk it is from, and its pieces (English, Chinese), mostly sentences."""

    talk: str
    pieces: tuple[tuple[str, str], ...]

    @property
    def english(self) -> str:
        return " ".join(english for english, _ in self.pieces)

    @property
    def chinese(self) -> str:
        return joined(chinese for _, chinese in self.pieces)

    def paragraph(self, start: float) -> Paragraph:
        """As the line has it, at this time in seconds."""
        said = tuple(Sentence(start=start, end=start + 1, text=e) for e, _ in self.pieces)
        return Paragraph(start=start, end=start + 1, sentences=said)


def joined(texts: Iterable[str]) -> str:
    """Chinese in one piece: a space only between two that are not Chinese where they touch."""
    out = ""
    for text in map(str.strip, texts):
        gap = " " if out and text and out[-1].isascii() and text[0].isascii() else ""
        out += gap + text
    return out


def in_paragraphs(
    talk: str, pieces: Iterable[tuple[str, str]], words: int = WORDS
) -> Iterator[Pair]:
    """Pieces put together until they have `words` English words and a sentence ends in both.

    Chinese captions often leave the mark at the end of a line out; a paragraph that ends there
    would look cut off.
    """
    held: list[tuple[str, str]] = []
    for english, chinese in pieces:
        held.append((english, chinese))
        ends = _END.search(english) and _CHINESE_END.search(chinese)
        if ends and sum(len(e.split()) for e, _ in held) >= words:
            yield Pair(talk, tuple(held))
            held = []
    if held:
        yield Pair(talk, tuple(held))


def talks() -> dict[str, list[tuple[str, str]]]:
    """Five whole ACL 2022 talks, sentence by sentence, by talk; empty without the data."""
    path = SHARED / ACL / "references.sentences.jsonl"
    out: dict[str, list[tuple[str, str]]] = {}
    for row in sorted(_rows(path), key=lambda r: r["sample_id"]):
        out.setdefault(row["doc_id"], []).append((row["src_ref"], row["tgt_ref"]))
    return out


def recorded(engine: str) -> dict[str, list[tuple[str, str, str]]]:
    """What Whisper wrote of the same sentences, the people's Chinese, and a machine's, by talk.

    `engine` is aya, gemma or tower.
    """
    heard = {r["sample_id"]: r["output"] for r in _rows(SHARED / ACL / "whisper_asr.short.jsonl")}
    said = {
        r["sample_id"]: r["output"] for r in _rows(SHARED / ACL / f"{engine}_whisper.short.jsonl")
    }
    out: dict[str, list[tuple[str, str, str]]] = {}
    for row in _rows(SHARED / ACL / "references.sentences.jsonl"):
        one = row["sample_id"]
        out.setdefault(row["doc_id"], []).append((heard[one], row["tgt_ref"], said[one]))
    return out


def lectures(folder: str = HF) -> dict[str, list[tuple[str, str]]]:
    """Captions with both languages in each cue, by lecture; empty without the data.

    Cues whose Chinese line has no Chinese, such as a lone name, go with the cue before.
    """
    out: dict[str, list[tuple[str, str]]] = {}
    for path in sorted((SHARED / folder).glob("*.srt")):
        cues: list[tuple[str, str]] = []
        for cue in captions.read(path).cues:
            lines = [line.strip() for line in cue.text.split("\n") if line.strip()]
            lines = [line for line in lines if not _ASIDE.match(line)]
            if len(lines) == 2 and not lines[0].startswith("（"):
                cues.append((_undashed(lines[1]), _undashed(lines[0])))
        out[path.stem] = cues
    return out


def machine_lectures() -> dict[str, list[tuple[str, str]]]:
    """Two lectures as a recogniser and a machine translator wrote them: one cue a language."""
    out: dict[str, list[tuple[str, str]]] = {}
    for path in sorted((SHARED / POLYU).glob("*dual*.srt")):
        texts = [" ".join(cue.text.split()) for cue in captions.read(path).cues]
        out[path.name.partition("-Meeting")[0]] = list(zip(texts[::2], texts[1::2], strict=False))
    return out


def _undashed(line: str) -> str:
    """Without the dash with which captions mark a speaker."""
    return re.sub(r"^[-–]\s*", "", line)


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def references(words: int = WORDS) -> dict[str, list[Pair]]:
    """Every paragraph with people's Chinese, by data set; empty without the data."""
    sets = {"acl6060": talks(), "hf-course": lectures()}
    return {
        name: [p for talk, pieces in found.items() for p in in_paragraphs(talk, pieces, words)]
        for name, found in sets.items()
        if found
    }


def read_tsv(path: Path) -> list[Pair]:
    """The user's own: one paragraph a line, English, tab, Chinese, and perhaps tab, talk.

    Raises BadFileError with the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFileError(f"{path}: cannot be read: {error}", "It takes UTF-8.") from error
    pairs = []
    for number, line in enumerate(text.split("\n"), 1):
        cells = [cell.strip() for cell in line.rstrip("\r").split("\t")]
        if not any(cells):
            continue
        if len(cells) not in (2, 3) or not all(cells[:2]):
            raise BadFileError(
                f"{path}:{number}: not English, tab, Chinese",
                "One paragraph a line; then the talk.",
            )
        pairs.append(Pair(cells[2] if len(cells) == 3 else path.stem, ((cells[0], cells[1]),)))
    if not pairs:
        raise BadFileError(
            f"{path}: no pairs in it", "One paragraph a line: English, tab, Chinese."
        )
    return pairs
