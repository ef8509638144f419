"""Runs that measure part by part: on all cores, on a cluster, or in pieces that others measure and this one joins."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from tracereport.calls.grouping import ROW_LIMIT, keep_rows
from tracereport.command.job import Job, Watcher
from tracereport.command.preparing import refuse_redaction
from tracereport.engine.joining import StoredParts
from tracereport.engine.part_file import PartHeader
from tracereport.engine.report import finish_report
from tracereport.engine.run import Measuring, list_missing, measure_inputs, open_parts, share_inputs
from tracereport.engine.tasks import Task
from tracereport.errors import InputError, UsageError
from tracereport.measures.quality import warn_of_unread
from tracereport.model import Report
from tracereport.sources.inputs import explain_nothing
from tracereport.sources.streams.names import InputState, describe_inputs

_MISSING_REMEDY: Final = "Measure it, too, with the same --parts and --shard, and join again."


def measure_parts(
    job: Job,
    inputs: Sequence[str],
    titles: Sequence[str],
    states: Sequence[InputState | None],
    title: str,
    watcher: Watcher | None,
) -> Report | None:
    """Measures every input in a part of its own, and makes the report of all; none where that divides nothing.

    Raises:
        TracereportError: an input can't be read, no call is in any, a worker died too often, or nobody answers.
    """
    measuring = _describe(job, inputs, titles, states, shard=None)
    if measuring.is_undivided:
        return None
    with measure_inputs(measuring, _Told(measuring, watcher)) as parts:
        return _finish(job, parts, inputs, titles, title)


def measure_shard(job: Job, inputs: Sequence[str], titles: Sequence[str], shard: str, watcher: Watcher | None) -> int:
    """Measures a share of the inputs, and keeps the parts for whoever joins them. Gives how many they are.

    Raises:
        UsageError: no place is given for the parts, or the share is none.
        TracereportError: as above.
    """
    if job.parts is None:
        raise UsageError("--parts is missing", "Name a folder that is shared by all who measure: --parts DIR")
    refuse_redaction(job)
    share = parse_shard(shard)
    own = [index for group in share_inputs(inputs, share, job.source) for index in group]
    states = dict(zip(own, describe_inputs([inputs[index] for index in own]), strict=True))
    measuring = _describe(job, inputs, titles, [states.get(index) for index in range(len(inputs))], share)
    with measure_inputs(measuring, _Told(measuring, watcher)) as parts:
        return len(parts.names)


def parse_shard(text: str) -> tuple[int, int]:
    """``I/N``, I from 1 to N, as index and number.

    Raises:
        UsageError: it is none.
    """
    index, slash, count = text.partition("/")
    if not (slash and index.isascii() and count.isascii() and index.isdigit() and count.isdigit()):
        raise UsageError(f"--shard {text}: not a share", "Give it as I/N: 1/4, 2/4, 3/4 and 4/4 measure all.")
    if not 1 <= int(index) <= int(count):
        raise UsageError(f"--shard {text}: there is no such share", f"Shares go from 1/{count} to {count}/{count}.")
    return int(index) - 1, int(count)


def join_parts(job: Job) -> Report:
    """The report of parts that others have measured.

    A missing part is said in the report, as an input that can't be read.

    Raises:
        TracereportError: there are no parts, or they don't belong together, or were measured with other settings.
    """
    (place,) = job.inputs
    with open_parts(place) as (parts, headers):
        return _join(job, place, parts, headers)


def _join(job: Job, place: str, parts: StoredParts, headers: Sequence[PartHeader]) -> Report:
    first = headers[0]
    measured = replace(first.settings, top=job.settings.top)
    if measured != job.settings:
        changed = [
            name for name in measured.__struct_fields__ if getattr(measured, name) != getattr(job.settings, name)
        ]
        raise UsageError(
            f"{place}: the parts were measured with another {changed[0].replace('_', '-')}",
            "Join them with the settings that they were measured with, or measure again.",
        )
    names = list(dict.fromkeys(name for header in headers for name in (header.input, *header.joined)))
    title = job.title or (
        Path(names[0]).name if len(names) == 1 else f"{Path(names[0]).name} and {len(names) - 1} more"
    )
    report = _finish(job, parts, names, names, title)
    missing = list_missing(headers)
    if not missing or report.input is None:
        return report
    errors = [f"{what} from {place}" for what in missing]
    named = errors[0] + (f", and so are {len(errors) - 1:,} more" if len(errors) > 1 else "")
    warning = warn_of_unread(named, _MISSING_REMEDY, len(errors))
    return replace(
        report,
        input=replace(report.input, errors=(*report.input.errors, *errors)),
        quality=keep_rows([warning, *report.quality.rows], total=report.quality.total + 1),
    )


def _describe(
    job: Job,
    inputs: Sequence[str],
    titles: Sequence[str],
    states: Sequence[InputState | None],
    shard: tuple[int, int] | None,
) -> Measuring:
    return Measuring(
        inputs=tuple(inputs),
        titles=tuple(titles),
        states=tuple(states),
        source=job.source,
        settings=job.settings,
        row_limit=ROW_LIMIT,
        unpacked_limit=job.unpacked_limit,
        workers=job.workers,
        parts=job.parts,
        shard=shard,
    )


class _Told:
    """Tells the watcher of a run how many inputs are done."""

    def __init__(self, measuring: Measuring, watcher: Watcher | None) -> None:
        self._watcher = watcher
        own = [state for state in measuring.states if state is not None]
        self._total_bytes = sum(state.size for state in own) or None
        self._done_bytes = 0
        if watcher is not None:
            watcher.begin(f"measuring {len(own):,} inputs", self._total_bytes)

    def __call__(self, ended: int, total: int, task: Task) -> None:
        """One more input is done."""
        self._done_bytes += task.size
        what = "inputs" if task.pieces == 1 else "pieces"
        if self._watcher is not None:
            self._watcher.begin(f"measured {ended:,} of {total:,} {what}", self._total_bytes)
            self._watcher(self._done_bytes, None)


def _finish(job: Job, parts: StoredParts, inputs: Sequence[str], titles: Sequence[str], title: str) -> Report:
    report = finish_report(parts, job.settings, title, None, ROW_LIMIT)
    if not report.totals.calls:
        facts = parts.merge()["input"]
        if job.is_joined:
            raise InputError(f"{job.inputs[0]}: no part holds a call", "Measure logs that hold trace lines.")
        raise explain_nothing(inputs, titles, facts, source=job.source)
    return report
