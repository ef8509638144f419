"""In the words of Zipkin."""

from tracereport.documents.advice.via._spans import Spans


class Words(Spans):
    """Spans of Zipkin."""
