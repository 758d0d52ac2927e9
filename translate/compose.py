"""Builds the backends that the settings ask for and hands them to the pipeline.

The one place that knows both a setting's name and a backend's. Nothing is built before it is
used: asking for a talk's status loads no model and asks no server.
"""

import datetime
import hashlib
import re
import shlex
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

import translate
from translate import glossary as terms
from translate import settings as settings_module
from translate.console import Console, human_bytes
from translate.errors import MissingError, SettingsError, StwError, TranslatorError
from translate.glossary import Glossary
from translate.model import MemoryEntry, Problem, Progress
from translate.pipeline import Captions, Page, Pictures, Tools, Wishes
from translate.settings import Settings, TranscribeSettings, TranslateSettings
from translate.stages import fetch as fetching
from translate.stages import slides as sliding
from translate.stages import transcribe as transcribing
from translate.stages import translate as translating
from translate.stages.assemble import Column, Person
from translate.workspace import digest

if TYPE_CHECKING:
    from translate.backends.local import Listing
    from translate.backends.memory import Memory
    from translate.backends.presets import Preset, Price

PACKAGE = Path(translate.__file__).parent
DEFAULT_MODEL = "turbo"  # long-form accuracy of the large models at a fraction of their time


def glossary_paths(settings: Settings) -> list[Path]:
    """Where the term base lies: as set, else ./glossary, else the one that came with the tool."""
    if settings.glossary:
        return [Path(p) for p in settings.glossary]
    here = Path("glossary")
    if here.is_dir() and any(here.glob("*.csv")):
        return [here]
    return [_bundled()]


def _bundled() -> Path:
    """The term base that came with the tool."""
    packed = PACKAGE / "data" / "glossary"  # in an installed package
    return packed if packed.is_dir() else PACKAGE.parent / "glossary"


def own_glossary(settings: Settings) -> list[Path]:
    """The term base's files and folders that are the user's to change: as set, else ./glossary.

    Never what came with the tool.
    """
    bundled = PACKAGE.resolve()
    here = Path("glossary")
    paths = [Path(p) for p in settings.glossary] or [here] * any(here.glob("*.csv"))
    return [p for p in paths if not p.resolve().is_relative_to(bundled)]


def load_glossary(settings: Settings) -> Glossary:
    """The term base. Raises BadFileError with file and line when a row is wrong."""
    return terms.load(glossary_files(settings))


def load_counterparts(settings: Settings) -> Glossary:
    """PyTorch's names and Paddle's, beside the term base; empty where there is no such table.

    Raises BadFileError with file and line when a row is wrong.
    """
    folders = [path / "counterparts" for path in glossary_paths(settings)]
    return terms.load_counterparts(*(f for folder in folders for f in sorted(folder.glob("*.csv"))))


def glossary_files(settings: Settings) -> list[Path]:
    files: list[Path] = []
    for path in glossary_paths(settings):
        if path.is_dir():
            files += sorted(path.glob("*.csv"))
        elif path.is_file():
            files.append(path)
        else:
            raise SettingsError(
                f"no term base at {path}",
                "--glossary names a file or a folder; stw glossary add and import make the folder",
            )
    return files


def missing_folders(settings: Settings) -> list[Path]:
    """Folders that the settings name for the term base, and that are not there yet."""
    paths = [Path(p) for p in settings.glossary]
    return [p for p in paths if not p.exists() and p.suffix != ".csv"]


def left_out(settings: Settings) -> str:
    """A sentence on the terms that came with the tool, where others stand in their place."""
    bundled = _bundled().resolve()
    paths = glossary_paths(settings)
    if not bundled.is_dir() or any(p.resolve().is_relative_to(bundled) for p in paths):
        return ""
    count = len(terms.load(sorted(bundled.glob("*.csv"))).terms)
    both = " ".join(f"--glossary {shlex.quote(str(p))}" for p in (*paths, bundled))
    return (
        f"the {count} terms that came with the tool are not among them; to have both: {both}"
        " (or `glossary` in stw.toml); a term may stand in one of them only"
    )


def build_tools(
    settings: Settings, environment: Mapping[str, str], console: Console, *, fast: bool
) -> Tools:
    """Every backend as the settings want it, each built at its first use."""
    asked = settings.transcribe.fast_model if fast else settings.transcribe.model
    settings = _with_learned(settings)
    memory = cache(lambda: _memory(settings.translate))

    @lru_cache(maxsize=1)  # talks of another model follow one another; one fits in memory
    def recogniser(decided: tuple[tuple[str, str], ...]) -> transcribing.Recogniser:
        wish = dict(decided)
        model = wish["model"] or asked or DEFAULT_MODEL
        return _recogniser(_as_decided(settings, wish), model, console)

    return Tools(
        downloader=cache(lambda: _downloader(settings)),
        decode=_decode,
        detector=_detector,
        recogniser=lambda decided: recogniser(tuple(sorted(decided.items()))),
        recogniser_id=cache(lambda: _recogniser_id(asked)),
        recogniser_options=_recogniser_options(settings.transcribe),
        default_model=DEFAULT_MODEL,
        known_models=_known_models,
        count_tokens=_count_tokens,
        read_captions=_read_captions,
        text_language=_text_language,
        translator=cache(
            lambda: _translator(settings.translate, environment, memory, settings.transcribe.device)
        ),
        translator_id=cache(lambda: _translator_id(settings.translate, environment)),
        memory=memory,
        slide_video=_slide_video,
        slide_reader=cache(_slide_reader),
        encode_picture=_encode_picture,
    )


def _with_learned(settings: Settings) -> Settings:
    """The settings with what was learned from finished talks, where no memory is named."""
    if settings.translate.memory or settings.translate.translator == "none":
        return settings
    learned = [str(p) for p in sorted(memory_folder(settings).glob("*.jsonl"))]
    translate = msgspec.structs.replace(settings.translate, memory=learned)
    return msgspec.structs.replace(settings, translate=translate)


def build_wishes(settings: Settings, *, force: bool) -> Wishes:
    return Wishes(
        captions=settings.transcribe.captions,
        language=settings.transcribe.language,
        audio_only=settings.fetch.audio_only,
        untranslated=settings.translate.translator == "none",
        signed=settings.column.author is not None,
        force=force,
        pace=translating.Pace(at_once=settings.translate.at_once, budget=settings.translate.budget),
        notes=settings.notes,
        slides=settings.slides,
        counterparts=load_counterparts(settings),
        column=_column(settings),
    )


def _column(settings: Settings) -> Column:
    """The column as bundled, with what the settings say in its place."""
    file = PACKAGE / "data" / "column.toml"
    base = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Column)
    wish = settings.column
    return Column(
        author=_person(wish.author) if wish.author else base.author,
        co_authors=tuple(_person(p) for p in wish.co_authors) or base.co_authors,
        category=wish.category or base.category,
        boilerplate=wish.boilerplate or base.boilerplate,
    )


def _person(person: settings_module.Person) -> Person:
    return Person(name=person.name, github=person.github, avatar=person.avatar)


# --- fetch and transcribe -----------------------------------------------------------------------


def _downloader(settings: Settings) -> fetching.Downloader:
    from translate.backends.ytdlp import YtDlp, YtDlpOptions

    wish = settings.fetch
    return YtDlp(
        YtDlpOptions(
            cookies_file=Path(wish.cookies) if wish.cookies else None,
            cookies_from_browser=wish.cookies_from_browser,
            proxy=wish.proxy,
            rate_limit=_bytes(wish.rate_limit) if wish.rate_limit else None,
        )
    )


def _bytes(text: str) -> int:
    """`500K`, `2M`, `1.5MiB`: an amount in bytes. Raises SettingsError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kKmMgG]?)(?:i?[bB])?(?:/s)?", text.strip())
    if not found or not float(found[1]):
        raise SettingsError(f"{text!r} is no rate", "write bytes per second, as in 500K or 2M")
    powers = {"": 0, "k": 1, "m": 2, "g": 3}
    return int(float(found[1]) * float(1024 ** powers[found[2].lower()]))


def _decode(path: Path, progress: Progress) -> transcribing.Audio:
    from translate.backends import media

    return media.decode(path, progress=progress)


def _detector() -> transcribing.SpeechDetector:
    from translate.backends.vad import Silero

    return Silero()


def _slide_video(path: Path) -> sliding.Video[Any]:
    from translate.backends.slide_video import SlideVideo

    return SlideVideo(path)


def _slide_reader() -> sliding.Reader[Any]:
    """Raises MissingError without the extra."""
    from translate.backends.rapid_ocr import RapidOcr

    return RapidOcr()


def _encode_picture(picture: Any) -> tuple[bytes, str]:
    from translate.backends.images_cut import picture_file

    made = picture_file(picture)
    return made.data, made.ending


def _as_decided(settings: Settings, decided: Mapping[str, str]) -> Settings:
    """The settings with what a talk has, as far as nothing else was asked for."""
    options = {
        "engine": decided["engine"],
        "precision": decided["precision"],
        "beam": int(decided["beam"]),
        "words": decided["words"] == "yes",
    }
    transcribe = msgspec.structs.replace(settings.transcribe, **options)
    return msgspec.structs.replace(settings, transcribe=transcribe)


def _known_models() -> Collection[str]:
    from translate.backends.whisper_files import CHECKPOINTS

    return CHECKPOINTS


def _recogniser(settings: Settings, model: str, console: Console) -> transcribing.Recogniser:
    from translate.backends.whisper import Whisper
    from translate.backends.whisper_files import plan_download

    wish = settings.transcribe
    folder = Path(wish.model_dir) if wish.model_dir else None
    plan = plan_download(model, folder)
    if not plan.present:
        console.say(f"Whisper {model}: {human_bytes(plan.bytes)} to download to {plan.path}")
    if wish.engine == "faster-whisper":
        return _faster_whisper(wish, model, folder, console)
    return Whisper(
        model,
        model_dir=folder,
        device=wish.device,
        progress=console.progress,
        precision=wish.precision or "auto",
        beam=wish.beam or 1,
        words=bool(wish.words),
    )


def _faster_whisper(
    wish: TranscribeSettings, model: str, folder: Path | None, console: Console
) -> transcribing.Recogniser:
    from translate.backends.faster_whisper import FasterWhisper, plan

    engine = FasterWhisper(
        model,
        model_dir=folder,
        device=wish.device,
        progress=console.progress,
        precision=wish.precision or "auto",
        beam=wish.beam or 1,
        words=bool(wish.words),
    )
    conversion = plan(model, folder)
    if not conversion.present:
        size = human_bytes(conversion.bytes)
        console.say(
            f"Whisper {model}: converted once for faster-whisper, {size} to {conversion.path}"
        )
    return engine


def _recogniser_options(wish: TranscribeSettings) -> dict[str, str]:
    """What was asked for besides the model, as far as it changes what is recognised."""
    asked = {
        "engine": wish.engine,
        "precision": wish.precision,
        "beam": str(wish.beam or ""),
        "words": {True: "yes", False: "no", None: ""}[wish.words],
    }
    return {name: value for name, value in asked.items() if value}


def check_device(wish: TranscribeSettings) -> None:
    """Raises MissingError for a device that is not here; asks torch about a named GPU alone.

    It is asked before it is known whether a talk needs it: a wish is refused, not passed over.
    """
    if wish.device in ("auto", "cpu"):
        return
    from translate.backends import faster_whisper, whisper

    try:
        whisper.check_device(wish.device)
    except MissingError:
        if wish.engine == "whisper" or not faster_whisper.has_device(wish.device):
            raise


def build_recogniser(settings: Settings, console: Console) -> transcribing.Recogniser:
    """The recogniser that the settings ask for, by itself. Raises SettingsError, BadFileError."""
    return _recogniser(settings, settings.transcribe.model or DEFAULT_MODEL, console)


def _recogniser_id(model: str) -> str:
    """The model by name, one's own checkpoint by its content; empty when none was asked for."""
    path = Path(model).expanduser()
    if not model or not path.is_file():
        return model
    with path.open("rb") as file:  # gigabytes: not into memory
        return hashlib.file_digest(file, "sha256").hexdigest()


def _count_tokens(text: str) -> int:
    from translate.backends.whisper import count_tokens

    return count_tokens(text)


def _read_captions(path: Path) -> Captions:
    from translate.backends.captions import read

    return read(path)


def _text_language(text: str) -> tuple[str, float]:
    from translate.backends.language import detect

    return detect(text)


# --- translate ----------------------------------------------------------------------------------


def choose_preset(
    wish: TranslateSettings,
    environment: Mapping[str, str],
    *,
    local: "Callable[[], tuple[Preset, ...]] | None" = None,
) -> "Preset | None":
    """The server that the settings mean; None for `none`, `memory`, and `auto` without any.

    Raises SettingsError for a name that is no preset.
    """
    from translate.backends import presets

    if wish.translator in ("none", "memory", "local"):
        return None
    known = {p.name: p for p in presets.load()}
    if wish.base_url:
        named = known.get(wish.translator)
        chosen = presets.Preset(name="custom", title=wish.base_url, base_url=wish.base_url)
        chosen = replace(named, base_url=wish.base_url) if named else chosen
    elif wish.translator == "auto":
        found = presets.choose_auto(environment, local=local or presets.find_local)
        if found is None:
            return None
        chosen = found
    elif wish.translator in known:
        chosen = known[wish.translator]
    else:
        raise SettingsError(
            f"no translator {wish.translator!r}",
            f"there are: auto, none, memory, local, {', '.join(known)}; or --base-url",
        )
    return replace(
        chosen,
        model=wish.model or chosen.model,
        key_env=wish.api_key_env or chosen.key_env,
        profile=wish.profile or chosen.profile,
        price=_price(wish) or chosen.price,
    )


def check_budget(wish: TranslateSettings, environment: Mapping[str, str]) -> None:
    """Raises SettingsError where a budget is set for a model whose price nobody has said."""
    if wish.budget is None:
        return
    preset = choose_preset(wish, environment)
    if preset is not None and preset.price is None:
        model = " ".join(filter(None, (preset.title, preset.model)))
        raise SettingsError(
            f"no price is known for {model}, so no budget can be kept",
            "price = [2.0, 3.0] under [translate] in stw.toml, of a million tokens, sent and"
            " received ([0, 0] for a model of your own); or leave the budget out",
        )


def _price(wish: TranslateSettings) -> "Price | None":
    from translate.backends.presets import Price

    if not wish.price:
        return None
    if len(wish.price) != 2:
        raise SettingsError("translate.price is two numbers", "[2.0, 3.0]: sent, received")
    sent, received = wish.price
    return Price(input=sent, output=received, currency=wish.currency, as_of=datetime.date.today())


def _translator(
    wish: TranslateSettings,
    environment: Mapping[str, str],
    memory: Callable[[], "Memory | None"],
    device: str,
) -> translating.Translator:
    from translate.backends.chat import Chat
    from translate.backends.memory import NoTranslator
    from translate.backends.presets import find_local

    if wish.translator == "memory":
        known = memory()
        if known is None:
            raise SettingsError(
                "the translator is a memory, but none is named and nothing has been learned",
                "--memory FILE.jsonl or FILE.tmx; or stw memory import, or stw learn",
            )
        return known
    if wish.translator == "local":
        return _local(wish, device)
    preset = choose_preset(wish, environment)
    if preset is None:
        return NoTranslator()
    if not preset.model:
        running = find_local(presets=(preset,))
        if not running:
            raise TranslatorError(
                f"no model server answers at {preset.base_url}",
                "start it; or name the model with --chat-model",
            )
        preset = running[0]
    return Chat(preset, environment)


def _local(wish: TranslateSettings, device: str) -> translating.Translator:
    from translate.backends.local import Local

    if not wish.model:
        raise SettingsError(
            "a model in this process needs a name",
            "--chat-model OWNER/MODEL or a folder; stw model OWNER/MODEL downloads one",
        )
    return Local(wish.model, profile=wish.profile or "mt", device=device)


def _local_id(wish: TranslateSettings, prompt: str) -> str:
    """With what lies in the model's folder; nothing is loaded for it."""
    try:
        engine = _local(wish, "auto").engine
    except StwError:
        return digest("local", wish.model, wish.profile, prompt)
    return digest("local", engine.model, prompt, *sorted(engine.parameters.values()))


def look_up_model(name: str) -> "Listing":
    from translate.backends.local import look_up

    return look_up(name)


def download_model(listing: "Listing") -> Path:
    from translate.backends.local import download

    return download(listing)


def _translator_id(wish: TranslateSettings, environment: Mapping[str, str]) -> str:
    """What would translate, told without asking any server; empty when nobody is configured.

    What a memory knows is told paragraph by paragraph, by the memory itself.
    """
    from translate.backends.prompting import prompt_version

    if wish.translator == "local":
        return _local_id(wish, prompt_version(wish.profile or "mt"))
    preset = choose_preset(wish, environment, local=tuple)
    if preset is None:
        return "memory" if wish.translator == "memory" else ""
    return digest(preset.name, preset.base_url, preset.model, prompt_version(preset.profile))


def _memory(wish: TranslateSettings) -> "Memory | None":
    from translate.backends.memory import Memory

    return Memory.load(*(Path(p) for p in wish.memory)) if wish.memory else None


# --- after the draft ----------------------------------------------------------------------------


def memory_folder(settings: Settings) -> Path:
    """Where `stw learn` writes, and whence every draft takes what was learned."""
    return _learning(settings) / "memory"


def proposals_folder(settings: Settings) -> Path:
    """Where rows for the term base wait for a person."""
    return _learning(settings) / "proposals"


def _learning(settings: Settings) -> Path:
    """The term base's own folder, if it is one of the user's; else ./glossary."""
    folders = [Path(p) for p in settings.glossary if Path(p).is_dir()]
    return folders[0] if folders else Path("glossary")


def read_memory(*paths: Path) -> Sequence[MemoryEntry]:
    from translate.backends.memory import read_entries

    return read_entries(*paths)


def survey_memory(path: Path) -> tuple[Sequence[MemoryEntry], Sequence[str]]:
    from translate.backends.memory import survey

    return survey(path)


def write_memory(path: Path, entries: Sequence[MemoryEntry]) -> int:
    from translate.backends.memory import write_entries

    return write_entries(path, entries)


def update_memory(
    path: Path, entries: Sequence[MemoryEntry], ours: Sequence[MemoryEntry]
) -> tuple[Sequence[MemoryEntry], Sequence[MemoryEntry]]:
    from translate.backends.memory import update_entries

    return update_entries(path, entries, ours)


def run_blog_checks(blog: Path, post: str, slug: str) -> list[Problem]:
    from translate.backends import node

    return node.run_blog_checks(blog, post, slug)


def build_pictures() -> Pictures:
    from translate.backends.images import BlogPictures

    return BlogPictures()


def build_page() -> Page:
    from translate.backends.page import page_html

    return page_html
