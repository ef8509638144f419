"""In the words of Python's sqlite3, and of Node's package of that name."""

from tracereport.documents.advice.via._statement import Statement


class Words(Statement):
    """Statements by sqlite3."""

    def rows_first(self) -> str:
        return (
            f"Write all rows of one {self.parent} at once, by `executemany` or one prepared statement, in a single "
            f"transaction, {self.instead}."
        )

    def rows_fix(self) -> str:
        return (
            "`executemany` with a list of rows (in Node, one prepared statement) inside a single transaction: writing "
            "to the disk takes the time, and that is done once per transaction."
        )

    def prove(self) -> str:
        return "read the rows: the answer is what the program has fetched."
