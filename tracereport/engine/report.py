"""Measured parts -> the report: partial results are merged, and every section is made of the whole."""

from typing import Any, Final

import msgspec

from tracereport import __version__
from tracereport.calls.calls import Calls
from tracereport.calls.grouping import ROW_LIMIT
from tracereport.engine.cores import count_threads
from tracereport.engine.measuring import LocalParts, Parts, measure_calls
from tracereport.engine.numbering import number_report
from tracereport.findings.ranking import find_findings
from tracereport.findings.timelines import list_timelines
from tracereport.measures.interface import Whole
from tracereport.measures.processes import list_processes, list_units, name_processes, number_processes
from tracereport.measures.registry import MEASURES
from tracereport.model import SCHEMA_VERSION, Generator, Report, Rows, Selection, Settings

GENERATOR: Final = Generator(name="tracereport", version=__version__)


def make_report(
    calls: Calls, settings: Settings, title: str, selection: Selection | None = None, row_limit: int = ROW_LIMIT
) -> Report:
    """The whole report on some calls, measured in one part.

    A selection leaves out rows that none of the selected calls belongs to, and changes no figure. ``row_limit`` says
    how many rows are made of the lists of single calls, signatures, lookups and fan-outs: where no document holds more
    than the first few, making the others would be most of the work on a small log.

    Nothing in it is compared, accepted or gated: that is done to the finished report.
    """
    return measure_locally(calls, settings, selection, row_limit).finish(title)


class Measured(msgspec.Struct, frozen=True):
    """Measured parts, and what they were measured with: reports are made of them without measuring again."""

    parts: Parts
    settings: Settings
    selection: Selection | None
    row_limit: int

    def finish(self, title: str, *, is_narrowed: bool = True) -> Report:
        """The report; of all calls, where it is not to be narrowed to the selection."""
        return finish_report(self.parts, self.settings, title, self.selection if is_narrowed else None, self.row_limit)


def measure_locally(calls: Calls, settings: Settings, selection: Selection | None, row_limit: int) -> Measured:
    """Measures calls in one part; see ``make_report``."""
    parts = LocalParts()
    part = measure_calls(calls, settings, selection, first_process=0, row_limit=row_limit, threads=count_threads())
    parts.add(part)
    return Measured(parts, settings, selection, row_limit)


def finish_report(
    parts: Parts, settings: Settings, title: str, selection: Selection | None = None, row_limit: int = ROW_LIMIT
) -> Report:
    """The report on all parts of an input."""
    whole = Whole(
        parts.merge(), settings, is_narrowed=selection is not None, row_limit=row_limit, details=parts.details
    )
    sections: dict[str, Any] = {
        measure.key: measure.finish(whole) for measure in MEASURES if measure.finish is not None
    }
    findings = find_findings(whole)
    report = Report(
        schema_version=SCHEMA_VERSION,
        generator=GENERATOR,
        title=title,
        settings=settings,
        selection=selection,
        processes=list_processes(whole, findings.by_process),
        units=list_units(whole, findings.by_unit),
        verdict=findings.verdict,
        findings=findings.rows,
        timelines=list_timelines(whole, findings.rows.rows),
        acceptances=Rows(),
        **sections,
    )
    return number_report(report, number_processes(whole["processes"]), name_processes(whole["processes"]))
