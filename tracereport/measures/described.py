"""Single calls as the report shows them, with the number of their process in the whole input."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_TEXT
from tracereport.measures.context import Context
from tracereport.model import CallReference, Evidence


def describe_call(context: Context, row: int, previous_row: int | None = None) -> Evidence:
    """A call as evidence, with the call before that makes it a repeat."""
    calls = context.calls
    signature, origin = int(calls.signature[row]), int(calls.origin[row])
    at = int(calls.origins.at[origin])
    return Evidence(
        process=int(calls.process[row]) + context.first_process,
        number=int(calls.number[row]),
        line=int(calls.line[row]),
        file=calls.files[calls.file[row]],
        caller=calls.name(int(calls.signatures.caller[signature])),
        params=calls.params_of(int(calls.signatures.lookup[signature])),
        elapsed_ns=int(calls.elapsed_ns[row]),
        metrics=calls.metric_sets.metrics_of(int(calls.metric_set[row])),
        at=None if at == NO_TEXT else calls.origins.texts[at],
        previous=None if previous_row is None else refer_to(context, np.array([previous_row]))[0],
    )


def refer_to(context: Context, rows: NDArray[np.integer]) -> tuple[CallReference, ...]:
    """Where some calls stand in the input."""
    calls = context.calls
    columns = (context.process_key(calls.process[rows]), calls.number[rows], calls.line[rows])
    found = zip(*(column.tolist() for column in columns), strict=True)
    # A comprehension in brackets: a generator would take half as long again.
    return tuple([CallReference(process=process, number=number, line=line) for process, number, line in found])


def refer_to_lists(context: Context, lists: Sequence[NDArray[np.integer]]) -> list[tuple[CallReference, ...]]:
    """Where the calls of each list stand in the input."""
    if not lists:
        return []
    references = refer_to(context, np.concatenate(lists))
    ends = np.cumsum([len(rows) for rows in lists]).tolist()
    return [references[start:end] for start, end in zip([0, *ends], ends, strict=False)]
