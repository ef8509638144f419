"""Distinct texts -> the tables that the calls point to, each text read once.

Plain texts are read in whole columns; those with a field without ``=`` or with escapes meet ``grammar.py``.
"""

import msgspec
import numpy as np
import polars as pl
from msgspec.structs import replace
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME, NO_PARENT, Lookups, MetricSets, Signatures
from tracereport.calls.distinct import code_texts, rank_by_first_use
from tracereport.calls.lookup_text import encode_lookup
from tracereport.calls.statements import STATEMENT, find_subjects
from tracereport.calls.texts import pack_texts
from tracereport.sources.perf_trace.grammar import MAXIMUM, parse_metrics, parse_signature, undo_escapes

_CALLER = "|caller="
_FIELD_WITHOUT_EQUALS = r"\|[^|=]*(?:\||\z)"
_NO_EQUALS, _PARENT, _DROPPED, _ESCAPED, _METRIC, _TEST = range(6)
_NO_SETS = MetricSets(offset=np.zeros(1, np.int64), name=np.empty(0, np.int32), value=np.empty(0, np.uint64), names=())


class EncodedSignatures(msgspec.Struct, frozen=True, eq=False):
    """The tables of signatures and lookups, and where each text stands in them."""

    names: tuple[str, ...]
    lookups: Lookups
    resources: tuple[str, ...]
    signatures: Signatures
    signature_of_text: NDArray[np.int32]


class EncodedMetrics(msgspec.Struct, frozen=True, eq=False):
    """The table of metric sets, and what each metrics text says besides."""

    sets: MetricSets
    """One set per text."""
    parent: NDArray[np.int64]
    """Per text; ``NO_PARENT`` for ``none`` or where it is missing."""
    has_parent: NDArray[np.bool_]
    escaped: NDArray[np.bool_]
    dropped: NDArray[np.int64]
    test: NDArray[np.int32]
    """Per text the index into ``tests``, -1 without one."""
    tests: tuple[str, ...]


def encode_signatures(texts: pl.Series, escaped: NDArray[np.bool_]) -> EncodedSignatures:
    """Reads signature texts; ``escaped`` says of which the emitter's escapes are to be undone."""
    frame = _read_signatures(texts, escaped)
    names = pl.concat([frame["function"], frame["caller"].drop_nulls()]).unique().sort()
    lookup, lookup_row = code_texts(frame["lookup"])
    caller = code_names(frame["caller"], names)
    key = lookup.astype(np.int64) * (len(names) + 1) + caller + 1
    signature, signature_row = rank_by_first_use(np.unique(key, return_inverse=True)[1])
    lookup_text = frame["lookup"].gather(lookup_row)
    function = code_names(frame["function"], names)[lookup_row]
    may_hold_statement = lookup_text.str.contains(STATEMENT, literal=True).arg_true()
    statements = zip(may_hold_statement.to_list(), lookup_text.gather(may_hold_statement).to_list(), strict=True)
    subjects = find_subjects(function, names.to_list(), statements)
    return EncodedSignatures(
        names=tuple(names.to_list()),
        lookups=Lookups(
            function=function,
            text=pack_texts(lookup_text.to_list()),
            plain=~lookup_text.str.starts_with("||").to_numpy(),
            kind=subjects.kind,
            resource=subjects.resource,
            values_known=np.ones(len(lookup_text), bool),
        ),
        resources=subjects.resources,
        signatures=Signatures(
            caller=caller[signature_row],
            lookup=lookup[signature_row],
        ),
        signature_of_text=signature,
    )


def _read_signatures(texts: pl.Series, escaped: NDArray[np.bool_]) -> pl.DataFrame:
    """Per text ``function``, ``caller`` and ``lookup``."""
    text = pl.col("text")
    start = text.str.find(_CALLER, literal=True)
    binary = text.cast(pl.Binary)
    head = binary.bin.slice(0, start).cast(pl.String)
    behind = binary.bin.slice(start + len(_CALLER), pl.lit(None, dtype=pl.UInt64)).cast(pl.String)
    end = pl.col("behind").str.find("|", literal=True).fill_null(pl.col("behind").str.len_bytes())
    tail = pl.col("behind").cast(pl.Binary).bin.slice(end, pl.lit(None, dtype=pl.UInt64)).cast(pl.String)
    frame = (
        pl.LazyFrame({"text": texts, "escaped": escaped})
        .with_columns(head=head.fill_null(text), behind=behind)
        .select(
            function=binary.bin.slice(0, text.str.find("|", literal=True).fill_null(text.str.len_bytes())).cast(
                pl.String
            ),
            caller=pl.col("behind").cast(pl.Binary).bin.slice(0, end).cast(pl.String),
            lookup=pl.concat_str(pl.col("head"), tail.fill_null("")),
            odd=pl.col("escaped") | text.str.contains(_FIELD_WITHOUT_EQUALS),
        )
        .collect()
    )
    odd = frame["odd"].arg_true()
    if not len(odd):
        return frame
    parsed = [parse_signature(texts[row], escaped=bool(escaped[row])) for row in odd.to_list()]
    replacement = pl.DataFrame(
        {
            "function": [fields.function for fields in parsed],
            "caller": [fields.caller for fields in parsed],
            "lookup": [encode_lookup(fields.function, fields.params) for fields in parsed],
        },
        schema={name: frame.schema[name] for name in ("function", "caller", "lookup")},
    )
    return frame.with_columns(frame[name].scatter(odd, replacement[name]) for name in replacement.columns)


def encode_metrics(texts: pl.Series) -> EncodedMetrics:
    """Reads metrics texts; each starts with ``|`` or is empty.

    Every field is read once per distinct text of its own; a text with a field without ``=`` goes to
    ``grammar.parse_metrics``.
    """
    fields = (
        pl.DataFrame({"text": texts})
        .with_row_index("set")
        .filter(pl.col("text") != "")
        .select("set", field=pl.col("text").str.strip_prefix("|").str.split("|"))
        .explode("field")
    )
    code, first_use = code_texts(fields["field"])
    read = _read_fields(fields["field"].gather(first_use))
    owner = fields["set"].to_numpy().astype(np.int64)
    is_odd = np.zeros(len(texts), bool)
    is_odd[owner[read.kind[code] == _NO_EQUALS]] = True
    plain = ~is_odd[owner]
    owner, code = owner[plain], code[plain]
    kind = read.kind[code]

    encoded = EncodedMetrics(
        sets=_NO_SETS,
        parent=np.full(len(texts), NO_PARENT, np.int64),
        has_parent=np.zeros(len(texts), bool),
        escaped=np.zeros(len(texts), bool),
        dropped=np.bincount(owner[kind == _DROPPED], minlength=len(texts)),
        test=np.full(len(texts), -1, np.int32),
        tests=(),
    )
    is_parent = kind == _PARENT
    encoded.has_parent[owner[is_parent]] = True
    encoded.parent[owner[is_parent]] = read.parent[code[is_parent]]
    encoded.escaped[owner[kind == _ESCAPED]] = True
    is_test = kind == _TEST
    tests = [
        (row, read.value_text[field])
        for row, field in zip(owner[is_test].tolist(), code[is_test].tolist(), strict=True)
    ]
    is_metric = kind == _METRIC
    columns = (owner[is_metric], read.name[code[is_metric]], read.value[code[is_metric]])
    return _add_odd_texts(encoded, texts, np.flatnonzero(is_odd), columns, read.names, tests)


class _ReadFields(msgspec.Struct, frozen=True, eq=False):
    """Distinct fields of metrics texts, read."""

    kind: NDArray[np.int8]
    name: NDArray[np.int32]
    value: NDArray[np.uint64]
    parent: NDArray[np.int64]
    value_text: pl.Series
    names: list[str]


def _read_fields(distinct: pl.Series) -> _ReadFields:
    # A metric's name may hold a "=", and so may a test's.
    parts = distinct.str.extract_groups(r"(?s)^(?:(test)=(.*)|(.*)=([^=]*))$").struct.unnest()
    name, value_text = (parts.to_series(at).fill_null(parts.to_series(at + 2)) for at in (0, 1))
    digits = value_text.str.contains(r"^[0-9]+$").fill_null(value=False)
    value = value_text.set(~digits, None).str.strip_chars_start("0").replace("", "0").cast(pl.UInt64, strict=False)
    is_number = value.is_not_null().to_numpy()
    is_own = {own: (name == own).fill_null(value=False).to_numpy() for own in ("parent", "escaped", "test")}
    value_ = value.fill_null(0).to_numpy()
    is_parent = (value_text == "none").fill_null(value=False).to_numpy() | (is_number & (value_ <= MAXIMUM))
    kind = np.select(
        [
            name.is_null().to_numpy(),
            is_own["parent"] & is_parent,
            is_own["parent"],
            is_own["escaped"] & (value_text == "1").fill_null(value=False).to_numpy(),
            is_own["test"],
            is_number,
        ],
        [_NO_EQUALS, _PARENT, _DROPPED, _ESCAPED, _TEST, _METRIC],
        _DROPPED,
    ).astype(np.int8)
    names = name.filter(pl.Series(kind == _METRIC)).unique().sort()
    return _ReadFields(
        kind=kind,
        name=code_names(name, names),
        value=value_,
        parent=np.where(is_number, value_, 0).astype(np.int64) - ~is_number,
        value_text=value_text,
        names=names.to_list(),
    )


def _add_odd_texts(
    encoded: EncodedMetrics,
    texts: pl.Series,
    odd: NDArray[np.int64],
    columns: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint64]],
    names: list[str],
    tests: list[tuple[int, str]],
) -> EncodedMetrics:
    """Reads the odd texts one by one, and joins their metrics with those given (set, name, value)."""
    codes = {name: code for code, name in enumerate(names)}
    odd_fields: list[tuple[int, int, int]] = []
    for row, text in zip(odd.tolist(), texts.gather(odd).to_list(), strict=True):
        read = parse_metrics(text)
        odd_fields += [(row, codes.setdefault(name, len(codes)), value) for name, value in read.metrics]
        encoded.has_parent[row], encoded.escaped[row], encoded.dropped[row] = (
            read.has_parent,
            read.escaped,
            read.dropped,
        )
        encoded.parent[row] = NO_PARENT if read.parent is None else read.parent
        tests += [(row, read.test)] if read.test is not None else []
    owner, name, value = columns
    if odd_fields:
        more_owner, more_name, more_value = zip(*odd_fields, strict=True)
        owner = np.concatenate((owner, np.array(more_owner, np.int64)))
        name = np.concatenate((name, np.array(more_name, np.int32)))
        value = np.concatenate((value, np.array(more_value, np.uint64)))
        order = np.argsort(owner, kind="stable")
        owner, name, value = owner[order], name[order], value[order]
    test_codes: dict[str, int] = {}
    for row, test in tests:
        whole = undo_escapes(test) if encoded.escaped[row] else test
        encoded.test[row] = test_codes.setdefault(whole, len(test_codes))
    offset = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=len(texts)))))
    return replace(
        encoded, sets=MetricSets(offset=offset, name=name, value=value, names=tuple(codes)), tests=tuple(test_codes)
    )


def code_names(texts: pl.Series, names: pl.Series) -> NDArray[np.int32]:
    """Each text's index in the sorted ``names``; ``NO_NAME`` where it is null or isn't there."""
    if not len(names):
        return np.full(len(texts), NO_NAME, np.int32)
    codes = texts.cast(pl.Enum(names), strict=False).to_physical().cast(pl.Int32).fill_null(NO_NAME)
    return codes.to_numpy().copy()
