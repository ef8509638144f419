"""Changes planted into the log of a real suite, one process a test: what a commit would have done to its traces.

Numbers stay whole: what is added goes behind a test's last call, and what is taken out closes the gap.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import zstandard

from tests.paths import EXAMPLES

LOG = EXAMPLES.parent / "tests/logs/duckpond-deep-nextest.log.zst"

_RECORD = re.compile(r"(?P<prefix> *\[[^]]*\] )PERF_TRACE\|(?P<number>[0-9]+)\|(?P<function>[^|]*)\|(?P<rest>.*)")
_TEST = re.compile(r" +PASS \[.*\] \( *[0-9]+/[0-9]+\) (?P<name>.*)")


@dataclass(frozen=True)
class Record:
    """A trace line; of a test's block."""

    prefix: str
    number: int
    function: str
    rest: str
    """From the caller on."""

    @property
    def line(self) -> str:
        return f"{self.prefix}PERF_TRACE|{self.number}|{self.function}|{self.rest}"

    @property
    def caller(self) -> str:
        return self.rest.partition("|")[0].removeprefix("caller=")

    @property
    def lookup(self) -> str:
        """What is asked for: function and parameters but the caller."""
        return "|".join([self.function, *self.rest.partition("|elapsed_ms=")[0].split("|")[1:]])


Block = list[str | Record]
"""The lines behind a test's name, up to the next."""
Suite = list[tuple[str, Block]]
"""The blocks of the log, in order, each with its first line; an empty one for what stands before any test."""


def read_suite() -> Suite:
    """The suite's log, as it is."""
    suite: Suite = [("", [])]
    for line in zstandard.ZstdDecompressor().stream_reader(LOG.read_bytes()).read().decode().split("\n"):
        found = _RECORD.fullmatch(line)
        if _TEST.fullmatch(line):
            suite.append((line, []))
        elif found is not None:
            suite[-1][1].append(Record(found["prefix"], int(found["number"]), found["function"], found["rest"]))
        else:
            suite[-1][1].append(line)
    return suite


def write_suite(suite: Suite) -> str:
    """The log again."""
    lines = []
    for name, block in suite:
        lines += [name] * bool(name)
        lines += [line.line if isinstance(line, Record) else line for line in block]
    return "\n".join(lines)


def write_in_one_process(suite: Suite) -> str:
    """The log of the same tests, run one after the other in one process that prints their names: libtest's."""
    lines = ["     Running unittests src/lib.rs (target/debug/deps/tlogfs-571d262fa5660827)", "running 78 tests"]
    first = 0
    for name, block in suite:
        records = records_of(block)
        if records:
            lines.append(f"test {name.split()[-1]} ... ")
            lines += [replace(record, prefix="", number=record.number + first).line for record in records]
            lines.append("ok")
            first += max(record.number for record in records) + 1
    return "\n".join([*lines, ""])


def records_of(block: Block) -> list[Record]:
    return [line for line in block if isinstance(line, Record)]


def edit_largest(suite: Suite, edit: Callable[[list[Record]], list[Record]]) -> Suite:
    """The suite with what ``edit`` adds behind the last call of the test with the most calls."""
    largest = max(range(len(suite)), key=lambda at: len(records_of(suite[at][1])))
    edited = list(suite)
    name, block = suite[largest]
    last = max(at for at, line in enumerate(block) if isinstance(line, Record))
    edited[largest] = name, [*block[: last + 1], *edit(records_of(block)), *block[last + 1 :]]
    return edited


def duplicate_call(suite: Suite, function: str) -> Suite:
    """The last call of a function by an unknown caller is made once more, from nowhere."""

    def again(records: list[Record]) -> list[Record]:
        last = max(
            (record for record in records if (record.function, record.caller) == (function, "unknown")),
            key=lambda record: record.number,
        )
        return [replace(last, number=len(records))]

    return edit_largest(suite, again)


def add_loop(suite: Suite, function: str, called: str, values: int) -> Suite:
    """A new function asks for one thing after the other."""

    def loop(records: list[Record]) -> list[Record]:
        prefix, first = records[0].prefix, len(records)
        children = [
            Record(prefix, first + 1 + at, called, f"caller={function}|id=entry-{at}|elapsed_ms=1")
            for at in range(values)
        ]
        return [*children, Record(prefix, first, function, f"caller=unknown|elapsed_ms={values}")]

    return edit_largest(suite, loop)


def drop_test(suite: Suite) -> tuple[Suite, str, int]:
    """The suite without the test of the most calls; its name, and how many calls it made."""
    name, block = max(suite, key=lambda entry: len(records_of(entry[1])))
    calls = len(records_of(block))
    return [entry for entry in suite if entry[0] != name], name.split()[-1], calls


def rename_function(suite: Suite, old: str, new: str) -> Suite:
    """A function has another name, as one that calls too."""

    def rename(line: str | Record) -> str | Record:
        if not isinstance(line, Record):
            return line
        rest = line.rest.replace(f"caller={old}|", f"caller={new}|", 1)
        return replace(line, function=new if line.function == old else line.function, rest=rest)

    return [(name, [rename(line) for line in block]) for name, block in suite]


def remember_answers(suite: Suite, caller: str, function: str) -> Suite:
    """A caller keeps what a function without callees told it: it asks once for each lookup of a test."""
    return [(name, _without_repeats(block, caller, function)) for name, block in suite]


def _without_repeats(block: Block, caller: str, function: str) -> Block:
    asked: set[str] = set()
    gone: list[int] = []
    for record in sorted(records_of(block), key=lambda record: record.number):
        if (record.caller, record.function) == (caller, function):
            if record.lookup in asked:
                gone.append(record.number)
            asked.add(record.lookup)
    return [
        replace(line, number=line.number - sum(number < line.number for number in gone))
        if isinstance(line, Record)
        else line
        for line in block
        if not (isinstance(line, Record) and line.number in gone)
    ]
