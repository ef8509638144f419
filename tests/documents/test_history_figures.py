"""Every figure that a document of a history shows is the model's, in the row that it belongs to."""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Final

import pytest
from msgspec.structs import replace

from tests.documents.test_history import some_history
from tests.planted_history import planted_history
from tracereport.documents.history.interface import HistoryOptions
from tracereport.documents.history.page import render_history_html
from tracereport.documents.history.written import render_history_markdown
from tracereport.documents.terminal.history import render_history_text
from tracereport.model import Rows
from tracereport.model.history import FindingHistory, History, HistoryStep, RunChange
from tracereport.sections.charts.history import make_history_charts

TOP: Final = 20
NAMED_FINDINGS: Final = 3
"""Findings that the row of a run names."""
HISTORIES: Final = {"planted": planted_history(), "some": some_history()}
HEADINGS: Final = {
    "findings": "Findings over the runs",
    "changes": "Runs that changed most",
    "functions": "Functions that came and went",
    "runs": "Runs",
}
Figures = list[list[str]]
"""Per row what it says of figures, in their order."""


def said_of_findings(history: History) -> Figures:
    return [
        [
            growth(row.first, row.last),
            f"{row.runs:,} of {row.of_runs:,} run{'s' * (row.of_runs != 1)}",
            *said_of_course(row),
        ]
        for row in history.findings.rows[:TOP]
    ]


def said_of_course(row: FindingHistory) -> Iterator[str]:
    if row.most > max(row.first, row.last):
        yield f"{row.most:,} at most"
    if row.largest is not None and row.largest.run not in {row.gone_with, row.since}:
        yield f"{row.largest.before:,} → {row.largest.after:,} with"


def said_of_changes(history: History, *, avoidable: bool) -> Figures:
    known = {row.fingerprint for row in history.findings.rows}
    return [
        [
            change(row.calls_before, row.calls_after),
            change(row.redundant_before, row.redundant_after),
            *([change(row.avoidable_before, row.avoidable_after)] if avoidable else []),
            *(
                f"{step.before:,} → {step.after:,}"
                for step in row.findings.rows[:NAMED_FINDINGS]
                if step.fingerprint in known
            ),
        ]
        for row in history.changes.rows[:TOP]
    ]


def said_of_functions(history: History, *, in_page: bool) -> Figures:
    """The page has those whose calls changed, too, and a column for each figure."""
    rows = [row for row in history.functions.rows if row.came or row.went or (in_page and row.steps)]
    return [[f"{row.first:,} {'' if in_page else '→ '}{row.last:,}"] for row in rows[:TOP]]


def said_of_runs(history: History) -> Figures:
    return [
        [f"{count:,}" for count in (run.calls, run.redundant_calls, run.avoidable_calls, run.findings)]
        for run in history.runs.rows[: -TOP - 1 : -1]
    ]


def growth(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,} → {last:,} ({last - first:+,})"


def change(before: int, after: int) -> str:
    return f"{after - before:+,}" if after != before else "0"


def rows_of_text(history: History) -> dict[str, list[str]]:
    """The rows of each section of the text."""
    parts = re.split(r"^=== (.*) ===$", render_history_text(history, HistoryOptions(width=2000)), flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], (part.strip().splitlines() for part in parts[2::2]), strict=True))
    lines = {key: sections.get(heading, []) for key, heading in HEADINGS.items()}
    shown = {key: [line for line in own if not line.startswith("   ...")] for key, own in lines.items()}
    findings = iter(shown["findings"])
    heading = next((at for at, line in enumerate(shown["runs"]) if line.split()[:1] == ["run"]), -1)
    return {
        **shown,
        "findings": [" ".join(pair) for pair in zip(findings, findings, strict=True)],
        "runs": shown["runs"][heading + 1 : heading + 1 + min(TOP, history.runs.total)],
    }


def rows_of_markdown(history: History) -> dict[str, list[str]]:
    """The rows of each section of the Markdown."""
    parts = re.split(
        r"^(?:## |<details><summary>)(\w.*)$", render_history_markdown(history, HistoryOptions()), flags=re.MULTILINE
    )
    sections = {
        key.partition(":")[0].removesuffix("</summary>"): own for key, own in zip(parts[1::2], parts[2::2], strict=True)
    }
    rows = {
        key: re.findall(r"^\|.*$", sections.get(heading, ""), re.MULTILINE)[2:] for key, heading in HEADINGS.items()
    }
    return {**rows, "findings": re.findall(r"^\d+\. .*\n .*$", sections[HEADINGS["findings"]], re.MULTILINE)}


def rows_of_page(history: History) -> dict[str, list[str]]:
    """The rows of each section of the page, without elements."""
    page = render_history_html(history, top=TOP, pictures=False)
    sections = {key: page.partition(f' id="{key}"')[2].partition("</section>")[0] for key in HEADINGS}
    rows = {key: re.findall(r"<tr>(.*?)</tr>", own.partition("<tbody>")[2], re.DOTALL) for key, own in sections.items()}
    rows["findings"] = re.findall(r'<li id="f-[^>]*>(.*?)</li>', sections["findings"], re.DOTALL)
    return {key: [unescape(re.sub(r"<[^>]*>", " ", row)) for row in own[:TOP]] for key, own in rows.items()}


def hold(rows: Sequence[str], figures: Figures) -> None:
    """Each row says its figures, in their order."""
    assert len(rows) == len(figures)
    for row, said in zip(rows, figures, strict=True):
        pattern = r".*?".join(rf"(?<![\w.,+-]){re.escape(figure)}(?![\w.]|,\d)" for figure in said)
        words = " ".join(re.sub(r"`|\]\(<[^>]*>\)|[\[\]]", "", row).split())
        assert re.search(pattern, words), (said, words)


def hold_document(kind: str, shown: History, model: History) -> None:
    """The document of one history says the figures of a model, which is the same one where nothing is wrong."""
    rows = {"text": rows_of_text, "markdown": rows_of_markdown, "html": rows_of_page}[kind](shown)
    hold(rows["findings"], said_of_findings(model))
    hold(rows["changes"], said_of_changes(model, avoidable=kind != "text"))
    hold(rows["functions"], said_of_functions(model, in_page=kind == "html"))
    hold(rows["runs"], said_of_runs(model))


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("kind", ["text", "markdown", "html"])
def test_every_figure_of_a_document_is_the_model_s(kind: str, name: str) -> None:
    hold_document(kind, HISTORIES[name], HISTORIES[name])


@pytest.mark.parametrize("name", HISTORIES)
def test_the_totals_stand_in_text_and_markdown_with_their_largest_step(name: str) -> None:
    history = HISTORIES[name]
    texts = (
        render_history_text(history, HistoryOptions(width=2000)),
        render_history_markdown(history, HistoryOptions()),
    )
    for document in texts:
        lines = [line for line in document.splitlines() if re.match(r"(\|| ) ?\s*(calls|avoidable calls)\b", line)]
        hold(
            lines[: len(history.figures)],
            [
                [growth(row.first, row.last), *([] if row.largest is None else [step(row.largest)])]
                for row in history.figures
            ],
        )


def step(own: HistoryStep) -> str:
    return f"{own.before:,} → {own.after:,} with"


@pytest.mark.parametrize("name", HISTORIES)
def test_the_charts_draw_the_figures_of_all_runs(name: str) -> None:
    history = HISTORIES[name]
    charts = {chart.name: chart for chart in make_history_charts(history)}
    assert charts.keys() == {f"history-{row.figure.replace('_', '-')}" for row in history.figures}
    for figure in history.figures:
        drawn = charts[f"history-{figure.figure.replace('_', '-')}"].datasets["runs"]
        assert [row["count"] for row in drawn] == [getattr(run, figure.figure) for run in history.runs.rows]


def changed_in_one_figure(history: History) -> Iterator[tuple[str, History]]:
    """The model with one figure more in a row that all documents show."""
    finding, run = history.findings.rows[0], history.runs.rows[-1]
    row: RunChange = history.changes.rows[0]
    function = next(row for row in history.functions.rows if row.came or row.went)
    for field in ("first", "last", "runs", "of_runs"):
        rows = (replace(finding, **{field: getattr(finding, field) + 1}), *history.findings.rows[1:])
        yield f"finding.{field}", replace(history, findings=Rows(history.findings.total, rows))
    for field in ("calls", "redundant_calls", "avoidable_calls", "findings"):
        runs = (*history.runs.rows[:-1], replace(run, **{field: getattr(run, field) + 1}))
        yield f"run.{field}", replace(history, runs=Rows(history.runs.total, runs))
    for field in ("calls_after", "redundant_after"):
        changes = (replace(row, **{field: getattr(row, field) + 1}), *history.changes.rows[1:])
        yield f"change.{field}", replace(history, changes=Rows(history.changes.total, changes))
    for field in ("first", "last"):
        functions = tuple(
            replace(own, **{field: getattr(own, field) + 1}) if own is function else own
            for own in history.functions.rows
        )
        yield f"function.{field}", replace(history, functions=Rows(history.functions.total, functions))


@pytest.mark.parametrize("kind", ["text", "markdown", "html"])
def test_a_figure_that_reads_otherwise_is_seen(kind: str) -> None:
    """What holds a document against the model can fail."""
    history = HISTORIES["planted"]
    for name, other in changed_in_one_figure(history):
        try:
            hold_document(kind, history, other)
        except AssertionError:
            continue
        pytest.fail(name)
