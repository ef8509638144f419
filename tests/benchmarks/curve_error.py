"""How far a sampled cache curve lies from the exact one: ``python -m tests.benchmarks.curve_error LOG``.

Prints the largest difference of hits at any capacity as a share of all calls, of the log's busiest function; 0 where a
sample can't promise its bound, since the report's curve is the exact one then.
"""

import sys

import numpy as np

from tracereport.calls.ordered import order_calls
from tracereport.measures.sampled_distance import sample_distances
from tracereport.measures.stack_distance import FIRST, distances_since, find_previous
from tracereport.sources.inputs import read_inputs


def find_error(log: str) -> float:
    """From 0 to 1. The log has to be of one process, as that of a single function's calls."""
    ordered = order_calls(read_inputs([log]))
    function = ordered.calls.lookups.function[ordered.lookup]
    lookup = ordered.lookup[function == np.bincount(function).argmax()]
    previous = find_previous(lookup)
    sample = sample_distances(lookup, previous)
    if sample is None:
        return 0.0
    exact, sampled = (
        np.cumsum(np.bincount(distance[distance != FIRST], minlength=lookup.size))
        for distance in (distances_since(previous), sample.distance)
    )
    # The report scales the curve of a sample to the number of all hits, which is known.
    error = np.abs(sampled * (exact[-1] / sampled[-1]) - exact).max() / lookup.size
    return float(error)


if __name__ == "__main__":
    print(find_error(sys.argv[1]))
