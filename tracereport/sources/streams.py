"""Inputs -> chunks of whole lines in UTF-8, whatever the file is packed in.

Compression and encoding are told by content, not by name. A source that breaks off gives what could be read, and then
says what is wrong with it.
"""

import glob
import gzip
import io
import lzma
import os
import sys
import zlib
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from tracereport.errors import InputError, UsageError
from tracereport.sources.objects import (
    ObjectFile,
    describe_objects,
    is_url,
    list_objects,
    without_secrets,
)

if TYPE_CHECKING:  # the help needs none, and what it is made of takes a while to load
    from tracereport.sources.ranges import ByteRange

STANDARD_INPUT: Final = "-"
CHUNK_BYTES: Final = 2 << 20
"""As much as stays in a processor's cache while it is split and coded."""
FIRST_CHUNK_BYTES: Final = 1 << 20
"""Most logs are smaller: there is no use in clearing more memory for them."""
HEAD_BYTES: Final = 1 << 18
"""So much of an input is looked at to tell its format."""
PIECE_BYTES: Final = 1 << 18
PACKED_PIECE_BYTES: Final = 1 << 10
"""Packed bytes that are unpacked at once: zeros come out thirty thousand times as many."""
LEAST_UNPACKED_LIMIT_BYTES: Final = 1_000_000_000
UNPACKED_RATIO: Final = 100
"""A packed input may unpack to so many times its size, and to a gigabyte in any case, where nobody says otherwise."""
LONGEST_LINE_BYTES: Final = 64 << 20
"""What a line has beyond that is left out."""

GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
XZ_MAGIC: Final = b"\xfd7zXZ\x00"
XZ_PADDING_BYTES: Final = 4
"""Zero bytes that may follow an xz stream, as often as is liked."""
PARQUET_MAGIC: Final = b"PAR1"
UTF8_MARK: Final = b"\xef\xbb\xbf"
UTF16_MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}

Progress = Callable[[int, int | None], None]
"""Told the bytes read of the current input so far, and its size where that is known."""


class BrokenSourceError(Exception):
    """The input can't be read further; its text says why."""


def expand_inputs(arguments: Sequence[str]) -> list[str]:
    """The inputs that the arguments name: globs expanded and sorted, each path once.

    Raises:
        UsageError: a path is named twice. Links are paths of their own: see ``find_links``.
        InputError: nothing matches, or an input is missing, a directory or unreadable.
    """
    inputs: list[str] = []
    for argument in arguments:
        if is_url(argument):
            inputs.extend(list_objects(argument))
            continue
        if argument == STANDARD_INPUT or Path(argument).exists() or not glob.has_magic(argument):
            inputs.append(argument)
            continue
        found = glob.glob(argument, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
        matches = sorted(path for path in found if not Path(path).is_dir())
        if not matches:
            raise InputError(
                f"{argument}: no file matches", "Check the pattern; quoted globs are expanded by tracereport."
            )
        inputs.extend(matches)
    seen: set[str] = set()
    for name in inputs:
        is_file = name != STANDARD_INPUT and not is_url(name)
        if is_file:
            _check_file(name)
        identity = os.path.abspath(name) if is_file else name  # noqa: PTH100 - Path.absolute keeps the dots
        if identity in seen:
            raise UsageError(
                f"{input_title(name)}: the same input is given twice",
                "Name each input once: its calls would count double.",
            )
        seen.add(identity)
    return inputs


def find_links(names: Sequence[str]) -> list[tuple[str, str]]:
    """The inputs that lead to the same file as one before, each with that one: links may be meant, or a mistake."""
    first: dict[tuple[int, int], str] = {}
    found = []
    for name in names:
        if name == STANDARD_INPUT or is_url(name) or is_stream(name):
            continue
        state = Path(name).stat()
        before = first.setdefault((state.st_dev, state.st_ino), name)
        if before is not name:
            found.append((name, before))
    return found


def _check_file(name: str) -> None:
    path = Path(name)
    if not path.exists():
        raise InputError(f"{name}: no such file", "Check the path, or collect a log: cargo test 2> perf_trace.log")
    if path.is_dir():
        raise InputError(f"{name}: is a directory", f"Name the logs in it: '{name.rstrip('/')}/*.log'")
    if not os.access(path, os.R_OK):
        raise InputError(f"{name}: permission denied", f"Make it readable: chmod +r {name}")


def readable(name: str) -> str:
    r"""A name as documents can hold it: bytes of it that aren't UTF-8 become ``\xNN``, as in the calls."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def input_title(name: str) -> str:
    """How documents call an input: a URL without what is secret in it."""
    return readable(without_secrets(name) if is_url(name) else name)


class InputState(NamedTuple):
    """What tells an input from a later one of the same name."""

    size: int
    version: str


def describe_inputs(names: Sequence[str]) -> list[InputState | None]:
    """What each input is now; None of standard input, a pipe or the like.

    Raises:
        InputError: an object is missing, or its store refuses.
        OSError: a file is missing.
    """
    urls = [name for name in names if is_url(name)]
    objects = dict(zip(urls, describe_objects(urls), strict=True))
    return [InputState(*objects[name]) if name in objects else _describe_file(name) for name in names]


def _describe_file(name: str) -> InputState | None:
    if name == STANDARD_INPUT or is_stream(name):
        return None
    found = Path(name).stat()
    return InputState(found.st_size, str(found.st_mtime_ns))


def is_stream(name: str) -> bool:
    """Whether the input is a pipe or the like, which can be read only once."""
    path = Path(name)
    return path.exists() and not path.is_file() and not path.is_dir()


def is_calls_table(name: str) -> bool:
    """Whether the input is a Parquet file, or an object that is one."""
    if is_url(name):
        with _count(name) as object_file:
            return object_file.peek(len(PARQUET_MAGIC)) == PARQUET_MAGIC
    if name == STANDARD_INPUT or not Path(name).is_file():
        return False
    with Path(name).open("rb") as file:
        return file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC


class Stream:
    """One input, unpacked, in UTF-8 or nearly so; its beginning can be looked at before it is read, once.

    A file is opened again to be read, so that thousands of them aren't held open; a pipe stays open between the two.
    """

    def __init__(self, name: str, unpacked_limit: int | None = None, byte_range: "ByteRange | None" = None) -> None:
        """Take the most bytes that the input may unpack to, and the range of its bytes that is read.

        None: as ``UNPACKED_RATIO`` says; all. An input with a range isn't packed.
        """
        self.name = name
        self.unpacked_limit = unpacked_limit
        self.byte_range = byte_range
        self._held: tuple[_Counted, _Peeked] | None = None
        self._version: str | None = None
        """Of the object that was looked at: that one is read."""

    def peek(self, size: int = HEAD_BYTES) -> bytes:
        """How the input begins; less where it is shorter or can't be read so far."""
        held = _open_stream(self.name, self.unpacked_limit)
        if self.name == STANDARD_INPUT or is_stream(self.name):
            self._held = held
            return held[1].peek(size)
        self._version = held[0].version
        with held[1] as stream:
            return stream.peek(size)

    def find_plain_start(self) -> int | None:
        """Where its text begins, if it is a file whose bytes are those of the text from there on."""
        if is_url(self.name) or not Path(self.name).is_file():
            return None
        with Path(self.name).open("rb") as file:
            head = file.read(len(XZ_MAGIC))
        if head.startswith((GZIP_MAGIC, ZSTD_MAGIC, XZ_MAGIC, *UTF16_MARKS)):
            return None
        return len(UTF8_MARK) if head.startswith(UTF8_MARK) else 0

    def open(self, progress: Progress | None = None) -> io.RawIOBase:
        """The content, from its beginning; a source that breaks off raises ``BrokenSourceError`` in its place."""
        if self.byte_range is not None:
            ranged = _Ranged(io.FileIO(self.name, "rb"), self.byte_range)
            ranged.progress = progress
            return ranged
        counted, stream = self._held or _open_stream(self.name, self.unpacked_limit, self._version)
        self._held = None
        counted.progress = progress
        return stream

    def read_chunks(
        self, progress: Progress | None = None, *, chunk_bytes: int = CHUNK_BYTES
    ) -> Generator[bytes, None, None]:
        """As ``read_chunks`` of this module."""
        with self.open(progress) as stream:
            yield from _read_chunks(stream, chunk_bytes)


def read_chunks(
    name: str, progress: Progress | None = None, *, chunk_bytes: int = CHUNK_BYTES, unpacked_limit: int | None = None
) -> Generator[bytes, None, None]:
    """The input's bytes, unpacked, in chunks that end where a line ends (but for the last one), in UTF-8 or nearly so.

    A chunk has about ``chunk_bytes``, or one line that is longer, of which ``LONGEST_LINE_BYTES`` are left. An empty
    input gives none.

    Args:
        name: of the input.
        progress: is told the bytes read.
        chunk_bytes: of a chunk.
        unpacked_limit: the most bytes that it may unpack to; None: as ``UNPACKED_RATIO`` says.

    Raises:
        BrokenSourceError: after what could be read, if the input can't be read to its end or has too long a line.
    """
    yield from Stream(name, unpacked_limit).read_chunks(progress, chunk_bytes=chunk_bytes)


def _read_chunks(stream: io.RawIOBase, chunk_bytes: int) -> Generator[bytes, None, None]:
    broken: BrokenSourceError | None = None
    buffer = bytearray(min(FIRST_CHUNK_BYTES, chunk_bytes))
    filled = 0
    is_end = False
    while not is_end:
        try:
            while filled < len(buffer) and (count := stream.readinto(memoryview(buffer)[filled:])):
                filled += count
        except (BrokenSourceError, OSError) as error:
            broken = BrokenSourceError(str(error))
        is_end = filled < len(buffer)
        end = filled if is_end else buffer.rfind(b"\n") + 1
        if end:
            yield bytes(memoryview(buffer)[:end])
            buffer[: filled - end] = buffer[end:filled]
            filled -= end
        elif filled >= LONGEST_LINE_BYTES:
            buffer[LONGEST_LINE_BYTES - 1 :] = b"\n"
            yield bytes(buffer)
            buffer = bytearray(chunk_bytes)
            cut = BrokenSourceError(f"a line is longer than {LONGEST_LINE_BYTES >> 20} MB; the rest of it is left out")
            broken = broken or cut
            try:
                filled = _skip_line(stream, buffer)
            except (BrokenSourceError, OSError) as error:
                broken, filled, is_end = BrokenSourceError(str(error)), 0, True
            is_end = is_end or not filled
        if not is_end:
            wanted = max(chunk_bytes, 2 * filled if filled == len(buffer) else 0)
            buffer.extend(bytes(max(min(wanted, LONGEST_LINE_BYTES) - len(buffer), 0)))
    if broken is not None:
        raise broken


def _skip_line(stream: io.RawIOBase, buffer: bytearray) -> int:
    """Reads up to the next line, whose beginning stands in the buffer then: so many bytes; 0 at the end."""
    while count := stream.readinto(memoryview(buffer)):
        start = buffer.find(b"\n", 0, count) + 1
        if start and start < count:
            buffer[: count - start] = buffer[start:count]
            return count - start
        if start:
            return stream.readinto(memoryview(buffer)) or 0
    return 0


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


def read_whole(name: str, unpacked_limit: int | None = None) -> bytes:
    """All that a file holds, unpacked, in UTF-8 and without a mark of that; for files that are no logs.

    Raises:
        OSError: it can't be read.
        BrokenSourceError: it is damaged, or unpacks to more than it may.
    """
    with _open_stream(name, unpacked_limit)[1] as stream:
        pieces = []
        piece = memoryview(bytearray(PIECE_BYTES))
        while count := stream.readinto(piece):
            pieces.append(bytes(piece[:count]))
        return b"".join(pieces)


def _open_stream(name: str, unpacked_limit: int | None, version: str | None = None) -> "tuple[_Counted, _Peeked]":
    """The raw input, and what it holds."""
    raw = _count(name, version)
    head = raw.peek(len(XZ_MAGIC))
    stream: io.RawIOBase = raw
    if head.startswith(GZIP_MAGIC):
        stream = _Unpacked(raw, gzip.GzipFile(fileobj=raw), "gzip")
    elif head.startswith(ZSTD_MAGIC):
        import zstandard  # noqa: PLC0415  takes a while to load, and few logs need it

        frames = _Frames(raw, zstandard.ZstdDecompressor().decompressobj)
        stream = _Unpacked(raw, frames, "zstd", zstandard.ZstdError)
    elif head.startswith(XZ_MAGIC):
        frames = _Frames(raw, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ), XZ_PADDING_BYTES)
        stream = _Unpacked(raw, frames, "xz", lzma.LZMAError)
    if stream is not raw:
        stream = _Limited(stream, raw, unpacked_limit)
    peeked = _Peeked(stream)
    head = peeked.peek(len(UTF8_MARK))
    if head[:2] in UTF16_MARKS:
        peeked = _Peeked(_Utf16(peeked, UTF16_MARKS[head[:2]]))
    elif head == UTF8_MARK:
        peeked.drop(len(UTF8_MARK))
    return raw, peeked


class _Peeked(io.RawIOBase):
    """A stream whose first bytes can be looked at before they are read."""

    def __init__(self, stream: io.RawIOBase) -> None:
        self._stream = stream
        self._head = b""
        self._broken: BrokenSourceError | OSError | None = None

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        """What comes next, at most ``size`` bytes; an error waits until what stands before it has been read."""
        buffer = bytearray(size)
        try:
            while len(self._head) < size and (count := self._stream.readinto(memoryview(buffer)[len(self._head) :])):
                self._head += buffer[len(self._head) : len(self._head) + count]
        except (BrokenSourceError, OSError) as error:
            self._broken = error
        return self._head

    def drop(self, size: int) -> None:
        self._head = self._head[size:]

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._head:
            if self._broken is not None:
                raise self._broken
            return self._stream.readinto(buffer) or 0
        count = min(len(self._head), len(buffer))
        buffer[:count] = self._head[:count]
        self._head = self._head[count:]
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Counted(_Peeked):
    """A raw file that says how far it is."""

    def __init__(self, raw: io.RawIOBase, size: int | None, version: str | None) -> None:
        super().__init__(raw)
        self._size = size
        self.version = version
        """Of an object, where that stands for its bytes."""
        self._position = 0
        self.progress: Progress | None = None

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = super().readinto(memoryview(buffer))
        self._position += count
        if self.progress is not None:
            self.progress(self._position, self._size)
        return count

    def read(self, size: int | None = -1) -> bytes:
        """At most ``size`` bytes in one reading, as the unpackers ask for."""
        buffer = bytearray(PIECE_BYTES if size is None or size < 0 else size)
        return bytes(memoryview(buffer)[: self.readinto(memoryview(buffer))])

    @property
    def packed_bytes(self) -> int:
        """The size of the input; of one that has none, what was read of it."""
        return self._size or self._position


def _count(name: str, version: str | None = None) -> _Counted:
    """Opens an input. That may fail, and a file that isn't whole must not be closed: so it is made afterwards."""
    if is_url(name):
        found = ObjectFile(name, version)
        return _Counted(found, found.size, found.version)
    if name == STANDARD_INPUT:
        return _Counted(io.FileIO(os.dup(sys.stdin.fileno()), "rb"), None, None)
    file = io.FileIO(name, "rb")
    return _Counted(file, os.fstat(file.fileno()).st_size or None, None)


class _Ranged(io.RawIOBase):
    """A range of a file that isn't packed."""

    def __init__(self, raw: io.FileIO, byte_range: "ByteRange") -> None:
        self._raw = raw
        self._raw.seek(byte_range.start)
        self._left = self._size = byte_range.end - byte_range.start
        self.progress: Progress | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = self._raw.readinto(memoryview(buffer)[: self._left]) if self._left else 0
        self._left -= count or 0
        if self.progress is not None:
            self.progress(self._size - self._left, self._size)
        return count or 0

    def close(self) -> None:
        self._raw.close()
        super().close()


class _PackedReader(Protocol):
    def read1(self, size: int, /) -> bytes: ...


class _Unpacked(io.RawIOBase):
    """What a packed stream holds, with one error for all that can be wrong with it."""

    def __init__(self, raw: io.RawIOBase, reader: _PackedReader, kind: str, *errors: type[BaseException]) -> None:
        self._raw = raw
        self._reader = reader
        self._kind = kind
        self._errors: tuple[type[BaseException], ...] = (zlib.error, gzip.BadGzipFile, *errors)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            piece = self._reader.read1(min(len(buffer), PIECE_BYTES))
        except EOFError as error:
            raise BrokenSourceError(f"the {self._kind} data ends too early") from error
        except self._errors as error:
            raise BrokenSourceError(f"the {self._kind} data is damaged") from error
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Limited(io.RawIOBase):
    """What a packed stream holds, up to a limit: a few bytes can unpack to more than any disk or memory holds."""

    def __init__(self, stream: io.RawIOBase, raw: _Counted, limit: int | None) -> None:
        self._stream = stream
        self._raw = raw
        self._limit = limit
        self._unpacked = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        limit = self._limit or max(LEAST_UNPACKED_LIMIT_BYTES, UNPACKED_RATIO * self._raw.packed_bytes)
        if self._unpacked >= limit:
            raise BrokenSourceError(
                f"{self._raw.packed_bytes:,} bytes unpack to more than {limit:,}: only those were read "
                "(--max-unpacked BYTES lets it be more)"
            )
        count = self._stream.readinto(memoryview(buffer)[: limit - self._unpacked]) or 0
        self._unpacked += count
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


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


class _Utf16(io.RawIOBase):
    r"""UTF-16 as UTF-8; half a character becomes ``\xNN`` bytes like any other that can't be decoded."""

    def __init__(self, stream: io.RawIOBase, encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._packed = b""
        self._ready = b""
        self._is_start = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
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

    def close(self) -> None:
        self._stream.close()
        super().close()
