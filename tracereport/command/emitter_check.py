"""``tracereport check-emitter``: checks a log against the rules for emitters, and formats the result as a table."""

import io
import textwrap
from collections.abc import Sequence

from tracereport.errors import InputError
from tracereport.sources.perf_trace.emitter_rules import SHOWN_BREACHES, EmitterCheck, Verdict
from tracereport.sources.streams.names import STANDARD_INPUT, expand_inputs
from tracereport.sources.streams.stream import read_whole
from tracereport.wording.phrases import format_counted
from tracereport.wording.units import escape_controls

_NAME_WIDTH = 10
_MARGIN = " " * (8 + _NAME_WIDTH + 1)
"""What stands before a promise."""


def check_log(name: str) -> tuple[EmitterCheck, tuple[Verdict, ...]]:
    """Reads a log and checks it.

    Raises:
        InputError: it can't be read, or holds no trace line.
    """
    [path] = expand_inputs([name]) if name != STANDARD_INPUT else [name]
    check = EmitterCheck()
    for line in io.BytesIO(read_whole(path)):
        check.take(line)
    verdicts = check.finish()
    if not check.calls and not any(verdict.breaches for verdict in verdicts):
        raise InputError(f"{name}: no trace line", "Let the emitter write one: PERF_TRACE|0|name|elapsed_us=1")
    return check, verdicts


def format_verdicts(check: EmitterCheck, verdicts: Sequence[Verdict], width: int | None = None) -> str:
    """The table: for each rule ``ok``, ``FAILED`` or ``untried``, what it says, and the first lines that break it.

    Args:
        check: what has read the log.
        verdicts: the result for each rule.
        width: columns to which lines are wrapped; None: they aren't.
    """
    calls, lines = format_counted(check.calls, "call"), format_counted(check.lines, "line")
    rows = [f"{calls} of {format_counted(check.processes, 'process', 'processes')} in {lines}"]
    for verdict in verdicts:
        state = "FAILED" if verdict.breaches else "ok" if verdict.is_tried else "untried"
        rows.append(f"{state:<8}{verdict.rule:<{_NAME_WIDTH}} {verdict.promise}")
        rows += [f"          line {line}: {escape_controls(what)}" for line, what in verdict.breaches[:SHOWN_BREACHES]]
        if (more := len(verdict.breaches) - SHOWN_BREACHES) > 0:
            rows.append(f"          and {more} more")
    if width is not None:
        rows = [
            line
            for row in rows
            for line in textwrap.wrap(row, width, subsequent_indent=_MARGIN, break_on_hyphens=False)
        ]
    return "".join(f"{row}\n" for row in rows)
