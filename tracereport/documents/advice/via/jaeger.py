"""In the words of Jaeger."""

from tracereport.documents.advice.via._spans import Spans


class Words(Spans):
    """Spans of Jaeger."""
