"""The report in thirty lines at most, its verdict last: for a terminal, and for the end of a test run."""

from typing import Final

from tracereport.documents.interface import MadeOf, RenderOptions, Result


class Brief:
    """What to change first, the gates and the verdict; and the command that shows more."""

    name: Final = "brief"
    suffixes: Final = (".txt",)
    help: Final = "the findings and the verdict"
    all_rows: Final = False
    made_of: Final[MadeOf] = "report"

    def render(self, result: Result, options: RenderOptions) -> str:
        """The lines, each of the given width at most."""
        from tracereport.documents.terminal.brief import render_brief  # noqa: PLC0415 - the help needs no renderer

        return render_brief(
            result.report,
            width=options.width,
            colour=options.colour,
            command=options.command,
            written=options.written,
        )
