"""In the words of Node's emitter."""

from tracereport.documents.advice.words import Words as Plain


class Words(Plain):
    """Calls by Node's emitter."""

    def prove(self) -> str:
        return "record what came back: `answer(value)` inside the call, or `record({ rows: rows.length })`."

    def callers(self) -> str:
        return "trace the function around it with `traced`: the caller is the innermost traced call."
