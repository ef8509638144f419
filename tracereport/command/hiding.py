"""A result without the values that are to be hidden."""

import difflib

from msgspec.structs import replace

from tracereport.command.job import Prepared, Result
from tracereport.judging.hidden_names import rename_holders
from tracereport.judging.redaction import (
    find_hidden_names,
    find_hidden_values,
    redact_calls,
    redact_report,
    redact_value,
    redaction_key,
)

ALL = "all"
"""What is given to have every parameter redacted."""


def hide_values(prepared: Prepared, result: Result) -> Result:
    """The result with the values of parameters hidden, in the report, in the calls and in lines of source."""
    wanted, calls = prepared.job.redact, result.held_calls()
    names, known = find_hidden_names(calls, frozenset(wanted))
    hidden = None if ALL in wanted else names
    key = prepared.redact_key or redaction_key(result.report)
    renamed = rename_holders(calls, hidden, lambda value: redact_value(value, key))
    if result.excerpts:
        from tracereport.command.source_lines import hide_in_excerpts  # noqa: PLC0415 - few runs show any

        values = {value: redact_value(value, key) for value in find_hidden_values(calls, hidden)}
        result = replace(result, excerpts=hide_in_excerpts(result.excerpts, values.items()))
    return replace(
        result,
        report=redact_report(result.report, hidden, key, renamed),
        calls=redact_calls(calls, hidden, key, renamed),
        notices=(
            *result.notices,
            *(_describe_unknown(name, known) for name in wanted if name not in known and name != ALL),
        ),
    )


def _describe_unknown(name: str, known: frozenset[str]) -> tuple[str, str]:
    """What to say of a parameter that was to be redacted and isn't there: a slip of the pen leaves its values in."""
    near = difflib.get_close_matches(name, sorted(known), n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"--redact {name}: no parameter is called so{hint}", "The values of all others stand in the documents."
