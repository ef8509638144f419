"""In the words of Piccolo."""

from typing import ClassVar

from tracereport.documents.advice.via._model import Model


class Words(Model):
    """Statements by Piccolo; it doesn't tell which are of relations."""

    at_once: ClassVar = {
        "insert": "`insert(*rows)`",
        "update": "`update({…}).where(…)`",
        "delete": "`delete().where(….is_in(…))`",
    }

    def load_first(self) -> str:
        asked = f"`.where({self.member}.is_in(…))`"
        return (
            "If it is a relation, load it with the rows by `.prefetch(…)` of its foreign key or a joined column in "
            f"`select`; else ask for all {self.varying}s of one {self.parent} in a single query: {asked}, "
            f"{self.instead}."
        )

    def load_fix(self) -> str:
        return (
            "`Book.objects(Book.author)`, or `.prefetch(Book.author)`, gives each row with the target of its foreign "
            "key, and `Book.select(Book.title, Book.author.name)` joins it; `get_related` sends a query for each row. "
            "For rows that point back, or if it is no relation, collect the values, ask with `.is_in(values)`, and "
            "make a dictionary of the rows."
        )

    def load_sketch(self) -> list[str]:
        return [
            self.in_caller,
            "-    await ….objects()",
            f"+    await ….objects().prefetch(…)   # the foreign key that {self.function_in_code} follows",
        ]

    def rows_fix(self) -> str:
        return "`Book.insert(*rows)` writes many rows with one statement; `save()` writes one."
