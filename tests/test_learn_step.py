"""`learn`: from an edited draft to the memory and the proposals, and back into the draft."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.chat_server import good, serving
from tests.test_pipeline import Place, captions
from translate.backends.memory import Entry, read_entries, survey, update_entries, write_entries
from translate.cli import app
from translate.draft import Passage, parse
from translate.errors import BadFileError, InputError
from translate.glossary import Glossary, load
from translate.pipeline.step_learn import (
    Imported,
    Learned,
    UpdateMemory,
    export_memories,
    import_memories,
    learn,
)
from translate.workspace import Workspace

ROOT = Path(__file__).parents[1]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A translated talk, whose server is gone by now."""
    source = captions(tmp_path / "A talk about graphs - Ada Byron | Demo Conf 2026.srt")
    place = Place(tmp_path)
    with serving(good) as server:
        place.use(server)
        place.stw("run", source.name)
    place.env |= {"STW_TRANSLATOR": "none", "STW_MEMORY": str(memory(place))}
    del place.env["STW_BASE_URL"], place.env["STW_CHAT_MODEL"]
    return place


def memory(place: Place) -> Path:
    return place.folder / "glossary" / "memory" / f"{place.talk.name}.jsonl"


def proposed(place: Place) -> Path:
    return place.folder / "glossary" / "proposals" / f"{place.talk.name}.csv"


def learned(
    place: Place, glossary: Glossary | None = None, update: UpdateMemory = update_entries
) -> Learned:
    return learn(
        Workspace(place.talk),
        memory_folder=memory(place).parent,
        proposals_folder=proposed(place).parent,
        glossary=glossary or load(sorted((ROOT / "glossary").glob("*.csv"))),
        update_memory=update,
    )


def text(place: Place) -> str:
    return (place.talk / "draft.md").read_text("utf-8")


def rewrite(place: Place, *changes: tuple[str, str]) -> None:
    edited = text(place)
    for old, new in changes:
        assert edited.count(old) == 1, old
        edited = edited.replace(old, new)
    (place.talk / "draft.md").write_text(edited, "utf-8")


def passages(place: Place) -> tuple[Passage, ...]:
    return parse(text(place)).passages


def conflicts(place: Place) -> list[dict[str, str]]:
    report = json.loads((place.talk / "report.json").read_text("utf-8"))
    return [p for p in report["problems"] if p["rule"] == "merge-conflict"]


def edit_everything(place: Place) -> None:
    """One of each thing that editors do, and a gloss taken out."""
    p = passages(place)
    glossed = [i for i, q in enumerate(p) if "（" in q.chinese]
    assert glossed == [0]  # else there is no gloss to take out
    gloss = p[0].chinese[p[0].chinese.index("（") : p[0].chinese.index("）") + 1]
    half = len(p[5].chinese) // 2
    rewrite(
        place,
        (p[0].chinese, "编者的话，" + p[0].chinese.replace(gloss, "")),
        (p[1].chinese, f"**编者（重写）**的第二段，{p[1].chinese[2:]}"),
        (p[2].chinese, f"看[文档](https://example.org/a_b)：{p[2].chinese}"),
        (p[3].chinese, f"R&amp;D 与 a\\*b\n{p[3].chinese}"),
        (p[5].chinese, f"{p[5].chinese[:half]}。\n\n另起一段：{p[5].chinese[half:]}"),
        (f"{p[6].chinese}<!-- {p[6].at} -->\n\n", ""),
        (p[7].chinese, f"{p[6].chinese}<!-- {p[6].at} -->{p[7].chinese}"),
        (f"{p[8].chinese}<!-- {p[8].at} -->", f"【待译】<!-- {p[8].at} -->"),
    )


def test_the_editors_words_come_back_and_the_draft_stays_as_it_is(place: Place) -> None:
    """Learning, then drafting from what was learned: no word changes and nothing conflicts."""
    edit_everything(place)
    done = learned(place)
    before = text(place)
    place.stw("draft", place.talk.name, code=None)
    assert text(place) == before
    assert conflicts(place) == []
    rows = json.loads((place.talk / "translation.json").read_text("utf-8"))
    by = [(r["by"]["name"], r["by"]["parameters"].get("drafted_by")) for r in rows]
    assert by[:2] == [("memory", "chat fake")] * 2
    assert rows[1]["chinese"].startswith("编者（重写）的第二段，")
    base = (place.talk / ".stw" / "draft.base.md").read_text("utf-8")
    assert "编者（重写）的第二段，" in base  # it was proposed indeed
    again = learned(place)
    assert again == done  # the figures still tell what the machine had written
    assert again.figures.touched == 7
    place.stw("draft", place.talk.name, code=None)
    assert text(place) == before


def test_a_draft_thrown_away_comes_back_in_the_editors_words(place: Place) -> None:
    p = passages(place)
    rewrite(
        place, (p[0].chinese, "编者亲手重写了整个第一段，一字不留，全部换掉，说的还是 12 和 8。")
    )
    learned(place)
    front = text(place).partition("\n## ")[0]
    for name in ("draft.md", "translation.json", ".stw/draft.base.md", ".stw/answers.jsonl"):
        (place.talk / name).unlink()
    place.stw("draft", place.talk.name, code=None)
    assert "编者亲手重写了整个第一段" in text(place)
    assert "中文初稿由 chat fake 给出" in text(place)  # who drafted it is not forgotten
    assert text(place).partition("\n## ")[0] == front


def test_learning_twice_is_learning_once(place: Place) -> None:
    edit_everything(place)
    first = learned(place)
    files = {p: p.read_bytes() for p in (memory(place), *place.talk.rglob("*.json"))}
    times = {p: p.stat().st_mtime_ns for p in files}
    assert learned(place) == first
    assert {p: p.read_bytes() for p in files} == files
    assert memory(place).stat().st_mtime_ns == times[memory(place)]
    assert first.pairs == len(read_entries(memory(place)))


def test_the_memory_says_where_each_pair_is_from(place: Place) -> None:
    p = passages(place)
    rewrite(place, (p[4].chinese, f"{p[4].chinese}好。"))
    done = learned(place)
    found = {e.at: e for e in read_entries(memory(place))}
    assert done.memory == memory(place)
    assert done.pairs == len(found) == len(p)
    assert found[p[4].at].source == p[4].english
    assert found[p[4].at].target.endswith("好。")
    assert {(e.talk, e.drafted_by) for e in found.values()} == {(place.talk.name, "chat fake")}
    assert (done.figures.touched, done.figures.edits) == (1, 2)


def test_what_a_person_puts_right_in_the_memory_stays_and_is_told(place: Place) -> None:
    p = passages(place)
    rewrite(place, (p[0].chinese, f"一{p[0].chinese}"), (p[1].chinese, f"一{p[1].chinese}"))
    assert learned(place).kept == ()
    first = read_entries(memory(place))[0].target
    fixed = memory(place).read_text("utf-8").replace(first, f"{first}手改。")
    memory(place).write_text(fixed, "utf-8")
    rewrite(place, (f"一{p[1].chinese}", f"二{p[1].chinese}"))
    said = place.stw("learn", place.talk.name).stdout
    assert f"1 rows that somebody has changed in the memory ({p[0].at})" in said
    for _ in range(2):
        assert learned(place).kept == (p[0].at,)
        one, two, *_ = read_entries(memory(place))
        assert one.target == f"{first}手改。"
        assert two.target.startswith("二")  # ours, and newer
    rewrite(place, (f"一{p[0].chinese}", f"一{p[0].chinese}手改。"))
    assert learned(place).kept == ()  # of one mind again


def test_rows_written_just_before_the_end_are_ours_all_the_same(place: Place) -> None:
    first = passages(place)[0].chinese

    def then_nothing(
        path: Path, entries: Sequence[Entry], ours: Sequence[Entry]
    ) -> tuple[Sequence[Entry], Sequence[Entry]]:
        update_entries(path, entries, ours)
        raise KeyboardInterrupt

    rewrite(place, (first, f"一{first}"))
    with pytest.raises(KeyboardInterrupt):
        learned(place, update=then_nothing)
    rewrite(place, (f"一{first}", f"二{first}"))
    assert learned(place).kept == ()
    assert read_entries(memory(place))[0].target.startswith("二")


def test_a_later_edit_is_measured_from_what_the_machine_wrote(place: Place) -> None:
    first = passages(place)[0].chinese
    rewrite(place, (first, f"一{first}"))
    learned(place)
    place.stw("draft", place.talk.name, code=None)
    rewrite(place, (f"一{first}", f"一二{first}"))
    assert learned(place).figures.edits == 2
    assert learned(place).figures.edits == 2
    place.stw("draft", place.talk.name, code=None)
    assert conflicts(place) == []
    assert learned(place).figures.edits == 2


def put_right(place: Place) -> None:
    """A name put right in the English, wherever it stands."""
    edited = text(place).replace("plain Python code", "plain Pythia code")
    (place.talk / "draft.md").write_text(edited, "utf-8")


def test_proposals_are_a_file_that_belongs_to_the_person(place: Place) -> None:
    put_right(place)
    none = Glossary()
    done = learned(place, none)
    assert (done.proposals, done.rows) == (proposed(place), 1)
    file = proposed(place)
    header, row = file.read_text("utf-8").splitlines()
    assert row.startswith("Pythia,,keep,any,no,Python,,")
    assert load([file]).terms[0].heard_as == ("Python",)  # a file that the term base can read
    mine = f"{header}\nmine,我的,prefer,any,no,,,自己加的\n{row.replace('any', 'exact')}\n"
    file.write_text(mine, "utf-8")
    assert learned(place, none).rows == 2
    assert file.read_text("utf-8") == mine
    assert learned(place, none).rows == 2  # and again, when they are what lies there
    assert file.read_text("utf-8") == mine
    file.write_text(f"{header}\n", "utf-8")  # struck out
    assert learned(place, none).proposals is None
    assert learned(place, none).proposals is None
    assert file.read_text("utf-8") == f"{header}\n"
    file.unlink()
    assert learned(place, none).rows == 1
    file.write_text("what,ever\n", "utf-8")
    with pytest.raises(BadFileError, match="not a header"):
        learned(place, none)
    assert file.read_text("utf-8") == "what,ever\n"


def test_of_an_older_record_no_row_is_taken_for_ours(place: Place) -> None:
    """It remembered what lay there, a person's rows among them."""
    put_right(place)
    learned(place, Glossary())
    proposed(place).write_text(
        proposed(place).read_text("utf-8") + "mine,我的,prefer,any,no,,,\n", "utf-8"
    )
    file = place.talk / ".stw" / "learned.json"
    record = json.loads(file.read_text("utf-8"))
    del record["declined"]
    record["rows"].append({"source": "mine", "target": "我的"})
    file.write_text(json.dumps(record), "utf-8")
    before = proposed(place).read_bytes()
    for _ in range(2):
        learned(place, Glossary())
        assert proposed(place).read_bytes() == before


def test_a_draft_that_nobody_has_edited_teaches_nothing(place: Place) -> None:
    with pytest.raises(InputError, match="nobody has edited"):
        learned(place)
    assert not memory(place).exists()
    assert not proposed(place).parent.exists()


def test_a_note_alone_proposes_nothing(place: Place) -> None:
    (place.talk / "draft.md").write_text(f"{text(place)}\n我的话。\n", "utf-8")
    done = learned(place)
    assert done.proposals is None
    assert done.figures.share_untouched == 1.0
    assert done.figures.distance == 0.0


def test_what_a_check_misses_is_learned_only_when_it_is_silenced(place: Place) -> None:
    first = passages(place)[0]
    assert " 8 " in first.chinese
    rewrite(place, (first.chinese, first.chinese.replace(" 8 ", " 9 ")))
    checked = json.loads(place.stw("check", place.talk.name, "--json", code=None).stdout)
    [lost] = [p for p in checked["problems"] if p["rule"] == "number"]
    done = json.loads(place.stw("learn", place.talk.name, "--json").stdout)
    assert done["unsettled"] == [first.at]
    assert " 9 " not in memory(place).read_text("utf-8")
    place.stw("check", place.talk.name, "--silence", lost["id"], code=3)  # without a reason
    place.stw("check", place.talk.name, "--silence", lost["id"], "--reason", "口误", code=None)
    again = json.loads(place.stw("learn", place.talk.name, "--json").stdout)
    assert again["unsettled"] == []
    assert again["pairs"] == done["pairs"] + 1
    assert " 9 " in memory(place).read_text("utf-8")


def test_there_must_be_a_draft(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.stw("fetch", captions(tmp_path / "Talk.srt", minutes=1).name)
    with pytest.raises(InputError, match="no draft to learn from"):
        learned(place)


def test_memories_of_others_come_in_and_go_out(tmp_path: Path) -> None:
    folder, theirs, out = tmp_path / "memory", tmp_path / "old.tmx", tmp_path / "all.tmx"
    entries = [Entry(source="One.", target="一。"), Entry(source="Two.", target="二。", note="n")]
    write_entries(theirs, entries)
    with pytest.raises(InputError, match="no translation memory"):
        export_memories(folder, out, read=read_entries, write=write_entries)
    for _ in range(2):
        [done] = imported(theirs, folder)
        assert (done.memory, done.entries) == (folder / "old.jsonl", 2)
        assert list(read_entries(done.memory)) == entries
    assert export_memories(folder, out, read=read_entries, write=write_entries) == 2
    assert list(read_entries(out)) == entries
    with pytest.raises(InputError, match="is there already"):
        export_memories(folder, out, read=read_entries, write=write_entries)
    assert export_memories(folder, out, read=read_entries, write=write_entries, force=True) == 2
    broken = tmp_path / "b.tmx"
    broken.write_text("<tmx>")
    with pytest.raises(BadFileError, match=r"b\.tmx"):
        imported(out, tmp_path / "new", broken)
    assert not (tmp_path / "new").exists()


def imported(file: Path, folder: Path, *more: Path) -> tuple[Imported, ...]:
    return import_memories(
        [file, *more],
        folder,
        survey=survey,
        read=read_entries,
        update=update_entries,
        write=write_entries,
    )


def test_what_was_put_right_in_an_imported_memory_stays(tmp_path: Path) -> None:
    folder, theirs = tmp_path / "memory", tmp_path / "old.tmx"
    first = [Entry(source=s, target=t) for s, t in (("One.", "一。"), ("Two.", "二。"))]
    write_entries(theirs, [Entry(source="One.", target="零。"), *first])
    [done] = imported(theirs, folder)
    assert done.entries == 2  # the first was the same source, which a memory has once
    memory = folder / "old.jsonl"
    memory.write_text(memory.read_text("utf-8").replace("一。", "壹。"), "utf-8")
    write_entries(theirs, [replace(e, target=f"新{e.target}") for e in first])
    for _ in range(2):
        [done] = imported(theirs, folder)
        assert (done.entries, done.kept) == (1, 1)
        assert [e.target for e in read_entries(memory)] == ["壹。", "新二。"]


def test_a_pair_that_another_memory_has_is_not_taken_again(tmp_path: Path) -> None:
    folder, ok, o2 = tmp_path / "memory", tmp_path / "ok.jsonl", tmp_path / "o2.jsonl"
    pairs = [Entry(source=s, target=t) for s, t in (("One.", "一。"), ("Two.", "二。"))]
    write_entries(ok, pairs[:1])
    imported(ok, folder)
    write_entries(o2, pairs)
    [done] = imported(o2, folder)
    assert (done.entries, done.same) == (1, 1)
    assert read_entries(folder / "o2.jsonl") == (pairs[1],)
    [again] = imported(ok, folder)
    assert (again.entries, again.same) == (1, 0)  # its own rows are no others
    write_entries(o2, [Entry(source="One.", target="壹。")])
    [done] = imported(o2, folder)
    assert (done.entries, done.same) == (1, 0)  # says something else


def test_units_without_both_languages_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STW_GLOSSARY", raising=False)
    tuv = '<tuv xml:lang="{}"><seg>{}</seg></tuv>'
    units = (
        [("en", "One."), ("zh-CN", "一。")],
        [("en", "Alone.")],
        [("en", "Two."), ("zh-TW", "貳")],
    )
    text = "".join(f"<tu>{''.join(tuv.format(*v) for v in unit)}</tu>" for unit in units)
    (tmp_path / "ok.tmx").write_text(f'<tmx version="1.4"><body>{text}</body></tmx>', "utf-8")
    done = CliRunner().invoke(app, ["memory", "import", "ok.tmx"])
    assert done.exit_code == 0
    assert "1 pairs of ok.tmx" in done.output
    assert "left out: 2 units" in done.output
    assert "(“Alone.”, “Two.”)" in done.output


def test_an_export_takes_the_place_of_the_one_before_but_of_no_memory(tmp_path: Path) -> None:
    folder, out = tmp_path / "memory", tmp_path / "all.jsonl"
    one, two = (Entry(source=s, target="一。") for s in ("One.", "Two."))
    write_entries(out, [one])
    write_entries(folder / "a.jsonl", [two])
    assert export_memories(folder, out, read=read_entries, write=write_entries, force=True) == 1
    assert read_entries(out) == (two,)
    with pytest.raises(InputError, match="one of the memories"):
        export_memories(
            folder, folder / "a.jsonl", read=read_entries, write=write_entries, force=True
        )


def test_the_translator_memory_takes_what_was_learned(place: Place) -> None:
    (first, *_) = passages(place)
    rewrite(place, (first.chinese, f"编者的话，{first.chinese}"))
    learned(place)
    for name in ("draft.md", "translation.json", ".stw/draft.base.md", ".stw/answers.jsonl"):
        (place.talk / name).unlink()
    del place.env["STW_MEMORY"]
    place.stw("draft", place.talk.name, "--translator", "memory")
    assert "编者的话" in text(place)
    memory(place).unlink()
    (place.talk / "translation.json").unlink()
    done = place.stw("draft", place.talk.name, "--translator", "memory", code=2)
    assert "nothing has been learned" in done.stderr
