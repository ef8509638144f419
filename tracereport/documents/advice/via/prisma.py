"""In the words of Prisma."""

from typing import Final

from tracereport.documents.advice.words import Words as Plain

_MANY: Final = {"update": "updateMany({ where, data })", "delete": "deleteMany({ where })"}


class Words(Plain):
    """Operations of Prisma's client."""

    def load_first(self) -> str:
        return (
            f"Load it with the query that loads the rows, by `include: {{ … }}`, or use one `findMany` with `in` for "
            f"all {self.varying}s of one {self.parent}, {self.instead}."
        )

    def load_fix(self) -> str:
        return (
            "`include` (or `select`) of the relation in that query gives the rows together with what belongs to them. "
            "If there is no relation, `findMany({ where: { …: { in: values } } })` asks once for all. Where the "
            "callers don't know of each other, as with GraphQL's resolvers, Prisma itself makes one question of those "
            "by `findUnique` that are asked together; for others, a `DataLoader` for each request collects them."
        )

    def load_sketch(self) -> list[str]:
        return [
            f" the query {self.before_loop}:",
            "     findMany({",
            f"+        include: {{ … }},   // the relation that {self.function_in_code} loads",
            "     })",
        ]

    def rows_first(self) -> str:
        many = _MANY.get(self.known.verb or "", "createMany({ data: rows })")
        return f"Write all rows of one {self.parent} at once: `{many}`, {self.instead}."

    def rows_fix(self) -> str:
        return (
            "`createMany({ data: rows })` is one statement for many rows; `updateMany` and `deleteMany` change all "
            "rows that their `where` finds."
        )
