"""Who asks: callers and parents, in plain code, tasks, threads and contexts."""

import asyncio
import inspect
import sys
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from tests.running import run_python
from tests.tracing import tracing
from tests.written_lines import read_line
from tracereport.emit import size, trace, traced


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
