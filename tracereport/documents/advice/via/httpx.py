"""In the words of httpx."""

from tracereport.documents.advice.via._requests import Requests


class Words(Requests):
    """Requests by httpx."""

    together = "`asyncio.gather` over one `AsyncClient`"
    kept_open = "`Client`"
