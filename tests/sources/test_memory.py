"""How much memory is free, as the system tells it; a process that is too large is said before it is too late."""

from pathlib import Path

import pytest

from tracereport.command.cli import main
from tracereport.errors import InputError
from tracereport.sources import memory
from tracereport.sources.perf_trace import reader

MEMINFO = "MemTotal:       24684544 kB\nMemAvailable:   8000000 kB\nSwapFree: 0 kB\n"


@pytest.fixture
def system(tmp_path: Path) -> tuple[Path, Path]:
    """A machine with 8.192 GB free, and a process in an inner group of it."""
    processes, cgroups = tmp_path / "proc", tmp_path / "cgroup"
    (processes / "self").mkdir(parents=True)
    cgroups.mkdir()
    (processes / "meminfo").write_text(MEMINFO)
    (processes / "self" / "statm").write_text("100 50 10 1 0 20 0\n")
    return processes, cgroups


def limit_group(folder: Path, names: tuple[str, str, str], limit: str, used: int, kept: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {kept}\n")


SECOND = ("memory.max", "memory.current", "inactive_file")
FIRST = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def test_without_a_group_the_machine_s_memory_counts(system: tuple[Path, Path]) -> None:
    assert memory.find_free_bytes(*system) == 8_192_000_000


def test_a_system_that_tells_nothing_is_not_judged(tmp_path: Path) -> None:
    assert memory.find_free_bytes(tmp_path, tmp_path) is None


def test_the_tightest_group_counts_however_far_out(system: tuple[Path, Path]) -> None:
    processes, cgroups = system
    (processes / "self" / "cgroup").write_text("0::/outer/inner\n")
    limit_group(cgroups / "outer" / "inner", SECOND, "max", 10, 0)
    limit_group(cgroups / "outer", SECOND, "2000000000", 700_000_000, 100_000_000)
    assert memory.find_free_bytes(processes, cgroups) == 1_400_000_000


def test_inside_of_a_container_its_group_is_the_root(system: tuple[Path, Path]) -> None:
    processes, cgroups = system
    (processes / "self" / "cgroup").write_text("0::/pods/of/a/machine/that/is/not/seen\n")
    limit_group(cgroups, SECOND, "1000000000", 300_000_000, 0)
    assert memory.find_free_bytes(processes, cgroups) == 700_000_000


def test_groups_of_the_first_version_count_as_well(system: tuple[Path, Path]) -> None:
    processes, cgroups = system
    (processes / "self" / "cgroup").write_text("5:cpu:/job\n4:memory:/job\n0::/\n")
    limit_group(cgroups / "memory" / "job", FIRST, "500000000", 600_000_000, 0)
    assert memory.find_free_bytes(processes, cgroups) == 0


def write_log(path: Path, calls: int, *, lookups: int = 7, nested: bool = False) -> str:
    numbers = (number ^ 1 if nested else number for number in range(calls))
    path.write_text("".join(f"PERF_TRACE|{number}|load|id={number % lookups}|elapsed_ms=1\n" for number in numbers))
    return str(path)


@pytest.mark.parametrize(
    ("options", "remedy"),
    [(["-q"], "-- --test-threads=1"), (["--format", "raw"], "no document that is made of the calls")],
)
def test_a_process_that_is_too_large_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str], remedy: str
) -> None:
    log = write_log(tmp_path / "a.log", 3_000)
    monkeypatch.setattr(reader, "FIRST_LOOK_CALLS", 1_000)
    needed = 3_000 * reader.CALL_BYTES + 7 * reader.LOOKUP_BYTES
    monkeypatch.setattr(reader, "find_free_bytes", lambda: needed)
    assert main([log, *options]) == 0
    monkeypatch.setattr(reader, "find_free_bytes", lambda: needed - 1)
    capsys.readouterr()
    assert main([log, *options]) == 3
    said = capsys.readouterr().err
    assert f"{log}: 3,000 calls up to line 3,000" in said
    assert remedy in said


@pytest.mark.parametrize(
    ("lookups", "nested", "needed"),
    [
        (7, False, 3_000 * reader.CALL_BYTES + 7 * reader.LOOKUP_BYTES),
        (7, True, 3_000 * reader.TREE_CALL_BYTES + 7 * reader.LOOKUP_BYTES),
        (3_000, False, 3_000 * (reader.CALL_BYTES + reader.LOOKUP_BYTES)),
    ],
)
def test_trees_and_many_lookups_take_more_memory(
    lookups: int, nested: bool, needed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write_log(tmp_path / "a.log", 3_000, lookups=lookups, nested=nested)
    monkeypatch.setattr(reader, "FIRST_LOOK_CALLS", 1_000)
    monkeypatch.setattr(reader, "find_free_bytes", lambda: needed)
    assert len(reader.read_log([log])) == 3_000
    monkeypatch.setattr(reader, "find_free_bytes", lambda: needed - 1)
    with pytest.raises(InputError, match="3,000 calls up to line 3,000"):
        reader.read_log([log])


def test_a_log_of_small_processes_needs_no_more_than_the_largest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "a.log"
    marker = "     Running tests/a.rs (target/debug/deps/a-43da980639810445)\n"
    log.write_text((marker + Path(write_log(tmp_path / "one.log", 3_000)).read_text()) * 20)
    monkeypatch.setattr(reader, "FIRST_LOOK_CALLS", 1_000)
    monkeypatch.setattr(reader, "find_free_bytes", lambda: 8_000 * reader.CALL_BYTES + 7 * reader.LOOKUP_BYTES)
    sets = reader.read_sets([str(log)], calls_at_once=2_000, chunk_bytes=50_000)
    assert sum(map(len, sets)) == 60_000
