"""In the words of aiomysql, which are PyMySQL's."""

from tracereport.documents.advice.via.pymysql import Words as PyMySQL


class Words(PyMySQL):
    """Statements by aiomysql."""
