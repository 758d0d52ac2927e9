"""Transcribe: sound or captions become transcript.json, window by window, resumable."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import msgspec

from translate import coverage
from translate import glossary as terms
from translate.bias import bias_prompt
from translate.errors import BadFileError, InputError
from translate.flags import problems_of
from translate.glossary import Glossary
from translate.model import (
    Engine,
    Flag,
    Media,
    Problem,
    Progress,
    Talk,
    Transcript,
    WindowResult,
)
from translate.pipeline.run import Result, Tools, Wishes, bring, put_side
from translate.pipeline.step_slides import slides_today, words_of_slides
from translate.stages import fetch as fetching
from translate.stages import transcribe as transcribing
from translate.stages.mishear_shown import lacking, names_on
from translate.subtitles import srt
from translate.turns import turns
from translate.workspace import (
    ARTICLE,
    TRANSCRIPT,
    TRANSCRIPT_SRT,
    WINDOWS,
    Lines,
    State,
    Workspace,
    digest,
    talks,
)

_SHOWN = 20  # names of slides in a prompt
_NAMED = 5  # of them in a message
_OF_SLIDES = "slides"  # the parameter of a transcript's engine that keeps those
_EARLIER = 8  # talks of the same event that are looked at
_MISSING = 0.01  # of the length that a page states: it is rounded, and players differ
TRANSCRIBE_RULES = "2"  # raised when the rules change, so that older transcripts count as stale


def transcribe(
    workspace: Workspace,
    tools: Tools,
    glossary: Glossary,
    wishes: Wishes,
    progress: Progress,
) -> Result:
    """Bring transcript.json and transcript.srt up to date."""
    with workspace.locked("stw transcribe"):
        talk = workspace.talk()
        plan = _planned(workspace, talk, tools, wishes)

        def make() -> Transcript:
            if plan.source.kind == "captions":
                return _from_captions(workspace, talk, plan, tools, progress)
            return _from_audio(workspace, talk, plan, tools, glossary, wishes, progress)

        made = bring(workspace, "transcribe", TRANSCRIPT, plan.key, make, force=wishes.force)
        if made.did == "made":  # else what lies there is another run's, begun and not finished
            Lines(workspace.path(WINDOWS)).clear()
        transcript = workspace.transcript()
        text = srt([(c.start, c.end, c.text) for c in transcript.cues])
        problems = put_side(workspace, TRANSCRIPT_SRT, text, source=TRANSCRIPT, force=wishes.force)
        if unheard := unheard_of_slides(workspace, transcript, glossary, wishes):
            problems.append(unheard_problem(workspace, unheard))
    return Result(
        workspace=workspace,
        made=(made,),
        problems=(*problems_of(transcript), *problems),
        coverage=coverage.measure(transcript),
    )


def speech_source(talk: Talk, policy: str) -> Media:
    """The file whose words are taken: creator-made captions when wanted and there, else sound."""
    track = fetching.choose_captions(talk.captions) if policy != "never" else None
    files = {m.file: m for m in talk.media}
    if track and track.file in files:
        return files[track.file]
    if policy == "only":
        raise InputError(
            f"{talk.slug}: no creator-made English captions",
            f"stw transcribe {talk.slug} --captions never takes the speech through Whisper",
        )
    if talk.sound:
        return talk.sound
    raise InputError(
        f"{talk.slug}: no audio has been downloaded", f"stw fetch {talk.source or 'URL'}"
    )


def transcript_from(
    workspace: Workspace, talk: Talk, tools: Tools, wishes: Wishes
) -> tuple[Media, str]:
    """What the transcript is made from: the file, and the key."""
    plan = _planned(workspace, talk, tools, wishes)
    return plan.source, plan.key


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What a transcript is made from and by; `key` says exactly this, or what stays as it is."""

    source: Media
    key: str
    recogniser: Mapping[str, str]  # what `Tools.recogniser` builds it from
    language: str  # empty: English is expected and checked


def _planned(workspace: Workspace, talk: Talk, tools: Tools, wishes: Wishes) -> _Plan:
    """A transcript that is there stays fresh while its file does, until a person asks for more.

    Nobody wants hours of decoding again because `--fast` was left out the second time. What is
    made again (`--force`, an option, a new file) takes the engine, model, options and language
    that the talk had, and what is asked for now in their place. A checkpoint of one's own is
    known by its content alone, so it must be named again: else the default takes its place.

    The prompt that biases Whisper is no part of the key: with it, one new row in the term base
    would make every transcript stale. It stands in the transcript's provenance; `--force` takes
    the words anew.
    """
    made_from = workspace.key(TRANSCRIPT).split(":")
    same = [m for m in talk.media if _source_key(m) == made_from[0]]
    source = same[0] if same and _still_wanted(same[0], wishes) else None
    source = source or speech_source(talk, wishes.captions)
    file, captions = _source_key(source), source.kind == "captions"
    kept: Mapping[str, str] = {}
    language = wishes.language
    if len(made_from) == 3 and (made_from[1] == digest("captions")) == captions:
        kept = _parts(made_from[1])
        language = language or made_from[2]
    spoken = language or "en"
    language = "" if spoken == "en" and not wishes.language else spoken
    if captions:
        key = f"{file}:{digest('captions')}:{spoken}"
        return _Plan(source=source, key=key, recogniser={}, language=language)
    asked = _asked(tools)
    names = {digest(name): name for name in tools.known_models()}
    model = "" if "model" in asked else names.get(kept.get("model", ""), "")
    made_by = {**_PLAIN, **kept, "model": digest(model or tools.default_model), **asked}
    key = f"{file}:{_by(made_by)}:{spoken}"
    if kept and asked.items() <= kept.items() and not wishes.force:
        old = f"{file}:{made_from[1]}:{spoken}"
        stays = workspace.state(TRANSCRIPT, old) in (State.FRESH, State.EDITED)
        key = old if stays else key
    recogniser = {**made_by, "model": model}
    return _Plan(source=source, key=key, recogniser=recogniser, language=language)


# What is taken where nobody asks; it does not stand in keys.
_PLAIN = {"engine": "whisper", "precision": "auto", "beam": "1", "words": "no"}


def _asked(tools: Tools) -> dict[str, str]:
    """The model, engine and options that a person asked for; not what they left open."""
    model = tools.recogniser_id()
    return {**({"model": digest(model)} if model else {}), **tools.recogniser_options}


def _by(parts: Mapping[str, str]) -> str:
    """`<model>`, with `+<option>=<value>` for each that is not plain."""
    rest = {k: v for k, v in parts.items() if v != _PLAIN.get(k)}
    return "".join([rest.pop("model"), *(f"+{k}={v}" for k, v in sorted(rest.items()))])


def _parts(by: str) -> dict[str, str]:
    """What `_by` was given."""
    model, *rest = by.split("+")
    parts = dict(part.partition("=")[::2] for part in rest)
    return {**_PLAIN, **parts, "model": model}


def _still_wanted(source: Media, wishes: Wishes) -> bool:
    """Whether the file that a transcript was made from is still one the user may mean."""
    return wishes.captions != ("never" if source.kind == "captions" else "only")


def _source_key(media: Media) -> str:
    return digest(TRANSCRIBE_RULES, media.kind, media.sha256)


def _from_captions(
    workspace: Workspace,
    talk: Talk,
    plan: _Plan,
    tools: Tools,
    progress: Progress,
) -> Transcript:
    """Captions as the transcript, held against the sound where it is there."""
    source = plan.source
    captions = tools.read_captions(workspace.path(source.file))
    transcript = transcribing.from_captions(
        captions.cues,
        duration=talk.duration,
        engine=Engine(name="captions", model=source.file.rpartition("/")[2]),
        detect=tools.text_language,
        language=plan.language or None,
        flags=captions.flags,
    )
    sound = talk.sound
    if sound is None or not workspace.has(sound.file):
        unchecked = Flag(start=0.0, end=transcript.duration, rule="unchecked", action="kept")
        return _doubted(replace(transcript, flags=(unchecked, *transcript.flags)))
    audio = tools.decode(workspace.path(sound.file), progress)
    speech = tools.detector().speech(audio)
    told = replace(transcript, speech=speech, flags=(*transcript.flags, *audio.flags))
    return _doubted(_held_to(talk, told, audio), audio.duration)


def _from_audio(
    workspace: Workspace,
    talk: Talk,
    plan: _Plan,
    tools: Tools,
    glossary: Glossary,
    wishes: Wishes,
    progress: Progress,
) -> Transcript:
    # First: a wrong model's name is told before hours of decoding.
    recogniser = tools.recogniser(plan.recogniser)
    engine = recogniser.engine  # so is a precision that the device has not
    audio = tools.decode(workspace.path(plan.source.file), progress)
    journal = WindowJournal(workspace.path(WINDOWS), plan.key, engine, anew=wishes.force)
    today = bias(
        talk,
        glossary,
        tools.count_tokens,
        same_event(workspace, talk),
        words_of_slides(workspace, wishes),
        names_of_slides(workspace, glossary, wishes),
    )
    prompt = journal.prompt(lambda: today)
    heard = transcribing.transcribe_audio(
        audio,
        recogniser,
        tools.detector(),
        journal=journal,
        prompt=prompt,
        language=plan.language or None,
        progress=progress,
    )
    # Of a run that was begun before the slides were read, only what it was told counts.
    told = [n for n in _shown_names(workspace, glossary, wishes) if prompt == today or n in prompt]
    if told:
        known = {**heard.engine.parameters, _OF_SLIDES: "; ".join(told)}
        heard = replace(heard, engine=replace(heard.engine, parameters=known))
    return _doubted(_held_to(talk, heard, audio), audio.duration)


def _held_to(talk: Talk, transcript: Transcript, audio: transcribing.Audio) -> Transcript:
    """With a flag where the sound is shorter than its page says and the file does not tell.

    A local file's length is its own; in a file with a picture, the picture may outlast the sound.
    """
    sound = talk.sound
    pictured = sound and any(m.kind == "video" and m.file == sound.file for m in talk.media)
    missing = talk.duration - audio.duration
    known = any(f.rule == "truncated" for f in audio.flags)
    if known or pictured or not talk.url or missing <= max(1.0, talk.duration * _MISSING):
        return transcript
    detail = f"its page says {talk.duration:.0f} s and the file holds {audio.duration:.0f} s"
    flag = Flag(
        start=audio.duration,
        end=talk.duration,
        rule="truncated",
        action="kept",
        detail=f"{detail}: {missing:.0f} s are missing",
    )
    return replace(transcript, flags=(*transcript.flags, flag))


def _doubted(transcript: Transcript, duration: float | None = None) -> Transcript:
    """With what the whole talk tells: where words are missing, times that drift, other speakers.

    `duration` of the sound; None where it is not here, and only the words can tell anything.
    """
    found = turns(transcript.cues, transcript.speech)
    if duration is not None:
        found += coverage.doubts(transcript, duration)
    flags = dict.fromkeys([*transcript.flags, *found])
    return replace(transcript, flags=tuple(sorted(flags, key=lambda f: (f.start, f.end))))


def bias(
    talk: Talk,
    glossary: Glossary,
    count_tokens: Callable[[str], int],
    earlier: Iterable[str] = (),
    shown: Iterable[str] = (),
    names: Iterable[str] = (),
) -> str:
    """The prompt that makes Whisper spell this talk's terms; `earlier`: what others said before,
    `shown`: what stands on its slides, `names`: those of it that the term base lacks."""
    chapters = (c.title for c in talk.chapters)
    context = "\n".join([talk.title, talk.event, talk.description, *chapters, *shown])
    return bias_prompt(
        terms.bias_terms(glossary, context, names=names, earlier=earlier),
        title=talk.title,
        event=talk.event,
        speakers=tuple(s.name for s in talk.speakers),
        count_tokens=count_tokens,
    )


def unheard_of_slides(
    workspace: Workspace, transcript: Transcript, glossary: Glossary, wishes: Wishes
) -> tuple[str, ...]:
    """Names that stand on slides read, or edited, after the words were taken.

    The transcript stays as it is: words that took hours are not thrown away for a name.
    """
    known = transcript.engine.parameters
    if "prompt" not in known:  # captions, or words from elsewhere
        return ()
    told = known.get(_OF_SLIDES, "").split("; ")
    today = _shown_names(workspace, glossary, wishes)
    return tuple(n for n in today if n not in told and n not in known["prompt"])


def unheard_problem(workspace: Workspace, names: Sequence[str]) -> Problem:
    listed = ", ".join(names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return Problem(
        rule="slides-unheard",
        severity="info",
        message=f"the words were taken before these stood on the slides: {listed}{more}",
        where=TRANSCRIPT,
        hint=f"they stay as they are; stw transcribe {workspace.slug} --force takes them anew",
    )


def _shown_names(workspace: Workspace, glossary: Glossary, wishes: Wishes) -> tuple[str, ...]:
    """What of the slides a prompt would name, if it had room."""
    words = "\n".join(words_of_slides(workspace, wishes))
    said = (term.source for term in glossary.terms_in(words))
    return tuple(dict.fromkeys([*said, *names_of_slides(workspace, glossary, wishes)]))


def names_of_slides(workspace: Workspace, glossary: Glossary, wishes: Wishes) -> tuple[str, ...]:
    """Names in titles and bullets that the term base lacks, those on the most slides first.

    Charts are left out: what is small in them is often misread, and a prompt would spread that.
    """
    with contextlib.suppress(InputError):  # told where the slides themselves are wanted
        slides = [replace(s, words="") for s in slides_today(workspace, wishes)]
        names = lacking((n.text for n in names_on(slides)), glossary)
        whole = [n for n in names if not any(n != other and n in other.split() for other in names)]
        return tuple(whole[:_SHOWN])
    return ()


def same_event(workspace: Workspace, talk: Talk) -> Iterator[str]:
    """The English of other talks of the same event, as far as they lie beside this one.

    At most the eight latest; those that cannot be read are passed over.
    """
    if not talk.event:
        return
    others: list[tuple[str, Workspace]] = []
    for other in talks(workspace.folder.parent):
        with contextlib.suppress(BadFileError):
            known = other.talk()
            same = known.event.casefold() == talk.event.casefold()
            if same and other.slug != workspace.slug and other.has(ARTICLE):
                others.append((known.date, other))
    for _, other in sorted(others, key=lambda o: (o[0], o[1].slug), reverse=True)[:_EARLIER]:
        with contextlib.suppress(BadFileError):
            yield "\n".join(p.english for p in other.article().paragraphs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One line of the journal: finished windows, or what a run has decided once."""

    windows: tuple[WindowResult, ...] = ()
    key: str = ""
    prompt: str | None = None
    engine: str = ""  # the group's
    group: Annotated[int, msgspec.Meta(ge=1)] | None = None
    language: str | None = None
    probability: float = 0.0


class WindowJournal:
    """What transcriptions of one talk have settled, each thing on disk as soon as it is done.

    Windows are found by what they are made of, so that a run with another model or language
    between two of the same loses nothing. What a run decides once (the prompt, the language) is
    kept under the run's key, so that a continued run does not mix two prompts when the glossary
    was changed in between; how many windows make a group, under the engine as well, because what
    a GPU takes at once may be more than a processor's memory. `anew`: the prompt and the language
    of an earlier run do not count.
    """

    def __init__(self, path: Path, key: str, engine: Engine, *, anew: bool = False) -> None:
        self._lines = Lines(path)
        self._windows: dict[str, WindowResult] = {}
        parameters = sorted(engine.parameters.items())
        self._engine = digest(engine.name, engine.model, engine.version, repr(parameters))
        self._group: int | None = None
        settled: dict[str, object] = {}
        for row in self._lines.read():
            with contextlib.suppress(msgspec.ValidationError):  # of another version: done again
                kept = msgspec.convert(row, _Row)
                self._windows |= {r.of: r for r in kept.windows if r.of not in self._windows}
                if kept.key != key:
                    continue
                if kept.group is None and not anew:
                    settled |= row
                elif kept.group is not None and kept.engine == self._engine:
                    self._group = kept.group
        self._settled = msgspec.convert({**settled, "key": key}, _Row)

    def _settle(self, **made: Any) -> None:
        self._settled = replace(self._settled, **made)
        self._lines.append({"key": self._settled.key, **made})

    def prompt(self, make: Callable[[], str]) -> str:
        if self._settled.prompt is None:
            self._settle(prompt=make())
        return self._settled.prompt or ""

    def group(self, size: int) -> int:
        if self._group is None:
            self._group = size
            self._settle(engine=self._engine, group=size)
        return self._group

    def language(self, detect: Callable[[], tuple[str, float]]) -> tuple[str, float]:
        if self._settled.language is None:
            found, probability = detect()
            self._settle(language=found, probability=probability)
        return self._settled.language or "", self._settled.probability

    def load(self) -> dict[str, WindowResult]:
        return dict(self._windows)

    def append(self, results: Sequence[WindowResult]) -> None:
        self._lines.append({"windows": results})
        self._windows |= {r.of: r for r in results}
