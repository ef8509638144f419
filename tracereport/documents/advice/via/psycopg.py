"""In the words of psycopg."""

from tracereport.documents.advice.via._driver import Driver


class Words(Driver):
    """Statements by psycopg."""

    any_of = "= ANY(%s)"

    def rows_fix(self) -> str:
        return (
            "`cursor.executemany(…, rows)` sends them in one go, and "
            '`cursor.copy("COPY … FROM STDIN")` is quicker still for many.'
        )
