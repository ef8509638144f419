"""The history for a terminal."""

from typing import TYPE_CHECKING, Final

from tracereport.documents.history.interface import HistoryOptions

if TYPE_CHECKING:
    from tracereport.model.history import History


class HistoryText:
    """``.txt``: plain text within a width, the verdict last where the eye is."""

    name: Final = "text"
    suffixes: Final = (".txt",)

    def render(self, history: "History", options: HistoryOptions) -> bytes:
        """The text."""
        from tracereport.documents.terminal.history import render_history_text  # noqa: PLC0415 - the help needs none

        return render_history_text(history, options).encode()
