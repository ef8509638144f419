"""Calls -> a part: what each measure and each kind of finding knows of some whole processes."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

import msgspec

from tracereport.calls.calls import Calls
from tracereport.calls.grouping import ROW_LIMIT
from tracereport.engine.own_process import give_back_memory
from tracereport.findings import timelines
from tracereport.findings.fan_outs.parts import KIND_KEY as FAN_OUTS
from tracereport.findings.interface import FindingKind
from tracereport.findings.ranking import KINDS
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure
from tracereport.measures.registry import MEASURES
from tracereport.model import Selection, Settings

MEASURED: Final[tuple[Measure[Any] | FindingKind[Any], ...]] = (*MEASURES, *KINDS, timelines.MEASURE)
"""All that has partial results."""
_CALLS_FOR_THREADS: Final = 100_000
"""Below, threads take longer to start than they save."""
_CALLS_TO_GIVE_BACK: Final = 2_000_000
"""Below, it takes longer to give memory back, and to ask for it anew, than there is to be saved of it."""


_FIRST: Final = (FAN_OUTS, "slowest_calls", "cache_curves", "functions", "savings", "slow_calls")
"""What begins first of several: fan-outs, which most of the others rest on, and what can be measured meanwhile."""


class Part(msgspec.Struct, frozen=True, eq=False):
    """What is known of some whole processes."""

    partials: dict[str, Any]
    """The partial result of each measure and kind, by its key."""
    context: Context | None
    """The calls, as long as they are held: details are made of them when they are asked for."""
    processes: int
    """How many there are: those of the next part are numbered behind them."""


def measure_calls(
    calls: Calls,
    settings: Settings,
    selection: Selection | None = None,
    *,
    first_process: int,
    row_limit: int = ROW_LIMIT,
    threads: int = 1,
) -> Part:
    """Measures whole processes; many calls by so many threads at once."""
    if len(calls) >= _CALLS_TO_GIVE_BACK:
        give_back_memory()
    context = Context(calls, settings, selection, first_process, row_limit)
    if threads == 1 or len(calls) < _CALLS_FOR_THREADS:
        partials = {own.key: own.measure(context) for own in MEASURED}
    else:
        partials = _measure_at_once(context, threads)
    return Part(partials, context, len(calls.processes.name))


def _measure_at_once(context: Context, threads: int) -> dict[str, Any]:
    """The partial results; NumPy and the native library let other threads run while they work."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - a small log is measured without threads

    with ThreadPoolExecutor(threads, thread_name_prefix="tracereport-measure") as pool:
        running = {own.key: pool.submit(own.measure, context) for own in sorted(MEASURED, key=_rank)}
        return {own.key: running[own.key].result() for own in MEASURED}


def _rank(measure: Measure[Any] | FindingKind[Any]) -> int:
    """What takes long and isn't among the first comes late in the report, and early here."""
    if measure.key in _FIRST:
        return _FIRST.index(measure.key)
    return len(_FIRST) + len(MEASURED) - MEASURED.index(measure)


def merge_partials(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The partial results of several parts, merged."""
    if len(parts) == 1:
        return parts[0]
    return {own.key: own.merge([part[own.key] for part in parts]) for own in MEASURED}


class Parts(Protocol):
    """The measured parts of an input, wherever they are."""

    def merge(self) -> dict[str, Any]:
        """Their partial results, merged, by the key of the measure or kind."""

    def details(self, key: str, wanted: Any) -> Iterable[Any]:  # noqa: ANN401  # each measure knows its own
        """What each part holds in detail for a measure, in the order of the input."""


class LocalParts:
    """Parts in this process, with their calls."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def add(self, part: Part) -> None:
        """Adds the part that comes next in the input."""
        self._parts.append(part)

    def merge(self) -> dict[str, Any]:
        """See ``Parts``."""
        return merge_partials([part.partials for part in self._parts])

    def details(self, key: str, wanted: Any) -> Iterable[Any]:  # noqa: ANN401
        """See ``Parts``."""
        detail = next(own.detail for own in MEASURED if own.key == key)
        for part in self._parts:
            if detail is not None and part.context is not None:
                yield detail(part.context, wanted=wanted)
