"""In the words of requests."""

from tracereport.documents.advice.via._requests import Requests


class Words(Requests):
    """Requests by requests."""

    together = "a `ThreadPoolExecutor`"
    kept_open = "`Session`"
