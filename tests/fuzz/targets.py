"""What is fuzzed: each target makes inputs, and checks what becomes of them.

A check may meet our own errors, whose two lines are for the user; any other exception, a line that isn't accounted for
or a check that doesn't end is a fault.
"""

import gzip
import json
import random
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Protocol
from unittest.mock import patch

import polars as pl

from tests.fuzz.documents import QUICK_FORMATS, write_some
from tests.fuzz.inputs import OtherInputs
from tests.fuzz.mutators import NUMBERS, TOKENS, make_log, mutate, mutate_value
from tests.paths import LOGS, ROOT
from tracereport import render
from tracereport.command.config import FIELDS, read_config
from tracereport.documents.interface import RenderOptions, Result
from tracereport.engine.report import make_report
from tracereport.errors import TracereportError
from tracereport.judging.baseline import read_baseline
from tracereport.judging.compare import comparable_sides, compare_reports
from tracereport.judging.gate_grammar import FINDINGS, FUNCTION_FIGURES, KINDS, OPERATORS, TOTAL_FIGURES, WORDS
from tracereport.judging.gates import check_gates, judge_gates
from tracereport.model import Report, Settings
from tracereport.sources import parquet
from tracereport.sources.inputs import read_inputs
from tracereport.sources.parquet import METADATA_KEY
from tracereport.sources.perf_trace.reader import read_log
from tracereport.sources.streams.stream import Stream
from tracereport.sources.table import make_table

SHOP = ROOT / "examples" / "logs" / "shop.log"
WHOLE_SHARE = 0.1
"""Of the batches of logs, that are measured and written as documents as well."""


class Target(Protocol):
    """Something that reads what others wrote."""

    name: str
    batch: int
    """Inputs that are checked at once; a batch that fails is looked at one by one."""

    def make(self, rng: random.Random) -> bytes:
        """An input."""

    def check(self, inputs: Sequence[bytes], folder: Path) -> None:
        """Reads the inputs; raises whatever shows a fault."""


@cache
def shop_report() -> Report:
    """A small whole report."""
    return make_report(read_inputs([str(SHOP)]), Settings(), "shop")


@cache
def seed_lines() -> tuple[bytes, ...]:
    """Lines of real logs: those with traces, and those around them."""
    lines: list[bytes] = []
    for path in sorted(LOGS.glob("*.log")):
        every = path.read_bytes().splitlines()
        lines += every[:: max(len(every) // 30, 1)]
    return tuple(line for line in lines if len(line) < 500)


class Logs:
    """Whole logs, by the reader and at times by everything behind it."""

    name = "logs"
    batch = 64

    def make(self, rng: random.Random) -> bytes:
        return make_log(rng, seed_lines())

    def check(self, inputs: Sequence[bytes], folder: Path) -> None:
        names = [str(folder / f"{index}.log") for index in range(len(inputs))]
        lines = 0
        for name, content in zip(names, inputs, strict=True):
            Path(name).write_bytes(content)
            lines += sum(chunk.count(b"\n") + (not chunk.endswith(b"\n")) for chunk in Stream(name).read_chunks())
        calls = read_log(names)
        assert calls.facts is not None
        read = calls.facts.input
        assert read.lines == lines
        assert read.lines == read.records + read.continuation_lines + read.malformed_lines + read.other_lines
        assert read.records == len(calls)
        if len(calls) and zlib.crc32(inputs[0]) < WHOLE_SHARE * (1 << 32):
            write_some(calls)


class Tables:
    """Tables of calls with other values, columns, types and metadata, and with broken bytes."""

    name = "tables"
    batch = 1

    def make(self, rng: random.Random) -> bytes:
        table = make_table(read_inputs([str(SHOP)])).head(rng.randrange(1, 20))
        for _ in range(rng.randrange(4)):
            column = rng.choice(table.columns)
            table = rng.choice(TABLE_CHANGES)(rng, table, column)
        metadata: object = {"facts": None, "implausible_rows": [0]}
        if rng.random() < 0.5:
            metadata = mutate_value(rng, metadata)
        path = Path(f"/dev/shm/tracereport-fuzz-{rng.random()}.parquet")  # noqa: S108 - where writing costs nothing
        try:
            with suppress(pl.exceptions.PolarsError):
                table.write_parquet(path, metadata={METADATA_KEY: json.dumps(metadata)})
            content = path.read_bytes()
        finally:
            path.unlink(missing_ok=True)
        return mutate(rng, content, (b"PAR1", b"\0" * 8, b"\xff" * 8, *NUMBERS)) if rng.random() < 0.5 else content

    def check(self, inputs: Sequence[bytes], folder: Path) -> None:
        path = folder / "calls.parquet"
        for content in inputs:
            path.write_bytes(content)
            # A process for each table would leave time for few of them; here it may end this one.
            with patch.object(parquet, "try_table"):
                calls = read_inputs([str(path)])
            report = make_report(calls, Settings(), "fuzzed")
            for kind in QUICK_FORMATS:
                kind.render(Result(report), RenderOptions(location="a.py"))


def _other_values(rng: random.Random, table: pl.DataFrame, column: str) -> pl.DataFrame:
    values = table[column].to_list()
    values[rng.randrange(len(values))] = rng.choice(
        (0, 1, 2**31, 2**62, 2**63, 2**64 - 1, "x", "", "a|b=c\n", None, True, [])
    )
    with suppress(pl.exceptions.PolarsError, TypeError, OverflowError):
        return table.with_columns(pl.Series(column, values, dtype=table.schema[column], strict=False))
    return table


def _same_value(rng: random.Random, table: pl.DataFrame, column: str) -> pl.DataFrame:
    row = rng.randrange(table.height)
    return table.with_columns(pl.Series(column, [table[column][row]] * table.height, dtype=table.schema[column]))


def _other_type(rng: random.Random, table: pl.DataFrame, column: str) -> pl.DataFrame:
    kind = rng.choice((pl.String, pl.Int64, pl.Float64, pl.Boolean, pl.Null, pl.UInt8))
    with suppress(pl.exceptions.PolarsError):
        return table.with_columns(pl.col(column).cast(kind, strict=False))
    return table


def _without(_: random.Random, table: pl.DataFrame, column: str) -> pl.DataFrame:
    return table.drop(column) if table.width > 1 else table


def _shuffled(rng: random.Random, table: pl.DataFrame, column: str) -> pl.DataFrame:
    return table.with_columns(table[column].shuffle(seed=rng.randrange(1 << 30)))


TABLE_CHANGES: tuple[Callable[[random.Random, pl.DataFrame, str], pl.DataFrame], ...] = (
    _other_values,
    _other_values,
    _same_value,
    _other_type,
    _without,
    _shuffled,
)


class Baselines:
    """Earlier reports with other values, and with broken bytes, packed or not; compared with a whole one."""

    name = "baselines"
    batch = 1

    def make(self, rng: random.Random) -> bytes:
        value = json.loads(render(shop_report(), "json"))
        for _ in range(rng.randrange(1, 4)):
            value = mutate_value(rng, value)
        content = json.dumps(value).encode("utf-8", "surrogatepass")
        if rng.random() < 0.3:
            content = gzip.compress(content)
        return mutate(rng, content, TOKENS) if rng.random() < 0.3 else content

    def check(self, inputs: Sequence[bytes], folder: Path) -> None:
        path = folder / "baseline.json"
        for content in inputs:
            path.write_bytes(content)
            baseline = read_baseline(path)
            sides = comparable_sides(baseline, shop_report())
            compare_reports(sides)
            judge_gates(["worse", "new-findings", "calls > baseline + 10%"], shop_report(), sides)
            for kind in QUICK_FORMATS:
                kind.render(Result(baseline), RenderOptions(location="a.py"))


class Configurations:
    """Configurations of any keys and values, in TOML that may be broken."""

    name = "configurations"
    batch = 1

    def make(self, rng: random.Random) -> bytes:
        values = (
            "1",
            "0",
            "-1",
            '"x"',
            "'a'",
            "true",
            "[]",
            '["a", "b"]',
            '["a\\u0000"]',
            "1.5",
            "inf",
            "2026-01-01",
            "{}",
            "0x" + "f" * 400,
            "9" * 500,
            "[" * 500,
            "{a=" * 300,
            '"""a',
            "nan",
            "[1, 'a']",
            "07:32:00",
        )
        keys = (*FIELDS, "accept", "tool", "nosuch", '"quoted key"', "a.b", ".".join("a" * 90))
        lines = [f"{rng.choice(keys)} = {rng.choice(values)}" for _ in range(rng.randrange(6))]
        if rng.random() < 0.4:
            lines.insert(
                0, rng.choice(("[tool.tracereport]", "[[tool.tracereport.accept]]", "[[accept]]", "[tool]", "[" * 300))
            )
        if rng.random() < 0.3:
            lines += ["[[accept]]", f"fingerprint = {rng.choice(values)}", f"reason = {rng.choice(values)}"]
        content = "\n".join(lines).encode()
        if rng.random() < 0.2:
            content = rng.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\0")) + content
        return (
            mutate(rng, content, (*TOKENS, b"[", b"]", b'"', b"'", b"#", b".", b"{", b"}"))
            if rng.random() < 0.5
            else content
        )

    def check(self, inputs: Sequence[bytes], folder: Path) -> None:
        for content in inputs:
            for name in ("tracereport.toml", "pyproject.toml"):
                path = folder / name
                path.write_bytes(content)
                with suppress(TracereportError):
                    read_config(path)
                path.unlink()


class Gates:
    """Expressions near the grammar, judged on a report and a baseline."""

    name = "gates"
    batch = 1

    def make(self, rng: random.Random) -> bytes:
        figure = rng.choice((*TOTAL_FIGURES, *FUNCTION_FIGURES, FINDINGS, "nosuch"))
        name = rng.choice(("", "", "(load)", '("get price")', f'("{rng.choice(KINDS)}")', "(", '("a\\"b")', "(\0)"))
        limit = rng.choice(
            ("0", "1.5", "-3", "baseline", "baseline + 10%", "baseline - 1", "1e400", "9" * 400, "nan", "baseline *")
        )
        text = rng.choice((f"{figure}{name} {rng.choice(tuple(OPERATORS))} {limit}", rng.choice(WORDS)))
        return mutate(
            rng,
            text.encode(),
            (*(op.encode() for op in OPERATORS), b"(", b")", b'"', b"\\", b" ", b"baseline", *NUMBERS),
        )

    def check(self, inputs: Sequence[bytes], folder: Path) -> None:  # noqa: ARG002 - nothing is written
        sides = comparable_sides(shop_report(), shop_report())
        for content in inputs:
            expression = content.decode("utf-8", "surrogateescape")
            with suppress(TracereportError):
                check_gates([expression], with_baseline=True)
                judge_gates([expression], shop_report(), sides)


TARGETS: tuple[Target, ...] = (Logs(), OtherInputs(), Tables(), Baselines(), Configurations(), Gates())
