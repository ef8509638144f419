"""What a line says of its call behind the elapsed time, beside the answer: place, process, test, try, kind."""

from pathlib import Path

import pytest

from tracereport.calls.calls import (
    ANSWER_KINDS,
    CALL_KINDS,
    EVERYTHING,
    NO_ACTIVATION,
    NO_PARENT,
    NO_TEXT,
    PHASES,
    Calls,
)
from tracereport.sources.perf_trace.reader import read_log

RESERVED = (
    "parent=3|test=tests/test_a.py::test_b[x=1]|try=2|phase=setup|process=71|at=shop/views.py:12|via=django"
    "|activation=9|write=orders|failed=1"
)


def read(folder: Path, *lines: str) -> Calls:
    path = folder / "reserved.log"
    path.write_text("".join(f"PERF_TRACE|{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return read_log([str(path)])


def text_of(calls: Calls, code: int) -> str | None:
    return None if code == NO_TEXT else calls.origins.texts[code]


@pytest.mark.parametrize("behind", ["rows=1|{}", "{}|rows=1", "a|rows=1|{}"])
def test_reserved_fields_say_more_of_the_call_and_are_no_metrics(tmp_path: Path, behind: str) -> None:
    calls = read(tmp_path, f"4|load|id=1|elapsed_us=5|{behind.format(RESERVED)}")
    assert [(metric.name, metric.value) for metric in calls.metric_sets.metrics_of(0)] in (
        [("rows", 1)],
        [("a|rows", 1)],
    )
    assert calls.tests[calls.test[0]] == "tests/test_a.py::test_b[x=1]"
    origins = calls.origins
    assert (origins.attempt[0], PHASES[origins.phase[0]]) == (2, "setup")
    assert text_of(calls, origins.at[0]) == "shop/views.py:12"
    assert text_of(calls, origins.via[0]) == "django"
    assert (CALL_KINDS[calls.kind[0]], calls.resources[origins.writes[0]]) == ("write", "orders")
    assert ANSWER_KINDS[origins.answer[0]] == "failed"
    assert calls.activation is not None
    assert calls.activation.tolist() == [9]
    assert calls.facts is not None
    assert calls.facts.notices == {}


def test_a_line_without_them_says_nothing_more(tmp_path: Path) -> None:
    calls = read(tmp_path, "0|load|id=1|elapsed_us=5|rows=1")
    assert calls.activation is None
    assert len(calls.origins.kind) == 1
    assert (calls.origins.at[0], calls.origins.via[0], calls.origins.writes[0]) == (NO_TEXT, NO_TEXT, NO_TEXT)
    assert (calls.origins.attempt[0], PHASES[calls.origins.phase[0]]) == (0, "")


def test_frames_and_cached_answers_are_told_apart(tmp_path: Path) -> None:
    calls = read(
        tmp_path, "0|request|elapsed_us=5|frame=1", "1|load|elapsed_us=5|cached=1", "2|load|elapsed_us=5|frame=0"
    )
    assert [CALL_KINDS[kind] for kind in calls.kind] == ["frame", "question", "question"]
    assert [ANSWER_KINDS[answer] for answer in calls.origins.answer[calls.origin]] == ["", "cached", ""]
    assert calls.metric_sets.names == ()


def test_a_flag_with_another_number_counts_something(tmp_path: Path) -> None:
    calls = read(tmp_path, "0|load|elapsed_us=5|cached=37|failed=2")
    assert [(metric.name, metric.value) for metric in calls.metric_sets.metrics_of(0)] == [
        ("cached", 37),
        ("failed", 2),
    ]
    assert ANSWER_KINDS[calls.origins.answer[0]] == ""


@pytest.mark.parametrize("field", ["try=x", "phase=later", "process=", "activation=-1", "at=", "via=", "write="])
def test_a_value_that_cannot_be_is_dropped_and_counted(tmp_path: Path, field: str) -> None:
    calls = read(tmp_path, f"0|load|elapsed_us=5|{field}|rows=1")
    assert calls.facts is not None
    assert calls.facts.notices == {"dropped-metrics": 1}
    assert calls.metric_sets.names == ("rows",)


def test_before_the_elapsed_time_they_are_parameters_like_others(tmp_path: Path) -> None:
    calls = read(tmp_path, "0|load|process=7|at=a.py:3|write=orders|elapsed_us=5")
    assert [param.name for param in calls.params_of(0)] == ["process", "at", "write"]
    assert CALL_KINDS[calls.kind[0]] == "question"


def test_a_write_names_its_resource_or_touches_everything(tmp_path: Path) -> None:
    calls = read(
        tmp_path,
        "0|save|elapsed_us=5|write=1",
        '1|save|elapsed_us=5|write="Orders"',
        "2|select orders|elapsed_us=5",
        "3|save|elapsed_us=5|write=Cache",
        "4|Cache|elapsed_us=5",
        "5|save|elapsed_us=5|write=0",
    )
    writes = calls.origins.writes[calls.origin]
    assert writes[0] == EVERYTHING
    asked = calls.lookups.resource[calls.lookup]
    assert (writes[1], writes[3]) == (asked[2], asked[4])
    assert [CALL_KINDS[kind] for kind in calls.kind] == ["write", "write", "question", "write", "question", "question"]


def test_what_an_older_hook_counted_writes_by_is_no_part_of_the_question(tmp_path: Path) -> None:
    calls = read(
        tmp_path,
        "0|insert items|sql=INSERT INTO items VALUES (?)|write=1|elapsed_us=5",
        "1|insert items|sql=INSERT INTO items VALUES (?)|write=2|elapsed_us=5",
        "2|put|write=3|elapsed_us=5",
    )
    assert calls.lookup.tolist() == [0, 0, 1]
    assert [param.name for param in calls.params_of(0)] == ["sql"]
    assert [param.name for param in calls.params_of(1)] == ["write"]


def test_escapes_are_undone_in_places_and_names(tmp_path: Path) -> None:
    calls = read(
        tmp_path,
        r"0|load|elapsed_us=5|at=a\x7cb.py:1|escaped=1",
        r"1|load|elapsed_us=5|at=a\x7cb.py:1",
        r"2|load|elapsed_us=5|odd|rows=1|at=a\x7cb.py:1|escaped=1",
    )
    places = [text_of(calls, code) for code in calls.origins.at[calls.origin]]
    assert places == ["a|b.py:1", r"a\x7cb.py:1", "a|b.py:1"]


def test_the_last_of_several_counts(tmp_path: Path) -> None:
    calls = read(
        tmp_path,
        "0|load|elapsed_us=5|at=a.py:1|parent=7|at=b.py:2|parent=none|try=1|try=3|activation=1|activation=2",
    )
    assert text_of(calls, calls.origins.at[0]) == "b.py:2"
    assert calls.parent.tolist() == [NO_PARENT]
    assert calls.origins.attempt.tolist() == [3]
    assert calls.activation is not None
    assert calls.activation.tolist() == [2]


def test_processes_that_say_who_they_are_may_write_at_the_same_time(tmp_path: Path) -> None:
    lines = [f"{number}|load|id={number}|elapsed_us=5|process={own}" for number in range(4) for own in (11, 12, 13)]
    calls = read(tmp_path, *lines)
    assert calls.process.tolist() == [0, 1, 2] * 4
    assert calls.processes.judged.tolist() == [True] * 3
    assert calls.line.tolist() == list(range(1, 13))


def test_trees_of_processes_that_write_at_the_same_time(tmp_path: Path) -> None:
    nested = ("2|c|caller=b", "1|b|caller=a", "0|a|caller=main")
    calls = read(tmp_path, *(f"{line}|elapsed_us=5|process={own}" for line in nested for own in (8, 9)))
    assert calls.processes.has_tree("nested").all()
    assert calls.parent.tolist() == [1, 1, 0, 0, NO_PARENT, NO_PARENT]


def test_lines_that_do_not_say_their_process_are_read_by_their_numbers(tmp_path: Path) -> None:
    calls = read(
        tmp_path,
        "0|load|elapsed_us=5",
        "0|load|elapsed_us=5|process=5",
        "1|load|elapsed_us=5",
        "1|load|elapsed_us=5|process=5",
        *(f"{number}|load|elapsed_us=5" for number in (0, 1, 2)),
    )
    assert calls.process.tolist() == [0, 1, 0, 1, 2, 2, 2]
    assert calls.processes.judged.all()


def test_a_process_number_may_be_given_again(tmp_path: Path) -> None:
    calls = read(tmp_path, *(f"{number}|load|elapsed_us=5|process=1" for number in (0, 1, 0, 1, 2)))
    assert calls.process.tolist() == [0, 0, 1, 1, 1]


def test_runs_of_the_calling_function_are_known_where_some_lines_tell(tmp_path: Path) -> None:
    calls = read(tmp_path, "0|load|elapsed_us=5", "1|load|elapsed_us=5|activation=4")
    assert calls.activation is not None
    assert calls.activation.tolist() == [NO_ACTIVATION, 4]
