"""Hands on to a pool's thread which call it works for: what it asks belongs to who has submitted the work.

Nothing but the emitter's own variables is handed on, and only for as long as the work runs.
"""

from __future__ import annotations

import functools
import sys
from concurrent.futures.thread import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from .calls import current
from .hooks import extend
from .log import is_on
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


def _submit(submit: Callable[..., Any], pool: Any, work: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever is submitted
    if is_on():
        frame: FrameType | None = _get_frame(1)
        while frame is not None and runs_in(frame, _BETWEEN):
            frame = frame.f_back
        asker = find_origin(frame)
        # What a test asks in a loop of its own is a loop of the test's, not of the program's.
        run = None if frame is None or is_test(frame) else asker.activation
        work = functools.partial(_work, work, current.get(), asker, run)
    return submit(pool, work, *args, **kwargs)


def _work(
    work: Callable[..., Any],
    call: TracedCall | None,
    asker: Origin,
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
