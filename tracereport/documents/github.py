"""The findings as annotations of a run on GitHub."""

from typing import Final

from tracereport.documents.interface import MadeOf, RenderOptions, Result


class GitHub:
    """Workflow commands, which GitHub reads from what a step prints."""

    name: Final = "github"
    suffixes: Final[tuple[str, ...]] = ()
    help: Final = "annotations"
    all_rows: Final = False
    made_of: Final[MadeOf] = "report"

    def render(self, result: Result, options: RenderOptions) -> str:
        """A line for each failed gate, warning and finding."""
        from tracereport.documents.export.github import render_github  # noqa: PLC0415 - the help needs no renderer

        return render_github(result.report, options.root)
