"""The public calls table as a frame: one plain row per call, made from ``Calls``."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tracereport.calls.calls import (
    ANSWER_KINDS,
    CALL_KINDS,
    EVERYTHING,
    NO_ACTIVATION,
    NO_NAME,
    NO_PARENT,
    NO_START,
    NO_TEXT,
    PHASES,
    TREE_KINDS,
    WRITE,
    Calls,
    Lookups,
    MetricSets,
)
from tracereport.calls.lookup_text import decode_lookup
from tracereport.calls.units import find_units, name_unit

EVERY_RESOURCE: Final = "*"
"""What the table calls the resource of a write that may have changed anything."""
_PARAM = pl.Struct({"name": pl.String, "value": pl.String})
_METRIC = pl.Struct({"name": pl.String, "value": pl.UInt64})
SCHEMA: Final[pl.Schema] = pl.Schema(
    {  # type: ignore[arg-type]  # Polars' own type is narrower than what it takes
        "file": pl.String,
        "line": pl.UInt64,
        "process": pl.UInt32,
        "process_name": pl.String,
        "judged": pl.Boolean,
        "number": pl.UInt64,
        "function": pl.String,
        "caller": pl.String,
        "params": pl.List(_PARAM),
        "elapsed_ns": pl.UInt64,
        "resolution_ns": pl.UInt64,
        "metrics": pl.List(_METRIC),
        "tree": pl.String,
        "parent": pl.UInt64,
        "test": pl.String,
        "unit": pl.UInt32,
        "unit_name": pl.String,
        "attempt": pl.UInt32,
        "phase": pl.String,
        "kind": pl.String,
        "values_known": pl.Boolean,
        "answer": pl.String,
        "at": pl.String,
        "via": pl.String,
        "activation": pl.UInt64,
        "resource": pl.String,
        "writes": pl.String,
        "start_ns": pl.Int64,
        "implausible": pl.Boolean,
    }
)
"""The columns, their order and their types."""


def make_table(calls: Calls) -> pl.DataFrame:
    """One row per call in the order of the log, with the columns of ``SCHEMA``."""
    caller, units = calls.caller, find_units(calls)
    parent = pl.Series(calls.parent)
    return pl.DataFrame(
        {
            "file": _gather(calls.files, calls.file),
            "line": calls.line,
            "process": calls.process,
            "process_name": _gather(calls.processes.name, calls.process),
            "judged": calls.judged,
            "number": calls.number,
            "function": _gather(calls.names, calls.function),
            "caller": _gather(calls.names, caller).set(pl.Series(caller == NO_NAME), None),
            "params": _list_params(calls.lookups).gather(calls.lookup),
            "elapsed_ns": calls.elapsed_ns,
            "resolution_ns": calls.resolution_ns,
            "metrics": _list_metrics(calls.metric_sets).gather(calls.metric_set),
            "tree": _gather(TREE_KINDS, calls.processes.tree[calls.process]),
            "parent": parent.set(parent == NO_PARENT, None),
            "test": _gather(calls.tests, calls.test).set(pl.Series(calls.test < 0), None),
            "unit": units.of_call,
            "unit_name": _gather([name_unit(calls, units, unit) for unit in range(len(units))], units.of_call),
            **_list_origins(calls),
            "implausible": calls.implausible,
        }
    ).cast(SCHEMA)


def _list_origins(calls: Calls) -> dict[str, pl.Series]:
    """What records say beside question and answer."""
    origins, resource = calls.origins, calls.lookups.resource[calls.lookup]
    attempt = pl.Series(origins.attempt[calls.origin])
    phase = origins.phase[calls.origin]
    at, via, said = (column[calls.origin] for column in (origins.at, origins.via, origins.writes))
    kind = calls.kind
    written = np.where(said == NO_TEXT, resource, said)
    written[written == EVERYTHING] = len(calls.resources)
    activation = _or_null(calls.activation, NO_ACTIVATION, len(calls))
    return {
        "attempt": attempt.set(attempt == 0, None),
        "phase": _gather(PHASES, phase).set(pl.Series(phase == 0), None),
        "kind": _gather(CALL_KINDS, kind),
        "values_known": pl.Series(calls.lookups.values_known[calls.lookup]),
        "answer": _gather(ANSWER_KINDS, origins.answer[calls.origin]),
        "at": _gather(origins.texts, at).set(pl.Series(at == NO_TEXT), None),
        "via": _gather(origins.texts, via).set(pl.Series(via == NO_TEXT), None),
        "activation": activation,
        "resource": _gather(calls.resources, resource),
        "writes": _gather((*calls.resources, EVERY_RESOURCE), written).set(pl.Series(kind != WRITE), None),
        "start_ns": _or_null(calls.start_ns, NO_START, len(calls)),
    }


def _or_null(values: NDArray[np.int64] | None, unknown: int, count: int) -> pl.Series:
    if values is None:
        return pl.Series([None] * count, dtype=pl.Int64)
    column = pl.Series(values)
    return column.set(column == unknown, None)


def _gather(texts: Sequence[str], index: NDArray[np.integer]) -> pl.Series:
    if not texts:
        return pl.Series([None] * len(index), dtype=pl.String)
    return pl.Series(list(texts), dtype=pl.String).gather(np.maximum(index, 0).astype(np.int64))


def _list_params(lookups: Lookups) -> pl.Series:
    """The parameters of each lookup."""
    fields = pl.element().str.splitn("=", 2).struct.rename_fields(["name", "value"])
    params = (
        pl.DataFrame({"text": pl.Series(lookups.text.to_list(), dtype=pl.String).str.split("|").list.slice(1)})
        .select(pl.col("text").list.eval(fields))
        .to_series()
    )
    odd = np.flatnonzero(~lookups.plain)
    if not len(odd):
        return params
    decoded = [
        [{"name": name, "value": value} for name, value in decode_lookup(text)[1]] for text in lookups.text.take(odd)
    ]
    source = np.arange(len(params))
    source[odd] = len(params) + np.arange(len(odd))
    return pl.concat([params, pl.Series(decoded, dtype=params.dtype)]).gather(source)


def _list_metrics(sets: MetricSets) -> pl.Series:
    """The metrics of each set."""
    count = len(sets.offset) - 1
    fields = pl.DataFrame(
        {
            "set": np.repeat(np.arange(count), np.diff(sets.offset)),
            "name": _gather(sets.names, sets.name),
            "value": sets.value,
        }
    )
    lists = fields.group_by("set", maintain_order=True).agg(metrics=pl.struct("name", "value"))
    empty = pl.lit([], dtype=pl.List(_METRIC))
    return (
        pl.DataFrame({"set": np.arange(count)})
        .join(lists, on="set", how="left", maintain_order="left")
        .select(pl.col("metrics").fill_null(empty))["metrics"]
    )
