"""What a function is called on versions of Python whose code doesn't tell it."""

import functools
import sys
from types import CodeType, ModuleType
from unittest.mock import MagicMock, call

import pytest

from tracereport.emit.naming import search_qualified_name


def decorate(function: object) -> object:
    @functools.wraps(function)  # type: ignore[arg-type]
    def around() -> None:
        pass

    return around


class Shelf:
    def find(self) -> None:
        pass

    @staticmethod
    def open() -> None:
        pass

    @classmethod
    def make(cls) -> None:
        pass

    @functools.cache  # noqa: B019  # to be found within it
    def count(self) -> None:
        pass

    class Board:
        def carry(self) -> None:
            pass


def load() -> None:
    pass


loaded = decorate(decorate(load))


class AskedError(Exception):
    """Somebody has asked an object for something."""


class Standing:
    """As an object that stands for another one, and has none for now."""

    def __getattribute__(self, name: str) -> object:
        raise AskedError(name)

    def __eq__(self, other: object) -> bool:
        raise AskedError

    __hash__ = None  # type: ignore[assignment]


FUNCTIONS = {
    "load": load.__code__,
    "Shelf.find": Shelf.find.__code__,
    "Shelf.open": Shelf.open.__code__,
    "Shelf.make": Shelf.make.__func__.__code__,  # type: ignore[attr-defined]
    "Shelf.count": Shelf.count.__wrapped__.__code__,
    "Shelf.Board.carry": Shelf.Board.carry.__code__,
}


@pytest.mark.parametrize(("name", "code"), FUNCTIONS.items())
def test_functions_and_methods_are_found_through_their_decorators(
    monkeypatch: pytest.MonkeyPatch, name: str, code: CodeType
) -> None:
    module = ModuleType("shelves")
    Hidden = type("Hidden", (type,), {"__getattribute__": Standing.__getattribute__})  # noqa: N806
    vars(module).update(
        call=call, mock=MagicMock(), standing=Standing(), hidden=Hidden("Odd", (), {}), load=loaded, Shelf=Shelf
    )
    monkeypatch.setattr(Shelf, "__module__", "shelves")
    monkeypatch.setattr(Shelf.Board, "__module__", "shelves")
    monkeypatch.setitem(sys.modules, "shelves", module)
    search_qualified_name.cache_clear()
    assert search_qualified_name(code, "shelves") == name
    assert search_qualified_name(decorate.__code__, "shelves") == "decorate"
    search_qualified_name.cache_clear()
