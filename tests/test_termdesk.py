"""`stw glossary add|import|export|suggest|stats` through the program's own commands."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from translate import glossary
from translate.cli import app
from translate.errors import (
    BadFileError,
    ConflictError,
    InputError,
    SettingsError,
    StwError,
    TalkNotFoundError,
)
from translate.model import Article, Engine, Paragraph, Section, Sentence, Talk, Translation
from translate.termdesk import TermDesk
from translate.workspace import ARTICLE, TALK, TRANSLATION, Workspace

HEADER = "source,target,policy,case,first_mention,heard_as,forbidden,note\n"
ML = (
    f"{HEADER}bias,偏置|偏差,prefer,any,no,buy us,,记一笔\n"
    "gradient,梯度,strict,any,yes,,,\n\nRay,,keep,exact,no,,,\n"
)


class Place:
    """A user's folder with a term base of their own, and the program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.own = folder / "glossary"
        self.own.mkdir()
        (self.own / "ml.csv").write_text(ML, "utf-8")

    def stw(self, *arguments: str, code: int = 0) -> Result:
        done = CliRunner().invoke(app, ["glossary", *arguments], catch_exceptions=True)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.stw(*arguments, "--json", code=code).stdout)

    def text(self, name: str) -> str:
        return (self.own / name).read_bytes().decode("utf-8")

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, "utf-8")
        return name

    def untouched(self) -> bool:
        """Whether the term base is as it was, with nothing left lying about."""
        files = {p.name: p.read_text("utf-8") for p in self.own.iterdir()}
        return files == {"ml.csv": ML}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("STW_"):
            monkeypatch.delenv(name)
    return Place(tmp_path)


# --- add ----------------------------------------------------------------------------------------


def test_add_puts_one_row_where_it_sorts(place: Place) -> None:
    (place.own / "ml.csv").write_text(ML.replace("Ray,,keep,exact,no,,,\n", ""), "utf-8")
    told = place.json(
        *("add", "data  loader", "数据加载器|加载器", "--file", "ml", "--note", "给编者, 看"),
        *("--heard-as", "day to loader", "--forbidden", "资料装载机", "--policy", "strict"),
    )
    assert told["added"] == ["data loader"]
    assert place.text("ml.csv") == (
        f"{HEADER}bias,偏置|偏差,prefer,any,no,buy us,,记一笔\n"
        'data loader,数据加载器|加载器,strict,any,no,day to loader,资料装载机,"给编者, 看"\n'
        "gradient,梯度,strict,any,yes,,,\n\n"
    )


def test_add_without_a_file_makes_one_and_english_alone_stays_english(place: Place) -> None:
    assert "terms.csv: “DTensor” added" in place.stw("add", "DTensor", "").stdout
    assert place.text("terms.csv") == f"{HEADER}DTensor,,keep,any,no,,,\n"
    assert place.text("ml.csv") == ML
    assert "stands already" in place.stw("add", "DTensor", "DTensor").stdout


def test_what_stands_is_not_doubled_and_the_difference_is_told(place: Place) -> None:
    assert place.json("add", "Bias", "偏差")["same"] == ["Bias"]
    with pytest.raises(InputError) as told:
        place.stw("add", "bias", "偏见")
    assert told.value.message == (
        "glossary/ml.csv:2: “bias” stands with target 偏置|偏差, not 偏见"
    )
    assert "--replace" in told.value.hint
    assert place.untouched()


def test_replace_changes_that_row_alone_and_keeps_what_was_typed(place: Place) -> None:
    told = place.json("add", "bias", "偏见", "--note", "再记", "--replace")
    assert told["replaced"][0]["standing"]["targets"] == ["偏置", "偏差"]
    assert place.text("ml.csv") == ML.replace("偏置|偏差", "偏见").replace("记一笔", "记一笔；再记")
    place.stw("add", "gradient", "梯度", "--policy", "prefer", "--replace")
    assert "gradient,梯度,prefer,any,yes,,,\n\nRay" in place.text("ml.csv")


@pytest.mark.parametrize("targets", ["偏差|偏置", "偏差"])
def test_replace_changes_the_order_and_the_number_of_renderings(place: Place, targets: str) -> None:
    """The first is the preferred one in every prompt."""
    assert place.json("add", "bias", targets, "--replace")["replaced"]
    assert place.text("ml.csv") == ML.replace("偏置|偏差", targets)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("add", " ", "甲"), "no source"),
        (("add", "x", "", "--policy", "strict"), "“x” is strict and has no target"),
        (("add", "x", "甲", "--forbidden", "甲"), "both target and forbidden"),
        (("add", "x", "甲", "--heard-as", "bias"), "itself the source of"),
        (("add", "x", "甲", "--heard-as", "buy us"), "claimed already"),
        (("add", "x", "甲", "--forbidden", "a|b"), r"has a \| in one"),
        (("add", "x", "甲", "--file", "../x.csv"), "is not a file's name"),
        (("add", "bias", "偏见", "--heard-as", "gradient", "--replace"), "itself the source"),
    ],
)
def test_a_row_that_the_check_refuses_is_not_written(
    place: Place, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        place.stw(*arguments)
    assert place.untouched()


def test_a_doubtful_row_is_added_and_told(place: Place) -> None:
    done = place.stw("add", "axe", "斧", "--heard-as", "ask")
    assert "too common to be corrected" in done.stderr
    with pytest.raises(SettingsError, match="--policy 'maybe'"):
        place.stw("add", "y", "甲", "--policy", "maybe")


def test_without_a_term_base_of_ones_own_nothing_is_written(place: Place) -> None:
    (place.own / "ml.csv").unlink()
    for arguments in (("add", "x", "甲"), ("import", place.write("x.csv", "x,甲\n"))):
        with pytest.raises(SettingsError, match="no term base of your own") as told:
            place.stw(*arguments)
        assert "`glossary` in stw.toml" in told.value.hint
    assert not list(place.own.iterdir())


def test_a_folder_that_is_named_is_made(place: Place) -> None:
    made = place.folder / "new" / "mine"
    done = place.stw("add", "data loader", "数据加载器", "--glossary", "new/mine")
    assert "new/mine: a new folder" in done.stderr
    assert "came with the tool are not among them; to have both: --glossary" in done.stderr
    assert (made / "terms.csv").read_text("utf-8").startswith(f"{HEADER}data loader,数据加载器,")
    assert "came with the tool" not in place.stw("add", "x", "甲", "--glossary", "new/mine").stderr
    (place.folder / "empty").mkdir()
    done = place.stw("add", "data loader", "数据加载器", "--glossary", "empty")
    assert "came with the tool are not among them" in done.stderr
    file = place.write("b.txt", "张量，tensor\n")
    place.stw("import", file, "--glossary", "third")
    assert (place.folder / "third" / "b.csv").exists()
    place.stw("import", file, "--glossary", "fourth", "--dry-run")
    with pytest.raises(InputError):
        place.stw("add", "x", "甲", "--heard-as", "x", "--glossary", "fourth")
    assert not (place.folder / "fourth").exists()
    with pytest.raises(SettingsError, match="no term base at fourth") as told:
        place.stw("list", "--glossary", "fourth")
    assert "make the folder" in told.value.hint


def test_terms_of_ones_own_are_not_taken_for_all_terms(place: Place) -> None:
    told = place.stw("list").stderr
    count = re.search(r"the (\d+) terms that came with the tool are not among them", told)
    assert count
    both = re.findall(r"--glossary (\S+)", told)
    (place.own / "ml.csv").write_text(f"{HEADER}zyzzyva,甲,prefer,any,no,,,\n", "utf-8")
    told = place.stw("list", *(a for path in both for a in ("--glossary", path))).stderr
    assert f"{int(count[1]) + 1} of {int(count[1]) + 1} terms" in told
    assert "came with the tool" not in told


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("x.srt", "1\n00:00:01,000 --> 00:00:04,000\nSo today, this\n", "captions, not a term"),
        ("x.txt", "WEBVTT\n\n00:01.000 --> 00:04.000\nSo, this\n", "captions, not a term base"),
        ("x.txt", '{"source": "One, two", "target": "一"}\n', "stw memory import"),
        ("empty.csv", "", "no row of a term base in it"),
        ("header.csv", "source,target\n", "no row of a term base in it"),
    ],
)
def test_what_is_no_term_base_is_refused(place: Place, name: str, text: str, says: str) -> None:
    with pytest.raises(BadFileError, match=says):
        place.stw("import", place.write(name, text))
    assert place.untouched()


def test_a_single_file_may_be_the_term_base(place: Place) -> None:
    place.stw("add", "x", "甲", "--glossary", "glossary/ml.csv")
    assert place.text("ml.csv") == f"{ML}x,甲,prefer,any,no,,,\n"


def test_what_a_person_saves_meanwhile_is_not_overwritten(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = TermDesk._save

    def late(self: TermDesk, merged: Any) -> None:
        (place.own / "ml.csv").write_text(ML + "mine,我的,prefer,any,no,,,\n", "utf-8")
        save(self, merged)

    monkeypatch.setattr(TermDesk, "_save", late)
    with pytest.raises(ConflictError):
        place.stw("add", "x", "甲", "--file", "ml")
    assert place.text("ml.csv").endswith("mine,我的,prefer,any,no,,,\n")


# --- import -------------------------------------------------------------------------------------

LIST = "张量，tensor\n偏见，bias\n梯度，gradient\n竖|线，bar\nno Chinese here\n张力，Tensor\n"


def test_import_takes_what_is_new_and_tells_the_rest(place: Place) -> None:
    file = place.write("base.txt", LIST)
    told = place.json("import", file, code=8)
    assert (told["format"], told["into"]) == ("list", "glossary/base.csv")
    assert (told["added"], told["same"]) == (["tensor"], ["gradient"])
    assert [d["source"] for d in told["differing"]] == ["bias", "Tensor"]
    assert [p["where"] for p in told["problems"]] == ["base.txt:5", "base.txt:4"]
    assert place.text("base.csv") == f"{HEADER}tensor,张量,prefer,any,no,,,\n"
    assert place.text("ml.csv") == ML
    text = place.stw("import", file, code=8).stdout
    assert "base.txt:5: not one English and one Chinese" in text
    assert "differs: glossary/ml.csv:2: “bias” stands with target 偏置|偏差, not 偏见" in text
    assert "0 rows added of list, 0 replaced, 2 stand already, 2 differ, 2 not read" in text


def test_import_replaces_rows_in_the_files_where_they_stand(place: Place) -> None:
    file = place.write("b.txt", "偏见，bias\n张量，tensor\n")
    assert place.json("import", file, "--into", "ml", "--replace")["into"] == "glossary/ml.csv"
    assert place.text("ml.csv") == (
        ML.replace("偏置|偏差", "偏见") + "tensor,张量,prefer,any,no,,,\n"
    )


def test_a_dry_run_writes_nothing(place: Place) -> None:
    told = place.json("import", place.write("b.txt", LIST), "--dry-run", "--replace", code=8)
    assert told["added"] == ["tensor"]
    assert [d["source"] for d in told["replaced"]] == ["bias"]
    assert place.untouched()


def test_a_row_that_the_check_refuses_does_not_stop_the_others(place: Place) -> None:
    text = "source,target,policy,heard_as\na,甲,strict,bias\nb,乙,strict,\nc,丙,strict,day to\n"
    told = place.json("import", place.write("own.csv", text), code=8)
    assert told["added"] == ["b", "c"]
    [problem] = told["problems"]
    assert problem["where"] == "own.csv:2"
    assert "itself the source" in problem["message"]
    assert [t.source for t in glossary.load([place.own / "own.csv"]).terms] == ["b", "c"]


def test_files_that_cannot_be_read_say_so(place: Place) -> None:
    for arguments, error in (
        (("import", "none.csv"), BadFileError),
        (("import", place.write("a.csv", "a,甲\n"), "--format", "xls"), SettingsError),
        (("import", place.write("b.tbx", "<?xml version='1.0'?><a/>")), BadFileError),
        (("import", place.write("c.csv", "a,甲\n"), "--into", "a/b"), InputError),
    ):
        with pytest.raises(error):
            place.stw(*arguments)
    assert place.untouched()


# --- export -------------------------------------------------------------------------------------


def test_export_tells_what_the_format_cannot_hold(place: Place) -> None:
    told = place.json("export", "out.tbx")
    assert (told["format"], told["rows"]) == ("tbx", 3)
    assert told["lost"] == [
        {"source": "bias", "fields": ["heard_as"]},
        {"source": "gradient", "fields": ["policy", "first_mention"]},
        {"source": "Ray", "fields": ["exact_case"]},
    ]
    text = place.stw("export", "out.csv").stdout
    assert "out.csv: 3 rows (deepl)" in text
    assert "not held by the format: targets of 1" in text
    data = (place.folder / "out.csv").read_text("utf-8")
    assert data == "bias,偏置,en,zh\ngradient,梯度,en,zh\nRay,Ray,en,zh\n"
    place.stw("export", "out.glossary", "--format", "omegat")
    assert (place.folder / "out.glossary").read_text("utf-8").startswith("bias\t偏置\t记一笔\n")


def test_what_was_exported_comes_back_as_standing(place: Place) -> None:
    for name in ("out.tbx", "out.csv", "out.txt"):
        place.stw("export", name)
        told = place.json("import", name)
        assert (told["added"], told["differing"]) == ([], [])
        assert set(told["same"]) == {"bias", "gradient", "Ray"}
    assert place.untouched()


def test_export_leaves_files_and_the_term_base_alone(place: Place) -> None:
    file = place.write("out.csv", "mine")
    for arguments in (("export", file), ("export", "x.doc"), ("export", "glossary/x.csv")):
        with pytest.raises(InputError):
            place.stw(*arguments)
    assert (place.folder / file).read_text("utf-8") == "mine"
    assert place.untouched()
    place.stw("export", file, "--force")
    assert (place.folder / file).read_text("utf-8").startswith("bias,")


def test_rows_that_a_format_leaves_out_are_named(place: Place) -> None:
    place.stw("add", "op", "", "--policy", "forbid", "--forbidden", "操作员")
    assert "left out: 1 (op)" in place.stw("export", "out.txt").stdout


# --- suggest and stats --------------------------------------------------------------------------


@pytest.fixture
def talk(place: Place) -> Workspace:
    """A talk whose second paragraph misses a term."""
    said = ["The bias and the gradient of DTensor.", "Again the gradient, with DTensor and Ray."]
    paragraphs = tuple(
        Paragraph(
            start=60.0 * i,
            end=60.0 * i + 50,
            sentences=(Sentence(start=60.0 * i, end=60.0 * i + 50, text=text),),
        )
        for i, text in enumerate(said)
    )
    workspace = Workspace(place.folder / "drafts" / "a-talk")
    engine = Engine(name="chat")
    chinese = ["偏置与梯度（gradient）。", "又是 Ray。"]
    workspace.put(TALK, Talk(slug="a-talk", title="On XYZ"), key="k")
    article = Article(sections=(Section(start=0.0, title="", paragraphs=paragraphs),))
    workspace.put(ARTICLE, article, key="k")
    translations = [
        Translation(start=p.start, chinese=c, of="x", by=engine)
        for p, c in zip(paragraphs, chinese, strict=True)
    ]
    workspace.put(TRANSLATION, translations, key="k")
    return workspace


def test_suggest_lists_candidates_and_writes_nothing(place: Place, talk: Workspace) -> None:
    before = {p: p.read_bytes() for p in place.folder.rglob("*") if p.is_file()}
    told = place.json("suggest", "a-talk")
    assert [(c["text"], c["said"], c["beside"]) for c in told["candidates"]] == [
        ("XYZ", 0, 1),
        ("DTensor", 2, 0),
    ]
    assert [c["at"] for c in told["candidates"][1]["contexts"]] == [0.0, 60.0]
    text = place.stw("suggest", "a-talk").stdout
    assert "DTensor    code     2     00:00:00  The bias and the gradient of DTensor." in text
    assert {p: p.read_bytes() for p in place.folder.rglob("*") if p.is_file()} == before
    (talk.folder / ARTICLE).unlink()
    with pytest.raises(InputError, match="its English is not there yet"):
        place.stw("suggest", "a-talk")
    with pytest.raises(TalkNotFoundError):
        place.stw("suggest", "none")


def test_stats_count_rows_and_what_became_of_them_in_a_talk(place: Place, talk: Workspace) -> None:
    (place.own / "b.csv").write_text(f"{HEADER}op,,forbid,any,no,,操作员,\n", "utf-8")
    told = place.json("stats", "a-talk")
    by_file = {row["file"]: row for row in told["files"]}
    assert set(by_file) == {"glossary/b.csv", "glossary/ml.csv"}
    assert by_file["glossary/ml.csv"] == {
        "file": "glossary/ml.csv",
        "rows": 3,
        "strict": 1,
        "prefer": 1,
        "keep": 1,
        "forbid": 0,
        "heard_as": 1,
        "forbidden": 0,
        "first_mention": 1,
    }
    assert (told["total"]["rows"], told["total"]["forbidden"]) == (4, 1)
    assert told["talk"] == {
        "talk": "a-talk",
        "terms_said": 3,
        "times_said": 4,
        "terms_missed": 1,
        "places_missed": 1,
        "missed": [{"source": "gradient", "at": [60.0]}],
    }
    text = place.stw("stats", "a-talk").stdout
    assert "3 terms said 4 times, 1 missed in 1 paragraphs\n  gradient: 00:01:00" in text
    assert "talk" not in place.json("stats")
    (talk.folder / TRANSLATION).unlink()
    with pytest.raises(StwError, match="no translation yet"):
        place.stw("stats", "a-talk")
