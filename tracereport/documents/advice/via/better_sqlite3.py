"""In the words of better-sqlite3, which are those of Node's own sqlite."""

from tracereport.documents.advice.via.sqlite import Words as Sqlite


class Words(Sqlite):
    """Statements by better-sqlite3."""
