"""The rooms and the way imports run between them, held by reading every file's imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import translate

PACKAGE = Path(translate.__file__).parent

# Who may import whom. A room is a module, or a package with all its modules.
NOUNS = {"model", "errors"}
TOOLS = {
    *("glossary", "draft", "merge", "checks", "numerals", "concepts"),
    *("align", "typography", "subtitles", "flags", "report"),
    *("house", "refusals", "outline", "lanes", "earlier", "placing", "slidefile"),
    *("windows", "guards", "caption_text", "bias", "coverage", "turns"),
    *("layout", "spelling", "slide_numbers"),
}
MAY_IMPORT: dict[str, set[str]] = {
    "model": set(),
    "errors": set(),
    "typography": NOUNS,
    "subtitles": NOUNS,
    "checks": NOUNS | {"glossary", "numerals", "concepts"},
    "glossary": NOUNS | {"typography"},
    "draft": NOUNS | {"typography"},
    "placing": NOUNS | {"typography"},
    "slidefile": NOUNS | {"draft"},
    "align": set(),
    "earlier": NOUNS | {"glossary", "align"},
    "units": NOUNS | {"draft"},
    "counterparts": {"align", "draft", "units"},
    "merge": NOUNS | {"align", "units", "counterparts"},
    "outline": set(),
    "lanes": set(),
    "house": NOUNS | {"typography", "draft", "outline"},
    "refusals": NOUNS | {"typography", "draft", "house"},
    "windows": NOUNS,
    "guards": NOUNS | {"sounds"},
    "caption_text": NOUNS | {"sounds"},
    "sounds": set(),
    "bias": set(),
    "report": NOUNS | {"typography", "draft", "coverage"},
    "tbx": NOUNS,
    "exchange": NOUNS | {"glossary", "tbx"},
    "termfile": NOUNS | {"glossary"},
    "stages": NOUNS | TOOLS,
    "backends": NOUNS,
    "workspace": NOUNS,
    "flags": NOUNS,
    "coverage": NOUNS,
    "layout": NOUNS,
    "spelling": NOUNS,
    "slide_numbers": NOUNS | {"numerals"},
    "turns": NOUNS,
    "numerals": set(),
    "concepts": set(),
    "pipeline": NOUNS | TOOLS | {"stages", "workspace"},
    "settings": {"errors"},
    "console": NOUNS,
    "demo": set(),
    # The faces: only they build backends and hand them in.
    "compose": NOUNS
    | {"glossary", "console", "settings", "stages", "backends", "workspace", "pipeline"},
    "forecast": NOUNS | {"stages"},
    "desk": NOUNS
    | {"glossary", "console", "settings", "stages", "workspace", "pipeline", "compose"}
    | {"forecast", "coverage"},
    "doctor": NOUNS | {"glossary", "console", "settings", "backends", "compose"},
    "termdesk": NOUNS
    | {"glossary", "exchange", "termfile", "console", "stages", "workspace", "pipeline"}
    | {"compose", "desk"},
    "measure": NOUNS | {"glossary"},
    "benchdesk": NOUNS
    | {"measure", "glossary", "caption_text", "console", "settings", "stages", "backends"}
    | {"compose", "desk"},
    "press": NOUNS
    | {"console", "report", "workspace", "pipeline", "compose", "desk"}
    | {"forecast"},
    "options": set(),
    "cli": NOUNS
    | {"options", "settings", "console", "desk", "press", "termdesk", "benchdesk", "doctor"}
    | {"demo"},
    "__init__": set(),
    "__main__": {"cli"},
}
HEAVY = (
    *("torch", "whisper", "yt_dlp", "av", "onnxruntime", "openai", "numpy", "cv2", "langdetect"),
    *("markdown_it", "PIL", "transformers", "huggingface_hub", "ctranslate2", "faster_whisper"),
    *("rapidocr", "symspellpy"),
)


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The parts of our own package that a file imports: {"translate.stages.segment", ...}."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {n for n in names if n.split(".")[0] == "translate" and n.count(".")}


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    here = room(path)
    for name in imported(path):
        there = name.split(".")[1]
        if there in ("__version__", here):
            continue
        assert there in MAY_IMPORT[here], f"{path.name} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_stages_and_backends_do_not_know_each_other(path: Path) -> None:
    if room(path) not in ("stages", "backends"):
        return
    package = f"translate.{room(path)}."
    family = path.stem.partition("_")[0]  # ytdlp.py and ytdlp_files.py are one backend
    # faster-whisper reads the default engine's checkpoints, in another format.
    shared = {"presets", "prompting"} | ({"whisper", "ct2"} if family == "faster" else set())
    # Sound and slides come out of the same containers.
    shared |= {"media"} if family == "slide" else set()
    for name in imported(path):
        if name.startswith(package):
            there = name.removeprefix(package).partition(".")[0].partition("_")[0]
            assert there in shared | {family}, f"{path.name} imports {name}"


def test_every_room_has_its_rule() -> None:
    assert {room(p) for p in FILES} <= set(MAY_IMPORT)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom translate.cli import main\n"
        "sys.argv = ['stw', '--help']\n"
        "try:\n    main()\nexcept SystemExit as e:\n    assert not e.code, e.code\n"
        f"heavy = [m for m in {HEAVY!r} if m in sys.modules]\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_pysrt_is_imported_by_one_file() -> None:
    """It is GPL-3.0 (NOTICE): one backend, so that it can be taken out."""
    users = [p for p in FILES if "pysrt" in p.read_text(encoding="utf-8").replace("`pysrt`", "")]
    importing = [
        p.name
        for p in users
        for node in ast.walk(ast.parse(p.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom) and "pysrt" in ast.unparse(node)
    ]
    assert set(importing) == {"captions.py"}
