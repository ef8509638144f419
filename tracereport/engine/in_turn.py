"""One process measures an input set by set, and holds none of them longer than it takes.

A small input is one set, whose calls are held: what is asked of them in detail takes less time than to keep it all.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tracereport import __version__
from tracereport.calls.calls import Calls
from tracereport.engine.cores import count_threads
from tracereport.engine.joining import StoredParts
from tracereport.engine.measuring import LocalParts, Part, Parts, measure_calls
from tracereport.engine.part_file import PartHeader, PartWriter
from tracereport.engine.stores import SUFFIX, open_store
from tracereport.engine.tasks import pack_details, pack_partials
from tracereport.model import Settings


@contextmanager
def measure_in_turn(sets: Iterator[Calls], settings: Settings, row_limit: int) -> Iterator[Parts]:
    """Measures all sets. The parts can be read as long as the context lasts.

    Raises:
        TracereportError: an input can't be read, or there is no room for the parts.
    """
    threads = count_threads()
    part = measure_calls(next(sets), settings, first_process=0, row_limit=row_limit, threads=threads)
    following = next(sets, None)
    if following is None:
        local = LocalParts()
        local.add(part)
        yield local
        return
    with tempfile.TemporaryDirectory(prefix="tracereport-parts-") as folder:
        store = open_store(folder)
        names: list[str] = []
        processes = 0
        while True:
            names.append(f"{len(names):09}{SUFFIX}")
            store.write(names[-1], _encode(part, settings, len(names)))
            processes += part.processes
            del part
            if following is None:
                break
            part = measure_calls(following, settings, first_process=processes, row_limit=row_limit, threads=threads)
            del following
            following = next(sets, None)
        yield StoredParts(store, names)


def _encode(part: Part, settings: Settings, index: int) -> bytes:
    writer = PartWriter()
    pack_details(writer, part, 0)
    pack_partials(writer, part.partials)
    return writer.finish(
        PartHeader(version=__version__, input="", index=index, inputs=0, settings=settings, digest="", calls=0)
    )
