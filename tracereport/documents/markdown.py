"""The report as Markdown for a pull request."""

from typing import Final

from tracereport.documents.interface import MadeOf, RenderOptions, Result


class Markdown:
    """``.md``: a summary that stays below a limit in bytes."""

    name: Final = "markdown"
    suffixes: Final = (".md",)
    help: Final = ""
    all_rows: Final = False
    made_of: Final[MadeOf] = "report"

    def render(self, result: Result, options: RenderOptions) -> str:
        """The summary.

        Raises:
            UsageError: the marker isn't a plain word, or the limit is too small even for the verdict.
        """
        from tracereport.documents.summary import render_markdown  # noqa: PLC0415 - the help needs no renderer

        return render_markdown(
            result.report,
            limit_bytes=options.markdown_limit_bytes,
            marker=options.marker,
            links=options.links,
            excerpts=options.excerpts,
        )
