"""What the pytest plugin reads from the project's configuration, and prints at the end of a run."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from .log import now

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NOTHING_TRACED = """\
Nothing was traced: no test asked a database or server by a library that there is a hook for, or called a traced
function.
To trace a function, decorate it:

    from {package} import traced

    @traced
    def find_orders(customer_id): ...

or name modules whose functions are all to be traced, in pyproject.toml:

    [tool.tracereport.trace]
    modules = ["app.repository"]

"python -m pydoc {package}" tells more."""

_OF_THE_TESTS = ("PERF_TRACE", "COV_CORE_", "COVERAGE_PROCESS_", "PYTHONWARNINGS", "PYTHONINSPECT")
"""Variables that are for the tests alone: what measures them, and what makes errors of their warnings."""


def list_traced_modules(root: Path) -> list[str]:
    """The modules that ``[tool.tracereport.trace]`` in ``pyproject.toml`` names.

    Raises:
        ValueError: they are no list of names.
    """
    path = root / "pyproject.toml"
    if not path.is_file():
        return []
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415  # only where it is needed
    else:
        import tomli as tomllib  # noqa: PLC0415  # pytest needs it there, too
    table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("tracereport", {}).get("trace", {})
    modules = table.get("modules", [])
    if not isinstance(modules, list) or not all(isinstance(name, str) for name in modules):
        raise ValueError(f"{path.name}: tool.tracereport.trace.modules is a list of modules' names")
    return modules


def print_report(terminalreporter: pytest.TerminalReporter, path: Path) -> None:
    """Prints the brief report on a log; where the program isn't installed, how to have it."""
    terminalreporter.section(f"performance traces: {path.name}")
    if now.lost is not None:
        terminalreporter.write_line(f"They end before the tests do: {now.lost}.")
    if getattr(terminalreporter.config.option, "dist", "no") == "no":  # else it is workers that import them
        for name in filter(_is_nowhere, list_traced_modules(terminalreporter.config.rootpath)):
            terminalreporter.write_line(f"There is no module {name}, which pyproject.toml names as one to trace.")
    if b"PERF_TRACE|" not in path.read_bytes():
        terminalreporter.write_line(NOTHING_TRACED.format(package=__package__))
        return
    folder = terminalreporter.config.invocation_params.dir
    near = path.relative_to(folder) if path.is_relative_to(folder) else path  # it is typed where pytest was
    typed = shlex.quote(str(near))
    command = _find_command()
    if command is None:
        terminalreporter.write_line(
            f"To see what could be saved: uvx tracereport {typed}   (or: pipx run tracereport {typed})"
        )
        return
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OF_THE_TESTS)}
    environment["COLUMNS"] = str(terminalreporter._tw.fullwidth)  # noqa: SLF001
    # A process of its own: the report's libraries have no business in the one that is being tested.
    report = subprocess.run(  # noqa: S603  # ourselves
        [*command, str(near), "--format", "brief"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="backslashreplace",
        check=False,
    )
    for line in (report.stdout or report.stderr).rstrip().split("\n"):
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"Full report: tracereport {typed}")


def _is_nowhere(module: str) -> bool:
    """Whether nothing could import a module of that name; what its package holds isn't known while that isn't there."""
    package = module.rpartition(".")[0]
    if module in sys.modules or (package and package not in sys.modules):
        return False
    try:
        return importlib.util.find_spec(module) is None
    except (ImportError, ValueError):  # a package that isn't one; a module without a spec
        return True


def _find_command() -> list[str] | None:
    spec = importlib.util.find_spec("tracereport")
    if spec is not None and spec.origin is not None:  # a folder of that name alone has no file
        # -P: the program's own modules lie where pytest was started, and may have the names of those the report needs.
        return [sys.executable, "-P", "-m", "tracereport"]
    installed = shutil.which("tracereport")
    return None if installed is None else [installed]
