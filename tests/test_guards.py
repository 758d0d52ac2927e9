"""The rules: what may be published, and that no word goes unsaid."""

import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hearing import rules, segment
from tests.shared import shared_data
from translate.guards import joined, judge, other_languages, suspicions, weigh
from translate.model import Flag, Hearing, Segment, Span, WindowResult, Word
from translate.stages.transcribe import uncovered


def judged(
    *segments: Segment,
    speech: Sequence[tuple[float, float]] = ((0, 1000),),
    prompt: str = "",
    window: tuple[float, float] = (0, 30),
) -> tuple[list[str], list[Flag]]:
    """The texts that stay, and the flags, for one window."""
    result = WindowResult(start=window[0], end=window[1], language="en", of="", segments=segments)
    spans = tuple(Span(start=a, end=min(b, window[1])) for a, b in speech)
    cues, flags = judge([result], spans, prompt)
    flags += uncovered(cues, spans)
    flags = [f for f in flags if f.rule != "sparse"]  # the texts here are short: tested below
    for before, after in itertools.pairwise(cues):
        assert before.end <= after.start
    assert all(c.start < c.end and c.text for c in cues)
    return [c.text for c in cues], flags


def test_plain_text_is_untouched() -> None:
    texts, flags = judged(
        segment(0, 5, "So this is very, very fast."), segment(5, 30, "No, no, no: it is correct.")
    )
    assert texts == ["So this is very, very fast.", "No, no, no: it is correct."]
    assert flags == []


@pytest.mark.parametrize("text", [".", " - ", "\ufffd"])
def test_punctuation_alone_is_no_text(text: str) -> None:
    texts, flags = judged(segment(0, 5, "So this is it."), segment(5, 30, text))
    assert texts == ["So this is it."]
    assert rules(flags) == ["empty removed", "uncovered kept"]
    assert flags[0].text == text.strip()


def test_a_loop_inside_a_segment_is_cut_and_its_time_is_uncovered() -> None:
    texts, flags = judged(segment(0, 30, "Let us begin. " + "Thank you so much. " * 14))
    assert texts == ["Let us begin. Thank you so much."]
    assert rules(flags) == ["loop removed", "uncovered kept"]
    assert flags[0].text.startswith("Thank you so much. Thank you")
    assert flags[1].end == 30


def test_a_loop_over_segments_goes_and_what_follows_stays() -> None:
    looped = [segment(5 + i, 6 + i, "I'm going to show you how.") for i in range(20)]
    texts, flags = judged(segment(0, 5, "Hello there."), *looped, segment(25, 30, "And now this."))
    assert texts == ["Hello there.", "I'm going to show you how.", "And now this."]
    assert "loop removed" in rules(flags)
    assert any(f.rule == "uncovered" and f.start < 7 and f.end > 24 for f in flags)


def test_a_loop_of_a_passage_that_repeats_itself_is_one_too() -> None:
    texts, flags = judged(segment(0, 30, "and so on and on " * 20))
    assert texts == ["and so on and on"]
    assert rules(flags) == ["loop removed", "uncovered kept"]
    passage = ["I", "said", *["no"] * 9, "and", "went"]
    texts, flags = judged(segment(0, 30, " ".join(passage * 5)))
    gone = [w for f in flags if f.action == "removed" for w in f.text.split()]
    assert sorted(" ".join(texts).split() + gone) == sorted(passage * 5)
    assert " ".join(texts) == "I said no and went"


def test_two_sentences_in_turn_are_a_loop_too() -> None:
    pair = ["We go up the hill.", "They come down again."]
    texts, _ = judged(*(segment(i, i + 1, pair[i % 2]) for i in range(12)))
    assert texts == pair


def test_three_times_is_enough_where_the_window_is_repetitive() -> None:
    text = "this is the best part " * 3
    assert judged(segment(0, 20, text, compression_ratio=2.9))[0] == ["this is the best part"]
    kept, flags = judged(segment(0, 30, text))
    assert kept == [text.strip()]
    assert rules(flags) == ["repeat kept"]


@pytest.mark.data
def test_a_passage_that_real_whisper_said_twice_is_kept_and_flagged() -> None:
    path = shared_data("talks/acl6060/whisper_asr.long.jsonl")
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    text = next(r["output"] for r in rows if r["sample_id"] == 416)
    sentences = re.split(r"(?<=[.?!]) ", text)
    segments = [segment(i * 9.0, i * 9.0 + 9, s) for i, s in enumerate(sentences)]
    texts, flags = judged(*segments, window=(0, 9.0 * len(sentences)))
    assert " ".join(texts) == text
    twice = [f for f in flags if f.rule == "repeat"]
    assert any(f.text.startswith("Feature generation using another") for f in twice)
    assert all(f.action == "kept" for f in twice)


@pytest.mark.data
def test_no_real_talk_loses_a_word_to_the_loop_rule() -> None:
    path = shared_data("talks/acl6060/references.long.jsonl")
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        sentences = re.split(r"(?<=[.?!]) ", row["src_ref"])
        segments = [segment(i * 9.0, i * 9.0 + 9, s) for i, s in enumerate(sentences)]
        texts, flags = judged(*segments, window=(0, 9.0 * len(sentences)))
        assert " ".join(texts).split() == row["src_ref"].split()
        assert all(f.action == "kept" for f in flags)


PROMPT = "Fast Kernels, a talk at PyTorch Conference by Ann Lee. It is about Triton, ATen, FSDP."


@pytest.mark.parametrize(
    ("text", "what", "kept", "flagged"),
    [
        ("Fast Kernels, a talk at PyTorch Conference by Ann Lee.", {"no_speech_prob": 0.9}, 0, 1),
        ("by Ann Lee. It is about Triton, ATen, FSDP.", {}, 0, 1),
        ("It is about Triton.", {}, 1, 1),
        ("Triton and FSDP", {}, 1, 0),
        ("I am Ann Lee and we wrote Triton kernels for ATen.", {}, 1, 0),
    ],
)
def test_the_prompt_is_not_published(
    text: str, what: dict[str, float], kept: int, flagged: int
) -> None:
    texts, flags = judged(segment(0, 30, text, **what), prompt=PROMPT)
    assert len(texts) == kept
    echoes = [f for f in flags if f.rule == "prompt-echo"]
    assert len(echoes) == flagged
    if not kept:
        assert "uncovered kept" in rules(flags)


def test_text_where_nobody_speaks_is_removed() -> None:
    texts, flags = judged(
        segment(0, 5, "Welcome to the talk."),
        segment(20, 24, "Thank you for watching."),
        speech=[(0, 5)],
    )
    assert texts == ["Welcome to the talk."]
    assert rules(flags) == ["silence removed"]
    assert flags[0].text == "Thank you for watching."


def test_whispers_own_doubt_of_speech_counts_with_ours() -> None:
    doubted = segment(0, 20, "you", no_speech_prob=0.98, avg_logprob=-0.7)
    assert judged(doubted, speech=[(0, 2)])[0] == []
    assert judged(doubted, speech=[(0, 18)])[0] == ["you"]
    unsure = segment(0, 20, "you", no_speech_prob=0.98, avg_logprob=-1.2)
    assert judged(unsure, speech=[(0, 18)])[0] == []


def test_more_words_than_can_be_said() -> None:
    many = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi"
    texts, flags = judged(segment(0, 1, many), segment(1, 30, "and that is all of them"))
    assert len(texts) == 2  # its window has the time: the segment is mistimed
    assert rules(flags) == ["rate kept"]
    texts, flags = judged(segment(0, 1, many), segment(1, 2, many[::-1]))
    assert texts == []
    assert rules(flags)[:2] == ["rate removed"] * 2


def test_text_in_the_filled_up_part_of_a_window_is_removed() -> None:
    texts, flags = judged(
        segment(0, 19, "All of it."), segment(26, 28, "Thank you."), window=(0, 20)
    )
    assert texts == ["All of it."]
    assert rules(flags) == ["timestamp removed"]
    assert flags[0].text == "Thank you."


def test_low_confidence_is_kept_and_flagged() -> None:
    texts, flags = judged(segment(0, 30, "Perhaps this.", avg_logprob=-1.4))
    assert texts == ["Perhaps this."]
    assert rules(flags) == ["low-confidence kept"]


def test_sounds_are_no_speech() -> None:
    texts, flags = judged(
        segment(0, 10, "[Music]"), segment(10, 20, "Hello. (applause)"), segment(20, 30, "♪♪")
    )
    assert texts == ["Hello."]
    assert [f.text for f in flags if f.rule == "music"] == ["[Music]", "(applause)", "♪♪"]
    assert "uncovered kept" in rules(flags)


def test_text_that_the_recogniser_threw_away_is_told() -> None:
    _, flags = judged(segment(0, 10, "Hello."), segment(10, 11, ""), speech=[(0, 11)])
    assert rules(flags) == ["empty removed"]


numbers = st.floats(-5, 40, allow_nan=False)


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, numbers), max_size=8))
def test_any_times_are_put_right_and_no_text_is_lost(times: list[tuple[float, float]]) -> None:
    made = [segment(a, b, f"word{i}") for i, (a, b) in enumerate(times)]
    texts, flags = judged(*made, speech=[(0, 30)])
    said = " ".join(texts).split() + [
        w for f in flags if f.action == "removed" for w in f.text.split()
    ]
    assert sorted(said) == sorted(s.text for s in made)


vocabulary = st.sampled_from(["the", "cat", "sat", "on", "a", "mat", "Thank", "you."])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(vocabulary, min_size=1, max_size=12), st.integers(1, 12)), max_size=6
    ),
    st.floats(1.0, 3.0),
)
def test_words_are_published_or_listed(parts: list[tuple[list[str], int]], ratio: float) -> None:
    texts_in = [" ".join(words * times) for words, times in parts]
    made = [
        segment(i * 5.0, i * 5.0 + 5, text, compression_ratio=ratio)
        for i, text in enumerate(texts_in)
    ]
    texts, flags = judged(*made, prompt="the cat sat, on a mat, the cat.")
    out = " ".join(texts).split()
    gone = [w for f in flags if f.action == "removed" for w in f.text.split()]
    assert sorted(out + gone) == sorted(" ".join(texts_in).split())


# --- what to hear again ---------------------------------------------------------------------------

WINDOW = Span(start=100, end=128)
SPOKEN = (Span(start=100.5, end=112), Span(start=113, end=127.5))
PLENTY = " ".join(f"word{n}" for n in range(30))


def hearing(*segments: Segment) -> Hearing:
    return Hearing(segments=segments)


@pytest.mark.parametrize(
    ("heard", "reasons"),
    [
        (hearing(segment(100, 112, PLENTY), segment(112, 128, PLENTY[::-1])), ()),
        (hearing(), ("uncovered",)),
        (hearing(segment(100, 112, PLENTY)), ("uncovered",)),
        (hearing(segment(113, 128, PLENTY)), ("uncovered",)),
        (hearing(segment(100, 111, PLENTY), segment(118, 128, PLENTY[::-1])), ("uncovered",)),
        (hearing(segment(100, 111, PLENTY), segment(113.8, 128, PLENTY[::-1])), ()),
        (hearing(segment(100, 128, "We stop early.")), ("sparse",)),
        (hearing(segment(100, 128, PLENTY, compression_ratio=2.5)), ("repetitive",)),
        (hearing(segment(100, 128, PLENTY, avg_logprob=-1.1)), ("low-confidence",)),
        (
            hearing(segment(100, 128, PLENTY, avg_logprob=-0.9, no_speech_prob=0.7)),
            ("no-speech",),
        ),
        (
            hearing(segment(100, 128, PLENTY, avg_logprob=-1.1, no_speech_prob=0.7)),
            ("no-speech", "silence", "uncovered"),
        ),
        (
            hearing(segment(100, 128, "and so on and on " * 20)),
            ("loop", "uncovered"),
        ),
        (hearing(segment(100, 128, f"{PLENTY} {PLENTY}")), ("repeat",)),
        (hearing(segment(100, 101, PLENTY), segment(101, 128, PLENTY[::-1])), ("rate",)),
        (
            hearing(segment(100, 128, PLENTY), segment(129.5, 130, "Thank you.")),
            ("timestamp",),
        ),
        (
            hearing(segment(110, 128, PLENTY), segment(100, 110, PLENTY[::-1])),
            ("timestamp", "uncovered"),
        ),
        (
            hearing(segment(100, 128, "by Ann Lee. It is about Triton, ATen, FSDP.")),
            ("prompt-echo", "uncovered"),
        ),
    ],
)
def test_reasons_to_hear_a_window_again(heard: Hearing, reasons: tuple[str, ...]) -> None:
    assert suspicions(heard, WINDOW, SPOKEN, PROMPT) == reasons


@given(st.lists(st.floats(100, 130), max_size=4), st.sampled_from([PLENTY, "so " * 40, "", "x"]))
def test_where_nobody_speaks_nothing_is_suspect(times: list[float], text: str) -> None:
    made = hearing(*(segment(t, t + 3, text, compression_ratio=3.0) for t in times))
    elsewhere = (Span(start=0, end=99), Span(start=127.5, end=128), Span(start=130, end=200))
    assert suspicions(made, WINDOW, elsewhere, "") == ()


def test_a_hearing_gives_way_to_a_better_one_only() -> None:
    def order(*segments: Segment) -> tuple[object, ...]:
        return weigh(hearing(*segments), WINDOW, SPOKEN, "").order

    whole = order(segment(100, 128, PLENTY))
    doubted = order(segment(100, 128, PLENTY, avg_logprob=-1.2, compression_ratio=2.5))
    assert whole < doubted < order()  # nothing written is worse than anything doubted
    assert order(segment(100.2, 128, PLENTY, avg_logprob=-0.21)) == whole
    assert order(segment(100, 128, PLENTY, avg_logprob=-0.5)) > whole


def test_text_past_the_end_of_a_part_is_not_taken_for_the_next_parts() -> None:
    parts = (Span(start=100, end=110), Span(start=110, end=128))
    first = hearing(segment(100, 110, "one two"), segment(113, 115, "Thank you."))
    both = joined([first, hearing(segment(110, 128, "three"))], parts, WINDOW)
    texts, flags = judged(*both.segments, speech=[(100, 128)], window=(WINDOW.start, WINDOW.end))
    assert texts == ["one two", "three"]
    assert [(f.rule, f.text) for f in flags if f.action == "removed"] == [
        ("timestamp", "Thank you.")
    ]


def test_few_words_for_much_speech_are_kept_and_flagged() -> None:
    result = WindowResult(
        start=0, end=30, language="en", of="", segments=(segment(0, 30, "We stop early."),)
    )
    cues, flags = judge([result], [Span(start=0, end=29)], "")
    assert [c.text for c in cues] == ["We stop early."]
    assert rules(flags) == ["sparse kept"]
    chinese = replace(result, segments=(segment(0, 30, "我们今天要谈的是编译器为什么这么快" * 3),))
    assert "sparse kept" not in rules(judge([chinese], [Span(start=0, end=29)], "")[1])


# --- other languages ------------------------------------------------------------------------------


def spoken_in(*windows: tuple[str, float, float]) -> list[WindowResult]:
    """Windows of 10 s in a language, with a probability; the third number is for `speech_of`."""
    return [
        WindowResult(
            start=n * 10.0,
            end=n * 10.0 + 10,
            language="en",
            of=str(n),
            segments=(segment(n * 10.0, n * 10.0 + 10, f"text{n}"),),
            sounds_like=language,
            probability=probability,
        )
        for n, (language, probability, _) in enumerate(windows)
    ]


@pytest.mark.parametrize(
    ("windows", "kept", "flagged"),
    [
        ([("en", 0.9, 9), ("fr", 0.9, 9)], [0], ["other-language removed"]),
        ([("en", 0.9, 9), ("fr", 0.79, 9)], [0, 1], ["language kept"]),
        ([("en", 0.9, 9), ("", 0.0, 9)], [0, 1], []),
        ([("en", 0.9, 9), ("fr", 0.9, 3)], [0, 1], ["language kept"]),
        ([("en", 0.9, 9), ("fr", 0.9, 1)], [0, 1], []),
        ([("en", 0.9, 9), ("fr", 0.9, 3), ("fr", 0.9, 3)], [0], ["other-language removed"]),
        ([("fr", 0.9, 3), ("de", 0.9, 3)], [0, 1], ["language kept"] * 2),
        ([("fr", 0.9, 3), ("en", 0.9, 9), ("fr", 0.9, 3)], [0, 1, 2], ["language kept"] * 2),
    ],
)
def test_what_is_surely_in_another_language(
    windows: list[tuple[str, float, float]], kept: list[int], flagged: list[str]
) -> None:
    speech = [Span(start=n * 10.0, end=n * 10.0 + w[2]) for n, w in enumerate(windows)]
    results, flags = other_languages(spoken_in(*windows), speech, "en", told=False)
    assert [int(r.of) for r in results] == kept
    assert rules(flags) == flagged
    gone = " ".join(f.text for f in flags if f.action == "removed").split()
    assert gone == [f"text{n}" for n in range(len(windows)) if n not in kept]


# --- what the recogniser did not finish -----------------------------------------------------------


def test_a_window_that_was_cut_off_is_suspect_and_told() -> None:
    text = segment(0, 30, "So this is how it works and here it is again for all of you to see.")
    window, speech = Span(start=0, end=30), [Span(start=0, end=30)]
    whole = Hearing(segments=(text,))
    short = Hearing(segments=(text,), whole=False)
    assert "cut-off" in suspicions(short, window, speech, "")
    assert "cut-off" not in suspicions(whole, window, speech, "")
    assert weigh(whole, window, speech, "").order < weigh(short, window, speech, "").order
    assert not joined([whole, short], [window, window], window).whole
    result = WindowResult(start=0, end=30, language="en", of="", segments=(text,), whole=False)
    _, flags = judge([result], speech, "")
    assert "cut-off kept" in rules(flags)


def test_words_stay_inside_their_segment() -> None:
    def spoken(*times: tuple[float, float]) -> tuple[Word, ...]:
        return tuple(Word(start=a, end=b, text="so") for a, b in times)

    clipped = replace(segment(2, 28, "so so"), words=spoken((2, 3), (15, 22)))
    outside = replace(segment(2, 28, "so so so"), words=spoken((2, 3), (15, 16), (27, 28)))
    for given_, kept in ((clipped, ((2, 3), (15, 20))), (outside, ())):
        result = WindowResult(start=0, end=20, language="en", of="", segments=(given_,))
        cues, _ = judge([result], [Span(start=0, end=20)], "")
        assert tuple((w.start, w.end) for c in cues for w in c.words) == kept


@pytest.mark.parametrize("probability", [0.55, 0.79])
def test_what_may_be_another_language_is_doubted_and_kept(probability: float) -> None:
    results = [
        WindowResult(
            start=30.0 * i,
            end=30.0 * i + 30,
            language="en",
            of="",
            segments=(segment(30 * i, 30 * i + 30, "Guten Tag."),),
            sounds_like="de" if i % 2 else "en",
            probability=probability,
        )
        for i in range(4)
    ]
    speech = [Span(start=0, end=120)]
    kept, flags = other_languages(results, speech, "en", told=False)
    assert kept == results
    assert [(f.rule, f.action, f.start) for f in flags] == [
        ("language", "kept", 30),
        ("language", "kept", 90),
    ]
