"""Sentences of a history: which run did what, since when, and by how much."""

from collections.abc import Callable, Sequence

from tracereport.model.history import FindingHistory, FunctionHistory, History, HistoryRun, HistoryStep, RunChange
from tracereport.wording.phrases import Code, format_count, format_counted
from tracereport.wording.sentences import describe_place
from tracereport.wording.units import elide_middle, escape_controls, format_change, format_cut_list, format_day

STATE_WORDS = {"new": "new", "grown": "more", "steady": "as many", "shrunk": "fewer", "gone": "gone"}
"""What became of a finding from the first run to the last one."""
FIGURE_WORDS = {"calls": "calls", "redundant_calls": "calls asked again", "avoidable_calls": "avoidable calls"}
ARROW = " → "
_LABEL_WIDTH = 40
_NAMED_FUNCTIONS = 3


class Days:
    """Names runs: by label and day, with its year where the runs are of several."""

    def __init__(self, runs: Sequence[HistoryRun], write: Callable[[HistoryRun, str], str] | None = None) -> None:
        """Take what makes a link of a run's written label, where the document has links."""
        self._runs = runs
        self._write = write
        self._with_year = len({run.at_time[:4] for run in runs if run.at_time}) > 1

    def day_of(self, run: HistoryRun) -> str:
        """``3 May``; empty where the run doesn't know its time."""
        return format_day(run.at_time, with_year=self._with_year) if run.at_time else ""

    def name(self, index: int, code: Code) -> str:
        """A run by its label and its day: ```a1b2c3d` on 3 May``."""
        run = self._runs[index]
        label = self.label(run, code)
        day = self.day_of(run)
        return f"{label} on {day}" if day else label

    def label(self, run: HistoryRun, code: Code) -> str:
        """A run by its label alone."""
        label = code(shorten_label(run.label))
        return label if self._write is None else self._write(run, label)


def shorten_label(label: str) -> str:
    """A label that fits into a sentence."""
    return elide_middle(escape_controls(label), _LABEL_WIDTH)


def describe_course(finding: FindingHistory, days: Days, code: Code) -> str:
    """``in 26 of 30 runs, since `a1b2c3d` on 3 May; 12 → 152 with `b2c3d4e` on 9 May``."""
    said = [f"in {format_count(finding.runs)} of {format_counted(finding.of_runs, 'run')}"]
    if finding.most > max(finding.first, finding.last):
        said.append(f", {format_count(finding.most)} at most")
    if finding.gone_with is not None:
        said.append(f", gone with {days.name(finding.gone_with, code)}")
    elif finding.since is not None and (finding.state == "new" or finding.since != finding.first_run):
        said.append(f", since {days.name(finding.since, code)}")
    largest = finding.largest
    if largest is not None and largest.run not in (finding.gone_with, finding.since):
        said.append(f"; {describe_step(largest, days, code)}")
    return "".join(said)


def describe_step(step: HistoryStep, days: Days, code: Code) -> str:
    """``12 → 152 with `a1b2c3d` on 3 May``."""
    return f"{format_counts(step.before, step.after)} with {days.name(step.run, code)}"


def describe_function_course(function: FunctionHistory, days: Days, code: Code) -> str:
    """``came with `a1b2c3d` on 3 May, went with …``."""
    came = f"came with {days.name(function.first_run, code)}" if function.came else ""
    went = "" if function.gone_with is None else f"gone with {days.name(function.gone_with, code)}"
    return ", ".join(filter(None, (came, went)))


def describe_run_change(change: RunChange, history: History, code: Code) -> str:
    """What one run did, the largest things first: a clause for each finding, and functions that came and went."""
    findings = {row.fingerprint: row for row in history.findings.rows}
    said = [
        f"{describe_place(finding, code)}: {format_counts(step.before, step.after)}"
        for step in change.findings.rows[:_NAMED_FUNCTIONS]
        if (finding := findings.get(step.fingerprint)) is not None
    ]
    if (more := change.findings.total - len(said)) > 0:
        said.append(f"{format_counted(more, 'further finding')} changed")
    for rows, word in ((change.functions_added, "new"), (change.functions_removed, "gone")):
        if rows.total:
            names = [code(name) for name in rows.rows[:_NAMED_FUNCTIONS]]
            said.append(f"{word}: {format_cut_list(names, rows.total)}")
    return "; ".join(said)


def format_counts(before: int, after: int) -> str:
    """``12 → 152``."""
    return f"{format_count(before)}{ARROW}{format_count(after)}"


def describe_growth(first: int, last: int) -> str:
    """``1,204 → 1,562 (+358)``; one figure where nothing changed."""
    if first == last:
        return format_count(last)
    return f"{format_counts(first, last)} ({format_change(first, last)})"


def list_cautions(history: History, most: int, code: Code) -> list[str]:
    """What takes no part, and what else than the program may have changed figures: ``most`` sentences of each sort."""
    unread = [f"{code(row.file)} takes no part: it {row.reason}." for row in history.unread.rows[:most]]
    rest = [_count_further(history.unread.total, len(unread), "file", "takes no part", "take no part")]
    apart = [(index, run) for index, run in enumerate(history.runs.rows) if run.caution is not None]
    cautions = [f"{code(shorten_label(run.label))} isn't compared: {run.caution}." for _, run in apart[:most]]
    rest_apart = [_count_further(len(apart), len(cautions), "run", "isn't compared", "aren't compared")]
    changed = [run for run in history.runs.rows if run.changed_settings]
    settings = [
        f"From {code(shorten_label(run.label))} on measured otherwise: {'; '.join(run.changed_settings)}."
        for run in changed[:most]
    ]
    rest_changed = [
        _count_further(len(changed), len(settings), "run", "is measured otherwise", "are measured otherwise")
    ]
    return list(filter(None, [*unread, *rest, *cautions, *rest_apart, *settings, *rest_changed]))


def _count_further(total: int, shown: int, noun: str, one: str, many: str) -> str:
    more = total - shown
    return f"{format_counted(more, f'further {noun}')} {one if more == 1 else many}." if more > 0 else ""
