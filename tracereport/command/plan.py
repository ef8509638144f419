"""The command line and the configuration -> what is to be done. The command line goes before the configuration."""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec

from tracereport.command.config import FIELDS, SETTINGS_FIELDS, Options, find_config, read_config
from tracereport.command.job import Job
from tracereport.documents.formats import choose_formats
from tracereport.documents.interface import STDOUT, RenderOptions
from tracereport.errors import UsageError
from tracereport.model import OPTION_OF_FIELD, Selection

PIPE_COLUMNS = 100
"""Width of the text report where no terminal says otherwise."""

Given = Mapping[str, Any]
"""The options of a command line, by click's names."""


def plan_job(given: Given, logs: Sequence[str], stream: TextIO) -> Job:
    """What the command line and the configuration ask for.

    Args:
        given: the options of the command line.
        logs: the inputs.
        stream: where what has no target of its own is printed.

    Raises:
        TracereportError: what is wrong with either.
    """
    if given["explain"] is not None and (given["output"] or given["format"]):
        raise UsageError("--explain prints one finding, -o and --format are for the report", "Leave out one of them.")
    config = read_config(choose_config(given))
    values = {FIELDS[key].name: value for key, value in given_values(given).items()}
    settings = {name: value for name, value in values.items() if name in SETTINGS_FIELDS}
    others = {name: value for name, value in values.items() if name not in SETTINGS_FIELDS}
    options = msgspec.structs.replace(config.options, **others)
    if "" in (given["baseline"], config.given.get("baseline")):
        raise UsageError("The name of the baseline is empty", "Is a variable of the shell not set?")
    return Job(
        inputs=tuple(logs),
        targets=choose_formats(options.output or (STDOUT,), options.format),
        source=options.source,
        settings=msgspec.structs.replace(config.settings, **settings),
        selection=_select(options),
        title=options.title,
        explain=given["explain"],
        baseline=Path(options.baseline) if options.baseline else None,
        fail_on=options.fail_on,
        acceptances=config.acceptances,
        today=given["today"].date() if given["today"] else None,
        redact=options.redact,
        redact_key_file=Path(options.redact_key_file) if options.redact_key_file else None,
        unpacked_limit=options.max_unpacked,
        rendering=RenderOptions(
            width=_columns(stream),
            colour=stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
            markdown_limit_bytes=options.markdown_limit,
            marker=options.marker,
            location=options.location,
            root=_repository(),
            command=(shlex.join(["tracereport", *logs]), ""),
        ),
        quiet=options.quiet,
    )


def choose_config(given: Given) -> Path | None:
    """The configuration that is named, else the one of this folder or the nearest of its parents."""
    return Path(given["config"]) if given["config"] else find_config(working_folder())


def working_folder() -> Path | None:
    """The folder that the command runs in; null if it is gone."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _repository() -> str | None:
    """The folder of the repository that the command runs in, else the working folder."""
    here = working_folder()
    if here is None:
        return None
    return str(next((folder for folder in (here, *here.parents) if os.path.exists(folder / ".git")), here))  # noqa: PTH110


def given_values(given: Given) -> dict[str, Any]:
    """What the command line sets, by the configuration's keys."""
    values = {name.replace("_", "-"): value for name, value in given.items()}
    return {key: value for key, value in values.items() if key in FIELDS and value not in (None, ())}


def _select(options: Options) -> Selection | None:
    selection = Selection(**{field: getattr(options, OPTION_OF_FIELD[field]) for field in Selection.__struct_fields__})
    return selection if selection != Selection() else None


def _columns(stream: TextIO) -> int:
    """The width of the terminal; one that doesn't know its own is taken for a pipe."""
    return (os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0) or PIPE_COLUMNS
