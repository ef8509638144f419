"""Shared by database drivers for Node."""

from typing import Final

from tracereport.documents.advice.via._statement import Statement

WHO_ASKS: Final = (
    "If the callers don't know of each other, as with GraphQL's resolvers, a `DataLoader` for each request collects "
    "their questions."
)


class NodeDriver(Statement):
    """Statements of Node."""

    def load_fix(self) -> str:
        return f"{super().load_fix()} {WHO_ASKS}"

    def prove(self) -> str:
        return "await the query's result: a digest is only recorded for rows that came back."
