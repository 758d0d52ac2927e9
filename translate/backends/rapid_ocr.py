"""A picture of a slide → its lines of text, read with RapidOCR on this machine.

Knows how RapidOCR is asked, and where its package keeps the models. Does not know slides: what is
a title, a bullet or a footer is decided elsewhere. Nothing is downloaded: the models are given by
path, and where the package lacks them that is an error.

The direction classifier stays off: it turns long lines of code upside down.
"""

import importlib.metadata
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from translate.backends.rapid_marks import BULLET, Edges, marked
from translate.errors import MediaError, MissingError
from translate.model import Box, Engine, TextBox

EXTRA = "pip install 'see-the-world[slides]'"
THREADS = 2  # more gain little on lines this short, and take the cores from others
_DETECTION, _RECOGNITION = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"
_NARROWEST = 16  # pixels of the shorter side of a slide
_LONGEST = 30  # times the shorter side, at most
_LARGEST = 1920  # pixels of the longer side; larger letters are read no better

Picture = npt.NDArray[np.uint8]


class RapidOcr:
    """A reader of pictures. Cheap to construct: the models are loaded at the first use."""

    def __init__(self, *, threads: int = THREADS) -> None:
        """Raises MissingError without the extra, or where its package came without models."""
        package = importlib.util.find_spec("rapidocr")
        if package is None or package.origin is None:
            raise MissingError("The package rapidocr, which reads slides, is not installed.", EXTRA)
        models = Path(package.origin).parent / "models"
        self._models = (models / _DETECTION, models / _RECOGNITION)
        for model in self._models:
            if not model.is_file():
                raise MissingError(
                    f"The package rapidocr came without its model {model.name}.",
                    "Install a version that carries it: pip install 'rapidocr>=3.10,<4'",
                )
        self._threads = max(1, min(threads, os.cpu_count() or 1))
        self._loaded: Any = None

    @property
    def engine(self) -> Engine:
        """Provenance; loads nothing."""
        return Engine(
            name="rapidocr",
            model="PP-OCRv6 small",
            version=importlib.metadata.version("rapidocr"),
            parameters={"direction": "no", "marks": "yes"},
        )

    def read(self, picture: Picture) -> tuple[TextBox, ...]:
        """The lines of text in an RGB picture of height x width x 3, from top to bottom.

        Lines that were hard to read are there, with their low confidence. A line that stands
        behind a bullet begins with `• `, whatever the bullet looks like, and its box with it.
        A strip too narrow for a slide has no lines. Raises MediaError where the engine fails.
        """
        height, width = picture.shape[:2]
        if min(height, width) < _NARROWEST or max(height, width) > _LONGEST * min(height, width):
            return ()  # the engine fails on strips, or takes minutes
        found = self._found(picture)
        if found.boxes is None or found.txts is None or found.scores is None:
            return ()
        read = [
            (text, _edges(corners, width, height), float(score))
            for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        ]
        lefts = marked(picture, [edges for _, edges, _ in read])
        return tuple(
            TextBox(
                text=text if left is None else f"{BULLET} {text}",
                box=Box(
                    left=(edges[0] if left is None else left) / width,
                    top=edges[1] / height,
                    right=edges[2] / width,
                    bottom=edges[3] / height,
                ),
                confidence=min(1.0, max(0.0, score)),
            )
            for (text, edges, score), left in zip(read, lefts, strict=True)
            if not _is_mark(text, edges, [e for _, e, _ in read], lefts)
        )

    def _found(self, picture: Picture) -> Any:
        engine = self._engine()
        height, width = picture.shape[:2]
        try:
            return engine(np.ascontiguousarray(picture[:, :, ::-1]))  # it expects BGR
        except MemoryError:
            raise MissingError(
                f"There is not enough memory to read a picture of {width}x{height}.",
                "Close other programs, then run again.",
            ) from None
        except Exception as error:  # its own, and those below it, share no base
            raise MediaError(
                f"RapidOCR could not read a picture of {width}x{height}:"
                f" {type(error).__name__}: {str(error)[:200]}",
                "Look at the picture; write what it says into slides.json, or into the draft.",
            ) from error

    def _engine(self) -> Any:
        if self._loaded is None:
            from rapidocr import RapidOCR  # 0.5 s

            detection, recognition = self._models
            self._loaded = RapidOCR(
                params={
                    "Global.use_cls": False,
                    "Global.text_score": 0.0,  # what is doubtful is told, not dropped
                    "Global.max_side_len": _LARGEST,
                    "Global.log_level": "error",
                    "Det.model_path": str(detection),
                    "Rec.model_path": str(recognition),
                    "EngineConfig.onnxruntime.intra_op_num_threads": self._threads,
                    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                }
            )
        return self._loaded


def _is_mark(
    text: str, edges: Edges, lines: Sequence[Edges], lefts: Sequence[float | None]
) -> bool:
    """Whether a single character is the bullet that another line has already."""
    if len(text) != 1 or (text.isascii() and text.isalnum() and text not in "oO"):
        return False
    middle = (edges[1] + edges[3]) / 2
    return any(
        left is not None
        and left - (line[3] - line[1]) <= edges[0] < line[0]
        and line[1] <= middle <= line[3]
        for line, left in zip(lines, lefts, strict=True)
    )


def _edges(corners: npt.NDArray[np.float32], width: int, height: int) -> Edges:
    """Left, top, right, bottom in pixels of the upright box around four corners."""
    x, y = np.clip(corners[:, 0], 0, width), np.clip(corners[:, 1], 0, height)
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())
