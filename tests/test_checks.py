"""Each check on what it is for, on what it must leave alone, and on people's translations."""

import json
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.translate_eval import pairs
from tests.shared import shared_data
from translate import checks, numerals
from translate.checks import CHECKS, between, findings
from translate.model import Term

LONG = (
    "So what we did last year is that we took the old compiler apart, piece by piece, and put it "
    "together again in a way that everybody in the team could understand and change."
)
LONG_ZH = (
    "所以我们去年做的事情，就是把旧的编译器一块一块拆开，"
    "再用团队里每个人都能看懂、都能修改的方式重新组装起来。"
)


def codes(english: str, chinese: str, *terms: Term) -> set[str]:
    return {f.code for f in findings(english, chinese, terms)}


def test_a_good_translation_passes() -> None:
    assert findings(LONG, LONG_ZH) == ()
    assert findings("Thank you.", "谢谢大家。") == ()
    assert findings("PyTorch 2.0!", "PyTorch 2.0！") == ()


def test_codes_are_unique_and_stable() -> None:
    listed = [c.code for c in CHECKS]
    assert len(set(listed)) == len(listed)
    assert set(listed) >= {"empty", "echo", "length", "number", "identifier", "loop", "term"}


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [
        ("empty", "Thank you.", ""),
        ("empty", "Thank you.", " ……。"),
        ("characters", "Thank you.", "谢谢\ud800大家。"),
        ("characters", "Thank you.", "谢谢\u202e大家。"),
        ("characters", "Thank you.", "谢谢\x00大家。"),
        ("thinking", "Thank you.", "<think>好</think>谢谢大家。"),
        ("thinking", "Thank you.", "谢谢大家。<|im_end|>"),
        ("meta", "Thank you.", "以下是翻译：谢谢大家。"),
        ("meta", "Thank you.", "好的，以下是您要的中文翻译：谢谢。"),
        ("meta", "Thank you.", "作为一个AI语言模型，谢谢大家。"),
        ("meta", "Thank you.", "抱歉，我无法翻译这段内容。"),
        ("meta", "Thank you.", "谢谢大家。（注：这里是致谢。）"),
        ("meta", "Thank you.", "谢谢大家。\n注：这里是致谢。"),
        ("meta", "Thank you.", "Here is the translation: 谢谢大家。"),
        ("leftover", "Thank you.", '{"zh": "谢谢大家。"}'),
        ("leftover", "Thank you.", "p0003 谢谢大家。"),
        ("leftover", "Thank you.", "# 谢谢大家"),
        ("leftover", "Thank you.", "【待译】谢谢"),
        ("no-chinese", "Thank you very much.", "Merci beaucoup."),
        ("echo", "Thank you very much.", "Thank you very much."),
        ("echo", LONG, LONG),
        ("echo", LONG, LONG_ZH + " " + LONG),
        ("script", "Thank you.", "ありがとう谢谢"),
        ("script", "Thank you.", "спасибо谢谢"),
        ("traditional", "Thank you.", "謝謝大家。"),
        ("loop", LONG, LONG_ZH[:40] + "我们再来一次" * 6),
        ("loop", LONG, "这是同一句重复的话。" * 4 + "。"),
        ("length", LONG, "我们拆了编译器。"),
        ("length", LONG, LONG_ZH * 2),
        ("truncated", LONG, LONG_ZH[:-8]),
        ("truncated", "I think that we are nearly done with this.", "我想我们差不多"),
        ("meta", "Thank you.", "谢谢大家。 注：这里是致谢。"),
        ("echo", LONG, LONG_ZH + "we took the old compiler apart, piece by piece, and put it。"),
        (
            "loop",
            "You don't have to do it, and you don't have to wait, or set it to true.",
            "你不必做，也不必等，或者把它设为 true。truetruetruetruetrue。",
        ),
        ("number", "We read 22,600 pages.", "我们读了 22,6000 页。"),
        ("small-number", "We did two experiments.", "我们做了三次实验。"),
        ("new-number", "The second step is short.", "第三步很短。"),
        ("new-number", "We did two experiments.", "我们做了两次、五次实验。"),
        ("fewer-numbers", "It has 40 keys, and 40 locks.", "它有 40 把钥匙，还有锁。"),
        (
            "left-out",
            "We opened the window. Then we trained the model on a large graph. We slept.",
            "我们打开了窗户，外面风很大，天也已经黑了。我们睡着了。",
        ),
        ("number", "It grew by 8 percent.", "它增长了 80%。"),
        ("number", "We have 2 million users.", "我们有 20 万用户。"),
        ("number", "In 2023 it changed.", "2024 年它变了。"),
        ("number", "Version 2.1 is out.", "2.2 版本发布了。"),
        ("number", "It took twenty five days.", "花了 26 天。"),
        ("identifier", "Call torch.compile here.", "在这里调用火炬编译。"),
        ("identifier", "Set foo_bar to one.", "把福吧设为一。"),
        ("identifier", "Go to https://pytorch.org/docs now.", "现在打开文档。"),
        ("identifier", "Pass --no-cache to it.", "传入不缓存选项。"),
        ("identifier", "Call forward() twice.", "调用两次前向。"),
        ("new-number", "We have many users.", "我们有 300 个用户。"),
        ("name", "We use DataLoader on it.", "我们用数据加载器。"),
        ("polite-you", "Thank you all.", "谢谢您。"),
    ],
)
def test_what_is_wrong_is_found(code: str, english: str, chinese: str) -> None:
    assert code in codes(english, chinese)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("We have 2 million users.", "我们有 200 万用户。"),
        ("We have 2 million users.", "我们有两百万用户。"),
        ("We have 2M users.", "我们有 2,000,000 名用户。"),
        ("It has 400k lines.", "它有 40 万行。"),
        ("It grew 8 percent.", "增长了百分之八。"),
        ("It grew 8.5%.", "增长了 8.5%。"),
        ("Half of it, 50%, is done.", "一半已经完成。"),
        ("About 80% of them came.", "大约八成的人来了。"),
        ("In 2023 we shipped it.", "二〇二三年我们发布了它。"),
        ("Three of us and two of them met.", "我们几个人和他们一起见了面。"),
        ("Thousands of people came.", "成千上万的人来了。"),
        ("A model with 7B parameters.", "一个 7B 参数的模型。"),
        ("A model with 7 billion parameters.", "一个 70 亿参数的模型。"),
        ("PyTorch 2.0 on the A100.", "A100 上的 PyTorch 2.0。"),
        ("It was 3.5 trillion tokens.", "一共 3.5 万亿 token。"),
        ("It is the 1st time.", "这是首次。"),
        ("There were twenty two thousand of them.", "一共有 2.2 万个。"),
        ("It was one point five percent.", "是 1.5%。"),
        ("It cost 100 million dollars.", "花了一亿美元。"),
        ("We tested, e.g. in the U.S. and so on.", "我们在美国等地做了测试。"),
        ("That was the end.And so on.", "就到这里，诸如此类。"),
        ("Call `x` in torch.nn.Linear, please.", "请在 `torch.nn.Linear` 里调用 x。"),
        ("Sorry, I cannot translate that.", "抱歉，我无法翻译这个。"),
        ("As an AI language model it says no.", "作为一个 AI 语言模型，它说不。"),
        ("No no no no no, it never never never works.", "不不不不不，它从来从来从来不管用。"),
        ("Haha, it works.", "哈哈哈哈，它能用。"),
        (
            "Our paper is called a fast and small thing that we all like to use, and it is short.",
            "我们的论文叫做《a fast and small thing that we all like》，篇幅非常短，内容也很好懂。",
        ),
        ("We use the word 這 in the sample.", "样例里有“這”字。"),
    ],
)
def test_what_is_right_is_left_alone(english: str, chinese: str) -> None:
    assert not [f for f in findings(english, chinese) if f.severity == "error"]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("It emits 920 grams of CO2.", "它排放 920 克二氧化碳。"),
        ("The image shows version two point six point four.", "图中是 2.6.4 版本。"),
        ("The model just says the word six.", "模型只说了 six 这个词。"),
        ("Two plus two is four.", "2 加 2 等于 4。"),
        ("We test the test of the tests.", "我们测试这些测试的测试。"),
        ("Note: this is important.", "我们讲完了。注：这很重要。"),
        ("Both of them are fine.", "这两种都很好。"),
    ],
)
def test_what_is_right_is_not_even_doubted(english: str, chinese: str) -> None:
    assert findings(english, chinese) == ()


def test_a_stuttered_term_is_doubted() -> None:
    term = Term(source="compiler", targets=("编译器",))
    assert codes("Our compiler is new.", "我们的编译器编译器是新的。", term) == {"doubled"}
    assert codes("A compiler compiler is new.", "编译器编译器是新的。", term) == set()
    assert codes("Our way is new.", "我们的方法我们的方法是新的。") == {"doubled"}
    assert codes("It is very very good.", "它非常非常好，好好学习。") == set()


def test_a_persons_words_are_doubted_and_not_refused() -> None:
    found = findings("It grew by 8 percent.", "它增长了很多。", by_person=True)
    assert [(f.code, f.severity, f.again) for f in found] == [("number", "warning", False)]
    for nothing in ("", "It grew by 8 percent."):
        assert any(
            f.severity == "error"
            for f in findings("It grew by 8 percent.", nothing, by_person=True)
        )


# --- terms --------------------------------------------------------------------------------------

STRICT = Term(source="operator", targets=("算子",), policy="strict", forbidden=("运算符",))


def test_terms_are_followed_missed_and_forbidden() -> None:
    english = "The operator is fast."
    assert codes(english, "这个算子很快。", STRICT) == set()
    assert codes(english, "这个算 子很快。", STRICT) == set()
    assert codes(english, "这个操作很快。", STRICT) == {"term"}
    assert codes(english, "这个运算符很快。", STRICT) == {"term-forbidden"}
    keep = Term(source="PyTorch", policy="keep")
    assert codes("I like it.", "我喜欢 `pytorch`。", keep) == set()
    assert codes("I like it.", "我喜欢派火炬。", keep) == {"term"}
    prefer = Term(source="token", targets=("token",), policy="prefer", forbidden=("词元",))
    assert codes("One token.", "一个记号。", prefer) == {"term-preferred"}
    forbid = Term(source="inference", policy="forbid", forbidden=("推断",))
    assert codes("Fast inference.", "快速推断。", forbid) == {"term-forbidden"}
    assert codes("Fast inference.", "快速推理。", forbid) == set()


def test_a_forbidden_word_inside_an_accepted_one_is_allowed() -> None:
    term = Term(source="tensor parallel", targets=("张量并行",), forbidden=("张量",))
    assert codes("It is tensor parallel.", "它是张量并行的。", term) == set()
    assert codes("It is tensor parallel.", "它是张量并行的张量。", term) == {"term-forbidden"}


def test_only_doubts_worth_it_are_asked_again() -> None:
    found = {f.code: f for f in findings("The operator is fast.", "这个操作对您很快。", (STRICT,))}
    assert (found["term"].severity, found["term"].again) == ("warning", True)
    assert not found["polite-you"].again


# --- numbers ------------------------------------------------------------------------------------


def in_chinese(n: int) -> str:
    """A whole number in Han numerals, the plain way."""
    digits = "零一二三四五六七八九"
    if n >= 10**8:
        rest = in_chinese(n % 10**8) if n % 10**8 else ""
        return in_chinese(n // 10**8) + "亿" + ("零" if 0 < n % 10**8 < 10**7 else "") + rest
    if n >= 10**4:
        rest = in_chinese(n % 10**4) if n % 10**4 else ""
        return in_chinese(n // 10**4) + "万" + ("零" if 0 < n % 10**4 < 10**3 else "") + rest
    out, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = n // unit % 10
        if digit:
            out += ("零" if gap and out else "") + digits[digit] + name
        gap = not digit and bool(out)
    return out or "零"


@given(st.integers(0, 10**12 - 1))
def test_every_whole_number_is_read_in_every_form(n: int) -> None:
    value = Decimal(n)
    for text in (str(n), f"{n:,}", in_chinese(n)):
        assert value in numerals.chinese(f"共{text}个").values
    assert numerals.english(f"about {n:,} of them").required == {value}
    assert numerals.english(f"about {n} of them").required == {value}


@given(st.integers(1, 9999), st.sampled_from([("thousand", 3), ("million", 6), ("billion", 9)]))
def test_scales_meet_wan_and_yi(n: int, scale: tuple[str, int]) -> None:
    word, zeros = scale
    value = Decimal(n) * 10**zeros
    assert numerals.english(f"{n} {word} of them").required == {value}
    assert value in numerals.chinese(f"{value / 10**4:f} 万").values
    assert value in numerals.chinese(f"{value / 10**8:f}亿").values


@given(st.text(max_size=60))
def test_reading_numbers_never_raises(text: str) -> None:
    numerals.english(text)
    numerals.chinese(text)


@given(st.text(alphabet="一二三两十百千万亿零点〇1234567890.,% 万多", max_size=20))
def test_reading_odd_numbers_never_raises(text: str) -> None:
    numerals.english(text)
    numerals.chinese(text)


# --- neighbours ---------------------------------------------------------------------------------


def test_the_same_text_twice_and_one_inside_another_are_found() -> None:
    one, two = ("We love graphs.", "我们都非常喜欢计算图这种东西。"), ("They sleep.", "他们睡了。")
    assert between([one, two]) == {}
    twice = between([one, (two[0], one[1])])
    assert {i: f.code for i, f in twice.items()} == {0: "duplicate", 1: "duplicate"}
    long = "我们昨天在会议室里一起讨论了很久的编译问题。"
    both = between([("A b c.", "首先谢谢大家。" + long), ("D e f.", long)])
    assert {f.code for f in both.values()} == {"duplicate"}
    assert between([("Yes.", "是的。"), ("Yes.", "是的。")]) == {}


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), max_size=6))
def test_comparing_never_raises(given: list[tuple[str, str]]) -> None:
    assert set(between(given)) <= set(range(len(given)))


@given(st.text(max_size=200), st.text(max_size=200))
def test_checking_never_raises_and_gives_sentences(english: str, chinese: str) -> None:
    for found in findings(english, chinese, (STRICT,)):
        assert found.reason.strip() == found.reason
        assert "\n" not in found.reason
        assert len(found.reason) < 400


@pytest.mark.parametrize(
    "chinese",
    ["好" * 100_000, "[" * 50_000, "一" * 50_000, "a1 " * 30_000, "a_" * 700, "一" * 1900],
)
def test_endless_answers_are_judged_in_a_moment(chinese: str) -> None:
    assert findings(LONG, chinese)


# --- people and machines, for real --------------------------------------------------------------


def sentences() -> list[tuple[str, str, str]]:
    """(document, English, human Chinese) of five whole talks."""
    shared_data(pairs.ACL)
    return [(talk, e, z) for talk, rows in pairs.talks().items() for e, z in rows]


def in_paragraphs() -> list[list[tuple[str, str]]]:
    """The same as paragraphs of about 80 words, by document."""
    shared_data(pairs.ACL)
    return [
        [(pair.english, pair.chinese) for pair in pairs.in_paragraphs(talk, rows)]
        for talk, rows in pairs.talks().items()
    ]


@pytest.mark.data
def test_peoples_translations_pass() -> None:
    """False alarms on 416 human sentences: at most 1 %, and none but for numbers.

    The three that are found are slips of the people: 1,108 became 10108, 838 thousand 883 万.
    """
    found = Counter(
        f.code for _, e, z in sentences() for f in findings(e, z) if f.severity == "error"
    )
    assert set(found) <= {"number"}
    assert found.total() <= 3


@pytest.mark.data
def test_damage_to_peoples_translations_is_found() -> None:
    """Recall per kind of damage, over every human paragraph that the damage changes."""
    known = [pair for document in in_paragraphs() for pair in document]
    digits = str.maketrans("0123456789", "1234567890")
    damage = {
        "empty": [(e, "") for e, z in known],
        "echo": [(e, e) for e, z in known],
        "number": [
            (e, z.translate(digits))
            for e, z in known
            if z.translate(digits) != z and numerals.english(e).required
        ],
        "truncated": [(e, z[: len(z) * 3 // 5]) for e, z in known],
        "doubled": [(e, z + z) for e, z in known],
        "loop": [(e, z + z[-12:] * 5) for e, z in known],
    }
    for kind, cases in damage.items():
        caught = sum(
            any(f.severity == "error" or f.again for f in findings(e, z)) for e, z in cases
        )
        assert caught >= 0.95 * len(cases), (kind, caught, len(cases))


@pytest.mark.data
def test_shifted_and_swapped_paragraphs_are_found_and_right_ones_are_not() -> None:
    moved = seen = 0
    for document in in_paragraphs():
        for at in range(0, len(document) - 6, 7):
            batch = document[at : at + 7]
            assert between(batch) == {}
            texts = [z for _, z in batch]
            for order in (texts[1:] + texts[:1], texts[-1:] + texts[:-1]):
                wrong = [(e, z) for (e, _), z in zip(batch, order, strict=True)]
                moved += len(batch)
                seen += len(between(wrong))
            swapped = [*texts[:2], texts[3], texts[2], *texts[4:]]
            found = between([(e, z) for (e, _), z in zip(batch, swapped, strict=True)])
            moved += 2
            seen += len({2, 3} & set(found))
    assert moved > 100
    assert seen >= 0.99 * moved


@pytest.mark.data
@pytest.mark.parametrize(
    ("engine", "most", "least"), [("aya", 12, 8), ("tower", 2, 0), ("gemma", 2, 0)]
)
def test_real_machine_output(engine: str, most: int, least: int) -> None:
    """One of three engines adds notes and pinyin to its answers; the others do not."""
    asr, out = (
        {
            r["sample_id"]: r["output"]
            for r in map(
                json.loads, shared_data(f"talks/acl6060/{f}").read_text("utf-8").splitlines()
            )
        }
        for f in ("whisper_asr.short.jsonl", f"{engine}_whisper.short.jsonl")
    )
    refused = [i for i in out if any(f.severity == "error" for f in findings(asr[i], out[i]))]
    assert least <= len(refused) <= most
    noted = [i for i in out if "（注" in out[i] or "(Note" in out[i] or "ǒ" in out[i]]
    assert set(noted) <= set(refused)


def test_the_ids_of_a_message_are_never_published() -> None:
    assert checks.leftover("Thank you.", "p0001：谢谢", ()) is not None
    assert checks.leftover("See p0001.", "见 p0001。", ()) is None
