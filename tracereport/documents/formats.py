"""Which format a document has: by its name, or by the suffix of its file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from tracereport.documents import FORMATS
from tracereport.documents.interface import STDOUT, Format, RenderOptions, Result
from tracereport.errors import UsageError

if TYPE_CHECKING:
    from tracereport.model import Report


class Chosen(Protocol):
    """What a format is chosen by."""

    @property
    def name(self) -> str:
        """What ``--format`` calls it."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Ends of a file's name that choose it."""


Kind = TypeVar("Kind", bound=Chosen)


def list_suffixes(formats: Sequence[Chosen] = FORMATS) -> list[str]:
    """The suffixes that are worth a mention, each once."""
    return list(dict.fromkeys(kind.suffixes[0] for kind in formats if kind.suffixes))


def find_format(name: str, formats: Sequence[Kind]) -> Kind:
    """The format of that name.

    Raises:
        UsageError: there is none.
    """
    for kind in formats:
        if kind.name == name:
            return kind
    raise UsageError(f"--format {name}: unknown format", f"Name one of {', '.join(kind.name for kind in formats)}.")


def _list_fitting(target: str, formats: Sequence[Kind]) -> list[Kind]:
    """The formats that have the longest suffix of the name which any has."""
    name = target.lower()
    fitting = [(len(suffix), kind) for kind in formats for suffix in kind.suffixes if name.endswith(suffix)]
    longest = max((length for length, _ in fitting), default=0)
    return [kind for length, kind in fitting if length == longest]


def choose_formats(
    targets: Sequence[str], standard: str | None, formats: Sequence[Kind]
) -> tuple[tuple[str, Kind], ...]:
    """Each target with its format: by its suffix, else the one named; of several with that suffix, the one named.

    Raises:
        UsageError: a suffix is unknown, or the format is.
    """
    named = None if standard is None else find_format(standard, formats)
    chosen: list[tuple[str, Kind]] = []
    for target in targets:
        fitting = [named or formats[0]] if target == STDOUT else _list_fitting(target, formats)
        kind = named if named in fitting or not fitting else fitting[0]
        if kind is None:
            raise UsageError(
                f"-o {target}: its suffix chooses no format",
                f"Use one of {' '.join(list_suffixes(formats))}, or name the format with --format.",
            )
        chosen.append((target, kind))
    return tuple(chosen)


def render_report(report: "Report", kind: Format, options: RenderOptions | None = None) -> str | bytes:
    """One document of a report alone.

    Raises:
        UsageError: the format, or the options, need more than a report.
    """
    document = kind.render(Result(report), options or RenderOptions())
    if callable(document):
        raise UsageError(f"{kind.name}: no report can be rendered as that", "Give the log itself.")
    return document
