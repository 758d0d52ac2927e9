"""Brief: have a model propose a summary and terms, in a file that belongs to the editor then.

Knows where the file lies and that a person may have edited it.
"""

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path

from translate.errors import BadFileError, ConflictError, InputError
from translate.glossary import Glossary
from translate.model import Brief
from translate.pipeline.run import Wishes
from translate.pipeline.step_draft import article_today, card_of
from translate.pipeline.step_slides import lines_of_slides, slides_today
from translate.stages.brief import Briefer, Dropped, beginning, brief_text, sifted
from translate.workspace import BRIEF, USAGE, Workspace

_DESCRIBED, _TITLES = 900, 500  # characters of the description and of the slides' titles


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefed:
    """What was proposed, and where it stands."""

    file: Path
    brief: Brief
    dropped: tuple[Dropped, ...] = ()  # what of the proposals is not in the file
    backup: Path | None = None  # what a person had there, where --force replaced it


def brief(
    workspace: Workspace,
    briefer: Briefer,
    glossary: Glossary,
    wishes: Wishes,
    *,
    force: bool = False,
) -> Briefed:
    """Ask once, and write brief.md.

    Raises ConflictError where a person has edited the file, unless `force`, which backs it up;
    BadFileError where the answer is no brief. What the answer cost is counted all the same.
    """
    with workspace.locked("stw brief"):
        theirs = workspace.edited(BRIEF)
        if theirs and not force:
            raise ConflictError(
                f"{workspace.path(BRIEF)} is yours by now, and stays",
                "--force backs it up and writes a new one",
            )
        article = article_today(workspace, glossary)
        shown = lines_of_slides(workspace, wishes)
        card = replace(card_of(workspace), summary=_about(workspace, wishes))
        asked = briefer.brief(card, beginning(article))
        workspace.put_aside(USAGE, workspace.usage() + asked.usage)
        if asked.missing:
            raise BadFileError(asked.missing, "run it again, or go on without")
        found, dropped = sifted(asked, article, glossary, shown)
        backup = workspace.back_up(BRIEF) if workspace.edited(BRIEF) else None
        folder = workspace.folder.resolve()
        place = f"{folder.parent.name}/{folder.name}/{BRIEF}"  # from where drafts/ lies
        place = BRIEF if "-->" in place else place  # it stands in a comment
        workspace.put(BRIEF, brief_text(found, place), key="")
    return Briefed(file=workspace.path(BRIEF), brief=found, dropped=dropped, backup=backup)


def _about(workspace: Workspace, wishes: Wishes) -> str:
    """What is written of the talk: its description, and the titles of its slides."""
    described = workspace.talk().description
    with contextlib.suppress(InputError):  # told where the slides themselves are wanted
        titles = dict.fromkeys(s.title for s in slides_today(workspace, wishes) if s.title)
        if titles:
            shown = f"On its slides: {'; '.join(titles)}"
            return f"{described[:_DESCRIBED]}\n{shown[:_TITLES]}".strip()
    return described
