"""Stored parts of all inputs -> one: their partial results merged, their details at hand."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from tracereport.engine.measuring import merge_partials
from tracereport.engine.part_file import StoredPart
from tracereport.engine.stores import PartStore
from tracereport.engine.tasks import PARTIALS

_AT_ONCE: Final = 8
"""Parts whose partial results are held at one time while they are merged."""


class StoredParts:
    """Parts in a store, in the order of their inputs.

    Args:
        store: where they are.
        names: of the parts, in the order of the inputs.
        present: those of them that are there already; null: all.
    """

    def __init__(self, store: PartStore, names: Sequence[str], present: Collection[str] | None = None) -> None:
        self._store = store
        self.names = tuple(names)
        self._present = set(names if present is None else present)
        self._merged: list[dict[str, Any]] = []
        self._read = 0

    def read_partials(self, name: str) -> dict[str, Any]:
        """The partial results of one part, by the key of the measure or kind."""
        partials: dict[str, Any] = self._open(name).read(PARTIALS)
        return partials

    def note(self, name: str) -> None:
        """One more part is there: what can be merged by now is, while others are still measured."""
        self._present.add(name)
        while self._read < len(self.names) and self.names[self._read] in self._present:
            self._merged.append(self.read_partials(self.names[self._read]))
            self._read += 1
            if len(self._merged) == _AT_ONCE:
                self._merged = [merge_partials(self._merged)]

    def merge(self) -> dict[str, Any]:
        """The partial results of all parts, merged, by the key of the measure or kind."""
        for name in self.names[self._read :]:
            self.note(name)
        self._merged = [merge_partials(self._merged)]
        return self._merged[0]

    def details(self, key: str, wanted: Any) -> Iterable[Any]:  # noqa: ANN401  # each measure knows its own
        """What each part holds in detail for a measure, in the order of the input."""
        del wanted  # a part holds what any report may want
        for name in self.names:
            part = self._open(name)
            for piece in part.list_pieces(key):
                yield part.read(piece)

    def _open(self, name: str) -> StoredPart:
        return StoredPart(self._store.read(name), f"{self._store.place}/{name}")
