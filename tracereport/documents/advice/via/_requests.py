"""What clients of HTTP share."""

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
            f"Ask for all {self.varying}s of one {self.parent} in a single request, where the server has one that "
            f"takes many, {self.instead}."
        )

    def load_fix(self) -> str:
        return (
            "Many services have a request for a list of ids, a filter or a page of all. Where there is none, send them "
            f"at once ({self.together}): it makes no request less, but their times no longer add up."
        )

    def rows_first(self) -> str:
        whole = "in a single request, where the server has one that takes many"
        return f"Send all of one {self.parent} {whole}, {self.instead}."

    def rows_fix(self) -> str:
        return (
            "Many services take a list. Where this one doesn't, send them at once "
            f"({self.together}): it makes no request less, but their times no longer add up."
        )

    def keep_fix(self) -> str:
        return (
            f"Keep the answer beside whatever lives as long as it is true. One {self.kept_open} for all keeps "
            "connections open, which saves each further request its connection; what the server lets be kept "
            "(`Cache-Control`, `ETag`) a cache in front can keep."
        )
