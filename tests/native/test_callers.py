"""Which call of the named caller was open, against the definition."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracereport.native.callers import NONE_OPEN, find_only_open


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(-1, 3)), max_size=30), st.randoms())
def test_the_only_open_call_of_the_named_caller_is_found(calls: list[tuple[int, int, int]], random: object) -> None:
    calls.sort(key=lambda call: call[0])
    lines = list(range(len(calls)))
    random.shuffle(lines)  # type: ignore[attr-defined]  # hypothesis' own source of randomness
    expected = []
    for index, (process, _, caller) in enumerate(calls):
        open_calls = [
            other for other in range(index) if calls[other][:2] == (process, caller) and lines[other] > lines[index]
        ]
        expected.append(open_calls[0] if len(open_calls) == 1 else NONE_OPEN)
    processes, functions, callers = (np.array([call[part] for call in calls], np.int64) for part in range(3))
    assert find_only_open(processes, functions, callers, np.array(lines, np.int64)).tolist() == expected
