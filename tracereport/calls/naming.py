"""What processes are called: their markers' names, told apart where several share one.

A marker names the processes behind it. Which names clash is known when all of an input is read, so that each process
keeps what its marker says until then.
"""

from collections.abc import Sequence
from pathlib import PurePath

import msgspec

Name = str | None


class MarkedNames(msgspec.Struct, frozen=True):
    """What markers say of processes, one entry each; null where no marker names the process."""

    name: tuple[Name, ...]
    binary: tuple[Name, ...]
    """What tells binaries of one name in one file apart."""
    qualified: tuple[Name, ...]
    """The name with its crate, where there is one: it is used where binaries share the name."""


def settle_names(marked: MarkedNames, files: Sequence[str]) -> list[Name]:
    """What each process is called: null where no marker names it.

    Where two binaries of a file share a name it is ``crate::target``; where several files do, the file stands behind
    it, in brackets.

    Args:
        marked: what the markers say.
        files: per process the file that it stands in.
    """
    binaries: dict[tuple[str, Name], set[Name]] = {}
    rows = list(zip(files, marked.name, marked.binary, marked.qualified, strict=True))
    for file, name, binary, qualified in rows:
        if qualified is not None:
            binaries.setdefault((file, name), set()).add(binary)
    names = [
        qualified if qualified is not None and len(binaries[file, name]) > 1 else name
        for file, name, _, qualified in rows
    ]
    files_of: dict[Name, set[str]] = {}
    for name, file in zip(names, files, strict=True):
        if name is not None:
            files_of.setdefault(name, set()).add(file)
    short = {name: _shorten(own) for name, own in files_of.items() if len(own) > 1}
    return [f"{name} ({short[name][file]})" if name in short else name for name, file in zip(names, files, strict=True)]


def _shorten(files: set[str]) -> dict[str, str]:
    """The files without their folders, unless two of them are called the same."""
    last = {file: PurePath(file).name for file in files}
    return last if len(set(last.values())) == len(files) else {file: file for file in files}
