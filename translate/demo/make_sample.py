"""Make the sample talk from `script.toml`: slides, speech, video, metadata, captions, memory.

A build script, run by hand when the script changes: `python -m translate.demo.make_sample`.
Needs `espeak-ng` (with the en-us voice) on the path and the DejaVu fonts (`fonts-dejavu-core`).
It rewrites everything beside it but `demo.pt`, which has to be trained again afterwards, because
it knows this very speech.
"""

import io
import json
import subprocess
import tomllib
import wave
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).resolve().parent
FONTS = Path("/usr/share/fonts/truetype/dejavu")

VOICE, WORDS_PER_MINUTE, RATE = "en-us+f3", 165, 22_050
# Seconds of silence: before the first word, within, between, and at the end of the rest.
LEAD, COMMA, SENTENCE, CHAPTER, TAIL = 0.6, 0.22, 0.75, 1.3, 1.0

WIDTH, HEIGHT, FPS = 640, 360, 5
INK, PAPER, ACCENT = "#1d2433", "#f7f5f0", "#c8452d"

CUE_SECONDS, LINE_CHARS = 5.0, 40

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Clause:
    """One stretch of speech between two pauses: what is said when."""

    start: float
    end: float
    text: str  # as a careful transcript writes it
    caption: str  # as the captions show it
    slide: int
    sentence: int


def synthesise(text: str) -> Samples:
    """`text` as speech, without the silence around it."""
    command = ["espeak-ng", "-v", VOICE, "-s", str(WORDS_PER_MINUTE), "--stdout", text]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    # A wave to a pipe carries no length, so the header is skipped rather than believed.
    with wave.open(io.BytesIO(raw)) as header:
        if header.getframerate() != RATE:
            raise SystemExit(f"espeak-ng speaks at {header.getframerate()} Hz, not at {RATE}")
    samples = np.frombuffer(raw[44 : 44 + (len(raw) - 44) // 2 * 2], dtype="<i2")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 200)
    return samples[loud[0] : loud[-1] + 1]


def clauses_of(text: str) -> list[str]:
    """The text cut after every comma, the comma kept: it makes the voice stay up."""
    parts = text.split(", ")
    return [part + "," for part in parts[:-1]] + parts[-1:]


def speak(slides: list[dict[str, Any]]) -> tuple[Samples, list[Clause]]:
    """The whole talk as samples, and every clause of it with its times."""
    pieces: list[Samples] = []
    spoken: list[Clause] = []
    position, number = 0, 0

    def pause(seconds: float) -> None:
        nonlocal position
        silence = np.zeros(round(seconds * RATE), dtype=np.int16)
        pieces.append(silence)
        position += len(silence)

    pause(LEAD)
    for slide_number, slide in enumerate(slides):
        for row in slide["sentences"]:
            texts = clauses_of(row["en"])
            says = clauses_of(row.get("say", row["en"]))
            captions = clauses_of(row.get("caption", row["en"]))
            for at, (text, say, caption) in enumerate(zip(texts, says, captions, strict=True)):
                speech = synthesise(say)
                start, end = position / RATE, (position + len(speech)) / RATE
                spoken.append(
                    Clause(round(start, 3), round(end, 3), text, caption, slide_number, number)
                )
                pieces.append(speech)
                position += len(speech)
                if at < len(texts) - 1:
                    pause(COMMA)
            number += 1
            pause(SENTENCE)
        pause(CHAPTER - SENTENCE)
    pause(TAIL - CHAPTER + SENTENCE)
    return np.concatenate(pieces), spoken


def wrap(text: str, width: int) -> list[str]:
    """Greedy lines of at most `width` characters."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def draw(slide: dict[str, Any], number: int, total: int) -> NDArray[np.uint8]:
    """One slide as an RGB picture."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(image)
    bold = ImageFont.truetype(str(FONTS / "DejaVuSans-Bold.ttf"), 30)
    plain = ImageFont.truetype(str(FONTS / "DejaVuSans.ttf"), 21)
    small = ImageFont.truetype(str(FONTS / "DejaVuSans.ttf"), 13)
    pen.rectangle((0, 0, 12, HEIGHT), fill=ACCENT)
    pen.text((40, 40), slide["title"], font=bold, fill=INK)
    pen.rectangle((40, 92, 140, 96), fill=ACCENT)
    for row, bullet in enumerate(slide["bullets"]):
        y = 128 + 46 * row
        pen.ellipse((44, y + 9, 52, y + 17), fill=ACCENT)
        pen.text((68, y), bullet, font=plain, fill=INK)
    pen.text((40, HEIGHT - 32), f"Demo Conf 2026    {number} / {total}", font=small, fill=INK)
    return np.asarray(image, dtype=np.uint8)


def frames(slides: list[dict[str, Any]], changes: list[float], seconds: float) -> Iterator[Any]:
    """The video's frames; a slide's first one is a key frame."""
    pictures = [draw(slide, at, len(slides)) for at, slide in enumerate(slides, 1)]
    shown = -1
    for at in range(round(seconds * FPS)):
        slide = sum(change <= at / FPS for change in changes) - 1
        frame = av.VideoFrame.from_ndarray(pictures[slide], format="rgb24")
        frame.pts, frame.time_base = at, Fraction(1, FPS)
        if slide != shown:
            frame.pict_type = av.video.frame.PictureType.I
        shown = slide
        yield frame


def write_video(
    path: Path, samples: Samples, slides: list[dict[str, Any]], changes: list[float]
) -> None:
    """H.264 and AAC in MP4, the index first so that a browser can start at once."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as box:
        video = box.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.options = {"crf": "20", "preset": "slow", "tune": "stillimage", "threads": "1"}
        video.codec_context.gop_size = 10 * FPS
        sound = box.add_stream("aac", rate=RATE, layout="mono")
        sound.bit_rate = 40_000
        whole = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
        whole.sample_rate, whole.pts, whole.time_base = RATE, 0, Fraction(1, RATE)
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE, frame_size=1024)
        # Video leads its sound by little, so the two interleave as a player wants them.
        pictures = frames(slides, changes, len(samples) / RATE)
        sounds = [*resampler.resample(whole), *resampler.resample(None)]
        done = 0
        for picture in pictures:
            box.mux(video.encode(picture))
            until = (picture.pts + 1) / FPS
            while done < len(sounds) and done * 1024 / RATE < until:
                box.mux(sound.encode(sounds[done]))
                done += 1
        box.mux(video.encode(None))
        for rest in sounds[done:]:
            box.mux(sound.encode(rest))
        box.mux(sound.encode(None))


def caption_words(spoken: list[Clause], slide: int) -> list[tuple[float, float, str]]:
    """The words of one slide's captions; within a clause, time goes by characters."""
    words: list[tuple[float, float, str]] = []
    for clause in (clause for clause in spoken if clause.slide == slide):
        texts = clause.caption.split()
        total = sum(len(text) + 1 for text in texts)
        per_character = (clause.end - clause.start) / total
        start = clause.start
        for text in texts:
            end = start + (len(text) + 1) * per_character
            words.append((start, end, text))
            start = end
    return words


def cues(spoken: list[Clause]) -> Iterator[tuple[float, float, str]]:
    """Cues as captioners cut them: by length and screen time, not by sentence."""
    for slide in sorted({clause.slide for clause in spoken}):
        words = caption_words(spoken, slide)
        seconds = words[-1][1] - words[0][0]
        count = -(-seconds // CUE_SECONDS)
        each = seconds / count
        groups: list[list[tuple[float, float, str]]] = [[]]
        for word in words:
            text = " ".join([*(w[2] for w in groups[-1]), word[2]])
            late = word[1] - words[0][0] > each * len(groups) + 0.2
            if groups[-1] and (late or len(wrap(text, LINE_CHARS)) > 2):
                groups.append([])
            groups[-1].append(word)
        for group in groups:
            text = "\n".join(wrap(" ".join(word[2] for word in group), LINE_CHARS))
            yield group[0][0], group[-1][1], text


def stamp(seconds: float) -> str:
    """A WebVTT time: `00:01:02.345`."""
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{milliseconds / 1000:06.3f}"


def write_captions(path: Path, spoken: list[Clause]) -> None:
    """The creator's caption track, its one mishearing included."""
    blocks = [f"{stamp(a)} --> {stamp(b)}\n{text}\n" for a, b, text in cues(spoken)]
    head = "WEBVTT\nKind: captions\nLanguage: en\n"
    path.write_text("\n".join([head, *blocks]), encoding="utf-8")


def write_info(path: Path, script: dict[str, Any], changes: list[float], seconds: float) -> None:
    """The metadata in the shape and with the habits of a video platform."""
    talk, slides = script["talk"], script["slides"]
    ends = [*changes[1:], seconds]
    info = {
        "id": talk["id"],
        "title": f"{talk['title']} - {talk['speaker']}, {talk['company']} | {talk['event']}",
        "description": (
            f"{talk['title']} - {talk['speaker']}, {talk['company']}\n\n"
            "What torch.compile and Triton did for a training stack, the graph breaks and the "
            "memory included.\n\nSlides: https://example.org/demo-conf-2026/one-line/slides\n\n"
            "A fictional talk at a fictional event, made for trying see-the-world."
        ),
        "uploader": talk["uploader"],
        "channel": talk["uploader"],
        "upload_date": talk["date"],
        "duration": round(seconds, 2),
        "chapters": [
            {"start_time": round(a, 2), "end_time": round(b, 2), "title": slide["chapter"]}
            for a, b, slide in zip(changes, ends, slides, strict=True)
        ],
        "tags": ["torch.compile", "Triton", "compilers", "distributed training"],
        "license": talk["license"],
        "language": "en",
        "webpage_url": talk["url"],
        "original_url": talk["url"],
        "extractor": "generic",
        "extractor_key": "Generic",
        "ext": "mp4",
        "width": WIDTH,
        "height": HEIGHT,
        "fps": FPS,
        "vcodec": "h264",
        "acodec": "aac",
        "subtitles": {
            "en": [{"ext": "vtt", "url": f"{talk['url']}/sample.en.vtt", "name": "English"}]
        },
        "automatic_captions": {},
    }
    path.write_text(json.dumps(info, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_memory(path: Path, slides: list[dict[str, Any]]) -> None:
    """The translation memory: one line a sentence."""
    with path.open("w", encoding="utf-8") as out:
        for slide in slides:
            for row in slide["sentences"]:
                unit = {
                    "source": row["en"],
                    "target": row["zh"],
                    "source_lang": "en",
                    "target_lang": "zh-CN",
                    "note": "stw demo",
                }
                out.write(json.dumps(unit, ensure_ascii=False) + "\n")


def write_timing(path: Path, spoken: list[Clause]) -> None:
    """What is said when, a clause a line: what the checkpoint learns and the tests expect."""
    lines = [json.dumps(asdict(clause), ensure_ascii=False) for clause in spoken]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Make every file and print what came out."""
    script = tomllib.loads((HERE / "script.toml").read_text(encoding="utf-8"))
    slides = script["slides"]
    samples, spoken = speak(slides)
    seconds = len(samples) / RATE
    # A slide changes half a second before it is spoken about.
    firsts = [next(c.start for c in spoken if c.slide == at) for at in range(len(slides))]
    changes = [0.0, *(round((first - 0.5) * FPS) / FPS for first in firsts[1:])]
    write_video(HERE / "sample.mp4", samples, slides, changes)
    write_info(HERE / "sample.info.json", script, changes, seconds)
    write_captions(HERE / "sample.en.vtt", spoken)
    write_memory(HERE / "memory.jsonl", slides)
    write_timing(HERE / "timing.jsonl", spoken)
    words = sum(len(clause.text.split()) for clause in spoken)
    size = (HERE / "sample.mp4").stat().st_size
    print(f"{seconds:.1f} s, {words} words, {len(spoken)} clauses, sample.mp4 {size} bytes")


if __name__ == "__main__":
    main()
