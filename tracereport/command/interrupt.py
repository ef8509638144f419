"""Ctrl-C ends a run at once, however long a computation outside of Python would still go on.

Python notices an interrupt between two of its own steps, and waits for its threads. Sorting millions of calls is one
step. So a thread watches: what hasn't ended by itself after a moment is ended.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tracereport.errors import INTERRUPTED_LINE, ExitCode

PATIENCE_SECONDS = 0.4


@contextmanager
def prompt_interrupts(clean_up: Callable[[], None]) -> Iterator[None]:
    """Within it, an interrupt that Python doesn't come round to ends the process with exit code 130.

    Args:
        clean_up: called before; may be called from another thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is told of signals
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(reading, ended, clean_up), daemon=True)
    watcher.start()
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        ended.set()
        os.close(writing)
        watcher.join()
        os.close(reading)


def _watch(reading: int, ended: threading.Event, clean_up: Callable[[], None]) -> None:
    while (number := os.read(reading, 1)) not in (b"", bytes([signal.SIGINT])):
        pass
    if number and not ended.wait(PATIENCE_SECONDS):
        try:
            clean_up()
            os.write(2, INTERRUPTED_LINE.encode())
        finally:
            os._exit(ExitCode.INTERRUPTED)
