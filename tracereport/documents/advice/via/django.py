"""In the words of Django."""

from tracereport.documents.advice.words import Words as Plain
from tracereport.documents.markdown_text import code, sketch


class Words(Plain):
    """Statements by Django: of a relation that is loaded lazily, or any other."""

    @property
    def _related(self) -> str:
        return "prefetch_related" if self.known.is_many else "select_related"

    def load_first(self) -> str:
        known = self.known
        if known.relation and known.model:
            related = code(f'{self._related}("{known.attribute}")')
            return (
                f"Add {related} to the queryset of {code(known.model)}: "
                f"{code(known.relation)} is loaded{self.at_place}, once for each row."
            )
        if known.aggregate:
            annotated = f"`annotate(…={known.aggregate.title()}(…))` on the queryset that loads the rows"
            return f"Ask for all of one {self.parent} in a single query: {annotated}, {self.instead}."
        return f"Ask for all of one {self.parent} in a single query: `filter({self.column}__in=…)`, {self.instead}."

    def load_fix(self) -> str:
        said = (
            "`select_related` joins the target of a foreign key into the query itself. `prefetch_related` sends one "
            "more query for the rows that point back, for all rows of the queryset."
        )
        if self.known.is_many:
            return (
                f"{said} Read a prefetched relation by `.all()`; `.filter(…)` on it sends a new query, so filter in a "
                "`Prefetch(…, queryset=…)` instead."
            )
        if not self.known.relation:
            return (
                f"{said} If it is no relation, collect the values: `in_bulk(ids)` gives a dictionary by primary key, "
                "`filter(…__in=values)` the rows."
            )
        return said

    def load_sketch(self) -> list[str]:
        known = self.known
        if known.relation and known.model and known.attribute:
            objects = f"{sketch(known.model)}.objects"
            return [
                f" the queryset {self.before_loop}:",
                f"-    {objects}",
                f'+    {objects}.{self._related}("{sketch(known.attribute)}")',
            ]
        if known.aggregate:
            function = known.aggregate.title()
            return [
                f" the queryset {self.before_loop}:",
                "-    ….objects",
                f'+    ….objects.annotate({known.aggregate}_of_…={function}("…"))',
                "",
                self.in_caller,
                "     for each row:",
                f"-        ….filter({self.column}=row.…).{'count()' if known.aggregate == 'count' else 'aggregate(…)'}",
                f"+        row.{known.aggregate}_of_…",
            ]
        return [
            self.in_caller,
            f"+    by_key = {{row.{known.column or 'key'}: row for row in ….filter({self.column}__in=keys)}}",
            "     for each key:",
            f"-        ….get({self.column}=key)",
            "+        by_key.get(key)",
        ]

    def rows_first(self) -> str:
        what, how = {
            "update": ("Change", "`bulk_update(rows, fields)`, or `filter(…).update(…)`"),
            "delete": ("Delete", "`filter(…).delete()`"),
        }.get(self.known.verb or "", ("Write", "`bulk_create(rows)`"))
        return f"{what} all rows of one {self.parent} at once: {how}, {self.instead}."

    def rows_fix(self) -> str:
        return (
            "`bulk_create` and `bulk_update` write many rows with one statement; they send no signals and don't call "
            "`save()`. `filter(…).update(…)` and `.delete()` change all rows that they find."
        )

    def rows_sketch(self) -> list[str]:
        lines = {
            "update": ["-        row.save()", "+        rows.append(row)", "+    ….objects.bulk_update(rows, fields)"],
            "delete": [
                "-        row.delete()",
                "+        keys.append(row.pk)",
                "+    ….objects.filter(pk__in=keys).delete()",
            ],
        }.get(
            self.known.verb or "",
            ["-        ….objects.create(…)", "+        rows.append(…(…))", "+    ….objects.bulk_create(rows)"],
        )
        return [self.in_caller, "     for each row:", *lines]

    def keep_fix(self) -> str:
        return (
            "Keep the answer for as long as it is valid: in a local variable, or as a `cached_property` of the object "
            "whose method asks. A queryset sends a query each time that it is filtered, counted or indexed; `list(…)` "
            "keeps its rows."
        )

    def prove(self) -> str:
        return "read all rows at once: no digest is recorded for rows that are streamed by `iterator()`."
