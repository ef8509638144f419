"""The calls around what shows a finding, in the order in which they were made: equal boxes in a row are an N+1.

Which findings come first is known when all parts of the input are merged. So a part keeps the calls around the evidence
of each of its own findings, and the report takes those of the first ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tracereport.calls.calls import FRAME, TREE_KINDS, WRITE
from tracereport.calls.ordered import NOWHERE
from tracereport.findings.fan_outs.parts import choose_fan_out_evidence
from tracereport.findings.repeats.parts import choose_repeat_evidence
from tracereport.measures.context import Context
from tracereport.measures.described import refer_to
from tracereport.measures.evidence import Grade
from tracereport.measures.group_rows import unit_name_of
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.top import Top
from tracereport.measures.traits import BATCHED, CACHED, CHANGED, REPEAT, UNCHANGED
from tracereport.model import Asks, Finding, Rows, Timeline, TimelineCall
from tracereport.native.keys import group_order
from tracereport.native.tally import Mask

MOST_TIMELINES: Final = 3
MOST_CALLS: Final = 32
"""Of a unit, around the call that shows the finding."""
_CALLS_BEFORE: Final = 3
"""In sight before that call, where what comes before it is too far away."""

Place = tuple[int, int]
"""Process and number of the first call that shows a finding: what its timeline is found by."""


class Window(msgspec.Struct, frozen=True):
    """A timeline as a part keeps it."""

    timeline: Timeline
    cached: tuple[bool, ...]
    """Per call whether a cache answered it: unchanged, whatever the grade of its function."""


class Windows(msgspec.Struct, frozen=True, eq=False):
    """The timelines of a part, in the order of their places."""

    around: tuple[Place, ...]
    windows: Top[Window]


class _Units(msgspec.Struct, frozen=True, eq=False):
    """The shown calls of each unit, in their order."""

    places: NDArray[np.intp]
    start: NDArray[np.int64]
    """Per unit where its calls begin; one more at the end."""

    def calls_of(self, unit: int) -> NDArray[np.intp]:
        return self.places[self.start[unit] : self.start[unit + 1]]


def keep_windows(context: Context, wanted: Iterable[Place] | None = None) -> Windows:
    """The calls around the wanted ones of these processes; around all that may show a finding, if none are named."""
    places = _find_places(context, _list_evidence(context) if wanted is None else set(wanted))
    units = _group_units(context) if places else None
    windows = [_keep_window(context, units, around, place) for around, place in places.items() if units is not None]
    return Windows(tuple(places), Top(len(windows), tuple(windows)))


def _list_evidence(context: Context) -> set[Place]:
    found = [*choose_repeat_evidence(context), *choose_fan_out_evidence(context)]
    return {(own.rows[0].process, own.rows[0].number) for own in found}


def _find_places(context: Context, wanted: set[Place]) -> dict[Place, int]:
    """Where the wanted calls stand among the ordered ones."""
    ordered = context.ordered
    found: dict[Place, int] = {}
    for process, number in sorted(wanted):
        own = process - context.first_process
        if not 0 <= own < len(context.calls.processes.name):
            continue
        start, end = np.searchsorted(ordered.process, [own, own + 1])
        place = int(start + np.searchsorted(ordered.number[start:end], number))
        if place < end and ordered.number[place] == number:
            found[process, number] = place
    return found


def _group_units(context: Context) -> _Units:
    ordered = context.ordered
    unit = ordered.unit
    places = group_order(unit)
    if context.shown is not None:
        places = places[context.shown.places[places]]
    size = np.bincount(unit[places], minlength=len(ordered.units))
    return _Units(places, np.concatenate(([0], np.cumsum(size))))


def _keep_window(context: Context, units: _Units, around: Place, place: int) -> Window:
    calls, ordered, repeats = context.calls, context.ordered, context.repeats
    unit = int(ordered.unit[place])
    of_unit = units.calls_of(unit)
    start = _choose_start(context, of_unit, place)
    shown = of_unit[start : start + MOST_CALLS]
    shown_rows = ordered.rows(shown)
    references = refer_to(context, shown_rows)
    depth_of: dict[int, int] = {}
    rows = []
    for at, row, reference in zip(shown.tolist(), shown_rows.tolist(), references, strict=True):
        lookup = int(ordered.lookup[at])
        parent = int(ordered.parent[at])
        depth_of[at] = depth_of.get(parent, -1) + 1
        elapsed_ns = int(calls.elapsed_ns[row])
        rows.append(
            TimelineCall(
                number=reference.number,
                line=reference.line,
                parent=int(ordered.number[parent]) if parent in depth_of else None,
                depth=depth_of[at],
                function=calls.names[calls.lookups.function[lookup]],
                caller=calls.name(int(calls.signatures.caller[ordered.signature[at]])),
                params=calls.params_of(lookup),
                asks=_tell(context, at),
                elapsed_ns=elapsed_ns,
                elapsed_upper_ns=elapsed_ns + int(calls.resolution_ns[row]),
            )
        )
    timeline = Timeline(
        fingerprints=(),
        process=around[0],
        unit=unit_name_of(context, unit),
        tree=TREE_KINDS[calls.processes.tree[int(ordered.process[place])]],
        calls_before=start,
        calls=Rows(len(of_unit), tuple(rows)),
    )
    return Window(timeline, tuple(Mask(CACHED).of(repeats.traits[shown]).tolist()))


def _choose_start(context: Context, of_unit: NDArray[np.intp], place: int) -> int:
    """The index of the first call that is kept: the parent of what was asked before, if that is near enough."""
    if len(of_unit) <= MOST_CALLS:
        return 0
    at = int(np.searchsorted(of_unit, place))
    previous = int(context.repeats.previous[place])
    first = place if previous == NOWHERE else previous
    parent = int(context.ordered.parent[first])
    for candidate in (parent, first):
        start = int(np.searchsorted(of_unit, candidate))
        if candidate != NOWHERE and of_unit[start] == candidate and start <= at < start + MOST_CALLS:
            break
    else:
        start = at - _CALLS_BEFORE
    return max(0, min(start, len(of_unit) - MOST_CALLS))


def _tell(context: Context, place: int) -> Asks:
    """What a call asks for, as recorded."""
    ordered, traits = context.ordered, int(context.traits[place])
    if traits & REPEAT:
        return "unchanged" if traits & UNCHANGED else "changed" if traits & CHANGED else "unproven"
    if BATCHED.means(traits):
        return "fan-out"
    if ordered.is_question[place]:
        return "first"
    kind = ordered.kind[place]
    return "write" if kind == WRITE else "frame" if kind == FRAME else "other"


def list_timelines(whole: Whole, findings: Sequence[Finding]) -> Rows[Timeline]:
    """The timelines of the first findings that have one; of several findings, where these show in the same calls."""
    candidates = {
        (finding.evidence.rows[0].process, finding.evidence.rows[0].number): finding
        for finding in reversed(findings)
        if finding.kind != "slow" and finding.evidence.rows
    }
    wanted = list(reversed(candidates))[:_ASKED_FOR]
    parts: Iterable[Windows] = whole.details(MEASURE.key, wanted) if wanted else ()
    windows = {
        around: part.windows.rows[index]
        for part in parts
        for index, around in enumerate(part.around)
        if around in wanted
    }
    found: dict[tuple[int, str | None, int], Timeline] = {}
    for around in wanted:
        if around not in windows or not windows[around].timeline.calls.rows:
            continue  # a selection may leave none of them
        timeline = _judge(windows[around], whole.grades)
        key = (timeline.process, timeline.unit, timeline.calls_before)
        if key not in found and len(found) == MOST_TIMELINES:
            break
        before = found.get(key, timeline)
        found[key] = replace(before, fingerprints=(*before.fingerprints, candidates[around].fingerprint))
    return Rows(len(found), tuple(found.values()))


_ASKED_FOR: Final = 4 * MOST_TIMELINES
"""Findings whose timelines are looked at: several may show in the same calls."""


def _judge(window: Window, grades: Mapping[str, Grade]) -> Timeline:
    """The timeline with what its answers prove, which the whole input tells."""
    rows = tuple(
        replace(row, asks="unproven")
        if row.asks == "unchanged" and not cached and grades.get(row.function) == "constant"
        else row
        for row, cached in zip(window.timeline.calls.rows, window.cached, strict=True)
    )
    return replace(window.timeline, calls=Rows(window.timeline.calls.total, rows))


MEASURE: Final[Measure[None]] = Measure("timelines", lambda _context: None, lambda _parts: None, detail=keep_windows)
"""Nothing of it is merged: all that a part knows of it stays there until it is asked for."""
