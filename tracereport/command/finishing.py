"""A job as the terminal sees it: its progress, its documents, what is said beside them, and the exit code."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tracereport.command.interrupt import prompt_interrupts
from tracereport.command.printing import print_error, print_line, readers_may_leave
from tracereport.errors import ExitCode, TracereportError
from tracereport.sources.streams.names import STANDARD_INPUT, is_stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracereport.command.job import Job, Prepared
    from tracereport.model import Gate


def prepare(job: "Job", stack: ExitStack) -> "Prepared":
    """Reads all that the job needs but its inputs; an interrupt ends it in order."""
    from tracereport.command.preparing import prepare_job  # noqa: PLC0415

    with prompt_interrupts(stack.close):
        return prepare_job(job)


def finish_job(prepared: "Prepared", stream: TextIO, stack: ExitStack) -> int:
    """Does the job, prints what there is to say, and gives the exit code.

    Args:
        prepared: what is to be done.
        stream: where what has no target of its own is printed.
        stack: takes what has to go in the end, and after an interrupt.
    """
    from msgspec.structs import replace  # noqa: PLC0415

    from tracereport.command.progress import TerminalProgress  # noqa: PLC0415
    from tracereport.command.rendering import make_documents  # noqa: PLC0415
    from tracereport.command.running import run_job  # noqa: PLC0415
    from tracereport.documents.interface import STDOUT  # noqa: PLC0415
    from tracereport.documents.writer import write_documents  # noqa: PLC0415

    with prompt_interrupts(stack.close):
        job = _keep_streams(prepared.job, stack)
        progress = stack.enter_context(TerminalProgress(is_shown=not job.quiet))
        result = run_job(replace(prepared, job=job), progress)
        documents = make_documents(job, result)

        def before_output() -> None:
            progress.stop()
            for message, remedy in result.notices:
                print_error(message, remedy)
            for error in result.errors:
                print_error(error, "The report is of what could be read, and says so.")

        failures: list[TracereportError] = []
        with readers_may_leave(stream):
            failures += write_documents(documents, stream.buffer, stack, before_output)
    for failure in failures:
        print_error(failure.message, failure.remedy)
    if job.explain is None:
        if not (job.tells_gates and sys.stderr.isatty()):
            _print_failed_gates(result.failed_gates)
        if not job.quiet and not failures and STDOUT not in (document.target for document in documents):
            print_line(result.report.verdict.message)
    if failures:
        return ExitCode.NOT_WRITTEN
    if result.errors:
        return ExitCode.INCOMPLETE_INPUT
    return ExitCode.GATE_FAILED if result.failed_gates and job.explain is None else ExitCode.DONE


def _print_failed_gates(gates: "Sequence[Gate]") -> None:
    from tracereport.wording.units import format_decimal  # noqa: PLC0415

    for gate in gates:
        figure = "" if gate.figure is None else f": it is {format_decimal(gate.figure, 4)}"
        note = f" ({gate.note})" if gate.note else ""
        print_line(f"gate failed: {gate.expression}{figure}{note}")


def _keep_streams(job: "Job", stack: ExitStack) -> "Job":
    """Puts aside what can be read only once and has to be read twice: the calls first, and then the trace lines."""
    streams = [name for name in job.inputs if name == STANDARD_INPUT or is_stream(name)]
    if not streams or not (job.explain or any(kind.made_of == "lines" for _, kind in job.targets)):
        return job
    import shutil  # noqa: PLC0415 - most inputs are files
    import tempfile  # noqa: PLC0415

    from msgspec.structs import replace  # noqa: PLC0415

    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tracereport-"))
    copies = {name: str(Path(folder, str(index))) for index, name in enumerate(streams)}
    for name, copy in copies.items():
        source = sys.stdin.fileno() if name == STANDARD_INPUT else name
        with open(source, "rb", closefd=name != STANDARD_INPUT) as stream, Path(copy).open("wb") as file:
            shutil.copyfileobj(stream, file)
    inputs = tuple(copies.get(name, name) for name in job.inputs)
    return replace(job, inputs=inputs, names={**job.names, **{copy: name for name, copy in copies.items()}})
