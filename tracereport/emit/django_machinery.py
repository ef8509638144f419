"""What the hooks for Django share: which packages are never the caller, and whether a migration is running."""

from __future__ import annotations

from contextvars import ContextVar

MACHINERY = ("django", "rest_framework", "pytest_django")
is_migrating: ContextVar[bool] = ContextVar("perf_trace_migrating", default=False)
