"""The logs that are measured: made once, always the same, kept in a folder.

``python -m tests.benchmarks.workload NAME FOLDER`` makes one of them.
"""

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal

import numpy as np
import zstandard
from numpy.typing import NDArray

from tests.benchmarks import other_inputs
from tests.paths import LOGS

BLOCK_CALLS: Final = 100_000
CALLS_PER_OTHER_LINE: Final = 20
DEBUG_COPIES: Final = 10


@dataclass(frozen=True, slots=True)
class _Traced:
    """A function of the program that is traced."""

    name: str
    share: float
    """Of all calls."""
    callers: tuple[str, ...]
    fields: Literal["version", "entry", "node"]
    """What it is asked with, and what it measures."""


FUNCTIONS: Final = (
    _Traced("query_versions", 0.56, ("read_directory", "find_factory_of_node", "load_node"), "version"),
    _Traced("query_directory_entry", 0.16, ("node_exists", "load_node", "read_entries_of"), "entry"),
    _Traced("load_node", 0.10, ("open_path", "resolve", "walk"), "node"),
    _Traced("read_directory", 0.06, ("read_entries_of",), "node"),
    _Traced("node_exists", 0.12, ("resolve",), "node"),
)


@dataclass(frozen=True, slots=True)
class Suite:
    """The log of a test suite with flat calls.

    A node is asked for as often as its rank has it (Zipf), or as any other: with far more nodes than calls nearly every
    lookup is new.
    """

    calls: int
    nodes: int = 5_000
    processes: int = 1
    popularity: Literal["zipf", "uniform"] = "zipf"
    functions: tuple[_Traced, ...] = FUNCTIONS
    seed: int = 20

    def write(self, out: BinaryIO) -> None:
        """The whole log: a marker of cargo for each process, and another line after every twenty calls."""
        random = np.random.default_rng(self.seed)
        for process in range(self.processes):
            out.write(_mark_process(process))
            calls = self.calls // self.processes + (process < self.calls % self.processes)
            for start in range(0, calls, BLOCK_CALLS):
                block = self._format_block(random, range(start, min(start + BLOCK_CALLS, calls)))
                out.write("".join(block).encode())

    def _format_block(self, random: np.random.Generator, numbers: range) -> Iterator[str]:
        shares = np.array([function.share for function in self.functions])
        chosen = random.choice(len(self.functions), len(numbers), p=shares / shares.sum()).tolist()
        caller = random.integers(0, 1 << 16, len(numbers)).tolist()
        node = self._choose_nodes(random, len(numbers)).tolist()
        elapsed_ms = random.exponential(3, len(numbers))
        query_ms = (elapsed_ms * random.random(len(numbers))).astype(int).tolist()
        found = random.integers(0, 4, len(numbers)).tolist()
        for index, (number, elapsed) in enumerate(zip(numbers, elapsed_ms.astype(int).tolist(), strict=True)):
            function = self.functions[chosen[index]]
            asker = function.callers[caller[index] % len(function.callers)]
            asked, measured = _describe_call(function, node[index], query_ms[index], found[index])
            yield f"PERF_TRACE|{number}|{function.name}|caller={asker}{asked}|elapsed_ms={elapsed}{measured}\n"
            if number % CALLS_PER_OTHER_LINE == 0:
                yield f"[2026-11-22T19:33:00Z INFO  store::persistence] transaction {number} has begun\n"

    def _choose_nodes(self, random: np.random.Generator, size: int) -> NDArray[np.int64]:
        if self.popularity == "uniform":
            return random.integers(0, self.nodes, size)
        return (random.pareto(1.2, size) * 20).astype(np.int64) % self.nodes


def _describe_call(function: _Traced, node: int, query_ms: int, found: int) -> tuple[str, str]:
    match function.fields:
        case "version":
            asked = f"|part_id={node // 16:032x}|node_id={node:032x}"
            counted = f"|committed_count={found}|memory_scan_us={query_ms * 7}|pending_count=0|total_count={found}"
            return asked, f"|query_ms={query_ms}{counted}"
        case "entry":
            return f"|part_id={node // 16:032x}|entry_name=file{node}", f"|query_ms={query_ms}|found={found & 1}"
        case "node":
            return f"|node_id={node:032x}", ""


@dataclass(frozen=True, slots=True)
class Tree:
    """The log of a single thread, in the order in which calls end: every caller is itself a traced call.

    A walk loads its nodes, a load reads its versions; a few nodes are loaded again and again.
    """

    calls: int
    loads_per_walk: int = 9
    versions_per_load: int = 10

    def write(self, out: BinaryIO) -> None:
        """The whole log; the last walk is left out where it would have more calls than are left."""
        random = np.random.default_rng(21)
        out.write(_mark_process(0))
        size = 1 + self.loads_per_walk * (1 + self.versions_per_load)
        walks = range(0, self.calls - size + 1, size)
        out.writelines("".join(self._format_walk(random, walk)).encode() for walk in walks)

    def _format_walk(self, random: np.random.Generator, walk: int) -> Iterator[str]:
        nodes = (random.pareto(1.2, self.loads_per_walk) * 20).astype(np.int64).tolist()
        number = walk + 1
        for node in nodes:
            load = number
            for version in range(self.versions_per_load):
                number += 1
                asked = f"caller=load_node|node_id={node:032x}|version={version}"
                yield f"PERF_TRACE|{number}|query_version|{asked}|elapsed_ms=0|query_us=40|found={node & 1}\n"
            yield f"PERF_TRACE|{load}|load_node|caller=walk|node_id={node:032x}|elapsed_ms=1\n"
            number += 1
        yield f"PERF_TRACE|{walk}|walk|caller=main|path=/part/{walk}|elapsed_ms=12\n"


@dataclass(frozen=True, slots=True)
class RealDebugLog:
    """A real log at debug level, of which 99.8 % are other lines, so many times in a row."""

    copies: int

    def write(self, out: BinaryIO) -> None:
        """The copies one behind the other, as a log that was appended to."""
        for _ in range(self.copies):
            with (LOGS / "duckpond-debug.log.zst").open("rb") as packed:
                zstandard.ZstdDecompressor().copy_stream(packed, out)


def _mark_process(process: int) -> bytes:
    return f"     Running tests/part_{process}.rs (target/debug/deps/part_{process}-{process:016x})\n".encode()


@dataclass(frozen=True, slots=True)
class Folder:
    """Logs of one suite each, as the shards of a CI run leave them; behind so many of them come further names of them.

    A further name is a hard link: it takes no room, and is an input of its own.
    """

    suites: int
    calls: int
    names: int

    def write(self, folder: Path) -> None:
        """All logs."""
        folder.mkdir()
        for index in range(self.names):
            log = folder / f"{index:03}.log"
            if index >= self.suites:
                log.hardlink_to(folder / f"{index % self.suites:03}.log")
                continue
            with log.open("wb") as out:
                Suite(self.calls, seed=20 + index).write(out)


WORKLOADS: Final[Mapping[str, Callable[[BinaryIO], None]]] = {
    "1500": Suite(1_500).write,
    "1m": Suite(1_000_000).write,
    "5m": Suite(5_000_000).write,
    "5m-markers": Suite(5_000_000, processes=50).write,
    "1m-distinct": Suite(1_000_000, nodes=100_000_000, popularity="uniform").write,
    "1m-one-function": Suite(1_000_000, functions=FUNCTIONS[:1]).write,
    "1m-nested": Tree(1_000_000).write,
    "debug": RealDebugLog(DEBUG_COPIES).write,
    **other_inputs.WORKLOADS,
}


FOLDERS: Final[Mapping[str, Folder]] = {
    "10m": Folder(suites=40, calls=250_000, names=40),
    "54m": Folder(suites=40, calls=250_000, names=216),
}


def make_workload(name: str, folder: Path) -> Path:
    """The log of this name in the folder, or the folder of logs, made now if it isn't there.

    A making that is broken off leaves none.
    """
    if name in FOLDERS:
        return _make_folder(FOLDERS[name], folder / name)
    path = folder / f"{name}.log"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("wb") as out:
            WORKLOADS[name](out)
        unfinished.replace(path)
    return path


def _make_folder(own: Folder, path: Path) -> Path:
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        own.write(unfinished)
        unfinished.replace(path)
    return path


if __name__ == "__main__":
    make_workload(sys.argv[1], Path(sys.argv[2]))
