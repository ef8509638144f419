"""A measured report, concluded: what was accepted, compared and demanded, and the options in force."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tracereport.command.job import Job, Prepared
from tracereport.errors import BaselineError
from tracereport.judging.acceptances import apply_acceptances
from tracereport.model import Configuration, Report
from tracereport.sources.streams.names import readable

if TYPE_CHECKING:
    from tracereport.judging.compare import Sides


def conclude(prepared: Prepared, report: Report, whole: Report) -> Report:
    """The report, judged, with the options in force."""
    job = prepared.job
    return replace(
        _judge(prepared, report, whole),
        label=job.label,
        at_time=job.at_time,
        configuration=_describe_options(job),
    )


def _judge(prepared: Prepared, report: Report, whole: Report) -> Report:
    """The report with what was accepted, compared and demanded.

    All of that rests on the whole run: a selection chooses what is shown, and never what is judged.
    """
    job = prepared.job
    findings, acceptances = apply_acceptances(whole.findings, job.acceptances, job.today)
    whole = replace(whole, findings=findings)
    sides: tuple[Sides, ...] = ()
    names = _name_baselines(prepared)
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


def _name_baselines(prepared: Prepared) -> tuple[str, ...]:
    """What each of several baselines is called: by its label where these tell them apart, else by its file."""
    if len(prepared.baselines) == 1:
        return ("",)
    labels = tuple(baseline.label or "" for baseline in prepared.baselines)
    files = tuple(readable(str(path)) for path in prepared.job.baselines)
    return labels if all(labels) and len(set(labels)) == len(labels) else files


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
