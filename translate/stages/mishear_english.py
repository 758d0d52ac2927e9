"""Which words are plain English, and which may be names: by a list of frequent words.

Words in, judgements out; knows no talks, no terms and no slides.
"""

import base64
import binascii
import importlib.util
import re
from functools import lru_cache
from pathlib import Path

from translate.glossary import COMMON

_INFLECTIONS = ("s", "es", "ies", "ed", "d", "ing", "er", "ers", "ly", "n't", "al", "ness")


@lru_cache(maxsize=1)
def vocabulary() -> frozenset[str]:
    """Words that are frequent in English: the whole words among the tokens of Whisper's English.

    The file comes with `openai-whisper` and is read where it lies; nothing of Whisper is loaded.
    Without it, only the commonest words count as English, and more spans are suspected.
    """
    package = importlib.util.find_spec("whisper")
    places = (package.submodule_search_locations if package else None) or []
    files = [Path(place) / "assets" / "gpt2.tiktoken" for place in places]
    words = set(COMMON)
    for file in files:
        for line in file.read_bytes().splitlines() if file.exists() else ():
            try:
                token = base64.b64decode(line.partition(b" ")[0]).decode()
            except (binascii.Error, UnicodeDecodeError):
                continue  # half of a character
            if token.startswith(" ") and token[1:].isalpha():
                words.add(token[1:])
    return frozenset(words)


def is_listed(word: str) -> bool:
    words = vocabulary()
    return bool({word, word.lower(), word.capitalize() if word.isupper() else word} & words)


@lru_cache(maxsize=65536)
def is_english(word: str) -> bool:
    """Whether a word, or each part of it between hyphens, is English, inflected or not."""
    parts = [re.sub(r"['’](?:s|re|ve|ll|d|m|t)?$", "", p) for p in re.split("[-‐–]", word)]
    if len(parts) > 1 and any(len(part) < 2 for part in parts):
        return False  # b-encoder
    return all(len(part) < 2 or is_listed(part) or _is_inflected(part) for part in parts)


def _is_inflected(word: str) -> bool:
    stems = [word[: -len(end)] for end in _INFLECTIONS if word.endswith(end)]
    return any(is_listed(stem + end) for stem in stems if len(stem) > 2 for end in ("", "e", "y"))


_DERIVED = frozenset(
    [
        *("", "s", "es", "d", "ed", "r", "er", "ers", "or", "ors", "ing", "able", "al", "ist"),
        *("ize", "ized", "izer", "izers", "izing", "ise", "ised", "ation", "ization", "ly"),
    ]
)


def same_word(a: str, b: str) -> bool:
    """Whether two words are one, inflected or derived: tokenize, tokenizer."""
    same = 0
    while same < min(len(a), len(b)) and a[same] == b[same]:
        same += 1
    return any(a[n:] in _DERIVED and b[n:] in _DERIVED for n in range(4, same + 1))
