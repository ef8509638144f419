"""Logs and tables of calls, in any mixture -> one set of calls."""

from collections.abc import Sequence
from itertools import groupby

from tracereport.calls.calls import Calls
from tracereport.sources.parquet import join_calls, read_table
from tracereport.sources.perf_trace.reader import read_log
from tracereport.sources.streams import Progress, is_calls_table, readable


def read_inputs(names: Sequence[str], progress: Progress | None = None) -> Calls:
    """The calls of all inputs in their order. Neighbouring logs are read as one; a table stands for its logs.

    Raises:
        InputError: a table can't be read, or is none of calls.
    """
    parts: list[Calls] = []
    for is_table, group in groupby(names, key=is_calls_table):
        if is_table:
            parts += [read_table(name) for name in group]
        else:
            logs = list(group)
            parts.append(read_log(logs, progress).rename_files({name: readable(name) for name in logs}))
    return join_calls(parts)
