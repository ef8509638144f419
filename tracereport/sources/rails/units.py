"""What a statement of Rails belongs to: a request, a job, a test, or what lies between them."""

from collections import Counter
from collections.abc import Callable
from typing import Final

import msgspec

from tracereport.calls.build import CallsBuilder
from tracereport.calls.calls import NO_PARENT
from tracereport.sources.rails.coding import VIA
from tracereport.sources.rails.grammar import DASHES, TEST, begins_transaction, ends_transaction, is_long_after
from tracereport.sources.spans.paths import template_name

OUTSIDE: Final = "outside of requests"
MILLISECOND_NS: Final = 1_000_000
FORGOTTEN_LINES: Final = 100_000
"""A thread that has logged nothing for so long has ended."""


class Unit(msgspec.Struct):
    """A request, a job, a test, or what lies between them."""

    process: int
    frame: int = NO_PARENT
    """Number of the request's own call, which is the others' parent."""
    frame_row: int = -1
    action: str | None = None
    address: str = ""
    """Method and path of a request, which names it where no action does."""
    started: str = ""
    test: str | None = None
    is_transaction: bool = False
    """An outer transaction that no request has begun: a test, as far as is known."""


class _Thread(msgspec.Struct):
    """What goes on in one thread, as far as tags tell: the units that are open in it."""

    outside: Unit | None = None
    request: Unit | None = None
    running: int = 0
    """Requests whose action has begun and not ended; of several, no tag tells which one a statement is of."""
    line: int = 0
    """Of its last statement."""

    @property
    def is_idle(self) -> bool:
        return self.request is None and self.outside is None


class Units:
    """The units that are open, by thread.

    Args:
        begin: begins a process, and gives its index.
    """

    def __init__(self, begin: Callable[[], int]) -> None:
        self.builder = CallsBuilder([])
        """What the processes are begun in: another one once no unit is open."""
        self.notices: Counter[str] = Counter()
        self.banner = 0
        """1 behind dashes, 2 behind the test's name."""
        self._begin = begin
        self._threads: dict[str, _Thread] = {}

    @property
    def are_closed(self) -> bool:
        """Whether none is open."""
        return not self._threads

    def list_forgotten(self, line: int) -> list[str]:
        """The keys of threads that have logged nothing for long, up to a line."""
        return [key for key, thread in self._threads.items() if line - thread.line > FORGOTTEN_LINES]

    def forget(self, key: str) -> None:
        """Takes a thread for ended."""
        thread = self._threads.pop(key)
        self._close(thread)

    def close_all(self) -> None:
        """Ends all units: what stands behind is of others."""
        for thread in self._threads.values():
            self._close(thread)
        self._threads.clear()
        self.banner = 0

    def find(self, key: str, sql: str, line: int) -> Unit:
        """The unit of a statement."""
        thread = self._threads.get(key) or self._find_thread(key)
        thread.line = line
        if thread.request is not None:
            return thread.request
        begins, unit = begins_transaction(sql), thread.outside
        if unit is None or (begins and not unit.is_transaction):
            thread.outside = None
            self._drop_idle(key)
            unit = Unit(self._begin(), is_transaction=begins)
            thread = self._find_thread(key)
            thread.outside, thread.line = unit, line
        # A transaction that no request has begun is a test, if it is rolled back.
        if ends_transaction(sql):
            thread.outside = None
            self._drop_idle(key)
        return unit

    def begin_request(self, key: str, address: str, started: str, line: int) -> None:
        """Begins a request or a job: ``started`` is the time as Rails writes it, as far as it does."""
        thread = self._find_thread(key)
        before, outside = thread.request, thread.outside
        is_mixed = before is not None and thread.running > 0 and not is_long_after(before.started, started)
        if before is not None and is_mixed:
            self._withhold(before)
        else:
            self._close(thread)
        if outside is not None and not outside.is_transaction:
            outside = thread.outside = None
        if outside is not None:
            process, test = outside.process, outside.test
        else:
            self._drop_idle(key)
            process, test = self._begin(), None
        if is_mixed:
            self.builder.withhold(process)
        thread = self._threads.setdefault(key, thread)
        thread.line = line
        thread.request = Unit(process, address=address, started=started, test=test)

    def name_request(self, key: str, action: str, line: int) -> None:
        """Names what has begun by its action: the call that is the parent of all others in it."""
        thread = self._threads.get(key)
        if thread is None or thread.request is None:
            # Another request has begun and ended between this one's first line and its action.
            self.begin_request(key, "", "", line)
            thread = self._find_thread(key)
        thread.running += 1
        unit = thread.request
        if unit is None or unit.action is not None:
            if unit is not None:
                self._withhold(unit)
            return
        unit.action = action
        self.builder.name_process(unit.process, action)
        tables = self.builder.tables
        unit.frame_row = len(self.builder)
        unit.frame = self.builder.add_coded(
            tables.code_lookup(action, ()),
            tables.code_origin(kind="frame", via=VIA),
            process=unit.process,
            line=line,
            elapsed_ns=0,
            resolution_ns=MILLISECOND_NS,
            test=tables.code_test(unit.test),
        )

    def end_request(self, key: str, milliseconds: float) -> None:
        """Ends a request or a job that took so long."""
        thread = self._threads.get(key)
        if thread is None or thread.request is None:
            return
        thread.running -= 1
        if thread.running > 0:
            return
        if thread.request.frame_row >= 0:
            self.builder.amend_elapsed(thread.request.frame_row, round(milliseconds) * MILLISECOND_NS)
        self._close(thread)
        self._drop_idle(key)

    def take_banner(self, text: str) -> None:
        """Three lines: dashes, the test's name, dashes. It names the transaction around it."""
        if DASHES.fullmatch(text):
            self.banner = (self.banner + 1) % 2
        elif self.banner and (found := TEST.fullmatch(text)) is not None:
            self._begin_test(found["test"])
        else:
            self.banner = 0

    def _begin_test(self, name: str) -> None:
        thread = self._find_thread("")
        thread.request = None
        unit = thread.outside
        if unit is None or not unit.is_transaction:
            thread.outside = None
            self._drop_idle("")
            unit = Unit(self._begin(), is_transaction=True)
            thread = self._find_thread("")
            thread.outside = unit
        unit.test = name
        self.builder.name_process(unit.process, name)

    def _find_thread(self, key: str) -> _Thread:
        thread = self._threads.get(key)
        if thread is None:
            thread = self._threads[key] = _Thread()
        return thread

    def _drop_idle(self, key: str) -> None:
        """Drops a thread in which nothing is open."""
        thread = self._threads.get(key)
        if thread is not None and thread.is_idle:
            del self._threads[key]

    def _withhold(self, unit: Unit) -> None:
        """Says of a request that another one has begun in between."""
        self.builder.withhold(unit.process)
        self.notices["rails-interleaved"] += 1

    def _close(self, thread: _Thread) -> None:
        """Ends the request that is open."""
        if thread.request is not None and thread.request.action is None:
            self.builder.name_process(thread.request.process, template_name(thread.request.address))
        thread.request = None
        thread.running = 0
