"""The configuration as text: shown with where each value came from, and given an acceptance more.

Apart from ``config`` because every run reads a configuration, and hardly any writes one.
"""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import tomlkit
from tomlkit.items import Array, InlineTable

from tracereport.command.config import ACCEPT, FIELDS, PYPROJECT, Config, read_config, read_text
from tracereport.documents.writer import write_document
from tracereport.errors import ConfigError
from tracereport.wording.units import escape_controls

FINGERPRINT = re.compile(r"[0-9a-f]{12}")


def format_config(config: Config) -> str:
    """The settings in effect as a ``tracereport.toml``, with where each value came from after it."""
    lines = []
    for key, field in FIELDS.items():
        sources = (
            (config.given, str(config.path)),
            ({key: field.default}, "default"),
        )
        value, source = next((values[key], source) for values, source in sources if key in values)
        shown = f"# {key} is not set" if value is None else f"{key} = {tomlkit.item(value).as_string()}  # {source}"
        lines.append(shown)
    for rule in config.acceptances:
        entry = {name: value for name, value in msgspec.structs.asdict(rule).items() if value is not None}
        lines += ["", f"[[{ACCEPT}]]  # {config.path}", tomlkit.dumps(entry).rstrip("\n")]
    return "\n".join(lines) + "\n"


def write_acceptance(
    path: Path, fingerprint: str, reason: str, until: date | None = None, sentence: str | None = None
) -> None:
    """Adds an acceptance to a configuration and leaves the rest of the file as it stands.

    Args:
        path: a ``pyproject.toml``, or any other file with the keys of ``tracereport.toml``; made if it isn't there.
        fingerprint: of the finding.
        reason: why it is accepted.
        until: the last day on which it is.
        sentence: what the finding says; a comment above the entry's fields.

    Raises:
        ConfigError: the file can't be read, the reason is empty, the fingerprint is none, or it is accepted already.
        OutputError: the file can't be written; it is as it was.
    """
    if not FINGERPRINT.fullmatch(fingerprint):
        raise ConfigError(
            f"'{fingerprint}' is no fingerprint: those have 12 digits from 0 to f.",
            "Take a whole one from the report; -o report.json holds all of them.",
        )
    if not reason.strip():
        raise ConfigError("An acceptance needs a reason.", 'Say why with --reason "...".')
    known = read_config(path).acceptances if path.exists() else ()
    for rule in known:
        if rule.fingerprint == fingerprint:
            raise ConfigError(f"{path} accepts {fingerprint} already: {rule.reason}", "Change the entry there.")
    entry = {"fingerprint": fingerprint, "reason": reason} | ({"until": until} if until is not None else {})
    text = read_text(path) if path.exists() else ""
    newline = "\r\n" if "\r\n" in text else "\n"
    document = tomlkit.parse(text.replace("\r\n", "\n"))
    _append_acceptance(_writable_table(path, document), entry, sentence)
    extended = f"{tomlkit.dumps(document).rstrip()}\n".replace("\n", newline)
    write_document(path, extended.encode())


def _writable_table(path: Path, document: tomlkit.TOMLDocument) -> Any:  # noqa: ANN401 - one of tomlkit's containers
    """Our table in a document, made where it is missing."""
    if path.name != PYPROJECT and "tracereport" not in document.get("tool", ()):
        return document
    if "tool" not in document:
        document["tool"] = tomlkit.table(is_super_table=True)
    tool: Any = document["tool"]
    if "tracereport" not in tool:
        tool["tracereport"] = tomlkit.table(is_super_table=True)
    return tool["tracereport"]


def _append_acceptance(
    table: Any,  # noqa: ANN401 - one of tomlkit's containers
    entry: Mapping[str, object],
    sentence: str | None,
) -> None:
    """Adds an entry in the way in which the others, or the table itself, are written; one in one line has no words."""
    if ACCEPT not in table:
        table[ACCEPT] = tomlkit.array() if isinstance(table, InlineTable) else tomlkit.aot()
    if isinstance(table[ACCEPT], Array):
        inline = tomlkit.inline_table()
        inline.update(entry)
        table[ACCEPT].append(inline)
    else:
        if len(table[ACCEPT]):
            _end_with_blank_line(table[ACCEPT][-1])
        item = tomlkit.table()
        if sentence is not None:
            item.add(tomlkit.comment(" ".join(escape_controls(sentence).split())))
        item.update(entry)
        item.add(tomlkit.nl())
        table[ACCEPT].append(item)


def _end_with_blank_line(entry: Any) -> None:  # noqa: ANN401 - one of tomlkit's containers
    """Parts an entry from the one that comes behind it, as far as it isn't yet."""
    if not tomlkit.dumps(entry).endswith("\n\n"):
        entry.add(tomlkit.nl())
