"""The headline figures, from the merged results of the other measures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from tracereport.calls.constant import is_constant, map_rows
from tracereport.calls.grouping import sum_exactly
from tracereport.calls.ordered import NOWHERE
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import Table
from tracereport.model import Totals
from tracereport.native.keys import factorize, find_distinct

if TYPE_CHECKING:
    from tracereport.measures.processes import ProcessesPart


class TotalsPart(msgspec.Struct, frozen=True):
    """What the other measures don't know."""

    root_ns: int
    root_resolution_ns: int
    """Of plausible calls without a printed parent."""
    across_units_repeats: int
    across_units_lookups: int
    across_actions_lookups: int
    """What several actions of one unit ask for, such as two requests of a test: none of that is a repeat."""


def measure_totals(context: Context) -> TotalsPart:
    """Time of the roots, and what several units of a process ask for."""
    calls, ordered = context.calls, context.ordered
    units = actions = np.ones(1, np.int64)
    has_actions, has_units = ordered.actions > len(ordered.units), np.bincount(ordered.units.process).max(initial=0) > 1
    if has_actions or has_units:
        groups, lookups = context.repeats.lookups, max(len(calls.lookups.function), 1)
        asked = groups.unit.astype(np.int64) * lookups + groups.code  # one group for each action
        if has_actions:
            actions = np.bincount(factorize(asked)[0])
        if has_units:
            unit, lookup = np.divmod(find_distinct(asked), lookups)
            units = np.bincount(factorize(ordered.units.process[unit].astype(np.int64) * lookups + lookup)[0])
    elapsed_ns, resolution_ns = ordered.take(calls.elapsed_ns), ordered.take(calls.resolution_ns)
    if not is_constant(ordered.parent) or calls.implausible.any():
        root = np.flatnonzero((ordered.parent == NOWHERE) & ~ordered.take(calls.implausible))
        elapsed_ns, resolution_ns = elapsed_ns[root], map_rows(resolution_ns, root)
    return TotalsPart(
        root_ns=sum_exactly(elapsed_ns),
        root_resolution_ns=sum_exactly(resolution_ns),
        across_units_repeats=int((units - 1).sum()),
        across_units_lookups=int(np.count_nonzero(units > 1)),
        across_actions_lookups=int(np.count_nonzero(actions > 1)),
    )


def merge_totals(parts: Sequence[TotalsPart]) -> TotalsPart:
    """The sums of all parts."""
    return TotalsPart(*(sum(getattr(part, name) for part in parts) for name in TotalsPart.__struct_fields__))


def give_totals(whole: Whole) -> Totals:
    """The headline figures, over all calls; repeats are of the judged questions."""
    part: TotalsPart = whole["totals"]
    processes: ProcessesPart = whole["processes"]
    sums = {name: int(column.sum()) for name, column in whole.edges.sums.items()}
    repeats, questions = sums["repeats"], sums["judged_questions"]
    saving_ns, saving_upper_ns, possible_ns, possible_upper_ns = _sum_savings(whole)
    trees = set(processes.processes.key["tree"].decode())
    root_ns = None if "unknown" in trees else part.root_ns
    return Totals(
        calls=sums["calls"],
        judged_calls=sums["judged"],
        questions=sums["questions"],
        judged_questions=questions,
        writes=sums["writes"],
        frames=sums["frames"],
        processes=len(processes.processes),
        units=int(np.count_nonzero(processes.units.sums["judged"])),
        functions=len(whole.edges.by("function")),
        lookups=questions - repeats,
        first_calls=sums["first"],
        fan_out_calls=sums["fan_out"],
        other_calls=sums["judged"] - sums["first"] - sums["fan_out"] - repeats,
        redundant_calls=repeats,
        redundant_rate=repeats / questions if questions else None,
        again_calls=sums["again"],
        shared_calls=repeats - sums["again"],
        unchanged_repeats=sums["unchanged"],
        changed_repeats=sums["changed"],
        unproven_repeats=sums["unproven"],
        may_have_changed_repeats=sums["may_have_changed"],
        own_calls=sums["own"],
        handed_on_calls=sums["handed_on"],
        across_units_repeats=part.across_units_repeats,
        across_units_lookups=part.across_units_lookups,
        interleaved_repeats=int(processes.processes.sums["least_repeats"].sum()),
        interleaved_unchanged=int(processes.processes.sums["least_unchanged"].sum()),
        unfinished_calls=int(processes.processes.sums["unfinished_calls"].sum()),
        elapsed_ns=root_ns,
        elapsed_upper_ns=None if root_ns is None else root_ns + part.root_resolution_ns,
        saving_ns=saving_ns,
        saving_upper_ns=saving_upper_ns,
        possible_saving_ns=possible_ns,
        possible_saving_upper_ns=possible_upper_ns,
    )


def _sum_savings(whole: Whole) -> tuple[int, int, int, int]:
    """Saved and possibly saved time; what rests on answers that prove nothing is only possible.

    Where there are such answers, their calls were taken for spared while the parts were measured: what lies inside them
    may count after all, and what is possible may lie inside one another. So these times are bounds.
    """
    savings: Table = whole["savings"]
    is_constant = np.array(
        [whole.grades.get(name or "") == "constant" for name in savings.key["function"].decode()], bool
    )
    proven, turned = savings.take(~is_constant), savings.take(is_constant)

    def add(table: Table, name: str) -> int:
        return int(sum(table.sums[name].tolist()))

    def add_upper(table: Table, name: str) -> int:
        return add(table, f"{name}_ns") + add(table, f"{name}_range_ns")

    return (
        add(proven, "saving_ns"),
        add_upper(proven, "alone" if add_upper(turned, "alone") else "saving"),
        max(add(savings, "possible_ns"), add(turned, "turned_ns")),
        add_upper(savings, "possible") + add_upper(turned, "alone"),
    )


MEASURE = Measure("totals", measure_totals, merge_totals, give_totals)
