"""What invented talks say on their slides: titles, bullets, code, tables and charts.

Nothing here is from a real talk; product names are there because readers of slides get them wrong.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from translate.model import Line

Kind = Literal["text", "picture", "section"]

PRODUCTS = (
    "PyTorch",
    "TorchDynamo",
    "TorchInductor",
    "FSDP",
    "DTensor",
    "Triton",
    "ExecuTorch",
    "torchtune",
    "vLLM",
    "CUDA graphs",
    "NCCL",
    "Apache Arrow",
    "Kubernetes",
    "ONNX Runtime",
    "Hugging Face Hub",
    "FlashAttention",
)
SECTIONS = (
    "Where we started",
    "Compiling the model",
    "Sharding at scale",
    "Feeding the accelerators",
    "What broke in production",
    "Numbers",
    "What comes next",
)
TITLES = (
    "Why {p} at all?",
    "{p} in one picture",
    "How {p} splits the work",
    "The cost of a graph break",
    "Moving {p} to production",
    "What we measured with {p}",
    "Three mistakes with {p}",
    "Debugging {p} without tears",
    "Memory, before and after {p}",
    "{p} and {q}: who does what",
    "Checkpointing with {p}",
    "Testing {p} on small machines",
    "The life of a tensor in {p}",
    "From {p} to {q}",
    "When not to use {p}",
    "Overlapping {p} with compute",
    "A closer look at {p}",
    "Rolling out {p} in {n} weeks",
    "Serving with {p}",
    "What users asked about {p}",
)
BULLETS = (
    "Start-up fell from {n} s to {m} s",
    "One process per accelerator, {n} per node",
    "{p} captures the graph, {q} writes the kernels",
    "Weights stay sharded until the layer needs them",
    "All-gather overlaps with the matmul before it",
    "Throughput: {n}.{m}k tokens/s per GPU",
    "p99 latency: {n} ms (target: {m} ms)",
    "No change to the training script",
    "Dynamic shapes cost {m} recompilations an hour",
    "Peak memory: {n} GB instead of {k} GB",
    "Fall back to eager mode, but say so in the log",
    "Read the trace before you change the code",
    "Mixed precision: bfloat16 for matmul, float32 for sums",
    "A failed rank must not hang the other {n}",
    "Data loading was {m} % of every step",
    "Kernel launches: {k} down to {n}",
    "Works with {p} {m}.{n} and later",
    "Checkpoint every {k} steps, resume in {n} s",
    "Nightly tests on {n} kinds of hardware",
    "Every pull request shows its own benchmark",
    "Cached on disk, keyed by guards and versions",
    "{p} needs a fixed batch size here",
    "Tail latency comes from the tokenizer",
    "Users pin {p}, so we test {m} old versions",
    "Cold caches doubled the bill in week {n}",
    "Ask for the profile, not for the screenshot",
    "Quantized to int{m} after training",
    "The scheduler sees queues, not requests",
    "Gradients are reduced in buckets of {n} MB",
    "Loss curves agree within {m} parts in {k}",
    "Speculative decoding: {m} of {n} drafts accepted",
    "Communication hides behind {n} % of compute",
    "Documentation first, then the deprecation",
    "Errors name the line that caused them",
    "Warm pools keep {n} replicas ready",
    "Owners on call: two teams, {m} time zones",
)
DETAILS = (
    "measured on {n} nodes with {p}",
    "only where shapes are static",
    "see the design note, part {m}",
    "{k} samples, median of {m} runs",
    "not yet on Windows",
    "thanks to {q}",
    "behind a flag until version {m}.{n}",
    "needs {n} GB of host memory",
)
CODE = (
    (
        "import torch",
        "from torch.distributed.fsdp import fully_shard",
        "",
        "model = Decoder(layers={n}, width={k})",
        "for block in model.blocks:",
        "    fully_shard(block)",
        "model = torch.compile(model, mode='max-autotune')",
        "loss = model(batch).mean()  # {m} graph breaks",
    ),
    (
        "import pyarrow.parquet as pq",
        "",
        "table = pq.read_table('events-{n}.parquet',",
        "                      columns=['user_id', 'ts'])",
        "for batch in table.to_batches(max_chunksize={k}):",
        "    queue.push(batch)   # zero-copy",
        "    stats['seen'] += len(batch)",
    ),
    (
        "@triton.jit",
        "def add_{m}(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):",
        "    pid = tl.program_id(axis=0)",
        "    offs = pid * BLOCK + tl.arange(0, BLOCK)",
        "    mask = offs < n",
        "    x = tl.load(x_ptr + offs, mask=mask)",
        "    y = tl.load(y_ptr + offs, mask=mask)",
        "    tl.store(out_ptr + offs, x + {n} * y, mask=mask)",
    ),
    (
        "$ torchrun --nproc-per-node {m} train.py \\",
        "    --config configs/decoder_{n}.yaml \\",
        "    --checkpoint-every {k}",
        "[rank0] step 100  loss 2.{n}  {k} tokens/s",
        "[rank0] step 200  loss 1.{n}  {k} tokens/s",
    ),
)


@dataclass(frozen=True)
class Card:
    """A slide before it is drawn."""

    id: int
    title: str
    kind: Kind = "text"
    lines: tuple[Line, ...] = ()
    chart: tuple[tuple[str, int], ...] = ()  # bars with their values
    table: tuple[tuple[str, ...], ...] = ()  # its first row is the head
    banner: str = ""
    clip: str = ""  # what moves in its right half: "curve" or "film"
    builds: tuple[int, ...] = ()  # how many lines stand at each step; empty: all at once


def cards(count: int, seed: int = 1) -> list[Card]:
    """Slides of one talk: no two alike, seven in ten with bullets."""
    rng = random.Random(seed)
    titles, bullets = _dealt(rng, TITLES), _dealt(rng, BULLETS)
    out = [Card(0, f"Making {PRODUCTS[seed % 5]} fast", "section", _lines(SPEAKER))]
    sections = list(SECTIONS)
    every = max(5, count // len(sections))
    banner = ""
    for at in range(1, count):
        if at % every == every - 1 and sections:
            banner = sections.pop(0)
            out.append(Card(at, banner, "section", banner=banner))
            continue
        title = _filled(next(titles), rng)
        picture = rng.random()
        if picture < 0.12:
            out.append(Card(at, title, "picture", chart=_chart(rng), banner=banner))
        elif picture < 0.18:
            out.append(Card(at, title, "picture", table=_table(rng), banner=banner))
        elif picture < 0.28:
            out.append(Card(at, title, lines=_code(rng), banner=banner))
        else:
            out.append(Card(at, title, lines=_bullets(bullets, rng), banner=banner))
    return out


SPEAKER = ("Ada Berg, Example Corp", "Systems for Learning 2026")


def _lines(texts: tuple[str, ...]) -> tuple[Line, ...]:
    return tuple(Line(text=t) for t in texts)


def _dealt(rng: random.Random, texts: tuple[str, ...]) -> Iterator[str]:
    """Every text once in random order, then all over again."""
    while True:
        order = list(texts)
        rng.shuffle(order)
        yield from order


def _filled(text: str, rng: random.Random) -> str:
    p, q = rng.sample(PRODUCTS, 2)
    return text.format(
        p=p, q=q, n=rng.randint(12, 98), m=rng.randint(2, 9), k=rng.randint(100, 999)
    )


def _bullets(bullets: Iterator[str], rng: random.Random) -> tuple[Line, ...]:
    out = []
    for _ in range(rng.randint(3, 5)):
        out.append(Line(text=_filled(next(bullets), rng)))
        if rng.random() < 0.3:
            out.append(Line(text=_filled(rng.choice(DETAILS), rng), level=1))
    return tuple(out[:7])


def _code(rng: random.Random) -> tuple[Line, ...]:
    numbers = {"n": rng.randint(12, 98), "m": rng.randint(2, 9), "k": rng.randint(100, 999)}
    return tuple(Line(text=x.format(**numbers), code=True) for x in rng.choice(CODE))


def _chart(rng: random.Random) -> tuple[tuple[str, int], ...]:
    return tuple((p, rng.randint(10, 99)) for p in rng.sample(PRODUCTS, rng.randint(3, 5)))


def _table(rng: random.Random) -> tuple[tuple[str, ...], ...]:
    rows = [("engine", "tokens/s", "GB", "p99, ms")]
    for product in rng.sample(PRODUCTS, 4):
        rows.append((product, *(str(rng.randint(10, 999)) for _ in range(3))))
    return tuple(rows)
