"""The page on many and large logs does what it shows: with a scheduler, its workers and a store on loopback."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.object_server import serving_objects
from tests.paths import ROOT
from tests.ports import free_port, wait_for_port
from tests.read_documents import prepare_folder, read_blocks, read_commands, run_blocks, run_command
from tests.running import BARE, SINGLE
from tests.waiting import PATIENCE_SECONDS, started

SCALE = ROOT / "docs" / "scale.md"
CLUSTER = "A Dask cluster"
STORES = "Object stores"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    for path in (BARE, SINGLE):
        shutil.copy(path, tmp_path / "logs")
    return prepare_folder(tmp_path)


def test_its_commands_run_on_one_machine(folder: Path) -> None:
    assert run_blocks(SCALE, folder, lambda title: title not in (CLUSTER, STORES)) == 6
    assert len(list((folder / "parts").glob("*"))) == 2
    assert len(list((folder / "shares").glob("*"))) == 2


def test_its_commands_run_with_a_store(folder: Path) -> None:
    with serving_objects() as server:
        server.make_bucket("bucket")
        for path in (BARE, SINGLE):
            server.put("bucket", f"logs/{path.name}", path.read_bytes())
        assert run_blocks(SCALE, folder, lambda title: title == STORES) == 3
    assert (folder / "report.html").exists()


def test_its_commands_run_on_a_cluster(folder: Path) -> None:
    commands = [
        command
        for section, line, language, text in read_blocks(SCALE)
        if section == CLUSTER and language == "console"
        for command in read_commands(line, text)
    ]
    port = free_port()
    servers: list[subprocess.Popen[bytes]] = []
    ran = 0
    with ExitStack() as stack:
        for command in commands:
            words = command.text.replace(":8786", f":{port}").replace("--port 8786", f"--port {port}")
            if words.startswith("dask "):
                servers.append(stack.enter_context(running(shlex.split(words)[1:], folder)))
                wait_for_port(port, servers[0])
            else:
                run_command(type(command)(command.line, words, command.output), folder)
                ran += 1
    assert ran == 1
    assert (folder / "report.html").exists()


@contextmanager
def running(arguments: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command of Dask, as long as the context lasts."""
    here = ["--no-dashboard"] if arguments[0] == "scheduler" else ["--local-directory", str(folder / "dask")]
    with (
        (folder / f"{arguments[0]}.log").open("wb") as log,
        started(
            [sys.executable, "-m", "dask", *arguments, *here], cwd=folder, stdout=log, stderr=subprocess.STDOUT
        ) as process,
    ):
        yield process
        process.terminate()
        process.wait(PATIENCE_SECONDS)
