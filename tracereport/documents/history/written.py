"""The history as Markdown, within the size of a comment."""

from tracereport.documents.history.interface import HistoryOptions
from tracereport.documents.interface import MARKDOWN_LIMIT_BYTES
from tracereport.documents.markdown_text import cell, code
from tracereport.documents.templating import render_template
from tracereport.model.history import History, HistoryRun
from tracereport.wording.history import (
    FIGURE_WORDS,
    STATE_WORDS,
    Days,
    describe_course,
    describe_function_course,
    describe_growth,
    describe_run_change,
    describe_step,
    list_cautions,
)
from tracereport.wording.sentences import describe_place
from tracereport.wording.units import quote_name

_CAUTIONS = 10


def render_history_markdown(history: History, options: HistoryOptions) -> str:
    """The Markdown in at most ``MARKDOWN_LIMIT_BYTES`` bytes, with as many rows as fit into them."""
    rows = options.top
    written = _render(history, rows)
    while len(written.encode()) > MARKDOWN_LIMIT_BYTES and rows > 1:
        rows //= 2
        written = _render(history, rows)
    return written


def _render(history: History, top: int) -> str:
    def link(run: HistoryRun, label: str) -> str:
        return label if run.page is None else f"[{label}](<{run.page}>)"

    days = Days(history.runs.rows, link)
    came = [row for row in history.functions.rows if row.came or row.went]
    return render_template(
        "history.md",
        history=history,
        days=days,
        cautions=list_cautions(history, _CAUTIONS, quote_name),
        followed=history.findings.rows[:top],
        changes=history.changes.rows[:top],
        functions=came[:top],
        came_and_went=len(came),
        runs=history.runs.rows[: -top - 1 : -1],
        figure_words=FIGURE_WORDS,
        state_words=STATE_WORDS,
        growth=describe_growth,
        headline=lambda row: describe_place(row, code),
        course=lambda row: describe_course(row, days, code),
        step=lambda step: cell(describe_step(step, days, code)),
        what=lambda row: describe_run_change(row, history, code),
        run_name=lambda index: cell(days.name(index, code)),
        run_label=lambda run: cell(days.label(run, code)),
        function_course=lambda row: cell(describe_function_course(row, days, code)),
    )
