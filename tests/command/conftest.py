"""Where the command runs."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: no configuration is found there."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
