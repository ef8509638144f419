"""What is asked for more than once: which rows of equal counts come first is told by their names alone."""

import random

import pytest

from tests.coded_calls import report_on

CALLERS = ("walk", "open", None, "list")
VALUES = ("b", "a|x", "a", "a|y", "c")


def lines_in_any_order(seed: int) -> list[str]:
    asked = [(caller, value) for caller in CALLERS for value in VALUES] * 2
    random.Random(seed).shuffle(asked)  # noqa: S311
    return [
        f"{number}|get|{'' if caller is None else f'caller={caller}|'}id={value}|elapsed_ms=1"
        for number, (caller, value) in enumerate(asked)
    ]


@pytest.mark.parametrize("limit", [1_000, 7])
def test_equal_counts_stand_in_the_order_of_their_names_whatever_came_first(limit: int) -> None:
    expected = [
        (value, caller)
        for value in sorted(VALUES)
        for caller in sorted(CALLERS, key=lambda caller: (caller is None, caller or ""))
    ]
    for seed in range(5):
        report = report_on(*lines_in_any_order(seed), row_limit=limit)
        for section in (report.redundant_signatures, report.cache_candidates):
            found = [(row.params[0].value, row.caller) for row in section.rows]
            assert found == (expected[:limit] if section.total else [])
        assert [row.params[0].value for row in report.redundant_lookups.rows] == sorted(VALUES)[:limit]
