"""Distinct signature texts -> the tables that the calls point to, each text read once.

Plain texts are read in whole columns; those with a field without ``=``, with escapes or with an older hook's count of
writes meet ``grammar.py``.
"""

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME, Lookups, Signatures
from tracereport.calls.distinct import code_texts, rank_by_first_use
from tracereport.calls.lookup_text import encode_lookup
from tracereport.calls.statements import STATEMENT, find_subjects
from tracereport.calls.texts import pack_texts
from tracereport.sources.perf_trace.grammar import parse_signature

_CALLER = "|caller="
_FIELD_WITHOUT_EQUALS = r"\|[^|=]*(?:\||\z)"
_WRITE_ORDINAL = r"\|write=[0-9]+(?:\||\z)"


class EncodedSignatures(msgspec.Struct, frozen=True, eq=False):
    """The tables of signatures and lookups, and where each text stands in them."""

    names: tuple[str, ...]
    lookups: Lookups
    resources: tuple[str, ...]
    signatures: Signatures
    signature_of_text: NDArray[np.int32]


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
            odd=pl.col("escaped")
            | text.str.contains(_FIELD_WITHOUT_EQUALS)
            | (text.str.contains(STATEMENT, literal=True) & text.str.contains(_WRITE_ORDINAL)),
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


def code_names(texts: pl.Series, names: pl.Series) -> NDArray[np.int32]:
    """Each text's index in the sorted ``names``; ``NO_NAME`` where it is null or isn't there."""
    if not len(names):
        return np.full(len(texts), NO_NAME, np.int32)
    codes = texts.cast(pl.Enum(names), strict=False).to_physical().cast(pl.Int32).fill_null(NO_NAME)
    return codes.to_numpy().copy()
