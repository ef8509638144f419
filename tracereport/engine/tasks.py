"""One task: an input is read, measured part by part, and put into a store. Tasks carry names, never calls."""

import hashlib
from collections.abc import Iterator
from itertools import count
from operator import methodcaller
from typing import Any, Final

import msgspec

from tracereport import __version__
from tracereport.calls.calls import Calls
from tracereport.engine.measuring import MEASURED, Part, measure_calls, merge_partials
from tracereport.engine.part_file import MAGIC, PartHeader, PartWriter
from tracereport.engine.stores import SUFFIX, open_store
from tracereport.errors import InputError
from tracereport.model import Selection, Settings
from tracereport.sources.inputs import read_sets
from tracereport.sources.ranges import ByteRange
from tracereport.sources.streams.names import InputState, input_title

PARTIALS: Final = "partials"
"""The piece that holds the merged partial results; details have the key of their measure."""
MEMORY_REMEDY: Final = "Give it fewer workers (--workers 1), or cut the input: a log for each process."
PIECES_OF_AN_INPUT: Final = 1 << 14
_PROCESSES_OF_A_PIECE: Final = 1 << 28


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is told."""

    input: str
    title: str
    """What documents call the input."""
    joined: tuple[tuple[str, str], ...] = ()
    """The inputs behind it that are read together with it, and their titles: what is in one may go on in the next."""
    next_title: str = ""
    """What they call the one behind it, of the last the first."""
    index: int
    """Of the input among all inputs."""
    inputs: int
    piece: int = 0
    """Of a large input that is measured in pieces."""
    pieces: int = 1
    byte_range: ByteRange | None = None
    """The piece; null: all of the input."""
    state: InputState | None = None
    """What the input was when it was to be measured; null where it can be read only once."""
    joined_states: tuple[InputState | None, ...] = ()
    source: str | None = None
    settings: Settings
    selection: Selection | None = None
    row_limit: int
    unpacked_limit: int | None = None
    """The most bytes that a packed input may unpack to; null: as the streams say."""
    store: str | None = None
    """Where the part goes; null: it is given back."""

    @property
    def size(self) -> int:
        """The bytes that are read."""
        if self.byte_range is not None:
            return self.byte_range.end - self.byte_range.start
        return sum(state.size for state in (self.state, *self.joined_states) if state is not None)

    @property
    def first_process(self) -> int:
        """The number of its first process: those of all parts are in the order of the inputs."""
        return (self.index * PIECES_OF_AN_INPUT + self.piece) * _PROCESSES_OF_A_PIECE

    def digest(self) -> str:
        """A digest of all but the input that changes what is measured."""
        told = [MAGIC.decode(), __version__, self.source, self.settings, self.selection, self.row_limit]
        told.append(self.unpacked_limit)
        return hashlib.blake2b(msgspec.json.encode(told), digest_size=8).hexdigest()

    def part_name(self) -> str:
        """What its part is called: the same for the same input, unchanged since, and the same settings."""
        state = self.state or ()
        identity = [self.title, self.next_title, self.index, self.inputs, self.byte_range, *state, self.digest()]
        identity += [self.joined, self.joined_states] if self.joined else []
        return hashlib.blake2b(msgspec.json.encode(identity), digest_size=16).hexdigest() + SUFFIX


def run_task(task: Task, splitting_threads: int = 0) -> bytes | None:
    """Measures an input. Gives its part, or puts it into the store.

    Args:
        task: what is measured.
        splitting_threads: what splits lines beside this thread. None as a rule: there are as many workers as cores.

    Raises:
        TracereportError: the input can't be read, or the part can't be written.
    """
    inputs = {task.input: task.title, **dict(task.joined)}
    sets = read_sets(
        list(inputs),
        source=task.source,
        unpacked_limit=task.unpacked_limit,
        byte_range=task.byte_range,
        splitting_threads=splitting_threads,
    )
    titles = {input_title(name): title for name, title in inputs.items()}
    try:
        data = encode_sets(map(methodcaller("rename_files", titles), sets), task)
    except MemoryError as error:
        raise InputError(f"{task.title}: there isn't enough memory to measure this input", MEMORY_REMEDY) from error
    if task.store is None:
        return data
    open_store(task.store).write(task.part_name(), data)
    return None


def pack_details(writer: PartWriter, part: Part, index: int) -> None:
    """Adds what stays in a part until it is asked for, of the set with this index."""
    for own in MEASURED:
        if own.detail is not None:
            writer.add(f"{own.key}/{index}", own.detail(part.context))


def pack_partials(writer: PartWriter, partials: dict[str, Any] | None) -> None:
    """Adds the merged partial results."""
    writer.add(PARTIALS, partials)


def encode_sets(sets: Iterator[Calls], task: Task) -> bytes:
    """A part made of sets of calls; none of them is held while the next is made."""
    writer = PartWriter()
    merged: dict[str, Any] | None = None
    processes = calls_count = 0
    places = count()
    errors: list[str] = []
    for calls in sets:
        calls_count += len(calls)
        errors += calls.facts.input.errors if calls.facts is not None else ()
        first_process = task.first_process + processes
        part = measure_calls(
            calls, task.settings, task.selection, first_process=first_process, row_limit=task.row_limit
        )
        del calls
        pack_details(writer, part, next(places))
        processes += part.processes
        merged = part.partials if merged is None else merge_partials([merged, part.partials])
        del part
    pack_partials(writer, merged)
    return writer.finish(
        PartHeader(
            version=__version__,
            input=task.title,
            next_input=task.next_title,
            index=task.index,
            inputs=task.inputs,
            joined=tuple(title for _, title in task.joined),
            piece=task.piece,
            pieces=task.pieces,
            settings=task.settings,
            digest=task.digest(),
            calls=calls_count,
            errors=tuple(errors),
        )
    )
