"""Commits planted into a real suite: the history names the run of each, and no other."""

from functools import cache

import pytest

from tests.planted_history import RUNS, planted_history, planted_suites
from tracereport.model.history import History
from tracereport.wording.sentences import describe_place


@cache
def history() -> History:
    return planted_history()


def test_the_runs_that_changed_something_are_the_planted_ones() -> None:
    assert history().runs.total == history().compared_runs == RUNS
    assert sorted(change.run for change in history().changes.rows) == sorted(set(planted_suites()) - {0})


@pytest.mark.parametrize(
    ("said", "state", "steps"),
    [
        ("`load_directory_entries` asks `query_records` once for each `id`", "new", [(20, 23, 162), (11, 0, 23)]),
        ("`check_quota` asks `load_node` once for each `id`", "new", [(17, 0, 5)]),
        ("`metadata` asks `query_records` again", "gone", [(26, 195, 0)]),
        ("`get_next_version_for_node` asks `query_records` again", "gone", [(6, 147, 0)]),
    ],
)
def test_each_planted_finding_came_grew_or_went_with_its_commit(
    said: str, state: str, steps: list[tuple[int, int, int]]
) -> None:
    (row,) = [row for row in history().findings.rows if describe_place(row, "`{}`".format) == said]
    assert row.state == state
    assert [(step.run, step.before, step.after) for step in row.steps.rows] == steps


def test_a_function_comes_with_its_commit() -> None:
    came = {row.function: row.first_run for row in history().functions.rows if row.came}
    assert came["check_quota"] == 17
