"""Reads the reports of many runs: some at once, each dropped as soon as its figures are taken."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tracereport.judging.history.run_report import RunReport
from tracereport.judging.reading import NoReportError, read_report

_AT_ONCE = 16
"""Files whose reports are held in memory together."""


def read_runs(
    files: Sequence[str], threads: int, unpacked_limit: int | None = None
) -> Iterator[tuple[int, RunReport | NoReportError]]:
    """Each file's report as far as a history needs it, or why there is none, by the file's index; in any order.

    Unpacking, most of the work, lets other threads go on.

    Args:
        files: to be read.
        threads: that read them.
        unpacked_limit: the most bytes that one may unpack to.
    """

    def read(index: int) -> tuple[int, RunReport | NoReportError]:
        try:
            return index, read_report(files[index], RunReport, unpacked_limit)
        except NoReportError as error:
            return index, error

    with ThreadPoolExecutor(threads, thread_name_prefix="reports") as pool:
        for end in range(len(files), 0, -_AT_ONCE):
            yield from pool.map(read, range(end - 1, max(-1, end - 1 - _AT_ONCE), -1))
