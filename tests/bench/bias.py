"""`python -m tests.bench.bias CHECKPOINT TALK...`: the terms a recogniser gets right, told or not.

A TALK is a talk's folder whose sound is there and whose `reference.txt` has its words as a person
wrote them. Each is recognised twice by our path, with the prompt that `stw transcribe` makes and
with none; a term of the column counts as often as the reference says it, and is right as often as
the transcript does, before any correction. Needs a real checkpoint: one that knows no more than a
few clips says nothing about prompts.
"""

import argparse
from collections import Counter
from pathlib import Path

from tests.bench.mishearings import ROOT
from translate import glossary as terms
from translate.backends.media import Audio, decode
from translate.backends.vad import Silero
from translate.backends.whisper import Whisper, count_tokens
from translate.glossary import Glossary
from translate.pipeline.step_transcribe import bias, same_event
from translate.stages.transcribe import NoJournal, transcribe_audio
from translate.workspace import Workspace

REFERENCE = "reference.txt"


def said(text: str, glossary: Glossary) -> Counter[str]:
    return Counter(match.term.source for match in glossary.matches(text))


def heard(audio: Audio, recogniser: Whisper, prompt: str) -> tuple[str, int]:
    """The words, and how many segments were taken out as an echo of the prompt."""
    transcript = transcribe_audio(
        audio, recogniser, Silero(), journal=NoJournal(), prompt=prompt, language="en"
    )
    echoes = sum(flag.rule == "prompt-echo" for flag in transcript.flags)
    return " ".join(cue.text for cue in transcript.cues), echoes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("talks", nargs="+", type=Path)
    options = parser.parse_args()
    recogniser = Whisper(options.checkpoint)
    base = terms.load(sorted((ROOT / "glossary").glob("*.csv")))
    total: Counter[str] = Counter()
    print("talk\tterms said\tright with the prompt\tright without\techoes")
    for folder in options.talks:
        workspace = Workspace(folder)
        talk = workspace.talk()
        if talk.sound is None:
            parser.error(f"{folder}: no sound")
        prompt = bias(talk, base, count_tokens, same_event(workspace, talk))
        audio = decode(workspace.path(talk.sound.file))
        wanted = said(workspace.text(REFERENCE), base)
        told, echoes = heard(audio, recogniser, prompt)
        untold, _ = heard(audio, recogniser, "")
        row = {
            "said": wanted.total(),
            "told": (wanted & said(told, base)).total(),
            "untold": (wanted & said(untold, base)).total(),
            "echoes": echoes,
        }
        total.update(row)
        print(talk.slug, *row.values(), sep="\t", flush=True)
    print("all", *(total[k] for k in ("said", "told", "untold", "echoes")), sep="\t")


if __name__ == "__main__":
    main()
