"""Pools of threads: what a thread of one asks belongs to the call that has submitted the work."""

import asyncio
import concurrent.futures
import contextvars
import multiprocessing
import sys
import threading
from asyncio.base_events import BaseEventLoop
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.pool import Pool, ThreadPool
from pathlib import Path
from typing import Any

import pytest

from tests.shop import run_pytest
from tests.tracing import tracing
from tests.written_lines import read_line
from tracereport.emit import begin, threads, trace, traced
from tracereport.emit.askers import find_outside


@pytest.fixture(autouse=True)
def handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ThreadPoolExecutor, "submit", ThreadPoolExecutor.submit)
    monkeypatch.setattr(BaseEventLoop, "create_task", BaseEventLoop.create_task)
    monkeypatch.setattr(threading.Thread, "start", threading.Thread.start)
    for name in threads._OF_POOLS:
        monkeypatch.setattr(Pool, name, getattr(Pool, name))
    threads.hand_on_calls()
    threads.hand_on_runs()
    threads.hand_on_to_pools()
    threads.hand_on_to_threads()


def ask(key: int) -> int:
    begin("ask", [("key", key)], find_outside(()), via="test").finish()
    return key


def page(pool: ThreadPoolExecutor) -> list[int]:
    return list(pool.map(ask, range(3)))


def test_what_a_pool_asks_is_inside_the_call_that_submits_it(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls, ThreadPoolExecutor(2) as pool, trace("page"):
        assert page(pool) == [0, 1, 2]
    assert [call.parent for call in calls if call.function == "ask"] == [0, 0, 0]


def test_where_no_call_stands_around_it_belongs_to_one_run_of_who_submits_it(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls, ThreadPoolExecutor(2) as pool:
        page(pool)
        page(pool)
    runs = [call.reserved["activation"] for call in calls]
    assert [len(set(runs[start : start + 3])) for start in (0, 3)] == [1, 1]
    assert len(set(runs)) == 2
    assert {call.caller for call in calls} == {"ask"}


def test_a_lambda_that_is_submitted_is_the_submitter_s_but_what_the_work_calls_is_its_own(tmp_path: Path) -> None:
    def work(keys: list[int]) -> None:
        for key in keys:
            ask(key)

    def submit(pool: ThreadPoolExecutor) -> None:
        for future in [pool.submit(lambda key=key: ask(key)) for key in (1, 2)]:  # type: ignore[misc]
            future.result()
        pool.submit(work, [3, 4]).result()

    with tracing(tmp_path) as calls, ThreadPoolExecutor(2) as pool:
        submit(pool)
    runs = {dict(call.params)["key"]: call.reserved["activation"] for call in calls}
    assert runs["1"] == runs["2"]
    assert len({runs["2"], runs["3"], runs["4"]}) == 3


def test_a_loop_of_the_test_s_own_is_none_of_the_program_s(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls, ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, range(3)))
    assert len({call.reserved["activation"] for call in calls}) == 3


def test_a_thread_that_is_used_again_works_for_nobody_before(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls, ThreadPoolExecutor(1) as pool:
        with trace("first"):
            pool.submit(ask, 1).result()
        with trace("second"):
            pool.submit(ask, 2).result()
    parents = {dict(call.params)["key"]: call.parent for call in calls if call.function == "ask"}
    numbers = {call.function: call.number for call in calls}
    assert parents == {"1": numbers["first"], "2": numbers["second"]}


def test_pools_inside_of_pools_hand_on_what_they_were_handed(tmp_path: Path) -> None:
    @traced
    def outer(key: int) -> int:
        with ThreadPoolExecutor(1) as inner:
            return inner.submit(ask, key).result()

    with tracing(tmp_path) as calls, ThreadPoolExecutor(2) as pool, trace("page"):
        assert list(pool.map(outer, (1, 2))) == [1, 2]
    outers = {dict(call.params)["key"]: call for call in calls if call.function.endswith("outer")}
    assert {call.parent for call in outers.values()} == {0}
    asked = {dict(call.params)["key"]: call.parent for call in calls if call.function == "ask"}
    assert asked == {key: call.number for key, call in outers.items()}


def test_an_error_and_a_cancelled_future_are_as_without(tmp_path: Path) -> None:
    go_on = threading.Event()

    def fail() -> None:
        raise LookupError("no such author")

    with tracing(tmp_path), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(go_on.wait)
        failing, cancelled = pool.submit(fail), pool.submit(ask, 1)
        assert cancelled.cancel()
        go_on.set()
        assert waiting.result()
        with pytest.raises(LookupError, match="no such author"):
            failing.result()
        with pytest.raises(TypeError):
            pool.submit()  # type: ignore[call-arg]


def test_names_of_arguments_and_the_program_s_own_context_stay_its_own(tmp_path: Path) -> None:
    tenant = contextvars.ContextVar("tenant", default="none")

    def work(work: int, call: int, *, pool: str) -> tuple[int, int, str, str]:
        seen = tenant.get()
        tenant.set("thread")
        return work, call, pool, seen

    prepared: list[str] = []
    with tracing(tmp_path), ThreadPoolExecutor(1, initializer=prepared.append, initargs=("ready",)) as pool:
        tenant.set("main")
        assert pool.submit(work, 1, call=2, pool="p").result() == (1, 2, "p", "none")
        assert pool.submit(work, 3, 4, pool="q").result() == (3, 4, "q", "thread")
    assert tenant.get() == "main"
    assert prepared == ["ready"]


def test_an_event_loop_s_threads_work_for_the_coroutine_that_waits(tmp_path: Path) -> None:
    async def load() -> None:
        with trace("load"):
            loop = asyncio.get_running_loop()
            await asyncio.gather(loop.run_in_executor(None, ask, 1), asyncio.to_thread(ask, 2))

    with tracing(tmp_path) as calls:
        asyncio.run(load())
    number = next(call.number for call in calls if call.function == "load")
    assert [call.parent for call in calls if call.function == "ask"] == [number, number]


async def ask_later(key: int) -> int:
    await asyncio.sleep(0)
    begin("ask", [("key", key)], find_outside(()), via="test").finish()
    return key


def test_tasks_that_are_gathered_belong_to_one_run_of_who_gathers_them(tmp_path: Path) -> None:
    async def load_page() -> list[int]:
        return await asyncio.gather(*(ask_later(key) for key in range(3)))

    async def visit() -> None:
        await load_page()
        await load_page()

    with tracing(tmp_path) as calls:
        asyncio.run(visit())
    runs = [call.reserved["activation"] for call in calls]
    assert [len(set(runs[start : start + 3])) for start in (0, 3)] == [1, 1]
    assert len(set(runs)) == 2


def test_what_a_task_awaits_is_its_own(tmp_path: Path) -> None:
    async def serve() -> None:
        await ask_later(1)
        await ask_later(2)

    async def main() -> None:
        await asyncio.create_task(serve(), name="server")

    with tracing(tmp_path) as calls:
        asyncio.run(main())
    assert len({call.reserved["activation"] for call in calls}) == 2


def test_tasks_that_a_test_gathers_are_runs_of_their_own(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        loop = asyncio.new_event_loop()
        for key in range(3):
            assert loop.run_until_complete(loop.create_task(ask_later(key))) == key
        loop.close()
    assert len({call.reserved["activation"] for call in calls}) == 3


def test_what_is_submitted_while_tracing_is_off_is_submitted_as_it_is() -> None:
    class Seen(ThreadPoolExecutor):
        def submit(self, work: object, /, *args: object, **kwargs: object) -> Future[int]:  # type: ignore[override]
            self.work = work
            return super().submit(work, *args, **kwargs)  # type: ignore[arg-type]

    with Seen(1) as pool:
        assert pool.submit(ask, 5).result() == 5
        assert pool.work is ask


def test_pools_of_processes_are_left_alone() -> None:
    assert "submit" in vars(ProcessPoolExecutor)
    assert not hasattr(ProcessPoolExecutor.submit, "_perf_trace_around")


def start_all(keys: range) -> None:
    started = [threading.Thread(target=ask, args=(key,)) for key in keys]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


class PoolOfInterpreters(ThreadPoolExecutor):
    """As Python has it since 3.14: its threads get their work as bytes."""

    @classmethod
    def prepare_context(cls, *args: Any) -> Any:
        return ThreadPoolExecutor.prepare_context(*args)  # type: ignore[attr-defined]


def name_caller() -> str:
    return str(sys._getframe(1).f_globals["__name__"])


@pytest.mark.parametrize(
    "kind",
    dict.fromkeys((PoolOfInterpreters, getattr(concurrent.futures, "InterpreterPoolExecutor", PoolOfInterpreters))),
)
def test_pools_of_interpreters_are_left_alone(tmp_path: Path, kind: type[ThreadPoolExecutor]) -> None:
    with tracing(tmp_path), kind(1) as pool, trace("page"):
        callers = {pool.submit(name_caller).result(), *pool.map(abs, [-2])}
    assert callers & {2, threads.__name__} == {2}


def test_handed_on_work_reads_as_it_would_without() -> None:
    assert repr(threads.work_for(ask, None, None)) == repr(ask)


def test_what_bare_threads_ask_is_inside_the_call_and_of_the_run_that_starts_them(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        with trace("page"):
            start_all(range(3))
        start_all(range(3))
        start_all(range(3))
    number = next(call.number for call in calls if call.function == "page")
    asked = [call for call in calls if call.function == "ask"]
    assert [call.parent for call in asked[:3]] == [number] * 3
    runs = [call.reserved["activation"] for call in asked[3:]]
    assert [len(set(runs[start : start + 3])) for start in (0, 3)] == [1, 1]
    assert len(set(runs)) == 2
    assert {call.caller for call in asked} == {"ask"}


def test_a_thread_is_left_as_the_program_has_made_it(tmp_path: Path) -> None:
    class Worker(threading.Thread):
        seen: object = None

        def run(self) -> None:
            self.seen = dict(vars(self)).get("run")
            ask(1)

    failures: list[object] = []

    def own_run() -> None:
        failures.append(vars(odd)["run"])

    with tracing(tmp_path) as calls, trace("page"):
        worker, odd = Worker(), threading.Thread()
        odd.run = own_run  # type: ignore[method-assign]
        for thread in (worker, odd):
            thread.start()
            thread.join()
            with pytest.raises(RuntimeError, match="once"):
                thread.start()
    assert (worker.seen, "run" in vars(worker), failures) == (None, False, [own_run])
    assert vars(odd)["run"] is own_run
    assert [call.parent for call in calls if call.function == "ask"] == [0]


def test_a_thread_that_fails_fails_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed: list[type] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: failed.append(args.exc_type))
    with tracing(tmp_path):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert failed == [TypeError]


def test_a_thread_that_outlives_the_call_that_starts_it_asks_for_itself(tmp_path: Path) -> None:
    go_on = threading.Event()

    def serve() -> None:
        go_on.wait()
        ask(1)

    with tracing(tmp_path) as calls:
        with trace("page"):
            thread = threading.Thread(target=serve)
            thread.start()
        go_on.set()
        thread.join()
    assert [(call.function, call.parent) for call in calls] == [("page", None), ("ask", None)]


def double(key: int, factor: int = 2) -> int:
    return ask(key) * factor


@pytest.mark.parametrize(
    "work",
    [
        lambda pool: pool.map(double, range(3)),
        lambda pool: pool.map_async(double, range(3)).get(),
        lambda pool: list(pool.imap(double, range(3))),
        lambda pool: sorted(pool.imap_unordered(double, range(3), chunksize=2)),
        lambda pool: pool.starmap(double, [(0, 2), (1, 2), (2, 2)]),
        lambda pool: pool.starmap_async(double, [(0,), (1,), (2,)]).get(),
        lambda pool: [pool.apply(double, (key,), {"factor": 2}) for key in range(3)],
        lambda pool: [pool.apply_async(func=double, args=(key,)).get() for key in range(3)],
    ],
)
def test_what_a_pool_of_multiprocessing_s_threads_asks_belongs_to_who_submits_it(tmp_path: Path, work: Any) -> None:
    with tracing(tmp_path) as calls, ThreadPool(2) as pool, trace("page"):
        assert work(pool) == [0, 2, 4]
    assert [call.parent for call in calls if call.function == "ask"] == [0, 0, 0]


def test_pools_of_multiprocessing_s_processes_are_left_alone(tmp_path: Path) -> None:
    with tracing(tmp_path), multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(abs, [-1]) == [1]


PAGES = """
import sqlite3
from concurrent.futures import ThreadPoolExecutor


def fill(path):
    db = sqlite3.connect(path, check_same_thread=False)
    db.executescript("CREATE TABLE a (id, name); CREATE TABLE b (a_id)")
    db.executemany("INSERT INTO a VALUES (?, ?)", [(key, "x") for key in range(6)])
    db.executemany("INSERT INTO b VALUES (?)", [(key,) for key in range(6)])
    return db


def name_of(db, key):
    return db.execute("SELECT name FROM a WHERE id = ?", (key,)).fetchone()


def page(db):
    return [name_of(db, key) for key, in db.execute("SELECT a_id FROM b").fetchall()]


def name_twice(db, key):
    return name_of(db, key), name_of(db, key)


def page_by_pool(db):
    with ThreadPoolExecutor(1) as pool:
        return list(pool.map(lambda key: name_twice(db, key), range(3)))


async def page_later(db):
    return [name_of(db, key) for key, in db.execute("SELECT a_id FROM b").fetchall()]
"""
TESTS_OF_PAGES = """
import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import pages


@pytest.fixture
def db(tmp_path):
    return pages.fill(tmp_path / "a.db")


def test_thread(db):
    thread = threading.Thread(target=pages.page, args=(db,))
    thread.start()
    thread.join()


def test_pool(db):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(pages.page, db).result()


def test_to_thread(db):
    asyncio.run(asyncio.to_thread(pages.page, db))


def test_task(db):
    loop = asyncio.new_event_loop()
    loop.run_until_complete(loop.create_task(pages.page_later(db)))
    loop.close()


def test_pool_of_the_program(db):
    pages.page_by_pool(db)


def test_own_loop(db):
    def visit():
        for key in range(6):
            pages.name_of(db, key)

    thread = threading.Thread(target=visit)
    thread.start()
    thread.join()
"""


def test_what_a_test_hands_to_a_thread_or_a_loop_is_one_run_of_what_it_hands(tmp_path: Path) -> None:
    (tmp_path / "pages.py").write_text(PAGES)
    (tmp_path / "test_pages.py").write_text(TESTS_OF_PAGES)
    (tmp_path / "pyproject.toml").write_text("")
    done = run_pytest(tmp_path, "--perf-trace", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    runs: dict[str, list[str]] = {}
    for line in (tmp_path / "perf_trace.log").read_text().splitlines():
        if "|select a|" in line:
            call = read_line(line)
            runs.setdefault(str(call.test).rpartition("::")[2], []).append(call.reserved["activation"])
    assert {test: (len(own), len(set(own))) for test, own in runs.items()} == {
        **dict.fromkeys(("test_thread", "test_pool", "test_to_thread", "test_task"), (6, 1)),
        "test_pool_of_the_program": (6, 3),
        "test_own_loop": (6, 6),
    }
