"""Bytes -> the JSON documents in them: one a line, or one over many lines; one that breaks off as far as it goes."""

import re
from collections.abc import Iterable, Iterator

import msgspec

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_RECORDS = frozenset({b'"spans"', b'"data"', b""})
"""Keys of lists of whole records; the list that is the document itself has none."""
_CLOSING = {b"[": b"]", b"{": b"}"}


class Document(msgspec.Struct, frozen=True):
    """One JSON document."""

    content: bytes
    is_whole: bool = True
    """False: its end is missing, and what was cut within it has been left out."""


def split_documents(chunks: Iterable[bytes]) -> Iterator[Document]:
    """The documents of an input, in order.

    Args:
        chunks: whole lines, as ``Stream.read_chunks`` gives them; an error of theirs comes after what could be read.
    """
    chunks = iter(chunks)
    first = next(chunks, b"")
    line = first.lstrip().partition(b"\n")[0]
    if not line or is_json(line):
        yield from _split_lines(first)
        for chunk in chunks:
            yield from _split_lines(chunk)
        return
    parts = [first]
    error: Exception | None = None
    try:
        parts.extend(chunks)
    except Exception as caught:  # noqa: BLE001 - it is raised below, after what could be read
        error = caught
    whole = b"".join(parts)
    yield from [Document(whole)] if is_json(whole) else salvage(whole)
    if error is not None:
        raise error


def is_json(text: bytes) -> bool:
    """Whether it is one whole JSON value."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True


def _split_lines(chunk: bytes) -> Iterator[Document]:
    *lines, last = chunk.split(b"\n")
    for line in lines:
        if line and not line.isspace():
            yield Document(line)
    # Only the last line of all has no line feed: it may have been cut.
    if last and not last.isspace():
        yield from [Document(last)] if is_json(last) else salvage(last)


def salvage(text: bytes) -> Iterator[Document]:
    """The values that stand one behind the other, the last one without what was cut within it."""
    stack: list[bytes] = []
    keys: list[bytes] = []
    key = b""
    start = cut = 0
    open_at_cut: tuple[bytes, ...] = ()
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token in _CLOSING:
            if not stack:
                start = cut = found.start()
            stack.append(token)
            keys.append(key if token == b"[" else b"")
            key = b""
        elif token in (b"]", b"}"):
            if not stack:
                continue
            stack.pop()
            keys.pop()
            key = b""
            if not stack:
                yield Document(text[start : found.end()])
                start = cut = found.end()
            elif stack[-1] == b"[" and keys[-1] in _RECORDS and token == b"}":
                cut, open_at_cut = found.end(), tuple(stack)
        else:
            key = token
    if stack and cut > start:
        closing = b"".join(_CLOSING[token] for token in reversed(open_at_cut))
        yield Document(text[start:cut] + closing, is_whole=False)
    elif text[start:].strip():
        yield Document(text[start:], is_whole=False)
