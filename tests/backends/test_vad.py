"""Speech detection: the same spans as the detector's own authors, in flat memory."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared import shared_data
from translate.backends import vad
from translate.backends.media import Audio, decode
from translate.errors import MissingError

REFERENCE = """
import json, sys
import numpy, torch
from silero_vad import get_speech_timestamps, load_silero_vad
samples = torch.from_numpy(numpy.load(sys.argv[1]).astype("float32") / 32768)
print(json.dumps(get_speech_timestamps(samples, load_silero_vad(), sampling_rate=16000)))
"""


@pytest.mark.data
@pytest.mark.slow
def test_the_spans_are_those_of_silero_itself(tmp_path: Path) -> None:
    audio = decode(shared_data("audio/english/columbia.wma"))
    np.save(tmp_path / "x.npy", audio.samples)
    out = subprocess.run(  # a process of its own: the package sets torch's threads
        [sys.executable, "-c", REFERENCE, str(tmp_path / "x.npy")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    theirs = [(t["start"], t["end"]) for t in json.loads(out)]
    ours = [(s.start * 16000, s.end * 16000) for s in vad.Silero().speech(audio)]
    assert len(ours) > 50
    assert np.abs(np.array(ours) - np.array(theirs)).max() < 1


@pytest.mark.data
def test_no_speech_in_noise_music_and_animals() -> None:
    for path in sorted(shared_data("audio/nonspeech").iterdir()):
        assert vad.Silero().speech(decode(path)) == (), path.name


@pytest.mark.data
def test_state_is_carried_over_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    audio = decode(shared_data("audio/english/p001.mp3"))
    whole = vad.Silero().speech(audio)
    monkeypatch.setattr(vad, "CHUNK", 7)
    assert vad.Silero().speech(audio) == whole


def test_neither_silero_nor_torch_is_imported() -> None:
    code = (
        "import sys, numpy; from translate.backends import vad, media;"
        "vad.Silero().speech(media.Audio(samples=numpy.zeros(16000, numpy.int16)));"
        "assert not {'torch', 'silero_vad'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_empty_recording_has_no_speech() -> None:
    assert vad.Silero().speech(Audio(samples=np.zeros(0, np.int16))) == ()


def test_a_missing_package_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    audio = Audio(samples=np.zeros(16000, np.int16))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingError) as caught:
        vad.Silero().speech(audio)
    assert "pip install" in caught.value.hint
    monkeypatch.undo()
    monkeypatch.setattr(vad.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingError) as caught:
        vad.Silero().speech(audio)
    assert "pip install" in caught.value.hint


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.2, 0.34, 0.4, 0.49, 0.5, 0.9]), max_size=400))
def test_spans_are_ordered_disjoint_and_hold_every_long_stretch(p: list[float]) -> None:
    probabilities = np.array(p, np.float32)
    duration = len(p) * 0.032
    found = vad.spans(probabilities, duration)
    for before, after in itertools.pairwise(found):
        assert before.end <= after.start
    for span in found:
        assert 0 <= span.start < span.end <= duration
    run = 0
    for i, value in enumerate([*p, 0.0]):
        if value >= 0.5:
            run += 1
            continue
        if run * 0.032 > vad.MIN_SPEECH:
            middle = (i - run / 2) * 0.032
            assert any(s.start <= middle <= s.end for s in found)
        run = 0
