"""In the words of Rust's emitter."""

from tracereport.documents.advice.words import Words as Plain


class Words(Plain):
    """Calls by Rust's emitter."""

    def prove(self) -> str:
        return (
            "record what came back: `call.answer(value)` returns the value, and records whether there was one and its "
            'digest; `call.record("rows", rows.len())` records a count.'
        )

    def callers(self) -> str:
        return "trace the function around it: the caller is the innermost traced call."
