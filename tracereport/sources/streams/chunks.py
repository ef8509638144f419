"""A stream -> chunks of whole lines."""

import io
from collections.abc import Generator
from typing import Final

from tracereport.sources.streams.raw import BrokenSourceError

CHUNK_BYTES: Final = 2 << 20
"""As much as stays in a processor's cache while it is split and coded."""
FIRST_CHUNK_BYTES: Final = 1 << 20
"""Most logs are smaller: there is no use in clearing more memory for them."""
LONGEST_LINE_BYTES: Final = 64 << 20
"""What a line has beyond that is left out."""


def cut_chunks(stream: io.RawIOBase, chunk_bytes: int) -> Generator[bytes, None, None]:
    """A stream's bytes in chunks of whole lines; the last line of the last one may lack its end.

    A chunk has about ``chunk_bytes``, or one line that is longer, of which ``LONGEST_LINE_BYTES`` are left. An empty
    stream gives none.

    Raises:
        BrokenSourceError: after what could be read, if the stream can't be read to its end or has too long a line.
    """
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
