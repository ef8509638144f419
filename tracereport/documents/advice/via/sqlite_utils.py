"""In the words of sqlite-utils."""

from typing import ClassVar

from tracereport.documents.advice.via._model import Model
from tracereport.documents.advice.via._statement import Statement


class Words(Model, Statement):
    """Statements by sqlite-utils' tables."""

    at_once: ClassVar = {
        "insert": "`insert_all(rows)`",
        "replace": "`upsert_all(rows)`",
        "update": "`upsert_all(rows)`",
        "delete": "`delete_where(…)`",
    }

    def load_fix(self) -> str:
        return (
            '`table.rows_where("id in (…)", values)` gives the rows of many keys; `table.get(…)` asks for one. To read '
            'two tables at once, use `db.query("SELECT … JOIN …")`.'
        )

    def rows_fix(self) -> str:
        return "`insert_all(rows)` and `upsert_all(rows)` write many rows in one transaction; `insert(row)` writes one."
