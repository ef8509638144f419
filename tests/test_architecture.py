"""The house: who may import whom, and what each room says of itself."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import environment
from tests.shop import ROOT

ROOMS = sorted((ROOT / "tracereport").rglob("*.py"))
OPTIONAL = {"sqlalchemy", "django", "pytest", "_pytest", "xdist"}
"""What the emitters' hooks are for; it is there where they are used."""


def name_of(room: Path) -> str:
    return ".".join(room.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(room: Path) -> Iterator[str]:
    """Every module, and every name of one, that a room imports, wherever it does."""
    for node in ast.walk(ast.parse(room.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_imports_run_one_way() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        check=False,
        timeout=120,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize("room", ROOMS, ids=name_of)
def test_every_room_says_what_it_is_for(room: Path) -> None:
    docstring = ast.get_docstring(ast.parse(room.read_text(encoding="utf-8")))
    assert docstring, "a docstring at the top"
    assert docstring.splitlines()[0].endswith((".", ":")), "a whole sentence in its first line"


def test_the_emitters_import_nothing_of_ours_and_nothing_that_is_not_python() -> None:
    for room in ROOMS:
        if "emit" in room.parts:
            foreign = {name.partition(".")[0] for name in imports_of(room)} - sys.stdlib_module_names - OPTIONAL
            ours = {name for name in imports_of(room) if name.startswith("tracereport")}
            assert foreign <= {"tracereport"}, name_of(room)
            assert all(name.startswith("tracereport.emit") for name in ours), name_of(room)


def test_emitting_loads_nothing_of_the_rest() -> None:
    script = (
        "import sys, tracereport.emit; print(*sorted(m for m in sys.modules if 'tracereport' in m or m == 'polars'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, check=True, timeout=60, text=True
    )
    assert done.stdout.split() == ["tracereport", "tracereport.emit"]


def test_nothing_below_the_command_asks_for_clock_terminal_or_environment() -> None:
    """The same input and options give the same bytes."""
    asks = {"time", "random", "uuid", "getpass", "locale", "socket"}
    words = ("os.environ", "getenv", "get_terminal_size", "isatty", ".now(", ".today(")
    for room in ROOMS:
        if {"trace", "analysis", "documents"} & {*room.parts}:
            assert not asks & {name.partition(".")[0] for name in imports_of(room)}, name_of(room)
            text = room.read_text(encoding="utf-8")
            assert not [word for word in words if word in text], name_of(room)


def test_only_the_command_prints() -> None:
    for room in ROOMS:
        if "print(" in room.read_text(encoding="utf-8"):
            calls = [
                node for node in ast.walk(ast.parse(room.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
            ]
            assert not any(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls), name_of(room)
