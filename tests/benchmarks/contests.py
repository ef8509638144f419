"""What a row of the benchmarks is: a contest between two commands, or a figure that is checked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.benchmarks.limits import Judgement, Limit


@dataclass(frozen=True, slots=True)
class Contest:
    """Our command against a peer's, in turns."""

    key: str
    workload: str
    measured: str
    ours: Sequence[str]
    peer: Sequence[str]
    limits: tuple[Limit, ...]
    needs: tuple[str, ...]
    """Names of the workloads that have to be there."""
    before: Sequence[str] = ()
    """A command that makes what else is needed."""


@dataclass(frozen=True, slots=True)
class Check:
    """A figure that is measured once and has no peer."""

    key: str
    workload: str
    measured: str
    judge: Callable[[], Judgement]
    needs: tuple[str, ...]


Row = Contest | Check
