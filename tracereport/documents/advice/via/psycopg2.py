"""In the words of psycopg2."""

from tracereport.documents.advice.via._driver import Driver


class Words(Driver):
    """Statements by psycopg2."""

    any_of = "= ANY(%s)"
    at_once = "execute_values"

    def rows_fix(self) -> str:
        return (
            "`execute_values` of `psycopg2.extras` makes one statement of many rows; `executemany` of psycopg2 sends "
            "one for each."
        )
