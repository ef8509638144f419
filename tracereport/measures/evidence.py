"""Evidence: whether equal answers of a function prove that nothing had changed.

An answer that is a digest of what was found tells two answers apart; a count of rows needn't; one that is the same in
every call tells nothing. So each function's answers have a grade, from all its calls in the input.
"""

from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import SIZES
from tracereport.calls.coding import code_values, mix_bits
from tracereport.calls.grouping import Integers, count_by, sum_by
from tracereport.measures.answers import NO_ANSWER
from tracereport.measures.context import Context
from tracereport.measures.metric_use import count_metric_use
from tracereport.measures.partials import Column, Table, group_rows, merge_tables
from tracereport.measures.traits import BACK, CHANGED, QUESTION
from tracereport.native.tally import Mask, count_traits, find_extremes

Grade = Literal["content", "version-like", "weak", "constant", "none"]

SURE_GRADES: Final[frozenset[Grade]] = frozenset({"content", "version-like"})
"""Whose equal answers prove that nothing had changed."""

DIGEST_NAMES: Final = frozenset({"digest", "hash"})
DIGEST_BITS: Final = 32
"""Values from 2^32 on are digests rather than counts."""
DIGEST_PERCENT: Final = 90
VERSION_CHANGES: Final = 5
VERSION_RETURNS: Final = 20
"""Changes for each of which at most one goes back to an earlier answer, as versions never do."""
CONSTANT_CALLS: Final = 5
"""So many calls with one answer prove nothing, though they ask for one lookup only."""
SAMPLE_VALUES: Final = 4096
"""Distinct values of a metric that are kept: those of the smallest hashes, which is a fair sample of more."""

_MASKS: Final = {"questions": Mask(QUESTION), "changed": Mask(CHANGED), "back": Mask(BACK)}


class EvidencePart(msgspec.Struct, frozen=True, eq=False):
    """What the grades rest on."""

    functions: Table
    """By function: judged questions, changes, returns to an earlier answer, answers recorded, lookups of its own."""
    values: Table
    """By function and metric the distinct values of results, at most ``SAMPLE_VALUES``, and whether there are more."""
    answers: Table
    """By function one answer, and how often a part of the input knew of another."""
    lookups: Table
    """By function one lookup, and how often a part of the input knew of another."""


def measure_evidence(context: Context) -> EvidencePart:
    """What the calls tell of the evidence of each function, over its judged questions."""
    calls, ordered, cells = context.calls, context.ordered, context.cells
    names = len(calls.names)
    function = context.function_of_signature[cells.signature]
    counts = count_traits(function, cells.traits, _MASKS, names, cells.calls)
    found = np.flatnonzero(counts["questions"])
    asks_all = len(ordered) == len(calls) and bool(ordered.is_question.all())
    use = context.metric_use if asks_all else count_metric_use(calls, ordered.rows(np.flatnonzero(ordered.is_question)))
    answered, asked = use.pairs, context.repeats.lookups.code
    answer = context.answers.values[answered.metric_set]
    functions = Table(
        key={"function": Column(found, calls.names)},
        sums={
            "answered": sum_by(answered.function, np.where(answer == NO_ANSWER, 0, answered.calls), names)[found],
            **{name: counted[found] for name, counted in counts.items()},
        },
    )
    is_result = context.answers.is_result[use.name] if len(use.name) else np.zeros(0, bool)
    values = Table(
        key={
            "function": Column(use.function[is_result], calls.names),
            "metric": Column(use.name[is_result].astype(np.int64), calls.metric_sets.names),
            "value": Column(use.value[is_result].view(np.int64)),
        },
        sums={"more": np.zeros(int(is_result.sum()), np.int64)},
    )
    return EvidencePart(
        functions=functions,
        values=sample_values(group_rows(values)),
        answers=_keep_one(calls.names, answered.function, answer, lambda code: _describe_answer(context, code)),
        lookups=_keep_one(calls.names, calls.lookups.function[asked], asked, calls.lookups.text.__getitem__),
    )


def sample_values(table: Table) -> Table:
    """The values of each function's metric with the smallest hashes, at most ``SAMPLE_VALUES`` of them.

    Of parts in any order, in whatever way they are put together, the same ones are left.
    """
    function, metric = table.key["function"].codes, table.key["metric"].codes
    width = int(metric.max(initial=0)) + 1
    groups, group = code_values(function * width + metric, (int(function.max(initial=0)) + 1) * width)
    size = count_by(group, len(groups))
    if size.max(initial=0) <= SAMPLE_VALUES:
        return table
    order = np.lexsort((mix_bits(table.key["value"].codes), group))
    rank = np.arange(len(order)) - np.repeat(np.cumsum(size) - size, size)
    kept = order[rank < SAMPLE_VALUES]
    sampled = table.take(kept)
    sampled.sums["more"][:] |= (size > SAMPLE_VALUES)[group[kept]]
    return sampled


def merge_evidence(parts: Sequence[EvidencePart]) -> EvidencePart:
    """What all parts tell."""
    return EvidencePart(
        functions=merge_tables([part.functions for part in parts]),
        values=sample_values(merge_tables([part.values for part in parts])),
        answers=merge_tables([part.answers for part in parts]),
        lookups=merge_tables([part.lookups for part in parts]),
    )


def grade_functions(part: EvidencePart) -> dict[str, Grade]:
    """The grade of each function that has judged questions."""
    digested = _find_digested(part.values)
    metrics: dict[str, set[str]] = {}
    for function, metric in part.values.rows("function", "metric"):
        metrics.setdefault(function, set()).add(metric)
    one_answer, one_lookup = (_find_single(table) for table in (part.answers, part.lookups))
    grades: dict[str, Grade] = {}
    for function, questions, answered, changed, back in part.functions.rows(
        "function", "questions", "answered", "changed", "back"
    ):
        if function not in metrics:
            grades[function] = "none"
        elif function in digested:
            grades[function] = "content"
        elif changed >= VERSION_CHANGES and VERSION_RETURNS * back <= changed and metrics[function] - SIZES:
            grades[function] = "version-like"
        elif function in one_answer and answered == questions:
            asks_several = function not in one_lookup
            grades[function] = "constant" if asks_several or questions >= CONSTANT_CALLS else "weak"
        else:
            grades[function] = "weak"
    return grades


def _find_digested(values: Table) -> set[str]:
    """Functions with a metric that is a digest of what was found."""
    found: dict[tuple[str, str], list[int]] = {}
    for function, metric, value in values.rows("function", "metric", "value"):
        found.setdefault((function, metric), []).append(value % (1 << 64))
    return {
        function
        for (function, metric), distinct in found.items()
        if _is_digest(metric, [value for value in distinct if value])
    }


def _is_digest(metric: str, values: Sequence[int]) -> bool:
    """Whether a metric with these distinct values but 0 is a digest."""
    large = sum(value >> DIGEST_BITS > 0 for value in values)
    if metric in DIGEST_NAMES and large:
        return True
    return len(values) > 1 and 100 * large >= DIGEST_PERCENT * len(values)


def _find_single(table: Table) -> set[str]:
    """Functions of which all parts know of the same one thing only."""
    texts: dict[str, set[str]] = {}
    others: dict[str, int] = {}
    for function, text, other in table.rows("function", "text", "others"):
        texts.setdefault(function, set()).add(text)
        others[function] = others.get(function, 0) + other
    return {function for function, own in texts.items() if len(own) == 1 and not others[function]}


def _keep_one(
    names: tuple[str, ...], function: Integers, code: NDArray[np.int32], describe: Callable[[int], str]
) -> Table:
    """Per function the only thing that it has, as a text; where it has several, that it does."""
    if code.min(initial=0) < 0:
        known = code >= 0
        function, code = function[known], code[known]
    least, most = find_extremes(function, code, len(names))
    found = np.flatnonzero(least <= most)
    low, high = least[found], most[found]
    is_single = low == high
    texts = [describe(value) if single else "" for value, single in zip(low.tolist(), is_single.tolist(), strict=True)]
    return Table(
        key={
            "function": Column(found, names),
            "text": Column(np.arange(len(texts)), tuple(texts)),
        },
        sums={"others": (~is_single).astype(np.int64)},
    )


def _describe_answer(context: Context, code: int) -> str:
    """The result metrics of the answers with this code."""
    sets, answers = context.calls.metric_sets, context.answers
    metrics = sets.metrics_of(int(np.flatnonzero(answers.values == code)[0]))
    is_result = {name for name, result in zip(sets.names, answers.is_result.tolist(), strict=True) if result}
    return "|".join(sorted(f"{metric.name}={metric.value}" for metric in metrics if metric.name in is_result))
