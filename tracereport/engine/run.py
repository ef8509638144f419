"""Inputs -> measured parts, by whoever is there to measure, each only once.

What is done stays done: a part that its store holds already isn't measured again.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from tracereport.engine.joining import StoredParts
from tracereport.engine.part_file import PartHeader, StoredPart
from tracereport.engine.stores import PartStore, open_store
from tracereport.engine.tasks import Task, run_task
from tracereport.engine.workers import (
    CLUSTER_SCHEME,
    connect_cluster,
    count_cores,
    make_local_executor,
    run_tasks,
)
from tracereport.errors import InputError, UsageError
from tracereport.model import Selection, Settings
from tracereport.sources.streams import InputState

PAYS_BYTES: Final = 64 << 20
"""Bytes of all inputs from which on starting workers pays; below, one process is quicker."""


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

    def tasks(self, store: str | None) -> list[Task]:
        """One task per input."""
        return [
            Task(
                input=name,
                title=title,
                index=index,
                inputs=len(self.inputs),
                state=self.states[index],
                source=self.source,
                settings=self.settings,
                selection=self.selection,
                row_limit=self.row_limit,
                unpacked_limit=self.unpacked_limit,
                store=store,
            )
            for index, (name, title) in enumerate(zip(self.inputs, self.titles, strict=True))
            if index in self.own_inputs
        ]

    @property
    def own_inputs(self) -> range:
        """The indices of the inputs that are measured here."""
        return share_inputs(len(self.inputs), self.shard)


def share_inputs(count: int, shard: tuple[int, int] | None) -> range:
    """The indices of the inputs of a share."""
    first, step = shard or (0, 1)
    return range(first, count, step)


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
        present = set(store.names())
        missing = [task for task in tasks if task.part_name() not in present]
        _measure(measuring, missing, store, told, done_before=len(tasks) - len(missing))
        yield StoredParts(store, [task.part_name() for task in tasks])


def _measure(measuring: Measuring, tasks: Sequence[Task], store: PartStore, told: Told, done_before: int) -> None:
    ended = done_before
    total = done_before + len(tasks)

    def done(task: Task, data: bytes | None) -> None:
        nonlocal ended
        if data is not None:
            store.write(task.part_name(), data)
        ended += 1
        told(ended, total, task)

    workers = measuring.workers
    if not tasks:
        return
    if workers is not None and workers.startswith(CLUSTER_SCHEME):
        # The folders of this machine aren't theirs: without a store for all, parts come back to be put there.
        own = tasks if measuring.parts is not None else [msgspec.structs.replace(task, store=None) for task in tasks]
        with connect_cluster(workers) as (make_executor, count):
            run_tasks(own, make_executor, 2 * count, done)
        return
    count = min(parse_workers(workers), len(tasks))
    if count == 1:
        for task in tasks:
            done(task, run_task(task))
        return
    run_tasks(tasks, make_local_executor, count, done)


def parse_workers(workers: str | None) -> int:
    """How many worker processes of this machine are asked for; all cores by default.

    Raises:
        UsageError: it is no number from 1 on.
    """
    if workers is None:
        return count_cores()
    if not workers.isascii() or not workers.isdigit() or not int(workers):
        raise UsageError(f"--workers {workers}: no number of workers", "Give a number, or a cluster: dask://HOST:8786")
    return int(workers)


def pays(states: Sequence[InputState | None]) -> bool:
    """Whether the inputs are large enough to be measured in parts."""
    return len(states) > 1 and sum(state.size for state in states if state is not None) >= PAYS_BYTES


@contextmanager
def open_parts(place: str) -> Iterator[tuple[StoredParts, list[PartHeader]]]:
    """The parts that others have put into a store, in the order of their inputs, as long as the context lasts.

    Raises:
        InputError: there is none, they were measured with different settings, or two are of one input.
    """
    with tempfile.TemporaryDirectory(prefix="tracereport-parts-") as temporary:
        store = open_store(place, temporary)
        headers: dict[str, PartHeader] = {}
        for name in store.names():
            headers[name] = StoredPart(store.read(name), f"{place}/{name}").header
        if not headers:
            raise InputError(
                f"{place}: no parts are there", f"Measure first: tracereport measure LOG... --parts {place}"
            )
        _refuse_mixture(place, headers)
        ordered = sorted(headers, key=lambda name: headers[name].index)
        yield StoredParts(store, ordered), [headers[name] for name in ordered]


def _refuse_mixture(place: str, headers: dict[str, PartHeader]) -> None:
    names = list(headers)
    first = headers[names[0]]
    by_index: dict[int, str] = {}
    for name in names:
        header = headers[name]
        if header.version != first.version:
            what = f"{name} was measured by version {header.version}, {names[0]} by {first.version}"
        elif (header.digest, header.inputs) != (first.digest, first.inputs):
            what = f"{name} was measured with other settings or inputs than {names[0]}"
        elif header.index in by_index:
            what = f"{name} and {by_index[header.index]} are of one input, {header.input}"
        else:
            by_index[header.index] = name
            continue
        raise UsageError(f"{place}: {what}", "Keep the parts of one run in a folder of their own.")


def list_missing(headers: Sequence[PartHeader]) -> list[int]:
    """The indices of the inputs whose parts are missing."""
    present = {header.index for header in headers}
    return [index for index in range(headers[0].inputs) if index not in present]
