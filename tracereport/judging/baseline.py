"""A baseline read back: the ``report.json`` of an earlier run, or of an earlier version."""

from pathlib import Path

from tracereport.errors import BaselineError
from tracereport.judging.reading import REMEDY as REPORT_REMEDY
from tracereport.judging.reading import NoReportError, read_report
from tracereport.model import Report

REMEDY = f"{REPORT_REMEDY.removesuffix('.')}, or a table of calls."


def read_baseline(path: Path, unpacked_limit: int | None = None) -> Report:
    """The report in a ``report.json``, as ``read_report`` reads it.

    Raises:
        BaselineError: it can't be read, is no report, or was written by a later version with other keys.
    """
    try:
        return read_report(str(path), Report, unpacked_limit)
    except NoReportError as error:
        remedy = REMEDY if error.remedy == REPORT_REMEDY else error.remedy
        raise BaselineError(f"The baseline {path} {error.reason}.", remedy) from error
