"""Traces Django's templates as frames, places in the tree that statements belong to, and leaves migrations out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .askers import find_outside
from .calls import begin
from .django_machinery import MACHINERY, is_migrating
from .hooks import extend

if TYPE_CHECKING:
    from collections.abc import Callable

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours


def trace_templates() -> None:
    """A frame for each template that something is asked for in, included ones too."""
    from django.template.base import Template  # noqa: PLC0415  # as above

    extend(Template, "render", _render)


def leave_migrations() -> None:
    """Traces nothing of what the command asks."""
    from django.core.management.commands.migrate import Command  # noqa: PLC0415  # as above

    extend(Command, "handle", _migrate)


def _render(render: Callable[..., Any], template: Any, context: Any) -> Any:  # noqa: ANN401  # as above
    name = template.name or "template"
    with begin(f"render {name}", [], find_outside(MACHINERY), is_lazy=True, via="django", is_frame=True):
        return render(template, context)


def _migrate(handle: Callable[..., Any], *args: Any, **options: Any) -> Any:  # noqa: ANN401  # as the command takes
    token = is_migrating.set(True)
    try:
        return handle(*args, **options)
    finally:
        is_migrating.reset(token)
