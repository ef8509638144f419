"""What drivers of databases for Node share."""

from typing import Final

from tracereport.documents.advice.via._statement import Statement

WHO_ASKS: Final = (
    "Where those who ask don't know of each other, as GraphQL's resolvers, a `DataLoader` for each request collects "
    "what they ask."
)


class NodeDriver(Statement):
    """Statements of Node."""

    def load_fix(self) -> str:
        return f"{super().load_fix()} {WHO_ASKS}"

    def prove(self) -> str:
        return "await the query's result: only rows that came back have a digest."
