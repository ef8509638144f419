"""The documents of a run, each made when it is written."""

from pathlib import Path

import numpy as np

from tracereport.calls.selection import select_calls
from tracereport.command.job import Job, Result
from tracereport.documents import interface
from tracereport.documents.interface import STDOUT, Format, RenderOptions
from tracereport.documents.writer import Content, Document, Rendered
from tracereport.errors import InputError, UsageError
from tracereport.sources.inputs import read_raw
from tracereport.sources.parquet_source import is_calls_table
from tracereport.sources.streams.names import describe_inputs, input_title
from tracereport.sources.urls import is_url


def make_documents(job: Job, result: Result) -> list[Document]:
    """The documents that were asked for; each is made when it is written."""
    if job.explain is not None:
        return [Document(STDOUT, _explain_finding(job, result, job.explain))]
    return [Document(target, _choose_content(job, result, target, kind)) for target, kind in job.targets]


def _choose_content(job: Job, result: Result, target: str, kind: Format) -> Content:
    """What makes a document; a file's width and colour don't depend on the terminal."""
    for_files = RenderOptions()
    rendering = job.rendering
    if target != STDOUT:
        rendering = rendering._replace(width=for_files.width, colour=for_files.colour)
    if kind.name == "html" or job.source_lines == "all":
        rendering = rendering._replace(excerpts=result.excerpts)
    if kind.made_of == "report":
        return Rendered(lambda: interface.encode(kind.render(interface.Result(result.report), rendering)))

    def write(path: Path) -> None:
        if kind.made_of == "lines":
            _require_unchanged(result)
        selected = None if job.selection is None else select_calls(result.held_calls(), job.selection)
        whole = interface.Result(result.report, result.held_calls(), selected, result.inputs, job.source)
        document = kind.render(whole, rendering)
        if callable(document):
            document(path)
        else:
            path.write_bytes(interface.encode(document))

    return write


def _require_unchanged(result: Result) -> None:
    """Lets no lines be shown that are others than those that the calls were read from.

    What was only added at a file's end, as to a log that is still written, changes none.

    Raises:
        InputError: an object has another version, or a file is shorter than it was.
    """
    for name, before, now in zip(result.inputs, result.states, describe_inputs(result.inputs), strict=True):
        if before is None or now is None:
            continue
        if (now != before) if is_url(name) else (now.size < before.size):
            raise InputError(
                f"{input_title(name)}: it was changed after its calls were read", "Read it again when nobody writes it."
            )


def _explain_finding(job: Job, result: Result, fingerprint: str) -> bytes:
    """One finding in full, with the trace lines that show it; the first digits of its fingerprint are enough.

    Raises:
        UsageError: no finding has the fingerprint, or several do.
    """
    from tracereport.documents.terminal.report import render_explanation  # noqa: PLC0415

    findings = [finding for finding in result.report.findings.rows if finding.fingerprint.startswith(fingerprint)]
    if len(findings) != 1:
        found = "no finding has this fingerprint" if not findings else f"{len(findings)} fingerprints begin so"
        raise UsageError(
            f"--explain {fingerprint}: {found}", "Take one from the report; -o report.json holds all of them."
        )
    calls = result.held_calls()
    rows = np.zeros(len(calls), bool)
    for evidence in findings[0].evidence.rows:
        places = [evidence.line] + ([evidence.previous.line] if evidence.previous is not None else [])
        rows |= (result.held_calls().file == result.held_calls().files.index(evidence.file)) & np.isin(
            result.held_calls().line, places
        )
    if job.redact:
        lines = ["(left out, since they hold the values that are to be redacted)"]
    elif any(is_calls_table(name) for name in result.inputs):
        lines = ["(a table of calls doesn't hold them: give the log itself)"]
    else:
        _require_unchanged(result)
        read = read_raw(result.held_calls(), rows, result.inputs, source=job.source)
        lines = [line.decode("utf-8", "backslashreplace").rstrip("\n") for line in read]
    return render_explanation(result.report, findings[0], lines, width=job.rendering.width).encode()
