"""What ``tracereport accept`` looks up before it writes: the finding, so that its sentence stands beside its digits."""

from pathlib import Path

from tracereport.command.config import Config
from tracereport.errors import UsageError
from tracereport.model import Finding, Report


def find_finding(log: str, digits: str, config: Config) -> Finding:
    """The finding of a log, or of an earlier report.json, whose fingerprint begins so.

    Args:
        log: the log, a table of calls, or a report.
        digits: the first ones of its fingerprint.
        config: with the thresholds that decide on what is found.

    Raises:
        UsageError: there is none, or there are several.
        TracereportError: the log can't be read.
    """
    report = _read_report(log, config)
    found = [row for row in report.findings.rows if digits and row.fingerprint.startswith(digits)]
    if len(found) == 1:
        return found[0]
    problem = f"{len(found)} fingerprints of {log} begin so" if found else f"no finding of {log} has this fingerprint"
    more = report.findings.total - len(report.findings.rows)
    rest = f" ({more} further findings aren't listed)" if more and not found else ""
    raise UsageError(f"{digits}: {problem}{rest}", f"Take one from the report: tracereport {log} --full")


def _read_report(log: str, config: Config) -> Report:
    if log.endswith((".json", ".json.gz")):
        from tracereport.judging.baseline import read_baseline  # noqa: PLC0415 - most are given a log

        return read_baseline(Path(log))
    from tracereport.command.job import Job  # noqa: PLC0415 - as above
    from tracereport.command.preparing import prepare_job  # noqa: PLC0415 - as above
    from tracereport.command.running import run_job  # noqa: PLC0415 - as above

    return run_job(prepare_job(Job(inputs=(log,), targets=(), settings=config.settings))).report
