"""The `stw` commands: parse, call, print. What they do stands in `pipeline/`.

Everything heavy is imported inside a command, so that `stw --help` answers at once.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from translate import __version__
from translate.errors import EXIT_INTERRUPTED, StwError

if TYPE_CHECKING:
    from translate.desk import Desk
    from translate.pipeline import Result

app = typer.Typer(
    name="stw",
    help="An English conference talk in, a bilingual EN→ZH Markdown draft out.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done · 2 usage · 3 bad input · 4 network · 5 something is missing here ·"
    " 6 edited by hand, you decide · 7 talk in use · 8 done, with problems to look at.",
)
glossary_app = typer.Typer(
    help="The term base: list its rows, check its files.", no_args_is_help=True
)
app.add_typer(glossary_app, name="glossary")

Flags = dict[str, dict[str, object]]  # table of stw.toml → key → value, None where not given

# --- options that several commands share --------------------------------------------------------

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
    bool | None, typer.Option("--audio-only", help="Do not download the video (no slides).")
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
GlossaryPaths = Annotated[
    list[Path] | None,
    typer.Option(
        "--glossary", help="Term base file or folder, instead of the column's; repeatable."
    ),
]
Drafts = Annotated[Path | None, typer.Option(help="The folder of all talks. [default: drafts]")]
Config = Annotated[Path | None, typer.Option(help="Settings file. [default: stw.toml if there]")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"stw {__version__}")
        raise typer.Exit


@app.callback()
def stw(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Version.")
    ] = False,
) -> None:
    """An English conference talk in, a bilingual EN→ZH Markdown draft out."""


def main() -> None:
    """The console script: the one place where errors are caught."""
    try:
        app()
    except StwError as e:
        from translate.console import report_error

        report_error(e, as_json="--json" in sys.argv)
        sys.exit(e.exit_code)
    except SystemExit as e:
        if e.code == EXIT_INTERRUPTED:  # Typer's answer to Ctrl-C
            typer.echo("stw: interrupted; the same command goes on from here", err=True)
        raise


# --- the stages ---------------------------------------------------------------------------------


@app.command()
def fetch(
    sources: Sources,
    title: Title = None,
    event: Event = None,
    speaker: SpeakerNames = None,
    date: DateOption = None,
    audio_only: AudioOnly = None,
    cookies: Cookies = None,
    cookies_from_browser: Browser = None,
    proxy: Proxy = None,
    limit_rate: RateLimit = None,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Download talks: facts, sound, video, captions."""
    flags: Flags = {
        "": {"drafts": drafts},
        "fetch": _fetch_flags(audio_only, cookies, cookies_from_browser, proxy, limit_rate),
    }
    desk = _desk(config, flags, json, quiet)
    _finish(desk, desk.fetch(sources, _overrides(title, event, speaker, date)))


@app.command()
def transcribe(
    talks: Talks,
    model: WhisperModel = None,
    fast: Fast = False,
    model_dir: ModelDir = None,
    device: Device = None,
    captions: Captions = None,
    language: Language = None,
    glossary: GlossaryPaths = None,
    force: Force = False,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Turn speech into timed text: Whisper, or the creator's captions."""
    flags: Flags = {
        "": {"drafts": drafts, "glossary": glossary},
        "transcribe": _whisper_flags(model, model_dir, device, captions, language),
    }
    desk = _desk(config, flags, json, quiet, fast=fast, force=force)
    _finish(desk, desk.transcribe(talks))


@app.command()
def draft(
    talks: Talks,
    translator: Translator = None,
    chat_model: ChatModel = None,
    base_url: BaseUrl = None,
    memory: Memory = None,
    glossary: GlossaryPaths = None,
    force: Force = False,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Segment, apply the glossary, translate, assemble the draft."""
    flags: Flags = {
        "": {"drafts": drafts, "glossary": glossary},
        "translate": _translate_flags(translator, chat_model, base_url, memory),
    }
    desk = _desk(config, flags, json, quiet, force=force)
    _finish(desk, desk.draft(talks))


@app.command()
def run(
    sources: Sources,
    title: Title = None,
    event: Event = None,
    speaker: SpeakerNames = None,
    date: DateOption = None,
    audio_only: AudioOnly = None,
    cookies: Cookies = None,
    cookies_from_browser: Browser = None,
    proxy: Proxy = None,
    limit_rate: RateLimit = None,
    model: WhisperModel = None,
    fast: Fast = False,
    model_dir: ModelDir = None,
    device: Device = None,
    captions: Captions = None,
    language: Language = None,
    translator: Translator = None,
    chat_model: ChatModel = None,
    base_url: BaseUrl = None,
    memory: Memory = None,
    glossary: GlossaryPaths = None,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fetch, transcribe and draft one or several talks."""
    flags: Flags = {
        "": {"drafts": drafts, "glossary": glossary},
        "fetch": _fetch_flags(audio_only, cookies, cookies_from_browser, proxy, limit_rate),
        "transcribe": _whisper_flags(model, model_dir, device, captions, language),
        "translate": _translate_flags(translator, chat_model, base_url, memory),
    }
    desk = _desk(config, flags, json, quiet, fast=fast)
    _finish(desk, desk.run(sources, _overrides(title, event, speaker, date)))


# --- looking around -----------------------------------------------------------------------------


@app.command()
def status(
    talk: Annotated[
        str | None, typer.Argument(metavar="TALK", help="One talk; all of them when left out.")
    ] = None,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show each stage: missing, fresh, stale, edited; what to do next."""
    desk = _desk(config, {"": {"drafts": drafts}}, json, quiet=False)
    if not desk.status(talk):
        raise typer.Exit(3)


@app.command()
def doctor(config: Config = None, json: Json = False) -> None:
    """Check this machine; say what mends what is missing."""
    from translate.doctor import examine

    desk = _desk(config, {}, json, quiet=False)
    if not examine(desk.settings, os.environ, desk.console):
        raise typer.Exit(5)


@app.command()
def demo(
    transcribe: Annotated[
        bool, typer.Option("--transcribe", help="Take the speech through Whisper instead.")
    ] = False,
    drafts: Drafts = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run the whole line on a bundled sample, offline, in seconds."""
    from translate.demo import SAMPLE

    flags: Flags = {
        "": {"drafts": drafts},
        "transcribe": {
            "model": str(SAMPLE.checkpoint),
            "captions": "never" if transcribe else "only",
            "device": "cpu",
        },
        "translate": {"translator": "memory", "memory": [str(SAMPLE.memory)]},
    }
    desk = _desk(None, flags, json, quiet)
    _finish(desk, desk.run([str(SAMPLE.video)], _overrides(None, None, None, None)))


@glossary_app.command("list")
def glossary_list(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORD", help="Rows with this in them.")
    ] = None,
    glossary: GlossaryPaths = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """List the terms: English, Chinese, policy, what they are misheard as."""
    desk = _desk(config, {"": {"glossary": glossary}}, json, quiet=False)
    desk.list_terms(words or [])


@glossary_app.command("check")
def glossary_check(
    glossary: GlossaryPaths = None, config: Config = None, json: Json = False
) -> None:
    """Say what is wrong with the term base files, each with file and line."""
    desk = _desk(config, {"": {"glossary": glossary}}, json, quiet=False)
    if not desk.check_terms():
        raise typer.Exit(3)


# --- from flags to settings ---------------------------------------------------------------------


def _desk(
    config: Path | None,
    flags: Flags,
    as_json: bool,
    quiet: bool,
    *,
    fast: bool = False,
    force: bool = False,
) -> "Desk":
    from translate.console import Console
    from translate.desk import Desk
    from translate.settings import load

    settings = load(config, os.environ, {t: _plain(values) for t, values in flags.items()})
    return Desk(settings, os.environ, Console(quiet=quiet, as_json=as_json), fast=fast, force=force)


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    """Paths as text; options that were not given left out."""
    plain: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Path):
            plain[key] = str(value)
        elif isinstance(value, list):
            plain[key] = [str(v) for v in value]
        elif value is not None:
            plain[key] = value
    return plain


def _fetch_flags(
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


def _whisper_flags(
    model: str | None,
    model_dir: Path | None,
    device: str | None,
    captions: str | None,
    language: str | None,
) -> dict[str, object]:
    return {
        "model": model,
        "model_dir": model_dir,
        "device": device,
        "captions": captions,
        "language": language,
    }


def _translate_flags(
    translator: str | None, model: str | None, base_url: str | None, memory: list[Path] | None
) -> dict[str, object]:
    return {"translator": translator, "model": model, "base_url": base_url, "memory": memory}


def _overrides(
    title: str | None, event: str | None, speakers: list[str] | None, date: str | None
) -> dict[str, Any]:
    return {"title": title, "event": event, "speakers": speakers, "date": date}


def _finish(desk: "Desk", outcomes: Iterable["Result | StwError"]) -> None:
    """Print how each talk ended; the exit code is the first failure's."""
    code = desk.conclude(list(outcomes))
    if code:
        raise typer.Exit(code)
