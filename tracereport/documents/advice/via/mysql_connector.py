"""In the words of ``mysql.connector``, which are PyMySQL's, but that it doesn't expand a list."""

from tracereport.documents.advice.via._driver import Driver
from tracereport.documents.advice.via.pymysql import Words as PyMySQL


class Words(PyMySQL):
    """Statements by ``mysql.connector``."""

    any_of = Driver.any_of
