"""What is promised of a measurement, and whether it is kept."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.timing import Runs


@dataclass(frozen=True, slots=True)
class Judgement:
    """One promise: the figure that was measured, and the limit that it has."""

    figure: str
    limit: str
    is_met: bool


Limit = Callable[[Runs, Runs], Judgement]
"""Judges our runs beside the peer's."""


def ratio_at_most(limit: float, *, allowance_seconds: float = 0.0) -> Limit:
    """Our median as a multiple of the peer's, which is given so many seconds more."""

    def judge(ours: Runs, peer: Runs) -> Judgement:
        ratio = ours.seconds / (peer.seconds + allowance_seconds)
        return Judgement(f"{ratio:.2f} x", f"{limit:g} x", ratio <= limit)

    return judge


def adds_at_most(limit_seconds: float) -> Limit:
    """What our median has more than the peer's."""

    def judge(ours: Runs, peer: Runs) -> Judgement:
        added_seconds = ours.seconds - peer.seconds
        return Judgement(f"{added_seconds:+.3f} s", f"+{limit_seconds:g} s", added_seconds <= limit_seconds)

    return judge


def memory_at_most(limit_gigabytes: float) -> Limit:
    """Our peak memory, of any run."""

    def judge(ours: Runs, peer: Runs) -> Judgement:
        del peer
        peak_gigabytes = ours.peak_bytes / 1e9
        return Judgement(f"{peak_gigabytes:.2f} GB", f"{limit_gigabytes:g} GB", peak_gigabytes <= limit_gigabytes)

    return judge


def memory_a_call_at_most(limit_bytes: int, calls: int) -> Limit:
    """What our peak has more than the peer's, for each of so many calls."""

    def judge(ours: Runs, peer: Runs) -> Judgement:
        bytes_a_call = (ours.peak_bytes - peer.peak_bytes) / calls
        return Judgement(f"{bytes_a_call:.0f} B a call", f"{limit_bytes} B a call", bytes_a_call <= limit_bytes)

    return judge
