"""The one place where text of the log enters the syntax of Markdown.

What comes from a log passes through ``code`` or ``prose``, in a table also through ``cell``; in a block of code through
``sketch``.
"""

import re

from tracereport.wording.units import elide_middle, escape_controls

_NAME_WIDTH = 80
_SKETCH_NAME_WIDTH = 60
_WORD = re.compile(r"([(\"']*)(\S*?)([)\"'.,:;!?]*)(?!\S)")
_PLAIN_WORD = re.compile(r"[+-]?[^\W_]+(?:[-+',.%][^\W_]+)*%?|[%><=…·→]|->")
_REFERENCE = re.compile(r"(?i)\b(?:[0-9a-f]{7,}|gh-[0-9]+)\b|www\.")
"""What GitHub would make a link of: hashes of commits, ``GH-1``, addresses."""


def code(text: str, width: int = _NAME_WIDTH) -> str:
    """Text of the log as a Markdown code span: nothing in it is a link, a mention, HTML or an end of the span.

    GitHub leaves ``@name``, ``#123`` and hashes alone inside of code.
    """
    shown = elide_middle(escape_controls(text), width)
    if not shown.strip():
        return f"`'{shown}'`"
    longest_run = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest_run + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell(markdown: str) -> str:
    """Markdown for the inside of a table, whose columns a bare ``|`` would part, even one inside of code."""
    return markdown.replace("|", "\\|")


def prose(text: str) -> str:
    """A sentence of the report in Markdown: every word that isn't plain stands as code, and so do names in backticks.

    Escaping alone wouldn't do: GitHub looks for mentions, issues and commits in the text that is left after it.
    """
    spans = escape_controls(text).split("`")
    return "".join(
        code(span) if index % 2 and index < len(spans) - 1 else _WORD.sub(_plain_or_code, span)
        for index, span in enumerate(spans)
    )


def _plain_or_code(match: re.Match[str]) -> str:
    opening, word, closing = match.groups()
    if not word or (_PLAIN_WORD.fullmatch(word) and not _REFERENCE.search(word)):
        return match[0]
    return f"{opening}{code(word)}{closing}"


def sketch(text: str) -> str:
    """A name of the log inside of a fenced block of code: one line that can't close the fence."""
    return elide_middle(escape_controls(text), _SKETCH_NAME_WIDTH).replace("`", "'")
