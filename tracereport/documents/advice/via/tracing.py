"""In the words of Rust's `tracing`."""

from tracereport.documents.advice.words import Words as Plain


class Words(Plain):
    """Spans of `tracing`."""

    def prove(self) -> str:
        return (
            "trace the function with our own emitter (`tracereport emitter rust`): a closed span of `tracing` has no "
            "answer."
        )

    def values(self) -> str:
        return "record them as fields of the span: `#[instrument(fields(…))]`, without `skip_all`."

    def callers(self) -> str:
        return "put `#[instrument]` on the function around it."
