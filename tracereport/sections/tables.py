"""The tables of the terminal and of Markdown: rows of one section of the model as columns, the important ones first."""

from collections.abc import Iterable, Sequence

from tracereport.model import (
    AskedAgain,
    BeforeAfter,
    Breakdown,
    CacheCurve,
    Caller,
    CallerShare,
    CallReference,
    Edge,
    EdgeChange,
    FanOut,
    FindingChange,
    Function,
    FunctionChange,
    MetricSummary,
    Process,
    ProcessOnOneSide,
    RedundantSignature,
    Rows,
    SharedLookup,
    SlowestCall,
    TreePath,
)
from tracereport.sections.columns import Column
from tracereport.wording.phrases import format_count, format_list, format_rate
from tracereport.wording.sentences import describe_unaccounted
from tracereport.wording.units import (
    format_bounds,
    format_call,
    format_call_runs,
    format_caller,
    format_change,
    format_elapsed,
    format_figure,
    format_figure_change,
    format_figure_name,
    format_left_out,
    format_lookup,
    format_magnitude,
    format_name,
    format_signature,
    format_time,
)

_SHOWN_CALLS = 8


def functions(rows: Sequence[Function]) -> list[Column]:
    """Calls, repeats and times of each function."""
    self_times = _right("self", ("-" if row.self_ns is None else format_time(row.self_ns) for row in rows))
    return [
        _counts("calls", (row.calls for row in rows)),
        _names("function", (row.function for row in rows)),
        _counts("repeats", (row.redundant_calls for row in rows)),
        _counts("unchanged", (row.unchanged for row in rows), loud=True),
        _right("total", (format_bounds(row.total_elapsed_ns, row.total_elapsed_upper_ns) for row in rows)),
        _right("max", (format_elapsed(row.max_elapsed_ns, row.resolution_ns) for row in rows)),
        _right("p99", (format_elapsed(row.p99_elapsed_ns, row.resolution_ns) for row in rows)),
        _right("p50", (format_elapsed(row.p50_elapsed_ns, row.resolution_ns) for row in rows)),
        *([self_times] if any(row.self_ns is not None for row in rows) else []),
    ]


def slowest_calls(rows: Sequence[SlowestCall], *, one_process: bool) -> list[Column]:
    """The longest calls with what they asked and where they stand."""
    process = [] if one_process else [_right("process", (str(row.process) for row in rows))]
    return [
        _right("elapsed", (format_elapsed(row.elapsed_ns, row.elapsed_upper_ns - row.elapsed_ns) for row in rows)),
        Column("call", [format_call(row.number) for row in rows], code=True),
        _names("what was asked", (format_signature(row.function, row.caller, row.params) for row in rows)),
        Column("line", [str(row.line) for row in rows], code=True),
        *process,
    ]


def edges(rows: Sequence[Edge]) -> list[Column]:
    """Which functions call which."""
    return [
        _counts("calls", (row.calls for row in rows)),
        _names("caller", (format_caller(row.caller) for row in rows)),
        _names("function", (row.function for row in rows)),
        _counts("again", (row.again_calls for row in rows)),
        _right("total", (format_bounds(row.total_elapsed_ns, row.total_elapsed_upper_ns) for row in rows)),
    ]


def callers(rows: Sequence[Caller]) -> list[Column]:
    """How much each caller asks, and how often again."""
    return [
        _counts("calls", (row.calls for row in rows)),
        _names("caller", (format_caller(row.caller) for row in rows)),
        _counts("repeats", (row.repeats for row in rows)),
        *_answers(rows),
        _right("total", (format_bounds(row.total_elapsed_ns, row.total_elapsed_upper_ns) for row in rows)),
    ]


def asked_again(rows: Sequence[AskedAgain]) -> list[Column]:
    """Who asks again for what whom has asked for just before."""
    return [
        _counts("repeats", (row.repeats for row in rows)),
        _names("previous asker", (format_caller(row.previous_caller) for row in rows)),
        _names("asker", (format_caller(row.caller) for row in rows)),
        _names("function", (row.function for row in rows)),
        *_answers(rows),
    ]


def signatures(rows: Sequence[RedundantSignature]) -> list[Column]:
    """Signatures called twice or more, what the repeats were told, and the call numbers."""
    return [
        _counts("calls", (row.calls for row in rows)),
        _names("signature", (format_signature(row.function, row.caller, row.params) for row in rows)),
        *_answers(rows),
        _names("call numbers", (_first_calls(row.call_references) for row in rows)),
    ]


def shared_lookups(rows: Sequence[SharedLookup]) -> list[Column]:
    """Lookups of two or more callers, and who these are."""
    return [
        _counts("calls", (row.calls for row in rows)),
        _names("lookup", (format_lookup(row.function, row.params) for row in rows)),
        _names(
            "callers",
            (_callers(row.callers) for row in rows),
        ),
    ]


def _callers(shares: Rows[CallerShare]) -> str:
    """The callers of a lookup, each with its calls, and how many more there are."""
    named = [f"{format_caller(share.caller)} {format_count(share.calls)}" for share in shares.rows]
    left = shares.total - len(named)
    return ", ".join([*named, f"{format_count(left)} more"] if left else named)


def fanouts(rows: Sequence[FanOut]) -> list[Column]:
    """Groups of calls that differ in one parameter."""
    return [
        _counts("calls", (row.calls for row in rows)),
        _names("asked one by one", (format_signature(row.function, row.caller, row.fixed_params) for row in rows)),
        _names("for each", (format_list(row.varying_params) for row in rows)),
        _counts("avoidable", (row.avoidable_calls for row in rows)),
        _names("under", (_parent(row) for row in rows)),
        _left("confidence", (row.confidence for row in rows)),
    ]


def _parent(row: FanOut) -> str:
    return "-" if row.parent is None else f"{row.parent_function or ''} {format_call(row.parent.number)}".strip()


def cache_curves(rows: Sequence[CacheCurve]) -> list[Column]:
    """How large a cache of one function must be."""

    def capacities(of_each: Iterable[int | None]) -> list[str]:
        return ["-" if capacity is None else format_count(capacity) for capacity in of_each]

    return [
        _counts("calls", (row.calls for row in rows)),
        _names("function", (row.function for row in rows)),
        _counts("hits possible", (row.possible_hits for row in rows)),
        _right("for 50 %", capacities(row.capacity_for_50 for row in rows)),
        _right("for 80 %", capacities(row.capacity_for_80 for row in rows)),
        _right("for 95 %", capacities(row.capacity_for_95 for row in rows)),
        _left("", ("" if row.exact else "sampled" for row in rows)),
    ]


def metrics(row: Breakdown) -> list[Column]:
    """What the metrics of one function say about its elapsed time."""
    figures = [
        (metric.name, format_time(metric.total), format_rate(metric.share_of_elapsed))
        if metric.kind == "time"
        else (metric.name, _describe_metric(metric), "")
        for metric in row.metrics.rows
    ]
    if row.unaccounted_ns is not None:
        figures.append(describe_unaccounted(row))
    return [
        _names("metric", (name for name, _, _ in figures)),
        _left("total", (total for _, total, _ in figures)),
        _right("share", (share for _, _, share in figures)),
    ]


def _describe_metric(metric: MetricSummary) -> str:
    if metric.kind == "flag":
        return format_rate(metric.mean)
    if metric.min == metric.max:
        return f"always {format_magnitude(metric.min)}"
    mean, least, most = (format_magnitude(figure) for figure in (metric.mean, metric.min, metric.max))
    return f"mean {mean}, {least}-{most}"


def tree_paths(rows: Sequence[TreePath]) -> list[Column]:
    """Chains of calls with the time in and below them."""
    return [
        _right("total", (format_time(row.total_ns) for row in rows)),
        _right("self", (format_time(row.self_ns) for row in rows)),
        _counts("calls", (row.calls for row in rows)),
        _counts("repeats", (row.redundant_calls for row in rows)),
        _names("path", (" > ".join(row.path) for row in rows)),
    ]


def processes(rows: Sequence[Process]) -> list[Column]:
    """Which processes the log holds, and how far each can be judged."""
    return [
        _right("index", (str(row.index) for row in rows)),
        _names("process", (row.name for row in rows)),
        _counts("calls", (row.calls for row in rows)),
        _left("tree", (row.tree for row in rows)),
        _left("judged", ("no: interleaved" if row.interleaved else "yes" for row in rows)),
        _counts("unfinished", (row.unfinished_calls for row in rows)),
        Column("lines", [f"{row.first_line}-{row.last_line}" for row in rows], code=True),
    ]


def finding_changes(rows: Sequence[FindingChange], places: Sequence[str]) -> list[Column]:
    """Findings before and after; ``places`` says of each who asks whom."""
    return [
        _left("", (row.state for row in rows)),
        Column("finding", list(places), align="left"),
        _counts("before", (row.before for row in rows)),
        _counts("after", (row.after for row in rows)),
        _right("change", (format_change(row.before, row.after) for row in rows)),
    ]


def totals_changes(rows: Sequence[BeforeAfter]) -> list[Column]:
    """Headline figures before and after."""
    return [
        _left("figure", (format_figure_name(row.figure) for row in rows)),
        _right("before", (format_figure(row.figure, row.before) for row in rows)),
        _right("after", (format_figure(row.figure, row.after) for row in rows)),
        _right("change", (format_figure_change(row.figure, row.before, row.after) for row in rows)),
    ]


def function_changes(rows: Sequence[FunctionChange]) -> list[Column]:
    """Calls and repeats of each function before and after."""
    return [
        _names("function", (row.function for row in rows)),
        *_before_after("calls", [(row.calls_before, row.calls_after) for row in rows]),
        *_before_after("repeats", [(row.redundant_before, row.redundant_after) for row in rows]),
    ]


def edge_changes(rows: Sequence[EdgeChange]) -> list[Column]:
    """Calls of each edge before and after."""
    return [
        _names("caller", (format_caller(row.caller) for row in rows)),
        _names("function", (row.function for row in rows)),
        *_before_after("calls", [(row.calls_before, row.calls_after) for row in rows]),
        *_before_after("again", [(row.again_before, row.again_after) for row in rows]),
    ]


def processes_on_one_side(rows: Sequence[ProcessOnOneSide]) -> list[Column]:
    """Processes that the other side lacks."""
    return [
        _names("process", (row.name for row in rows)),
        _counts("calls", (row.calls for row in rows)),
        _counts("repeats", (row.repeats for row in rows)),
    ]


def _before_after(title: str, pairs: Sequence[tuple[int, int]]) -> list[Column]:
    return [
        _right(title, (f"{format_count(before)} -> {format_count(after)}" for before, after in pairs)),
        _right("change", (format_change(before, after) for before, after in pairs)),
    ]


def _answers(rows: Sequence[Caller] | Sequence[AskedAgain] | Sequence[RedundantSignature]) -> list[Column]:
    """What the repeats were told."""
    return [
        _counts("unchanged", (row.unchanged for row in rows), loud=True),
        _counts("changed", (row.changed for row in rows)),
        _counts("no evidence", (row.unproven for row in rows)),
    ]


def _first_calls(references: Rows[CallReference]) -> str:
    shown = [reference.number for reference in references.rows[:_SHOWN_CALLS]]
    left = format_left_out(len(shown), references.total)
    return format_call_runs(shown) + (f" ... {left}" if left else "")


def _counts(title: str, cells: Iterable[int], *, loud: bool = False) -> Column:
    """Counts, in which a zero is a quiet dash."""
    return Column(title, [format_count(count) if count else "-" for count in cells], loud=loud)


def _names(title: str, cells: Iterable[str]) -> Column:
    """Text of the log, elided where there is no room."""
    return Column(title, [format_name(cell) for cell in cells], align="left", code=True)


def _left(title: str, cells: Iterable[str]) -> Column:
    return Column(title, list(cells), align="left")


def _right(title: str, cells: Iterable[str]) -> Column:
    return Column(title, list(cells))
