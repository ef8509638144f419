"""Hands on to a thread, or a task, whom it works for: what it asks belongs to who has started it or submitted the work.

Nothing but the emitter's own variables is handed on, and only for as long as the work runs.
"""

from __future__ import annotations

import functools
import sys
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from .calls import current
from .hooks import extend
from .origins import find_origin, handed_on, handed_run, is_test, runs_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from .calls import Origin, TracedCall

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_POOLS = ("concurrent", "asyncio", "multiprocessing")
"""Packages whose threads are told for each work whom that is for."""
_BETWEEN = (*_POOLS, "anyio", str(__package__))
_OF_POOLS = ("apply_async", "map", "map_async", "starmap", "starmap_async", "imap", "imap_unordered")
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


def hand_on_calls() -> None:
    """Of all pools of threads, the event loop's own among them."""
    from concurrent.futures.thread import ThreadPoolExecutor  # noqa: PLC0415  # waited for by itself

    extend(ThreadPoolExecutor, "submit", _submit)


def hand_on_to_pools() -> None:
    """Of all pools of threads that look like pools of processes."""
    from multiprocessing.pool import Pool  # noqa: PLC0415  # as above

    for name in _OF_POOLS:
        extend(Pool, name, _submit_to_pool)


def hand_on_to_threads() -> None:
    """Of all threads that a program starts itself."""
    from threading import Thread  # noqa: PLC0415  # as above

    extend(Thread, "start", _start)


def hand_on_runs() -> None:
    """Of all tasks that an event loop of the standard library begins, which have the rest of the context anyway."""
    from asyncio.base_events import BaseEventLoop  # noqa: PLC0415  # as above

    extend(BaseEventLoop, "create_task", _create_task)


def _submit(submit: Callable[..., Any], pool: Any, work: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever is submitted
    if _works_here(pool):
        asker, run = _find_submitter()
        work = work_for(work, current.get(), asker, run)
    return submit(pool, work, *args, **kwargs)


def _works_here(pool: Any) -> bool:  # noqa: ANN401  # as above
    """Whether its threads take the work as it is: those of interpreters (since Python 3.14) get it as bytes."""
    from concurrent.futures.thread import ThreadPoolExecutor  # noqa: PLC0415  # as above

    own = takewhile(lambda kind: kind is not ThreadPoolExecutor, type(pool).__mro__)
    return not any("prepare_context" in vars(kind) for kind in own)


def _submit_to_pool(submit: Callable[..., Any], pool: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
    from multiprocessing.pool import ThreadPool  # noqa: PLC0415  # as above

    if (args or "func" in kwargs) and isinstance(pool, ThreadPool):  # a process gets its work as bytes
        asker, run = _find_submitter()
        work = work_for(args[0] if args else kwargs.pop("func"), current.get(), asker, run)
        args = (work, *args[1:])
    return submit(pool, *args, **kwargs)


def _start(start: Callable[..., Any], thread: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
    starter = _get_frame(1).f_back
    if starter is None or runs_in(starter, _POOLS):
        return start(thread, *args, **kwargs)
    asker, run = _find_submitter()
    own, before = vars(thread), vars(thread).get("run")

    def work() -> None:
        _put_back(own, before)
        thread.run()

    own["run"] = work_for(work, current.get(), asker, run)
    try:
        return start(thread, *args, **kwargs)
    except BaseException:
        _put_back(own, before)
        raise


def _put_back(own: dict[str, Any], run: object) -> None:
    """Leaves a thread as the program has made it."""
    with suppress(KeyError):
        del own["run"]
    if run is not None:
        own["run"] = run


def _create_task(create: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as the version takes
    asker, run = _find_submitter()
    # Of a task that is all a library's, as where requests are gathered, the program's line that begins it asks.
    before = handed_run.set(run), handed_on.set(handed_on.get() if asker.at is None else asker)
    try:
        return create(*args, **kwargs)  # copies the context
    finally:
        handed_run.reset(before[0])
        handed_on.reset(before[1])


def _find_submitter() -> tuple[Origin, int | None]:
    """Who submits work, and the number of its run: none of a test's, whose loops are no loops of the program."""
    frame: FrameType | None = _get_frame(1)
    while frame is not None and runs_in(frame, _BETWEEN):
        frame = frame.f_back
    asker = find_origin(frame)
    return asker, None if frame is None or is_test(frame) else asker.activation


class _HandedOn(functools.partial[Any]):
    """Work that reads as it would without us, where a failure shows it."""

    def __repr__(self) -> str:
        return repr(self.args[0])


def work_for(
    work: Callable[..., Any], call: TracedCall | None, asker: Origin | None, run: int | None = None
) -> Callable[..., Any]:
    """What a thread is to do, for whom: inside of which call, by whom, and in which run of a function."""
    return _HandedOn(_work, work, call, asker, run)


def _work(
    work: Callable[..., Any],
    call: TracedCall | None,
    asker: Origin | None,
    run: int | None,
    /,
    *args: Any,  # noqa: ANN401  # as above
    **kwargs: Any,  # noqa: ANN401  # as above
) -> Any:  # noqa: ANN401  # as above
    """Works as part of a call; a thread is used again for other work, so that all is as before at the end."""
    before = current.set(call), handed_on.set(asker), handed_run.set(run)
    try:
        return work(*args, **kwargs)
    finally:
        current.reset(before[0])
        handed_on.reset(before[1])
        handed_run.reset(before[2])
