"""In the words of mysql2."""

from tracereport.documents.advice.via._node import WHO_ASKS, NodeDriver


class Words(NodeDriver):
    """Statements by mysql2."""

    any_of = "IN (?)"

    def load_fix(self) -> str:
        return (
            "Collect the values first, and ask once with all of them: `query` expands an array for `IN (?)`; `execute` "
            f"doesn't. {WHO_ASKS}"
        )

    def rows_fix(self) -> str:
        return '`query("INSERT … VALUES ?", [rows])` takes an array of rows.'
