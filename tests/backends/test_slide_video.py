"""Slides found in videos that the tests encode: each trap is a video of its own."""

import wave
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.backends.slide_films import SIZE, Film, Picture, film, over, person, scenes, slide, words
from tests.shared import shared_data
from translate.backends.slide_video import SlideVideo
from translate.errors import MediaError
from translate.model import WHOLE_PICTURE, Showing, Step

BLACK = np.zeros((*SIZE, 3), np.uint8)


def starts(showings: Sequence[Showing]) -> list[float]:
    return [s.start for s in showings]


def found(path: Path) -> tuple[Showing, ...]:
    """The showings, which are in order, apart from each other, with their picture within."""
    showings = SlideVideo(path).find()
    for a, b in pairwise(showings):
        assert a.end <= b.start
    assert all(s.start <= s.at <= s.end for s in showings)
    return showings


def near(*times: float) -> object:
    return pytest.approx(list(times), abs=0.6)


@pytest.mark.parametrize("gop", [1, 10, 40, 1000])
def test_finds_every_change_whatever_the_key_frames(tmp_path: Path, gop: int) -> None:
    parts = [(4.0, slide(1)), (5.0, slide(2)), (3.0, slide(3)), (4.0, slide(4))]
    showings = found(film(tmp_path / "a.mp4", scenes(*parts), gop=gop))
    assert starts(showings) == near(0, 4, 9, 12)
    assert showings[-1].end == pytest.approx(16, abs=0.2)
    assert [s.of for s in showings] == [0, 1, 2, 3]
    assert all(s.region == WHOLE_PICTURE for s in showings)


def test_a_slide_that_comes_and_goes_between_key_frames(tmp_path: Path) -> None:
    parts = [(11.0, slide(1)), (3.0, slide(2)), (11.0, slide(1))]
    showings = found(film(tmp_path / "a.mp4", scenes(*parts), gop=80))
    assert starts(showings) == near(0, 11, 14)
    assert [s.of for s in showings] == [0, 1, 0]


def test_a_build_is_one_showing_and_its_picture_is_the_last_state(tmp_path: Path) -> None:
    parts = [(3.0, slide(1, n)) for n in (0, 1, 2, 3, 4)]
    path = film(tmp_path / "a.mp4", scenes(*parts, (4.0, slide(2))))
    showings = found(path)
    assert starts(showings) == near(0, 15)
    assert showings[0].at > 12
    assert off(SlideVideo(path).picture(showings[0]), slide(1, 4)) < 4


def off(a: Picture, b: Picture) -> float:
    assert a.shape == b.shape
    return float(np.abs(a.astype(float) - b).mean())


def test_a_line_that_is_replaced_is_another_slide(tmp_path: Path) -> None:
    changed = slide(1, 4)
    changed[SIZE[0] // 4 : SIZE[0] // 4 + 30] = 250
    words(changed, SIZE[0] // 4, 77, 20)
    showings = found(film(tmp_path / "a.mp4", scenes((5, slide(1, 4)), (5, changed))))
    assert starts(showings) == near(0, 5)
    assert [s.of for s in showings] == [0, 1]


def test_the_same_slide_after_the_camera(tmp_path: Path) -> None:
    def camera(t: float) -> Picture:
        return person(t, SIZE)

    parts = [(6.0, slide(1)), (6.0, camera), (6.0, slide(1)), (5.0, slide(2)), (5.0, camera)]
    showings = found(film(tmp_path / "a.mp4", scenes(*parts), gop=30))
    assert starts(showings) == near(0, 12, 18)
    assert [s.end for s in showings] == near(6, 18, 23)
    assert [s.of for s in showings] == [0, 0, 1]


def test_one_digit_in_small_type_makes_another_slide_when_it_is_shown_again(tmp_path: Path) -> None:
    small = [written("Median of seven runs: 41 ms"), written("Median of seven runs: 47 ms")]
    order = [small[0], slide(1), small[1], slide(1), small[0], slide(2), small[1]]
    showings = found(film(tmp_path / "a.mp4", scenes(*((4.0, s) for s in order)), gop=30))
    assert starts(showings) == near(0, 4, 8, 12, 16, 20, 24)
    assert [s.of for s in showings] == [0, 1, 2, 1, 0, 3, 2]


def written(text: str) -> Picture:
    """A slide with a line in letters of 10 pixels."""
    image = Image.fromarray(slide(5))
    ImageDraw.Draw(image).text((40, 300), text, (30, 30, 30), ImageFont.load_default(10))
    return np.asarray(image)


def test_the_last_line_of_a_build_that_stands_briefly(tmp_path: Path) -> None:
    def beside_speaker(number: int, lines: int) -> Film:
        return lambda t: over(slide(number, lines), person(t, (110, 170)), 240, 460)

    shown = [(5.0, 1, 2), (5.0, 1, 3), (0.8, 1, 4), (8.0, 2, 3)]
    parts = [(seconds, beside_speaker(*what)) for seconds, *what in shown]
    showings = found(film(tmp_path / "a.mp4", scenes(*parts), gop=100))
    assert starts(showings) == near(0, 10.8)
    assert 10.0 <= showings[0].at < 10.8


def test_another_layout_is_the_same_slide_and_the_largest_its_picture(tmp_path: Path) -> None:
    def full(number: int) -> Film:
        return lambda t: over(slide(number), person(t, (80, 120)), 270, 510)

    def beside(number: int) -> Film:
        part = np.asarray(Image.fromarray(slide(number)).resize((416, 234)))
        base = over(np.full((*SIZE, 3), 35, np.uint8), part, 62, 8)
        return lambda t: over(base, person(t, (234, 200)), 62, 432)

    order = [beside(1), full(1), full(2), beside(2), beside(3), full(3), beside(1)]
    path = film(tmp_path / "a.mp4", scenes(*((6.0, o) for o in order)), gop=30)
    showings = found(path)
    assert [s.of for s in showings] == [0, 0, 1, 1, 2, 2, 0]
    assert [s.fullest for s in showings] == [False, True, True, False, False, True, False]
    picture = SlideVideo(path).picture(showings[1])
    assert off(picture[:250], slide(1)[:250]) < 4


def test_a_slide_finished_in_a_later_showing_is_to_be_taken_from_there(tmp_path: Path) -> None:
    order = [slide(1, 2), slide(2), slide(1, 2), slide(1, 5), slide(3), slide(1, 2)]
    showings = found(film(tmp_path / "a.mp4", scenes(*((4.0, s) for s in order))))
    assert [s.of for s in showings] == [0, 1, 0, 2, 0]
    assert [s.fullest for s in showings] == [False, True, True, True, False]


def test_a_talk_without_slides(tmp_path: Path) -> None:
    parts = [(9.0, lambda t: person(t, SIZE)), (8.0, lambda t: person(t, SIZE, 1))]
    assert found(film(tmp_path / "a.mp4", scenes(*parts))) == ()


def test_a_speaker_in_the_corner(tmp_path: Path) -> None:
    def with_speaker(number: int) -> Film:
        return lambda t: over(slide(number), person(t, (110, 170)), 240, 460)

    parts = [(7.0, with_speaker(n)) for n in (1, 2, 3)]
    showings = found(film(tmp_path / "a.mp4", scenes(*parts), gop=30))
    assert starts(showings) == near(0, 7, 14)
    assert all(s.region == WHOLE_PICTURE for s in showings)


def test_a_slide_beside_the_camera_is_cut_out(tmp_path: Path) -> None:
    def split(number: int) -> Film:
        base = over(np.full((*SIZE, 3), 35, np.uint8), slide(number, size=(234, 416)), 62, 8)
        return lambda t: over(base, person(t, (234, 200)), 62, 432)

    path = film(tmp_path / "a.mp4", scenes(*((7.0, split(n)) for n in (1, 2, 3))), gop=30)
    showings = found(path)
    assert starts(showings) == near(0, 7, 14)
    for showing in showings:
        box = showing.region
        sides = [box.left * 640, box.right * 640, box.top * 360, box.bottom * 360]
        assert sides == pytest.approx([8, 424, 62, 296], abs=4)
    picture = SlideVideo(path).picture(showings[0])
    assert abs(picture.shape[0] - 234) <= 6
    assert abs(picture.shape[1] - 416) <= 6


def test_dissolves(tmp_path: Path) -> None:
    a, b = slide(1).astype(float), slide(2).astype(float)

    def mixed(t: float) -> Picture:
        k = t - 5
        return ((1 - k) * a + k * b).astype(np.uint8)

    parts = [(5.0, slide(1)), (1.0, mixed), (5.0, slide(2))]
    path = film(tmp_path / "a.mp4", scenes(*parts))
    showings = found(path)
    assert len(showings) == 2
    assert showings[1].start == pytest.approx(5.5, abs=0.6)
    assert off(SlideVideo(path).picture(showings[1]), slide(2)) < 4


def test_a_pointer_is_no_change(tmp_path: Path) -> None:
    def pointed(t: float) -> Picture:
        dot = np.full((7, 7, 3), (220, 20, 20), np.uint8)
        return over(slide(1, 5), dot, 100 + 40 * (int(t / 3) % 4), 60 + int(200 * (t % 1)))

    showings = found(film(tmp_path / "a.mp4", scenes((14.0, pointed))))
    assert starts(showings) == [0.0]


def test_a_clip_within_a_slide(tmp_path: Path) -> None:
    def clip(t: float) -> Picture:
        return over(slide(1), person(min(t, 12.0), (150, 240)), 150, 380)

    showings = found(film(tmp_path / "a.mp4", scenes((16.0, clip), (5.0, slide(2))), gop=40))
    assert starts(showings) == near(0, 16)


def test_black_and_white_pictures_are_no_slides(tmp_path: Path) -> None:
    parts = [(3.0, BLACK), (5.0, slide(1)), (3.0, BLACK + 255), (5.0, slide(1)), (3.0, BLACK)]
    showings = found(film(tmp_path / "a.mp4", scenes(*parts)))
    assert starts(showings) == near(3, 11)
    assert [s.of for s in showings] == [0, 0]


def test_noise_of_a_strong_compression(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)

    def grainy(number: int) -> Film:
        def at(_t: float) -> Picture:
            grain = rng.integers(-8, 9, (*SIZE, 1))
            return np.clip(slide(number) + grain, 0, 255).astype(np.uint8)

        return at

    parts = [(6.0, grainy(1)), (6.0, grainy(2)), (6.0, grainy(1))]
    showings = found(film(tmp_path / "a.mp4", scenes(*parts), crf="36"))
    assert starts(showings) == near(0, 6, 12)
    assert [s.of for s in showings] == [0, 1, 0]


def test_a_recorder_that_writes_a_frame_only_when_something_changes(tmp_path: Path) -> None:
    frames = [(0.0, slide(1)), (7.3, slide(2)), (8.0, slide(2)), (15.1, slide(3)), (20.0, slide(3))]
    showings = found(film(tmp_path / "a.mkv", iter(frames), gop=3))
    assert starts(showings) == near(0, 7.3, 15.1)


def test_one_still_picture(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", scenes((0.1, slide(1))))
    assert len(found(path)) == 1


@pytest.mark.parametrize("size", [(98, 126), (360, 202), (722, 406)])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    parts = [(4.0, slide(1, size=size)), (4.0, slide(2, size=size))]
    path = film(tmp_path / "a.mp4", scenes(*parts), size=size)
    showings = found(path)
    assert starts(showings) == near(0, 4)
    assert SlideVideo(path).picture(showings[0]).shape == (*size, 3)


def test_a_file_cut_short_gives_what_is_left_and_says_so(tmp_path: Path) -> None:
    parts = [(5.0, slide(n)) for n in range(6)]
    data = film(tmp_path / "a.mkv", scenes(*parts)).read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: len(data) // 2])
    video = SlideVideo(cut)
    assert 2 <= len(video.find()) <= 4
    assert [f.rule for f in video.flags if f.rule == "truncated"] == ["truncated"]


def damaged(path: Path, *stretches: tuple[float, float]) -> Path:
    """The file with the packets of some stretches overwritten."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as whole:
        for packet in whole.demux(video=0):
            time = float((packet.pts or 0) * packet.time_base)
            if packet.size and any(start <= time < end for start, end in stretches):
                assert packet.pos is not None
                data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("gop", [20, 1000])
def test_slides_end_where_damage_begins_and_flags_say_when(tmp_path: Path, gop: int) -> None:
    parts = [(6.0, slide(n)) for n in range(5)]
    path = damaged(film(tmp_path / "a.mp4", scenes(*parts), gop=gop), (10.0, 19.0))
    video = SlideVideo(path)
    showings = video.find()
    flag = next(f for f in video.flags if f.rule == "damaged")
    assert flag.start == pytest.approx(10.0, abs=0.5)
    assert 18.5 <= flag.end <= 30.0
    assert "up to 00:00:" in flag.detail
    whole = [round(s.start / 6) for s in showings if s.start < 10 or s.start > 23]
    assert whole == ([0, 1, 4] if gop == 20 else [0, 1])
    assert showings[1].end == pytest.approx(10.0, abs=0.5)
    for one in showings:
        assert not flag.start < one.at < flag.end - 0.01
        n = int(one.at // 6)
        assert off(video.picture(one), slide(n)) < 10


def test_damage_in_many_places_is_told_in_a_few_stretches(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", scenes((240.0, slide(1)), fps=2), gop=4)
    video = SlideVideo(damaged(path, *((t, t + 0.4) for t in range(6, 236, 8))))
    [one] = video.find()
    assert one.start == 0
    assert one.end == pytest.approx(240, abs=1.5)
    spans = [(f.start, f.end) for f in video.flags]
    assert len(spans) == 20
    assert spans == sorted(spans)
    assert spans[0][0] == pytest.approx(6, abs=0.1)
    assert sum(end - start for start, end in spans) < 120


def test_a_whole_file_has_no_flags(tmp_path: Path) -> None:
    video = SlideVideo(film(tmp_path / "a.mp4", scenes((3.0, slide(1)))))
    video.find()
    assert video.flags == ()


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    text, empty = tmp_path / "a.mp4", tmp_path / "b.mp4"
    text.write_text("no video " * 100)
    empty.write_bytes(b"")
    for path in (text, empty, tmp_path / "missing.mp4", tmp_path):
        with pytest.raises(MediaError) as caught:
            SlideVideo(path).find()
        assert caught.value.hint


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(bytes(32000))
    with pytest.raises(MediaError, match="no video"):
        SlideVideo(path).find()


def test_progress_grows_to_the_end(tmp_path: Path) -> None:
    told: list[Step] = []
    SlideVideo(film(tmp_path / "a.mp4", scenes((30.0, slide(1))))).find(told.append)
    done = [s.done for s in told]
    assert done == sorted(done)
    assert len(done) > 1
    assert done[-1] == told[-1].total == pytest.approx(30, abs=0.2)
    assert {(s.stage, s.unit) for s in told} == {("slides", "seconds")}


def test_a_mouse_that_wanders_while_a_build_goes_on(tmp_path: Path) -> None:
    def shown(lines: int) -> Film:
        def at(t: float) -> Picture:
            arrow = np.full((12, 10, 3), 20, np.uint8)
            return over(slide(1, lines), arrow, 290, 40 + 60 * (int(t / 0.6) % 9))

        return at

    parts = [(seconds, shown(n)) for n, seconds in enumerate((1.4, 1.6, 1.4, 2.0))]
    showings = found(film(tmp_path / "a.mp4", scenes(*parts, (4.0, slide(2))), gop=100))
    assert starts(showings) == near(0, 6.4)


def beside_a_window(number: int, window: Film) -> Film:
    """A slide and a camera side by side on a dark ground."""
    base = over(np.full((*SIZE, 3), 35, np.uint8), slide(number, size=(234, 416)), 62, 8)
    return lambda t: over(base, window(t), 62, 432)


def test_what_seldom_moves_in_a_camera_that_was_seen_before_is_no_change(tmp_path: Path) -> None:
    def lively(t: float) -> Picture:
        return person(t, (234, 200))

    def quiet(t: float) -> Picture:
        """Only the head moves, but for an arm that is put down."""
        picture = person(0, (234, 200))
        if t > 14.4:
            picture[150:230, :60] = 200
        return over(picture, person(t, (60, 60), 1), 40, 70)

    parts = [(8.0, beside_a_window(1, lively)), (4.0, lambda t: person(t, SIZE))]
    parts.append((5.0, beside_a_window(2, quiet)))
    showings = found(film(tmp_path / "a.mp4", scenes(*parts), gop=30))
    assert starts(showings) == near(0, 12)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("input_4", [0, 4.0]),
        ("lecture", [0]),
        ("input_5", [0, 114.2]),
        ("test", [0, 5.0, 10.0, 35.0, 40.0]),
    ],
)
def test_real_lectures_as_the_eye_sees_them(name: str, times: list[float]) -> None:
    showings = found(shared_data(f"video/{name}.mp4"))
    assert starts(showings) == pytest.approx(times, abs=1.0)
    assert len({s.of for s in showings}) == len(times)
