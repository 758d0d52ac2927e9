"""The engines of transcription, measured on this machine and on the user's own recordings.

The desk lends settings, terms and a console; `measure` lends clocks and figures. Each engine goes
from the file to the transcript as in `stw transcribe`, only that nothing is kept. Knows the exit
code: 8 where an engine had to be left out.
"""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, get_args

import msgspec

from translate import measure
from translate.caption_text import clean_captions
from translate.compose import DEFAULT_MODEL, build_recogniser
from translate.console import human_time
from translate.desk import Desk
from translate.errors import (
    EXIT_PROBLEMS,
    BadFileError,
    InputError,
    MissingError,
    SettingsError,
    StwError,
)
from translate.measure import Counted, Heard, Race, Spread, Stopwatch, Taken, Told
from translate.model import Engine, Hearing, Span, Step
from translate.settings import Precision
from translate.stages import transcribe as transcribing

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from translate.backends.machine import Machine
    from translate.backends.whisper_stock import StockWhisper

ENGINES = ("whisper", "faster-whisper", "openai")
PRECISIONS: tuple[str, ...] = get_args(Precision)
EXTRA = 'pip install -c constraints.txt -e ".[faster-whisper]"'
REFERENCES = (".txt", ".srt", ".vtt")
WARM_UP = 60.0  # seconds of sound that every engine hears first
WHOLE = 60.0  # seconds that hearing the first clip whole may take, to warm up the larger batches
LANGUAGE = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    path: Path
    duration: float  # seconds
    reference: str = ""  # what is said in it; empty: nobody asked
    most: float | None = None  # hear only so many seconds of it


class Entrant(measure.Contestant[Clip], Protocol):
    """An engine in one precision."""

    @property
    def engine(self) -> str: ...
    def facts(self) -> Mapping[str, Any]:
        """`precision` as it really is, `batch`, `load` in seconds, `parameters`; loads."""
        ...


Build = Callable[[str, str], Entrant]  # engine, precision


class BenchDesk:
    def __init__(self, desk: Desk, *, build: Build | None = None) -> None:
        """`build` makes the entrants; without it, the real ones."""
        self._desk, self._console = desk, desk.console
        self._build = build or self._entrant
        self._left_out: dict[str, StwError] = {}

    def transcribe(
        self,
        clips: Sequence[str],
        *,
        engines: str = "",
        precisions: str = "auto",
        runs: int = 3,
        threads: int | None = None,
        words: bool = False,
    ) -> int:
        """Measure and print; `words`: also against references. The exit code.

        Raises SettingsError, InputError and MissingError before anything is loaded; and the first
        engine's error where none could work.
        """
        chosen = _named(engines, ENGINES, "engine") or self._usual()
        kinds = _named(precisions, PRECISIONS, "precision")
        if "faster-whisper" in chosen and not _has_faster_whisper():
            raise MissingError("The engine faster-whisper is not installed.", EXTRA)
        asked = [_clip(text, words) for text in clips]
        if threads is not None:
            from translate.backends.machine import use_threads

            use_threads(threads)
        heard = [_measured(path, reference) for path, reference in asked]
        entrants = [
            self._build(engine, kind)
            for engine in chosen
            for kind in (kinds if engine != "openai" else ("",))
        ]
        warm = self._warm_up(entrants, heard[0])
        self._promise(warm, heard, runs)
        rounds = self._race([e for e in entrants if e.name in warm], heard, runs)
        self._show([e for e in entrants if e.name in rounds], rounds, heard, runs)
        return EXIT_PROBLEMS if self._left_out else 0

    @staticmethod
    def _usual() -> tuple[str, ...]:
        return tuple(e for e in ENGINES if e != "faster-whisper" or _has_faster_whisper())

    @property
    def _model(self) -> str:
        return self._desk.settings.transcribe.model or DEFAULT_MODEL

    def _entrant(self, engine: str, precision: str) -> Entrant:
        settings = self._desk.settings
        if engine == "openai":
            from translate.backends.whisper_stock import StockWhisper

            wish = settings.transcribe
            folder = Path(wish.model_dir) if wish.model_dir else None
            progress = self._console.progress
            return _Stock(
                StockWhisper(self._model, model_dir=folder, device=wish.device, progress=progress)
            )
        wish = msgspec.structs.replace(settings.transcribe, engine=engine, precision=precision)
        wanted = msgspec.structs.replace(settings, transcribe=wish)
        return _Windows(engine, precision, lambda: build_recogniser(wanted, self._console))

    def _warm_up(self, entrants: Sequence[Entrant], first: Clip) -> dict[str, float]:
        """Seconds of work for a second of sound, by name; who fails is left out.

        Everybody hears a minute at most, which loads the models. Who is fast hears the first clip
        whole as well: larger batches are then known to the machine, too.
        """
        warm: dict[str, float] = {}
        for entrant in entrants:
            self._console.say(f"warm-up: {entrant.name}")
            length = min(WARM_UP, first.duration)
            try:
                pace = _pace(entrant, dataclasses.replace(first, most=length))
                if pace * first.duration < WHOLE:  # the first time is slower: things settle
                    pace = _pace(entrant, first)
            except StwError as error:
                self._leave_out(entrant.name, error)
                continue
            warm[entrant.name] = pace
        if not warm:
            raise next(iter(self._left_out.values()))
        return warm

    def _leave_out(self, name: str, error: StwError) -> None:
        self._left_out[name] = error
        self._console.say(f"{name} is left out: {error.message}")

    def _promise(self, warm: Mapping[str, float], clips: Sequence[Clip], runs: int) -> None:
        length = sum(c.duration for c in clips)
        seconds = sum(warm.values()) * length * runs
        self._console.say(
            f"{runs} runs of {', '.join(warm)} over {human_time(length)} of sound:"
            f" about {human_time(seconds)}"
        )

    def _race(
        self, entrants: Sequence[Entrant], clips: Sequence[Clip], runs: int
    ) -> dict[str, tuple[Taken, ...]]:
        def told(done: float, total: float) -> None:
            self._console.progress(Step(stage="bench", done=done, total=total, unit="seconds"))

        rounds = Race(entrants, [(c, c.duration) for c in clips]).run(runs, told)
        for name, error in rounds.failed.items():
            self._leave_out(name, error)
        if not rounds.taken:
            raise next(iter(self._left_out.values()))
        return dict(rounds.taken)

    def _show(
        self,
        entrants: Sequence[Entrant],
        rounds: Mapping[str, tuple[Taken, ...]],
        clips: Sequence[Clip],
        runs: int,
    ) -> None:
        from translate.backends.machine import machine

        peers = [e.name for e in entrants if e.engine == "openai"]
        peers += [e.name for e in entrants if e.engine not in ("whisper", "openai")]
        peer = peers[0] if peers else ""
        facts = {e.name: e.facts() for e in entrants}
        exact = {e.engine: e.name for e in entrants if facts[e.name]["precision"] == "float32"}
        length = sum(c.duration for c in clips)
        found = [
            {
                "name": e.name,
                "engine": e.engine,
                **facts[e.name],
                "seconds": [round(r.seconds, 3) for r in rounds[e.name]],
                "real_time": _spread(measure.speed(rounds[e.name], length)),
                "times_as_fast": _spread(measure.times_as_fast(rounds[e.name], rounds[peer]))
                if peer
                else None,
                "parts": {
                    name: round(seconds, 3)
                    for name, seconds in measure.median_parts(rounds[e.name]).items()
                },
                **self._words(rounds[e.name][-1], clips),
                "agreement": _share(_agreement(rounds[e.name][-1], rounds[exact[e.engine]][-1]))
                if exact.get(e.engine, e.name) != e.name
                else None,
            }
            for e in entrants
        ]
        here = machine()
        data = {
            "machine": dataclasses.asdict(here),
            "model": self._model_name,
            "runs": runs,
            "clips": [{"name": c.path.name, "seconds": round(c.duration, 3)} for c in clips],
            "peer": peer or None,
            "engines": found,
            "left_out": [
                {"name": name, "code": e.code, "message": e.message, "hint": e.hint}
                for name, e in self._left_out.items()
            ],
        }
        self._console.result(_text(data, here), data)

    @property
    def _model_name(self) -> str:
        """A checkpoint given by path by its file's name: the output is made to be passed on."""
        return Path(self._model).name

    def _words(self, taken: Taken, clips: Sequence[Clip]) -> dict[str, Any]:
        if not clips[0].reference:
            return {"wer": None, "errors": None, "words": None, "term_recall": None, "terms": None}
        from translate.backends.whisper_stock import plain_words

        errors, terms = Counted(count=0, of=0), Counted(count=0, of=0)
        for text, clip in zip(taken.texts, clips, strict=True):
            errors += measure.word_errors(plain_words(text), plain_words(clip.reference))
            terms += measure.term_recall(text, clip.reference, self._desk.glossary)
        return {
            "wer": _share(errors),
            "errors": errors.count,
            "words": errors.of,
            "term_recall": _share(terms),
            "terms": terms.of,
        }


# --- the entrants ---------------------------------------------------------------------------------


class _Windows:
    """A recogniser as `stw transcribe` uses it: speech detected, windows, guards, rules."""

    def __init__(
        self, engine: str, precision: str, build: Callable[[], transcribing.Recogniser]
    ) -> None:
        self.name, self.engine, self._build = f"{engine} {precision}", engine, build
        self._load_seconds = 0.0

    @cached_property
    def _recogniser(self) -> transcribing.Recogniser:
        """Ready to hear, and not before the first time that it is asked for."""
        recogniser = self._build()
        begun = time.perf_counter()
        recogniser.detect(())  # loads, as does the size of a batch
        _ = recogniser.batch
        self._load_seconds = time.perf_counter() - begun
        return recogniser

    def hear(self, clip: Clip, told: Told) -> Heard:
        from translate.backends.vad import Silero

        def progress(step: Step) -> None:
            told(step.done / step.total if step.total else 0.0)

        watch = Stopwatch()
        before = _seconds(self._recogniser)
        audio = watch.time("decode", lambda: _decoded(clip))
        transcript = transcribing.transcribe_audio(
            audio,
            _WatchedRecogniser(self._recogniser, watch),
            _WatchedDetector(Silero(), watch),
            journal=transcribing.NoJournal(),
            language=LANGUAGE,
            progress=progress,
        )
        after = _seconds(self._recogniser)
        inside = {
            part: seconds - before.get(part, 0.0)
            for part, seconds in after.items()
            if part not in ("load", "again") and seconds > before.get(part, 0.0)
        }
        if inside:  # the engine tells more than we can see from here
            watch.parts.pop("recognition", None)
        text = " ".join(cue.text for cue in transcript.cues)
        return Heard(text=text, parts={**watch.parts, **inside})

    def facts(self) -> Mapping[str, Any]:
        parameters = dict(self._recogniser.engine.parameters)
        return {
            "precision": parameters.get("precision") or parameters.get("dtype", ""),
            "batch": self._recogniser.batch,
            "load": round(_seconds(self._recogniser).get("load", self._load_seconds), 3),
            "parameters": parameters,
        }


class _Stock:
    """openai-whisper's own `transcribe()` on the whole file."""

    engine = name = "openai"

    def __init__(self, whisper: "StockWhisper") -> None:
        self._whisper = whisper

    def hear(self, clip: Clip, _: Told) -> Heard:
        watch = Stopwatch()
        audio = watch.time("decode", lambda: _decoded(clip))
        samples = audio.window(0.0, audio.duration)
        text = watch.time("recognition", lambda: self._whisper.transcribe(samples))
        return Heard(text=text, parts=watch.parts)

    def facts(self) -> Mapping[str, Any]:
        return {
            "precision": self._whisper.precision,
            "batch": 1,
            "load": round(self._whisper.load(), 3),
            "parameters": {},
        }


class _WatchedDetector:
    def __init__(self, detector: transcribing.SpeechDetector, watch: Stopwatch) -> None:
        self._detector, self._watch = detector, watch

    def speech(self, audio: transcribing.Audio) -> tuple[Span, ...]:
        return self._watch.time("VAD", lambda: self._detector.speech(audio))


class _WatchedRecogniser:
    def __init__(self, recogniser: transcribing.Recogniser, watch: Stopwatch) -> None:
        self._recogniser, self._watch = recogniser, watch

    @property
    def engine(self) -> Engine:
        return self._recogniser.engine

    @property
    def batch(self) -> int:
        return self._recogniser.batch

    def detect(self, windows: "Sequence[npt.NDArray[np.float32]]") -> tuple[str, float]:
        return self._watch.time("recognition", lambda: self._recogniser.detect(windows))

    def recognise(
        self,
        windows: "Sequence[npt.NDArray[np.float32]]",
        offsets: Sequence[float],
        *,
        language: str,
        prompt: str,
        done: Told,
    ) -> tuple[Hearing, ...]:
        return self._watch.time(
            "recognition",
            lambda: self._recogniser.recognise(
                windows, offsets, language=language, prompt=prompt, done=done
            ),
        )

    def recognise_again(
        self, window: "npt.NDArray[np.float32]", offset: float, *, language: str, prompt: str
    ) -> Hearing:
        return self._watch.time(
            "again",
            lambda: self._recogniser.recognise_again(
                window, offset, language=language, prompt=prompt
            ),
        )


def _seconds(recogniser: transcribing.Recogniser) -> Mapping[str, float]:
    """What the engine tells of its own parts; an engine need not."""
    told: Mapping[str, float] = getattr(recogniser, "seconds", {})
    return told


def _decoded(clip: Clip) -> transcribing.Audio:
    from translate.backends import media

    audio = media.decode(clip.path)
    if clip.most is None:
        return audio
    return dataclasses.replace(audio, samples=audio.samples[: round(clip.most * audio.rate)])


def _pace(entrant: Entrant, clip: Clip) -> float:
    """Seconds of work for a second of sound, without loading."""
    entrant.facts()  # loads
    begun = time.perf_counter()
    entrant.hear(clip, lambda _: None)
    took = time.perf_counter() - begun
    return took / max(clip.most or clip.duration, 1e-9)


# --- what was asked for ---------------------------------------------------------------------------


def _has_faster_whisper() -> bool:
    import importlib.util

    return importlib.util.find_spec("faster_whisper") is not None


def _named(text: str, known: Sequence[str], what: str) -> tuple[str, ...]:
    """Names with commas between, each once. Raises SettingsError for one that is not known."""
    names = tuple(dict.fromkeys(n.strip() for n in text.split(",") if n.strip()))
    for name in names:
        if name not in known:
            raise SettingsError(f"{name!r} is no {what}.", f"Choose of {', '.join(known)}.")
    return names


def _clip(text: str, words: bool) -> tuple[Path, str]:
    """The recording, and its reference where words are to be counted.

    Raises InputError where either is not there.
    """
    path, _, named = text.rpartition("=") if not Path(text).is_file() else (text, "", "")
    clip = Path(path or text)
    if not clip.is_file():
        raise InputError(f"{clip}: no such recording.", "CLIP is an audio or video file.")
    if not words:
        return clip, ""
    if named and not Path(named).is_file():
        raise InputError(f"{named}: no such reference text for {clip}.", "Check its name.")
    beside = [clip.with_suffix(suffix) for suffix in REFERENCES]
    there = [p for p in ([Path(named)] if named else beside) if p.is_file()]
    if not there:
        raise InputError(
            f"{clip}: no reference text for --wer.",
            f"Put what is said into {beside[0].name} beside it (or .srt, .vtt),"
            f" or name it: {clip.name}=reference.txt.",
        )
    return clip, _reference(there[0])


def _reference(path: Path) -> str:
    if path.suffix.lower() in (".srt", ".vtt"):
        from translate.backends.captions import read

        cues, _ = clean_captions(read(path).cues)
        text = " ".join(cue.text for cue in cues)
    else:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise BadFileError(f"{path}: {error}", "A reference is plain text in UTF-8.") from error
    if not text.strip():
        raise BadFileError(f"{path}: no text in it.", "Write down what is said in the clip.")
    return text


def _measured(path: Path, reference: str) -> Clip:
    from translate.backends import media

    return Clip(path=path, duration=media.decode(path).duration, reference=reference)


# --- how it is shown ------------------------------------------------------------------------------


def _agreement(taken: Taken, other: Taken) -> Counted:
    total = Counted(count=0, of=0)
    for text, same in zip(taken.texts, other.texts, strict=True):
        total += measure.agreement(text.split(), same.split())
    return total


def _share(counted: Counted) -> float | None:
    return None if counted.share is None else round(counted.share, 4)


def _spread(spread: Spread) -> dict[str, float]:
    return {name: round(value, 3) for name, value in dataclasses.asdict(spread).items()}


def _text(data: Mapping[str, Any], here: "Machine") -> str:
    """Markdown to paste: what it was measured on, the figures, and where the time went."""
    rows: Sequence[Mapping[str, Any]] = data["engines"]
    clips = ", ".join(f"{c['name']} {human_time(c['seconds'])}" for c in data["clips"])
    parts = list(dict.fromkeys(p for row in rows for p in row["parts"] if p != "rest"))
    peer = data["peer"]
    columns: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "engine": lambda r: r["name"],
        "precision": lambda r: r["precision"],
        "batch": lambda r: str(r["batch"]),
        "load, s": lambda r: f"{r['load']:.1f}",
        "x real time (min-max)": lambda r: _range(r["real_time"], "{:.1f}"),
    }
    if peer:
        columns[f"times as fast as {peer}"] = lambda r: _range(r["times_as_fast"], "{:.2f}")
    if any(r["wer"] is not None for r in rows):
        columns["WER"] = lambda r: _number(r["wer"], "{:.3f}")
        columns["term recall"] = lambda r: _number(r["term_recall"], "{:.2f}")
    if any(r["agreement"] is not None for r in rows):
        columns["words as float32"] = lambda r: _number(r["agreement"], "{:.1%}")
    seconds = {"engine": columns["engine"], **{p: _part(p) for p in (*parts, "rest")}}
    return "\n\n".join(
        (
            f"{here}.\nModel {data['model']}, {data['runs']} interleaved runs on {clips}.",
            _markdown(columns, rows),
            "Seconds by part, the medians:",
            _markdown(seconds, rows),
            *(f"Left out: {e['name']}: {e['message']} {e['hint']}" for e in data["left_out"]),
        )
    )


def _part(name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: _number(row["parts"].get(name), "{:.2f}")


def _markdown(
    columns: Mapping[str, Callable[[Mapping[str, Any]], str]], rows: Sequence[Mapping[str, Any]]
) -> str:
    lines = [list(columns), ["---"] * len(columns)]
    lines += [[show(row) for show in columns.values()] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _range(spread: Mapping[str, float], form: str) -> str:
    low, middle, high = (form.format(spread[k]) for k in ("low", "median", "high"))
    return f"{middle} ({low}-{high})"
