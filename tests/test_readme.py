"""The README's generated parts are what the program says.

`STW_UPDATE_README=1 pytest tests/test_readme.py` writes them anew.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from translate import errors, settings
from translate.backends import presets

README = Path(__file__).parents[1] / "README.md"
ROOT = README.parent
COMMANDS = (
    "",
    "fetch",
    "slides",
    "transcribe",
    "draft",
    "run",
    "brief",
    "check",
    "publish",
    "preview",
    "learn",
    "memory",
    "memory import",
    "memory export",
    "bench",
    "bench transcribe",
    "status",
    "model",
    "doctor",
    "demo",
    "glossary",
    "glossary list",
    "glossary check",
    "glossary add",
    "glossary import",
    "glossary export",
    "glossary suggest",
    "glossary stats",
)


def stw(arguments: str, **environment: str) -> str:
    plain = {"COLUMNS": "80", "TERMINAL_WIDTH": "80", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "translate", *shlex.split(arguments)],
        env={**os.environ, **plain, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def commands() -> str:
    parts = []
    for name in COMMANDS:
        shown = f"stw {name}".strip()
        text = stw(f"{name} --help").replace("python -m translate", "stw")
        parts.append(
            f"<details><summary><code>{shown} --help</code></summary>\n\n"
            f"```text\n{text}\n```\n\n</details>"
        )
    return "\n\n".join(parts)


def exit_codes() -> str:
    table = re.findall(r"^(\|.*\|)$", errors.__doc__ or "", re.MULTILINE)
    return "\n".join(re.sub(r" +\|", " |", re.sub(r"-{3,}", "---", line)) for line in table)


def setting_rows() -> str:
    """Every key of stw.toml, read from the comments beside the fields."""
    source = Path(settings.__file__).read_text(encoding="utf-8")
    tables = {
        "Settings": "",
        "FetchSettings": "fetch",
        "TranscribeSettings": "transcribe",
        "TranslateSettings": "translate",
        "ColumnSettings": "column",
        "PublishSettings": "publish",
    }
    variables = {".".join(place): name for name, place in settings.ENVIRONMENT.items()}
    rows = ["| key | environment | default | what |", "|---|---|---|---|"]
    for body in re.split(r"^class ", source, flags=re.MULTILINE)[1:]:
        name = body.partition("(")[0]
        if name not in tables:
            continue
        for field, default, what in re.findall(
            r"^    (\w+): [^=\n]+ = (\S.*?)  # (.+)$", body, re.MULTILINE
        ):
            key = f"{tables[name]}.{field}".lstrip(".")
            variable = f"`{variables[key]}`" if key in variables else ""
            rows.append(f"| `{key}` | {variable} | `{default}` | {what} |")
    return "\n".join(rows)


def excerpt() -> str:
    """One section of the draft that `stw demo` makes."""
    with tempfile.TemporaryDirectory() as folder:
        stw(f"demo --quiet --drafts {shlex.quote(folder)}", STW_SLIDES="full")
        [draft] = Path(folder).glob("*/draft.md")
        text = draft.read_text(encoding="utf-8")
    found = re.search(r"^## One line to compile\n.*?(?=^## )", text, re.MULTILINE | re.DOTALL)
    assert found
    return f"A section of the demo's `draft.md`:\n\n```md\n{found[0].strip()}\n```"


def preset_rows() -> str:
    """Every server that is known by name."""
    rows = ["| `--translator` | what | key | model |", "|---|---|---|---|"]
    for p in presets.load():
        key = f"`{p.key_env}`" if p.key_env else "none"
        served = f"a `{p.serves}` that it has" if p.serves else "one that it has"
        model = f"`{p.model}`" if p.model else served
        rows.append(f"| `{p.name}` | {p.title} | {key} | {model} |")
    return "\n".join(rows)


PARTS = {
    "presets": preset_rows,
    "excerpt": excerpt,
    "commands": commands,
    "exit codes": exit_codes,
    "settings": setting_rows,
}


@pytest.mark.parametrize("part", PARTS)
def test_the_readme_shows_what_the_program_says(part: str) -> None:
    text = README.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {part} -->\n)(.*?)(<!-- /{part} -->)", re.DOTALL)
    found = pattern.search(text)
    assert found, part
    wanted = f"\n{PARTS[part]()}\n\n"
    if os.environ.get("STW_UPDATE_README"):
        README.write_text(text[: found.start(2)] + wanted + text[found.end(2) :], encoding="utf-8")
    else:
        assert found[2] == wanted, "STW_UPDATE_README=1 pytest tests/test_readme.py writes it"


def test_every_setting_is_documented() -> None:
    rows = setting_rows()
    parts = (
        settings.FetchSettings,
        settings.TranscribeSettings,
        settings.TranslateSettings,
        settings.ColumnSettings,
    )
    for part in parts:
        for field in part.__struct_fields__:
            assert f".{field}`" in rows, field


def test_every_command_is_documented() -> None:
    listed = re.search(r"^Commands:\n((?:  .*\n?)+)", stw("--help"), re.MULTILINE)
    assert listed
    names = re.findall(r"^  (\S+)", listed[1], re.MULTILINE)
    assert set(names) <= set(COMMANDS)


def test_links_into_the_repository_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target
