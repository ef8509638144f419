"""What was read: lines, records, and what was odd about them; added up over all parts of the input."""

from collections.abc import Sequence

from tracereport.calls.calls import Facts
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.model import Input, Rows

MALFORMED_ROWS = 1_000


def take_input(context: Context) -> Facts | None:
    """What the lines alone tell; null where the calls come from a bare frame."""
    return context.calls.facts


def merge_input(parts: Sequence[Facts | None]) -> Facts | None:
    """All parts, in the order of the input; null if any of them is."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    if len(known) == 1:
        return known[0]
    inputs = [part.input for part in known]
    malformed = tuple(row for part in inputs for row in part.malformed.rows)
    notices: dict[str, int] = {}
    for part in known:
        for code, count in part.notices.items():
            notices[code] = notices.get(code, 0) + count
    return Facts(
        input=Input(
            files=tuple(dict.fromkeys(file for part in inputs for file in part.files)),
            lines=sum(part.lines for part in inputs),
            records=sum(part.records for part in inputs),
            continuation_lines=sum(part.continuation_lines for part in inputs),
            malformed_lines=sum(part.malformed_lines for part in inputs),
            other_lines=sum(part.other_lines for part in inputs),
            malformed=Rows(sum(part.malformed.total for part in inputs), malformed[:MALFORMED_ROWS]),
            errors=tuple(error for part in inputs for error in part.errors),
            partial=any(part.partial for part in inputs),
        ),
        notices=notices,
        head=b"\n".join(part.head for part in known if part.head)[: 1 << 20],
    )


def give_input(whole: Whole) -> Input | None:
    """What the report says of the input."""
    facts: Facts | None = whole["input"]
    return None if facts is None else facts.input


MEASURE = Measure("input", take_input, merge_input, give_input)
