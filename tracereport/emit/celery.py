"""Traces each run of Celery's tasks as a frame: in a worker, and where a test has tasks run at once."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from celery.app import trace as library

from .calls import NOWHERE, begin

if TYPE_CHECKING:
    from collections.abc import Callable

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_EXTENDED = "_perf_trace_is_extended"


def trace_tasks() -> None:
    """A frame for each run of a task, named by the task."""
    build_tracer = library.build_tracer
    if hasattr(build_tracer, _EXTENDED):
        return

    @functools.wraps(build_tracer)
    def build(name: str, *args: Any, **kwargs: Any) -> Callable[..., Any]:  # noqa: ANN401  # as the version has it
        return _in_frame(name, build_tracer(name, *args, **kwargs))

    setattr(build, _EXTENDED, True)
    library.build_tracer = build


def _in_frame(task: str, carry_out: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(carry_out)
    def carry_out_in_frame(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        with begin(f"TASK {task}", [], NOWHERE, via="celery", is_frame=True):
            return carry_out(*args, **kwargs)

    return carry_out_in_frame
