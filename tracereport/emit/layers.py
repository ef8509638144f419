"""Libraries between a program and a traced driver, such as peewee: they send what the program asks for.

The advice knows remedies for some of them, so ``via=`` names these, with the relation that they load if their frames
show it.
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
"""The name of each package in ``via=``."""


class _Imported:
    """Whether one of these packages has been imported, and the number of modules when that was found out."""

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
    """Whether there is anything to look for. It is called for each statement, so it must be quick."""
    count = len(sys.modules)
    if count != _imported.count:
        _imported.count, _imported.is_any = count, not _NAMES.keys().isdisjoint(sys.modules)
    return _imported.is_any


def _go_outward(frame: FrameType | None) -> Iterator[FrameType]:
    """This frame and those around it, also across the greenlets in which asynchronous code runs synchronous code."""
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
    """The foreign key whose target peewee loads: ``Book.author``."""
    field = accessor.field
    return f"{field.model.__name__}.{field.name}"


def _read_query(query: Any) -> str | None:  # noqa: ANN401  # as above
    """The relation whose rows peewee loads: ``Author.books[]``; None if the query has other conditions."""
    where = query._where  # noqa: SLF001  # nothing else tells it
    field = where.lhs
    if where.op != "=" or query._limit is not None or not hasattr(field, "rel_model"):  # noqa: SLF001  # as above
        return None
    return f"{field.rel_model.__name__}.{field.backref}[]"


_READERS: dict[tuple[str, str], tuple[str, Callable[[Any], str | None]]] = {
    ("peewee", "get_rel_instance"): ("self", _read_accessor),
    ("peewee", "execute"): ("query", _read_query),
}
"""By package and function: a local variable of its frame, and a function that reads the relation from it."""
