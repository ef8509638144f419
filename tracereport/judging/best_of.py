"""A run held against several baselines: of each figure it is compared with the one that was best.

What is compared is up to ``compare``; here several comparisons of one run become one. A figure that is lower in any
baseline shows how low it can be, so the run is held against that. A finding is new only if no baseline has it.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from tracereport.calls.grouping import LONG_ROW_LIMIT, keep_rows
from tracereport.errors import UsageError
from tracereport.judging.change_verdict import describe_change
from tracereport.judging.changes import rank_caller, rank_edge, rank_finding, rank_function
from tracereport.judging.compare import Sides, compare_reports
from tracereport.judging.gates import judge_gates
from tracereport.model import (
    BaselineReference,
    BeforeAfter,
    CallerChange,
    Comparison,
    EdgeChange,
    FindingChange,
    FunctionChange,
    Gate,
    ProcessChange,
    Report,
    Rows,
    SetApart,
)
from tracereport.wording.units import format_cut_list, quote_name

LESS_IS_BETTER: Final = frozenset(
    {
        "calls",
        "questions",
        "writes",
        "redundant_calls",
        "redundant_rate",
        "again_calls",
        "shared_calls",
        "unfinished_calls",
    }
)
"""Totals that each have a best baseline of their own; the others stand as in the one that is best for the calls."""
_NAMED: Final = 2

Change = TypeVar("Change", bound=msgspec.Struct)


def compare_with_best(sides: Sequence[Sides], names: Sequence[str]) -> Comparison:
    """One comparison of a run with the best of its baselines, figure by figure.

    Baselines that have nothing in common with the run, or whose callers are known where the run's aren't, take no part
    beside others that do.

    Args:
        sides: the run beside each baseline, one or more.
        names: of the baselines.
    """
    comparisons = [compare_reports(side) for side in sides]
    if len(comparisons) == 1:
        return comparisons[0]
    usable = _choose_usable(comparisons)
    if len(usable) == 1:
        return _name_all(comparisons[usable[0]], comparisons, names, usable)
    kept = [comparisons[index] for index in usable]
    totals = _best_totals(kept, usable)
    functions = _best_changes(FunctionChange, kept, lambda one: one.functions, lambda row: row.function)
    merged = replace(
        kept[0],
        partial=any(one.partial for one in comparisons),
        totals=keep_rows(totals),
        functions=keep_rows(sorted(functions, key=rank_function), LONG_ROW_LIMIT),
        edges=keep_rows(sorted(_best_edges(kept), key=rank_edge), LONG_ROW_LIMIT),
        callers=keep_rows(sorted(_best_callers(kept), key=rank_caller), LONG_ROW_LIMIT),
        processes=keep_rows(_best_processes(kept), LONG_ROW_LIMIT),
        findings=keep_rows(sorted(_best_findings(kept, usable), key=rank_finding), LONG_ROW_LIMIT),
        functions_added=_in_all([one.functions_added for one in kept]),
        functions_removed=_in_all([one.functions_removed for one in kept]),
        processes_only_before=_in_all([one.processes_only_before for one in kept]),
        processes_only_after=_in_all([one.processes_only_after for one in kept]),
        units_only_before=_in_all([one.units_only_before for one in kept]),
        units_only_after=_in_all([one.units_only_after for one in kept]),
        processes_without_tree=max(one.processes_without_tree for one in kept),
    )
    return _name_all(merged, comparisons, names, usable)


def judge_against_all(
    expressions: Sequence[str], report: Report, sides: Sequence[Sides], names: Sequence[str]
) -> Rows[Gate]:
    """The gates of a run held against several baselines: each as the strictest of them has it.

    Raises:
        UsageError: as ``judge_gates`` does, of all baselines alike.
    """
    if not sides:
        return judge_gates(expressions, report)
    judged: list[tuple[str, Rows[Gate]]] = []
    refusal: UsageError | None = None
    for side, name in zip(sides, names, strict=True):
        try:
            judged.append((name, judge_gates(expressions, report, side)))
        except UsageError as error:
            refusal = error
    if refusal is not None and not judged:
        raise refusal
    gates = [_strictest([(name, rows.rows[position]) for name, rows in judged]) for position in range(len(expressions))]
    return Rows(len(gates), tuple(gates))


def _strictest(gates: Sequence[tuple[str, Gate]]) -> Gate:
    """The first that failed, else the one with the least room; its note says whose limit that is."""

    def room(entry: tuple[str, Gate]) -> tuple[bool, float]:
        gate = entry[1]
        known = gate.figure is not None and gate.limit is not None
        return gate.passed, abs(gate.limit - gate.figure) if known else 0.0  # type: ignore[operator] # both are known

    name, gate = min(gates, key=room)
    if len({each.limit for _, each in gates}) == 1 or not name:
        return gate
    return replace(gate, note="; ".join(filter(None, (gate.note, f"the limit is by {quote_name(name)}"))))


def _choose_usable(comparisons: Sequence[Comparison]) -> list[int]:
    usable = [index for index, one in enumerate(comparisons) if not one.processes_differ]
    by_caller = [index for index in usable if not comparisons[index].by_function]
    return by_caller or usable or [0]


def _name_all(
    merged: Comparison, comparisons: Sequence[Comparison], names: Sequence[str], usable: Sequence[int]
) -> Comparison:
    """The comparison with all its baselines, which of them take no part, and its verdict."""
    references = tuple(replace(one.baseline, label=name) for one, name in zip(comparisons, names, strict=True))
    shown = format_cut_list(list(names[:_NAMED]), len(names))
    left_out = [
        f"{quote_name(names[index])} takes no part: {'; '.join(one.cautions)}"
        for index, one in enumerate(comparisons)
        if index not in usable
    ]
    cautions = dict.fromkeys([*(caution for index in usable for caution in comparisons[index].cautions), *left_out])
    named = replace(
        merged,
        baseline=BaselineReference(title=f"the best of {shown}", generator=merged.baseline.generator),
        baselines=references,
        cautions=tuple(cautions),
        partial=bool(cautions),
    )
    return replace(named, verdict=f"{describe_change(named)} {describe_best(named)}".rstrip())


def describe_best(comparison: Comparison) -> str:
    """Which baseline was best for the calls, and which for the repeats, in a sentence."""
    best = {row.figure: row.baseline for row in comparison.totals.rows if row.baseline is not None}
    if "calls" not in best or "redundant_calls" not in best:
        return ""
    calls, repeats = (
        quote_name(comparison.baselines[best[figure]].label or "") for figure in ("calls", "redundant_calls")
    )
    return (
        f"Best for calls and repeats: {calls}."
        if calls == repeats
        else f"Best for calls: {calls}, for repeats: {repeats}."
    )


def _best_totals(kept: Sequence[Comparison], usable: Sequence[int]) -> list[BeforeAfter]:
    by_figure = [{row.figure: row for row in one.totals.rows} for one in kept]

    def best_for(figure: str) -> int:
        rows = [rows[figure] for rows in by_figure]
        known = [place for place, row in enumerate(rows) if row.before is not None and row.after is not None]
        return max(known, key=lambda place: (rows[place].after - rows[place].before, -place), default=0)  # type: ignore[operator] # both are known

    of_calls = best_for("calls")
    totals = []
    for figure in by_figure[0]:
        place = best_for(figure) if figure in LESS_IS_BETTER else of_calls
        totals.append(replace(by_figure[place][figure], baseline=usable[place]))
    return totals


def _best_changes(
    kind: type[Change],
    kept: Sequence[Comparison],
    rows_of: Callable[[Comparison], Rows[Any]],
    key_of: Callable[[Any], Hashable],
) -> Iterator[Change]:
    """Rows with a before and an after for several figures: of each figure the largest rise.

    A comparison that doesn't list a row has it unchanged. A baseline that lacks what another one has can't be the best.
    """
    names = [name.removesuffix("_before") for name in kind.__struct_fields__ if name.endswith("_before")]
    keyed = [{key_of(row): row for row in rows_of(one).rows} for one in kept]
    for key in dict.fromkeys(key for rows in keyed for key in rows):
        listed = [rows[key] for rows in keyed if key in rows]
        is_unchanged_in_one = len(listed) < len(kept)
        having = [row for row in listed if any(getattr(row, f"{name}_before") for name in names)]
        figures: dict[str, Any] = {}
        for name in names:
            rows = having if having or is_unchanged_in_one else listed
            pairs = [(getattr(row, f"{name}_before"), getattr(row, f"{name}_after")) for row in rows]
            if is_unchanged_in_one:
                pairs.append((getattr(listed[0], f"{name}_after"),) * 2)
            figures[f"{name}_before"], figures[f"{name}_after"] = max(pairs, key=_rise)
        if any(figures[f"{name}_before"] != figures[f"{name}_after"] for name in names):
            yield replace(listed[0], **figures)


def _rise(pair: tuple[int | None, int]) -> tuple[bool, int]:
    """One that isn't known is the last choice."""
    before, after = pair
    return before is not None, 0 if before is None else after - before


def _best_edges(kept: Sequence[Comparison]) -> Iterator[EdgeChange]:
    return _best_changes(EdgeChange, kept, lambda one: one.edges, lambda row: (row.caller, row.function))


def _best_callers(kept: Sequence[Comparison]) -> Iterator[CallerChange]:
    return _best_changes(CallerChange, kept, lambda one: one.callers, lambda row: row.caller)


def _best_processes(kept: Sequence[Comparison]) -> list[ProcessChange]:
    rows = _best_changes(ProcessChange, kept, lambda one: one.processes, lambda row: row.index)
    return sorted(rows, key=lambda row: row.index)


def _best_findings(kept: Sequence[Comparison], usable: Sequence[int]) -> Iterator[FindingChange]:
    """Each finding beside the baseline that it has most more than; one that any of them has isn't new."""
    keyed = [{row.fingerprint: row for row in one.findings.rows} for one in kept]
    for fingerprint in dict.fromkeys(key for rows in keyed for key in rows):
        found = [(rows.get(fingerprint), place) for place, rows in enumerate(keyed)]
        listed = [(row, place) for row, place in found if row is not None]
        row, place = max(listed, key=lambda each: (each[0].after - each[0].before, each[0].after, -each[1]))
        if len(listed) < len(kept) and row.after < row.before:
            continue  # one of the baselines lacks it, as this run does
        state = row.state
        if state == "new" and any(other.before for other, _ in listed):
            state = "worse"
        yield replace(row, state=state, baseline=usable[place])


def _in_all(lists: Sequence[Rows[Any]]) -> Rows[Any]:
    """What every list holds, by its name; as the first has it."""
    names = [{_name_of(row) for row in rows.rows} for rows in lists]
    return keep_rows([row for row in lists[0].rows if all(_name_of(row) in each for each in names)])


def _name_of(row: SetApart | str) -> str:
    return row if isinstance(row, str) else row.name
