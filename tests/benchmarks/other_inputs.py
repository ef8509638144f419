"""Inputs of other tools that are measured: spans of OpenTelemetry and a log of Rails, as large as is promised."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tests.benchmarks.limits import Judgement
from tests.benchmarks.timing import Run, run_command

SPANS_IN_A_REQUEST: Final = 20
MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Spans:
    """Exported requests, one a line: each a page that asks for a book, for its authors, and for a shelf again."""

    spans: int
    further_attributes: int = 0
    """Such as instrumentations add, of which nothing is read."""

    def write(self, out: BinaryIO) -> None:
        """All lines; the last request has as many spans as are left."""
        for first in range(0, self.spans, SPANS_IN_A_REQUEST):
            spans = [*self._make_spans(first, min(SPANS_IN_A_REQUEST, self.spans - first))]
            scope = {"scope": {"name": "books"}, "spans": spans}
            service = {"attributes": [_attribute("service.name", "books")]}
            line = {"resourceSpans": [{"resource": service, "scopeSpans": [scope]}]}
            out.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def _make_spans(self, first: int, count: int) -> Iterator[dict[str, object]]:
        start_ns = 1_790_000_000_000_000_000 + first * 1_000_000
        for index in range(count):
            own = {
                "traceId": f"{first + 1:032x}",
                "spanId": f"{first + index + 1:016x}",
                "startTimeUnixNano": str(start_ns + index * 1_000),
                "endTimeUnixNano": str(start_ns + (index + 1) * 1_000 if index else start_ns + 100_000),
            }
            if not index:
                yield {**own, "name": "GET /books/{id}", "kind": 2, "attributes": [_attribute("http.route", "/books")]}
                continue
            table, key = ("authors", index) if index < SPANS_IN_A_REQUEST - 2 else ("shelves", first % 7)
            sql = f"SELECT id, name, created_at FROM {table} WHERE id = {key}"  # noqa: S608  # no database
            attributes = [_attribute("db.system", "postgresql"), _attribute("db.statement", sql)]
            attributes += [
                _attribute(f"further.attribute.{each}", f"{each:040}") for each in range(self.further_attributes)
            ]
            parent = {"parentSpanId": f"{first + 1:016x}"}
            yield {**own, **parent, "name": f"SELECT {table}", "kind": 3, "attributes": attributes}


def _attribute(key: str, value: str) -> dict[str, object]:
    return {"key": key, "value": {"stringValue": value}}


@dataclass(frozen=True, slots=True)
class RailsLog:
    """Requests as Rails logs them in development, of so many bytes at least."""

    megabytes: int

    def write(self, out: BinaryIO) -> None:
        """Whole requests."""
        written = request = 0
        while written < self.megabytes * MEGABYTE:
            written += out.write("".join(_log_request(request)).encode())
            request += 1


def _log_request(request: int) -> Iterator[str]:
    yield f'Started GET "/books/{request}" for 127.0.0.1 at 2026-11-26 12:00:00 +0000\n'
    yield "Processing by BooksController#show as HTML\n"
    for author in range(12):
        sql = 'SELECT "authors".* FROM "authors" WHERE "authors"."id" = ? LIMIT ?'
        yield f'  Author Load (0.3ms)  {sql}  [["id", {author + request % 50}], ["LIMIT", 1]]\n'
        yield "  ↳ app/views/books/show.html.erb:12:in `block in show'\n"
    yield "Completed 200 OK in 12ms (Views: 8.0ms | ActiveRecord: 3.6ms)\n\n"


WORKLOADS: Final = {
    "spans-18580": Spans(18_580, further_attributes=7).write,
    "spans-1m": Spans(1_000_000).write,
    "rails-500mb": RailsLog(500).write,
}


def list_checks(folder: Path) -> Iterator[tuple[str, str, str, Callable[[], Judgement], tuple[str, ...]]]:
    """Key, workload, what is measured, how it is judged, and the workload's name."""

    def judge(name: str, figure_of: Callable[[Run], float], unit: str, limit: float) -> Callable[[], Judgement]:
        def measure() -> Judgement:
            log = folder / f"{name}.log"
            figure = figure_of(run_command([sys.executable, "-m", "tracereport", str(log)]))
            is_met = figure >= limit if unit == "MB/s" else figure <= limit
            return Judgement(f"{figure:.2f} {unit}", f"{limit:g} {unit}", is_met)

        return measure

    def rate(run: Run) -> float:
        return (folder / "rails-500mb.log").stat().st_size / MEGABYTE / run.seconds

    for key, workload, measured, name, figure_of, unit, limit in (
        ("spans", "18,580 spans, 20 MB", "text, processor time", "spans-18580", lambda run: run.cpu_seconds, "s", 1.2),
        ("spans-1m", "1,000,000 spans", "text, seconds", "spans-1m", lambda run: run.seconds, "s", 8),
        ("spans-memory", "1,000,000 spans", "text, memory", "spans-1m", lambda run: run.peak_bytes / 1e9, "GB", 1),
        ("rails", "500 MB of Rails", "text, at least", "rails-500mb", rate, "MB/s", 40),
    ):
        yield key, workload, measured, judge(name, figure_of, unit, limit), (name,)
