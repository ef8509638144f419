"""One process measures an input set by set, and holds none of them longer than it takes.

A small input is one set, whose calls are held: what is asked of them in detail takes less time than to keep it all.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tracereport.calls.calls import Calls
from tracereport.engine.cores import count_threads
from tracereport.engine.measuring import LocalParts, Parts, measure_calls
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
    from tracereport.engine.kept_parts import keep_parts  # noqa: PLC0415 - a small log is one set

    with keep_parts(settings) as kept:
        while True:
            kept.add(part)
            del part
            if following is None:
                break
            part = measure_calls(
                following, settings, first_process=kept.processes, row_limit=row_limit, threads=threads
            )
            del following
            following = next(sets, None)
        yield kept.stored
