"""The public calls table: one plain row per call, as a Polars frame and as Parquet; made from ``Calls`` and read back.

What only the log's lines can tell travels as JSON in the file's metadata, so that a report from the table is the log's.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tracereport.calls.calls import (
    NO_NAME,
    NO_PARENT,
    TREE_KINDS,
    Calls,
    Facts,
    Lookups,
    MetricSets,
    Origins,
    ProcessTable,
    Signatures,
)
from tracereport.calls.distinct import code_texts, rank_by_first_use
from tracereport.calls.lookup_text import ODD_LOOKUP, decode_lookup, encode_lookup
from tracereport.calls.statements import find_subjects
from tracereport.calls.texts import Texts, pack_texts
from tracereport.errors import InputError
from tracereport.model import Input, Rows
from tracereport.processes.splitting import find_implausible
from tracereport.sources.perf_trace.encode import code_names
from tracereport.sources.perf_trace.grammar import MAXIMUM

METADATA_KEY: Final = "tracereport"
_SYSTEM_ERROR: Final = re.compile(r"\(os error ([0-9]+)\)")
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
    }
)
"""The columns, their order and their types."""
_LATER_COLUMNS: Final = {"test"}
"""Columns that a table written by an earlier version lacks."""


def make_table(calls: Calls) -> pl.DataFrame:
    """One row per call in the order of the log, with the columns of ``SCHEMA``."""
    caller = calls.caller
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
        }
    ).cast(SCHEMA)


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


def write_table(calls: Calls, path: Path, rows: NDArray[np.bool_] | None = None) -> None:
    """Writes the (selected) calls as Parquet. Under a selection the file says that it is partial.

    Raises:
        OSError: the system doesn't take it.
    """
    table = make_table(calls)
    facts = calls.facts
    implausible = calls.implausible
    if rows is not None:
        table, implausible = table.filter(pl.Series(rows)), implausible[rows]
        if facts is not None:
            facts = Facts(msgspec.structs.replace(facts.input, partial=True), facts.notices)
    metadata = {"facts": facts, "implausible_rows": np.flatnonzero(implausible).tolist()}
    try:
        table.write_parquet(path, metadata={METADATA_KEY: msgspec.json.encode(metadata).decode()})
    except pl.exceptions.PolarsError as error:
        # Polars tells what the system said in its own words, with its number.
        found = _SYSTEM_ERROR.search(str(error))
        if found is None:
            raise
        raise OSError(int(found[1]), os.strerror(int(found[1])), str(path)) from error


class _Metadata(msgspec.Struct, frozen=True):
    facts: Facts | None = None
    implausible_rows: tuple[int, ...] = ()


def read_table(name: str) -> Calls:
    """The calls of a Parquet file that ``write_table`` wrote, or any that has the columns of ``SCHEMA``.

    Raises:
        InputError: it is no Parquet file, or not one of calls.
    """
    remedy = "Give the log, or a table that tracereport -o calls.parquet wrote."
    try:
        frame = pl.read_parquet(name)
        text = pl.read_parquet_metadata(name).get(METADATA_KEY)
        metadata = msgspec.json.decode(text, type=_Metadata) if text is not None else None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise InputError(f"{name}: can't be read as Parquet: {error}", remedy) from error
    except msgspec.MsgspecError as error:
        raise InputError(f"{name}: its metadata is damaged: {error}", remedy) from error
    if metadata is None:
        return read_frame(frame, name=name)
    implausible = np.isin(np.arange(frame.height), metadata.implausible_rows)
    return read_frame(frame, facts=metadata.facts, implausible=implausible, name=name)


def join_calls(parts: Sequence[Calls]) -> Calls:
    """Several sets of calls as one: processes are renumbered in the order of the parts, line counts are added up."""
    if len(parts) == 1:
        return parts[0]
    tables, first_process = [], 0
    for part in parts:
        table = make_table(part)
        tables.append(_renumber_processes(table, table["process"] + first_process))
        first_process += len(part.processes.name)
    facts = [part.facts for part in parts if part.facts is not None]
    return read_frame(
        pl.concat(tables),
        facts=_join_facts(facts) if len(facts) == len(parts) else None,
        implausible=np.concatenate([part.implausible for part in parts]),
    )


def _renumber_processes(table: pl.DataFrame, process: pl.Series) -> pl.DataFrame:
    """The table with other process numbers; a process that is named by its number is named by the new one."""
    by_number, by_new_number = (pl.concat_str(pl.lit("process "), number) for number in (pl.col("process"), process))
    name = pl.when(pl.col("process_name") == by_number).then(by_new_number).otherwise("process_name")
    return table.with_columns(process=process, process_name=name)


def _join_facts(facts: Sequence[Facts]) -> Facts:
    inputs = [part.input for part in facts]
    malformed = tuple(row for part in inputs for row in part.malformed.rows)
    notices: dict[str, int] = {}
    for part in facts:
        for code, count in part.notices.items():
            notices[code] = notices.get(code, 0) + count
    return Facts(
        input=Input(
            files=tuple(file for part in inputs for file in part.files),
            lines=sum(part.lines for part in inputs),
            records=sum(part.records for part in inputs),
            continuation_lines=sum(part.continuation_lines for part in inputs),
            malformed_lines=sum(part.malformed_lines for part in inputs),
            other_lines=sum(part.other_lines for part in inputs),
            malformed=Rows(sum(part.malformed.total for part in inputs), malformed),
            errors=tuple(error for part in inputs for error in part.errors),
            partial=any(part.partial for part in inputs),
        ),
        notices=notices,
    )


def read_frame(
    frame: pl.DataFrame,
    *,
    facts: Facts | None = None,
    implausible: NDArray[np.bool_] | None = None,
    name: str = "the frame",
) -> Calls:
    """The calls of a frame with the columns of ``SCHEMA``, its rows in the order of the log or in any other.

    A process number that stands in several files, as in frames put one behind the other, stands for a process in each.
    Where nobody says which numbers are implausible, they are looked for.

    Raises:
        InputError: a column is missing, has another type or holds what none of calls can; or a call stands there twice.
    """
    frame = _check_columns(frame, name)
    order = _find_log_order(frame, name)
    if order is not None:
        frame = frame[order]
        implausible = implausible[order] if implausible is not None else None
    lookup, lookup_row = _read_lookups(frame)
    metric_code, metric_row = code_texts(_key_of_list("metrics", frame))
    names = pl.concat([frame["function"].unique(), frame["caller"].drop_nulls().unique()]).unique().sort()
    function, caller = (code_names(frame[column], names) for column in ("function", "caller"))
    key = lookup.astype(np.int64) * (len(names) + 1) + caller + 1
    signature, signature_row = rank_by_first_use(np.unique(key, return_inverse=True)[1])
    text, plain = _encode_lookups(frame[lookup_row])
    files = frame["file"].unique(maintain_order=True)
    tests = frame["test"].drop_nulls().unique().sort()
    subjects = find_subjects(function[lookup_row], names.to_list(), enumerate(text))
    file, number = code_names(frame["file"], files), frame["number"].to_numpy().astype(np.int64)
    process, heads = _find_processes(frame, file)
    return Calls(
        file=file,
        line=frame["line"].to_numpy().astype(np.int64),
        process=process,
        number=number,
        signature=signature,
        elapsed_ns=frame["elapsed_ns"].to_numpy().astype(np.int64),
        resolution_ns=frame["resolution_ns"].to_numpy().astype(np.int64),
        metric_set=metric_code,
        parent=frame["parent"].cast(pl.Int64).fill_null(NO_PARENT).to_numpy(),
        implausible=find_implausible(number, process) if implausible is None else implausible,
        test=code_names(frame["test"], tests),
        origin=np.zeros(frame.height, np.int32),
        names=tuple(names.to_list()),
        files=tuple(files.to_list()),
        tests=tuple(tests.to_list()),
        resources=subjects.resources,
        lookups=Lookups(
            function=function[lookup_row],
            text=text,
            plain=plain,
            kind=subjects.kind,
            resource=subjects.resource,
            values_known=np.ones(len(text), bool),
        ),
        signatures=Signatures(caller=caller[signature_row], lookup=lookup[signature_row]),
        metric_sets=_read_metric_sets(frame["metrics"].gather(metric_row)),
        origins=Origins.unsaid(),
        processes=ProcessTable(
            name=tuple(heads["process_name"].to_list()),
            file=code_names(heads["file"], files),
            judged=heads["judged"].to_numpy(),
            tree=np.array([TREE_KINDS.index(kind) for kind in heads["tree"].to_list()], np.uint8),
        ),
        facts=facts,
    )


def _check_columns(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    missing = [column for column in SCHEMA if column not in frame.columns and column not in _LATER_COLUMNS]
    if missing:
        raise InputError(
            f"{name}: no table of calls: it lacks {', '.join(missing)}",
            "Make one with tracereport.read_calls or -o calls.parquet.",
        )
    frame = frame.with_columns(
        pl.lit(None, dtype=SCHEMA[column]).alias(column) for column in _LATER_COLUMNS if column not in frame.columns
    )
    try:
        frame = frame.select(pl.col(column).cast(kind) for column, kind in SCHEMA.items())
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"{name}: a column has another type: {error}", "The columns' types are those of tracereport.read_calls."
        ) from error
    for column, kind in SCHEMA.items():
        if _holds_nulls(frame[column]) and column not in {"caller", "parent", "test"}:
            raise InputError(f"{name}: the column {column} holds nulls", "Only caller, parent and test may be null.")
        if kind == pl.UInt64 and (frame[column].max() or 0) > MAXIMUM:  # type: ignore[operator]  # it is a number
            raise InputError(
                f"{name}: the column {column} holds a number beyond 2^63 - 1", "No trace line can hold a larger one."
            )
    if frame["resolution_ns"].min() == 0:
        raise InputError(
            f"{name}: the column resolution_ns holds a 0",
            "It is how finely a time was measured: 1 for nanoseconds, 1,000,000 for milliseconds.",
        )
    unknown = set(frame["tree"].unique().to_list()) - set(TREE_KINDS)
    if unknown:
        raise InputError(f"{name}: unknown tree {min(unknown)!r}", f"A tree is one of {', '.join(TREE_KINDS)}.")
    return frame


def _holds_nulls(column: pl.Series) -> bool:
    """Whether a value is null, or one within it."""
    if column.null_count():
        return True
    if not isinstance(column.dtype, pl.List):
        return False
    items = column.explode(empty_as_null=False)
    return any(items.struct.field(part).null_count() for part in ("name", "value"))


def _find_log_order(frame: pl.DataFrame, name: str) -> NDArray[np.intp] | None:
    """The rows as they stood in their logs, file by file; none if they stand so.

    Raises:
        InputError: two rows are the same line of a process.
    """
    file = code_names(frame["file"], frame["file"].unique(maintain_order=True))
    keys = [file, frame["process"].to_numpy(), frame["line"].to_numpy()]
    in_order = np.zeros(max(len(file) - 1, 0), bool)
    for key in reversed(keys):
        in_order = (key[:-1] < key[1:]) | ((key[:-1] == key[1:]) & in_order)
    if in_order.all():
        return None
    order = np.lexsort(keys[::-1])
    is_same = np.ones(len(in_order), bool)
    for key in keys:
        is_same &= np.diff(key[order]) == 0
    if is_same.any():
        twice = frame.row(int(order[np.argmax(is_same)]), named=True)
        raise InputError(
            f"{name}: a call stands there twice: line {twice['line']} of {twice['file']}",
            "Give each call once; to put tables together, read them together: tracereport.read_calls([...]).",
        )
    return order


def _find_processes(frame: pl.DataFrame, file: NDArray[np.int32]) -> tuple[NDArray[np.int32], pl.DataFrame]:
    """The process of each row, numbered from 0 without gaps, and one row of each process."""
    number = frame["process"].to_numpy().astype(np.int64)
    _, row, process = np.unique(number, return_index=True, return_inverse=True)
    heads = frame[row]
    if file.any():
        in_file = number + (file.astype(np.int64) << 32)
        _, row, process_in_file = np.unique(in_file, return_index=True, return_inverse=True)
        if len(row) > len(heads):
            heads = _renumber_processes(frame[row], pl.Series(range(len(row)), dtype=pl.UInt32))
            process = process_in_file
    return process.astype(np.int32), heads


def _key_of_list(column: str, frame: pl.DataFrame) -> pl.Series:
    """One text per list of name and value, different for different lists: each part stands behind its length."""
    name = pl.element().struct.field("name")
    value = pl.element().struct.field("value").cast(pl.String)
    part = pl.concat_str(
        name.str.len_bytes().cast(pl.String),
        pl.lit(":"),
        name,
        value.str.len_bytes().cast(pl.String),
        pl.lit(":"),
        value,
    )
    return frame.select(pl.col(column).list.eval(part).list.join("")).to_series()


def _read_lookups(frame: pl.DataFrame) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Each row's lookup in the order of first use, and the row of each first use."""
    function = pl.col("function")
    keys = frame.select(pl.concat_str(function.str.len_bytes().cast(pl.String), pl.lit(":"), function)).to_series()
    return code_texts(keys + _key_of_list("params", frame))


def _encode_lookups(frame: pl.DataFrame) -> tuple[Texts, NDArray[np.bool_]]:
    texts = [
        encode_lookup(function, tuple((param["name"], param["value"]) for param in params))
        for function, params in zip(frame["function"].to_list(), frame["params"].to_list(), strict=True)
    ]
    text = pack_texts(texts)
    return text, ~text.starts_with(ODD_LOOKUP)


def _read_metric_sets(metrics: pl.Series) -> MetricSets:
    length = metrics.list.len().to_numpy().astype(np.int64)
    fields = metrics.filter(pl.Series(length > 0)).explode().struct.unnest()
    names = fields["name"].unique().sort() if fields.height else pl.Series([], dtype=pl.String)
    return MetricSets(
        offset=np.concatenate(([0], np.cumsum(length))),
        name=code_names(fields["name"], names),
        value=fields["value"].to_numpy(),
        names=tuple(names.to_list()),
    )
