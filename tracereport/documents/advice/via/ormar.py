"""In the words of ormar, whose calls are mostly named as Tortoise's."""

from typing import ClassVar

from tracereport.documents.advice.via.tortoise import Words as Tortoise


class Words(Tortoise):
    """Statements by ormar; it doesn't tell which are of relations."""

    at_once: ClassVar = Tortoise.at_once | {"update": "`bulk_update(rows)`, or `filter(…).update(…)`"}

    def load_fix(self) -> str:
        return (
            "`select_related` joins the target of a foreign key into the query itself; `prefetch_related` sends one "
            "more query for the rows that point back, for all rows of the query. Then no row needs its `load()`. If it "
            "is no relation, `filter(…__in=values)` gives the rows."
        )

    def load_sketch(self) -> list[str]:
        return [
            self.in_caller,
            "-    await ….objects.all()",
            f'+    await ….objects.select_related("…").all()   # the relation that {self.function_in_code} loads',
        ]

    def rows_fix(self) -> str:
        return "`bulk_create` and `bulk_update` write many rows with one statement; `save()` writes one."
