"""Turns a log of ``PERF_TRACE`` lines into a report of the calls that should not have been made.

>>> import tracereport
>>> calls = tracereport.read_calls("perf_trace.log")  # a Polars frame, one row per call
>>> report = tracereport.analyze(calls)
>>> page = tracereport.render(report, "html")

PYTEST_DONT_REWRITE: there is no test in it, and it may be imported before pytest is.
"""

__version__ = "0.1.0"
__all__ = ["Report", "Selection", "Settings", "analyze", "chart", "read_calls", "render"]

TYPE_CHECKING = False
"""As type checkers take it, without loading ``typing``, during which an interrupt would show a traceback."""

if TYPE_CHECKING:
    from tracereport.api import analyze, chart, read_calls, render
    from tracereport.model import Report, Selection, Settings

_HOMES = {
    "Report": "model",
    "Selection": "model",
    "Settings": "model",
    "analyze": "api",
    "chart": "api",
    "read_calls": "api",
    "render": "api",
}


def __getattr__(name: str) -> object:
    """Loads a public name when it is asked for: importing the emitters, or asking for --help, loads nothing heavy."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
