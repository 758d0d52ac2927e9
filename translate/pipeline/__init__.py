"""The stages in order: what is missing, stale or edited, and how each is made.

    fetch → slides → transcribe → segment → translate → assemble

Knows the order, what every file is made from, and how a person's edits are kept. Backends come
in ready to be built (`Tools`); nothing here says which. Prints nothing.
"""

from translate.pipeline.run import Captions, Made, Result, Tools, Wishes
from translate.pipeline.state import Status, status
from translate.pipeline.step_brief import Briefed, brief
from translate.pipeline.step_check import Checked, check, silence
from translate.pipeline.step_draft import draft, plan, take
from translate.pipeline.step_fetch import fetch
from translate.pipeline.step_learn import (
    Imported,
    Learned,
    ReadMemory,
    SurveyMemory,
    WriteMemory,
    export_memories,
    import_memories,
    learn,
)
from translate.pipeline.step_publish import Page, Pictures, Published, post_text, preview, publish
from translate.pipeline.step_slides import slides
from translate.pipeline.step_transcribe import transcribe
from translate.pipeline.step_undo import redo, undo, undone_text

__all__ = [
    "Briefed",
    "Captions",
    "Checked",
    "Imported",
    "Learned",
    "Made",
    "Page",
    "Pictures",
    "Published",
    "ReadMemory",
    "Result",
    "Status",
    "SurveyMemory",
    "Tools",
    "Wishes",
    "WriteMemory",
    "brief",
    "check",
    "draft",
    "export_memories",
    "fetch",
    "import_memories",
    "learn",
    "plan",
    "post_text",
    "preview",
    "publish",
    "redo",
    "silence",
    "slides",
    "status",
    "take",
    "transcribe",
    "undo",
    "undone_text",
]
