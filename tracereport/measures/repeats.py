"""Repeats: which calls ask for what their unit of work has asked for before, who asked, and what became of the answer.

Everything is judged within one unit, in the order of the call numbers, and only of judged questions.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import CACHED as ANSWERED_BY_CACHE
from tracereport.calls.calls import WRITE
from tracereport.calls.groups import Groups, number_groups
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.calls.writes import find_writes
from tracereport.measures.answers import Answers
from tracereport.measures.traits import (
    ASKED_UNCHANGED,
    BACK,
    CHANGED,
    JUDGED,
    OWN,
    QUESTION,
    SAID_CACHED,
    SHOWN,
    WRITTEN,
)
from tracereport.native.codes import take
from tracereport.native.keys import previous_same
from tracereport.native.repeats import AnswerCodes, Numbered, judge_repeats
from tracereport.native.tally import TRAIT_TYPE, Mask
from tracereport.native.trees import last_inside


class Repeats(msgspec.Struct, frozen=True, eq=False):
    """What is known of each call as a repeat. Arrays run over the places of ``OrderedCalls``."""

    previous: NDArray[np.int32]
    """Place of the question for the same lookup just before it in the unit; ``NOWHERE`` for a first one."""
    traits: NDArray[np.uint16]
    """As ``measures.traits`` has them. ``Context.traits`` adds ``AVOIDABLE`` here, which nothing asks for before."""
    lookups: Groups
    """The questions for each lookup in each unit."""
    signatures: Groups
    """The questions of each signature in each unit."""

    def are(self, having: int, lacking: int = 0) -> NDArray[np.bool_]:
        """Which calls have all of some traits and none of some others."""
        return Mask(having, lacking).of(self.traits)


def find_repeats(ordered: OrderedCalls, answers: Answers, shown: NDArray[np.bool_] | None = None) -> Repeats:
    """Finds the repeats of each unit and judges each against the question for the same lookup just before it.

    ``shown`` are the selected calls; null: all.
    """
    calls = ordered.calls
    lookup, signature = (
        number_groups(codes, limit, ordered.action, ordered.actions, ordered.is_question)
        for codes, limit in (
            (ordered.lookup, len(calls.lookups.function)),
            (ordered.signature, len(calls.signatures.lookup)),
        )
    )
    traits = _note_given(ordered, shown)
    has_writes = bool((ordered.kind == WRITE).any())
    judged = judge_repeats(
        lookup,
        signature,
        ordered.take(calls.metric_set),
        AnswerCodes(answers.names, answers.values, answers.found_nothing),
        ordered.number,
        last_inside(ordered.parent, ordered.number) if ordered.in_tree.any() else ordered.number,
        traits,
        with_own=has_writes,
    )
    if has_writes:
        _note_writes(ordered, judged.previous, judged.previous_own, traits)
    _note_returns(ordered, answers, lookup, traits)
    return Repeats(
        previous=judged.previous,
        traits=traits,
        lookups=_make_groups(lookup, judged.lookup_sizes, judged.lookup_firsts, ordered.lookup, ordered.unit),
        signatures=_make_groups(
            signature, judged.signature_sizes, judged.signature_firsts, ordered.signature, ordered.unit
        ),
    )


def _make_groups(
    numbered: Numbered,
    length: NDArray[np.int64],
    first: NDArray[np.int64],
    codes: NDArray[np.int32],
    unit: NDArray[np.int32],
) -> Groups:
    return Groups(numbered.group, length, first, codes[first], unit[first])


def _note_given(ordered: OrderedCalls, shown: NDArray[np.bool_] | None) -> NDArray[np.uint16]:
    """The traits that are known before calls are held against one another."""
    traits = np.full(len(ordered), SHOWN if shown is None else 0, TRAIT_TYPE)
    notes = [(JUDGED, ordered.is_judged), (QUESTION, ordered.is_question)]
    if shown is not None:
        notes.append((SHOWN, shown))
    said_cached = ordered.calls.origins.answer == ANSWERED_BY_CACHE
    if said_cached.any():
        notes.append((SAID_CACHED, said_cached[ordered.take(ordered.calls.origin)]))
    for trait, mask in notes:
        traits |= mask.astype(TRAIT_TYPE) * TRAIT_TYPE(trait)
    return traits


def _note_writes(
    ordered: OrderedCalls,
    previous: NDArray[np.int32],
    previous_own: NDArray[np.int32],
    traits: NDArray[np.uint16],
) -> None:
    """Notes writes between each question and the one before: behind one, a caller's own last answer may be stale."""
    writes = find_writes(ordered)
    for before, trait in ((previous, WRITTEN), (previous_own, OWN)):
        follows = np.flatnonzero(before != NOWHERE)
        written = follows[writes.any_between(before[follows], follows)]
        if trait == OWN:
            traits[written] &= TRAIT_TYPE(~OWN & 0xFFFF)
        else:
            traits[written] |= TRAIT_TYPE(trait)


def _note_returns(ordered: OrderedCalls, answers: Answers, lookup: Numbered, traits: NDArray[np.uint16]) -> None:
    """Notes changes to an answer that the lookup has had before."""
    changed = Mask(CHANGED).of(traits)
    if not changed.any():
        return
    # An answer that is known to be that of the call before is none to be looked for.
    chosen = ordered.is_question & ~ASKED_UNCHANGED.of(traits)
    key = lookup.group[chosen].astype(np.int64)
    key *= len(answers.values) + 1
    key += take(answers.values, ordered.take(ordered.calls.metric_set)[chosen])
    is_back = (previous_same(key) >= 0) & changed[chosen]
    del key
    traits[np.flatnonzero(chosen)[is_back]] |= TRAIT_TYPE(BACK)
