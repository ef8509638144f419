"""What fuzzers found stays found, and each fuzzer runs."""

import random
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fuzz.__main__ import fuzz
from tests.fuzz.kill import kill_writers
from tests.fuzz.targets import TARGETS, Target
from tracereport.errors import TracereportError

FOUND = Path(__file__).parent / "found"
BY_NAME = {target.name: target for target in TARGETS}


def test_what_was_found_breaks_nothing_any_more(tmp_path: Path) -> None:
    found = sorted(FOUND.glob("*"))
    assert found
    for path in found:
        target = BY_NAME[path.name.partition("-")[0]]
        with suppress(TracereportError):
            target.check([path.read_bytes()], tmp_path)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_few_inputs_of_each_kind(target: Target, tmp_path: Path) -> None:
    assert fuzz(target, None, 2 * target.batch, 7, tmp_path) == 0


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_same_seed_makes_the_same_inputs(target: Target) -> None:
    first, second = (random.Random(3) for _ in range(2))  # noqa: S311 - to be the same
    if target.name != "tables":  # Parquet files name their writer's threads' order
        assert [target.make(first) for _ in range(5)] == [target.make(second) for _ in range(5)]


def test_a_fault_is_found_and_kept(tmp_path: Path) -> None:
    class Broken:
        name = "broken"
        batch = 4

        def make(self, rng: random.Random) -> bytes:
            return bytes([rng.randrange(4)])

        def check(self, inputs: Sequence[bytes], folder: Path) -> None:  # noqa: ARG002
            assert b"\2" not in inputs

    assert fuzz(Broken(), None, 40, 1, tmp_path) > 0
    assert {path.read_bytes() for path in tmp_path.glob("broken-*") if path.suffix != ".txt"} == {b"\2"}


def test_a_writer_that_is_killed_leaves_a_whole_document() -> None:
    seen, _ = kill_writers(5, random.Random(1))  # noqa: S311 - the same moments every time
    assert sum(seen.values()) == 5
    assert set(seen) <= {"nothing yet", "whole A", "whole B"}
