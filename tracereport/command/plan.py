"""The command line and the configuration -> what is to be done. The command line goes before the configuration."""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec

from tracereport.command.config import FIELDS, SETTINGS_FIELDS, Options, find_config, read_config
from tracereport.command.job import Job
from tracereport.documents import FORMATS
from tracereport.documents.formats import choose_formats, find_format
from tracereport.documents.interface import STDOUT, Format, RenderOptions
from tracereport.documents.places import choose_links
from tracereport.errors import UsageError
from tracereport.model import OPTION_OF_FIELD, Selection
from tracereport.sources.urls import is_url, without_secrets

_BRIEF = "brief"
_PAGE = "html"
PIPE_COLUMNS = 100
"""Width of the text report where no terminal says otherwise."""
_MOST_COLUMNS = 1000

Given = Mapping[str, Any]
"""The options of a command line, by click's names."""


def plan_job(given: Given, logs: Sequence[str], stream: TextIO, pages: Path | None = None) -> Job:
    """What the command line and the configuration ask for.

    Args:
        given: the options of the command line.
        logs: the inputs.
        stream: where what has no target of its own is printed.
        pages: the folder for a page that is to be opened, and that nobody wants elsewhere.

    Raises:
        TracereportError: what is wrong with either.
    """
    if given.get("explain") is not None and (given["output"] or given["format"]):
        raise UsageError("--explain prints one finding, -o and --format are for the report", "Leave out one of them.")
    config = read_config(choose_config(given))
    values = {FIELDS[key].name: value for key, value in given_values(given).items()}
    settings = {name: value for name, value in values.items() if name in SETTINGS_FIELDS}
    others = {name: value for name, value in values.items() if name not in SETTINGS_FIELDS}
    options = msgspec.structs.replace(config.options, **others)
    if "" in (*given.get("baseline", ()), *_listed(config.given.get("baseline", ()))):
        raise UsageError("The name of the baseline is empty", "Is a variable of the shell not set?")
    targets = _choose_targets(options, is_terminal=stream.isatty(), pages=pages)
    return Job(
        inputs=tuple(logs),
        targets=targets,
        tells_gates=any(kind.name == _BRIEF for _, kind in targets),
        source=options.source,
        settings=msgspec.structs.replace(config.settings, **settings),
        selection=_select(options),
        title=options.title,
        label=given.get("label"),
        at_time=given.get("at"),
        explain=given.get("explain"),
        baselines=tuple(map(Path, _listed(options.baseline))),
        fail_on=options.fail_on,
        acceptances=config.acceptances,
        today=given["today"].date() if given.get("today") else None,
        redact=options.redact,
        redact_key_file=Path(options.redact_key_file) if options.redact_key_file else None,
        unpacked_limit=options.max_unpacked,
        workers=options.workers,
        parts=options.parts,
        rendering=_plan_rendering(options, logs, stream, tuple(target for target, _ in targets if target != STDOUT)),
        source_lines=options.source_lines,
        quiet=options.quiet,
    )


def _plan_rendering(options: Options, logs: Sequence[str], stream: TextIO, written: tuple[str, ...]) -> RenderOptions:
    """How documents are written; ``written`` are those that are files."""
    width, colour = choose_rendering(stream)
    root = _repository()
    return RenderOptions(
        width=width,
        colour=colour,
        markdown_limit_bytes=options.markdown_limit,
        marker=options.marker,
        location=options.location,
        root=root,
        written=written,
        links=choose_links(options.source_url, options.editor, root or "", str(working_folder() or "")),
        command=(shlex.join(["tracereport", *(without_secrets(log) if is_url(log) else log for log in logs)]), ""),
    )


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    """One or several as several."""
    return (value,) if isinstance(value, str) else value


def _choose_targets(options: Options, *, is_terminal: bool, pages: Path | None) -> tuple[tuple[str, Format], ...]:
    """Where documents go, each in its format: a terminal has the report in a few lines unless it asks for all of it."""
    named = choose_formats(options.output, options.format, FORMATS)
    if pages is not None and not any(kind.name == _PAGE for _, kind in named):
        named = (*named, (str(pages / "report.html"), find_format(_PAGE, FORMATS)))
    prints = STDOUT in (target for target, _ in named)
    if is_terminal and not options.full and options.format is None:
        files = tuple((target, kind) for target, kind in named if target != STDOUT)
        return files if options.quiet and not prints else (*files, (STDOUT, find_format(_BRIEF, FORMATS)))
    if named or (options.quiet and options.format is None):
        return named
    return choose_formats((STDOUT,), options.format, FORMATS)


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


def choose_rendering(stream: TextIO) -> tuple[int, bool]:
    """How many columns the text has on a stream, and whether it is coloured there."""
    colour = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return _columns(stream), colour


def _columns(stream: TextIO) -> int:
    """What ``COLUMNS`` says, else the width of the terminal; one that doesn't know its own is taken for a pipe."""
    told = os.environ.get("COLUMNS", "")
    if told.isascii() and told.isdigit() and 0 < int(told[:6]) <= _MOST_COLUMNS:
        return int(told)
    return (os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0) or PIPE_COLUMNS
