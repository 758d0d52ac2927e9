"""`stw doctor`: what it says of translators and terms."""

import json
from pathlib import Path

import pytest

from translate.backends import presets
from translate.console import Console
from translate.doctor import examine
from translate.settings import Settings


def test_every_key_is_named_and_the_terms_that_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(presets, "find_local", tuple)
    own = tmp_path / "terms.csv"
    own.write_text("source,target\nkernel,内核\n", "utf-8")
    settings = Settings(glossary=[str(own)], drafts=str(tmp_path))
    examine(settings, {}, Console(quiet=True, as_json=True))
    checks = {c["what"]: c for c in json.loads(capsys.readouterr().out)}
    keys = [p.key_env for p in presets.load() if p.key_env]
    assert len(keys) > 3
    assert all(key in checks["translator"]["mend"] for key in keys)
    assert checks["glossary"]["detail"] == "1 terms"
    assert "came with the tool are not among them" in checks["glossary"]["mend"]
