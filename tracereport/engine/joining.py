"""Stored parts of all inputs -> one: their partial results merged, their details at hand."""

from collections.abc import Iterable, Sequence
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
    """

    def __init__(self, store: PartStore, names: Sequence[str]) -> None:
        self._store = store
        self.names = tuple(names)

    def read_partials(self, name: str) -> dict[str, Any]:
        """The partial results of one part, by the key of the measure or kind."""
        partials: dict[str, Any] = self._open(name).read(PARTIALS)
        return partials

    def merge(self) -> dict[str, Any]:
        """The partial results of all parts, merged, by the key of the measure or kind."""
        merged: list[dict[str, Any]] = []
        for name in self.names:
            merged.append(self.read_partials(name))
            if len(merged) == _AT_ONCE:
                merged = [merge_partials(merged)]
        return merge_partials(merged)

    def details(self, key: str, wanted: Any) -> Iterable[Any]:  # noqa: ANN401  # each measure knows its own
        """What each part holds in detail for a measure, in the order of the input."""
        del wanted  # a part holds what any report may want
        for name in self.names:
            part = self._open(name)
            for piece in part.list_pieces(key):
                yield part.read(piece)

    def _open(self, name: str) -> StoredPart:
        return StoredPart(self._store.read(name), f"{self._store.place}/{name}")
