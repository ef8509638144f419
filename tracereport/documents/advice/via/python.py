"""In the words of Python's emitter."""

from tracereport.documents.advice.words import Words as Plain


class Words(Plain):
    """Calls by Python's emitter."""

    def prove(self) -> str:
        """How to record what was answered."""
        return (
            "record what came back: `@traced(result=size)` (or `found`, `digest`), or `call.record(rows=len(rows))` in "
            "a `with trace(…) as call`."
        )

    def callers(self) -> str:
        """How to record who asks."""
        return (
            "trace the function around it, or give `caller=`: nobody is known who asks what the event loop or a pool "
            "has begun."
        )
