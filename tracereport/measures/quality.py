"""Data quality: what would mislead a reader of the report, each with the remedy."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME, Calls
from tracereport.calls.grouping import keep_rows
from tracereport.measures.functions import CallsByFunction, nearest_rank
from tracereport.measures.usage import describe_usage
from tracereport.model import UNKNOWN_CALLER, QualityWarning, Rows
from tracereport.wording.phrases import format_counted

_LOADING_NS = 50_000_000
_USUAL_PERCENT = 90
"""So many of a function's later calls tell what it usually takes."""
_MISLEADING = frozenset({"captured", "torn-lines", "cut-off", "malformed", "text-behind", "split-lines"})
"""Notices of lines whose calls are missing from every figure, or may be told apart wrongly; the others change none."""


def find_warnings(calls: Calls, by_function: CallsByFunction, unfinished: NDArray[np.int64]) -> Rows[QualityWarning]:
    """All warnings that the calls and the lines give cause for; ``unfinished`` holds each process's calls."""
    return keep_rows(
        [
            *_of_input(calls),
            *describe_usage(calls.facts.notices if calls.facts is not None else {}),
            *_of_processes(calls, int(unfinished.sum())),
            *_of_lines(calls),
            *_of_callers(calls),
            *_of_first_calls(calls, by_function),
            *_of_times(calls),
        ]
    )


def _of_input(calls: Calls) -> Iterator[QualityWarning]:
    if calls.facts is None:
        return
    for error in calls.facts.input.errors:
        yield QualityWarning(
            code="unreadable",
            message=f"{error}; the figures are of what could be read.",
            remedy="Make the log again or copy it again; a killed job leaves half an archive.",
            count=1,
            misleading=True,
        )
    if calls.facts.input.partial:
        yield QualityWarning(
            code="partial-table",
            message="The table of calls was written under a selection: calls are missing from it.",
            remedy="Write the table without --function, --caller, --process, --test, --param and --call.",
            count=1,
            misleading=True,
        )


def _of_processes(calls: Calls, unfinished: int) -> Iterator[QualityWarning]:
    not_judged = int(np.count_nonzero(~calls.judged))
    if not_judged:
        yield QualityWarning(
            code="interleaved",
            message=f"Not judged: {format_counted(not_judged, 'call')} of processes that wrote at the same time. "
            "Their calls and times are counted, their repeats can't be told.",
            remedy="Run the tests with -- --test-threads=1 or cargo-nextest, or give each process a log of its own.",
            count=not_judged,
            misleading=True,
        )
    if implausible := int(np.count_nonzero(calls.implausible)):
        yield QualityWarning(
            code="implausible-numbers",
            message="1 call has a number far from all others: a record quoted in a value, or a damaged line. "
            "It takes no part in trees and unfinished calls."
            if implausible == 1
            else f"{implausible:,} calls have numbers far from all others: records quoted in values, or damaged lines. "
            "They take no part in trees and unfinished calls.",
            remedy="Look at the lines with --format raw; keep trace lines out of traced values.",
            count=implausible,
            misleading=True,
        )
    if count := calls.impossible_parents:
        yield QualityWarning(
            code="impossible-parents",
            message=f"{format_counted(count, 'call names', 'calls name')} a parent that began later, "
            "or a number that stands for two calls: no tree is made of their processes.",
            remedy="Give each call of a process a number of its own when it starts, and name its parent by that.",
            count=count,
            misleading=True,
        )
    if unfinished:
        yield QualityWarning(
            code="unfinished",
            message=f"{format_counted(unfinished, 'call')} began and never printed: "
            "killed, leaked, aborted or filtered.",
            remedy="Let the tests run to their end and keep the whole log; a call that is leaked can't be measured.",
            count=unfinished,
            misleading=True,
        )


def _of_lines(calls: Calls) -> Iterator[QualityWarning]:
    notices = calls.facts.notices if calls.facts is not None else {}
    texts = {
        "captured": (
            "{} left no traces while child processes did: libtest keeps the output of passing tests to itself.",
            ("test binary", "test binaries"),
            "Run cargo test -- --nocapture 2> perf_trace.log",
        ),
        "torn-lines": (
            "{} torn by several processes that write to one file.",
            ("line is lost,", "lines are lost,"),
            "Write each line with one write, or give each process a log of its own.",
        ),
        "cut-off": (
            "{} off before the elapsed time.",
            ("record is lost that breaks", "records are lost that break"),
            "Let the program end before the log is taken.",
        ),
        "malformed": (
            "{} a number beyond 2^63 - 1 and can't be read.",
            ("record has", "records have"),
            "Look at the malformed lines below: the emitter, or what stands between it and the log, damages them.",
        ),
        "doubled-output": (
            "{} printed twice by nextest and counted once.",
            ("test's output was", "tests' outputs were"),
            "Nothing to do; --failure-output immediate prints it once.",
        ),
        "quoted": (
            "{} counted: a trace quoted in other text.",
            ("line is not", "lines are not"),
            "Nothing to do, unless the line was a call: then its elapsed time is damaged.",
        ),
        "dropped-metrics": (
            "{} dropped: no unsigned 64-bit integer.",
            ("metric was", "metrics were"),
            "Record counts, sizes and flags as integers.",
        ),
        "text-behind": (
            "{} text behind the last value that is none of the record's: it may read as a part of the answer.",
            ("line has", "lines have"),
            "Give the logger a format that ends with the message, or cut the rest off: sed 's/ request_id=.*//'.",
        ),
        "split-lines": (
            "{} a time stamp inside, as where a collector cuts long lines: equal questions may look different.",
            ("record holds", "records hold"),
            "Collect without time stamps (docker logs without -t), or keep traced values shorter.",
        ),
        "invalid-utf8": (
            "{} bytes that are no UTF-8; they are shown as \\xNN.",
            ("log holds", "logs hold"),
            "Nothing to do: different values stay different.",
        ),
    }
    for code, (message, (one, many), remedy) in texts.items():
        if count := notices.get(code, 0):
            yield QualityWarning(
                code=code,
                message=message.format(format_counted(count, one, many)),
                remedy=remedy,
                count=count,
                misleading=code in _MISLEADING,
            )


def _of_callers(calls: Calls) -> Iterator[QualityWarning]:
    unknown = int(np.count_nonzero(_is_called(calls, UNKNOWN_CALLER)[calls.caller]))
    missing = int(np.count_nonzero(calls.caller == NO_NAME))
    if 2 * (unknown + missing) <= len(calls):
        return
    consequence = "who asks, and whether two callers ask for the same, can't be told."
    if unknown:
        yield QualityWarning(
            code="no-callers",
            message=f"{format_counted(unknown, 'call has', 'calls have')} an unknown caller: {consequence}",
            remedy="Run with RUST_BACKTRACE=1: the emitter takes the caller's name from the backtrace.",
            count=unknown,
            misleading=True,
        )
    if missing:
        yield QualityWarning(
            code="missing-callers",
            message=f"{format_counted(missing, 'call says', 'calls say')} nothing of a caller: {consequence}",
            remedy="Let the emitter write who calls as the parameter caller, as in caller=load_node.",
            count=missing,
            misleading=True,
        )


def _of_first_calls(calls: Calls, by_function: CallsByFunction) -> Iterator[QualityWarning]:
    if count := len(_find_loading(calls, by_function)):
        yield QualityWarning(
            code="symbol-loading",
            message=f"{format_counted(count, 'first call')} of a process took "
            f"{_LOADING_NS // 1_000_000} ms or more beyond what later calls of the function take: "
            "the time that a first backtrace takes to load symbols stands in them.",
            remedy="Don't compare times of first calls; counts are not touched. No saving is promised from them.",
            count=count,
            misleading=False,
        )


def _find_loading(calls: Calls, by_function: CallsByFunction) -> NDArray[np.intp]:
    """First calls that took far longer than their function's later ones, where a backtrace names callers."""
    is_named = ~_is_called(calls, UNKNOWN_CALLER)
    is_named[NO_NAME] = False
    names_callers = np.zeros(len(calls.processes.name), bool)
    names_callers[calls.process[is_named[calls.caller]]] = True
    # An emitter that says the parent has no need of a backtrace.
    names_callers &= ~calls.processes.has_tree("given")
    is_first, judged = calls.is_first, calls.judged
    first = np.flatnonzero(is_first & judged & (calls.elapsed_ns >= _LOADING_NS))
    first = first[names_callers[calls.process[first]]]
    function = calls.lookups.function[calls.signatures.lookup[calls.signature[first]]]
    excess_ns = np.zeros(len(first), np.int64)
    for code in np.unique(function).tolist():
        rows = by_function.rows_of(code)
        later_ns = calls.elapsed_ns[rows[judged[rows] & ~is_first[rows]]]
        if len(later_ns):
            own = function == code
            excess_ns[own] = calls.elapsed_ns[first[own]] - nearest_rank(np.sort(later_ns), _USUAL_PERCENT)
    return first[excess_ns >= _LOADING_NS]


def _is_called(calls: Calls, name: str) -> NDArray[np.bool_]:
    """Per name code whether it is this name; the last one is for ``NO_NAME``."""
    return np.array([own == name for own in calls.names] + [False], bool)


def _of_times(calls: Calls) -> Iterator[QualityWarning]:
    truncated = int(np.count_nonzero((calls.elapsed_ns == 0) & (calls.resolution_ns > 1)))
    if 2 * truncated > len(calls):
        yield QualityWarning(
            code="truncated-times",
            message=f"{format_counted(truncated, 'call reads', 'calls read')} 0 because times are cut off: "
            "sums are lower bounds, and every time is shown with its range.",
            remedy="Print elapsed_us or elapsed_ns instead of elapsed_ms.",
            count=truncated,
            misleading=False,
        )
