"""Hands on who asks from a coroutine to the thread in which aiosqlite carries out what it asks."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from aiosqlite.core import Connection

from .askers import find_outside
from .calls import NOWHERE, current
from .drivers import is_of_hooked, leave
from .hooks import extend, find_caller
from .layers import LAYERS, name_layer
from .threads import work_for

if TYPE_CHECKING:
    from collections.abc import Callable

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_PACKAGES = ("aiosqlite",)
_MACHINERY = (*_PACKAGES, *LAYERS)
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


def hand_on_askers() -> None:
    """What SQLite is asked in a connection's thread is asked by the function that waits, inside the call around it."""
    extend(Connection, "_execute", _execute)


async def _execute(execute: Callable[..., Any], connection: Any, work: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as aiosqlite has it
    if "execute" in getattr(work, "__name__", ""):
        if is_of_hooked(find_caller(_get_frame(1)), _PACKAGES):
            work = functools.partial(leave, work)
        else:
            asker = find_outside(_MACHINERY, sent=args[:1]) or NOWHERE
            work = work_for(work, current.get(), asker._replace(via=name_layer(find_caller(_get_frame(1)), _MACHINERY)))
    return await execute(connection, work, *args, **kwargs)
