"""One run: inputs -> report -> compared, accepted, judged, redacted. Prints nothing and asks no clock.

What few runs ask for is imported where it is used: loading is most of a small log's time.
"""

from collections.abc import Sequence
from operator import methodcaller
from pathlib import Path

from msgspec.structs import replace

from tracereport.calls.calls import Calls
from tracereport.calls.grouping import ROW_LIMIT
from tracereport.calls.selection import refuse_empty
from tracereport.command.concluding import conclude
from tracereport.command.job import Job, Prepared, Result, Watcher
from tracereport.command.preparing import refuse_overwriting
from tracereport.engine.report import finish_report, measure_locally
from tracereport.errors import UsageError
from tracereport.model import Report
from tracereport.sources.inputs import explain_nothing, read_inputs, read_sets
from tracereport.sources.parquet_source import is_calls_table
from tracereport.sources.streams.names import (
    STANDARD_INPUT,
    InputState,
    describe_inputs,
    expand_inputs,
    find_links,
    input_title,
)


def run_job(prepared: Prepared, watcher: Watcher | None = None) -> Result:
    """Reads the inputs and makes the report.

    Raises:
        TracereportError: what is wrong with the inputs, or with a gate or baseline that doesn't fit them.
    """
    job = prepared.job
    if job.is_joined:
        from tracereport.command.parts_job import join_parts  # noqa: PLC0415

        report = join_parts(job)
        return _with_source(job, Result((), (), None, conclude(prepared, report, report)))
    inputs = expand_inputs(job.inputs)
    result = _run_on_inputs(prepared, inputs, watcher)
    return replace(result, notices=(*_describe_links(inputs), *result.notices))


def _run_on_inputs(prepared: Prepared, inputs: Sequence[str], watcher: Watcher | None) -> Result:
    begin = watcher.begin if watcher is not None else _ignore
    job = prepared.job
    if any(kind.made_of == "lines" for _, kind in job.targets) and any(is_calls_table(name) for name in inputs):
        raise UsageError("A table of calls doesn't hold the trace lines", "Give the log itself.")
    refuse_overwriting(job, inputs)
    names = [job.names.get(name, input_title(name)) for name in inputs]
    title = job.title or make_title(names)
    states = describe_inputs(inputs)
    if _is_in_parts(job, states):
        from tracereport.command.parts_job import measure_parts  # noqa: PLC0415

        joined = measure_parts(job, inputs, names, states, title, watcher)
        if joined is not None:
            begin("writing")
            return _with_source(job, Result(tuple(inputs), tuple(states), None, conclude(prepared, joined, joined)))
    begin("reading", _total_bytes(states))
    if not _needs_calls(job):
        report = _measure_in_turn(job, inputs, names, title, watcher)
        begin("writing")
        return _with_source(job, Result(tuple(inputs), tuple(states), None, conclude(prepared, report, report)))
    return _run_on_calls(prepared, inputs, states, title, watcher)


def _run_on_calls(
    prepared: Prepared,
    inputs: Sequence[str],
    states: Sequence[InputState | None],
    title: str,
    watcher: Watcher | None,
) -> Result:
    """The result where all calls are held: something is made of them, or selected or hidden by them."""
    begin = watcher.begin if watcher is not None else _ignore
    job = prepared.job
    calls = _read_calls(job, inputs, watcher)
    begin("measuring")
    parts = measure_locally(calls, job.settings, job.selection, _choose_row_limit(job))
    report = whole = parts.finish(title)
    if job.selection is not None and (prepared.baselines or job.fail_on or job.acceptances):
        whole = parts.finish(title, is_narrowed=False)
    report = conclude(prepared, report, whole)
    begin("writing")
    result = Result(tuple(inputs), tuple(states), calls, report, notices=_describe_unkept(job))
    result = _with_source(job, result)
    if not job.redact:
        return result
    from tracereport.command.hiding import hide_values  # noqa: PLC0415

    return hide_values(prepared, result)


def _with_source(job: Job, result: Result) -> Result:
    """The result with the lines of source around its places, where a document is to show them."""
    shows = {"page": ("html",), "all": ("html", "markdown"), "none": ()}[job.source_lines]
    if not any(finding.at.rows for finding in result.report.findings.rows):
        return result
    if not any(kind.name in shows for _, kind in job.targets):
        return result
    from tracereport.command.source_lines import read_excerpts  # noqa: PLC0415

    return replace(result, excerpts=read_excerpts(result.report, job.rendering.root, job.rendering.links.folder))


def _describe_unkept(job: Job) -> tuple[tuple[str, str], ...]:
    """What to say where parts were asked for, and the calls are held instead."""
    if job.parts is None:
        return ()
    return (
        (f"nothing is kept in {job.parts}", "What is made, selected or hidden here is so by the calls themselves."),
    )


def _describe_links(inputs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What to say where two inputs lead to one file."""
    found = find_links(inputs)
    if not found:
        return ()
    name, before = map(input_title, found[0])
    others = f", and {len(found) - 1:,} more such inputs" if len(found) > 1 else ""
    return ((f"{name}: the same file as {before}{others}", "All are read, and their calls count each time."),)


def _needs_calls(job: Job) -> bool:
    """Whether all calls are held: what is made of them needs that, and so does what is hidden or selected by them."""
    if job.explain or job.redact or job.selection:
        return True
    return any(kind.made_of != "report" for _, kind in job.targets)


def _measure_in_turn(
    job: Job, inputs: Sequence[str], names: Sequence[str], title: str, watcher: Watcher | None
) -> Report:
    """Measures the inputs in this process, set by set.

    Raises:
        TracereportError: an input can't be read, or no call is in any.
    """
    from tracereport.engine.in_turn import measure_in_turn  # noqa: PLC0415

    renamed = {input_title(name): new for name, new in job.names.items()}
    sets = read_sets(inputs, watcher, source=job.source, unpacked_limit=job.unpacked_limit)
    row_limit = _choose_row_limit(job)
    with measure_in_turn(map(methodcaller("rename_files", renamed), sets), job.settings, row_limit) as parts:
        if watcher is not None:
            watcher.begin("measuring")
        report = finish_report(parts, job.settings, title, None, row_limit)
        if not report.totals.calls:
            raise explain_nothing(inputs, names, parts.merge()["input"], source=job.source)
    return report


def _is_in_parts(job: Job, states: Sequence[InputState | None]) -> bool:
    """Whether the input is measured part by part, by several processes or to be kept."""
    if _needs_calls(job):
        return False
    if None in states:
        return False
    if job.workers is not None or job.parts is not None:
        return True
    from tracereport.engine.cores import pays  # noqa: PLC0415

    return pays(states)


def _choose_row_limit(job: Job) -> int:
    """The rows that the documents hold, where they are known; a report without any may become all of them.

    What is redacted gets its key from the report, which is to be the same whatever is written.
    """
    holds_few = job.targets and not any(kind.all_rows for _, kind in job.targets)
    return min(job.settings.top, ROW_LIMIT) if holds_few and not job.redact else ROW_LIMIT


def _read_calls(job: Job, inputs: Sequence[str], watcher: Watcher | None) -> Calls:
    """The calls of the inputs, called as the job says.

    Raises:
        InputError: there is none.
        UsageError: none is selected.
    """
    calls = read_inputs(inputs, watcher, source=job.source, unpacked_limit=job.unpacked_limit).rename_files(
        {input_title(name): new for name, new in job.names.items()}
    )
    if not len(calls):
        titles = [job.names.get(name, input_title(name)) for name in inputs]
        raise explain_nothing(inputs, titles, calls.facts, source=job.source)
    if job.selection is not None:
        refuse_empty(calls, job.selection)
    return calls


def _ignore(_stage: str, _size: int | None = None) -> None:
    """Nobody watches."""


def _total_bytes(states: Sequence[InputState | None]) -> int | None:
    """The size of all inputs as they are packed; null if it isn't known of one."""
    sizes = [state.size for state in states if state is not None]
    return sum(sizes) if len(sizes) == len(states) else None


def make_title(names: Sequence[str]) -> str:
    """What a report is called whose inputs have these names."""
    first = Path(names[0]).name if names[0] != STANDARD_INPUT else "standard input"
    return first if len(names) == 1 else f"{first} and {len(names) - 1} more"
