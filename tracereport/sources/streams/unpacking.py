"""Packed inputs: gzip, Zstandard and xz."""

import io
from collections.abc import Callable
from typing import Final, Protocol

from tracereport.sources.streams.raw import PIECE_BYTES, BrokenSourceError, CountedInput, WrappedStream

PACKED_PIECE_BYTES: Final = 1 << 10
"""Packed bytes that are unpacked at once: zeros come out thirty thousand times as many."""
LEAST_UNPACKED_LIMIT_BYTES: Final = 1_000_000_000
UNPACKED_RATIO: Final = 100
"""A packed input may unpack to so many times its size, and to a gigabyte in any case, where nobody says otherwise."""

MAGICS: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ\x00": "xz"}
"""How packed inputs begin."""
LONGEST_MAGIC: Final = max(map(len, MAGICS))
XZ_PADDING_BYTES: Final = 4
"""Zero bytes that may follow an xz stream, as often as is liked."""


def find_packing(head: bytes) -> str | None:
    """How an input is packed that begins so: ``gzip``, ``zstd`` or ``xz``; None: it isn't."""
    return next((packing for magic, packing in MAGICS.items() if head.startswith(magic)), None)


def unpack(raw: CountedInput, packing: str, limit_bytes: int | None) -> io.RawIOBase:
    """What a packed input holds.

    Reading it raises ``BrokenSourceError`` where the input is damaged, ends too early or unpacks to more than it may.

    Args:
        raw: the packed bytes.
        packing: as ``find_packing`` names it.
        limit_bytes: the most that the input may unpack to; None: as ``UNPACKED_RATIO`` says.
    """
    import zlib  # noqa: PLC0415 - each library takes a while to load, and most logs aren't packed

    if packing == "gzip":
        import gzip  # noqa: PLC0415

        stream = _UnpackedStream(raw, gzip.GzipFile(fileobj=raw), packing, (zlib.error, gzip.BadGzipFile))
    elif packing == "zstd":
        import zstandard  # noqa: PLC0415

        frames = _Frames(raw, zstandard.ZstdDecompressor().decompressobj)
        stream = _UnpackedStream(raw, frames, packing, (zstandard.ZstdError,))
    else:
        import lzma  # noqa: PLC0415

        frames = _Frames(raw, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ), XZ_PADDING_BYTES)
        stream = _UnpackedStream(raw, frames, packing, (lzma.LZMAError,))
    return _LimitedStream(stream, raw, limit_bytes)


class _PackedReader(Protocol):
    def read1(self, size: int, /) -> bytes: ...


class _UnpackedStream(WrappedStream):
    """What a packed stream holds, with one error for all that can be wrong with it."""

    def __init__(
        self, raw: io.RawIOBase, reader: _PackedReader, packing: str, errors: tuple[type[BaseException], ...]
    ) -> None:
        super().__init__(raw)
        self._reader = reader
        self._packing = packing
        self._errors = errors

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As of any raw file."""
        try:
            piece = self._reader.read1(min(len(buffer), PIECE_BYTES))
        except EOFError as error:
            raise BrokenSourceError(f"the {self._packing} data ends too early") from error
        except self._errors as error:
            raise BrokenSourceError(f"the {self._packing} data is damaged") from error
        buffer[: len(piece)] = piece
        return len(piece)


class _LimitedStream(WrappedStream):
    """What a packed stream holds, up to a limit: a few bytes can unpack to more than any disk or memory holds."""

    def __init__(self, stream: io.RawIOBase, raw: CountedInput, limit: int | None) -> None:
        super().__init__(stream)
        self._raw = raw
        self._limit = limit
        self._unpacked = 0

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As of any raw file."""
        limit = self._limit or max(LEAST_UNPACKED_LIMIT_BYTES, UNPACKED_RATIO * self._raw.packed_bytes)
        if self._unpacked >= limit:
            raise BrokenSourceError(
                f"{self._raw.packed_bytes:,} bytes unpack to more than {limit:,}: only those were read "
                "(--max-unpacked BYTES lets it be more)"
            )
        count = self._stream.readinto(memoryview(buffer)[: limit - self._unpacked]) or 0
        self._unpacked += count
        return count


class _Frame(Protocol):
    """What unpacks one frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, packed: bytes, /) -> bytes: ...


class _Frames:
    """Packed frames, one behind the other, to the very end: the libraries' own streams stop quietly before it.

    Zstandard's does where a frame breaks off, xz's where what follows a frame is none.

    Args:
        raw: the packed bytes.
        new_frame: makes what unpacks the next frame.
        padding_bytes: how many zero bytes may stand behind a frame, or a multiple of them; 0: none may.
    """

    def __init__(self, raw: io.RawIOBase, new_frame: Callable[[], _Frame], padding_bytes: int = 0) -> None:
        self._raw = raw
        self._new_frame = new_frame
        self._padding_bytes = padding_bytes
        self._padded = 0
        self._frame: _Frame | None = None
        self._packed = b""
        self._ready = memoryview(b"")

    def read1(self, size: int) -> bytes:
        """At most ``size`` bytes; none at the end.

        Raises:
            EOFError: a frame or what is behind it breaks off.
        """
        while not self._ready:
            packed = self._packed or self._raw.read(PACKED_PIECE_BYTES)
            is_end = not packed
            if self._frame is None and self._padding_bytes:
                packed = self._drop_padding(packed)
            if is_end and self._frame is None:
                return b""
            if is_end:
                raise EOFError
            self._packed = b""
            if packed:
                self._unpack(packed)
        piece, self._ready = self._ready[:size], self._ready[size:]
        return bytes(piece)

    def _unpack(self, packed: bytes) -> None:
        frame = self._frame or self._new_frame()
        self._ready = memoryview(frame.decompress(packed))
        self._packed = frame.unused_data
        self._frame = None if frame.eof else frame

    def _drop_padding(self, packed: bytes) -> bytes:
        behind = packed.lstrip(b"\0")
        self._padded = (self._padded + len(packed) - len(behind)) % self._padding_bytes
        if self._padded and (behind or not packed):
            raise EOFError
        return behind
