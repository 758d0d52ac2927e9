"""Suspected mishearings: what is flagged, what is not, and how much of what was really misheard."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.mishearings import article, column, found, pairs, texts, with_names
from tests.shared import shared_data
from translate import glossary as terms
from translate.glossary import Glossary
from translate.model import Line, Slide, Span, Term
from translate.stages import mishear_english
from translate.stages.mishear import Candidate, candidates, likeness
from translate.stages.mishear_shown import names_on

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
    assert {"kernel", "harbour", "Docker"} <= mishear_english.vocabulary()
    assert "Kubernetties" not in mishear_english.vocabulary()


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


# --- names on slides ----------------------------------------------------------------------------


def slide(text: str, start: float, end: float, *lines: str) -> Slide:
    return Slide(
        shown=(Span(start=start, end=end),),
        kind="text",
        title=text,
        lines=tuple(Line(text=x) for x in lines),
        words=" ".join([text, *lines]),
    )


def seen(text: str, *slides: Slide, glossary: Glossary = NAMES) -> list[tuple[str, str, float]]:
    """What is flagged for a slide's sake; a sentence a second."""
    found = candidates(article(text), glossary, slides=slides)
    return [(c.heard, c.term, c.shown) for c in found if c.shown is not None]


@pytest.mark.parametrize(
    ("shown", "heard"),
    [
        ("Alban Desmesure, Meta", "albin"),
        ("Graphcore and others", "Graf Core"),
        ("Spring Docathon", "Docuthon"),
        ("Why torchtune?", "torch toon"),
        ("Moving ExecuTorch to production", "Execu Torch"),
        ("DTensor and NCCL", "Detensor"),
    ],
)
def test_what_resembles_a_name_on_a_slide_is_flagged_with_the_slide(shown: str, heard: str) -> None:
    ((flagged, name, at),) = seen(f"Then all of {heard} was for it.", slide(shown, 3, 20))
    assert (flagged, at) == (heard, 3)
    assert name in shown


def test_further_from_its_slide_a_name_must_be_more_alike() -> None:
    text = " ".join(["Good."] * 100) + " Then we took Dockerton and Docathin for it."
    near, far = slide("Spring Docathon", 50, 60), slide("Spring Docathon", 0, 10)
    assert [h for h, _, _ in seen(text, near)] == ["Dockerton", "Docathin"]
    assert [h for h, _, _ in seen(text, far)] == ["Docathin"]


def test_the_showing_nearest_in_time_is_told() -> None:
    text = " ".join(["Good."] * 300) + " Then we took Docathin for it."
    one = slide("Spring Docathon", 10, 20)
    again = replace(one, shown=(*one.shown, Span(start=280, end=290), Span(start=900, end=910)))
    assert seen(text, again) == [("Docathin", "Docathon", 280)]


@pytest.mark.parametrize(
    "text",
    [
        "Alban and Graphcore came to the Docathon with torchtune.",  # as on the slide
        "The participants of the industry came.",  # the slide has them wrong
        "It is a cat, and a core, and an album.",  # plain English
        "Monday in Norway we ran the tests again.",
        "The graphcores and the torchtuned of Graphcore AI.",  # derived; nothing but more
    ],
)
def test_what_is_as_on_the_slide_or_plain_english_is_not_flagged(text: str) -> None:
    shown = slide("Alban, Graphcore AI", 0, 20, "27 partipants", "the indusry", "torchtune")
    assert seen(text, shown) == []


def test_a_slide_with_a_term_of_the_term_base_makes_it_expected() -> None:
    text = "We have written the kernels in Trident this year."
    assert seen(text, slide("Triton for everybody", 0, 5)) == [("Trident", "Triton", 0)]


def test_a_slide_that_was_misread_is_no_spelling() -> None:
    assert names_on([slide("Torchlnductor", 0, 5)])  # an l for an I
    assert seen("We took TorchInducktor here.", slide("Torchlnductor", 0, 5)) == []


def test_names_are_told_from_words_code_and_quantities() -> None:
    shown = slide(
        "What Alban and FSDP2 Brought to PyTorch",
        0,
        5,
        "JOIN US: 27 PRs, 512GB, 2.5k users, M1",
        "https://example.org/Kornia or git@Kornia.org",
        "fully_shard() and torch.compile",
    )
    code = Slide(shown=shown.shown, lines=(Line(text="import Kornia", code=True),), words="Kornia")
    assert {n.text for n in names_on([shown, code])} == {"Alban", "FSDP2", "PyTorch"}


def test_names_on_more_slides_come_first() -> None:
    shown = [slide("Alban", 0, 5), slide("Graphcore", 6, 9), slide("With Graphcore", 10, 12)]
    assert [n.text for n in names_on(shown)] == ["Graphcore", "Alban"]
    assert names_on(shown)[0].shown == (Span(start=6, end=9), Span(start=10, end=12))


LETTERS = st.text(alphabet="abdelnorstABDT ", min_size=1, max_size=16)


@given(LETTERS, st.sampled_from(["Alban", "Graphcore", "torchtune", "DTensor"]))
def test_what_is_flagged_far_from_a_slide_is_flagged_near_it(heard: str, name: str) -> None:
    text = f"Then we took {heard} for it."
    far, near = slide(name, 500, 510), slide(name, 0, 10)
    assert {h for h, _, _ in seen(text, far)} <= {h for h, _, _ in seen(text, near)}


@given(st.text(max_size=60), st.text(max_size=30))
def test_what_is_said_as_a_slide_has_it_is_never_flagged_for_it(title: str, text: str) -> None:
    shown = slide(title, 0, 100)
    assert not [f for f in seen(title, shown) if f[0] == f[1]]
    for heard, _, _ in seen(text, shown):
        assert heard in text
