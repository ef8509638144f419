"""A history in a few sentences: how the figures went, what became of the findings, and when most changed at once."""

from tracereport.model.history import FigureHistory, History
from tracereport.wording.history import Days, describe_growth, describe_step
from tracereport.wording.phrases import format_count, format_counted, format_list
from tracereport.wording.sentences import describe_place
from tracereport.wording.units import quote_name


def describe_history(history: History) -> str:
    """The verdict; the history's own isn't looked at. Names stand in backticks, as they were logged."""
    runs = format_counted(history.compared_runs, "run")
    if not history.compared_runs:
        return "No run can be compared."
    calls, repeats, _ = history.figures
    if history.compared_runs == 1:
        return f"One run: {format_counted(calls.last, 'call')}, {format_count(repeats.last)} of them asked again."
    sentences = [_describe_figures(runs, calls, repeats), _describe_findings(history)]
    for row in history.findings.rows[:1]:
        if row.state in ("new", "grown") and row.largest is not None:
            step = describe_step(row.largest, Days(history.runs.rows), quote_name)
            sentences.append(f"Most by one finding: {describe_place(row, quote_name)}, {step}")
    return ". ".join(filter(None, sentences)) + "."


def _describe_figures(runs: str, calls: FigureHistory, repeats: FigureHistory) -> str:
    if not calls.steps and not repeats.steps:
        return f"The same in {runs}: {format_counted(calls.last, 'call')}, {format_count(repeats.last)} asked again"
    grown = describe_growth(repeats.first, repeats.last)
    return f"In {runs}: calls {describe_growth(calls.first, calls.last)}, asked again {grown}"


def _describe_findings(history: History) -> str:
    states = [row.state for row in history.findings.rows]
    counted = [
        (states.count("new"), "is new", "are new"),
        (states.count("grown"), "grew", "grew"),
        (states.count("shrunk"), "shrank", "shrank"),
        (states.count("gone"), "is gone", "are gone"),
    ]
    changed = [f"{format_count(count)} {one if count == 1 else many}" for count, one, many in counted if count]
    if not changed:
        return ""
    return f"Of {format_counted(history.findings.total, 'finding')}, {format_list(changed)}"
