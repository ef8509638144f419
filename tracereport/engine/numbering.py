"""Numbers the processes of a finished report in the order of the whole input.

While parts are measured a process is known by the number of its input and its place there. Which index that is in the
report is known when all parts are.
"""

from collections.abc import Mapping
from typing import Any

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
        return tuple([_number(item, index_of, names) for item in node])
    if isinstance(node, CallReference):
        return CallReference(process=index_of[node.process], number=node.number, line=node.line)
    if not isinstance(node, msgspec.Struct):
        return node
    changes: dict[str, Any] = {}
    for name in node.__struct_fields__:
        value = getattr(node, name)
        if name == "process":
            changes[name] = index_of[value]
        elif isinstance(value, (tuple, msgspec.Struct)):
            changes[name] = _number(value, index_of, names)
    if isinstance(node, SlowestCall):
        changes["process_name"] = names[node.process]
    return msgspec.structs.replace(node, **changes)
