"""Where the lines go: one run of the call counter for each process, switched on by ``PERF_TRACE`` or from code.

``PERF_TRACE`` is ``1`` for standard error; anything else is a file that is appended to, in whose name ``%p`` stands for
the process's number (one file for each process, forked ones included) and ``%n`` for the program's name. It is opened
when the first call is written. Unset, empty, ``0`` or ``off``: nothing is traced.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import sys
from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

from .lines import TEST_VARIABLES, Test
from .system import System

_VARIABLE = "PERF_TRACE"
OFF_WORDS = frozenset({"", "0", "off", "false", "no"})
_STANDARD_ERROR_WORDS = frozenset({"1", "on", "true", "yes", "stderr"})


class Log:
    """One run of the call counter, and the file that its lines go to, from the first one on."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.numbers = itertools.count()
        self.process = f"process={System.process_id()}"
        self.descriptor = -1
        self.lock = RLock()  # one that a signal's handler, or a finalizer, may come back to amid a write
        if is_standard_error(target):
            if sys.__stderr__ is None:  # closed before the program began: the next file that it opens gets the number 2
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            self.descriptor = 2

    def open(self) -> None:
        """Opens the file, if it isn't open.

        Raises:
            OSError: it can't be.
        """
        if self.descriptor < 0:
            self.descriptor = System.open_to_append(expand_target(self.target))

    def write(self, line: str) -> None:
        """Writes a line; from the first on that can't be written, a full disk's for one, nothing is traced."""
        rest = line.encode("utf-8", "backslashreplace")
        with self.lock:
            try:
                if self.descriptor < 0:
                    self.open()
            except OSError as error:
                _give_up(self.target, error)
                return
            while rest:  # a pipe takes a long line in parts
                try:
                    rest = rest[System.write(self.descriptor, rest) :]
                except BlockingIOError:  # noqa: PERF203  # a pipe that is full for now, and set not to block
                    System.sleep(0.001)
                except OSError as error:
                    if error.errno != errno.EBADF or not self._reopen():
                        self._end(error)
                        return

    def _reopen(self) -> bool:
        """Opens the file again that the program has closed, as a daemon closes whatever it finds open."""
        if is_standard_error(self.target):
            return False
        self.descriptor = -1
        with suppress(OSError):
            self.open()
        return self.descriptor >= 0

    def _end(self, error: OSError) -> None:
        """Ends tracing, and says why, unless it is standard error that takes no more."""
        if now.log is self:
            now.log, now.lost = None, error.strerror
            self.close()
            if not is_standard_error(self.target):
                _say(self.target, error, "the traces end here")

    def close(self) -> None:
        """Closes the file."""
        with self.lock:
            if self.descriptor > 2:  # noqa: PLR2004  # standard error isn't ours to close
                with suppress(OSError):  # the program has closed it
                    System.close(self.descriptor)
            self.descriptor = -1


class _Now:
    """What holds in this process now; one object, so that every module sees the same."""

    __slots__ = ("log", "lost", "test")

    def __init__(self) -> None:
        self.log: Log | None = None
        self.lost: str | None = None  # why the traces end before the program does
        self.test = Test(*map(System.variables.get, TEST_VARIABLES.values()))


now = _Now()
ends: list[Callable[[], None]] = []
"""What is called before tracing is switched off, so that what goes on can still be told."""


def start(target: str) -> None:
    """Switches tracing on, whatever the environment says.

    Args:
        target: ``1`` for standard error, or the file to append to, with ``%p`` for the process's number and ``%n`` for
            the program's name.

    Raises:
        OSError: the file can't be opened, or there is no standard error.
    """
    _start(target).open()


def _start(target: str) -> Log:
    stop()
    now.lost = None
    now.log = log = Log(target if is_standard_error(target) else System.path.abspath(target))
    return log


def expand_target(target: str) -> str:
    """The file that a target names in this process."""
    return target.replace("%p", str(System.process_id())).replace("%n", _name_program())


def _name_program() -> str:
    path = sys.argv[0] if getattr(sys, "argv", None) else ""
    folder, name = System.path.split(path)
    if name.startswith("__main__."):  # python -m pytest
        name = System.path.basename(folder)
    name = name.rpartition(" -m ")[2]  # python -m unittest
    name = re.sub(r"[^\w.]", "_", name.removesuffix(".py")).strip("_")
    return name or "python"


def stop() -> None:
    """Switches tracing off; calls that are still running print nothing."""
    if now.log is not None:
        for end in ends:
            end()
    log, now.log = now.log, None
    if log is not None:
        log.close()


def is_on() -> bool:
    """Whether calls are traced."""
    return now.log is not None


def is_standard_error(target: str) -> bool:
    """Whether a value of ``PERF_TRACE`` asks for lines on standard error."""
    return target.lower() in _STANDARD_ERROR_WORDS


def _restart_after_fork() -> None:
    """Gives the forked process its own counter, and its own file where the name asks for one."""
    log, now.log = now.log, None
    if log is not None:
        with suppress(OSError):
            now.log = Log(log.target)


def _start_from_environment() -> None:
    target = System.variables.get(_VARIABLE, "")
    if target.lower() in OFF_WORDS:
        return
    try:
        _start(target)
    except OSError as error:
        _give_up(target, error)


def _give_up(target: str, error: OSError) -> None:
    """Says once why nothing is traced, and lets the program go on."""
    stop()
    _say(target, error, "nothing is traced")


def _say(target: str, error: OSError, consequence: str) -> None:
    with suppress(OSError, ValueError):  # nobody reads it, or it is closed
        if sys.stderr is not None:
            sys.stderr.write(f"{_VARIABLE}={target}: {error.strerror}; {consequence}\n")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_restart_after_fork)
_start_from_environment()
