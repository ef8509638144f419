"""The lines by which cargo, cargo-nextest and libtest say which binary or test the lines behind them belong to.

Cargo's and nextest's markers end a process: none goes on beyond them. They name the processes behind them.
"""

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

import msgspec
from numpy.typing import NDArray

from tracereport.sources.perf_trace.grammar import MARK

COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
# Cargo and nextest set their status word flush right in twelve columns: that many blanks stand before it.
WIDE_STARTS: Final = (b"TRY ", b"TIMEOUT-", b"ABORT ", b"SETUP ")
"""How the statuses of nextest start that fill the columns, or even need more: ``TRY 1 SIGSEGV``."""
# All are tried on lines without blanks at their ends: a pattern that ends in blanks takes quadratic time on many.
CARGO: Final = re.compile(r" {5}Running (?P<unit>unittests )?(?P<source>\S.*)", re.DOTALL)
CARGO_VERBOSE: Final = re.compile(r" {5}Running `(?P<command>.+)`")
DOCTEST: Final = re.compile(r" {3}Doc-tests (?P<crate>\S+)")
NEXTEST: Final = re.compile(
    rf"(?:(?=.{{12}} \[) +[A-Z][A-Z0-9 +/#-]*|(?={b'|'.join(WIDE_STARTS).decode()})[A-Z0-9 +-]{{12,16}}) "
    r"\[(?: *[0-9.]+s| *)\] (?:\[ *[0-9]+(?:/[0-9]+)?\] )?(?:\((?:[ 0-9]+/[ 0-9]+|[─-]+)\) )?"
    r"(?P<binary>\S+) (?P<test>\S.*)"
)
"""Status, time taken, iteration of a stress test, counter (drawn as a line where a test goes on), binary and test."""
LIBTEST: Final = re.compile(r"test (?P<test>\S.*?) \.\.\. (?P<rest>.*)", re.DOTALL)
LIBTEST_RESULT: Final = re.compile(r"(?:ok|FAILED|ignored(?:, .*)?|bench:.*)(?: <.*>)?")
LIBTEST_LONE_RESULTS: Final = (b"ok", b"FAILED")
BINARY_HASH: Final = re.compile(r"-[0-9a-f]{16}\Z")
LIBTEST_START: Final = b"test "


class MarkerKind(Enum):
    """Whose line it is."""

    CARGO = "cargo"
    NEXTEST = "nextest"
    LIBTEST = "libtest"


class Marker(msgspec.Struct, frozen=True):
    """One marker line, read."""

    kind: MarkerKind
    name: str
    """Of the processes behind it; of the test, for libtest, and empty where a test has ended."""
    binary: str = ""
    """What tells binaries of one name apart."""
    crate: str | None = None
    """Of a unit-test binary: the crate whose other targets follow."""
    target: str = ""

    @property
    def starts_process(self) -> bool:
        """No process goes on beyond it."""
        return self.kind is not MarkerKind.LIBTEST

    @property
    def names_tests(self) -> bool:
        """A test or binary of tests; `tracereport run` writes cargo's line for any program, whose name is all of it."""
        return self.kind is not MarkerKind.CARGO or self.name != self.binary


_TEST_HAS_ENDED: Final = Marker(MarkerKind.LIBTEST, "")


class PlacedMarker(msgspec.Struct, frozen=True):
    """A marker, the number of its line in the chunk, counted from 0, and where that starts."""

    line: int
    start: int
    marker: Marker


def find_markers(text: bytes, candidates: NDArray[Any]) -> tuple[PlacedMarker, ...]:
    """The markers among the lines that may be one (as ``native.split`` places them), in order."""
    markers: list[PlacedMarker] = []
    no_test_runs = False
    for line, start in candidates.tolist():
        end = text.find(b"\n", start)
        whole = text[start : end if end >= 0 else len(text)].removesuffix(b"\r")
        if no_test_runs and whole in LIBTEST_LONE_RESULTS:
            continue  # it says again what is known
        marker = parse_marker(whole.decode())
        if marker is not None:
            no_test_runs = marker == _TEST_HAS_ENDED
            markers.append(PlacedMarker(line, start, marker))
    return tuple(markers)


def parse_marker(line: str) -> Marker | None:  # noqa: PLR0911 - one per kind of line
    """The marker that the line is, colours apart; none for any other line."""
    if line.startswith(LIBTEST_START.decode()):
        # With one test thread the name is printed before the test runs, and its first output follows on the same line.
        found = LIBTEST.fullmatch(line)
        if found is None:
            return None
        has_ended = LIBTEST_RESULT.fullmatch(COLOURS.sub("", found["rest"]).strip())
        return Marker(MarkerKind.LIBTEST, "" if has_ended else found["test"])
    if COLOURS.sub("", line).strip().encode() in LIBTEST_LONE_RESULTS:
        return Marker(MarkerKind.LIBTEST, "")
    if MARK in line:
        return None
    line = COLOURS.sub("", line).rstrip()
    if (found := CARGO.fullmatch(line)) is not None and (marker := _parse_binary(found)) is not None:
        return marker
    if (found := DOCTEST.fullmatch(line)) is not None:
        name = f"{found['crate']} (doc)"
        return Marker(MarkerKind.CARGO, name, found["crate"], None, name)
    if (found := CARGO_VERBOSE.fullmatch(line)) is not None:
        return _parse_command(found["command"])
    if (found := NEXTEST.fullmatch(line)) is not None:
        return Marker(MarkerKind.NEXTEST, found["test"], found["binary"])
    return None


def _parse_binary(line: re.Match[str]) -> Marker | None:
    """The marker of a line that ends in the path of a test binary, in brackets."""
    source, space, binary = line["source"].removesuffix(")").rpartition(" (")
    if not line["source"].endswith(")") or not space or not source or not binary:
        return None
    name = _binary_name(binary)
    if line["unit"] is None:
        return Marker(MarkerKind.CARGO, name, binary, None, name)
    file = re.split(r"[/\\]", source)[-1].removesuffix(".rs")
    return Marker(MarkerKind.CARGO, f"{name} (unit)", binary, name, f"{file} (unit)")


def _parse_command(command: str) -> Marker:
    words = [word for word in command.split() if not re.match(r"\w+=", word)] or [command]
    name = _binary_name(words[0])
    if name == "rustdoc" and "--crate-name" in words[:-1]:
        name = f"{words[words.index('--crate-name') + 1]} (doc)"
    return Marker(MarkerKind.CARGO, name, words[0], None, name)


def _binary_name(path: str) -> str:
    """``lookup`` of ``target/debug/deps/lookup-43da980639810445``."""
    return BINARY_HASH.sub("", re.split(r"[/\\]", path)[-1].removesuffix(".exe"))


class SegmentName(NamedTuple):
    """What a marker says of the processes behind it, as ``calls.naming`` has it."""

    name: str | None
    binary: str | None
    qualified: str | None


def name_segments(markers: Sequence[Marker], crate: str | None) -> tuple[SegmentName, ...]:
    """Of each stretch between markers: nothing for the one before the first, then one per marker.

    Args:
        markers: in order.
        crate: that of the last marker before them that has one.
    """
    named = [SegmentName(None, None, None)]
    for marker in markers:
        crate = marker.crate or crate
        is_qualified = marker.kind is MarkerKind.CARGO and crate is not None
        qualified = f"{crate}::{marker.target}" if is_qualified else None
        named.append(SegmentName(marker.name, marker.binary, qualified))
    return tuple(named)


def find_crate(markers: Iterable[Marker], crate: str | None) -> str | None:
    """The crate of the last marker that has one; ``crate`` where none has."""
    for marker in markers:
        crate = marker.crate or crate
    return crate
