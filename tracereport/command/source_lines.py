"""The lines of source that a finding's place names, with one before and one after.

Places come from a log, which anyone may have written: a file is read only if it is a source file inside of the working
tree, under a name without tricks. So no place can bring a key, a configuration or a file of the system into a document.
"""

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from tracereport.documents.places import Excerpt, parse_place
from tracereport.model import Report

MOST_BYTES: Final = 1_000_000
"""Of a file: what is larger isn't written by hand."""
MOST_PLACES: Final = 100
"""Findings whose places are looked up, the first ones."""
LONGEST_LINE: Final = 200
SUFFIXES: Final = frozenset(
    {
        *(
            ".py",
            ".pyi",
            ".pyx",
            ".rs",
            ".js",
            ".mjs",
            ".cjs",
            ".jsx",
            ".ts",
            ".mts",
            ".cts",
            ".tsx",
            ".vue",
            ".svelte",
        ),
        *(".rb", ".erb", ".go", ".java", ".kt", ".kts", ".scala", ".groovy", ".clj", ".php", ".cs", ".fs", ".vb"),
        *(".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".m", ".mm", ".swift", ".dart", ".ex", ".exs", ".erl", ".hs"),
        *(".ml", ".lua", ".pl", ".pm", ".r", ".jl", ".zig", ".nim", ".cr", ".sql"),
    }
)
"""Of files that hold programs. Others may hold secrets."""


def read_excerpts(report: Report, root: str | None, folder: str | None) -> dict[str, Excerpt]:
    """The lines around the first place of each of the first findings, by place; without those that can't be read.

    Args:
        report: what findings there are.
        root: the working tree; null where it isn't known: then nothing is read.
        folder: the one that relative paths are tried in first; then they are tried from the root on.
    """
    if root is None:
        return {}
    places = [finding.at.rows[0].at for finding in report.findings.rows[:MOST_PLACES] if finding.at.rows]
    found: dict[str, Excerpt] = {}
    for at in dict.fromkeys(places):
        excerpt = _read_excerpt(at, Path(root), [Path(own) for own in (folder, root) if own])
        if excerpt is not None:
            found[at] = excerpt
    return found


def _read_excerpt(at: str, root: Path, folders: Sequence[Path]) -> Excerpt | None:
    place = parse_place(at)
    if place is None or not _is_plain(place.path):
        return None
    for folder in folders:
        lines = _read_lines(folder / place.path, root)
        if lines is not None and place.line <= len(lines):
            first = max(1, place.line - 1)
            return Excerpt(first, tuple(line[:LONGEST_LINE] for line in lines[first - 1 : place.line + 1]), place.line)
    return None


def _is_plain(path: str) -> bool:
    """Whether it names a source file without a step up, and nothing that is hidden."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    steps = [part for part in parts if part not in {"/", "."}]
    is_hidden = any(part.startswith(".") for part in steps)
    return bool(steps) and "\0" not in path and not is_hidden and PurePosixPath(steps[-1]).suffix.lower() in SUFFIXES


def _read_lines(path: Path, root: Path) -> list[str] | None:
    """The lines of a file inside of the working tree; null where it is none that may be shown."""
    try:
        resolved, tree = path.resolve(strict=True), root.resolve(strict=True)
        inside = resolved.relative_to(tree)
        if not _is_plain(inside.as_posix()):
            return None
        descriptor = os.open(resolved, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            told = os.fstat(file.fileno())
            if not stat.S_ISREG(told.st_mode) or told.st_size > MOST_BYTES:
                return None
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError, RuntimeError):  # gone, forbidden, elsewhere, or links in a circle
        return None
    if b"\0" in content or len(content) > MOST_BYTES:
        return None
    try:
        return content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return None


def hide_in_excerpts(excerpts: Mapping[str, Excerpt], values: Iterable[tuple[str, str]]) -> dict[str, Excerpt]:
    """The excerpts with every one of the values replaced, where it stands as a word of its own.

    Args:
        excerpts: by place.
        values: each with what stands for it.
    """
    texts = "\n".join(line for excerpt in excerpts.values() for line in excerpt.lines)
    present = sorted(((value, shown) for value, shown in values if value in texts), key=lambda pair: -len(pair[0]))

    def hide(line: str) -> str:
        for value, shown in present:
            line = _replace_word(line, value, shown)
        return line

    return {at: excerpt._replace(lines=tuple(map(hide, excerpt.lines))) for at, excerpt in excerpts.items()}


def _replace_word(line: str, value: str, shown: str) -> str:
    """The line with a value replaced that isn't a part of a longer word."""
    if not value.strip():
        return line
    parts, start = [], 0
    while (found := line.find(value, start)) >= 0:
        end = found + len(value)
        before, after = line[found - 1 : found], line[end : end + 1]
        is_part = ((before + value[0]).isalnum() and bool(before)) or ((value[-1] + after).isalnum() and bool(after))
        parts.append(line[start:found] + (value if is_part else shown))
        start = end
    return "".join(parts) + line[start:]
