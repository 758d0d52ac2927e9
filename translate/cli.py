"""The `stw` commands: parse, call, print. What they do stands in `pipeline/`.

Everything heavy is imported inside a command, so that `stw --help` answers at once.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from translate import __version__
from translate.errors import EXIT_INTERRUPTED, SettingsError, StwError
from translate.options import (
    AtOnce,
    AudioOnly,
    BaseUrl,
    Beam,
    Bilingual,
    Blog,
    Browser,
    Budget,
    Captions,
    ChatModel,
    Config,
    Cookies,
    DateOption,
    Device,
    Drafts,
    Engine,
    Event,
    Fast,
    Flags,
    Force,
    GlossaryPaths,
    Json,
    Language,
    Memory,
    ModelDir,
    NotesAmount,
    OneTalk,
    Precision,
    Proxy,
    Quiet,
    RateLimit,
    Replace,
    Slides,
    Sources,
    SpeakerNames,
    Talks,
    Title,
    Translator,
    WhisperModel,
    Words,
    fetch_flags,
    overrides,
    translate_flags,
    whisper_flags,
)

if TYPE_CHECKING:
    from translate.desk import Desk, Outcome

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
    help="The term base: look at it, add to it, exchange it.", no_args_is_help=True
)
memory_app = typer.Typer(
    help="The translation memory: what was learned from finished talks.", no_args_is_help=True
)
bench_app = typer.Typer(
    help="Measure what is fastest and most accurate on this machine.", no_args_is_help=True
)
app.add_typer(glossary_app, name="glossary")
app.add_typer(memory_app, name="memory")
app.add_typer(bench_app, name="bench")


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
        "fetch": fetch_flags(audio_only, cookies, cookies_from_browser, proxy, limit_rate),
    }
    desk = _desk(config, flags, json, quiet)
    _finish(desk, desk.fetch(sources, overrides(title, event, speaker, date)))


@app.command()
def slides(
    talks: Talks,
    slides: Annotated[
        str | None,
        typer.Option(
            "--slides",
            metavar="<images|full>",
            help="images, or full (text too). [default: full, where it can be read]",
        ),
    ] = None,
    force: Force = False,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the slides in the video, and read them.

    Before stw transcribe, they help it to spell names; stw run and stw draft do it by themselves.
    """
    if slides == "none":
        raise SettingsError("the command line: slides cannot be 'none' here", "images or full")
    flags: Flags = {"": {"drafts": drafts, "slides": slides}}
    desk = _desk(config, flags, json, quiet, force=force)
    _finish(desk, desk.slides(talks))


@app.command()
def transcribe(
    talks: Talks,
    model: WhisperModel = None,
    fast: Fast = False,
    model_dir: ModelDir = None,
    engine: Engine = None,
    device: Device = None,
    precision: Precision = None,
    beam: Beam = None,
    words: Words = None,
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
        "transcribe": whisper_flags(
            model, model_dir, device, captions, language, engine, precision, beam, words
        ),
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
    at_once: AtOnce = None,
    budget: Budget = None,
    glossary: GlossaryPaths = None,
    notes: NotesAmount = None,
    slides: Slides = None,
    take: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TIME",
            help="Only take the new text where you and the tool have both changed a block; as the"
            " report calls it: 00:12:31, or a key such as title. Repeatable.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Tell paragraphs, tokens and cost; send and write nothing."),
    ] = False,
    force: Force = False,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Segment, apply the glossary, translate, assemble the draft."""
    flags: Flags = {
        "": {"drafts": drafts, "glossary": glossary, "notes": notes, "slides": slides},
        "translate": translate_flags(translator, chat_model, base_url, memory, at_once, budget),
    }
    desk = _desk(config, flags, json, quiet, force=force)
    if dry_run:
        if code := desk.plan(talks):
            raise typer.Exit(code)
        return
    if take:
        from translate.press import Press

        Press(desk).take(_one(talks, "--take"), take)
        return
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
    engine: Engine = None,
    device: Device = None,
    precision: Precision = None,
    beam: Beam = None,
    words: Words = None,
    captions: Captions = None,
    language: Language = None,
    translator: Translator = None,
    chat_model: ChatModel = None,
    base_url: BaseUrl = None,
    memory: Memory = None,
    at_once: AtOnce = None,
    budget: Budget = None,
    glossary: GlossaryPaths = None,
    notes: NotesAmount = None,
    slides: Slides = None,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fetch, transcribe and draft one or several talks."""
    flags: Flags = {
        "": {"drafts": drafts, "glossary": glossary, "notes": notes, "slides": slides},
        "fetch": fetch_flags(audio_only, cookies, cookies_from_browser, proxy, limit_rate),
        "transcribe": whisper_flags(
            model, model_dir, device, captions, language, engine, precision, beam, words
        ),
        "translate": translate_flags(translator, chat_model, base_url, memory, at_once, budget),
    }
    desk = _desk(config, flags, json, quiet, fast=fast)
    _finish(desk, desk.run(sources, overrides(title, event, speaker, date)))


# --- after the draft ----------------------------------------------------------------------------


@app.command()
def brief(
    talk: OneTalk,
    translator: Translator = None,
    chat_model: ChatModel = None,
    base_url: BaseUrl = None,
    glossary: GlossaryPaths = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace your brief.md; it is backed up."),
    ] = False,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Have a model propose a summary and terms, in a file to edit before the draft is made."""
    from translate.press import Press

    flags: Flags = {
        "": {"drafts": drafts, "glossary": glossary},
        "translate": translate_flags(translator, chat_model, base_url, None, None, None),
    }
    Press(_desk(config, flags, json, quiet)).brief(talk, force=force)


@app.command()
def check(
    talks: Annotated[
        list[str] | None,
        typer.Argument(metavar="TALK", help="Talks with a draft; all of them when left out."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings count as errors do: for CI.")
    ] = False,
    blog: Annotated[
        Path | None,
        typer.Option(help="A checkout of the blog: its lint-md and prettier look as well (Node)."),
    ] = None,
    silence: Annotated[
        str | None, typer.Option(metavar="ID", help="Stop reporting one item of one talk.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; with --silence. Empty: report it again.")] = "",
    glossary: GlossaryPaths = None,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print what an editor must look at, as the draft is now; exit 8 while errors are left."""
    from translate.press import Press

    desk = _desk(config, {"": {"drafts": drafts, "glossary": glossary}}, json, quiet)
    press = Press(desk)
    if silence:
        press.silence(_one(talks or [], "--silence"), silence, reason)
    if code := press.check(talks or [], strict=strict, blog=blog):
        raise typer.Exit(code)


@app.command()
def publish(
    talk: OneTalk,
    blog: Blog = None,
    slug: Annotated[
        str, typer.Option(help="The post's name: a-z, 0-9, -. Empty: the last one, or the talk's.")
    ] = "",
    bilingual: Bilingual = None,
    allow_unfinished: Annotated[
        bool, typer.Option("--allow-unfinished", help="With errors and open slots, to look at it.")
    ] = False,
    force: Force = False,
    glossary: GlossaryPaths = None,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make the draft a post: Chinese, without slots and anchors, pictures numbered."""
    from translate.press import Press

    flags: Flags = {
        "": {"drafts": drafts, "glossary": glossary},
        "publish": {"blog": blog, "bilingual": bilingual},
    }
    desk = _desk(config, flags, json, quiet)
    code = Press(desk).publish(
        talk,
        slug=slug,
        bilingual=desk.settings.publish.bilingual,
        unfinished=allow_unfinished,
        force=force,
    )
    if code:
        raise typer.Exit(code)


@app.command()
def preview(
    talk: OneTalk,
    bilingual: Bilingual = None,
    open_: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write the post as one page in the blog's look; it runs nothing."""
    from translate.press import Press

    flags: Flags = {"": {"drafts": drafts}, "publish": {"bilingual": bilingual}}
    desk = _desk(config, flags, json, quiet=False)
    page = Press(desk).preview(talk, bilingual=desk.settings.publish.bilingual)
    if open_:
        typer.launch(page.as_uri())


@app.command()
def learn(
    talks: Annotated[
        list[str] | None,
        typer.Argument(metavar="TALK", help="Talks with a draft; all of them when left out."),
    ] = None,
    glossary: GlossaryPaths = None,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Learn from an edited draft: pairs for the memory, terms to accept, how much was changed."""
    from translate.press import Press

    desk = _desk(config, {"": {"drafts": drafts, "glossary": glossary}}, json, quiet)
    if code := Press(desk).learn(talks or []):
        raise typer.Exit(code)


@memory_app.command("import")
def memory_import(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help=".tmx or .jsonl")],
    glossary: GlossaryPaths = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take translation memories of others (TMX 1.4b, JSON Lines) into the column's."""
    from translate.press import Press

    Press(_desk(config, {"": {"glossary": glossary}}, json, quiet=False)).import_memories(files)


@memory_app.command("export")
def memory_export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".tmx or .jsonl")],
    force: Annotated[bool, typer.Option("--force", help="Take the place of a file.")] = False,
    glossary: GlossaryPaths = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write everything that was learned as one translation memory."""
    from translate.press import Press

    desk = _desk(config, {"": {"glossary": glossary}}, json, quiet=False)
    Press(desk).export_memories(file, force=force)


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
def model(
    name: Annotated[str, typer.Argument(metavar="OWNER/MODEL", help="As the hub calls it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Download it without asking.")] = False,
    json: Json = False,
) -> None:
    """Tell size and licence of a language model for --translator local, and download it."""
    from translate.console import Console
    from translate.doctor import fetch_model

    def agreed(text: str) -> bool:
        return yes or (not json and typer.confirm(f"{text}\nDownload it?"))

    fetch_model(name, Console(quiet=False, as_json=json), agreed=agreed)


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
    _finish(desk, desk.run([str(SAMPLE.video)], overrides(None, None, None, None)))


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


@glossary_app.command("add")
def glossary_add(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The English.")],
    target: Annotated[
        str,
        typer.Argument(metavar="TARGET", help="The Chinese; several with | between; '' for none."),
    ],
    policy: Annotated[
        str, typer.Option(help="strict, prefer, keep or forbid. [default: prefer]")
    ] = "",
    file: Annotated[
        str, typer.Option(metavar="NAME", help="File of your term base. [default: terms.csv]")
    ] = "",
    note: Annotated[str, typer.Option(help="For editors.")] = "",
    heard_as: Annotated[
        list[str] | None, typer.Option("--heard-as", help="What it is misheard as; repeatable.")
    ] = None,
    forbidden: Annotated[
        list[str] | None, typer.Option(help="Chinese that must not stand for it; repeatable.")
    ] = None,
    replace: Replace = False,
    glossary: GlossaryPaths = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Add one row to your term base."""
    from translate.termdesk import TermDesk, row

    desk = _desk(config, {"": {"glossary": glossary}}, json, quiet=False)
    term = row(source, target, policy, note, heard_as or [], forbidden or [])
    TermDesk(desk).add(term, file=file, replacing=replace, policy_said=bool(policy))


@glossary_app.command("import")
def glossary_import(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Somebody else's term base.")],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="deepl, omegat, tbx, csv, list or markdown. [default: by its content]",
        ),
    ] = None,
    into: Annotated[
        str, typer.Option(metavar="NAME", help="File of your term base. [default: as FILE]")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would come in; write nothing.")
    ] = False,
    replace: Replace = False,
    glossary: GlossaryPaths = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take in DeepL, OmegaT, Weblate, TBX, lists or Markdown tables; exit 8 if rows are left."""
    from translate.termdesk import TermDesk

    desk = _desk(config, {"": {"glossary": glossary}}, json, quiet=False)
    code = TermDesk(desk).take_in(file, form=form, into=into, dry_run=dry_run, replacing=replace)
    if code:
        raise typer.Exit(code)


@glossary_app.command("export")
def glossary_export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".csv, .txt or .tbx")],
    form: Annotated[
        str | None,
        typer.Option("--format", help="deepl, omegat or tbx. [default: by FILE's ending]"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Take the place of a file.")] = False,
    glossary: GlossaryPaths = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write the term base for DeepL, OmegaT or TBX; tell what the format cannot hold."""
    from translate.termdesk import TermDesk

    desk = _desk(config, {"": {"glossary": glossary}}, json, quiet=False)
    TermDesk(desk).hand_out(file, form=form, force=force)


@glossary_app.command("suggest")
def glossary_suggest(
    talk: OneTalk,
    glossary: GlossaryPaths = None,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """List what a talk says that looks like a term and has no row; write nothing."""
    from translate.termdesk import TermDesk

    desk = _desk(config, {"": {"glossary": glossary, "drafts": drafts}}, json, quiet=False)
    TermDesk(desk).suggest(talk)


@glossary_app.command("stats")
def glossary_stats(
    talk: Annotated[
        str | None, typer.Argument(metavar="TALK", help="What became of the terms in it.")
    ] = None,
    glossary: GlossaryPaths = None,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Count the rows by file and policy; of a talk, the terms said and missed."""
    from translate.termdesk import TermDesk

    desk = _desk(config, {"": {"glossary": glossary, "drafts": drafts}}, json, quiet=False)
    TermDesk(desk).stats(talk)


@glossary_app.command("undo")
def glossary_undo(
    talk: OneTalk,
    what: Annotated[
        str,
        typer.Argument(
            metavar="TIME|TEXT",
            help="A time as the report gives it (00:12:31); or what was heard, or the term: then"
            " everywhere in the talk.",
        ),
    ],
    redo: Annotated[bool, typer.Option("--redo", help="Correct it again.")] = False,
    drafts: Drafts = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take back what the glossary corrected in one talk; stw draft then shows what was heard."""
    _desk(config, {"": {"drafts": drafts}}, json, quiet=False).undo(talk, what, redo=redo)


# --- measuring ----------------------------------------------------------------------------------


@bench_app.command("transcribe")
def bench_transcribe(
    clips: Annotated[
        list[str],
        typer.Argument(
            metavar="CLIP...",
            help="Audio or video files; with --wer each has its words beside it (clip.txt, .srt or"
            " .vtt), or names them: clip.mp4=reference.txt.",
        ),
    ],
    model: WhisperModel = None,
    engines: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="Of whisper, faster-whisper and openai (openai-whisper's own transcribe()), with"
            " commas. [default: all that are installed]",
        ),
    ] = "",
    precisions: Annotated[
        str,
        typer.Option(
            metavar="NAMES", help="Of auto, float32, bfloat16, float16 and int8, with commas."
        ),
    ] = "auto",
    runs: Annotated[int, typer.Option(min=1, help="Of every engine, taking turns.")] = 3,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Of the processor. [default: as torch chooses]")
    ] = None,
    wer: Annotated[
        bool,
        typer.Option(
            "--wer",
            help="Count word errors and terms missed, too: what int8 or bfloat16 costs is settled"
            " by your model on your clips.",
        ),
    ] = False,
    model_dir: ModelDir = None,
    device: Device = None,
    glossary: GlossaryPaths = None,
    config: Config = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Time the engines on your clips, part by part; with --wer, count their errors.

    From the file to the transcript, after a warm-up that tells how long it will take; loading the
    model counts apart. The output is Markdown, with the machine, to pass on.
    """
    from translate.benchdesk import BenchDesk

    flags: Flags = {
        "": {"glossary": glossary},
        "transcribe": {"model": model, "model_dir": model_dir, "device": device},
    }
    code = BenchDesk(_desk(config, flags, json, quiet)).transcribe(
        clips, engines=engines, precisions=precisions, runs=runs, threads=threads, words=wer
    )
    if code:
        raise typer.Exit(code)


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


def _one(talks: list[str], option: str) -> str:
    """The one talk that an option is about. Raises SettingsError for none or several."""
    if len(talks) != 1:
        raise SettingsError(f"{option} is about one talk, and {len(talks)} are named")
    return talks[0]


def _finish(desk: "Desk", outcomes: Iterable["Outcome"]) -> None:
    """Print how each talk ended; the exit code is the first failure's."""
    code = desk.conclude(list(outcomes))
    if code:
        raise typer.Exit(code)
