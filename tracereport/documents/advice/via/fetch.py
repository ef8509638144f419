"""In the words of Node's `fetch`."""

from tracereport.documents.advice.via._requests import Requests


class Words(Requests):
    """Requests by Node's `fetch`."""

    together = "`Promise.all`"
    kept_open = "agent"
