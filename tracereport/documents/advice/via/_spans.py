"""Shared by all formats of spans."""

from tracereport.documents.advice.words import Words


class Spans(Words):
    """Spans of OpenTelemetry and similar formats."""

    def prove(self) -> str:
        return (
            "trace the program with one of our emitters (`pytest --perf-trace`, `tracereport emitter`): spans have no "
            "answers."
        )

    def values(self) -> str:
        return "let the instrumentation record the values (`db.query.parameter.…`); most leave them out by default."

    def callers(self) -> str:
        return "add `code.function.name` to the spans, or open a span around the function that asks."
