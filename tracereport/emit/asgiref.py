"""Hands on who asks from a coroutine to the thread in which Django carries out what it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import SyncToAsync

from .askers import find_outside
from .django_machinery import MACHINERY
from .hooks import extend
from .origins import handed_on

if TYPE_CHECKING:
    from collections.abc import Callable

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours


def hand_on_askers() -> None:
    """A statement of a thread that a coroutine waits for is asked by the function that waits."""
    extend(SyncToAsync, "__call__", _call)


async def _call(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever is called
    token = handed_on.set(find_outside(MACHINERY))
    try:
        return await call(*args, **kwargs)
    finally:
        handed_on.reset(token)
