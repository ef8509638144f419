"""Reports of many runs, one by one -> their history. What is kept of each is its figures; the report is dropped."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np

from tracereport.calls.grouping import LONG_ROW_LIMIT, NESTED_ROW_LIMIT, ROW_LIMIT, keep_rows
from tracereport.judging.comparable import count_of_finding, is_stable
from tracereport.judging.history.following import Course, Flags, Track, find_largest
from tracereport.judging.history.run_report import RunFinding, RunReport
from tracereport.judging.history.runs import Known, Named, describe_run, moment_of, name_changed_settings
from tracereport.judging.history.verdict import describe_history
from tracereport.model import UNKNOWN_CALLER, Generator, Rows
from tracereport.model.history import (
    HISTORY_SCHEMA_VERSION,
    FigureHistory,
    FindingHistory,
    FindingState,
    FindingStep,
    FunctionHistory,
    History,
    HistoryRun,
    HistoryStep,
    Order,
    RunChange,
    UnreadReport,
)

MOST_NAMES = 100_000
"""Findings, and functions, that are followed; those of the runs that are read first."""
STATES: tuple[FindingState, ...] = ("new", "grown", "steady", "shrunk", "gone")


class Gathering:
    """Takes reports in any order, and gives their history in the order that is asked for."""

    def __init__(self) -> None:
        self._runs: list[Known] = []
        self._known_trees: set[str] = set()
        """Names of the processes whose tree any run knows."""
        self._functions: dict[str, Track] = {}
        self._findings: dict[str, tuple[Track, RunFinding, int]] = {}
        """With the finding of the run with the highest number, which is the latest but for an order by time."""

    def add(self, number: int, named: Named, report: RunReport) -> None:
        """One more run.

        Args:
            number: its place among the files that were given, from 0 on.
            named: how it is called.
            report: what is known of it.
        """
        run = describe_run(named, report)
        callers = [row.caller for row in report.callers.rows]
        self._runs.append(
            Known(
                number=number,
                run=run,
                settings=report.settings,
                knows_callers=any(caller not in (None, UNKNOWN_CALLER) for caller in callers),
                lists_functions=len(report.functions.rows) == report.functions.total,
                lists_findings=len(report.findings.rows) == report.findings.total,
                unknown_trees=frozenset(row.name for row in report.processes.rows if row.tree == "unknown"),
            )
        )
        if run.caution is not None:
            return
        self._known_trees.update(row.name for row in report.processes.rows if row.tree != "unknown")
        for row in report.functions.rows:
            if row.function in self._functions or len(self._functions) < MOST_NAMES:
                self._functions.setdefault(row.function, Track()).add(number, row.calls)
        for finding in report.findings.rows:
            if is_stable(finding.kind, finding.confidence):
                self._add_finding(number, finding)

    def _add_finding(self, number: int, finding: RunFinding) -> None:
        known = self._findings.get(finding.fingerprint)
        if known is None:
            if len(self._findings) >= MOST_NAMES:
                return
            known = self._findings[finding.fingerprint] = Track(), finding, number
        elif number > known[2]:
            known = self._findings[finding.fingerprint] = known[0], finding, number
        known[0].add(number, count_of_finding(finding.kind, finding))

    def finish(self, order: Order, title: str | None, unread: Sequence[UnreadReport], generator: Generator) -> History:
        """The history of what was added.

        Args:
            order: of the runs: that of the files that were given, or their own times, which all of them have then.
            title: null: that of all the reports, if they have one.
            unread: files that take no part.
            generator: the program that makes it.
        """
        self._runs.sort(key=lambda known: (moment_of(known.run.at_time) if order == "time" else 0, known.number))
        runs = name_changed_settings(self._runs)
        following = _Following(self._runs, runs, self._known_trees)
        figures = tuple(_follow_figures(runs))
        findings, finding_steps = following.findings(self._findings)
        functions, function_steps = following.functions(self._functions)
        titles = {run.title for run in runs}
        history = History(
            history_version=HISTORY_SCHEMA_VERSION,
            generator=generator,
            title=title or (titles.pop() if len(titles) == 1 else "history"),
            order=order,
            verdict="",
            compared_runs=sum(run.caution is None for run in runs),
            runs=Rows(len(runs), tuple(runs)),
            unread=keep_rows(unread),
            figures=figures,
            changes=_list_changes(runs, finding_steps, function_steps),
            findings=keep_rows(findings, LONG_ROW_LIMIT),
            functions=keep_rows(functions, LONG_ROW_LIMIT),
        )
        return msgspec.structs.replace(history, verdict=describe_history(history))


class _Following:
    """Follows names over the runs that are compared, whose indexes are those of the history."""

    def __init__(self, known: Sequence[Known], runs: Sequence[HistoryRun], known_trees: set[str]) -> None:
        compared = np.array([run.caution is None for run in runs], np.bool_)
        self._places = [-1] * (max((each.number for each in known), default=-1) + 1)
        for place, each in enumerate(known):
            if compared[place]:
                self._places[each.number] = place
        knows_callers = np.array([each.knows_callers for each in known], np.bool_)
        self._allowed = compared & (knows_callers if knows_callers[compared].any() else True)
        self._lists_functions = compared & np.array([each.lists_functions for each in known], np.bool_)
        self._lists_findings = compared & np.array([each.lists_findings for each in known], np.bool_)
        self._knows_trees = np.array([each.unknown_trees.isdisjoint(known_trees) for each in known], np.bool_)

    def findings(
        self, tracks: dict[str, tuple[Track, RunFinding, int]]
    ) -> tuple[list[FindingHistory], dict[int, list[FindingStep]]]:
        """The findings in their order, and by run what it did to which."""
        histories = []
        steps_of: dict[int, list[FindingStep]] = defaultdict(list)
        for track, finding, _ in tracks.values():
            course = track.follow(self._places, self._telling(finding), self._allowed)
            if not course.runs:
                continue
            steps = list(course.steps())
            histories.append(_describe_finding(finding, course, steps))
            for step in steps:
                changed = FindingStep(fingerprint=finding.fingerprint, before=step.before, after=step.after)
                steps_of[step.run].append(changed)
        return sorted(histories, key=_rank_finding), steps_of

    def _telling(self, finding: RunFinding) -> Flags:
        """A run can't tell that a fan-out isn't there where it lacks a tree that another run knows: threads hide it."""
        return self._lists_findings & self._knows_trees if finding.kind == "fan-out" else self._lists_findings

    def functions(self, tracks: dict[str, Track]) -> tuple[list[FunctionHistory], dict[int, list[tuple[str, bool]]]]:
        """The functions in their order, and by run which came (true) or went with it."""
        histories = []
        steps_of: dict[int, list[tuple[str, bool]]] = defaultdict(list)
        for function, track in tracks.items():
            course = track.follow(self._places, self._lists_functions)
            if not course.runs:
                continue
            steps = list(course.steps())
            histories.append(
                FunctionHistory(
                    function=function,
                    runs=course.runs,
                    first_run=course.first_run,
                    last_run=course.last_run,
                    came=course.first == 0,
                    went=course.last == 0,
                    gone_with=course.gone_with,
                    first=course.first,
                    last=course.last,
                    largest=find_largest(steps, course.first, course.last),
                    steps=len(steps),
                )
            )
            for step in steps:
                if not step.before or not step.after:
                    steps_of[step.run].append((function, not step.before))
        return sorted(histories, key=lambda row: (-abs(row.last - row.first), -row.last, row.function)), steps_of


def _follow_figures(runs: Sequence[HistoryRun]) -> list[FigureHistory]:
    compared = [(index, run) for index, run in enumerate(runs) if run.caution is None]
    figures = []
    for figure in ("calls", "redundant_calls", "avoidable_calls"):
        counts = [(index, int(getattr(run, figure))) for index, run in compared]
        steps = [
            HistoryStep(run=index, before=before, after=after)
            for (_, before), (index, after) in pairwise(counts)
            if before != after
        ]
        first, last = (counts[0][1], counts[-1][1]) if counts else (0, 0)
        figures.append(
            FigureHistory(
                figure=figure,
                stable=figure != "avoidable_calls",
                first=first,
                last=last,
                largest=find_largest(steps, first, last),
                steps=len(steps),
            )
        )
    return figures


def _describe_finding(finding: RunFinding, course: Course, steps: Sequence[HistoryStep]) -> FindingHistory:
    told = [step for step in steps if course.since is None or step.run >= course.since]
    return FindingHistory(
        fingerprint=finding.fingerprint,
        kind=finding.kind,
        function=finding.function,
        callers=finding.callers,
        caller_count=finding.caller_count,
        param_names=finding.param_names,
        varying_params=finding.varying_params,
        writes=finding.writes,
        at=finding.at.rows[0].at if finding.at.rows else None,
        accepted=finding.accepted,
        state=_state_of(course.first, course.last),
        runs=course.runs,
        of_runs=course.of_runs,
        first_run=course.first_run,
        last_run=course.last_run,
        since=course.since,
        gone_with=course.gone_with,
        first=course.first,
        last=course.last,
        most=int(course.counts.max()),
        largest=find_largest(told or steps, course.first, course.last),
        steps=Rows(len(steps), tuple(reversed(steps))[:ROW_LIMIT]),
    )


def _state_of(first: int, last: int) -> FindingState:
    if last == 0:
        return "gone"
    if first == 0:
        return "new"
    if first == last:
        return "steady"
    return "grown" if last > first else "shrunk"


def _rank_finding(row: FindingHistory) -> tuple[int, int, int, str]:
    """What came or grew first, in one list."""
    return max(STATES.index(row.state), 1), -abs(row.last - row.first), -row.last, row.fingerprint


def _list_changes(
    runs: Sequence[HistoryRun],
    finding_steps: dict[int, list[FindingStep]],
    function_steps: dict[int, list[tuple[str, bool]]],
) -> Rows[RunChange]:
    compared = [index for index, run in enumerate(runs) if run.caution is None]
    changes = []
    for before, index in pairwise(compared):
        was, now = runs[before], runs[index]
        findings, functions = finding_steps.get(index, []), sorted(function_steps.get(index, []))
        if not findings and not functions and (was.calls, was.redundant_calls) == (now.calls, now.redundant_calls):
            continue
        findings.sort(key=lambda step: (-abs(step.after - step.before), step.fingerprint))
        changes.append(
            RunChange(
                run=index,
                calls_before=was.calls,
                calls_after=now.calls,
                redundant_before=was.redundant_calls,
                redundant_after=now.redundant_calls,
                avoidable_before=was.avoidable_calls,
                avoidable_after=now.avoidable_calls,
                findings=keep_rows(findings, NESTED_ROW_LIMIT),
                functions_added=keep_rows([name for name, came in functions if came], NESTED_ROW_LIMIT),
                functions_removed=keep_rows([name for name, came in functions if not came], NESTED_ROW_LIMIT),
            )
        )
    changes.sort(key=_rank_change)
    return keep_rows(changes)


def _rank_change(row: RunChange) -> tuple[int, int, int]:
    return -abs(row.redundant_after - row.redundant_before), -abs(row.calls_after - row.calls_before), row.run
