"""The course of a count as the path of a small picture: one step for each run that changed it."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from tracereport.model.history import FindingHistory, HistoryStep

WIDTH: Final = 160
_TOP: Final = 2
_BOTTOM: Final = 31


def draw_course(row: FindingHistory, runs: int) -> str:
    """The path within ``WIDTH`` by 32, from nothing at the bottom to the largest count at the top."""
    steps = sorted(row.steps.rows, key=lambda step: step.run)
    first = steps[0].before if steps else row.last
    most = max([first, *(max(step.before, step.after) for step in steps)]) or 1

    def height(count: int) -> str:
        return f"{_BOTTOM - (_BOTTOM - _TOP) * count / most:.4g}"

    path = [f"M0 {height(first)}"]
    for place, heights in _thin(steps, max(1, runs - 1)):
        path.append(f"H{place:.4g}" + "".join(f"V{height(count)}" for count in heights))
    return "".join([*path, f"H{WIDTH}"])


def _thin(steps: Sequence[HistoryStep], last_run: int) -> list[tuple[float, list[int]]]:
    """Where the course turns, and to which counts: of more steps than there are pixels, what each pixel shows."""
    places = [(WIDTH * step.run / last_run, step.after) for step in steps]
    if len(places) <= WIDTH:
        return [(place, [count]) for place, count in places]
    thinned = []
    for pixel, group in groupby(places, key=lambda each: int(each[0])):
        counts = [count for _, count in group]
        thinned.append((float(pixel), list(dict.fromkeys([min(counts), max(counts), counts[-1]]))))
    return thinned
