"""The one text that stands for a lookup or a signature, and how its parts are read back."""

import re
from collections.abc import Iterable

PLAIN_NAME = re.compile(r"[^\W\d][\w.:-]*")

ODD_LOOKUP = "||"
"""How the text of a lookup starts whose parts are escaped."""


def is_plain_name(name: str) -> bool:
    """Whether a program may have named a parameter so.

    Where a value holds a ``|`` and a ``=`` behind it (``a || ' b='`` in SQL), what stands between them looks like one.
    """
    return PLAIN_NAME.fullmatch(name) is not None


def encode_lookup(function: str, params: tuple[tuple[str, str], ...]) -> str:
    r"""One text for a lookup: equal lookups have equal texts, different ones different texts.

    It is the text as logged, ``function|name=value|...``. Where a part itself holds a ``|``, the text starts with
    ``||`` (as no plain one can: a plain field holds a ``=``), and in each part ``\`` and ``|`` are escaped.
    """
    parts = [function, *(part for pair in params for part in pair)]
    names = [name for name, _ in params]
    if any("|" in part for part in parts) or any("=" in name for name in names):
        escaped = [_encode_part(part) for part in parts]
        function, parts = escaped[0], escaped[1:]
        return ODD_LOOKUP + join_signature(function, None, zip(parts[::2], parts[1::2], strict=True))
    return join_signature(function, None, params)


def decode_lookup(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Function and parameters of a text that ``encode_lookup`` made."""
    if not text.startswith(ODD_LOOKUP):
        function, *fields = text.split("|")
        return function, tuple([(name, value) for name, _, value in [field.partition("=") for field in fields]])
    function, *fields = text.removeprefix(ODD_LOOKUP).split("|")
    params = [
        (_decode_part(name), _decode_part(value)) for name, _, value in [field.partition("=") for field in fields]
    ]
    return _decode_part(function), tuple(params)


def encode_shape(function: str, names: Iterable[str]) -> str:
    """One text for the shape of a lookup; of a plain one it is the lookup's text without values."""
    parts = [function, *names]
    if any("|" in part for part in parts) or any("=" in name for name in parts[1:]):
        return ODD_LOOKUP + "|".join(_encode_part(part) for part in parts)
    return "|".join(parts)


def join_signature(function: str, caller: str | None, params: Iterable[tuple[str, str]]) -> str:
    """The text of a signature, the caller before the parameters: ``function|caller=c|name=value|...``."""
    fields = params if caller is None else [("caller", caller), *params]
    return "|".join([function, *(f"{name}={value}" for name, value in fields)])


def _encode_part(text: str) -> str:
    return text.replace("\\", r"\5c").replace("|", r"\7c").replace("=", r"\3d")


def _decode_part(text: str) -> str:
    return text.replace(r"\7c", "|").replace(r"\3d", "=").replace(r"\5c", "\\")
