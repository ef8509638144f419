"""A process of our own: the command, or a worker of it. Whoever loads us as a library keeps their own ways."""

import ctypes
import gc
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

_SETTINGS: Final = {"OPENBLAS_NUM_THREADS": "1", "NUMPY_MADVISE_HUGEPAGE": "0"}
"""What NumPy reads while it is loaded: threads of its linear algebra, and whether it asks for huge pages."""

_TRIM_THRESHOLD: Final = -1
_TOP_PAD: Final = -2
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
"""Names of malloc.h."""
_LARGE_BYTES: Final = 16 << 20
"""What is as large is given back at once: of several million calls, whose columns leave gaps that others don't fit."""
_OBJECTS_PER_COLLECTION: Final = 100_000


def begin_command() -> None:
    """Gets the process ready for what takes memory and time."""
    keep_memory()
    load_numpy()


def begin_worker(environment: Mapping[str, str]) -> None:
    """Gets a worker ready, which ends when the process that started it does.

    Args:
        environment: of that process now. What a worker is forked from may have started in another.
    """
    os.environ.clear()
    os.environ.update(environment)
    collect_seldom()
    keep_memory()
    load_numpy()
    _end_with_whoever_started_it()


def collect_seldom() -> None:
    """Makes Python look for garbage less often: what is loaded stays.

    Its usual looks, after every 700 new objects, are a tenth of a small run.
    """
    gc.set_threshold(_OBJECTS_PER_COLLECTION)


def keep_memory() -> None:
    """Lets the C library keep freed memory for what is needed next, where it is glibc.

    A column of a million calls lives for a moment, and the next one takes its place. By default each is given back to
    the system and asked for anew, which fills it with zeros: on a virtual machine that took a quarter of all time.
    """
    with suppress(OSError, AttributeError, TypeError):  # Windows takes no None for the C library
        set_option = ctypes.CDLL(None).mallopt
        for option, value in (
            (_MMAP_THRESHOLD, _LARGE_BYTES),
            (_TRIM_THRESHOLD, 1 << 30),
            (_TOP_PAD, 64 << 20),
            (_ARENA_MAX, 1),
        ):
            set_option(option, value)


def give_back_memory() -> None:
    """Lets the C library give the system what is freed: behind a step that took much, of which little is left.

    What is freed of many small columns lies in pieces that larger ones don't fit into.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


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


def _end_with_whoever_started_it() -> None:
    """Lets this process end when its parent does, however that ends: nobody would take what it measures."""
    from multiprocessing import parent_process  # noqa: PLC0415 - only workers need it

    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
