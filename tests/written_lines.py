"""Reads what an emitter wrote, by the documented form of one line and nothing else: the tests' own, obvious reader."""

import re
from dataclasses import dataclass, field
from pathlib import Path

_MARK = re.compile(r"PERF_TRACE\|([0-9]+)\|")
_ELAPSED = re.compile(r"elapsed_(ms|us|ns|s)=[0-9]+(\.[0-9]+)?")
_FINEST_FIRST = ("ns", "us", "ms", "s")
_ESCAPE = re.compile(r"\\x(7c|0a|5c)")
RESERVED = frozenset({
    "try", "phase", "process", "at", "write", "via", "activation", "frame", "failed", "cached"
})  # fmt: skip


@dataclass(frozen=True)
class WrittenCall:
    number: int
    function: str
    caller: str
    params: tuple[tuple[str, str], ...]
    elapsed_us: int
    metrics: dict[str, int]
    parent: int | None
    test: str | None
    reserved: dict[str, str] = field(default_factory=dict, compare=False)
    """What else the line says of the call: its place, its process, who wrote it, and so on."""


def read_written(path: Path) -> list[WrittenCall]:
    text = path.read_bytes().decode()
    assert text == "" or text.endswith("\n")
    return [read_line(line) for line in text.split("\n")[:-1]]


def read_line(line: str) -> WrittenCall:
    mark = _MARK.match(line)
    assert mark is not None, line
    function, *fields = line[mark.end() :].split("|")
    elapsed = [index for index, text in enumerate(fields) if _ELAPSED.fullmatch(text)]
    assert line.count("PERF_TRACE|") == 1 or len(elapsed) > 1, f"looks torn: {line}"
    last = first = elapsed[-1]
    while first - 1 in elapsed:
        first -= 1
    units = dict(_unit_and_number(text) for text in fields[first : last + 1])
    assert next(unit for unit in _FINEST_FIRST if unit in units) == "us"
    behind = dict(text.split("=", 1) for text in fields[last + 1 :])
    escaped = behind.pop("escaped", None)

    def undo(text: str) -> str:
        return _ESCAPE.sub(lambda code: chr(int(code[1], 16)), text) if escaped else text

    params = [(undo(name), undo(value)) for name, value in (text.split("=", 1) for text in fields[:first])]
    callers = [value for name, value in params if name == "caller"]
    if callers:
        params.remove(("caller", callers[0]))
    parent, test = behind.pop("parent"), behind.pop("test", None)
    reserved = {name: undo(behind.pop(name)) for name in RESERVED & behind.keys()}
    return WrittenCall(
        number=int(mark[1]),
        function=undo(function),
        caller=callers[0],
        params=tuple(params),
        elapsed_us=units["us"],
        metrics={name: int(value) for name, value in behind.items()},
        parent=None if parent == "none" else int(parent),
        test=None if test is None else undo(test),
        reserved=reserved,
    )


def _unit_and_number(field: str) -> tuple[str, int]:
    name, number = field.split("=")
    return name.removeprefix("elapsed_"), int(number)


def read_as_reported(path: Path) -> list[WrittenCall]:
    """The same by the program's own reader, which must have taken every line for a record."""
    from tracereport.sources.perf_trace.reader import read_log  # noqa: PLC0415  # only the property tests need its libraries
    from tracereport.sources.table import make_table  # noqa: PLC0415

    calls = read_log([str(path)])
    assert calls.facts is not None
    assert calls.facts.input.records == calls.facts.input.lines
    return [
        WrittenCall(
            number=row["number"],
            function=row["function"],
            caller=row["caller"],
            params=tuple((param["name"], param["value"]) for param in row["params"]),
            elapsed_us=row["elapsed_ns"] // 1000,
            metrics={metric["name"]: metric["value"] for metric in row["metrics"]},
            parent=row["parent"],
            test=row["test"],
        )
        for row in make_table(calls).iter_rows(named=True)
    ]
