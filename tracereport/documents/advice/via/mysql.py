"""In the words of MySQL's log."""

from tracereport.documents.advice.via._server_log import ServerLog


class Words(ServerLog):
    """Statements that MySQL has logged."""

    def callers(self) -> str:
        return "let the program say it in a comment of each statement, as sqlcommenter does."
