"""All measures, in the order in which they are made."""

from typing import Any, Final

from tracereport.measures import (
    asked_again,
    breakdown,
    cache,
    callers,
    edges,
    evidence_measure,
    fanout_rows,
    functions,
    input_facts,
    processes,
    quality,
    redundancy,
    savings,
    sequential,
    shared,
    slow,
    slowest,
    totals,
    tree,
)
from tracereport.measures.interface import Measure

MEASURES: Final[tuple[Measure[Any], ...]] = (
    input_facts.MEASURE,
    edges.MEASURE,
    evidence_measure.MEASURE,
    callers.MEASURE,
    functions.MEASURE,
    asked_again.MEASURE,
    processes.MEASURE,
    processes.ACTIVITY,
    slowest.MEASURE,
    slow.MEASURE,
    *redundancy.MEASURES,
    sequential.MEASURE,
    shared.MEASURE,
    fanout_rows.MEASURE,
    breakdown.MEASURE,
    cache.MEASURE,
    tree.MEASURE,
    savings.MEASURE,
    totals.MEASURE,
    quality.MEASURE,
)
