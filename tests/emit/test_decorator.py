"""``traced``: what of a function, a method, a generator or a coroutine becomes a call."""

import inspect
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.tracing import tracing
from tracereport.emit import digest, found, size, trace, traced
from tracereport.emit.answers import hash_text


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


@pytest.mark.parametrize("answer", ["[]", "[1, 'a']", f"[{'b' * 10_000!r}]"])
def test_an_answer_has_one_digest_whoever_records_it(tmp_path: Path, answer: str) -> None:
    with tracing(tmp_path) as calls:
        for _ in range(2):
            with trace("ask") as call:
                call.record_answer("rows", 2, answer)
        with trace("ask") as call:
            call.record(rows=2, digest=hash_text(answer))
        with trace("count") as call:
            call.record_answer("rows", 2)
    assert calls[0].metrics == calls[1].metrics == calls[2].metrics
    assert calls[3].metrics == {"rows": 2}


def test_what_is_recorded_last_of_a_metric_holds() -> None:
    with tracing() as calls, trace("f") as call:
        call.record(rows=1, bytes=5)
        call.record(rows=2)
    assert calls[0].metrics == {"rows": 2, "bytes": 5}


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
        with trace("inner"):
            pass
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
        if call.function == "inner":
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

    paused_ns: list[int] = []

    def step_through() -> list[object]:
        generator = echo()
        steps: list[object] = [next(generator), generator.send("sent")]
        steps.append(repr(generator.throw(ValueError("thrown"))))
        paused_ns.append(-time.perf_counter_ns())
        threading.Event().wait(0.05)
        paused_ns[-1] += time.perf_counter_ns()
        with pytest.raises(StopIteration, match="end"):
            next(generator)
        closed = echo()
        next(closed)
        closed.close()
        return steps

    assert inspect.isgeneratorfunction(echo)
    untraced = step_through()
    with tracing() as calls:
        started_ns = time.perf_counter_ns()
        assert step_through() == untraced
        lasted_ns = time.perf_counter_ns() - started_ns
    assert [call.metrics for call in calls] == [{"yielded": 3}, {"yielded": 1}]
    assert calls[0].elapsed_us * 1000 <= lasted_ns - paused_ns[-1]


def test_a_call_that_is_held_over_a_yield_inside_a_traced_generator_stays_inside() -> None:
    @traced
    def read_rows() -> Iterator[int]:
        with trace("transaction"):
            yield 1
            with trace("inner"):
                pass

    with tracing() as calls, trace("job"):
        for _ in read_rows():
            with trace("save"):
                pass
    assert [(call.function.rpartition(".")[2], call.number, call.parent) for call in calls] == [
        ("save", 3, 0),
        ("inner", 4, 2),
        ("transaction", 2, 1),
        ("read_rows", 1, 0),
        ("job", 0, None),
    ]


def test_a_generator_has_no_other_result() -> None:
    with pytest.raises(TypeError, match="is a generator: its result is how many"):
        traced(result=size)(lambda: (yield))


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


async def generate() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (generate, "asynchronous generator: trace what it asks for"),
        (property(len), "is not a function"),
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
