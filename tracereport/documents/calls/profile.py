"""The call tree for speedscope (speedscope.app): per process one profile by calls and one by time.

In the time of the founding logs 98 % of the calls read 0: by time a flame graph of them is empty, by calls it is not.
Each call is a frame that opens and closes around its children, in the order of their starts; its weight is 1, or its
self time (0 where truncated milliseconds, or children side by side, make that negative). So a document is as large as
the calls are many, however deep they lie. The file format is described at
https://www.speedscope.app/file-format-schema.json.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport import __version__
from tracereport.calls.calls import NO_PARENT, Calls
from tracereport.calls.ordered import NOWHERE, OrderedCalls, order_calls
from tracereport.errors import UsageError
from tracereport.measures.overlaps import Overlaps, find_overlaps
from tracereport.measures.tree import UNFINISHED

MOST_CALLS: Final = 50_000
"""Calls of a process that are drawn: the first."""
MOST_CALLS_IN_ALL: Final = 200_000
MOST_PROCESSES: Final = 100
MOST_DEPTH: Final = 1_000
"""Frames above each other: the viewer's own stack ends soon beyond. What lies deeper counts for the last one."""

_SCHEMA: Final = "https://www.speedscope.app/file-format-schema.json"


class _Tree(msgspec.Struct, frozen=True):
    """The calls of a process that are drawn, with those above them, in the order of their starts."""

    function: list[int]
    parent: list[int]
    """Index of the call above, -1 at the top."""
    is_orphan: list[bool]
    """Whether the call above never printed."""
    is_drawn: list[bool]
    self_ns: list[int]


def make_speedscope(calls: Calls, title: str, rows: NDArray[np.bool_] | None = None) -> bytes:
    """The processes with a nested or given tree, the largest first, as a ``.speedscope.json``.

    Args:
        calls: all of them.
        title: of the document.
        rows: the selected calls, if there is a selection: they alone have weight, under the functions that called them.

    Raises:
        UsageError: no process has such a tree, or no selected call stands in one.
    """
    ordered = order_calls(calls)
    overlaps = find_overlaps(ordered)
    shown = ordered.in_tree if rows is None else ordered.in_tree & ordered.take(rows)
    in_tree = np.flatnonzero(shown)
    if not len(in_tree) and ordered.in_tree.any():
        raise UsageError("No selected call stands in a known call tree", "Select others, or write all.")
    if not len(in_tree) and calls.processes.has_tree("flat").any():
        raise UsageError("No traced call was made inside another: there is nothing to draw", "Trace more functions.")
    if not len(in_tree):
        raise UsageError(
            "No process has a known call tree: there is nothing to draw",
            "Run with -- --test-threads=1 and RUST_BACKTRACE=1, or print parent=<number> after the elapsed time.",
        )
    sizes = np.bincount(ordered.process[in_tree])
    largest = np.lexsort((np.arange(len(sizes)), -sizes))[: np.count_nonzero(sizes)]
    drawn, room, profiles = 0, MOST_CALLS_IN_ALL, list[dict[str, Any]]()
    for process in largest[:MOST_PROCESSES].tolist():
        if room <= 0:
            break
        profiles += _profiles(ordered, overlaps, process, shown, min(room, MOST_CALLS))
        room -= min(int(sizes[process]), MOST_CALLS)
        drawn += 1
    document = {
        "$schema": _SCHEMA,
        "exporter": f"tracereport {__version__}",
        "name": title if drawn == len(largest) else f"{title} ({drawn} of {len(largest)} processes)",
        "activeProfileIndex": 0,
        "shared": {"frames": [{"name": name} for name in (*calls.names, UNFINISHED)]},
        "profiles": profiles,
    }
    return msgspec.json.encode(document) + b"\n"


def _profiles(
    ordered: OrderedCalls, overlaps: Overlaps, process: int, shown: NDArray[np.bool_], most: int
) -> Iterator[dict[str, Any]]:
    every = np.flatnonzero(ordered.in_tree & (ordered.process == process))
    selected = every[shown[every]]
    tree = _cut_out(ordered, overlaps, every, selected[:most])
    order, depth = _walk(tree.parent)
    limits = []
    if len(selected) > most:
        limits.append(f"the first {most:,} of {len(selected):,} calls")
    if max(depth, default=0) >= MOST_DEPTH:
        limits.append(f"cut at {MOST_DEPTH:,} calls deep")
    name = ", ".join([ordered.calls.processes.name[process], *limits])
    unfinished = len(ordered.calls.names)
    for unit, weights, kind in (
        ("none", list(map(int, tree.is_drawn)), "by calls"),
        ("nanoseconds", tree.self_ns, "by time"),
    ):
        events, end = _list_events(tree, order, depth, weights, unfinished)
        yield {
            "type": "evented",
            "name": f"{name} ({kind})",
            "unit": unit,
            "startValue": 0,
            "endValue": end,
            "events": events,
        }


def _cut_out(ordered: OrderedCalls, overlaps: Overlaps, every: NDArray[np.intp], drawn: NDArray[np.intp]) -> _Tree:
    """The tree of the drawn calls of a process and of all above them."""
    parent = np.where(ordered.parent[every] == NOWHERE, -1, np.searchsorted(every, ordered.parent[every])).tolist()
    is_drawn = np.isin(every, drawn).tolist()
    is_needed = list(is_drawn)
    for index in range(len(parent) - 1, -1, -1):  # a call starts behind the one above it
        if is_needed[index] and parent[index] >= 0:
            is_needed[parent[index]] = True
    kept = np.flatnonzero(is_needed)
    new_index = np.cumsum(is_needed) - 1
    places = every[kept]
    upper = np.array(parent, np.int64)[kept]
    self_ns = np.where(np.array(is_drawn, bool), _self_ns(ordered, overlaps, every), 0)
    return _Tree(
        function=ordered.calls.lookups.function[ordered.lookup[places]].tolist(),
        parent=np.where(upper < 0, -1, new_index[upper]).tolist(),
        is_orphan=((upper < 0) & (ordered.calls.parent[ordered.rows(places)] != NO_PARENT)).tolist(),
        is_drawn=np.array(is_drawn, bool)[kept].tolist(),
        self_ns=self_ns[kept].tolist(),
    )


def _walk(parent: list[int]) -> tuple[list[int], list[int]]:
    """The calls in the order of a walk through the tree, and how deep each lies."""
    children: list[list[int]] = [[] for _ in parent]
    for index in range(len(parent) - 1, -1, -1):
        if parent[index] >= 0:
            children[parent[index]].append(index)
    depth = [0] * len(parent)
    order: list[int] = []
    waiting = [index for index in range(len(parent) - 1, -1, -1) if parent[index] < 0]
    while waiting:
        index = waiting.pop()
        order.append(index)
        for child in children[index]:
            depth[child] = depth[index] + 1
        waiting += children[index]
    return order, depth


def _list_events(
    tree: _Tree, order: list[int], depth: list[int], weights: list[int], unfinished: int
) -> tuple[list[dict[str, object]], int]:
    """Where each frame opens and closes, and where the last one does."""
    events: list[dict[str, object]] = []
    opened: list[tuple[int, int]] = []
    """Depth and frame of what is open; what never printed lies above depth 0."""
    at = 0

    def close(down_to: int) -> None:
        while opened and opened[-1][0] >= down_to:
            events.append({"type": "C", "frame": opened.pop()[1], "at": at})

    for index in order:
        close(depth[index] or -1)
        frames = [(-1, unfinished)] if tree.is_orphan[index] else []
        if depth[index] < MOST_DEPTH:
            frames.append((depth[index], tree.function[index]))
        for level, frame in frames:
            events.append({"type": "O", "frame": frame, "at": at})
            opened.append((level, frame))
        at += weights[index]
    close(-1)
    return events, at


def _self_ns(ordered: OrderedCalls, overlaps: Overlaps, places: NDArray[np.intp]) -> NDArray[np.int64]:
    """Elapsed time less what the children take of it; not below 0, as it would be where that isn't known."""
    elapsed_ns = ordered.calls.elapsed_ns[ordered.rows(places)]
    inside_ns = np.zeros(len(places), np.int64)
    child = ordered.parent[places] != NOWHERE
    np.add.at(inside_ns, np.searchsorted(places, ordered.parent[places][child]), elapsed_ns[child])
    found = np.isin(overlaps.place, places)
    inside_ns[np.searchsorted(places, overlaps.place[found])] -= overlaps.shared_ns[found]
    self_ns: NDArray[np.int64] = np.maximum(elapsed_ns - inside_ns, 0)
    return self_ns
