"""The commands that measure or report: on logs, on what a command writes, on shares of many logs, on joined parts."""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracereport import __version__
from tracereport.command.finishing import finish_job, prepare
from tracereport.command.interrupt import prompt_interrupts
from tracereport.command.options import (
    CONTEXT,
    OF_JOINED,
    OF_MEASURING,
    OF_REPORTS,
    OF_RUNS,
    TEXT,
    ReportCommand,
)
from tracereport.command.printing import print_error, print_line
from tracereport.command.schema import schema_option
from tracereport.engine.cores import will_pay
from tracereport.engine.own_process import begin_command
from tracereport.errors import ExitCode, TracereportError, UsageError

if TYPE_CHECKING:
    from tracereport.command.job import Job, Prepared
    from tracereport.model import Record

EXAMPLES = """\b
Examples:
  tracereport perf_trace.log
  tracereport perf_trace.log -o report.html -o summary.md
  tracereport 'logs/*.log.gz' --baseline main.json --fail-on new-findings -o report.json
  cargo test 2>&1 | tracereport - -o report.html
  tracereport perf_trace.log --caller load_node --format raw
  tracereport perf_trace.log --explain 3f2a9c01d4e8

\b
Commands (each has its own --help):
  tracereport run [OPTIONS] -- COMMAND...            run a command and report on its traces
  tracereport measure LOG... --parts DIR             measure a share of the logs, one of several machines
  tracereport join DIR                               report on all that was measured
  tracereport history REPORT...                      show over many runs when findings came and went
  tracereport accept LOG FINGERPRINT --reason TEXT   accept a finding in the configuration
  tracereport config                                 show the settings in effect
  tracereport emitter LANGUAGE                       print the file that writes trace lines
  tracereport check-emitter LOG                      check an emitter's log against the rules
  tracereport completion SHELL                       print the completion script for a shell

\b
Exit codes:
  0 done   1 a gate failed   2 wrong usage, configuration or baseline
  3 the input could not be read in full, or holds no traces
  4 a document could not be made or written, or an internal error   130 interrupted
"""
RUN_EXAMPLES = """\b
Examples:
  tracereport run -- pytest
  tracereport run -- npx vitest run
  tracereport run -o report.html -- cargo test
"""
NO_ROOM = "Free some space, or set TMPDIR to a folder on another disk; the command itself ran to its end."
MEASURE_EXAMPLES = """\b
Examples:
  tracereport measure 'logs/*.log' --parts parts --shard 1/4
  tracereport measure 's3://bucket/logs/**/*.log.gz' --parts s3://bucket/parts --shard 1/4
"""
JOIN_EXAMPLES = """\b
Examples:
  tracereport join parts -o report.html
  tracereport join s3://bucket/parts --baseline main.json --fail-on worse
"""


def _load_record() -> "type[Record]":
    from tracereport.model import Report  # noqa: PLC0415

    return Report


@click.command(cls=ReportCommand, groups=OF_REPORTS, context_settings=CONTEXT, epilog=EXAMPLES, no_args_is_help=True)
@click.argument("logs", nargs=-1, metavar="LOG...")
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser, written elsewhere or not.")
@schema_option("report.json", _load_record)
@click.version_option(__version__, prog_name="tracereport", message="%(prog)s %(version)s")
def report(logs: tuple[str, ...], *, open_page: bool, **given: Any) -> int:  # noqa: ANN401 - options of many types
    """Report which calls in a log of PERF_TRACE lines should not have been made.

    LOG is a file, a quoted glob, a table of calls (.parquet), a URL (s3://, gs://, az://, https://), or - for standard
    input. It may be packed (.gz, .zst, .xz). Several are reported on together.
    """
    if not logs:
        raise UsageError("No log is given", "Name one, as in: tracereport perf_trace.log")
    if "" in logs:
        raise UsageError("The name of a log is empty", "Is a variable of the shell not set?")
    _start_workers_ahead(logs, given["workers"])
    begin_command()
    from tracereport.command.plan import plan_job  # noqa: PLC0415

    pages = None
    if open_page:
        from tracereport.command.showing import pages_folder  # noqa: PLC0415

        pages = pages_folder()
    with ExitStack() as stack:
        job = plan_job(given, logs, sys.stdout, pages)
        code = finish_job(prepare(job, stack), sys.stdout, stack)
    if pages is not None:
        from tracereport.command import showing  # noqa: PLC0415

        if (unopened := showing.open_page(job, pages)) is not None:
            print_line(unopened)
    return code


def _start_workers_ahead(logs: tuple[str, ...], workers: str | None) -> None:
    """Starts what workers are made of, where some are likely to be: it loads while we do."""
    if (workers is None or (workers.isdecimal() and workers != "1")) and will_pay(logs):
        from tracereport.engine.local_workers import start_ahead  # noqa: PLC0415

        start_ahead()


@click.command(
    cls=ReportCommand,
    groups=OF_RUNS,
    context_settings={**CONTEXT, "allow_interspersed_args": False},
    epilog=RUN_EXAMPLES,
    no_args_is_help=True,
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
def run(command: tuple[str, ...], **given: Any) -> int:  # noqa: ANN401 - options of many types
    """Run a command, collect its trace lines, and report on them when it ends. Other output passes through.

    PERF_TRACE is set so that each of its processes writes its traces to a file of its own; trace lines on standard
    error are collected, too. Standard output belongs to the command, so the report is printed on standard error. Exits
    with the command's code if it failed, else as a report does.
    """
    begin_command()
    import tempfile  # noqa: PLC0415

    from tracereport.command.capture import Kept, run_command  # noqa: PLC0415
    from tracereport.command.collection import VARIABLE, Collection  # noqa: PLC0415
    from tracereport.command.config import read_traced_modules  # noqa: PLC0415
    from tracereport.command.plan import choose_config, plan_job  # noqa: PLC0415
    from tracereport.command.receiver import receiving  # noqa: PLC0415

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tracereport-")))
        log = folder / "perf_trace.log"
        prepared = prepare(_name_run(plan_job(given, [str(log)], sys.stderr), command, log), stack)
        modules = read_traced_modules(choose_config(given))
        collection = Collection(folder / "processes", os.environ, modules)
        code: int | None = None
        try:
            with log.open("wb") as keep, receiving(folder, collection.environment) as (receiver, environment):
                kept = Kept(keep)
                code = run_command(command, kept, environment)
                if kept.error is not None:
                    raise kept.error
                processes = collection.append_to(keep)
        except OSError as error:
            if code is None:
                raise
            print_error(f"The traces of {command[0]} can't be kept: {error.strerror}", NO_ROOM)
            return code or ExitCode.NOT_WRITTEN
        try:
            # Our hooks and the spans describe the same calls.
            inputs = [str(log)] if _holds_traces(log) else receiver.inputs
            if inputs:
                own = _report_run(prepared, inputs, receiver.inputs, processes, stack)
                return code or own
            from tracereport.command.advice import advise  # noqa: PLC0415

            asked = f", though {VARIABLE} gave each process a file" if collection.is_asked else ""
            print_error(f"{command[0]}: nothing was traced{asked}", advise(command, os.environ))
        except TracereportError as error:
            print_error(error.message, error.remedy)
            return code or error.exit_code
    return code or ExitCode.INCOMPLETE_INPUT


def _name_run(job: "Job", command: tuple[str, ...], log: Path) -> "Job":
    """The job with the command's words for its title and its log; not all of them where values are hidden."""
    from msgspec.structs import replace  # noqa: PLC0415

    words = TEXT(Path(command[0]).name if job.redact else " ".join(command))
    rendering = job.rendering._replace(command=("tracereport run", f" -- {words}"))
    return replace(job, title=job.title or words, names={str(log): words}, rendering=rendering)


def _report_run(
    prepared: "Prepared", inputs: Sequence[str], spans: Sequence[str], processes: Sequence[str], stack: ExitStack
) -> int:
    """Reports on the trace lines, or on the spans where there are none; says which, and gives the exit code."""
    from msgspec.structs import replace  # noqa: PLC0415

    from tracereport.command.collection import VARIABLE  # noqa: PLC0415

    job = prepared.job
    if spans and spans != inputs and not job.quiet:
        print_line("its spans are left out: they tell the same calls; PERF_TRACE=off reports on them instead")
    if processes and not job.quiet:
        print_line(f"traced: {', '.join(processes)}; {VARIABLE} gave each process a file")
    [(log, words)] = job.names.items()
    names = {name: words if name == log else f"spans of {words}" for name in inputs}
    job = replace(job, inputs=tuple(inputs), names=names)
    return finish_job(replace(prepared, job=job), sys.stderr, stack)


def _holds_traces(log: Path) -> bool:
    from tracereport.sources.perf_trace.grammar import MARK  # noqa: PLC0415

    mark = MARK.encode()
    with log.open("rb") as file:
        return any(mark in line for line in file)


@click.command(
    cls=ReportCommand,
    groups=OF_MEASURING,
    singles=("--unit", "--ignore-metric", "--quiet"),
    context_settings=CONTEXT,
    epilog=MEASURE_EXAMPLES,
    no_args_is_help=True,
)
@click.argument("logs", nargs=-1, metavar="LOG...")
@click.option("--shard", metavar="I/N", default="1/1", help="Measure every N-th input, from the I-th on. Default: all.")
def measure(logs: tuple[str, ...], *, shard: str, **given: Any) -> int:  # noqa: ANN401 - options of many types
    """Measure logs and keep the result in --parts, for `tracereport join` to report on.

    Several machines can share the work: each is given the same logs and a --shard of its own.
    """
    _start_workers_ahead(logs, given["workers"])
    begin_command()
    from tracereport.command.parts_job import measure_shard  # noqa: PLC0415
    from tracereport.command.plan import plan_job  # noqa: PLC0415
    from tracereport.command.progress import TerminalProgress  # noqa: PLC0415
    from tracereport.sources.streams.names import expand_inputs, input_title  # noqa: PLC0415

    with ExitStack() as stack:
        job = plan_job(given, logs, sys.stdout)
        inputs = expand_inputs(job.inputs)
        with prompt_interrupts(stack.close):
            progress = stack.enter_context(TerminalProgress(is_shown=not job.quiet))
            count = measure_shard(job, inputs, [input_title(name) for name in inputs], shard, progress)
            progress.stop()
        if not job.quiet:
            measured = "1 part" if count == 1 else f"{count:,} parts"
            print_line(f"{job.parts}: {measured} measured; next: tracereport join {job.parts}")
    return ExitCode.DONE


@click.command(
    cls=ReportCommand, groups=OF_JOINED, context_settings=CONTEXT, epilog=JOIN_EXAMPLES, no_args_is_help=True
)
@click.argument("parts_folder", metavar="DIR|URL")
def join(parts_folder: str, **given: Any) -> int:  # noqa: ANN401 - options of many types
    """Report on the parts in a folder or store that `tracereport measure` has made."""
    begin_command()
    from msgspec.structs import replace  # noqa: PLC0415

    from tracereport.command.plan import plan_job  # noqa: PLC0415

    with ExitStack() as stack:
        job = replace(plan_job(given, (parts_folder,), sys.stdout), is_joined=True)
        return finish_job(prepare(job, stack), sys.stdout, stack)
