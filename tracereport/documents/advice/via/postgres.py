"""In the words of PostgreSQL's log."""

from tracereport.documents.advice.via._server_log import ServerLog


class Words(ServerLog):
    """Statements that PostgreSQL has logged."""

    any_of = "= ANY($1)"

    def callers(self) -> str:
        return "let the program say it in a comment of each statement, as sqlcommenter does, or set `application_name`."

    def values(self) -> str:
        return "log the bound values: `log_parameter_max_length = -1`."
