"""The calls as a table, one row each."""

from typing import Final

from tracereport.documents.interface import Content, MadeOf, RenderOptions, Result
from tracereport.errors import UsageError


class Parquet:
    """``.parquet``: what a later run, or a notebook, reads in the place of the log."""

    name: Final = "parquet"
    suffixes: Final = (".parquet",)
    help: Final = "the calls"
    all_rows: Final = False
    made_of: Final[MadeOf] = "calls"

    def render(self, result: Result, options: RenderOptions) -> Content:
        """What writes the table.

        Raises:
            UsageError: there is a report and no calls.
        """
        from tracereport.sources.parquet import write_table  # noqa: PLC0415 - the help needs no renderer

        del options
        calls = result.calls
        if calls is None:
            raise UsageError("A report doesn't hold the calls", "Give the log itself.")
        return lambda path: write_table(calls, path, result.selected)
