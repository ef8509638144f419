"""An object of a store as a raw file, which is read from its beginning to its end.

Where a connection breaks, reading goes on from there, if the object is still the same. One connection to a store
brings less than one core measures: of a large object the next pieces are fetched meanwhile, by connections of their
own.
"""

from __future__ import annotations

import io
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from tracereport.errors import InputError
from tracereport.sources.object_errors import ChangedObjectError, describe_cause, store_errors
from tracereport.sources.objects import connect
from tracereport.sources.urls import STORES, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future, ThreadPoolExecutor

    from obstore import GetOptions, ObjectMeta
    from obstore.store import ObjectStore

CHUNK_BYTES: Final = 1 << 14
"""At least so many bytes come at a time; those of a chunk that breaks off are asked for again."""
TRIES: Final = 3
"""So often a stream is opened again without a byte coming."""
PIECE_BYTES: Final = 8 << 20
"""What one connection fetches of a large object, as stores advise."""
PIECES_AHEAD: Final = 4
LOOK_BYTES: Final = 1 << 20
"""Whoever has read so much reads on; less tells the format of an input."""


class ObjectFile(io.RawIOBase):
    """An object as a raw file.

    Args:
        url: of the object.
        version: the entity tag that it must have; None: any.

    Raises:
        InputError: it is missing, or its store refuses.
        ChangedObjectError: it has another version.
    """

    _ahead: _Ahead | None = None
    """Null of what one connection brings."""

    def __init__(self, url: str, version: str | None = None) -> None:
        super().__init__()
        self._object = _Object(*connect(url), without_secrets(url))
        self._stream = _ObjectStream(self._object, version)
        self.size = self._stream.meta["size"]
        self.version = self._stream.version
        """Its entity tag, where that stands for its bytes."""
        # Nobody knows of other servers whether they give pieces, or whether two of them are of the same object.
        is_divided = url.partition("://")[0] in STORES and self.version is not None and self.size >= 2 * PIECE_BYTES
        self._first_end = PIECE_BYTES if is_divided else self.size
        """Up to there the first connection is read."""
        if is_divided:
            self._ahead = _Ahead(self._object, self._stream.meta, self._first_end)
        self._position = 0
        """Up to where chunks have been taken."""
        self._chunk = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """As of any raw file; what is being fetched is given up."""
        if self._ahead is not None:
            self._ahead.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As of any raw file.

        Raises:
            OSError: a connection broke too often, or the object is another by now.
        """
        if not self._chunk:
            self._chunk = memoryview(self._next_chunk())
            self._position += len(self._chunk)
        count = min(len(buffer), len(self._chunk))
        buffer[:count] = self._chunk[:count]
        self._chunk = self._chunk[count:]
        return count

    def _next_chunk(self) -> bytes:
        if self._ahead is not None and self._position >= LOOK_BYTES:
            self._ahead.fetch()
        if self._ahead is None or self._position < self._first_end:
            return self._stream.next_chunk()[: self._first_end - self._position]
        self._stream.close()
        return self._ahead.next_chunk()


class _Object(NamedTuple):
    """Where an object is, and what errors call it."""

    store: ObjectStore
    path: str
    name: str


class _Piece(NamedTuple):
    """What could be read of a range, and why that isn't all."""

    content: bytes
    error: OSError | None


class _Ahead:
    """The pieces of an object that come next, each fetched by a thread.

    Args:
        found: the object.
        meta: what its first answer said of it.
        start: of the first piece.
    """

    def __init__(self, found: _Object, meta: ObjectMeta, start: int) -> None:
        self._object = found
        self._meta = meta
        self._start = start
        """Of the next piece that is asked for."""
        self._pool: ThreadPoolExecutor | None = None
        self._pieces: deque[Future[_Piece]] = deque()
        self._error: OSError | None = None
        self._is_closed = False

    def fetch(self) -> None:
        """Asks for as many pieces as may be under way."""
        while self._start < self._meta["size"] and len(self._pieces) < PIECES_AHEAD:
            if self._pool is None:
                from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - most inputs are small

                self._pool = ThreadPoolExecutor(PIECES_AHEAD, thread_name_prefix="tracereport-fetch")
            self._pieces.append(self._pool.submit(self._read_piece, self._start))
            self._start += PIECE_BYTES

    def next_chunk(self) -> bytes:
        """The next piece; nothing at the end.

        Raises:
            OSError: the piece before is all that could be read.
        """
        if self._error is not None:
            raise self._error
        if not self._pieces:
            return b""
        content, self._error = self._pieces.popleft().result()
        if not content and self._error is not None:
            raise self._error
        return content

    def close(self) -> None:
        """Gives up what is being fetched."""
        self._is_closed = True
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _read_piece(self, start: int) -> _Piece:
        end = min(start + PIECE_BYTES, self._meta["size"])
        content = bytearray()
        try:
            stream = _ObjectStream(self._object, _strong_tag(self._meta), start, end, self._meta)
            while not self._is_closed and (chunk := stream.next_chunk()):
                content += chunk
        except InputError as refused:
            cause = refused.message.removeprefix(f"{self._object.name}: ")
            return _Piece(b"", OSError(f"{cause}: {_say_read(start, self._meta)}"))
        except OSError as error:
            return _Piece(bytes(content), error)
        return _Piece(bytes(content), None)


class _ObjectStream:
    """What one connection after the other brings of a range of an object.

    Args:
        found: the object.
        version: the entity tag that it must have; None: any.
        start: of the range.
        end: of the range; None: that of the object.
        meta: what an answer before said of the object.

    Raises:
        InputError: the object is missing, or its store refuses.
        ChangedObjectError: it has another version.
    """

    def __init__(
        self,
        found: _Object,
        version: str | None,
        start: int = 0,
        end: int | None = None,
        meta: ObjectMeta | None = None,
    ) -> None:
        self._object = found
        self._version = version
        self._position = start
        self._end = end
        self._failures = 0
        self._chunks, answered = self._request(meta)
        self.meta = meta or answered

    @property
    def version(self) -> str | None:
        """The object's entity tag, where that stands for its bytes."""
        return _strong_tag(self.meta)

    def close(self) -> None:
        """Lets the connection go."""
        self._chunks = iter(())

    def next_chunk(self) -> bytes:
        """What comes next; nothing at the end.

        Raises:
            OSError: the connection broke too often, or the object is another by now.
        """
        from obstore.exceptions import BaseError  # noqa: PLC0415

        while True:
            try:
                chunk = next(self._chunks, b"")
            except (BaseError, OSError) as error:
                self._go_on(error)
                continue
            self._failures = 0
            self._position += len(chunk)
            return chunk

    def _go_on(self, error: BaseException) -> None:
        """Asks for what is still missing."""
        self._failures += 1
        read = _say_read(self._position, self.meta)
        if self._failures > TRIES:
            raise OSError(f"{describe_cause(error)}: {read}") from error
        try:
            self._chunks, meta = self._request(self.meta)
        except ChangedObjectError as changed:
            raise OSError(f"it was changed while it was read: {read}") from changed
        except InputError as refused:
            raise OSError(f"{describe_cause(error)} and reading can't go on from there: {read}") from refused
        if (meta["size"], meta["e_tag"]) != (self.meta["size"], self.meta["e_tag"]):
            raise OSError(f"it was changed while it was read: {read}") from error

    def _request(self, before: ObjectMeta | None) -> tuple[Iterator[bytes], ObjectMeta]:
        """Asks for what is missing of the object that an answer before was of."""
        import obstore  # noqa: PLC0415

        options: GetOptions = {}
        if self._end is not None:
            options["range"] = (self._position, self._end)
        elif self._position:
            options["range"] = {"offset": self._position}
        if before is not None:
            self._version = _strong_tag(before)
            if self._version is None:
                options["if_unmodified_since"] = before["last_modified"]
        if self._version is not None:
            options["if_match"] = self._version
        with store_errors(self._object.name):
            result = obstore.get(self._object.store, self._object.path, options=options)
            return iter(result.stream(min_chunk_size=CHUNK_BYTES)), result.meta


def _say_read(position: int, meta: ObjectMeta) -> str:
    return f"only {position:,} of {meta['size']:,} bytes were read"


def _strong_tag(meta: ObjectMeta) -> str | None:
    tag = meta["e_tag"]
    return None if tag is None or tag.startswith("W/") else tag
