"""In the words of MySQL's own driver."""

from tracereport.documents.advice.via._driver import Driver


class Words(Driver):
    """Statements by ``mysql.connector``."""

    def rows_fix(self) -> str:
        return (
            "`cursor.executemany(…, rows)` makes one statement of many rows where it is an `INSERT … VALUES (%s, …)`."
        )
