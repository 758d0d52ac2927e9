"""Slips that people have published, and what must not be taken for one."""

import importlib.util
import json
import random
import string
import sys
import time

import pytest

from tests.shared import shared_data
from translate import spelling
from translate.errors import MissingError
from translate.spelling import Slip, slips


def found(*lines: str, known: tuple[str, ...] = ()) -> dict[str, str]:
    return {slip.written: slip.likely for slip in slips(lines, known)}


def test_slips_that_were_published() -> None:
    """From real slides of a real post."""
    assert slips(["27 active partipants", "Powering the AI indusry", "transofmer"]) == (
        Slip(written="partipants", likely="participants", line=0),
        Slip(written="indusry", likely="industry", line=1),
        Slip(written="transofmer", likely="transformer", line=2),
    )
    assert found("Documentationch") == {"Documentationch": "Documentation"}


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("seperate", "separate"),
        ("recieved", "received"),
        ("performace", "performance"),
        ("enviroment", "environment"),
        ("architecure", "architecture"),
        ("langauge", "language"),
        ("optimzation", "optimization"),
        ("distibuted", "distributed"),
        ("Acknowledgments: anouncement", ""),
    ],
)
def test_slips_as_people_make_them(wrong: str, right: str) -> None:
    assert right in found(f"a {wrong} here").values() or not right


@pytest.mark.parametrize(
    "line",
    [
        "torch.compile, torch.func, set_default_device and MPS backend for Apple M1/M2",
        "PyTorch, NumPy, SciPy, Jupyter, Kubernetes, Hugging Face, Graphcore, vLLM, ExecuTorch",
        "FSDP, AOTAutograd, TorchDynamo, CUDA graphs and NCCL",
        "github.com/pytorch/pytorch and https://pytorch.org/blog/announcing-docathon-h2-2023/",
        "@peterbell10 @nkaretnikov @XiaobingSuper @cyyever @lezcano ada.berg@example.com",
        "10.4x faster, 65_536 rows, p99 of 14ms, 3.1GB, v0.9.1, 20M+ downloads, 1st of 2nd",
        "re-shard, pre-trained, non-blocking, all-gather, state-of-the-art, human-in-the-loop",
        "codebases, datasets, tokenizers, checkpointing, pretrained, finetuning, hyperparameters",
        "Optimising colour behaviour; optimizing color behavior; artefacts and artifacts",
        "resharded, unsharded, multimodal, preprocessing, dataloaders, runtimes, backends",
        "--nproc-per-node 8, max_chunksize=65_536, $HOME/configs/decoder_51.yaml, x=partipants",
        "fall docathon, lightning talks, birds of a feather, committers' and maintainer's work",
        "deserialisation, quantised, parallelised, vectorised, containerised",
    ],
)
def test_right_words_are_left_alone(line: str) -> None:
    assert found(line) == {}


def test_names_in_a_sentence_are_left_alone() -> None:
    assert found("Thanks to Jeromy and Sylvain for the review") == {}


def test_the_talks_own_words_are_right() -> None:
    assert found("the new indusry release") == {"indusry": "industry"}
    assert found("the new indusry release", known=("Indusry Labs",)) == {}


def test_a_word_written_the_same_way_again_and_again_is_meant() -> None:
    assert found("the indusry", "an indusry") == {"indusry": "industry"}
    assert found("the indusry", "an indusry", "our indusry") == {}


def test_the_case_is_kept() -> None:
    assert found("Indusry report") == {"Indusry": "Industry"}


@pytest.mark.data
def test_no_alarm_on_what_people_have_checked() -> None:
    """The references of five talks: 7,400 words in which one slip stands."""
    path = shared_data("talks/acl6060/references.sentences.jsonl")
    lines = [json.loads(line)["src_ref"] for line in path.read_text("utf-8").splitlines()]
    assert sum(len(line.split()) for line in lines) > 7_000
    assert [slip.written for slip in slips(lines)] == ["significantl"]


def test_most_single_slips_in_long_words_are_found() -> None:
    """One letter dropped, doubled, swapped or replaced inside words of eight letters and more."""
    words = (
        "participants industry transformer documentation performance environment architecture"
        " language optimization distributed community maintainers contributors foundation"
        " membership compiler improvements scheduling throughput measurement deployment memory"
        " training inference research members implementation collaborate recognition tutorials"
    )
    dice = random.Random(6)
    right = hit = tried = 0
    for word in re_words(words):
        for change in (drop, double, swap, other):
            wrong = change(word, dice)
            if wrong == word:
                continue
            tried += 1
            likely = found(f"the {wrong} of it").get(wrong, "")
            hit += bool(likely)
            right += likely == word
    assert hit >= 0.9 * tried
    assert right >= 0.85 * tried


def re_words(text: str) -> list[str]:
    return [word for word in text.split() if len(word) >= 8]


def drop(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1 :]


def double(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 1)
    return word[:at] + word[at] + word[at:]


def swap(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def other(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 1)
    return word[:at] + dice.choice(string.ascii_lowercase) + word[at + 1 :]


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "symspellpy", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    spelling._speller.cache_clear()
    with pytest.raises(MissingError) as caught:
        slips(["something"])
    assert caught.value.hint == "pip install 'see-the-world[slides]'"
    monkeypatch.undo()
    spelling._speller.cache_clear()


def test_no_words_need_no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spelling, "_speller", lambda: pytest.fail("loaded for nothing"))
    assert slips([]) == ()
    assert slips(["A100 and H100: 3.1 GB", "FSDP2"]) == ()


@pytest.mark.parametrize("text", ["_", "-", ".", "(", "1", "a_", "a", "Abcd", "teh "])
def test_no_line_takes_long(text: str) -> None:
    found("frequncy")  # the list of words is loaded
    began = time.perf_counter()
    found((text * 10_000)[:10_000])
    assert time.perf_counter() - began < 2
