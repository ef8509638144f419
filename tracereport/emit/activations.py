"""Which run of a function is going on: a running frame is marked by a number of its own.

The mark lies where a frame keeps its trace function, the only place that lives exactly as long as the frame does and
shows nowhere in the program. Debuggers and tools that measure coverage keep their own function there: a mark hands on
to it, and puts itself back where it is put aside.
"""

from __future__ import annotations

import inspect
import itertools
import sys
from opcode import opname
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_HAS_ACTIVATIONS = sys.version_info >= (3, 10)  # before, a frame that holds a trace function forgets its line
_SHOWS_DYING_FRAMES = (3, 11) <= sys.version_info[:3] < (3, 11, 2)
"""Whether Python lets a finalizer come upon the frame that is being cleared, which ends the process."""
_GOES_ON = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_activation_numbers = itertools.count(1)


class _Mark:
    """A trace function that wants no events."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, *_: Any) -> Any:  # noqa: ANN401  # as Python has it
        return self


class _SharedMark(_Mark):
    """One in a frame that others follow: it is called as their function would be, and calls that."""

    __slots__ = ("_follow", "_frame")

    def __init__(self, number: int, frame: FrameType) -> None:
        self.number = number
        self._frame = id(frame)  # the frame itself would live on, with all that it holds
        self._follow: Callable[[FrameType, str, Any], Any] | None = frame.f_trace

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ANN401  # as above
        if self._follow is not None:
            following = self._follow(frame, event, arg)
            if following is not None:
                self._follow = following
        if event == "return" and not _is_put_off(frame):
            self.__class__ = _SharedMark  # who steps through a program doesn't step into a mark's end
        return self


class _LastingMark(_SharedMark):
    """One in the frame of a generator or a coroutine, where a tracer puts its function anew whenever that goes on.

    The mark dies with that, and another one of the same number takes its place.
    """

    __slots__ = ()

    def __del__(self, get_frame: Callable[[], FrameType] = sys._getframe) -> None:  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame
        if not _SHOWS_DYING_FRAMES:
            running = get_frame().f_back
            if running is not None and id(running) == self._frame and not isinstance(running.f_trace, _Mark):
                running.f_trace = _LastingMark(self.number, running)


def _is_put_off(frame: FrameType) -> bool:
    """Whether a generator or a coroutine that is left may go on: by version it stands at its yield, or beside that."""
    around = frame.f_code.co_code[max(frame.f_lasti - 2, 0) : frame.f_lasti + 3 : 2]
    return any(opname[code].startswith("YIELD") for code in around)


def find_activation(frame: FrameType) -> int | None:
    """The number that this run of the frame's function has been given; None where it has none yet."""
    held: Any = frame.f_trace
    return held.number if isinstance(held, _Mark) else None


def number_activation(frame: FrameType) -> int | None:
    """The number of this run of the frame's function; None where none can be told."""
    number = find_activation(frame)
    if number is not None:
        return number
    if not _HAS_ACTIVATIONS:
        return None
    number = next(_activation_numbers)
    if frame.f_trace is None and sys.gettrace() is None:
        frame.f_trace = _Mark(number)
    else:
        kind = _LastingMark if frame.f_code.co_flags & _GOES_ON else _SharedMark
        frame.f_trace = kind(number, frame)
    return number
