"""The prompt that makes a recogniser expect a talk's names."""

from collections.abc import Callable, Sequence

MOST_TERMS = 50


def bias_prompt(
    terms: Sequence[str],
    title: str,
    event: str,
    speakers: Sequence[str],
    *,
    count_tokens: Callable[[str], int],
    limit: int = 200,
) -> str:
    """A prompt that makes a recogniser expect this talk's names: sentences with punctuation.

    Names the title, the event and the speakers, then up to 50 of `terms` in their order, as far
    as `limit` tokens go. What does not fit is left out whole, never cut.
    """
    title, event = _name(title), _name(event)
    people = " and ".join(_unique(speakers))
    opening = ""
    for said in (
        f"{title}, a talk at {event} by {people}." if title and event and people else "",
        f"{title}, a talk by {people}." if title and people else "",
        f"{title}, a talk at {event}." if title and event else "",
        f"{title}." if title else "",
        f"A talk by {people}." if people else "",
    ):
        if said and count_tokens(said) <= limit:
            opening = said
            break
    named: list[str] = []
    for term in _unique(terms):
        if len(named) == MOST_TERMS:
            break
        if count_tokens(_sentence(opening, [*named, term])) <= limit:
            named.append(term)
    return _sentence(opening, named)


def _sentence(opening: str, named: Sequence[str]) -> str:
    about = f"It is about {', '.join(named)}." if named else ""
    return " ".join(part for part in (opening, about) if part)


def _name(text: str) -> str:
    """One line, without a full stop that would end the sentence early."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()).rstrip(".")


def _unique(names: Sequence[str]) -> list[str]:
    seen: dict[str, str] = {}
    for name in map(_name, names):
        if name:
            seen.setdefault(name.casefold(), name)
    return list(seen.values())
