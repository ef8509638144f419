"""The user's cache folder, where there is one: a container may know no home at all, and then nothing is kept.

Where it is the environment says (``XDG_CACHE_HOME``, ``HOME``), which no other room below the command asks: what is
kept there changes no document, only how soon it is made.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import platformdirs

_HOME: Final = "HOME"
_NO_HOME: Final = "/nonexistent"


def cache_folder() -> Path | None:
    """Where the user's cache of this program is; null if nobody can tell."""
    try:
        return platformdirs.user_cache_path("tracereport")
    except (RuntimeError, OSError, KeyError):
        return None


@contextmanager
def some_home() -> Iterator[None]:
    """Within it there is a home folder by name at least: some libraries ask for one when they are loaded."""
    try:
        Path.home()
    except (RuntimeError, OSError, KeyError):
        before = os.environ.get(_HOME)
        os.environ[_HOME] = _NO_HOME
        try:
            yield
        finally:
            del os.environ[_HOME]
            if before is not None:
                os.environ[_HOME] = before
    else:
        yield
