"""Numbers the processes of a finished report in the order of the whole input.

While parts are measured a process is known by the number of its input and its place there. Which index that is in the
report is known when all parts are.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from tracereport.model import CallReference, Report, SlowestCall

_NUMBERED = (
    "slowest_calls", "redundant_signatures", "redundant_lookups", "cache_candidates", "sequential_duplicates",
    "shared_lookups", "fanouts", "slow_calls", "activity", "timelines",
    "findings",
)  # fmt: skip


def number_report(report: Report, index_of: Mapping[int, int], names: Mapping[int, str]) -> Report:
    """The report with every process by its index.

    Args:
        report: with the numbers that parts know processes by.
        index_of: the index of each.
        names: of the processes, by those numbers.
    """
    if all(number == index for number, index in index_of.items()) and all(
        row.process_name == names[row.process] for row in report.slowest_calls.rows
    ):
        return report
    changes = {field: _number(getattr(report, field), index_of, names) for field in _NUMBERED}
    return msgspec.structs.replace(report, **changes)


def _number(node: Any, index_of: Mapping[int, int], names: Mapping[int, str]) -> Any:  # noqa: ANN401 - any part of a report
    if isinstance(node, tuple):
        if node and isinstance(node[0], CallReference):  # these are most of a report
            return tuple(
                [CallReference(process=index_of[own.process], number=own.number, line=own.line) for own in node]
            )
        return tuple([_number(item, index_of, names) for item in node])
    if not isinstance(node, msgspec.Struct):
        return node
    changes: dict[str, Any] = {}
    for name in _list_numbered(type(node)):
        value = getattr(node, name)
        changes[name] = index_of[value] if name == "process" else _number(value, index_of, names)
    if isinstance(node, SlowestCall):
        changes["process_name"] = names[node.process]
    return msgspec.structs.replace(node, **changes) if changes else node


@cache
def _list_numbered(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields of a record that hold the number of a process, or a record that does."""
    hints = get_type_hints(kind)
    return tuple(name for name in kind.__struct_fields__ if name == "process" or _leads_to_process(hints[name]))


def _leads_to_process(hint: Any) -> bool:  # noqa: ANN401 - as typing has it
    if isinstance(hint, TypeVar):
        return True  # of what a list is, its own rows tell
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return bool(_list_numbered(hint))
    return any(map(_leads_to_process, get_args(hint)))
