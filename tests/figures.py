"""Holds the figures of a report, as its JSON tells them, against the oracle's of the same processes.

Lists of the oracle are whole; those of the report hold their first rows and say how many there are.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from tests.oracle import Process, measure
from tests.oracle.measures import Row, slow_calls
from tests.oracle.savings import first_ended
from tests.oracle.units import Call, by_lookup, calls_of, find_units
from tracereport.calls.calls import Calls
from tracereport.findings.interface import Key
from tracereport.model import Report, Settings, encode_json

MOST_BINS = 200
LARGEST = 5
"""So many of a finding's worst lookups are kept."""
LEAST_REFERENCES = 3
"""So many rows of a list inside a row are kept in any case."""

REFERENCE = ("process", "number", "line")
FIRST_CALL = ("call_references",)
IDENTITY = {
    "totals": (),
    "processes": ("index",),
    "by_edge": ("caller", "function"),
    "by_finding": ("fingerprint",),
    "functions": ("function",),
    "callers": ("caller",),
    "edges": ("caller", "function"),
    "slowest_calls": REFERENCE,
    "redundant_signatures": ("function", "caller", "params"),
    "redundant_lookups": ("function", "params"),
    "cache_candidates": ("function", "caller", "params"),
    "asked_again": ("previous_caller", "caller", "function"),
    "sequential_duplicates": ("process", "unit", "function", "params"),
    "shared_lookups": ("process", "unit", "function", "params"),
    "adjacent_pairs": ("previous_caller", "caller"),
    "fanouts": FIRST_CALL,
    "breakdown": ("function",),
    "metrics": ("name",),
    "paths": ("path",),
    "findings": ("fingerprint",),
    "pairs": ("previous_caller", "caller"),
    "tests": ("test",),
    "slow_calls": ("function", "caller"),
}
"""What makes a row of a list the same row on both sides; lists that aren't here stand in the same order."""
UNORDERED_NAMES = frozenset({"callers"})
"""Lists that are of rows in some sections and of mere names in others."""
OF_THE_ORACLE = frozenset({
    "key", "keys", "of", "saved", "avoidable", "by_process", "by_unit", "of_unit", "param_names", "members"
})  # fmt: skip
"""Keys of the oracle's rows that the report says otherwise, or in other sections."""


def hold_figures(report: Report, processes: Sequence[Process], calls: Calls) -> None:
    """Every figure of every section is the oracle's, and every list holds the rows that it should.

    Of ``calls`` the tests are taken that made them.
    """
    found = msgspec.json.decode(encode_json(report))
    expected = measure(
        processes,
        ignored_metrics=report.settings.ignore_metrics,
        candidate_calls=report.settings.cache_candidate_calls,
        fan_out_values=report.settings.fan_out_values,
        unit=report.settings.unit,
    )
    tests = tests_by_line(calls)
    for row in expected["findings"]:
        row["fingerprint"] = fingerprint_of(row["key"])
        row["tests"] = count_tests(row, tests)
    parts = (*expected["processes"], *expected["units"])
    for row in [by_finding for part in parts for by_finding in part["by_finding"]]:
        row["fingerprint"] = fingerprint_of(row["key"])
    expected["verdict"]["fingerprints"] = [fingerprint_of(key) for key in expected["verdict"]["keys"]]
    hold_curves(found["cache_curves"], expected.pop("cache_curves"))
    expected["slow_calls"] = find_slow_calls(processes, report.settings)
    found["findings"] = without_slow(found["findings"])
    fits = holds_its_calls(processes)
    saved = expected["verdict"]["saved"]
    hold_bounds(found["verdict"], expected["verdict"], "saving", is_lower_told=fits and not may_hide(saved, processes))
    if any(row["evidence_grade"] == "constant" for row in expected["functions"]):
        # What such answers prove is known at the end: until then times are bounds.
        hold_bounds(found["totals"], expected["totals"], "saving", is_lower_told=fits)
        hold_bounds(found["totals"], expected["totals"], "possible_saving", is_lower_told=fits)
    for section, figures in expected.items():
        hold(section, found[section], figures)
    assert [row["fingerprint"] for row in found["findings"]["rows"]] == [
        row["fingerprint"] for row in expected["findings"]
    ][: len(found["findings"]["rows"])]
    hold_activity(found["activity"], processes, report.settings.unit)


def hold_bounds(found: dict[str, Any], exact: dict[str, Any], name: str, *, is_lower_told: bool) -> None:
    """A range that contains the exact one: it is taken out of both."""
    bounds, exact_bounds = ((row.pop(f"{name}_ns"), row.pop(f"{name}_upper_ns")) for row in (found, exact))
    assert bounds[0] <= exact_bounds[0] or not is_lower_told
    assert bounds[1] >= exact_bounds[1]


def may_hide(saved: Sequence[Call], processes: Sequence[Process]) -> bool:
    """Whether one of the calls may take from the others what they save without it.

    What lies inside of a spared call isn't counted again: where a first call promises nothing, that is lost, and where
    no tree is known, it may be.
    """
    own = {call.process for call in saved}
    return any(processes[index].tree == "unknown" for index in own) or any(
        call.number <= first_ended(processes[call.process]) for call in saved
    )


def holds_its_calls(processes: Sequence[Process]) -> bool:
    """Whether in all trees each call took as long as those that it made.

    Where calls were made at the same time, sparing a call may save less than sparing those inside of it: then nothing
    is known of several findings together by what each of them saves.
    """
    for process in processes:
        inside_ns: Counter[int] = Counter()
        for record in process.plausible:
            if record.number in process.parents:
                inside_ns[process.parents[record.number]] += record.elapsed_ns
        if any(inside_ns[record.number] > record.elapsed_ns for record in process.plausible):
            return False
    return True


def tests_by_line(calls: Calls) -> dict[tuple[int, int], str]:
    """By process and line the test that made the call, where the log tells."""
    columns = zip(calls.process.tolist(), calls.line.tolist(), calls.test.tolist(), strict=True)
    return {(process, line): calls.tests[test] for process, line, test in columns if test >= 0}


def count_tests(finding: Row, tests: Mapping[tuple[int, int], str]) -> list[Row]:
    """What each test adds to a finding."""
    amounts = Counter(
        test for call in finding["of"] if (test := tests.get((call.process, call.record.line))) is not None
    )
    counted, other = ("avoidable_calls", "repeats") if finding["kind"] == "fan-out" else ("repeats", "avoidable_calls")
    return [{"test": test, counted: amount, other: 0} for test, amount in amounts.items()]


def fingerprint_of(key: Any) -> str:
    kind, *rest = key
    return Key(kind, *rest).fingerprint()


def without_slow(findings: Row) -> Row:
    """The findings but those of slow calls, which rest on a rule of the program's own."""
    rows = [row for row in findings["rows"] if row["kind"] != "slow"]
    return {"total": findings["total"] - (len(findings["rows"]) - len(rows)), "rows": rows}


def hold(name: str, found: Any, expected: Any) -> None:
    """One value, row or list; ``name`` is its key."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), name
        for key, value in expected.items():
            if key not in OF_THE_ORACLE or key in found:
                hold_key(name, key, found, value)
    elif isinstance(found, dict):
        hold_list(name, found, list(expected))
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-12), name
    else:
        assert as_json(found) == as_json(expected), name


def hold_key(section: str, key: str, found: Mapping[str, Any], expected: Any) -> None:
    value = found[key]
    if section == "findings" and key == "worst":
        assert len(value) == min(len(expected), LARGEST)
        expected = expected[:LARGEST]
    elif section == "findings" and key == "varying_params":
        value = value[:1]  # the finding's key; what varies with it depends on the group
    elif section == "call_tree" and key == "deepest":
        value, expected = {len(row["path"]) for row in value["rows"]}, {expected}
    hold(key, value, expected)


def hold_list(name: str, found: Mapping[str, Any], expected: list[Any]) -> None:
    """A list that says how many rows there are, and holds the first."""
    rows = found["rows"]
    assert found["total"] == len(expected), name
    assert min(len(expected), LEAST_REFERENCES) <= len(rows) <= len(expected), name
    identity = IDENTITY.get(name)
    if identity is None:
        for row, figures in zip(rows, expected, strict=False):
            hold(name, row, figures)
    elif expected and not isinstance(expected[0], dict):
        assert name in UNORDERED_NAMES
        assert not Counter(rows) - Counter(expected), name
    else:
        known: dict[bytes, list[Any]] = {}
        for row in expected:
            known.setdefault(identify(row, identity), []).append(row)
        for row in rows:
            alike = known[identify(row, identity)]
            # Several only where units are called alike, as requests of one path are.
            own = next((other for other in alike if is_same(name, row, other)), alike[0])
            hold(name, row, own)
            alike.remove(own)


def is_same(name: str, found: Any, expected: Any) -> bool:
    """Whether a row is another one in all figures."""
    try:
        hold(name, found, expected)
    except AssertionError:
        return False
    return True


def identify(row: Mapping[str, Any], identity: Sequence[str]) -> bytes:
    """What makes it this row; of a list, its first entry does."""
    parts = [as_json(row[key]) for key in identity]
    parts = [part["rows"] if isinstance(part, dict) else part for part in parts]
    return msgspec.json.encode(
        [part[:1] if key in FIRST_CALL else part for key, part in zip(identity, parts, strict=True)]
    )


def as_json(value: Any) -> Any:
    """The oracle's pairs of name and value as JSON tells them."""
    if isinstance(value, tuple | list):
        if value and all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):
            return [{"name": name, "value": content} for name, content in value]
        return [as_json(entry) for entry in value]
    return value


def hold_curves(found: Mapping[str, Any], expected: Sequence[Row]) -> None:
    """Points stand at powers of two and at the marks; between them nothing is said."""
    curves = {row["function"]: row for row in expected}
    assert found["total"] == len(found["rows"]) == len(curves)
    for row in found["rows"]:
        curve = curves[row["function"]]
        for figure in ("calls", "possible_hits", "capacity_for_50", "capacity_for_80", "capacity_for_95"):
            assert row[figure] == curve[figure], figure
        points = row["points"]["rows"]
        if row["possible_hits"]:
            assert points[-1]["hits"] == row["possible_hits"]
        for point in points:
            exact = curve["curve"][min(point["capacity"], len(curve["curve"])) - 1]
            assert {**exact, "capacity": point["capacity"]} == point


def hold_activity(found: Mapping[str, Any], processes: Sequence[Process], unit_kind: str | None) -> None:
    """Bins cut the calls of a process by their numbers, and say how many of them are repeats in their units."""
    ordered = [calls_of(process, index) for index, process in enumerate(processes)]
    asked = [
        asked for unit in find_units(processes, ordered, unit_kind) for asked in by_lookup(unit.questions).values()
    ]
    repeated = {call for calls in asked for call in calls[1:]}
    numbers = {
        index: [(call.number, call in repeated) for call in calls]
        for index, calls in enumerate(ordered)
        if processes[index].judged
    }
    assert found["total"] == sum(min(len(calls), MOST_BINS) for calls in numbers.values())
    by_process: dict[int, list[Row]] = {}
    for row in found["rows"]:
        by_process.setdefault(row["process"], []).append(row)
    for index, bins in by_process.items():
        calls_left = numbers[index]
        for row in bins:
            size = row["first_calls"] + row["repeats"]
            own, calls_left = calls_left[:size], calls_left[size:]
            assert (own[0][0], own[-1][0]) == (row["first_number"], row["last_number"])
            assert sum(is_repeat for _, is_repeat in own) == row["repeats"]
        assert not calls_left


def find_slow_calls(processes: Sequence[Process], settings: Settings) -> list[Row]:
    """Those of the rule that the report names, in plain Python."""
    every: list[Call] = []
    for index, process in enumerate(processes):
        if process.judged:
            every += [call for call in calls_of(process, index) if call.number > first_ended(process)]

    def limit_ns(own: list[Call]) -> int | None:
        if len(own) < settings.slow_minimum_calls:
            return None
        low_ns, high_ns = (own[-(-percent * len(own) // 100) - 1].elapsed_ns for percent in (10, 90))
        resolution_ns = max(call.record.resolution_ns for call in own)
        fence_ns = high_ns + 3 * max(high_ns - low_ns, resolution_ns)
        return max(fence_ns, 2 * high_ns, settings.slow_minimum_ns)

    return slow_calls(every, limit_ns)
