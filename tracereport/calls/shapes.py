"""Shapes: function and parameter names of a lookup, without values; what is stable from run to run."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import Lookups
from tracereport.calls.coding import mix_bits, spread
from tracereport.calls.lookup_text import decode_lookup, encode_shape
from tracereport.calls.texts import pack_texts
from tracereport.native.keys import factorize
from tracereport.native.texts import Interner, split_params


class Shapes(msgspec.Struct, frozen=True, eq=False):
    """The shapes of some lookups, and their parameters to compare if these are asked for."""

    shape: NDArray[np.int32]
    """Per lookup given."""
    function: tuple[str, ...]
    """Per shape."""
    param_names: tuple[tuple[str, ...], ...]
    """Per shape, in logged order."""
    params: NDArray[np.int64]
    """Per lookup given, how many it has."""
    param_hash: NDArray[np.uint64]
    """Per parameter, lookup by lookup in logged order: equal where name and value are. Empty unless asked for."""


def find_shapes(lookups: Lookups, wanted: NDArray[np.integer], *, with_params: bool = False) -> Shapes:
    """The shapes of the lookups with these codes, and their parameters if these are asked for."""
    is_all = len(wanted) == len(lookups.text) and np.array_equal(wanted, np.arange(len(wanted)))
    texts = lookups.text if is_all else lookups.text.take(wanted)
    plain = lookups.plain[wanted]
    split = split_params(texts.data, texts.offset)
    shapes, values = Interner(), Interner()
    shape = shapes.intern(split.shapes[0], split.shapes[1][:-1], split.shapes[1][1:])
    params = split.params
    value = values.intern(texts.data, split.start, split.end) if with_params else np.zeros(len(split.start), np.int32)
    if not plain.all():
        odd = [decode_lookup(texts[index]) for index in np.flatnonzero(~plain).tolist()]
        shape[~plain] = _intern(shapes, [encode_shape(function, [name for name, _ in own]) for function, own in odd])
        owner = np.repeat(plain, params)
        params[~plain] = [len(own) for _, own in odd]
        start, plain_value = np.cumsum(params) - params, value[owner]
        value = np.empty(int(params.sum()), np.int32)
        value[spread(start[plain], params[plain])] = plain_value
        value[spread(start[~plain], params[~plain])] = _intern(
            values, [f"{name}={value}" for _, own in odd for name, value in own]
        )
    shape, first_use = factorize(shape)
    keys = [decode_lookup(text) for text in texts.take(first_use)]
    return Shapes(
        shape=shape,
        function=tuple(function for function, _ in keys),
        param_names=tuple(tuple(name for name, _ in own) for _, own in keys),
        params=params,
        param_hash=mix_bits(value) if with_params else np.empty(0, np.uint64),
    )


def _intern(interner: Interner, texts: list[str]) -> NDArray[np.int32]:
    packed = pack_texts(texts)
    return interner.intern(packed.data, packed.offset[:-1], packed.offset[1:])
