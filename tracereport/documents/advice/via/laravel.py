"""In the words of Laravel."""

from tracereport.documents.advice.words import Words as Plain


class Words(Plain):
    """Statements in a file of Laravel's Debugbar."""

    def load_first(self) -> str:
        return (
            f"Add `->with(…)` of the relation to the query that loads the models: {self.function} is "
            f"asked{self.at_place}, once for each {self.varying}."
        )

    def load_fix(self) -> str:
        return (
            "`with` loads a relation of all models with one query; `loadMissing` does so for models that are already "
            "loaded. In development, `Model::preventLazyLoading()` makes each lazy load an error. If it is no "
            "relation, use `whereIn(…)` and `keyBy(…)`."
        )

    def load_sketch(self) -> list[str]:
        return [
            f" the query whose models {self.caller_in_code} goes through:",
            f"+    ->with(…)   // the relation that {self.function_in_code} loads",
        ]

    def rows_first(self) -> str:
        return f"Write all rows of one {self.parent} at once: `insert($rows)`, {self.instead}."

    def rows_fix(self) -> str:
        return (
            "`insert($rows)`, `upsert($rows, …)`, `update(…)` and `delete()` of a query are one statement each; they "
            "fire no model events."
        )

    def keep_fix(self) -> str:
        return (
            "Keep the answer for as long as it is valid: `once(fn () => …)` in the method that asks, or a relation "
            "that is loaded once."
        )

    def prove(self) -> str:
        return "trace the program itself: Debugbar records no answers."
