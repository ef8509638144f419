"""In the words of ormar."""

from typing import ClassVar

from tracereport.documents.advice.via._model import Model


class Words(Model):
    """Statements by ormar; it doesn't tell which are of relations."""

    at_once: ClassVar = {
        "insert": "`bulk_create(rows)`",
        "update": "`bulk_update(rows)`, or `filter(…).update(…)`",
        "delete": "`filter(…).delete()`",
    }

    def load_first(self) -> str:
        asked = f"`filter({self.column}__in=…)`"
        return (
            "Add `select_related` or `prefetch_related` to the query before, where it is a relation; else ask for all "
            f"{self.varying}s of one {self.parent} in a single query: {asked}, {self.instead}."
        )

    def load_fix(self) -> str:
        return (
            "`select_related` joins what a foreign key points to into the query itself, `prefetch_related` asks once "
            "for what points back, for all rows of the query; then no row needs its `load()`. Where it is no relation, "
            "`filter(…__in=values)` gives the rows."
        )

    def load_sketch(self) -> list[str]:
        return [
            self.in_caller,
            "-    await ….objects.all()",
            f'+    await ….objects.select_related("…").all()   # the relation that {self.function_in_code} loads',
        ]

    def rows_fix(self) -> str:
        return "`bulk_create` and `bulk_update` write many rows with one statement; `save()` writes one."
