"""In the words of Rust's emitter."""

from tracereport.documents.advice.words import Words as Plain


class Words(Plain):
    """Calls by Rust's emitter."""

    def prove(self) -> str:
        return (
            "record what came back: `call.answer(value)` gives the value on and records whether it was there and a "
            'digest of it, `call.record("rows", rows.len())` a count.'
        )

    def callers(self) -> str:
        return "trace the function around it: who asks is the innermost traced call."
