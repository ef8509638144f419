"""Golden documents: what the program says of a few real logs, whole.

    python -m tests.golden

writes those that changed again, and says which; look at ``git diff tests/golden`` before you commit them.

Each is kept for something that no other one shows, so that one figure changed does not change them all: whether a
figure is right is held by the oracle and by what truly happened, for every log. Pages are without their charts, which
the chart libraries draw otherwise from version to version.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from tests.truth import log_path
from tracereport.api import render
from tracereport.calls.calls import Calls
from tracereport.documents.page.page import render_html
from tracereport.engine.report import make_report
from tracereport.model import Report, Settings
from tracereport.sources.perf_trace.diagnosis import explain_no_traces
from tracereport.sources.perf_trace.reader import read_log

FOLDER = Path(__file__).parent / "documents"

GOLDENS: Final = {
    "single-thread.txt": "the text, of a log with a call tree",
    "single-thread.json": "the report as data",
    "torn-lines.txt": "what would mislead, malformed lines, withheld repeats",
    "hostile.md": "the Markdown, of values that are meant to break it",
    "hostile.html": "the page, of the same",
    "duckpond-deep-nextest.md": "a Markdown that is cut to its limit",
    "duckpond-no-rust-log.txt": "why there is no report: nothing was logged",
    "no-traces-info-level.txt": "why there is no report: the level was too high",
}
"""The documents that are kept, and what each is for."""


def list_goldens() -> Iterator[str]:
    """The names of all golden documents."""
    yield from GOLDENS


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
