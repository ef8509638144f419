"""Who asks: the function that a frame runs, the line that it is at, and which run of it this is."""

from __future__ import annotations

import functools
import inspect
import os
import re
import sys
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .activations import find_activation, number_activation
from .calls import NOWHERE, Origin, current, find_running
from .frames import read_locals
from .log import now
from .naming import COMPREHENSIONS, qualified_name
from .system import System

if TYPE_CHECKING:
    from types import CodeType, FrameType


_TEST_RUNNERS = ("_pytest", "pluggy", "pytest", "unittest.case", "unittest.async_case")
_LOOPS = ("asyncio", "asgiref", "anyio", "trio", "outcome")
_SCHEDULERS = (*_LOOPS, "concurrent.futures", "threading", "multiprocessing", *_TEST_RUNNERS)
_AROUND_TESTS = (*_SCHEDULERS, "contextlib", "unittest", "hypothesis", "pytest_asyncio", "pytest_trio")
_UNDER_SUBMITTED = (*_SCHEDULERS, str(__package__))
_VIAS_OF_TESTS = ("pytest", "unittest")
_INSTALLED = "site-packages"
_INSTALLED_FOLDERS = (_INSTALLED, "dist-packages")
_COMMON_WORDS = frozenset({"records", "databases", "dataset", "orm"})
"""Names of libraries, where they are installed; else a program's own."""
_STANDARD_LIBRARY = os.path.join(os.path.dirname(os.__file__), "")  # noqa: PTH118, PTH120  # pathlib is slow to import
_REPOSITORY_MARKS = (".git", ".hg")
_PROJECT_MARKS = ("pyproject.toml", "setup.cfg", "setup.py", "pytest.ini", "tox.ini", "manage.py")
_FRAMES_TO_SEARCH = 12
_files_inside: dict[tuple[str, ...], dict[str, bool]] = {}
"""By packages and source file: whether the file is of one of them. A stack of twenty frames is looked at per call."""
_around_tests = _files_inside.setdefault(_AROUND_TESTS, {})
_places: dict[tuple[int, int], tuple[CodeType, Origin]] = {}
"""By a code's identity and an instruction: the code, kept so that no other gets its identity, and the place."""
_PLACES_KEPT = 4096
handed_run: ContextVar[int | None] = ContextVar("perf_trace_run", default=None)
"""The run of a function that has submitted what this thread, or task, carries out."""
handed_on: ContextVar[Origin | None] = ContextVar("perf_trace_asker", default=None)
"""Who asks for what a thread carries out, where its own stack doesn't hold that."""
_START_FOLDER = os.sep
with suppress(OSError):  # it may be gone
    _START_FOLDER = os.getcwd()  # noqa: PTH109  # pathlib is slow to import


def find_origin(frame: FrameType | None) -> Origin:
    """The function that a frame runs, the line it is at, and which run asks.

    Nothing where there is no frame. Where it only schedules what others have handed in, as event loops and pytest
    do, it is who has done so, if that is known. The run is told where no call stands around, or a test alone: within
    a request, say, all that is asked belongs together anyway.
    """
    if frame is None:
        return NOWHERE
    known = _places.get((id(frame.f_code), frame.f_lasti))
    place = _find_place(frame) if known is None else known[1]
    if place is NOWHERE:
        return handed_on.get() or NOWHERE
    log, around = now.log, current.get()
    if around is not None and around.log is not log:
        around = None if log is None else find_running(around, log)
    if place.caller is None or (around is not None and around.via not in _VIAS_OF_TESTS):
        return place
    run = handed_run.get()
    if run is None or not _is_submitted(frame):
        run = find_activation(frame)  # what asks has been found before to be the run that its calls belong to
        if run is None:
            run = number_activation(_leave_comprehension(frame) if around is None else _find_run(frame))
    return Origin(place.caller, place.at, run)


def _find_place(frame: FrameType) -> Origin:
    """What is the same whenever the function is at this instruction: to find a line takes a walk along a table."""
    if runs_in(frame, _SCHEDULERS):
        return NOWHERE
    code = frame.f_code
    path = _path_in_repository(code.co_filename)
    place = Origin(short_name(qualified_name(code, frame)), None if path is None else f"{path}:{frame.f_lineno}")
    if len(_places) >= _PLACES_KEPT:  # a program that makes functions without end
        _places.clear()
    _places[id(code), frame.f_lasti] = (code, place)
    return place


def find_own_class(frame: FrameType | None, end: FrameType) -> Origin | None:
    """The class of the program's that the innermost method of a library's works for, up to a frame, if there is one.

    Generic views and serializers are told by the program what to do, and do all of it.
    """
    while frame is not None and frame is not end:
        if frame.f_code.co_varnames[:1] == ("self",):
            kind: Any = type(read_locals(frame, ("self",))[0])
            origin = _find_class(kind)
            if origin is not None:
                return origin
        frame = frame.f_back
    return None


@functools.lru_cache(maxsize=4096)
def _find_class(kind: type) -> Origin | None:
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    path = None if file is None or _INSTALLED in file else _path_in_repository(file)
    if path is None:
        return None
    try:
        line = inspect.findsource(kind)[1] + 1
    except (OSError, TypeError):  # its source isn't there
        return Origin(kind.__qualname__)
    return Origin(kind.__qualname__, f"{path}:{line}")


def name_caller(frame: FrameType | None) -> str | None:
    """The qualified name of the function that a frame runs, as ``find_origin`` gives it."""
    return find_origin(frame).caller


def runs_around_tests(frame: FrameType) -> bool:
    """Whether a frame runs what carries out tests, or what others have handed in."""
    return runs_in(frame, _AROUND_TESTS)


def is_test(frame: FrameType) -> bool:
    """Whether a frame runs a test, or a fixture, or what brings one into an event loop: the test runner calls it."""
    return runs_in(frame, _AROUND_TESTS) or (frame.f_back is not None and runs_in(frame.f_back, _AROUND_TESTS))


def _is_submitted(frame: FrameType) -> bool:
    """Whether a frame runs what was itself submitted to a thread or a loop, or what a submitted lambda calls."""
    outer = frame.f_back
    while outer is not None and outer.f_code.co_name == "<lambda>":
        outer = outer.f_back
    return outer is None or runs_in(outer, _UNDER_SUBMITTED)


def _find_run(frame: FrameType) -> FrameType:
    """The run within a test that a call belongs to: of the function that the test, or its thread, has called.

    What the test's own functions ask in a loop they ask there; what one function asks by way of others, it asks.
    """
    stack: list[FrameType] = []
    outer: FrameType | None = frame
    while outer is not None:
        is_around = _around_tests.get(outer.f_code.co_filename)
        if is_around is None:
            is_around = runs_in(outer, _AROUND_TESTS)
        if not is_around:
            stack.append(outer)
        elif runs_in(outer, _TEST_RUNNERS):
            break
        outer = outer.f_back
    begun = _find_begun_by_test(stack)
    if begun is not None:
        return begun
    if outer is None or not stack:  # a thread of its own
        return _find_carried_out(stack) or _leave_comprehension(frame)
    test = stack.pop().f_code
    for called in reversed(stack):
        code = called.f_code
        if code.co_filename != test.co_filename:
            return called
        is_tests = code.co_name in COMPREHENSIONS or qualified_name(code, called).startswith(
            f"{qualified_name(test, frame)}.<locals>."
        )
        if not is_tests:
            return called
    return _leave_comprehension(frame)


def _find_begun_by_test(stack: list[FrameType]) -> FrameType | None:
    """The function of the program's that a test has handed to a thread or a loop; None where it has handed none.

    Args:
        stack: what runs there, the innermost first.
    """
    if handed_run.get() is not None or now.test.name is None:
        return None
    test = now.test.name.partition("::")[0]
    if not test.endswith(".py"):  # as unittest names it
        return None
    for outer in reversed(stack):
        if _is_file_of(test, outer.f_code.co_filename):
            return None
        if _is_program_s(outer):
            return outer
    return None


@functools.lru_cache(maxsize=4096)
def _is_file_of(test: str, filename: str) -> bool:
    """Whether a source file is that of a test; either may be told from a folder further in."""
    path = _path_in_repository(filename)
    return f"/{path}".endswith(f"/{test}") or f"/{test}".endswith(f"/{path}")


def _find_carried_out(stack: list[FrameType]) -> FrameType | None:
    """The outermost function of the program's in a thread; None where that is a part of the test, or there is none."""
    outer = next(filter(_is_program_s, reversed(stack)), None)
    if outer is None or now.test.name is None:
        return outer
    test = re.split(r"::|\.", now.test.name.partition("[")[0])[-1]
    return None if f".{test}.<locals>." in f".{qualified_name(outer.f_code, outer)}" else outer


def _is_program_s(frame: FrameType) -> bool:
    """Whether a frame runs the program's own code."""
    path = _path_in_repository(frame.f_code.co_filename)
    return path is not None and _INSTALLED not in path and not runs_in(frame, _UNDER_SUBMITTED)


def _leave_comprehension(frame: FrameType) -> FrameType:
    """The frame of the function that a comprehension, or a lambda, stands in, where it runs there."""
    if frame.f_code.co_name not in COMPREHENSIONS:
        return frame
    name = short_name(qualified_name(frame.f_code, frame))
    around: FrameType | None = frame
    for _ in range(_FRAMES_TO_SEARCH):
        around = around and around.f_back
        if around is None:
            break
        code = around.f_code
        if code.co_filename == frame.f_code.co_filename and code.co_name not in COMPREHENSIONS:
            return around if short_name(qualified_name(code, around)) == name else frame
    return frame


@functools.lru_cache(maxsize=4096)
def _path_in_repository(filename: str) -> str | None:
    """A source file's path from the root of its repository; None: it has none.

    Outside of any it is the path from the project in which the program began, else from where that was. Python's own
    library is no part of a repository, even where Python was installed as one.
    """
    if filename.startswith("<"):
        return None
    path = System.path.normpath(System.path.join(_START_FOLDER, filename))
    if path.startswith(_STANDARD_LIBRARY) and _INSTALLED not in path:
        return None
    folder = System.path.dirname(path)
    root = _find_root(folder, _REPOSITORY_MARKS) or _find_root(_START_FOLDER, _PROJECT_MARKS) or _START_FOLDER
    inside = System.path.join(root, "")
    return path[len(inside) :].replace(os.sep, "/") if path.startswith(inside) else None


@functools.lru_cache(maxsize=4096)
def _find_root(folder: str, marks: tuple[str, ...]) -> str | None:
    """The nearest folder that holds one of these, from a folder on upwards."""
    if any(System.exists(System.path.join(folder, mark)) for mark in marks):
        return folder
    above = System.path.dirname(folder)
    return None if above == folder else _find_root(above, marks)


def known_files(packages: tuple[str, ...]) -> dict[str, bool]:
    """By source file whether ``runs_in`` has found it to be of the packages: a walk along a stack asks this first."""
    return _files_inside.setdefault(packages, {})


def runs_in(frame: FrameType, packages: tuple[str, ...]) -> bool:
    """Whether a frame runs code of one of the packages: not that of another whose name begins as theirs does."""
    known, file = known_files(packages), frame.f_code.co_filename
    is_inside = known.get(file)
    if is_inside is None:
        module = _name_module(frame)
        is_inside = _is_of_packages(module, packages) and (_is_library(module) or _is_installed(file))
        if not file.startswith("<"):  # what is made at run time, by any module
            known[file] = is_inside
    return is_inside


def _is_library(module: object) -> bool:
    """Whether no program would call a package of its own so."""
    return str(module).partition(".")[0] not in _COMMON_WORDS


def _is_installed(file: str) -> bool:
    return any(folder in file for folder in _INSTALLED_FOLDERS)


@functools.lru_cache(maxsize=4096)
def _is_of_packages(module: object, packages: tuple[str, ...]) -> bool:
    return f"{module}.".startswith(tuple(f"{package}." for package in packages))


def _name_module(frame: FrameType) -> object:
    """The module of a frame; what a template of Jinja's has been compiled to has none, and is a part of Jinja."""
    name = frame.f_globals.get("__name__")
    return "jinja2" if name is None and "__jinja_template__" in frame.f_globals else name


@functools.lru_cache(maxsize=4096)
def short_name(name: str) -> str:
    """A qualified name without what only says that functions stand within functions."""
    return re.sub(r"\.<locals>(\.<\w+>)*", "", name)
