"""Timelines as drawings: a box a call, from left to right as they were made, those inside of a call below it.

A static picture that needs no script; the table below it says the same in words.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from markupsafe import Markup

from tracereport.documents.page.written import HtmlText
from tracereport.model import Asks, Report, Timeline, TimelineCall
from tracereport.sections.charts.chart import Key, fill_of
from tracereport.sections.timelines import ASKS_WORDS, describe_timeline, list_runs
from tracereport.wording.units import elide_middle, format_bounds, format_call, format_lookup, format_name

FILLS: Final[dict[Asks, str]] = {
    "first": fill_of("first"),
    "fan-out": fill_of("fan-out"),
    "unchanged": fill_of("unchanged"),
    "changed": fill_of("changed"),
    "unproven": fill_of("unproven"),
    "write": fill_of("edge"),
    "frame": fill_of("line"),
    "other": fill_of("line"),
}
_OTHERS: Final = "places and others"
_WIDTH_PX: Final = 912
_SLOT_PX: Final = (16, 80)
"""The least and the most that a call without calls inside of it takes."""
_LEVEL_PX: Final = 44
"""A box, its name under it, and some room."""
_NAME_PX: Final = 34
"""From the top of a box to the line that its name stands on."""
_GAP_PX: Final = 2
_LEAST_LETTERS: Final = 5
"""Of a cut name: a shorter stump says nothing."""
_LETTER_PX: Final = 7.4
_TITLE_WIDTH: Final = 64
_MOST_LEVELS: Final = 12
"""What lies deeper is drawn on the last one."""


class Box(msgspec.Struct, frozen=True):
    """A call, or the name under a run of them."""

    x: float
    y: float
    width: float
    fill: str
    title: str


class Name(msgspec.Struct, frozen=True):
    """What stands under a run of boxes."""

    x: float
    y: float
    text: str


class Drawing(msgspec.Struct, frozen=True):
    """A timeline ready for the page's template."""

    key: str
    heading: Markup
    alternative: str
    fingerprints: tuple[str, ...]
    width: float
    height: float
    boxes: tuple[Box, ...]
    names: tuple[Name, ...]
    legend: tuple[Key, ...]


class _Placed(msgspec.Struct, frozen=True):
    """A call with its slots: those of the calls inside of it, or one of its own."""

    call: TimelineCall
    level: int
    first: int
    last: int


def draw_timelines(report: Report, text: HtmlText) -> list[Drawing]:
    """All timelines of the report that the page has room for."""
    return [
        _draw(timeline, index, report, text)
        for index, timeline in enumerate(report.timelines.rows[: text.limits.rows], start=1)
    ]


def _draw(timeline: Timeline, index: int, report: Report, text: HtmlText) -> Drawing:
    calls = timeline.calls.rows
    placed = _place(calls)
    slots = max((own.last for own in placed), default=0) + 1
    slot_px = max(_SLOT_PX[0], min(_SLOT_PX[1], _WIDTH_PX / slots))
    levels = max((own.level for own in placed), default=0) + 1
    kinds = list(dict.fromkeys(call.asks for call in calls))
    return Drawing(
        key=f"timeline-{index}",
        heading=Markup(describe_timeline(timeline, report, text.name)),  # noqa: S704 - plain text around escaped names
        alternative=_say_runs(calls),
        fingerprints=timeline.fingerprints,
        width=slots * slot_px,
        height=levels * _LEVEL_PX,
        boxes=tuple(
            Box(
                x=round(own.first * slot_px, 1),
                y=own.level * _LEVEL_PX,
                width=round((own.last - own.first + 1) * slot_px - _GAP_PX, 1),
                fill=FILLS[own.call.asks],
                title=_describe(own.call),
            )
            for own in placed
        ),
        names=tuple(_name_runs(placed, slot_px)),
        legend=tuple(
            Key(ASKS_WORDS[asks] or _OTHERS, FILLS[asks]) for asks in FILLS if asks in kinds and asks != "other"
        ),
    )


def _place(calls: Sequence[TimelineCall]) -> list[_Placed]:
    """Each call with its slots, from left to right in the order of the calls.

    A call whose caller made others before it, or ran beside others, stands below its caller's level all the same.
    """
    firsts: list[int] = []
    ends: list[int] = []
    above: list[int] = []
    slot = -1
    for index, call in enumerate(calls):
        while above and calls[above[-1]].number != call.parent:
            above.pop()
        slot += index == 0 or not above or above[-1] != index - 1
        firsts.append(slot)
        ends.append(slot)
        for caller in above:
            ends[caller] = slot
        above.append(index)
    return [
        _Placed(call, min(call.depth, _MOST_LEVELS - 1), first, last)
        for call, first, last in zip(calls, firsts, ends, strict=True)
    ]


def _name_runs(placed: Sequence[_Placed], slot_px: float) -> Iterator[Name]:
    """A name under each run of one function that has room for it."""
    for index, own in enumerate(placed):
        beside = [other for other in placed[:index] if other.level == own.level]
        if beside and beside[-1].call.function == own.call.function and beside[-1].last + 1 == own.first:
            continue
        last, calls = own.last, 1
        for other in placed[index + 1 :]:
            if other.level == own.level:
                if other.call.function != own.call.function or other.first != last + 1:
                    break
                last, calls = other.last, calls + 1
        letters = int(((last - own.first + 1) * slot_px - _GAP_PX) / _LETTER_PX)
        count = f"{calls} \u00d7 " if calls > 1 else ""
        name = format_name(own.call.function)
        room = letters - len(count)
        if room >= min(len(name), _LEAST_LETTERS):
            y = own.level * _LEVEL_PX + _NAME_PX
            yield Name(round(own.first * slot_px, 1), y, count + elide_middle(name, room))


def _describe(call: TimelineCall) -> str:
    """``#57 select products|pk_1=10: again, unchanged, < 1 ms``."""
    asked = format_lookup(call.function, call.params, _TITLE_WIDTH)
    said = [word for word in (ASKS_WORDS[call.asks], format_bounds(call.elapsed_ns, call.elapsed_upper_ns)) if word]
    return f"{format_call(call.number)} {asked}: {', '.join(said)}"


def _say_runs(calls: Sequence[TimelineCall]) -> str:
    """What is seen, for readers who don't see it: the longest runs."""
    runs = sorted(list_runs(calls), key=lambda run: -len(run.calls))[:3]
    said = [
        f"{len(run.calls)} of {format_name(run.first.function)}"
        + (f" ({ASKS_WORDS[run.first.asks]})" if ASKS_WORDS[run.first.asks] else "")
        for run in runs
    ]
    return f"{len(calls)} calls from left to right; the longest rows: {', '.join(said)}."
