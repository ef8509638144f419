"""The merged sums of repeats -> the findings *again* and *shared*, and how sure each is."""

from functools import cached_property, partial
from typing import Final

import msgspec

from tracereport.calls.grouping import NESTED_ROW_LIMIT, ROW_LIMIT, caller_rank, keep_rows
from tracereport.findings.circumstances import ListedCircumstances, list_circumstances
from tracereport.findings.interface import WORST_LIMIT, Candidate, FindingKind, Key, UnitAmount, read_key
from tracereport.findings.repeats.parts import (
    KIND_KEY,
    RepeatsPart,
    choose_repeat_evidence,
    measure_repeat_findings,
    merge_repeat_findings,
)
from tracereport.findings.test_code import find_keys_of_tests
from tracereport.measures.evidence import SURE_GRADES, Grade
from tracereport.measures.interface import Whole
from tracereport.measures.partials import Table
from tracereport.measures.proof import with_proof
from tracereport.model import Confidence, Finding, RepeatPair, Rows
from tracereport.wording.phrases import format_counted


class RepeatSums(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of one finding, after the grade of its function: columns of ``RepeatsPart.findings``."""

    repeats: int = 0
    lookups: int = 0
    unchanged: int = 0
    """The cached ones among them."""
    cached: int = 0
    changed: int = 0
    unproven: int = 0
    may_have_changed: int = 0
    """Those of the unproven ones with a write before them."""
    own: int = 0
    handed_on: int = 0
    possible: int = 0
    """What an answer, had it been recorded, could prove."""
    possible_if_constant: int = 0
    sequential: int = 0
    sequential_own: int = 0
    negative: int = 0
    shown: int = 0
    awaited: int = 0
    """Unchanged ones of who asked nothing else until it got another answer."""
    pending: int = 0
    """Unchanged ones of a line that asked nothing else, and that no row before speaks for."""
    tableless: int = 0
    """Unchanged ones that ask for no table."""
    saved: int = 0
    saved_handed_on: int = 0
    elapsed_ns: int = 0
    resolution_ns: int = 0
    saving_ns: int = 0
    saving_range_ns: int = 0

    @property
    def asked(self) -> int:
        """The repeats that were asked for an unchanged answer, and that no cache gave."""
        return self.unchanged - self.cached


_WOULD_NOT_SHOW: Final = "only counts were compared: an update in place wouldn't show"
_SUMS: Final = RepeatSums.__struct_fields__


def find_repeat_findings(whole: Whole) -> list[Candidate]:
    """The findings of all repeats, after the grades of their functions."""
    part: RepeatsPart = whole[KIND_KEY]
    describer = _Describer(whole)
    of_tests = find_keys_of_tests(part.circumstances.places)
    candidates = []
    for text, *values in with_proof(part.findings, whole.grades).rows("finding", *_SUMS):
        key, sums = read_key(text), RepeatSums(**dict(zip(_SUMS, values, strict=True)))
        grade: Grade = whole.grades.get(key.function, "none")
        saved, possible = _count_saved(sums, grade)
        candidates.append(
            Candidate(
                key=key,
                calls_saved=saved,
                possible_calls_saved=possible,
                elapsed_ns=sums.elapsed_ns,
                is_low=not sums.asked and not saved and sums.unproven == sums.may_have_changed,
                is_shown=bool(sums.shown) or not whole.is_narrowed,
                describe=partial(describer.describe, key, sums, grade),
                is_of_tests=text in of_tests,
            )
        )
    return candidates


def _count_saved(sums: RepeatSums, grade: Grade) -> tuple[int, int]:
    """What a finding's fix saves, and what it saves with what is unproven."""
    if grade == "constant":
        return 0, sums.possible + sums.possible_if_constant
    return sums.saved, sums.saved + sums.possible


class _Describer:
    """Describes findings; what it needs of all of them is listed when the first is described."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole
        self._part: RepeatsPart = whole[KIND_KEY]

    @cached_property
    def _circumstances(self) -> ListedCircumstances:
        return list_circumstances(self._part.circumstances)

    @cached_property
    def _pairs(self) -> dict[str, Rows[RepeatPair]]:
        return _list_pairs(with_proof(self._part.pairs, self._whole.grades))

    @cached_property
    def _sizes(self) -> dict[str, tuple[int, ...]]:
        return _list_sizes(self._part.sizes)

    def describe(self, key: Key, sums: RepeatSums, grade: Grade) -> Finding:
        """One finding."""
        text, around = key.text(), self._circumstances
        saved, possible = _count_saved(sums, grade)
        confidence, reason = state_confidence(sums, grade)
        is_again, is_constant = key.kind == "again", grade == "constant"
        saving_ns, range_ns = (0, 0) if is_constant else (sums.saving_ns, sums.saving_range_ns)
        return Finding(
            fingerprint=key.fingerprint(),
            kind="again" if is_again else "shared",
            function=key.function,
            callers=key.callers[:ROW_LIMIT],
            caller_count=len(key.callers),
            param_names=key.param_names,
            calls=sums.repeats + sums.lookups,
            repeats=sums.repeats,
            unchanged=sums.unchanged,
            changed=sums.changed,
            unproven=sums.unproven,
            may_have_changed=sums.may_have_changed,
            cached=sums.cached,
            own_calls=sums.own,
            handed_on_calls=0 if is_constant else sums.handed_on if is_again else sums.saved_handed_on,
            calls_saved=saved,
            possible_calls_saved=possible,
            evidence_grade=grade,
            elapsed_ns=sums.elapsed_ns,
            elapsed_upper_ns=sums.elapsed_ns + sums.resolution_ns,
            saving_ns=saving_ns,
            saving_upper_ns=saving_ns + range_ns,
            lookups=sums.lookups,
            worst=self._sizes[text],
            pairs=self._pairs[text],
            sequential=sums.sequential,
            sequential_own=sums.sequential_own,
            negative=sums.negative,
            at=around.places.get(text, Rows()),
            via=around.hooks.get(text, ()),
            confidence=confidence,
            reason=reason,
            tests=around.tests.get(text, Rows()),
        )


def state_confidence(sums: RepeatSums, grade: Grade) -> tuple[Confidence, str]:
    """How sure it is that repeats needn't have been made, and why."""
    changed, unproven, written = sums.changed, sums.unproven, sums.may_have_changed
    handed_on = sums.saved_handed_on if grade != "constant" else 0
    others = [f"{changed:,} changed"] * (changed > 0) + [f"{unproven:,} without evidence"] * (unproven > 0)
    beside = f"; {' and '.join(others)}" if others else ""
    if asked := sums.asked or handed_on:
        same = f"{format_counted(asked, 'repeat')} got the answer of the call before{beside}"
        doubt = _find_doubt(sums, asked)
        if grade in SURE_GRADES and doubt is None:
            return "sure", same
        return "likely", f"{same}; {doubt or _WOULD_NOT_SHOW}"
    if unproven > written:
        what = (
            "every call gives the same answer, which proves nothing"
            if grade == "constant"
            else "no result is recorded to tell whether the answer changed"
        )
        return "likely", f"{what}{f'; {changed:,} changed' if changed else ''}"
    if unproven:
        return "low", "something was written to the same resource before each repeat: the answer may have changed"
    if sums.cached:
        return "low", "a cache answered every repeat: nothing is asked that could be left out"
    return "low", "every answer had changed: asking again was right, unless the caller made the change itself"


def _find_doubt(sums: RepeatSums, asked: int) -> str | None:
    """Why most of the repeats that got the answer of the call before may have been right to ask."""
    if max(sums.awaited + sums.pending, sums.tableless) * 2 <= asked:
        return None
    if sums.tableless >= sums.awaited + sums.pending:
        return "no table is asked: each call may do something, as taking a lock does"
    if sums.awaited >= sums.pending:
        return "nothing else was asked until it changed: it may wait for that"
    return "one line asks for it in a row, and for nothing else: it may wait for another answer"


def _list_pairs(table: Table) -> dict[str, Rows[RepeatPair]]:
    found: dict[str, list[RepeatPair]] = {}
    columns = ("finding", "previous_caller", "caller", "unchanged", "changed", "unproven", "own", "handed_on")
    for text, previous, caller, unchanged, changed, unproven, own, handed_on in table.rows(*columns):
        pair = RepeatPair(
            previous_caller=previous,
            caller=caller,
            unchanged=unchanged,
            changed=changed,
            unproven=unproven,
            own=own,
            handed_on=handed_on,
        )
        found.setdefault(text, []).append(pair)
    for rows in found.values():
        rows.sort(
            key=lambda row: (
                -row.unchanged,
                -row.unproven,
                -row.changed,
                caller_rank(row.previous_caller),
                caller_rank(row.caller),
            )
        )
    return {text: keep_rows(rows, NESTED_ROW_LIMIT) for text, rows in found.items()}


def _list_sizes(table: Table) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for text, size, groups in table.rows("finding", "size", "groups"):
        found.setdefault(text, []).extend([size] * min(groups, WORST_LIMIT))
    return {text: tuple(sorted(sizes, reverse=True)[:WORST_LIMIT]) for text, sizes in found.items()}


def list_unit_amounts(whole: Whole) -> list[UnitAmount]:
    """What each unit adds to each finding."""
    part: RepeatsPart = whole[KIND_KEY]
    rows = part.circumstances.units.rows("process", "unit", "finding", "repeats")
    return [UnitAmount(process, unit, key, repeats, 0) for process, unit, key, repeats in rows]


KIND: Final = FindingKind(
    KIND_KEY,
    measure_repeat_findings,
    merge_repeat_findings,
    find_repeat_findings,
    list_unit_amounts,
    detail=choose_repeat_evidence,
)
