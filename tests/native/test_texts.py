"""Texts that are packed, taken, ranked and interned are the texts that a list would hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracereport.calls.texts import Texts, pack_texts
from tracereport.native.texts import Interner, split_params

TEXTS = st.lists(st.text(max_size=40), max_size=30)


def intern(interner: Interner, texts: list[str]) -> list[int]:
    packed = pack_texts(texts)
    codes: list[int] = interner.intern(packed.data, packed.offset[:-1], packed.offset[1:]).tolist()
    return codes


@given(TEXTS)
def test_a_column_gives_back_its_texts(texts: list[str]) -> None:
    column = pack_texts(texts)
    assert column.to_list() == texts
    assert [column[index] for index in range(len(column))] == texts
    assert column == pack_texts(texts)
    assert column != pack_texts([*texts, ""])
    with pytest.raises(IndexError):
        column[len(texts)]


@given(TEXTS.filter(bool), st.lists(st.integers(0, 10**6)))
def test_any_texts_can_be_taken_in_any_order(texts: list[str], indices: list[int]) -> None:
    indices = [index % len(texts) for index in indices]
    taken = pack_texts(texts).take(np.array(indices, np.int64))
    assert taken.to_list() == [texts[index] for index in indices]
    assert taken.take(np.arange(len(indices))[::-1]).to_list() == [texts[index] for index in indices][::-1]


@pytest.mark.parametrize("index", [-1, 2, 2**62])
def test_a_text_that_is_not_there_can_not_be_taken(index: int) -> None:
    with pytest.raises(ValueError, match="index"):
        pack_texts(["a", "b"]).take(np.array([0, index]))


@given(TEXTS, st.text(max_size=3))
def test_texts_rank_as_strings_do(texts: list[str], more: str) -> None:
    texts += [text + more for text in texts]
    distinct = sorted(set(texts))
    assert pack_texts(texts).rank().tolist() == [distinct.index(text) for text in texts]


@given(TEXTS, st.text(max_size=2))
def test_prefixes_are_found(texts: list[str], prefix: str) -> None:
    texts.append(f"{prefix}x")
    assert pack_texts(texts).starts_with(prefix).tolist() == [text.startswith(prefix) for text in texts]


@given(st.lists(TEXTS, max_size=5))
def test_equal_texts_have_one_code_whatever_buffer_they_stand_in(buffers: list[list[str]]) -> None:
    interner = Interner()
    codes = [intern(interner, texts) for texts in buffers]
    distinct = list(dict.fromkeys(text for texts in buffers for text in texts))
    assert codes == [[distinct.index(text) for text in texts] for texts in buffers]
    assert len(interner) == len(distinct)
    assert Texts(*interner.finish()).to_list() == distinct


def test_many_texts_are_told_apart() -> None:
    texts = [f"{'x' * (number % 70)}{number}" for number in range(50_000)]
    interner = Interner()
    assert intern(interner, texts + texts[::-1]) == [*range(50_000), *reversed(range(50_000))]


def test_no_text_has_no_code() -> None:
    codes = Interner().intern(b"abab", np.array([-1, 0, -1, 2]), np.array([0, 2, -1, 4]))
    assert codes.tolist() == [-1, 0, -1, 0]


@pytest.mark.parametrize(("start", "end"), [(0, 5), (3, 2), (-2, 1), (2**62, 2**62 + 1), (5, 5)])
def test_a_slice_outside_of_the_buffer_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="range"):
        Interner().intern(b"abab", np.array([0, start]), np.array([1, end]))


def test_the_texts_of_a_finished_table_outlive_it_and_no_more_can_be_added() -> None:
    interner = Interner()
    intern(interner, ["one", "two"])
    texts = Texts(*interner.finish())
    with pytest.raises(ValueError, match="finished"):
        intern(interner, ["three"])
    assert not texts.data.flags.writeable
    del interner
    assert texts.to_list() == ["one", "two"]


@given(st.lists(st.text("|=ab\n", max_size=12)), st.sampled_from(("a=b", "a", "=", "b=a=")))
def test_whole_fields_are_found(texts: list[str], field: str) -> None:
    column = pack_texts(texts)
    assert column.hold_field(field).tolist() == [field in text.split("|")[1:] for text in texts]


@given(st.lists(st.text("|=ab\nü", max_size=12)))
def test_parameters_are_cut_at_bars_and_their_first_equals_signs(texts: list[str]) -> None:
    column = pack_texts(texts)
    split = split_params(column.data, column.offset)
    fields = [text.split("|") for text in texts]
    assert split.params.tolist() == [len(own) - 1 for own in fields]
    found = zip(split.start.tolist(), split.equals.tolist(), split.end.tolist(), strict=True)
    params = [
        (bytes(column.data[start:equals]).decode(), bytes(column.data[start:end]).decode())
        for start, equals, end in found
    ]
    assert params == [(field.partition("=")[0], field) for own in fields for field in own[1:]]
    shapes = ["|".join([own[0], *(field.partition("=")[0] for field in own[1:])]) for own in fields]
    assert Texts(*split.shapes).to_list() == shapes


@given(TEXTS, TEXTS)
def test_wanted_texts_are_found_and_nothing_is_added(texts: list[str], wanted: list[str]) -> None:
    assert pack_texts(texts).is_among(wanted).tolist() == [text in wanted for text in texts]
    interner = Interner()
    intern(interner, wanted)
    packed = pack_texts(texts)
    codes = interner.find(packed.data, packed.offset[:-1], packed.offset[1:]).tolist()
    distinct = list(dict.fromkeys(wanted))
    assert codes == [distinct.index(text) if text in distinct else -1 for text in texts]
    assert len(interner) == len(distinct)
