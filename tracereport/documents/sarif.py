"""The findings as SARIF 2.1.0, for code scanning."""

from typing import Final

from tracereport.documents.interface import MadeOf, RenderOptions, Result


class Sarif:
    """``.sarif``: one rule for each kind of finding, one result for each finding."""

    name: Final = "sarif"
    suffixes: Final = (".sarif",)
    help: Final = ""
    all_rows: Final = False
    made_of: Final[MadeOf] = "report"

    def render(self, result: Result, options: RenderOptions) -> bytes:
        """One log with one run.

        Raises:
            UsageError: a finding has no place, and the options name none.
        """
        from tracereport.documents.export.sarif import render_sarif  # noqa: PLC0415 - the help needs no renderer

        return render_sarif(result.report, options.location, options.root)
