"""The phrases of the advice that differ between libraries: the plain ones here, those of each hook in ``via/``.

Phrases that follow a colon or another clause begin with a small letter.
"""

from functools import cached_property

from tracereport.documents.advice.known import Known
from tracereport.documents.markdown_text import code, sketch
from tracereport.model import Finding
from tracereport.wording.sentences import describe_caller
from tracereport.wording.units import elide_middle, format_caller

_KEY_WIDTH = 40


class Words:
    """The plain phrases for one finding. The finding's names are attributes, escaped for Markdown or for a code block.

    Attributes:
        finding: the finding that the advice is about.
        known: the program's own names, as far as the finding tells them.
        any_of: how SQL compares a column with several values.
    """

    any_of = "IN (…)"

    def __init__(self, finding: Finding, known: Known) -> None:
        self.finding = finding
        self.known = known

    # Names, in sentences and in blocks of code

    @cached_property
    def function(self) -> str:
        """Who is called."""
        return code(self.finding.function)

    @cached_property
    def caller(self) -> str:
        """Who calls."""
        return describe_caller(self.finding.callers[0], code)

    @cached_property
    def parent(self) -> str:
        """Under what a group of calls stands."""
        if self.finding.worst_parent is not None:
            return code(self.finding.worst_parent)
        return "process" if self.finding.confidence == "low" or self.finding.over_rows else "call"

    @cached_property
    def varying(self) -> str:
        """The parameter whose value differs from call to call."""
        return code(self.finding.varying_params[0])

    @cached_property
    def at_place(self) -> str:
        """`` at `path:line` `` of the most calls; empty if it isn't known."""
        return f" at {code(self.known.place)}" if self.known.place is not None else ""

    @property
    def instead(self) -> str:
        """What most remedies replace."""
        return f"instead of one by one{self.at_place}"

    @property
    def column(self) -> str:
        """The column that is compared, or dots."""
        return self.known.column or "…"

    @property
    def member(self) -> str:
        """The column, of a model or table that the statement doesn't name as the program does."""
        return f"….{self.known.column}" if self.known.column else "…"

    @property
    def caller_in_code(self) -> str:
        """Who calls, in a block of code."""
        return sketch(format_caller(self.finding.callers[0]))

    @property
    def in_caller(self) -> str:
        """The first line of a block of code."""
        return f" in {self.caller_in_code}:"

    @property
    def function_in_code(self) -> str:
        """Who is called, in a block of code."""
        return sketch(self.finding.function)

    @property
    def key(self) -> str:
        """What differs from call to call, in a block of code."""
        return list_in_code(self.finding.varying_params)

    @property
    def before_loop(self) -> str:
        """What stands before the calls, in a block of code."""
        return f"before {sketch(self.known.place) if self.known.place else 'the loop'}"

    # What is asked once per row

    def load_first(self) -> str:
        """The fix in a sentence."""
        return f"Ask {self.function} for all {self.varying}s of one {self.parent} in a single call."

    def load_fix(self) -> str:
        """How to ask once."""
        return (
            f"Collect the {self.varying}s first, ask once (`IN (…)`, a range, a multi-get), and pick each answer from "
            "the result."
        )

    def load_sketch(self) -> list[str]:
        """Lines of a diff."""
        return [
            self.in_caller,
            f"+    answers = {self.function_in_code}(all {self.key})",
            f"     for each {self.key}:",
            f"-        answer = {self.function_in_code}({self.key})",
            f"+        answer = answers[{self.key}]",
        ]

    # What is written row by row

    def rows_first(self) -> str:
        """The fix in a sentence."""
        return f"Write all rows of one {self.parent} in a single statement."

    def rows_fix(self) -> str:
        """How to write them at once."""
        return "`INSERT … VALUES (…), (…)`, a bulk call of the library, or a batch of one prepared statement."

    def rows_sketch(self) -> list[str]:
        """Lines of a diff."""
        return [
            self.in_caller,
            "     for each row:",
            f"-        {self.function_in_code}(row)",
            "+        rows.add(row)",
            f"+    {self.function_in_code}(rows)",
        ]

    # What is asked again

    def keep_fix(self) -> str:
        """Where to keep an answer."""
        return (
            "Keep the answer for as long as it is valid: in a local variable, in the open transaction, or in the "
            "object whose method asks."
        )

    # What would make more of it certain

    def prove(self) -> str:
        """How to record what was answered."""
        return "record a result after the elapsed time: a count, a size, `found=1`."

    def values(self) -> str:
        """How to record what was asked for."""
        return "record the values of its parameters."

    def callers(self) -> str:
        """How to record who asks."""
        return "write the caller as `caller=`; an emitter that reads Rust's backtrace needs `RUST_BACKTRACE=1`."


def list_in_code(names: tuple[str, ...]) -> str:
    """Parameters in a block of code."""
    return elide_middle(", ".join(map(sketch, names)), _KEY_WIDTH)
