"""In the words of Sentry."""

from tracereport.documents.advice.via._spans import Spans


class Words(Spans):
    """Spans of Sentry."""
