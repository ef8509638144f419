"""In the words of PostgreSQL's log."""

from tracereport.documents.advice.via._server_log import ServerLog


class Words(ServerLog):
    """Statements in PostgreSQL's log."""

    any_of = "= ANY($1)"

    def callers(self) -> str:
        return "let the program add a comment to each statement, as sqlcommenter does, or set `application_name`."

    def values(self) -> str:
        return "log the bound values: `log_parameter_max_length = -1`."
