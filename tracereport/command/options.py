"""The options of a report, in the groups of the help page: one table for every command that makes one.

Loads click and the standard library alone: what an option stands for is loaded by the run that uses it.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import click

from tracereport.documents import FORMATS
from tracereport.documents.formats import list_suffixes
from tracereport.documents.interface import MARKDOWN_LIMIT_BYTES, Format
from tracereport.documents.places import EDITORS
from tracereport.sources import SOURCES
from tracereport.sources.streams.names import readable

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""The settings of every command."""
TEXT = readable
"""Type of what goes into documents."""
DAY = click.DateTime(["%Y-%m-%d"])


def parse_time(text: str) -> str:
    """A day, or a day with a time, in ISO 8601 as ``git show -s --format=%cI`` writes it.

    Raises:
        click.BadParameter: it is none.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise click.BadParameter(f"'{text}' is no time: write 2026-05-03 or 2026-05-03T14:02:11+02:00.") from error
    is_day = len(text.strip()) <= len("2026-05-03")
    return moment.date().isoformat() if is_day else moment.isoformat(timespec="seconds")


UNIT_KINDS = ("test", "process", "root")
TOP = 10
SOURCE_LINES = ("page", "all", "none")
"""Documents that show lines of the source."""
LARGEST = (1 << 63) - 1
_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,6})?) ?([kKMGT]?B?)", re.IGNORECASE)
_UNITS = {f"{prefix}{unit}": 1000**power for power, prefix in enumerate(("", "K", "M", "G", "T")) for unit in ("", "B")}


class WholeNumber(click.IntRange):
    """A number that an error calls by its name."""

    name = "whole number"


def parse_size(text: str) -> int:
    """Bytes in decimal units: ``500MB``, ``5GB``, or a number.

    Raises:
        click.BadParameter: it is no size.
    """
    found = _SIZE.fullmatch(text.strip())
    size = int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
    if size < 1:
        raise click.BadParameter(f"'{text}' is no size: write 500MB, 5GB or a number of bytes.")
    return size


class Option(click.Option):
    """An option whose help says all there is to say."""

    def get_help_extra(self, _ctx: click.Context) -> Any:  # noqa: ANN401 - click's own type came with 8.2
        """Nothing after the help: ranges and defaults stand in it where they matter."""
        return {}


def _one(name: str, metavar: str, text: str, kind: object = TEXT) -> Option:
    return Option([*name.split()], metavar=metavar, help=text, type=kind)


def _many(name: str, metavar: str, text: str, kind: object = TEXT) -> Option:
    return Option([*name.split()], metavar=metavar, help=f"{text} Repeatable.", type=kind, multiple=True)


def _explain(kind: Format) -> str:
    """A format's name, and what it is where the name doesn't say it."""
    return f"{kind.name} ({kind.help})" if kind.help else kind.name


INPUTS = "Inputs"
MANY_INPUTS = "Many and large inputs"
SELECTION = "Selection (of what is shown, never of what is measured)"
REDACTION = "Keeping values out"
CONFIGURATION = "Configuration"
GROUPS: dict[str, tuple[Option, ...]] = {
    INPUTS: (
        _one(
            "--from",
            "FORMAT",
            f"Read every input as this: {', '.join(source.name for source in SOURCES)}. "
            "Default: recognised by its content.",
        ),
        _one(
            "--max-unpacked",
            "BYTES",
            "The largest size that an input may unpack to, such as 5GB. Default: 100 times its size, at least 1GB.",
            parse_size,
        ),
    ),
    MANY_INPUTS: (
        _one(
            "--workers",
            "N|URL",
            "Measure in so many processes, or on a Dask cluster: dask://HOST:8786. "
            "Default: one per core if the inputs are large.",
        ),
        _one(
            "--parts",
            "DIR|URL",
            "Keep what was measured of each input here, so that an interrupted run can continue.",
            click.STRING,
        ),
    ),
    "Documents": (
        _many(
            "-o --output",
            "FILE",
            f"Write a document; its suffix chooses the format: {' '.join(list_suffixes())}. `-` is standard output.",
            click.STRING,
        ),
        _one(
            "--format",
            "FORMAT",
            f"Format of standard output, and of an -o without a known suffix: {', '.join(map(_explain, FORMATS))}.",
        ),
        _one("--explain", "FINGERPRINT", "Print one finding in full instead, with its trace lines."),
        _one("--title", "TEXT", "Title of the report. Default: the inputs' names."),
        _one("--label", "TEXT", "A name for the run, such as its commit; kept in report.json."),
        _one("--at", "TIME", "When the run was made, in ISO 8601; kept in report.json.", parse_time),
        _one("--top", "N", f"Rows of each list in text, Markdown and HTML. Default: {TOP}.", WholeNumber(1, LARGEST)),
        _one("--marker", "KEY", "Key in the Markdown's first line that identifies the comment."),
        _one(
            "--markdown-limit",
            "BYTES",
            f"The Markdown's largest size. Default: {MARKDOWN_LIMIT_BYTES}.",
            WholeNumber(1, LARGEST),
        ),
        _one("--source-url", "URL", "Link places in the source to this address, with {path} and {line} in it."),
        _one("--editor", "NAME", f"Link them to an editor on this machine instead: {', '.join(EDITORS)}."),
        _one(
            "--source-lines",
            "WHERE",
            "Show three lines of the source with a finding: in the page, in all (the Markdown, too) or in none. "
            "Default: page.",
            click.Choice(SOURCE_LINES),
        ),
        _one("--location", "FILE[:LINE]", "Where SARIF and GitLab show a finding whose trace names no source."),
        Option(["--full"], is_flag=True, default=None, help="Print the whole text, also on a terminal."),
        Option(
            ["-q", "--quiet"],
            is_flag=True,
            default=None,
            help="Print only errors, failed gates, and documents that you name.",
        ),
    ),
    SELECTION: (
        _many("--function", "GLOB", "Calls of these functions."),
        _many("--caller", "GLOB", "Calls by these callers."),
        _many("--process", "GLOB", "Calls in these processes."),
        _many("--test", "GLOB", "Calls of these tests."),
        _many("--param", "NAME=VALUE", "Calls with this parameter."),
        _many("--call", "N", "The calls with this number, in every process.", WholeNumber(0, LARGEST)),
    ),
    "Baseline and gates": (
        _many(
            "--baseline",
            "FILE",
            "Compare with an earlier report.json, .json.gz or .parquet; of several, with the best for each figure.",
            click.STRING,
        ),
        _many(
            "--fail-on",
            "GATE",
            "Exit with 1 if it fails: new-findings, worse, quality, or an expression such as "
            "'findings(\"fan-out\") > 0', 'redundant_rate > 0.2', 'calls(load_node) > baseline + 10'.",
        ),
        _one("--today", "YYYY-MM-DD", "The date with which `until` of accepted findings is compared.", DAY),
        _one(
            "--unit",
            "KIND",
            "The scope of repeats: test, process, or root (each root call of a tree, such as a server's "
            "requests). Default: the test where it is known, else the process.",
            click.Choice(UNIT_KINDS),
        ),
        _many("--ignore-metric", "NAME", "A metric that isn't a result: answers are compared without it."),
    ),
    REDACTION: (
        _many(
            "--redact",
            "NAME",
            "Replace this parameter's values with a keyed hash, in every document; `all`: those of every parameter.",
        ),
        _one("--redact-key-file", "FILE", "File with the key. Default: a key made from the input.", click.STRING),
    ),
    CONFIGURATION: (
        _one(
            "--config",
            "FILE",
            "Default: tracereport.toml, or [tool.tracereport] in pyproject.toml, searched for in this folder and its "
            "parents.",
            click.STRING,
        ),
    ),
}


OF_REPORTS = tuple(GROUPS)
"""What a report on logs has."""
OF_RUNS = tuple(title for title in GROUPS if title not in (INPUTS, MANY_INPUTS))
"""What a report on a command has, whose input isn't chosen."""
OF_JOINED = (*(title for title in GROUPS if title not in (INPUTS, MANY_INPUTS, SELECTION, REDACTION)),)
"""What a report on parts has, which hold no calls."""
OF_MEASURING = (INPUTS, MANY_INPUTS, CONFIGURATION)
"""What measuring has without a report."""
_NEED_CALLS = frozenset({"--explain"})


class ReportCommand(click.Command):
    """A command with some of the options of a report, shown in their groups.

    Args:
        groups: their titles.
        singles: further options, by name.
    """

    def __init__(self, *given: Any, groups: Sequence[str], singles: Sequence[str] = (), **named: Any) -> None:  # noqa: ANN401 - handed through
        super().__init__(*given, **named)
        left_out = _NEED_CALLS if groups is OF_JOINED else frozenset()
        self._groups = {
            title: [option for option in GROUPS[title] if left_out.isdisjoint(option.opts)] for title in groups
        }
        further = [option for option in chain(*GROUPS.values()) if not set(singles).isdisjoint(option.opts)]
        self.params = [*self.params, *further, *chain(*self._groups.values())]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes each group under its own heading, and what belongs to the command alone after them."""
        grouped = list(chain(*self._groups.values()))
        rest = [param for param in self.get_params(ctx) if param not in grouped]
        for title, options in {**self._groups, "Other": rest}.items():
            records = list(_help_records(ctx, options))
            with formatter.section(title):
                formatter.write_dl(records)


def _help_records(ctx: click.Context, options: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    for option in options:
        record = option.get_help_record(ctx)
        if record is not None and not isinstance(option, click.Argument):
            yield record
