"""The inputs that a command names: which they are, what they are now, and how documents call them."""

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tracereport.errors import InputError, UsageError
from tracereport.sources.urls import is_url, without_secrets

STANDARD_INPUT: Final = "-"


def expand_inputs(arguments: Sequence[str]) -> list[str]:
    """The inputs that the arguments name: globs expanded and sorted, each path once.

    Raises:
        UsageError: a path is named twice. Links are paths of their own: see ``find_links``.
        InputError: nothing matches, or an input is missing, a directory or unreadable.
    """
    inputs: list[str] = []
    for argument in arguments:
        if is_url(argument):
            from tracereport.sources.objects import list_objects  # noqa: PLC0415 - most inputs are files

            inputs.extend(list_objects(argument))
            continue
        if argument == STANDARD_INPUT or Path(argument).exists() or not glob.has_magic(argument):
            inputs.append(argument)
            continue
        found = glob.glob(argument, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
        matches = sorted(path for path in found if not Path(path).is_dir())
        if not matches:
            raise InputError(
                f"{argument}: no file matches", "Check the pattern; quoted globs are expanded by tracereport."
            )
        inputs.extend(matches)
    seen: set[str] = set()
    for name in inputs:
        is_file = name != STANDARD_INPUT and not is_url(name)
        if is_file:
            _check_file(name)
        identity = os.path.abspath(name) if is_file else name  # noqa: PTH100 - Path.absolute keeps the dots
        if identity in seen:
            raise UsageError(
                f"{input_title(name)}: the same input is given twice",
                "Name each input once: its calls would count double.",
            )
        seen.add(identity)
    return inputs


def _check_file(name: str) -> None:
    path = Path(name)
    if not path.exists():
        raise InputError(
            f"{name}: no such file",
            "Check the path, or collect a log: pytest --perf-trace, or tracereport run -- COMMAND",
        )
    if path.is_dir():
        raise InputError(f"{name}: is a directory", f"Name the logs in it: '{name.rstrip('/')}/*.log'")
    if not os.access(path, os.R_OK):
        raise InputError(f"{name}: permission denied", f"Make it readable: chmod +r {name}")


def find_links(names: Sequence[str]) -> list[tuple[str, str]]:
    """The inputs that lead to the same file as one before, each with that one: links may be meant, or a mistake."""
    first: dict[tuple[int, int], str] = {}
    found = []
    for name in names:
        if name == STANDARD_INPUT or is_url(name) or is_stream(name):
            continue
        state = Path(name).stat()
        before = first.setdefault((state.st_dev, state.st_ino), name)
        if before is not name:
            found.append((name, before))
    return found


class InputState(NamedTuple):
    """What tells an input from a later one of the same name."""

    size: int
    version: str


def describe_inputs(names: Sequence[str]) -> list[InputState | None]:
    """What each input is now; None of standard input, a pipe or the like.

    Raises:
        InputError: an object is missing, or its store refuses.
        OSError: a file is missing.
    """
    urls = [name for name in names if is_url(name)]
    objects = _describe_objects(urls) if urls else {}
    return [objects[name] if name in objects else _describe_file(name) for name in names]


def _describe_objects(urls: Sequence[str]) -> dict[str, InputState | None]:
    from tracereport.sources.objects import describe_objects  # noqa: PLC0415 - most inputs are files

    return {url: InputState(*state) for url, state in zip(urls, describe_objects(urls), strict=True)}


def _describe_file(name: str) -> InputState | None:
    if name == STANDARD_INPUT or is_stream(name):
        return None
    found = Path(name).stat()
    return InputState(found.st_size, str(found.st_mtime_ns))


def is_stream(name: str) -> bool:
    """Whether the input is a pipe or the like, which can be read only once."""
    path = Path(name)
    return path.exists() and not path.is_file() and not path.is_dir()


def readable(name: str) -> str:
    r"""A name as documents can hold it: bytes of it that aren't UTF-8 become ``\xNN``, as in the calls."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def input_title(name: str) -> str:
    """How documents call an input: a URL without what is secret in it."""
    return readable(without_secrets(name) if is_url(name) else name)
