"""What a call writes: it reads back exactly, whatever its values are and however it ends."""

import tempfile
import threading
import time
from enum import Enum
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.hostile_values import broken_values, values, write_surrogates
from tests.needs import examples
from tests.running import run_python
from tests.tracing import tracing
from tests.written_lines import RESERVED, read_as_reported, read_written
from tracereport import emit
from tracereport.emit import begin, trace, traced

names = values.map(lambda text: text.replace("=", "-"))
"""A name can't hold the sign that ends it."""
numbers = st.integers(0, 2**64 - 1)


@settings(max_examples=examples(150), deadline=None)
@example(function="f", params=[("key", "PERF_TRACE")], test=None)
@example(function="f", params=[], test="PERF_TRACE")
@given(function=values, params=st.lists(st.tuples(names, values), max_size=4), test=st.none() | values)
def test_hostile_texts_read_back_exactly(function: str, params: list[tuple[str, str]], test: str | None) -> None:
    params = [(name, value) for name, value in params if name != "caller"]
    with tracing() as calls:
        emit.name_test(test)
        begin(function, params, caller=function).finish()
        emit.name_test(None)
    [call] = calls
    assert (call.function, call.caller, call.test) == (function, function, test)
    assert call.params == tuple(params)


@settings(max_examples=40, deadline=None)
@example(texts=[("f", [], "5"), ("f|", [], "18446744073709551615")])
@given(texts=st.lists(st.tuples(values, st.lists(st.tuples(names, values), max_size=3), st.none() | names), max_size=9))
def test_the_program_s_own_reader_reads_the_same(texts: list[tuple[str, list[tuple[str, str]], str | None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "perf_trace.log")
        emit.start(str(log))
        for function, params, test in texts:
            emit.name_test(test)
            begin(function, params, caller=function).finish()
        emit.name_test(None)
        emit.stop()
        if texts:
            assert read_as_reported(log) == read_written(log)


@settings(max_examples=50, deadline=None)
@given(metrics=st.dictionaries(st.from_regex(r"[a-z_]+", fullmatch=True), numbers, max_size=4))
def test_metrics_read_back_exactly(metrics: dict[str, int]) -> None:
    with tracing() as calls, trace("f") as call:
        call.record(**metrics)
    renamed = {"elapsed_ms", "elapsed_us", "elapsed_ns", "elapsed_s", "parent", "escaped", "test", *RESERVED}
    assert calls[0].metrics == {f"{name}_" if name in renamed else name: value for name, value in metrics.items()}


@pytest.mark.parametrize("name", ["elapsed_ms", "elapsed_us", "elapsed_ns", "elapsed_s"])
def test_a_name_that_the_line_uses_itself_gets_an_underscore(name: str) -> None:
    with tracing() as calls, trace("f", **{name: 3}) as call:
        call.record(**{name: 4, "parent": 5, "escaped": 1, "rows": 6})
    assert calls[0].params == ((f"{name}_", "3"),)
    assert calls[0].metrics == {f"{name}_": 4, "parent_": 5, "escaped_": 1, "rows": 6}


@settings(deadline=None)
@given(function=broken_values, value=broken_values)
def test_lone_surrogates_are_written_as_their_escapes(function: str, value: str) -> None:
    with tracing() as calls:
        begin(function, [("name", value)], "caller").finish()
    assert (calls[0].function, calls[0].params) == (write_surrogates(function), (("name", write_surrogates(value)),))


def test_values_are_written_as_str_gives_them_and_flags_as_numbers() -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise RuntimeError

    class Colour(Enum):
        RED = 1

    with (
        tracing() as calls,
        trace("f", none=None, flag=True, path=Path("a"), colour=Colour.RED, bad=Unprintable()) as call,
    ):
        call.record(found=True, missing=False)
    assert calls[0].params == (
        ("none", "None"),
        ("flag", "True"),
        ("path", "a"),
        ("colour", "Colour.RED"),
        ("bad", "<unprintable Unprintable>"),
    )
    assert calls[0].metrics == {"found": 1, "missing": 0}


def test_metrics_that_are_no_unsigned_64_bit_integers_are_left_out() -> None:
    with tracing() as calls, trace("f") as call:
        call.record(rows=-1, size=2**64, half=0.5, nothing=None, text="5", endless_us=float("inf"))  # type: ignore[arg-type]
        call.record(huge=10**5000, query_us=12.75, largest=2**64 - 1)
    assert calls[0].metrics == {"query_us": 12, "largest": 2**64 - 1}


def test_what_cannot_be_written_does_not_stop_the_program() -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise RuntimeError

        __repr__ = __str__

    with tracing() as calls:
        with trace("f", caller=Unprintable(), huge=10**5000) as call:
            call.record(rows=Unprintable())  # type: ignore[arg-type]
        begin(5, [(6, 7)], None).finish()  # type: ignore[arg-type, list-item]
        emit.name_test("a\ud800b\0")
        with trace("g"):
            pass
        child = run_python("import os; print(ascii(os.environ['PERF_TRACE_TEST']))").stdout
        emit.name_test(None)
    assert [(call.function, call.params, call.metrics) for call in calls] == [
        ("f", (("huge", "<unprintable int>"),), {}),
        ("5", (("6", "7"),), {}),
        ("g", (), {}),
    ]
    assert (calls[0].caller, calls[2].test) == ("<unprintable Unprintable>", "a\\ud800b\0")
    assert child == ascii("a\\ud800b") + "\n"


def test_numbers_are_given_at_the_start_and_lines_written_at_the_end() -> None:
    with tracing() as calls, trace("a"), trace("b"):
        with trace("c"):
            pass
        with trace("d"):
            pass
    assert [(call.number, call.function, call.parent) for call in calls] == [
        (2, "c", 1),
        (3, "d", 1),
        (1, "b", 0),
        (0, "a", None),
    ]


def test_elapsed_is_the_time_of_the_block_in_microseconds() -> None:
    started_ns = time.perf_counter_ns()
    with tracing() as calls, trace("f"):
        threading.Event().wait(0.02)
    assert 20_000 <= calls[0].elapsed_us <= (time.perf_counter_ns() - started_ns) / 1000


class Interrupted(BaseException):
    pass


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, Interrupted])
def test_a_call_that_ends_by_an_exception_is_written(error: type[BaseException]) -> None:
    @traced
    def fail() -> None:
        raise error

    with tracing() as calls:
        with pytest.raises(error), trace("f"):
            fail()
        with trace("after"):
            pass
    assert [(call.function.rpartition(".")[2], call.parent) for call in calls] == [
        ("fail", 0),
        ("f", None),
        ("after", None),
    ]


def test_calls_may_end_in_any_order() -> None:
    with tracing() as calls:
        first, second = begin("first", [], None), begin("second", [], None)
        first.finish()
        begin("inside", [], None).finish()
        second.finish()
        begin("after", [], None).finish()
    assert [(call.function, call.parent) for call in calls] == [
        ("first", None),
        ("inside", 1),
        ("second", 0),
        ("after", None),
    ]


def test_while_it_is_off_nothing_is_done() -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise AssertionError

    assert not emit.is_on()
    with trace("f", value=Unprintable()) as call:
        call.record(rows=1)
    begin("f", [("value", Unprintable())], None).finish()
