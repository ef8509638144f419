"""In the words of SQL by hand, as pugsql sends it."""

from tracereport.documents.advice.via._statement import Statement


class Words(Statement):
    """Statements by pugsql."""
