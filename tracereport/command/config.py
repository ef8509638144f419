"""The configuration: ``[tool.tracereport]`` in ``pyproject.toml``, or ``tracereport.toml``.

Keys are the long options of the command (``fail-on``), the thresholds among them. This room finds the file and reads
it; ``config_text`` writes. What becomes of a value is the command's affair.
"""

import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec

from tracereport.documents.interface import MARKDOWN_LIMIT_BYTES
from tracereport.errors import ConfigError
from tracereport.judging.acceptances import AcceptanceRule
from tracereport.model import Settings, option_of_field
from tracereport.sources.streams.encoding import decode_text
from tracereport.sources.urls import is_url

PYPROJECT = "pyproject.toml"
OWN_FILE = "tracereport.toml"
ACCEPT = "accept"
TRACE = "trace"
"""What the Python emitter reads: which modules to trace."""


_MOST_BYTES = 1_000_000
_LONG_KEY = r"""(?<![\w-])(?:(?:"[^"\n]*"|'[^'\n]*'|[\w-]+)[ \t]*\.[ \t]*){64}"""
"""Keys that the library would take a square of time and memory for."""
_MAY_BE_OURS = re.compile(
    r"""^[ \t]*(?:\[{1,2}[ \t]*)?["']?tool["']?[ \t]*(?:[=\]]|\.[ \t]*["']?tracereport\b)""", re.MULTILINE
)
"""How lines of our section may begin: ``[tool.tracereport``, ``tool.tracereport``, ``[tool]``, ``tool =``."""
_LONGEST_MESSAGE = 200
_LARGEST = (1 << 63) - 1


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command that a configuration can set beside the thresholds."""

    source: str | None = None
    output: tuple[str, ...] = ()
    format: str | None = None
    title: str | None = None
    quiet: bool = False
    full: bool = False
    function: tuple[str, ...] = ()
    caller: tuple[str, ...] = ()
    process: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    param: tuple[str, ...] = ()
    call: tuple[int, ...] = ()
    baseline: str | tuple[str, ...] = ()
    fail_on: tuple[str, ...] = ()
    marker: str | None = None
    markdown_limit: Annotated[int, msgspec.Meta(ge=1)] = MARKDOWN_LIMIT_BYTES
    """Bytes."""
    location: str | None = None
    source_url: str | None = None
    editor: str | None = None
    source_lines: Literal["page", "all", "none"] = "page"
    redact: tuple[str, ...] = ()
    redact_key_file: str | None = None
    workers: str | None = None
    parts: str | None = None
    max_unpacked: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Bytes."""


FIELDS = MappingProxyType(
    {option_of_field(field.name): field for struct in (Settings, Options) for field in msgspec.structs.fields(struct)}
)
"""Every key but ``accept``, with the field that it sets."""
SETTINGS_FIELDS = frozenset(Settings.__struct_fields__)
FILE_KEYS = frozenset({"baseline", "output", "parts", "redact-key-file"})
"""Keys that name files, relative to the folder of the configuration."""


class Config(msgspec.Struct, frozen=True):
    """A configuration as read; without a file, the defaults."""

    path: Path | None
    given: Mapping[str, Any]
    """What the file sets, by key and as written, without the acceptances."""
    settings: Settings
    options: Options
    """Names of files are joined to the folder of the configuration."""
    acceptances: tuple[AcceptanceRule, ...]


def find_config(start: Path | None) -> Path | None:
    """The nearest configuration in a folder or above it; ``tracereport.toml`` goes before ``pyproject.toml``.

    A ``pyproject.toml`` without ``[tool.tracereport]`` is passed by.

    Raises:
        ConfigError: a ``pyproject.toml`` on the way can't be read, or has a section of ours and is no TOML.
    """
    for folder in (start, *start.parents) if start is not None else ():
        if os.path.isfile(folder / OWN_FILE):  # noqa: PTH113 - false, and no error, where nobody may look
            return folder / OWN_FILE
        pyproject = folder / PYPROJECT
        if os.path.isfile(pyproject) and _is_ours(pyproject):  # noqa: PTH113
            return pyproject
    return None


def read_config(path: Path | None) -> Config:
    """The configuration in a file, or the defaults.

    Any file other than ``pyproject.toml`` may hold the keys at its top, or under ``[tool.tracereport]`` as well.

    Raises:
        ConfigError: the file can't be read, or contains an invalid key or value.
    """
    if path is None:
        return Config(None, {}, Settings(), Options(), ())
    table = _own_table(path, _read_toml(path))
    given = {key: value for key, value in table.items() if key not in (ACCEPT, TRACE)}
    values = {key: _convert(path, key, value) for key, value in given.items()}
    fields = {FIELDS[key].name: _in_folder(path.parent, key, value) for key, value in values.items()}
    return Config(
        path=path,
        given=given,
        settings=Settings(**{name: value for name, value in fields.items() if name in SETTINGS_FIELDS}),
        options=Options(**{name: value for name, value in fields.items() if name not in SETTINGS_FIELDS}),
        acceptances=_read_acceptances(path, table.get(ACCEPT, [])),
    )


def read_traced_modules(path: Path | None) -> tuple[str, ...]:
    """The modules that Python's emitter is to trace, as ``[tool.tracereport.trace]`` names them.

    Raises:
        ConfigError: the file can't be read, or they are no list of names.
    """
    table = {} if path is None else _own_table(path, _read_toml(path)).get(TRACE, {})
    modules = table.get("modules", []) if isinstance(table, dict) else None
    if not isinstance(modules, list) or not all(isinstance(name, str) for name in modules):
        raise ConfigError(f"{path}: {TRACE}.modules is not a list of names.", 'Write modules = ["app.repository"].')
    return tuple(modules)


def read_text(path: Path) -> str:
    """The text of a configuration as it stands, with its line ends, in whatever encoding its first bytes tell.

    Raises:
        ConfigError: it can't be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"The configuration {path} can't be read: {error.strerror}.", "Give --config an existing file."
        ) from error
    if len(content) > _MOST_BYTES:
        raise ConfigError(
            f"The configuration {path} is larger than {_MOST_BYTES // 10**6} MB.", "Give --config a configuration."
        )
    try:
        return decode_text(content)
    except UnicodeDecodeError as error:
        raise ConfigError(f"The configuration {path} is not UTF-8: {error}.", "Save it as UTF-8.") from error


@lru_cache(maxsize=1)
def _parse_toml(text: str) -> dict[str, Any]:
    """What a text holds, which is looked for in a file first and then read from it."""
    import tomllib  # noqa: PLC0415 - most runs have nothing to read

    return tomllib.loads(text)


def _read_toml(path: Path) -> dict[str, Any]:
    text = read_text(path)
    if re.search(_LONG_KEY, text):
        raise ConfigError(f"The configuration {path} has a key of too many parts.", "Fix it there.")
    try:
        return _parse_toml(text)
    except RecursionError as error:
        raise ConfigError(f"The configuration {path} is nested too deeply.", "Fix it there.") from error
    except ValueError as error:  # TOML's own errors, and Python's about numbers of too many digits
        raise ConfigError(f"The configuration {path} is not TOML: {_shorten(error)}.", "Fix it there.") from error


def _tool_section(document: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever stands there
    """What a document holds as ``tool.tracereport``, if anything."""
    tool = document.get("tool")
    return tool.get("tracereport") if isinstance(tool, dict) else None


def _is_ours(pyproject: Path) -> bool:
    """Whether it has a section of ours. Most have none, and a look at their lines is enough to see that."""
    return _MAY_BE_OURS.search(read_text(pyproject)) is not None and _tool_section(_read_toml(pyproject)) is not None


def _own_table(path: Path, document: dict[str, Any]) -> dict[str, Any]:
    """The part of a file that is ours."""
    section = _tool_section(document)
    table = section if path.name == PYPROJECT or section is not None else document
    if table is None:
        return {}
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: tool.tracereport is no table.", "Write [tool.tracereport], and the keys below it.")
    return table


def _convert(path: Path, key: str, value: object) -> Any:  # noqa: ANN401 - of the field's type
    """A value as its field wants it."""
    if key not in FIELDS:
        raise _unknown_key(path, key, [*FIELDS, ACCEPT])
    try:
        converted = msgspec.convert(value, FIELDS[key].type)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {key}: {_lower_first(error)}.", "Fix the value there.") from error
    if isinstance(value, int) and value > _LARGEST:
        raise ConfigError(f"{path}: {key}: expected a number up to 2^63 - 1.", "Fix the value there.")
    if "\0" in (value if isinstance(value, str) else "".join(map(str, value)) if isinstance(value, list) else ""):
        raise ConfigError(f"{path}: {key}: a NUL stands in it.", "Fix the value there.")
    return converted


def _read_acceptances(path: Path, entries: object) -> tuple[AcceptanceRule, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(
            f"{path}: {ACCEPT} is no list of tables.", f"Write one [[tool.tracereport.{ACCEPT}]] for each."
        )
    rules = []
    for position, entry in enumerate(entries, start=1):
        for key in entry:
            if key not in AcceptanceRule.__struct_fields__:
                raise _unknown_key(path, key, AcceptanceRule.__struct_fields__, f"{ACCEPT} {position}: ")
        try:
            rules.append(msgspec.convert(entry, AcceptanceRule))
        except msgspec.ValidationError as error:
            raise ConfigError(
                f"{path}: {ACCEPT} {position}: {_lower_first(error)}.",
                "An acceptance has a reason, and either a fingerprint or globs for function, caller or kind.",
            ) from error
    return tuple(rules)


def _unknown_key(path: Path, key: str, known: Iterable[str], where: str = "") -> ConfigError:
    import difflib  # noqa: PLC0415 - few runs have a key misspelt

    names = sorted(known)
    near = difflib.get_close_matches(key.replace("_", "-")[:_LONGEST_MESSAGE], names, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return ConfigError(f"{path}: {where}unknown key {key[:_LONGEST_MESSAGE]}{hint}.", f"Keys are {', '.join(names)}.")


def _lower_first(error: msgspec.ValidationError) -> str:
    message = _shorten(error)
    return message[:1].lower() + message[1:]


def _shorten(error: Exception) -> str:
    """What it says, in one line that can be read."""
    return " ".join(str(error).split())[:_LONGEST_MESSAGE]


def _in_folder(folder: Path, key: str, value: Any) -> Any:  # noqa: ANN401 - of the key's type
    """A value, with the names of files joined to the folder of the configuration; ``-`` and URLs are none."""
    if key not in FILE_KEYS:
        return value
    if isinstance(value, tuple):
        return tuple(_in_folder(folder, key, name) for name in value)
    return value if value == "-" or is_url(value) else str(folder / value)
