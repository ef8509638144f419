"""Gates: what was demanded, and whether it held."""

from collections.abc import Sequence

from tracereport.model import Gate, Report, Rows
from tracereport.sections.cells import Figure, Name, Words
from tracereport.sections.interface import GATES, Column, SectionView, figures, words
from tracereport.wording.units import format_decimal

_DECIMALS = 4


class Gates(SectionView[Gate]):
    """Each gate with its figure and its limit."""

    key = "gate-list"
    title = "Gates"
    chapter = GATES
    as_entries = True

    def rows(self, report: Report) -> Rows[Gate]:
        """Nothing where nothing was demanded."""
        return report.gates or Rows()

    def columns(self, report: Report) -> Sequence[Column[Gate]]:
        """Held or not first."""
        del report
        return (
            words("held", lambda row: Words("passed", "better") if row.passed else Words("FAILED", "worse")),
            words("gate", lambda row: Name(f"--fail-on {row.expression}")),
            figures("is", lambda row: _write(row.figure)),
            figures("limit", lambda row: _write(row.limit)),
            words("note", lambda row: Words(row.note)),
        )


def _write(figure: float | None) -> Figure:
    return Figure("-" if figure is None else format_decimal(figure, _DECIMALS))
