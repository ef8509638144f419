"""In the words of Pony."""

from tracereport.documents.advice.words import Words as Plain


class Words(Plain):
    """Statements by Pony; it doesn't tell which are of relations."""

    def load_first(self) -> str:
        asked = f"`select(… if {self.member} in values)`"
        return (
            "If it is a relation, add its `.prefetch(…)` to the query that loads the rows; else ask for all "
            f"{self.varying}s of one {self.parent} in a single query: {asked}, {self.instead}."
        )

    def load_fix(self) -> str:
        return (
            "`query.prefetch(Author.books)` loads the relation for all rows of the query at once. Iterating over it "
            "then sends no query, but `.select()` and `.filter()` on it send one each time. If it is no relation, a "
            "generator with `in values` asks once for all."
        )

    def load_sketch(self) -> list[str]:
        return [
            self.in_caller,
            "-    select(…)",
            f"+    select(…).prefetch(…)   # the relation that {self.function_in_code} loads",
        ]

    def rows_first(self) -> str:
        if self.known.verb == "delete":
            return f"Delete all rows of one {self.parent} at once: `query.delete(bulk=True)`, {self.instead}."
        return (
            f"Write all rows of one {self.parent} by a single statement, `db.execute(…)`: Pony itself sends one for "
            f"each object{self.at_place}."
        )

    def rows_fix(self) -> str:
        return (
            "objects are written one by one when the session is flushed. If that takes too long, `db.execute` takes a "
            "statement for many rows, and `query.delete(bulk=True)` deletes with one; neither runs an entity's hooks."
        )
