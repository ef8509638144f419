"""Shared by logs of database servers."""

from tracereport.documents.advice.via._statement import Statement


class ServerLog(Statement):
    """Statements as the server saw them."""

    def prove(self) -> str:
        return "trace the program itself: a server's log has no answers."
