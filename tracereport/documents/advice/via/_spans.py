"""What spans share, whoever has kept them."""

from tracereport.documents.advice.words import Words


class Spans(Words):
    """Spans of OpenTelemetry and what is like them."""

    def prove(self) -> str:
        """How to record what was answered."""
        return (
            "trace the program with one of our emitters (`pytest --perf-trace`, `tracereport emitter`): spans hold no "
            "answers."
        )

    def values(self) -> str:
        """How to record what was asked for."""
        return (
            "have the instrumentation record the values (`db.query.parameter.…`); most leave them out unless they are "
            "told to."
        )

    def callers(self) -> str:
        """How to record who asks."""
        return "have spans carry `code.function.name`, or open one around the function that asks."
