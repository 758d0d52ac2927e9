"""What is said to a model and how its answer is read, for each kind of model; asks nobody.

`chat`: general models. One JSON message with several paragraphs by id, answered by one JSON object.
`mt`: models trained for nothing but translation. One paragraph a call, in plain text, after the
terms; the answer is the translation itself. The words are those that Tencent's Hy-MT2 documents
for terms and for translating (its README of 2026-05, with the Chinese instruction and without a
system message); other such models take them as an instruction like any other.

Knows no server and no library; never raises on an answer.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

from translate.backends.presets import Profile
from translate.model import Answer, Brief, Card, Request, Term, Unit, Usage

BATCH_WORDS: dict[Profile, int] = {
    "chat": 700,  # answers in one piece stay complete and in order up to about here
    "mt": 1,  # each paragraph a call of its own
}

_MESSAGE_VERSION = "1"  # raise it when a message changes, so that old answers count as stale
_PROMPTS: dict[Profile, str] = {"chat": "translate.md", "mt": "translate_mt.md"}
_LONGEST_ANSWER = 400_000  # characters

SCHEMA = {
    "name": "translation",
    "strict": True,
    "schema": {
        "type": "object",
        "additionalProperties": False,
        "required": ["paragraphs"],
        "properties": {
            "paragraphs": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["id", "zh"],
                    "properties": {"id": {"type": "string"}, "zh": {"type": "string"}},
                },
            }
        },
    },
}


def prompt(profile: Profile = "chat") -> str:
    """The instructions that go with every message: above it (`chat`), or around it (`mt`)."""
    return _file(_PROMPTS[profile])


def _file(name: str) -> str:
    return files("translate").joinpath(f"prompts/{name}").read_text(encoding="utf-8")


def prompt_version(profile: Profile = "chat") -> str:
    """A short hash of instructions and message format: part of the engine, hence of every key."""
    text = f"{_MESSAGE_VERSION}\n{prompt(profile)}"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def calls(request: Request, profile: Profile) -> tuple[Request, ...]:
    """The request as this kind of model can take it: whole, or paragraph by paragraph."""
    if profile == "chat":
        return (request,)
    return tuple(replace(request, units=(unit,)) for unit in request.units)


def together(answers: Sequence[Answer]) -> Answer:
    """The answers to `calls` as one. Refused or cut off is the whole if nothing else came back."""
    if len(answers) == 1:
        return answers[0]
    texts = {k: v for answer in answers for k, v in answer.texts.items()}
    failed = [a for a in answers if not a.texts]
    return Answer(
        texts=texts,
        usage=sum((a.usage for a in answers), Usage()),
        finish=failed[0].finish if failed and not texts else "stop",
        note=failed[0].note if failed else "",
    )


def messages(request: Request, profile: Profile) -> list[dict[str, str]]:
    """The conversation that asks for this request, one of `calls`."""
    if profile == "mt":
        return [{"role": "user", "content": mt_message(request)}]
    return [
        {"role": "system", "content": prompt()},
        {"role": "user", "content": message(request)},
    ]


def room(request: Request) -> int:
    """How many tokens an answer may have."""
    words = sum(len(u.english.split()) for u in request.units)
    # About 1.5 Han characters a word, a token or less each; the rest is for JSON.
    return 1024 + 4 * words + 32 * len(request.units)


def estimate(request: Request, profile: Profile) -> tuple[int, int]:
    """About how many tokens one answer takes, sent and received: no tokeniser is asked."""
    words = sum(len(u.english.split()) for u in request.units)
    sent = sum(_tokens(m["content"]) for m in messages(request, profile))
    # About 1.5 Han characters a word, at most a token each, and the JSON around them.
    around = 24 * len(request.units) if profile == "chat" else 0
    return sent, round(1.5 * words) + around


def read(content: str, finish: str | None, usage: Usage, request: Request, p: Profile) -> Answer:
    """A model's answer to `messages(request, p)`; `finish` is `length` where it was cut off."""
    texts = texts_of(content) if p == "chat" else mt_text(content, request.units[0])
    wanted = {u.id for u in request.units}
    note = (
        "the answer was not the JSON that was asked for"
        if p == "chat"
        else "the answer has no translation"
    )
    return Answer(
        texts={k: v for k, v in texts.items() if k in wanted},
        usage=usage,
        finish="length" if finish == "length" else "stop",
        note="" if texts else note,
    )


def _tokens(text: str) -> int:
    """About how many tokens a text is: four Latin characters each, or one and a half others."""
    latin = sum(c.isascii() for c in text)
    return round(latin / 4 + (len(text) - latin) / 1.5)


# --- general models -----------------------------------------------------------------------------


def message(request: Request) -> str:
    """The request as JSON: whatever a talk says stands in a string, and ends with it."""
    card = request.card
    talk = {
        "title": card.title,
        "event": card.event,
        "speakers": list(card.speakers),
        "summary": card.summary[:1500],
    }
    terms = {t.source: t for u in request.units for t in u.terms}
    parts: dict[str, Any] = {
        "talk": {k: v for k, v in talk.items() if v},
        "terms": [_term(terms[s]) for s in sorted(terms, key=lambda s: (-len(s), s))],
        "similar": [{"en": e.english, "zh": e.chinese} for e in request.examples],
        "before": [{"en": english, "zh": chinese} for english, chinese in request.previous],
        "after": request.following,
        "translate": [{"id": u.id, "en": u.english} for u in request.units],
        "mistakes": [{"id": one_id, "wrong": reason} for one_id, reason in request.reasons.items()],
    }
    return json.dumps({k: v for k, v in parts.items() if v}, ensure_ascii=False, indent=1)


def _term(term: Term) -> str:
    """One row in words that a model follows."""
    targets = " or ".join(term.targets)
    if term.policy == "keep" or (not targets and term.policy != "forbid"):
        line = f"{term.source}: keep it in English, exactly so"
    elif term.policy == "strict":
        line = f"{term.source}: always {targets}"
    elif term.policy == "prefer":
        line = f"{term.source}: preferably {targets}"
    else:
        line = f"{term.source}: {targets or 'as the context asks'}"
    if term.forbidden:
        line += f"; never {' or '.join(term.forbidden)}"
    return line


def texts_of(content: str) -> dict[str, str]:
    """The Chinese by id out of a model's answer, wherever the JSON stands in it.

    Never by position: what carries no id is dropped, and so is an id that comes twice with
    different texts. Of several answers in one, the last counts: models think aloud first.
    """
    content = _unthought(content[:_LONGEST_ANSWER])
    answer: dict[str, str] = {}
    loose: list[tuple[str, str]] = []
    for value in _values(content):
        pairs = _pairs(value)
        if isinstance(value, dict) and "paragraphs" not in value:
            loose += pairs  # the whole was cut off or broken; its finished parts still count
        elif pairs:
            answer = _unique(pairs)
    found = answer or _unique(loose)
    return {k: _unthought(text) or text for k, text in found.items()}


_THINKS = re.compile(r"\s*<think(?:ing)?>")
_THOUGHT = re.compile(r"</think(?:ing)?>")


def _unthought(content: str) -> str:
    """An answer without the thinking before it; what stands inside of it is the answer's own."""
    at = 0
    while _THINKS.match(content, at):
        end = _THOUGHT.search(content, at)
        if end is None:
            return ""
        at = end.end()
    return content[at:]


def _values(content: str) -> Iterator[object]:
    """Every JSON object or array in a text, outermost first where one is whole."""
    decoder = json.JSONDecoder()
    at = 0
    while (found := re.compile(r"[{\[]").search(content, at)) is not None:
        try:
            value, at = decoder.raw_decode(content, found.start())
        except (ValueError, RecursionError):
            at = found.start() + 1
            continue
        yield value


def _pairs(value: object) -> list[tuple[str, str]]:
    """(id, text) of `{"paragraphs": […]}`, of a bare list, of one entry or of `{"p0001": "…"}`."""
    if isinstance(value, dict) and "paragraphs" in value:
        value = value["paragraphs"]
    if isinstance(value, list):
        return [pair for item in value if isinstance(item, dict) for pair in _pairs(item)]
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("id"), str) and isinstance(value.get("zh"), str):
        return [(value["id"], value["zh"])]
    return [(k, v) for k, v in value.items() if re.fullmatch(r"p\d{4,}", k) and isinstance(v, str)]


def _unique(pairs: list[tuple[str, str]]) -> dict[str, str]:
    texts = dict(pairs)
    return {k: v for k, v in texts.items() if all(other == v for one, other in pairs if one == k)}


# --- a brief before the first call ----------------------------------------------------------------


def brief_messages(card: Card, english: str) -> list[dict[str, str]]:
    """The conversation that asks for a summary and for terms."""
    talk = {"title": card.title, "event": card.event, "description": card.summary[:1500]}
    asked = {"talk": {k: v for k, v in talk.items() if v}, "text": english}
    return [
        {"role": "system", "content": _file("brief.md")},
        {"role": "user", "content": json.dumps(asked, ensure_ascii=False, indent=1)},
    ]


def read_brief(content: str) -> Brief | None:
    """A model's proposals, unjudged; None where the answer holds none."""
    for value in _values(_unthought(content[:_LONGEST_ANSWER])):
        if isinstance(value, dict) and ("summary" in value or "terms" in value):
            rows = value.get("terms")
            pairs = [
                (row["en"], row["zh"])
                for row in (rows if isinstance(rows, list) else [])
                if isinstance(row, dict) and all(isinstance(row.get(k), str) for k in ("en", "zh"))
            ]
            said = value.get("summary")
            return Brief(summary=said if isinstance(said, str) else "", terms=tuple(pairs))
    return None


# --- translation models -------------------------------------------------------------------------


def mt_message(request: Request) -> str:
    """The first unit's paragraph after its terms; after a refused answer, with what was wrong."""
    unit = request.units[0]
    said = _sections(prompt("mt"))
    rows = [line for t in sorted(unit.terms, key=_longest_first) if (line := _mt_term(t))]
    terms = "\n".join([said["terms"], *rows, "", ""]) if rows else ""
    reason = " ".join(request.reasons.get(unit.id, "").split())
    mistake = f"\n{said['mistake']}{reason}" if reason else ""
    return f"{terms}{said['translate']}{mistake}\n\n{' '.join(unit.english.split())}"


def _sections(text: str) -> dict[str, str]:
    """Heading → text of a prompt that is put together."""
    parts = (part.split("\n", 1) for part in text.split("\n## ")[1:])
    return {heading.strip(): body.strip() for heading, body in parts}


def _longest_first(term: Term) -> tuple[int, str]:
    return -len(term.source), term.source


def _mt_term(term: Term) -> str:
    """`source 翻译成 target`: these models know no other policy."""
    if term.policy == "keep" or (not term.targets and term.policy != "forbid"):
        return f"{term.source} 翻译成 {term.source}"
    return f"{term.source} 翻译成 {term.targets[0]}" if term.targets else ""


def mt_text(content: str, unit: Unit) -> dict[str, str]:
    """The whole of a plain answer but for thinking aloud and a fence around it.

    None where it repeats what the model was told: what of it is the translation is not known.
    """
    text = _unthought(content[:_LONGEST_ANSWER]).strip()
    fenced = re.fullmatch(r"```\w*\n(.*?)\n?```", text, re.DOTALL)
    text = fenced[1].strip() if fenced else text
    told = any(line in text for line in _sections(prompt("mt")).values())
    return {unit.id: text} if text and not told else {}
