"""In the words of PyMySQL."""

from tracereport.documents.advice.via._driver import Driver


class Words(Driver):
    """Statements by PyMySQL."""

    any_of = "IN %s"

    def rows_fix(self) -> str:
        return (
            "`cursor.executemany(…, rows)` makes one statement of many rows where it is an `INSERT … VALUES (%s, …)`."
        )
