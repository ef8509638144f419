"""What the logs of database servers share."""

from tracereport.documents.advice.via._statement import Statement


class ServerLog(Statement):
    """Statements as the server saw them."""

    def prove(self) -> str:
        """How to record what was answered."""
        return "trace the program itself: a server's log holds no answers."
