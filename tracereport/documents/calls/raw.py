"""The trace lines of the calls, as they stand in the inputs."""

from pathlib import Path
from typing import Final

from tracereport.documents.interface import Content, MadeOf, RenderOptions, Result
from tracereport.errors import UsageError


class Raw:
    """The lines of the selected calls; they are plain text, but ``.txt`` alone means the report."""

    name: Final = "raw"
    suffixes: Final = (".txt",)
    help: Final = "the trace lines"
    all_rows: Final = False
    made_of: Final[MadeOf] = "lines"

    def render(self, result: Result, options: RenderOptions) -> Content:
        """What reads the inputs once more and writes the lines.

        Raises:
            UsageError: there is a report and no calls.
        """
        import numpy as np  # noqa: PLC0415 - the help needs no renderer

        from tracereport.sources.inputs import read_raw  # noqa: PLC0415 - as above

        del options
        calls = result.calls
        if calls is None:
            raise UsageError("A report doesn't hold the trace lines", "Give the log itself.")
        selected = np.ones(len(calls), bool) if result.selected is None else result.selected

        def write(path: Path) -> None:
            with path.open("wb") as file:
                file.writelines(read_raw(calls, selected, result.inputs, source=result.source))

        return write
