"""What becomes of calls: measured, and written as the documents that take no long time."""

from typing import Final

from tracereport.calls.calls import Calls
from tracereport.documents import FORMATS
from tracereport.documents.interface import RenderOptions, Result
from tracereport.engine.report import make_report
from tracereport.model import Settings

QUICK_FORMATS: Final = tuple(
    kind for kind in FORMATS if kind.name in {"text", "brief", "markdown", "json", "github", "sarif"}
)


def write_some(calls: Calls) -> None:
    """Measures the calls and writes the quick documents; raises whatever shows a fault."""
    report = make_report(calls, Settings(), "fuzzed")
    for kind in QUICK_FORMATS:
        kind.render(Result(report), RenderOptions(location="a.py"))
