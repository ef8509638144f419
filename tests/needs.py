"""What a test needs: tools beside Python, which are never missing in CI, and time, of which CI has more."""

import os
from typing import Final

import pytest

IN_CI: Final = os.environ.get("CI") == "true"
_FEWER: Final = 3


def examples(count: int) -> int:
    """How often a property is tried: so often in CI, and enough for whoever waits for it."""
    return count if IN_CI else count // _FEWER


def required(found: object, what: str) -> None:
    """Skips where a tool is missing, and names it with where it can be had."""
    if not found:
        assert not IN_CI, f"CI has to install {what}"
        pytest.skip(f"needs {what}")
