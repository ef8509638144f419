"""In the words of psycopg2."""

from tracereport.documents.advice.via._driver import Driver


class Words(Driver):
    """Statements by psycopg2."""

    any_of = "= ANY(%s)"
    at_once = "execute_values"

    def rows_fix(self) -> str:
        return (
            "`execute_values` of `psycopg2.extras` writes many rows with one statement; psycopg2's `executemany` sends "
            "one for each row."
        )
