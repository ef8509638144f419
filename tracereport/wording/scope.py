"""What a report is of, in words: how many calls, which of them are judged, and what it is narrowed to."""

from tracereport.model import (
    OPTION_OF_FIELD,
    Report,
    Selection,
    Totals,
)
from tracereport.wording.phrases import Code, format_counted, format_list, name_asked
from tracereport.wording.units import format_bounds, format_call


def describe_asked(totals: Totals) -> str:
    """How many of the calls can repeat anything: ``45 questions``; nothing where all can, or none."""
    asked = name_asked(totals.calls, totals.questions, totals.judged_questions)
    if asked == "call" or not totals.judged_questions:
        return ""
    return format_counted(totals.judged_questions, asked)


def describe_scope(totals: Totals) -> str:
    """How much a report is of: ``74 calls (45 questions) in 1 process``."""
    asked = describe_asked(totals)
    calls = f"{format_counted(totals.calls, 'call')}{f' ({asked})' if asked else ''}"
    return f"{calls} in {format_counted(totals.processes, 'process', 'processes')}"


def describe_traced_time(report: Report) -> str:
    """The time in traced calls, or why it isn't known."""
    totals = report.totals
    if totals.elapsed_ns is None:
        return f"time in traced calls not known: {explain_unknown_trees(report)}"
    return f"{format_bounds(totals.elapsed_ns, totals.elapsed_upper_ns or totals.elapsed_ns)} in traced calls"


def count_interleaved(report: Report) -> int:
    """The calls of processes that wrote at the same time; those of all, also where a selection leaves some out."""
    return _count_warned(report, "interleaved")


def describe_unjudged(report: Report) -> str:
    """Which calls aren't judged: ``186 calls of interleaved processes``; nothing where all are."""
    causes = (
        (count_interleaved(report), "of interleaved processes"),
        (_count_warned(report, "outside-tests", "no-tests"), "outside of tests"),
    )
    return format_list([f"{format_counted(count, 'call')} {cause}" for count, cause in causes if count])


def _count_warned(report: Report, *codes: str) -> int:
    return sum(row.count for row in report.quality.rows if row.code in codes)


def describe_used(report: Report) -> list[str]:
    """How many records of other tools are questions; where some lack what they should say, a warning says it."""
    return [row.message for row in report.quality.rows if row.code.endswith("-used") and not row.misleading]


def explain_unknown_trees(report: Report) -> str:
    """Why it isn't known which calls lie inside which: ``unfinished calls and threads``."""
    unknown = [process for process in report.processes.rows if process.tree == "unknown"]
    alone = [process for process in unknown if not process.interleaved]
    causes = {
        "interleaved processes": len(alone) < len(unknown),
        "unfinished calls": any(process.unfinished_calls for process in alone),
        "threads": any(not process.unfinished_calls for process in alone),
    }
    return format_list([cause for cause, holds in causes.items() if holds])


def describe_selection(selection: Selection, code: Code) -> str:
    """What the documents are narrowed to, in the options' words: ``function load_*, call #42 or #43``."""
    chosen = {field: getattr(selection, field) for field in selection.__struct_fields__}
    chosen["calls"] = map(format_call, selection.calls) if selection.calls else ()
    return ", ".join(
        f"{OPTION_OF_FIELD[field]} {' or '.join(map(code, values))}" for field, values in chosen.items() if values
    )


def name_record(report: Report) -> str:
    """What a call of the input is written as: a line, or a span."""
    return "line" if report.input is None else report.input.record_kind
