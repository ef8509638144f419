"""The merged sums of fan-outs -> their findings, and how sure each is."""

from functools import cached_property, partial
from typing import Final

import msgspec

from tracereport.calls.grouping import ROW_LIMIT
from tracereport.findings.circumstances import ListedCircumstances, list_circumstances
from tracereport.findings.fan_outs.parts import (
    DOUBTS,
    KIND_KEY,
    FanOutsPart,
    choose_fan_out_evidence,
    measure_fan_out_findings,
    merge_fan_out_findings,
)
from tracereport.findings.interface import WORST_LIMIT, Candidate, FindingKind, Key, UnitAmount, read_key
from tracereport.findings.test_code import find_keys_of_tests
from tracereport.measures.doubts import Doubt
from tracereport.measures.fanout_rows import CONFIDENCES
from tracereport.measures.interface import Whole
from tracereport.measures.partials import Table
from tracereport.measures.scopes import LOW
from tracereport.model import Finding, Rows


class FanOutSums(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of one finding: columns of ``FanOutsPart.findings``."""

    groups: int
    unfinished_parents: int
    """Groups whose parent call never printed."""
    runs: int
    """Groups without a parent call, of one run of their caller (``activation=``)."""
    few: int
    """Groups of few values, which the records prove."""
    over_rows: int
    """Groups over several runs of their caller, and over the rows that a question before gave."""
    writes: int
    """Groups of them."""
    between: int
    """Groups with this ``Doubt``; and so on."""
    taken: int
    same: int
    ranges: int
    no_table: int
    chain: int
    tries: int
    lines: int
    straight: int
    calls: int
    avoidable_calls: int
    elapsed_ns: int
    resolution_ns: int
    shown: int


_SUMS: Final = FanOutSums.__struct_fields__
_OF_DOUBTS: Final = {
    Doubt.BETWEEN: "what is written is asked for in between: that may decide about the next",
    Doubt.TAKEN: "something is taken off a queue before each: it may be for what came last",
    Doubt.SAME: "all are the same statement, without a value that varies: it may go on until nothing is left",
    Doubt.RANGES: "each is for a range or a pattern, of which no list can be made: one for all may not do",
    Doubt.NO_TABLE: "each asks the database itself, for no table: it may do something, as taking a lock does",
    Doubt.CHAIN: "each asks for what another row refers to, and nothing before gave so many rows: each key may stand "
    "in the answer before, and then one recursive query does for all",
    Doubt.TRIES: "the last alone was answered otherwise: the loop may try one after the other until one fits",
    Doubt.LINES: "each stands on a line of its own, so that they are no loop",
    Doubt.STRAIGHT: "something else is done between any two of them, so that they may be no loop",
}


def _choose_levels(part: FanOutsPart) -> dict[str, int]:
    """By finding the best certainty of its groups: those of a worse one don't count."""
    best: dict[str, int] = {}
    for (text,) in part.findings.rows("finding"):
        key, level = text[:-1], int(text[-1])
        best[key] = min(best.get(key, level), level)
    return best


def find_fan_out_findings(whole: Whole) -> list[Candidate]:
    """The findings of all fan-outs."""
    part: FanOutsPart = whole[KIND_KEY]
    levels = _choose_levels(part)
    describer = _Describer(part)
    of_tests = find_keys_of_tests(part.circumstances.places)
    candidates = []
    for text, *values in part.findings.rows("finding", *_SUMS):
        key_text, level = text[:-1], int(text[-1])
        if levels[key_text] != level:
            continue
        key, sums = read_key(key_text), FanOutSums(**dict(zip(_SUMS, values, strict=True)))
        candidates.append(
            Candidate(
                key=key,
                calls_saved=sums.avoidable_calls,
                possible_calls_saved=sums.avoidable_calls,
                elapsed_ns=sums.elapsed_ns,
                is_low=level == LOW,
                is_shown=bool(sums.shown) or not whole.is_narrowed,
                describe=partial(describer.describe, key, sums, level),
                is_of_tests=text in of_tests,
            )
        )
    return candidates


class _Describer:
    """Describes findings; what it needs of all of them is listed when the first is described."""

    def __init__(self, part: FanOutsPart) -> None:
        self._part = part

    @cached_property
    def _circumstances(self) -> ListedCircumstances:
        return list_circumstances(self._part.circumstances)

    @cached_property
    def _sizes(self) -> dict[str, list[tuple[int, str | None, int]]]:
        return _list_sizes(self._part.sizes)

    def describe(self, key: Key, sums: FanOutSums, level: int) -> Finding:
        """One finding."""
        text, around = f"{key.text()}{level}", self._circumstances
        sizes = self._sizes[text]
        parents = [parent for _, parent, _ in sizes]
        return Finding(
            fingerprint=key.fingerprint(),
            kind="fan-out",
            function=key.function,
            callers=key.callers[:ROW_LIMIT],
            caller_count=len(key.callers),
            param_names=key.param_names,
            varying_params=key.varying_params,
            writes=sums.writes > 0,
            over_rows=CONFIDENCES[level] == "likely" and sums.over_rows == sums.groups,
            parent_functions=tuple(dict.fromkeys(name for name in parents if name is not None)),
            worst_parent=parents[0],
            calls=sums.calls,
            calls_saved=sums.avoidable_calls,
            possible_calls_saved=sums.avoidable_calls,
            elapsed_ns=sums.elapsed_ns,
            elapsed_upper_ns=sums.elapsed_ns + sums.resolution_ns,
            worst=tuple(size for size, _, groups in sizes for _ in range(groups))[:WORST_LIMIT],
            avoidable_calls=sums.avoidable_calls,
            at=around.places.get(text, Rows()),
            via=around.hooks.get(text, ()),
            confidence=CONFIDENCES[level],
            reason=_explain(sums, level),
            tests=around.tests.get(text, Rows()),
        )


def _list_sizes(table: Table) -> dict[str, list[tuple[int, str | None, int]]]:
    """By finding the distinct values, the parent's function and the number of its largest groups."""
    found: dict[str, list[tuple[int, str | None, int]]] = {}
    for text, size, parent, groups in table.rows("finding", "size", "parent", "groups"):
        found.setdefault(text, []).append((size, parent, groups))
    for rows in found.values():
        rows.sort(key=lambda row: (-row[0], row[1] is None, row[1] or ""))
    return found


def _explain(sums: FanOutSums, level: int) -> str:
    """Why it is as sure as it is."""
    if level == LOW:
        return "no parent call is known: a busy caller of a whole test suite looks the same"
    doubts = {doubt: getattr(sums, doubt.name.lower()) for doubt in DOUBTS}
    if CONFIDENCES[level] == "likely" and any(doubts.values()):
        return _OF_DOUBTS[max(doubts, key=lambda doubt: doubts[doubt])]
    if CONFIDENCES[level] == "likely" and sums.over_rows == sums.groups:
        return "a question just before gave as many rows; what calls the caller may loop over these"
    if CONFIDENCES[level] == "likely":
        return "one call of the named caller was running each time, though no call tree is known: at least so many"
    few = "; few values, but the records tell of a loop over rows" if sums.few == sums.groups else ""
    return _explain_sure(sums) + few


def _explain_sure(sums: FanOutSums) -> str:
    groups, unfinished, runs = sums.groups, sums.unfinished_parents, sums.runs
    if groups == 1:
        under = f"all stand under one parent call{', which never printed' if unfinished else ''}"
        return "one run of the caller makes them all" if runs else under
    if runs == groups:
        return f"each of the {groups:,} groups is made by one run of the caller"
    one = f"one parent call{', or one run of the caller' if runs else ''}"
    beside = f"; {'each' if unfinished == groups else f'{unfinished:,}'} of these never printed" if unfinished else ""
    return f"each of the {groups:,} groups stands under {one}{beside}"


def list_unit_amounts(whole: Whole) -> list[UnitAmount]:
    """What each unit adds to each finding."""
    part: FanOutsPart = whole[KIND_KEY]
    levels = _choose_levels(part)
    return [
        UnitAmount(process, unit, text[:-1], 0, avoidable)
        for process, unit, text, avoidable in part.circumstances.units.rows(
            "process", "unit", "finding", "avoidable_calls"
        )
        if levels.get(text[:-1]) == int(text[-1])
    ]


KIND: Final = FindingKind(
    KIND_KEY,
    measure_fan_out_findings,
    merge_fan_out_findings,
    find_fan_out_findings,
    list_unit_amounts,
    detail=choose_fan_out_evidence,
)
