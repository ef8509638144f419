"""The command: its subcommands, exit codes, and all that is printed."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from tracereport import __version__
from tracereport.command.completion import SHELLS, Shell, write_completion
from tracereport.command.emitter_files import LANGUAGES, Language, read_emitter
from tracereport.command.history import history
from tracereport.command.interrupt import orderly_end, prompt_interrupts
from tracereport.command.loading import keep_memory, load_numpy
from tracereport.command.options import DAY, OF_JOINED, OF_MEASURING, OF_REPORTS, OF_RUNS, TEXT, ReportCommand
from tracereport.errors import ExitCode, TracereportError, UsageError, describe_fault
from tracereport.sources.streams import STANDARD_INPUT, is_stream

if TYPE_CHECKING:
    from tracereport.command.job import Job, Prepared

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
  tracereport measure LOG... --parts DIR             measure, for several machines to share the work
  tracereport join DIR                               report on what they have measured
  tracereport history REPORT...                      show many runs: since when, and with which run
  tracereport accept LOG FINGERPRINT --reason TEXT   accept a finding in the configuration
  tracereport config                                 show the configuration in force
  tracereport emitter LANGUAGE                       print the file that writes trace lines
  tracereport check-emitter LOG                      say whether an emitter's lines keep the rules
  tracereport completion SHELL                       print what completes the command in a shell

\b
Exit codes:
  0 done   1 a gate failed   2 wrong usage, configuration or baseline
  3 the input could not be read in full, or holds no traces
  4 a document could not be made or written, or an internal error   130 interrupted
"""
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
ACCEPT_EXAMPLES = """\b
Examples:
  tracereport accept perf_trace.log 3f2a9c01 --reason "read once per tenant, by design"
  tracereport accept report.json 3f2a9c01 --reason "until the cache lands" --until 2030-01-31
"""
CONFIG_EXAMPLES = """\b
Examples:
  tracereport config
  tracereport config --config ci/tracereport.toml
"""
CHECK_EXAMPLES = """\b
Examples:
  tracereport check-emitter perf_trace.log
  my-program 2>&1 | tracereport check-emitter -
"""
COMPLETION_EXAMPLES = """\b
Examples:
  tracereport completion bash > ~/.local/share/bash-completion/completions/tracereport
  tracereport completion fish > ~/.config/fish/completions/tracereport.fish
"""
RUN_EXAMPLES = """\b
Examples:
  tracereport run -- cargo test
  tracereport run -- npx vitest run
  tracereport run -o report.html -- pytest
"""
EMITTER_EXAMPLES = """\b
Examples:
  tracereport emitter rust > src/perf_trace.rs
  tracereport emitter node > perf-trace.mjs
  tracereport emitter node-types > perf-trace.d.mts
"""
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.command(cls=ReportCommand, groups=OF_REPORTS, context_settings=_CONTEXT, epilog=EXAMPLES, no_args_is_help=True)
@click.argument("logs", nargs=-1, metavar="LOG...")
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser, written elsewhere or not.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of report.json.")
@click.version_option(__version__, prog_name="tracereport", message="%(prog)s %(version)s")
def report(
    logs: tuple[str, ...],
    *,
    schema: bool,
    open_page: bool,
    **given: Any,  # noqa: ANN401 - options of many types
) -> int:
    """Report which calls in a log of PERF_TRACE lines should not have been made.

    LOG is a file, a quoted glob, a table of calls (.parquet), a URL (s3://, gs://, az://, https://), or - for standard
    input; packed as .gz, .zst or .xz or not. Several are reported on together.
    """
    if schema:
        import json  # noqa: PLC0415

        from tracereport.model import report_schema  # noqa: PLC0415

        click.echo(json.dumps(report_schema(), indent=2))
        return ExitCode.DONE
    if not logs:
        raise UsageError("No log is given", "Name one, as in: tracereport perf_trace.log")
    if "" in logs:
        raise UsageError("The name of a log is empty", "Is a variable of the shell not set?")
    keep_memory()
    load_numpy()
    from tracereport.command.plan import plan_job  # noqa: PLC0415

    pages = None
    if open_page:
        from tracereport.command.showing import pages_folder  # noqa: PLC0415

        pages = pages_folder()
    with ExitStack() as stack:
        job = plan_job(given, logs, sys.stdout, pages)
        code = finish_job(_prepare(job, stack), sys.stdout, stack)
    if pages is not None:
        from tracereport.command import showing  # noqa: PLC0415

        if (unopened := showing.open_page(job, pages)) is not None:
            print_line(unopened)
    return code


@click.command(
    cls=ReportCommand,
    groups=OF_RUNS,
    context_settings={**_CONTEXT, "allow_interspersed_args": False},
    epilog=RUN_EXAMPLES,
    no_args_is_help=True,
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
def run(command: tuple[str, ...], **given: Any) -> int:  # noqa: ANN401 - options of many types
    """Run a command, pass its output through but for the trace lines, and report on them when it ends.

    PERF_TRACE is set for it, so that each of its processes writes its traces to a file of its own; trace lines on
    standard error are taken as well. Standard output isn't touched: what a report would print there goes to standard
    error. Exits with the command's code if it failed, else as a report does.
    """
    keep_memory()
    load_numpy()
    from msgspec.structs import replace  # noqa: PLC0415

    from tracereport.command.capture import run_command  # noqa: PLC0415
    from tracereport.command.collection import VARIABLE, Collection  # noqa: PLC0415
    from tracereport.command.plan import plan_job  # noqa: PLC0415
    from tracereport.command.receiver import receiving  # noqa: PLC0415

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tracereport-")))
        log = folder / "perf_trace.log"
        job = plan_job(given, [str(log)], sys.stderr)
        # A command line holds values as a log does.
        words = TEXT(Path(command[0]).name if job.redact else " ".join(command))
        rendering = job.rendering._replace(command=("tracereport run", f" -- {words}"))
        job = replace(job, title=job.title or words, names={str(log): words}, rendering=rendering)
        prepared = _prepare(job, stack)
        collection = Collection(folder / "processes", os.environ)
        with log.open("wb") as keep, receiving(folder, collection.environment) as (receiver, environment):
            code = run_command(command, keep, environment)
            processes = collection.append_to(keep)
        try:
            # What our hooks trace, spans tell once more.
            inputs = [str(log)] if _holds_traces(log) else receiver.inputs
            if inputs:
                if receiver.inputs != inputs and receiver.inputs and not job.quiet:
                    print_line(
                        "its spans are left out: they tell the same calls; PERF_TRACE=off reports on them instead"
                    )
                if processes and not job.quiet:
                    print_line(f"traced: {', '.join(processes)}; {VARIABLE} gave each process a file")
                names = {name: words if name == str(log) else f"spans of {words}" for name in inputs}
                prepared = replace(prepared, job=replace(prepared.job, inputs=tuple(inputs), names=names))
                own = finish_job(prepared, sys.stderr, stack)
                return code or own
            from tracereport.command.advice import advise  # noqa: PLC0415

            asked = f", though {VARIABLE} gave each process a file" if collection.is_asked else ""
            print_error(f"{command[0]}: nothing was traced{asked}", advise(command, os.environ))
        except TracereportError as error:
            print_error(error.message, error.remedy)
            return code or error.exit_code
    return code or ExitCode.INCOMPLETE_INPUT


@click.command(
    cls=ReportCommand,
    groups=OF_MEASURING,
    singles=("--ignore-metric", "--quiet"),
    context_settings=_CONTEXT,
    epilog=MEASURE_EXAMPLES,
    no_args_is_help=True,
)
@click.argument("logs", nargs=-1, metavar="LOG...")
@click.option("--shard", metavar="I/N", default="1/1", help="Measure every N-th input, from the I-th on. Default: all.")
def measure(logs: tuple[str, ...], *, shard: str, **given: Any) -> int:  # noqa: ANN401 - options of many types
    """Measure logs and keep the result in --parts, for `tracereport join` to report on.

    Several machines can share the work: each is given the same logs and a --shard of its own.
    """
    keep_memory()
    load_numpy()
    from tracereport.command.parts_job import measure_shard  # noqa: PLC0415
    from tracereport.command.plan import plan_job  # noqa: PLC0415
    from tracereport.command.progress import TerminalProgress  # noqa: PLC0415
    from tracereport.sources.streams import expand_inputs, input_title  # noqa: PLC0415

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
    cls=ReportCommand, groups=OF_JOINED, context_settings=_CONTEXT, epilog=JOIN_EXAMPLES, no_args_is_help=True
)
@click.argument("parts_folder", metavar="DIR|URL")
def join(parts_folder: str, **given: Any) -> int:  # noqa: ANN401 - options of many types
    """Report on the parts in a folder or store that `tracereport measure` has made."""
    keep_memory()
    load_numpy()
    from msgspec.structs import replace  # noqa: PLC0415

    from tracereport.command.plan import plan_job  # noqa: PLC0415

    with ExitStack() as stack:
        job = replace(plan_job(given, (parts_folder,), sys.stdout), is_joined=True)
        return finish_job(_prepare(job, stack), sys.stdout, stack)


@click.command(context_settings=_CONTEXT, epilog=ACCEPT_EXAMPLES, no_args_is_help=True)
@click.argument("log", type=click.STRING, metavar="LOG")
@click.argument("fingerprint", type=TEXT)
@click.option("--reason", required=True, metavar="TEXT", type=TEXT, help="Why it is accepted.")
@click.option("--until", type=DAY, metavar="YYYY-MM-DD", help="The last day on which it is.")
@click.option(
    "--config",
    metavar="FILE",
    help="The file to write to. Default: the one of this folder or its parents, else tracereport.toml.",
)
def accept(log: str, fingerprint: str, *, reason: str, until: datetime | None, config: str | None) -> int:
    """Accept a finding: it stays in the report, with its reason, and fails no gate.

    LOG is what the finding was found in, or a report.json of it; FINGERPRINT may be its first digits. What the finding
    says is written beside them, for those who read the configuration.
    """
    keep_memory()
    load_numpy()
    from tracereport.command.accepting import find_finding  # noqa: PLC0415
    from tracereport.command.config import OWN_FILE, find_config, read_config  # noqa: PLC0415
    from tracereport.command.config_text import write_acceptance  # noqa: PLC0415
    from tracereport.command.plan import working_folder  # noqa: PLC0415
    from tracereport.wording.sentences import describe_finding  # noqa: PLC0415
    from tracereport.wording.units import quote_name  # noqa: PLC0415

    path = Path(config) if config else find_config(working_folder()) or Path(OWN_FILE)
    finding = find_finding(log, fingerprint, read_config(path if path.exists() else None))
    sentence = describe_finding(finding, quote_name)
    write_acceptance(path, finding.fingerprint, reason, until.date() if until else None, sentence)
    print_line(f"{path}: accepted {finding.fingerprint}: {sentence}")
    return ExitCode.DONE


@click.command(context_settings=_CONTEXT, epilog=CONFIG_EXAMPLES)
@click.option("--config", metavar="FILE", help="The file to show. Default: the one of this folder or its parents.")
def config(config: str | None) -> int:
    """Show the configuration in force, with where each value came from."""
    from tracereport.command.config import read_config  # noqa: PLC0415
    from tracereport.command.config_text import format_config  # noqa: PLC0415
    from tracereport.command.plan import choose_config  # noqa: PLC0415

    click.echo(format_config(read_config(choose_config({"config": config}))), nl=False)
    return ExitCode.DONE


@click.command(context_settings=_CONTEXT, epilog=EMITTER_EXAMPLES, no_args_is_help=True)
@click.argument("language", type=click.Choice(LANGUAGES))
def emitter(language: Language) -> int:
    """Print the file that writes trace lines, to copy into a program; its first lines say how to use it.

    Python needs no copy where tracereport is installed: from tracereport.emit import traced
    """
    click.echo(read_emitter(language), nl=False)
    return ExitCode.DONE


@click.command("check-emitter", context_settings=_CONTEXT, epilog=CHECK_EXAMPLES, no_args_is_help=True)
@click.argument("log", type=click.STRING, metavar="LOG")
def check_emitter(log: str) -> int:
    """Say of a log of trace lines which of an emitter's rules it keeps, and which it doesn't try.

    LOG is a file, or - for standard input, packed or not. Exits with 1 if a rule is broken.
    """
    from tracereport.command.emitter_check import check_log, format_verdicts  # noqa: PLC0415

    check, verdicts = check_log(log)
    click.echo(format_verdicts(check, verdicts), nl=False)
    return ExitCode.GATE_FAILED if any(verdict.breaches for verdict in verdicts) else ExitCode.DONE


@click.command(context_settings=_CONTEXT, epilog=COMPLETION_EXAMPLES, no_args_is_help=True)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: Shell) -> int:
    """Print the script that completes commands and options in a shell; its first lines say where it goes."""
    from tracereport.documents import FORMATS  # noqa: PLC0415
    from tracereport.sources import SOURCES  # noqa: PLC0415

    choices = {"--format": [kind.name for kind in FORMATS], "--from": [source.name for source in SOURCES]}
    click.echo(write_completion(shell, report, COMMANDS, choices), nl=False)
    return ExitCode.DONE


COMMANDS: Mapping[str, click.Command] = {
    "run": run,
    "accept": accept,
    "config": config,
    "measure": measure,
    "join": join,
    "history": history,
    "emitter": emitter,
    "check-emitter": check_emitter,
    "completion": completion,
}


def _prepare(job: "Job", stack: ExitStack) -> "Prepared":
    from tracereport.command.job import prepare_job  # noqa: PLC0415

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

    from tracereport.command.job import make_documents, run_job  # noqa: PLC0415
    from tracereport.command.progress import TerminalProgress  # noqa: PLC0415
    from tracereport.documents.interface import STDOUT  # noqa: PLC0415
    from tracereport.documents.writer import write_documents  # noqa: PLC0415
    from tracereport.wording.units import format_decimal  # noqa: PLC0415

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
        for gate in () if job.tells_gates and sys.stderr.isatty() else result.failed_gates:
            figure = "" if gate.figure is None else f": it is {format_decimal(gate.figure, 4)}"
            note = f" ({gate.note})" if gate.note else ""
            print_line(f"gate failed: {gate.expression}{figure}{note}")
        if not job.quiet and not failures and STDOUT not in (document.target for document in documents):
            print_line(result.report.verdict.message)
    if failures:
        return ExitCode.NOT_WRITTEN
    if result.errors:
        return ExitCode.INCOMPLETE_INPUT
    return ExitCode.GATE_FAILED if result.failed_gates and job.explain is None else ExitCode.DONE


def _keep_streams(job: "Job", stack: ExitStack) -> "Job":
    """Puts aside what can be read only once and has to be read twice: the calls first, and then the trace lines."""
    streams = [name for name in job.inputs if name == STANDARD_INPUT or is_stream(name)]
    if not streams or not (job.explain or any(kind.made_of == "lines" for _, kind in job.targets)):
        return job
    from msgspec.structs import replace  # noqa: PLC0415

    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tracereport-"))
    copies = {name: str(Path(folder, str(index))) for index, name in enumerate(streams)}
    for name, copy in copies.items():
        source = sys.stdin.fileno() if name == STANDARD_INPUT else name
        with open(source, "rb", closefd=name != STANDARD_INPUT) as stream, Path(copy).open("wb") as file:
            shutil.copyfileobj(stream, file)
    inputs = tuple(copies.get(name, name) for name in job.inputs)
    return replace(job, inputs=inputs, names={**job.names, **{copy: name for name, copy in copies.items()}})


@contextmanager
def readers_may_leave(stream: TextIO) -> Iterator[None]:
    """Whoever read our output may have enough: nothing is wrong then."""
    try:
        yield
    except BrokenPipeError:
        # Python would complain when it flushes at its end.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _holds_traces(log: Path) -> bool:
    from tracereport.sources.perf_trace.grammar import MARK  # noqa: PLC0415

    mark = MARK.encode()
    with log.open("rb") as file:
        return any(mark in line for line in file)


def print_line(text: str) -> None:
    """A line on standard error; a name's control characters are escaped, and it can't command a CI's runner."""
    from tracereport.wording.units import defuse_commands, escape_controls  # noqa: PLC0415

    with suppress(OSError):  # where nobody can be told, the exit code still tells
        click.echo(defuse_commands(escape_controls(text)), err=True)


def print_error(message: str, remedy: str) -> None:
    """Says on standard error what is wrong, without a full stop, and what to do: in two lines."""
    print_line(f"tracereport: {message.removesuffix('.')}")
    print_line(f"  {remedy}")


def _meant_command(word: str) -> str | None:
    """The command that a word seems to mean that is neither one nor a file; null if it is far from all."""
    if word.startswith("-") or os.path.lexists(word):
        return None
    import difflib  # noqa: PLC0415

    near = difflib.get_close_matches(word, COMMANDS, n=1, cutoff=0.6)
    return near[0] if near else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit code. An interrupt is the caller's to report."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = COMMANDS.get(given[0], report) if given else report
    name = "tracereport" if command is report else f"tracereport {given[0]}"
    if command is report and given and (meant := _meant_command(given[0])):
        print_error(f"{given[0]}: no such file or command", f"Did you mean {meant}? See tracereport {meant} --help.")
        return ExitCode.WRONG_USAGE
    code: int = ExitCode.DONE
    try:
        # Not by click's own main(): it would take a closed pipe for a failure.
        with (
            orderly_end(),
            readers_may_leave(sys.stdout),
            command.make_context(name, given[command is not report :]) as context,
        ):
            code = command.invoke(context)
            sys.stdout.flush()
    except click.exceptions.Exit as finished:
        code = finished.exit_code
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of a library in Rust is no Exception
        code = _print_failure(error, name)
    return code


def _print_failure(error: BaseException, name: str) -> int:
    """Says what went wrong, and gives its exit code."""
    match error:
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.format_message(), err=True)
            return ExitCode.WRONG_USAGE
        case click.UsageError():
            print_error(error.format_message(), f"See {name} --help.")
            return ExitCode.WRONG_USAGE
        case TracereportError():
            print_error(error.message, error.remedy)
            return error.exit_code
        case MemoryError():
            print_error("Out of memory", "Give fewer logs at once, and join their tables: -o calls.parquet")
        case OSError():
            print_error(f"{error.filename or 'The system'}: {error.strerror or error}", "Fix that and run it again.")
        case _:
            print_error(*describe_fault(error))
    return ExitCode.NOT_WRITTEN
