"""Puts the report together: every section from the same calls, and the findings from the sections."""

from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypedDict

from tracereport import __version__
from tracereport.calls.calls import Calls
from tracereport.calls.grouping import ROW_LIMIT, sum_exactly
from tracereport.calls.ordered import NOWHERE, OrderedCalls, order_calls
from tracereport.calls.selection import Shown, show_selected
from tracereport.findings.ranking import find_findings
from tracereport.measures.breakdown import count_breakdown
from tracereport.measures.cache import count_cache_curves
from tracereport.measures.callers import count_callers, count_edges
from tracereport.measures.fanout import find_fanouts, list_fanouts
from tracereport.measures.functions import count_functions, sort_by_function
from tracereport.measures.metric_use import count_metric_use
from tracereport.measures.processes import count_activity, count_unfinished, list_processes
from tracereport.measures.quality import find_warnings
from tracereport.measures.redundancy import (
    count_redundant_lookups,
    count_redundant_signatures,
    find_sequential_duplicates,
    find_shared_lookups,
)
from tracereport.measures.repeats import Repeats, count_asked_again, find_repeats
from tracereport.measures.savings import find_promised, sum_saving
from tracereport.measures.slowest import find_slow_groups, find_slowest_calls, list_slow_calls
from tracereport.measures.tally import sum_groups, tally_signatures
from tracereport.measures.tree import count_call_tree, count_self_ns
from tracereport.model import (
    SCHEMA_VERSION,
    Generator,
    RedundantLookup,
    RedundantSignature,
    Report,
    Rows,
    Selection,
    SequentialDuplicate,
    Settings,
    SharedLookup,
    Totals,
)

GENERATOR = Generator(name="tracereport", version=__version__)


def make_report(
    calls: Calls, settings: Settings, title: str, selection: Selection | None = None, row_limit: int = ROW_LIMIT
) -> Report:
    """The whole report. A selection leaves out rows that none of the selected calls belongs to, and changes no figure.

    ``row_limit`` says how many rows are made of the lists of single calls, signatures, lookups and fan-outs: where no
    document holds more than the first few, making the others would be most of the work on a small log.

    Nothing in it is compared, accepted or gated: that is done to the finished report.
    """
    with ThreadPoolExecutor(2, thread_name_prefix="tracereport-measure") as beside:
        return _make_sections(calls, settings, title, selection, beside, row_limit)


def _make_sections(
    calls: Calls, settings: Settings, title: str, selection: Selection | None, beside: Executor, row_limit: int
) -> Report:
    ordered = order_calls(calls)
    shown = show_selected(ordered, selection)
    # The longest pieces of work, most of them outside of Python, run beside the others; what is needed first, first.
    fanouts = beside.submit(find_fanouts, ordered, settings.fan_out_values)
    repeats = find_repeats(ordered, settings.ignore_metrics)
    redundancy = beside.submit(_measure_redundancy, ordered, repeats, settings, shown, row_limit)
    cache_curves = beside.submit(count_cache_curves, ordered, repeats, settings, shown)
    tally = tally_signatures(ordered, repeats)
    by_function = sort_by_function(calls)
    use = count_metric_use(calls)
    slow = find_slow_groups(calls, by_function, settings)
    unfinished = count_unfinished(calls)
    functions = count_functions(calls, by_function, tally, use, count_self_ns(ordered), settings, shown)
    asked_again = count_asked_again(ordered, repeats, shown)
    findings = find_findings(ordered, repeats, fanouts.result(), slow, shown)
    return Report(
        schema_version=SCHEMA_VERSION,
        generator=GENERATOR,
        title=title,
        settings=settings,
        selection=selection,
        input=calls.facts.input if calls.facts is not None else None,
        totals=_count_totals(ordered, repeats, int(unfinished.sum())),
        processes=list_processes(ordered, repeats, findings.by_process, unfinished, shown),
        quality=find_warnings(calls, by_function, unfinished),
        functions=functions,
        callers=count_callers(calls, tally, shown),
        edges=count_edges(calls, tally, shown),
        slowest_calls=find_slowest_calls(calls, shown, row_limit),
        asked_again=asked_again,
        fanouts=list_fanouts(ordered, fanouts.result(), shown, row_limit),
        breakdown=count_breakdown(calls, use, shown),
        call_tree=count_call_tree(ordered, repeats, shown),
        slow_calls=list_slow_calls(calls, slow, settings, shown),
        activity=count_activity(ordered, repeats, shown),
        verdict=findings.verdict,
        acceptances=Rows(),
        findings=findings.rows,
        cache_curves=cache_curves.result(),
        **redundancy.result(),
    )


class _RedundancySections(TypedDict):
    """The sections made of groups of equal signatures and lookups."""

    redundant_signatures: Rows[RedundantSignature]
    redundant_lookups: Rows[RedundantLookup]
    cache_candidates: Rows[RedundantSignature]
    sequential_duplicates: Rows[SequentialDuplicate]
    shared_lookups: Rows[SharedLookup]


def _measure_redundancy(
    ordered: OrderedCalls, repeats: Repeats, settings: Settings, shown: Shown | None, limit: int
) -> _RedundancySections:
    again = repeats.again
    signatures = sum_groups(ordered, repeats.signatures, repeats.unchanged & again, repeats.changed & again)
    lookups = sum_groups(ordered, repeats.lookups, repeats.unchanged, repeats.changed)
    least = settings.cache_candidate_calls
    return {
        "redundant_signatures": count_redundant_signatures(ordered, repeats, signatures, 2, shown, limit),
        "redundant_lookups": count_redundant_lookups(ordered, repeats, lookups, shown, limit),
        "cache_candidates": count_redundant_signatures(ordered, repeats, signatures, least, shown, limit),
        "sequential_duplicates": find_sequential_duplicates(ordered, repeats, shown, limit),
        "shared_lookups": find_shared_lookups(ordered, repeats, shown, limit),
    }


def _count_totals(ordered: OrderedCalls, repeats: Repeats, unfinished_calls: int) -> Totals:
    calls = ordered.calls
    repeated = int(repeats.is_repeat.sum())
    again = int(repeats.again.sum())
    unchanged, changed = int(repeats.unchanged.sum()), int(repeats.changed.sum())
    promised = find_promised(ordered)
    saving = sum_saving(ordered, promised, repeats.unchanged, repeats.unchanged)
    possible = sum_saving(ordered, promised, repeats.unproven, repeats.unchanged | repeats.unproven)
    lower_ns, upper_ns = _sum_roots(ordered)
    return Totals(
        calls=len(calls),
        judged_calls=len(ordered),
        processes=len(calls.processes.name),
        functions=len(set(calls.lookups.function.tolist())),
        lookups=len(ordered) - repeated,
        redundant_calls=repeated,
        redundant_rate=repeated / len(ordered) if len(ordered) else None,
        again_calls=again,
        shared_calls=repeated - again,
        unchanged_repeats=unchanged,
        changed_repeats=changed,
        unproven_repeats=repeated - unchanged - changed,
        unfinished_calls=unfinished_calls,
        elapsed_ns=lower_ns,
        elapsed_upper_ns=upper_ns,
        saving_ns=saving.lower_ns,
        saving_upper_ns=saving.upper_ns,
        possible_saving_ns=possible.lower_ns,
        possible_saving_upper_ns=possible.upper_ns,
    )


def _sum_roots(ordered: OrderedCalls) -> tuple[int, int] | tuple[None, None]:
    """Elapsed time of the plausible calls with no printed parent; null if any process's tree is unknown."""
    calls = ordered.calls
    if calls.processes.has_tree("unknown").any():
        return None, None
    row = ordered.row[(ordered.parent == NOWHERE) & ~calls.implausible[ordered.row]]
    lower_ns = sum_exactly(calls.elapsed_ns[row])
    return lower_ns, lower_ns + sum_exactly(calls.resolution_ns[row])
