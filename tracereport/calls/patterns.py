"""Regular expressions that are compiled when they are first used.

Most are for statements, and many logs have none. To compile all of them takes as long as to read some thousand calls.
"""

import re
from collections.abc import Callable
from functools import cache


def lazily(pattern: str, flags: int = 0) -> Callable[[], re.Pattern[str]]:
    """Gives a function that compiles the pattern when it is called first, and keeps it.

    Args:
        pattern: a regular expression.
        flags: of ``re``.
    """
    return cache(lambda: re.compile(pattern, flags))
