"""What a reader must know of units of work: which calls are judged, within what, and what units ask together."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from tracereport.measures.interface import Whole
from tracereport.model import QualityWarning
from tracereport.wording.phrases import format_counted

if TYPE_CHECKING:
    from tracereport.measures.processes import ProcessesPart
    from tracereport.measures.totals import TotalsPart


def describe_units(whole: Whole, notices: Mapping[str, int], interleaved: int) -> Iterator[QualityWarning]:
    """Calls outside of tests, tests that aren't known, and lookups that several units ask for.

    Args:
        whole: all measures.
        notices: how often the sources saw what is worth one, by code.
        interleaved: calls of processes that wrote at the same time.
    """
    part: ProcessesPart = whole["processes"]
    units = part.units
    judged, kinds = units.sums["judged"] > 0, np.array(units.key["kind"].decode())
    outside = int(whole.edges.sums["calls"].sum()) - int(units.sums["calls"][judged].sum()) - interleaved
    if outside:
        knows_tests = bool((kinds[judged] == "test").any())
        yield QualityWarning(
            code="outside-tests" if knows_tests else "no-tests",
            message=f"{format_counted(outside, 'call')} outside of tests, or to set them up and tear them down: "
            f"counted and not judged{'' if knows_tests else ', and no test itself called anything'}.",
            remedy="Nothing to do; --unit process judges them, too."
            if knows_tests
            else "Look whether the tests got as far as to call what is traced; --unit process judges the others.",
            count=outside,
            misleading=not knows_tests,
        )
    wanted = whole.settings.unit
    if wanted is None and judged.any() and (kinds[judged] == "process").all() and _is_of_tests(notices):
        yield QualityWarning(
            code="whole-processes",
            message=f"No test is known in {format_counted(int(judged.sum()), 'process', 'processes')}: "
            "repeats are judged within whole processes.",
            remedy="To judge test by test, run one thread with its output combined (-- --test-threads=1 2>&1), "
            "or cargo-nextest.",
            count=int(judged.sum()),
            misleading=False,
        )
    yield from _describe_across(whole, kinds[judged])


def _is_of_tests(notices: Mapping[str, int]) -> bool:
    return bool(notices.get("cargo"))


def _describe_across(whole: Whole, kinds: np.ndarray) -> Iterator[QualityWarning]:
    """What several tests (or roots) of a process ask for: none of it is a repeat."""
    part: TotalsPart = whole["totals"]
    if lookups := part.across_units_lookups:
        tests = int(np.count_nonzero(kinds == "test"))
        one, many = ("test", "tests") if tests else ("root call", "root calls")
        count = tests or int(np.count_nonzero(kinds == "root"))
        yield QualityWarning(
            code="across-units",
            message=f"Across {many}: {format_counted(lookups, 'lookup is', 'lookups are')} asked in more than one of "
            f"{format_counted(count, one, many)}. None of that counts as a repeat.",
            remedy="Nothing to do; what one cache for all would answer is told by the cache curves.",
            count=lookups,
            misleading=False,
        )
