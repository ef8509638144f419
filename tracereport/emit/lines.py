r"""What a line of the trace looks like.

A line is one write at the end of its call, by whatever way the call ends; the number is given at its start::

    PERF_TRACE|<number>|<function>|caller=<name>[|<param>=<value>]...|elapsed_us=<n>[|<metric>=<n>]...[|<field>]...

The fields behind the metrics are the emitter's own, and no answers:

=====================  ===============================================================================================
``test`` ``try``       the test that the call belongs to, and the how many-eth time it is tried
``phase``              ``setup``, ``call`` or ``teardown`` of that test
``frame=1``            a place in the tree (a request, a test, a template), no question
``write=<table>``      what the call changes; ``1`` where that isn't known
``failed=1``           the call ended by an exception: it gave no answer
``cached=1``           the answer came out of a cache
``via``                who wrote the line: ``python``, or a hook such as ``sqlalchemy``, with what relation it loads
``at=<path>:<line>``   the line of the source that made the call, from the root of the repository
``activation=<n>``     the run of a function that made the call, unique in the process; not where a call stands around
``process=<pid>``      the process, which tells apart those that share a file
``parent=<number>``    the call around this one, or ``none``
``escaped=1``          each ``|``, newline and backslash of the line's texts is written ``\x7c``, ``\x0a`` and ``\x5c``
=====================  ===============================================================================================
"""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .calls import TracedCall

TEST_VARIABLES = {"test": "PERF_TRACE_TEST", "try": "PERF_TRACE_TRY", "phase": "PERF_TRACE_PHASE"}
"""By field of the test: the variable that tells it to processes that the test starts."""


class Test(NamedTuple):
    """The test that calls belong to, in the order of its fields; None for what isn't known."""

    name: str | None = None
    attempt: str | None = None
    phase: str | None = None


_ELAPSED_NAMES = frozenset({"elapsed_ms", "elapsed_us", "elapsed_ns", "elapsed_s"})
_MARKS = ("frame", "write", "failed", "cached")
_OWN_NAMES = frozenset(
    {*_ELAPSED_NAMES, *TEST_VARIABLES, *_MARKS, "via", "at", "activation", "process", "parent", "escaped"}
)
_TIME_UNITS = ("_ms", "_us", "_ns")
_LARGEST_METRIC = 2**64 - 1
_tests: dict[tuple[object, ...], str] = {}
"""By test: its fields, a separator before them. What asks in a test is likely to ask there again."""
_places: dict[tuple[object, ...], str] = {}
"""By place, hook and marks: these as fields."""
_KEPT = 1024
_ESCAPES = {ord("\\"): r"\x5c", ord("|"): r"\x7c", ord("\n"): r"\x0a"}


def format_line(call: TracedCall, elapsed_us: int, process: str) -> str:
    """The line of a call that has ended, in a process that has this field."""
    enclosing = call.enclosing
    fields = [call.function, f"caller={call.caller}", *call.params, f"elapsed_us={elapsed_us}", *call.metrics.values()]
    text = "|".join(fields)
    _, at, run, above = call.origin
    key = (at, above or call.via, *call.marks.items())
    test = _tests.get(call.test) or _keep(_tests, call.test, ("", *_list_test(call.test)))
    try:
        place = _places.get(key) or _keep(_places, key, _list_place(call))
    except TypeError:  # the program has given something else than a text
        place = ""
    # As many signs as stand between the fields, and no other mark: there is nothing to escape.
    is_plain = text.count("|") == len(fields) - 1 and "\n" not in text and "PERF_TRACE" not in text
    if is_plain and test and place:
        own = f"{test}{place}" if run is None else f"{test}{place}activation={run}|"
        parent = "none" if enclosing is None else enclosing.number
        return f"PERF_TRACE|{call.number}|{text}{own}{process}|parent={parent}\n"
    return _format_odd_line(call, elapsed_us, process)


def _keep(known: dict[Any, str], key: tuple[object, ...], fields: Sequence[str]) -> str:
    """Fields with a separator behind each, for the next line that has them; empty where one has to be escaped."""
    text = "".join(f"{field}|" for field in fields)
    if text.count("|") != len(fields) or "\n" in text or "PERF_TRACE" in text:
        text = ""
    if len(known) >= _KEPT:
        known.clear()
    known[key] = text
    return text


def _list_test(test: Test) -> list[str]:
    return [f"{field}={value}" for field, value in zip(TEST_VARIABLES, test) if value is not None]


def _list_place(call: TracedCall) -> list[str]:
    """The emitter's own fields that are the same for all calls of a place."""
    _, at, _, above = call.origin
    fields = [*format_marks(call.marks), f"via={above or call.via}"]
    return fields if at is None else [*fields, f"at={at}"]


def _list_own(call: TracedCall) -> list[str]:
    """The emitter's own fields between metrics and process."""
    run = call.origin.activation
    return [*_list_test(call.test), *_list_place(call), *(() if run is None else (f"activation={run}",))]


def _format_odd_line(call: TracedCall, elapsed_us: int, process: str) -> str:
    """The line of a call whose texts may hold a separator, or a line's end, or look like another line's beginning."""
    before = [call.function, f"caller={call.caller}", *call.params]
    fields = [*before, f"elapsed_us={elapsed_us}", *call.metrics.values(), *_list_own(call), process]
    escaped = []
    if any("\n" in field or "|" in field for field in fields):
        fields = [field.translate(_ESCAPES) for field in fields]
        escaped = ["escaped=1"]
    text = "|".join(fields)
    if "PERF_TRACE|" in text or text.endswith("PERF_TRACE"):
        # A text that ends with the mark looks like a torn line; the second elapsed field says that it is whole.
        fields.insert(len(before), f"elapsed_ms={elapsed_us // 1000}")
    parent = "parent=none" if call.enclosing is None else f"parent={call.enclosing.number}"
    return f"PERF_TRACE|{call.number}|{'|'.join([*fields, parent, *escaped])}\n"


def format_params(params: Iterable[tuple[str, object]]) -> list[str]:
    """The fields before elapsed."""
    fields = []
    for name, value in params:
        if name in _ELAPSED_NAMES:
            name = f"{name}_"  # noqa: PLW2901  # what isn't the time must not look like it
        fields.append(f"{name}={value if type(value) is str else to_text(value)}")
    return fields


def format_metric(name: str, value: float) -> str | None:
    """A field behind elapsed that tells what came out of the call; None for what is no unsigned 64-bit integer."""
    number = value if type(value) is int else _to_integer(name, value)
    if number is None or not 0 <= number <= _LARGEST_METRIC:
        return None
    return f"{name}_={number}" if name in _OWN_NAMES else f"{name}={number}"


def format_marks(marks: Mapping[str, object]) -> list[str]:
    """The emitter's own fields that tell what kind of call it was, in the order of the table above."""
    return [f"{name}={to_text(marks[name])}" for name in _MARKS if name in marks]


def to_text(value: object) -> str:
    """What a value is written as."""
    if type(value) is str:
        return value
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # an object that can't be printed must not end the call
        return f"<unprintable {type(value).__name__}>"


def _to_integer(name: str, value: object) -> int | None:
    try:
        return int(value) if isinstance(value, float) and name.endswith(_TIME_UNITS) else index(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
