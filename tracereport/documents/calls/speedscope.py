"""The call tree for speedscope, as a flame graph."""

from typing import Final

from tracereport.documents.interface import MadeOf, RenderOptions, Result
from tracereport.errors import UsageError


class Speedscope:
    """``.speedscope.json``: two profiles for each process with a tree."""

    name: Final = "speedscope"
    suffixes: Final = (".speedscope.json",)
    help: Final = "the call tree"
    all_rows: Final = False
    made_of: Final[MadeOf] = "calls"

    def render(self, result: Result, options: RenderOptions) -> bytes:
        """One file of profiles.

        Raises:
            UsageError: there is a report and no calls, or no process has a tree.
        """
        from tracereport.documents.calls.profile import make_speedscope  # noqa: PLC0415 - the help needs no renderer

        del options
        if result.calls is None:
            raise UsageError("A report doesn't hold the calls", "Give the log itself.")
        return make_speedscope(result.calls, result.report.title, result.selected)
