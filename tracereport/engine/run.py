"""Inputs -> measured parts, by whoever is there to measure, each only once.

What is done stays done: a part that its store holds already isn't measured again.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from typing import Final

import msgspec

from tracereport import __version__
from tracereport.engine.cores import CLUSTER_SCHEME, count_cores
from tracereport.engine.joining import StoredParts
from tracereport.engine.part_file import PartHeader, StoredPart
from tracereport.engine.stores import open_store
from tracereport.engine.tasks import PIECES_OF_AN_INPUT, Task, run_task
from tracereport.errors import InputError, UsageError
from tracereport.model import Selection, Settings
from tracereport.sources.inputs import cut_input, group_inputs
from tracereport.sources.ranges import ByteRange
from tracereport.sources.streams.names import InputState
from tracereport.sources.streams.stream import SPLITTING_THREADS

RANGE_BYTES: Final = 64 << 20
"""Of a large input, what is measured by itself."""


class Measuring(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured, how, and by whom."""

    inputs: tuple[str, ...]
    titles: tuple[str, ...]
    """How documents call the inputs."""
    states: tuple[InputState | None, ...]
    """What the inputs are now: a part is of one state. Null of those that others measure."""
    source: str | None = None
    settings: Settings
    selection: Selection | None = None
    row_limit: int
    unpacked_limit: int | None = None
    workers: str | None = None
    """A number, or the URL of a cluster; null: the cores of this machine."""
    parts: str | None = None
    """A folder or URL for the parts; null: a temporary folder."""
    shard: tuple[int, int] | None = None
    """Which of how many shares of the inputs are measured here."""
    range_bytes: int = RANGE_BYTES
    """What a large input is cut into."""

    def tasks(self, store: str | None) -> list[Task]:
        """One task per input, of large inputs several."""
        return [
            Task(
                input=self.inputs[index],
                title=self.titles[index],
                next_title=self.titles[(index + len(joined) + 1) % len(self.titles)],
                joined=tuple((self.inputs[other], self.titles[other]) for other in joined),
                index=index,
                inputs=len(self.inputs),
                piece=piece,
                pieces=pieces,
                byte_range=byte_range,
                state=self.states[index],
                joined_states=tuple(self.states[other] for other in joined),
                source=self.source,
                settings=self.settings,
                selection=self.selection,
                row_limit=self.row_limit,
                unpacked_limit=self.unpacked_limit,
                store=store,
            )
            for (index, *joined), piece, pieces, byte_range in self._list_parts()
        ]

    def _list_parts(self) -> Iterator[tuple[range, int, int, ByteRange | None]]:
        """Of each part that is measured here its inputs, which piece of how many it is, and the range of that."""
        first, step = self.shard or (0, 1)
        place = 0
        for group in share_inputs(self.inputs, self.shard, self.source):
            ranges = (self._cut(group.start) if len(group) == 1 else ()) or (None,)
            for piece, byte_range in enumerate(ranges):
                if not self._is_shared_by_pieces or place % step == first:
                    yield group, piece, len(ranges), byte_range
                place += 1

    def _cut(self, index: int) -> Sequence[ByteRange]:
        """The ranges of a large input; none where one worker reads it all, and nothing of it is kept."""
        state = self.states[index]
        if state is None or (self.workers == "1" and self.parts is None):
            return ()
        range_bytes = max(self.range_bytes, state.size // (PIECES_OF_AN_INPUT // 2))
        is_large = state.size >= 2 * range_bytes
        return _cut_once(self.inputs[index], state, range_bytes, self.source) if is_large else ()

    @property
    def is_undivided(self) -> bool:
        """Whether there is nothing that workers could share, or that is to be kept.

        Raises:
            UsageError: no such number of workers can be.
        """
        if self.parts is not None or (self.workers is not None and self.workers.startswith(CLUSTER_SCHEME)):
            return False
        parse_workers(self.workers)
        return len(list(islice(self._list_parts(), 2))) == 1

    @property
    def _is_shared_by_pieces(self) -> bool:
        return self.shard is not None and len(self.inputs) < self.shard[1]


@lru_cache(maxsize=16)
def _cut_once(name: str, state: InputState, range_bytes: int, source: str | None) -> Sequence[ByteRange]:
    """The ranges of an input in this state, which takes a look at all of it."""
    del state
    return cut_input(name, range_bytes, source=source)


def share_inputs(names: Sequence[str], shard: tuple[int, int] | None, source: str | None) -> list[range]:
    """The indices of the inputs of a share; those that are read together stand together, in that of the first.

    Where there are more shares than inputs each share has them all, and measures some pieces of each.
    """
    first, step = shard or (0, 1)
    groups = group_inputs(names, source=source)
    return groups if len(names) < step else [group for group in groups if group.start % step == first]


Told = Callable[[int, int, Task], None]
"""Told how many tasks have ended, of how many, and the one that has."""


@contextmanager
def measure_inputs(measuring: Measuring, told: Told) -> Iterator[StoredParts]:
    """Measures all inputs (of the shard). The parts can be read as long as the context lasts.

    Raises:
        TracereportError: an input can't be read, a part can't be written, a worker died too often, or nobody answers.
    """
    with tempfile.TemporaryDirectory(prefix="tracereport-parts-") as temporary:
        store = open_store(measuring.parts or temporary, temporary)
        tasks = measuring.tasks(store.place)
        names = [task.part_name() for task in tasks]
        present = set(store.names()).intersection(names)
        missing = [task for task, name in zip(tasks, names, strict=True) if name not in present]
        parts = StoredParts(store, names, present)
        ended = len(present)

        def done(task: Task, data: bytes | None) -> None:
            nonlocal ended
            if data is not None:
                store.write(task.part_name(), data)
            ended += 1
            told(ended, len(tasks), task)
            if measuring.shard is None:
                parts.note(task.part_name())

        _measure(measuring, missing, done)
        yield parts


def _measure(measuring: Measuring, tasks: Sequence[Task], done: Callable[[Task, bytes | None], None]) -> None:
    workers = measuring.workers
    if not tasks:
        return
    from tracereport.engine.workers import connect_cluster, run_tasks  # noqa: PLC0415 - most runs start no process

    if workers is not None and workers.startswith(CLUSTER_SCHEME):
        # The folders of this machine aren't theirs: without a store for all, parts come back to be put there.
        own = tasks if measuring.parts is not None else [msgspec.structs.replace(task, store=None) for task in tasks]
        with connect_cluster(workers) as (make_executor, count):
            run_tasks(begin_with_largest(own, count), make_executor, count, done)
        return
    count = min(parse_workers(workers), len(tasks))
    if count == 1:
        for task in tasks:
            done(task, run_task(task, SPLITTING_THREADS))
        return
    from tracereport.engine.local_workers import make_local_executor  # noqa: PLC0415 - as above

    run_tasks(begin_with_largest(tasks, count), make_local_executor, count, done)


_SHARES_OF_A_WORKER: Final = 32
"""A task that is more than one of them is large, where it is twice as large as others are on average, too."""


def begin_with_largest(tasks: Sequence[Task], workers: int) -> list[Task]:
    """The tasks in the order in which they begin: one that takes long isn't to begin when all others are over.

    The others keep the order of the inputs, in which parts are merged while others are measured.
    """
    total = sum(task.size for task in tasks)
    large = max(2 * total // len(tasks), total // (_SHARES_OF_A_WORKER * workers))
    return sorted(tasks, key=lambda task: -task.size if task.size > large else 0)


def parse_workers(workers: str | None) -> int:
    """How many worker processes of this machine are asked for; all cores by default.

    Raises:
        UsageError: it is no number from 1 on.
    """
    if workers is None:
        return count_cores()
    if not workers.isascii() or not workers.isdigit() or not int(workers):
        raise UsageError(
            f"--workers {workers}: not a number of workers", "Give a number, or a cluster: dask://HOST:8786"
        )
    return int(workers)


@contextmanager
def open_parts(place: str) -> Iterator[tuple[StoredParts, list[PartHeader]]]:
    """The parts that others have put into a store, in the order of their inputs, as long as the context lasts.

    Raises:
        InputError: there is none, they were measured with different settings, or two are of one input.
    """
    with tempfile.TemporaryDirectory(prefix="tracereport-parts-") as temporary:
        store = open_store(place, temporary, is_made=False)
        headers: dict[str, PartHeader] = {}
        for name in store.names():
            headers[name] = StoredPart(store.read(name), f"{place}/{name}").header
        if not headers:
            raise InputError(
                f"{place}: no parts are there", f"Measure first: tracereport measure LOG... --parts {place}"
            )
        _refuse_mixture(place, headers)
        ordered = sorted(headers, key=lambda name: (headers[name].index, headers[name].piece))
        yield StoredParts(store, ordered), [headers[name] for name in ordered]


def _refuse_mixture(place: str, headers: dict[str, PartHeader]) -> None:
    names = list(headers)
    first = headers[names[0]]
    by_piece: dict[tuple[int, int], str] = {}
    pieces: dict[int, int] = {}
    for name in names:
        header = headers[name]
        own = header.index, header.piece
        if header.version != __version__:
            raise UsageError(
                f"{place}: {name} was measured by version {header.version}, this is {__version__}",
                f"Measure again with this version, or join with the other: tracereport=={header.version}",
            )
        if header.inputs != first.inputs:
            what = f"{name} is one of {header.inputs} inputs, {names[0]} one of {first.inputs}"
        elif header.digest != first.digest:
            what = f"{name} was measured with {_name_difference(header, first)} than {names[0]}"
        elif own in by_piece:
            what = f"{name} and {by_piece[own]} are of one input, {header.input}"
        elif pieces.setdefault(header.index, header.pieces) != header.pieces:
            what = f"{name} is of another state of {header.input} than the parts before it"
        else:
            by_piece[own] = name
            continue
        raise UsageError(f"{place}: {what}", "Keep the parts of one run in a folder of their own.")


def _name_difference(header: PartHeader, first: PartHeader) -> str:
    """Which setting differs, where it is one of the report's."""
    for field in header.settings.__struct_fields__:
        if getattr(header.settings, field) != getattr(first.settings, field):
            return f"another {field.replace('_', '-')}"
    return "another --from or --max-unpacked"


def list_missing(headers: Sequence[PartHeader]) -> list[str]:
    """What is missing of which input."""
    inputs = headers[0].inputs
    pieces = {header.index: header.pieces for header in headers}
    present = {(header.index, header.piece) for header in headers}
    present |= {(header.index + 1 + other, 0) for header in headers for other in range(len(header.joined))}
    names = {(header.index + len(header.joined) + 1) % inputs: header.next_input for header in headers}
    names |= {header.index: header.input for header in headers}
    missing = []
    for index in range(inputs):
        count = pieces.get(index, 1)
        for piece in range(count):
            if (index, piece) not in present:
                part = "its part" if count == 1 else f"part {piece + 1} of {count}"
                place = f"input {index + 1} of {inputs}"
                named = f"{names[index]} ({place})" if index in names else place
                missing.append(f"{named}: {part} is missing")
    return missing
