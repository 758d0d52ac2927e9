"""`stw check`: the draft as it is now, ticks that stay, items silenced with a reason."""

import json
import re
from pathlib import Path

import pytest

from tests.chat_server import good, serving
from tests.test_pipeline import Place, captions
from translate.draft import Passage, parse


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A talk of some paragraphs, all of them translated, by a server that is gone by now."""
    source = tmp_path / "A talk about graphs - Ada Byron, Example Labs | Demo Conf 2026.srt"
    captions(source)
    place = Place(tmp_path)
    with serving(good) as server:
        place.use(server)
        place.stw("run", source.name)
    place.env["STW_TRANSLATOR"] = "none"
    return place


@pytest.fixture
def waiting(tmp_path: Path) -> Place:
    """The same, with nobody to translate it."""
    place = Place(tmp_path)
    source = captions(tmp_path / "A talk - Ada Byron | Demo Conf 2026.srt", minutes=1)
    place.env["STW_TRANSLATOR"] = "auto"
    place.stw("run", source.name, code=8)
    return place


def draft(place: Place) -> Path:
    return place.talk / "draft.md"


def passages(place: Place) -> tuple[Passage, ...]:
    return parse(draft(place).read_text("utf-8")).passages


def rewrite(place: Place, old: str, new: str) -> None:
    text = draft(place).read_text("utf-8")
    assert text.count(old) == 1
    draft(place).write_text(text.replace(old, new), "utf-8")


def found(place: Place, *options: str, code: int | None = None) -> list[dict[str, str]]:
    done = place.stw("check", place.talk.name, "--json", *options, code=code)
    return list(json.loads(done.stdout)["problems"])


def test_errors_decide_the_exit_code_and_strict_counts_warnings(place: Place) -> None:
    place.stw("check", code=0)
    done = place.stw("check", "--strict", code=8)
    assert "To look at:" in done.stdout
    assert place.talk.name in done.stdout  # no talk was named: all of them


def test_untranslated_paragraphs_are_errors_with_their_english(waiting: Place) -> None:
    items = found(waiting, code=8)
    first = next(i for i in items if i["rule"] == "untranslated")
    assert first["severity"] == "error"
    assert "torch.compile" in first["english"]
    assert first["chinese"] == ""
    done = waiting.stw("check", waiting.talk.name, code=8)
    assert f"[ ] {first['id']} 00:00:00" in done.stdout


def test_check_looks_at_what_the_editor_has_typed_and_touches_nothing_of_it(place: Place) -> None:
    one, two, three = passages(place)[:3]
    rewrite(place, two.chinese, "So today I want to talk about how it reads your whole model.")
    rewrite(place, three.chinese, re.sub(r"\d+", "77", three.chinese))
    before = draft(place).read_bytes()
    items = {(i["rule"], int(float(i["at"] or -1))): i for i in found(place, code=8)}
    assert draft(place).read_bytes() == before
    assert items["no-chinese", two.start]["severity"] == "error"
    assert "77" in items["number", three.start]["chinese"]
    assert not any(at == one.start and rule in ("no-chinese", "number") for rule, at in items)
    report = (place.talk / "report.md").read_text("utf-8")
    assert "### Number changed" in report


def test_a_silenced_item_gives_its_reason_and_counts_no_more(waiting: Place) -> None:
    errors = [i["id"] for i in found(waiting, code=8) if i["severity"] == "error"]
    for one in errors:
        waiting.stw(
            "check", waiting.talk.name, "--silence", one, "--reason", "拍过片子 | ok", code=None
        )
    items = found(waiting, code=0)
    assert {i["silenced"] for i in items if i["id"] in errors} == {"拍过片子 | ok"}
    report = (waiting.talk / "report.md").read_text("utf-8")
    assert errors[0] in report.split("## Silenced")[1]
    waiting.stw("draft", waiting.talk.name, code=0)  # a run of the line keeps it, too
    waiting.stw("check", waiting.talk.name, "--silence", errors[0], "--reason", "", code=8)


def test_only_items_that_are_there_can_be_silenced(place: Place) -> None:
    done = place.stw("check", place.talk.name, "--silence", "abcdef", "--reason", "x", code=3)
    assert "no item 'abcdef'" in done.stderr
    place.stw("check", "--silence", "abcdef", code=2)  # of which talk?


def test_ticks_stay_and_need_no_backup(place: Place) -> None:
    report = place.talk / "report.md"
    text = report.read_text("utf-8")
    one, two = re.findall(r"- \[ \] `(\w{6})`", text)[:2]
    report.write_text(text.replace(f"[ ] `{one}`", f"[x] `{one}`"), "utf-8")
    place.stw("check")
    place.stw("draft", place.talk.name)
    text = report.read_text("utf-8")
    assert f"[x] `{one}`" in text
    assert f"[ ] `{two}`" in text
    assert not (place.talk / ".stw/backups").exists()
    report.write_text(text.replace(f"[x] `{one}`", f"[ ] `{one}`"), "utf-8")
    place.stw("check")
    assert f"[ ] `{one}`" in report.read_text("utf-8")
    report.write_text(report.read_text("utf-8") + "\n我记下的一句话。\n", "utf-8")
    place.stw("check")
    [backup] = (place.talk / ".stw/backups").glob("*report.md")
    assert "我记下的一句话。" in backup.read_text("utf-8")


def test_joined_paragraphs_are_checked_as_one(place: Place) -> None:
    one, two = passages(place)[1:3]
    rewrite(place, f"{two.chinese}<!-- {two.at} -->\n\n", "")
    rewrite(place, f"{one.chinese}<!--", f"{one.chinese}{two.chinese}<!-- {two.at} --><!--")
    items = found(place)
    here = {i["rule"] for i in items if int(float(i["at"] or -1)) in (one.start, two.start)}
    assert not here & {"untranslated", "length", "number", "anchor-missing", "paragraph-deleted"}
    place.stw("draft", place.talk.name)
    subtitles = (place.talk / "subtitles.zh.srt").read_text("utf-8")
    assert subtitles.count("【待译】") == 0
    assert len(passages(place)) == len(parse(draft(place).read_text("utf-8")).passages)


def test_nothing_is_said_of_the_chinese_of_a_paragraph_that_was_taken_out(waiting: Place) -> None:
    first = passages(waiting)[0]
    text = draft(waiting).read_text("utf-8")
    start = text.index("<details>")
    end = text.index(f"<!-- {first.at} -->") + len(f"<!-- {first.at} -->\n\n")
    draft(waiting).write_text(text[:start] + text[end:], "utf-8")
    times = [int(float(i["at"] or 0)) for i in found(waiting) if i["rule"] == "untranslated"]
    assert times
    assert int(first.start) not in times


def test_without_a_draft_there_is_nothing_to_check(place: Place) -> None:
    (place.talk / "draft.md").unlink()
    done = place.stw("check", place.talk.name, code=3)
    assert "stw draft" in done.stderr


def test_an_anchor_that_stands_alone_is_an_error(place: Place) -> None:
    """The paragraph would be missing from the post, and nobody would say so."""
    one = passages(place)[1]
    rewrite(place, one.chinese, "")
    [item] = [i for i in found(place, code=8) if i["severity"] == "error"]
    assert item["rule"] == "untranslated"
    assert one.at in item["message"]
    assert not (place.talk / "post").exists()
    place.stw("publish", place.talk.name, code=8)
    assert not (place.talk / "post/posts").exists()


def test_chinese_without_its_anchor_is_an_error_about_its_own_english(place: Place) -> None:
    one = passages(place)[1]
    rewrite(place, f"{one.chinese}<!-- {one.at} -->", "So we just say it in English here.")
    [item] = [i for i in found(place, code=8) if i["rule"] == "anchor-missing"]
    assert item["severity"] == "error"
    assert item["english"] in ("", one.english)
    assert one.at in item["hint"]


def test_what_is_silenced_is_that_line_and_no_other(place: Place) -> None:
    text = draft(place).read_text("utf-8")
    draft(place).write_text(f"{text}\n## 第一个标题:\n", "utf-8")
    [item] = [i for i in found(place, code=8) if i["rule"] == "blog-heading"]
    place.stw("check", place.talk.name, "--silence", item["id"], "--reason", "x", code=0)
    draft(place).write_text(f"上面多了一行。\n\n{text}\n## 第一个标题:\n", "utf-8")
    assert [i["silenced"] for i in found(place) if i["rule"] == "blog-heading"] == ["x"]
    draft(place).write_text(f"{text}\n## 另一个标题:\n", "utf-8")
    assert [i["silenced"] for i in found(place, code=8) if i["rule"] == "blog-heading"] == [""]


def test_english_that_was_left_without_chinese_is_told(place: Place) -> None:
    one = passages(place)[1]
    rewrite(place, f"{one.chinese}<!-- {one.at} -->\n", "")
    [item] = [i for i in found(place) if i["rule"] == "paragraph-deleted"]
    assert item["severity"] == "warning"
