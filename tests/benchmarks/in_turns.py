"""A plugin for pytest: traces six tests, leaves six alone, and so on, and tells what tracing adds to a test's time.

Both sorts run in one process, within milliseconds of one another, so that what else the machine does meets both alike.
What is loaded once, when tracing is switched on, and the report at the end are no part of it.
"""

import gc
import statistics
from collections.abc import Iterator
from time import process_time_ns

import pytest

BLOCK = 6
FIRST_JUDGED = 5 * BLOCK
KEPT = 0.8
"""The share of tests that counts: the slowest ones were interrupted."""


class InTurns:
    """Processor time of tests, by whether they were traced."""

    def __init__(self) -> None:
        self._tests = 0
        self._times: dict[bool, list[int]] = {True: [], False: []}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Takes the time of a test with all its phases."""
        from tracereport.emit.log import now  # noqa: PLC0415  # that of the package which is traced

        is_traced = self._tests // BLOCK % 2 == 0
        log = now.log
        if not is_traced:
            now.log = None
        started = process_time_ns()
        try:
            return (yield)
        finally:
            elapsed = process_time_ns() - started
            now.log = log
            self._tests += 1
            if self._tests > FIRST_JUDGED:
                self._times[is_traced].append(elapsed)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints a test's time without tracing, and what tracing adds."""
        off, on = (self._average(is_traced) for is_traced in (False, True))
        terminalreporter.write_line(f"in turns: {off / 1e6:.2f} ms, {on / off - 1:+.1%}")

    def _average(self, is_traced: bool) -> float:  # a key
        times = sorted(self._times[is_traced])
        return statistics.mean(times[: max(1, int(len(times) * KEPT))])


def pytest_configure(config: pytest.Config) -> None:
    """Registers what takes the times; when the collector of cycles comes by is chance."""
    gc.disable()
    config.pluginmanager.register(InTurns())
