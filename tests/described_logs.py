"""Logs whose lines say more of their calls, for property tests: tests and tries, writes, failures, caches, places.

A test run is simulated: workers that set up, run and tear down tests, try some again, and call between them. A small
store stands behind it, so that answers change when something was written, and digests, versions, constants and mere
counts are such as real programs record.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from hypothesis import strategies as st

from tests.strategies import WrittenCall, WrittenProcess, interleaved

TESTS = ("test_cart", "test_shop.py::test_page[1]", "test_page")
TABLES = ("items", "orders")
ASKERS = ("page", "cart", "load_all")
IDS = ("1", "2", "3", "4", "5", "6")
DEEPEST = 4
MARKERS = ("     Running pytest (gw0)", "     Running pytest (gw1)", "     Running pytest (pytest)")

OUTCOMES = (
    "failed=1", "cached=1", "frame=1", "write=1", "write=get", "write=t",
    "failed=1|cached=1", "write=t|failed=1", "write=1|frame=1", "write=get|cached=1",
)  # fmt: skip
STATEMENTS = {
    "select items": "SELECT id, name FROM items WHERE id = ?",
    "select orders": "select o.id from orders o join items as i on i.id = o.item where o.id = ?",
    "insert items": "INSERT INTO items (id) VALUES (?)",
    "insert orders": 'insert into "Orders" (id) values (?)',
    "update items": "UPDATE items SET name = ?",
    "update orders": "DELETE FROM orders WHERE id = ?",
}

Answer = Callable[["Store", str, str], tuple[tuple[str, int], ...]]


@dataclass
class Store:
    """What is asked: how often each table was written to, and each row."""

    writes: dict[str, int] = field(default_factory=dict)
    row_writes: dict[tuple[str, str], int] = field(default_factory=dict)

    def write(self, table: str, row: str) -> None:
        """Change one row."""
        self.writes[table] = self.writes.get(table, 0) + 1
        self.row_writes[table, row] = self.row_writes.get((table, row), 0) + 1


def content(store: Store, table: str, row: str) -> tuple[tuple[str, int], ...]:
    """A digest of the row."""
    version = store.row_writes.get((table, row), 0)
    return (("rows", 1), ("digest", 2**40 + 7_919 * version + len(table) + int(row)))


def state(store: Store, table: str, row: str) -> tuple[tuple[str, int], ...]:
    """A large number that isn't called a digest; none for what was never written."""
    version = store.row_writes.get((table, row), 0)
    return (("state", 2**35 * version + int(row) if version else 0),)


def version_of_row(store: Store, table: str, row: str) -> tuple[tuple[str, int], ...]:
    """A number that only grows."""
    return (("version", store.row_writes.get((table, row), 0)), ("query_us", 3))


def to_and_fro(store: Store, table: str, row: str) -> tuple[tuple[str, int], ...]:
    """A count that comes back."""
    return (("found", store.row_writes.get((table, row), 0) % 2),)


def one_row(store: Store, table: str, row: str) -> tuple[tuple[str, int], ...]:
    """Always the same."""
    del store, table, row
    return (("rows", 1),)


def nothing(store: Store, table: str, row: str) -> tuple[tuple[str, int], ...]:
    """No answer recorded, only a time."""
    del store, table, row
    return (("query_ms", 1),)


ANSWERS: tuple[Answer, ...] = (content, state, version_of_row, to_and_fro, one_row, nothing)


@dataclass(frozen=True)
class Style:
    """How one process writes its lines."""

    answers: tuple[Answer, ...]
    """Of each table."""
    statements: bool
    """Lines hold statements; else functions are named by verb and table."""
    writes: str
    """How a write says so: by its ``table``, by a ``1``, or not but by its ``name``."""
    parents: str
    """``given``, or ``hidden`` and known by nesting or not at all."""
    outcomes: tuple[str, ...]
    """Of a question: answered, failed, answered by a cache, or answered without saying what."""
    untraced: bool
    """Some questions are asked by callers that aren't traced."""
    at_once: bool
    """Calls are made at the same time."""
    activations: bool
    knows_tests: bool
    pid: str | None


@st.composite
def styles(draw: st.DrawFn, pid: str | None) -> Style:
    """Any."""
    return Style(
        answers=tuple(draw(st.sampled_from(ANSWERS)) for _ in TABLES),
        statements=draw(st.booleans()),
        writes=draw(st.sampled_from(("table", "1", "name", "name"))),
        parents=draw(st.sampled_from(("given", "hidden", "hidden"))),
        outcomes=draw(st.sampled_from((("",), ("", "", "", "", "", "failed", "cached", "silent")))),
        untraced=draw(st.booleans()),
        at_once=draw(st.integers(0, 4)) == 0,
        activations=draw(st.integers(0, 3)) == 0,
        knows_tests=draw(st.sampled_from((True, True, False))),
        pid=pid,
    )


class Worker:
    """One process that runs tests: it numbers its calls at their start and writes them at their end."""

    def __init__(self, draw: st.DrawFn, style: Style) -> None:
        self.draw = draw
        self.style = style
        self.store = Store()
        self.numbers = count()
        self.process = WrittenProcess()
        self.open: list[WrittenCall] = []
        self.place: tuple[tuple[str, str], ...] = ()
        """Test, try and phase of what is called now."""

    def start(
        self,
        function: str,
        params: tuple[tuple[str, str], ...],
        metrics: tuple[tuple[str, int], ...] = (),
        said: tuple[tuple[str, str], ...] = (),
        caller: str | None = None,
    ) -> WrittenCall:
        """Begin a call inside the one that is open."""
        above = self.open[-1] if self.open else None
        if self.style.activations and above is not None:
            said = (*said, ("activation", str(above.number + 1_000)))
        pid = (("process", self.style.pid),) if self.style.pid is not None else ()
        call = WrittenCall(
            number=next(self.numbers),
            function=function,
            caller=caller or (above.function if above else "unknown"),
            params=params,
            parent=above.number if above else None,
            elapsed=self.draw(st.sampled_from(("0", "2", "30"))),
            unit="ms",
            metrics=metrics,
            tells_parent=self.style.parents == "given",
            said=(*self.place, *pid, *said),
        )
        self.open.append(call)
        return call

    def end(self) -> None:
        """Write the line of the innermost call, whose time holds that of the calls that it made, one after the other.

        Where they were made at the same time they may have taken longer together.
        """
        call = self.open.pop()
        self.process.calls.append(call)
        if self.open and not self.style.at_once:
            above = self.open[-1]
            above.elapsed = str(int(above.elapsed) + int(call.elapsed))

    def ask(self, table: str, row: str, caller: str | None = None) -> None:
        """A question to the store, by the open call or another caller; it may fail, or a cache may answer."""
        caller = caller if self.style.untraced else None
        metrics = self.style.answers[TABLES.index(table)](self.store, table, row)
        outcome = self.draw(st.sampled_from(self.style.outcomes))
        said = ((outcome, "1"),) if outcome in ("failed", "cached") else ()
        if outcome in ("failed", "silent") or (outcome == "cached" and self.draw(st.booleans())):
            metrics = ()
        self.state(f"select {table}", ("id", row), metrics, said, caller)

    def write(self, table: str, row: str, verb: str) -> None:
        """A write of one row."""
        self.store.write(table, row)
        told = {"table": (("write", table),), "1": (("write", "1"),), "name": ()}[self.style.writes]
        self.state(f"{verb} {table}", ("p1", row), (("rows", 1),), told)

    def state(
        self,
        function: str,
        param: tuple[str, str],
        metrics: tuple[tuple[str, int], ...],
        said: tuple[tuple[str, str], ...],
        caller: str | None = None,
    ) -> None:
        """A call of the store, with its statement where the process writes statements."""
        statement = (("sql", STATEMENTS[function]),) if self.style.statements else ()
        self.start(function, (*statement, param), metrics, said, caller)
        self.end()

    def step(self) -> None:
        """Something that a program does."""
        steps: tuple[Callable[[str, str], None], ...] = (
            self.ask_once, self.ask_once, self.ask_once, self.ask_each,
            self.poll, self.write_once, self.write_rows, self.call_on, self.go_back,
        )  # fmt: skip
        self.draw(st.sampled_from(steps))(self.draw(st.sampled_from(TABLES)), self.draw(st.sampled_from(IDS[:3])))

    def ask_once(self, table: str, row: str) -> None:
        """One question, sometimes by a caller that isn't traced."""
        self.ask(table, row, self.draw(st.sampled_from((None, None, *ASKERS[:2]))))

    def ask_each(self, table: str, _: str) -> None:
        """A loop that asks once per row."""
        for one in IDS[: self.draw(st.integers(4, 6))]:
            self.ask(table, one)

    def poll(self, table: str, row: str) -> None:
        """Ask and write by turns."""
        for _ in range(self.draw(st.integers(2, 7))):
            self.ask(table, row, self.draw(st.sampled_from((None, *ASKERS[:2]))))
            self.write(table, row, "update")

    def write_once(self, table: str, row: str) -> None:
        """One write."""
        self.write(table, row, "update")

    def write_rows(self, table: str, _: str) -> None:
        """A loop that writes once per row; rows may be equal."""
        for one in IDS[: self.draw(st.integers(4, 6))]:
            self.write(table, self.draw(st.sampled_from((one, "1"))), "insert")

    def call_on(self, *_: str) -> None:
        """Begin a call that asks, or a place in the tree."""
        if len(self.open) < DEEPEST:
            said = (("frame", "1"),) if self.draw(st.integers(0, 3)) == 0 else ()
            self.start(self.draw(st.sampled_from(ASKERS)), (), (), said)

    def go_back(self, *_: str) -> None:
        """End the innermost call."""
        if self.open:
            self.end()

    def run(self, steps: int) -> None:
        """Some steps, after which all that is open has returned."""
        for _ in range(steps):
            self.step()
        while self.open:
            self.end()


@st.composite
def workers(draw: st.DrawFn, *, pid: str | None = None) -> WrittenProcess:
    """A process that runs a few tests, some of them twice, or one that knows none."""
    worker = Worker(draw, draw(styles(pid)))
    if not worker.style.knows_tests:
        worker.place = draw(st.sampled_from(((), (), (("phase", "setup"),))))
        worker.run(draw(st.integers(1, 15)))
    for test in draw(st.lists(st.sampled_from(TESTS), max_size=3, unique=True)) if worker.style.knows_tests else ():
        for attempt in range(1, draw(st.sampled_from((1, 1, 1, 2))) + 1):
            tried = (("try", str(attempt)),) if attempt > 1 or draw(st.booleans()) else ()
            for phase in draw(st.sampled_from((("call",), ("call",), ("", "teardown"), ("setup", "call")))):
                worker.place = (("test", test), *tried, *((("phase", phase),) if phase else ()))
                worker.run(draw(st.integers(1, 8)))
        worker.place = ()
        worker.run(draw(st.sampled_from((0, 0, 2))))
    return worker.process


@st.composite
def described_logs(draw: st.DrawFn) -> bytes:
    """Test runs one after the other behind markers, or two at once told apart by their ids; lines may be lost."""
    if draw(st.integers(0, 4)) == 0:
        first, second = (
            [call.trace() for call in draw(workers(pid=pid)).calls] for pid in draw(st.permutations(("101", "102")))
        )
        lines = draw(interleaved(first, second))
    else:
        lines = []
        for process in draw(st.lists(workers(), min_size=1, max_size=3)):
            lines += [draw(st.sampled_from(MARKERS)), *(call.trace() for call in process.calls)]
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 3)))):
        if lines:
            lines.pop(draw(st.integers(0, len(lines) - 1)))
    return "".join(f"{line}\n" for line in lines).encode()


@st.composite
def dense_logs(draw: st.DrawFn) -> bytes:
    """Lines of one process that say things at random of few functions, callers and answers: all the rules meet."""

    def few(*choices: str, most: int = 2) -> st.SearchStrategy[str]:
        return st.sampled_from(draw(st.lists(st.sampled_from(choices), min_size=1, max_size=most)))

    functions, keys = few("get", "get", "select t", "f"), few("id=1", "id=2", "id=3", most=3)
    callers = few("caller=f", "caller=g", "caller=h", "caller=unknown", "", most=3)
    answers = few("n=1", "n=2", "n=3", "", f"digest={2**32}", f"digest={2**32 + 1}", "x=0", most=3)
    outcomes = few(*[""] * 6, *OUTCOMES, most=9)
    tests = draw(st.sampled_from(((), (), ("a",), ("a", "b"))))
    parents = draw(st.sampled_from(("", "", "near", "far")))
    lines = []
    for number in range(draw(st.integers(2, 24))):
        place = [f"test={draw(st.sampled_from(tests))}"] if tests and bool(draw(st.integers(0, 9))) else []
        place += draw(st.sampled_from(([], [], [], [], ["try=2"], ["phase=setup"]))) if tests else []
        place += [f"activation={draw(st.integers(0, 1))}"] if draw(st.integers(0, 9)) == 0 else []
        if parents:
            parent = draw(st.integers(-1 if parents == "far" else max(number - 3, -1), number - 1))
            place.append(f"parent={'none' if parent < 0 else parent}")
        elapsed = f"elapsed_ms={draw(st.sampled_from((0, 1, 5, 20)))}"
        key = draw(keys) if draw(st.integers(0, 3)) else f"id={number}"
        answer = draw(answers) if draw(st.integers(0, 5)) else f"n={number}"
        fields = (str(number), draw(functions), draw(callers), key, elapsed, answer, draw(outcomes), *place)
        lines.append("|".join(("PERF_TRACE", *(field for field in fields if field))))
    order = draw(st.sampled_from(("as numbered", "reversed", "any", "any")))
    if order == "any":
        lines = draw(st.permutations(lines))
    return "".join(f"{line}\n" for line in (lines[::-1] if order == "reversed" else lines)).encode()
