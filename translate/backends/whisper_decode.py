"""Text tokens for many windows at once, by openai-whisper's own rules.

Knows tokens, the rules for suppression and timestamps, greedy and beam search. Does not know
sound, talks, windows' cutting, or what makes a text suspect.

Greedy decoding without fallback: `openai-whisper` at temperature 0, window by window, gives the
same tokens at the same precision. A finished window leaves the batch at once.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from translate.backends.whisper_network import Cache, Decoder

NEVER = -math.inf

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What may follow what: taken from openai-whisper for one language and one prompt."""

    begin: tuple[int, ...]  # prompt, language, task
    sot: int  # index in `begin` of the token whose logits tell silence and language
    most: int  # tokens a window may have
    suppressed: tuple[int, ...]
    eot: int
    no_speech: int
    first_timestamp: int
    latest_start: int  # the first timestamp may be this many steps into the window at most
    languages: tuple[tuple[int, str], ...]  # token, code; () where the model knows one alone
    context: int


def rules_of(model: Any, *, language: str, prompt: str, most: int | None = None) -> Rules:
    """openai-whisper's rules for this model; `most` tokens a window instead of its own limit."""
    from whisper.decoding import DecodingOptions, DecodingTask

    options = DecodingOptions(language=language, prompt=prompt or None, fp16=False)
    task = DecodingTask(model, options)
    tokenizer = task.tokenizer
    languages: tuple[tuple[int, str], ...] = ()
    if model.is_multilingual:
        pairs = zip(tokenizer.all_language_tokens, tokenizer.all_language_codes, strict=True)
        languages = tuple((int(token), str(code)) for token, code in pairs)
    return Rules(
        begin=tuple(task.initial_tokens),
        sot=task.sot_index,
        most=most or task.sample_len,
        suppressed=(*task._get_suppress_tokens(), tokenizer.no_timestamps),
        eot=tokenizer.eot,
        no_speech=tokenizer.no_speech,
        first_timestamp=tokenizer.timestamp_begin,
        latest_start=round((options.max_initial_timestamp or 0) * model.dims.n_audio_ctx / 30),
        languages=languages,
        context=model.dims.n_text_ctx,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """One window's tokens, and what the model thought of them."""

    tokens: tuple[int, ...]  # without the end of text
    avg_logprob: float
    no_speech_prob: float
    language: str  # the likeliest, whatever was asked for; empty where the model knows one alone
    probability: float
    whole: bool  # the model itself said that it was done


def decode(
    decoder: Decoder, features: Tensor, rules: Rules, *, beams: int = 1, told: Told = lambda _: None
) -> tuple[Decoded, ...]:
    """Tokens of every window of `features` (W, A, width); `told` hears the number of each step."""
    room = len(rules.begin) + rules.most
    cache = decoder.cache(features, beams, room)
    begin = torch.tensor([rules.begin] * len(features) * beams, device=features.device)
    logits, at_sot = decoder.begin(begin, cache, rules.sot)
    opening = [_opening(row, rules) for row in at_sot]
    state = _State(rules, logits, cache)
    found = (_greedy if beams == 1 else _beam_search)(decoder, state, told)
    return tuple(
        Decoded(
            tokens=tuple(f.tokens),
            avg_logprob=f.logprob / (len(f.tokens) + 1),
            no_speech_prob=silence,
            language=language,
            probability=probability,
            whole=f.whole,
        )
        for f, (silence, language, probability) in zip(found, opening, strict=True)
    )


@dataclass(slots=True, kw_only=True)
class _Found:
    tokens: list[int] = field(default_factory=list)
    logprob: float = 0.0
    whole: bool = False


def _opening(logits: Tensor, rules: Rules) -> tuple[float, str, float]:
    """Probability of silence; the likeliest language and its share among the languages."""
    silence = float(logits.softmax(-1)[rules.no_speech])
    if not rules.languages:
        return silence, "", 0.0
    shares = logits[[token for token, _ in rules.languages]].softmax(-1)
    best = int(shares.argmax())
    return silence, rules.languages[best][1], float(shares[best])


def _silence(logits: Tensor, rows: Tensor) -> None:
    """No token for the rows that are true: mostly none, and a look is cheaper than the filling."""
    if bool(rows.any()):
        logits.masked_fill_(rows[:, None], NEVER)


def _likeliest(logits: Tensor) -> Tensor:
    """The best token of each row; on processors NumPy finds it eight times as fast as PyTorch."""
    if logits.device.type == "cpu":
        return torch.from_numpy(logits.numpy().argmax(-1))
    return logits.argmax(-1)


class _State:
    """The rows still at work, and what each may say next."""

    def __init__(self, rules: Rules, logits: Tensor, cache: Cache) -> None:
        device, rows = logits.device, len(logits)
        self.rules, self.logits, self.cache = rules, logits, cache
        self._suppressed = torch.tensor(rules.suppressed, device=device)
        self._steps = torch.arange(logits.shape[1] - rules.first_timestamp, device=device)
        self._begun = False
        # Of every row: the latest time said, and whether the last two tokens were times.
        self._latest = torch.full((rows,), -1, device=device)
        self._last = torch.zeros(rows, dtype=torch.bool, device=device)
        self._last_but_one = torch.ones(rows, dtype=torch.bool, device=device)

    def allowed(self) -> Tensor:
        """Logits (rows, tokens) as the rules leave them."""
        rules, logits = self.rules, self.logits.index_fill_(1, self._suppressed, NEVER)
        text, times = logits[:, : rules.first_timestamp], logits[:, rules.first_timestamp :]
        if not self._begun:  # the first token is a time, and an early one
            text.fill_(NEVER)
            times[:, rules.latest_start + 1 :] = NEVER
            return logits
        # Times come in pairs, the end of one segment and the start of the next; they never fall,
        # and a segment lasts.
        opened, ended = self._last & self._last_but_one, self._last & ~self._last_but_one
        floor = self._latest + 1 - ended.long()
        times.masked_fill_(opened[:, None] | (self._steps < floor[:, None]), NEVER)
        _silence(text[:, : rules.eot], ended)
        # All times together likelier than any word: then it is a time.
        time_wins = times.logsumexp(-1) > text.amax(-1)
        _silence(text, time_wins)
        return logits

    def take(self, tokens: Tensor) -> None:
        """The next token of every row, (rows,)."""
        at = tokens - self.rules.first_timestamp
        self._last_but_one = self._last if self._begun else torch.ones_like(self._last)
        self._last = at >= 0
        self._latest = torch.where(self._last, at, self._latest)
        self._begun = True

    def keep(self, rows: Tensor) -> None:
        """Row i goes on from row `rows[i]`."""
        self._latest, self._last = self._latest[rows], self._last[rows]
        self._last_but_one = self._last_but_one[rows]


def _greedy(decoder: Decoder, state: _State, told: Told) -> list[_Found]:
    rules, cache = state.rules, state.cache
    found = [_Found() for _ in range(cache.windows)]
    at_work = list(range(cache.windows))  # the window of each row
    for step in range(_most(rules)):
        logits = state.allowed()
        tokens = _likeliest(logits)
        logprobs = (-functional.cross_entropy(logits, tokens, reduction="none")).tolist()
        state.take(tokens)
        said = tokens.tolist()
        rows = list(range(len(at_work)))
        for row in reversed(range(len(at_work))):
            one = found[at_work[row]]
            one.logprob += logprobs[row]
            if said[row] != rules.eot:
                one.tokens.append(said[row])
                continue
            one.whole = True
            cache.drop(row)
            at_work[row], rows[row] = at_work[-1], rows[-1]
            del at_work[-1], rows[-1]
        told(step)
        if not rows:
            break
        if len(rows) < len(said):
            chosen = torch.tensor(rows, device=tokens.device)
            state.keep(chosen)
            tokens = tokens[chosen]
        if step + 1 < _most(rules):
            state.logits = decoder.step(tokens[:, None], cache)
    return found


def _most(rules: Rules) -> int:
    return min(rules.most, rules.context + 1 - len(rules.begin))


@dataclass(slots=True)
class _Beams:
    """The search of one window."""

    sequences: list[tuple[int, ...]]
    scores: list[float]
    finished: dict[tuple[int, ...], float] = field(default_factory=dict)

    def advance(
        self, likely: list[list[float]], tokens: list[list[int]], eot: int
    ) -> tuple[list[int], list[int]]:
        """Next tokens of the beams and the beams they go on from, given each one's best."""
        count = len(self.sequences)
        sources: dict[tuple[int, ...], int] = {}
        scores: dict[tuple[int, ...], float] = {}
        for i, sequence in enumerate(self.sequences):
            for score, token in zip(likely[i], tokens[i], strict=True):
                scores[(*sequence, token)] = score
                sources[(*sequence, token)] = i
        going: list[tuple[int, ...]] = []
        ended: list[tuple[int, ...]] = []
        for sequence in sorted(scores, key=scores.__getitem__, reverse=True):
            if sequence[-1] == eot:
                ended.append(sequence)
                continue
            going.append(sequence)
            if len(going) == count:
                break
        for sequence in ended[: count - len(self.finished)]:
            self.finished[sequence] = scores[sequence]
        self.sequences, self.scores = going, [scores[s] for s in going]
        return [s[-1] for s in going], [sources[s] for s in going]

    def best(self, eot: int) -> _Found:
        """The sequence of the best score a token."""
        candidates = dict(self.finished)
        for score, sequence in sorted(zip(self.scores, self.sequences, strict=True), reverse=True):
            if len(candidates) >= len(self.sequences):
                break
            candidates[(*sequence, eot)] = score
        sequence = max(candidates, key=lambda s: candidates[s] / (len(s) - 1))
        return _Found(
            tokens=list(sequence[:-1]),
            logprob=candidates[sequence],
            whole=sequence in self.finished,
        )


def _beam_search(decoder: Decoder, state: _State, told: Told) -> list[_Found]:
    rules, cache = state.rules, state.cache
    count, device = cache.rows, state.logits.device
    searches = [_Beams([()] * count, [0.0] * count) for _ in range(cache.windows)]
    at_work = list(searches)
    for step in range(_most(rules)):
        logprobs = state.allowed().log_softmax(-1)
        scores = torch.tensor([s for w in at_work for s in w.scores], device=device)
        likely, tokens = logprobs.topk(count + 1)
        sums, choices = (scores[:, None] + likely).tolist(), tokens.tolist()
        said: list[int] = []
        rows: list[int] = []
        for w, window in enumerate(at_work):
            part = slice(w * count, (w + 1) * count)
            taken, sources = window.advance(sums[part], choices[part], rules.eot)
            said += taken
            rows += [w * count + source for source in sources]
        told(step)
        state.keep(torch.tensor(rows, device=device))
        state.take(torch.tensor(said, device=device))
        cache.reorder(torch.tensor(rows, device=device))
        said = _without_finished(at_work, said, state, count)
        if not at_work:
            break
        if step + 1 < _most(rules):
            state.logits = decoder.step(torch.tensor(said, device=device)[:, None], cache)
    return [search.best(rules.eot) for search in searches]


def _without_finished(
    at_work: list[_Beams], said: list[int], state: _State, count: int
) -> list[int]:
    """Take windows with enough finished sequences out of the batch; the last tokens of the rest."""
    order = list(range(len(at_work)))
    for w in reversed(range(len(at_work))):
        if len(at_work[w].finished) >= count:
            state.cache.drop(w)
            at_work[w], order[w] = at_work[-1], order[-1]
            del at_work[-1], order[-1]
    rows = [w * count + i for w in order for i in range(count)]
    if len(rows) < len(said):
        state.keep(torch.tensor(rows, dtype=torch.long, device=state.logits.device))
    return [said[r] for r in rows]
