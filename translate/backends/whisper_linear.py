"""Matrix products at a chosen precision: the part of Whisper that all the time goes into.

Knows number formats and which of them this machine is fast at. Does not know attention, tokens
or sound.

int8: weights in 7 bits, one scale for each output; activations in 8 bits, one scale for each
row, so that a window's text does not depend on the windows beside it. 7 x 8 bits is what the
16-bit sums of processors without VNNI can hold: with 8 x 8 they overflow, silently.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from translate.errors import SettingsError

Precision = Literal["float32", "bfloat16", "float16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "float16", "int8")

Product = Callable[[Tensor], Tensor]

FASTER = 1.3  # a format must win by this much in the measurement before it is chosen
SIDE = 256  # rows and columns of the matrices that are timed
ROUNDS = 12
_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def dtype_of(precision: Precision) -> torch.dtype:
    """The format that activations are kept in."""
    return _DTYPES.get(precision, torch.float32)


def choose(wanted: str, device: str) -> Precision:
    """The precision for a device: the one wanted, or with `auto` the fastest that is sound.

    GPUs: half precision, as openai-whisper itself. Processors: int8, but bfloat16 where that is
    measured to be clearly faster; float32 where PyTorch has no int8 product. Raises SettingsError
    for what the device cannot do.
    """
    if wanted == "auto":
        return _fastest(device)
    if wanted not in PRECISIONS:
        raise SettingsError(
            f"{wanted!r} is not a precision.", f"Choose auto, {', '.join(PRECISIONS)}."
        )
    if wanted == "int8" and (device != "cpu" or not has_int8()):
        raise SettingsError(
            f"int8 is not available on this {device} device.",
            "Use --precision auto, or --engine faster-whisper, which brings its own int8.",
        )
    if wanted == "float16" and device == "cpu":
        raise SettingsError(
            "float16 is for GPUs: processors are slow at it.", "Use --precision auto."
        )
    return next(p for p in PRECISIONS if p == wanted)


def _fastest(device: str) -> Precision:
    if device == "cuda":
        return "float16"
    if device != "cpu":
        return "float32"
    if not has_int8():
        return "float32"
    return "bfloat16" if bfloat16_pays() else "int8"


def has_int8() -> bool:
    """Whether this build of PyTorch multiplies in int8 on this processor."""
    return "fbgemm" in torch.backends.quantized.supported_engines


@cache
def bfloat16_pays() -> bool:
    """Whether bfloat16 beats int8 here by far: it does where the processor has units for it.

    The processor must say that it has them, and win a measurement; that alone is not to be trusted
    on a busy machine, and without such units bfloat16 is many times slower. Measured in turns, so
    that whatever else the machine does hits both; once in a process.
    """
    if not _has_bfloat16():
        return False
    weight = torch.ones(SIDE, SIDE)
    products = {p: linear(weight, None, p) for p in PRECISIONS if p in ("bfloat16", "int8")}
    best = dict.fromkeys(products, float("inf"))
    with torch.inference_mode():
        for _ in range(ROUNDS):
            for precision, product in products.items():
                rows = torch.ones(SIDE, SIDE, dtype=dtype_of(precision))
                start = time.perf_counter()
                product(rows)
                best[precision] = min(best[precision], time.perf_counter() - start)
    return best["int8"] > FASTER * best["bfloat16"]


def _has_bfloat16() -> bool:
    """Whether PyTorch finds units for bfloat16; it tells nowhere but in names that may go away."""
    names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in names)


def linear(weight: Tensor, bias: Tensor | None, precision: Precision) -> Product:
    """x → x · weightᵀ + bias for x of shape (..., in), weight (out, in), bias (out)."""
    if precision == "int8":
        return _Int8(weight, bias)
    kind = dtype_of(precision)
    w = weight.detach().to(kind)
    b = None if bias is None else bias.detach().to(kind)
    return lambda x: functional.linear(x, w, b)


class _Int8:
    """A product in int8 that gives float32."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        w = weight.detach().float()
        scale = (w.abs().amax(1) / 63).clamp_min(1e-12).double()
        zero = torch.zeros(len(w), dtype=torch.long)
        with warnings.catch_warnings(), _fbgemm():
            warnings.simplefilter("ignore")  # quantised tensors are to move to another package
            whole = torch.quantize_per_channel(w, scale, zero, 0, torch.qint8)
            self._packed = torch.ops.quantized.linear_prepack(whole, None)
        self._bias = None if bias is None else bias.detach().float()

    def __call__(self, x: Tensor) -> Tensor:
        # Every row is brought to [-1, 1], so the one scale that the product takes fits all.
        size = x.abs().amax(-1, keepdim=True).clamp_min_(1e-12)
        out: Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
            x / size, 1 / 127, 128, self._packed
        )
        # In place: a second array of this size costs more than the arithmetic.
        if self._bias is None:
            return out.mul_(size)
        return torch.addcmul(self._bias, out, size, out=out)


@contextmanager
def _fbgemm() -> Iterator[None]:
    """Weights packed for the engine that has this product; the process's own choice comes back."""
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = "fbgemm"
    try:
        yield
    finally:
        torch.backends.quantized.engine = before
