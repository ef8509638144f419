"""In the words of Tempo."""

from tracereport.documents.advice.via._spans import Spans


class Words(Spans):
    """Spans of Tempo."""
