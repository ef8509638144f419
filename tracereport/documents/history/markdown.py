"""The history as Markdown, for a wiki or a job's summary."""

from typing import TYPE_CHECKING, Final

from tracereport.documents.history.interface import HistoryOptions

if TYPE_CHECKING:
    from tracereport.model.history import History


class HistoryMarkdown:
    """``.md``: safe for whatever stands in the reports."""

    name: Final = "markdown"
    suffixes: Final = (".md", ".markdown")

    def render(self, history: "History", options: HistoryOptions) -> bytes:
        """The Markdown."""
        from tracereport.documents.history.written import render_history_markdown  # noqa: PLC0415 - the help needs none

        return render_history_markdown(history, options).encode()
