"""Shared by libraries that load and write rows as objects of a model."""

from typing import ClassVar

from tracereport.documents.advice.words import Words


class Model(Words):
    """Rows are written at once by a call of the library for each verb.

    Attributes:
        at_once: that call for each verb, as Markdown.
    """

    at_once: ClassVar[dict[str, str]]

    def rows_first(self) -> str:
        verb = self.known.verb if self.known.verb in self.at_once else "insert"
        what = {"update": "Change", "delete": "Delete"}.get(verb, "Write")
        return f"{what} all rows of one {self.parent} at once: {self.at_once[verb]}, {self.instead}."
