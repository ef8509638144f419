"""The call tree for speedscope (speedscope.app): per process one profile by calls and one by time.

In the time of the founding logs 98 % of the calls read 0: by time a flame graph of them is empty, by calls it is not.
Each call is one sample, in the order of the start, with the functions above it as its stack: its weight is 1, or its
self time (0 where truncated milliseconds, or children side by side, make that negative). The file format is described
at https://www.speedscope.app/file-format-schema.json.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport import __version__
from tracereport.calls.calls import Calls
from tracereport.calls.ordered import NOWHERE, OrderedCalls, order_calls
from tracereport.errors import UsageError
from tracereport.measures.tree import UNFINISHED, Paths, merge_paths

MOST_SAMPLES = 50_000
"""Calls of a process above which its samples are merged by path."""
MOST_PROCESSES = 100

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def make_speedscope(calls: Calls, title: str, rows: NDArray[np.bool_] | None = None) -> bytes:
    """The processes with a nested or given tree, the largest first, as a ``.speedscope.json``.

    Args:
        calls: all of them.
        title: of the document.
        rows: the selected calls, if there is a selection: they alone are samples, under the functions that called them.

    Raises:
        UsageError: no process has such a tree, or no selected call stands in one.
    """
    ordered = order_calls(calls)
    shown = ordered.in_tree if rows is None else ordered.in_tree & rows[ordered.row]
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
    paths = merge_paths(ordered)
    sizes = np.bincount(ordered.process[in_tree])
    largest = np.lexsort((np.arange(len(sizes)), -sizes))[: np.count_nonzero(sizes)]
    profiles = [
        profile
        for process in largest[:MOST_PROCESSES].tolist()
        for profile in _profiles(ordered, paths, process, shown)
    ]
    left_out = len(largest) - MOST_PROCESSES
    document = {
        "$schema": _SCHEMA,
        "exporter": f"tracereport {__version__}",
        "name": title if left_out <= 0 else f"{title} ({MOST_PROCESSES} of {len(largest)} processes)",
        "activeProfileIndex": 0,
        "shared": {"frames": [{"name": name} for name in (*calls.names, UNFINISHED)]},
        "profiles": profiles,
    }
    return msgspec.json.encode(document) + b"\n"


def _profiles(ordered: OrderedCalls, paths: Paths, process: int, shown: NDArray[np.bool_]) -> Iterator[dict[str, Any]]:
    every = np.flatnonzero(ordered.in_tree & (ordered.process == process))
    self_ns = _self_ns(ordered, every)[shown[every]]
    places = every[shown[every]]
    path = paths.path_of_place[places]
    weight = np.ones(len(places), np.int64)
    name = ordered.calls.processes.name[process]
    if len(places) > MOST_SAMPLES:
        path, index = np.unique(path, return_inverse=True)
        weight, self_ns = np.bincount(index), np.bincount(index, weights=self_ns).astype(np.int64)
        name = f"{name}, merged by path"
    unfinished = len(ordered.calls.names)
    stacks = {code: paths.codes(code, unfinished) for code in np.unique(path).tolist()}
    samples = [stacks[code] for code in path.tolist()]
    for unit, weights, kind in (("none", weight, "by calls"), ("nanoseconds", self_ns, "by time")):
        yield {
            "type": "sampled",
            "name": f"{name} ({kind})",
            "unit": unit,
            "startValue": 0,
            "endValue": int(weights.sum()),
            "samples": samples,
            "weights": weights.tolist(),
        }


def _self_ns(ordered: OrderedCalls, places: NDArray[np.intp]) -> NDArray[np.int64]:
    """Elapsed time less that of the children, not below 0."""
    elapsed_ns = ordered.calls.elapsed_ns[ordered.row[places]]
    inside_ns = np.zeros(len(places), np.int64)
    child = ordered.parent[places] != NOWHERE
    np.add.at(inside_ns, np.searchsorted(places, ordered.parent[places][child]), elapsed_ns[child])
    self_ns: NDArray[np.int64] = np.maximum(elapsed_ns - inside_ns, 0)
    return self_ns
