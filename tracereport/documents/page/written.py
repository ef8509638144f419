"""Text of the log as HTML: names, parameters, metrics and call numbers, each cut to the page's room.

What is cut keeps its full text in the element's title, up to a bound, and can be focused to read it in place.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Self

import msgspec
from markupsafe import Markup, escape
from msgspec.structs import replace

from tracereport.documents.places import Excerpt, PlaceLinks
from tracereport.model import AdjacentPair, CallerShare, CallReference, Finding, Metric, Param, Rows, Selection
from tracereport.sections.cells import LEVEL_MARK
from tracereport.wording import scope, sentences
from tracereport.wording.differences import describe_values
from tracereport.wording.labels import Labels
from tracereport.wording.phrases import format_count
from tracereport.wording.units import (
    elide_middle,
    escape_controls,
    format_call_runs,
    format_caller,
    format_lookup,
    format_metric,
    format_name,
    format_param,
    format_signature,
    shorten_path,
)


class Limits(msgspec.Struct, frozen=True):
    """How much of a report the page shows, so that it stays small whatever the log."""

    findings: int
    """Of each list those in sight, with evidence and advice."""
    rows: int
    """Of each table."""
    explorer_rows: int
    full_columns: int = 1000
    """Of a name's full text, where it is longer than what is shown."""
    cards: int = 400
    """Findings in all, most of them one click away."""

    def shrink(self) -> Self:
        """Room for less: first of what stands behind a click, last of the findings."""
        if self.explorer_rows > _LEAST_EXPLORER_ROWS:
            return replace(self, explorer_rows=self.explorer_rows // 2, full_columns=self.full_columns // 2)
        if self.cards > _LEAST_CARDS:
            return replace(self, cards=self.cards // 2)
        if self.rows > _LEAST_ROWS:
            return replace(self, rows=self.rows * 2 // 3, findings=max(_LEAST_ROWS, self.findings * 2 // 3))
        cards = max(1, self.cards // 2)
        return replace(self, rows=max(1, self.rows - 1), findings=max(1, self.findings - 1), cards=cards)


_LEAST_EXPLORER_ROWS = 50
_LEAST_ROWS = 5
_LEAST_CARDS = 50
_NAME_COLUMNS = 60
_LOOKUP_COLUMNS = 76
_SHOWN_PARAMS = 4
_SHOWN_CALLERS = 3
_SHOWN_NAMES = 3
_SHOWN_PAIRS = 3
_SHOWN_RUNS = 3
_SHOWN_REFERENCES = 12


class HtmlText(msgspec.Struct, frozen=True):
    """Writes text of one report into one page."""

    limits: Limits
    labels: Labels
    links: PlaceLinks = PlaceLinks()
    excerpts: Mapping[str, Excerpt] = {}
    """Lines of source by place."""
    record: str = "line"
    """What a call of the input is written as."""

    def name(self, text: str, columns: int = _NAME_COLUMNS) -> Markup:
        """A name of the log as code."""
        full = format_name(text)
        return self._cut(full, elide_middle(full, columns))

    def caller(self, caller: str | None) -> Markup:
        """A caller as code; in words where the record names none."""
        return Markup("<span>{}</span>").format(format_caller(None)) if caller is None else self.name(caller)

    def function(self, function: str) -> Markup:
        """A function that a reader can choose, to see only what belongs to it."""
        return Markup('<span class="choose">{}</span>').format(self.name(function))

    def data_function(self, function: str) -> Markup:
        """The attribute that ties an element to a function."""
        return Markup(' data-function="{}"').format(self.labels(function))

    def lookup(self, function: str, params: Sequence[Param]) -> Markup:
        """What was asked, in the syntax of the log."""
        shown = format_lookup(function, params, _LOOKUP_COLUMNS)
        return self._cut(format_lookup(function, params), shown, "asked")

    def signature(self, function: str, caller: str | None, params: Sequence[Param]) -> Markup:
        """Who asked what, in the syntax of the log."""
        shown = format_signature(function, caller, params, _LOOKUP_COLUMNS)
        return self._cut(format_signature(function, caller, params), shown, "asked")

    def path(self, path: Sequence[str]) -> Markup:
        """Functions from the root down."""
        return Markup(" <span class='below'>›</span> ").join(map(self.name, shorten_path(path)))  # noqa: RUF001

    def params(self, params: Sequence[Param]) -> Markup:
        """The first parameters, and how many more there are."""
        shown = Markup(" ").join(
            self._cut(format_param(param), elide_middle(format_param(param), _NAME_COLUMNS))
            for param in params[:_SHOWN_PARAMS]
        )
        return shown + _more(len(params) - _SHOWN_PARAMS) if params else Markup("none")

    def metrics(self, metrics: Sequence[Metric]) -> Markup:
        """The first metrics, and how many more there are."""
        shown = Markup(" ").join(self.name(format_metric(metric)) for metric in metrics[:_SHOWN_PARAMS])
        return shown + _more(len(metrics) - _SHOWN_PARAMS) if metrics else Markup("none")

    def shares(self, shares: Rows[CallerShare]) -> Markup:
        """The callers of a lookup, each with its calls."""
        shown = Markup(", ").join(
            Markup("{}&nbsp;({})").format(self.caller(share.caller), format_count(share.calls))
            for share in shares.rows[:_SHOWN_CALLERS]
        )
        return shown + _more(shares.total - len(shares.rows[:_SHOWN_CALLERS]))

    def callers(self, callers: Sequence[str | None], total: int) -> Markup:
        """The first of ``total`` callers, and how many more there are."""
        shown = callers[:_SHOWN_CALLERS]
        return Markup(", ").join(map(self.caller, shown)) + _more(total - len(shown))

    def names(self, names: Sequence[str], total: int, shown: int = _SHOWN_NAMES) -> Markup:
        """The first of ``total`` names, and how many more there are."""
        first = names[:shown]
        return Markup(", ").join(map(self.name, first)) + _more(total - len(first))

    def more(self, shown: Sequence[object], total: int) -> Markup:
        """How many more there are than are shown; nothing where there are none."""
        return _more(total - len(shown))

    def pairs(self, pairs: Rows[AdjacentPair]) -> Markup:
        """Who asked directly after whom, how often, and how many more pairs there are."""
        shown = pairs.rows[:_SHOWN_PAIRS]
        written = Markup("; ").join(
            Markup("{}, {} ({})").format(
                self.caller(pair.previous_caller), self.caller(pair.caller), format_count(pair.pairs)
            )
            for pair in shown
        )
        return written + _more(pairs.total - len(shown)) if shown else Markup("-")

    def runs(self, runs: Rows[Rows[CallReference]]) -> Markup:
        """The first runs of calls, and how many more there are."""
        shown = runs.rows[:_SHOWN_RUNS]
        return Markup("; ").join(map(self.references, shown)) + _more(runs.total - len(shown))

    def references(self, references: Rows[CallReference]) -> Markup:
        """Call numbers in runs, process by process; their lines are the element's title."""
        shown = references.rows[:_SHOWN_REFERENCES]
        by_process = [(process, list(calls)) for process, calls in groupby(shown, key=lambda call: call.process)]
        runs = Markup("; ").join(
            Markup("<code>{}</code>").format(format_call_runs([call.number for call in calls]))
            + (Markup(" <small>process {}</small>").format(process) if process else Markup())
            for process, calls in by_process
        )
        lines = ", ".join(str(call.line) for call in shown)
        return Markup('<span title="{}">{}</span>').format(f"{self.record}s {lines}", runs) + _more(
            references.total - len(shown)
        )

    def place(self, at: str) -> Markup:
        """A place in the source, as a link where it is known how."""
        address = self.links.address_of(at)
        shown = self.name(at)
        return Markup('<a href="{}">{}</a>').format(address, shown) if address else shown

    def excerpt(self, at: str) -> Markup:
        """The lines of source around a place; nothing where there are none."""
        excerpt = self.excerpts.get(at)
        if excerpt is None:
            return Markup()
        lines = Markup("\n").join(
            (Markup("<b>{}  {}</b>") if is_meant else Markup("{}  {}")).format(f"{number:>5}", escape_controls(line))
            for number, line, is_meant in excerpt.numbered()
        )
        return Markup('<pre class="source" tabindex="0" aria-label="Source around {}">{}</pre>').format(at, lines)

    def values(self, name: str, values: Sequence[str]) -> Markup:
        """What varies between calls: a name and its values."""
        return Markup(describe_values(name, values, self.name))  # noqa: S704 - plain text around escaped names

    def step(self, depth: int, written: Markup) -> Markup:
        """A call as far to the right as it stands inside of others; the levels are read aloud, too."""
        levels = Markup('<span class="level">{}</span>').format(LEVEL_MARK.strip() * depth) if depth else Markup()
        return levels + written

    def prose(self, sentence: str) -> Markup:
        """A sentence of the report; what stands in backticks is code, and a figure stays with its per cent sign."""
        parts = escape_controls(sentence).replace(" %", "\u00a0%").split("`")
        if len(parts) % 2 == 0:
            return escape("`".join(parts))
        return Markup().join(
            Markup("<code>{}</code>").format(part) if index % 2 else escape(part) for index, part in enumerate(parts)
        )

    def describe(self, finding: Finding) -> Markup:
        """The finding in a clause."""
        return Markup(sentences.describe_finding(finding, self.name))  # noqa: S704 - plain text around escaped names

    def extent(self, finding: Finding) -> Markup:
        """How far the finding goes."""
        if finding.kind == "slow":
            return self.prose(finding.reason)
        return Markup(sentences.describe_extent(finding, self.name))  # noqa: S704 - plain text around escaped names

    def selection(self, selection: Selection) -> Markup:
        """What the page is narrowed to."""
        return Markup(scope.describe_selection(selection, self.name))  # noqa: S704 - plain text around escaped names

    def _cut(self, full: str, shown: str, kind: str = "") -> Markup:
        """Code that shows a part and keeps the rest within reach."""
        if shown == full:
            return (
                Markup('<code class="{}">{}</code>').format(kind, full)
                if kind
                else Markup("<code>{}</code>").format(full)
            )
        return Markup('<code class="{}" tabindex="0" title="{}">{}</code>').format(
            f"{kind} elided".lstrip(), elide_middle(full, self.limits.full_columns), shown
        )


def _more(count: int) -> Markup:
    return Markup(" <small>and {} more</small>").format(format_count(count)) if count > 0 else Markup()
