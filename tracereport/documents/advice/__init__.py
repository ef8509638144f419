"""What to do about a finding, as Markdown, in the words of the library that it is about.

Each kind of finding has a file here that puts its advice together; the phrases in which libraries differ come from
``words.Words``, and of a hook that has its own from ``via/<hook>.py``. The text report tells the first sentence of each
finding: so this is plain Python, which loads sooner than the templates do.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from tracereport.documents.advice.known import read_known
from tracereport.documents.advice.words import Words
from tracereport.model import Finding


def render_advice(finding: Finding) -> str:
    """What the finding is, when it is no problem, how to fix it and how to verify that: Markdown.

    The first line is the fix in a sentence.
    """
    return "\n\n".join(_advise(finding)) + "\n"


def first_advice(finding: Finding) -> str:
    """The fix in a sentence, as Markdown."""
    return next(_advise(finding))


def _advise(finding: Finding) -> Iterator[str]:
    """The advice in paragraphs and blocks of code."""
    known = read_known(finding)
    words = _words_of(known.hook)(finding, known)
    advised: Iterator[str] = import_module(f"{__name__}.{_name_file(finding)}").advise(words)
    return advised


def _name_file(finding: Finding) -> str:
    if finding.kind == "fan-out" and finding.writes:
        return "rows"
    if finding.kind == "fan-out" and not finding.varying_params:
        return "unrecorded"
    return finding.kind.replace("-", "_")


@cache
def _words_of(hook: str | None) -> type[Words]:
    """The words of the hook, the plain ones where it has none of its own."""
    name = f"{__name__}.via.{hook.replace('-', '_')}" if hook else ""
    if not name or find_spec(name) is None:
        return Words
    words: type[Words] = import_module(name).Words
    return words
