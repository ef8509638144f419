"""Records -> processes and their trees: which run of the counter a call belongs to, and which call made it."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.oracle.reading import Reading, Record
from tests.oracle.splitting import split_numbers

Row = dict[str, Any]


@dataclass
class Process:
    """One run of the call counter, or one stretch of several that can't be told apart (``interleaved``)."""

    records: list[Record]
    """In the order of the log."""
    file: str
    name: str | None = None
    interleaved: bool = False
    shuffled: bool = False
    """One of several equal processes, of whose lines nobody knows who wrote which."""
    implausible: set[int] = field(default_factory=set)
    """Positions in ``records``."""
    tree: str = "unknown"
    parents: dict[int, int] = field(default_factory=dict)
    """Number of a call -> number of its parent, in a nested or given tree."""

    @property
    def judged(self) -> bool:
        """Whether its repeats are what they seem."""
        return not self.interleaved

    @property
    def plausible(self) -> list[Record]:
        """Its records without the implausible numbers."""
        return [record for position, record in enumerate(self.records) if position not in self.implausible]


def find_processes(reading: Reading) -> list[Process]:
    """The processes of one input in the order of their first lines, with trees."""
    by_stream: dict[tuple[int, str | None], list[Record]] = {}
    for record in reading.records:
        by_stream.setdefault((record.segment, record.says("process")), []).append(record)
    processes = []
    for (segment, said), records in by_stream.items():
        split = split_segment(records)
        traced = {record.function for record in records}
        if said is None and len(split) > 1 and any(holds_orphan(process, traced) for process in split):
            split = [join(split)]
        for process in (part for whole in split for part in split_copies(whole)):
            process.file = reading.file
            process.name = reading.names[segment]
            find_tree(process)
            processes.append(process)
    return sorted(processes, key=lambda process: process.records[0].line)


def holds_orphan(process: Process, traced: set[str]) -> bool:
    """Whether a call names a traced function as its caller, and no call of it had begun and not yet ended."""
    records = process.plausible
    if not process.judged or not records or lacking([record.number for record in records]):
        return False
    if all(record.has_parent for record in process.records):
        return False
    return any(
        record.caller in traced
        and record.caller != "unknown"
        and not any(
            later.function == record.caller and later.number < record.number for later in records[position + 1 :]
        )
        for position, record in enumerate(records)
    )


def join(split: list[Process]) -> Process:
    """All records of a segment as one stretch."""
    whole = Process([], file="", interleaved=True)
    for process in split:
        whole.implausible |= {len(whole.records) + position for position in process.implausible}
        whole.records += process.records
    return whole


def split_copies(process: Process) -> list[Process]:
    """Equal processes that a stretch is made of, the first record of each number to the first; or the stretch."""
    if process.judged:
        return [process]
    by_number: dict[int, list[Record]] = {}
    for record in process.records:
        by_number.setdefault(record.number, []).append(record)
    sizes = {len(records) for records in by_number.values()}
    copies = min(sizes)
    if len(sizes) > 1 or copies < 2 or max(by_number) >= len(by_number):
        return [process]
    if any(told(record) != told(records[0]) for records in by_number.values() for record in records):
        return [process]
    split = [
        Process(sorted((records[copy] for records in by_number.values()), key=lambda record: record.line), file="")
        for copy in range(copies)
    ]
    orders = [[record.number for record in one.records] for one in split]
    if any(order != orders[0] for order in orders):
        return [process]
    for one in split:
        one.shuffled = True
    return split


def told(record: Record) -> tuple[object, ...]:
    """All that a record says, but for its number and times."""
    results = sorted((name, value) for name, value in record.metrics if not name.endswith(("_ms", "_us", "_ns")))
    said = [(name, value) for name, value in record.said if name != "activation"]
    return record.function, record.caller, record.params, results, said


def split_segment(records: list[Record]) -> list[Process]:
    """The processes between two markers."""
    stretches, implausible = split_numbers([record.number for record in records])
    return [
        Process(
            records[stretch.start : stretch.end],
            file="",
            interleaved=not stretch.judged,
            implausible={
                position - stretch.start for position in implausible if stretch.start <= position < stretch.end
            },
        )
        for stretch in stretches
    ]


def lacking(piece: list[int]) -> int:
    """How many numbers from 0 to the piece's largest it doesn't hold; it holds none twice."""
    return max(piece) + 1 - len(piece)


def find_tree(process: Process) -> None:
    """Fill in the kind of the process's tree and each call's parent."""
    records = process.plausible
    if process.interleaved or process.shuffled or not records:
        return
    if all(record.has_parent for record in records):
        if all(record.parent is None or record.parent < record.number for record in records):
            process.tree = "given"
            process.parents = {record.number: record.parent for record in records if record.parent is not None}
        return
    if lacking([record.number for record in records]):
        return
    if all(before.number < after.number for before, after in pairwise(records)):
        process.tree = "flat"
        return
    parents = nest(records)
    if (
        parents is not None
        and callers_agree(records, parents)
        and times_fit(records, parents)
        and not hides_a_caller(records, parents)
    ):
        process.tree = "nested"
        process.parents = parents


def nest(records: list[Record]) -> dict[int, int] | None:
    """Parents by completion order, or None where a subtree doesn't cover exactly its range of numbers."""
    parents: dict[int, int] = {}
    roots: list[tuple[int, set[int]]] = []
    for record in records:
        subtree = {record.number}
        while roots and roots[-1][0] > record.number:
            root, below = roots.pop()
            parents[root] = record.number
            subtree |= below
        if subtree != set(range(record.number, record.number + len(subtree))):
            return None
        roots.append((record.number, subtree))
    return parents


def callers_agree(records: list[Record], parents: dict[int, int]) -> bool:
    """No call names another function than its parent's as its caller, and three quarters of them name that."""
    function = {record.number: record.function for record in records}
    named = [
        record.caller == function[parents[record.number]]
        for record in records
        if record.number in parents and record.caller not in (None, "unknown")
    ]
    return all(named) and 4 * len(named) >= 3 * len(parents)


def times_fit(records: list[Record], parents: dict[int, int]) -> bool:
    """No call took less time than the calls that it made took together."""
    inside_ns: Counter[int] = Counter()
    for record in records:
        if record.number in parents:
            inside_ns[parents[record.number]] += record.elapsed_ns
    return all(inside_ns[record.number] < record.elapsed_ns + record.resolution_ns for record in records)


def hides_a_caller(records: list[Record], parents: dict[int, int]) -> bool:
    """Whether a call doesn't say who made it though it has a parent, and others of its function do."""
    named = {record.function for record in records if record.caller not in (None, "unknown")}
    return any(
        record.number in parents and record.caller in (None, "unknown") and record.function in named
        for record in records
    )


def calls_table(processes: list[Process]) -> list[Row]:
    """The rows of the calls table of one input, in the order of the log."""
    rows = [
        {
            "file": process.file,
            "line": record.line,
            "process": index,
            "process_name": process_name(process, index),
            "judged": process.judged,
            "number": record.number,
            "function": record.function,
            "caller": record.caller,
            "params": [{"name": name, "value": value} for name, value in record.params],
            "elapsed_ns": record.elapsed_ns,
            "resolution_ns": record.resolution_ns,
            "metrics": [{"name": name, "value": value} for name, value in record.metrics],
            "tree": process.tree,
            "parent": None if position in process.implausible else process.parents.get(record.number),
        }
        for index, process in enumerate(processes)
        for position, record in enumerate(process.records)
    ]
    return sorted(rows, key=lambda row: row["line"])


def process_name(process: Process, index: int) -> str:
    """The marker's name, else one made of the process's place."""
    return process.name or f"process {index}"
