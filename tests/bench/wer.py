"""`python -m tests.bench.wer CHECKPOINT`: word error rate of our path against openai-whisper's own.

The same checkpoint, clip by clip: windows cut at pauses and judged by our rules, against
`whisper.transcribe()` on the whole clip. Both sides go through Whisper's English normaliser.
"""

import argparse
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import whisper
from whisper.normalizers import EnglishTextNormalizer

from tests.shared import SHARED
from translate.backends.media import Audio, decode
from translate.backends.vad import Silero
from translate.backends.whisper import Whisper
from translate.demo.train_checkpoint import distance
from translate.stages.transcribe import NoJournal, transcribe_audio

ZIP = "audio/english/en-US_general_testing_audio-and-trans.zip"


def clips(folder: Path) -> Iterator[tuple[str, Path, str]]:
    """Name, file and reference of every English clip that has one."""
    for row in json.loads((SHARED / "audio/REFERENCES.json").read_text(encoding="utf-8")):
        path = SHARED / row["clip"]
        if row["clip"].startswith(("audio/english", "video")) and path.suffix != ".zip":
            yield row["clip"], path, row["reference"]
    with zipfile.ZipFile(io.BytesIO((SHARED / ZIP).read_bytes())) as archive:
        names = archive.namelist()
        [listed] = [n for n in names if n.endswith("trans.txt")]
        for line in archive.read(listed).decode("utf-8-sig").splitlines():
            name, _, reference = line.partition("\t")
            for member in names:
                if Path(member).name == name:
                    path = folder / name
                    path.write_bytes(archive.read(member))
                    yield f"{ZIP}/{name}", path, reference


def texts(audio: Audio, ours: Whisper, stock: whisper.Whisper) -> tuple[str, str]:
    transcript = transcribe_audio(audio, ours, Silero(), journal=NoJournal(), language="en")
    theirs = stock.transcribe(audio.window(0, audio.duration), fp16=False, language="en")["text"]
    return " ".join(c.text for c in transcript.cues), str(theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    options = parser.parse_args()
    ours, stock = Whisper(options.checkpoint), whisper.load_model(options.checkpoint)
    plain = EnglishTextNormalizer()
    words = errors = stock_errors = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, path, reference in clips(Path(folder)):
            wanted = plain(reference).split()
            mine, theirs = (plain(t).split() for t in texts(decode(path), ours, stock))
            a, b = distance(mine, wanted), distance(theirs, wanted)
            words, errors, stock_errors = words + len(wanted), errors + a, stock_errors + b
            print(
                f"{name}\t{len(wanted)}\t{a / len(wanted):.3f}\t{b / len(wanted):.3f}", flush=True
            )
    print(f"all\t{words}\t{errors / words:.3f}\t{stock_errors / words:.3f}")


if __name__ == "__main__":
    main()
