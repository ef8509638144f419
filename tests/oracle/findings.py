"""Repeats and fan-outs -> findings: one thing worth changing each, ranked."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.oracle.repeats import Call, Repeat, by_lookup
from tests.oracle.savings import Scope, saving

Row = dict[str, Any]

Key = tuple[str, str, tuple[str | None, ...], tuple[str, ...], tuple[str, ...]]
"""Kind, function, callers, parameter names, varying parameter."""


def find_findings(
    judged: list[list[Call]], repeats: list[list[Repeat]], fanouts: Sequence[Row], scopes: Sequence[Scope]
) -> list[Row]:
    """All findings of the kinds again, shared and fan-out, the one worth most first.

    ``key`` is kind, function, callers (sorted, a missing one last), parameter names, and for a fan-out the key of its
    varying parameters; ``by_process`` holds what each process adds, ``of`` the repeats or avoidable calls themselves.
    """
    found: dict[Key, list[Repeat]] = {}
    for calls, own in zip(judged, repeats, strict=True):
        callers = {lookup: frozenset(call.caller for call in members) for lookup, members in by_lookup(calls).items()}
        for repeat in own:
            call = repeat.call
            who = frozenset({call.caller}) if repeat.again else callers[call.lookup]
            kind = "again" if repeat.again else "shared"
            key: Key = (kind, call.function, tuple(sorted(who, key=caller_order)), call.param_names, ())
            found.setdefault(key, []).append(repeat)
    groups: dict[Key, list[Row]] = {}
    for row in fanouts:
        key = ("fan-out", row["function"], (row["caller"],), row["param_names"], (row["varying_params"][0],))
        groups.setdefault(key, []).append(row)
    rows = [repeats_row(key, own, scopes) for key, own in found.items()]
    rows += [fanout_row(key, own) for key, own in groups.items()]
    return sorted(rows, key=rank)


def caller_order(caller: str | None) -> tuple[bool, str]:
    """By name, a missing caller last."""
    return (caller is None, caller or "")


def rank(row: Row) -> tuple[Any, ...]:
    """Those marked low last; then by calls saved, then possible ones, then time, then key."""
    kind, function, callers, names, varying = row["key"]
    order = (kind, function, tuple(caller_order(caller) for caller in callers), names, varying)
    return (row["confidence"] == "low", -row["calls_saved"], -row["possible_calls_saved"], -row["elapsed_ns"], order)


def repeats_row(key: Key, repeats: list[Repeat], scopes: Sequence[Scope]) -> Row:
    """A finding of kind again or shared."""
    evidence = Counter(repeat.evidence for repeat in repeats)
    per_lookup = Counter((repeat.call.process, repeat.call.lookup) for repeat in repeats)
    pairs: dict[tuple[str | None, str | None], Counter[str]] = {}
    for repeat in repeats:
        pairs.setdefault((repeat.previous.caller, repeat.call.caller), Counter())[repeat.evidence] += 1
    by_process = Counter(repeat.call.process for repeat in repeats)
    saving_ns, saving_upper_ns = saving(repeats, scopes, "unchanged")
    return {
        "key": key,
        "of": repeats,
        "kind": key[0],
        "function": key[1],
        "callers": key[2],
        "param_names": key[3],
        "varying_params": (),
        "calls": len(repeats) + len(per_lookup),
        "repeats": len(repeats),
        "unchanged": evidence["unchanged"],
        "changed": evidence["changed"],
        "unproven": evidence["unproven"],
        "calls_saved": evidence["unchanged"],
        "possible_calls_saved": evidence["unchanged"] + evidence["unproven"],
        "elapsed_ns": sum(repeat.call.elapsed_ns for repeat in repeats),
        "elapsed_upper_ns": sum(repeat.call.elapsed_upper_ns for repeat in repeats),
        "saving_ns": saving_ns,
        "saving_upper_ns": saving_upper_ns,
        "lookups": len(per_lookup),
        "worst": sorted(per_lookup.values(), reverse=True),
        "avoidable_calls": 0,
        "pairs": [
            {
                "previous_caller": before,
                "caller": after,
                **{name: counts[name] for name in ("unchanged", "changed", "unproven")},
            }
            for (before, after), counts in pairs.items()
        ],
        "sequential": sum(repeat.sequential for repeat in repeats),
        "sequential_own": sum(
            repeat.sequential and repeat.call.caller == repeat.previous.caller not in (None, "unknown")
            for repeat in repeats
        ),
        "negative": sum(repeat.negative for repeat in repeats),
        "confidence": "sure" if evidence["unchanged"] else "likely" if evidence["unproven"] else "low",
        "by_process": {process: {"repeats": count, "avoidable_calls": 0} for process, count in by_process.items()},
    }


def fanout_row(key: Key, groups: list[Row]) -> Row:
    """A finding of kind fan-out; where it has groups under a parent, those of low confidence don't count."""
    under_parent = [row for row in groups if row["confidence"] == "sure"]
    counted = under_parent or groups
    by_size = sorted(counted, key=lambda row: (-row["distinct_values"], caller_order(row["parent_function"])))
    parents = [row["parent_function"] for row in by_size]
    by_process: Counter[int] = Counter()
    for row in counted:
        by_process[row["process"]] += row["avoidable_calls"]
    avoidable = sum(row["avoidable_calls"] for row in counted)
    return {
        "key": key,
        "of": [call for row in counted for call in row["avoidable"]],
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
        "calls_saved": avoidable,
        "possible_calls_saved": avoidable,
        "elapsed_ns": sum(row["elapsed_ns"] for row in counted),
        "elapsed_upper_ns": sum(row["elapsed_upper_ns"] for row in counted),
        "saving_ns": 0,
        "saving_upper_ns": 0,
        "worst": sorted((row["distinct_values"] for row in counted), reverse=True),
        "avoidable_calls": avoidable,
        "parent_functions": list(dict.fromkeys(name for name in parents if name is not None)),
        "worst_parent": parents[0],
        "confidence": "sure" if under_parent else "low",
        "by_process": {process: {"repeats": 0, "avoidable_calls": count} for process, count in by_process.items()},
    }


def verdict(findings: Sequence[Row], repeats: Sequence[Repeat], scopes: Sequence[Scope]) -> Row:
    """What the first three findings of kind again or shared that save calls remove; their calls' time together."""
    changes = [row for row in findings if row["kind"] in ("again", "shared") and row["calls_saved"]][:3]
    saving_ns, saving_upper_ns = saving([repeat for row in changes for repeat in row["of"]], scopes, "unchanged")
    return {
        "changes": len(changes),
        "calls_removed": sum(row["calls_saved"] for row in changes),
        "of_unchanged": sum(repeat.evidence == "unchanged" for repeat in repeats),
        "saving_ns": saving_ns,
        "saving_upper_ns": saving_upper_ns,
        "keys": [row["key"] for row in changes],
    }
