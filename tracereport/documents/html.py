"""The report as a page."""

from typing import Final

from tracereport.documents.interface import MadeOf, RenderOptions, Result


class Html:
    """``.html``: one file with tables, charts and scripts."""

    name: Final = "html"
    suffixes: Final = (".html", ".htm")
    help: Final = ""
    all_rows: Final = True
    made_of: Final[MadeOf] = "report"

    def render(self, result: Result, options: RenderOptions) -> str:
        """The page."""
        from tracereport.documents.page.page import render_html  # noqa: PLC0415 - the help needs no renderer

        return render_html(result.report, links=options.links, excerpts=options.excerpts)
