"""Records that hold nothing but what is said of them."""

from types import NoneType
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from tracereport.model import Record, Rows

Kind = TypeVar("Kind", bound=Record)


def blank(kind: type[Kind], /, **known: object) -> Kind:
    """A record whose other fields are 0, false, empty or null, or have their defaults."""
    needed = [field for field in msgspec.structs.fields(kind) if field.required and field.name not in known]
    return kind(**{field.name: _nothing(field.type) for field in needed}, **known)


def _nothing(kind: Any) -> object:
    if NoneType in get_args(kind):
        return None
    return Rows() if get_origin(kind) is Rows else (get_origin(kind) or kind)()
