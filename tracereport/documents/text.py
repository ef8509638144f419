"""The report as plain text, for a terminal or a pipe."""

from typing import Final

from tracereport.documents.interface import MadeOf, RenderOptions, Result


class Text:
    """``.txt``: every section, the first rows of each."""

    name: Final = "text"
    suffixes: Final = (".txt",)
    help: Final = ""
    all_rows: Final = False
    made_of: Final[MadeOf] = "report"

    def render(self, result: Result, options: RenderOptions) -> str:
        """The report in lines of the given width."""
        from tracereport.documents.terminal.report import render_text  # noqa: PLC0415 - the help needs no renderer

        return render_text(result.report, width=options.width, colour=options.colour)
