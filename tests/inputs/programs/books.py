"""A bookshop whose spans an exporter of OpenTelemetry's Python SDK writes: ``books.py otlp|zipkin FILE``.

Planted: an N+1 of eight authors, one look-up made twice, and one made again behind a write, which is right. It needs
``opentelemetry-instrumentation-sqlite3`` and ``opentelemetry-exporter-otlp-json-file`` or ``-zipkin-json``.
"""  # noqa: INP001  # a program by itself

import sqlite3
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from opentelemetry import trace
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

BOOKS = 8


def make_exporter(form: str, file: Path) -> SpanExporter:
    if form == "otlp":
        from opentelemetry.exporter.otlp.json.file.trace_exporter import FileSpanExporter  # noqa: PLC0415  # one is installed

        return FileSpanExporter(str(file))
    from opentelemetry.exporter.zipkin.json import ZipkinExporter  # noqa: PLC0415  # as above

    return ZipkinExporter(endpoint=receive(file))


def receive(file: Path) -> str:
    """The address at which Zipkin's spans are taken, each request's to the file."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            file.write_bytes(self.rfile.read(int(self.headers["Content-Length"])) + b"\n")
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/api/v2/spans"


def main() -> None:
    form, file = sys.argv[1], Path(sys.argv[2])
    file.unlink(missing_ok=True)
    provider = TracerProvider(resource=Resource.create({"service.name": "books"}))
    provider.add_span_processor(BatchSpanProcessor(make_exporter(form, file)))
    trace.set_tracer_provider(provider)
    database = sqlite3.connect(":memory:")
    database.executescript("create table authors (id integer primary key, name text)")
    database.executescript("create table books (id integer primary key, title text, author_id integer)")
    for number in range(1, BOOKS + 1):
        database.execute("insert into authors values (?, ?)", (number, f"a{number}"))
        database.execute("insert into books values (?, ?, ?)", (number, f"b{number}", number))
    database = SQLite3Instrumentor().instrument_connection(database)
    for route, answer in (("/books", list_books), ("/books/{id}", show_book), ("/books/{id}/rename", rename_book)):
        serve(route, answer, database)
    provider.shutdown()


def serve(route: str, answer: Callable[[sqlite3.Connection], object], database: sqlite3.Connection) -> None:
    tracer = trace.get_tracer("books")
    with tracer.start_as_current_span(f"GET {route}", kind=trace.SpanKind.SERVER) as span:
        span.set_attribute("http.request.method", "GET")
        span.set_attribute("http.route", route)
        answer(database)


def ask(database: sqlite3.Connection, sql: str) -> list[tuple[object, ...]]:
    """The rows; the values stand in the statement, since the instrumentation records none that are bound."""
    cursor = database.cursor()
    cursor.execute(sql)
    return cursor.fetchall()


def list_books(database: sqlite3.Connection) -> object:
    books = ask(database, "select id, author_id from books")
    return [ask(database, f"select name from authors where id = {author}") for _, author in books]  # noqa: S608  # our own


def show_book(database: sqlite3.Connection) -> object:
    return [ask(database, "select title from books where id = 3") for _ in range(2)]


def rename_book(database: sqlite3.Connection) -> object:
    before = ask(database, "select title from books where id = 4")
    ask(database, "update books set title = 'new' where id = 4")
    return before, ask(database, "select title from books where id = 4")


if __name__ == "__main__":
    main()
