"""Where the processes of a command leave their traces: in a file each, so that they are never mixed with one another.

Our emitters put the process's number in the place of ``%p`` in the file's name, and, where they know it, the program's
in the place of ``%n``.
"""

import os
import re
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from tracereport.command.emitter_files import node_environment, python_environment, tox_environment

VARIABLE: Final = "PERF_TRACE"
MODULES_VARIABLE: Final = "PERF_TRACE_MODULES"
PATTERN: Final = "%n-%p.log"
_FILE: Final = re.compile(r"(?P<name>.*)-(?P<number>[0-9]+)\.log")
_MARKER: Final = "     Running traced ({})\n"
_ODD: Final = re.compile(r"[^\w. -]")
_NAMELESS: Final = "%n"
_UNNAMED: Final = "process "
_LINE_END: Final = b"\n"
_NAMES_SAID: Final = 8


class Collected(msgspec.Struct, frozen=True):
    """What one process has left."""

    path: Path
    name: str
    """The program's, or ``process 3``; with a number where several processes have one name."""
    program: str


class Collection:
    """The folder that the processes of a command write to.

    Args:
        folder: is made.
        environment: the command's; where it sets ``PERF_TRACE`` itself, it has its way.
        modules: of Python, whose functions are all to be traced, besides those that the environment names.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], modules: Sequence[str] = ()) -> None:
        folder.mkdir()
        self._folder = folder
        self.is_asked = VARIABLE not in environment
        """Whether the processes are asked for files."""
        self.environment = {VARIABLE: str(folder / PATTERN), **environment}
        for added_by in (python_environment, node_environment, tox_environment):
            self.environment |= added_by(environment)
        """The command's, with what switches its emitters on."""
        if modules:
            named = environment.get(MODULES_VARIABLE)
            self.environment[MODULES_VARIABLE] = ",".join([*([named] if named else []), *modules])

    def list_processes(self) -> list[Collected]:
        """The processes that have left traces, in the order of their numbers."""
        found = [(read, path) for path in self._folder.iterdir() if (read := _FILE.fullmatch(path.name))]
        found = [(read, path) for read, path in found if path.stat().st_size]
        found.sort(key=lambda each: (int(each[0]["number"]), each[0]["name"]))
        names = [
            f"{_UNNAMED}{place}" if read["name"] == _NAMELESS else read["name"]
            for place, (read, _) in enumerate(found, 1)
        ]
        shared = Counter(names)
        seen: Counter[str] = Counter()
        collected = []
        for name, (_, path) in zip(names, found, strict=True):
            seen[name] += 1
            collected.append(Collected(path, f"{name} {seen[name]}" if shared[name] > 1 else name, name))
        return collected

    def append_to(self, log: BinaryIO) -> tuple[str, ...]:
        """Writes the traces of all processes, one behind the other, and gives the names, as one says them.

        A marker in cargo's form stands before each; a single process that doesn't know its name needs none.
        """
        processes = self.list_processes()
        for process in processes:
            if len(processes) > 1 or not process.name.startswith(_UNNAMED):
                log.write(_MARKER.format(_ODD.sub("_", process.name)).encode())
            with process.path.open("rb") as lines:
                shutil.copyfileobj(lines, log)
                lines.seek(-1, os.SEEK_END)
                if lines.read() != _LINE_END:  # it was killed amid a line
                    log.write(_LINE_END)
        return _say_names(processes)


def _say_names(processes: Sequence[Collected]) -> tuple[str, ...]:
    """``api 1 to 300, store``: a runner may start a process for each test."""
    of_program = Counter(process.program for process in processes)
    names = [f"{name} 1 to {count}" if count > 1 else name for name, count in of_program.items()]
    if len(names) <= _NAMES_SAID:
        return tuple(names)
    left = sum([*of_program.values()][_NAMES_SAID:])
    return (*names[:_NAMES_SAID], f"{left} more")
