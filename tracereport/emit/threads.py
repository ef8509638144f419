"""Hands on to a pool's thread which call it works for: what it asks belongs to who has submitted the work.

Nothing but the emitter's own variables is handed on, and only for as long as the work runs.
"""

from __future__ import annotations

import functools
from concurrent.futures.thread import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from .calls import current
from .hooks import extend, find_outside
from .log import is_on
from .origins import handed_on, handed_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from .calls import Origin, TracedCall

_MACHINERY = ("concurrent", "asyncio", "anyio")


def hand_on_calls() -> None:
    """Of all pools of threads, the event loop's own among them."""
    extend(ThreadPoolExecutor, "submit", _submit)


def _submit(submit: Callable[..., Any], pool: Any, work: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever is submitted
    if is_on():
        work = functools.partial(_work, work, current.get(), find_outside(_MACHINERY))
    return submit(pool, work, *args, **kwargs)


def _work(work: Callable[..., Any], call: TracedCall | None, asker: Origin | None, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
    """Works as part of a call; a thread is used again for other work, so that all is as before at the end."""
    outside = current.set(call)
    others = handed_on.set(asker), handed_run.set(None if asker is None else asker.activation)
    try:
        return work(*args, **kwargs)
    finally:
        current.reset(outside)
        handed_on.reset(others[0])
        handed_run.reset(others[1])
