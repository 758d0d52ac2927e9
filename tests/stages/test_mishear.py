"""Suspected mishearings: what is flagged, what is not, and how much of what was really misheard."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.mishearings import article, column, found, pairs, texts, with_names
from tests.shared import shared_data
from translate import glossary as terms
from translate.glossary import Glossary
from translate.model import Term
from translate.stages import mishear
from translate.stages.mishear import Candidate, candidates, likeness

NAMES = Glossary(
    terms=(
        Term(source="Triton", policy="keep"),
        Term(source="FSDP", policy="keep", exact_case=True),
        Term(source="Hugging Face", policy="keep"),
        Term(source="TorchInductor", policy="keep"),
        Term(source="Kubernetes", policy="keep"),
        Term(source="Alban Desmaison", policy="keep"),
        Term(source="ATen", policy="keep", exact_case=True),
        Term(source="torch.compile", policy="keep"),
        Term(source="tokenizer", targets=("分词器",)),
        Term(source="design doc", targets=("设计文档",)),
    )
)


def told(text: str, context: str = "", glossary: Glossary = NAMES) -> list[tuple[str, str]]:
    return [(c.heard, c.term) for c in candidates(article(text), glossary, context)]


@pytest.mark.parametrize(
    ("heard", "right"),
    [
        ("Kubernetties", "Kubernetes"),
        ("torch in doctor", "TorchInductor"),  # plain words that sound the same
        ("hugging fase", "Hugging Face"),
        ("Alban Desmaisson", "Alban Desmaison"),  # half of it is right
        ("F S D P", "FSDP"),
        ("torch compile", "torch.compile"),  # spelt apart
    ],
)
def test_what_resembles_a_name_is_flagged_with_it(heard: str, right: str) -> None:
    assert told(f"Then we took {heard} for all of it.") == [(heard, right)]


def test_a_name_that_the_talk_is_about_needs_less_likeness() -> None:
    text = "We have written the kernels in Trident this year."
    assert told(text) == []
    assert told(text, context="Triton for everybody") == [("Trident", "Triton")]
    assert told(f"{text} Triton is fun.") == [("Trident", "Triton")]
    assert told("The A10 operators are slow.", "ATen") == [("A10", "ATen")]


@pytest.mark.parametrize(
    "text",
    [
        "Triton, FSDP and TorchInductor run under Kubernetes on Hugging Face.",  # right
        "The tritons and fsdp are written in another way.",  # spelling, not hearing
        "We tokenize it, and the tokenized text goes through tokenizers.",  # derived
        "Three design docks were built by the harbour for phasing and hugging.",  # English
        "See `Kubernetties` or https://example.org/Kubernetties or my.Kubernetties.",  # code
        "",
    ],
)
def test_what_is_right_or_plain_english_is_not_flagged(text: str) -> None:
    assert told(text) == []


def test_a_candidate_says_when_and_between_which_words() -> None:
    text = "Good morning. So we moved all of our jobs to Kubernetties last summer, you know."
    assert candidates(article(text), NAMES) == (
        Candidate(
            at=1.0,
            heard="Kubernetties",
            term="Kubernetes",
            score=round(likeness("Kubernetties", "Kubernetes"), 3),
            context="moved all of our jobs to Kubernetties last summer, you know",
        ),
    )


def test_names_sound_as_they_are_spoken() -> None:
    assert likeness("F S D P", "FSDP") == 1
    assert likeness("FP sixteen", "FP16") == 1
    assert likeness("MI three hundred X", "MI300X") == 1
    assert likeness("XNN pack", "XNNPACK") < 1
    assert likeness("triton", "banana") < 0.5
    assert likeness("", "") <= 1
    assert likeness("数据", "Triton") == 0


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_can_be_listened_to(text: str, context: str) -> None:
    for c in candidates(article(text), NAMES, context):
        assert c.heard in text
        assert c.heard in c.context
        assert 0 < c.score <= 1


def test_the_vocabulary_is_there() -> None:
    """Without it more would be flagged, and only a bench would notice."""
    assert {"kernel", "harbour", "Docker"} <= mishear._vocabulary()
    assert "Kubernetties" not in mishear._vocabulary()


def test_real_mishearings_are_found() -> None:
    """The figures of BENCHMARKS.md, a little lower so that one pair more or less does not count."""
    _, bare = column()
    real = pairs()
    full = with_names(bare, (p.right for p in real))
    tuned = [found(p, full, expected=True) for p in real if p.split == "tune"]
    held_out = [found(p, full, expected=True) for p in real if p.split == "held-out"]
    assert sum(tuned) / len(tuned) >= 0.6
    assert sum(held_out) / len(held_out) >= 0.5


@pytest.mark.data
def test_hardly_anything_is_flagged_in_real_talks() -> None:
    shared_data("lectures/hf-course")
    base, bare = column()
    words = wrong = 0
    for _, text in texts():
        words += len(text.split())
        wrong += len(candidates(terms.correct_article(article(text), base), bare))
    assert words > 50_000
    assert 1000 * wrong / words <= 0.25


@pytest.mark.data
def test_three_hours_take_seconds() -> None:
    shared_data("lectures/hf-course")
    base, _ = column()
    long = article(" ".join(" ".join(text for _, text in texts()).split()[:30_000]))
    start = time.process_time()
    candidates(long, base)
    assert time.process_time() - start < 6  # 1.1 s on an idle machine
