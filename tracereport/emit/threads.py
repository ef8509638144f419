"""Hands on to a pool's thread, or a task, whom it works for: what it asks belongs to who has submitted the work.

Nothing but the emitter's own variables is handed on, and only for as long as the work runs.
"""

from __future__ import annotations

import functools
import sys
from concurrent.futures.thread import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from .calls import current
from .hooks import extend
from .origins import find_origin, handed_on, handed_run, is_test, runs_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from .calls import Origin, TracedCall

_BETWEEN = ("concurrent", "asyncio", "anyio", str(__package__))
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


def hand_on_calls() -> None:
    """Of all pools of threads, the event loop's own among them."""
    extend(ThreadPoolExecutor, "submit", _submit)


def hand_on_runs() -> None:
    """Of all tasks that an event loop of the standard library begins, which have the rest of the context anyway."""
    from asyncio.base_events import BaseEventLoop  # noqa: PLC0415  # waited for by itself

    extend(BaseEventLoop, "create_task", _create_task)


def _submit(submit: Callable[..., Any], pool: Any, work: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever is submitted
    asker, run = _find_submitter()
    return submit(pool, work_for(work, current.get(), asker, run), *args, **kwargs)


def _create_task(create: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as the version takes
    before = handed_run.set(_find_submitter()[1])
    try:
        return create(*args, **kwargs)  # copies the context
    finally:
        handed_run.reset(before)


def _find_submitter() -> tuple[Origin, int | None]:
    """Who submits work, and the number of its run: none of a test's, whose loops are no loops of the program."""
    frame: FrameType | None = _get_frame(1)
    while frame is not None and runs_in(frame, _BETWEEN):
        frame = frame.f_back
    asker = find_origin(frame)
    return asker, None if frame is None or is_test(frame) else asker.activation


def work_for(
    work: Callable[..., Any], call: TracedCall | None, asker: Origin | None, run: int | None = None
) -> Callable[..., Any]:
    """What a thread is to do, for whom: inside of which call, by whom, and in which run of a function."""
    return functools.partial(_work, work, call, asker, run)


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
