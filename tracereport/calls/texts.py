"""A column of texts, packed: a million of them are two arrays."""

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.native.texts import Interner, rank_texts, take_texts


class Texts(msgspec.Struct, frozen=True, eq=False):
    """Texts in UTF-8, one behind the other: text ``i`` is ``data[offset[i]:offset[i + 1]]``."""

    data: NDArray[np.uint8]
    offset: NDArray[np.int64]

    def __len__(self) -> int:
        """The number of texts."""
        return len(self.offset) - 1

    def __getitem__(self, index: int) -> str:
        """One text.

        Raises:
            IndexError: there is none.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.data[self.offset[index] : self.offset[index + 1]].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        """Each text in turn."""
        return iter(self.to_list())

    def __eq__(self, other: object) -> bool:
        """Whether the texts are the same."""
        return isinstance(other, Texts) and self.to_list() == other.to_list()

    __hash__ = None  # type: ignore[assignment]

    def take(self, indices: NDArray[np.integer[Any]]) -> "Texts":
        """Some of the texts, in this order.

        Raises:
            ValueError: an index is none of a text.
        """
        return Texts(*take_texts(self.data, self.offset, indices))

    def to_list(self) -> list[str]:
        """All texts."""
        start, end = int(self.offset[0]), int(self.offset[-1])
        whole = self.data[start:end].tobytes()
        offset = (self.offset - start).tolist()
        if whole.isascii():
            text = whole.decode()
            return [text[begin:end] for begin, end in itertools.pairwise(offset)]
        return [whole[begin:end].decode() for begin, end in itertools.pairwise(offset)]

    def rank(self) -> NDArray[np.int64]:
        """The rank of each text among the distinct ones, from 0 on, by code points as Python orders strings."""
        return rank_texts(self.data, self.offset)

    def is_among(self, wanted: Iterable[str]) -> NDArray[np.bool_]:
        """Which of the texts are wanted."""
        interner, packed = Interner(), pack_texts(wanted)
        interner.intern(packed.data, packed.offset[:-1], packed.offset[1:])
        return interner.find(self.data, self.offset[:-1], self.offset[1:]) >= 0

    def starts_with(self, prefix: str) -> NDArray[np.bool_]:
        """Which texts start with a prefix."""
        wanted = prefix.encode()
        found = np.diff(self.offset) >= len(wanted)
        for place, byte in enumerate(wanted):
            candidates = np.flatnonzero(found)
            found[candidates] = self.data[self.offset[candidates] + place] == byte
        return found

    def holds(self, part: str) -> NDArray[np.bool_]:
        """Which texts hold this part."""
        owner, _, is_inside = self._find(part.encode(errors="surrogatepass"))
        found = np.zeros(len(self), bool)
        found[owner[is_inside]] = True
        return found

    def hold_field(self, field: str) -> NDArray[np.bool_]:
        """Which texts hold ``|field`` in front of a ``|`` or at their end."""
        owner, end, is_inside = self._find(f"|{field}".encode(errors="surrogatepass"))
        owner, end = owner[is_inside], end[is_inside]
        is_whole = end == self.offset[owner + 1]
        is_whole[~is_whole] = self.data[end[~is_whole]] == ord("|")
        found = np.zeros(len(self), bool)
        found[owner[is_whole]] = True
        return found

    def _find(self, wanted: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Of each place where these bytes stand the text that it is in, its end, and whether the text goes so far."""
        places = [found.end() for found in re.finditer(re.escape(wanted), self.data.data)]
        end = np.array(places, np.int64)
        owner = np.searchsorted(self.offset, end - len(wanted), side="right") - 1
        inside = (owner >= 0) & (owner < len(self))
        inside[inside] = end[inside] <= self.offset[owner[inside] + 1]
        return owner, end, inside


def pack_texts(texts: Iterable[str]) -> Texts:
    """A column of these texts."""
    encoded = [text.encode() for text in texts]
    offset = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offset[1:])
    return Texts(np.frombuffer(b"".join(encoded), np.uint8), offset)
