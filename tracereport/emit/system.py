"""What the emitter needs of the system, where no test can replace it.

Tests put a fake clock, or fake files, into all modules that are loaded; what stands in a class they leave alone.
"""

from __future__ import annotations

import os
from contextlib import suppress
from time import perf_counter_ns, sleep

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_TO_HIGHER: int | None = getattr(fcntl, "F_DUPFD_CLOEXEC", None)
"""Gives an open file a higher number; None: neither Windows nor PyPy 3.9 can."""
_HIGH = 512
"""Files that a program opens have lower numbers, each the lowest that is free, and so do those it expects open."""


class System:
    """The clock, the files and the variables of the process, as they were when the program began."""

    now_ns = perf_counter_ns
    sleep = sleep
    write = os.write
    close = os.close
    process_id = os.getpid
    exists = staticmethod(os.path.exists)
    path = os.path
    variables = os.environ
    _open = os.open
    _give_number = None if fcntl is None else fcntl.fcntl

    @classmethod
    def open_to_append(cls, path: str) -> int:
        """Opens a file under a number that no file of the program's gets, even if it closes this one unknowingly.

        Raises:
            OSError: it can't be opened.
        """
        low = cls._open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        if cls._give_number is not None and _TO_HIGHER is not None:
            with suppress(OSError):  # so many are not allowed
                high = cls._give_number(low, _TO_HIGHER, _HIGH)
                cls.close(low)
                return high
        return low
