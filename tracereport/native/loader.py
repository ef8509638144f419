"""Loads the native library, once and when it is first needed, and holds it to the sources that stand beside it."""

import ctypes
from functools import cache
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from tracereport.errors import InstallationError
from tracereport.native.sources import FOLDER, hash_sources, library_name

_REMEDY: Final = "Install tracereport again (in a checkout: pip install -e .)"
_ADDRESS: Final = ctypes.c_void_p
_COUNT: Final = ctypes.c_int64
_NO_MEMORY: Final = -1
_TOO_LARGE: Final = -3


class Column(ctypes.Structure):
    """A column of integers as the library takes it; see ``column``."""

    _fields_: ClassVar[Any] = [("start", ctypes.c_void_p), ("bytes", ctypes.c_int64)]


# Per function what it gives and takes. An address is that of an array's first element, or of an object of the library.
SIGNATURES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "tracereport_sources": (ctypes.c_char_p, ()),
    "tracereport_seed": (None, (ctypes.c_uint64,)),
    "tracereport_factorize": (_COUNT, (Column, _COUNT, _ADDRESS, _ADDRESS)),
    "tracereport_previous_same": (_COUNT, (Column, _COUNT, _ADDRESS)),
    "tracereport_group_order": (_COUNT, (Column, _COUNT, _ADDRESS)),
    "tracereport_list_members": (_COUNT, (_ADDRESS, _COUNT, _ADDRESS, _COUNT, *[_ADDRESS] * 2, _COUNT, _ADDRESS)),
    "tracereport_sum_groups": (_COUNT, (Column, Column, _COUNT, _ADDRESS, _COUNT)),
    "tracereport_count_traits": (_COUNT, (*[_ADDRESS] * 3, _COUNT, _ADDRESS, _COUNT, _ADDRESS, _COUNT)),
    "tracereport_count_groups": (_COUNT, (Column, _ADDRESS, _COUNT, _ADDRESS, _COUNT)),
    "tracereport_count_pairs": (_COUNT, (_ADDRESS, _COUNT, _ADDRESS, _COUNT, _ADDRESS, _COUNT, _ADDRESS)),
    "tracereport_extremes": (_COUNT, (Column, Column, _COUNT, _ADDRESS, _ADDRESS, _COUNT)),
    "tracereport_nth_largest": (_COUNT, (Column, *[_COUNT] * 2, _ADDRESS)),
    "tracereport_first_largest": (_COUNT, (_ADDRESS, Column, _COUNT, _ADDRESS, _COUNT)),
    "tracereport_judge_repeats": (
        _COUNT,
        (*[_COUNT, _ADDRESS] * 3, _COUNT, *[_ADDRESS] * 3, *[Column] * 2, *[_ADDRESS] * 5),
    ),
    "tracereport_number_pairs": (_COUNT, (_ADDRESS, _COUNT, _ADDRESS, _COUNT, _COUNT, _ADDRESS, _ADDRESS)),
    "tracereport_only_varying": (
        _COUNT,
        (_ADDRESS, _ADDRESS, _COUNT, _ADDRESS, _COUNT, _ADDRESS, _COUNT, _ADDRESS),
    ),
    "tracereport_unlike_above": (_COUNT, (Column, _ADDRESS, _COUNT, _ADDRESS)),
    "tracereport_last_inside": (_COUNT, (Column, _ADDRESS, _COUNT)),
    "tracereport_parent_places": (_COUNT, (*[Column] * 3, _ADDRESS, _COUNT, _ADDRESS)),
    "tracereport_marks_above": (_COUNT, (Column, _ADDRESS, _COUNT, _ADDRESS)),
    "tracereport_sum_children": (_COUNT, (Column, _ADDRESS, Column, _COUNT, _ADDRESS, _COUNT)),
    "tracereport_find_paths": (_COUNT, (Column, *[_ADDRESS] * 3, *[_COUNT] * 3, _ADDRESS, _ADDRESS)),
    "tracereport_find_limits": (_COUNT, (*[Column] * 3, *[_COUNT] * 2, *[_ADDRESS] * 4)),
    "tracereport_sum_saved": (
        _COUNT,
        (
            *[_ADDRESS] * 4,
            *[_COUNT] * 2,
            *[Column] * 2,
            *[_ADDRESS] * 2,
            _COUNT,
            _ADDRESS,
            *[_COUNT] * 2,
            _ADDRESS,
        ),
    ),
    "tracereport_inside_owned": (_COUNT, (Column, _ADDRESS, *[_COUNT] * 2, _ADDRESS)),
    "tracereport_replay": (
        _COUNT,
        (
            _ADDRESS,
            _ADDRESS,
            _COUNT,
            _ADDRESS,
            _ADDRESS,
            *[_COUNT] * 2,
            Column,
            Column,
            _ADDRESS,
            _COUNT,
            *[_ADDRESS] * 2,
        ),
    ),
    "tracereport_stack_distances": (_COUNT, (_ADDRESS, _ADDRESS, _COUNT, _COUNT, _ADDRESS)),
    "tracereport_open_callers": (_COUNT, (_COUNT, *[_ADDRESS] * 3, _COUNT, _ADDRESS)),
    "tracereport_open_on_stack": (_COUNT, (_COUNT, *[_ADDRESS] * 3, _COUNT, Column, _ADDRESS)),
    "tracereport_take": (_COUNT, (_ADDRESS, _COUNT, _COUNT, Column, _COUNT, _ADDRESS)),
    "tracereport_renumber": (_COUNT, (_ADDRESS, _COUNT, _COUNT, _COUNT, _ADDRESS, _ADDRESS)),
    "tracereport_pairs_new": (_ADDRESS, ()),
    "tracereport_pairs_free": (None, (_ADDRESS,)),
    "tracereport_pairs_count": (_COUNT, (_ADDRESS,)),
    "tracereport_pairs": (_ADDRESS, (_ADDRESS,)),
    "tracereport_intern_pairs": (_COUNT, (_ADDRESS, _ADDRESS, _ADDRESS, _COUNT, _ADDRESS)),
    "tracereport_interner_new": (_ADDRESS, ()),
    "tracereport_interner_free": (None, (_ADDRESS,)),
    "tracereport_interner_count": (_COUNT, (_ADDRESS,)),
    "tracereport_interner_bytes": (_ADDRESS, (_ADDRESS,)),
    "tracereport_interner_offset": (_ADDRESS, (_ADDRESS,)),
    "tracereport_intern": (_COUNT, (_ADDRESS, _ADDRESS, _COUNT, _ADDRESS, _ADDRESS, _COUNT, _COUNT, _ADDRESS)),
    "tracereport_take_texts": (
        _COUNT,
        (_ADDRESS, _COUNT, _ADDRESS, _COUNT, _ADDRESS, _COUNT, _ADDRESS, _ADDRESS, _COUNT),
    ),
    "tracereport_split_params": (
        _COUNT,
        (_ADDRESS, _COUNT, _ADDRESS, _COUNT, *[_ADDRESS] * 4, _COUNT, *[_ADDRESS] * 2),
    ),
    "tracereport_split": (_ADDRESS, (_ADDRESS, _COUNT, _COUNT)),
    "tracereport_split_free": (None, (_ADDRESS,)),
    "tracereport_split_lines": (_COUNT, (_ADDRESS,)),
    "tracereport_split_list": (_ADDRESS, (_ADDRESS, _COUNT, _ADDRESS)),
    "tracereport_split_records": (None, (_ADDRESS, _ADDRESS)),
    "tracereport_is_utf8": (_COUNT, (_ADDRESS, _COUNT)),
    "tracereport_metrics_new": (_ADDRESS, (_ADDRESS, _COUNT)),
    "tracereport_metrics_free": (None, (_ADDRESS,)),
    "tracereport_metrics_count": (_COUNT, (_ADDRESS,)),
    "tracereport_metrics_part": (_ADDRESS, (_ADDRESS, _COUNT)),
    "tracereport_intern_metrics": (_COUNT, (_ADDRESS, _ADDRESS, _COUNT, _ADDRESS, _ADDRESS, _COUNT, *[_ADDRESS] * 5)),
    "tracereport_find_byte": (_COUNT, (_ADDRESS, _COUNT, _ADDRESS, _COUNT, _COUNT, _ADDRESS)),
    "tracereport_rank_texts": (_COUNT, (_ADDRESS, _COUNT, _ADDRESS, _COUNT, _ADDRESS)),
}


@cache
def library() -> ctypes.CDLL:
    """The native library.

    Raises:
        InstallationError: it wasn't built, was built from other sources, or is for another machine.
    """
    path = FOLDER / library_name()
    if not path.exists():
        raise InstallationError(f"{path.name}: the native library wasn't built", _REMEDY)
    try:
        loaded = ctypes.CDLL(str(path))
        loaded.tracereport_sources.restype = ctypes.c_char_p
        made_from = loaded.tracereport_sources().decode()
    except (OSError, AttributeError) as error:
        raise InstallationError(f"{path.name}: no native library for this machine", _REMEDY) from error
    if made_from != hash_sources():
        raise InstallationError(f"{path.name}: the native library was built from other sources", _REMEDY)
    for name, (gives, takes) in SIGNATURES.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = gives, takes
    # Python's hashes are keyed anew in every run (unless PYTHONHASHSEED says otherwise), and so are the library's.
    loaded.tracereport_seed(hash("tracereport") & 0xFFFFFFFFFFFFFFFF)
    return loaded


def address(array: NDArray[Any]) -> int:
    """Where an array's first element stands."""
    return array.ctypes.data


def view(start: int, kind: np.dtype[Any], count: int, owner: object) -> NDArray[Any]:
    """An array of the library's own memory, which can only be read; it keeps the owner of the memory alive."""
    memory: Any = (ctypes.c_uint8 * (kind.itemsize * count)).from_address(start)
    memory.owner = owner
    found: NDArray[Any] = np.frombuffer(memory, kind)
    found.flags.writeable = False
    return found


def contiguous(values: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """The values as the library takes them, which are copied only where they aren't so already."""
    return np.ascontiguousarray(values, np.int64)


def column(values: NDArray[np.integer[Any]]) -> Column:
    """A column as it is, if it is of 32 or 64 bits or holds one value throughout, with a stride of 0; else a copy.

    What the library is given the address of lives as long as this.
    """
    if values.strides == (0,) and len(values):
        held, width = contiguous(values[:1]), 0
    elif values.dtype == np.int32:
        held, width = np.ascontiguousarray(values), 4
    else:
        held, width = contiguous(values), 8
    given = Column(address(held), width)
    given.held = held
    return given


def join_halves(sums: NDArray[np.int64]) -> NDArray[Any]:
    """Sums that were added up in halves, of the upper and the lower 32 bits: Python's integers where 64 won't do."""
    upper, lower = sums[:, 0] + (sums[:, 1] >> 32), sums[:, 1] & 0xFFFFFFFF
    if np.abs(upper).sum() < 1 << 29:
        small: NDArray[np.int64] = (upper << 32) + lower
        return small
    return (upper.astype(object) << 32) + lower


def checked(status: int) -> int:
    """A count that the library gave.

    Raises:
        MemoryError: there wasn't enough.
        OverflowError: a sum is beyond 2^63 - 1.
        ValueError: an argument was out of its range.
    """
    if status >= 0:
        return status
    if status == _NO_MEMORY:
        raise MemoryError("the native library")
    if status == _TOO_LARGE:
        raise OverflowError("a sum is beyond 2^63 - 1")
    raise ValueError("an argument of the native library is out of its range")
