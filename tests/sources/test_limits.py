"""Nothing that is read can take more than its share, and nothing in it brings up anybody else's error."""

import gzip
import json
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
import zstandard

from tests.paths import LOGS, ROOT
from tests.running import SINGLE
from tracereport import read_calls, render
from tracereport.command.cli import main
from tracereport.command.config import read_config
from tracereport.command.options import parse_size
from tracereport.engine.report import make_report
from tracereport.errors import BaselineError, ConfigError, InputError
from tracereport.judging.baseline import read_baseline
from tracereport.model import Report, Settings
from tracereport.sources import SOURCES, parquet_trial
from tracereport.sources.inputs import read_inputs
from tracereport.sources.parquet import read_table, write_table
from tracereport.sources.streams import chunks, unpacking
from tracereport.sources.streams.encoding import decode_text
from tracereport.sources.streams.raw import BrokenSourceError
from tracereport.sources.streams.stream import HEAD_BYTES, Stream, read_whole
from tracereport.sources.table import make_table

SHOP = ROOT / "examples" / "logs" / "shop.log"
RECORD = b"PERF_TRACE|%d|load|caller=main|id=%d|elapsed_us=5|rows=1\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command runs: no configuration is found there."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def report() -> Report:
    return make_report(read_inputs([str(SHOP)]), Settings(), "shop")


def read_all(chunks: Iterator[bytes]) -> tuple[bytes, str]:
    """What could be read, and why no more."""
    read = b""
    try:
        for chunk in chunks:
            read += chunk
    except BrokenSourceError as error:
        return read, str(error)
    return read, ""


# Packed inputs


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_packed_log_is_read_up_to_its_limit_and_says_so(pack: object, capfd: pytest.CaptureFixture[str]) -> None:
    records = b"".join(RECORD % (number, number % 9) for number in range(2000))
    packed = pack(records + b"\0" * 2_000_000_000)  # type: ignore[operator]
    Path("bomb.log").write_bytes(packed)
    assert len(packed) < 10_000_000
    assert main(["bomb.log", "--max-unpacked", "1MB", "-q", "-o", "a.json"]) == 3
    said = capfd.readouterr().err.splitlines()
    assert said[0].startswith(f"tracereport: bomb.log: {len(packed):,} bytes unpack to more than 1,000,000")
    assert "--max-unpacked" in said[0]
    assert json.loads(Path("a.json").read_bytes())["totals"]["calls"] == 2000


def test_what_unpacks_to_no_more_than_it_may_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "LEAST_UNPACKED_LIMIT_BYTES", 1000)
    content = random.Random(1).randbytes(400) * 90  # noqa: S311
    Path("a.gz").write_bytes(packed := gzip.compress(content))
    assert len(content) < 100 * len(packed)
    assert read_all(Stream("a.gz").read_chunks()) == (content, "")
    Path("b.gz").write_bytes(packed := gzip.compress(b"a" * 200_000))
    read, why = read_all(Stream("b.gz").read_chunks())
    assert len(read) == 100 * len(packed)
    assert "unpack to more than" in why
    assert read_all(Stream("b.gz", 200_001).read_chunks()) == (b"a" * 200_000, "")


@pytest.mark.parametrize("line", [b"\n", b"\0" * 200_000 + b"\n"], ids=["line-feeds", "zeros"])
def test_what_unpacks_to_thirty_thousand_times_its_size_takes_little_memory(line: bytes) -> None:
    packed, count = Path("a.log.zst"), 200_000_000 // len(line)
    with packed.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as writer:
        for _ in range(100):
            writer.write(line * (count // 100))
    tracemalloc.start()
    try:
        assert sum(map(len, Stream(str(packed)).read_chunks())) == count // 100 * 100 * len(line)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 120_000_000


def test_a_limit_may_be_told_in_python_too() -> None:
    Path("a.log.gz").write_bytes(gzip.compress(RECORD % (1, 1) * 100))
    assert read_calls("a.log.gz").height == 100
    with pytest.raises(InputError, match="unpack to more than 400"):
        read_calls("a.log.gz", max_unpacked=400)


@pytest.mark.parametrize(("text", "size"), [("1", 1), ("500MB", 500_000_000), ("1.5 gb", 1_500_000_000), ("2k", 2000)])
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "GB", "1 PB", "1e9", "nan", "9" * 30])
def test_what_is_no_size(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([str(SHOP), f"--max-unpacked={text}"]) == 2
    assert "is no size: write 500MB" in capfd.readouterr().err


def test_the_rest_of_a_line_that_is_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "LONGEST_LINE_BYTES", 5000)
    first, last = RECORD % (0, 0), RECORD % (1, 1)
    for tail in (last, last + b"more\n", b""):
        Path("long.log").write_bytes(first + b"x" * 40_000 + b"\n" + tail)
        read, why = read_all(Stream("long.log").read_chunks(chunk_bytes=1000))
        lines = read.splitlines(keepends=True)
        assert [lines[0], *lines[2:]] == [first, *tail.splitlines(keepends=True)]
        assert lines[1] == b"x" * (len(lines[1]) - 1) + b"\n"
        assert 4000 < len(lines[1]) <= 5000
        assert why == "a line is longer than 0 MB; the rest of it is left out"


@pytest.mark.parametrize("length", [*range(4990, 5010), 9999, 10_000, 10_001])
def test_a_line_of_any_length_has_one_line_in_what_is_read(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "LONGEST_LINE_BYTES", 5000)
    Path("long.log").write_bytes(b"a\n" + b"x" * length + b"\nb\nc\n")
    for chunk_bytes in (1, 7, 1000, 5000):
        read, why = read_all(Stream("long.log").read_chunks(chunk_bytes=chunk_bytes))
        lines = read.split(b"\n")
        assert (lines[0], lines[2:]) == (b"a", [b"b", b"c", b""])
        assert (len(lines[1]) == length) == (why == "")


def test_the_raw_lines_of_a_log_that_breaks_off_are_those_that_could_be_read(capfd: pytest.CaptureFixture[str]) -> None:
    records = b"".join(RECORD % (number, number % 9) for number in range(300))
    Path("cut.log.gz").write_bytes(gzip.compress(records)[:-300])
    assert main(["cut.log.gz", "-q", "--format", "raw"]) == 3
    printed = capfd.readouterr().out
    assert records.decode().startswith(printed.removesuffix("\n"))
    assert len(printed.splitlines()) > 100
    assert main(["cut.log.gz", "-q", "-o", "report.json"]) == 3
    fingerprint = json.loads(Path("report.json").read_bytes())["findings"]["rows"][0]["fingerprint"]
    capfd.readouterr()
    assert main(["cut.log.gz", "--explain", fingerprint]) == 3
    assert "PERF_TRACE|0|load|caller=main|id=0|elapsed_us=5|rows=1" in capfd.readouterr().out


HEADS = (
    b" ", b"\n", b"  \n", b"\t", b"a", b"1", b"[", b"(", b" (", b"\x1b[0m", b'"', b"2026-11-26 ", b'{"a":', b"  Load (",
    b'Started GET "', b"(1.2ms)  ", "↳ ".encode(), b"[x] ", b"|", b"duration: 1.2 ms  ", b"close time.busy ",
)  # fmt: skip


@pytest.mark.parametrize("part", HEADS)
def test_a_format_is_told_in_time_that_grows_no_faster_than_the_input(part: bytes) -> None:
    head = part * (HEAD_BYTES // len(part))
    started = time.process_time()
    for source in SOURCES:
        source.recognises("some.log", head)
    assert time.process_time() - started < 3


def test_a_parent_near_the_largest_number_is_no_place_in_the_log() -> None:
    largest = 2**63 - 1
    lines = ["0|f|elapsed_ms=1|parent=none"] * 2 + [f"{largest}|f|elapsed_ms=1|parent={largest - 1}"]
    Path("some.log").write_text("".join(f"PERF_TRACE|{line}\n" for line in lines), encoding="utf-8")
    assert main(["some.log", "-q", "-o", "a.json", "-o", "a.txt"]) == 0


# Reports as baselines


@pytest.mark.parametrize(
    ("make_content", "problem"),
    [
        pytest.param(lambda: b'{"schema_version":1,"x":' + b"[" * 100_000, "nested too deeply", id="deep"),
        pytest.param(lambda: gzip.compress(b"[" * 100_000), "is not", id="deep-packed"),
        pytest.param(
            lambda: gzip.compress(b'{"schema_version":1,"x":"' + b"a" * 1_100_000_000, 1),
            "unpack to more than 1,000,000,000",
            id="large",
        ),
        pytest.param(lambda: gzip.compress(b"{}")[:-5], "is damaged", id="damaged"),
        pytest.param(lambda: b'{"schema_version":' + b"9" * 5000 + b"}", "is not", id="number"),
        pytest.param(lambda: b"\xff\xfe{", "is not", id="encoding"),
        pytest.param(lambda: b"\0", "is not JSON", id="nul"),
        pytest.param(lambda: b"", "is not JSON", id="empty"),
    ],
)
def test_baselines_that_are_meant_to_hurt(make_content: Callable[[], bytes], problem: str) -> None:
    Path("baseline.json").write_bytes(make_content())
    with pytest.raises(BaselineError, match=problem):
        read_baseline(Path("baseline.json"))


def test_every_text_may_begin_with_a_mark_of_its_encoding(report: Report) -> None:
    written = render(report, "json")
    assert isinstance(written, bytes)
    for content in (written, b"\xef\xbb\xbf" + written, written.decode().encode("utf-16"), gzip.compress(written)):
        Path("baseline").write_bytes(content)
        assert read_baseline(Path("baseline")) == report
    settings = 'top = 3\ntitle = "über"\n'
    for content in (settings.encode(), settings.encode("utf-8-sig"), settings.encode("utf-16")):
        Path("tracereport.toml").write_bytes(content)
        assert read_config(Path("tracereport.toml")).options.title == "über"
    key = "0123"
    redacted = set()
    for content in (key.encode(), key.encode("utf-8-sig"), key.encode("utf-16")):
        Path("key").write_bytes(content)
        assert main([str(SHOP), "-q", "--redact", "all", "--redact-key-file", "key", "-o", "a.json"]) == 0
        redacted.add(Path("a.json").read_bytes())
    assert len(redacted) == 1


def test_a_text_is_decoded_by_its_first_bytes() -> None:
    assert decode_text(b"\xfe\xff\0a") == "a"
    with pytest.raises(UnicodeDecodeError):
        decode_text(b"\xff\xfea")


def test_a_file_is_read_whole_whatever_it_is_packed_in() -> None:
    for content in (b"text", gzip.compress(b"text"), zstandard.compress(b"text"), b"\xef\xbb\xbftext"):
        Path("a").write_bytes(content)
        assert read_whole("a") == b"text"


# Configurations


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("x = " + "[" * 2000, "nested too deeply"),
        ("x = " + "{a=" * 2000, "nested too deeply"),
        ("top = " + "9" * 5000, "is not TOML"),
        ("top = 0x" + "f" * 5000, r"top: expected a number up to 2\^63 - 1"),
        ("top = 9223372036854775808", r"top: expected a number up to 2\^63 - 1"),
        (".".join("a" * 50_000) + " = 1", "a key of too many parts"),
        ("top = {" + " . ".join(['"a"', "'b'", "c"] * 20_000) + " = 1}", "a key of too many parts"),
        ('output = ["a\\u0000.md"]', "output: a NUL stands in it"),
        ('title = "a\\u0000"', "title: a NUL stands in it"),
        ("#" * 1_000_001, "larger than 1 MB"),
        ("\0", "is not TOML"),
        ("\n".join(f"k{number} = 1" for number in range(20_000)), "unknown key k0"),
        (f"{'k' * 100_000} = 1", "unknown key kkk"),
    ],
)
def test_configurations_that_are_meant_to_hurt(content: str, problem: str) -> None:
    Path("tracereport.toml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=problem) as caught:
        read_config(Path("tracereport.toml"))
    assert len(caught.value.message) < 600


def test_a_device_that_never_ends_is_no_configuration() -> None:
    with pytest.raises(ConfigError, match="larger than 1 MB"):
        read_config(Path("/dev/zero"))


# Tables


def test_a_corrupt_table_is_refused_in_our_words_alone(capfd: pytest.CaptureFixture[str]) -> None:
    write_table(read_inputs([str(SHOP)]), Path("whole.parquet"))
    whole = Path("whole.parquet").read_bytes()
    rng = random.Random(4)  # noqa: S311 - the same every time
    refused: list[str] = []
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(rng.choice((1, 2, 5))):
            content[-rng.randrange(1, 3500)] = rng.randrange(256)
        Path("corrupt.parquet").write_bytes(content)
        try:
            read_table("corrupt.parquet")
        except InputError as error:
            refused.append(error.message)
    assert len(refused) > 100
    assert all(len(message.splitlines()) == 1 for message in refused)
    assert capfd.readouterr() == ("", "")


def test_what_others_print_while_a_table_is_read_is_not_lost(capfd: pytest.CaptureFixture[str]) -> None:
    from tracereport.sources.parquet import _without_panics  # noqa: PLC0415

    with _without_panics():
        pl.Config.set_verbose(False)
        import os  # noqa: PLC0415

        os.write(2, b"said meanwhile\n")
    assert capfd.readouterr().err == "said meanwhile\n"


def test_a_table_of_more_rows_than_its_size_allows_is_refused() -> None:
    write_table(read_inputs([str(SINGLE)]), Path("calls.parquet"))
    with pytest.raises(InputError, match="bytes unpack to 691 rows") as caught:
        read_table("calls.parquet", unpacked_limit=691 * 64 - 1)
    assert "--max-unpacked" in caught.value.remedy
    assert len(read_table("calls.parquet", unpacked_limit=500_000)) == 691


def test_a_table_whose_lists_unpack_beyond_the_limit_is_refused() -> None:
    table = make_table(read_inputs([str(SINGLE)])).head(2)
    metrics = pl.Series("metrics", [[{"name": "rows", "value": 1}] * 300_000, []], table.schema["metrics"])
    table.with_columns(metrics).write_parquet("calls.parquet")
    assert Path("calls.parquet").stat().st_size < 20_000
    with pytest.raises(InputError, match="unpacks to 19,200,") as caught:
        read_table("calls.parquet", unpacked_limit=10_000_000)
    assert "--max-unpacked" in caught.value.remedy
    assert len(read_table("calls.parquet", unpacked_limit=20_000_000)) == 2


def test_a_table_that_ends_the_process_which_reads_it_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(read_inputs([str(SINGLE)]), Path("calls.parquet"))
    monkeypatch.setattr(parquet_trial, "_PROGRAM", "import os; os.abort()")
    with pytest.raises(InputError, match=r"calls\.parquet: can't be read as Parquet: .* \(SIGABRT\)") as caught:
        read_table("calls.parquet")
    assert caught.value.remedy
    assert caught.value.exit_code == 3


def test_where_no_process_can_be_made_a_table_is_read_untried(monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(read_inputs([str(SINGLE)]), Path("calls.parquet"))
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert len(read_table("calls.parquet")) == 691
    monkeypatch.setattr(sys, "executable", "")
    assert len(read_table("calls.parquet")) == 691


def test_a_tables_name_is_no_pattern() -> None:
    write_table(read_inputs([str(LOGS / "bare-nocapture.log")]), Path("a[1]*.parquet"))
    assert len(read_inputs(["a[1]*.parquet"]))
