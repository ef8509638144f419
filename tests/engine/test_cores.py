"""How many cores there are to measure with: those of this process, unless a container gives it less time."""

import os
from pathlib import Path

import pytest

from tracereport.engine import cores


@pytest.fixture
def system(tmp_path: Path) -> tuple[Path, Path]:
    """A process in an inner group."""
    processes, cgroups = tmp_path / "proc", tmp_path / "cgroup"
    (processes / "self").mkdir(parents=True)
    (processes / "self" / "cgroup").write_text("0::/outer/inner\n")
    (cgroups / "outer" / "inner").mkdir(parents=True)
    return processes, cgroups


@pytest.mark.parametrize(
    ("told", "cores_given"),
    [
        ("max 100000", None),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("1000 100000", 1),
        ("25000 50000", 1),
        ("", None),
        ("0 100000", None),
        ("nonsense", None),
    ],
)
def test_a_quota_is_rounded_up_to_whole_cores(told: str, cores_given: int | None, system: tuple[Path, Path]) -> None:
    processes, cgroups = system
    (cgroups / "outer" / "inner" / "cpu.max").write_text(f"{told}\n")
    assert cores.count_quota(processes, cgroups) == cores_given


def test_the_tightest_group_counts_however_far_out(system: tuple[Path, Path]) -> None:
    processes, cgroups = system
    (cgroups / "outer" / "inner" / "cpu.max").write_text("800000 100000\n")
    (cgroups / "outer" / "cpu.max").write_text("300000 100000\n")
    assert cores.count_quota(processes, cgroups) == 3


def test_inside_of_a_container_its_group_is_the_root(system: tuple[Path, Path]) -> None:
    processes, cgroups = system
    (processes / "self" / "cgroup").write_text("0::/pods/of/a/machine/that/is/not/seen\n")
    (cgroups / "cpu.max").write_text("100000 100000\n")
    assert cores.count_quota(processes, cgroups) == 1


@pytest.mark.parametrize(("quota", "cores_given"), [("250000", 3), ("-1", None)])
def test_groups_of_the_first_version_count_as_well(
    quota: str, cores_given: int | None, system: tuple[Path, Path]
) -> None:
    processes, cgroups = system
    (processes / "self" / "cgroup").write_text("4:memory:/job\n3:cpu,cpuacct:/job\n0::/\n")
    (cgroups / "cpu" / "job").mkdir(parents=True)
    (cgroups / "cpu" / "job" / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (cgroups / "cpu" / "job" / "cpu.cfs_period_us").write_text("100000\n")
    assert cores.count_quota(processes, cgroups) == cores_given


def test_a_system_without_groups_gives_all_its_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cores.count_quota(tmp_path, tmp_path) is None
    monkeypatch.setattr(cores, "count_quota", lambda: None)
    everything = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert cores.count_cores() == everything


def test_a_quota_gives_no_more_cores_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "count_quota", lambda: 1)
    assert cores.count_cores() == 1
    monkeypatch.setattr(cores, "count_quota", lambda: 10_000)
    assert cores.count_cores() < 10_000
