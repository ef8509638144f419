"""The sections of the text report that are no tables: a line for each row, and under it what belongs to it."""

from collections.abc import Iterable, Sequence

from tracereport.documents.terminal.page import STEP, TerminalPage
from tracereport.model import (
    Acceptance,
    AdjacentPair,
    Breakdown,
    FanOut,
    Gate,
    QualityWarning,
    RedundantSignature,
    SequentialDuplicate,
    SharedLookup,
    SlowCalls,
)
from tracereport.sections.tables import metrics
from tracereport.wording.phrases import format_count, format_counted, format_list
from tracereport.wording.sentences import (
    describe_answers,
    describe_reference,
    describe_selection,
    describe_traced_time,
)
from tracereport.wording.units import (
    elide_fields,
    elide_middle,
    escape_controls,
    format_call_runs,
    format_caller,
    format_cut_list,
    format_decimal,
    format_lookup,
    format_signature,
    format_time,
    quote_name,
)

_SHOWN_CALLERS = 4
_NEIGHBOUR_WIDTH = 30


def misleading(page: TerminalPage) -> list[str]:
    """The warnings that a reader must see before any figure."""
    return _warnings(page, (row for row in page.report.quality.rows if row.misleading))


def other_quality(page: TerminalPage) -> list[str]:
    """The warnings that only shade a figure."""
    return _warnings(page, (row for row in page.report.quality.rows if not row.misleading))


def _warnings(page: TerminalPage, warnings: Iterable[QualityWarning]) -> list[str]:
    return [
        line
        for warning in warnings
        for line in (
            *page.sentence(warning.message, "  "),
            *page.sentence(f"Remedy: {warning.remedy}", STEP, f"{STEP}        "),
        )
    ]


def signatures(page: TerminalPage, rows: Sequence[RedundantSignature]) -> list[str]:
    """``  12 calls: signature``, and what the repeats were told."""
    lines: list[str] = []
    for row in rows:
        lines.append(_counted_signature(page, row))
        told = describe_answers(row.unchanged, row.changed, row.unproven)
        unchanged = f"{format_count(row.unchanged)} unchanged"
        lines.append(f"{STEP}Answers: {told}".replace(unchanged, page.canvas.loud(unchanged)))
    return lines


def cache_candidates(page: TerminalPage, rows: Sequence[RedundantSignature]) -> list[str]:
    """``  12 calls: signature`` with its call numbers."""
    return [
        line
        for row in rows
        for line in (_counted_signature(page, row), page.references("Call numbers", row.call_references))
    ]


def _counted_signature(page: TerminalPage, row: RedundantSignature) -> str:
    return _elided(page, _counted(row.calls) + format_signature(row.function, row.caller, row.params))


def _elided(page: TerminalPage, line: str) -> str:
    return elide_fields(line, page.canvas.width)


def _counted(calls: int) -> str:
    return f"{format_count(calls):>4} {'call' if calls == 1 else 'calls'}: "


def sequential_duplicates(page: TerminalPage, rows: Sequence[SequentialDuplicate]) -> list[str]:
    """Each lookup with its runs of consecutive call numbers, and who asked."""
    lines: list[str] = []
    for row in rows:
        lines.append(_elided(page, _counted(row.calls) + format_lookup(row.function, row.params)))
        process = "" if page.one_process else f"process {row.process}: "
        runs = [(format_call_runs([call.number for call in run.rows]), 1) for run in row.runs.rows]
        lines.append(page.fit(f"{STEP}Call numbers: {process}", runs, row.runs.total))
        callers = format_cut_list([format_caller(caller) for caller in row.callers.rows], row.callers.total)
        lines += page.sentence(f"Asked by: {callers}", STEP, f"{STEP}          ")
    return lines


def shared_lookups(page: TerminalPage, rows: Sequence[SharedLookup]) -> list[str]:
    """Each lookup with its callers, their call numbers, and who follows directly on whom."""
    lines: list[str] = []
    for row in rows:
        lines.append(_elided(page, _counted(row.calls) + format_lookup(row.function, row.params)))
        for share in row.callers.rows[:_SHOWN_CALLERS]:
            caller = elide_middle(format_caller(share.caller), page.canvas.width // 2)
            lines.append(page.references(f"{format_count(share.calls)} by {caller}", share.call_references))
        if left := row.callers.total - len(row.callers.rows[:_SHOWN_CALLERS]):
            lines.append(f"{STEP}... and {format_counted(left, 'further caller')}")
        if neighbours := [(_after(pair), 1) for pair in row.adjacent_pairs.rows]:
            lines.append(page.fit(f"{STEP}Neighbours: ", neighbours, row.adjacent_pairs.total, ", "))
    return lines


def _after(pair: AdjacentPair) -> str:
    """``15 metadata after load_node``."""
    names = [elide_middle(format_caller(caller), _NEIGHBOUR_WIDTH) for caller in (pair.caller, pair.previous_caller)]
    return f"{format_count(pair.pairs)} {' after '.join(names)}"


def fanouts(page: TerminalPage, rows: Sequence[FanOut]) -> list[str]:
    """Each group with what varies, what it stands under and its call numbers."""
    lines: list[str] = []
    for row in rows:
        lines.append(_elided(page, _counted(row.calls) + format_signature(row.function, row.caller, row.fixed_params)))
        varying = format_list([escape_controls(name) for name in row.varying_params])
        under = "no tree: marked low"
        if row.parent is not None:
            function = quote_name(row.parent_function or "")
            under = f"under {function} {describe_reference(row.parent.number, row.parent.line)}"
        text = f"{format_counted(row.distinct_values, 'value')} of {varying}, {under}"
        lines += page.sentence(text, STEP)
        lines.append(page.references("Call numbers", row.call_references))
    return lines


def slow_calls(page: TerminalPage, rows: Sequence[SlowCalls]) -> list[str]:
    """Calls far out of their function's distribution, with the rule that says so."""
    lines = page.sentence(f"Over the limit: {rows[0].rule}", "  ") if rows else []
    for row in rows:
        lines.append(_elided(page, _counted(row.calls) + format_signature(row.function, row.caller, ())))
        lines.append(f"{STEP}Over {format_time(row.limit_ns)}")
        lines.append(page.references("Call numbers", row.worst))
    return lines


def breakdown(page: TerminalPage, rows: Sequence[Breakdown]) -> list[str]:
    """Each function with its metrics."""
    return [
        line
        for row in rows
        for line in (
            *page.sentence(
                f"{row.function}: {format_counted(row.calls, 'call')}, {format_time(row.total_elapsed_ns)}", "  "
            ),
            *page.canvas.table(metrics(row), STEP)[1:],
        )
    ]


def gates(page: TerminalPage, rows: Sequence[Gate]) -> list[str]:
    """What was demanded, and whether it held."""
    lines: list[str] = []
    for row in rows:
        figures = [
            f"{word} {format_decimal(figure, 4)}"
            for word, figure in (("is", row.figure), ("limit", row.limit))
            if figure is not None
        ]
        said = "; ".join(filter(None, [f"--fail-on {row.expression}", ", ".join(figures), row.note]))
        lines += page.sentence(f"{'passed' if row.passed else 'FAILED'}  {said}", "  ", " " * 10)
    return lines


def acceptances(page: TerminalPage, rows: Sequence[Acceptance]) -> list[str]:
    """What the configuration accepts, why, and what became of it."""
    lines: list[str] = []
    for row in rows:
        until = f", until {row.until}" if row.until else ""
        lines += page.sentence(f"{row.state}: {row.match}{until}", "  ", STEP)
        lines += page.sentence(f"Reason: {row.reason}", STEP)
    return lines


def overview(page: TerminalPage) -> list[str]:
    """How much was judged, from where, and what the report is narrowed to."""
    totals = page.report.totals
    counted = [
        format_counted(totals.functions, "function"),
        format_counted(totals.lookups, "lookup"),
        format_counted(totals.processes, "process", "processes"),
    ]
    sentences = [f"{', '.join(counted)}; {describe_traced_time(page.report)}"]
    if unjudged := totals.calls - totals.judged_calls:
        sentences.append(f"Not judged: {format_counted(unjudged, 'call')} of interleaved processes")
    if page.report.selection is not None:
        sentences.append(f"Narrowed to {describe_selection(page.report.selection, str)}; the totals are of all calls")
    return [line for text in sentences for line in page.sentence(text)]


def input_lines(page: TerminalPage) -> list[str]:
    """What was read: the files, the four kinds of lines, and the first of those that could not be read."""
    source = page.report.input
    if source is None:
        return []
    kinds = [
        format_counted(source.records, "record"),
        format_counted(source.continuation_lines, "continuation line"),
        format_counted(source.malformed_lines, "malformed", "malformed"),
        format_counted(source.other_lines, "other line"),
    ]
    laid_out = page.sentence(f"{format_counted(source.lines, 'line')} = {' + '.join(kinds)}", "  ", STEP)
    for texts in (source.files, source.errors):
        shown = texts[: page.report.settings.top]
        laid_out += [line for text in shown for line in page.sentence(text, "  ", STEP)]
        laid_out += page.left_out(len(shown), len(texts))
    for row in page.shown(source.malformed):
        laid_out += page.sentence(f"{row.file}:{row.line} {row.reason}:", "  ", STEP)
        laid_out.append(STEP + elide_middle(escape_controls(row.text), page.canvas.width - len(STEP)))
    return laid_out + page.left_out(len(page.shown(source.malformed)), source.malformed.total)


def comparison(page: TerminalPage) -> list[str]:
    """The change in a sentence, and the functions that came and went."""
    compared = page.report.comparison
    if compared is None:
        return []
    sentences = [compared.verdict]
    for word, functions in (("New", compared.functions_added), ("Gone", compared.functions_removed)):
        if functions.total:
            named = format_cut_list([quote_name(function) for function in page.shown(functions)], functions.total)
            sentences.append(f"{word} functions: {named}")
    return [line for text in sentences for line in page.sentence(text, "  ")]
