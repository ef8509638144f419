"""Shared by everything that sends SQL written by hand."""

from tracereport.documents.advice.words import Words
from tracereport.documents.markdown_text import code


class Statement(Words):
    """One statement for all values."""

    def load_first(self) -> str:
        where = code(f"WHERE {self.column} {self.any_of}")
        return f"Ask for all {self.varying}s of one {self.parent} in a single statement: {where}, {self.instead}."

    def load_fix(self) -> str:
        return "Collect the values first, ask once with all of them, and pick each answer from the result."

    def load_sketch(self) -> list[str]:
        return [
            self.in_caller,
            f'+    rows = query("… WHERE {self.column} {self.any_of}", all {self.key})',
            f"     for each {self.key}:",
            f'-        query("… WHERE {self.column} = …", {self.key})',
            f"+        rows of that {self.key}",
        ]
