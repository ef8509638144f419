"""Libraries between a program and what a hook traces, which only send what the program has asked of them.

Some have remedies of their own: ``via=`` names them, with the relation that they load, where their frames tell it.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .frames import read_locals
from .origins import runs_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

LAYERS = (
    "peewee", "playhouse", "pandas", "sqlite_utils", "dataset", "records", "databases", "pony", "tortoise", "piccolo",
    "sqlalchemy", "django", "pugsql", "aiosql", "gino", "dbutils", "pypika_tortoise", "pydal", "orm", "ormar", "edgy",
    "sqlmodel",
)  # fmt: skip
_NAMES = {
    "peewee": "peewee",
    "playhouse": "peewee",
    "tortoise": "tortoise",
    "pony": "pony",
    "piccolo": "piccolo",
    "dataset": "dataset",
    "ormar": "ormar",
    "records": "records",
    "pugsql": "pugsql",
    "sqlite_utils": "sqlite-utils",
}
"""By package what the advice calls it."""


class _Imported:
    """Whether any of these has been imported, and how many modules there were when that was found out."""

    count = 0
    is_any = False


_imported = _Imported()


def name_package(frame: FrameType) -> str:
    """The package of the code that a frame runs."""
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def name_layer(frame: FrameType | None, inside: tuple[str, ...]) -> str | None:
    """The library that asks for the program, such as ``peewee``, or ``peewee:Book.author`` where it loads a relation.

    Args:
        frame: what sends the statement.
        inside: packages between it and the program.
    """
    name = relation = None
    if not _is_any_imported():
        return None
    for each in _go_outward(frame):
        if not runs_in(each, inside):
            break
        package = name_package(each)
        if package in _NAMES:
            name = _NAMES[package]
            reader = _READERS.get((package, each.f_code.co_name))
            if reader is not None:
                with suppress(Exception):  # another version
                    relation = reader[1](read_locals(each, reader[:1])[0]) or relation
    return name if relation is None else f"{name}:{relation}"


def _is_any_imported() -> bool:
    """Whether there is anything to look for; each statement asks."""
    count = len(sys.modules)
    if count != _imported.count:
        _imported.count, _imported.is_any = count, not _NAMES.keys().isdisjoint(sys.modules)
    return _imported.is_any


def _go_outward(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames from one on, through the greenlets in which asynchronous code runs synchronous one."""
    greenlet = sys.modules.get("greenlet")
    waiting = None if greenlet is None else greenlet.getcurrent()
    while True:
        while frame is not None:
            yield frame
            frame = frame.f_back
        waiting = None if waiting is None else waiting.parent
        if waiting is None:
            return
        frame = waiting.gr_frame


def _read_accessor(accessor: Any) -> str | None:  # noqa: ANN401  # of a version's own kind
    """Of peewee, which loads what a foreign key points to: ``Book.author``."""
    field = accessor.field
    return f"{field.model.__name__}.{field.name}"


def _read_query(query: Any) -> str | None:  # noqa: ANN401  # as above
    """Of peewee, which loads the rows that point to one: ``Author.books[]``, where nothing else is asked of them."""
    where = query._where  # noqa: SLF001  # nothing else tells it
    field = where.lhs
    if where.op != "=" or query._limit is not None or not hasattr(field, "rel_model"):  # noqa: SLF001  # as above
        return None
    return f"{field.rel_model.__name__}.{field.backref}[]"


_READERS: dict[tuple[str, str], tuple[str, Callable[[Any], str | None]]] = {
    ("peewee", "get_rel_instance"): ("self", _read_accessor),
    ("peewee", "execute"): ("query", _read_query),
}
"""By package and function: a local of its frame, and what reads a relation from that."""
