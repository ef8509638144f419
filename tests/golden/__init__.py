"""Golden documents: what the program says of each real log, whole.

    python -m tests.golden

writes those that changed again, and says which; look at ``git diff tests/golden`` before you commit them.

The text of every log is kept, and all documents of a few; pages without their charts, which the chart libraries draw
otherwise from version to version.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.truth import NAMES, log_path
from tracereport.api import render
from tracereport.calls.calls import Calls
from tracereport.documents.page.page import render_html
from tracereport.engine.report import make_report
from tracereport.model import Report, Settings
from tracereport.sources.perf_trace.diagnosis import explain_no_traces
from tracereport.sources.perf_trace.reader import read_log

FOLDER = Path(__file__).parent / "documents"

WITH_ALL_DOCUMENTS = ("bare-captured", "bare-nocapture", "hostile", "hostile-bare", "single-thread", "torn-lines")
"""Logs whose documents are small, and unlike one another."""


def list_goldens() -> Iterator[str]:
    """The names of all golden documents."""
    for name in NAMES:
        yield f"{name}.txt"
    for name in WITH_ALL_DOCUMENTS:
        yield from (f"{name}.md", f"{name}.html", f"{name}.json")
    yield "duckpond-deep-nextest.md"


def make_document(golden: str) -> bytes:
    """The document as the program makes it now; of a log without traces what the command prints instead."""
    name, _, suffix = golden.rpartition(".")
    calls = read_calls(name)
    if not len(calls):
        return f"{explain_no_traces(calls.files, calls.facts)}\n".encode()
    report = report_on(name)
    if suffix == "html":
        return render_html(report, pictures=False).encode()
    document = render(report, "text" if suffix == "txt" else "markdown" if suffix == "md" else "json")
    return document.encode() if isinstance(document, str) else document


@cache
def read_calls(name: str) -> Calls:
    """The calls of a log, under a name that is the same on every machine."""
    path = log_path(name)
    return read_log([str(path)]).rename_files({str(path): path.name})


@cache
def report_on(name: str) -> Report:
    """The report on a log."""
    return make_report(read_calls(name), Settings(), log_path(name).name)
