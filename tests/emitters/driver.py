"""What the benchmark of the Python emitter runs: ``driver.py KIND CALLS`` says nanoseconds per call."""

import sys
from collections.abc import Callable
from time import perf_counter_ns

from tracereport.emit import trace, traced


def bare(part_id: str, node_id: int) -> int:
    return node_id + len(part_id)


@traced(result=lambda _: {"rows": 3})
def decorated(part_id: str, node_id: int) -> int:
    return node_id + len(part_id)


def with_block(part_id: str, node_id: int) -> int:
    with trace("load_node", part_id=part_id, node_id=node_id) as call:
        call.record(rows=3)
        return node_id + len(part_id)


KINDS: dict[str, Callable[[str, int], int]] = {"bare": bare, "with": with_block, "decorator": decorated}

if __name__ == "__main__":
    function, calls = KINDS[sys.argv[1]], int(sys.argv[2])
    started_ns = perf_counter_ns()
    for node_id in range(calls):
        function("00000001", node_id)
    sys.stdout.write(f"{(perf_counter_ns() - started_ns) / calls}\n")
