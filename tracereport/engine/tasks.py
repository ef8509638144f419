"""One task: an input is read, measured part by part, and put into a store. Tasks carry names, never calls."""

import hashlib
from typing import Any, Final

import msgspec

from tracereport import __version__
from tracereport.engine.measuring import MEASURED, measure_calls, merge_partials
from tracereport.engine.part_file import MAGIC, PartHeader, encode_part
from tracereport.engine.stores import SUFFIX, open_store
from tracereport.model import Selection, Settings
from tracereport.sources.inputs import read_parts
from tracereport.sources.streams import InputState, Progress

PARTIALS: Final = "partials"
"""The piece that holds the merged partial results; details have the key of their measure."""
PROCESSES_OF_AN_INPUT: Final = 1 << 40
"""Each input's processes are numbered from a multiple of this on."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is told."""

    input: str
    title: str
    """What documents call the input."""
    index: int
    inputs: int
    state: InputState | None = None
    """What the input was when it was to be measured; null where it can be read only once."""
    source: str | None = None
    settings: Settings
    selection: Selection | None = None
    row_limit: int
    unpacked_limit: int | None = None
    """The most bytes that a packed input may unpack to; null: as the streams say."""
    store: str | None = None
    """Where the part goes; null: it is given back."""

    def digest(self) -> str:
        """A digest of all but the input that changes what is measured."""
        told = [MAGIC.decode(), __version__, self.source, self.settings, self.selection, self.row_limit]
        told.append(self.unpacked_limit)
        return hashlib.blake2b(msgspec.json.encode(told), digest_size=8).hexdigest()

    def part_name(self) -> str:
        """What its part is called: the same for the same input, unchanged since, and the same settings."""
        identity = [self.title, self.index, self.inputs, *(self.state or ()), self.digest()]
        return hashlib.blake2b(msgspec.json.encode(identity), digest_size=16).hexdigest() + SUFFIX


def run_task(task: Task, progress: Progress | None = None) -> bytes | None:
    """Measures an input. Gives its part, or puts it into the store.

    Raises:
        TracereportError: the input can't be read, or the part can't be written.
    """
    merged: dict[str, Any] | None = None
    details: dict[str, list[Any]] = {own.key: [] for own in MEASURED if own.detail is not None}
    processes = calls_count = 0
    errors: list[str] = []
    for calls in read_parts([task.input], progress, source=task.source, unpacked_limit=task.unpacked_limit):
        named = calls.rename_files(dict.fromkeys(calls.files, task.title))
        part = measure_calls(
            named,
            task.settings,
            task.selection,
            first_process=task.index * PROCESSES_OF_AN_INPUT + processes,
            row_limit=task.row_limit,
        )
        context = part.context
        for own in MEASURED:
            if own.detail is not None:
                details[own.key].append(own.detail(context))
        merged = part.partials if merged is None else merge_partials([merged, part.partials])
        processes += part.processes
        calls_count += len(calls)
        errors += calls.facts.input.errors if calls.facts is not None else ()
    header = PartHeader(
        version=__version__,
        input=task.title,
        index=task.index,
        inputs=task.inputs,
        settings=task.settings,
        digest=task.digest(),
        calls=calls_count,
        errors=tuple(errors),
    )
    data = encode_part(header, {PARTIALS: merged, **details})
    if task.store is None:
        return data
    open_store(task.store).write(task.part_name(), data)
    return None
