"""What a format of a history's documents is. Loads the standard library alone: the help is made from the formats."""

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from tracereport.model.history import History

TOP = 20
"""Rows of each list that documents show, where nobody says otherwise."""


class HistoryOptions(NamedTuple):
    """What some formats can be told."""

    width: int = 100
    """Columns of the text."""
    colour: bool = False
    top: int = TOP
    """Rows of each list."""
    is_brief: bool = False
    """The text has thirty lines at most."""
    written: tuple[str, ...] = ()
    """The other documents of the same run, that a brief text names."""


class HistoryFormat(Protocol):
    """One format of a history. It is a file of this folder, and a member of ``HISTORY_FORMATS`` there."""

    @property
    def name(self) -> str:
        """What ``--format`` calls it."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Ends of a file's name that choose it; the first is the one that the help names."""

    def render(self, history: "History", options: HistoryOptions) -> bytes:
        """Makes the document."""
