"""Writes trace lines from Python: decorators, hooks for libraries, a plugin for pytest. Standard library only.

::

    from perf_trace import size, trace, traced      # or: from tracereport.emit import ...

    @traced(result=size)
    def find_orders(customer_id: int) -> list[Order]: ...

    with trace("render", page=3) as call:
        body = template.render()
        call.record(bytes=len(body))

The environment variable ``PERF_TRACE`` switches it on: ``1`` writes to standard error, anything else is a file that is
appended to (``%p`` in its name: the process's number, ``%n``: the program's name). Unset: a decorated function costs
one call and one comparison more, some 0.2 µs, and a ``with`` some 0.5 µs. ``PERF_TRACE_TEST``, ``_TRY`` and ``_PHASE``
name the test that a process belongs to. Tracing never makes a program fail: what can't be written or measured is left
out.

It is the package ``perf_trace`` of the distribution of that name, and ``tracereport.emit`` in ``tracereport``; where
both are installed they are one. ``lines`` says what a line looks like.

PYTEST_DONT_REWRITE: there is no test in it, and it may be imported before pytest is.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from .defer import defer

if TYPE_CHECKING:
    from .answers import digest, found, size
    from .calls import Call, Origin, begin
    from .log import is_on, is_standard_error, start, stop
    from .modules import trace_module
    from .origins import find_origin, name_caller, runs_in
    from .testing import name_test
    from .tracing import trace, traced

if not defer(__name__):
    _MODULES = {
        "answers": ("digest", "found", "size"),
        "calls": ("Call", "Origin", "begin"),
        "log": ("is_on", "is_standard_error", "start", "stop"),
        "modules": ("trace_module",),
        "origins": ("find_origin", "name_caller", "runs_in"),
        "testing": ("name_test",),
        "tracing": ("trace", "traced"),
    }
    """By module: what the package offers of it, from when it is asked for: pytest loads the package in every run."""

    def __getattr__(name: str) -> object:
        for module, names in _MODULES.items():
            if name in names:
                globals()[name] = value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
                return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    __all__ = [
        "Call",
        "Origin",
        "begin",
        "digest",
        "find_origin",
        "found",
        "is_on",
        "is_standard_error",
        "name_caller",
        "name_test",
        "runs_in",
        "size",
        "start",
        "stop",
        "trace",
        "trace_module",
        "traced",
    ]
