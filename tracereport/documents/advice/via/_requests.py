"""Shared by HTTP clients."""

from typing import ClassVar

from tracereport.documents.advice.words import Words


class Requests(Words):
    """One request for many.

    Attributes:
        together: what sends several at once.
        kept_open: what keeps connections open.
    """

    together: ClassVar[str]
    kept_open: ClassVar[str]

    def load_first(self) -> str:
        return (
            f"Ask for all {self.varying}s of one {self.parent} in a single request, if the server has one that takes "
            f"many, {self.instead}."
        )

    def load_fix(self) -> str:
        return (
            "Many services take a list of ids or a filter, or give pages of everything. If this one doesn't, send the "
            f"requests at once ({self.together}): there are as many, but their times no longer add up."
        )

    def rows_first(self) -> str:
        whole = "in a single request, if the server has one that takes many"
        return f"Send all of one {self.parent} {whole}, {self.instead}."

    def rows_fix(self) -> str:
        return (
            "Many services take a list. If this one doesn't, send the requests at once "
            f"({self.together}): there are as many, but their times no longer add up."
        )

    def keep_fix(self) -> str:
        return (
            f"Keep the answer for as long as it is valid. A single {self.kept_open} for all requests keeps connections "
            "open. If the server allows it (`Cache-Control`, `ETag`), a cache in front can keep the answers."
        )
