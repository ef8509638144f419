"""Where the names of a course's largest steps stand, so that none stands over another step, a line or another name."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tracereport.sections.charts.chart import Row

_NAMED_STEPS: Final = 2
_LEAST_NAMED: Final = 0.1
"""Of the height: a smaller step isn't named."""
_CHART_PX: Final = 290
"""Of a small chart, without the counts beside it."""
_LETTER_PX: Final = 7
_SPACE_LETTERS: Final = 2
"""Beside a name; what stands between it and its step as well."""
_BELOW: Final = 0.05
_ABOVE: Final = 0.25
"""What a name takes of the height: a little below its step's upper end, where others have their points, and its own
letters above."""


class Step(NamedTuple):
    """A run with which the count changed, or stayed: then nothing is said of it."""

    run: int
    """From 1 on."""
    before: int
    after: int
    texts: tuple[str, ...] = ()
    """What it may be called, the best first."""

    @property
    def top(self) -> int:
        """The upper end."""
        return max(self.before, self.after)


class _Name(NamedTuple):
    """A name, and what it takes of the runs."""

    text: str
    start: float
    end: float
    is_left_of_step: bool

    def meets(self, other: "_Name") -> bool:
        """Whether both take some of the same runs."""
        return self.start < other.end and other.start < self.end


def name_steps(largest: Sequence[Step], course: Sequence[Step], runs: int) -> Iterator[Row]:
    """The rows of the names: those of the largest steps that have room.

    Args:
        largest: some steps, the largest first.
        course: all runs of the chart, in order.
        runs: how many there are across.
    """
    height = max(step.top for step in course) - min(step.after for step in course)
    named: list[_Name] = []
    for step in largest:
        if len(named) == _NAMED_STEPS or (named and abs(step.after - step.before) < _LEAST_NAMED * height):
            return
        free = (
            name
            for name in _list_places(step, runs)
            if not any(map(name.meets, named)) and not _covers(name, step, course, height)
        )
        name = next(free, None)
        if name is None:
            continue
        named.append(name)
        yield {
            "run": name.end if name.is_left_of_step else name.start,
            "count": step.top,
            "text": name.text,
            "side": "right" if name.is_left_of_step else "left",
        }


def _list_places(step: Step, runs: int) -> Iterator[_Name]:
    """Beside the upper end of a step, above the lower side first; moved as far as the frame wants it."""
    first, last = 0.5, runs + 0.5
    for text in step.texts:
        width = _LETTER_PX * (len(text) + _SPACE_LETTERS) * runs / _CHART_PX
        start, end = step.run - width, step.run + width
        left = _Name(text, max(start, first), max(step.run, first + width), is_left_of_step=start >= first)
        right = _Name(text, min(step.run, last - width), min(end, last), is_left_of_step=end > last)
        yield from (left, right) if step.after > step.before else (right, left)


def _covers(name: _Name, own: Step, course: Sequence[Step], height: int) -> bool:
    """Whether a name stands over another step or a line."""
    lowest, highest = own.top - _BELOW * height, own.top + _ABOVE * height
    return any(
        step.top > lowest and min(step.before, step.after) < highest
        if step.before != step.after
        else own.top < step.after < highest
        for step in course
        if step.run != own.run and name.start <= step.run <= name.end
    )
