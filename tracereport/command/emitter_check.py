"""``tracereport check-emitter``: a log held against the rules of an emitter, as a table for whoever writes one."""

import io
from collections.abc import Sequence

from tracereport.errors import InputError
from tracereport.sources.perf_trace.emitter_rules import SHOWN_BREACHES, EmitterCheck, Verdict
from tracereport.sources.streams.names import STANDARD_INPUT, expand_inputs
from tracereport.sources.streams.stream import read_whole
from tracereport.wording.phrases import format_counted
from tracereport.wording.units import escape_controls

_NAME_WIDTH = 10


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


def format_verdicts(check: EmitterCheck, verdicts: Sequence[Verdict]) -> str:
    """The table: per rule ``ok``, ``FAILED`` or ``untried``, what it says, and the first lines that break it."""
    calls, lines = format_counted(check.calls, "call"), format_counted(check.lines, "line")
    rows = [f"{calls} of {format_counted(check.processes, 'process', 'processes')} in {lines}"]
    for verdict in verdicts:
        state = "FAILED" if verdict.breaches else "ok" if verdict.is_tried else "untried"
        rows.append(f"{state:<8}{verdict.rule:<{_NAME_WIDTH}} {verdict.promise}")
        rows += [f"          line {line}: {escape_controls(what)}" for line, what in verdict.breaches[:SHOWN_BREACHES]]
        if (more := len(verdict.breaches) - SHOWN_BREACHES) > 0:
            rows.append(f"          and {more} more")
    return "".join(f"{row}\n" for row in rows)
