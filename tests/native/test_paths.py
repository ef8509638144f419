"""The paths of calls, against the chains of functions that they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracereport.native.paths import NO_PATH, ORPHAN_PATH, FoundPaths, find_paths

FUNCTIONS = 3
ORPHANS = "orphans"
DEEPEST = 4


def chain_of(paths: FoundPaths, path: int) -> tuple[int | str, ...]:
    """The functions of a path, the outermost first."""
    found: list[int | str] = []
    while path not in (NO_PATH, ORPHAN_PATH):
        found.append(int(paths.function[path]))
        path = int(paths.above[path])
    return (*([ORPHANS] if path == ORPHAN_PATH else []), *found[::-1])


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, FUNCTIONS - 1), st.booleans(), st.booleans())))
def test_calls_share_a_path_if_their_parents_and_functions_do(nodes: list[tuple[int, int, bool, bool]]) -> None:
    parents = [up % (at + 1) - 1 for at, (up, *_) in enumerate(nodes)]
    function = np.array([own for _, own, _, _ in nodes], np.int64)
    in_tree, is_orphan = (np.array([node[part] for node in nodes], bool) for part in (2, 3))
    for at, up in enumerate(parents):  # what lies inside a call of a tree is of that tree
        in_tree[at] = in_tree[up] if up >= 0 else in_tree[at]
    found = find_paths(np.array(parents, np.int64), function, FUNCTIONS, in_tree, is_orphan, DEEPEST)
    chains: list[tuple[int | str, ...]] = []
    for at, up in enumerate(parents):
        start: tuple[int | str, ...] = (ORPHANS,) if is_orphan[at] else ()
        chains.append((*(chains[up] if up >= 0 else start), int(function[at])))
        if not in_tree[at]:
            assert found.of_call[at] == NO_PATH
            continue
        start = chains[at][:1] if chains[at][0] == ORPHANS else ()
        own = chains[at][len(start) :]
        deeper = (FUNCTIONS,) if len(own) > DEEPEST else ()
        assert chain_of(found, int(found.of_call[at])) == (*start, *own[:DEEPEST], *deeper)
    used = found.of_call[in_tree].tolist()
    assert len(set(used)) == len({chain_of(found, path) for path in used})
    assert (found.above[2:] < np.arange(2, len(found.above))).all()


def test_columns_of_no_tree_are_refused() -> None:
    one, yes = np.zeros(1, np.int64), np.ones(1, bool)
    for parent, function in ((one, one), (one - 1, one + 1), (one - 1, one - 1)):
        with pytest.raises(ValueError, match="range"):
            find_paths(parent, function, 1, yes, yes, DEEPEST)
    with pytest.raises(ValueError, match="lengths"):
        find_paths(one - 1, one, 1, yes, yes[:0], DEEPEST)
    with pytest.raises(ValueError, match="range"):
        find_paths(one - 1, one, 1, yes, yes, 255)
