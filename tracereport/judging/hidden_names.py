"""Names that hold values: a test's parameters in brackets, a caller with an id in it, a function torn at a ``|``.

Where values are to be kept out of the documents, what names say of them is kept out as well. A name that is code stays:
a report without its functions would tell nothing.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from tracereport.calls.calls import Calls
from tracereport.calls.lookup_text import decode_lookup, is_plain_name
from tracereport.calls.units import name_try

SHORTEST_VALUE: Final = 3
"""A shorter value is found in names only where it stands in brackets: ``1`` and ``a`` are in everything."""
MOST_WORDS: Final = 40
"""Of a name, that are looked at: all runs of them are looked up among the values."""
_BRACKETS: Final = re.compile(r"\[(.*)\](?= ?\S*$)", re.DOTALL)
"""What a test was given: ``test_page[3-de]``."""
_WORD: Final = re.compile(r"\w+")
_UNLIKE_CODE: Final = re.compile(
    r"""[="@%?\\]|(?<![\w#{-])\d{2,}|\b(?=[A-Z_]*\d)[A-Z0-9_]{6,}\b"""
    r"""|(?<![0-9a-zA-Z])(?=[a-f]*\d)[0-9a-f]{8,}(?![0-9a-zA-Z])"""
)
"""What code doesn't hold in its names, and ids and tokens do."""

Hide = Callable[[str], str]


def rename_holders(calls: Calls, names: frozenset[str] | None, hide: Hide) -> dict[str, str]:
    """The names of functions, callers, tests and processes that hold values, and what may be shown of each.

    Args:
        calls: all of them.
        names: of the parameters whose values are hidden; null: all.
        hide: a value -> what stands for it.
    """
    values = _hidden_values(calls, names)
    functions = {calls.names[code] for code in set(calls.lookups.function.tolist())}
    renamed: dict[str, str] = {}
    for name in calls.names:
        shown = _hide_behind_bar(name, hide)
        if name not in functions:
            shown = _hide_values(shown, values, hide)
            if names is None and shown == name and _UNLIKE_CODE.search(name):
                shown = hide(name)
        renamed[name] = shown
    tries = sorted({attempt for attempt in calls.origins.attempt.tolist() if attempt > 1})
    for test in {*calls.tests, *calls.processes.name}:
        inside = _BRACKETS.search(test)
        shown = test
        if inside is not None:
            given = hide(inside[1]) if names is None else _hide_values(inside[1], values, hide, shortest=1)
            shown = f"{test[: inside.start(1)]}{given}{test[inside.end(1) :]}"
        renamed[test] = _hide_values(shown, values, hide)
        for attempt in tries:
            renamed[name_try(test, attempt)] = name_try(renamed[test], attempt)
    return {name: shown for name, shown in renamed.items() if shown != name}


def _hidden_values(calls: Calls, names: frozenset[str] | None) -> frozenset[str]:
    return frozenset(
        value
        for text in calls.lookups.text.to_list()
        for name, value in decode_lookup(text)[1]
        if value and (names is None or name in names or not is_plain_name(name))
    )


def _hide_behind_bar(name: str, hide: Hide) -> str:
    """No name of code has a ``|``: what stands behind it came out of a value."""
    code, bar, rest = name.partition("|")
    return f"{code}|{hide(rest)}" if bar else name


def _hide_values(name: str, values: frozenset[str], hide: Hide, shortest: int = SHORTEST_VALUE) -> str:
    """The name with every value in it hidden that stands between its words' ends, the longest first."""
    if name in values:
        return hide(name)
    shown, end = [], 0
    for start, stop in _find_values(name, values, shortest):
        shown += [name[end:start], hide(name[start:stop])]
        end = stop
    return "".join([*shown, name[end:]])


def _find_values(name: str, values: frozenset[str], shortest: int) -> Iterator[tuple[int, int]]:
    """Where values stand in it, from left to right, none inside another."""
    words = [found.span() for found in _WORD.finditer(name)][:MOST_WORDS]
    index = 0
    while index < len(words):
        start = words[index][0]
        ends = range(len(words) - 1, index - 1, -1)
        last = next((at for at in ends if _is_value(name[start : words[at][1]], values, shortest)), None)
        if last is not None:
            yield start, words[last][1]
            index = last
        index += 1


def _is_value(part: str, values: frozenset[str], shortest: int) -> bool:
    return len(part) >= shortest and part in values
