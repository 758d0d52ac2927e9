"""A draft that people really edited meets everything that can change beneath it.

Real recognisers' English and real machine translations of conference talks are the draft, people's
own translations of the same sentences are the edit, with the other things that editors do: split,
join, move, delete, add, sign. Then comes another recogniser, other sections, another glossary,
another translator.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chat_server import Call, Reply, as_json, fake, right, serving
from tests.shared import shared_data
from tests.test_pipeline import Place, stamp
from translate.draft import Passage, parse
from translate.typography import escape_text

pytestmark = [pytest.mark.data, pytest.mark.slow]
TALK = "2022.acl-long.410"


@dataclass(frozen=True)
class Said:
    """One sentence, as a recogniser wrote it, two machines translated it, and a person did."""

    english: str
    again: str  # by another recogniser
    chinese: str
    other: str  # by another translator
    human: str


def rows(name: str) -> dict[int, str]:
    lines = (shared_data("talks/acl6060") / name).read_text("utf-8").splitlines()
    return {row["sample_id"]: row["output"] for row in map(json.loads, lines)}


@pytest.fixture(scope="module")
def talk() -> tuple[Said, ...]:
    folder = shared_data("talks/acl6060")
    lines = (folder / "references.sentences.jsonl").read_text("utf-8").splitlines()
    known = [
        rows(f"{name}.short.jsonl")
        for name in ("whisper_asr", "canary-v2_asr", "tower_whisper", "aya_whisper")
    ]
    return tuple(
        Said(*(text[row["sample_id"]] for text in known), human=row["tgt_ref"])
        for row in map(json.loads, lines)
        if row["doc_id"] == TALK
    )


def captions(path: Path, texts: Sequence[str], late: float = 0.0) -> None:
    """A cue a sentence, at the pace of speech."""
    at, cues = 1.0, []
    for n, text in enumerate(texts, 1):
        end = at + max(1.0, len(text) / 15)
        cues.append(f"{n}\n{stamp(at + late * (n % 3))} --> {stamp(end)}\n{text}\n")
        at = end + 0.4
    path.write_text("\n".join(cues), "utf-8")


def machine(
    talk: Sequence[Said], english: Callable[[Said], str], chinese: Callable[[Said], str]
) -> Callable[[Call], Reply]:
    """A server that answers with what a machine really made of these sentences."""

    def answer(call: Call) -> Reply:
        texts = right(call)
        for unit in call.message["translate"]:
            found = [chinese(s) for s in talk if english(s)[:25] in unit["en"]]
            texts[unit["id"]] = "".join(found) or fake(unit["en"])
        return Reply(as_json(texts))

    return answer


@dataclass
class Story:
    """A talk with a draft that somebody has been at for an hour."""

    place: Place
    source: str
    talk: tuple[Said, ...]
    typed: list[str]
    deleted: float
    kept: int  # paragraphs in the edited draft

    @property
    def draft(self) -> str:
        return (self.place.talk / "draft.md").read_text("utf-8")

    def again(self, *options: str) -> dict[str, list[dict[str, str]]]:
        done = self.place.stw("run", self.source, *options, code=None)
        assert done.returncode in (0, 8), done.stderr
        before = self.draft
        done = self.place.stw("draft", self.place.talk.name, *options, code=None)
        assert done.returncode in (0, 8), done.stderr
        assert self.draft == before  # once is enough
        report = json.loads((self.place.talk / "report.json").read_text("utf-8"))
        assert "anchor" not in " ".join(p["rule"] for p in report["problems"])
        return dict(report)

    def check(self) -> None:
        """No word lost, nothing twice, what was deleted gone, and a draft that parses."""
        text = self.draft
        for typed in self.typed:
            assert text.count(typed) == 1, typed
        passages = parse(text).passages
        anchors = [a for p in passages for a in p.anchors]
        assert len(anchors) == len(set(anchors))
        assert all(abs(p.start - self.deleted) > 3 for p in passages)
        assert parse(text).problems == ()


def edit(text: str, talk: Sequence[Said]) -> tuple[str, list[str], float]:
    """What a person does in an hour: the new draft, what they typed, what they deleted."""
    passages = parse(text).passages
    typed: list[str] = []

    def block(passage: Passage) -> str:
        start = text.index(f"<details>\n<summary>英文原文（{passage.at}")
        end = text.index(f"<!-- {passage.at} -->") + len(f"<!-- {passage.at} -->")
        return text[start:end]

    blocks = [block(p) for p in passages]
    new = list(blocks)
    for n in range(0, len(passages), 3):
        human = escape_text("".join(s.human for s in talk if s.english[:25] in passages[n].english))
        assert human
        new[n] = blocks[n].replace(passages[n].chinese, human)
        typed.append(human)
    first, _, rest = passages[4].chinese.partition("。")
    new[4] = blocks[4].replace(passages[4].chinese, f"{first}，先停在这里。\n\n后半段另起：{rest}")
    typed += [f"{first}，先停在这里。", f"后半段另起：{rest}"]
    joined = f"{passages[7].chinese}两段合一：{passages[8].chinese}"
    new[7] = blocks[7].replace(passages[7].chinese, joined)
    new[7] += f"<!-- {passages[8].at} -->"
    new[8] = ""
    typed.append(joined)
    new[5] = f"{blocks[5]}\n\n> 编者注 ✍️：这位是作者本人。"
    new[10] = ""
    new[1], new[2] = f"{new[2]}\n\n编者在这里插了一句。", f"{new[1]}\n\n## 我加的小标题"
    typed += ["编者在这里插了一句。", "## 我加的小标题"]
    for old, fresh in zip(blocks, new, strict=True):
        text = text.replace(old, f"\0{blocks.index(old)}\0") if old else text
        assert fresh is not None
    for n, fresh in enumerate(new):
        text = text.replace(f"\0{n}\0", fresh)
    text = text.replace("github: sunzhongkai588", "github: somebody", 1)
    typed += ["> 编者注 ✍️：这位是作者本人。", "github: somebody"]
    return re.sub("\n{3,}", "\n\n", text), typed, passages[10].start


@pytest.fixture
def story(tmp_path: Path, talk: tuple[Said, ...]) -> Story:
    place = Place(tmp_path)
    source = "Learning to reason - Allan Jie, ByteDance | ACL 2022.srt"
    captions(tmp_path / source, [s.english for s in talk])
    with serving(machine(talk, lambda s: s.english, lambda s: s.chinese)) as server:
        place.use(server)
        done = place.stw("run", source, code=None)
        assert done.returncode in (0, 8), done.stderr
        draft = place.talk / "draft.md"
        text, typed, deleted = edit(draft.read_text("utf-8"), talk)
        draft.write_text(text, "utf-8")
        made = Story(place, source, talk, typed, deleted, len(parse(text).passages))
        made.check()
        made.again()
        assert draft.read_text("utf-8") == text  # nothing has changed beneath it
    return made


def test_another_translator(story: Story) -> None:
    base = story.place.talk / ".stw/draft.base.md"
    before = {p.at: p.chinese for p in parse(base.read_text("utf-8")).passages}
    with serving(machine(story.talk, lambda s: s.english, lambda s: s.other)) as server:
        story.place.use(server)
        report = story.again("--chat-model", "another")
    story.check()
    assert len(parse(story.draft).passages) == story.kept
    names = {c["name"] for c in report["conflicts"]}
    after = {p.at: p.chinese for p in parse(base.read_text("utf-8")).passages}
    edited = {
        p.at
        for p in parse(story.draft).passages
        if any(t in p.chinese for t in story.typed) and before[p.at] != after[p.at]
    }
    assert len(edited) > 5
    assert edited <= names
    # Taking one brings the new text there, and leaves the others open.
    one = min(edited)
    new = next(c["new"] for c in report["conflicts"] if c["name"] == one)
    with serving(machine(story.talk, lambda s: s.english, lambda s: s.other)) as server:
        story.place.use(server)
        options = ("--chat-model", "another", "--take", one)
        story.place.stw("draft", story.place.talk.name, *options, code=None)
    assert new in story.draft
    report = json.loads((story.place.talk / "report.json").read_text("utf-8"))
    assert {c["name"] for c in report["conflicts"]} == names - {one}


def test_another_recogniser(story: Story) -> None:
    """Other words, other sentences, and every start moved by some tenths of a second."""
    captions(story.place.folder / story.source, [s.again for s in story.talk], late=0.3)
    with serving(machine(story.talk, lambda s: s.again, lambda s: s.other)) as server:
        story.place.use(server)
        report = story.again()
    story.check()
    assert report["conflicts"]


def test_other_sections(story: Story) -> None:
    """Chapters cut the talk anew: other headings, and paragraphs that end elsewhere."""
    file = story.place.talk / "talk.json"
    facts = json.loads(file.read_text("utf-8"))
    facts["chapters"] = [
        {"start": 0.0, "title": "Opening"},
        {"start": 95.0, "title": "Method"},
        {"start": 300.0, "title": "Results"},
    ]
    file.write_text(json.dumps(facts), "utf-8")
    with serving(machine(story.talk, lambda s: s.english, lambda s: s.chinese)) as server:
        story.place.use(server)
        story.again()
    story.check()
    assert "\n## Method\n" in story.draft


def test_another_glossary(story: Story) -> None:
    rows = "reason,推演,strict,any,no,,,\nproblem,题目,strict,any,no,,,\n"
    header = "source,target,policy,case,first_mention,heard_as,forbidden,note\n"
    (story.place.folder / "terms.csv").write_text(header + rows, "utf-8")
    with serving(machine(story.talk, lambda s: s.english, lambda s: s.other)) as server:
        story.place.use(server)
        report = story.again("--glossary", "terms.csv")
    story.check()
    assert {p["where"] for p in report["problems"] if p["rule"] == "term"} <= {"reason", "problem"}
