"""The shape of a lookup: its function and the names of its parameters, however odd they are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracereport.calls.calls import QUESTION, Lookups
from tracereport.calls.lookup_text import ODD_LOOKUP, encode_lookup
from tracereport.calls.shapes import find_shapes
from tracereport.calls.texts import pack_texts

PARTS = st.text("ab|=\\", max_size=3)
LOOKUPS = st.lists(st.tuples(PARTS, st.lists(st.tuples(PARTS, PARTS), max_size=3).map(tuple)), min_size=1, max_size=20)


@given(LOOKUPS)
def test_lookups_of_one_function_and_the_same_names_have_one_shape(
    lookups: list[tuple[str, tuple[tuple[str, str], ...]]],
) -> None:
    text = pack_texts([encode_lookup(*lookup) for lookup in lookups])
    count = len(lookups)
    functions = sorted({function for function, _ in lookups})
    table = Lookups(
        function=np.array([functions.index(function) for function, _ in lookups], np.int32),
        text=text,
        plain=~text.starts_with(ODD_LOOKUP),
        kind=np.full(count, QUESTION, np.uint8),
        resource=np.zeros(count, np.int32),
        values_known=np.ones(count, bool),
    )
    found = find_shapes(table, np.arange(count), with_params=True)
    keys = [(function, tuple(name for name, _ in params)) for function, params in lookups]
    assert [(found.function[shape], found.param_names[shape]) for shape in found.shape.tolist()] == keys
    assert found.shape.tolist() == [list(dict.fromkeys(keys)).index(key) for key in keys]
    params = [param for _, own in lookups for param in own]
    assert found.params.tolist() == [len(own) for _, own in lookups]
    hashes = found.param_hash.tolist()
    texts = [f"{name}={value}" for name, value in params]
    assert [hashes.index(own) for own in hashes] == [texts.index(text) for text in texts]
