"""Each question held against the one for the same lookup just before it; the traits that tell what is found."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, column, library
from tracereport.native.tally import TRAIT_TYPE


class Numbered(NamedTuple):
    """Calls by what they ask for: one entry each."""

    group: NDArray[np.int32]
    """A number from 0 on; -1 for a call that is no question."""
    groups: int
    """Above all numbers."""


class AnswerCodes(NamedTuple):
    """Of each distinct answer, one entry each."""

    names: NDArray[np.int32]
    """Equal where its results have the same names; -1 without a result."""
    values: NDArray[np.int32]
    """Equal where names and values are the same."""
    is_empty: NDArray[np.bool_]
    """It says that nothing was found."""


class Judged(NamedTuple):
    """What is found of all calls, one entry each, and of groups."""

    previous: NDArray[np.int32]
    """The question for the same lookup just before; -1 for a first one, and for what is no question."""
    previous_own: NDArray[np.int32]
    """The same of its signature."""
    lookup_sizes: NDArray[np.int64]
    """Per group its questions."""
    lookup_firsts: NDArray[np.int64]
    """Per group its first question."""
    signature_sizes: NDArray[np.int64]
    signature_firsts: NDArray[np.int64]


def judge_repeats(
    lookup: Numbered,
    signature: Numbered,
    answer: NDArray[np.integer[Any]],
    answers: AnswerCodes,
    number: NDArray[np.integer[Any]],
    last_inside: NDArray[np.integer[Any]],
    traits: NDArray[np.uint16],
    *,
    with_own: bool = True,
) -> Judged:
    """Judges each question, in the order in which they stand.

    Args:
        lookup: the questions of each lookup; no more groups than calls.
        signature: the same, by lookup and caller.
        answer: per call an index into ``answers``.
        answers: what they tell.
        number: per call.
        last_inside: per call the largest number in its subtree.
        traits: per call, a bit each as ``repeats.c`` has them; what is found is added.
        with_own: whether ``previous_own`` is wanted, too; else it is empty.

    Raises:
        ValueError: a number of a group or of an answer is beyond its range.
    """
    count = len(traits)
    codes = [np.ascontiguousarray(own, np.int32) for own in (lookup.group, signature.group, answer)]
    names, values = (np.ascontiguousarray(own, np.int32) for own in (answers.names, answers.values))
    is_empty = np.ascontiguousarray(answers.is_empty, np.bool_)
    _refuse_other_columns(traits, [*codes, number, last_inside], [names, values, is_empty])
    previous, previous_own = np.empty(count, np.int32), np.empty(count if with_own else 0, np.int32)
    sizes, firsts = (np.empty(lookup.groups + signature.groups, np.int64) for _ in range(2))
    checked(
        library().tracereport_judge_repeats(
            count,
            address(codes[0]),
            lookup.groups,
            address(codes[1]),
            signature.groups,
            address(codes[2]),
            len(names),
            *(address(own) for own in (names, values, is_empty)),
            column(number),
            column(last_inside),
            address(previous),
            address(previous_own) if with_own else None,
            *(address(own) for own in (traits, sizes, firsts)),
        )
    )
    at = lookup.groups
    return Judged(previous, previous_own, sizes[:at], firsts[:at], sizes[at:], firsts[at:])


def _refuse_other_columns(
    traits: NDArray[np.uint16], of_calls: Sequence[NDArray[Any]], of_answers: Sequence[NDArray[Any]]
) -> None:
    """The library reads columns of calls up to the length of ``traits``, and those of answers up to one length.

    Raises:
        ValueError: a column is of another type or length.
    """
    if traits.dtype != TRAIT_TYPE or not traits.flags.c_contiguous:
        raise ValueError("traits of another kind")
    if {len(own) for own in of_calls} != {len(traits)} or len({len(own) for own in of_answers}) != 1:
        raise ValueError("columns of different lengths")
