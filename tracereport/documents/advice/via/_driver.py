"""What drivers of databases for Python share."""

from typing import ClassVar

from tracereport.documents.advice.via._statement import Statement
from tracereport.documents.markdown_text import code


class Driver(Statement):
    """Rows by the driver's call for many.

    Attributes:
        at_once: the name of that call.
    """

    at_once: ClassVar = "executemany"

    def rows_first(self) -> str:
        return f"Write all rows of one {self.parent} at once, by {code(self.at_once)}, {self.instead}."

    def prove(self) -> str:
        return (
            "read the rows. If rows come in parts, the answer is what the program has read; no digest is recorded for "
            "`COPY` and in pipelines."
        )
