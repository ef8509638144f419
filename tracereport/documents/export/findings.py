"""What every program is told of a finding: where it stands, what it is, and the fix in a sentence."""

import re
from functools import partial
from typing import Final

from tracereport.documents.advice import first_advice
from tracereport.documents.places import parse_place
from tracereport.errors import UsageError
from tracereport.model import REDACTED, Finding
from tracereport.wording.phrases import Code
from tracereport.wording.sentences import describe_extent, describe_finding, describe_worth
from tracereport.wording.units import escape_controls, quote_name

quote: Final = partial(quote_name, width=80)
"""A name of the log inside of a sentence of plain text."""
_LINE = re.compile(r"[1-9][0-9]{0,8}")
_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\")


def parse_location(location: str) -> tuple[str, int]:
    """File and line; a colon that no line follows belongs to the name, but for one with a number that is no line.

    Raises:
        UsageError: there is no file, or its line isn't one.
    """
    path, colon, line = location.rpartition(":")
    if colon and path and _LINE.fullmatch(line):
        return path, int(line)
    if not location or (colon and (not path or not line or line.lstrip("-").isdigit())):
        raise UsageError(
            f"--location '{location}': not a file and line.", "Name a place as FILE or FILE:LINE, from line 1 on."
        )
    return location, 1


def find_source(finding: Finding, root: str | None = None) -> tuple[str, int] | None:
    """Where the code stands, if the trace says so: by ``at=``, else the first ``file=`` with a ``line=``.

    Args:
        finding: of a report.
        root: the repository's folder; a path inside it is given from there on, as those who show it know it.
    """
    for row in finding.at.rows:
        place = parse_place(row.at)
        if place is not None and not place.path.startswith(REDACTED):
            return _from_root(escape_controls(place.path), root), place.line
    for evidence in finding.evidence.rows:
        params = {param.name: param.value for param in evidence.params}
        line = params.get("line", "")
        file = params.get("file", "")
        if file and not file.startswith(REDACTED) and _LINE.fullmatch(line):
            return _from_root(escape_controls(file), root), int(line)
    return None


def _from_root(path: str, root: str | None) -> str:
    """The path with ``/`` between its parts, from the root on where it lies inside it."""
    if _WINDOWS_PATH.match(path) or ("/" not in path and "\\" in path):
        path = path.replace("\\", "/")
    start = "" if root is None else f"{root.replace(chr(92), '/').rstrip('/')}/"
    return path.removeprefix(start).removeprefix("./") or path


def require_source(finding: Finding, default: tuple[str, int] | None, root: str | None, reader: str) -> tuple[str, int]:
    """Where the code stands, or is said to stand; a reader that refuses a finding without a place refuses them all.

    Raises:
        UsageError: nobody says it.
    """
    place = find_source(finding, root) or default
    if place is None:
        raise UsageError(
            f"{reader} needs a file and line, and the trace carries none.",
            "Trace file= and line=, or name a place: --location FILE",
        )
    return place


def describe(finding: Finding, code: Code = quote) -> str:
    """What it is and how far it goes."""
    return f"{describe_finding(finding, code)} ({describe_worth(finding)}): {describe_extent(finding, code)}."


def suggest_fix(finding: Finding) -> str:
    """The fix in a sentence."""
    return f"Fix: {first_advice(finding)}"
