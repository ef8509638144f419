"""What a test needs beside Python: where it is missing the test is skipped, but never in CI."""

import os

import pytest


def required(found: object, what: str) -> None:
    """Skips where a tool is missing, and names it with where it can be had."""
    if not found:
        assert os.environ.get("CI") != "true", f"CI has to install {what}"
        pytest.skip(f"needs {what}")
