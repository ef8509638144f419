"""Where parts are kept: a folder, or a folder of an object store."""

import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from tracereport.errors import InputError, OutputError, UsageError
from tracereport.sources.objects import list_keys, read_object, write_object
from tracereport.sources.urls import STORES, is_url, without_secrets

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
    """Parts as files of a folder.

    Args:
        folder: its path.
        is_made: whether it is made where it isn't there.

    Raises:
        OutputError: it can't be made.
    """

    def __init__(self, folder: str, *, is_made: bool = True) -> None:
        self.place = folder
        if not is_made:
            return
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


class ObjectPartStore:
    """Parts as objects of a folder in a store.

    Args:
        url: of the folder.
        copies: a folder for parts that have been read: each piece of one is asked for by itself.
    """

    def __init__(self, url: str, copies: str | None = None) -> None:
        self.place = url.rstrip("/")
        self._copies = FolderStore(copies) if copies is not None else None

    def names(self) -> Sequence[str]:
        """See ``PartStore``.

        Raises:
            InputError: the store refuses.
        """
        keys = [PurePosixPath(key) for key in list_keys(self.place, is_flat=True)]
        return sorted(key.name for key in keys if key.suffix == SUFFIX)

    def read(self, name: str) -> bytes:
        """See ``PartStore``.

        Raises:
            InputError: it can't be read.
        """
        if self._copies is None:
            return read_object(f"{self.place}/{name}")
        if name not in self._copies.names():
            self._copies.write(name, read_object(f"{self.place}/{name}"))
        return self._copies.read(name)

    def write(self, name: str, data: bytes) -> None:
        """See ``PartStore``.

        Raises:
            OutputError: the store refuses.
        """
        try:
            write_object(f"{self.place}/{name}", data)
        except InputError as error:
            raise OutputError(error.message, error.remedy) from error


def open_store(place: str, copies: str | None = None, *, is_made: bool = True) -> PartStore:
    """The store of a folder, or of a URL.

    Args:
        place: a folder, or a URL.
        copies: a folder for what is read from far away more than once; None: it is read again.
        is_made: whether a folder is made that isn't there.

    Raises:
        OutputError: the folder can't be made.
        UsageError: nothing can be kept at such a URL.
    """
    if not is_url(place):
        return FolderStore(place, is_made=is_made)
    if not place.startswith(tuple(f"{scheme}://" for scheme in STORES)):
        schemes = ", ".join(f"{scheme}://" for scheme in STORES)
        raise UsageError(f"{without_secrets(place)}: parts can't be kept there", f"Name a folder, or a URL: {schemes}")
    return ObjectPartStore(place, copies)
