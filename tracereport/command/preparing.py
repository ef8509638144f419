"""What can be wrong with a job before its inputs are read: said before a long run and not after it."""

import os
from collections.abc import Iterable
from pathlib import Path

from tracereport.calls.selection import check_selection
from tracereport.command.job import Job, Prepared
from tracereport.documents.interface import STDOUT
from tracereport.documents.writer import require_folder
from tracereport.engine.report import make_report
from tracereport.errors import BaselineError, ConfigError, InputError, UsageError
from tracereport.model import Report
from tracereport.sources.inputs import read_inputs
from tracereport.sources.parquet_source import is_calls_table
from tracereport.sources.streams.encoding import decode_text


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
    refuse_overwriting(job, [*job.baselines, *filter(None, [job.redact_key_file])])
    if job.is_joined:
        _refuse_calls(job)
    return Prepared(job, baselines, key)


def _check_targets(job: Job) -> None:
    if job.redact and any(kind.made_of == "lines" for _, kind in job.targets):
        raise UsageError("Trace lines can't be redacted", "Leave out --redact, or write the calls: -o calls.parquet")
    for target, _ in job.targets:
        require_folder(target)


def refuse_overwriting(job: Job, read: Iterable[str | Path]) -> None:
    """No document takes the place of what this run reads.

    Raises:
        UsageError: one would.
    """
    paths = {os.path.realpath(path) for path in read}
    for target, _ in job.targets:
        if target != STDOUT and os.path.realpath(target) in paths and Path(target).is_file():
            raise UsageError(f"-o {target}: the document would take the place of an input", "Name another file.")


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
