"""Slides to disk: what is made, kept, merged and removed, and a run that is killed at any write."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.killing import Killed, counted
from tests.showing import Reader, Video, no_reader, page, shown, talk_with_video, tools
from translate.errors import BadFileError, InputError, MissingError
from translate.glossary import Glossary
from translate.model import (
    Cue,
    Engine,
    Flag,
    Slide,
    Step,
    Term,
    Transcript,
    no_progress,
)
from translate.pipeline import check, draft, slides, status
from translate.pipeline.run import Result, Wishes
from translate.pipeline.step_check import open_conflicts
from translate.pipeline.step_slides import slides_today
from translate.pipeline.step_transcribe import bias
from translate.workspace import (
    ARTICLE,
    DRAFT,
    REPORT,
    SLIDES,
    TRANSCRIPT,
    Lines,
    write_atomic,
)

SHOWN = (shown(1, 0, 30), shown(2, 31, 60), shown(1, 61, 90), shown(3, 95, 120))
PAGES = {
    1: page("State of things", "one thing", "another thing here"),
    2: page("PyTorch 2.0", "torch.compile", "torch.export", confidence=0.5),
    3: page("Join us", "issues", "pull requests"),
}


OUR_NOTES = ("lock", "ledger.json")


class Place:
    """A talk with a video, and the step."""

    def __init__(self, folder: Path) -> None:
        self.workspace = talk_with_video(folder)
        self.video = Video(SHOWN)
        self.reader = Reader(PAGES)
        self.steps: list[Step] = []

    def run(self, mode: str = "", *, force: bool = False, here: bool = True, **more: Any) -> Result:
        wishes = Wishes(slides=mode, force=force)
        reader = (lambda: self.reader) if here else no_reader
        tool = tools(self.video, reader)
        return slides(self.workspace, tool, wishes, self.steps.append, **more)

    @property
    def file(self) -> Path:
        return self.workspace.path(SLIDES)

    @property
    def rows(self) -> list[dict[str, Any]]:
        rows = json.loads(self.file.read_text("utf-8"))["slides"]
        assert isinstance(rows, list)
        return rows

    def edit(self, change: Any) -> None:
        raw = json.loads(self.file.read_text("utf-8"))
        raw["slides"] = change(raw["slides"])
        self.file.write_text(json.dumps(raw), "utf-8")

    def today(self) -> tuple[Slide, ...]:
        return slides_today(self.workspace, Wishes())

    @property
    def pictures(self) -> dict[str, bytes]:
        return {p.name: p.read_bytes() for p in sorted(self.workspace.path("slides").glob("*"))}

    def files(self) -> dict[str, bytes]:
        """All but the lock, and what only says which file is ours."""
        return {
            str(p.relative_to(self.workspace.folder)): p.read_bytes()
            for p in sorted(self.workspace.folder.rglob("*"))
            if p.is_file() and p.name not in OUR_NOTES and p.suffix != ".jsonl"
        }


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of runs; what is killed here is the program, not the machine."""
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "t")


def test_each_slide_once_with_its_times_picture_and_words(place: Place) -> None:
    result = place.run()
    assert [(m.found, m.did) for m in result.made] == [("missing", "made")]
    assert [(r["at"], r["shown"], r["kind"], r["title"]) for r in place.rows] == [
        ("00:00:00", ["00:00:00-00:00:30", "00:01:01-00:01:30"], "text", "State of things"),
        ("00:00:31", ["00:00:31-00:01:00"], "text", "PyTorch 2.0"),
        ("00:01:35", ["00:01:35-00:02:00"], "text", "Join us"),
    ]
    assert place.rows[0]["lines"] == ["one thing", "another thing here"]
    assert place.pictures == {
        "00-00-00.png": b"picture 1",
        "00-00-31.png": b"picture 2",
        "00-01-35.png": b"picture 3",
    }
    assert place.reader.read_ == [1, 2, 3]
    counted = [(s.done, s.total) for s in place.steps if s.unit == "slides"]
    assert counted == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_the_picture_is_of_the_showing_that_is_fullest(place: Place) -> None:
    half, whole = (
        replace(s, of=1, fullest=full) for s, full in zip(SHOWN[:2], (False, True), strict=True)
    )
    place.video.showings = (replace(half, end=half.end + 0.9), whole)  # the longer is not complete
    place.run()
    assert place.video.asked == [whole.at]


def test_what_was_hard_to_read_is_told_with_its_time(place: Place) -> None:
    (problem,) = place.run().problems
    assert (problem.rule, problem.at) == ("slide-unreadable", 31.0)
    assert "“torch.compile”" in problem.message


def test_again_reads_nothing_and_changes_nothing(place: Place) -> None:
    place.run()
    before = place.files()
    place.reader.read_.clear()
    place.video.seen.clear()
    result = place.run()
    assert [(m.found, m.did) for m in result.made] == [("fresh", "kept")]
    assert [p.rule for p in result.problems] == ["slide-unreadable"]
    assert (place.files(), place.reader.read_, place.video.seen) == (before, [], [])


def test_a_slide_that_fails_is_told_and_the_others_stand(place: Place) -> None:
    place.video.broken = {2}
    place.reader.unreadable = {3}
    result = place.run()
    assert [(p.rule, p.at) for p in result.problems] == [
        ("slide-missing", 31.0),
        ("slide-missing", 95.0),
    ]
    first, second, third = place.today()
    assert (first.title, first.missing) == ("State of things", "")
    assert (second.image, second.missing) == ("", "no picture at 45.5 s")
    assert (third.image, third.kind, third.missing) == (
        "slides/00-01-35.png",
        "picture",
        "it could not be read",
    )
    place.video.broken, place.reader.unreadable = set(), set()
    place.reader.read_.clear()
    assert [p.rule for p in place.run().problems] == ["slide-unreadable"]  # tried again
    assert [s.title for s in place.today()] == ["State of things", "PyTorch 2.0", "Join us"]
    assert place.reader.read_ == [2, 3]
    assert place.video.found == 1


def test_a_video_that_cannot_be_seen_leaves_no_slides_and_a_problem(place: Place) -> None:
    place.video.blind = True
    (problem,) = place.run().problems
    assert (problem.rule, problem.severity) == ("slides-missing", "error")
    assert "no picture in it could be decoded" in problem.message
    assert place.today() == ()
    place.video.blind = False
    assert [p.rule for p in place.run().problems] == ["slide-unreadable"]  # tried again
    assert len(place.today()) == 3


@pytest.mark.parametrize(("sha", "force"), [("6", False), ("5", True)])
def test_a_failed_look_at_another_video_leaves_everything_as_it_was(
    place: Place, sha: str, force: bool
) -> None:
    place.run()
    place.edit(lambda rows: [{**rows[0], "title": "My title"}, *rows[1:]])
    place.workspace = talk_with_video(place.workspace.folder, sha=sha)
    rows, pictures, shown_before = place.rows, place.pictures, place.today()
    place.video.blind = True
    for _ in range(2):
        (first, *others) = place.run(force=force).problems
        assert (first.rule, first.severity) == ("slides-missing", "error")
        assert [p.rule for p in others] == ["slide-unreadable"]
        assert (place.rows, place.pictures, place.today()) == (rows, pictures, shown_before)
    assert place.run(required=False).problems[0].severity == "warning"
    place.video.blind = False
    assert [p.rule for p in place.run().problems] == ["slide-unreadable"]
    assert place.today() == shown_before


def test_damage_of_the_video_is_told(place: Place) -> None:
    place.video.flags = (Flag(start=7.0, end=9.0, rule="damaged", action="kept"),)
    place.reader.unreadable = {2}
    assert next((p.rule, p.at) for p in place.run().problems) == ("slides-damaged", 7.0)
    place.reader.unreadable = set()
    place.video.flags = ()  # a resumed run does not look at the whole video again
    assert [p.rule for p in place.run().problems] == ["slides-damaged", "slide-unreadable"]


def test_damage_is_told_also_where_a_slide_at_its_time_is_taken_out(place: Place) -> None:
    place.video.flags = (Flag(start=0.0, end=9.0, rule="damaged", action="kept"),)
    place.run()
    place.edit(lambda rows: rows[1:])
    assert [p.rule for p in place.run().problems] == ["slides-damaged", "slide-unreadable"]


def test_a_slides_problem_stays_with_it_when_its_times_are_typed(place: Place) -> None:
    place.video = Video((shown(1, 0, 30), shown(2, 31.4, 60)), broken={2})
    place.run()
    place.edit(lambda rows: [rows[0], {**rows[1], "shown": ["00:00:33-00:01:00"]}])
    assert [(p.rule, p.at) for p in place.run().problems] == [("slide-missing", 31.4)]
    place.edit(lambda rows: [rows[0], {**rows[1], "drop": True}])
    assert place.run().problems == ()


# --- how much is wanted -------------------------------------------------------------------------


def test_pictures_alone_where_that_is_asked_for(place: Place) -> None:
    assert place.run("images").problems == ()
    assert {(r["kind"], r["title"]) for r in place.rows} == {("picture", "")}
    assert len(place.pictures) == 3
    assert place.reader.read_ == []
    place.run("images")
    place.run()  # what was asked for once holds
    assert {(r["kind"], r["title"]) for r in place.rows} == {("picture", "")}
    place.run("full")
    assert [s.title for s in place.today()] == ["State of things", "PyTorch 2.0", "Join us"]
    place.run(here=False)  # and keeps what was read where nothing can read
    assert place.today()[0].title == "State of things"
    place.run("images")  # unless that is asked for
    assert place.today()[0].title == ""


def test_without_a_reader_they_stand_as_pictures_and_the_extra_is_named(place: Place) -> None:
    (problem,) = place.run(here=False).problems
    assert (problem.rule, problem.severity) == ("slides-unread", "warning")
    assert problem.hint == "pip install 'see-the-world[slides]'"
    assert len(place.pictures) == 3
    (problem,) = place.run(here=False).problems
    assert problem.rule == "slides-unread"
    with pytest.raises(MissingError):
        place.run("full", here=False)
    assert [p.rule for p in place.run().problems] == ["slide-unreadable"]


def test_pictures_asked_for_where_nothing_reads_are_not_read_later(place: Place) -> None:
    place.run(here=False)
    assert place.run("images", here=False).problems == ()
    place.run()
    assert place.reader.read_ == []


def test_another_reader_reads_again(place: Place) -> None:
    place.run()
    place.reader.engine = Engine(name="scripted", model="m", version="2")
    place.reader.read_.clear()
    assert [m.found for m in place.run(here=False).made] == ["fresh"]  # and none reads nothing
    assert [m.found for m in place.run().made] == ["stale"]
    assert place.reader.read_ == [1, 2, 3]
    assert [m.found for m in place.run().made] == ["fresh"]


def test_a_picture_of_ours_that_is_gone_is_made_again(place: Place) -> None:
    place.run()
    before = place.pictures
    place.workspace.path("slides/00-00-31.png").unlink()
    place.edit(lambda rows: [rows[0], {**rows[1], "title": "Mine"}, rows[2]])
    place.reader.read_.clear()
    place.run()
    assert (place.pictures, place.reader.read_) == (before, [])
    place.edit(lambda rows: [rows[0], {**rows[1], "image": "slides/mine.png"}, rows[2]])
    place.workspace.path("slides/00-00-31.png").unlink()
    place.video.seen.clear()
    place.run()
    assert place.video.seen == []  # nobody wants to see it


def test_a_slide_that_failed_and_was_taken_out_is_not_tried_again(place: Place) -> None:
    place.video.broken = {2}
    place.run()
    place.edit(lambda rows: [rows[0], {**rows[1], "drop": True}, rows[2]])
    place.video.seen.clear()
    assert [m.found for m in place.run().made] == ["edited"]
    assert place.video.seen == []


def test_none_makes_nothing_and_leaves_what_is_there(place: Place) -> None:
    assert place.run("none", required=False).made == ()
    assert not place.file.exists()
    place.run()
    before = place.files()
    place.run("none", required=False)
    assert place.files() == before
    assert slides_today(place.workspace, Wishes(slides="none")) == ()


def test_a_talk_without_a_video_is_passed_over_unless_slides_are_asked_for(place: Place) -> None:
    place.run()
    place.workspace.path("media/a.mp4").unlink()
    assert place.run(required=False).made == ()
    assert len(place.today()) == 3  # a colleague's checkout has them without the video
    place.file.unlink()
    with pytest.raises(InputError, match="no video here"):
        place.run()


# --- a person's edits ---------------------------------------------------------------------------


def test_edits_survive_a_new_reading(place: Place) -> None:
    place.run()
    place.edit(
        lambda rows: [
            {**rows[0], "title": "My title"},
            {**rows[2], "place": "00:00:40", "kind": "section"},
        ]
    )
    place.reader = Reader(
        {**PAGES, 1: page("State of Things", "one thing", "another")}, engine=Engine(name="new")
    )
    place.workspace = talk_with_video(place.workspace.folder, sha="6")  # another download
    result = place.run()
    assert [(m.found, m.did) for m in result.made] == [("edited+stale", "merged with your edits")]
    assert [(r["title"], r["lines"], r["kind"], r["place"]) for r in place.rows] == [
        ("My title", ["one thing", "another"], "text", ""),
        ("Join us", ["issues", "pull requests"], "section", "00:00:40"),
    ]
    assert [p.rule for p in result.problems] == ["slide-edited"]
    assert "State of Things" in result.problems[0].message
    assert list(place.workspace.path(".stw/backups").glob("*-slides.json"))
    assert place.run().made[0].found == "edited"


def test_an_edit_that_a_mode_agrees_with_survives_it(place: Place) -> None:
    place.run()
    place.edit(lambda rows: [{**rows[0], "kind": "picture"}, *rows[1:]])
    for mode in ("images", "images", "full"):
        place.run(mode)
        assert place.rows[0]["kind"] == "picture", mode
    place.edit(lambda rows: [*rows[:2], {**rows[2], "title": ""}])
    place.run("images")
    place.edit(lambda rows: [rows[0], {**rows[1], "kind": "text", "lines": ["mine"]}, rows[2]])
    for mode in ("full", "images"):
        place.run(mode)
        assert (place.rows[1]["kind"], place.rows[1]["lines"]) == ("text", ["mine"])
        assert place.rows[2]["title"] == ""


def test_a_file_is_not_laid_out_anew_while_a_slide_fails(place: Place) -> None:
    place.video.broken = {2}
    place.run()
    place.edit(lambda rows: [{**rows[0], "title": "My title"}, *rows[1:]])
    mine = place.file.read_bytes()
    place.run()
    assert place.file.read_bytes() == mine
    place.video.broken = set()
    place.run()
    assert [r["title"] for r in place.rows] == ["My title", "PyTorch 2.0", "Join us"]


def test_a_bad_edit_is_told_before_anything_is_done(place: Place) -> None:
    place.run()
    place.edit(lambda rows: [{**rows[0], "place": "later"}])
    before = place.files()
    for force in (False, True):
        with pytest.raises(BadFileError, match=r"slide 1 \(00:00:00\): 'later' is no time"):
            place.run(force=force)
    with pytest.raises(BadFileError):
        place.today()
    assert place.files() == before


def test_force_makes_it_anew_and_keeps_a_copy(place: Place) -> None:
    place.run()
    place.edit(lambda rows: rows[:1])
    place.reader.read_.clear()
    place.run(force=True)
    assert len(place.rows) == 3
    assert place.reader.read_ == [1, 2, 3]
    (kept,) = place.workspace.path(".stw/backups").glob("*-slides.json")
    assert len(json.loads(kept.read_text("utf-8"))["slides"]) == 1


def test_what_is_typed_while_it_is_made_anew_is_in_the_copy(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.run()
    read = place.reader.read

    def reading(picture: Any) -> Any:
        place.edit(lambda rows: [{**rows[0], "title": "My title"}, *rows[1:]])
        return read(picture)

    monkeypatch.setattr(place.reader, "read", reading)
    place.run(force=True)
    assert place.rows[0]["title"] == "State of things"
    (kept,) = place.workspace.path(".stw/backups").glob("*-slides.json")
    assert "My title" in kept.read_text("utf-8")


def test_notes_at_the_top_stay(place: Place) -> None:
    place.run()
    raw = json.loads(place.file.read_text("utf-8"))
    place.file.write_text(json.dumps({**raw, "help": "My own notes"}), "utf-8")
    place.workspace = talk_with_video(place.workspace.folder, sha="6")
    place.video = Video(SHOWN[:2])
    place.run()
    assert len(place.rows) == 2
    assert json.loads(place.file.read_text("utf-8"))["help"] == "My own notes"


def test_pictures_of_ours_that_nobody_uses_go_and_others_stay(place: Place) -> None:
    place.run()
    folder = place.workspace.path("slides")
    (folder / "mine.png").write_bytes(b"mine")
    (folder / "00-00-31.png").write_bytes(b"cropped by hand")
    place.workspace.put_aside(DRAFT, "![x](slides/00-01-35.png)<!-- 幻灯片 00:01:35 -->\n")
    place.video = Video((shown(4, 200, 230),))
    place.workspace = talk_with_video(place.workspace.folder, sha="6")
    place.run()
    assert place.pictures == {
        "00-00-31.png": b"cropped by hand",  # its slide is found no more, but a person made it
        "00-01-35.png": b"picture 3",  # the draft shows it
        "00-03-20.png": b"picture 4",
        "mine.png": b"mine",
    }


def test_a_persons_own_picture_of_a_slide_is_not_written_over(place: Place) -> None:
    place.run()
    own = place.workspace.path("slides/00-00-31.png")
    own.write_bytes(b"cropped by hand")
    place.run(force=True)
    assert own.read_bytes() == b"cropped by hand"


def test_a_persons_own_picture_goes_with_its_slide(place: Place) -> None:
    place.run()
    place.workspace.path("slides/00-00-31.png").write_bytes(b"cropped by hand")
    place.workspace = talk_with_video(place.workspace.folder, sha="6")
    place.video = Video((shown(1, 0, 30), shown(3, 31, 50), shown(2, 51, 70)))
    problems = place.run().problems

    def seen() -> list[tuple[str, bytes]]:
        return [(s.title, place.workspace.read(s.image)) for s in place.today()]

    wanted = [
        ("State of things", b"picture 1"),
        ("Join us", b"picture 3"),
        ("PyTorch 2.0", b"cropped by hand"),
    ]
    assert seen() == wanted
    (told,) = [p for p in problems if p.rule == "slide-edited"]
    assert told.message.startswith("your picture of this slide stays")
    assert (told.at, told.where) == (51.0, "slides/00-00-31.png")
    place.workspace = talk_with_video(place.workspace.folder, sha="7")
    place.run()
    assert seen() == wanted
    place.workspace = talk_with_video(place.workspace.folder, sha="8")
    place.video = Video((shown(1, 0, 30),))
    problems = place.run().problems
    assert seen() == [wanted[0], wanted[2]]
    assert ["found no more" in p.message for p in problems] == [True]


@pytest.mark.parametrize("removed", [False, True])
def test_a_persons_own_picture_outlives_a_new_slides_json(place: Place, removed: bool) -> None:
    place.run()
    place.workspace.path("slides/00-00-31.png").write_bytes(b"cropped by hand")
    if removed:
        place.file.unlink()
    place.run(force=not removed)
    assert place.workspace.read(place.today()[1].image) == b"cropped by hand"
    assert len(place.today()) == 3


def test_a_picture_is_known_by_what_it_shows(place: Place) -> None:
    folder = place.workspace.folder
    for sha, of in (("5", 1), ("6", 2), ("5", 1)):
        place.workspace = talk_with_video(folder, sha=sha)
        place.video = Video((shown(of, 10, 30),))
        place.run()
        (slide,) = place.today()
        assert (slide.title, place.pictures) == (
            {1: "State of things", 2: "PyTorch 2.0"}[of],
            {"00-00-10.png": b"picture %d" % of},
        )


def test_a_slide_that_failed_does_not_take_the_picture_of_another(place: Place) -> None:
    place.video = Video((shown(1, 10.1, 10.6), shown(2, 10.6, 40)), broken={1})
    place.run()
    place.edit(lambda rows: [rows[0], {**rows[1], "title": "Mine"}])
    place.video.broken = set()
    place.run()
    assert [(s.title, place.workspace.read(s.image)) for s in place.today()] == [
        ("State of things", b"picture 1"),
        ("Mine", b"picture 2"),
    ]


def test_what_a_person_has_edited_keeps_showing_its_picture(place: Place) -> None:
    place.run()
    place.edit(lambda rows: [rows[0], {**rows[1], "title": "Mine"}, rows[2]])
    place.workspace = talk_with_video(place.workspace.folder, sha="6")
    place.video = Video((shown(1, 0, 30), shown(3, 31, 50)))
    place.run()
    assert [(s.title, place.workspace.read(s.image)) for s in place.today()] == [
        ("State of things", b"picture 1"),
        ("Join us", b"picture 3"),
        ("Mine", b"picture 2"),
    ]


def test_two_slides_in_one_second_have_two_pictures(place: Place) -> None:
    place.video = Video((shown(1, 3.0, 3.4), shown(2, 3.5, 9.0)))
    place.run()
    assert [s.image for s in place.today()] == ["slides/00-00-03.png", "slides/00-00-03-500.png"]
    before = place.files()
    place.workspace.path(SLIDES).unlink()
    place.run()
    assert place.files() == before


# --- killed -------------------------------------------------------------------------------------


def whole(folder: Path) -> dict[str, bytes]:
    place = Place(folder / "t")
    place.run()
    return place.files()


def kill_at(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """The write numbered `at`, to the journal or to a file, is the last thing that happens."""
    calls: list[str] = []
    monkeypatch.setattr(Lines, "append", counted(Lines.append, calls, at + 1))
    monkeypatch.setattr("translate.workspace.write_atomic", counted(write_atomic, calls, at + 1))


def test_killed_at_any_write_the_next_run_ends_where_nobody_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = whole(tmp_path / "whole")
    for at in range(100):
        place = Place(tmp_path / str(at) / "t")
        with monkeypatch.context() as patch:
            kill_at(patch, at)
            try:
                place.run()
            except Killed:
                pass
            else:
                break
        read = list(place.reader.read_)
        place.run()
        assert place.files() == wanted, at
        assert len(place.reader.read_) <= 4, (read, place.reader.read_)  # at most one read twice
        assert place.video.found <= 2
    else:
        pytest.fail("a hundred writes were not enough")
    assert at > 15


def test_killed_while_merging_no_edit_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edited(folder: Path) -> Place:
        place = Place(folder)
        place.run()
        place.edit(lambda rows: [{**rows[0], "title": "My title"}, rows[1]])
        place.workspace = talk_with_video(folder, sha="6")
        place.reader = Reader(PAGES)
        # What comes to the time of another must not be taken for that one's edit.
        place.video = Video(
            (shown(4, 0, 3), shown(1, 31, 61), shown(2, 62, 91), shown(3, 126, 151))
        )
        return place

    calm = edited(tmp_path / "calm" / "t")
    calm.run()
    assert [(r["at"], r["title"]) for r in calm.rows] == [
        ("00:00:00", ""),
        ("00:00:31", "My title"),
        ("00:01:02", "PyTorch 2.0"),
    ]
    for at in range(100):
        place = edited(tmp_path / str(at) / "t")
        with monkeypatch.context() as patch:
            kill_at(patch, at)
            try:
                place.run()
            except Killed:
                pass
            else:
                break
        place.run()
        assert place.rows == calm.rows, at
        assert place.today() == calm.today(), at


# --- into the draft -----------------------------------------------------------------------------

SAID = (
    Cue(start=1.0, end=29.0, text="Hello everyone, and welcome to the state of things."),
    Cue(start=32.0, end=58.0, text="We shipped a compiler, and it is fast."),
    Cue(start=96.0, end=119.0, text="Please join us, and send us your pull requests."),
)


def transcribed(place: Place) -> None:
    transcript = Transcript(
        language="en", engine=Engine(name="captions"), duration=120.0, cues=SAID
    )
    place.workspace.put(TRANSCRIPT, transcript, key="")


def drafted(place: Place, mode: str = "") -> str:
    tool = tools(place.video, lambda: place.reader)
    wishes = Wishes(slides=mode, untranslated=True, notes="none")
    slides(place.workspace, tool, wishes, no_progress, required=False)
    draft(place.workspace, tool, Glossary(), wishes, no_progress)
    return place.workspace.text(DRAFT)


def test_slides_in_the_draft_and_none_is_the_draft_as_it_was(place: Place) -> None:
    transcribed(place)
    plain = drafted(place, "none")
    assert "幻灯片" not in plain
    assert not place.file.exists()
    text = drafted(place)
    for slide in (
        "### 1. State of things\n\n> - one thing\n> - another thing here<!-- 幻灯片 00:00:00 -->",
        "### 2. PyTorch 2.0\n\n> - torch.compile\n> - torch.export<!-- 幻灯片 00:00:31 -->",
        "### 3. Join us\n\n> - issues\n> - pull requests<!-- 幻灯片 00:01:35 -->",
    ):
        assert slide in text
    assert drafted(place, "none") == plain  # and the same, byte for byte, when they are left out
    assert drafted(place, "images").count("![00-") == 3
    assert "![00-" in drafted(place)
    assert drafted(place, "full") == text


LONG = " ".join(["We take the graph, and we give back a faster one each time."] * 8)
TALKED = (
    *(Cue(start=32.0 * n, end=32.0 * n + 32, text=LONG) for n in range(4)),
    Cue(start=129.0, end=140.0, text="Thank you all for coming to this talk."),
)


def test_paragraphs_begin_with_slides_and_stay_when_slides_are_left_out(place: Place) -> None:
    def said() -> list[str]:
        return [p.english for p in place.workspace.article().paragraphs]

    place.workspace.put(
        TRANSCRIPT,
        Transcript(language="en", engine=Engine(name="captions"), duration=140.0, cues=TALKED),
        key="",
    )
    drafted(place)
    starts = [p.start for p in place.workspace.article().paragraphs]
    assert all(min(abs(at - s) for s in starts) < 5 for at in (31.0, 95.0))
    with_slides = said()
    drafted(place, "none")
    place.edit(lambda rows: rows[1:])
    drafted(place)
    assert said() == with_slides
    article = place.workspace.path(ARTICLE)
    article.write_text(article.read_text("utf-8").replace("Thank you all", "Thanks"), "utf-8")
    place.workspace = talk_with_video(place.workspace.folder, sha="6")  # fetched again
    place.video.showings = tuple(
        replace(s, start=s.start + 7, end=s.end + 7, at=s.at + 7) for s in place.video.showings
    )
    drafted(place)
    assert said() == [text.replace("Thank you all", "Thanks") for text in with_slides]


@pytest.mark.parametrize("force", [False, True])
def test_paragraphs_that_were_there_before_the_slides_stay(place: Place, force: bool) -> None:
    place.workspace.put(
        TRANSCRIPT,
        Transcript(language="en", engine=Engine(name="captions"), duration=140.0, cues=TALKED),
        key="",
    )
    drafted(place, "none")
    before = place.workspace.article()
    drafted(place)
    assert place.workspace.article() == before
    tool = tools(place.video, lambda: place.reader)
    rows, _ = status(place.workspace, tool, Glossary(), Wishes())
    assert {r.stage: r.state for r in rows}["segment"] == "fresh"
    if not force:
        place.workspace.path(ARTICLE).unlink()
    anew = Wishes(untranslated=True, notes="none", force=force)
    draft(place.workspace, tool, Glossary(), anew, no_progress)
    assert place.workspace.article() != before
    rows, _ = status(place.workspace, tool, Glossary(), Wishes())
    assert {r.stage: r.state for r in rows}["segment"] == "fresh"


def edit_slides(place: Place) -> str:
    """An editor takes a slide out, moves another, and puts a heading and a line into Chinese."""
    text = place.workspace.text(DRAFT)
    blocks = text.split("\n\n")
    first, second, third = (n for n, b in enumerate(blocks) if "<!-- 幻灯片" in b)
    moved = blocks[first]
    blocks[third] = blocks[third].replace("issues", "议题")
    blocks[third - 1] = blocks[third - 1].replace("Join us", "加入我们")
    blocks.insert(third - 1, moved)
    del blocks[second], blocks[first]
    place.workspace.put_aside(DRAFT, "\n\n".join(blocks))
    return place.workspace.text(DRAFT)


@pytest.mark.parametrize("way", [["none"], ["images"], ["none", "images", "none"]])
def test_slides_left_out_for_a_while_come_back_as_the_editor_left_them(
    place: Place, way: list[str]
) -> None:
    transcribed(place)
    drafted(place, "full")
    mine = edit_slides(place)
    for mode in way:
        drafted(place, mode)
    assert drafted(place, "full") == mine
    assert drafted(place, "full") == mine
    assert not open_conflicts(place.workspace, mine)


def test_what_is_typed_while_slides_are_left_out_stays(place: Place) -> None:
    transcribed(place)
    drafted(place, "full")
    mine = edit_slides(place)
    plain = drafted(place, "none")
    prose = "## 编者最后的碎碎念\n"
    assert plain.count(prose) == 1
    place.workspace.put_aside(DRAFT, plain.replace(prose, prose + "\n我的话。\n"))
    drafted(place, "none")
    assert drafted(place, "full") == mine.replace(prose, prose + "\n我的话。\n")


@pytest.mark.parametrize("forth", ["none", "images"])
def test_killed_while_slides_are_left_out_or_come_back_no_edit_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forth: str
) -> None:
    first = Place(tmp_path / "0" / "t")
    transcribed(first)
    drafted(first, "full")
    mine = edit_slides(first)
    for at in range(100):
        whole = True
        place = Place(tmp_path / str(at + 1) / "t")
        shutil.copytree(first.workspace.folder, place.workspace.folder, dirs_exist_ok=True)
        for mode in (forth, "full"):
            with monkeypatch.context() as patch:
                kill_at(patch, at)
                try:
                    drafted(place, mode)
                except Killed:
                    whole = False
            if at % 2:
                drafted(place, mode)  # else the next is another mode
        assert drafted(place, "full") == mine, at
        if whole:
            break
    assert whole


def test_a_slide_edited_in_the_file_changes_the_draft_where_it_was_left_alone(place: Place) -> None:
    transcribed(place)
    text = drafted(place)
    mine = text.replace("> - one thing\n", "> - one thing, and mine\n")
    place.workspace.put_aside(DRAFT, mine)
    place.edit(lambda rows: [rows[0], {**rows[1], "drop": True}, {**rows[2], "title": "Join in"}])
    merged = drafted(place)
    assert "> - one thing, and mine\n" in merged
    assert "PyTorch 2.0" not in merged
    assert "### 2. Join in" in merged


def test_the_report_tells_of_the_slides(place: Place) -> None:
    transcribed(place)
    place.video.broken = {3}
    drafted(place)
    report = place.workspace.text(REPORT)
    assert "### Slides that could not be seen or read (1)" in report
    assert "### Slides that were hard to read (1)" in report
    assert "- Slides: 3, 2 with words, 1 failed (00:01:35)" in report
    data = json.loads(place.workspace.text("report.json"))
    assert data["slides"] == {"shown": 3, "with_words": 2, "failed": [95.0]}
    place.edit(lambda rows: rows[:1])
    drafted(place)
    assert "- Slides: 1, 1 with words" in place.workspace.text(REPORT)
    checked = check(place.workspace, Glossary(), Wishes(untranslated=True))
    assert not [p for p in checked.open if p.rule.startswith("slide")]


def test_status_tells_of_the_slides(place: Place) -> None:
    def told(mode: str = "") -> list[tuple[str, str]]:
        tool = tools(place.video, lambda: place.reader)
        rows, _ = status(place.workspace, tool, Glossary(), Wishes(slides=mode))
        return [(r.state, r.note) for r in rows if r.stage == "slides"]

    assert told() == [("missing", "")]
    assert told("none") == []
    place.run()
    assert told() == [("fresh", "3 slides")]
    place.edit(lambda rows: rows[1:])
    assert told() == [("edited", "2 slides, 3 found")]
    place.workspace = talk_with_video(place.workspace.folder, sha="6")
    assert told() == [("edited+stale", "2 slides, 3 found")]
    place.run()
    assert told() == [("edited", "2 slides, 3 found")]
    assert told("images") == [("edited+stale", "2 slides, 3 found")]
    place.workspace.path(place.rows[0]["image"]).unlink()
    assert told() == [("edited+stale", "2 slides, 3 found")]
    assert [m.found for m in place.run().made] == ["edited+stale"]
    assert told() == [("edited", "2 slides, 3 found")]
    place.file.write_text("{", "utf-8")
    ((_, note),) = told()
    assert "line 1" in note


def test_the_words_of_slides_reach_the_prompt(place: Place) -> None:
    place.run()
    book = Glossary(terms=(Term(source="PyTorch", policy="keep"), Term(source="Triton")))
    words = [s.words for s in place.today()]
    talk = place.workspace.talk()
    assert "PyTorch" in bias(talk, book, len, (), words)
    assert "PyTorch" not in bias(talk, book, len)


def test_slips_are_told_while_the_draft_shows_them(place: Place) -> None:
    pytest.importorskip("symspellpy", reason="needs the extra [slides]")
    place.reader = Reader({**PAGES, 3: page("Join us", "27 active partipants", "pull requests")})
    transcribed(place)
    text = drafted(place)

    def told() -> list[tuple[str, float | None]]:
        found = check(place.workspace, Glossary(), Wishes(untranslated=True)).open
        return [(p.message, p.at) for p in found if p.rule == "slide-spelling"]

    assert told() == [("“partipants” on a slide may be “participants”", 95.0)]
    place.workspace.put_aside(DRAFT, text.replace("partipants", "participants"))
    assert told() == []


def test_without_the_word_list_it_is_told_that_nobody_looked_for_slips(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object) -> None:
        raise MissingError("the word list is not installed", "pip install it")

    monkeypatch.setattr("translate.pipeline.step_check.slips", nobody)

    def told() -> list[tuple[str, str]]:
        found = check(place.workspace, Glossary(), Wishes(untranslated=True)).open
        return [(p.severity, p.message) for p in found if p.rule == "slide-spelling-unchecked"]

    transcribed(place)
    drafted(place, "images")
    assert told() == []
    drafted(place, "full")
    ((severity, message),) = told()
    assert severity == "info"
    assert "the word list is not installed" in message
