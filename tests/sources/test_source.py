"""How inputs are found, unpacked and decoded: whatever a log is packed in, its lines are the same."""

import gzip
import lzma
import os
import random
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tracereport.calls.calls import Calls
from tracereport.errors import InputError, UsageError
from tracereport.sources.inputs import read_inputs
from tracereport.sources.perf_trace.reader import read_log as read_calls
from tracereport.sources.streams.encoding import make_valid
from tracereport.sources.streams.names import expand_inputs
from tracereport.sources.streams.raw import BrokenSourceError
from tracereport.sources.streams.stream import Stream
from tracereport.sources.table import make_table

Pack = Callable[[bytes], bytes]

RANDOM = random.Random(1)  # noqa: S311 - values that pack badly

LINE = "PERF_TRACE|%d|load|id=é%d|elapsed_ms=3\n"
LOG = "".join(LINE % (number, number % 5) for number in range(2_000)).encode()


def compress_zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(content)


PACKED: dict[str, Pack] = {"gzip": gzip.compress, "zstd": compress_zstd, "xz": partial(lzma.compress, preset=0)}
KIND = {pack: kind for kind, pack in PACKED.items()}


def write(folder: Path, content: bytes, name: str = "perf_trace.log") -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def unpack(name: str, chunk_bytes: int = 1 << 20) -> bytes:
    return b"".join(Stream(name).read_chunks(chunk_bytes=chunk_bytes))


def read_bytes(folder: Path, content: bytes) -> Calls:
    return read_calls([write(folder, content)])


@pytest.mark.parametrize("name", ["log", "log.gz", "log.zst", "log.xz", "log.txt"])
@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
def test_packing_is_told_by_content_not_by_name(tmp_path: Path, pack: Pack, name: str) -> None:
    assert unpack(write(tmp_path, pack(LOG), name)) == LOG


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
def test_archives_put_one_behind_the_other_are_one_log(tmp_path: Path, pack: Pack) -> None:
    assert unpack(write(tmp_path, pack(LOG[:5_000]) + pack(LOG[5_000:]))) == LOG


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
def test_what_is_packed_may_be_utf_16(tmp_path: Path, pack: Pack) -> None:
    assert unpack(write(tmp_path, pack(LOG.decode().encode("utf-16")))) == LOG


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("damage", ["cut off", "overwritten"])
def test_a_damaged_archive_gives_what_could_be_read_and_says_what_is_wrong(
    tmp_path: Path, pack: Pack, damage: str
) -> None:
    log = b"".join(
        b"PERF_TRACE|%d|load|id=%b|elapsed_ms=3\n" % (n, RANDOM.randbytes(8).hex().encode()) for n in range(50_000)
    )
    packed = pack(log)
    end = 3 * len(packed) // 4
    broken = packed[:end] if damage == "cut off" else packed[:end] + bytes(4_000) + packed[end + 4_000 :]
    name = write(tmp_path, broken)
    calls = read_calls([name])
    assert calls.facts is not None
    (error,) = calls.facts.input.errors
    assert error.startswith(f"{name}: the ")
    assert error.endswith("data ends too early" if damage == "cut off" else "data is damaged")
    # Deflate goes on behind the damage, and only the sum at the end tells: what stands before it is right in any case.
    whole = int(0.6 * 50_000)
    assert len(calls) > whole
    assert calls.number[:whole].tolist() == list(range(whole))


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("behind", [b"no archive at all", LOG, bytes(4) + b"no archive at all"])
def test_what_stands_behind_an_archive_and_is_none_is_damage(tmp_path: Path, pack: Pack, behind: bytes) -> None:
    name = write(tmp_path, pack(LOG) + behind)
    calls = read_calls([name])
    assert calls.facts is not None
    assert calls.facts.input.errors == (f"{name}: the {KIND[pack]} data is damaged",)
    assert len(calls) == 2_000


@pytest.mark.parametrize("padding_bytes", [4, 20, 1 << 14, (1 << 14) + 4])
@pytest.mark.parametrize("kind", ["gzip", "xz"])
def test_zeros_may_fill_up_what_is_behind_an_archive(tmp_path: Path, kind: str, padding_bytes: int) -> None:
    padded = PACKED[kind](LOG) + bytes(padding_bytes)
    assert unpack(write(tmp_path, padded)) == LOG
    assert unpack(write(tmp_path, padded + padded)) == LOG + LOG


@pytest.mark.parametrize("behind", [b"\0\0\0", bytes(6) + lzma.compress(LOG)])
def test_zeros_behind_xz_stand_in_fours(tmp_path: Path, behind: bytes) -> None:
    with pytest.raises(BrokenSourceError, match="ends too early"):
        unpack(write(tmp_path, lzma.compress(LOG) + behind))


def test_what_only_begins_like_an_archive_is_damaged(tmp_path: Path) -> None:
    for magic in (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00"):
        with pytest.raises(BrokenSourceError):
            unpack(write(tmp_path, magic + b"no archive at all"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_powershell_redirects_is_read(tmp_path: Path, encoding: str, end: str) -> None:
    text = LOG.decode().replace("\n", end)
    content = ("\ufeff" + text).encode(encoding)
    assert unpack(write(tmp_path, content)) == text.encode()
    assert make_table(read_bytes(tmp_path, content)).equals(make_table(read_bytes(tmp_path, LOG)))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@given(
    text=st.text(st.sampled_from(["a", "\n", "\u00e9", "\U0001f600", "\U00010000"]), min_size=1, max_size=30),
    piece_bytes=st.integers(1, 9),
)
@settings(max_examples=30)
def test_a_character_may_be_cut_where_a_piece_ends(
    tmp_path_factory: pytest.TempPathFactory, encoding: str, text: str, piece_bytes: int
) -> None:
    name = write(tmp_path_factory.getbasetemp(), ("\ufeff" + text).encode(encoding))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tracereport.sources.streams.encoding.PIECE_BYTES", piece_bytes)
        assert unpack(name, chunk_bytes=7) == text.encode()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("lone", [0xD83D, 0xDE00], ids=["high", "low"])
def test_half_a_character_is_shown_as_its_bytes(tmp_path: Path, encoding: str, lone: int) -> None:
    text = f"\ufeffPERF_TRACE|0|load|id=a{chr(lone)}b|elapsed_ms=3\n"
    calls = read_bytes(tmp_path, text.encode(encoding, errors="surrogatepass"))
    (row,) = make_table(calls).rows(named=True)
    assert row["params"][0]["value"].startswith("a\\x")
    assert row["params"][0]["value"].endswith("b")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_may_end_in_the_middle_of_a_character(tmp_path: Path, encoding: str) -> None:
    content = ("\ufeff" + LOG.decode()).encode(encoding)
    calls = read_bytes(tmp_path, content + "\ud83d".encode(encoding, errors="surrogatepass") + b"\x00")
    assert len(calls) == 2_000


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", 0),
        (b"\n", 1),
        (b"\r\n", 1),
        (b"x", 1),
        (b"x\ny", 2),
        (b"x\r\ny\r\n", 2),
        (b"\xef\xbb\xbf", 0),
        (b"\xef\xbb\xbfx\n", 1),
        ("\ufeff".encode("utf-16-le"), 0),
        (b"x\x00y\n\x00\n", 2),
        (b"a\rb\x0bc\x0cd\xc2\x85e\xe2\x80\xa8f\n", 1),
    ],
)
def test_lines_end_at_line_feeds_only(tmp_path: Path, content: bytes, lines: int) -> None:
    calls = read_bytes(tmp_path, content)
    assert calls.facts is not None
    assert (calls.facts.input.lines, calls.facts.input.other_lines, len(calls)) == (lines, lines, 0)


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf"], ids=["bare", "with a byte-order mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", ["a final newline", "none"])
def test_line_ends_and_marks_change_no_call(tmp_path: Path, before: bytes, end: bytes, last: str) -> None:
    content = before + LOG.replace(b"\n", end)
    content = content if last == "a final newline" else content.removesuffix(end)
    calls = read_bytes(tmp_path, content)
    assert make_table(calls).equals(make_table(read_bytes(tmp_path, LOG)))


@pytest.mark.parametrize("blank", [b"\n", b"\r\n", b" \n", b"\n\n\n\n "], ids=repr)
@pytest.mark.parametrize("count", [1, 3, 10, 1000])
def test_empty_lines_first_change_no_call(tmp_path: Path, blank: bytes, count: int) -> None:
    calls = read_inputs([write(tmp_path, blank * count + b"\n" + LOG)])
    assert len(calls) == len(read_inputs([write(tmp_path, LOG)]))


def test_a_value_may_hold_nul_and_any_control_character(tmp_path: Path) -> None:
    value = "".join(map(chr, [*range(10), *range(11, 32), 0x7F, 0x85, 0x2028, 0x202E, 0xFEFF]))
    (row,) = make_table(read_bytes(tmp_path, f"PERF_TRACE|0|load|id={value}|elapsed_ms=0\n".encode())).rows(named=True)
    assert row["params"] == [{"name": "id", "value": value}]


@pytest.mark.parametrize("chunk_bytes", [1 << 16, 1 << 23])
def test_a_line_of_ten_megabytes_is_one_line(tmp_path: Path, chunk_bytes: int) -> None:
    value = "x" * 10_000_000
    log = LOG + f"PERF_TRACE|2000|load|id={value}|elapsed_ms=0\n{value}\n".encode() + LOG
    name = write(tmp_path, log)
    calls = read_calls([name], chunk_bytes=chunk_bytes)
    assert calls.facts is not None
    assert (calls.facts.input.records, calls.facts.input.other_lines) == (4_001, 1)
    assert calls.params_of(int(calls.lookup[2_000]))[0].value == value


@given(st.binary(max_size=40))
def test_every_byte_that_is_no_text_becomes_an_escape(content: bytes) -> None:
    valid, had_any = make_valid(content)
    assert valid.decode() == content.decode("utf-8", "backslashreplace")
    assert had_any == (valid != content)


@given(st.binary(max_size=60), st.integers(1, 20))
def test_chunks_are_whole_lines_and_lose_nothing(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, chunk_bytes: int
) -> None:
    content = b"x" + content
    chunks = list(Stream(write(tmp_path_factory.getbasetemp(), content)).read_chunks(chunk_bytes=chunk_bytes))
    assert b"".join(chunks) == content
    assert all(chunk.endswith(b"\n") for chunk in chunks[:-1])


def test_progress_is_told_in_bytes_of_the_file(tmp_path: Path) -> None:
    packed = gzip.compress(LOG)
    told: list[tuple[int, int | None]] = []
    list(Stream(write(tmp_path, packed)).read_chunks(lambda position, size: told.append((position, size))))
    assert told[-1] == (len(packed), len(packed))
    assert [position for position, _ in told] == sorted(position for position, _ in told)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_standard_input_is_an_input_like_any_other(pack: Pack) -> None:
    script = """
from tracereport.sources.streams.names import expand_inputs
from tracereport.sources.perf_trace.reader import read_log
calls = read_log(expand_inputs(["-"]))
print(len(calls), calls.files, calls.facts.input.lines)
"""
    done = subprocess.run([sys.executable, "-c", script], input=pack(LOG), capture_output=True, check=True)
    assert done.stdout.decode().strip() == "2000 ('-',) 2000"


def test_globs_expand_sorted_and_leave_out_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.log", "a.log", "c.txt"):
        write(tmp_path, LOG, name)
    (tmp_path / "d.log").mkdir()
    write(tmp_path / "d.log", LOG, "deep.log")
    assert expand_inputs(["*.log"]) == ["a.log", "b.log"]
    assert expand_inputs(["c.txt", "[ab].log"]) == ["c.txt", "a.log", "b.log"]
    assert expand_inputs([str(tmp_path / "*.log")]) == [str(tmp_path / "a.log"), str(tmp_path / "b.log")]
    assert expand_inputs(["**/*.log"]) == ["a.log", "b.log", "d.log/deep.log"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, LOG, "run[1].log")
    assert expand_inputs(["run[1].log"]) == ["run[1].log"]


@pytest.mark.parametrize("arguments", [["a.log", "a.log"], ["a.log", "./a.log"], ["*.log", "a.log"], ["-", "-"]])
def test_the_same_input_twice_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, LOG, "a.log")
    with pytest.raises(UsageError, match="twice"):
        expand_inputs(arguments)


def test_what_cannot_be_an_input_is_named_with_its_remedy(tmp_path: Path) -> None:
    for argument, message, remedy in (
        (str(tmp_path / "none.log"), "no such file", "pytest --perf-trace, or tracereport run -- COMMAND"),
        (str(tmp_path / "*.log"), "no file matches", "pattern"),
        (str(tmp_path), "is a directory", f"'{tmp_path}/*.log'"),
    ):
        with pytest.raises(InputError) as error:
            expand_inputs([argument])
        assert error.value.message == f"{argument}: {message}"
        assert remedy in error.value.remedy
        assert error.value.exit_code == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    path = Path(write(tmp_path, LOG))
    path.chmod(0)
    with pytest.raises(InputError, match="permission denied"):
        expand_inputs([str(path)])


def test_an_unreadable_file_is_named_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = write(tmp_path, LOG)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="permission denied"):
        expand_inputs([name])


def test_logs_and_tables_may_be_mixed(tmp_path: Path) -> None:
    first, second = write(tmp_path, LOG, "a.log"), write(tmp_path, LOG, "c.log")
    table = str(tmp_path / "b.parquet")
    make_table(read_calls([first])).write_parquet(table)
    calls = read_inputs([first, table, second])
    assert len(calls) == 6_000
    assert len(calls.processes.name) == 3
    assert calls.processes.name == ("process 0", "process 1", "process 2")
