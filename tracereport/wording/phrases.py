"""Counts, shares and lists in the words of a reader: what every sentence is made with, wherever it is written.

The report's own sentences (verdict, warnings, reasons) and the documents around them say a figure alike, since both say
it through here. Pure functions to plain text; this room knows nothing else.
"""

from collections.abc import Callable, Sequence

Code = Callable[[str], str]
"""How a document writes a name of the log."""


def format_count(count: int) -> str:
    """``1,523``."""
    return f"{count:,}"


def format_counted(count: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun: ``1 call``, ``2 calls``, ``-1 call``; ``plural`` where an s doesn't make it."""
    return f"{count:,} {noun if abs(count) == 1 else plural or noun + 's'}"


def name_asked(calls: int, questions: int, judged_questions: int) -> str:
    """What a repeat is one of: a ``call``, or where not all calls ask and are judged, a ``question`` that is."""
    if judged_questions == calls:
        return "call"
    return "question" if judged_questions == questions else "judged question"


def format_rate(rate: float | None) -> str:
    """``27 %``; 0 % and 100 % only where it is exactly that; ``-`` where it isn't known."""
    if rate is None:
        return "-"
    percent = 100 * rate
    if 0 < percent < 1:
        return "< 1 %"
    if -1 < percent < 0:
        return "> -1 %"
    if 99 < percent < 100:  # noqa: PLR2004 - what is left of the whole must not be rounded away
        return "> 99 %"
    return f"{percent:,.0f} %"


def format_list(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(words) < 2:  # noqa: PLR2004
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def format_setting(value: str | int | tuple[str, ...] | None) -> str:
    """The value of a setting, as it is told beside another one: ``n, m``, ``empty``, ``not given``."""
    if isinstance(value, tuple):
        return ", ".join(value) or "empty"
    return "not given" if value is None else str(value)
