"""What calls have in common is said once; what tells them apart is said of each.

A statement of two hundred characters beside five ids says nothing: five times ``id=`` with its value does.
"""

from collections.abc import Sequence

import msgspec

from tracereport.model import Evidence, Finding, Metric, Param
from tracereport.wording.phrases import Code, format_counted
from tracereport.wording.units import elide_middle, escape_controls, format_cut_list

_LISTED_VALUES = 8
_VALUE_WIDTH = 40
_PLACE_WIDTH = 60


class Difference(msgspec.Struct, frozen=True):
    """Several calls held beside one another.

    Attributes:
        shared: the parameters that all of them have, in the order of the log; none where there is one call.
        shared_metrics: the metrics that all of them have.
        values: each name that varies with its distinct values, in the order of the calls.
    """

    shared: tuple[Param, ...]
    shared_metrics: tuple[Metric, ...]
    values: tuple[tuple[str, tuple[str, ...]], ...]

    def own(self, evidence: Evidence) -> tuple[Param, ...]:
        """The parameters of a call that not all of them have."""
        return tuple(param for param in evidence.params if param not in self.shared)

    def own_metrics(self, evidence: Evidence) -> tuple[Metric, ...]:
        """The metrics of a call that not all of them have."""
        return tuple(metric for metric in evidence.metrics if metric not in self.shared_metrics)


def find_difference(finding: Finding) -> Difference:
    """What the calls that show a finding share, and what varies between them."""
    rows = finding.evidence.rows
    if len(rows) < 2:  # noqa: PLR2004 - one call differs from nothing
        return Difference((), (), ())
    first, *others = rows
    shared = tuple(param for param in first.params if all(param in other.params for other in others))
    metrics = tuple(metric for metric in first.metrics if all(metric in other.metrics for other in others))
    values: dict[str, dict[str, None]] = {}
    for row in rows:
        for param in row.params:
            if param not in shared:
                values.setdefault(param.name, {})[param.value] = None
    return Difference(shared, metrics, tuple((name, tuple(found)) for name, found in values.items()))


def describe_places(finding: Finding, code: Code) -> str:
    """Where its calls come from: ``app/main.py:32 (12 calls) and 2 more``."""
    rows = finding.at.rows
    named = [f"{code(elide_middle(escape_controls(row.at), _PLACE_WIDTH))}" for row in rows]
    if len(rows) > 1:
        named = [f"{name} ({format_counted(row.calls, 'call')})" for name, row in zip(named, rows, strict=True)]
    return format_cut_list(named, finding.at.total)


def describe_values(name: str, values: Sequence[str], code: Code) -> str:
    """What varies: ```pk_1` = 10, 11, 12, 13, 14, 15``."""
    shown = [elide_middle(escape_controls(value), _VALUE_WIDTH) or "''" for value in values[:_LISTED_VALUES]]
    return f"{code(name)} = {code(format_cut_list(shown, len(values)))}"
