"""What a measure is: one section of the report, measured on whole processes, merged, and finished once.

``measure`` works on some whole processes and gives what adds up. ``merge`` adds up such partial results, in any order
and grouping. ``finish`` makes the section of the whole. A new section is one file with a ``Measure``, and one line in
``measures.MEASURES``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

from tracereport.measures.context import Context
from tracereport.measures.evidence import EvidencePart, Grade, grade_functions
from tracereport.measures.partials import Table
from tracereport.measures.proof import with_proof
from tracereport.model import Settings

Partial = TypeVar("Partial")


DetailsOf = Callable[[str, Any], Iterable[Any]]
"""Gives what each part of the input holds of a measure in detail: by its key and what is wanted."""


class Whole:
    """The merged results of all measures.

    Args:
        merged: by the keys of the measures.
        settings: in force.
        is_narrowed: whether a selection marks rows as shown.
        row_limit: how many rows of single calls, signatures, lookups and fan-outs are kept.
        details: what stays in the parts of the input, too large to be merged.
    """

    def __init__(
        self,
        merged: Mapping[str, Any],
        settings: Settings,
        *,
        is_narrowed: bool,
        row_limit: int,
        details: DetailsOf,
    ) -> None:
        self.merged = merged
        self.details = details
        self.settings = settings
        self.is_narrowed = is_narrowed
        self.row_limit = row_limit

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401  # each measure knows its own type
        """The merged result of one measure."""
        return self.merged[key]

    @cached_property
    def grades(self) -> dict[str, Grade]:
        """The grade of evidence of each function that has judged questions."""
        evidence: EvidencePart = self.merged["evidence"]
        return grade_functions(evidence)

    @cached_property
    def edges(self) -> Table:
        """Calls and repeats by caller and function, with what is proven of them."""
        return with_proof(self.merged["edges"], self.grades)


class Measure(msgspec.Struct, Generic[Partial], frozen=True):
    """One section of the report, or what several rest on."""

    key: str
    measure: Callable[[Context], Partial]
    merge: Callable[[Sequence[Partial]], Partial]
    finish: Callable[[Whole], Any] | None = None
    """Gives the section of the report that has this key; null where others make it theirs."""
    detail: Callable[..., Any] | None = None
    """Given a context, and what is wanted where that is known: what stays in its part of the input."""
