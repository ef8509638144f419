"""In the words of peewee."""

from typing import ClassVar

from tracereport.documents.advice.via._model import Model
from tracereport.documents.markdown_text import code, sketch


class Words(Model):
    """Statements by peewee: of a relation that is loaded lazily, or any other."""

    at_once: ClassVar = {
        "insert": "`insert_many(rows).execute()`",
        "update": "`bulk_update(rows, fields)`, or one `update(…).where(…)`",
        "delete": "`delete().where(….in_(…))`",
    }

    def load_first(self) -> str:
        known = self.known
        if known.relation and known.model and known.is_many:
            return (
                f"Add `.prefetch(…)` of the model of {code(known.relation)} to the query of {code(known.model)}: "
                f"it is loaded{self.at_place}, once for each row."
            )
        if known.relation and known.model:
            select = code(f"{known.model}.select({known.model}, …).join(…)")
            return (
                f"Join the model of {code(known.relation)} in the query that loads the rows, and select both "
                f"({select}): it is loaded{self.at_place}, once for each row."
            )
        asked = f"`.where({self.member}.in_(…))`"
        return f"Ask for all {self.varying}s of one {self.parent} in a single query: {asked}, {self.instead}."

    def load_fix(self) -> str:
        said = (
            "`join`, with both models in `select`, gives each row with the target of its foreign key; `prefetch` sends "
            "one more query for the rows that point back, for all rows of the query. Filtering or limiting a relation "
            "in the loop sends a new query: filter it in the query that `prefetch` gets."
        )
        if self.known.relation:
            return said
        return (
            f"{said} If it is no relation, collect the values, ask with `.in_(…)`, and make a dictionary of the rows."
        )

    def load_sketch(self) -> list[str]:
        known = self.known
        if known.relation and known.model:
            model = sketch(known.model)
            asked = f"{model}.select().prefetch(…)" if known.is_many else f"{model}.select({model}, …).join(…)"
            return [
                f" the query {self.before_loop}:",
                f"-    {model}.select()",
                f"+    {asked}   # the model of {sketch(known.relation)}",
            ]
        return [
            self.in_caller,
            f"+    by_key = {{row.{known.column or 'key'}: row for row in ….where({self.member}.in_(keys))}}",
            "     for each key:",
            f"-        ….get({self.member} == key)",
            "+        by_key.get(key)",
        ]

    def rows_fix(self) -> str:
        return (
            "`insert_many(rows)`, or `bulk_create` of instances, writes many rows with one statement; so do "
            "`bulk_update`, and `update(…)` or `delete()` with a `where`. One `with db.atomic():` around them is one "
            "transaction."
        )
