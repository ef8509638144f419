"""Shared by everything that sends SQL written by hand."""

from tracereport.documents.advice.words import Words
from tracereport.documents.markdown_text import code


class Statement(Words):
    """One statement for all values."""

    def load_first(self) -> str:
        where = code(f"WHERE {self._for_all}")
        return f"Ask for all {self.varying}s of one {self.parent} in a single statement: {where}, {self.instead}."

    def load_fix(self) -> str:
        return "Collect the values first, ask once with all of them, and pick each answer from the result."

    def load_sketch(self) -> list[str]:
        if self.known.aggregate:
            figure = f"{self.known.aggregate}(…)"
            return [
                self.in_caller,
                f'+    rows = query("SELECT {self.column}, {figure} … WHERE {self._for_all}", all {self.key})',
                f"     for each {self.key}:",
                f'-        query("SELECT {figure} … WHERE {self.column} = …", {self.key})',
                f"+        what the row of that {self.key} says; if there is none, there was nothing",
            ]
        return [
            self.in_caller,
            f'+    rows = query("… WHERE {self._for_all}", all {self.key})',
            f"     for each {self.key}:",
            f'-        query("… WHERE {self.column} = …", {self.key})',
            f"+        rows of that {self.key}",
        ]

    @property
    def _for_all(self) -> str:
        """The condition for all values; what is counted or added up is so for each."""
        return f"{self.column} {self.any_of}" + (f" GROUP BY {self.column}" if self.known.aggregate else "")
