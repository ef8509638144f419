"""Documents of a history: one format is one file here, and one member of ``HISTORY_FORMATS``."""

from typing import Final

from tracereport.documents.history.html import HistoryHtml
from tracereport.documents.history.interface import HistoryFormat
from tracereport.documents.history.json import HistoryJson
from tracereport.documents.history.markdown import HistoryMarkdown
from tracereport.documents.history.text import HistoryText

HISTORY_FORMATS: Final[tuple[HistoryFormat, ...]] = (HistoryText(), HistoryMarkdown(), HistoryHtml(), HistoryJson())
"""In the order of the help."""
