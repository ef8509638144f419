"""In the words of MongoDB's driver for Node."""

from typing import Final

from tracereport.documents.advice.via._node import WHO_ASKS
from tracereport.documents.advice.words import Words as Plain

_BULK: Final = "bulkWrite(operations)"


class Words(Plain):
    """Operations on collections."""

    def load_first(self) -> str:
        return f"Ask for all {self.varying}s of one {self.parent} at once: `{self._in_list}`, {self.instead}."

    def load_fix(self) -> str:
        return (
            f"`$in` takes a list of values: `{self._in_list}`. `$lookup` in an `aggregate` gives rows together with "
            f"what belongs to them. {WHO_ASKS}"
        )

    def load_sketch(self) -> list[str]:
        return [
            self.in_caller,
            "+    const rows = await collection.find({ …: { $in: values } }).toArray()",
            "     for each value:",
            "-        await collection.findOne({ …: value })",
            "+        rows.find((row) => row.… === value)   // or a Map by the value",
        ]

    def rows_first(self) -> str:
        return f"Write all rows of one {self.parent} at once: `{self._at_once}`, {self.instead}."

    def rows_fix(self) -> str:
        return (
            "`insertMany(rows)` sends many rows at once, `updateMany` and `deleteMany` change all that their condition "
            "finds, and `bulkWrite` sends any changes together."
        )

    def rows_sketch(self) -> list[str]:
        return [
            self.in_caller,
            f"-    for each row: await collection.{self.function_in_code.partition(' ')[0]}(…)",
            f"+    await collection.{self._at_once}",
        ]

    def prove(self) -> str:
        return "read the rows by `findOne` or `toArray`: a digest is only recorded for rows that came back."

    @property
    def _in_list(self) -> str:
        return "find({ …: { $in: values } })"

    @property
    def _at_once(self) -> str:
        return "insertMany(rows)" if self.finding.function.startswith("insert") else _BULK
