"""The house: who may import whom, and what each room says of itself."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.running import environment, run_python
from tests.waiting import PATIENCE_SECONDS

ROOMS = sorted((ROOT / "tracereport").rglob("*.py"))
OPTIONAL = {
    "sqlalchemy", "django", "asgiref", "starlette", "flask", "celery", "requests", "httpx", "redis", "aiosqlite",
    "psycopg", "psycopg2", "asyncpg", "pymysql", "MySQLdb", "aiomysql",
    "pytest", "_pytest", "xdist", "tomli", "typing_extensions",
}  # fmt: skip
"""What the emitters' hooks are for; it is there where they are used."""

ASKING_MODULES = frozenset(
    {
        "time", "random", "uuid", "secrets", "getpass", "locale", "platform", "socket", "ssl", "http",
        "urllib.request", "platformdirs",
    }
)  # fmt: skip
"""Modules whose answers aren't the same everywhere and always."""
ASKING_NAMES = frozenset(
    {
        "environ", "environb", "getenv", "urandom", "get_terminal_size", "tcgetwinsize", "isatty", "cwd", "getcwd",
        "home", "expanduser",
    }
)  # fmt: skip
MODULES = tuple(f"{module}." for module in ASKING_MODULES)
MAY_ASK = {
    "tracereport.command.reporting": "commands: the environment of what they run",
    "tracereport.command.finishing": "whether a terminal shows the gates already",
    "tracereport.command.history": "a command, too: whether a terminal shows what it prints",
    "tracereport.command.settling": "how wide the terminal is that shows what is checked",
    "tracereport.command.plan": "the command line's part that says what a job is",
    "tracereport.command.progress": "a bar on the terminal, which is no document",
    "tracereport.command.capture": "the terminal of the command that it runs",
    "tracereport.command.receiver": "the spans that the command it runs sends to it",
    "tracereport.engine.local_workers": "sets a variable for a process of the standard library and takes it back",
    "tracereport.engine.own_process": "sets a variable for NumPy and takes it back; nothing depends on it",
    "tracereport.documents.user_cache": "where the user's cache is: what it holds changes no document",
    "tracereport.documents.writer": "a name for a temporary file that can't be foreseen",
}
"""The rooms that ask, and why they may."""
MAY_PRINT = {
    "tracereport.command.cli": "it is the command",
    "tracereport.command.reporting": "commands, too",
    "tracereport.command.settling": "commands, too",
    "tracereport.command.finishing": "whether a terminal shows the gates already",
    "tracereport.command.printing": "what every command says on standard error",
    "tracereport.command.history": "a command, too",
    "tracereport.command.schema": "an option that prints a schema",
    "tracereport.__main__": "says that it was interrupted, or failed, while the command was still being loaded",
    "tracereport.command.interrupt": "says so where Python itself doesn't come round to it",
    "tracereport.command.capture": "passes on what the command that it runs prints",
    "tracereport.command.progress": "a bar on the terminal, which it takes away",
    "tracereport.sources.parquet": "hands on what others print while a library is kept from printing its panics",
}
"""The rooms that write to standard output or error, and what."""


def name_of(room: Path) -> str:
    return ".".join(room.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(room: Path) -> Iterator[str]:
    """Every module, and every name of one, that a room imports, wherever it does."""
    for node in nodes_of(room):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # The emitters have another name, too, in a distribution of their own.
            assert node.level == 0 or "emit" in room.parts, "imports are absolute"
            module = f"tracereport.emit.{node.module}" if node.level else node.module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def nodes_of(room: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(room.read_text(encoding="utf-8")))


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env=environment(PYTHONPATH=str(folder)),
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
        text=True,
    )


def test_imports_run_one_way() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout


def test_a_room_without_a_place_in_the_house_is_refused(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tracereport", tmp_path / "tracereport", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tracereport" / "attic.py").touch()
    done = lint_imports(tmp_path)
    assert done.returncode == 1
    assert "attic" in done.stdout


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
    done = run_python(script, **environment())
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split()) - {"tracereport", "tracereport.emit"}
    assert loaded
    assert all(name.startswith("tracereport.emit.") for name in loaded)
    assert not {name.removeprefix("tracereport.emit.") for name in loaded} & {*OPTIONAL, "pytest_plugin", "http"}


def test_nothing_below_the_command_asks_for_clock_terminal_environment_or_network() -> None:
    """The same input and options give the same bytes."""
    asking = {name_of(room) for room in ROOMS if any(map(asks, nodes_of(room)))}
    assert {name for name in asking if not name.startswith("tracereport.emit")} == set(MAY_ASK)


def asks(node: ast.AST) -> bool:
    """An import of what asks, or a name that does, whatever it belongs to."""
    match node:
        case ast.Import(names=names):
            return any(f"{name.name}.".startswith(MODULES) for name in names)
        case ast.ImportFrom(module=str(module), names=names):
            whole = [f"{module}.{name.name}." for name in names]
            return any(name.startswith(MODULES) or name.split(".")[-2] in ASKING_NAMES for name in whole)
        case ast.Call(func=ast.Attribute(attr="now" | "utcnow" | "today")):
            return True
        case ast.Attribute(attr=name):
            return name in ASKING_NAMES
    return False


@pytest.mark.parametrize(
    "code",
    [
        "import time", "from platformdirs import user_cache_path", "os.environ['A']", "from os import getenv",
        "datetime.now(UTC)", "date.today()", "Path.cwd()", "stream.isatty()", "from urllib import request",
    ],
)  # fmt: skip
def test_asking_is_seen_however_it_is_done(code: str) -> None:
    assert any(map(asks, ast.walk(ast.parse(code))))


@pytest.mark.parametrize(
    "code", ["job.today", "from datetime import date", "from urllib.parse import quote", "now = 1", "'import time'"]
)
def test_what_only_looks_like_asking_is_none(code: str) -> None:
    assert not any(map(asks, ast.walk(ast.parse(code))))


def test_only_the_command_prints() -> None:
    printing = {name_of(room) for room in ROOMS if any(map(prints, nodes_of(room)))}
    assert {name for name in printing if not name.startswith("tracereport.emit")} == set(MAY_PRINT)


def prints(node: ast.AST) -> bool:
    """A call of ``print``, of click's ``echo`` or of ``os.write``, or standard output or error in whatever use."""
    match node:
        case ast.Call(func=ast.Name(id="print") | ast.Attribute(attr="echo" | "secho" | "print")):
            return True
        case ast.Attribute(value=ast.Name(id="os"), attr="write" | "writev"):
            return True
        case ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr" | "__stdout__" | "__stderr__"):
            return True
        case ast.ImportFrom(module="sys" | "os", names=names):
            return any(name.name in {"stdout", "stderr", "write"} for name in names)
        case ast.keyword(arg="stderr", value=ast.Constant(value=True)):
            return True
    return False


@pytest.mark.parametrize(
    "code",
    [
        "print(1)", "click.echo(1)", "sys.stderr.write('a')", "out = sys.stdout.buffer", "os.write(2, b'')",
        "from sys import stderr", "Console(stderr=True)",
    ],
)  # fmt: skip
def test_printing_is_seen_however_it_is_done(code: str) -> None:
    assert any(map(prints, ast.walk(ast.parse(code))))


@pytest.mark.parametrize(
    "code", ["file.write(1)", "subprocess.Popen(a, stderr=pipe)", "stdout.write(b'')", "blueprint()"]
)
def test_what_only_looks_like_printing_is_none(code: str) -> None:
    assert not any(map(prints, ast.walk(ast.parse(code))))
