"""The distinct texts of records that come one by one, each held once and known by its code."""

from array import array
from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tracereport.calls.calls import (
    ANSWER_KINDS,
    CALL_KINDS,
    EVERYTHING,
    NO_NAME,
    NO_TEXT,
    PHASES,
    SIZES,
    AnswerKind,
    CallKind,
    Lookups,
    MetricSets,
    Origins,
    Phase,
)
from tracereport.calls.lookup_text import ODD_LOOKUP, encode_lookup
from tracereport.calls.statements import STATEMENT, code_written, find_subjects
from tracereport.calls.texts import pack_texts

Params = tuple[tuple[str, str], ...]
Metrics = tuple[tuple[str, int], ...]
NO_TEST = -1


class CallTables:
    """The distinct names, lookups, sets of metrics, origins and tests so far; each call holds their codes."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.tests: dict[str, int] = {}
        self._lookups: dict[str, int] = {}
        self._function: array[int] = array("i")
        self._values_known = bytearray()
        self._resource: dict[int, str] = {}
        self._metric_sets: dict[Metrics, int] = {}
        self._origins: dict[tuple[int, int, int, int, str | None, str | None, str | None], int] = {}

    def code_name(self, name: str | None) -> int:
        """The code of a function's or caller's name; ``NO_NAME`` for none."""
        return NO_NAME if name is None else self.names.setdefault(name, len(self.names))

    def code_test(self, test: str | None) -> int:
        """The code of a test; ``NO_TEST`` for none."""
        return NO_TEST if test is None else self.tests.setdefault(test, len(self.tests))

    def code_lookup(
        self, function: str, params: Params, *, values_known: bool = True, resource: str | None = None
    ) -> int:
        """The code of a lookup.

        Args:
            function: what is called.
            params: names and values, in order.
            values_known: whether the values were recorded; a lookup is known only if all its records hold them.
            resource: what it asks or changes; None: what its statement names, else its function.
        """
        text = "|".join([function, *[f"{name}={value}" for name, value in params]])
        if text.count("|") != len(params) or "=" in "".join([name for name, _ in params]):
            text = encode_lookup(function, params)
        return self.code_text(text, function, values_known=values_known, resource=resource)

    def code_text(self, text: str, function: str, *, values_known: bool = True, resource: str | None = None) -> int:
        """As ``code_lookup``, of a lookup whose text as ``encode_lookup`` makes it is known already."""
        code = self._lookups.get(text)
        if code is None:
            code = self._lookups[text] = len(self._lookups)
            self._function.append(self.code_name(function))
            self._values_known.append(values_known)
            if resource is not None:
                self._resource[code] = resource
        elif not values_known:
            self._values_known[code] = False
        return code

    def code_metrics(self, metrics: Metrics) -> int:
        """The code of a set of metrics."""
        return self._metric_sets.setdefault(metrics, len(self._metric_sets))

    def code_origin(
        self,
        *,
        kind: CallKind = "question",
        answer: AnswerKind = "",
        phase: Phase = "",
        attempt: int = 0,
        at: str | None = None,
        via: str | None = None,
        writes: str | None = None,
    ) -> int:
        """The code of what a record says beside question and answer.

        ``writes`` names what a write changes, ``""`` for everything; None: the lookup decides.
        """
        key = (CALL_KINDS.index(kind), ANSWER_KINDS.index(answer), PHASES.index(phase), attempt, at, via, writes)
        return self._origins.setdefault(key, len(self._origins))

    def functions_of(self, lookups: NDArray[np.int64]) -> NDArray[np.int32]:
        """The name codes of some lookups' functions."""
        return np.frombuffer(self._function, np.int32)[lookups]

    def find_sizes(self) -> NDArray[np.bool_]:
        """Per set of metrics whether it holds nothing but sizes."""
        return np.array([bool(one) and all(name in SIZES for name, _ in one) for one in self._metric_sets], bool)

    def list_kinds(self) -> NDArray[np.uint8]:
        """Per origin its kind, an index into ``CALL_KINDS``."""
        return np.array([key[0] for key in self._origins], np.uint8)

    def make_lookups(self, kept: NDArray[np.int64], names: Sequence[str]) -> tuple[Lookups, list[str]]:
        """The table of some lookups, in this order, and the resources that it points to."""
        texts = list(self._lookups)
        text = [texts[code] for code in kept.tolist()]
        rank = rank_names(self.names, names)
        function = rank[self.functions_of(kept)]
        statements = ((row, one) for row, one in enumerate(text) if STATEMENT in one)
        subjects = find_subjects(function, names, statements)
        resources = {resource: code for code, resource in enumerate(subjects.resources)}
        for row, code in enumerate(kept.tolist()):
            if (resource := self._resource.get(code)) is not None:
                subjects.resource[row] = code_written(resource, resources)
        packed = pack_texts(text)
        return Lookups(
            function=function,
            text=packed,
            plain=~packed.starts_with(ODD_LOOKUP),
            kind=subjects.kind,
            resource=subjects.resource,
            values_known=np.frombuffer(bytes(self._values_known), np.bool_)[kept],
        ), list(resources)

    def make_metric_sets(self, kept: NDArray[np.int64]) -> MetricSets:
        """The table of some sets of metrics, in this order."""
        sets = list(self._metric_sets)
        own = [sets[code] for code in kept.tolist()]
        names = sorted({name for one in own for name, _ in one})
        code_of = {name: code for code, name in enumerate(names)}
        return MetricSets(
            offset=np.concatenate(([0], np.cumsum([len(one) for one in own], dtype=np.int64))).astype(np.int64),
            name=np.array([code_of[name] for one in own for name, _ in one], np.int32),
            value=np.array([value for one in own for _, value in one], np.uint64),
            names=tuple(names),
        )

    def make_origins(self, kept: NDArray[np.int64], resources: list[str]) -> Origins:
        """The table of some origins, in this order; resources that it alone names are added to those given."""
        keys = list(self._origins)
        own = [keys[code] for code in kept.tolist()]
        texts: dict[str, int] = {}
        resource_of = {resource: code for code, resource in enumerate(resources)}

        def code(text: str | None) -> int:
            return NO_TEXT if text is None else texts.setdefault(text, len(texts))

        def code_writes(resource: str | None) -> int:
            if not resource:
                return NO_TEXT if resource is None else EVERYTHING
            return code_written(resource, resource_of)

        origins = Origins(
            kind=np.array([key[0] for key in own], np.uint8),
            answer=np.array([key[1] for key in own], np.uint8),
            phase=np.array([key[2] for key in own], np.uint8),
            attempt=np.array([key[3] for key in own], np.int32),
            at=np.array([code(key[4]) for key in own], np.int32),
            via=np.array([code(key[5]) for key in own], np.int32),
            writes=np.array([code_writes(key[6]) for key in own], np.int32),
            texts=(),
        )
        resources[:] = resource_of
        return replace(origins, texts=tuple(texts))


def rank_names(codes: dict[str, int], names: Sequence[str]) -> NDArray[np.int32]:
    """For each code the index of its text in ``names``, -1 where it isn't there; the last one is for code -1."""
    rank = {name: index for index, name in enumerate(names)}
    return np.array([*(rank.get(name, -1) for name in codes), -1], np.int32)
