"""One run: inputs -> report -> compared, accepted, judged, redacted -> documents. Prints nothing and asks no clock.

What few runs ask for is imported where it is used: loading is most of a small log's time.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import date
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec
import numpy as np
from msgspec.structs import replace

from tracereport.calls.calls import Calls
from tracereport.calls.grouping import ROW_LIMIT
from tracereport.calls.selection import check_selection, refuse_empty, select_calls
from tracereport.documents import interface
from tracereport.documents.interface import STDOUT, Format, RenderOptions
from tracereport.documents.places import Excerpt
from tracereport.documents.writer import Content, Document, Rendered, require_folder
from tracereport.engine.report import finish_report, make_report, measure_locally
from tracereport.errors import BaselineError, ConfigError, InputError, UsageError
from tracereport.judging.acceptances import AcceptanceRule, apply_acceptances
from tracereport.model import Configuration, Gate, Report, Selection, Settings
from tracereport.sources.inputs import explain_nothing, read_inputs, read_raw, read_sets
from tracereport.sources.streams import (
    STANDARD_INPUT,
    InputState,
    decode_text,
    describe_inputs,
    expand_inputs,
    input_title,
    is_calls_table,
    readable,
)

if TYPE_CHECKING:
    from tracereport.judging.compare import Sides

ALL = "all"
"""What is given to have every parameter redacted."""


class Watcher(Protocol):
    """Is told how far a run is."""

    def begin(self, stage: str, size: int | None = None, /) -> None:
        """A stage begins, over this many bytes where that is known."""

    def __call__(self, position: int, size: int | None, /) -> None:
        """So many bytes of the current input are read."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a run is told."""

    inputs: tuple[str, ...]
    targets: tuple[tuple[str, Format], ...]
    source: str | None = None
    """The format of all inputs; null: by the content of each."""
    settings: Settings = msgspec.field(default_factory=Settings)
    selection: Selection | None = None
    title: str | None = None
    label: str | None = None
    at_time: str | None = None
    names: Mapping[str, str] = msgspec.field(default_factory=dict)
    """How an input is called in the documents, where it isn't by its own name."""
    explain: str | None = None
    """The first digits of a finding's fingerprint; it is the document then."""
    baselines: tuple[Path, ...] = ()
    """What the run is held against; of several, the best of each figure."""
    fail_on: tuple[str, ...] = ()
    acceptances: tuple[AcceptanceRule, ...] = ()
    today: date | None = None
    redact: tuple[str, ...] = ()
    redact_key_file: Path | None = None
    unpacked_limit: int | None = None
    """The most bytes that a packed input may unpack to; null: as the streams say."""
    workers: str | None = None
    """Who measures: a number of processes, or the URL of a cluster; null: the cores, where the inputs are large."""
    parts: str | None = None
    """Where measured parts are kept: what is done stays done."""
    is_joined: bool = False
    """The inputs are such a place, whose parts others have measured."""
    rendering: RenderOptions = msgspec.field(default_factory=RenderOptions)
    """Width and colour are those of standard output; a file's are fixed."""
    source_lines: Literal["page", "all", "none"] = "none"
    """Which documents show lines of the working tree's sources."""
    tells_gates: bool = False
    """Whether the document on the terminal ends with the gates and the verdict."""
    quiet: bool = False
    """Nothing is printed but documents and errors."""


class Prepared(msgspec.Struct, frozen=True):
    """A job that nothing but its inputs and the disk can make fail any more, with what was read to know that."""

    job: Job
    baselines: tuple[Report, ...]
    redact_key: bytes | None
    """What the key file holds; null without one."""


class Result(msgspec.Struct, frozen=True):
    """What a run gives: the calls, and the report on them; documents are made from both."""

    inputs: tuple[str, ...]
    calls: Calls | None
    """Null where the input was measured in parts: then they are held nowhere."""
    report: Report
    excerpts: Mapping[str, Excerpt] = msgspec.field(default_factory=dict)
    """Lines of source by the place that names them."""
    notices: tuple[tuple[str, str], ...] = ()
    """What is said on standard error whatever else is asked for: each with what follows from it."""

    def held_calls(self) -> Calls:
        """The calls.

        Raises:
            RuntimeError: they were measured in parts: nothing is made of them then.
        """
        if self.calls is None:
            raise RuntimeError("the calls were measured in parts")
        return self.calls

    @property
    def errors(self) -> tuple[str, ...]:
        """Why an input could not be read to its end."""
        return self.report.input.errors if self.report.input is not None else ()

    @property
    def failed_gates(self) -> tuple[Gate, ...]:
        """Those that did not hold."""
        return tuple(gate for gate in self.report.gates.rows if not gate.passed) if self.report.gates else ()


def prepare_job(job: Job) -> Prepared:
    """Reads all but the inputs, so that what is wrong with it is said before a long run and not after it.

    Raises:
        TracereportError: what is wrong with the gates, the selection, the key, the baseline or the targets.
    """
    if job.fail_on:
        from tracereport.judging.gates import check_gates  # noqa: PLC0415

        check_gates(job.fail_on, with_baseline=bool(job.baselines))
    if job.selection is not None:
        check_selection(job.selection)
    if job.rendering.location is not None:
        from tracereport.documents.export.findings import parse_location  # noqa: PLC0415

        parse_location(job.rendering.location)
    if job.redact_key_file is not None and not job.redact:
        raise UsageError(
            "--redact-key-file without --redact hides nothing", "Name what to hide: --redact NAME, or all."
        )
    key = _read_key(job.redact_key_file) if job.redact_key_file is not None else None
    baselines = tuple(_read_side(baseline, job) for baseline in job.baselines)
    _check_targets(job)
    if job.is_joined:
        _refuse_calls(job)
    return Prepared(job, baselines, key)


def run_job(prepared: Prepared, watcher: Watcher | None = None) -> Result:
    """Reads the inputs and makes the report.

    Raises:
        TracereportError: what is wrong with the inputs, or with a gate or baseline that doesn't fit them.
    """
    begin = watcher.begin if watcher is not None else _ignore
    job = prepared.job
    if job.is_joined:
        from tracereport.command.parts_job import join_parts  # noqa: PLC0415

        report = join_parts(job)
        return _with_source(job, Result((), None, _conclude(prepared, report, report)))
    inputs = expand_inputs(job.inputs)
    if any(kind.made_of == "lines" for _, kind in job.targets) and any(is_calls_table(name) for name in inputs):
        raise UsageError("A table of calls doesn't hold the trace lines", "Give the log itself.")
    _refuse_overwriting(job, inputs)
    names = [job.names.get(name, input_title(name)) for name in inputs]
    title = job.title or make_title(names)
    states = describe_inputs(inputs)
    if _is_in_parts(job, states):
        from tracereport.command.parts_job import measure_parts  # noqa: PLC0415

        joined = measure_parts(job, inputs, names, states, title, watcher)
        if joined is not None:
            begin("writing")
            return _with_source(job, Result(tuple(inputs), None, _conclude(prepared, joined, joined)))
    begin("reading", _total_bytes(states))
    if not _needs_calls(job):
        report = _measure_in_turn(job, inputs, names, title, watcher)
        begin("writing")
        return _with_source(job, Result(tuple(inputs), None, _conclude(prepared, report, report)))
    calls = _read_calls(job, inputs, watcher)
    begin("measuring")
    parts = measure_locally(calls, job.settings, job.selection, _choose_row_limit(job))
    report = whole = parts.finish(title)
    if job.selection is not None and (prepared.baselines or job.fail_on or job.acceptances):
        whole = parts.finish(title, is_narrowed=False)
    report = _conclude(prepared, report, whole)
    begin("writing")
    return _redact(prepared, _with_source(job, Result(tuple(inputs), calls, report, notices=_describe_unkept(job))))


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


def _conclude(prepared: Prepared, report: Report, whole: Report) -> Report:
    """The report, judged, with the options in force."""
    job = prepared.job
    return replace(
        _judge(prepared, report, whole),
        label=job.label,
        at_time=job.at_time,
        configuration=_describe_options(job),
    )


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


def _describe_options(job: Job) -> Configuration:
    return Configuration(
        fail_on=job.fail_on,
        today=job.today.isoformat() if job.today is not None else None,
        redact=job.redact,
        redact_key=job.redact_key_file is not None,
        marker=job.rendering.marker,
        markdown_limit=job.rendering.markdown_limit_bytes,
        location=job.rendering.location,
    )


def _choose_row_limit(job: Job) -> int:
    """The rows that the documents hold, where they are known; a report without any may become all of them.

    What is redacted gets its key from the report, which is to be the same whatever is written.
    """
    holds_few = job.targets and not any(kind.all_rows for _, kind in job.targets)
    return min(job.settings.top, ROW_LIMIT) if holds_few and not job.redact else ROW_LIMIT


def _judge(prepared: Prepared, report: Report, whole: Report) -> Report:
    """The report with what was accepted, compared and demanded.

    All of that rests on the whole run: a selection chooses what is shown, and never what is judged.
    """
    job = prepared.job
    findings, acceptances = apply_acceptances(whole.findings, job.acceptances, job.today)
    whole = replace(whole, findings=findings)
    sides: tuple[Sides, ...] = ()
    names = name_baselines(prepared)
    if prepared.baselines:
        from tracereport.judging.best_of import compare_with_best  # noqa: PLC0415

        sides = tuple(
            _hold_against(baseline, whole, name) for baseline, name in zip(prepared.baselines, names, strict=True)
        )
        whole = replace(whole, comparison=compare_with_best(sides, names))
    if job.fail_on:
        from tracereport.judging.best_of import judge_against_all  # noqa: PLC0415

        whole = replace(whole, gates=judge_against_all(job.fail_on, whole, sides, names))
    shown, _ = apply_acceptances(report.findings, job.acceptances, job.today)
    return replace(report, findings=shown, acceptances=acceptances, comparison=whole.comparison, gates=whole.gates)


def _hold_against(baseline: Report, whole: Report, name: str) -> "Sides":
    from tracereport.judging.compare import comparable_sides  # noqa: PLC0415

    try:
        return comparable_sides(baseline, whole)
    except BaselineError as error:
        raise BaselineError(f"{name}: {error.message}" if name else error.message, error.remedy) from error


def name_baselines(prepared: Prepared) -> tuple[str, ...]:
    """What each of several baselines is called: by its label where these tell them apart, else by its file."""
    if len(prepared.baselines) == 1:
        return ("",)
    labels = tuple(baseline.label or "" for baseline in prepared.baselines)
    files = tuple(readable(str(path)) for path in prepared.job.baselines)
    return labels if all(labels) and len(set(labels)) == len(labels) else files


def make_documents(job: Job, result: Result) -> list[Document]:
    """The documents that were asked for; each is made when it is written."""
    if job.explain is not None:
        return [Document(STDOUT, explain_finding(job, result, job.explain))]
    return [Document(target, _choose_content(job, result, target, kind)) for target, kind in job.targets]


def _choose_content(job: Job, result: Result, target: str, kind: Format) -> Content:
    """What makes a document; a file's width and colour don't depend on the terminal."""
    for_files = RenderOptions()
    rendering = job.rendering
    if target != STDOUT:
        rendering = rendering._replace(width=for_files.width, colour=for_files.colour)
    if kind.name == "html" or job.source_lines == "all":
        rendering = rendering._replace(excerpts=result.excerpts)
    if kind.made_of == "report":
        return Rendered(lambda: interface.encode(kind.render(interface.Result(result.report), rendering)))

    def write(path: Path) -> None:
        selected = None if job.selection is None else select_calls(result.held_calls(), job.selection)
        whole = interface.Result(result.report, result.held_calls(), selected, result.inputs, job.source)
        document = kind.render(whole, rendering)
        if callable(document):
            document(path)
        else:
            path.write_bytes(interface.encode(document))

    return write


def explain_finding(job: Job, result: Result, fingerprint: str) -> bytes:
    """One finding in full, with the trace lines that show it; the first digits of its fingerprint are enough.

    Raises:
        UsageError: no finding has the fingerprint, or several do.
    """
    from tracereport.documents.terminal.report import render_explanation  # noqa: PLC0415

    findings = [finding for finding in result.report.findings.rows if finding.fingerprint.startswith(fingerprint)]
    if len(findings) != 1:
        found = "no finding has this fingerprint" if not findings else f"{len(findings)} fingerprints begin so"
        raise UsageError(
            f"--explain {fingerprint}: {found}", "Take one from the report; -o report.json holds all of them."
        )
    calls = result.held_calls()
    rows = np.zeros(len(calls), bool)
    for evidence in findings[0].evidence.rows:
        places = [evidence.line] + ([evidence.previous.line] if evidence.previous is not None else [])
        rows |= (result.held_calls().file == result.held_calls().files.index(evidence.file)) & np.isin(
            result.held_calls().line, places
        )
    if job.redact:
        lines = ["(left out, since they hold the values that are to be redacted)"]
    elif any(is_calls_table(name) for name in result.inputs):
        lines = ["(a table of calls doesn't hold them: give the log itself)"]
    else:
        read = read_raw(result.held_calls(), rows, result.inputs, source=job.source)
        lines = [line.decode("utf-8", "backslashreplace").rstrip("\n") for line in read]
    return render_explanation(result.report, findings[0], lines, width=job.rendering.width).encode()


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


def _check_targets(job: Job) -> None:
    if job.redact and any(kind.made_of == "lines" for _, kind in job.targets):
        raise UsageError("Trace lines can't be redacted", "Leave out --redact, or write the calls: -o calls.parquet")
    for target, _ in job.targets:
        require_folder(target)


def _refuse_calls(job: Job) -> None:
    """Of measured parts nothing is made that is made of the calls: they hold none.

    Raises:
        UsageError: it is asked for, on the command line or in the configuration.
    """
    made_of_calls = next((kind.name for _, kind in job.targets if kind.made_of != "report"), None)
    if made_of_calls is not None:
        what = f"{made_of_calls}: it is made of the calls, and parts hold none"
    elif job.selection is not None:
        what = "nothing can be selected: parts hold no calls"
    else:
        refuse_redaction(job)
        return
    raise UsageError(what, "Leave that out, or report on the logs themselves: tracereport LOG...")


def refuse_redaction(job: Job) -> None:
    """Whoever reads parts could find in them what is to be hidden.

    Raises:
        UsageError: something is.
    """
    if job.redact:
        raise UsageError(
            "redact: parts hold the values that are to be hidden",
            "Report on the logs themselves, in one run: tracereport LOG... --redact NAME",
        )


def _refuse_overwriting(job: Job, inputs: Sequence[str]) -> None:
    """No document takes the place of what this run reads."""
    read = {os.path.realpath(path) for path in (*inputs, *job.baselines, job.redact_key_file) if path is not None}
    for target, _ in job.targets:
        if target != STDOUT and os.path.realpath(target) in read and Path(target).is_file():
            raise UsageError(f"-o {target}: the document would take the place of an input", "Name another file.")


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


def _read_side(baseline: Path, job: Job) -> Report:
    """The baseline's report; a table of calls is measured now, as the log is."""
    if is_calls_table(str(baseline)):
        try:
            return make_report(
                read_inputs([str(baseline)], unpacked_limit=job.unpacked_limit), job.settings, baseline.name
            )
        except InputError as error:
            raise BaselineError(f"The baseline {error.message}", error.remedy) from error
    from tracereport.judging.baseline import read_baseline  # noqa: PLC0415

    return read_baseline(baseline, job.unpacked_limit)


def _read_key(path: Path) -> bytes:
    """The key of the redaction."""
    try:
        key = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}", "Name a file that holds the key.") from error
    if not key.strip():
        raise ConfigError(f"{path}: empty", f"Put a key into it: openssl rand -hex 32 > {path}")
    try:
        return decode_text(key).encode()
    except UnicodeDecodeError:  # a key may be any bytes
        return key


def _redact(prepared: Prepared, result: Result) -> Result:
    """The result with the values of parameters hidden, in the report and in the calls."""
    redact = prepared.job.redact
    if not redact:
        return result
    from tracereport.judging.hidden_names import rename_holders  # noqa: PLC0415
    from tracereport.judging.redaction import (  # noqa: PLC0415
        find_hidden_names,
        find_hidden_values,
        redact_calls,
        redact_report,
        redact_value,
        redaction_key,
    )

    names, known = find_hidden_names(result.held_calls(), frozenset(redact))
    hidden = None if ALL in redact else names
    key = prepared.redact_key or redaction_key(result.report)
    renamed = rename_holders(result.held_calls(), hidden, lambda value: redact_value(value, key))
    if result.excerpts:
        from tracereport.command.source_lines import hide_in_excerpts  # noqa: PLC0415

        values = {value: redact_value(value, key) for value in find_hidden_values(result.held_calls(), hidden)}
        result = replace(result, excerpts=hide_in_excerpts(result.excerpts, values.items()))
    return replace(
        result,
        report=redact_report(result.report, hidden, key, renamed),
        calls=redact_calls(result.held_calls(), hidden, key, renamed),
        notices=(
            *result.notices,
            *(_describe_unknown(name, known) for name in redact if name not in known and name != ALL),
        ),
    )


def _describe_unknown(name: str, known: frozenset[str]) -> tuple[str, str]:
    """What to say of a parameter that was to be redacted and isn't there: a slip of the pen leaves its values in."""
    import difflib  # noqa: PLC0415

    near = difflib.get_close_matches(name, sorted(known), n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"--redact {name}: no parameter is called so{hint}", "The values of all others stand in the documents."
