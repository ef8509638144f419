"""In the words of PyMySQL."""

from tracereport.documents.advice.via._driver import Driver


class Words(Driver):
    """Statements by PyMySQL."""

    any_of = "IN %s"

    def rows_fix(self) -> str:
        return (
            "`cursor.executemany(…, rows)` writes many rows with one statement if it is an `INSERT … VALUES (%s, …)`."
        )
