"""``pytest --perf-trace[=FILE]``: traces a test run into one file, each call with its test, and reports at the end.

Each process of the run (a worker of pytest-xdist, what a test starts or forks) writes a file of its own; at the end
they become one, each behind a marker line in the form of cargo's that names the process. Where ``PERF_TRACE=1`` asks
for traces on standard error, as ``tracereport run`` does, they are written there as well, for whoever reads them.
A run that runs no test (``--collect-only``) leaves an earlier file as it is.
"""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any

import pytest

from tracereport import emit

OPTION = "--perf-trace"
DEFAULT_FILE = "perf_trace.log"
REPORT_SECTIONS = 1
"""How many sections of the report are printed: the first says what to change first."""
MARKER = "     Running pytest ({name})\n"
NOTHING_TRACED = """\
Nothing was traced: no test called a traced function. To trace one, decorate it:

    from tracereport.emit import traced

    @traced
    def find_orders(customer_id): ...

or trace every statement that SQLAlchemy or Django sends, once in the program or in conftest.py:

    from tracereport.emit.sqlalchemy import trace_statements   # or tracereport.emit.django
    trace_statements()

"python -m pydoc tracereport.emit" tells more."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option."""
    parser.getgroup("perf-trace", "performance tracing").addoption(
        OPTION,
        nargs="?",
        const=DEFAULT_FILE,
        metavar="FILE",
        help=f"write the calls of traced functions to FILE (default: {DEFAULT_FILE}) and report on them",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Keeps the option from taking what follows it for its file: ``pytest --perf-trace tests`` names tests."""
    if OPTION in args:
        args[:] = [f"{OPTION}={DEFAULT_FILE}" if arg == OPTION else arg for arg in args]
        early_config.known_args_namespace = parser.parse_known_args(args, namespace=copy(early_config.option))


def pytest_configure(config: pytest.Config) -> None:
    """Switches tracing on, before any test module is imported."""
    target = config.getoption(OPTION)
    if target is None:
        return
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    try:
        tracing = _Tracing(worker["perf_trace_folder"]) if worker else _Run(config.invocation_params.dir / target)
    except OSError as error:
        raise pytest.UsageError(f"{OPTION}={target}: {error.strerror}") from error
    tracing.start("pytest" if worker is None else worker["workerid"])
    config.pluginmanager.register(tracing, "perf-trace-run")


class _Tracing:
    """One process that runs tests."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self._environment = os.environ.get("PERF_TRACE")

    def start(self, name: str) -> None:
        """Gives this process, named by a marker, and those that it starts each a file of their own."""
        (self.folder / f"{name}-{os.getpid()}.log").write_text(MARKER.format(name=name), encoding="utf-8")
        target = str(self.folder / f"{name}-%p.log")
        os.environ["PERF_TRACE"] = target
        emit.start(target)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Names the calls of a test, fixtures included."""
        emit.name_test(item.nodeid)
        try:
            return (yield)
        finally:
            emit.name_test(None)

    def pytest_unconfigure(self) -> None:
        """Switches tracing off."""
        emit.stop()
        if self._environment is None:
            os.environ.pop("PERF_TRACE", None)
        else:
            os.environ["PERF_TRACE"] = self._environment


class _Run(_Tracing):
    """The process that the user started."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() or not os.access(path.parent, os.W_OK):
            number = errno.EISDIR if path.is_dir() else errno.EACCES
            raise OSError(number, os.strerror(number))
        # Not beside the file: a run that is killed leaves it behind.
        super().__init__(tempfile.mkdtemp(prefix="perf-trace-"))
        self.path = path
        self._has_run = self._is_traced = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401  # xdist's WorkerController
        """Tells a worker of pytest-xdist where to write."""
        node.workerinput["perf_trace_folder"] = str(self.folder)

    def pytest_runtest_logstart(self) -> None:
        """Notes that a test runs, here or in a worker."""
        self._has_run = True

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Joins the files, once the workers have ended."""
        emit.stop()
        if not self._has_run:
            return
        joined = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        with joined.open("wb") as whole:
            for part in sorted(self.folder.glob("*.log")):
                lines = part.read_bytes()
                if lines.startswith(b"PERF_TRACE|"):
                    whole.write(MARKER.format(name=f"{part.name.rpartition('-')[0]} child").encode())
                if b"PERF_TRACE|" in lines:
                    self._is_traced = True
                    whole.write(lines)
        joined.replace(self.path)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Prints the beginning of the report, or hands the traces on to who asked for them."""
        if not self._has_run:
            return
        if emit.is_standard_error(self._environment or ""):
            self._write_to_standard_error(config)
        else:
            self._print_report(terminalreporter)

    def _write_to_standard_error(self, config: pytest.Config) -> None:
        capture = config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled(), open(2, "ab", closefd=False) as standard_error:
            standard_error.write(self.path.read_bytes())

    def _print_report(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section(f"performance traces: {self.path.name}")
        if not self._is_traced:
            terminalreporter.write_line(NOTHING_TRACED)
            return
        environment = {**os.environ, "COLUMNS": str(terminalreporter._tw.fullwidth)}  # noqa: SLF001
        environment.pop("PERF_TRACE", None)
        # A process of its own: the report's libraries have no business in the one that is being tested.
        report = subprocess.run(  # noqa: S603  # ourselves
            [sys.executable, "-m", "tracereport", str(self.path)],
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="backslashreplace",
            check=False,
        )
        sections = (report.stdout or report.stderr).rstrip().split("\n\n=== ")
        for line in "\n\n=== ".join(sections[: 1 + REPORT_SECTIONS]).split("\n"):
            terminalreporter.write_line(line)
        if len(sections) > 1 + REPORT_SECTIONS:
            terminalreporter.write_line(f"\n... and more: tracereport {self.path}")

    def pytest_unconfigure(self) -> None:
        """Removes the files that were joined."""
        super().pytest_unconfigure()
        shutil.rmtree(self.folder, ignore_errors=True)
