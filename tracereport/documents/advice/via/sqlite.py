"""In the words of Node's own sqlite."""

from tracereport.documents.advice.via._node import NodeDriver


class Words(NodeDriver):
    """Statements by node:sqlite."""

    any_of = "IN (SELECT value FROM json_each(?))"

    def rows_fix(self) -> str:
        return (
            "one prepared statement inside a single transaction: writing to the disk takes the time, and that is done "
            "once per transaction."
        )
