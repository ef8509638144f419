"""In the words of Mongoose."""

from tracereport.documents.advice.via._node import WHO_ASKS
from tracereport.documents.advice.via.mongodb import Words as MongoDB


class Words(MongoDB):
    """Operations on collections that Mongoose's models send."""

    def load_first(self) -> str:
        return (
            "If it is a reference, add `.populate(…)` to the query that loads the rows; else ask for all "
            f"{self.varying}s of one {self.parent} at once: `{self._in_list}`, {self.instead}."
        )

    def load_fix(self) -> str:
        return (
            "`.populate(…)` on the query sends one more question for the references of all rows; on each row it sends "
            f"one for each. Without a reference, `{self._in_list}` takes a list of values. {WHO_ASKS}"
        )

    def load_sketch(self) -> list[str]:
        return [
            self.in_caller,
            "-    await Model.find(…)",
            f"+    await Model.find(…).populate('…')   // the reference that {self.function_in_code} loads",
        ]

    def rows_fix(self) -> str:
        return (
            "`Model.insertMany(rows)` sends many rows at once, where `create` and `save` send each; `updateMany` and "
            "`deleteMany` change all that their condition finds, and `Model.bulkWrite` or `bulkSave` send any changes "
            "together."
        )
