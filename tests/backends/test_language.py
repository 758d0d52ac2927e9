"""The language of a text: the same answer each time, and none where there is too little."""

import json

import pytest

from tests.shared import shared_data
from translate.backends.language import detect

ENGLISH = "So today we will talk about compilers, and why a kernel that is fused runs faster. "
CHINESE = "今天我们来谈谈编译器，以及为什么融合之后的内核跑得更快，也谈谈显存和算子。"


def test_whole_texts() -> None:
    assert detect(ENGLISH * 3)[0] == "en"
    assert detect(ENGLISH * 3)[1] > 0.9
    assert detect(CHINESE * 3)[0] == "zh"
    assert detect("Hoy vamos a hablar de compiladores y de por qué son tan rápidos.")[0] == "es"


@pytest.mark.parametrize("text", ["", "OK.", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "Hello all"])
def test_too_little_to_tell(text: str) -> None:
    assert detect(text) == ("", 0.0)


def test_the_answer_is_always_the_same() -> None:
    mixed = ENGLISH + CHINESE + "Ja, das ist ein Beispiel. " + ENGLISH
    assert len({detect(mixed) for _ in range(5)}) == 1


def test_a_foreign_opening_does_not_decide() -> None:
    assert detect(CHINESE * 5 + ENGLISH * 200)[0] == "en"


@pytest.mark.data
def test_real_talks() -> None:
    path = shared_data("talks/acl6060/references.long.jsonl")
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        language, probability = detect(row["src_ref"])
        assert language == "en"
        assert probability > 0.99
        assert detect(row["tgt_ref"])[0] != "en"
