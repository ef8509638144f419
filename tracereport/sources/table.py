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
from tracereport.calls.coding import spread
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
    return CallTable(calls).make_rows(np.arange(len(calls)))


class CallTable:
    """The table of some calls. A row takes up to a kilobyte, so that many of them are best made bit by bit.

    Args:
        calls: one row each.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        units = find_units(calls)
        self._unit = units.of_call
        self._unit_names = _list_texts([name_unit(calls, units, unit) for unit in range(len(units))])
        self._files = _list_texts(calls.files)
        self._names = _list_texts(calls.names)
        self._tests = _list_texts(calls.tests)
        self._processes = _list_texts(calls.processes.name)
        self._origin_texts = _list_texts(calls.origins.texts)
        self._resources = _list_texts((*calls.resources, EVERY_RESOURCE))

    def make_rows(self, rows: NDArray[np.intp]) -> pl.DataFrame:
        """The rows of these calls, with the columns of ``SCHEMA``."""
        calls = self._calls
        process, signature, test = calls.process[rows], calls.signature[rows], calls.test[rows]
        lookup, caller = calls.signatures.lookup[signature], calls.signatures.caller[signature]
        return pl.DataFrame(
            {
                "file": _gather(self._files, calls.file[rows]),
                "line": calls.line[rows],
                "process": process,
                "process_name": _gather(self._processes, process),
                "judged": calls.processes.judged[process],
                "number": calls.number[rows],
                "function": _gather(self._names, calls.lookups.function[lookup]),
                "caller": _gather(self._names, caller, is_null=caller == NO_NAME),
                "params": _list_params(calls.lookups, lookup),
                "elapsed_ns": calls.elapsed_ns[rows],
                "resolution_ns": calls.resolution_ns[rows],
                "metrics": _list_metrics(calls.metric_sets, calls.metric_set[rows]),
                "tree": _gather(_list_texts(TREE_KINDS), calls.processes.tree[process]),
                "parent": _or_null(calls.parent, NO_PARENT, rows),
                "test": _gather(self._tests, test, is_null=test < 0),
                "unit": self._unit[rows],
                "unit_name": _gather(self._unit_names, self._unit[rows]),
                **self._make_origins(rows, lookup),
                "implausible": calls.implausible[rows],
            }
        ).cast(SCHEMA)

    def _make_origins(self, rows: NDArray[np.intp], lookup: NDArray[np.int32]) -> dict[str, pl.Series]:
        """What records say beside question and answer."""
        calls, origins, resource = self._calls, self._calls.origins, self._calls.lookups.resource[lookup]
        origin, kind = calls.origin[rows], calls.kind_of(rows)
        attempt = pl.Series(origins.attempt[origin])
        phase, said = origins.phase[origin], origins.writes[origin]
        at, via = origins.at[origin], origins.via[origin]
        written = np.where(said == NO_TEXT, resource, said)
        written[written == EVERYTHING] = len(calls.resources)
        return {
            "attempt": attempt.set(attempt == 0, None),
            "phase": _gather(_list_texts(PHASES), phase, is_null=phase == 0),
            "kind": _gather(_list_texts(CALL_KINDS), kind),
            "values_known": pl.Series(calls.lookups.values_known[lookup]),
            "answer": _gather(_list_texts(ANSWER_KINDS), origins.answer[origin]),
            "at": _gather(self._origin_texts, at, is_null=at == NO_TEXT),
            "via": _gather(self._origin_texts, via, is_null=via == NO_TEXT),
            "activation": _or_null(calls.activation, NO_ACTIVATION, rows),
            "resource": _gather(self._resources, resource),
            "writes": _gather(self._resources, written, is_null=kind != WRITE),
            "start_ns": _or_null(calls.start_ns, NO_START, rows),
        }


def _or_null(values: NDArray[np.integer] | None, unknown: int, rows: NDArray[np.intp]) -> pl.Series:
    if values is None:
        return pl.Series([None] * len(rows), dtype=pl.Int64)
    column = pl.Series(values[rows])
    return column.set(column == unknown, None)


def _list_texts(texts: Sequence[str]) -> pl.Series:
    return pl.Series(list(texts), dtype=pl.String)


def _gather(texts: pl.Series, index: NDArray[np.integer], *, is_null: NDArray[np.bool_] | None = None) -> pl.Series:
    """The text of each index, which may be anything where it is null."""
    if not len(texts):
        return pl.Series([None] * len(index), dtype=pl.String)
    column = texts.gather(np.maximum(index, 0).astype(np.int64))
    return column if is_null is None else column.set(pl.Series(is_null), None)


def _list_params(lookups: Lookups, lookup: NDArray[np.int32]) -> pl.Series:
    """The parameters of each of these lookups, each of which is taken apart once."""
    distinct, index = np.unique(lookup, return_inverse=True)
    texts = lookups.text.take(distinct).to_list()
    fields = pl.element().str.splitn("=", 2).struct.rename_fields(["name", "value"])
    params = (
        pl.DataFrame({"text": _list_texts(texts).str.split("|").list.slice(1)})
        .select(pl.col("text").list.eval(fields))
        .to_series()
    )
    odd = np.flatnonzero(~lookups.plain[distinct])
    if not len(odd):
        return params.gather(index)
    decoded = [[{"name": name, "value": value} for name, value in decode_lookup(texts[at])[1]] for at in odd.tolist()]
    source = np.arange(len(params))
    source[odd] = len(params) + np.arange(len(odd))
    return pl.concat([params, pl.Series(decoded, dtype=params.dtype)]).gather(source[index])


def _list_metrics(sets: MetricSets, metric_set: NDArray[np.int32]) -> pl.Series:
    """The metrics of each of these sets."""
    distinct, index = np.unique(metric_set, return_inverse=True)
    begin, length = sets.offset[distinct], np.diff(sets.offset)[distinct]
    field = spread(begin, length)
    fields = pl.DataFrame(
        {
            "set": np.repeat(np.arange(len(distinct)), length),
            "name": _gather(_list_texts(sets.names), sets.name[field]),
            "value": sets.value[field],
        }
    )
    lists = fields.group_by("set", maintain_order=True).agg(metrics=pl.struct("name", "value"))
    empty = pl.lit([], dtype=pl.List(_METRIC))
    return (
        pl.DataFrame({"set": np.arange(len(distinct))})
        .join(lists, on="set", how="left", maintain_order="left")
        .select(pl.col("metrics").fill_null(empty))["metrics"]
        .gather(index)
    )
