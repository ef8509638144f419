"""Which relation of a model Django loads with a statement, as the frames that run tell: ``Book.author``.

It is told where loading it with the rows before would have done: the advice names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor, ReverseOneToOneDescriptor
from django.db.models.query import QuerySet

from .frames import read_locals

if TYPE_CHECKING:
    from types import CodeType, FrameType

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_FRAMES_TO_QUERYSET = 16
_FRAMES_TO_DESCRIPTOR = 9


def _code_of(owner: type, name: str) -> CodeType | None:
    return getattr(getattr(owner, name, None), "__code__", None)


_FETCHES = _code_of(QuerySet, "_fetch_all")
_GETS = _code_of(ForwardManyToOneDescriptor, "__get__")
_GETS_BACK = _code_of(ReverseOneToOneDescriptor, "__get__")


def find_fetching(frame: FrameType | None) -> FrameType | None:
    """The frame, of those around one, in which a queryset fetches its rows; None where it is another statement."""
    for _ in range(_FRAMES_TO_QUERYSET):
        if frame is None or frame.f_code is _FETCHES:
            return frame
        frame = frame.f_back
    return None


def find_relation(fetching: FrameType) -> str | None:
    """``Book.author`` where one row is loaded, ``Author.books[]`` where many are; None where it is no relation."""
    frame: FrameType | None = fetching
    for _ in range(_FRAMES_TO_DESCRIPTOR):
        if frame is None:
            break
        code = frame.f_code
        if code is _GETS:
            [descriptor] = read_locals(frame, ("self",))
            field = descriptor.field
            return f"{field.model.__name__}.{field.name}"
        if code is _GETS_BACK:
            [descriptor] = read_locals(frame, ("self",))
            related = descriptor.related
            return f"{related.model.__name__}.{related.get_accessor_name()}"
        frame = frame.f_back
    return _find_of_many(read_locals(fetching, ("self",))[0])


def _find_of_many(queryset: Any) -> str | None:  # noqa: ANN401  # of any model
    """The relation whose rows a queryset gives as they are: what is filtered, sorted or cut can't be prefetched."""
    query, fields = queryset.query, [*queryset._known_related_objects]  # noqa: SLF001
    is_whole = len(query.where.children) == 1 and not query.is_sliced and not query.order_by
    if not is_whole or queryset._fields is not None:
        return None
    if not fields:
        return _find_of_many_to_many(queryset)
    if len(fields) != 1:
        return None
    related = fields[0].remote_field
    return f"{related.model.__name__}.{related.get_accessor_name()}[]"


def _find_of_many_to_many(queryset: Any) -> str | None:  # noqa: ANN401  # as above
    """The same, where rows stand on both sides: what is filtered by is the table between."""
    [condition], instance = queryset.query.where.children, queryset._hints.get("instance")  # noqa: SLF001
    between = getattr(getattr(getattr(condition, "lhs", None), "target", None), "model", None)
    if instance is None or between is None:
        return None
    options = type(instance)._meta  # noqa: SLF001
    named = {field.name: field.remote_field.through for field in options.many_to_many}
    named |= {each.get_accessor_name(): each.through for each in options.related_objects if each.many_to_many}
    names = [name for name, through in named.items() if through is between]
    return f"{type(instance).__name__}.{names[0]}[]" if len(names) == 1 else None
