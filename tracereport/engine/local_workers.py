"""Worker processes of this machine: how they start.

On Linux they are forked from a process that has loaded what measures, once for all of them. It is started beside
whatever the command still has to load; nothing that this process holds is copied. Elsewhere each starts anew.

Ctrl-C, which a terminal tells all processes of a command, is this process's affair: workers never hear of it, and end
when this process does.
"""

import atexit
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

_FORKS: Final = sys.platform == "linux"
_WARNINGS: Final = "PYTHONWARNINGS"
"""What a Python process warns of, in its environment."""


def make_local_executor(workers: int) -> "Executor":
    """So many worker processes, which start with the first task."""
    start_ahead()
    import multiprocessing  # noqa: PLC0415 - what is started ahead is so before these are loaded
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

    from tracereport.engine.own_process import begin_worker  # noqa: PLC0415

    class Pool(ProcessPoolExecutor):
        """Starts its processes when something is submitted."""

        def submit(self, function: Callable[..., Any], /, *args: Any, **named: Any) -> "Future[Any]":  # noqa: ANN401
            with _interrupts_are_ours():
                return super().submit(function, *args, **named)

    context = multiprocessing.get_context("forkserver" if _FORKS else "spawn")
    return Pool(workers, mp_context=context, initializer=begin_worker, initargs=(dict(os.environ),))


def start_ahead() -> None:
    """Lets what workers need be loaded while this process goes on, where the system allows it."""
    if os.name == "posix":
        _start_tracker()
    if _FORKS:
        from multiprocessing import forkserver  # noqa: PLC0415 - there is none elsewhere

        forkserver.set_forkserver_preload(["tracereport.engine.loaded_worker"])
        with _interrupts_are_ours():
            forkserver.ensure_running()
        # Waited for, it and its workers count as ours: their processor time is the command's to whoever asks for that.
        stop = forkserver._forkserver._stop  # type: ignore[attr-defined] # noqa: SLF001 - no other way
        atexit.unregister(stop)
        atexit.register(stop)


def _start_tracker() -> None:
    """Starts the process of the standard library that takes away what semaphores are left behind.

    After an interrupt some are, and it would warn of them on our standard error. It is started before interrupts are
    kept from others: it lets them through again.
    """
    from multiprocessing import resource_tracker  # noqa: PLC0415 - there is none elsewhere

    before = os.environ.get(_WARNINGS)
    os.environ[_WARNINGS] = "ignore"
    try:
        resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ[_WARNINGS]
        else:
            os.environ[_WARNINGS] = before


@contextmanager
def _interrupts_are_ours() -> Iterator[None]:
    """What is started within it never hears of Ctrl-C."""
    if os.name != "posix":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
