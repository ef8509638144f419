"""How much memory there still is: what the system has, what a container may have, what this process may map."""

import os
from pathlib import Path
from typing import Final

from tracereport.sources.control_groups import CGROUPS, PROCESSES, list_groups, read_lines

_LIMITS: Final = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Of control groups, version 2 and 1: the limit, what is used, and what of that is only kept as long as nobody needs
it."""


def find_free_bytes(processes: Path = PROCESSES, cgroups: Path = CGROUPS) -> int | None:
    """The bytes that this process can still take before the machine swaps or ends it; null where that isn't known.

    Args:
        processes: where the system tells of processes.
        cgroups: where it tells of control groups.
    """
    groups = map(_read_group, list_groups("memory", processes, cgroups))
    known = (_read_available(processes), _find_mappable(processes), *groups)
    return min((free for free in known if free is not None), default=None)


def _read_available(processes: Path) -> int | None:
    for line in read_lines(processes / "meminfo"):
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return None


def _find_mappable(processes: Path) -> int | None:
    """What a limit of the address space leaves."""
    try:
        import resource  # noqa: PLC0415 - not everywhere
    except ImportError:
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    sizes = "".join(read_lines(processes / "self" / "statm")).split()
    if limit == resource.RLIM_INFINITY or not sizes:
        return None
    return max(limit - int(sizes[0]) * os.sysconf("SC_PAGE_SIZE"), 0)


def _read_group(folder: Path) -> int | None:
    for limit_name, used_name, kept_name in _LIMITS:
        limit, used = "".join(read_lines(folder / limit_name)), "".join(read_lines(folder / used_name))
        if limit.isdigit() and used.isdigit():
            kept = dict(line.split(maxsplit=1) for line in read_lines(folder / "memory.stat")).get(kept_name, "0")
            return max(int(limit) - int(used) + int(kept), 0)
    return None
