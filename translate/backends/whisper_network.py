"""Whisper's network over many windows at once, at a chosen precision.

Knows encoder, decoder, and a cache of keys and values that is laid out once for a batch. Does not
know tokens' meanings, rules of decoding, sound or checkpoints' files.

Shapes: W windows, each with G rows (1 greedily, the beams otherwise), H heads of D numbers, A
positions of sound (1,500 for 30 s).
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from translate.backends.whisper_linear import Precision, Product, dtype_of, linear


@dataclass(frozen=True, slots=True, kw_only=True)
class _Norm:
    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        size = (len(self.weight),)
        return functional.layer_norm(x.float(), size, self.weight, self.bias).to(x.dtype)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """One block of encoder or decoder, queries, keys and values in one product."""

    norm: _Norm
    qkv: Product
    out: Product
    mlp_norm: _Norm
    mlp_in: Product
    mlp_out: Product

    def attend(self, x: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of (B, N, H*D) as (B, H, N, D) each."""
        b, n, _ = x.shape
        q, k, v = self.qkv(self.norm(x)).view(b, n, 3, heads, -1).permute(2, 0, 3, 1, 4)
        return q, k, v

    def mlp(self, x: Tensor) -> Tensor:
        return self.mlp_out(functional.gelu(self.mlp_in(self.mlp_norm(x))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cross:
    """A decoder block's attention to the sound."""

    norm: _Norm
    query: Product
    keys_values: Product
    out: Product


def _norm(layer: Any) -> _Norm:
    return _Norm(weight=layer.weight.detach().float(), bias=layer.bias.detach().float())


def _stacked(*parts: Any) -> tuple[Tensor, Tensor]:
    """Weights and biases of several linears as one; Whisper's keys have no bias."""
    biases = [torch.zeros_like(p.weight[:, 0]) if p.bias is None else p.bias for p in parts]
    return torch.cat([p.weight for p in parts]), torch.cat(biases)


def _layer(block: Any, precision: Precision) -> _Layer:
    attention, mlp = block.attn, block.mlp
    return _Layer(
        norm=_norm(block.attn_ln),
        qkv=linear(*_stacked(attention.query, attention.key, attention.value), precision),
        out=linear(attention.out.weight, attention.out.bias, precision),
        mlp_norm=_norm(block.mlp_ln),
        mlp_in=linear(mlp[0].weight, mlp[0].bias, precision),
        mlp_out=linear(mlp[2].weight, mlp[2].bias, precision),
    )


def _cross(block: Any, precision: Precision) -> _Cross:
    attention = block.cross_attn
    return _Cross(
        norm=_norm(block.cross_attn_ln),
        query=linear(attention.query.weight, attention.query.bias, precision),
        keys_values=linear(*_stacked(attention.key, attention.value), precision),
        out=linear(attention.out.weight, attention.out.bias, precision),
    )


def _joined(x: Tensor) -> Tensor:
    """(B, H, N, D) → (B, N, H*D)."""
    return x.transpose(1, 2).flatten(2)


class Encoder:
    """Mel spectrograms (W, mels, 2A) → features (W, A, H*D)."""

    def __init__(self, model: Any, precision: Precision) -> None:
        """`model`: an openai-whisper model."""
        encoder = model.encoder
        self._kind = dtype_of(precision)
        self._heads = int(model.dims.n_audio_head)
        self._convolutions = [
            (c.weight.detach().to(self._kind), c.bias.detach().to(self._kind), c.stride)
            for c in (encoder.conv1, encoder.conv2)
        ]
        self._positions = encoder.positional_embedding
        self._layers = [_layer(b, precision) for b in encoder.blocks]
        self._last = _norm(encoder.ln_post)

    def __call__(self, mel: Tensor) -> Tensor:
        x = mel.to(self._kind)
        for weight, bias, stride in self._convolutions:
            x = functional.gelu(functional.conv1d(x, weight, bias, stride, padding=1))
        x = (x.transpose(1, 2) + self._positions).to(self._kind)
        for layer in self._layers:
            q, k, v = layer.attend(x, self._heads)
            x = x + layer.out(_joined(functional.scaled_dot_product_attention(q, k, v)))
            x = x + layer.mlp(x)
        return self._last(x)


class Cache:
    """Keys and values of one batch: of the sound, fixed; of the text, filled token by token.

    Windows that are finished go to the end and out of sight, so that nothing is computed for them.
    """

    def __init__(self, cross: list[tuple[Tensor, Tensor]], text: Tensor, rows: int) -> None:
        self._cross = cross  # a layer: (W, H, A, D) keys, (W, H, D, A) values
        self._text = text  # (layers, 2, W * G, H, N, D)
        self._rows = rows  # G
        self.windows = len(cross[0][0])
        self.length = 0

    @property
    def rows(self) -> int:
        """Rows of a window."""
        return self._rows

    def sound(self, layer: int) -> tuple[Tensor, Tensor]:
        keys, values = self._cross[layer]
        return keys[: self.windows], values[: self.windows]

    def text(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Everything said so far, with what is new at its end."""
        here, end = self.length, self.length + keys.shape[2]
        b = self.windows * self._rows
        kept = self._text[layer, :, :b]
        kept[0, :, :, here:end] = keys
        kept[1, :, :, here:end] = values
        return kept[0, :, :, :end], kept[1, :, :, :end]

    def reorder(self, rows: Tensor) -> None:
        """Row i goes on from row `rows[i]`; beams stay in their window."""
        b = self.windows * self._rows
        self._text[:, :, :b, :, : self.length] = self._text[:, :, rows, :, : self.length]

    def drop(self, window: int) -> None:
        """The last window takes the place of `window`, which is finished."""
        last = self.windows - 1
        if window != last:
            for keys, values in self._cross:
                keys[window] = keys[last]
                values[window] = values[last]
            g = self._rows
            self._text[:, :, window * g : window * g + g, :, : self.length] = self._text[
                :, :, last * g : last * g + g, :, : self.length
            ]
        self.windows = last


class Decoder:
    """Tokens (W * G, N) after those in the cache → logits."""

    def __init__(self, model: Any, precision: Precision) -> None:
        """`model`: an openai-whisper model."""
        decoder = model.decoder
        self._kind = dtype_of(precision)
        self._heads = int(model.dims.n_text_head)
        self._context = int(model.dims.n_text_ctx)
        self._embedding = decoder.token_embedding.weight.detach()
        self._positions = decoder.positional_embedding.detach()
        self._layers = [(_layer(b, precision), _cross(b, precision)) for b in decoder.blocks]
        self._last = _norm(decoder.ln)
        self._head = linear(self._embedding, None, precision)

    def bytes_per_window(self, positions: int, rows: int, tokens: int) -> int:
        """Memory that one window's keys and values take, at `tokens` of text."""
        width = int(self._positions.shape[1]) * self._kind.itemsize
        return 2 * len(self._layers) * width * (positions + rows * tokens)

    def cache(self, features: Tensor, rows: int, tokens: int) -> Cache:
        """Room for the text of `features` (W, A, H*D), at most `tokens` long."""
        windows, positions, _ = features.shape
        cross = []
        for _, attention in self._layers:
            both = attention.keys_values(features).view(windows, positions, 2, self._heads, -1)
            keys, values = both.unbind(2)
            cross.append(
                # As one query reads them fastest: each product walks through memory in order.
                (keys.transpose(1, 2).contiguous(), values.permute(0, 2, 3, 1).contiguous())
            )
        depth = self._positions.shape[1] // self._heads
        text = torch.zeros(
            (len(self._layers), 2, windows * rows, self._heads, min(tokens, self._context), depth),
            dtype=self._kind,
            device=features.device,
        )
        return Cache(cross, text, rows)

    def step(self, tokens: Tensor, cache: Cache) -> Tensor:
        """Logits in float32 after the last of `tokens`: (W * G, V)."""
        return self._head(self._through(tokens, cache)[:, -1]).float()

    def begin(self, tokens: Tensor, cache: Cache, sot: int) -> tuple[Tensor, Tensor]:
        """The same for the first tokens, and each window's logits at `sot`: (W, V)."""
        x = self._through(tokens, cache)
        return self._head(x[:, -1]).float(), self._head(x[:: cache.rows, sot]).float()

    def _through(self, tokens: Tensor, cache: Cache) -> Tensor:
        """What the last block makes of `tokens`, which the cache then has too: (W * G, N, H*D)."""
        n = tokens.shape[1]
        start = cache.length
        x = (self._embedding[tokens] + self._positions[start : start + n]).to(self._kind)
        for i, (layer, cross) in enumerate(self._layers):
            q, k, v = layer.attend(x, self._heads)
            k, v = cache.text(i, k, v)
            heard = functional.scaled_dot_product_attention(q, k, v, is_causal=n > 1)
            x = x + layer.out(_joined(heard))
            x = x + cross.out(self._listen(cross.query(cross.norm(x)), cache, i))
            x = x + layer.mlp(x)
        cache.length += n
        return self._last(x)

    def _listen(self, q: Tensor, cache: Cache, layer: int) -> Tensor:
        """Attention to the sound; a window's rows share its keys, so they are read once."""
        b, n, width = q.shape
        keys, values = cache.sound(layer)
        depth = width // self._heads
        q = q.view(cache.windows, cache.rows * n, self._heads, depth).transpose(1, 2)
        scores = q * depth**-0.5 @ keys.transpose(-1, -2)
        weights = scores.softmax(-1, dtype=torch.float32).to(values.dtype)
        return _joined(weights @ values.transpose(-1, -2)).view(b, n, width)
