"""Decoding: every format that talks come in, right times, and no damage passed over."""

import random
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame

from tests.shared import shared_data
from translate.backends.media import Audio, decode, probe
from translate.errors import MediaError
from translate.model import Step


def tone(seconds: float, rate: int, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def write(
    path: Path,
    codec: str,
    samples: np.ndarray,
    rate: int,
    layout: str = "mono",
    start: float = 0.0,
    hole: tuple[float, float] | None = None,
    picture: float = 0.0,
) -> Path:
    """`samples` on every channel, shifted by `start`, without `hole`; `picture` seconds of it."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=5) if picture else None
        if video is not None:
            video.width = video.height = 64
            video.pix_fmt = "yuv420p"
        audio = container.add_stream(codec, rate=rate, layout=layout)
        if codec in ("aac", "libmp3lame", "wmav2"):
            audio.bit_rate = 96_000
        if video is not None:
            for i in range(int(5 * picture)):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), i % 255, np.uint8))
                frame.pts, frame.time_base = i, Fraction(1, 5)
                container.mux(video.encode(frame))
        block = audio.codec_context.frame_size or 1024
        for at in range(0, len(samples), block):
            if hole and hole[0] <= at / rate < hole[1]:
                continue
            part = samples[at : at + block].astype(np.float32)
            planes = np.repeat(part[None], audio.layout.nb_channels, axis=0)
            frame = AudioFrame.from_ndarray(
                np.ascontiguousarray(planes), format="fltp", layout=layout
            )
            frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
            frame.pts = at + round(start * rate)
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
        if video is not None:
            container.mux(video.encode(None))
    return path


def pitch(audio: Audio) -> float:
    middle = audio.samples[len(audio.samples) // 4 : 3 * len(audio.samples) // 4].astype(float)
    power = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    return float(power.argmax() * audio.rate / len(middle))


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 44100, 48000])
@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
def test_a_sine_keeps_pitch_and_length(tmp_path: Path, rate: int, layout: str) -> None:
    audio = decode(write(tmp_path / "a.flac", "flac", tone(2.0, rate), rate, layout))
    assert audio.rate == 16000
    assert audio.samples.dtype == np.int16
    assert abs(audio.duration - 2.0) < 0.001
    assert abs(pitch(audio) - 440) < 1.5
    assert audio.flags == ()


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.m4a", "aac", 44100),
        ("a.mp3", "libmp3lame", 44100),
        ("a.webm", "libopus", 48000),
        ("a.ogg", "libopus", 48000),
        ("a.wav", "pcm_f32le", 48000),
        ("a.wma", "wmav2", 44100),
    ],
)
def test_lossy_codecs_keep_pitch_and_nearly_length(
    tmp_path: Path, name: str, codec: str, rate: int
) -> None:
    source = write(tmp_path / name, codec, tone(3.0, rate), rate)
    audio = decode(source)
    assert abs(audio.duration - 3.0) < 0.08  # encoders pad by a frame or two
    assert abs(pitch(audio) - 440) < 1.5
    assert probe(source).has_audio
    assert not probe(source).has_video


def test_windows_are_floats_cut_at_the_edges() -> None:
    audio = Audio(samples=np.array([0, 16384, -32768, 32767] * 4000, np.int16))
    assert audio.duration == 1.0
    assert audio.window(-1, 0.00025).tolist() == [0.0, 0.5, -1.0, 32767 / 32768]
    assert len(audio.window(0.5, 9.0)) == 8000
    assert audio.window(0.2, 0.3).dtype == np.float32


def test_the_quietest_place_is_found() -> None:
    samples = (tone(4.0, 16000) * 20000).astype(np.int16)
    samples[40000:42000] = 0
    quiet = Audio(samples=samples).quietest(1.0, 4.0)
    assert 2.5 <= quiet <= 2.625
    assert Audio(samples=samples).quietest(1.0, 1.05) == pytest.approx(1.025)


def test_sound_that_starts_late_keeps_the_pictures_times(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mkv", "flac", tone(2.0, 16000), 16000, start=1.5, picture=3.5)
    audio = decode(source)
    assert abs(audio.duration - 3.5) < 0.01
    assert not audio.window(0, 1.45).any()
    assert audio.window(1.6, 3.4).any()
    assert [f.rule for f in audio.flags] == ["gap"]
    assert audio.flags[0].end == pytest.approx(1.5, abs=0.01)
    assert probe(source).has_video


def test_a_hole_is_filled_with_silence_and_flagged(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mka", "flac", tone(6.0, 16000), 16000, hole=(2.0, 4.0))
    audio = decode(source)
    assert abs(audio.duration - 6.0) < 0.3
    assert not audio.window(2.4, 3.8).any()
    (flag,) = audio.flags
    assert flag.rule == "gap"
    assert flag.end - flag.start == pytest.approx(2.0, abs=0.3)


def silent_movie(folder: Path) -> Path:
    path = folder / "mute.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=5)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        for i in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), i, np.uint8))
            frame.pts, frame.time_base = i, Fraction(1, 5)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def no_samples(folder: Path) -> Path:
    path = folder / "zero.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
    return path


def content(name: str, data: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def headless(folder: Path) -> Path:
    whole = write(folder / "whole.m4a", "aac", tone(3.0, 44100), 44100).read_bytes()
    return content("cut.m4a", whole[: len(whole) // 2])(folder)  # the index stands at the end


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "none.mp4", "cannot be read"),
        (lambda folder: folder, "not a file"),
        (content("empty.mp3", b""), "an empty file"),
        (content("page.mp4", b"<!DOCTYPE html><html><body>403</body></html>" * 50), "not a media"),
        (content("list.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n/etc/passwd\n"), ""),
        (silent_movie, "no audio stream"),
        (no_samples, "no samples"),
        (headless, "cut off"),
    ],
)
def test_files_without_usable_sound_say_what_they_are(
    tmp_path: Path, make: Callable[[Path], Path], says: str
) -> None:
    with pytest.raises(MediaError) as caught:
        decode(make(tmp_path))
    assert says in caught.value.message
    assert caught.value.hint


def test_a_picture_that_outlasts_the_sound_is_no_damage(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp4", "aac", tone(4.0, 44100), 44100, picture=12.0)
    assert probe(source).duration == pytest.approx(12.0, abs=0.3)
    audio = decode(source)
    assert abs(audio.duration - 4.0) < 0.1
    assert audio.flags == ()


@pytest.mark.parametrize("seed", range(16, 25))
def test_frames_that_damage_has_given_absurd_layouts_are_silence(tmp_path: Path, seed: int) -> None:
    source = write(tmp_path / "a.mp4", "aac", tone(12.0, 44100), 44100)
    data, dice = bytearray(source.read_bytes()), random.Random(seed)
    for at in range(len(data) // 4, len(data) * 55 // 100):
        if dice.random() < 0.05 or seed % 2:
            data[at] = dice.randrange(256)
    source.write_bytes(data)
    audio = decode(source)
    assert {"damaged", "gap"} & {f.rule for f in audio.flags}
    assert audio.duration == pytest.approx(12.0, abs=0.5)


def test_what_is_missing_at_the_end_is_flagged(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.flac", "flac", tone(20.0, 16000), 16000).read_bytes()
    cut = tmp_path / "cut.flac"
    cut.write_bytes(whole[: len(whole) // 2])
    audio = decode(cut)
    flag = next(f for f in audio.flags if f.rule == "truncated")
    assert 8 < audio.duration < 12
    assert flag.start == audio.duration
    assert flag.end == pytest.approx(20.0, abs=0.1)
    assert "missing" in flag.detail


@pytest.mark.parametrize(("name", "codec"), [("a.wav", "pcm_s16le"), ("a.wma", "wmav2")])
def test_a_length_that_ffmpeg_shortens_to_what_is_there_is_read_in_the_header(
    tmp_path: Path, name: str, codec: str
) -> None:
    source = write(tmp_path / name, codec, tone(200.0, 16000), 16000)
    assert decode(source).flags == ()
    data = source.read_bytes()
    source.write_bytes(data[: len(data) * 198 // 200])
    [flag] = [f for f in decode(source).flags if f.rule == "truncated"]
    assert flag.end == pytest.approx(200.0, abs=0.2)
    assert "200" in flag.detail
    assert all("1 place of" in f.detail for f in decode(source).flags if f.rule == "damaged")


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0xFFFFFFFF - 36, 0x7FFFF000, 0x80000000])
def test_a_wav_written_while_recording_states_no_length(tmp_path: Path, size: int) -> None:
    source = write(tmp_path / "a.wav", "pcm_s16le", tone(3.0, 16000), 16000)
    data = bytearray(source.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = size.to_bytes(4, "little")
    source.write_bytes(bytes(data))
    assert decode(source).flags == ()


def test_damage_in_the_middle_is_flagged_and_the_rest_kept(tmp_path: Path) -> None:
    source = write(tmp_path / "a.flac", "flac", tone(20.0, 16000), 16000)
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 9000] = b"\x00" * 9000
    source.write_bytes(bytes(data))
    audio = decode(source)
    assert audio.flags
    assert audio.duration > 15


def test_a_stream_may_change_its_layout_and_rate_midway(tmp_path: Path) -> None:
    one = write(tmp_path / "1.mp3", "libmp3lame", tone(3.0, 44100), 44100, "mono")
    two = write(tmp_path / "2.mp3", "libmp3lame", tone(3.0, 48000), 48000, "stereo")
    both = tmp_path / "both.mp3"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    audio = decode(both)
    assert abs(audio.duration - 6.0) < 0.3
    assert abs(pitch(audio) - 440) < 1.5
    assert audio.window(5.0, 5.5).any()


def test_progress_is_in_seconds_and_ends_full(tmp_path: Path) -> None:
    steps: list[Step] = []
    decode(
        write(tmp_path / "a.flac", "flac", tone(35.0, 8000), 8000),
        progress=lambda s: steps.append(s),
    )
    assert len(steps) == 4
    assert all(s.stage == "decode" and s.unit == "seconds" for s in steps)
    assert steps[-1].done == steps[-1].total == pytest.approx(35.0, abs=0.01)


@pytest.mark.data
@pytest.mark.parametrize(
    "folder", ["audio/english", "audio/nonspeech", "audio/other-language", "audio/speakers"]
)
def test_every_real_recording_decodes_to_its_length(folder: str) -> None:
    kinds = {".flac", ".wav", ".mp3", ".wma", ".ogg"}
    files = [p for p in sorted(shared_data(folder).iterdir()) if p.suffix in kinds]
    assert files
    for path in files:
        claimed = probe(path).duration
        audio = decode(path)
        assert claimed is not None
        assert abs(audio.duration - claimed) < 0.05, path.name
        assert audio.flags == (), path.name


@pytest.mark.data
def test_a_real_video_without_sound_is_refused() -> None:
    path = shared_data("video/test.mp4")
    assert probe(path).has_video
    with pytest.raises(MediaError, match="no audio stream"):
        decode(path)
