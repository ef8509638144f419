"""The chunks of a log without what its collector wrote around each line."""

from collections.abc import Generator, Iterator
from typing import Final

import msgspec

from tracereport.sources.envelopes.layers import MARK_BYTES, Layer
from tracereport.sources.envelopes.learning import (
    Sample,
    holds_inner_stamp,
    learn_layer,
    starts_with_time_stamp,
)
from tracereport.sources.streams.raw import BrokenSourceError

_MOST_LAYERS: Final = 5
_BYTES_BEFORE: Final = 1 << 16
_SAMPLE_BYTES: Final = 1 << 20
"""Around the first mark, so much is looked at."""
_SAMPLE_LINES: Final = 1_000
_MOST_WAITING_BYTES: Final = 1 << 26
"""So much is held back for the first mark, or for the last part of a line."""
_WORTH_SAYING: Final = 0.1


class Envelope(msgspec.Struct):
    """What stands around the lines of one log."""

    layers: list[Layer] = msgspec.field(default_factory=list)
    parts: int = 0
    """Lines that were put to a line before, whose text holds a record."""
    unlearnt_tails: int = 0
    """Records of the sample behind which texts of many forms stand."""
    split_lines: int = 0
    """Records of the sample in whose middle a time stamp like the one before them stands."""


def unwrap(chunks: Iterator[bytes], envelope: Envelope) -> Generator[bytes, None, None]:
    """The chunks with each line out of its envelope; a log without one stays as it is.

    The number of lines stays the same, from the first chunk to the last.

    Args:
        chunks: each ends where a line ends, but for the last one.
        envelope: is filled in as soon as a line holds the mark.
    """
    source = _Source(chunks)
    waiting: list[bytes] = []
    size = 0
    first = -1
    for chunk in source:
        if first < 0 and (found := chunk.find(MARK_BYTES)) >= 0:
            first = size + found
        waiting.append(chunk)
        size += len(chunk)
        if size > (first + _SAMPLE_BYTES if first >= 0 else _MOST_WAITING_BYTES):
            break
    if 0 <= first <= _MOST_WAITING_BYTES:
        _learn(b"".join(waiting), first, envelope)
    if not envelope.layers:
        yield from waiting
        yield from source
    else:
        held = b"".join(waiting)
        for chunk in source:
            text, used = _take_off(held, envelope, is_last=len(held) > _MOST_WAITING_BYTES)
            if text:
                yield text
            held = held[used:] + chunk
        if held:
            yield _take_off(held, envelope, is_last=True)[0]
    if source.broken is not None:
        raise source.broken


class _Source:
    """Chunks up to where their source breaks off, which waits until they have been used."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.broken: BrokenSourceError | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except BrokenSourceError as error:
            self.broken = error
            raise StopIteration from None


def _learn(text: bytes, first: int, envelope: Envelope) -> None:
    """Learns from the lines around the first mark, the same ones however the text is cut into chunks."""
    start = text.rfind(b"\n", 0, max(first - _BYTES_BEFORE, 0)) + 1
    end = first + _SAMPLE_BYTES
    if end < len(text):
        end = text.rfind(b"\n", start, end)
    lines = text[start : max(end, 0)].split(b"\n", _SAMPLE_LINES)[:_SAMPLE_LINES]
    lines = [line.removesuffix(b"\r") for line in lines]
    is_stamped = any(map(starts_with_time_stamp, lines))
    sample = Sample(lines)
    while len(envelope.layers) < _MOST_LAYERS and (layer := learn_layer(sample)) is not None:
        envelope.layers.append(layer)
        sample = Sample(layer.take_off(sample.lines).lines)
    tails, telling = sample.tails
    if is_stamped:
        envelope.split_lines = sum(map(holds_inner_stamp, sample.lines))
    envelope.unlearnt_tails = len(tails) if len(tails) > max(_WORTH_SAYING * telling, 1) else 0


def _take_off(text: bytes, envelope: Envelope, *, is_last: bool) -> tuple[bytes, int]:
    """The text without its envelope, and how many of its bytes that is: lines of open parts are left for later."""
    lines = text.split(b"\n")
    ends_line = not lines[-1]
    if ends_line:
        lines.pop()
    returned = [line.endswith(b"\r") for line in lines] if b"\r" in text else []
    bare = [line.removesuffix(b"\r") for line in lines] if returned else lines
    open_from: int | None = None
    parts = 0
    for layer in envelope.layers:
        taken = layer.take_off(bare)
        bare, parts = taken.lines, parts + taken.parts
        if taken.open_from is not None:
            open_from = min(taken.open_from, len(lines) if open_from is None else open_from)
    used = len(text)
    if open_from is not None and not is_last:
        used = sum(map(len, lines[:open_from])) + open_from
        if not used:
            return b"", 0
        return _take_off(text[:used], envelope, is_last=True)[0], used
    if returned:
        bare = [line + b"\r" if has else line for line, has in zip(bare, returned, strict=True)]
    envelope.parts += parts
    # A last line without an end that held nothing but its envelope is a line all the same.
    ends_line |= not bare[-1] if bare else False
    return b"\n".join(bare) + b"\n" * ends_line, used
