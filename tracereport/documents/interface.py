"""What a format of documents is: its name, the suffixes that choose it, and how it is made of a result.

Loads nothing but the standard library: the help of the command is made from the formats.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

from tracereport.documents.places import Excerpt, PlaceLinks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tracereport.calls.calls import Calls
    from tracereport.model import Report

STDOUT = "-"
"""What stands for standard output among the targets."""

MARKDOWN_LIMIT_BYTES = 60_000
"""Of the Markdown, so that it fits into a comment on GitHub with what others put around it."""

Content: TypeAlias = str | bytes | Callable[[Path], None]
"""A document: its text, its bytes, or what writes it to a path."""

MadeOf: TypeAlias = Literal["report", "calls", "lines"]
"""The report alone; the calls, which the report doesn't hold; or the inputs' own lines, read once more."""


class RenderOptions(NamedTuple):
    """What some formats can be told."""

    width: int = 100
    """Columns of the text."""
    colour: bool = False
    markdown_limit_bytes: int = MARKDOWN_LIMIT_BYTES
    marker: str | None = None
    """Key of the comment's first line, by which it is found again."""
    location: str | None = None
    """Where code scanning and GitLab show a finding whose trace names no file."""
    written: tuple[str, ...] = ()
    """The other documents of the same run, that a short one names."""
    root: str | None = None
    """The repository's folder: files inside it are named from there on."""
    links: PlaceLinks = PlaceLinks()
    """Where places in the source lead."""
    excerpts: Mapping[str, Excerpt] = MappingProxyType({})
    """Lines of source by place, for documents that are to show them."""
    command: tuple[str, str] = ("tracereport LOG", "")
    """What makes the report once more: its words before a further option, and those behind it."""


class Result(NamedTuple):
    """What documents are made of.

    Attributes:
        report: all that most formats need.
        calls: null where only a report is there, as one that was read back.
        selected: of each call whether it is selected; null without a selection.
        inputs: the files that the calls were read from.
        source: the format that all inputs are read as; null: each by its content.
    """

    report: "Report"
    calls: "Calls | None" = None
    selected: "NDArray[np.bool_] | None" = None
    inputs: Sequence[str] = ()
    source: str | None = None


class Format(Protocol):
    """One format of documents. It is a file of this folder, and a member of ``FORMATS`` there."""

    @property
    def name(self) -> str:
        """What ``--format`` calls it."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Ends of a file's name that choose it; the first is the one that the help names."""

    @property
    def help(self) -> str:
        """What the help says behind its name; empty where the name says all."""

    @property
    def all_rows(self) -> bool:
        """Whether it holds more rows of a list than the first ``settings.top``."""

    @property
    def made_of(self) -> MadeOf:
        """What it needs of a result."""

    def render(self, result: Result, options: RenderOptions) -> Content:
        """Makes the document.

        Raises:
            UsageError: the result, or the options, lack what the format needs.
        """


def encode(document: Content) -> bytes:
    """The bytes of a document that is there as a whole.

    Raises:
        TypeError: it is one that only writes itself.
    """
    if callable(document):
        raise TypeError("a document that writes itself has no bytes")
    return document.encode() if isinstance(document, str) else document
