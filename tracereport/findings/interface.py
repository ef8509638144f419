"""What a kind of finding is: what it adds up over the parts of an input, and the findings it makes of the whole.

A new kind is one file with a ``FindingKind``, one line in ``ranking.KINDS``, and its advice in ``documents/advice``.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import msgspec

from tracereport.calls.grouping import caller_rank
from tracereport.measures.context import Context
from tracereport.measures.interface import Whole
from tracereport.model import Evidence, Finding

Partial = TypeVar("Partial")

EVIDENCE_LIMIT = 5
WORST_LIMIT = 5
PLACE_LIMIT = 5
_FINGERPRINT_BYTES = 6


class Key(msgspec.Struct, frozen=True):
    """What makes a finding the same one from run to run: no values, counts or call numbers."""

    kind: str
    function: str
    callers: tuple[str | None, ...]
    """Sorted, a missing one last."""
    param_names: tuple[str, ...]
    varying_params: tuple[str, ...] = ()

    def text(self) -> str:
        """The key as one text, which ``read_key`` reads back."""
        fields = [self.kind, self.function, self.callers, self.param_names, self.varying_params]
        return msgspec.json.encode(fields).decode()

    def fingerprint(self) -> str:
        """A short stable hash of the key."""
        return fingerprint_of(self.text())

    def rank(self) -> tuple[object, ...]:
        """The order of keys."""
        callers = tuple(caller_rank(caller) for caller in self.callers)
        return (self.kind, self.function, callers, self.param_names, self.varying_params)


def read_key(text: str) -> Key:
    """The key of a text that ``Key.text`` gave."""
    fields = msgspec.json.decode(text, type=tuple[str, str, tuple[str | None, ...], tuple[str, ...], tuple[str, ...]])
    return Key(*fields)


def fingerprint_of(key: str) -> str:
    """The fingerprint of a key's text."""
    return hashlib.blake2b(key.encode(), digest_size=_FINGERPRINT_BYTES).hexdigest()


class Candidate(msgspec.Struct, frozen=True):
    """A finding that is ranked before it is described: only the first of many need to be."""

    key: Key
    calls_saved: int
    possible_calls_saved: int
    elapsed_ns: int
    is_low: bool
    is_shown: bool
    describe: Callable[[], Finding]
    is_of_tests: bool = False
    """All its calls are asked by the tests' own code."""

    def rank(self) -> tuple[object, ...]:
        """Those marked low last: what may be nothing is not first; before them those of the tests' own code.

        Then by calls saved and possible ones. Where these are equal a fan-out is first: one change at one place mends
        it, and nothing has to be kept valid. Then by time, which differs from run to run, and by key.
        """
        is_fan_out = self.key.kind == "fan-out"
        worth = (-self.calls_saved, -self.possible_calls_saved, not is_fan_out, -self.elapsed_ns)
        return (self.is_low, self.is_of_tests, *worth, self.key.rank())


class UnitAmount(msgspec.Struct, frozen=True):
    """What one unit of work adds to a finding."""

    process: int
    unit: int
    key: str
    repeats: int
    avoidable_calls: int


class EvidenceOf(msgspec.Struct, frozen=True):
    """Calls that show a finding, of the group of calls that shows it best."""

    key: str
    sort: int
    """What they show: of several sorts the report takes the first that there is."""
    size: int
    """Of the group: the larger, the better."""
    rows: tuple[Evidence, ...]
    """In the order of their calls."""

    def rank(self) -> tuple[int, int, int, int]:
        """The best first."""
        first = self.rows[0]
        return (self.sort, -self.size, first.process, first.number)


def choose_evidence(found: Iterable[EvidenceOf]) -> dict[str, tuple[Evidence, ...]]:
    """By finding the best evidence of all parts."""
    best: dict[str, tuple[Evidence, ...]] = {}
    for own in sorted(found, key=EvidenceOf.rank):
        best.setdefault(own.key, own.rows)
    return best


class FindingKind(msgspec.Struct, Generic[Partial], frozen=True):
    """One kind of finding, or several that rest on the same sums."""

    key: str
    """Names its partial result."""
    measure: Callable[[Context], Partial]
    merge: Callable[[Sequence[Partial]], Partial]
    find: Callable[[Whole], list[Candidate]]
    amounts: Callable[[Whole], list[UnitAmount]]
    """What each unit adds: it is compared from run to run."""
    detail: Callable[..., list[EvidenceOf]] | None = None
    """Given a context, and the keys of the findings that are shown where these are known: their evidence."""
