"""Processes -> every figure of the report, as plain dictionaries with the report's keys; lists are whole."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.oracle.caching import cache_curve
from tests.oracle.evidence import answer_of, grades, is_time
from tests.oracle.fanouts import find_fanouts
from tests.oracle.findings import evidence_counts, find_findings, verdict
from tests.oracle.kinds import is_question
from tests.oracle.processes import Process, process_name
from tests.oracle.repeats import Repeat, find_repeats, numbers_behind, sequential_runs
from tests.oracle.savings import Place, place_of, saving
from tests.oracle.trees import add_known, call_tree, root_elapsed_ns, self_times_ns
from tests.oracle.units import Call, Lookup, Unit, by_lookup, calls_of, find_units, in_order

if TYPE_CHECKING:
    from tests.oracle.reading import Record
from tracereport.measures.breakdown import FLAG_VERBS, FLAGS, IDENTITIES

UNIT_NS = {"_ms": 1_000_000, "_us": 1_000, "_ns": 1}

Row = dict[str, Any]


def measure(
    processes: Sequence[Process],
    *,
    ignored_metrics: Sequence[str] = (),
    candidate_calls: int = 3,
    fan_out_values: int | None = None,
    unit: str | None = None,
) -> Row:
    """All sections of the report that the definitions fix.

    Keys are those of ``report.json``; a row of findings has ``key`` (a tuple) for its fingerprint. Not here are what
    a rule of the program's own decides: slow calls (see ``slow_calls``), activity, texts, and the bounds of lists.
    """
    ordered = [calls_of(process, index) for index, process in enumerate(processes)]
    units = find_units(processes, ordered, unit)
    judged = [unit for unit in units if unit.judged]
    graded = grades(judged, ignored_metrics)
    next_number = {call: number for calls in ordered for call, number in numbers_behind(calls).items()}
    repeats = {unit: find_repeats(unit, next_number, graded, ignored_metrics) for unit in judged}
    every = [call for calls in ordered for call in calls]
    every_repeat = [repeat for own in repeats.values() for repeat in own]
    fanouts = [
        row for unit in judged for row in find_fanouts(unit, ordered[unit.process], fan_out_values, ignored_metrics)
    ]
    places = [place_of(process, calls) for process, calls in zip(processes, ordered, strict=True)]
    one_by_one = calls_one_by_one(fanouts, every_repeat)
    findings = find_findings(judged, every_repeat, fanouts, graded, places)
    asked = questions_by_process(ordered, judged)
    return {
        "totals": totals(processes, every, units, every_repeat, one_by_one, places)
        | least_repeats(processes, ignored_metrics),
        "processes": [
            process_row(process, index, calls, every_repeat, findings)
            | {"least_repeats": least_repeats([process], ignored_metrics)["interleaved_repeats"]}
            for index, (process, calls) in enumerate(zip(processes, ordered, strict=True))
        ],
        "units": [unit_row(unit, processes, repeats.get(unit, []), findings) for unit in judged],
        "functions": functions(every, judged, every_repeat, one_by_one, graded, ignored_metrics),
        "callers": callers(every, judged, every_repeat, one_by_one),
        "edges": edges(every, every_repeat),
        "slowest_calls": slowest_calls(processes, every),
        "redundant_signatures": signatures(repeats, least=2),
        "redundant_lookups": lookups(repeats),
        "asked_again": asked_again(every_repeat),
        "cache_candidates": signatures(repeats, least=candidate_calls),
        "sequential_duplicates": [row for unit in judged for row in sequential_duplicates(unit, next_number)],
        "shared_lookups": [row for unit in judged for row in shared_lookups(unit, next_number)],
        "fanouts": fanouts,
        "breakdown": breakdown(every),
        "cache_curves": [
            cache_curve(function, asked, ignored_metrics)
            for function in sorted({call.function for calls in asked for call in calls})
        ],
        "call_tree": call_tree(
            [calls for calls in ordered if any(call.in_tree for call in calls)], judged, every_repeat, one_by_one
        ),
        "findings": findings,
        "verdict": verdict(findings, every_repeat, places),
    }


def questions_by_process(ordered: Sequence[Sequence[Call]], judged: Iterable[Unit]) -> list[list[Call]]:
    """Each process's judged questions, over its units, in order."""
    asked = {call for unit in judged for call in unit.questions}
    return [[call for call in calls if call in asked] for calls in ordered]


def totals(
    processes: Sequence[Process],
    every: list[Call],
    units: Sequence[Unit],
    repeats: list[Repeat],
    one_by_one: AbstractSet[Call],
    places: Sequence[Place],
) -> Row:
    """The headline figures."""
    judged = [unit for unit in units if unit.judged]
    questions = sum(len(unit.questions) for unit in judged)
    has_unknown = any(process.tree == "unknown" for process in processes)
    roots = [root_elapsed_ns(process) for process in processes]
    served = [repeat.call for repeat in repeats if repeat.served]
    saving_ns, saving_upper_ns = saving(served, places)
    possible_ns, possible_upper_ns = saving([repeat.call for repeat in repeats if repeat.possible], places, served)
    return {
        "calls": len(every),
        "judged_calls": sum(len(unit.calls) for unit in judged),
        "judged_questions": questions,
        **{f"{kind}s": sum(call.kind == kind for call in every) for kind in ("question", "write", "frame")},
        "processes": len(processes),
        "units": len(judged),
        "functions": len({call.function for call in every}),
        "lookups": sum(len(by_lookup(unit.questions)) for unit in judged),
        **(news := count_news([call for unit in judged for call in unit.questions], repeats, one_by_one)),
        "other_calls": sum(len(unit.calls) for unit in judged) - len(repeats) - sum(news.values()),
        "redundant_calls": len(repeats),
        "redundant_rate": len(repeats) / questions if questions else None,
        **classes(repeats),
        **{f"{name}_repeats": count for name, count in evidence_counts(repeats).items()},
        "may_have_changed_repeats": sum(repeat.may_have_changed for repeat in repeats),
        "own_calls": sum(repeat.own for repeat in repeats),
        "handed_on_calls": sum(repeat.handed_on for repeat in repeats),
        **across_units(judged),
        "unfinished_calls": sum(unfinished_calls(process) for process in processes),
        "elapsed_ns": None if has_unknown else sum(lower for lower, _ in roots),
        "elapsed_upper_ns": None if has_unknown else sum(upper for _, upper in roots),
        "saving_ns": saving_ns,
        "saving_upper_ns": saving_upper_ns,
        "possible_saving_ns": possible_ns,
        "possible_saving_upper_ns": possible_upper_ns,
    }


def calls_one_by_one(fanouts: Iterable[Row], repeats: Iterable[Repeat]) -> set[Call]:
    """Calls that a batch would have answered, for certain or likely, though they repeat nothing."""
    batched = {call for row in fanouts if row["confidence"] != "low" for call in row["avoidable"]}
    return batched - {repeat.call for repeat in repeats}


def count_news(questions: Iterable[Call], repeats: Iterable[Repeat], one_by_one: AbstractSet[Call]) -> dict[str, int]:
    """Questions for something new that no batch would have answered, and the calls that one would have."""
    first = set(questions) - {repeat.call for repeat in repeats} - one_by_one
    return {"first_calls": len(first), "fan_out_calls": len(one_by_one)}


def across_units(judged: Iterable[Unit]) -> dict[str, int]:
    """What several units of one process ask: lookups, and how often each is asked for by one more unit."""
    asking = Counter((unit.process, lookup) for unit in judged for lookup in by_lookup(unit.questions))
    return {
        "across_units_repeats": sum(units - 1 for units in asking.values()),
        "across_units_lookups": sum(units > 1 for units in asking.values()),
    }


def least_repeats(processes: Iterable[Process], ignored: Sequence[str]) -> dict[str, int]:
    """What of interleaved processes is certain: repeats, and those of lookups that were answered alike each time."""
    found = [bound(process, ignored) for process in processes if not process.judged]
    return {
        "interleaved_repeats": sum(least for own in found for least, _ in own),
        "interleaved_unchanged": sum(least for own in found for least, is_equal in own if is_equal),
    }


def bound(process: Process, ignored: Sequence[str]) -> list[tuple[int, bool]]:
    """By lookup the calls that are repeats whoever made them, and whether all its answers are recorded and equal.

    As many processes have counted as often as the most frequent number stands there, and one more may have begun. Each
    makes one call of a lookup that is no repeat.
    """
    writers = max(Counter(record.number for record in process.records).values()) + 1
    asked: dict[Lookup, list[Record]] = {}
    for record in process.records:
        if is_question(record):
            asked.setdefault((record.function, record.params), []).append(record)
    return [
        (max(0, len(records) - writers), bool(answers[0]) and all(answer == answers[0] for answer in answers))
        for records in asked.values()
        for answers in [[answer_of(record, ignored) for record in records]]
    ]


def classes(repeats: Iterable[Repeat]) -> dict[str, int]:
    """Repeats by class."""
    found = Counter(repeat.again for repeat in repeats)
    return {"again_calls": found[True], "shared_calls": found[False]}


def elapsed(calls: Iterable[Call], prefix: str = "") -> dict[str, int]:
    """Time of the calls, as recorded and with the resolution of each added."""
    calls = list(calls)
    return {
        f"{prefix}elapsed_ns": sum(call.elapsed_ns for call in calls),
        f"{prefix}elapsed_upper_ns": sum(call.elapsed_upper_ns for call in calls),
    }


def unfinished_calls(process: Process) -> int:
    """Plausible numbers missing below the maximum; withheld for interleaved ones."""
    numbers = [record.number for record in process.plausible]
    return max(numbers) + 1 - len(numbers) if process.judged and numbers else 0


def process_row(process: Process, index: int, calls: list[Call], repeats: Iterable[Repeat], findings: list[Row]) -> Row:
    """One process."""
    lines = [record.line for record in process.records]
    return {
        "index": index,
        "name": process_name(process, index),
        "file": process.file,
        "first_line": min(lines),
        "last_line": max(lines),
        "calls": len(calls),
        "by_edge": calls_by_edge(calls, [repeat for repeat in repeats if repeat.call.process == index]),
        "by_finding": added("by_process", index, findings),
        "unfinished_calls": unfinished_calls(process),
        "tree": process.tree,
        "interleaved": process.interleaved,
    }


def unit_row(unit: Unit, processes: Sequence[Process], repeats: list[Repeat], findings: list[Row]) -> Row:
    """One unit of work."""
    return {
        "name": unit.name,
        "process": unit.process,
        "kind": unit.kind,
        "attempt": unit.attempt,
        "tree": processes[unit.process].tree,
        "calls": len(unit.calls),
        "writes": sum(call.kind == "write" for call in unit.calls),
        "frames": sum(call.kind == "frame" for call in unit.calls),
        "judged_questions": len(unit.questions),
        "by_edge": calls_by_edge(unit.calls, repeats),
        "by_finding": added("by_unit", unit, findings),
    }


def calls_by_edge(calls: list[Call], repeats: list[Repeat]) -> list[Row]:
    """What of a part of the input is compared."""
    return [{key: row[key] for key in ("caller", "function", "calls", "again_calls")} for row in edges(calls, repeats)]


def added(part: str, which: object, findings: Iterable[Row]) -> list[Row]:
    """What one process or unit adds to each finding."""
    return [{"key": row["key"], **row[part][which]} for row in findings if which in row[part]]


def functions(
    every: list[Call],
    judged: Sequence[Unit],
    repeats: list[Repeat],
    one_by_one: AbstractSet[Call],
    graded: Mapping[str, str],
    ignored: Sequence[str],
) -> list[Row]:
    """One row per function."""
    self_ns = self_times_ns(every)
    rows = []
    for function in sorted({call.function for call in every}):
        calls = [call for call in every if call.function == function]
        own = [repeat for repeat in repeats if repeat.call.function == function]
        times_ns = sorted(call.elapsed_ns for call in calls)
        resolution_ns = max(call.record.resolution_ns for call in calls)
        in_trees = [self_ns[call] for call in calls if call.in_tree]
        asked = [lookup for unit in judged for lookup in by_lookup(unit.questions) if lookup[0] == function]
        questions = [call for unit in judged for call in unit.questions if call.function == function]
        names = {name for call in questions for name, _ in answer_of(call.record, ignored)}
        rows.append(
            {
                "function": function,
                "calls": len(calls),
                "judged_calls": sum(call.function == function for unit in judged for call in unit.calls),
                "lookups": len(asked),
                **count_news(questions, own, {call for call in one_by_one if call.function == function}),
                "redundant_calls": len(own),
                **classes(own),
                **evidence_counts(own),
                **elapsed(calls, "total_"),
                "self_ns": add_known(in_trees) if in_trees else None,
                "mean_elapsed_ns": sum(times_ns) / len(times_ns),
                "p50_elapsed_ns": percentile(times_ns, 50),
                "p90_elapsed_ns": percentile(times_ns, 90),
                "p99_elapsed_ns": percentile(times_ns, 99),
                "max_elapsed_ns": times_ns[-1],
                "resolution_ns": resolution_ns,
                "evidence_metrics": sorted(names),
                "evidence_grade": graded.get(function, "none"),
                "histogram": histogram(times_ns, resolution_ns),
            }
        )
    return rows


def percentile(ordered: Sequence[int], percent: int) -> int:
    """Nearest rank: the smallest value that at least ``percent`` of all don't exceed."""
    rank = -(-percent * len(ordered) // 100)
    return ordered[max(rank, 1) - 1]


def histogram(times_ns: Iterable[int], resolution_ns: int) -> list[Row]:
    """Bins from 0 and from each power of two times the resolution on; empty ones are left out."""
    bins: Counter[int] = Counter()
    for time_ns in times_ns:
        lower_ns = 0
        bound_ns = resolution_ns
        while bound_ns <= time_ns:
            lower_ns, bound_ns = bound_ns, 2 * bound_ns
        bins[lower_ns] += 1
    return [{"lower_ns": lower_ns, "calls": calls} for lower_ns, calls in sorted(bins.items())]


def callers(
    every: list[Call], judged: Sequence[Unit], repeats: list[Repeat], one_by_one: AbstractSet[Call]
) -> list[Row]:
    """One row per caller; ``unknown`` and a missing one each count as one."""
    rows = []
    for caller in {call.caller: None for call in every}:
        calls = [call for call in every if call.caller == caller]
        own = [repeat for repeat in repeats if repeat.call.caller == caller]
        rows.append(
            {
                "caller": caller,
                "calls": len(calls),
                "judged_calls": sum(call.caller == caller for unit in judged for call in unit.calls),
                **count_news(
                    [call for unit in judged for call in unit.questions if call.caller == caller],
                    own,
                    {call for call in one_by_one if call.caller == caller},
                ),
                "again_calls": classes(own)["again_calls"],
                "repeats": len(own),
                **evidence_counts(own),
                **elapsed(calls, "total_"),
            }
        )
    return rows


def edges(every: list[Call], repeats: list[Repeat]) -> list[Row]:
    """One row per caller and function."""
    calls: dict[tuple[str | None, str], list[Call]] = {}
    for call in every:
        calls.setdefault((call.caller, call.function), []).append(call)
    again = Counter((repeat.call.caller, repeat.call.function) for repeat in repeats if repeat.again)
    return [
        {
            "caller": caller,
            "function": function,
            "calls": len(found),
            "again_calls": again[caller, function],
            **elapsed(found, "total_"),
        }
        for (caller, function), found in calls.items()
    ]


def slowest_calls(processes: Sequence[Process], every: list[Call]) -> list[Row]:
    """All calls, the longest first, ties by process and number."""
    ordered = sorted(every, key=slowest_first)
    return [
        {
            **call.reference,
            "file": processes[call.process].file,
            "process_name": process_name(processes[call.process], call.process),
            "function": call.function,
            "caller": call.caller,
            "params": list(call.record.params),
            "elapsed_ns": call.elapsed_ns,
            "elapsed_upper_ns": call.elapsed_upper_ns,
            "metrics": list(call.record.metrics),
        }
        for call in ordered
    ]


def slowest_first(call: Call) -> tuple[int, ...]:
    """The order of the slowest calls."""
    return (-call.elapsed_ns, call.process, call.number, call.record.line)


def signatures(repeats: Mapping[Unit, list[Repeat]], least: int) -> list[Row]:
    """Signatures asked ``least`` times or more in one unit, with their calls of such units.

    Their repeats are those of class *again*, as many as calls less units.
    """
    found: dict[tuple[Any, ...], list[tuple[Unit, list[Call], list[Repeat]]]] = {}
    for unit, own in repeats.items():
        asked: dict[tuple[Any, ...], tuple[list[Call], list[Repeat]]] = {}
        for call in unit.questions:
            asked.setdefault(signature_of(call), ([], []))[0].append(call)
        for repeat in own:
            if repeat.again:
                asked[signature_of(repeat.call)][1].append(repeat)
        for signature, (members, again) in asked.items():
            if len(members) >= least:
                found.setdefault(signature, []).append((unit, members, again))
    return [
        {
            "function": function,
            "caller": caller,
            "params": list(params),
            **summary(parts),
        }
        for (function, caller, params), parts in found.items()
    ]


def signature_of(call: Call) -> tuple[str, str | None, tuple[tuple[str, str], ...]]:
    """Who asked what."""
    return (call.function, call.caller, call.record.params)


def summary(parts: list[tuple[Unit, list[Call], list[Repeat]]]) -> Row:
    """Calls and repeats of one thing that was asked for, from each unit that it is counted in."""
    calls = in_order(call for _, members, _ in parts for call in members)
    return {
        "calls": len(calls),
        "processes": len({unit.process for unit, _, _ in parts}),
        "units": len(parts),
        **elapsed(calls),
        **evidence_counts(repeat for _, _, own in parts for repeat in own),
        "call_references": [call.reference for call in calls],
    }


def lookups(repeats: Mapping[Unit, list[Repeat]]) -> list[Row]:
    """Lookups asked twice or more in one unit, with their calls of such units."""
    found: dict[Any, list[tuple[Unit, list[Call], list[Repeat]]]] = {}
    for unit, own in repeats.items():
        asked: dict[Any, list[Repeat]] = {}
        for repeat in own:
            asked.setdefault(repeat.call.lookup, []).append(repeat)
        for lookup, members in by_lookup(unit.questions).items():
            if lookup in asked:
                found.setdefault(lookup, []).append((unit, members, asked[lookup]))
    return [
        {
            "function": function,
            "params": list(params),
            **summary(parts),
            "callers": shares(in_order(call for _, members, _ in parts for call in members)),
        }
        for (function, params), parts in found.items()
    ]


def shares(calls: Iterable[Call]) -> list[Row]:
    """Each caller's calls."""
    found: dict[str | None, list[Call]] = {}
    for call in calls:
        found.setdefault(call.caller, []).append(call)
    return [
        {"caller": caller, "calls": len(own), "call_references": [call.reference for call in own]}
        for caller, own in found.items()
    ]


def asked_again(repeats: list[Repeat]) -> list[Row]:
    """The matrix previous asker -> asker, per function."""
    found: dict[tuple[str | None, str | None, str], list[Repeat]] = {}
    for repeat in repeats:
        key = (repeat.previous.caller, repeat.call.caller, repeat.call.function)
        found.setdefault(key, []).append(repeat)
    return [
        {
            "previous_caller": previous,
            "caller": caller,
            "function": function,
            "repeats": len(own),
            **classes(own),
            "own_calls": sum(repeat.own for repeat in own),
            "handed_on_calls": sum(repeat.handed_on for repeat in own),
            **evidence_counts(own),
            **elapsed(repeat.call for repeat in own),
        }
        for (previous, caller, function), own in found.items()
    ]


def sequential_duplicates(unit: Unit, next_number: Mapping[Call, int]) -> list[Row]:
    """One row per lookup of a unit that has runs."""
    found: dict[Any, list[list[Call]]] = {}
    for run in sequential_runs(unit, next_number):
        found.setdefault(run[0].lookup, []).append(run)
    return [
        {
            "function": function,
            "params": list(params),
            "callers": list({call.caller: None for run in runs for call in run}),
            "process": unit.process,
            "unit": unit.test_name,
            "runs": [[call.reference for call in run] for run in runs],
            "calls": sum(len(run) for run in runs),
        }
        for (function, params), runs in found.items()
    ]


def shared_lookups(unit: Unit, next_number: Mapping[Call, int]) -> list[Row]:
    """One row per lookup of a unit that two or more callers asked for."""
    pairs: dict[Any, Counter[tuple[str | None, str | None]]] = {}
    for run in sequential_runs(unit, next_number):
        pairs.setdefault(run[0].lookup, Counter()).update(
            (before.caller, after.caller) for before, after in pairwise(run) if before.caller != after.caller
        )
    return [
        {
            "process": unit.process,
            "unit": unit.test_name,
            "function": lookup[0],
            "params": list(lookup[1]),
            "calls": len(members),
            "callers": shares(members),
            "adjacent_pairs": [
                {"previous_caller": before, "caller": after, "pairs": count}
                for (before, after), count in pairs.get(lookup, Counter()).items()
            ],
        }
        for lookup, members in by_lookup(unit.questions).items()
        if len({call.caller for call in members}) > 1
    ]


def breakdown(every: list[Call]) -> list[Row]:
    """One row per function that has metrics; times are in nanoseconds."""
    rows = []
    for function in sorted({call.function for call in every if call.record.metrics}):
        calls = [call for call in every if call.function == function]
        total_ns = sum(call.elapsed_ns for call in calls)
        values: dict[str, list[int]] = {}
        for call in calls:
            for name, value in call.record.metrics:
                values.setdefault(name, []).append(value * UNIT_NS.get(name[-3:], 1))
        summaries = [metric_summary(name, found, total_ns) for name, found in values.items()]
        times_ns = [row["total"] for row in summaries if row["kind"] == "time"]
        rows.append(
            {
                "function": function,
                "calls": len(calls),
                "total_elapsed_ns": total_ns,
                "metrics": summaries,
                "unaccounted_ns": total_ns - sum(times_ns) if times_ns else None,
                "unaccounted_share": (total_ns - sum(times_ns)) / total_ns if times_ns and total_ns else None,
            }
        )
    return rows


def metric_kind(name: str, values: list[int]) -> str:
    """What a metric is: a time and an identity by its name, or by its size; a flag by name and values."""
    first, last = name.lower().partition("_")[0], name.lower().rpartition("_")[2]
    if is_time(name):
        return "time"
    if last in IDENTITIES or max(values) >= 2**32:
        return "identity"
    return "flag" if set(values) <= {0, 1} and (last in FLAGS or first in FLAG_VERBS) else "count"


def metric_summary(name: str, values: list[int], total_elapsed_ns: int) -> Row:
    """One metric of one function; each time that a call names it counts."""
    kind = metric_kind(name, values)
    return {
        "name": name,
        "kind": kind,
        "calls": len(values),
        "total": sum(values),
        "mean": sum(values) / len(values),
        "min": min(values),
        "max": max(values),
        "share_of_elapsed": sum(values) / total_elapsed_ns if kind == "time" and total_elapsed_ns else None,
    }


def slow_calls(every: Iterable[Call], limit_ns: Callable[[list[Call]], int | None]) -> list[Row]:
    """Calls above the limit that the rule gives for their function's calls, quickest first; no limit, no slow calls."""
    every = list(every)
    rows = []
    for function in sorted({call.function for call in every}):
        own = [call for call in every if call.function == function]
        limit = limit_ns(sorted(own, key=lambda call: call.elapsed_ns))
        if limit is None:
            continue
        by_caller: dict[str | None, list[Call]] = {}
        for call in own:
            if call.elapsed_ns > limit:
                by_caller.setdefault(call.caller, []).append(call)
        rows += [
            {
                "function": function,
                "caller": caller,
                "limit_ns": limit,
                "calls": len(slow),
                "elapsed_ns": sum(call.elapsed_ns for call in slow),
                "elapsed_upper_ns": sum(call.elapsed_upper_ns for call in slow),
                "worst": [call.reference for call in sorted(slow, key=slowest_first)],
            }
            for caller, slow in by_caller.items()
        ]
    return rows
