"""Parts of one process that are kept in a temporary folder until all of the input is measured."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tracereport import __version__
from tracereport.engine.joining import StoredParts
from tracereport.engine.measuring import Part
from tracereport.engine.part_file import PartHeader, PartWriter
from tracereport.engine.stores import SUFFIX, PartStore, open_store
from tracereport.engine.tasks import pack_details, pack_partials
from tracereport.model import Settings


class KeptParts:
    """Parts that come one by one, in the order of the input."""

    def __init__(self, store: PartStore, settings: Settings) -> None:
        self.processes = 0
        """How many the parts have: those of the next one are numbered behind them."""
        self._store = store
        self._settings = settings
        self._names: list[str] = []

    def add(self, part: Part) -> None:
        """Keeps a part.

        Raises:
            OutputError: there is no room for it.
        """
        name = f"{len(self._names):09}{SUFFIX}"
        self._names.append(name)
        self._store.write(name, self._encode(part))
        self.processes += part.processes

    @property
    def stored(self) -> StoredParts:
        """All of them."""
        return StoredParts(self._store, self._names)

    def _encode(self, part: Part) -> bytes:
        writer = PartWriter()
        pack_details(writer, part, 0)
        pack_partials(writer, part.partials)
        header = PartHeader(
            version=__version__, input="", index=len(self._names), inputs=0, settings=self._settings, digest="", calls=0
        )
        return writer.finish(header)


@contextmanager
def keep_parts(settings: Settings) -> Iterator[KeptParts]:
    """A folder for parts; it goes when the context ends."""
    with tempfile.TemporaryDirectory(prefix="tracereport-parts-") as folder:
        yield KeptParts(open_store(folder), settings)
