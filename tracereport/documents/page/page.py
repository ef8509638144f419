"""The page: one file that opens from anywhere, asks the network for nothing and reads well without its scripts.

Its Content-Security-Policy names the style sheet and each script by hash. Data goes into one script element as JSON,
through ``json_script``; all other text of the log is escaped by the templates' environment.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from functools import cache, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec
from markdown_it import MarkdownIt
from markupsafe import Markup

from tracereport.documents.advice import render_advice
from tracereport.documents.markdown_text import code
from tracereport.documents.page.explorer import list_explorer_rows
from tracereport.documents.page.findings import list_cards, list_larger
from tracereport.documents.page.pictures import Pictures, explain_no_engine
from tracereport.documents.page.tables import list_chapters
from tracereport.documents.page.timelines import draw_timelines
from tracereport.documents.page.vega_bundle import Bundle, read_bundle, read_kept_bundle
from tracereport.documents.page.written import HtmlText, Limits
from tracereport.documents.places import Excerpt, PlaceLinks
from tracereport.documents.templating import environment, json_script, render_advice_html, render_template
from tracereport.model import Finding, Report, Settings
from tracereport.sections import SECTIONS, theme
from tracereport.sections.charts.chart import Chart
from tracereport.sections.charts.registry import make_charts
from tracereport.sections.charts.templates import templates_dir
from tracereport.wording import scope, sentences
from tracereport.wording.labels import Labels

if TYPE_CHECKING:
    from concurrent.futures import Future

MOST_BYTES: Final = 1_500_000
DEFINITIONS_TITLE: Final = "How each figure is computed"
_MOST_FINDINGS: Final = 15
_MOST_ROWS: Final = 25
_EXPLORER_ROWS: Final = 400


def render_html(
    report: Report,
    *,
    pictures: bool = True,
    links: PlaceLinks | None = None,
    excerpts: Mapping[str, Excerpt] | None = None,
) -> str:
    """The report as a page of at most ``MOST_BYTES`` bytes in UTF-8.

    Args:
        report: what the page says.
        pictures: False puts named placeholders where the chart libraries' work would stand (static pictures,
            specifications and their script), so that the page doesn't depend on those libraries' versions.
        links: where places in the source lead; nowhere if none are given.
        excerpts: lines of source by place.
    """
    labels = Labels()
    no_engine = explain_no_engine() if pictures else ""
    with Pictures(theme.altair_theme()) if pictures and not no_engine else nullcontext() as engine:
        drawn = Drawn(choose_bundle(pictures=pictures, has_engine=engine is not None), no_engine)
        shown = {name for view in SECTIONS for name in view.charts}
        for chart in make_charts(report, labels, shown):
            drawn.add(chart, engine, with_specification=pictures)
        record = scope.name_record(report)
        text = HtmlText(_choose_limits(report), labels, links or PlaceLinks(), excerpts or {}, record)
        return _fit(report, text, drawn)


def choose_bundle(*, pictures: bool, has_engine: bool) -> Bundle:
    """The charts' script; empty where nothing of it is at hand and the engine that writes it can't be started."""
    if not pictures:
        return Bundle("(Vega, Vega-Lite and vega-embed)", "")
    return read_bundle() if has_engine else read_kept_bundle() or Bundle("", "")


class Drawn(msgspec.Struct, frozen=True):
    """What is made of a page's charts."""

    bundle: Bundle
    no_engine: str
    """Why there are no pictures; empty where there are."""
    charts: dict[str, Chart] = msgspec.field(default_factory=dict)
    specifications: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    pictures: "dict[str, Future[str]]" = msgspec.field(default_factory=dict)

    def add(self, chart: Chart, engine: Pictures | None, *, with_specification: bool) -> None:
        """One more chart, whose picture is drawn from now on where there is an engine."""
        self.charts[chart.name] = chart
        if with_specification:
            self.specifications[chart.name] = chart.specification()
        if engine is not None:
            self.pictures[chart.name] = engine.draw(chart.name, self.specifications[chart.name])

    def picture(self, name: str) -> Markup:
        """A chart's picture; the templates ask for it where it stands, so that it is drawn while they write."""
        if self.no_engine:
            return Markup('<p class="hint">No picture was drawn; the table below holds its figures.</p>')
        if name not in self.pictures:
            return Markup("<!-- picture of {} -->").format(name)
        return Markup(self.pictures[name].result())  # noqa: S704 - nothing but shapes and escaped text


def _choose_limits(report: Report) -> Limits:
    top = report.settings.top
    return Limits(findings=min(top, _MOST_FINDINGS), rows=min(top, _MOST_ROWS), explorer_rows=_EXPLORER_ROWS)


def _fit(report: Report, text: HtmlText, drawn: Drawn) -> str:
    """The page with as much of the report as its size allows."""
    page = _render(report, text, drawn)
    while len(page.encode()) > MOST_BYTES and text.limits != text.limits.shrink():
        text = msgspec.structs.replace(text, limits=text.limits.shrink())
        page = _render(report, text, drawn)
    return page


def _render(report: Report, text: HtmlText, drawn: Drawn) -> str:
    card_lists = list_cards(report, text)
    style = Markup(theme.css_properties() + read_template("style.css"))  # noqa: S704 - ours
    script = isolate(read_template("report.js"))
    return (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            policy=make_policy(style, (script, drawn.bundle.script)),
            style=style,
            script=script,
            vega=drawn.bundle.packed,
            page_data=json_script(_page_data(report, text, drawn)),
            chapters=list_chapters(report, text),
            card_lists=card_lists,
            larger=list_larger(card_lists),
            misleading=[row for row in report.quality.rows if row.misleading],
            definitions=list_definitions(report.settings),
            charts=drawn.charts,
            timelines=draw_timelines(report, text),
            no_engine=drawn.no_engine,
            picture=drawn.picture,
            text=text,
            kind_in_words=sentences.name_kind,
            many_processes=report.totals.processes > 1,
            advice=render_advice_html,
            worth=sentences.describe_worth,
            definitions_title=DEFINITIONS_TITLE,
            saved_fill=_saved_fill,
            **_answers(report),
        )
    )


def _answers(report: Report) -> dict[str, Any]:
    """The headline's bar: judged calls by what they ask for and what is known of the answers, each with its fill."""
    totals = report.totals
    fills = {name: theme.colour(name) for name in ("first", "fan-out", "unchanged", "changed")}
    fills["other"] = theme.colour("line")
    fills |= {"unproven": theme.HATCH, "unproven-ground": theme.colour("unproven")}
    legend = (
        ("first", totals.first_calls, "first calls"),
        ("fan-out", totals.fan_out_calls, "one by one (fan-out)"),
        ("unchanged", totals.unchanged_repeats, "again, unchanged"),
        ("changed", totals.changed_repeats, "again, changed"),
        ("unproven", totals.unproven_repeats, "again, no evidence"),
        ("other", totals.other_calls, "writes and others"),
    )
    return {"fills": fills, "legend": legend, "answers": [(count, fills[key]) for key, count, _ in legend]}


def _saved_fill(finding: Finding) -> str:
    """The fill of the calls that a finding saves: loud only for known answers, hatched where they aren't sure."""
    if finding.kind in {"again", "shared"}:
        return theme.colour("unchanged")
    return theme.HATCH if finding.confidence == "low" else theme.colour("fan-out")


def _page_data(report: Report, text: HtmlText, drawn: Drawn) -> dict[str, object]:
    """What the page's script works with."""
    return {
        "config": theme.altair_theme()["config"],
        "charts": drawn.specifications,
        "explorer": list_explorer_rows(report, text.labels, text.limits.explorer_rows),
        "names": text.labels.cut(text.limits.explorer_rows, text.limits.full_columns // 2),
        "markdown": {
            card.finding.fingerprint: _write_issue(card.finding, text.record)
            for cards in list_cards(report, text)
            for card in cards.first
        },
    }


def _write_issue(finding: Finding, record: str) -> str:
    """The finding as Markdown, for an issue."""
    return render_template(
        "partials/finding.md",
        finding=finding,
        record=record,
        headline=sentences.describe_finding(finding, code),
        extent=sentences.describe_extent(finding, code),
        worth=sentences.describe_worth(finding),
        advice=render_advice(finding),
    )


def make_policy(style: str, scripts: Iterable[str]) -> str:
    """The page's Content-Security-Policy: nothing but the style sheet and the scripts that it was written with."""
    allowed = " ".join(map(_source_hash, scripts))
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_source_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def isolate(script: str) -> Markup:
    """The script in a function of its own, so that no script of the page sees another's names."""
    return Markup(f'(() => {{\n"use strict";\n{script}}})();')  # noqa: S704 - ours, without the end of a script


def _source_hash(source: str) -> str:
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"


@cache
def read_template(name: str) -> str:
    """A file of the templates as it stands."""
    return (templates_dir() / name).read_text(encoding="utf-8")


class Definition(msgspec.Struct, frozen=True):
    """How a figure is computed."""

    key: str
    title: str
    text: Markup


EXACT_RULES: Final = "### Exactly\n"
"""The heading in ``templates/definitions.md`` of what the page leaves to the documentation."""


@lru_cache(maxsize=8)
def list_definitions(settings: Settings) -> dict[str, Definition]:
    """How each figure is computed under these settings, by key.

    From ``templates/definitions.md``: sections that begin ``## key: Title``. Exact rules below them stand in the
    documentation alone.
    """
    markdown = MarkdownIt("commonmark", {"html": False})
    written = render_template("definitions.md", settings=settings)
    definitions = {}
    for section in re.split(r"^## ", written, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        key, _, title = heading.partition(": ")
        text = text.partition(EXACT_RULES)[0]
        if not text.strip():
            continue
        definitions[key] = Definition(key, title, Markup(markdown.render(text)))  # noqa: S704 - ours, html off
    return definitions
