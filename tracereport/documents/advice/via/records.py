"""In the words of SQL by hand, as records sends it."""

from tracereport.documents.advice.via._statement import Statement


class Words(Statement):
    """Statements by records."""

    def rows_fix(self) -> str:
        return "`db.bulk_query(…, rows)` sends them in one go."
