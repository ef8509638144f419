"""In the words of MySQL's log."""

from tracereport.documents.advice.via._server_log import ServerLog


class Words(ServerLog):
    """Statements in MySQL's log."""

    def callers(self) -> str:
        return "let the program add a comment to each statement, as sqlcommenter does."
