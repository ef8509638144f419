"""Distinct metrics texts -> metrics, and what the reserved fields among them say of the call; each field read once.

A text with a field without ``=`` goes to ``grammar.parse_metrics``; the fields of all others are read in columns.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tracereport.calls.calls import NO_PARENT, NO_TEXT, MetricSets
from tracereport.calls.distinct import code_texts
from tracereport.sources.perf_trace.encode import code_names
from tracereport.sources.perf_trace.grammar import (
    FLAG_FIELDS,
    MAXIMUM,
    NUMBER_FIELDS,
    PHASE_FIELD,
    PHASE_VALUES,
    TEXT_FIELDS,
    parse_metrics,
    undo_escapes,
)

_TEXTS = (*TEXT_FIELDS, PHASE_FIELD)
_NO_EQUALS, _DROPPED, _METRIC, _FIRST_RESERVED = range(4)
_RESERVED = (*_TEXTS, *NUMBER_FIELDS, *FLAG_FIELDS)
_KIND = {name: kind for kind, name in enumerate(_RESERVED, start=_FIRST_RESERVED)}
_FIELD = rf"(?s)^(?:({'|'.join(TEXT_FIELDS)})=(.*)|(.*)=([^=]*))$"
"""A metric's name may hold a ``=``, and so may a reserved text."""

Integers = NDArray[np.int64]


class EncodedMetrics(msgspec.Struct, frozen=True, eq=False):
    """The table of metric sets, and what each metrics text says besides."""

    sets: MetricSets
    """One set per text."""
    dropped: Integers
    """Per text: how many of its fields can't be what their name says."""
    flags: dict[str, NDArray[np.bool_]]
    """Per name of ``FLAG_FIELDS``, per text."""
    numbers: dict[str, Integers]
    """Per name of ``NUMBER_FIELDS``, per text: -1 where it says none."""
    has_parent: NDArray[np.bool_]
    """Per text: it says the parent, or that there is none."""
    texts: dict[str, tuple[NDArray[np.int32], tuple[str, ...]]]
    """Per name of ``TEXT_FIELDS`` and ``phase``: per text an index into the values, ``NO_TEXT`` where it says none."""


class _Fields(msgspec.Struct, frozen=True, eq=False):
    """All fields of all texts, as rows."""

    owner: Integers
    """The text it stands in."""
    kind: NDArray[np.int8]
    name: NDArray[np.int32]
    """Of a metric: index into the names."""
    number: NDArray[np.uint64]
    is_number: NDArray[np.bool_]
    value: NDArray[np.int32]
    """Index into the values."""


def encode_metrics(texts: pl.Series) -> EncodedMetrics:
    """Reads metrics texts; each starts with ``|`` or is empty."""
    rows = (
        pl.DataFrame({"text": texts})
        .with_row_index("set")
        .filter(pl.col("text") != "")
        .select("set", field=pl.col("text").str.strip_prefix("|").str.split("|"))
        .explode("field")
    )
    code, first_use = code_texts(rows["field"])
    distinct, names, values = _read_fields(rows["field"].gather(first_use))
    owner = rows["set"].to_numpy().astype(np.int64)
    is_odd = np.zeros(len(texts), bool)
    is_odd[owner[distinct.kind[code] == _NO_EQUALS]] = True
    plain = ~is_odd[owner]
    code = code[plain]
    fields = _Fields(
        owner[plain],
        distinct.kind[code],
        distinct.name[code],
        distinct.number[code],
        distinct.is_number[code],
        distinct.value[code],
    )
    odd = np.flatnonzero(is_odd)
    if len(odd):
        fields = _add_odd_texts(fields, odd, texts.gather(odd).to_list(), names, values)
    return _gather(fields, len(texts), names, values)


def _read_fields(distinct: pl.Series) -> tuple[_Fields, list[str], list[str]]:
    """The distinct fields, read; the metrics' names, and the values of reserved texts."""
    parts = distinct.str.extract_groups(_FIELD).struct.unnest()
    name, value = (parts.to_series(at).fill_null(parts.to_series(at + 2)) for at in (0, 1))
    digits = value.str.contains(r"^[0-9]+$").fill_null(value=False)
    number = value.set(~digits, None).str.strip_chars_start("0").replace("", "0").cast(pl.UInt64, strict=False)
    is_number = number.is_not_null().to_numpy()
    number_ = number.fill_null(0).to_numpy()
    kind = np.where(is_number, _METRIC, _DROPPED).astype(np.int8)
    kind[name.is_null().to_numpy()] = _NO_EQUALS
    reserved = name.is_in(_RESERVED).fill_null(value=False).to_numpy()
    for own in _RESERVED if reserved.any() else ():
        is_own = (name == own).fill_null(value=False).to_numpy()
        if own in FLAG_FIELDS:
            kind[is_own & value.is_in(["0", "1"]).fill_null(value=False).to_numpy()] = _KIND[own]
            continue
        if own in NUMBER_FIELDS:
            is_none = (value == "none").fill_null(value=False).to_numpy() & (own == "parent")
            can_be = is_none | (is_number & (number_ <= MAXIMUM))
        elif own == PHASE_FIELD:
            can_be = value.is_in(PHASE_VALUES).fill_null(value=False).to_numpy()
        else:
            can_be = (value != "").fill_null(value=False).to_numpy() | (own == "test")
        kind[is_own] = np.where(can_be[is_own], _KIND[own], _DROPPED)
    names = name.filter(pl.Series(kind == _METRIC)).unique().sort()
    is_text = np.isin(kind, [_KIND[own] for own in _TEXTS])
    value_of = np.full(len(distinct), NO_TEXT, np.int32)
    value_of[is_text] = np.arange(np.count_nonzero(is_text))
    fields = _Fields(np.zeros(0, np.int64), kind, code_names(name, names), number_, is_number, value_of)
    return fields, names.to_list(), value.filter(pl.Series(is_text)).to_list()


def _add_odd_texts(
    fields: _Fields, odd: Integers, texts: Sequence[str], names: list[str], values: list[str]
) -> _Fields:
    """Reads the odd texts one by one, and puts their fields to the others, in the order of the texts."""
    codes = {name: code for code, name in enumerate(names)}
    rows: list[tuple[int, int, int, int, bool, int]] = []
    for owner, text in zip(odd.tolist(), texts, strict=True):
        read = parse_metrics(text)
        rows += [
            (owner, _METRIC, codes.setdefault(name, len(codes)), value, True, NO_TEXT) for name, value in read.metrics
        ]
        rows += [(owner, _KIND[name], 0, max(value, 0), value >= 0, NO_TEXT) for name, value in read.numbers.items()]
        rows += [(owner, _KIND[name], 0, 1, True, NO_TEXT) for name in sorted(read.flags)]
        rows += [(owner, _DROPPED, 0, 0, False, NO_TEXT)] * read.dropped
        for name, value in read.texts.items():
            rows.append((owner, _KIND[name], 0, 0, False, len(values)))
            values.append(value)
    names[:] = codes
    if not rows:
        return fields
    owner_, kind, name_, number, is_number, value_ = zip(*rows, strict=True)
    owners = np.append(fields.owner, np.array(owner_, np.int64))
    order = np.argsort(owners, kind="stable")
    return _Fields(
        owners[order],
        np.append(fields.kind, np.array(kind, np.int8))[order],
        np.append(fields.name, np.array(name_, np.int32))[order],
        np.append(fields.number, np.array(number, np.uint64))[order],
        np.append(fields.is_number, np.array(is_number, bool))[order],
        np.append(fields.value, np.array(value_, np.int32))[order],
    )


def _gather(fields: _Fields, count: int, names: Sequence[str], values: Sequence[str]) -> EncodedMetrics:
    """What each of ``count`` texts says; where a reserved field comes twice, the last one counts."""

    def of(name: str) -> tuple[Integers, NDArray[np.int64]]:
        rows = np.flatnonzero(fields.kind == _KIND[name]) if present[_KIND[name]] else np.zeros(0, np.int64)
        owner = fields.owner[rows]
        last = np.diff(owner, append=-1) != 0
        return owner[last], rows[last]

    present = np.bincount(fields.kind, minlength=_FIRST_RESERVED + len(_RESERVED)) > 0
    flags = {name: np.zeros(count, bool) for name in FLAG_FIELDS}
    for name, flag in flags.items():
        owner, row = of(name)
        flag[owner] = fields.number[row] == 1
    numbers = {name: np.full(count, -1, np.int64) for name in NUMBER_FIELDS}
    has_parent = np.zeros(count, bool)
    for name, number in numbers.items():
        owner, row = of(name)
        number[owner] = np.where(fields.is_number[row], fields.number[row].astype(np.int64), NO_PARENT)
        if name == "parent":
            has_parent[owner] = True
    texts = {name: _code_values(*of(name), fields.value, values, flags["escaped"]) for name in _TEXTS}
    is_metric = fields.kind == _METRIC
    owner = fields.owner[is_metric]
    return EncodedMetrics(
        sets=MetricSets(
            offset=np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=count)))),
            name=fields.name[is_metric],
            value=fields.number[is_metric],
            names=tuple(names),
        ),
        dropped=np.bincount(fields.owner[fields.kind == _DROPPED], minlength=count),
        flags=flags,
        numbers=numbers,
        has_parent=has_parent,
        texts=texts,
    )


def _code_values(
    owner: Integers, row: Integers, value: NDArray[np.int32], values: Sequence[str], escaped: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Per text an index into distinct values, with escapes undone; and these values."""
    code = np.full(len(escaped), NO_TEXT, np.int32)
    pairs, place = np.unique(value[row].astype(np.int64) * 2 + escaped[owner], return_inverse=True)
    if len(pairs):
        texts = [undo_escapes(values[pair // 2]) if pair % 2 else values[pair // 2] for pair in pairs.tolist()]
        distinct = {text: at for at, text in enumerate(dict.fromkeys(texts))}
        code[owner] = np.array([distinct[text] for text in texts], np.int32)[place]
        return code, tuple(distinct)
    return code, ()
