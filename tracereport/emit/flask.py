"""Traces Flask's requests as frames, named by method and rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask.app import Flask
from flask.globals import request

from .calls import NOWHERE, begin
from .hooks import extend

if TYPE_CHECKING:
    from collections.abc import Callable

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours


def trace_requests() -> None:
    """A frame for each request, from the functions before it to those after it."""
    extend(Flask, "full_dispatch_request", _dispatch)


def _dispatch(dispatch: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as the version has it
    answered = request._get_current_object()  # noqa: SLF001  # documented
    method, path, rule = answered.method, answered.path, answered.url_rule
    name = f"{method} {path if rule is None else rule.rule}"
    with begin(name, [("path", path)], NOWHERE, via="flask", is_frame=True):
        return dispatch(*args, **kwargs)
