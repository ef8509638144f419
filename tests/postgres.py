"""A PostgreSQL of the tests' own: on the loopback, in a folder of theirs, ended with them."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import LOOPBACK, free_port
from tests.waiting import PATIENCE_SECONDS, wait_until

FOLDERS = (
    "/usr/lib/postgresql/18/bin",
    "/usr/lib/postgresql/17/bin",
    "/usr/lib/postgresql/16/bin",
    "/usr/lib/postgresql/15/bin",
)
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
logging_collector = on
log_directory = 'log'
log_filename = 'server'
log_destination = 'stderr,csvlog,jsonlog'
log_min_duration_statement = 0
log_line_prefix = '%m [%p] [%l-1] %c user=%u,db=%d,app=%a '
fsync = off
"""


def find_tool(name: str) -> str | None:
    """A program of PostgreSQL's server; Debian doesn't put them on the path."""
    return shutil.which(name, path=os.pathsep.join([*FOLDERS, os.environ.get("PATH", "")]))


@contextmanager
def running() -> Iterator[tuple[int, Path]]:
    """A server, as long as it is entered: its port, and the folder with its logs."""
    with tempfile.TemporaryDirectory(prefix="tracereport-postgres-") as folder:
        yield from _run(Path(folder))


def _run(folder: Path) -> Iterator[tuple[int, Path]]:
    initdb, postgres = find_tool("initdb"), find_tool("postgres")
    assert initdb is not None
    assert postgres is not None
    # A server refuses to run as root.
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    own = {"user": user.pw_uid, "group": user.pw_gid} if user is not None else {}
    subprocess.run(
        [initdb, "-D", data, "-U", "shop", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
        check=True,
        cwd=folder,
        timeout=PATIENCE_SECONDS,
        **quiet,
        **own,
    )  # type: ignore[call-overload]
    port = free_port()
    with (data / "postgresql.conf").open("a") as file:
        file.write(SETTINGS + f"port = {port}\n")
    process = subprocess.Popen([postgres, "-D", data], cwd=folder, **quiet, **own)  # type: ignore[call-overload]
    try:
        wait_until(lambda: _answers(port, process), "the server doesn't answer")
        yield port, data / "log"
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _answers(port: int, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "the server ended"
    ready = find_tool("pg_isready")
    assert ready is not None
    asked = [ready, "-q", "-h", LOOPBACK, "-p", str(port), "-t", "30"]
    return subprocess.run(asked, check=False).returncode == 0
