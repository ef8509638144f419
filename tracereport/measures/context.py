"""What all measures need of some calls, worked out once for them."""

from collections.abc import Callable
from threading import Lock
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_TEXT, Calls
from tracereport.calls.coding import code_values
from tracereport.calls.constant import map_rows, repeat_value
from tracereport.calls.grouping import Integers, count_by
from tracereport.calls.ordered import OrderedCalls, order_calls
from tracereport.calls.selection import Shown, show_selected
from tracereport.measures.answers import Answers, code_answers
from tracereport.measures.cells import Cells, find_cells
from tracereport.measures.fanout import find_fanouts
from tracereport.measures.fanout_groups import FanOutGroups
from tracereport.measures.metric_use import MetricUse, count_metric_use
from tracereport.measures.overlaps import Overlaps, find_overlaps
from tracereport.measures.repeats import Repeats, find_repeats
from tracereport.measures.scopes import LOW
from tracereport.measures.traits import AVOIDABLE
from tracereport.model import Selection, Settings
from tracereport.native.codes import take
from tracereport.native.tally import TRAIT_TYPE

Made = TypeVar("Made")

FAN_OUT_VALUES: Final = 5
SMALL_FAN_OUT_VALUES: Final = 3
_SMALL_HOOKS: Final = frozenset({"laravel"})
"""Who traces while a program is developed, with as little in its database as a developer has typed in."""


class made_once(Generic[Made]):  # noqa: N801 - a decorator, as property is
    """A property of a context that is made when a measure first asks for it."""

    def __init__(self, make: "Callable[[Context], Made]") -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __get__(self, context: "Context", _: "type[Context]") -> Made:
        return context.make_once(self._make.__name__, lambda: self._make(context))


class Context:
    """Whole processes, their calls ordered and their repeats and fan-outs found, each when it is first asked for.

    Args:
        calls: of whole processes.
        settings: thresholds and options that change what is measured.
        selection: what the report is narrowed to: it marks rows and changes no figure.
        first_process: the number of the first of these processes: those of other parts of the input come before.
        row_limit: how many rows of single calls, signatures, lookups and fan-outs are kept.
    """

    def __init__(
        self, calls: Calls, settings: Settings, selection: Selection | None, first_process: int, row_limit: int
    ) -> None:
        self.calls = calls
        self.settings = settings
        self.selection = selection
        self.first_process = first_process
        self.row_limit = row_limit
        self._made: dict[str, Any] = {}
        self._locks: dict[str, Lock] = {}

    def make_once(self, key: str, make: Callable[[], Made]) -> Made:
        """What ``make`` gives, made when it is first asked for by this key. Who asks meanwhile waits."""
        if key not in self._made:
            with self._locks.setdefault(key, Lock()):
                if key not in self._made:
                    self._made[key] = make()
        made: Made = self._made[key]
        return made

    @made_once
    def ordered(self) -> OrderedCalls:
        """The calls outside of interleaved stretches, in the order of their start."""
        return order_calls(self.calls, self.settings.unit)

    @made_once
    def answers(self) -> Answers:
        """What each set of metrics tells of an answer."""
        return code_answers(self.calls.metric_sets, frozenset(self.settings.ignore_metrics))

    @made_once
    def repeats(self) -> Repeats:
        """Which calls ask again."""
        return find_repeats(self.ordered, self.answers, None if self.shown is None else self.shown.places)

    @property
    def function(self) -> NDArray[np.int32]:
        """The name code of the function of each place."""
        return take(self.function_of_signature, self.ordered.signature)

    @made_once
    def function_of_signature(self) -> NDArray[np.int32]:
        """The name code of the function of each signature."""
        calls = self.calls
        return calls.lookups.function[calls.signatures.lookup]

    @made_once
    def edges(self) -> tuple[Integers, NDArray[np.int32]]:
        """The edges, ascending, as function code x (names + 1) + caller code + 1; the index of each signature's."""
        signatures = self.calls.signatures
        names = len(self.calls.names) + 1
        return code_values(self.function_of_signature.astype(np.int64) * names + signatures.caller + 1, names * names)

    @made_once
    def fanouts(self) -> FanOutGroups:
        """Which calls one batch could replace."""
        is_given = self.settings.fan_out_values is not None
        return find_fanouts(self.ordered, self.answers, self._list_least_values(), tells_few=not is_given)

    def _list_least_values(self) -> NDArray[np.int64]:
        """So many distinct values are a fan-out in each process; fewer where a developer has filled the database."""
        calls, origins, given = self.calls, self.calls.origins, self.settings.fan_out_values
        processes = len(calls.processes.name)
        least_values = np.full(processes, FAN_OUT_VALUES if given is None else given, np.int64)
        is_small = np.array([text in _SMALL_HOOKS for text in origins.texts], bool)
        if is_small.any() and given is None:
            told = origins.via != NO_TEXT
            small = told & is_small[origins.via]
            of_process = [
                count_by(calls.process, processes, map_rows(chosen, calls.origin)) > 0
                for chosen in (small, told & ~small)
            ]
            least_values[of_process[0] & ~of_process[1]] = SMALL_FAN_OUT_VALUES
        return least_values

    @made_once
    def overlaps(self) -> Overlaps:
        """Calls whose children ran side by side."""
        return find_overlaps(self.ordered)

    @made_once
    def traits(self) -> NDArray[np.uint16]:
        """What is known of each place as a repeat and as a part of a fan-out, as ``measures.traits`` has it."""
        repeats, fanouts = self.repeats, self.fanouts
        # The last one is for calls of no group.
        is_certain = np.append(fanouts.certainty != LOW, [False])
        avoidable = fanouts.is_avoidable & take(is_certain, fanouts.group_of_place)
        traits = repeats.traits
        traits |= avoidable * TRAIT_TYPE(AVOIDABLE)
        return traits

    @made_once
    def cells(self) -> Cells:
        """The calls that are alike in all that is counted."""
        return find_cells(self)

    @made_once
    def is_flat(self) -> bool:
        """Whether it is known that no call lies inside another."""
        return not self.ordered.in_tree.any() and not self.is_tree_unknown.any()

    @made_once
    def metric_use(self) -> MetricUse:
        """Which metrics the calls of each function carry."""
        return count_metric_use(self.calls)

    @made_once
    def shown(self) -> Shown | None:
        """The selected calls; null without a selection."""
        return show_selected(self.ordered, self.selection)

    @made_once
    def is_first(self) -> NDArray[np.bool_]:
        """Per call whether it began before any call of its process had ended: it may have loaded symbols."""
        return self.calls.is_first

    @property
    def is_promised(self) -> NDArray[np.bool_]:
        """Per place whether its time may be promised as saved: what symbol loading took isn't saved with a call."""
        return ~self.ordered.take(self.is_first)

    @made_once
    def is_tree_unknown(self) -> NDArray[np.bool_]:
        """Per place whether its process's tree isn't known."""
        unknown = self.calls.processes.has_tree("unknown")
        return unknown[self.ordered.process] if unknown.any() else repeat_value(np.False_, len(self.ordered))

    def process_key(self, process: NDArray[np.integer]) -> NDArray[np.int64]:
        """The number of each process in the whole input."""
        return process.astype(np.int64) + self.first_process
