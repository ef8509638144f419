"""Values in the words of a reader: counts, shares, times, bounds, call numbers, names and what is left out.

Every ``format_*`` is a pure function to plain text. What a document's own syntax needs beyond that (HTML, Markdown) is
added where the text enters it (``templating``); control and bidirectional characters are gone after ``escape_controls``
in all of them.
"""

import math
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache

from tracereport.model import Metric, Param
from tracereport.wording.phrases import format_count, format_list, format_rate

ELLIPSIS = "…"
NO_CALLER = "(no caller)"
EMPTY = "(empty)"
"""A name that the log leaves empty."""

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_NS_PER_UNIT = (("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000), ("ns", 1))
_LEAST_POINTS = 0.1
"""Of a changed rate; less is said as less, not as nothing."""
_TOO_LONG_TO_READ = 1e12
_SHORTEST_USEFUL_VALUE = 9
"""Columns below which an elided value tells nothing any more: ``part…root``."""
_QUOTED_WIDTH = 48
_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


# Counts and shares


def format_change(before: float, after: float) -> str:
    """A signed difference: ``+124``, ``-3``, ``0``."""
    difference = after - before
    return f"{'+' if difference > 0 else ''}{format_decimal(difference)}"


def format_decimal(number: float, decimals: int = 2) -> str:
    """At most so many decimals, none where they say nothing: ``0.73``, ``12``, ``1,204.5``."""
    return f"{number:,.{decimals}f}".rstrip("0").rstrip(".") if number % 1 else f"{number:,.0f}"


def format_magnitude(number: float) -> str:
    """As ``format_decimal``, but what is too long to read by its power of ten: ``1.8e19``."""
    return f"{number:.1e}".replace("e+", "e") if abs(number) >= _TOO_LONG_TO_READ else format_decimal(number)


def format_share(part: float, whole: float) -> str:
    """The share of a part in its whole as ``format_rate`` gives it; ``-`` of nothing."""
    return format_rate(part / whole if whole else None)


def format_shown(shown: int, total: int) -> str:
    """How many of all are shown: ``10 of 856``."""
    return f"{shown:,} of {total:,}"


def format_left_out(shown: int, total: int) -> str:
    """What a document says of a list that it cuts: ``10 of 856``; empty where all are shown."""
    return format_shown(shown, total) if shown < total else ""


def format_cut_list(words: Sequence[str], total: int) -> str:
    """The first words of ``total`` as a sentence lists them: ``a, b and 3 more``."""
    left = total - len(words)
    return format_list([*words, f"{format_count(left)} more"] if left > 0 else words)


def format_figure(name: str, figure: float | None) -> str:
    """A figure of the totals by the unit in its name: a rate, a time, else a count; ``-`` where it isn't known."""
    if figure is None:
        return "-"
    if name.endswith("_rate"):
        return format_rate(figure)
    return format_time(figure) if name.endswith("_ns") else format_decimal(figure)


def format_figure_name(name: str) -> str:
    """A figure of the totals in words: ``redundant calls``, ``elapsed``."""
    return escape_controls(name.removesuffix("_ns").replace("_", " "))


def format_figure_change(name: str, before: float | None, after: float | None) -> str:
    """The difference of two figures of the totals, that of rates in percentage points.

    ``-`` where one isn't known, and of times: they are noisy, and no difference of theirs is judged.
    """
    if before is None or after is None or name.endswith("_ns"):
        return "-"
    if name.endswith("_rate"):
        points = 100 * (after - before)
        if 0 < abs(points) < _LEAST_POINTS:
            return f"< {_LEAST_POINTS} points" if points > 0 else f"> -{_LEAST_POINTS} points"
        return f"{points:+.1f} points" if points else "0"
    return format_change(before, after)


# Times


def format_time(time_ns: float) -> str:
    """A time in its largest fitting unit: ``1.2 s``, ``15 ms``, ``0 ms``; negative ones with their sign."""
    if time_ns < 0:
        return f"-{format_time(-time_ns)}"
    if time_ns == 0:
        return "0 ms"
    unit, ns = unit_of(time_ns)
    return f"{_round_figure(time_ns / ns)} {unit}"


def format_bounds(lower_ns: int, upper_ns: int) -> str:
    """A time known by its bounds, ``[lower, upper)``: ``15-40 ms``, ``< 1 ms`` for a truncated zero.

    The lower bound is rounded down and the upper one up, so that what is shown still holds the true time.
    """
    if lower_ns >= upper_ns:
        return format_time(lower_ns)
    unit, ns = unit_of(upper_ns)
    upper = f"{_round_figure(upper_ns / ns, math.ceil)} {unit}"
    if lower_ns == 0:
        return f"< {upper}"
    if lower_ns * 10 >= ns:
        return f"{_round_figure(lower_ns / ns, math.floor)}-{upper}"
    lower_unit, lower_unit_ns = unit_of(lower_ns)
    return f"{_round_figure(lower_ns / lower_unit_ns, math.floor)} {lower_unit}-{upper}"


def format_self_time(self_ns: int | None, upper_ns: int | None) -> str:
    """A self time by its bounds, as far as these are known."""
    if self_ns is None:
        return "not known"
    return format_bounds(max(self_ns, 0), self_ns if upper_ns is None else upper_ns)


def format_elapsed(elapsed_ns: int, resolution_ns: int) -> str:
    """One recorded time: as it was recorded, but ``< 1 ms`` for a zero that was cut off."""
    return format_time(elapsed_ns) if elapsed_ns else format_bounds(0, resolution_ns)


def format_exact_time(time_ns: int) -> str:
    """A time to its last digit, for a title or a focus: ``14,804 ms``, ``1,500,003 ns``."""
    unit, ns = next((unit, ns) for unit, ns in (("ms", 1_000_000), ("µs", 1_000), ("ns", 1)) if time_ns % ns == 0)
    return f"{time_ns // ns:,} {unit}"


def unit_of(time_ns: float) -> tuple[str, int]:
    """The largest unit that a time reaches, with its nanoseconds: ``("ms", 1_000_000)``."""
    return next(((unit, ns) for unit, ns in _NS_PER_UNIT if time_ns >= ns), _NS_PER_UNIT[-1])


def _round_figure(figure: float, rounding: Callable[[float], int] = round) -> str:
    """One decimal below 100 where it isn't a whole number."""
    scale = 10 if figure < 100 else 1  # noqa: PLR2004 - three digits say enough
    exact_scaled = round(figure * scale, 6)  # so that a binary fraction doesn't push a bound to the next digit
    return f"{rounding(exact_scaled) / scale:,.1f}".removesuffix(".0")


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def format_day(at_time: str, *, with_year: bool = True) -> str:
    """The day of a time in ISO 8601, where it was made: ``3 May 2026``."""
    year, month, day = at_time[:10].split("-")
    return f"{int(day)} {_MONTHS[int(month) - 1]}{f' {year}' if with_year else ''}"


# Calls


def format_call(number: int) -> str:
    """``#42``."""
    return f"#{number}"


def format_call_runs(numbers: Sequence[int]) -> str:
    """Call numbers with runs drawn together: ``#42-#44 #56``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return " ".join(format_call(run[0]) if len(run) == 1 else f"#{run[0]}-#{run[-1]}" for run in runs)


# Names and values from the log


def format_name(name: str) -> str:
    """A name as it was written; one that the log leaves empty says so."""
    return escape_controls(name) or EMPTY


def format_caller(caller: str | None) -> str:
    """The caller as it was written; a record without one says so."""
    return NO_CALLER if caller is None else escape_controls(caller)


def format_param(param: Param) -> str:
    """``name=value``."""
    return escape_controls(f"{param.name}={param.value}")


def format_metric(metric: Metric) -> str:
    """``query_ms=12``."""
    return f"{escape_controls(metric.name)}={metric.value}"


def quote_name(name: str, width: int = _QUOTED_WIDTH) -> str:
    """A name inside of a sentence of plain text, elided to ``width``: in backticks."""
    return f"`{elide_middle(format_name(name), width)}`"


def format_lookup(function: str, params: Sequence[Param], width: int | None = None) -> str:
    """*What* was asked, in the syntax of the log: ``query_records|part_id=abc|node_id=abc``, elided to ``width``."""
    line = "|".join([escape_controls(function), *map(format_param, params)])
    return line if width is None else elide_fields(line, width)


def format_signature(function: str, caller: str | None, params: Sequence[Param], width: int | None = None) -> str:
    """*Who asked what*, in the syntax of the log: ``query_records|caller=load_node|part_id=abc``."""
    named = () if caller is None else (Param(name="caller", value=caller),)
    return format_lookup(function, (*named, *params), width)


def shorten_path(path: Sequence[str], most: int = 16) -> list[str]:
    """The names of a path; of a deep one its ends, and how many stand between them."""
    if len(path) <= most:
        return [format_name(name) for name in path]
    half = most // 2
    middle = f"{ELLIPSIS} {format_count(len(path) - 2 * half)} more {ELLIPSIS}"
    return [*map(format_name, path[:half]), middle, *map(format_name, path[-half:])]


def escape_controls(text: str) -> str:
    r"""The text with control, bidirectional, invisible and unpaired characters as escapes: ``\n``, ``\u202e``.

    So that a value can't move a terminal's cursor, turn a line round or hide.
    """
    if text.isprintable():
        return text
    return "".join(
        _escape(character) if unicodedata.category(character) in _HIDDEN_CATEGORIES else character for character in text
    )


_COMMAND_AT_START = re.compile(r"^((?:\s|\x1b\[[0-9;]*m)*):(?=:)", re.MULTILINE)
_COMMAND_ANYWHERE = re.compile(r"##(?=\[|vso\[|teamcity\[)")


def defuse_commands(text: str) -> str:
    r"""The text with nothing in it that a CI's runner takes for a command: ``\x3a:error::``, ``#\x23[error]``.

    Runners read what a job prints: GitHub's a line that starts with ``::`` and a ``##[`` anywhere, Azure's ``##vso[``,
    TeamCity's ``##teamcity[``. A value of a log may hold any of them.
    """
    return defuse_anywhere(_COMMAND_AT_START.sub(r"\1\\x3a", text))


def defuse_anywhere(text: str) -> str:
    """The text with nothing in it that is a command wherever on a line it stands."""
    return _COMMAND_ANYWHERE.sub(r"#\\x23", text)


def _escape(character: str) -> str:
    code = ord(character)
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if code < 0x100:  # noqa: PLR2004
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004


# Widths


def display_width(text: str) -> int:
    """Columns that the text takes in a terminal: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return len(text) + sum([_character_width(character) - 1 for character in _BEYOND_ASCII.findall(text)])


@lru_cache(maxsize=1024)
def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def elide_middle(text: str, width: int) -> str:
    """The text in at most ``width`` columns, with an ellipsis in its middle where it is longer."""
    if display_width(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[:width]
    tail_width = (width - 1) // 2
    head = _take(text, width - 1 - tail_width)
    tail = _take(text[::-1], tail_width)[::-1]
    return head + ELLIPSIS + tail


def elide_fields(text: str, width: int) -> str:
    """A lookup or signature in at most ``width`` columns: the longest values are elided, so that the names survive.

    The caller's name last, since it says more than an id.
    """
    if display_width(text) <= width:
        return text
    if text.count("|") > width:
        return elide_middle(text, width)
    function, *fields = text.split("|")
    parted = [(name + equals, elide_middle(value, width)) for name, equals, value in (f.partition("=") for f in fields)]
    fixed_width = display_width(function) + sum(1 + display_width(name) for name, _ in parted)
    longest_values = range(_SHORTEST_USEFUL_VALUE, width + 1)
    for kept in ("caller=", ""):
        widths = [(display_width(value), name == kept) for name, value in parted]

        def width_with(longest: int, widths: Sequence[tuple[int, bool]] = widths) -> int:
            return fixed_width + sum(own if is_kept else min(own, longest) for own, is_kept in widths)

        fitting = bisect_right(longest_values, width, key=width_with)
        if fitting:
            longest = longest_values[fitting - 1]
            shown = (name + (value if name == kept else elide_middle(value, longest)) for name, value in parted)
            return "|".join([function, *shown])
    return elide_middle(text, width)


def _take(text: str, width: int) -> str:
    """As many of the first characters as fit."""
    if text.isascii():
        return text[:width]
    taken: list[str] = []
    for character in text:
        width -= _character_width(character)
        if width < 0:
            break
        taken.append(character)
    return "".join(taken)


def pad_right(text: str, width: int) -> str:
    """The text with spaces behind it up to ``width`` columns."""
    return text + " " * (width - display_width(text))


def pad_left(text: str, width: int) -> str:
    """The text with spaces before it up to ``width`` columns."""
    return " " * (width - display_width(text)) + text
