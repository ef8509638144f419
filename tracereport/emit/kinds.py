"""Classes above those of a driver that is written in C, and can't be extended: what they stand for, they look like."""

from __future__ import annotations

import functools
from typing import Any

OWN = "_perf_trace"
"""The attribute in which a traced connection or cursor holds what is ours."""
_STANDS_FOR = "_perf_trace_kind"


class _Kind(type):
    """The class of traced forms: each equals the class that it stands for, as programs compare and look up classes."""

    def __eq__(cls, other: object) -> bool:
        return cls is other or (other is not None and vars(cls).get(_STANDS_FOR) is other)

    def __hash__(cls) -> int:
        return hash(vars(cls).get(_STANDS_FOR, cls.__name__))


def make_kind(kind: Any, traced: type, base: type) -> Any:  # noqa: ANN401  # a class, or whatever else makes one
    """The traced form of a class that a program has chosen: what it does by ``super()`` is traced.

    Args:
        kind: the class, or a function; what can't be extended unseen stays what it is.
        traced: the traced form of the driver's own class, which is put above that.
        base: the driver's own class.
    """
    if type(kind) is not type or not issubclass(kind, base) or issubclass(kind, traced):
        return kind
    chosen: Any = kind
    return _extend_kind(chosen, traced, base)


@functools.lru_cache(maxsize=256)
def _extend_kind(kind: Any, traced: Any, base: Any) -> Any:  # noqa: ANN401  # as above
    if any("__init_subclass__" in vars(each) for each in kind.__mro__[:-1]):  # it would be seen
        return kind
    bases = (traced,) if kind is base else (kind, traced)
    own = {"__slots__": (OWN,), "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return _Kind(kind.__name__, bases, {**own, "__doc__": kind.__doc__, _STANDS_FOR: kind})
