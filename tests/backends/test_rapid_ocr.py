"""Reading pictures with the real engine, and the bullets it passes over."""

import importlib.metadata
import importlib.util
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.shared import shared_data
from translate.backends.rapid_marks import marked
from translate.backends.rapid_ocr import RapidOcr
from translate.errors import MediaError, MissingError
from translate.model import TextBox

WIDTH, HEIGHT = 960, 540


@pytest.fixture(scope="module")
def ocr() -> RapidOcr:
    return RapidOcr(threads=1)


def drawn(
    lines: list[tuple[int, int, int, str]], *, ink: str = "black", ground: str = "white"
) -> np.ndarray:
    """A picture of lines of text, each with left, top and size in pixels."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), ground)
    pen = ImageDraw.Draw(picture)
    for left, top, size, text in lines:
        pen.text((left, top), text, fill=ink, font=ImageFont.load_default(size))
    return np.asarray(picture)


def texts(read: tuple[TextBox, ...]) -> list[str]:
    return [box.text for box in read]


def test_lines_are_read_with_their_places(ocr: RapidOcr) -> None:
    read = ocr.read(drawn([(80, 60, 44, "Reading a Parquet file"), (80, 300, 30, "Measure first")]))
    assert texts(read) == ["Reading a Parquet file", "Measure first"]
    title, line = (box.box for box in read)
    assert title.left == pytest.approx(80 / WIDTH, abs=0.02)
    assert title.top == pytest.approx(60 / HEIGHT, abs=0.03)
    assert line.top == pytest.approx(300 / HEIGHT, abs=0.03)
    assert 0 < title.left < title.right < 1
    assert title.bottom - title.top > line.bottom - line.top
    assert all(0.8 < box.confidence <= 1 for box in read)


def test_light_text_on_dark_is_read(ocr: RapidOcr) -> None:
    read = ocr.read(drawn([(80, 60, 40, "Agenda for today")], ink="white", ground="#101828"))
    assert texts(read) == ["Agenda for today"]


def test_the_engine_gets_its_own_order_of_colours() -> None:
    seen: list[Any] = []

    def engine(pixels: np.ndarray) -> SimpleNamespace:
        seen.append(pixels)
        return SimpleNamespace(boxes=None, txts=None, scores=None)

    reader = RapidOcr()
    reader._loaded = engine
    red = np.zeros((40, 60, 3), np.uint8)
    red[..., 0] = 255
    assert reader.read(red) == ()
    assert seen[0][0, 0].tolist() == [0, 0, 255]  # blue, green, red


def test_a_picture_without_text_has_no_lines(ocr: RapidOcr) -> None:
    assert ocr.read(np.full((HEIGHT, WIDTH, 3), 255, np.uint8)) == ()
    assert ocr.read(np.zeros((0, 0, 3), np.uint8)) == ()
    assert ocr.read(np.zeros((2, 3, 3), np.uint8)) == ()


@pytest.mark.parametrize("shape", [(3000, 5), (5, 3000), (1, 500), (20, 1000)])
def test_a_strip_is_no_slide(ocr: RapidOcr, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    began = time.perf_counter()
    assert ocr.read(noise) == ()
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("shape", [(16, 480), (480, 16)])
def test_the_narrowest_picture_is_read(ocr: RapidOcr, shape: tuple[int, int]) -> None:
    assert ocr.read(np.full((*shape, 3), 255, np.uint8)) == ()


def test_what_the_engine_raises_is_told_as_ours() -> None:
    class OwnError(Exception):
        pass

    def engine(_: np.ndarray) -> None:
        raise OwnError("w <= 0")

    reader = RapidOcr()
    reader._loaded = engine
    with pytest.raises(MediaError, match=r"60x40: OwnError: w <= 0") as raised:
        reader.read(np.zeros((40, 60, 3), np.uint8))
    assert "slides.json" in raised.value.hint


def test_a_long_line_of_code_is_not_turned_upside_down(ocr: RapidOcr) -> None:
    code = "for batch in table.to_batches(max_chunksize=65_536): push(batch)"
    (line,) = ocr.read(drawn([(20, 200, 24, code)]))
    assert line.text.replace(" ", "") == code.replace(" ", "")


def test_bullets_of_any_shape_are_found(ocr: RapidOcr) -> None:
    picture = Image.fromarray(
        drawn([(140, top, 30, "Learn new skills quickly") for top in (100, 160, 220, 280)])
    )
    pen = ImageDraw.Draw(picture)
    pen.ellipse((92, 112, 104, 124), fill="black")
    pen.rectangle((90, 170, 106, 186), outline="navy", width=3)
    pen.polygon([(90, 232), (106, 240), (90, 248)], fill="purple")
    read = ocr.read(np.asarray(picture))
    assert texts(read) == ["• Learn new skills quickly"] * 3 + ["Learn new skills quickly"]
    assert [round(box.box.left * WIDTH) for box in read[:3]] == pytest.approx([92, 90, 90], abs=3)


def test_what_is_no_mark_is_not_taken_for_one() -> None:
    picture = np.full((200, 400, 3), 255, np.uint8)
    line = (150.0, 60.0, 380.0, 100.0)
    assert marked(picture, [line]) == [None]
    rule = picture.copy()
    rule[:, 120:126] = 0  # runs past the line
    assert marked(rule, [line]) == [None]
    word = picture.copy()
    word[70:90, 60:130:9] = 0  # strokes in a row
    assert marked(word, [line]) == [None]
    near = picture.copy()
    near[70:90, 140:150] = 0  # a part of the line's first letter
    assert marked(near, [line]) == [None]
    dot = picture.copy()
    dot[74:86, 110:122] = 0
    assert marked(dot, [line]) == [110.0]
    assert marked(dot, [(150.0, 60.0, 200.0, 100.0)]) == [None]  # a number on an axis


def test_no_connection_is_opened_and_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    package = importlib.util.find_spec("rapidocr")
    assert package and package.origin
    models = Path(package.origin).parent / "models"
    before = sorted((p.name, p.stat().st_mtime_ns) for p in models.iterdir())
    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refused)
    fresh = RapidOcr(threads=1)
    assert texts(fresh.read(drawn([(80, 60, 40, "No network")]))) == ["No network"]
    assert sorted((p.name, p.stat().st_mtime_ns) for p in models.iterdir()) == before


def test_constructing_loads_nothing() -> None:
    reader = RapidOcr()
    assert reader._loaded is None
    assert reader.engine.name == "rapidocr"
    assert reader.engine.version == importlib.metadata.version("rapidocr")
    assert reader._loaded is None


def test_threads_are_bounded_and_the_classifier_is_off(ocr: RapidOcr) -> None:
    ocr.read(drawn([(80, 60, 40, "Threads")]))
    settings = ocr._loaded.cfg
    assert settings.Global.use_cls is False
    assert settings.EngineConfig.onnxruntime.intra_op_num_threads == 1
    options = ocr._loaded.text_rec.session.session.get_session_options()
    assert options.intra_op_num_threads == 1
    assert ocr._loaded.text_cls is None


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingError) as caught:
        RapidOcr()
    assert caught.value.hint == "pip install 'see-the-world[slides]'"
    assert caught.value.exit_code == 5


@pytest.fixture
def empty_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    spec = SimpleNamespace(origin=str(tmp_path / "rapidocr" / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    yield tmp_path


@pytest.mark.usefixtures("empty_package")
def test_a_package_without_models_is_an_error_and_no_download() -> None:
    with pytest.raises(MissingError, match="without its model"):
        RapidOcr()


@pytest.mark.data
def test_bullets_of_the_real_slides(ocr: RapidOcr) -> None:
    """Arrows before the lines, which the recogniser does not read as text."""
    for name, bullets in {
        "conference-1.png": ["• 12K+ commits in 12 months", "• 8% increase in open source"],
        "conference-6.png": [
            "• Improve PyTorch documentation",
            "• Collaborate with PyTorch maintainers",
            "• Learn new skills",
            "• Get recognition",
        ],
    }.items():
        picture = Image.open(shared_data(f"posts/images/{name}")).convert("RGB")
        read = texts(ocr.read(np.asarray(picture)))
        assert [text for text in read if text.startswith("•")] == bullets
