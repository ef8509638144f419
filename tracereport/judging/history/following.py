"""One thing followed over the runs: a finding or a function by its name, its count in each run that has it."""

from array import array
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.model.history import HistoryStep

Flags = NDArray[np.bool_]
"""One for each run."""


class Track:
    """The counts of one name; a run is referred to by the number that it was read with."""

    def __init__(self) -> None:
        self._runs = array("q")
        self._counts = array("q")

    def add(self, run: int, count: int) -> None:
        """The count in one more run."""
        self._runs.append(run)
        self._counts.append(count)

    def follow(self, places: Sequence[int], telling: Flags, allowed: Flags | None = None) -> "Course":
        """What became of it.

        Args:
            places: of each run by its number, where it stands in the order; -1 for one that isn't compared.
            telling: of each run in that order, whether what it doesn't list isn't there.
            allowed: whether it can be looked at at all; all can if it isn't given.
        """
        counts = np.zeros(len(telling), np.int64)
        present = np.zeros(len(telling), np.bool_)
        for run, count in zip(self._runs, self._counts, strict=True):
            if (place := places[run]) >= 0:
                counts[place] = count
                present[place] = count > 0
        known = telling | present
        if allowed is not None:
            known &= allowed
        return Course(counts, present & known, known)


class Course(msgspec.Struct, frozen=True):
    """A count in the order of the runs.

    Attributes:
        counts: one for each run; 0 where it isn't there.
        present: whether it is there.
        known: whether the run can tell.
    """

    counts: NDArray[np.int64]
    present: Flags
    known: Flags

    @property
    def runs(self) -> int:
        """Those that have it."""
        return int(np.count_nonzero(self.present))

    @property
    def of_runs(self) -> int:
        """Those that can tell."""
        return int(np.count_nonzero(self.known))

    @property
    def first(self) -> int:
        """The count in the first run that can tell."""
        return int(self.counts[np.argmax(self.known)])

    @property
    def last(self) -> int:
        """The count in the last run that can tell."""
        return int(self.counts[len(self.known) - 1 - np.argmax(self.known[::-1])])

    @property
    def first_run(self) -> int:
        """The first run that has it."""
        return int(np.argmax(self.present))

    @property
    def last_run(self) -> int:
        """The last run that has it."""
        return len(self.present) - 1 - int(np.argmax(self.present[::-1]))

    @property
    def since(self) -> int | None:
        """The run from which on it is in every run that can tell; null if it isn't in the last of them."""
        if not self.last:
            return None
        absent = np.flatnonzero(self.known & ~self.present)
        after = int(absent[-1]) + 1 if len(absent) else 0
        return after + int(np.argmax(self.present[after:]))

    @property
    def gone_with(self) -> int | None:
        """The first run that lacks it for good; null if it is in the last run that can tell."""
        if self.last:
            return None
        after = self.last_run + 1
        return after + int(np.argmax(self.known[after:]))

    def steps(self) -> Iterator[HistoryStep]:
        """Each change from one run that can tell to the next one, in their order."""
        (runs,) = np.nonzero(self.known)
        counts = self.counts[runs]
        for index in np.flatnonzero(counts[1:] != counts[:-1]) + 1:
            yield HistoryStep(run=int(runs[index]), before=int(counts[index - 1]), after=int(counts[index]))


def find_largest(steps: Sequence[HistoryStep], first: int, last: int) -> HistoryStep | None:
    """The step that made most of the difference, the latest of equals; null where there is none.

    What became more has its largest rise, what became less its largest fall, and what is as it was the largest of both.
    """

    def size(step: HistoryStep) -> int:
        change = step.after - step.before
        return abs(change) if first == last else change if last > first else -change

    return max(steps, key=lambda step: (size(step), step.run), default=None)
