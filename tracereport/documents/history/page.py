"""The history's page: one file in the report's look, at most ``MOST_BYTES`` long however many runs there are."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, Final, Self
from urllib.parse import quote

import msgspec
from markupsafe import Markup

from tracereport.documents.history.sparkline import draw_course
from tracereport.documents.page.page import (
    MOST_BYTES,
    Drawn,
    choose_bundle,
    isolate,
    make_policy,
    read_template,
)
from tracereport.documents.page.pictures import Pictures, explain_no_engine
from tracereport.documents.page.written import HtmlText, Limits
from tracereport.documents.templating import environment, json_script
from tracereport.model.history import FindingHistory, FunctionHistory, History, HistoryRun, HistoryStep, RunChange
from tracereport.sections import theme
from tracereport.sections.charts.history import make_history_charts
from tracereport.wording.history import (
    STATE_WORDS,
    Days,
    describe_course,
    describe_function_course,
    describe_growth,
    describe_run_change,
    describe_step,
    list_cautions,
)
from tracereport.wording.labels import Labels
from tracereport.wording.sentences import describe_place
from tracereport.wording.units import quote_name

_TONES: Final = {"new": "worse", "grown": "worse", "steady": "same", "shrunk": "better", "gone": "better"}
_STROKES: Final = {"worse": "unchanged", "same": "repeat", "better": "better"}
_CAUTIONS: Final = 10


class Room(msgspec.Struct, frozen=True):
    """How much of a history the page shows."""

    findings: int = 200
    rows: int = 50
    runs: int = 1_000
    readings: int = 1_000
    """Runs that a chart says the figure of."""

    def shrink(self) -> Self:
        """Room for less."""
        return type(self)(
            findings=max(5, self.findings // 2),
            rows=max(5, self.rows * 2 // 3),
            runs=max(20, self.runs // 2),
            readings=max(50, self.readings // 2),
        )


def render_history_html(history: History, *, top: int, pictures: bool = True) -> str:
    """The history as a page of at most ``MOST_BYTES`` bytes in UTF-8.

    Args:
        history: what the page says.
        top: findings that are in sight; the others are one click away.
        pictures: False puts named placeholders where the chart libraries' work would stand.
    """
    no_engine = explain_no_engine() if pictures else ""
    room = Room()
    with Pictures(theme.altair_theme()) if pictures and not no_engine else nullcontext() as engine:
        bundle = choose_bundle(pictures=pictures, has_engine=engine is not None)
        while True:
            drawn = Drawn(bundle, no_engine)
            for chart in make_history_charts(history, room.readings):
                drawn.add(chart, engine, with_specification=pictures)
            page = _Page(history, room, drawn).render(top)
            if len(page.encode()) <= MOST_BYTES or room == room.shrink():
                return page
            room = room.shrink()


class _Page:
    """One history in one page's room."""

    def __init__(self, history: History, room: Room, drawn: Drawn) -> None:
        self._history = history
        self._room = room
        self._drawn = drawn
        self._text = HtmlText(Limits(findings=0, rows=0, explorer_rows=0), Labels())
        self._days = self._link("")

    def _link(self, fingerprint: str) -> Days:
        """Names runs, each a link to its page, and there to a finding."""
        anchor = f"#{_anchor(fingerprint)}" if fingerprint else ""

        def write(run: HistoryRun, label: str) -> str:
            opening = Markup('<a href="{}{}">').format(run.page, anchor)
            return label if run.page is None else f"{opening}{label}</a>"

        return Days(self._history.runs.rows, write)

    def render(self, top: int) -> str:
        """The page."""
        history, room = self._history, self._room
        style = Markup(theme.css_properties() + read_template("style.css") + read_template("history.css"))  # noqa: S704 - ours
        script = isolate(read_template("report.js"))
        runs = history.runs.rows[: -room.runs - 1 : -1]
        functions = [row for row in history.functions.rows if row.came or row.went or row.steps]
        return (
            environment()
            .get_template("history.html")
            .render(
                history=history,
                policy=make_policy(style, (script, self._drawn.bundle.script)),
                style=style,
                script=script,
                vega=self._drawn.bundle.packed,
                page_data=json_script(self._page_data()),
                charts=self._drawn.charts,
                picture=self._drawn.picture,
                no_engine=self._drawn.no_engine,
                text=self._text,
                days=self._days,
                cautions=list_cautions(history, _CAUTIONS, quote_name),
                followed=history.findings.rows[: room.findings],
                in_sight=top,
                course=self._course,
                changes=history.changes.rows[: room.rows],
                what=self._what,
                functions=functions[: room.rows],
                changed_functions=len(functions),
                function_course=self._function_course,
                step=self._step,
                runs=runs,
                has_notes=any(run.caution or run.changed_settings for run in runs),
                run_name=lambda index: Markup(self._days.name(index, self._text.name)),  # noqa: S704 - escaped by name
                run_label=lambda run: Markup(self._days.label(run, self._text.name)),  # noqa: S704 - as above
            )
        )

    def _page_data(self) -> Mapping[str, object]:
        """What the page's script works with; it has no explorer here."""
        nothing: dict[str, Any] = {"total": 0, "rows": []}
        return {
            "config": theme.altair_theme()["config"],
            "charts": self._drawn.specifications,
            "explorer": {"columns": [], "signatures": nothing, "lookups": nothing},
            "names": {},
            "markdown": {},
        }

    def _course(self, row: FindingHistory) -> Markup:
        tone = _TONES[row.state]
        written = (
            environment()
            .get_template("partials/course.html")
            .render(
                row=row,
                anchor=_anchor(row.fingerprint),
                text=self._text,
                headline=Markup(describe_place(row, self._text.name)),  # noqa: S704 - plain text around escaped names
                course=Markup(describe_course(row, self._link(row.fingerprint), self._text.name)),  # noqa: S704 - as above
                growth=describe_growth,
                state=STATE_WORDS[row.state],
                tone=tone,
                ground=theme.colour("line"),
                stroke=theme.colour(_STROKES[tone]),
                path=draw_course(row, self._history.runs.total),
            )
        )
        return Markup(written)  # noqa: S704 - a template's

    def _what(self, row: RunChange) -> Markup:
        return Markup(describe_run_change(row, self._history, self._text.name))  # noqa: S704 - as above

    def _function_course(self, row: FunctionHistory) -> Markup:
        return Markup(describe_function_course(row, self._days, self._text.name))  # noqa: S704 - as above

    def _step(self, step: HistoryStep) -> Markup:
        return Markup(describe_step(step, self._days, self._text.name))  # noqa: S704 - as above


def _anchor(fingerprint: str) -> str:
    """The id of a finding, as in its report's page; of one that is none, nothing but what an address may hold."""
    return f"f-{quote(fingerprint, safe='')}"
