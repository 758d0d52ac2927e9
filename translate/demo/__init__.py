"""The bundled sample of `stw demo`, and the two scripts that made it. See README.md here."""

from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The files; captions and facts lie beside the video, as yt-dlp leaves them."""

    video: Path = _HERE / "sample.mp4"
    memory: Path = _HERE / "memory.jsonl"
    checkpoint: Path = _HERE / "demo.pt"


SAMPLE = Sample()
