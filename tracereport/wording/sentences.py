"""Sentences that every document says alike: what a finding is, how far it goes and what it is worth.

A sentence names functions, callers and parameters of the log; ``code`` writes such a name in the document's own syntax,
and everything else is plain text that is safe in all of them.
"""

import re
from collections.abc import Sequence
from typing import Final

from tracereport.model import (
    UNKNOWN_CALLER,
    Breakdown,
    CacheCurve,
    Evidence,
    Finding,
    FindingChange,
    RepeatPair,
    Report,
    Rows,
    Verdict,
)
from tracereport.model.history import FindingHistory
from tracereport.wording.phrases import Code, format_count, format_counted, format_list, format_rate
from tracereport.wording.scope import explain_unknown_trees
from tracereport.wording.units import NO_CALLER, format_bounds, format_call, format_cut_list, format_time

AnyFinding = Finding | FindingChange | FindingHistory
"""What tells who asks whom: a finding of a report, of a comparison, of a history."""

_SMALL_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NAMED_CALLERS = 2
_LISTED_CALLERS = 5
_NAMED_PARAMS = 2

_WRITING_VERBS = ("insert", "update", "delete", "replace", "merge", "copy")

KIND_WORDS: dict[str, str] = {"again": "asked again", "shared": "shared", "fan-out": "fan-out (N+1)", "slow": "slow"}


_COUNTED: Final = re.compile(r"[\d,]+ (?:repeats? got|changed|without evidence)|the tests' own code")
"""How the clauses of a reason begin that say no more than what the finding says, or where it stands."""


def name_kind(kind: str) -> str:
    """A kind of finding in words: a new one is called by its name, as what is told of it says what all kinds have."""
    return KIND_WORDS.get(kind, kind.replace("-", " "))


def describe_finding(finding: Finding, code: Code) -> str:
    """The finding in a clause: ``metadata asks query_records again for what is known``."""
    clause = describe_place(finding, code)
    match str(finding.kind):
        case "again":
            return f"{clause} for what is known" if finding.calls_saved else clause
        case "fan-out":
            parents = [name for name in finding.parent_functions if name not in finding.callers]
            return f"{clause} under one {code(parents[0])}" if len(parents) == 1 else clause
        case "slow":
            return f"{clause} far longer than usual"
        case _:
            return clause


def describe_place(finding: AnyFinding, code: Code) -> str:
    """Who asks whom, as far as the finding's key tells."""
    callers = describe_callers(finding.callers, code, count_callers(finding)) if finding.callers else "some caller"
    function = code(finding.function)
    match str(finding.kind):
        case "again":
            return f"{callers} asks {function} again"
        case "shared":
            return f"{callers} ask {function} for the same {_params(finding, code)}"
        case "fan-out":
            return f"{callers} {_describe_fan_out(finding, code)}"
        case "slow":
            return f"{callers} waits for {function}"
        case _:
            return f"{callers} calls {function}: {name_kind(finding.kind)}"


def _describe_fan_out(finding: AnyFinding, code: Code) -> str:
    function = code(finding.function)
    if finding.writes:
        return f"writes {code(name_written(finding.function))} row by row"
    if not finding.varying_params:
        return f"asks {function} again and again, with values that weren't recorded"
    varying = format_list([code(name) for name in finding.varying_params[:_NAMED_PARAMS]])
    return f"asks {function} once for each {varying}"


def describe_extent(finding: Finding, code: Code) -> str:
    """How far it goes: ``195 repeats over 26 ids: 152 unchanged, 43 changed; worst 29 times for one id``."""
    match str(finding.kind):
        case "again" | "shared":
            answers = describe_answers(finding.unchanged, finding.changed, finding.unproven)
            parts = [f"{format_counted(finding.repeats, 'repeat')} over {_counted_asked(finding, code)}: {answers}"]
            if finding.kind == "shared" and finding.handed_on_calls:
                within = format_counted(finding.handed_on_calls, "repeat")
                parts.append(f"it also saves {within} within one caller")
            if finding.worst and finding.worst[0] > 1:
                parts.append(f"worst {format_count(finding.worst[0])} times for one {_asked(finding, 1, code)}")
            if len(finding.callers) > _NAMED_CALLERS:
                parts.append(f"by {_name_callers(finding, code)}")
            return "; ".join(parts)
        case "fan-out":
            avoidable = (
                f"{format_counted(finding.calls, 'call')}, {format_count(finding.avoidable_calls)} of them avoidable"
            )
            if not finding.worst:
                return avoidable
            parent = describe_worst_parent(finding, code)
            most = finding.worst[0]
            calls = f"{format_counted(finding.calls, 'call')}, up to {format_count(most)} in one {parent}"
            if finding.writes:
                return f"{calls}; one for many rows would do"
            if not finding.varying_params:
                too_many = format_count(finding.avoidable_calls)
                return f"{calls}: one batch or one kept answer, {too_many} too many either way"
            return f"{avoidable}; up to {format_count(most)} {_asked(finding, most, code)} in one {parent}"
        case _:
            return f"{format_counted(finding.calls, 'call')}, {format_time(finding.elapsed_ns)} in all"


def name_written(function: str) -> str:
    """What a function writes that is named ``<verb> <table>``; any other function itself."""
    verb, space, table = function.partition(" ")
    return table if space and verb.lower() in _WRITING_VERBS else function


def describe_worst_parent(finding: Finding, code: Code) -> str:
    """What holds the largest group of a fan-out."""
    if finding.worst_parent is not None:
        return code(finding.worst_parent)
    return "process" if finding.confidence == "low" or finding.over_rows else "run of its caller"


def describe_worth(finding: Finding) -> str:
    """What fixing it saves: ``saves 152 calls``, ``may save 631 calls`` where nothing shows that it would."""
    if finding.calls_saved and finding.confidence != "low":
        return f"saves {format_counted(finding.calls_saved, 'call')}"
    if possible := max(finding.calls_saved, finding.possible_calls_saved):
        return f"may save {format_counted(possible, 'call')}"
    return "saves time only" if finding.kind == "slow" else "saves no calls"


def describe_doubt(finding: Finding) -> str | None:
    """Why a finding is no more than likely, without the counts that stand beside it; null for any other."""
    if finding.confidence != "likely":
        return None
    clauses = [clause for clause in finding.reason.split("; ") if not _COUNTED.match(clause)]
    return "; ".join(clauses) or None


def describe_answers(unchanged: int, changed: int, unproven: int) -> str:
    """What the repeats were told: ``152 unchanged, 43 changed, 5 without evidence``."""
    answers = ((unchanged, "unchanged"), (changed, "changed"), (unproven, "without evidence"))
    return ", ".join(f"{format_count(count)} {word}" for count, word in answers if count) or "none"


def describe_caller(caller: str | None, code: Code) -> str:
    """The caller by its name, or in words where the log doesn't name it."""
    if caller is None:
        return "a caller that isn't logged"
    return "an unknown caller" if caller == UNKNOWN_CALLER else code(caller)


def count_callers(finding: AnyFinding) -> int:
    """How many callers it has, of which it may name the first only."""
    return finding.caller_count or len(finding.callers)


def describe_callers(callers: Sequence[str | None], code: Code, count: int | None = None) -> str:
    """One or two callers by name, more of them by their number: ``count``, where not all are given."""
    if len(callers) > _NAMED_CALLERS:
        return f"{spell_count(count or len(callers))} callers"
    return format_list([describe_caller(caller, code) for caller in callers]) or NO_CALLER


def describe_pairs(pairs: Sequence[RepeatPair], code: Code) -> list[str]:
    """Who had asked before whom: ``metadata after get_next_version_for_node: 67 unchanged, 9 changed``."""
    return [
        f"{describe_caller(pair.caller, code)} after "
        f"{'itself' if pair.previous_caller == pair.caller else describe_caller(pair.previous_caller, code)}: "
        f"{describe_answers(pair.unchanged, pair.changed, pair.unproven)}"
        for pair in pairs
    ]


def describe_unaccounted(row: Breakdown) -> tuple[str, str, str]:
    """What a function's time metrics leave of its elapsed time, or have more than that: in words, as time and share.

    In parentheses, since it isn't the name of a metric.
    """
    rest_ns, share = row.unaccounted_ns or 0, row.unaccounted_share
    words = "(more than elapsed)" if rest_ns < 0 else "(unaccounted)"
    return words, format_time(abs(rest_ns)), format_rate(None if share is None else abs(share))


def describe_saved_time(saved: Finding | Verdict, report: Report) -> str:
    """The time that goes with the calls: ``9-153 ms``; where threads ran at once, it is none of the clock's."""
    bounds = format_bounds(saved.saving_ns, saved.saving_upper_ns)
    return f"{bounds} in all threads together" if "threads" in explain_unknown_trees(report) else bounds


def describe_spent(finding: Finding) -> str:
    """The time that a finding is about: ``9-153 ms in its repeats``."""
    calls = "repeats" if finding.repeats else "calls"
    return f"{format_bounds(finding.elapsed_ns, finding.elapsed_upper_ns or finding.elapsed_ns)} in its {calls}"


def useful_caches(curves: Rows[CacheCurve]) -> Rows[CacheCurve]:
    """The curves of functions that a cache could answer for at all."""
    useful = tuple(curve for curve in curves.rows if curve.possible_hits)
    return Rows(curves.total - len(curves.rows) + len(useful), useful)


def shorten_fingerprint(report: Report, fingerprint: str, shortest: int = 4) -> str:
    """The first digits of a fingerprint that no other finding of the report begins with."""
    others = [row.fingerprint for row in report.findings.rows if row.fingerprint != fingerprint]
    length = shortest
    while length < len(fingerprint) and any(other.startswith(fingerprint[:length]) for other in others):
        length += 1
    return fingerprint[:length]


def describe_reference(number: int, line: int, record: str = "line") -> str:
    """``#122 (line 126)``; ``record`` is what ``name_record`` gives."""
    return f"{format_call(number)} ({record} {line})"


def describe_evidence(evidence: Evidence, code: Code, record: str) -> str:
    """Which call shows a finding: ``#122 (line 126) asks what #98 (line 102) asked``."""
    call = code(describe_reference(evidence.number, evidence.line, record))
    if evidence.previous is None:
        return call
    previous = describe_reference(evidence.previous.number, evidence.previous.line, record)
    return f"{call} asks what {code(previous)} asked"


def spell_count(count: int) -> str:
    """Up to ten in words, as in running text."""
    return _SMALL_NUMBERS[count] if count < len(_SMALL_NUMBERS) else format_count(count)


def _name_callers(finding: Finding, code: Code) -> str:
    """Who they are, where the headline only counts them."""
    named = [describe_caller(caller, code) for caller in finding.callers[:_LISTED_CALLERS]]
    return format_cut_list(named, count_callers(finding))


def _params(finding: AnyFinding, code: Code) -> str:
    """What is the same in a shared lookup."""
    names = finding.param_names
    if not names:
        return "thing"
    return format_list([code(name) for name in names]) if len(names) <= _NAMED_PARAMS else "parameters"


def _asked(finding: Finding, count: int, code: Code) -> str:
    """What is counted: the parameter's name where there is one, else the lookup."""
    names = finding.varying_params or finding.param_names
    if len(names) == 1:
        return f"{code(names[0])}{'' if count == 1 else 's'}"
    return "lookup" if count == 1 else "lookups"


def _counted_asked(finding: Finding, code: Code) -> str:
    return f"{format_count(finding.lookups)} {_asked(finding, finding.lookups, code)}"
