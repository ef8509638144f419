"""Runs of functions keep their numbers where others follow them line by line, and those see what they saw before."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from tests.paths import ROOT
from tests.tracing import tracing
from tracereport.emit import activations
from tracereport.emit.origins import find_origin

Follow = Callable[[FrameType, str, Any], Any]


def ask() -> int | None:
    return find_origin(sys._getframe(1)).activation


def page() -> list[int | None]:
    asked = [ask(), ask()]
    asked.extend(ask() for _ in range(2))
    return asked


def pages() -> Iterator[int | None]:
    for _ in range(3):
        yield ask()


async def visit() -> list[int | None]:
    asked = []
    for _ in range(3):
        await asyncio.sleep(0)
        asked.append(ask())
    return asked


async def visits() -> AsyncIterator[int | None]:
    for _ in range(3):
        await asyncio.sleep(0)
        yield ask()


async def read() -> list[int | None]:
    return [asked async for asked in visits()]


async def gather() -> list[list[int | None]]:
    return [*await asyncio.gather(visit(), visit(), read(), read())]


@contextmanager
def following(follow: Follow) -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(follow)
    try:
        yield
    finally:
        sys.settrace(before)


def all_runs() -> list[list[int | None]]:
    first, second = pages(), pages()
    in_turns = [*zip(first, second, strict=True)]
    return [page(), page(), *([run[place] for run in in_turns] for place in (0, 1)), *asyncio.run(gather())]


def test_each_run_keeps_its_number_beside_a_tracer() -> None:
    seen: list[str] = []

    def follow(frame: FrameType, event: str, _: Any) -> Follow | None:
        seen.append(event)
        return follow if "test_activations" in frame.f_code.co_filename else None

    for tracer in (follow, lambda *_: None):
        with tracing(), following(tracer):
            runs = all_runs()
        assert [len(set(run)) for run in runs] == [1] * 8
        assert len({run[0] for run in runs}) == 8
        assert None not in runs[0]
    assert "line" in seen


def test_a_tracer_is_told_what_it_was_told_before() -> None:
    told: list[tuple[str, str, int]] = []

    def follow(frame: FrameType, event: str, _: Any) -> Follow:
        if "test_activations" in frame.f_code.co_filename or frame.f_code.co_name == "__del__":
            told.append((event, frame.f_code.co_name, frame.f_lineno))
        return follow

    both = []
    with following(follow):
        all_runs()
        both.append([*told])
        with tracing():
            told.clear()
            all_runs()
            both.append([*told])
    assert both[0] == both[1]


def test_one_that_changes_its_mind_is_followed() -> None:
    told: list[tuple[str, str]] = []

    def first(_: FrameType, event: str, __: Any) -> Follow:
        told.append(("first", event))
        return second

    def second(_: FrameType, event: str, __: Any) -> None:
        told.append(("second", event))

    def run() -> None:
        ask()
        ask()

    with tracing(), following(lambda frame, *_: first if frame.f_code.co_name == "run" else None):
        run()
    assert told == [("first", "line"), ("second", "line"), ("second", "return")]


def test_an_error_of_a_tracer_s_stays_one() -> None:
    def follow(frame: FrameType, event: str, _: Any) -> Follow:
        if event == "return" and frame.f_code.co_name == "page":
            raise LookupError
        return follow

    with tracing(), following(follow), pytest.raises(LookupError):
        page()


def test_what_a_function_holds_dies_with_it() -> None:
    ended: list[str] = []

    class Held:
        def __del__(self) -> None:
            ended.append("held")

    def run() -> None:
        held = Held()
        ask()
        del held
        kept = Held()  # noqa: F841  # until the function ends
        ask()

    with tracing(), following(lambda *_: None):
        run()
        assert ended == ["held", "held"]


def test_where_a_finalizer_may_see_a_dying_frame_a_mark_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activations, "_SHOWS_DYING_FRAMES", True)
    with tracing(), following(lambda frame, *_: (lambda *_: None) if str(ROOT) in frame.f_code.co_filename else None):
        assert len({*page()}) == 1
        assert len({*pages()}) == 3
