"""After the draft, through the real program: publish, preview, learn, and what was learned used."""

import json
import re
from pathlib import Path

import pytest

from tests.chat_server import good, serving
from tests.test_pipeline import Place, captions
from translate.draft import parse


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A talk of three minutes, translated, by a server that is gone by now."""
    captions(tmp_path / "A talk about graphs - Ada Byron, Labs | Demo Conf 2026.srt", minutes=3)
    place = Place(tmp_path)
    with serving(good) as server:
        place.use(server)
        place.stw("run", "A talk about graphs - Ada Byron, Labs | Demo Conf 2026.srt")
    place.env["STW_TRANSLATOR"] = "auto"
    place.env["STW_BASE_URL"] = ""
    return place


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    (tmp_path / "blog/src/posts").mkdir(parents=True)
    (tmp_path / "blog/src/posts/other.md").write_text("other\n", "utf-8")
    return tmp_path / "blog"


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_finished_draft_becomes_a_post(place: Place, blog: Path) -> None:
    draft = place.talk / "draft.md"
    text = draft.read_text("utf-8")
    first = parse(text).passages[0]
    draft.write_text(text.replace(first.chinese, f"{first.chinese}编者加的话,2句。"), "utf-8")
    before = draft.read_bytes()
    done = place.stw("publish", "graphs", "--blog", str(blog), "--slug", "talk-1", "--json")
    made = json.loads(done.stdout)
    post = (blog / "src/posts/talk-1.md").read_text("utf-8")
    assert made["post"].endswith("src/posts/talk-1.md")
    assert "编者加的话，2 句。" in post
    assert "torch.compile reads" not in post  # the English
    assert not re.search(r"<!-- \d\d:|编者注 ✍️：$|尚待编者校对", post, re.MULTILINE)
    assert draft.read_bytes() == before
    kept = everything(blog)
    assert set(kept) == {"src/posts/talk-1.md", "src/posts/other.md"}
    place.stw("publish", "graphs", "--blog", str(blog))  # under the same name, and the same
    assert everything(blog) == kept
    place.stw("publish", "graphs", "--blog", str(blog), "--bilingual")
    assert "torch.compile reads" in (blog / "src/posts/talk-1.md").read_text("utf-8")


def test_an_unfinished_draft_is_refused_with_a_list(place: Place, blog: Path) -> None:
    draft = place.talk / "draft.md"
    text = draft.read_text("utf-8")
    first = parse(text).passages[0]
    broken = text.replace(first.chinese, "【待译】").replace("## 写在最前", "## 写在 <pad> 最前")
    draft.write_text(broken, "utf-8")
    done = place.stw("publish", "graphs", "--blog", str(blog), code=8)
    assert "【待译】" in done.stderr
    assert "pad" in done.stderr
    assert "--allow-unfinished" in done.stderr
    assert set(everything(blog)) == {"src/posts/other.md"}
    place.stw("publish", "graphs", "--allow-unfinished", code=8)
    assert "【待译】" in next((place.talk / "post/posts").glob("*.md")).read_text("utf-8")


def test_a_post_that_somebody_edited_in_the_blog_stays(place: Place, blog: Path) -> None:
    place.stw("publish", "graphs", "--blog", str(blog), "--slug", "talk-1")
    post = blog / "src/posts/talk-1.md"
    post.write_text(post.read_text("utf-8") + "\n审稿人的话。\n", "utf-8")
    place.stw("publish", "graphs", "--blog", str(blog), code=6)
    assert "审稿人的话。" in post.read_text("utf-8")


def test_a_silenced_error_does_not_stand_in_the_way(place: Place, blog: Path) -> None:
    draft = place.talk / "draft.md"
    text = draft.read_text("utf-8")
    first = parse(text).passages[0]
    draft.write_text(text.replace(first.chinese, "So today I want to talk about this."), "utf-8")
    done = place.stw("check", "graphs", "--json", code=8)
    errors = [p for p in json.loads(done.stdout)["problems"] if p["severity"] == "error"]
    place.stw("publish", "graphs", "--blog", str(blog), code=8)
    for error in errors:
        place.stw("check", "graphs", "--silence", error["id"], "--reason", "原话", code=None)
    place.stw("publish", "graphs", "--blog", str(blog))


def test_the_preview_is_one_file_that_runs_nothing(place: Place) -> None:
    done = place.stw("preview", "graphs")
    page = Path(done.stdout.strip()).read_text("utf-8")
    assert "default-src &#x27;none&#x27;" in page
    assert "<script" not in page
    assert "A talk about graphs" in page


def test_what_was_learned_from_one_talk_serves_the_next(place: Place) -> None:
    draft = place.talk / "draft.md"
    text = draft.read_text("utf-8")
    first = parse(text).passages[0]
    mine = f"我们从头讲起：{first.chinese}"
    draft.write_text(text.replace(first.chinese, mine), "utf-8")
    figures = json.loads(place.stw("learn", "graphs", "--json").stdout)
    assert (figures["touched"], figures["deleted"]) == (1, 0)
    assert 0 < figures["distance"] < 1
    memory = place.folder / "glossary/memory" / f"{place.talk.name}.jsonl"
    assert mine in memory.read_text("utf-8")
    # The same draft again: the editor's words come back as the proposal, and nothing moves.
    before = draft.read_bytes()
    place.stw("draft", "graphs")
    assert draft.read_bytes() == before
    # Another talk with the same paragraph, and nobody to ask.
    other = "Another talk - Bob Byron, Labs | Demo Conf 2026.srt"
    captions(place.folder / other, minutes=3)
    place.stw("run", other, code=None)
    [folder] = [p for p in (place.folder / "drafts").iterdir() if "another" in p.name]
    assert mine in (folder / "draft.md").read_text("utf-8")


def test_memories_go_out_and_come_in(place: Place) -> None:
    place.stw("memory", "export", "all.tmx", code=3)  # nothing was learned yet
    place.stw("learn", "graphs", code=3)  # nobody has edited the draft
    with (place.talk / "draft.md").open("a", encoding="utf-8") as file:
        file.write("\n我的话。\n")
    place.stw("learn")
    place.stw("memory", "export", "all.tmx")
    place.stw("memory", "export", "all.tmx", code=3)  # it is there
    pairs = len(parse((place.talk / "draft.md").read_text("utf-8")).passages)
    done = place.stw("memory", "import", "all.tmx", "--json")
    [file] = json.loads(done.stdout)
    assert (file["entries"], file["same"]) == (0, pairs)  # all of it stands in the memory
    for memory in (place.folder / "glossary/memory").glob("*.jsonl"):
        memory.unlink()
    done = place.stw("memory", "import", "all.tmx", "--json")
    [file] = json.loads(done.stdout)
    assert (file["entries"], file["same"]) == (pairs, 0)
    assert (place.folder / "glossary/memory/all.jsonl").exists()


def test_what_was_taken_stays_taken(place: Place) -> None:
    """Though the editor's own words, learned before, would come back."""
    draft = place.talk / "draft.md"
    first = parse(draft.read_text("utf-8")).passages[0]
    mine, theirs = f"我的：{first.chinese}", f"他们的：{first.chinese}"
    draft.write_text(draft.read_text("utf-8").replace(first.chinese, mine), "utf-8")
    place.stw("learn", "graphs")
    learned = place.folder / f"glossary/memory/{place.talk.name}.jsonl"
    pairs = [json.loads(line) for line in learned.read_text("utf-8").splitlines()]
    (place.folder / "other.jsonl").write_text(
        "".join(
            json.dumps({"source": p["source"], "target": p["target"].replace(mine, theirs)}) + "\n"
            for p in pairs
        ),
        "utf-8",
    )
    place.stw("draft", "graphs", "--translator", "memory", "--memory", "other.jsonl", code=None)
    assert mine in draft.read_text("utf-8")
    # The editor goes on with the block, which settles it; who asks for the new text gets it.
    draft.write_text(draft.read_text("utf-8").replace(mine, f"又改：{mine}"), "utf-8")
    done = place.stw("draft", "graphs", "--take", first.at, "-q")
    assert f"taken: {first.at}\nno conflict is open" in done.stdout
    taken = draft.read_text("utf-8")
    assert theirs in taken
    assert mine not in taken
    for _ in range(2):
        place.stw("draft", "graphs", code=None)
        assert parse(draft.read_text("utf-8")).passages == parse(taken).passages
