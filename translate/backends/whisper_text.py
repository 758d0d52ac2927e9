"""Whisper's tokens as segments with times, and as words with times when they are asked for.

Knows tokens and how attention tells when a word was said. Does not know decoding or windows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from whisper.model import disable_sdpa
from whisper.timing import TOKENS_PER_SECOND, WordTiming, dtw, median_filter, merge_punctuations
from whisper.utils import compression_ratio

from translate.backends.whisper_decode import Decoded
from translate.model import Segment, Word

SMOOTHED = 7  # positions the median runs over, as in openai-whisper
LETTERS_PER_SECOND = 15  # that people say
OPENING = "\"'“¿([{-"
CLOSING = "\"'.。,，!！?？:：”)]}、"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    start: float
    end: float
    tokens: tuple[int, ...]  # of its text


def segments_of(
    decoded: Decoded, tokenizer: Any, *, offset: float, duration: float
) -> tuple[Segment, ...]:
    """The segments of a window that starts `offset` seconds into the talk and lasts `duration`.

    What has no end of its own, because the model stopped before it said one, runs to the
    window's end, or, where it stopped at its limit, as long as its text takes to say:
    openai-whisper drops it and listens again from there.
    """
    pieces = list(_pieces(decoded.tokens, tokenizer, duration))
    if pieces and not decoded.whole and decoded.tokens[-1] < tokenizer.eot:
        said = tokenizer.decode(list(pieces[-1].tokens))
        end = min(pieces[-1].end, pieces[-1].start + len(said) / LETTERS_PER_SECOND)
        pieces[-1] = replace(pieces[-1], end=end)
    whole = tokenizer.decode([t for p in pieces for t in p.tokens]).strip()
    return tuple(
        Segment(
            start=offset + piece.start,
            end=offset + piece.end,
            text=tokenizer.decode(list(piece.tokens)).strip(),
            avg_logprob=decoded.avg_logprob,
            no_speech_prob=decoded.no_speech_prob,
            compression_ratio=compression_ratio(whole),
            temperature=0.0,
        )
        for piece in pieces
    )


def _pieces(tokens: Sequence[int], tokenizer: Any, duration: float) -> Iterator[_Piece]:
    first, start = int(tokenizer.timestamp_begin), 0.0
    text: list[int] = []
    for token in tokens:
        if token < tokenizer.eot:
            text.append(token)
            continue
        if token < first:  # a language's name and the like: no text
            continue
        time = (token - first) / TOKENS_PER_SECOND
        if text:
            yield _Piece(start=start, end=time, tokens=tuple(text))
            text = []
        start = time
    if text:
        yield _Piece(start=start, end=max(duration, start), tokens=tuple(text))


def with_words(
    segments: Sequence[Segment],
    decoded: Decoded,
    features: Tensor,
    model: Any,
    tokenizer: Any,
    *,
    offset: float,
    duration: float,
) -> tuple[Segment, ...]:
    """`segments` with the times of their words, from where the decoder looks in the sound.

    `features` (A, width) are those the tokens were decoded from: the encoder does not run again.
    """
    pieces = list(_pieces(decoded.tokens, tokenizer, duration))
    timings = iter(
        _aligned([t for p in pieces for t in p.tokens], features, model, tokenizer, duration)
    )
    out = []
    for segment, piece in zip(segments, pieces, strict=True):
        words: list[WordTiming] = []
        missing = len(piece.tokens)
        while missing > 0 and (timing := next(timings, None)):
            missing -= len(timing.tokens)
            words.append(timing)
        merge_punctuations(words, OPENING, CLOSING)
        spoken = [w for w in words if w.word.strip()]
        # Attention is vague: no word starts before the one ahead of it or before its segment.
        at = segment.start
        timed = []
        for word in spoken:
            start = min(max(offset + float(word.start), at), segment.end)
            at = min(max(offset + float(word.end), start), segment.end)
            timed.append(
                Word(
                    start=start, end=at, text=word.word.strip(), confidence=float(word.probability)
                )
            )
        out.append(replace(segment, words=tuple(timed)))
    return tuple(out)


def _aligned(
    text: list[int], features: Tensor, model: Any, tokenizer: Any, duration: float
) -> list[WordTiming]:
    """Words of the tokens `text` with times in seconds into the window."""
    if not text:
        return []
    begin = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    tokens = torch.tensor([*begin, *text, tokenizer.eot], device=features.device)
    attention, logits = _attention(tokens, features, model)
    # (heads, tokens, positions of the window)
    heads = torch.stack(
        [attention[layer][head] for layer, head in model.alignment_heads.indices().T]
    )
    weights = heads[:, :, : max(1, round(duration * TOKENS_PER_SECOND))].softmax(-1)
    deviation, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    matrix = median_filter((weights - mean) / deviation, SMOOTHED).mean(0)
    rows, positions = dtw(-matrix[len(begin) - 1 : -1].double().cpu())
    chances = logits[len(begin) - 1 : -2, : tokenizer.eot].softmax(-1)[range(len(text)), text]
    starts = np.asarray(positions)[np.diff(np.asarray(rows), prepend=-1) > 0] / TOKENS_PER_SECOND
    words, word_tokens = tokenizer.split_to_word_tokens([*text, tokenizer.eot])
    out, at = [], 0
    for word, its in zip(words[:-1], word_tokens[:-1], strict=True):
        end = at + len(its)
        chance = float(chances[at:end].mean())
        out.append(WordTiming(word, its, float(starts[at]), float(starts[end]), chance))
        at = end
    return out


def _attention(tokens: Tensor, features: Tensor, model: Any) -> tuple[list[Tensor], Tensor]:
    """Every layer's attention to the sound before its softmax, (H, N, A), and the logits (N, V)."""
    kept: list[Tensor] = []
    hooks = [
        block.cross_attn.register_forward_hook(lambda _, __, out: kept.append(out[-1][0]))
        for block in model.decoder.blocks
    ]
    try:
        with disable_sdpa():
            logits = model.decoder(tokens[None], features[None])[0]
    finally:
        for hook in hooks:
            hook.remove()
    return kept, logits
