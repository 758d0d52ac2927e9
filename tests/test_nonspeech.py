"""Noise, music and animals through the whole line: nothing of them is published."""

from pathlib import Path

import pytest

from tests.shared import shared_data


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("how", ["alone", "between"])
def test_nothing_is_published_from_what_is_no_speech(how: str, tmp_path: Path) -> None:
    """Alone, and between two addresses, by a checkpoint that invents text for any sound."""
    shared_data("whisper/overfit-fixture.pt")
    shared_data("audio/nonspeech")
    from tests.bench import nonspeech as bench

    recogniser = bench.Whisper(str(bench.FIXTURE), device="cpu")
    rows = [
        bench.heard("nonspeech", name, path, recogniser, how)
        for name, path in bench.recordings("nonspeech", tmp_path)
    ]
    assert len(rows) == 8
    assert [(r.name, r.published) for r in rows if r.published] == []
