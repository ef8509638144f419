"""A measured part as bytes: partial results, and details that stay in the part until they are asked for.

A part begins with a magic line and a header in JSON, which says what it was made of and where each piece stands. Pieces
are pickled and compressed (Zstandard) by themselves, so that one is read without the others. Parts may come from a
shared folder or an object store: what is unpickled may only be made of the records of the measures, arrays and plain
values.
"""

import io
import pickle
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tracereport.errors import InputError, UsageError
from tracereport.measures.top import PackedRows, Top
from tracereport.model import Settings

if TYPE_CHECKING:
    import zstandard

_ANY_MAGIC: Final = b"tracereport part "
MAGIC: Final = b"tracereport part 8\n"
"""The version of the format is in it; so it changes where partial results change their form."""
_LENGTH_BYTES: Final = 8
_LEVEL: Final = 1
_MODEL: Final = "tracereport.model"
_ALLOWED_MODULES: Final = ("tracereport.measures.", "tracereport.findings.", "tracereport.calls.", _MODEL)
_ALLOWED_NAMES: Final = frozenset(
    {
        ("msgspec._utils", "rebuild"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.numeric", "_frombuffer"),
        ("numpy._core.multiarray", "scalar"),
        ("tracereport.engine.part_file", "unpack_top"),
    }
)


class PartHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What a part was made of."""

    version: str
    """Of the program."""
    input: str
    """The name of the input, as documents call it."""
    next_input: str = ""
    """The name of the one behind it, of the last the first: so it is known what a missing part is of."""
    index: int
    """Of the input among all inputs."""
    inputs: int
    """How many inputs there are."""
    joined: tuple[str, ...] = ()
    """The names of the inputs behind it that are in the part, too."""
    piece: int = 0
    """Of a large input that is measured in pieces."""
    pieces: int = 1
    settings: Settings
    digest: str
    """Of all that changes what is measured."""
    calls: int
    errors: tuple[str, ...] = ()


class _Index(msgspec.Struct, frozen=True):
    header: PartHeader
    pieces: dict[str, tuple[int, int]]
    """Per piece where it starts behind the header, and its length."""


class StoredPart:
    """A part, read piece by piece.

    Args:
        data: its bytes.
        name: for errors.

    Raises:
        UsageError: it is a part of another version of the format.
        InputError: it is none, or damaged.
    """

    def __init__(self, data: bytes, name: str) -> None:
        remedy = "Measure again: remove the part, or name another folder."
        if data.startswith(_ANY_MAGIC) and not data.startswith(MAGIC):
            raise UsageError(f"{name}: a part of another version of tracereport", remedy)
        if not data.startswith(MAGIC):
            raise InputError(f"{name}: not a part of tracereport", remedy)
        start = len(MAGIC) + _LENGTH_BYTES
        length = int.from_bytes(data[len(MAGIC) : start], "little")
        try:
            index = msgspec.json.decode(data[start : start + length], type=_Index)
        except msgspec.MsgspecError as error:
            raise InputError(f"{name}: the part is damaged: {error}", remedy) from error
        self._data = memoryview(data)[start + length :]
        self._name = name
        self._pieces = index.pieces
        self.header = index.header

    def list_pieces(self, name: str) -> list[str]:
        """The pieces of this name, in the order of the input."""
        return [piece for piece in self._pieces if piece.rpartition("/")[0] == name]

    def read(self, piece: str) -> Any:  # noqa: ANN401  # each piece has a type of its own
        """One piece.

        Raises:
            InputError: it is damaged, or missing.
        """
        from zstandard import ZstdDecompressor, ZstdError  # noqa: PLC0415  small logs have no parts

        damages = (KeyError, pickle.UnpicklingError, EOFError, ValueError, TypeError, msgspec.MsgspecError, ZstdError)
        try:
            start, length = self._pieces[piece]
            packed = self._data[start : start + length]
            return _Unpickler(io.BytesIO(ZstdDecompressor().decompress(packed))).load()
        except damages as error:
            remedy = "Measure again: remove the part, or name another folder."
            raise InputError(f"{self._name}: the part is damaged: {error}", remedy) from error


class PartWriter:
    """Puts a part together, piece by piece."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}

    def add(self, piece: str, content: Any) -> None:  # noqa: ANN401  # each piece has a type of its own
        """Adds a piece, which is packed at once."""
        written = io.BytesIO()
        _Pickler(written, protocol=5).dump(content)
        self._packed[piece] = _compressor().compress(written.getbuffer())

    def finish(self, header: PartHeader) -> bytes:
        """The bytes of the part."""
        places, end = {}, 0
        for name, data in self._packed.items():
            places[name] = (end, len(data))
            end += len(data)
        index = msgspec.json.encode(_Index(header, places))
        return b"".join([MAGIC, len(index).to_bytes(_LENGTH_BYTES, "little"), index, *self._packed.values()])


@cache
def _compressor() -> "zstandard.ZstdCompressor":
    import zstandard  # noqa: PLC0415

    return zstandard.ZstdCompressor(_LEVEL, write_checksum=True)


class _Pickler(pickle.Pickler):
    """Packs rows of the report by their types: pickle makes each of thousands of small records by itself."""

    def reducer_override(self, content: Any) -> Any:  # noqa: ANN401  # as pickle has it
        """How a list of rows is made again; everything else is pickle's affair."""
        if type(content) is not Top or not content.rows:
            return NotImplemented
        kind = type(content.rows[0])
        if not kind.__module__.startswith(_ALLOWED_MODULES) or any(type(row) is not kind for row in content.rows):
            return NotImplemented
        try:
            return unpack_top, (kind, content.total, PackedRows.pack(content.rows))
        except (OverflowError, UnicodeEncodeError):
            return NotImplemented


def unpack_top(kind: type[msgspec.Struct], total: int, packed: bytes) -> Top[Any]:
    """The list of rows of one kind."""
    return Top(total, PackedRows(kind, packed))


class _Unpickler(pickle.Unpickler):
    """Makes nothing but records of the measures, arrays and plain values."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401
        found = super().find_class(module, name) if self._may_be(module, name) else None
        if found is None or not (
            (module, name) in _ALLOWED_NAMES or (isinstance(found, type) and issubclass(found, msgspec.Struct))
        ):
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a part")
        return found

    @staticmethod
    def _may_be(module: str, name: str) -> bool:
        return (module, name) in _ALLOWED_NAMES or module.startswith(_ALLOWED_MODULES)
