"""Repeats and fan-outs -> findings: one thing worth changing each, ranked."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from tests.oracle.repeats import Repeat
from tests.oracle.savings import Place, saving
from tests.oracle.units import Call, Lookup, Unit, by_lookup
from tracereport.calls.test_files import is_of_tests

Row = dict[str, Any]

Key = tuple[str, str, tuple[str | None, ...], tuple[str, ...], tuple[str, ...]]
"""Kind, function, callers, parameter names, varying parameter."""


def find_findings(
    units: Sequence[Unit],
    repeats: Sequence[Repeat],
    fanouts: Sequence[Row],
    graded: Mapping[str, str],
    places: Sequence[Place],
) -> list[Row]:
    """All findings of the kinds again, shared and fan-out, the one worth most first.

    ``key`` is kind, function, callers (sorted, a missing one last), parameter names, and for a fan-out the key of its
    varying parameters; ``by_unit`` and ``by_process`` hold what each adds, ``of`` the calls behind its repeats or the
    avoidable ones, ``saved`` those that its fix saves.
    """
    batched = {call for row in fanouts if row["confidence"] != "low" for call in row["avoidable"]}
    callers = {
        (unit, lookup): frozenset(call.caller for call in asked)
        for unit in units
        for lookup, asked in by_lookup(unit.questions).items()
    }
    found: dict[Key, list[Repeat]] = {}
    handed_on: dict[Key, list[Repeat]] = {}
    for repeat in repeats:
        key = key_of(repeat, frozenset({repeat.call.caller}) if repeat.again else asking(callers, repeat))
        found.setdefault(key, []).append(repeat)
        if repeat.handed_on:
            handed_on.setdefault(("shared", *key_of(repeat, asking(callers, repeat))[1:]), []).append(repeat)
    groups: dict[Key, list[Row]] = {}
    for row in fanouts:
        key = ("fan-out", row["function"], (row["caller"],), row["param_names"], tuple(row["varying_params"][:1]))
        groups.setdefault(key, []).append(row)
    rows = [
        repeats_row(key, own, handed_on.get(key, []), graded[key[1]], batched, places) for key, own in found.items()
    ]
    rows += [fanout_row(key, own) for key, own in groups.items()]
    return sorted(rows, key=rank)


def asking(callers: Mapping[tuple[Unit, Lookup], frozenset[str | None]], repeat: Repeat) -> frozenset[str | None]:
    """Who asks in the repeat's unit what it asks."""
    return callers[repeat.unit, repeat.call.lookup]


def key_of(repeat: Repeat, who: Iterable[str | None]) -> Key:
    """The key of its finding."""
    kind = "again" if repeat.again else "shared"
    return (kind, repeat.call.function, tuple(sorted(who, key=caller_order)), repeat.call.param_names, ())


def caller_order(caller: str | None) -> tuple[bool, str]:
    """By name, a missing caller last."""
    return (caller is None, caller or "")


def rank(row: Row) -> tuple[Any, ...]:
    """Those marked low last, before them the tests' own; then by calls saved, possible ones, kind, time, key."""
    kind, function, callers, names, varying = row["key"]
    order = (kind, function, tuple(caller_order(caller) for caller in callers), names, varying)
    worth = (-row["calls_saved"], -row["possible_calls_saved"], kind != "fan-out", -row["elapsed_ns"])
    places = {call.record.at for call in row["members"]} - {None}
    return (row["confidence"] == "low", bool(places) and all(map(is_of_tests, places)), *worth, order)


def repeats_row(
    key: Key,
    repeats: list[Repeat],
    handed_on: list[Repeat],
    grade: str,
    batched: Collection[Call],
    places: Sequence[Place],
) -> Row:
    """A finding of kind again or shared; ``handed_on`` are repeats of callers' own that a shared one saves, too."""
    served = [repeat.call for repeat in repeats if (repeat.own if repeat.again else repeat.served)]
    passed_on = [repeat.call for repeat in handed_on if repeat.call not in batched]
    saved = [call for call in served if call not in batched] + passed_on
    possible = [repeat.call for repeat in repeats if repeat.possible and repeat.call not in batched]
    per_lookup = Counter((repeat.unit, repeat.call.lookup) for repeat in repeats)
    by_unit = Counter(repeat.unit for repeat in repeats)
    by_process = Counter(repeat.call.process for repeat in repeats)
    saving_ns, saving_upper_ns = saving(saved, places)
    return {
        "key": key,
        "of": [repeat.call for repeat in repeats],
        "members": [repeat.call for repeat in repeats],
        "saved": saved,
        "kind": key[0],
        "function": key[1],
        "callers": key[2],
        "param_names": key[3],
        "varying_params": (),
        "calls": len(repeats) + len(per_lookup),
        "repeats": len(repeats),
        **evidence_counts(repeats),
        "may_have_changed": sum(repeat.may_have_changed for repeat in repeats),
        "cached": sum(repeat.cached for repeat in repeats),
        "own_calls": sum(repeat.own for repeat in repeats),
        "handed_on_calls": sum(repeat.handed_on for repeat in repeats) + len(passed_on),
        "evidence_grade": grade,
        "calls_saved": len(saved),
        "possible_calls_saved": len(saved) + len(possible),
        "elapsed_ns": sum(repeat.call.elapsed_ns for repeat in repeats),
        "elapsed_upper_ns": sum(repeat.call.elapsed_upper_ns for repeat in repeats),
        "saving_ns": saving_ns,
        "saving_upper_ns": saving_upper_ns,
        "lookups": len(per_lookup),
        "worst": sorted(per_lookup.values(), reverse=True),
        "avoidable_calls": 0,
        "pairs": pairs_of(repeats),
        "sequential": sum(repeat.sequential for repeat in repeats),
        "sequential_own": sum(
            repeat.sequential and repeat.call.caller == repeat.previous.caller not in (None, "unknown")
            for repeat in repeats
        ),
        "negative": sum(repeat.negative for repeat in repeats),
        "confidence": confidence_of(repeats, len(saved), grade),
        "by_unit": {unit: {"repeats": count, "avoidable_calls": 0} for unit, count in by_unit.items()},
        "by_process": {process: {"repeats": count, "avoidable_calls": 0} for process, count in by_process.items()},
    }


def confidence_of(repeats: Iterable[Repeat], calls_saved: int, grade: str) -> str:
    """How far the answers show that something can be saved."""
    repeats = list(repeats)
    if calls_saved or any(repeat.served for repeat in repeats):
        asked = sum(repeat.served for repeat in repeats) or calls_saved
        waits = 2 * sum(repeat.awaited or repeat.pending for repeat in repeats) > asked
        waits |= 2 * sum(repeat.tableless for repeat in repeats) > asked
        return "sure" if grade in ("content", "version-like") and not waits else "likely"
    return "likely" if any(repeat.possible for repeat in repeats) else "low"


def evidence_counts(repeats: Iterable[Repeat]) -> dict[str, int]:
    """Repeats by what the answers say."""
    found = Counter(repeat.evidence for repeat in repeats)
    return {name: found[name] for name in ("unchanged", "changed", "unproven")}


def pairs_of(repeats: Iterable[Repeat]) -> list[Row]:
    """Who asked after whom, by evidence."""
    pairs: dict[tuple[str | None, str | None], list[Repeat]] = {}
    for repeat in repeats:
        pairs.setdefault((repeat.previous.caller, repeat.call.caller), []).append(repeat)
    return [
        {"previous_caller": before, "caller": after, **evidence_counts(own)} for (before, after), own in pairs.items()
    ]


def fanout_row(key: Key, groups: list[Row]) -> Row:
    """A finding of kind fan-out; of its groups those count that are as certain as the best of them."""
    confidence = min((row["confidence"] for row in groups), key=("sure", "likely", "low").index)
    counted = [row for row in groups if row["confidence"] == confidence]
    by_size = sorted(counted, key=lambda row: (-row["distinct_values"], caller_order(row["parent_function"])))
    parents = [row["parent_function"] for row in by_size]
    by_unit: Counter[Unit] = Counter()
    by_process: Counter[int] = Counter()
    for row in counted:
        by_unit[row["of_unit"]] += row["avoidable_calls"]
        by_process[row["process"]] += row["avoidable_calls"]
    avoidable = [call for row in counted for call in row["avoidable"]]
    return {
        "key": key,
        "of": avoidable,
        "members": [call for row in counted for call in row["members"]],
        "saved": avoidable,
        "kind": key[0],
        "function": key[1],
        "callers": key[2],
        "param_names": key[3],
        "varying_params": key[4],
        "calls": sum(row["calls"] for row in counted),
        "repeats": 0,
        "unchanged": 0,
        "changed": 0,
        "unproven": 0,
        "may_have_changed": 0,
        "cached": 0,
        "own_calls": 0,
        "handed_on_calls": 0,
        "evidence_grade": None,
        "calls_saved": len(avoidable),
        "possible_calls_saved": len(avoidable),
        "elapsed_ns": sum(row["elapsed_ns"] for row in counted),
        "elapsed_upper_ns": sum(row["elapsed_upper_ns"] for row in counted),
        "saving_ns": 0,
        "saving_upper_ns": 0,
        "worst": sorted((row["distinct_values"] for row in counted), reverse=True),
        "avoidable_calls": len(avoidable),
        "parent_functions": list(dict.fromkeys(name for name in parents if name is not None)),
        "worst_parent": parents[0],
        "confidence": confidence,
        "by_unit": {unit: {"repeats": 0, "avoidable_calls": count} for unit, count in by_unit.items()},
        "by_process": {process: {"repeats": 0, "avoidable_calls": count} for process, count in by_process.items()},
    }


def verdict(findings: Sequence[Row], repeats: Sequence[Repeat], places: Sequence[Place]) -> Row:
    """What the first three findings that save calls and aren't low remove; and what one cache for all would."""
    changes = [row for row in findings if row["confidence"] != "low" and row["calls_saved"]][:3]
    kept = [call for row in changes if row["kind"] != "fan-out" for call in row["saved"]]
    saving_ns, saving_upper_ns = saving(kept, places)
    return {
        "changes": len(changes),
        "calls_removed": sum(row["calls_saved"] for row in changes),
        "own_calls": sum(repeat.own for repeat in repeats),
        "one_cache_calls": sum(repeat.served for repeat in repeats),
        "of_unchanged": sum(repeat.evidence == "unchanged" for repeat in repeats),
        "saving_ns": saving_ns,
        "saving_upper_ns": saving_upper_ns,
        "keys": [row["key"] for row in changes],
        "saved": kept,
    }
