"""Ctrl-C ends a run at once, however long a computation outside of Python would still go on; so does being ended.

Python notices an interrupt between two of its own steps, and waits for its threads. Sorting millions of calls is one
step. So a thread watches: what hasn't ended by itself after a moment is ended.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

from tracereport.errors import INTERRUPTED_LINE, ExitCode

PATIENCE_SECONDS = 0.4
SIGNAL_EXIT: Final = 128
"""What a shell adds to the number of the signal that ended a process."""
_STANDARD_ERROR: Final = 2
_ENDING: Final = tuple(number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None)


class Terminated(SystemExit):
    """Somebody ended this process: what is unfinished is taken away, as after Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__(SIGNAL_EXIT + number)
        self.number = number


@contextmanager
def orderly_end() -> Iterator[None]:
    """Within it SIGTERM and SIGHUP raise ``Terminated``; where they are ignored, as under nohup, they stay so.

    By default they would end the process on the spot, and leave its temporary files behind.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is told of signals
        return
    before = {number: signal.getsignal(number) for number in _ENDING}
    for number, action in before.items():
        if action == signal.SIG_DFL:
            signal.signal(number, _end)
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def _end(number: int, _frame: FrameType | None) -> None:
    raise Terminated(number)


@contextmanager
def prompt_interrupts(clean_up: Callable[[], None]) -> Iterator[None]:
    """Within it, an interrupt that Python doesn't come round to ends the process with exit code 130; 143 for SIGTERM.

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
        with _quiet_finalizers():
            yield
    finally:
        signal.set_wakeup_fd(before)
        ended.set()
        os.close(writing)
        watcher.join()
        os.close(reading)


@contextmanager
def _quiet_finalizers() -> Iterator[None]:
    """Within it nothing is printed of an interrupt in a finalizer: Python goes on, and the watcher ends it."""
    before = sys.unraisablehook

    def hook(unraisable: "sys.UnraisableHookArgs") -> None:
        if not issubclass(unraisable.exc_type, (KeyboardInterrupt, Terminated)):
            before(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _watch(reading: int, ended: threading.Event, clean_up: Callable[[], None]) -> None:
    watched = {signal.SIGINT, *_ENDING}
    while (number := os.read(reading, 1)) and number[0] not in watched:
        pass
    if not number:
        return
    standard_error = _silence_libraries()
    if not ended.wait(PATIENCE_SECONDS):
        is_interrupt = number[0] == signal.SIGINT
        try:
            clean_up()
            if is_interrupt:
                os.write(standard_error, INTERRUPTED_LINE.encode())
        finally:
            os._exit(ExitCode.INTERRUPTED if is_interrupt else SIGNAL_EXIT + number[0])


def _silence_libraries() -> int:
    """From now on we alone write to standard error, whose number it gives: it is the end of this process.

    A thread of Polars's that is stopped while it writes a file says at length that it panicked.
    """
    with suppress(OSError, ValueError, AttributeError):
        if sys.stderr.fileno() == _STANDARD_ERROR:
            ours = os.dup(_STANDARD_ERROR)
            sys.stderr = os.fdopen(ours, "w", encoding=sys.stderr.encoding, errors=sys.stderr.errors)
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, _STANDARD_ERROR)
            return ours
    return _STANDARD_ERROR
