"""A table that others wrote is read in a process of its own first: what breaks there breaks nobody's run.

The library that reads Parquet is native. A damaged file may end its process without a word, and a few kilobytes may
hold lists of any length. So another process tries the file, with bounded memory, and says how much it holds.
"""

import contextlib
import signal
import subprocess
import sys
from typing import Final

from tracereport.errors import InputError

_LEAST_ITEM_BYTES: Final = 64
"""In memory, for an item of a list, whatever it holds."""
_PROGRAM: Final = """
import sys
import polars
path, most_bytes = sys.argv[1], int(sys.argv[2])
try:
    import resource
    with open("/proc/self/statm") as file:
        used_bytes = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used_bytes + most_bytes, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, OSError, ValueError):
    pass
try:
    frame = polars.read_parquet(path, glob=False)
    lists = [frame[name].list.len().sum() for name, kind in frame.schema.items() if isinstance(kind, polars.List)]
    print(max(frame.estimated_size(), sum(lists) * int(sys.argv[3])))
except BaseException:
    print("refused")
"""
_TIMES_IN_MEMORY: Final = 3
_ROOM_BYTES: Final = 1 << 30
"""For the reading itself, beside what is read."""


def try_table(path: str, title: str, most_bytes: int) -> None:
    """Reads a table in another process. What that process refuses in words, this one may find out for itself.

    Raises:
        InputError: the other process died of it, or the table holds more than so many bytes.
    """
    if not sys.executable:  # an embedded Python has nobody to ask
        return
    command = [sys.executable, "-P", "-c", _PROGRAM, path]
    command += [str(_TIMES_IN_MEMORY * most_bytes + _ROOM_BYTES), str(_LEAST_ITEM_BYTES)]
    try:
        tried = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - ourselves
    except OSError:  # no more processes: then it is read untried
        return
    said = tried.stdout.strip()
    if tried.returncode < 0:
        ended = str(-tried.returncode)
        with contextlib.suppress(ValueError):
            ended = signal.Signals(-tried.returncode).name
        raise InputError(
            f"{title}: can't be read as Parquet: reading it ended a process ({ended})",
            "Make the table again: it is damaged, or holds more than --max-unpacked BYTES allows.",
        )
    if said.isdigit() and int(said) > most_bytes:
        raise InputError(
            f"{title}: it unpacks to {int(said):,} bytes in memory", "Allow for them: --max-unpacked BYTES"
        )
