"""How close a machine's Chinese comes to people's, and whether it keeps the terms and the facts."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from translate.glossary import Glossary, unkept
from translate.typography import tidy_text


def normal(chinese: str) -> str:
    """The one form in which texts are compared: NFKC, the blog's typography, single spaces."""
    return " ".join(tidy_text(unicodedata.normalize("NFKC", chinese)).split())


def bleu_and_chrf(said: Sequence[str], references: Sequence[str]) -> tuple[float, float]:
    """Of the whole, 0 to 100; BLEU with sacrebleu's `zh` tokens, chrF with its defaults."""
    from sacrebleu.metrics import BLEU, CHRF

    mine, theirs = [normal(t) for t in said], [normal(t) for t in references]
    return (
        BLEU(tokenize="zh").corpus_score(mine, [theirs]).score,
        CHRF().corpus_score(mine, [theirs]).score,
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """Over terms and paragraphs: how often a term was said, kept, and rendered as forbidden."""

    said: int = 0
    kept: int = 0
    forbidden: int = 0
    missed: Counter[str] = field(default_factory=Counter)

    @property
    def success(self) -> float:
        return self.kept / self.said if self.said else 1.0


def terms_kept(english: Sequence[str], chinese: Sequence[str], glossary: Glossary) -> Terms:
    """What became of the terms, each once a paragraph; paragraphs without Chinese miss all."""
    said = kept = wrong = 0
    missed: Counter[str] = Counter()
    for text, translated in zip(english, chinese, strict=True):
        terms = glossary.terms_in(text)
        forbidden, lost = unkept(terms, translated)
        bad = {term.source for term, _ in forbidden}
        not_kept = bad | {term.source for term in lost}
        required = [term for term in terms if term.policy != "forbid"]
        said += len(required)
        kept += sum(term.source not in not_kept for term in required)
        wrong += len(bad)
        missed.update(not_kept)
    return Terms(said, kept, wrong, missed)
