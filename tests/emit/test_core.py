"""The Python emitter: what it writes reads back exactly, whatever happens around and inside the call."""

import asyncio
import inspect
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from enum import Enum
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.hostile_values import broken_values, values, write_surrogates
from tests.written_lines import RESERVED, WrittenCall, read_as_reported, read_line, read_written
from tracereport import emit
from tracereport.command.emitter_files import read_emitter
from tracereport.emit import begin, digest, found, size, trace, traced

names = values.map(lambda text: text.replace("=", "-"))
"""A name can't hold the sign that ends it."""
numbers = st.integers(0, 2**64 - 1)


@contextmanager
def tracing() -> Iterator[list[WrittenCall]]:
    calls: list[WrittenCall] = []
    with tempfile.TemporaryDirectory() as folder:
        emit.start(f"{folder}/perf_trace.log")
        try:
            yield calls
        finally:
            emit.stop()
            calls += read_written(Path(folder, "perf_trace.log"))


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


@settings(max_examples=150, deadline=None)
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


WITHOUT_A_FRAME = """
import _thread, atexit, weakref
from tracereport.emit import trace, traced

@traced
def work(key):
    print("worked", key, flush=True)

done = _thread.allocate_lock()
done.acquire()
_thread.start_new_thread(traced(lambda: (work(1), done.release())), ())
done.acquire()
atexit.register(work, 2)
_thread.start_new_thread(trace, ("alone",))
"""


def test_a_call_that_no_python_code_makes_is_made() -> None:
    done = run_python(WITHOUT_A_FRAME, PERF_TRACE="1")
    assert (done.returncode, done.stdout) == (0, "worked 1\nworked 2\n")
    lines = [read_line(line) for line in done.stderr.splitlines()]
    assert [(call.function, call.caller) for call in lines] == [
        ("work", "<lambda>"),
        ("<lambda>", "unknown"),
        ("work", "unknown"),
    ]


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
    with tracing() as calls, trace("f"):
        threading.Event().wait(0.02)
    assert 20_000 <= calls[0].elapsed_us < 5_000_000


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


def test_the_decorator_logs_one_question_in_one_form() -> None:
    class Shop:
        @traced
        def price(self, product: int, currency: str = "EUR", *, gross: bool = False) -> int:  # noqa: ARG002
            return product

    with tracing() as calls:
        assert Shop().price(3) == Shop().price(product=3, currency="EUR") == Shop().price(3, "EUR", gross=False) == 3
    assert {call.params for call in calls} == {(("product", "3"), ("currency", "EUR"), ("gross", "False"))}
    assert {call.function.split(".", 1)[1] for call in calls} == {"Shop.price"}


def test_the_decorator_takes_a_name_the_params_and_the_result() -> None:
    @traced(name="orders", params=["customer"], result=size)
    def find_orders(connection: object, customer: int) -> list[int]:  # noqa: ARG001
        return [customer] * 3

    with tracing() as calls:
        find_orders(object(), 7)
    assert (calls[0].function, calls[0].params, calls[0].metrics) == ("orders", (("customer", "7"),), {"size": 3})


def test_the_decorator_reads_arguments_as_the_function_does() -> None:
    def every_kind(first: int, /, second: int = 2, *rest: int, third: int, fourth: int = 4, **others: int) -> None: ...

    bind = inspect.signature(every_kind).bind
    expected: list[tuple[tuple[str, str], ...]] = []
    with tracing() as calls:
        for args, kwargs in [
            ((1,), {"third": 3}),
            ((1, 5, 6, 7), {"third": 3, "fifth": 5}),
            ((1,), {"third": 0, "second": 9}),
        ]:
            traced(every_kind)(*args, **kwargs)
            bound = bind(*args, **kwargs)
            bound.apply_defaults()
            expected.append(tuple((name, str(value)) for name, value in bound.arguments.items()))
    assert [call.params for call in calls] == expected


def test_results_are_told_apart() -> None:
    assert size(None) == {"size": 0}
    assert size([1, 2]) == {"size": 2}
    assert found(None) == {"found": 0}
    assert found(0) == {"found": 1}
    assert digest([1, "a"]) == digest([1, "a"]) != digest([1, "b"])
    assert 0 <= digest(None)["digest"] < 2**63


def test_a_result_that_cannot_be_measured_is_left_out() -> None:
    @traced(result=lambda returned: {"size": len(returned)})
    def nothing() -> None: ...

    with tracing() as calls:
        nothing()
    assert calls[0].metrics == {}


def test_wrong_arguments_fail_as_they_would_untraced() -> None:
    @traced
    def one(argument: int) -> int:
        return argument

    with tracing(), pytest.raises(TypeError, match=r"one\(\) missing 1 required positional argument: 'argument'"):
        one()  # type: ignore[call-arg]


def test_a_generator_is_left_at_each_yield() -> None:
    @traced
    def read_rows(count: int) -> Generator[int, str, str]:
        inner_function(0)
        told = ""
        for row in range(count):
            told += str((yield row))
        return told

    def consume() -> Generator[int, str, str]:
        for _ in read_rows(2):
            with trace("save"):
                pass
        return (yield from read_rows(1))

    with tracing() as calls:
        with trace("job"):
            assert list(consume()) == [0]
            for _ in zip(read_rows(3), read_rows(4), strict=False):
                with trace("pair"):
                    pass
        with trace("after"):
            pass
    by_number = {call.number: call for call in calls}
    reads = [call for call in calls if call.function.endswith("read_rows")]
    assert [(call.parent, call.metrics) for call in reads] == [
        (0, {"yielded": 2}),
        (0, {"yielded": 1}),
        (0, {"yielded": 3}),
        (0, {"yielded": 3}),
    ]
    assert [call.caller.rpartition(".")[2] for call in reads[:2]] == ["consume", "consume"]
    for call in calls:
        if call.function == "inner_function":
            assert call.parent is not None
            assert by_number[call.parent] in reads
        elif call.function in ("save", "pair"):
            assert call.parent == 0
    assert [call.parent for call in calls if call.function == "after"] == [None]


def test_a_traced_generator_behaves_as_one_and_its_consumer_s_time_is_not_its_own() -> None:
    @traced
    def echo() -> Generator[object, object, str]:
        received = yield "first"
        try:
            received = yield received
        except ValueError as error:
            received = error
        yield received
        return "end"

    def step_through() -> list[object]:
        generator = echo()
        steps: list[object] = [next(generator), generator.send("sent")]
        steps.append(repr(generator.throw(ValueError("thrown"))))
        threading.Event().wait(0.05)
        with pytest.raises(StopIteration, match="end"):
            next(generator)
        closed = echo()
        next(closed)
        closed.close()
        return steps

    assert inspect.isgeneratorfunction(echo)
    untraced = step_through()
    with tracing() as calls:
        assert step_through() == untraced
    assert [call.metrics for call in calls] == [{"yielded": 3}, {"yielded": 1}]
    assert calls[0].elapsed_us < 50_000


def test_a_call_that_is_held_over_a_yield_inside_a_traced_generator_stays_inside() -> None:
    @traced
    def read_rows() -> Iterator[int]:
        with trace("transaction"):
            yield 1
            inner_function(0)

    with tracing() as calls, trace("job"):
        for _ in read_rows():
            with trace("save"):
                pass
    assert [(call.function.rpartition(".")[2], call.number, call.parent) for call in calls] == [
        ("save", 3, 0),
        ("inner_function", 4, 2),
        ("transaction", 2, 1),
        ("read_rows", 1, 0),
        ("job", 0, None),
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


def test_whatever_is_called_can_be_decorated() -> None:
    class Shop:
        @traced
        @staticmethod
        def first(key: int) -> int:
            return key

        @traced(name="second")
        @classmethod
        def second(cls, key: int) -> type:  # noqa: ARG003
            return cls

        def __call__(self, key: int) -> int:
            return key

    with tracing() as calls:
        assert (Shop.first(1), Shop().first(2)) == (1, 2)
        assert Shop.second(3) is Shop
        assert traced(partial(Shop.first, 4))() == 4
        assert traced(name="shop")(Shop())(5) == 5
    assert [(call.function.rpartition(".")[2], call.params) for call in calls if call.params] == [
        ("first", (("key", "1"),)),
        ("first", (("key", "2"),)),
        ("second", (("key", "3"),)),
        ("first", (("key", "4"),)),
        ("shop", (("key", "5"),)),
    ]


def test_a_generator_has_no_other_result() -> None:
    with pytest.raises(TypeError, match="is a generator: its result is how many"):
        traced(result=size)(lambda: (yield))


async def generate() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (generate, "asynchronous generator: trace what it asks for"),
        (property(len), "is no function"),
        (Path("a").joinpath, None),
        (type("Callable", (), {"__call__": len})(), "has no name: give it one"),
    ],
)
def test_what_cannot_be_decorated_is_said(what: Callable[..., object], message: str | None) -> None:
    if message is None:
        traced(what)
    else:
        with pytest.raises(TypeError, match=message):
            traced(what)


def outer_function() -> None:
    with trace("outer_function"):
        inner_function(1)
    with trace(question="q"):
        [inner_function(number) for number in range(2)]
    with trace("a_block"):
        pass


@traced
def inner_function(number: int) -> None:
    if number:
        inner_function(number - 1)


def test_the_caller_is_the_function_that_calls() -> None:
    with tracing() as calls:
        outer_function()
    here = "test_the_caller_is_the_function_that_calls"
    assert [(call.function, call.caller) for call in sorted(calls, key=lambda call: call.number)] == [
        ("outer_function", here),
        ("inner_function", "outer_function"),
        ("inner_function", "inner_function"),
        ("outer_function", here),
        ("inner_function", "outer_function"),
        ("inner_function", "outer_function"),
        ("inner_function", "inner_function"),
        ("a_block", "outer_function"),
    ]


def test_a_caller_can_be_given() -> None:
    with tracing() as calls, trace("f", caller="someone", key=1):
        pass
    assert (calls[0].caller, calls[0].params) == ("someone", (("key", "1"),))


@traced(result=size)
async def load(key: int) -> list[int]:
    with trace("read", key=key):
        await asyncio.sleep(0)
    return [key]


async def page() -> None:
    with trace("page"):
        await asyncio.gather(*(load(key) for key in range(3)))
        await load(3)


def test_tasks_know_their_parents_and_callers() -> None:
    with tracing() as calls:
        asyncio.run(page())
    by_number = {call.number: call for call in calls}
    loads = [call for call in calls if call.function == "load"]
    assert [(call.caller, call.parent, call.metrics) for call in loads] == [("page", 0, {"size": 1})] * 4
    for read in (call for call in calls if call.function == "read"):
        assert read.parent is not None
        assert by_number[read.parent].params == read.params
        assert read.caller == "load"


def test_event_loops_and_thread_pools_are_no_callers() -> None:
    async def main() -> None:
        with trace("outer"):
            await asyncio.to_thread(inner_function, 0)
            await asyncio.gather(asyncio.create_task(block()))

    async def block() -> None:
        with trace():
            pass

    with tracing() as calls:
        asyncio.run(main())
        with ThreadPoolExecutor(1) as pool:
            pool.submit(inner_function, 0).result()
    in_thread, in_task, _, in_pool = calls
    assert in_thread.caller == in_task.caller == "outer"
    assert in_pool.caller == "unknown"


@pytest.mark.parametrize(
    ("module", "caller"),
    [("threading", "unknown"), ("threading_tools", "work"), ("multiprocessing.pool", "unknown"), ("asyncio_x", "work")],
)
def test_only_the_schedulers_own_packages_are_no_callers(module: str, caller: str) -> None:
    names = {"inner_function": inner_function, "__name__": module}
    exec("def work(): inner_function(0)", names)  # noqa: S102  # in a module of that name
    with tracing() as calls:
        names["work"]()  # type: ignore[operator]
    assert [call.caller for call in calls] == [caller]


def test_frameworks_see_a_coroutine_function() -> None:
    assert asyncio.iscoroutinefunction(load) if sys.version_info < (3, 12) else inspect.iscoroutinefunction(load)


def test_a_call_that_has_ended_is_no_parent() -> None:
    async def worker(go_on: asyncio.Event) -> None:
        await go_on.wait()
        with trace("work"):
            pass

    async def main() -> None:
        go_on = asyncio.Event()
        with trace("startup"):
            task = asyncio.create_task(worker(go_on))
            await asyncio.sleep(0)
        go_on.set()
        await task

    with tracing() as calls:
        asyncio.run(main())
    assert [(call.function, call.parent) for call in calls] == [("startup", None), ("work", None)]


def test_a_task_that_outlives_its_call_belongs_to_the_next_one_around() -> None:
    async def page(tasks: list[asyncio.Task[None]]) -> None:
        with trace("page"):
            tasks.append(asyncio.create_task(later()))

    async def later() -> None:
        await asyncio.sleep(0.001)
        with trace("later"):
            inner_function(0)

    async def main() -> None:
        tasks: list[asyncio.Task[None]] = []
        with trace("request"):
            await page(tasks)
            await asyncio.gather(*tasks)

    with tracing() as calls:
        asyncio.run(main())
    assert [(call.function, call.number, call.parent) for call in calls] == [
        ("page", 1, 0),
        ("inner_function", 3, 2),
        ("later", 2, 0),
        ("request", 0, None),
    ]


def test_a_call_can_end_in_another_context_than_it_began_in() -> None:
    with tracing() as calls:
        call = copy_context().run(trace, "f")
        call.finish()
        call.finish()
    assert [call.function for call in calls] == ["f"]


def test_threads_share_the_counter_and_nest_each_by_itself() -> None:
    def work(thread: int) -> None:
        for step in range(100):
            with trace("outer", thread=thread, step=step), trace("inner", thread=thread, step=step):
                pass

    with tracing() as calls, ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert sorted(call.number for call in calls) == list(range(1600))
    by_number = {call.number: call for call in calls}
    for call in calls:
        if call.function == "inner":
            assert call.parent is not None
            assert by_number[call.parent].params == call.params
        else:
            assert call.parent is None


FORKING = """
import os
from tracereport.emit import trace
with trace("before"):
    pass
with trace("around"):
    child = os.fork()
    with trace("child" if child == 0 else "parent"):
        pass
if child:
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_counts_from_zero_in_a_file_of_its_own(tmp_path: Path) -> None:
    done = run_python(FORKING, PERF_TRACE=str(tmp_path / "trace-%p.log"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    logs = [read_written(path) for path in sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_size)]
    assert [[(call.number, call.function, call.parent) for call in log] for log in logs] == [
        [(0, "child", None)],
        [(0, "before", None), (2, "parent", 1), (1, "around", None)],
    ]


def _trace_often(path: str) -> None:
    emit.start(path)
    for step in range(300):
        with trace("step", step=step, text="x" * 50):
            pass


def test_processes_that_share_a_file_tear_no_line(tmp_path: Path) -> None:
    path = tmp_path / "trace.log"
    processes = [multiprocessing.get_context("spawn").Process(target=_trace_often, args=(str(path),)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert sorted(call.number for call in read_written(path)) == sorted(2 * list(range(300)))


CROWDED = """
import os, sys, threading
from tracereport.emit import trace
os.set_blocking(2, sys.argv[1:] == [])
def work(thread):
    for step in range(40):
        with trace("step", thread=thread, step=step, text="x" * 9000):
            pass
threads = [threading.Thread(target=work, args=(thread,)) for thread in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.parametrize("args", [[], ["non-blocking"]])
def test_threads_that_share_a_pipe_tear_and_lose_no_long_line(args: list[str]) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$CROWDED" $1 2>&1 | (sleep 0.3; cat)', sys.executable, *args],
        env={**os.environ, "PERF_TRACE": "1", "CROWDED": CROWDED},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    calls = [read_line(line) for line in done.stdout.splitlines()]
    assert sorted(call.number for call in calls) == list(range(240))


SIGNALLED = """
import signal
from tracereport.emit import trace
def handle(*_):
    with trace("handler"):
        pass
signal.signal(signal.SIGALRM, handle)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for step in range(2000):
    with trace("step", text="x" * 500):
        pass
signal.setitimer(signal.ITIMER_REAL, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs signals")
def test_a_signal_s_handler_can_be_traced() -> None:
    done = run_python(SIGNALLED, PERF_TRACE="1")
    assert done.returncode == 0, done.stderr[-2000:]
    numbers = [read_line(line).number for line in done.stderr.splitlines()]
    assert sorted(numbers) == list(range(len(numbers)))


SIMPLE = "from tracereport.emit import trace\nwith trace('f', key=1): print('out')"


@pytest.mark.parametrize("word", ["", "0", "off", "False"])
def test_off_is_the_default_and_has_words(word: str) -> None:
    done = run_python(SIMPLE, PERF_TRACE=word)
    assert (done.stdout, done.stderr) == ("out\n", "")


@pytest.mark.parametrize("word", ["1", "on", "stderr"])
def test_the_environment_switches_it_on_for_standard_error(word: str) -> None:
    done = run_python(SIMPLE, PERF_TRACE=word)
    assert done.stdout == "out\n"
    assert done.stderr.startswith("PERF_TRACE|0|f|caller=<module>|key=1|elapsed_us=")
    assert re.search(r"\|via=python\|activation=1\|process=\d+\|parent=none\n$", done.stderr)


def test_a_file_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "trace.log"
    for _ in range(2):
        run_python(SIMPLE, PERF_TRACE=str(path))
    assert [call.number for call in read_written(path)] == [0, 0]


def test_a_file_that_cannot_be_written_is_named_and_the_program_goes_on(tmp_path: Path) -> None:
    path = str(tmp_path / "missing" / "trace.log")
    done = run_python(SIMPLE, PERF_TRACE=path)
    assert (done.returncode, done.stdout) == (0, "out\n")
    assert done.stderr == f"PERF_TRACE={path}: No such file or directory; nothing is traced\n"


def test_a_closed_standard_error_does_not_stop_the_program() -> None:
    done = run_python(f"import os; os.close(2)\n{SIMPLE}", PERF_TRACE="1")
    assert (done.returncode, done.stdout) == (0, "out\n")


@pytest.mark.skipif(os.name == "nt", reason="needs sh")
def test_a_file_that_takes_the_place_of_standard_error_stays_clean(tmp_path: Path) -> None:
    code = f"file = open({str(tmp_path / 'file')!r}, 'w')\n{SIMPLE}"
    command = ["sh", "-c", '"$0" -c "$1" 2>&-', sys.executable, code]
    for target in ("1", str(tmp_path / "missing" / "trace.log")):
        done = subprocess.run(command, env={**os.environ, "PERF_TRACE": target}, capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (0, b"out\n")
        assert (tmp_path / "file").read_bytes() == b""


def test_it_imports_nothing_of_ours_and_nothing_heavy() -> None:
    done = run_python("import sys\nfrom tracereport.emit import *\nprint(*sys.modules)", PERF_TRACE="")
    loaded = done.stdout.split()
    parts = ["defer", "answers", "lines", "log", "calls", "origins", "tracing", "modules", "testing"]
    emitter = {"tracereport", "tracereport.emit", *(f"tracereport.emit.{part}" for part in parts)}
    assert {name for name in loaded if name.startswith("tracereport")} == emitter
    assert not {"polars", "numpy", "msgspec", "altair", "asyncio", "logging"} & set(loaded)


def test_the_file_can_be_copied_and_used_by_itself(tmp_path: Path) -> None:
    (tmp_path / "perf_trace.py").write_bytes(read_emitter("python"))
    done = run_python(SIMPLE.replace("tracereport.emit", "perf_trace"), PERF_TRACE="1", PYTHONPATH=str(tmp_path))
    assert done.stderr.startswith("PERF_TRACE|0|f|")


def test_while_it_is_off_nothing_is_done() -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise AssertionError

    assert not emit.is_on()
    with trace("f", value=Unprintable()) as call:
        call.record(rows=1)
    begin("f", [("value", Unprintable())], None).finish()
