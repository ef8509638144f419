"""Where parts are kept: a folder."""

import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tracereport.errors import InputError, OutputError

SUFFIX = ".part"


class PartStore(Protocol):
    """Keeps parts by name. What is written is whole, or not there."""

    @property
    def place(self) -> str:
        """What the user calls it."""

    def names(self) -> Sequence[str]:
        """The names of all parts, sorted."""

    def read(self, name: str) -> bytes:
        """A part."""

    def write(self, name: str, data: bytes) -> None:
        """Puts a part there."""


class FolderStore:
    """Parts as files of a folder, which is made where it isn't there.

    Args:
        folder: its path.

    Raises:
        OutputError: it can't be made.
    """

    def __init__(self, folder: str) -> None:
        self.place = folder
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: {error.strerror}", "Name a folder that can be written to.") from error

    def names(self) -> Sequence[str]:
        """See ``PartStore``."""
        return sorted(path.name for path in Path(self.place).glob(f"*{SUFFIX}"))

    def read(self, name: str) -> bytes:
        """See ``PartStore``.

        Raises:
            InputError: it can't be read.
        """
        try:
            return Path(self.place, name).read_bytes()
        except OSError as error:
            raise InputError(f"{Path(self.place, name)}: {error.strerror}", "Measure it again.") from error

    def write(self, name: str, data: bytes) -> None:
        """See ``PartStore``. Two writers of one part write the same.

        Raises:
            OutputError: it can't be written.
        """
        target = Path(self.place, name)
        try:
            descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=self.place)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                Path(temporary).replace(target)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(temporary).unlink()
                raise
        except OSError as error:
            raise OutputError(f"{target}: {error.strerror}", "Make room, or name another folder.") from error


def open_store(place: str) -> PartStore:
    """The store of a folder.

    Raises:
        OutputError: it can't be made.
    """
    return FolderStore(place)
