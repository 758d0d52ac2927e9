"""SubRip: what is written is read back the same."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from translate.backends.captions import read
from translate.subtitles import srt


def test_the_format_to_the_letter() -> None:
    assert srt([(0.0, 1.5, "Hello"), (3723.4, 3725.0, "two\nlines")]) == (
        "1\n00:00:00,000 --> 00:00:01,500\nHello\n\n2\n01:02:03,400 --> 01:02:05,000\ntwo\nlines\n"
    )
    assert srt([]) == ""
    assert "100:00:00,000" in srt([(360_000, 360_001, "late")])
    assert srt([(1, 2, " \n ")]) == ""


def test_text_cannot_break_the_format() -> None:
    text = srt([(1, 2, "a\n\n7\n00:00:01,000 --> 00:00:02,000\r\nb"), (3, 4, "c")])
    assert text.count("-->") == 2
    assert text.count("\n\n") == 1


lines = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 400_000_000), st.integers(1, 100_000), st.lists(lines, max_size=3)
        ),
        min_size=1,
        max_size=8,
    )
)
def test_reading_back_gives_the_same(
    tmp_path_factory: object, made: list[tuple[int, int, list[str]]]
) -> None:
    cues = [(a / 1000, (a + n) / 1000, "\n".join(text)) for a, n, text in made]
    written = srt(cues)
    expected = []
    for start, end, text in cues:
        body = [" ".join(x.split()) for x in text.replace("-->", "→").splitlines()]
        if any(body):
            expected.append((round(start * 1000), round(end * 1000), [x for x in body if x]))
    if not expected:
        assert written == ""
        return
    path = Path(str(tmp_path_factory.mktemp("srt", numbered=True)))  # type: ignore[attr-defined]
    (path / "x.srt").write_text(written, encoding="utf-8", newline="")
    found = [
        (round(c.start * 1000), round(c.end * 1000), c.text.split("\n"))
        for c in read(path / "x.srt").cues
    ]
    assert found == expected
