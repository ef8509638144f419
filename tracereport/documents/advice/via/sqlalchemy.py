"""In the words of SQLAlchemy."""

from tracereport.documents.advice.words import Words as Plain
from tracereport.documents.markdown_text import code, sketch

_WIDEST_OPTION = 300


class Words(Plain):
    """Statements by SQLAlchemy: of a relation that is loaded lazily, of a row that is loaded again, or any other."""

    def load_first(self) -> str:
        known = self.known
        if known.relation:
            return (
                f"Add {code('.'.join(self._loads), _WIDEST_OPTION)} to the options of the query that loads the rows: "
                f"{code(known.relation)} is loaded lazily{self.at_place}, once for each row."
            )
        if known.model:
            return (
                f"Load each row of {code(known.model)} whole, and once: it is loaded again{self.at_place}, row by row, "
                "because a commit expired it (`expire_on_commit=False`), a column is deferred (`undefer`), or it is of "
                "a subclass of the one that was selected (`selectin_polymorphic`)."
            )
        grouped = f".group_by({self.member})" if known.aggregate else ""
        return (
            f"Ask for all {self.varying}s of one {self.parent} in a single query: "
            f"`.where({self.member}.in_(…)){grouped}`, {self.instead}."
        )

    def load_fix(self) -> str:
        if self.known.relation:
            return (
                "Load the relation together with the rows: `selectinload` sends one more query for all rows, "
                '`joinedload` joins it in the query itself. `raiseload("*")` in a test makes each lazy load an error.'
            )
        if self.known.model:
            return (
                "A commit expires all attributes of a row, and reading one of them loads the row again: read what is "
                "needed before, commit after the loop, select the rows again in one query, or make the session with "
                "`expire_on_commit=False`. `undefer` in the query's options loads a deferred column with the rows, and "
                "`selectin_polymorphic(Base, [Child])` or `with_polymorphic` the columns of subclasses. "
                "`session.refresh` is for one row."
            )
        return (
            "If the rows belong to rows of an earlier query, a `relationship` with `selectinload` in that query's "
            "options loads them at once. Otherwise collect the values, ask with `in_`, and make a dictionary of the "
            "rows."
        )

    def load_sketch(self) -> list[str]:
        known = self.known
        if known.relation:
            loads = [sketch(load) for load in self._loads]
            return [
                f" the query {self.before_loop}:",
                "     select(…)",
                f"+        .options({loads[0]}{')' * (len(loads) == 1)}",
                *(f"+            .{load}{')' * (load is loads[-1])}" for load in loads[1:]),
            ]
        if known.model:
            return [
                self.in_caller,
                "     session.commit()",
                f"+    rows = session.scalars(select({sketch(known.model)}).where(…)).all()",
                "     for each of the rows:",
            ]
        if known.aggregate:
            of_all = f"select({self.member}, func.{known.aggregate}(…)).where({self.member}.in_({self.key}s))"
            return [
                self.in_caller,
                f"+    by_key = dict(session.execute({of_all}.group_by({self.member})).all())",
                f"     for each {self.key}:",
                f"-        session.scalar(select(func.{known.aggregate}(…)).where({self.member} == {self.key}))",
                f"+        by_key.get({self.key})  # None, where there was nothing",
            ]
        return [
            self.in_caller,
            f"+    rows = session.scalars(select(…).where({self.member}.in_({self.key}s)))",
            f"+    by_key = {{row.{known.column or 'key'}: row for row in rows}}",
            f"     for each {self.key}:",
            f"-        session.scalars(select(…).where({self.member} == {self.key}))",
            f"+        by_key.get({self.key})",
        ]

    @property
    def _loads(self) -> list[str]:
        """What loads the relation with the rows of the query, behind what loads the relations that lead to it."""
        known = self.known
        if known.relation in known.found_by:
            return [f"selectinload({known.relation}, recursion_depth=-1)"]
        return [f"selectinload({each})" for each in (*known.found_by, known.relation)]

    def rows_first(self) -> str:
        return f"Write all rows of one {self.parent} at once: `{self._execute}(…), rows)`, {self.instead}."

    def rows_fix(self) -> str:
        return (
            "`session.execute(insert(…), rows)` with a list of dictionaries is one statement for many rows, and so is "
            "one `flush` after `session.add_all(…)`. For changes, use `session.execute(update(…), rows)` and "
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
            "Keep the answer for as long as it is valid: in a local variable, or in the object whose method asks. "
            "`session.get(…)` by primary key sends no second statement while the session holds the object."
        )

    def prove(self) -> str:
        return "read all rows at once: no digest is recorded for streamed rows (`stream_results`, `yield_per`)."
