"""What every program is told of a finding: where it stands, what it is, and the fix in a sentence."""

import re
from functools import partial
from typing import Final

from tracereport.documents.templating import first_advice
from tracereport.errors import UsageError
from tracereport.model import REDACTED, Finding
from tracereport.wording.sentences import Code, describe_extent, describe_finding, describe_worth
from tracereport.wording.units import escape_controls, quote_name

quote: Final = partial(quote_name, width=80)
"""A name of the log inside of a sentence of plain text."""
_LINE = re.compile(r"[1-9][0-9]{0,8}")


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
            f"--location '{location}': no file and line.", "Name a place as FILE or FILE:LINE, from line 1 on."
        )
    return location, 1


def find_source(finding: Finding) -> tuple[str, int] | None:
    """Where the code stands, if the trace says so: the first ``file=`` with a ``line=`` among the evidence."""
    for evidence in finding.evidence.rows:
        params = {param.name: param.value for param in evidence.params}
        line = params.get("line", "")
        file = params.get("file", "")
        if file and not file.startswith(REDACTED) and _LINE.fullmatch(line):
            return escape_controls(file), int(line)
    return None


def describe(finding: Finding, code: Code = quote) -> str:
    """What it is and how far it goes."""
    return f"{describe_finding(finding, code)} ({describe_worth(finding)}): {describe_extent(finding, code)}."


def suggest_fix(finding: Finding) -> str:
    """The fix in a sentence."""
    return f"Fix: {first_advice(finding)}"
