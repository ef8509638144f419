"""Writes trace lines from Python: decorators, hooks for libraries, a plugin for pytest. Standard library only.

It is the package ``perf_trace`` of the distribution of that name, and ``tracereport.emit`` in ``tracereport``; where
both are installed they are one. ``core`` holds all of the emitter itself, and says what a line looks like.
"""

from .defer import defer

if not defer(__name__):
    from .core import (
        Call,
        Origin,
        begin,
        digest,
        find_origin,
        found,
        is_on,
        is_standard_error,
        name_caller,
        name_test,
        runs_in,
        size,
        start,
        stop,
        trace,
        traced,
    )
    from .modules import trace_module

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
