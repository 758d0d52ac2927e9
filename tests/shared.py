"""The real recordings and texts that tests read in place; they are not part of the repository."""

import os
from pathlib import Path

import pytest

SHARED = Path(
    os.environ.get("STW_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)


def shared_data(name: str) -> Path:
    """The path of one real input, or skip the test with the reason."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs the test recordings: no {path}")
    return path
