"""In the words of Rails."""

from typing import Final

from tracereport.documents.advice.words import Words as Plain
from tracereport.documents.markdown_text import code

_MANY: Final = {"update": "update_all(…)", "delete": "delete_all"}


class Words(Plain):
    """Statements in a Rails log."""

    def load_first(self) -> str:
        if self.known.model:
            return (
                f"Add `includes` of the association to {code(self.known.model)} to the query that loads the records: "
                f"it is loaded{self.at_place}, once for each record."
            )
        return (
            f"Ask for all {self.varying}s of one {self.parent} in a single query: `where({self.column}: values)`, "
            f"{self.instead}."
        )

    def load_fix(self) -> str:
        return (
            "`includes` (or `preload`) asks once for all records of the relation; `strict_loading` on it makes each "
            "lazy load an error. Replace a `count` in a loop by `size` of what is loaded, or by one `group(…).count`. "
            "If it is no association, `where(column: values).index_by(&:column)` gives a hash to read from."
        )

    def load_sketch(self) -> list[str]:
        return [
            f" the relation whose records {self.caller_in_code} goes through:",
            f"+    .includes(…)   # the association that {self.function_in_code} loads",
        ]

    def rows_first(self) -> str:
        many = _MANY.get(self.known.verb or "", "insert_all(rows)")
        return f"Write all rows of one {self.parent} at once: `{many}`, {self.instead}."

    def rows_fix(self) -> str:
        return (
            "`insert_all(rows)`, `upsert_all(rows)`, `update_all(…)` and `delete_all` are one statement each; they "
            "skip validations and callbacks."
        )

    def keep_fix(self) -> str:
        return (
            "Keep the answer for as long as it is valid: `@user ||= …` in the controller or model, or an association "
            "that is loaded once."
        )

    def prove(self) -> str:
        return "trace the program itself: Rails logs no answers, except those from its query cache."

    def values(self) -> str:
        return "let the log show the bound values: a filtered attribute reads `[FILTERED]`, and isn't known."

    def callers(self) -> str:
        return "set `config.active_record.verbose_query_logs = true`."
