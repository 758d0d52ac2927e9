"""The options that several commands share, and how they become settings.

Knows their names, help texts and places in the settings; not what they do.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

Flags = dict[str, dict[str, object]]  # table of stw.toml → key → value, None where not given

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress; errors and results only.")]
Force = Annotated[
    bool, typer.Option("--force", help="Make again what was edited by hand, after a backup.")
]
Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="URL|FILE",
        help="A page, playlist or media URL; a local video or audio file; captions (.srt, .vtt).",
    ),
]
Talks = Annotated[
    list[str],
    typer.Argument(metavar="TALK", help="A slug, a unique part of one, or a talk's folder."),
]
Title = Annotated[str | None, typer.Option(help="The talk's title, when the platform's is wrong.")]
Event = Annotated[str | None, typer.Option(help="The event, as in 'PyTorch Conference 2026'.")]
SpeakerNames = Annotated[
    list[str] | None,
    typer.Option("--speaker", help="'Name' or 'Name, Company'; repeat for several."),
]
DateOption = Annotated[str | None, typer.Option("--date", help="Upload date, YYYY-MM-DD.")]
AudioOnly = Annotated[
    bool | None,
    typer.Option(
        "--audio-only/--with-video", help="Whether to leave the video out (then: no slides)."
    ),
]
Cookies = Annotated[Path | None, typer.Option(help="A cookies.txt file for the site.")]
Browser = Annotated[
    str | None, typer.Option("--cookies-from-browser", help="Take cookies from: firefox, chrome...")
]
Proxy = Annotated[str | None, typer.Option(help="http:// or socks5:// proxy.")]
RateLimit = Annotated[str | None, typer.Option("--limit-rate", help="Bytes per second: 500K, 2M.")]
WhisperModel = Annotated[
    str | None, typer.Option("--model", help="A Whisper name (turbo), or the path of a .pt file.")
]
Fast = Annotated[bool, typer.Option("--fast", help="Take the small English model (small.en).")]
ModelDir = Annotated[Path | None, typer.Option(help="Where Whisper checkpoints lie.")]
Device = Annotated[str | None, typer.Option(help="auto, cuda, cpu or mps.")]
Engine = Annotated[str | None, typer.Option(help="What runs it: whisper or faster-whisper.")]
Precision = Annotated[
    str | None,
    typer.Option(
        help="float32, bfloat16, float16, int8, or auto: what suits the device."
        " [default: the talk's own, or auto]"
    ),
]
Beam = Annotated[
    int | None,
    typer.Option(help="Hypotheses followed at once; 1 is greedy. [default: the talk's own, or 1]"),
]
Words = Annotated[
    bool | None, typer.Option("--words/--no-words", help="Find the time of every word.")
]
Captions = Annotated[
    str | None, typer.Option(help="The creator's own captions: auto, never or only.")
]
Language = Annotated[
    str | None, typer.Option(help="Go on in this language when the talk is not English.")
]
Translator = Annotated[
    str | None, typer.Option(help="auto, none, memory, or a preset such as deepseek, qwen, ollama.")
]
ChatModel = Annotated[str | None, typer.Option("--chat-model", help="Instead of the preset's.")]
BaseUrl = Annotated[str | None, typer.Option(help="Any OpenAI-compatible server.")]
Memory = Annotated[
    list[Path] | None, typer.Option(help="A translation memory, .jsonl or .tmx; repeatable.")
]
AtOnce = Annotated[
    int | None,
    typer.Option(min=1, max=64, help="Calls to the translator under way together. [default: 4]"),
]
Budget = Annotated[
    float | None,
    typer.Option(min=0, help="Stop before one talk costs more, in the currency of the price."),
]
GlossaryPaths = Annotated[
    list[Path] | None,
    typer.Option(
        "--glossary", help="Term base file or folder, instead of the column's; repeatable."
    ),
]
Replace = Annotated[
    bool, typer.Option("--replace", help="Change the row that stands with something else.")
]
Bilingual = Annotated[
    bool | None, typer.Option("--bilingual", help="Keep the English, folded away.")
]
Blog = Annotated[Path | None, typer.Option(help="A checkout of the blog.")]
OneTalk = Annotated[
    str, typer.Argument(metavar="TALK", help="A slug, a unique part of one, or a talk's folder.")
]
NotesAmount = Annotated[
    str | None,
    typer.Option(
        "--notes",
        metavar="<few|all|none>",
        help="Slots for editor's notes: few, all or none. [default: few]",
    ),
]
Slides = Annotated[
    str | None,
    typer.Option(
        "--slides",
        metavar="<none|images|full>",
        help="Slides of the video: none, images, or full (text too). [default: full, where it can"
        " be read]",
    ),
]
Drafts = Annotated[Path | None, typer.Option(help="The folder of all talks. [default: drafts]")]
Config = Annotated[Path | None, typer.Option(help="Settings file. [default: stw.toml if there]")]


def fetch_flags(
    audio_only: bool | None,
    cookies: Path | None,
    browser: str | None,
    proxy: str | None,
    limit_rate: str | None,
) -> dict[str, object]:
    return {
        "audio_only": audio_only,
        "cookies": cookies,
        "cookies_from_browser": browser,
        "proxy": proxy,
        "rate_limit": limit_rate,
    }


def whisper_flags(
    model: str | None,
    model_dir: Path | None,
    device: str | None,
    captions: str | None,
    language: str | None,
    engine: str | None,
    precision: str | None,
    beam: int | None,
    words: bool | None,
) -> dict[str, object]:
    return {
        "engine": engine,
        "precision": precision,
        "beam": beam,
        "words": words,
        "model": model,
        "model_dir": model_dir,
        "device": device,
        "captions": captions,
        "language": language,
    }


def translate_flags(
    translator: str | None,
    model: str | None,
    base_url: str | None,
    memory: list[Path] | None,
    at_once: int | None,
    budget: float | None,
) -> dict[str, object]:
    return {
        "translator": translator,
        "model": model,
        "base_url": base_url,
        "memory": memory,
        "at_once": at_once,
        "budget": budget,
    }


def overrides(
    title: str | None, event: str | None, speakers: list[str] | None, date: str | None
) -> dict[str, Any]:
    return {"title": title, "event": event, "speakers": speakers, "date": date}
