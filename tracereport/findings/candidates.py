"""What findings of all kinds have in common: their key, their rank, and the calls that show them."""

import hashlib
from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import Calls
from tracereport.calls.grouping import (
    NESTED_ROW_LIMIT,
    caller_rank,
    count_by,
    keep_rows,
)
from tracereport.calls.ordered import OrderedCalls
from tracereport.model import (
    CallReference,
    Evidence,
    Finding,
    FindingKind,
    Rows,
    TestShare,
)

EVIDENCE_LIMIT = 5
WORST_LIMIT = 5

_FINGERPRINT_BYTES = 6


class Key(msgspec.Struct, frozen=True):
    """What makes a finding the same one from run to run: no values, counts or call numbers."""

    kind: FindingKind
    function: str
    callers: tuple[str | None, ...]
    """Sorted, a missing one last."""
    param_names: tuple[str, ...]
    varying_params: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """A short stable hash of the key."""
        text = msgspec.json.encode([self.kind, self.function, self.callers, self.param_names, self.varying_params])
        return hashlib.blake2b(text, digest_size=_FINGERPRINT_BYTES).hexdigest()

    def rank(self) -> tuple[object, ...]:
        """The order of keys."""
        callers = tuple(caller_rank(caller) for caller in self.callers)
        return (self.kind, self.function, callers, self.param_names, self.varying_params)


class Candidate(msgspec.Struct, frozen=True):
    """A finding that is ranked before it is described: only the first of many need to be."""

    key: Key
    calls_saved: int
    possible_calls_saved: int
    elapsed_ns: int
    is_low: bool
    is_shown: bool
    describe: Callable[[], Finding]

    def rank(self) -> tuple[object, ...]:
        """Those marked low last: what may be nothing is not first. Then by calls saved, possible ones, time, key."""
        return (self.is_low, -self.calls_saved, -self.possible_calls_saved, -self.elapsed_ns, self.key.rank())


def describe_evidence(calls: Calls, row: int, previous: CallReference | None = None) -> Evidence:
    """A call as evidence, with the call before that makes it a repeat."""
    signature = int(calls.signature[row])
    return Evidence(
        process=int(calls.process[row]),
        number=int(calls.number[row]),
        line=int(calls.line[row]),
        file=calls.files[calls.file[row]],
        caller=calls.name(int(calls.signatures.caller[signature])),
        params=calls.params_of(int(calls.signatures.lookup[signature])),
        elapsed_ns=int(calls.elapsed_ns[row]),
        metrics=calls.metric_sets.metrics_of(int(calls.metric_set[row])),
        previous=previous,
    )


def count_tests(ordered: OrderedCalls, places: NDArray[np.intp], *, is_avoidable: bool = False) -> Rows[TestShare]:
    """The tests that made these repeats, or these avoidable calls, by how many of them."""
    calls = ordered.calls
    if not calls.tests:
        return Rows()
    test = calls.test[ordered.row[places]]
    amount = count_by(test[test >= 0], len(calls.tests))
    rows = [
        TestShare(
            test=calls.tests[code],
            repeats=0 if is_avoidable else int(amount[code]),
            avoidable_calls=int(amount[code]) if is_avoidable else 0,
        )
        for code in np.flatnonzero(amount).tolist()
    ]
    rows.sort(key=lambda row: (-row.repeats, -row.avoidable_calls, row.test))
    return keep_rows(rows, NESTED_ROW_LIMIT)
