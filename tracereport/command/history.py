"""``tracereport history``: its options, and what it prints."""

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from tracereport.command.options import CONTEXT, LARGEST, TEXT, Option, WholeNumber
from tracereport.command.printing import print_error, print_line, readers_may_leave
from tracereport.command.schema import schema_option
from tracereport.documents.formats import choose_formats, list_suffixes
from tracereport.documents.history import HISTORY_FORMATS
from tracereport.documents.history.interface import TOP, HistoryFormat, HistoryOptions
from tracereport.documents.interface import STDOUT
from tracereport.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tracereport.command.history_job import HistoryJob
    from tracereport.model import Record

EXAMPLES = """\b
Examples:
  tracereport perf_trace.log --label "$SHA" --at "$TIME" -o runs/42.json.gz -o runs/42.html
  tracereport history 'runs/*.json.gz' -o history.html
  tracereport history 'runs/*.json.gz' --order-by time -o history.md -o history.json
  tracereport history 'builds/*/report.json' --page 'https://ci.example/{folder}/report.html' -o history.html
"""
_MOST_ERRORS = 10


def _load_record() -> "type[Record]":
    from tracereport.model.history import History  # noqa: PLC0415

    return History


@click.command(
    context_settings=CONTEXT,
    epilog=EXAMPLES,
    no_args_is_help=True,
)
@click.argument("reports", nargs=-1, metavar="REPORT...")
@click.option(
    "-o",
    "--output",
    multiple=True,
    metavar="FILE",
    help=f"Write a document; its suffix chooses the format: {' '.join(list_suffixes(HISTORY_FORMATS))}. "
    "`-` is standard output. Repeatable.",
)
@click.option(
    "--format",
    metavar="FORMAT",
    type=click.Choice([kind.name for kind in HISTORY_FORMATS]),
    help=f"Format of standard output: {', '.join(kind.name for kind in HISTORY_FORMATS)}.",
)
@click.option(
    "--order-by",
    type=click.Choice(["given", "time"]),
    default="given",
    metavar="ORDER",
    help="Order of the runs: given, or time (as --at said). Default: given.",
)
@click.option("--title", metavar="TEXT", type=TEXT, help="Title of the history. Default: that of the reports.")
@click.option(
    "--page",
    metavar="URL",
    type=TEXT,
    help="Where a run's page is, with {label}, {name} of the file or its {folder} in it. "
    "Default: the .html beside its report.",
)
@click.option(
    "--top", cls=Option, metavar="N", type=WholeNumber(1, LARGEST), help=f"Rows of each list. Default: {TOP}."
)
@click.option("--full", is_flag=True, help="Print the whole text, also on a terminal.")
@click.option("-q", "--quiet", is_flag=True, help="Print only errors, and documents that you name.")
@schema_option("the history's JSON", _load_record)
def history(reports: tuple[str, ...], **given: Any) -> int:  # noqa: ANN401 - options of many types
    """Compare many runs: show since when each finding exists, and which run changed what.

    REPORT is a report.json of a run, packed or not, a URL of one (s3://, gs://, az://, https://), or a quoted glob of
    them, sorted naturally (run-2 before run-10). If some can't be read, they are named, the others are shown, and the
    exit code is 3.
    """
    if not reports:
        raise UsageError("No report is given", "Name some, as in: tracereport history 'runs/*.json.gz'")
    if "" in reports:
        raise UsageError("The name of a report is empty", "Is a variable of the shell not set?")
    from tracereport.engine.own_process import begin_command  # noqa: PLC0415

    begin_command()
    return _write_history(reports, given)


def _write_history(reports: tuple[str, ...], given: dict[str, Any]) -> int:
    from tracereport.command.history_job import make_documents, run_history  # noqa: PLC0415
    from tracereport.command.interrupt import prompt_interrupts  # noqa: PLC0415
    from tracereport.command.progress import TerminalProgress  # noqa: PLC0415
    from tracereport.documents.writer import write_documents  # noqa: PLC0415

    job = _plan_history(reports, given)
    with ExitStack() as stack, prompt_interrupts(stack.close):
        progress = stack.enter_context(TerminalProgress(is_shown=not given["quiet"]))
        progress.begin("reading reports")
        made = run_history(job)
        progress.begin("writing")

        def before_output() -> None:
            progress.stop()
            for row in made.unread.rows[:_MOST_ERRORS]:
                print_error(f"{row.file}: {row.reason}", "The history is of the others, and says so.")
            if made.unread.total > _MOST_ERRORS:
                print_line(f"tracereport: {made.unread.total - _MOST_ERRORS:,} further files aren't read")

        failures = []
        with readers_may_leave(sys.stdout):
            failures += write_documents(make_documents(job, made), sys.stdout.buffer, stack, before_output)
    for failure in failures:
        print_error(failure.message, failure.remedy)
    if failures:
        return ExitCode.NOT_WRITTEN
    if not given["quiet"] and STDOUT not in (target for target, _ in job.targets):
        print_line(made.verdict)
    return ExitCode.INCOMPLETE_INPUT if made.unread.total else ExitCode.DONE


def _plan_history(reports: tuple[str, ...], given: dict[str, Any]) -> "HistoryJob":
    from tracereport.command.history_job import HistoryJob  # noqa: PLC0415
    from tracereport.command.plan import choose_rendering  # noqa: PLC0415
    from tracereport.documents.writer import require_folder  # noqa: PLC0415
    from tracereport.engine.cores import count_threads  # noqa: PLC0415

    targets = _choose_targets(given)
    for target, _ in targets:
        require_folder(target)
    width, colour = choose_rendering(sys.stdout)
    is_brief = sys.stdout.isatty() and not given["full"] and given["format"] is None
    written = tuple(target for target, _ in targets if target != STDOUT)
    return HistoryJob(
        files=reports,
        targets=targets,
        order=given["order_by"],
        title=given["title"],
        page=given["page"],
        threads=count_threads(),
        rendering=HistoryOptions(width, colour, given["top"] or TOP, is_brief, written),
    )


def _choose_targets(given: dict[str, Any]) -> tuple[tuple[str, HistoryFormat], ...]:
    """Where documents go: standard output too where nothing else is named, or a terminal is looked at."""
    named = choose_formats(given["output"], given["format"], HISTORY_FORMATS)
    prints = STDOUT in (target for target, _ in named)
    if prints or (named and not sys.stdout.isatty()) or (given["quiet"] and given["format"] is None):
        return named
    return (*named, *choose_formats((STDOUT,), given["format"], HISTORY_FORMATS))
