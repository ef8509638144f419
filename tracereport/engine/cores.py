"""What there is to measure with, and from which size on several processes pay."""

import glob
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from tracereport.sources.control_groups import CGROUPS, PROCESSES, list_groups, read_lines
from tracereport.sources.streams.names import InputState

CLUSTER_SCHEME: Final = "dask://"
"""Of the URL of a cluster."""
PAYS_BYTES: Final = 64 << 20
"""Bytes of all inputs from which on starting workers pays; below, one process is quicker."""
_QUOTA_FILES: Final = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
_MOST_THREADS: Final = 4
"""Beyond, measures wait for the memory."""


def count_cores() -> int:
    """The cores that this process may use, and that a container gives it time on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, count_quota() or cores)


def count_quota(processes: Path = PROCESSES, cgroups: Path = CGROUPS) -> int | None:
    """How many cores' time the control groups around this process give it, rounded up; None: as much as there is.

    Args:
        processes: where the system tells of processes.
        cgroups: where it tells of control groups.
    """
    quotas = map(_read_quota, list_groups("cpu", processes, cgroups))
    return min((quota for quota in quotas if quota is not None), default=None)


def _read_quota(group: Path) -> int | None:
    """What a group may use of each period: in one file of version 2, in two of version 1."""
    words = " ".join(read_lines(group / "cpu.max")).split()
    words = words or [word for name in _QUOTA_FILES for word in read_lines(group / name)]
    if len(words) != len(_QUOTA_FILES) or not all(word.isdigit() and int(word) for word in words):
        return None
    quota, period = map(int, words)
    return -(-quota // period)


def count_threads() -> int:
    """How many threads measure in a process that has the machine to itself."""
    return min(count_cores(), _MOST_THREADS)


def will_pay(names: Sequence[str]) -> bool:
    """Whether several processes are likely to pay, by a look at the files that are named before anything is loaded."""
    if count_cores() == 1:
        return False
    left, files = PAYS_BYTES, 0
    for name in names:
        for path in glob.iglob(name, recursive=True) if glob.has_magic(name) else (name,):  # noqa: PTH207 - absolute ones
            with suppress(OSError):
                left -= os.stat(path).st_size  # noqa: PTH116 - Path takes its time for thousands
            files += 1
            if left <= 0 and files > 1:
                return True
    return False


def pays(states: Sequence[InputState | None]) -> bool:
    """Whether the inputs are large enough to be measured in parts."""
    return sum(state.size for state in states if state is not None) >= PAYS_BYTES
