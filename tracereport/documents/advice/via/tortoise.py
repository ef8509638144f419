"""In the words of Tortoise ORM."""

from typing import ClassVar

from tracereport.documents.advice.via._model import Model


class Words(Model):
    """Statements by Tortoise; it doesn't tell which are of relations."""

    at_once: ClassVar = {
        "insert": "`bulk_create(rows)`",
        "update": "`bulk_update(rows, fields)`, or `filter(…).update(…)`",
        "delete": "`filter(…).delete()`",
    }

    def load_first(self) -> str:
        asked = f"`filter({self.column}__in=…)`"
        return (
            "If it is a relation, add `select_related` or `prefetch_related` to the query that loads the rows; else "
            f"ask for all {self.varying}s of one {self.parent} in a single query: {asked}, {self.instead}."
        )

    def load_fix(self) -> str:
        return (
            "`select_related` joins the target of a foreign key into the query itself; `prefetch_related` sends one "
            "more query for the rows that point back, for all rows of the query. Then the relation is read without "
            '`await`. If it is no relation, `in_bulk(ids, "id")` gives a dictionary by primary key, '
            "`filter(…__in=values)` the rows."
        )

    def load_sketch(self) -> list[str]:
        return [
            self.in_caller,
            "-    await ….all()",
            f'+    await ….all().prefetch_related("…")   # the relation that {self.function_in_code} loads',
        ]

    def rows_fix(self) -> str:
        return (
            "`bulk_create` and `bulk_update` write many rows with one statement, `filter(…).update(…)` and `.delete()` "
            "change all rows that they find. They send no signals."
        )
