"""Judged questions of units -> repeats: what was asked again, by whom, after whom, and for which answer."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tests.oracle.evidence import answer_of, are_equal, compare
from tests.oracle.kinds import EVERYTHING, resource_of, statement_of, tables_read
from tests.oracle.units import Call, Unit, by_lookup


@dataclass(frozen=True, eq=False)
class Repeat:
    """A judged question whose lookup its unit has asked for before."""

    unit: Unit
    call: Call
    previous: Call
    """The judged question of the same lookup just before it."""
    again: bool
    """Its caller has asked before; else it is *shared*."""
    evidence: str
    """``unchanged``, ``changed`` or ``unproven``."""
    cached: bool
    """A cache gave the answer: unchanged, and nothing is left to save."""
    may_have_changed: bool
    """Unproven, with a write to what it asks since the call before."""
    own: bool
    """An unchanged *again* that its caller's own last answer would have served."""
    handed_on: bool
    """An unchanged *again* that it would not."""
    sequential: bool
    """It directly follows the call before."""
    negative: bool
    """Both found nothing."""
    awaited: bool = False
    """Its caller asked this and nothing else, until the answer was another one: for the first time, or, where writes
    would be seen, for any."""

    pending: bool = False
    """Its line asked this in a row, and nothing else, in one run: it may wait for another answer."""

    @property
    def tableless(self) -> bool:
        """Unchanged, and a question for no table."""
        words = (statement_of(self.call.record) or "FROM").upper().replace("(", " ").split()
        return self.served and self.call.function.lower() == "select" and not {"FROM", "JOIN"} & set(words)

    @property
    def served(self) -> bool:
        """Unchanged, and asked where no cache answered."""
        return self.evidence == "unchanged" and not self.cached

    @property
    def possible(self) -> bool:
        """Unproven, and nothing says that the answer may be another."""
        return self.evidence == "unproven" and not self.may_have_changed


def find_repeats(
    unit: Unit, next_number: Mapping[Call, int], graded: Mapping[str, str], ignored: Sequence[str]
) -> list[Repeat]:
    """The repeats of one unit; ``next_number`` is of all calls of its process."""
    found: list[Repeat] = []
    for asked in by_lookup(unit.questions).values():
        repeats: list[Repeat] = []
        last_of_caller = {asked[0].caller: 0}
        for place in range(1, len(asked)):
            previous, call = asked[place - 1], asked[place]
            evidence = compare(previous, call, ignored)
            cached = call.record.cached
            if graded[call.function] == "constant" and evidence == "unchanged" and not cached:
                evidence = "unproven"
            again = call.caller in last_of_caller
            served_again = again and evidence == "unchanged" and not cached
            own = served_again and kept(unit, asked[last_of_caller[call.caller] : place + 1], ignored)
            repeats.append(
                Repeat(
                    unit,
                    call,
                    previous,
                    again=again,
                    evidence=evidence,
                    cached=cached,
                    may_have_changed=evidence == "unproven" and is_written(unit, previous, call),
                    own=own,
                    handed_on=served_again and not own,
                    sequential=call.number == next_number[previous],
                    negative=dict(previous.record.metrics).get("found") == 0 == dict(call.record.metrics).get("found"),
                )
            )
            last_of_caller[call.caller] = place
        found += mark_pending(unit, asked, mark_awaited(asked, repeats))
    return found


def mark_awaited(asked: Sequence[Call], repeats: Sequence[Repeat]) -> list[Repeat]:
    """The repeats of one lookup, those marked whose caller may have waited for another answer."""
    waiting = set()
    for caller in {call.caller for call in asked}:
        own = [repeat for repeat in repeats if repeat.call.caller == caller and repeat.again]
        changed = [repeat for repeat in own if repeat.evidence == "changed"]
        shows_writes = "sql" in asked[0].param_names or asked[0].function.startswith(("GET ", "HEAD ", "POST "))
        changes_by_itself = changed if shows_writes else changed == own[-1:]
        if changes_by_itself and all(repeat.sequential for repeat in own):
            waiting.add(caller)
    return [
        replace(repeat, awaited=repeat.call.caller in waiting and repeat.again and repeat.evidence != "changed")
        for repeat in repeats
    ]


def mark_pending(unit: Unit, asked: Sequence[Call], repeats: Sequence[Repeat]) -> list[Repeat]:
    """The repeats of one lookup, those marked whose line may wait: it asked in one run, in a row, for nothing else.

    Where a question before gave as many rows, a loop over these asks.
    """
    pending = set()
    for caller in {call.caller for call in asked}:
        first, *others = [call for call in asked if call.caller == caller]
        own = [repeat for repeat in repeats if repeat.call.caller == caller and repeat.again]
        if len(others) < FEWEST_PENDING - 1 or not all(each.sequential for each in own):
            continue
        lines = {(call.record.at, call.record.activation) for call in others}
        at = others[0].record.at
        beside = {(call.lookup, call.caller) for call in unit.questions if call.record.at == at}
        rows = {
            value
            for call in unit.questions
            if call.number < first.number
            for name, value in call.record.metrics
            if name == "rows"
        }
        is_one = at is not None and len(lines) == len(beside) == 1
        if is_one and (speaks_of_waiting(first) or is_reload(others[-1])) and len(others) + 1 not in rows:
            pending.add(caller)
    return [
        replace(repeat, pending=repeat.call.caller in pending and repeat.again)
        if not any(each.evidence == "changed" for each in repeats if each.call.caller == repeat.call.caller)
        else repeat
        for repeat in repeats
    ]


FEWEST_PENDING = 3
WAITING = ("wait", "poll", "status", "state", "ready", "done", "pending", "lock")
"""Some of the words by which one waits."""


def is_reload(call: Call) -> bool:
    """Whether a hook says that it loads an object anew which it has: ``sqlalchemy:Job``."""
    via = call.record.says("via") or ""
    return ":" in via and "." not in via


def speaks_of_waiting(call: Call) -> bool:
    """Whether the names around a question say so: those of its statement, if it is for one column."""
    params = [(name, value) for name, value in call.record.params if name != "sql" or "," not in value.split("FROM")[0]]
    texts = [call.caller or "", call.function, *(text for param in params for text in param)]
    return any(word in WAITING for text in texts for word in re.findall("[a-z]+", text))


def kept(unit: Unit, asked: Sequence[Call], ignored: Sequence[str]) -> bool:
    """Whether the first answer held for all of these calls, and nothing wrote between the first and the last."""
    answers = [answer_of(call.record, ignored) for call in asked]
    return all(are_equal(*pair) for pair in pairwise(answers)) and not is_written(unit, asked[0], asked[-1])


def is_written(unit: Unit, first: Call, last: Call) -> bool:
    """Whether a write in the unit between these two may have changed what they ask."""
    asked = {*tables_read(first.record), EVERYTHING}
    return any(
        first.number < write.number < last.number and resource_of(write.record) in asked for write in unit.writes
    )


def numbers_behind(calls: Iterable[Call]) -> dict[Call, int]:
    """Per call of one process the number that directly follows it: behind its whole subtree where there is a tree."""
    calls = list(calls)
    largest = {call.number: call.number for call in calls if call.in_tree}
    for call in sorted(calls, key=lambda call: -call.number):
        if call.in_tree and call.parent in largest:
            largest[call.parent] = max(largest[call.parent], largest[call.number])
    return {call: (largest[call.number] if call.in_tree else call.number) + 1 for call in calls}


def sequential_runs(unit: Unit, next_number: Mapping[Call, int]) -> list[list[Call]]:
    """Runs of two or more judged questions of one lookup, each directly following the one before."""
    runs = []
    for asked in by_lookup(unit.questions).values():
        run = [asked[0]]
        for call in asked[1:]:
            if call.number == next_number[run[-1]]:
                run.append(call)
            else:
                runs.append(run)
                run = [call]
        runs.append(run)
    return [run for run in runs if len(run) > 1]
