"""The formats of documents: how a suffix chooses one, and which renderer makes it."""

from collections.abc import Sequence
from typing import Literal, TypeGuard, assert_never, get_args

import msgspec

from tracereport.documents.writer import STDOUT
from tracereport.errors import UsageError
from tracereport.model import Report

RenderFormat = Literal["text", "markdown", "html", "json", "json.gz", "sarif", "github", "gitlab"]
CallsFormat = Literal["raw", "parquet", "speedscope"]
"""Made from the calls themselves: the report doesn't hold them."""
Format = RenderFormat | CallsFormat

FORMATS: tuple[Format, ...] = (*get_args(RenderFormat), *get_args(CallsFormat))
SUFFIXES: dict[str, Format] = {
    ".txt": "text",
    ".md": "markdown",
    ".html": "html",
    ".htm": "html",
    ".speedscope.json": "speedscope",
    ".json": "json",
    ".json.gz": "json.gz",
    ".parquet": "parquet",
    ".sarif": "sarif",
}
"""Longer suffixes go before those that they end in."""
NAMED_SUFFIXES = tuple(suffix for suffix in SUFFIXES if suffix != ".htm")
"""Those that are worth a mention."""

HOLD_ALL_ROWS: frozenset[Format] = frozenset({"html", "json", "json.gz"})
"""Formats with more rows of a list than the first ``settings.top``."""

MARKDOWN_LIMIT_BYTES = 60_000
"""Of the Markdown, so that it fits into a comment on GitHub with what others put around it."""


class RenderOptions(msgspec.Struct, frozen=True):
    """What some formats can be told."""

    width: int = 100
    """Columns of the text report."""
    colour: bool = False
    markdown_limit_bytes: int = MARKDOWN_LIMIT_BYTES
    marker: str | None = None
    """Key of the comment's first line, by which it is found again."""
    location: str | None = None
    """Where GitLab shows a finding whose trace names no file."""


def format_of(target: str) -> Format | None:
    """The format that a file's name chooses; none if its suffix is unknown."""
    name = target.lower()
    return next((kind for suffix, kind in SUFFIXES.items() if name.endswith(suffix)), None)


def choose_formats(targets: Sequence[str], standard: str | None) -> tuple[tuple[str, Format], ...]:
    """Each target with its format: by its suffix, else the one named.

    Raises:
        UsageError: a suffix is unknown, or the format is.
    """
    named = next((kind for kind in FORMATS if kind == standard), None)
    if standard is not None and named is None:
        raise UsageError(f"--format {standard}: unknown format", f"Name one of {', '.join(FORMATS)}.")
    chosen: list[tuple[str, Format]] = []
    for target in targets:
        kind = (named or "text") if target == STDOUT else format_of(target) or named
        if kind == "text" and named == "raw":
            kind = named  # trace lines are plain text, too: .txt leaves that open
        if kind is None:
            raise UsageError(
                f"-o {target}: its suffix chooses no format",
                f"Use one of {' '.join(NAMED_SUFFIXES)}, or name the format with --format.",
            )
        chosen.append((target, kind))
    return tuple(chosen)


def is_rendered(kind: Format) -> TypeGuard[RenderFormat]:
    """Whether a document of this format is made from the report alone."""
    return kind in get_args(RenderFormat)


def render_document(  # noqa: PLR0911 - one for each format
    report: Report, kind: RenderFormat, options: RenderOptions | None = None
) -> str | bytes:
    """One document of a report. Renderers are imported here: the page's are slow to load, and few runs need them.

    Raises:
        UsageError: GitLab's format needs a location, and neither the trace nor the options have one.
    """
    options = options or RenderOptions()
    match kind:
        case "text":
            from tracereport.documents.text import render_text  # noqa: PLC0415

            return render_text(report, width=options.width, colour=options.colour)
        case "markdown":
            from tracereport.documents.markdown import render_markdown  # noqa: PLC0415

            return render_markdown(report, limit_bytes=options.markdown_limit_bytes, marker=options.marker)
        case "html":
            from tracereport.documents.html import render_html  # noqa: PLC0415

            return render_html(report)
        case "json" | "json.gz":
            from tracereport.documents.export import render_json  # noqa: PLC0415

            return render_json(report, compressed=kind == "json.gz")
        case "sarif":
            from tracereport.documents.export import render_sarif  # noqa: PLC0415

            return render_sarif(report)
        case "github":
            from tracereport.documents.export import render_github  # noqa: PLC0415

            return render_github(report)
        case "gitlab":
            from tracereport.documents.export import render_gitlab  # noqa: PLC0415

            return render_gitlab(report, options.location)
        case _:
            assert_never(kind)
