"""Traces a run of pytest: names the tests of each process, and joins what the processes have written.

The process that was started writes to the file itself, from its first test on; every other one (a worker of
pytest-xdist, what a test starts or forks) writes one of its own into a folder beside it, whose files are joined at the
end, each behind a marker line in the form of cargo's that names the process. So a run that is killed, or hangs, leaves
what it has traced, and never an earlier run's traces. A run that runs no test leaves an earlier file as it is.

Where ``PERF_TRACE`` asks for traces elsewhere, as ``tracereport run`` does, they go there (as well), without a report.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from . import hooks
from .calls import Origin, begin
from .log import OFF_WORDS, expand_target, is_standard_error, now, start, stop
from .pytest_plugin import DEFAULT_FILE
from .pytest_report import list_traced_modules, print_report
from .system import System
from .testing import get_test, name_test, set_test

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from typing_extensions import Self

    _Around = Generator[None, Any, None]

MARKER = "     Running pytest ({name})\n"
_VARIABLE = "PERF_TRACE"
_LOST = "perf_trace_lost"
_PYTEST = Origin("pytest")
_ASK_NOTHING = frozenset(
    """
    _pytest.capture _pytest.fixtures _pytest.logging _pytest.monkeypatch _pytest.recwarn _pytest.tmpdir
    pytest_django.plugin
    """.split()  # noqa: SIM905  # as many lines as modules, else
)
"""Modules whose fixtures call nothing of the program's, but by fixtures of other modules."""
_GIVE_PARAMETER = "get_direct_param_fixture_func"
"""What pytest calls the fixture that each parameter of a test is."""


def switch_on(config: pytest.Config, target: str | None, without: Sequence[str]) -> None:
    """Begins to trace this process's tests, and what the libraries do that aren't left out.

    Raises:
        OSError: the file can't be written.
        ValueError: the configuration names no modules where it should, or there is no such hook.
    """
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    wanted = System.variables.get(_VARIABLE, "")
    tracing = _start(config, target, worker, "" if wanted in _Worker.targets else wanted)
    hooks.switch_on(without, list_traced_modules(config.rootpath))
    config.pluginmanager.register(tracing, "perf-trace-run")


def _start(config: pytest.Config, target: str | None, worker: dict[str, Any] | None, wanted: str) -> _Tracing:
    if worker is not None and "perf_trace_folder" in worker:
        with suppress(OSError):  # the other workers' tests are traced all the same
            return _Worker(Path(worker["perf_trace_folder"])).start(worker["workerid"])
    elif target is not None:
        try:
            return _Run(config.invocation_params.dir / target, wanted).start("pytest")
        except OSError:
            if target != DEFAULT_FILE:
                raise
            with suppress(OSError):  # else it is this folder that is to be written
                return _Run(_make_folder() / target, wanted, is_elsewhere=True).start("pytest")
            raise
    elif is_standard_error(wanted) and worker is None:  # pytest catches what is written there
        with suppress(OSError):  # no folder for temporary files
            return _Run(_make_folder() / DEFAULT_FILE, wanted, is_passing=True).start("pytest")
    return _Tracing()


def _make_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="perf-trace-"))


class _Tracing:
    """One process that runs tests, whose calls are told which one they belong to."""

    def __init__(self) -> None:
        self._tries: dict[str, int] = {}

    # The older kind of wrapper: what a test raises doesn't pass through it, and its traceback holds no frame of ours.

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> _Around:
        """Names no test between tests, but the one that this run stands in, where a test runs pytest itself."""
        self._tries.pop(item.nodeid, None)
        outside = get_test()
        yield
        set_test(outside)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> _Around:
        """Traces the set-up, which each try of a test has one of."""
        self._tries[item.nodeid] = max(self._tries.get(item.nodeid, 0) + 1, getattr(item, "execution_count", 1))
        yield from self._trace_phase(item, "setup")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> _Around:
        """Traces the test itself."""
        yield from self._trace_phase(item, "call")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> _Around:
        """Traces the tear-down."""
        yield from self._trace_phase(item, "teardown")

    def _trace_phase(self, item: pytest.Item, phase: str) -> _Around:
        name_test(item.nodeid, attempt=self._tries.get(item.nodeid, 1), phase=phase)
        name = "test" if phase == "call" else f"test {phase}"
        with begin(name, [("name", item.nodeid)], _PYTEST, is_lazy=True, via="pytest", is_frame=True) as call:
            outcome = yield
            if outcome.excinfo is not None:
                call.mark(failed=True)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> _Around:  # noqa: ANN401  # pytest's own kind
        """Traces a fixture, which belongs to the set-up even where the test itself asks for it."""
        make = fixturedef.func
        if getattr(make, "__module__", None) in _ASK_NOTHING or getattr(make, "__name__", None) == _GIVE_PARAMETER:
            yield
            return
        outside = get_test()
        if outside.phase == "call":
            set_test(outside._replace(phase="setup"))
        with begin("fixture", [("name", fixturedef.argname)], is_lazy=True, via="pytest", is_frame=True) as call:
            outcome = yield
            if outcome.excinfo is not None:
                call.mark(failed=True)
        set_test(outside)


class _Worker(_Tracing):
    """A process that writes a file of its own into the run's folder."""

    targets: ClassVar[set[str]] = set()
    """Where the runs that go on in this process write: several, where a test runs pytest itself."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self._environment = System.variables.get(_VARIABLE)

    def start(self, name: str) -> Self:
        """Gives this process, named by a marker, and those that it starts each a file of their own.

        Raises:
            OSError: it can't be written.
        """
        self.part = self.folder / f"{name}-{os.getpid()}.log"
        self.part.write_text(MARKER.format(name=name), encoding="utf-8")
        self._target = str(self.folder / f"{name}-%p.log")
        outside, now.log = now.log, None  # it stays open
        try:
            start(self._target)
        except OSError:
            now.log = outside
            raise
        self._outside = outside
        self.targets.add(self._target)
        System.variables[_VARIABLE] = self._target
        return self

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tells the process that the user started where the traces end early."""
        session.config.workeroutput[_LOST] = now.lost  # type: ignore[attr-defined]  # xdist's

    def pytest_unconfigure(self) -> None:
        """Leaves tracing and the environment as they were: a test that runs pytest itself may be traced, too."""
        stop()
        now.log = self._outside
        self.targets.discard(self._target)
        if self._environment is None:
            System.variables.pop(_VARIABLE, None)
        else:
            System.variables[_VARIABLE] = self._environment


class _Run(_Worker):
    """The process that the user started."""

    def __init__(self, path: Path, wanted: str, *, is_passing: bool = False, is_elsewhere: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() or not os.access(path.parent, os.W_OK):
            number = errno.EISDIR if path.is_dir() else errno.EACCES
            raise OSError(number, os.strerror(number))
        self.path = path
        self._parts = path.with_name(f".{path.name}.d")
        remove_leftovers(self._parts)
        super().__init__(self._parts / str(os.getpid()))
        self.folder.mkdir(parents=True)
        self._wanted = wanted
        self._is_passing = is_passing
        self._is_elsewhere = is_elsewhere
        self._has_run = self._is_moved = False

    def pytest_report_header(self) -> str | None:
        """Says where the traces are while the tests run."""
        folder = os.path.relpath(self.folder, Path.cwd()) if self.folder.anchor == Path.cwd().anchor else self.folder
        if self._is_passing:
            return None
        target = f"{self.path}, as this folder can't be written" if self._is_elsewhere else self.path.name
        return f"perf-trace: {target} (while it runs, other processes: {folder})"

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401  # xdist's WorkerController
        """Tells a worker of pytest-xdist where to write."""
        node.workerinput["perf_trace_folder"] = str(self.folder)

    def pytest_runtest_logstart(self) -> None:
        """Takes an earlier run's file away once a test runs, here or in a worker."""
        if not self._has_run:
            self._has_run = True
            self._move()

    def _move(self) -> None:
        try:
            self.part.replace(self.path)
        except OSError:  # Windows moves no file that is open
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
        else:
            self._is_moved = True

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401  # as above
        """Hears from a worker of pytest-xdist whether its traces are whole."""
        now.lost = getattr(node, "workeroutput", {}).get(_LOST) or now.lost

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:  # type: ignore[override]
        """Adds the other processes' traces, once the workers have ended."""
        stop()
        if self._has_run:
            try:
                self._join()
            except OSError as error:
                now.lost = error.strerror

    def _join(self) -> None:
        if not self._is_moved:
            self._move()
        if b"PERF_TRACE|" not in self.path.read_bytes():
            self.path.write_bytes(b"")
        with self.path.open("ab") as whole:
            for part in sorted(self.folder.glob("*.log")):
                lines = part.read_bytes()
                if lines.startswith(b"PERF_TRACE|"):
                    whole.write(MARKER.format(name=f"{part.name.rpartition('-')[0]} child").encode())
                if b"PERF_TRACE|" in lines:
                    whole.write(lines)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Prints the beginning of the report, or hands the traces on to who asked for them."""
        if not self._has_run:
            return
        is_reported = self._wanted.lower() in OFF_WORDS
        try:
            if is_reported:
                print_report(terminalreporter, self.path)
            else:
                self._hand_on(config)
        except OSError as error:  # a test has removed the file, say
            name = self.path.name if is_reported else self._wanted
            terminalreporter.write_line(f"perf-trace: {name}: {error.strerror}; the traces aren't whole there")

    def _hand_on(self, config: pytest.Config) -> None:
        lines = self.path.read_bytes()
        if not is_standard_error(self._wanted):
            with Path(expand_target(self._wanted)).open("ab") as wanted:
                wanted.write(lines)
            return
        capture = config.pluginmanager.getplugin("capturemanager")
        if capture is not None:
            capture.suspend_global_capture()
        with open(2, "ab", closefd=False) as standard_error:
            standard_error.write(lines)
        if capture is not None:
            capture.resume_global_capture()

    def pytest_unconfigure(self) -> None:
        """Removes the files that were joined."""
        super().pytest_unconfigure()
        shutil.rmtree(self.folder, ignore_errors=True)
        remove_leftovers(self._parts)
        if self._is_passing:
            shutil.rmtree(self.path.parent, ignore_errors=True)


def remove_leftovers(parts: Path) -> None:
    """Removes what runs that were killed have left in the folder of parts, and the folder if it is empty then."""
    if os.name == "posix":
        for folder in parts.glob("*"):
            if folder.name.isdigit() and not _is_running(int(folder.name)):
                shutil.rmtree(folder, ignore_errors=True)
    try:
        parts.rmdir()
    except OSError:  # it isn't there, or another run is going on
        return


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True
