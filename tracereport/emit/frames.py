"""What a running frame holds by name, read so that nothing stays behind."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

_KEEPS_COPIES = sys.implementation.name == "cpython" and sys.version_info < (3, 13)
_HOLDERS = 3
"""Who holds a frame's copy of its locals, as ``getrefcount`` counts, if not the program: the frame, we, the call."""


def read_locals(frame: FrameType, names: Iterable[str]) -> list[Any]:
    """The values of a function's own names, None for those that have none yet.

    Before Python 3.13 the frame keeps a copy of all of them once it has been asked, and so holds what the program lets
    go. They are taken out of it, unless the program has the copy, too, or a tracer may put it back in its place; what
    ``exec`` has put into it stays.
    """
    values = frame.f_locals
    found = [values.get(name) for name in names]
    code = frame.f_code
    is_copy = _KEEPS_COPIES and code.co_flags & inspect.CO_OPTIMIZED
    if is_copy and sys.gettrace() is None and sys.getrefcount(values) <= _HOLDERS:
        for name in (*code.co_varnames, *code.co_cellvars, *code.co_freevars):
            values.pop(name, None)
    return found
