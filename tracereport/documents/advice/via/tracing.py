"""In the words of Rust's `tracing`."""

from tracereport.documents.advice.words import Words as Plain


class Words(Plain):
    """Spans of `tracing`."""

    def prove(self) -> str:
        """How to record what was answered."""
        return (
            "trace the function with our own emitter (`tracereport emitter rust`): a closed span of `tracing` holds no "
            "answer."
        )

    def values(self) -> str:
        """How to record what was asked for."""
        return "record them as fields of the span: `#[instrument(fields(…))]`, without `skip_all`."

    def callers(self) -> str:
        """How to record who asks."""
        return "put `#[instrument]` on the function around it."
