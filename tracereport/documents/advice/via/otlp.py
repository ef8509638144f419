"""In the words of OTLP."""

from tracereport.documents.advice.via._spans import Spans


class Words(Spans):
    """Spans of OTLP."""
