"""The processes of a log: told apart by what their calls say of them where they do, else by numbers and callers."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tracereport.calls.constant import Whole
from tracereport.native.codes import take
from tracereport.native.keys import factorize
from tracereport.processes.counters import split_equal_counters
from tracereport.processes.orphans import join_orphaned
from tracereport.processes.splitting import Processes, find_processes

Ints = NDArray[np.int64]

NOT_SAID = -1


class Witness(NamedTuple):
    """What the records say that tells of their processes."""

    said: Ints
    """Per record: what it calls its process; ``NOT_SAID`` where it doesn't. Empty where none does."""
    signature: NDArray[np.int32]
    """Per record."""
    function: NDArray[np.int32]
    """Per signature."""
    caller: NDArray[np.int32]
    """Per signature; in the same code space as ``function``, -1 where it is missing or unknown."""
    has_parent: NDArray[np.bool_]
    """Per record: it names its parent, or says that it has none."""
    tell: Callable[[Ints], Ints]
    """Codes of some of the records: equal where all that they ask, answer and say is, but for numbers and times."""


def separate_processes(number: Whole, segment: Ints, witness: Witness) -> Processes:
    """Which process each record belongs to, and which processes can be judged.

    The records of a segment that name one process are split as if they stood alone, since a system gives its process
    numbers again; so are those that name none. So the records of a process needn't stand together.

    Args:
        number: per record: the call number, less than 2^63.
        segment: per record, non-decreasing: the stretch between two markers or file starts. No process spans two.
        witness: what the records say of their processes.

    Returns:
        Arrays per record and per process; processes in the order of their first records.
    """
    said = witness.said
    if not len(said) or said.max() == NOT_SAID:
        found = _find(number, segment, witness.has_parent, witness)
        return _renumber(found, found.process, found.implausible) if found.shuffled.any() else found
    order = np.lexsort((said, segment))
    changes = (np.diff(segment[order], prepend=-1) != 0) | (np.diff(said[order], prepend=NOT_SAID) != 0)
    own = Witness(
        said=said[order],
        signature=witness.signature[order],
        function=witness.function,
        caller=witness.caller,
        has_parent=witness.has_parent[order],
        tell=lambda records: witness.tell(order[records]),
    )
    found = _find(number[order], np.cumsum(changes), own.has_parent | (own.said != NOT_SAID), own)
    process, implausible = np.empty_like(found.process), np.empty_like(found.implausible)
    process[order], implausible[order] = found.process, found.implausible
    return replace(
        _renumber(found, process, implausible),
        segment=segment[factorize(process)[1]],
    )


def _find(number: Whole, stream: Ints, tells_all: NDArray[np.bool_], witness: Witness) -> Processes:
    """The processes by numbers, callers, and equal counters."""
    found = find_processes(number, stream)
    if len(found.judged) > 1:
        asked, asking = take(witness.function, witness.signature), take(witness.caller, witness.signature)
        found = join_orphaned(found, number, asked, asking, tells_all)
    return found if found.judged.all() else split_equal_counters(found, number, witness.tell)


def _renumber(found: Processes, process: NDArray[np.uint32], implausible: NDArray[np.bool_]) -> Processes:
    """The processes in the order of their first records."""
    in_order, first = factorize(process)
    former = process[first]
    return replace(
        found,
        process=in_order.astype(np.uint32),
        judged=found.judged[former],
        shuffled=found.shuffled[former],
        implausible=implausible,
        segment=found.segment[former],
    )
