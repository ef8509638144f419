"""A frame with one plain row per call -> calls in columns of codes."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tracereport.calls.calls import (
    ANSWER_KINDS,
    CALL_KINDS,
    EVERYTHING,
    NO_ACTIVATION,
    NO_PARENT,
    NO_START,
    NO_TEXT,
    PHASES,
    QUESTION,
    TREE_KINDS,
    Calls,
    Lookups,
    MetricSets,
    ProcessTable,
    Signatures,
)
from tracereport.calls.lookup_text import ODD_LOOKUP, encode_lookup
from tracereport.calls.origins import CodedOrigins, code_origins
from tracereport.calls.statements import find_subjects
from tracereport.calls.texts import Texts, pack_texts
from tracereport.errors import InputError
from tracereport.native.keys import factorize
from tracereport.processes.splitting import find_implausible
from tracereport.processes.trees import refuse_impossible_parents
from tracereport.sources.frame_codes import code_names, code_texts
from tracereport.sources.perf_trace.grammar import MAXIMUM
from tracereport.sources.table import EVERY_RESOURCE, SCHEMA

_MAY_BE_MISSING: Final = frozenset(
    {"test", "attempt", "phase", "kind", "values_known", "answer", "at", "via", "activation", "resource", "writes"}
    | {"start_ns", "implausible", "unit", "unit_name"}
)
"""Columns that a frame needn't have, and that may hold nulls: then what the others tell counts. Units always follow."""
_MAY_BE_NULL: Final = _MAY_BE_MISSING | {"caller", "parent"}
_WORDS: Final = {"tree": TREE_KINDS, "kind": CALL_KINDS, "answer": ANSWER_KINDS, "phase": PHASES}
"""Columns that hold one of a few words."""


def read_frame(frame: pl.DataFrame, *, name: str = "the frame") -> Calls:
    """The calls of a frame with the columns of ``SCHEMA``, its rows in the order of the log or in any other.

    A process number that stands in several files, as in frames put one behind the other, stands for a process in each.

    Raises:
        InputError: a column is missing, has another type or holds what none of calls can; or a call stands there twice.
    """
    frame = _check_columns(frame, name)
    order = _find_log_order(frame, name)
    if order is not None:
        frame = frame[order]
    lookup, lookup_row = _read_lookups(frame)
    metric_code, metric_row = code_texts(_key_of_list("metrics", frame))
    names = pl.concat([frame["function"].unique(), frame["caller"].drop_nulls().unique()]).unique().sort()
    function, caller = (code_names(frame[column], names) for column in ("function", "caller"))
    key = lookup.astype(np.int64) * (len(names) + 1) + caller + 1
    signature, signature_row = factorize(key)
    files = frame["file"].unique(maintain_order=True)
    tests = frame["test"].drop_nulls().unique().sort()
    lookups, resources = _make_lookups(frame, lookup, lookup_row, function[lookup_row], names.to_list())
    coded = _read_origins(frame, resources)
    file, number = code_names(frame["file"], files), frame["number"].to_numpy().astype(np.int64)
    process, heads = _find_processes(frame, file)
    calls = Calls(
        file=file,
        line=frame["line"].to_numpy().astype(np.int64),
        process=process,
        number=number,
        signature=signature,
        elapsed_ns=frame["elapsed_ns"].to_numpy().astype(np.int64),
        resolution_ns=frame["resolution_ns"].to_numpy().astype(np.int64),
        metric_set=metric_code,
        parent=frame["parent"].cast(pl.Int64).fill_null(NO_PARENT).to_numpy(),
        implausible=_read_implausible(frame["implausible"], number, process),
        test=code_names(frame["test"], tests),
        origin=coded.origin,
        names=tuple(names.to_list()),
        files=tuple(files.to_list()),
        tests=tuple(tests.to_list()),
        resources=coded.resources,
        lookups=lookups,
        signatures=Signatures(caller=caller[signature_row], lookup=lookup[signature_row]),
        metric_sets=_read_metric_sets(frame["metrics"].gather(metric_row)),
        origins=coded.origins,
        processes=_make_processes(heads, files),
        facts=None,
        activation=_values_or_none(frame["activation"], NO_ACTIVATION),
        start_ns=_values_or_none(frame["start_ns"], NO_START),
    )
    return refuse_impossible_parents(calls)


def _make_processes(heads: pl.DataFrame, files: pl.Series) -> ProcessTable:
    """The processes, by the first row of each."""
    return ProcessTable(
        name=tuple(heads["process_name"].to_list()),
        file=code_names(heads["file"], files),
        judged=heads["judged"].to_numpy(),
        tree=np.array([TREE_KINDS.index(kind) for kind in heads["tree"].to_list()], np.uint8),
    )


def _values_or_none(column: pl.Series, unknown: int) -> NDArray[np.int64] | None:
    """The values, with one that stands for null; none where all are null."""
    return None if column.null_count() == len(column) else column.cast(pl.Int64).fill_null(unknown).to_numpy()


def _read_implausible(said: pl.Series, number: NDArray[np.int64], process: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which numbers are out of place: what the frame says, and where it doesn't, what they look like."""
    if not said.null_count():
        return said.to_numpy()
    return said.fill_null(pl.Series(find_implausible(number, process))).to_numpy()


def _read_origins(frame: pl.DataFrame, resources: tuple[str, ...]) -> CodedOrigins:
    """What the records say beside question and answer."""
    codes = {resource: code for code, resource in enumerate(resources)}
    written, row = code_texts(frame["writes"])
    of_text = [_code_resource(name, codes) for name in frame["writes"].gather(row).to_list()]
    return code_origins(
        kind=_index_words(frame, "kind"),
        answer=_index_words(frame, "answer"),
        phase=_index_words(frame, "phase"),
        attempt=frame["attempt"].fill_null(0).to_numpy(),
        at=_code_values(frame["at"]),
        via=_code_values(frame["via"]),
        writes=np.array([*of_text, NO_TEXT], np.int64)[written],
        resources=tuple(codes),
    )


def _code_resource(name: str | None, codes: dict[str, int]) -> int:
    if name is None:
        return NO_TEXT
    return EVERYTHING if name == EVERY_RESOURCE else codes.setdefault(name, len(codes))


def _index_words(frame: pl.DataFrame, column: str) -> NDArray[np.integer]:
    """The index of each row's word; null is the first one."""
    words = pl.Series(list(_WORDS[column]), dtype=pl.String)
    return np.maximum(code_names(frame[column], words), 0)


def _code_values(column: pl.Series) -> tuple[NDArray[np.int32], list[str]]:
    values = column.drop_nulls().unique().sort()
    return code_names(column, values), values.to_list()


def _check_columns(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    missing = [column for column in SCHEMA if column not in frame.columns and column not in _MAY_BE_MISSING]
    if missing:
        raise InputError(
            f"{name}: not a table of calls: it lacks {', '.join(missing)}",
            "Make one with tracereport.read_calls or -o calls.parquet.",
        )
    frame = frame.with_columns(
        pl.lit(None, dtype=SCHEMA[column]).alias(column) for column in SCHEMA if column not in frame.columns
    )
    try:
        frame = frame.select(pl.col(column).cast(kind) for column, kind in SCHEMA.items())
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"{name}: a column has another type: {error}", "The columns' types are those of tracereport.read_calls."
        ) from error
    for column, kind in SCHEMA.items():
        if column not in _MAY_BE_NULL and _holds_nulls(frame[column]):
            raise InputError(
                f"{name}: the column {column} holds nulls", f"Only these may: {', '.join(sorted(_MAY_BE_NULL))}."
            )
        if kind == pl.UInt64 and (frame[column].max() or 0) > MAXIMUM:  # type: ignore[operator]  # it is a number
            raise InputError(
                f"{name}: the column {column} holds a number beyond 2^63 - 1", "No trace line can hold a larger one."
            )
    if frame["resolution_ns"].min() == 0:
        raise InputError(
            f"{name}: the column resolution_ns holds a 0",
            "It is how finely a time was measured: 1 for nanoseconds, 1,000,000 for milliseconds.",
        )
    for column, words in _WORDS.items():
        unknown = set(frame[column].drop_nulls().unique().to_list()) - set(words)
        if unknown:
            remedy = f"It is one of {', '.join(word for word in words if word)}."
            raise InputError(f"{name}: unknown {column} {min(unknown)!r}", remedy)
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
    keys = [file, frame["line"].to_numpy(), frame["process"].to_numpy()]
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


def _renumber_processes(table: pl.DataFrame, process: pl.Series) -> pl.DataFrame:
    """The table with other process numbers; a process that is named by its number is named by the new one."""
    by_number, by_new_number = (pl.concat_str(pl.lit("process "), number) for number in (pl.col("process"), process))
    name = pl.when(pl.col("process_name") == by_number).then(by_new_number).otherwise("process_name")
    return table.with_columns(process=process, process_name=name)


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
    function, known = pl.col("function"), pl.col("values_known").fill_null(value=True)
    keys = frame.select(
        pl.concat_str(known.cast(pl.String), function.str.len_bytes().cast(pl.String), pl.lit(":"), function)
    ).to_series()
    return code_texts(keys + _key_of_list("params", frame))


def _make_lookups(
    frame: pl.DataFrame,
    lookup: NDArray[np.int32],
    row: NDArray[np.int64],
    function: NDArray[np.int32],
    names: list[str],
) -> tuple[Lookups, tuple[str, ...]]:
    """The table of lookups, and the resources that it points to."""
    heads = frame[row]
    text = _encode_lookups(heads)
    subjects = find_subjects(function, names, enumerate(text))
    codes = {resource: code for code, resource in enumerate(subjects.resources)}
    resource, kind = subjects.resource.copy(), subjects.kind.copy()
    for at, said in enumerate(heads["resource"].to_list()):
        if said is not None:
            resource[at] = codes.setdefault(said, len(codes))
    # What a row calls a question is none of a write's, whatever its text looks like.
    kind[lookup[(frame["kind"] == CALL_KINDS[QUESTION]).fill_null(value=False).to_numpy()]] = QUESTION
    lookups = Lookups(
        function=function,
        text=text,
        plain=~text.starts_with(ODD_LOOKUP),
        kind=kind,
        resource=resource,
        values_known=heads["values_known"].fill_null(value=True).to_numpy(),
    )
    return lookups, tuple(codes)


def _encode_lookups(frame: pl.DataFrame) -> Texts:
    return pack_texts(
        [
            encode_lookup(function, tuple((param["name"], param["value"]) for param in params))
            for function, params in zip(frame["function"].to_list(), frame["params"].to_list(), strict=True)
        ]
    )


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
