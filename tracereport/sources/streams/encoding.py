"""Encodings of inputs: UTF-8, with bytes in it that are none, and UTF-16."""

import io
from typing import Final

from tracereport.sources.streams.raw import PIECE_BYTES, WrappedStream

UTF8_MARK: Final = b"\xef\xbb\xbf"
UTF16_MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def make_valid(raw: bytes) -> tuple[bytes, bool]:
    r"""The bytes with every one that is no UTF-8 as ``\xNN``, and whether there was any."""
    from tracereport.native.split import is_utf8  # noqa: PLC0415 - NumPy takes a while to load, and the help needs none

    if not is_utf8(raw):
        return raw.decode("utf-8", errors="backslashreplace").encode(), True
    return raw, False


def decode_text(content: bytes) -> str:
    """A text that isn't a log, in the encoding that its first bytes tell, else UTF-8; without a mark of that.

    Raises:
        UnicodeDecodeError: it is in none.
    """
    encoding = UTF16_MARKS.get(content[:2])
    return content[2:].decode(encoding) if encoding is not None else content.removeprefix(UTF8_MARK).decode()


class Utf16Stream(WrappedStream):
    r"""UTF-16 as UTF-8; half a character becomes ``\xNN`` bytes like any other that can't be decoded."""

    def __init__(self, stream: io.RawIOBase, encoding: str) -> None:
        super().__init__(stream)
        self._encoding = encoding
        self._packed = b""
        self._ready = b""
        self._is_start = True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As of any raw file."""
        while not self._ready:
            piece = bytearray(PIECE_BYTES)
            count = self._stream.readinto(memoryview(piece)) or 0
            self._ready = self._decode(bytes(memoryview(piece)[:count]), is_end=count == 0)
            if count == 0:
                break
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _decode(self, piece: bytes, *, is_end: bool) -> bytes:
        data = self._packed + piece
        end = len(data) if is_end else len(data) // 2 * 2
        high_byte = end - 1 if self._encoding == "utf-16-le" else end - 2
        # A high surrogate waits for its other half.
        if not is_end and end and 0xD8 <= data[high_byte] <= 0xDB:  # noqa: PLR2004
            end -= 2
        self._packed = data[end:]
        text = data[:end].decode(self._encoding, errors="backslashreplace")
        if self._is_start and text:
            text, self._is_start = text.removeprefix("\ufeff"), False
        return text.encode()
