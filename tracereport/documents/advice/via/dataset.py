"""In the words of dataset."""

from typing import ClassVar

from tracereport.documents.advice.via._model import Model


class Words(Model):
    """Statements by dataset's tables."""

    at_once: ClassVar = {
        "insert": "`insert_many(rows)`",
        "update": "`update_many(rows, keys)`",
        "delete": "`delete(id=[…])`",
    }

    def load_first(self) -> str:
        asked = f"`find({self.column}=[…])`"
        return (
            f"Ask for all {self.varying}s of one {self.parent} in a single query, by a list: {asked}, {self.instead}."
        )

    def load_fix(self) -> str:
        return (
            "`find` takes a list of values (`find(id=[1, 2, 3])`): collect the values first, and make a dictionary of "
            'the rows. To read two tables at once, use `db.query("SELECT … JOIN …")`.'
        )

    def load_sketch(self) -> list[str]:
        key = self.known.column or "key"
        return [
            self.in_caller,
            f'+    by_key = {{row["{key}"]: row for row in table.find({self.column}=keys)}}',
            "     for each key:",
            f"-        table.find_one({self.column}=key)",
            "+        by_key.get(key)",
        ]

    def rows_fix(self) -> str:
        return (
            "`insert_many`, `update_many` and `upsert_many` send many rows at a time; a `with db:` around them makes "
            "one transaction."
        )
