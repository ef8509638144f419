"""What the tests' own code asks and writes stands behind what the program asks."""

import pytest

from tests.coded_calls import report_of
from tests.oracle import find_processes, read_lines
from tracereport.calls.test_files import is_of_tests
from tracereport.model import Finding, Settings


@pytest.mark.parametrize(
    "place",
    [
        "tests/test_api.py:3",
        "backend/tests/helpers/rows.py:3",
        "shop/tests.py:3",
        "shop/test_views.py:3",
        "shop/views_test.py:3",
        "conftest.py:3",
        "shop/factories.py:3",
        "src/pages.test.ts:3",
        "src/__tests__/pages.js:3",
        "src/pages.spec.mjs:3",
        "store/rows_test.go:3",
        "spec/models/order_spec.rb:3",
        "src/test/java/OrderTest.java:3",
        "crates\\store\\tests\\rows.rs:3",
    ],
)
def test_files_of_tests_are_known_by_their_names(place: str) -> None:
    assert is_of_tests(place)


@pytest.mark.parametrize(
    "place",
    ["app/main.py:3", "app/latest.py:3", "contest/views.py:3", "app/testimonials.py:3", "src/attest.ts:3", "x:3"],
)
def test_files_of_the_program_are_none(place: str) -> None:
    assert not is_of_tests(place)


def findings(*places: str) -> list[Finding]:
    """Of a test that writes twelve rows at each of some places, and asks seven times for what one question gives."""
    lines = ["0|test|caller=pytest|elapsed_us=9|frame=1|via=pytest|parent=none"]
    rows = [
        f"insert rows|caller=arrange|n={n}|elapsed_us=9|write=rows|at={place}" for place in places for n in range(12)
    ]
    asked = [f"select rows|caller=page|id={n}|elapsed_us=9|at=app/main.py:7" for n in range(8)]
    lines += [f"{number}|{line}|parent=0" for number, line in enumerate([*rows, *asked], start=1)]
    log = "\n".join(f"PERF_TRACE|{line}" for line in lines)
    return list(report_of(find_processes(read_lines(log.encode())), Settings()).findings.rows)


def test_what_a_test_arranges_stands_behind_what_the_program_asks() -> None:
    first, second = findings("tests/test_api.py:3")
    assert (first.function, second.function) == ("select rows", "insert rows")
    assert (second.calls_saved, second.confidence) == (11, "sure")
    assert second.reason.endswith("; the tests' own code asks, so it stands behind what the program asks")


def test_what_the_program_does_as_well_stands_where_it_would() -> None:
    first, second = findings("tests/test_api.py:3", "app/rows.py:3")
    assert (first.function, second.function) == ("insert rows", "select rows")
    assert "tests' own" not in first.reason
