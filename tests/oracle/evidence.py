"""What answers tell: whether two are equal, and how far a function's answers can be trusted to show a change."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from tests.oracle.reading import Record
from tests.oracle.units import Call, Unit, by_lookup

TIME_SUFFIXES = ("_ms", "_us", "_ns")
LARGE = 2**32
DIGESTS = ("digest", "hash")

Answer = list[tuple[str, int]]


def is_time(name: str) -> bool:
    """Whether the metric's name ends in a unit of time."""
    return name.endswith(TIME_SUFFIXES)


def answer_of(record: Record, ignored: Sequence[str]) -> Answer:
    """Metrics that tell what a call found, by name; several of one name stay in logged order."""
    results = [metric for metric in record.metrics if not is_time(metric[0]) and metric[0] not in ignored]
    return sorted(results, key=lambda metric: metric[0])


def are_equal(before: Answer, after: Answer) -> bool:
    """Both are recorded, and the same."""
    return bool(before) and before == after


def compare(previous: Call, call: Call, ignored: Sequence[str]) -> str:
    """What is known of the answer to a repeat by itself: what a cache answered is unchanged, whatever it was."""
    return "unchanged" if call.record.cached else compare_answers(previous, call, ignored)


def compare_answers(previous: Call, call: Call, ignored: Sequence[str]) -> str:
    """What two answers to one question say: ``unchanged``, ``changed`` or ``unproven``."""
    before, after = answer_of(previous.record, ignored), answer_of(call.record, ignored)
    if not before or not after or [name for name, _ in before] != [name for name, _ in after]:
        return "unproven"
    return "unchanged" if before == after else "changed"


def grades(units: Iterable[Unit], ignored: Sequence[str]) -> dict[str, str]:
    """The grade of each function that judged questions ask, over all of them."""
    by_function: dict[str, list[list[Call]]] = {}
    for unit in units:
        for asked in by_lookup(unit.questions).values():
            by_function.setdefault(asked[0].function, []).append(asked)
    return {function: grade(groups, ignored) for function, groups in by_function.items()}


def grade(groups: list[list[Call]], ignored: Sequence[str]) -> str:
    """The grade of one function, of whose judged questions each group is those of one lookup in one unit."""
    calls = [call for asked in groups for call in asked]
    answers = [answer_of(call.record, ignored) for call in calls]
    if not any(answers):
        return "none"
    if holds_content([metric for answer in answers for metric in answer]):
        return "content"
    changed, back = count_changes(groups, ignored)
    names = {name for answer in answers for name, _ in answer}
    if changed >= 5 and 20 * back <= changed and not names <= {"rows", "bytes"}:
        return "version-like"
    lookups = {call.lookup for call in calls}
    if all(answer == answers[0] for answer in answers) and (len(lookups) >= 2 or len(calls) >= 5):
        return "constant"
    return "weak"


def holds_content(metrics: Iterable[tuple[str, int]]) -> bool:
    """Whether one of the metrics is a digest: by its name and one large value, or by nearly all of its values."""
    values: dict[str, set[int]] = {}
    for name, value in metrics:
        values.setdefault(name, set()).add(value)
    for name, found in values.items():
        large = {value for value in found if value >= LARGE}
        told = found - {0}
        if (name in DIGESTS and large) or (len(told) >= 2 and 10 * len(large) >= 9 * len(told)):
            return True
    return False


def count_changes(groups: Iterable[list[Call]], ignored: Sequence[str]) -> tuple[int, int]:
    """How often an answer changed, and how often back to one that its lookup had given before."""
    changed = back = 0
    for asked in groups:
        earlier: list[Answer] = []
        for previous, call in pairwise(asked):
            if compare(previous, call, ignored) == "changed":
                changed += 1
                back += answer_of(call.record, ignored) in earlier
            earlier.append(answer_of(previous.record, ignored))
    return changed, back
