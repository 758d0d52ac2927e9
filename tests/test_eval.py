"""What the checks say about people's translations and about damaged ones: the aims that hold.

The full measurement is `python -m tests.bench.translate_eval --backend references`; here are all
paragraphs for false alarms and some of the talks for recall, so that a change of a check that
loses an aim fails.
"""

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.bench.translate_eval import __main__ as bench
from tests.bench.translate_eval import damage, judge, pairs, score
from tests.bench.translate_eval.damage import Right
from tests.bench.translate_eval.pairs import Pair
from tests.shared import shared_data
from translate.errors import BadFileError
from translate.glossary import Glossary, load
from translate.model import Term

GLOSSARY = Path(__file__).parents[1] / "glossary"
SEEN = 0.95
# What the stage must refuse or at least doubt, nearly always.
AIMED = (
    "empty",
    "echo",
    "echo of a sentence",
    "cut inside a sentence",
    "loop",
    "loop of a sentence",
    "number changed",
    "number dropped",
    "number scaled",
    "small numeral changed",
    "traditional",
    "one traditional character",
    "refusal",
    "id left in",
    "term doubled",
    "term forbidden",
    "term ignored",
    *damage.SAID,
    *damage.MIXED,
)
# What no check is made for, or only some of which can be seen: the least that is.
PARTLY = {
    "cut after a sentence, under 25 % lost": 0.4,
    "cut after a sentence, 25-50 % lost": 0.7,
    "cut after a sentence, over 50 % lost": 0.95,
    "sentence left out": 0.4,
    "meta talk": 0.9,
}
REFUSED = ("empty", "echo", "cut inside a sentence", "id left in", "refusal", *damage.SAID)
FEW = 6  # of fewer cases no share is asked


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return load(sorted(GLOSSARY.glob("*.csv")))


@pytest.fixture(scope="module")
def people() -> dict[str, list[Pair]]:
    shared_data(pairs.ACL)
    shared_data(pairs.HF)
    return pairs.references()


@pytest.mark.data
def test_people_are_hardly_ever_doubted(people: dict[str, list[Pair]], glossary: Glossary) -> None:
    """At most 5 false alarms for 1,000 paragraphs, for each check."""
    everything = [pair for found in people.values() for pair in found]
    assert len(everything) > 300
    alarms = [alarm for alarm in judge.alarms(everything, glossary) if alarm.false]
    for code, count in Counter(alarm.code for alarm in alarms).items():
        assert 1000 * count <= 5 * len(everything), [a.reason for a in alarms if a.code == code]


@pytest.mark.data
@pytest.mark.slow
def test_damage_is_seen(people: dict[str, list[Pair]], glossary: Glossary) -> None:
    """A talk and five lectures: of every kind of damage, what the stage sees of it."""
    talks = judge.by_talk(people["acl6060"])[1:2] + judge.by_talk(people["hf-course"])[2:32:6]
    found = [pair for talk in talks for pair in talk]
    tallies = judge.recall(found, glossary, (*AIMED, *PARTLY))
    for kind, tally in tallies.items():
        least = PARTLY.get(kind, SEEN)
        if tally.damaged >= FEW:
            missed = [text for _, text in tally.missed]
            assert tally.seen >= least, (kind, tally.seen, tally.damaged, missed[:3])
    for kind in REFUSED:
        assert tallies[kind].refused >= SEEN * tallies[kind].damaged, kind
    assert sum(t.damaged >= FEW for t in tallies.values()) >= 0.9 * len(tallies)


# --- the measurement itself ---------------------------------------------------------------------

TERM = Term(source="compiler", targets=("编译器",), policy="strict", forbidden=("编辑器",))
RIGHT = Right(
    "Our compiler read 25 files in two steps. It is not fast. We do not know why that can be so.",
    "我们的编译器分两个步骤读了 25 个文件。它不能算快。我们还不知道为什么会这样子。",
    (
        ("Our compiler read 25 files in two steps.", "我们的编译器分两个步骤读了 25 个文件。"),
        ("It is not fast.", "它不能算快。"),
        ("We do not know why that can be so.", "我们还不知道为什么会这样子。"),
    ),
    (TERM,),
)


@pytest.mark.parametrize("kind", sorted(damage.ALONE))
def test_damage_damages_and_is_the_same_each_time(kind: str) -> None:
    one, again = (damage.ALONE[kind](RIGHT, random.Random(3)) for _ in range(2))
    assert one == again
    assert one != RIGHT.chinese


@pytest.mark.parametrize("kind", sorted(damage.MIXED))
def test_answers_are_mixed_up_by_id(kind: str) -> None:
    texts = {f"p{n:04d}": f"第 {n} 段。" for n in range(5)}
    mixed = damage.MIXED[kind](texts, random.Random(1))
    assert set(mixed) <= set(texts)
    assert mixed != texts


def test_a_damaged_answer_is_counted_once_and_its_right_neighbours_are_not() -> None:
    talk = [
        Pair("t", (("We shipped 41 kernels.", "我们发布了 41 个内核。"),)),
        Pair("t", (("They sleep at home.", "他们在家里睡觉。"),)),
        Pair("t", (("Then 52 people came.", "然后来了 52 个人。"),)),
        Pair("t", (("It rained.", "下雨了。"),)),
    ]
    tally = judge.recall(talk, Glossary(), ("number dropped",))["number dropped"]
    assert (tally.damaged, tally.refused, tally.warned, tally.beside) == (2, 2, 0, 0)
    assert tally.seen == 1.0
    negation = judge.recall(talk, Glossary(), ("negation lost",))["negation lost"]
    assert (negation.damaged, negation.seen) == (0, 0.0)


def test_texts_are_compared_in_one_form() -> None:
    assert score.normal("用PyTorch训练 ,很快！") == score.normal("用 `PyTorch` 训练，很快!")
    bleu, chrf = score.bleu_and_chrf(["我们用ＰyTorch。"], ["我们用 PyTorch。"])
    assert (round(bleu), round(chrf)) in ((100, 100), (0, 100))  # too short for four-grams
    worse, _ = score.bleu_and_chrf(["今天天气不错，适合出门散步。"], ["我们用 PyTorch 训练模型。"])
    assert worse < 20


def test_terms_are_counted_once_a_paragraph() -> None:
    terms = score.terms_kept(
        ["Our compiler, the compiler.", "A compiler.", "A compiler."],
        ["编译器。", "编辑器。", ""],
        Glossary(terms=(TERM,)),
    )
    assert (terms.said, terms.kept, terms.forbidden) == (3, 1, 1)
    assert terms.missed == {"compiler": 2}


def test_own_pairs_are_read_and_mistakes_named(tmp_path: Path) -> None:
    good = tmp_path / "mine.tsv"
    good.write_text("\ufeffHello.\t你好。\tone\r\n\nBye.\t再见。\n", encoding="utf-8")
    assert [(p.talk, p.english, p.chinese) for p in pairs.read_tsv(good)] == [
        ("one", "Hello.", "你好。"),
        ("mine", "Bye.", "再见。"),
    ]
    for text in ("Hello.\n", "Hello.\t\n", "\n", "a\tb\tc\td\n"):
        good.write_text(text, encoding="utf-8")
        with pytest.raises(BadFileError, match=r"mine\.tsv"):
            pairs.read_tsv(good)
    with pytest.raises(BadFileError):
        pairs.read_tsv(tmp_path / "none.tsv")


def test_the_program_measures_a_memory_and_the_references(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "mine.tsv"
    rows = [(RIGHT.english, RIGHT.chinese), ("They sleep at home.", "他们在家里睡觉。")]
    own.write_text("".join(f"{e}\t{z}\n" for e, z in rows), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for backend, expected in (("memory", "bleu"), ("references", "false_per_1000")):
        line = ["translate_eval", "--backend", backend, "--pairs", str(own)]
        monkeypatch.setattr("sys.argv", line)
        assert bench.main() == 0
        assert expected in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["translate_eval", "--backend", "nobody", "--pairs", str(own)])
    assert bench.main() == 1
    assert "nobody" in capsys.readouterr().err
