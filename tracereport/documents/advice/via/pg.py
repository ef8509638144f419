"""In the words of node-postgres."""

from tracereport.documents.advice.via._node import NodeDriver


class Words(NodeDriver):
    """Statements by pg."""

    any_of = "= ANY($1)"

    def rows_fix(self) -> str:
        return "`INSERT … SELECT * FROM unnest($1::int[], $2::text[])` takes one list for each column, of any length."
