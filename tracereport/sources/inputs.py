"""Inputs of any format, in any mixture -> one set of calls."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, groupby
from operator import methodcaller
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import Calls, Facts
from tracereport.errors import InputError, UsageError
from tracereport.processes.trees import refuse_impossible_parents
from tracereport.sources import DEFAULT_SOURCE, SOURCES
from tracereport.sources.interface import CuttableSource, JoiningSource, Source
from tracereport.sources.ranges import ByteRange
from tracereport.sources.streams.names import input_title
from tracereport.sources.streams.raw import Progress
from tracereport.sources.streams.stream import SPLITTING_THREADS, Stream
from tracereport.sources.urls import is_url

CALLS_AT_ONCE: Final = 250_000
"""As many as are measured together, where processes allow it: fewer would cost time, more would cost memory."""


class _Input:
    """An input, and the format that it is read as."""

    def __init__(
        self,
        name: str,
        wanted: str | None,
        unpacked_limit: int | None = None,
        byte_range: ByteRange | None = None,
        splitting_threads: int = SPLITTING_THREADS,
    ) -> None:
        self.stream = Stream(name, unpacked_limit, byte_range, splitting_threads)
        self.source = find_source(wanted) if wanted is not None else choose_source(self.stream)


def read_inputs(
    names: Sequence[str],
    progress: Progress | None = None,
    *,
    source: str | None = None,
    unpacked_limit: int | None = None,
) -> Calls:
    """The calls of all inputs in their order; neighbours of one format are read as one.

    Args:
        names: of the inputs.
        progress: is told the bytes read.
        source: the format of all inputs; None: by the content of each.
        unpacked_limit: the most bytes that a packed input may unpack to; None: as the streams say.

    Raises:
        InputError: an input can't be read, or two formats claim it.
        UsageError: no format is called so.
    """
    from tracereport.sources.joining import join_calls  # noqa: PLC0415 - a report alone is made of sets

    inputs = (_Input(name, source, unpacked_limit) for name in names)
    read = (_finish(used.read(streams, progress), streams) for used, streams in _group(inputs))
    return join_calls(list(chain.from_iterable(read)))


def read_sets(
    names: Sequence[str],
    progress: Progress | None = None,
    *,
    source: str | None = None,
    unpacked_limit: int | None = None,
    calls_at_once: int = CALLS_AT_ONCE,
    byte_range: ByteRange | None = None,
    splitting_threads: int = SPLITTING_THREADS,
) -> Iterator[Calls]:
    """As ``read_inputs``, in sets of whole processes as they come: what has been used can be dropped.

    Args:
        names: of the inputs.
        progress: is told the bytes read.
        source: the format of all inputs; None: by the content of each.
        unpacked_limit: the most bytes that a packed input may unpack to; None: as the streams say.
        calls_at_once: of a set, where the format allows it.
        byte_range: of the only input; None: all of it.
        splitting_threads: what splits lines beside who reads them, where the format knows how.
    """
    inputs = (_Input(name, source, unpacked_limit, byte_range, splitting_threads) for name in names)
    for used, streams in _group(inputs):
        if isinstance(used, CuttableSource):
            yield from _finish(used.read_sets(streams, progress, calls_at_once), streams)
        else:
            yield from _finish(used.read(streams, progress), streams)


def cut_input(name: str, range_bytes: int, *, source: str | None = None) -> Sequence[ByteRange]:
    """An input in ranges that can be read by themselves; none where it is to be read in one go."""
    one = _Input(name, source)
    return one.source.cut(one.stream, range_bytes) if isinstance(one.source, CuttableSource) else ()


def group_inputs(names: Sequence[str], *, source: str | None = None) -> list[range]:
    """The indices of inputs that are to be read together: neighbours in which one may go on in the other.

    Objects of a store aren't looked at, all of them: what the first of neighbours is, the others are taken for.
    """
    groups: list[range] = []
    before: Source | None = None
    for index, name in enumerate(names):
        if len(names) == 1 or (index and is_url(name) and is_url(names[index - 1])):
            own = before
        else:
            own = _find_joining(name, source)
        if own is not None and own is before and groups:
            groups[-1] = range(groups[-1].start, index + 1)
        else:
            groups.append(range(index, index + 1))
        before = own
    return groups


def _find_joining(name: str, wanted: str | None) -> Source | None:
    """The format of an input, if it is one that joins inputs."""
    joining = [source for source in SOURCES if isinstance(source, JoiningSource)]
    if wanted is not None:
        return next((source for source in joining if source.name == wanted), None)
    head = Stream(name).peek()
    return next((source for source in joining if source.recognises(name, head)), None)


def _group(inputs: Iterable[_Input]) -> Iterator[tuple[Source, list[Stream]]]:
    """Neighbours of one format."""
    for used, group in groupby(inputs, key=lambda one: one.source):
        yield used, [one.stream for one in group]


def _finish(sets: Iterator[Calls], streams: Sequence[Stream]) -> Iterator[Calls]:
    """The calls, with names that documents can hold.

    Not by a generator: it would hold each set while the next one is made.
    """
    names = {stream.name: input_title(stream.name) for stream in streams}
    return map(refuse_impossible_parents, map(methodcaller("rename_files", names), sets))


def find_source(name: str) -> Source:
    """The format of this name.

    Raises:
        UsageError: there is none.
    """
    found = next((source for source in SOURCES if source.name == name), None)
    if found is None:
        raise UsageError(f"{name}: unknown format", f"Name one of {', '.join(source.name for source in SOURCES)}.")
    return found


def choose_source(stream: Stream) -> Source:
    """The format of an input, by its content; ours where nobody claims it.

    Raises:
        InputError: two claim it.
    """
    claiming = _list_claiming(stream.name, stream.peek())
    if len(claiming) > 1:
        both = " and ".join(source.name for source in claiming)
        raise InputError(
            f"{input_title(stream.name)}: it can be read as {both}", f"Say which: --from {claiming[0].name}"
        )
    return claiming[0] if claiming else DEFAULT_SOURCE


@lru_cache(maxsize=1)
def _list_claiming(name: str, head: bytes) -> list[Source]:
    """The formats that claim an input that begins so; it is asked several times of one that may be cut."""
    return [source for source in SOURCES if source.recognises(name, head)]


def read_raw(
    calls: Calls, rows: NDArray[np.bool_], inputs: Sequence[str], *, source: str | None = None
) -> Iterator[bytes]:
    """The records of the selected calls as they stood in their inputs, each with its line feed.

    Args:
        calls: as read from the inputs.
        rows: the selected calls.
        inputs: where each of the calls' files is found.
        source: the format of all inputs; None: by the content of each.
    """
    chosen = [_Input(name, source).source for name in inputs]
    for used, group in groupby(range(len(inputs)), key=chosen.__getitem__):
        own = set(group)
        yield from used.read_raw(calls, rows, [name if at in own else None for at, name in enumerate(inputs)])


def explain_nothing(
    names: Sequence[str], titles: Sequence[str], facts: Facts | None, *, source: str | None = None
) -> InputError:
    """The error for inputs without a single call, in the words of the first one's format.

    Args:
        names: of the inputs.
        titles: how documents call them.
        facts: of what was read.
        source: the format of all inputs; None: by the content of each.
    """
    return _Input(names[0], source).source.explain_nothing(titles, facts)
