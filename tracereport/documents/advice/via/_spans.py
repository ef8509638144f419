"""What spans share, whoever has kept them."""

from tracereport.documents.advice.words import Words


class Spans(Words):
    """Spans of OpenTelemetry and what is like them."""

    def prove(self) -> str:
        return (
            "trace the program with one of our emitters (`pytest --perf-trace`, `tracereport emitter`): spans hold no "
            "answers."
        )

    def values(self) -> str:
        return (
            "have the instrumentation record the values (`db.query.parameter.…`); most leave them out unless they are "
            "told to."
        )

    def callers(self) -> str:
        return "have spans carry `code.function.name`, or open one around the function that asks."
