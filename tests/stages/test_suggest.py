"""Suggest: names that the talk says and the term base lacks, told from words with a capital."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import shared_data
from translate.glossary import Glossary
from translate.model import Article, Paragraph, Section, Sentence, Term
from translate.stages.suggest import Candidate, suggest

BASE = Glossary(
    terms=(
        Term(source="PyTorch", policy="keep"),
        Term(source="GPU", policy="keep"),
        Term(source="graph break", targets=("图断裂",)),
        Term(source="Ray", policy="keep", exact_case=True),
    )
)


def article(*sentences: str) -> Article:
    said = tuple(
        Sentence(start=10.0 * i, end=10.0 * i + 9, text=text) for i, text in enumerate(sentences)
    )
    paragraph = Paragraph(start=0.0, end=10.0 * len(said), sentences=said)
    return Article(sections=(Section(start=0.0, title="", paragraphs=(paragraph,)),))


def found(*sentences: str, beside: tuple[str, ...] = ()) -> dict[str, tuple[str, int]]:
    return {c.text: (c.kind, c.said) for c in suggest(article(*sentences), BASE, beside)}


def test_names_acronyms_and_code_that_the_term_base_lacks() -> None:
    assert found(
        "We use FSDP2 and DTensor with PyTorch on GPUs.",
        "Then Jason Ansel wrote torch_xla, and HTA helps with H100 and C++.",
        "It's what DTensor does: DTensor's layout and LLMs.",
    ) == {
        "DTensor": ("code", 3),
        "FSDP2": ("code", 1),
        "Jason Ansel": ("name", 1),
        "torch_xla": ("code", 1),
        "HTA": ("acronym", 1),
        "H100": ("code", 1),
        "C++": ("code", 1),
        "LLMs": ("acronym", 1),
    }


@pytest.mark.parametrize(
    "sentence",
    [
        "So we run it. Basically, I think that's OK. Hopefully on Monday!",
        "It is 10x faster, 2.5 GB, 3rd, 1990s, 24/7, at 9 a.m., e.g. in the US.",
        "Graph breaks in PyTorch and graph-breaks on a GPU.",
        "See https://example.org/SomeThing or mail Someone@Example.org now.",
        'He said: "Nothing matters." (Really.) Yes.',
        "I'm sure they're right, and You're not, We've seen.",
    ],
)
def test_ordinary_words_are_none(sentence: str) -> None:
    assert found(sentence) == {}


def test_capitals_are_judged_by_the_rest_of_the_talk() -> None:
    assert found("We call it a Tensor here.", "A tensor is a tensor.") == {}
    assert found("We call it a Shard here.", "A Shard again.") == {"Shard": ("name", 2)}
    assert found("Basically Jason did it.", "Then Jason left.") == {"Jason": ("name", 2)}
    assert found("Hugging Face did it.", "Hugging Face left.") == {"Hugging Face": ("name", 2)}
    assert found("We like Deep Graph Library a lot.") == {"Deep Graph Library": ("name", 1)}


def test_two_things_side_by_side_are_two_and_a_name_with_a_known_word_is_one() -> None:
    assert found("We ship FSDP2 DTensor now.") == {"FSDP2": ("code", 1), "DTensor": ("code", 1)}
    assert found("See you at PyTorch Konferenz again.") == {"PyTorch Konferenz": ("name", 1)}


def test_places_variants_and_rank() -> None:
    long = "word " * 40
    got = suggest(
        article(f"{long}Zork {long}", "In Zork and ZORK.", "By Zork.", "By Zork.", "By Alma."),
        BASE,
        ["About Alma and the XYZZY", "Every Title Has Capitals"],
    )
    assert [(c.text, c.said, c.beside) for c in got] == [
        ("Zork", 5, 0),
        ("Alma", 1, 1),
        ("XYZZY", 0, 1),
    ]
    zork, alma, _ = got
    assert zork.variants == ("ZORK",)
    assert [c.at for c in zork.contexts] == [0.0, 10.0, 10.0]
    assert re.fullmatch(r"…(word )+Zork( word)+…", zork.contexts[0].text)
    assert len(zork.contexts[0].text) < 140
    assert [c.text for c in alma.contexts] == ["By Alma."]


@given(st.lists(st.text("aB1 .,_`'-/:()\n中", max_size=40), max_size=5))
def test_what_is_suggested_stands_in_the_talk(sentences: list[str]) -> None:
    for candidate in suggest(article(*sentences), BASE):
        assert candidate.said >= 1
        assert 1 <= len(candidate.contexts) <= 3
        for context in candidate.contexts:
            assert context.text.strip("…") in sentences[int(context.at // 10)]
        assert candidate.text.casefold() not in {t.source.casefold() for t in BASE.terms}


@pytest.mark.data
def test_real_talks() -> None:
    lines = shared_data("talks/acl6060/references.long.jsonl").read_text("utf-8").splitlines()
    talks = [json.loads(line)["src_ref"] for line in lines[:5]]
    got: list[dict[str, Candidate]] = []
    for text in talks:
        sentences = re.split(r"(?<=[.!?])\s+", text)
        got.append({c.text: c for c in suggest(article(*sentences), Glossary())})
    named = [{"FeSTE"}, {"SVAMP", "MathQA", "Wei Lu"}, {"CamemBERT", "BM25", "BSARD"}]
    named += [{"VALSE", "ViLBERT", "Ravi Shekhar"}, {"CEAS", "RNSum", "ROUGE-L"}]
    for candidates, names in zip(got, named, strict=True):
        assert names <= set(candidates)
        assert len(candidates) < 45
