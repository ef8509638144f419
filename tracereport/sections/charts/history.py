"""A figure over the runs of a history: one line of steps, and the largest of them by the name of its run."""

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from typing import Any, Final

from tracereport.model.history import FigureHistory, History, HistoryRun
from tracereport.sections import theme
from tracereport.sections.charts.chart import Chart, ChartColumn, Row, name_column
from tracereport.sections.charts.step_names import Step, name_steps
from tracereport.wording.history import FIGURE_WORDS, Days, describe_growth, describe_step, shorten_label
from tracereport.wording.phrases import format_count, format_counted
from tracereport.wording.units import elide_middle, format_change, format_left_out

HISTORY_DRAWING: Final = "history"
_HEIGHT_PX: Final = 128
_TONES: Final = {"calls": "first", "redundant_calls": "repeat", "avoidable_calls": "unchanged"}
_MOST_READINGS: Final = 1_000
"""Runs that say their figure; of more, those with which it changed most."""
_MOST_POINTED: Final = 12
"""Steps that have a point of their own."""
_TABLE_ROWS: Final = 24
_MOST_TICKS: Final = 4
_MOST_COUNT_TICKS: Final = 5
_DIGIT_PX: Final = 8
_TICK_LETTERS: Final = 8
_NAME_LETTERS: Final = 16
_HEADROOM: Final = 0.22

Reading = tuple[int, HistoryRun, int, int]
"""A run's index, the run, its count, and the change from the run before."""


def make_history_charts(history: History, readings: int = _MOST_READINGS) -> Iterator[Chart]:
    """A chart for each figure, of the runs that are compared; none of fewer than two."""
    compared = [(index, run) for index, run in enumerate(history.runs.rows) if run.caution is None]
    if len(compared) > 1:
        for figure in history.figures:
            yield _chart(history, figure, compared, readings)


def _chart(history: History, figure: FigureHistory, compared: Sequence[tuple[int, HistoryRun]], most: int) -> Chart:
    days = Days(history.runs.rows)
    counts = [int(getattr(run, figure.figure)) for _, run in compared]
    readings: list[Reading] = [
        (index, run, count, count - before)
        for (index, run), count, before in zip(compared, counts, [counts[0], *counts], strict=False)
    ]
    steps = sorted((each for each in readings if each[3]), key=lambda each: (-abs(each[3]), -each[0]))
    shown = readings if len(readings) <= most else _keep_steps(readings, steps, most)
    pointed = [_make_step(each) for each in steps[:_MOST_POINTED]]
    table = steps[:_TABLE_ROWS]
    words = FIGURE_WORDS[figure.figure]
    return Chart(
        name=f"history-{figure.figure.replace('_', '-')}",
        drawing=HISTORY_DRAWING,
        title=_title(figure),
        alternative=f"A line of {words} from the first run to the last one, with a point where they changed; "
        f"{format_counted(figure.steps, 'step')} in {format_counted(len(compared), 'run')}"
        + (f", the largest {describe_step(figure.largest, days, str)}." if figure.largest else "."),
        values=_values(figure, counts, history),
        datasets={
            "runs": [_row(each, days) for each in shown],
            "line": [{"run": each[0] + 1, "count": each[2]} for each in _corners(shown)],
            "steps": [_row(each, days) for each in steps[:_MOST_POINTED]],
            "named": [*name_steps(pointed, [_make_step(each) for each in shown], history.runs.total)],
        },
        columns=(name_column("run"), name_column("day"), ChartColumn(words), ChartColumn("change")),
        rows=tuple(
            (shorten_label(run.label), days.day_of(run), format_count(count), format_change(0, change))
            for _, run, count, change in table
        ),
        left_out=format_left_out(len(table), len(steps)),
    )


def _title(figure: FigureHistory) -> str:
    words = FIGURE_WORDS[figure.figure]
    always = "" if figure.steps else " in every run"
    return f"{words[0].upper()}{words[1:]}: {describe_growth(figure.first, figure.last)}{always}"


def _keep_steps(readings: Sequence[Reading], steps: Sequence[Reading], most: int) -> list[Reading]:
    """The first and the last run, and those with which most changed, in their order."""
    kept = {readings[0][0], readings[-1][0], *(index for index, *_ in steps[: most - 2])}
    return [each for each in readings if each[0] in kept]


def _corners(readings: Sequence[Reading]) -> list[Reading]:
    """The runs that the line turns at, and its ends."""
    last = len(readings) - 1
    return [each for place, each in enumerate(readings) if each[3] or place in (0, last)]


def _row(reading: Reading, days: Days) -> Row:
    index, run, count, change = reading
    return {
        "run": index + 1,
        "label": shorten_label(run.label),
        "day": days.day_of(run),
        "count": count,
        "change": format_change(0, change),
        "direction": "more" if change > 0 else "fewer",
    }


def _make_step(reading: Reading) -> Step:
    index, run, count, change = reading
    label = elide_middle(shorten_label(run.label), _NAME_LETTERS)
    return Step(index + 1, count - change, count, (f"{format_change(0, change)} {label}", label))


def _values(figure: FigureHistory, counts: Sequence[int], history: History) -> dict[str, Any]:
    low, high = min(counts), max(counts)
    span = high - low or high or 1
    total = history.runs.total
    stride = -(-total // _MOST_TICKS)
    lowest = 0.0 if low < high / 2 or low == high else low - span * _HEADROOM / 2
    highest = high + max(1, span * _HEADROOM)
    ticks = [*range(1, total + 1, stride)]
    labels = {
        str(tick): elide_middle(shorten_label(history.runs.rows[tick - 1].label), _TICK_LETTERS)
        for tick in ticks
        if tick <= len(history.runs.rows)
    }
    return {
        "height": _HEIGHT_PX,
        "figure": FIGURE_WORDS[figure.figure],
        "tone": theme.colour(_TONES[figure.figure]),
        "lowest": lowest,
        "highest": highest,
        "countTicks": _count_ticks(lowest, highest),
        "extent": _DIGIT_PX * len(format_count(high)) + 6,
        "firstRun": 0.5,
        "lastRun": total + 0.5,
        "ticks": ticks,
        "labels": labels,
        "kinds": ["more", "fewer"],
        "fills": [theme.colour("worse"), theme.colour("better")],
    }


def _count_ticks(lowest: float, highest: float) -> list[int]:
    """Two to five round counts between two."""
    step = 10 ** max(0, floor(log10(highest - lowest)))
    strides = (max(1, step // 5), max(1, step // 2), step, 2 * step)
    stride = next(each for each in strides if (highest - lowest) / each < _MOST_COUNT_TICKS)
    return [*range(ceil(lowest / stride) * stride, floor(highest) + 1, stride)]
