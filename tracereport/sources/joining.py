"""Several sets of calls -> one: their tables of texts are joined, and what points to them is renumbered."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import (
    NO_ACTIVATION,
    NO_NAME,
    NO_START,
    NO_TEXT,
    Calls,
    Lookups,
    MetricSets,
    ProcessTable,
    Signatures,
)
from tracereport.calls.facts import merge_facts
from tracereport.calls.naming import MarkedNames
from tracereport.calls.origins import CodedOrigins, code_origins
from tracereport.calls.texts import Texts
from tracereport.native.keys import factorize

Codes = NDArray[np.int32]


def join_calls(parts: Sequence[Calls]) -> Calls:
    """Several sets of calls as one: processes are renumbered in the order of the parts, line counts are added up."""
    if len(parts) == 1:
        return parts[0]
    names, name_codes = _join_texts([part.names for part in parts], in_order=True)
    tests, test_codes = _join_texts([part.tests for part in parts], in_order=True)
    files, file_codes = _join_texts([part.files for part in parts])
    resources, resource_codes = _join_texts([part.resources for part in parts])
    lookups, lookup_codes = _join_lookups(parts, name_codes, resource_codes)
    signatures, signature_codes = _join_signatures(parts, name_codes, lookup_codes, len(names))
    coded, origin_codes = _join_origins(parts, resources, resource_codes)
    processes, first_process = _join_processes(parts, file_codes, files)
    first_set = np.cumsum([0, *(len(part.metric_sets.offset) - 1 for part in parts)])
    facts = [part.facts for part in parts if part.facts is not None]
    return Calls(
        file=_gather(file_codes, (part.file for part in parts)),
        line=np.concatenate([part.line for part in parts]),
        process=_shift(first_process, (part.process for part in parts)),
        number=np.concatenate([part.number for part in parts]),
        signature=_gather(signature_codes, (part.signature for part in parts)),
        elapsed_ns=np.concatenate([part.elapsed_ns for part in parts]),
        resolution_ns=np.concatenate([part.resolution_ns for part in parts]),
        metric_set=_shift(first_set.tolist(), (part.metric_set for part in parts)),
        parent=np.concatenate([part.parent for part in parts]),
        implausible=np.concatenate([part.implausible for part in parts]),
        test=_gather(test_codes, (part.test for part in parts)),
        origin=_gather(origin_codes, (part.origin for part in parts)),
        names=names,
        files=files,
        tests=tests,
        resources=resources,
        lookups=lookups,
        signatures=signatures,
        metric_sets=_join_metric_sets([part.metric_sets for part in parts]),
        origins=coded.origins,
        processes=processes,
        facts=merge_facts(facts) if len(facts) == len(parts) else None,
        activation=_join_optional([part.activation for part in parts], parts, NO_ACTIVATION),
        start_ns=_join_optional([part.start_ns for part in parts], parts, NO_START),
        impossible_parents=sum(part.impossible_parents for part in parts),
    )


def _join_texts(tables: Sequence[Sequence[str]], *, in_order: bool = False) -> tuple[tuple[str, ...], list[Codes]]:
    """The distinct texts, sorted or in the order of first use; and per table the code of each of its texts.

    Behind these codes stand those of the negative ones, so that -1 stays -1.
    """
    distinct = dict.fromkeys(text for table in tables for text in table)
    texts = sorted(distinct) if in_order else list(distinct)
    codes = {text: code for code, text in enumerate(texts)}
    return tuple(texts), [np.array([*(codes[text] for text in table), -1], np.int32) for table in tables]


def _gather(codes: Sequence[Codes], columns: Iterable[Codes]) -> Codes:
    return np.concatenate([new[column] for new, column in zip(codes, columns, strict=True)])


def _shift(firsts: Iterable[int], columns: Iterable[Codes]) -> Codes:
    return np.concatenate([column + np.int32(first) for first, column in zip(firsts, columns, strict=False)])


def _join_lookups(
    parts: Sequence[Calls], names: Sequence[Codes], resources: Sequence[Codes]
) -> tuple[Lookups, list[Codes]]:
    """The distinct lookups; texts are equal where function and parameters are."""
    tables = [part.lookups for part in parts]
    texts = _join_packed([table.text for table in tables])
    values_known = np.concatenate([table.values_known for table in tables])
    code, row = factorize(texts.rank() * 2 + values_known)
    lookups = Lookups(
        function=_gather(names, (table.function for table in tables))[row],
        text=texts.take(row),
        plain=np.concatenate([table.plain for table in tables])[row],
        kind=np.concatenate([table.kind for table in tables])[row],
        resource=_gather(resources, (table.resource for table in tables))[row],
        values_known=values_known[row],
    )
    return lookups, _split(code, [len(table.function) for table in tables])


def _join_packed(columns: Sequence[Texts]) -> Texts:
    firsts = np.cumsum([0, *(len(column.data) for column in columns)])
    offsets = [column.offset[:-1] + first for column, first in zip(columns, firsts.tolist(), strict=False)]
    return Texts(np.concatenate([column.data for column in columns]), np.append(np.concatenate(offsets), firsts[-1]))


def _split(codes: Codes, lengths: Sequence[int]) -> list[Codes]:
    return np.split(codes, np.cumsum(lengths)[:-1])


def _join_signatures(
    parts: Sequence[Calls], names: Sequence[Codes], lookups: Sequence[Codes], count: int
) -> tuple[Signatures, list[Codes]]:
    tables = [part.signatures for part in parts]
    caller = _gather(names, (table.caller for table in tables))
    lookup = _gather(lookups, (table.lookup for table in tables))
    key = lookup.astype(np.int64) * (count + 1) + caller - NO_NAME
    code, row = factorize(key)
    return Signatures(caller=caller[row], lookup=lookup[row]), _split(code, [len(table.caller) for table in tables])


def _join_metric_sets(tables: Sequence[MetricSets]) -> MetricSets:
    names, codes = _join_texts([table.names for table in tables])
    lengths = np.concatenate([np.diff(table.offset) for table in tables])
    return MetricSets(
        offset=np.concatenate(([0], np.cumsum(lengths))),
        name=_gather(codes, (table.name for table in tables)),
        value=np.concatenate([table.value for table in tables]),
        names=names,
    )


def _join_origins(
    parts: Sequence[Calls], resources: tuple[str, ...], codes: Sequence[Codes]
) -> tuple[CodedOrigins, list[Codes]]:
    tables = [part.origins for part in parts]
    texts, text_codes = _join_texts([table.texts for table in tables])
    writes = [
        np.where(table.writes < 0, table.writes, own[np.maximum(table.writes, NO_TEXT)])
        for table, own in zip(tables, codes, strict=True)
    ]
    coded = code_origins(
        kind=np.concatenate([table.kind for table in tables]),
        answer=np.concatenate([table.answer for table in tables]),
        phase=np.concatenate([table.phase for table in tables]),
        attempt=np.concatenate([table.attempt for table in tables]),
        at=(_gather(text_codes, (table.at for table in tables)), texts),
        via=(_gather(text_codes, (table.via for table in tables)), texts),
        writes=np.concatenate(writes),
        resources=resources,
    )
    return coded, _split(coded.origin, [len(table.kind) for table in tables])


def _join_processes(
    parts: Sequence[Calls], files: Sequence[Codes], names_of_files: Sequence[str]
) -> tuple[ProcessTable, list[int]]:
    """All processes, and the new number of each part's first; one that is named by its number, by the new one."""
    tables = [part.processes for part in parts]
    firsts = np.cumsum([0, *(len(table.name) for table in tables)]).tolist()
    names = tuple(
        f"process {first + index}" if name == f"process {index}" else name
        for table, first in zip(tables, firsts, strict=False)
        for index, name in enumerate(table.name)
    )
    processes = ProcessTable(
        name=names,
        file=_gather(files, (table.file for table in tables)),
        judged=np.concatenate([table.judged for table in tables]),
        tree=np.concatenate([table.tree for table in tables]),
        marked=_join_marked(tables),
    )
    return processes.settle(names_of_files), firsts


def _join_marked(tables: Sequence[ProcessTable]) -> MarkedNames | None:
    if all(table.marked is None for table in tables):
        return None
    none = [(None,) * len(table.name) for table in tables]
    marked = [table.marked or MarkedNames(own, own, own) for table, own in zip(tables, none, strict=True)]
    return MarkedNames(
        name=tuple(name for own in marked for name in own.name),
        binary=tuple(binary for own in marked for binary in own.binary),
        qualified=tuple(name for own in marked for name in own.qualified),
    )


def _join_optional(
    columns: Sequence[NDArray[np.int64] | None], parts: Sequence[Calls], unknown: int
) -> NDArray[np.int64] | None:
    if all(column is None for column in columns):
        return None
    return np.concatenate(
        [
            np.full(len(part), unknown, np.int64) if column is None else column
            for column, part in zip(columns, parts, strict=True)
        ]
    )
