"""Shapes: function and parameter names of a lookup, without values; what is stable from run to run."""

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tracereport.calls.calls import Lookups
from tracereport.calls.coding import HASH_LIMIT, code_values, count_up, mix_bits, spread
from tracereport.calls.distinct import rank_by_first_use
from tracereport.calls.lookup_text import decode_lookup


class Shapes(msgspec.Struct, frozen=True, eq=False):
    """The shapes of some lookups, and their parameters to compare."""

    shape: NDArray[np.int32]
    """Per lookup given."""
    function: tuple[str, ...]
    """Per shape."""
    param_names: tuple[tuple[str, ...], ...]
    """Per shape, in logged order."""
    params: NDArray[np.int64]
    """Per lookup given, how many it has."""
    param_hash: NDArray[np.uint64]
    """Per parameter, lookup by lookup in logged order: equal where name and value are."""


def find_shapes(lookups: Lookups, wanted: NDArray[np.integer]) -> Shapes:
    """The shapes of the lookups with these codes; names are told apart by 64 bit hashes."""
    texts = lookups.text.gather(wanted)
    params, param_hash, name_hash = _hash_params(texts, lookups.plain[wanted])
    shape_hash = mix_bits(lookups.function[wanted])
    owner = np.repeat(np.arange(len(wanted)), params)
    np.add.at(shape_hash, owner, mix_bits(name_hash + count_up(params).astype(np.uint64)))
    shape, first_use = rank_by_first_use(code_values(shape_hash, HASH_LIMIT)[1])
    keys = [decode_lookup(text) for text in texts.gather(first_use).to_list()]
    return Shapes(
        shape=shape,
        function=tuple(function for function, _ in keys),
        param_names=tuple(tuple(name for name, _ in own) for _, own in keys),
        params=params,
        param_hash=param_hash,
    )


def _hash_params(
    texts: pl.Series, plain: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.uint64]]:
    """The number of parameters of each text, and of each parameter the hashes of name and value, and of the name."""
    odd = [
        [(name, f"{name}={value}") for name, value in decode_lookup(text)[1]]
        for text in texts.filter(pl.Series(~plain)).to_list()
    ]
    params = texts.str.count_matches("|", literal=True).to_numpy().astype(np.int64)
    params[~plain] = [len(own) for own in odd]
    start = np.cumsum(params) - params
    hashes = np.empty((2, int(params.sum())), np.uint64)
    field = pl.col("field")
    plain_hashes = (
        pl.LazyFrame({"field": texts.filter(pl.Series(plain & (params > 0)))})
        .select(field.str.split("|").list.slice(1))
        .explode("field")
        .select(
            field.hash().alias("param"),
            field.cast(pl.Binary).bin.slice(0, field.str.find("=", literal=True)).hash().alias("name"),
        )
        .collect(engine="streaming")
    )
    hashes[:, spread(start[plain], params[plain])] = plain_hashes.to_numpy().T
    odd_names = pl.Series([name for own in odd for name, _ in own], dtype=pl.String).cast(pl.Binary)
    odd_params = pl.Series([param for own in odd for _, param in own], dtype=pl.String)
    hashes[:, spread(start[~plain], params[~plain])] = (odd_params.hash().to_numpy(), odd_names.hash().to_numpy())
    return params, hashes[0], hashes[1]
