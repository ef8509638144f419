"""The findings as GitLab's code quality."""

from typing import Final

from tracereport.documents.interface import MadeOf, RenderOptions, Result


class GitLab:
    """A JSON list of issues, each at a place in the source."""

    name: Final = "gitlab"
    suffixes: Final[tuple[str, ...]] = ()
    help: Final = "code quality"
    all_rows: Final = False
    made_of: Final[MadeOf] = "report"

    def render(self, result: Result, options: RenderOptions) -> bytes:
        """An issue for each finding that isn't accepted.

        Raises:
            UsageError: a finding has no place, and the options name none.
        """
        from tracereport.documents.export.gitlab import render_gitlab  # noqa: PLC0415 - the help needs no renderer

        return render_gitlab(result.report, options.location, options.root)
