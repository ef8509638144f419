"""The whole history as JSON, for other programs."""

from typing import TYPE_CHECKING, Final

from tracereport.documents.history.interface import HistoryOptions

if TYPE_CHECKING:
    from tracereport.model.history import History


class HistoryJson:
    """``.json``: every figure of the history."""

    name: Final = "json"
    suffixes: Final = (".json",)

    def render(self, history: "History", options: HistoryOptions) -> bytes:
        """One JSON object."""
        from tracereport.model import encode_json  # noqa: PLC0415 - the help needs no renderer

        del options
        return encode_json(history)
