"""In the words of asyncpg."""

from tracereport.documents.advice.via._driver import Driver


class Words(Driver):
    """Statements by asyncpg."""

    any_of = "= ANY($1)"

    def rows_fix(self) -> str:
        return (
            "`connection.executemany(…, rows)` sends them in one go, and `copy_records_to_table` is quicker still for "
            "many."
        )
