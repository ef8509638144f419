"""The control groups that this process is in: Linux holds the limits of containers and services in them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

PROCESSES: Final = Path("/proc")
CGROUPS: Final = Path("/sys/fs/cgroup")


def list_groups(controller: str, processes: Path = PROCESSES, cgroups: Path = CGROUPS) -> Iterator[Path]:
    """The folders of all groups around this process, inner ones first: the limit of an outer one holds for the inner.

    Args:
        controller: whose groups, where each controller has its own (version 1): ``memory`` or ``cpu``.
        processes: where the system tells of processes.
        cgroups: where it tells of control groups.
    """
    for line in read_lines(processes / "self" / "cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = cgroups / controller if controllers else cgroups
        group = root / path.lstrip("/")
        # Inside of a container its own group is the root, whatever it is called outside: the others aren't there then.
        yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(root))


def read_lines(path: Path) -> list[str]:
    """The lines of a file of the system; none where it isn't there."""
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
