"""What was read: lines, records, and what was odd about them; added up over all parts of the input."""

from collections.abc import Sequence

from tracereport.calls.calls import Facts
from tracereport.calls.facts import merge_facts
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.model import Input


def take_input(context: Context) -> Facts | None:
    """What the lines alone tell; null where the calls come from a bare frame."""
    return context.calls.facts


def merge_input(parts: Sequence[Facts | None]) -> Facts | None:
    """All parts, in the order of the input; null if any of them is."""
    known = [part for part in parts if part is not None]
    return merge_facts(known) if len(known) == len(parts) else None


def give_input(whole: Whole) -> Input | None:
    """What the report says of the input."""
    facts: Facts | None = whole["input"]
    return None if facts is None else facts.input


MEASURE = Measure("input", take_input, merge_input, give_input)
