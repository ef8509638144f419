"""The history as a page."""

from typing import TYPE_CHECKING, Final

from tracereport.documents.history.interface import HistoryOptions

if TYPE_CHECKING:
    from tracereport.model.history import History


class HistoryHtml:
    """``.html``: one file with charts, and all of it but the interaction without scripts, too."""

    name: Final = "html"
    suffixes: Final = (".html", ".htm")

    def render(self, history: "History", options: HistoryOptions) -> bytes:
        """The page."""
        from tracereport.documents.history.page import render_history_html  # noqa: PLC0415 - the help needs no renderer

        return render_history_html(history, top=options.top).encode()
