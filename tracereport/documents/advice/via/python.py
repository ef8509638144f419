"""In the words of Python's emitter."""

from tracereport.documents.advice.words import Words as Plain


class Words(Plain):
    """Calls by Python's emitter."""

    def prove(self) -> str:
        return (
            "record what came back: `@traced(result=size)` (or `found`, `digest`), or `call.record(rows=len(rows))` in "
            "a `with trace(…) as call`."
        )

    def callers(self) -> str:
        return (
            "trace the function around it, or give `caller=`: the caller of what an event loop or a pool starts isn't "
            "known."
        )
