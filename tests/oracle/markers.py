"""The lines of cargo and cargo-nextest that say which process speaks next, and output that nextest prints twice."""

import re
from dataclasses import dataclass

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# Both tools set their status word flush right in twelve columns; some need more.
CARGO = re.compile(r" {5}Running (?:(unittests) )?(\S.*) \((.+)\)\s*")
CARGO_VERBOSE = re.compile(r" {5}Running `(.+)`\s*")
DOCTEST = re.compile(r" {3}Doc-tests (\S+)\s*")
NEXTEST = re.compile(
    r"(?:(?=.{12} \[) +[A-Z][A-Z0-9 +/#-]*|(?=TRY |TIMEOUT-|ABORT |SETUP )[A-Z0-9 +-]{12,16}) "  # the status
    r"\[(?: *[0-9.]+s| *)\] "  # how long it took
    r"(?:\[ *[0-9]+(?:/[0-9]+)?\] )?"  # which time of a stress run
    r"(?:\((?:[ 0-9]+/[ 0-9]+|[─-]+)\) )?"  # which test of how many
    r"(?P<binary>\S+) (?P<test>\S.*?)\s*"
)
NEXTEST_OUTPUT = re.compile(r"  .*|\s*", re.DOTALL)
NEXTEST_SUMMARY = re.compile(r" {5}Summary \[")


@dataclass(frozen=True)
class Marker:
    """Where a new process starts: its name, what tells binaries of one name apart, and the line itself."""

    name: str
    binary: str
    crate: str | None
    """Of a unit-test binary: the crate whose other targets follow."""
    target: str
    line: str
    nextest: bool


def parse_marker(line: str) -> Marker | None:
    """The marker that the line is, colours apart; None for any other line."""
    line = COLOUR.sub("", line)
    if "PERF_TRACE|" in line:
        return None
    if match := CARGO.fullmatch(line):
        stem = binary_stem(match.group(3))
        unit = match.group(1) is not None
        source = re.split(r"[/\\]", match.group(2))[-1].removesuffix(".rs")
        return Marker(
            f"{stem} (unit)" if unit else stem,
            match.group(3),
            stem if unit else None,
            f"{source} (unit)" if unit else stem,
            line,
            nextest=False,
        )
    if match := DOCTEST.fullmatch(line):
        return Marker(f"{match.group(1)} (doc)", match.group(1), None, f"{match.group(1)} (doc)", line, nextest=False)
    if match := CARGO_VERBOSE.fullmatch(line):
        return parse_command(match.group(1), line)
    if match := NEXTEST.fullmatch(line):
        return Marker(match["test"], match["test"], None, match["test"], line, nextest=True)
    return None


def parse_command(command: str, line: str) -> Marker:
    """The marker of a verbose run: the program's name, and for rustdoc the crate's."""
    words = [word for word in command.split() if not re.match(r"\w+=", word)] or [command]
    name = binary_stem(words[0])
    if name == "rustdoc" and "--crate-name" in words[:-1]:
        name = f"{words[words.index('--crate-name') + 1]} (doc)"
    return Marker(name, words[0], None, name, line, nextest=False)


def binary_stem(path: str) -> str:
    """``lookup`` of ``target/debug/deps/lookup-43da980639810445``."""
    base = re.split(r"[/\\]", path)[-1].removesuffix(".exe")
    return re.sub(r"-[0-9a-f]{16}\Z", "", base)


def name_segments(markers: list[Marker | None], used: set[int]) -> list[str | None]:
    """Per segment its name; ``crate::target`` where two binaries that traced something share one."""
    found = [marker for marker in markers if marker is not None]
    crates: list[str | None] = []
    for marker in found:
        crates.append(marker.crate or (crates[-1] if crates else None))
    binaries: dict[str, set[str]] = {}
    for segment, marker in enumerate(found, start=1):
        if segment in used and not marker.nextest:
            binaries.setdefault(marker.name, set()).add(marker.binary)
    names: list[str | None] = [None]
    for marker, crate in zip(found, crates, strict=True):
        shared = len(binaries.get(marker.name, ())) > 1
        names.append(f"{crate}::{marker.target}" if shared and crate else marker.name)
    return names


def find_doubled_blocks(lines: list[str], markers: list[Marker | None]) -> set[int]:
    """Indices of the lines of every test's block that stood in the log before, line for line, and holds a trace.

    A block is what follows a nextest marker, while it is indented or blank; blank lines at its end don't count.
    """
    seen: set[tuple[str, ...]] = set()
    doubled: set[int] = set()
    for start, marker in enumerate(markers):
        if marker is None or not marker.nextest:
            continue
        end = start + 1
        while end < len(lines) and markers[end] is None and is_output(lines[end]):
            end += 1
        while not lines[end - 1].strip():
            end -= 1
        block = (marker.line, *lines[start + 1 : end])
        if not any("PERF_TRACE|" in line for line in block):
            continue
        if block in seen:
            doubled.update(range(start + 1, end))
        seen.add(block)
    return doubled


def is_output(line: str) -> bool:
    """Whether the line can belong to a test's block."""
    return bool(NEXTEST_OUTPUT.fullmatch(line)) and not NEXTEST_SUMMARY.match(COLOUR.sub("", line))
