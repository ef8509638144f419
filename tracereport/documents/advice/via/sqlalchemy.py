"""In the words of SQLAlchemy."""

from tracereport.documents.advice.words import Words as Plain
from tracereport.documents.markdown_text import code, sketch


class Words(Plain):
    """Statements by SQLAlchemy: of a relation that is loaded lazily, of a row that is loaded again, or any other."""

    def load_first(self) -> str:
        known = self.known
        if known.relation:
            return (
                f"Add {code(f'selectinload({known.relation})')} to the options of the query before: "
                f"{code(known.relation)} is loaded lazily{self.at_place}, once for each row."
            )
        if known.model:
            return (
                f"Load each row of {code(known.model)} whole, and once: it is loaded again{self.at_place}, row by row, "
                "since a commit has expired it (`expire_on_commit=False`), a column is deferred (`undefer`), or it is "
                "of a class below the one that was selected (`selectin_polymorphic`)."
            )
        return (
            f"Ask for all {self.varying}s of one {self.parent} in a single query: `.where({self.column}.in_(…))`, "
            f"{self.instead}."
        )

    def load_fix(self) -> str:
        if self.known.relation:
            return (
                "Say in the query what will be needed: `selectinload` asks once for all rows that the query gives, "
                '`joinedload` in the query itself. `raiseload("*")` in a test makes each such load an error. With '
                "`selectinload`, two queries are left."
            )
        if self.known.model:
            return (
                "After a commit every attribute of a row expires, and the next one that is read loads the row again: "
                "read what is needed before, commit behind the loop, select the rows anew in one query, or make the "
                "session with `expire_on_commit=False`. Of a column that is deferred `undefer` in the query's options "
                "loads it with the rows; columns of classes below load with `selectin_polymorphic(Base, [Child])`, or "
                "with `with_polymorphic`. `session.refresh` is for one row."
            )
        return (
            "Where the rows belong to ones that a query before has given, a `relationship` with `selectinload` in that "
            "query's options loads them at once. Else collect the values, ask with `in_`, and make a dictionary of the "
            "answer."
        )

    def load_sketch(self) -> list[str]:
        known = self.known
        if known.relation:
            return [
                f" the query {self.before_loop}:",
                "     select(…)",
                f"+        .options(selectinload({sketch(known.relation)}))",
            ]
        if known.model:
            return [
                self.in_caller,
                "     session.commit()",
                f"+    rows = session.scalars(select({sketch(known.model)}).where(…)).all()",
                "     for each of the rows:",
            ]
        return [
            self.in_caller,
            f"+    rows = session.scalars(select(…).where({self.column}.in_({self.key}s)))",
            f"+    by_key = {{row.{known.column or 'key'}: row for row in rows}}",
            f"     for each {self.key}:",
            f"-        session.scalars(select(…).where({self.column} == {self.key}))",
            f"+        by_key.get({self.key})",
        ]

    def rows_first(self) -> str:
        return f"Write all rows of one {self.parent} at once: `{self._execute}(…), rows)`, {self.instead}."

    def rows_fix(self) -> str:
        return (
            "`session.execute(insert(…), rows)` with a list of dictionaries is one statement for many rows, and so is "
            "one `flush` behind `session.add_all(…)`; for changes `session.execute(update(…), rows)`, and "
            "`delete(…).where(….in_(…))`."
        )

    def rows_sketch(self) -> list[str]:
        return [
            self.in_caller,
            "     for each row:",
            f"-        {self._execute}(…).values(row))",
            "+        rows.append(row)",
            f"+    {self._execute}(…), rows)",
        ]

    @property
    def _execute(self) -> str:
        return f"session.execute({self.known.verb or 'insert'}"

    def keep_fix(self) -> str:
        return (
            "Keep the answer beside whatever lives as long as it is true: in a local variable, or in the object whose "
            "method asks. What is asked by primary key, `session.get(…)` gives a second time without a statement, as "
            "long as the session holds the object."
        )

    def prove(self) -> str:
        return "read the rows as a whole: of ones that are streamed (`stream_results`, `yield_per`) no digest is taken."
