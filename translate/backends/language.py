"""The language of a text, with langdetect.

Knows text alone. langdetect is random unless seeded, and easily led by one quotation: the seed
is fixed and several stretches of the text are asked.
"""

from langdetect import DetectorFactory, LangDetectException, detect_langs

STRETCHES = 7
STRETCH = 800  # characters
TOO_SHORT = 40  # letters


def detect(text: str) -> tuple[str, float]:
    """Language (two letters, `zh` for all Chinese) and probability over the whole text.

    ("", 0.0) where the text is too short to tell.
    """
    text = " ".join(text.split())
    # A Chinese or Japanese character says about as much as three letters.
    if sum(3 if ord(c) > 0x2E80 else 1 for c in text if c.isalpha()) < TOO_SHORT:
        return "", 0.0
    DetectorFactory.seed = 0
    parts = _stretches(text)
    total: dict[str, float] = {}
    for part in parts:
        try:
            found = detect_langs(part)
        except LangDetectException:  # no letters in this stretch
            continue
        for guess in found:
            language = str(guess.lang).split("-")[0]
            total[language] = total.get(language, 0.0) + guess.prob / len(parts)
    if not total:
        return "", 0.0
    best = max(total, key=total.__getitem__)
    return best, min(1.0, total[best])


def _stretches(text: str) -> list[str]:
    if len(text) <= STRETCH * STRETCHES:
        return [text[i : i + STRETCH] for i in range(0, len(text), STRETCH)]
    step = (len(text) - STRETCH) // (STRETCHES - 1)
    return [text[i * step : i * step + STRETCH] for i in range(STRETCHES)]
