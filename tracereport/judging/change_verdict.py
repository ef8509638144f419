"""What a change did, in a few sentences: the calls first, then what became of which finding."""

from collections.abc import Sequence
from itertools import chain

from tracereport.model import UNKNOWN_CALLER, Comparison, FindingChange, FunctionChange, SetApart
from tracereport.wording.phrases import format_counted
from tracereport.wording.sentences import name_kind

NAMED_CALLERS = 2
NAMED_CHANGES = 3
"""What the sentence names; further changes are counted."""
NOTHING_COMPARABLE = "nothing comparable: no test or process is on both sides"
RUN_TOTALS = ("calls", "judged_calls", "redundant_calls")


def describe_change(comparison: Comparison) -> str:
    """The verdict on a comparison; its own ``verdict`` isn't looked at.

    Such as "+124 calls, 118 of them redundant: new N+1 in `load_directory_entries`." Names stand in backticks as they
    were logged: it is for a document to escape them.
    """
    if comparison.processes_differ:
        return _describe_nothing_common(comparison)
    totals = {row.figure: (int(row.before or 0), int(row.after or 0)) for row in comparison.totals.rows}
    more_calls, more_redundant = (after - before for before, after in (totals["calls"], totals["redundant_calls"]))
    renames = _find_renames(comparison)
    changes = [
        *_describe_renames(renames),
        *_describe_findings(comparison, frozenset(chain.from_iterable(renames))),
    ] or _describe_functions(comparison)
    if not (changes or more_calls or more_redundant or comparison.edges.total):
        first = f"Nothing changed: {_describe_run(*(totals[name][1] for name in RUN_TOTALS))}"
    else:
        first = _describe_calls(more_calls, totals["calls"][1])
        if not more_redundant and totals["judged_calls"] != totals["calls"]:
            first += ", as many of those judged redundant" if any(totals["judged_calls"]) else ", none of them judged"
        else:
            first += _describe_redundant(more_calls, more_redundant)
        if changes:
            first += f": {', '.join(changes)}"
    sentences = [first, *describe_set_apart(comparison)]
    sentences += [
        note[:1].upper() + note[1:] for note in (*comparison.cautions, *describe_fanouts_left_out(comparison))
    ]
    return ". ".join(sentences) + "."


def _describe_run(calls: int, judged_calls: int, redundant_calls: int) -> str:
    """A run in a clause; of what wasn't judged nothing is claimed."""
    some = f"{redundant_calls:,}" if redundant_calls else "none"
    if judged_calls == calls:
        return f"{format_counted(calls, 'call')}, {some} of them redundant"
    if not judged_calls:
        return f"{format_counted(calls, 'call')}, none of them judged"
    return f"{format_counted(calls, 'call')}, {some} of the {judged_calls:,} judged ones redundant"


def describe_fanouts_left_out(comparison: Comparison) -> list[str]:
    """That an N+1 may have come unseen; nothing if fan-outs were compared."""
    count = comparison.processes_without_tree
    return (
        [f"fan-outs not compared: {format_counted(count, 'process', 'processes')} without a known tree"]
        if count
        else []
    )


def _describe_redundant(more_calls: int, more_redundant: int) -> str:
    """What of the calls, or of those that came or went, is redundant."""
    if more_calls == 0:
        if more_redundant == 0:
            return ", as many of them redundant"
        return f", {abs(more_redundant):,} {'more' if more_redundant > 0 else 'fewer'} of them redundant"
    if abs(more_calls) == 1 and more_redundant in (0, more_calls):
        return ", redundant" if more_redundant else ", not redundant"
    if more_redundant == 0:
        return ", none of them redundant"
    if 0 < more_redundant / more_calls <= 1:
        return f", {'all' if more_redundant == more_calls else f'{abs(more_redundant):,}'} of them redundant"
    return f", {more_redundant:+,} redundant"


def _describe_calls(more_calls: int, calls_after: int) -> str:
    if more_calls == 0:
        return f"The same {format_counted(calls_after, 'call')}"
    return f"{'+' if more_calls > 0 else ''}{format_counted(more_calls, 'call')}"


def _find_renames(comparison: Comparison) -> list[tuple[str, str]]:
    """Functions that came again by another name: with exactly their counts, and no function changed else."""
    gone = sorted(_counts_before(row) for row in comparison.functions.rows if row.calls_after == 0)
    came = sorted(_counts_after(row) for row in comparison.functions.rows if row.calls_before == 0)
    if [counts for *counts, _ in gone] != [counts for *counts, _ in came] or 2 * len(
        gone
    ) != comparison.functions.total:
        return []
    return [(old, new) for (*_, old), (*_, new) in zip(gone, came, strict=True)]


def _describe_renames(renames: Sequence[tuple[str, str]]) -> list[str]:
    return _first_of(
        [f"`{new}` is new with exactly the counts of `{old}`, which is gone" for old, new in renames], "function"
    )


def _counts_before(row: FunctionChange) -> tuple[int, int, int, str]:
    return row.calls_before, row.again_before, row.shared_before, row.function


def _counts_after(row: FunctionChange) -> tuple[int, int, int, str]:
    return row.calls_after, row.again_after, row.shared_after, row.function


def _describe_findings(comparison: Comparison, renamed: frozenset[str]) -> list[str]:
    """The findings that changed, but for those that come and go with a function's name."""
    changed = [
        row
        for row in comparison.findings.rows
        if row.state != "unchanged" and renamed.isdisjoint((row.function, *row.callers))
    ]
    return _first_of([_describe_finding(row) for row in changed], "finding")


def _describe_finding(row: FindingChange) -> str:
    name = name_finding(row)
    match row.state:
        case "new":
            sentence = f"new {name}"
        case "resolved":
            sentence = f"no more {name}"
        case _:
            sentence = f"{row.before:,} -> {row.after:,} {name}"
    return sentence if row.accepted is None else f"{sentence} (accepted)"


def name_finding(row: FindingChange) -> str:
    """A finding in the words of the log, as part of a sentence; names in backticks, unescaped."""
    callers = [_name_caller(caller) for caller in row.callers]
    match str(row.kind):
        case "again" if not callers:
            return f"repeats of `{row.function}`"
        case "again":
            return f"repeats of `{row.function}` by {callers[0]}"
        case "shared":
            by = " and ".join(callers) if len(callers) <= NAMED_CALLERS else f"{len(callers)} callers"
            return f"lookups of `{row.function}` shared by {by}"
        case "fan-out":
            return f"N+1 in {callers[0]}" if callers[0].startswith("`") else f"N+1 of `{row.function}`"
        case _:
            return f"{name_kind(row.kind)} calls of `{row.function}` by {callers[0]}"


def _name_caller(caller: str | None) -> str:
    """In the words of the findings: one that the log doesn't name, and one that the emitter couldn't tell, are two."""
    if caller is None:
        return "a caller that isn't logged"
    return "an unknown caller" if caller == UNKNOWN_CALLER else f"`{caller}`"


def _describe_functions(comparison: Comparison) -> list[str]:
    came = [f"`{function}` is new" for function in comparison.functions_added.rows]
    gone = [f"`{function}` is gone" for function in comparison.functions_removed.rows]
    return _first_of(came + gone, "function")


def _first_of(changes: list[str], what: str) -> list[str]:
    more = len(changes) - NAMED_CHANGES
    if more <= 0:
        return changes
    return [*changes[:NAMED_CHANGES], f"and {format_counted(more, f'more changed {what}', f'more changed {what}s')}"]


def _describe_nothing_common(comparison: Comparison) -> str:
    """What stands on each side, where none of it is on both."""
    sides = (_name_side(*rows) for rows in _list_set_apart(comparison))
    cautions = [note[:1].upper() + note[1:] for note in comparison.cautions if note != NOTHING_COMPARABLE]
    here, there = sides
    return ". ".join([f"{NOTHING_COMPARABLE.capitalize()} ({here} before, {there} after)", *cautions]) + "."


def describe_set_apart(comparison: Comparison) -> list[str]:
    """What takes no part, since only one side has it, or has it more often; nothing if there is no such thing."""
    before, after = _list_set_apart(comparison)
    uneven = {row.name for rows in before for row in rows} & {row.name for rows in after for row in rows}
    sentences = []
    for side, kinds in (("before", before), ("after", after)):
        only = [tuple(row for row in rows if row.name not in uneven) for rows in kinds]
        if any(only):
            calls = format_counted(sum(row.calls for rows in only for row in rows), "call")
            sentences.append(f"Set apart: {_name_side(*only)} with {calls} only {side}")
    if uneven:
        count = format_counted(len(uneven), "test or process", "tests or processes")
        sentences.append(f"Set apart: {count} that ran another number of times")
    return sentences


Kinds = tuple[tuple[SetApart, ...], tuple[SetApart, ...]]
"""Tests, and whole processes."""


def _list_set_apart(comparison: Comparison) -> tuple[Kinds, Kinds]:
    return (
        (comparison.units_only_before.rows, comparison.processes_only_before.rows),
        (comparison.units_only_after.rows, comparison.processes_only_after.rows),
    )


def _name_side(tests: Sequence[SetApart], processes: Sequence[SetApart]) -> str:
    """``3 tests and 1 process``."""
    counted = (
        (sum(row.units for row in rows), one, many)
        for rows, one, many in ((tests, "test", "tests"), (processes, "process", "processes"))
    )
    return " and ".join(format_counted(count, one, many) for count, one, many in counted if count)
