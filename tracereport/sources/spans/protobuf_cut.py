"""An export request in protobuf whose end is missing -> the request that is made of what is whole in it."""

from typing import Final

_GOES_ON: Final = (1, 2)
"""The fields that hold the spans, from the outermost: resource spans, in them the spans of a scope."""
_LENGTH_OF_NUMBER: Final = {1: 8, 5: 4}
"""Bytes of a value by its wire type."""
_VARINT, _BYTES = 0, 2
_MOST_VARINT_BYTES: Final = 10


def shorten_request(content: bytes, depth: int = 0) -> tuple[bytes, bool]:
    """The whole fields of a request, and of one that was cut what is whole within; and whether anything was cut."""
    at = 0
    while at < len(content):
        key = _read_varint(content, at)
        if key is None:
            return content[:at], True
        tag, begin = key
        kind = tag & 7
        if kind == _BYTES:
            length = _read_varint(content, begin)
            end = None if length is None else length[1] + length[0]
            if length is not None and end is not None and end > len(content):
                return content[:at] + _shorten_field(tag, content[length[1] :], depth), True
        elif kind == _VARINT:
            value = _read_varint(content, begin)
            end = None if value is None else value[1]
        elif kind in _LENGTH_OF_NUMBER:
            end = begin + _LENGTH_OF_NUMBER[kind]
        else:
            return content, False  # no field of protobuf: it isn't cut but broken
        if end is None or end > len(content):
            return content[:at], True
        at = end
    return content, False


def _shorten_field(tag: int, content: bytes, depth: int) -> bytes:
    if depth == len(_GOES_ON) or tag >> 3 != _GOES_ON[depth]:
        return b""
    inner, _ = shorten_request(content, depth + 1)
    return _write_varint(tag) + _write_varint(len(inner)) + inner


def _read_varint(content: bytes, at: int) -> tuple[int, int] | None:
    """A number, and where it ends; none where it doesn't."""
    number = 0
    for place, byte in enumerate(content[at : at + _MOST_VARINT_BYTES]):
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:  # noqa: PLR2004 - the last byte
            return number, at + place + 1
    return None


def _write_varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])
