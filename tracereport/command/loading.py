"""Memory and NumPy as the command wants to have them. A program that loads us as a library keeps its own ways."""

import ctypes
import os
from contextlib import suppress
from typing import Final

_SETTINGS: Final = {"OPENBLAS_NUM_THREADS": "1", "NUMPY_MADVISE_HUGEPAGE": "0"}
"""What NumPy reads while it is loaded: threads of its linear algebra, and whether it asks for huge pages."""

_TRIM_THRESHOLD: Final = -1
_TOP_PAD: Final = -2
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
"""Names of malloc.h."""


def keep_memory() -> None:
    """Lets the C library keep freed memory for what is needed next, where it is glibc.

    A column of a million calls lives for a moment, and the next one takes its place. By default each is given back to
    the system and asked for anew, which fills it with zeros: on a virtual machine that took a quarter of all time.
    """
    with suppress(OSError, AttributeError, TypeError):  # Windows takes no None for the C library
        set_option = ctypes.CDLL(None).mallopt
        for option, value in (
            (_MMAP_THRESHOLD, 1 << 30),
            (_TRIM_THRESHOLD, 1 << 30),
            (_TOP_PAD, 64 << 20),
            (_ARENA_MAX, 1),
        ):
            set_option(option, value)


def load_numpy() -> None:
    """Loads NumPy without the threads of its linear algebra, and without huge pages.

    Nothing here uses those threads, and they double the time it takes to load. For a huge page the system moves others
    until there is room: of five million calls that took a second.

    The variables that say so are taken back at once: a command that we run is to find the environment as it was. Who
    has set one has his way.
    """
    own = {name: value for name, value in _SETTINGS.items() if name not in os.environ}
    os.environ.update(own)
    try:
        import numpy  # noqa: F401, ICN001, PLC0415 - loaded for those who import it later
    finally:
        for name in own:
            del os.environ[name]
