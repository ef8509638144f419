"""Documents of spans -> calls: each request is a process of its own, judged alone."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.build import Columns, make_calls
from tracereport.calls.calls import CALL_KINDS, NO_PARENT, TREE_KINDS, Calls, Facts, ProcessTable
from tracereport.calls.facts import MALFORMED_ROWS
from tracereport.model import Input, MalformedLine, Rows
from tracereport.native.keys import factorize
from tracereport.native.split import is_utf8
from tracereport.sources.spans.documents import Document, split_documents
from tracereport.sources.spans.forest import NOWHERE, Forest, grow_forest
from tracereport.sources.spans.protobuf import UnreadableError
from tracereport.sources.spans.table import Span, SpanColumns, SpanTable
from tracereport.sources.streams.raw import BrokenSourceError, Progress
from tracereport.sources.streams.stream import Stream

MALFORMED_BYTES = 200
_POWERS_OF_TEN = tuple(10**power for power in range(9, 0, -1))
NO_DOCUMENT = "is no document"
NO_SPAN = "is no span"
CUT_OFF = "the document ends too early"
_ESCAPED = re.compile("[\udc80-\udcff]")
"""How Python holds bytes that are no UTF-8 in a text."""
UNREADABLE = (msgspec.MsgspecError, RecursionError, UnreadableError)
"""What is raised for bytes that are no document."""


class Skin(msgspec.Struct, frozen=True):
    """One form that spans come in."""

    name: str
    walk: Callable[[Any], Iterator[tuple[Any, Any]]]
    """A document of any shape -> each span in it, and what is needed to read it."""
    read: Callable[[Any, Any], Span | None]
    """One of those -> a span; None where it is none."""
    read_typed: Callable[[bytes], Iterator[Span]] | None = None
    """The quick way for a document of the right shape; it raises ``msgspec.MsgspecError`` for any other."""
    split: Callable[[Stream, Progress | None], Iterator[Document]] | None = None
    """The documents of an input, where they aren't JSON."""
    decode: Callable[[bytes], Any] = msgspec.json.decode
    """A document; it raises ``UNREADABLE`` for what is none."""
    encode: Callable[[Any], bytes] = msgspec.json.encode
    """One of its spans as a line."""


class _Reading(msgspec.Struct):
    """What was read of one input."""

    name: str
    spans: int = 0
    malformed: list[tuple[int, str, str]] = msgspec.field(default_factory=list)
    error: str | None = None
    holds_invalid: bool = False
    """Bytes that are no UTF-8."""


def read_spans(skin: Skin, streams: Sequence[Stream], progress: Progress | None) -> Iterator[Calls]:
    """The calls of all inputs, whose traces may go on from one to the other, as one set."""
    table = SpanTable(skin.name)
    readings = [_read_stream(skin, stream, progress, table, file) for file, stream in enumerate(streams)]
    spans = table.finish()
    forest = grow_forest(spans)
    yield _make_calls(table, spans, forest, [stream.name for stream in streams], readings)


def split_input(skin: Skin, stream: Stream, progress: Progress | None) -> Iterator[Document]:
    """The documents of an input."""
    if skin.split is not None:
        return skin.split(stream, progress)
    return split_documents(stream.read_chunks(progress))


def _read_stream(skin: Skin, stream: Stream, progress: Progress | None, table: SpanTable, file: int) -> _Reading:
    reading = _Reading(stream.name)
    try:
        for document in split_input(skin, stream, progress):
            _read_document(skin, document, reading, table, file)
            if not document.is_whole:
                reading.error = CUT_OFF
    except BrokenSourceError as error:
        reading.error = str(error)
    return reading


def make_valid(skin: Skin, content: bytes) -> bytes:
    r"""A document that can be decoded: in JSON ``\xNN`` for each byte that is no UTF-8."""
    if skin.split is not None or is_utf8(content):
        return content
    text = content.decode("utf-8", "surrogateescape")
    return _ESCAPED.sub(lambda found: rf"\\x{ord(found[0]) & 0xFF:02x}", text).encode()


def _read_document(skin: Skin, document: Document, reading: _Reading, table: SpanTable, file: int) -> None:
    content = make_valid(skin, document.content)
    reading.holds_invalid |= content is not document.content
    if skin.read_typed is not None:
        try:
            for span in skin.read_typed(content):
                reading.spans += 1
                table.add(span, file=file, line=reading.spans)
        except (msgspec.MsgspecError, RecursionError):
            pass
        else:
            return
    try:
        whole = skin.decode(content)
    except UNREADABLE:
        if document.is_whole:
            _note_malformed(reading, NO_DOCUMENT, content)
        return
    for raw, context in skin.walk(whole):
        read = skin.read(raw, context)
        if read is None:
            _note_malformed(reading, NO_SPAN, skin.encode(raw))
            continue
        reading.spans += 1
        table.add(read, file=file, line=reading.spans)


def _note_malformed(reading: _Reading, reason: str, content: bytes) -> None:
    reading.spans += 1
    text = content[:MALFORMED_BYTES].decode(errors="backslashreplace")
    reading.malformed.append((reading.spans, reason, text))


def _make_calls(
    table: SpanTable, spans: SpanColumns, forest: Forest, files: Sequence[str], readings: Sequence[_Reading]
) -> Calls:
    kept = forest.kept
    process, first_row = factorize(forest.unit[kept])
    # Every unit of a kept span; its root may have been dropped, and names it all the same.
    root = forest.unit[kept][first_row]
    columns = Columns(
        file=spans.file[kept],
        line=spans.line[kept],
        process=process,
        number=forest.number,
        parent=_number_parents(forest),
        caller=forest.caller[kept],
        lookup=spans.lookup[kept],
        metric_set=spans.metric_set[kept],
        origin=spans.origin[kept],
        test=np.full(len(kept), -1, np.int32),
        elapsed_ns=np.maximum(spans.end_ns - spans.start_ns, 0)[kept],
        resolution_ns=_find_resolutions(spans)[kept],
        start_ns=spans.start_ns[kept],
    )
    services, functions = list(table.services), list(table.tables.names)
    is_cut = forest.is_cut[root]
    names = tuple(
        f"{services[service]}: {'(cut off)' if cut else functions[function]}"
        for service, function, cut in zip(
            spans.service[root].tolist(), spans.function[root].tolist(), is_cut.tolist(), strict=True
        )
    )
    processes = ProcessTable(
        name=names,
        file=spans.file[kept][first_row],
        judged=~is_cut,
        tree=np.full(len(root), TREE_KINDS.index("given"), np.uint8),
    )
    return make_calls(table.tables, columns, files, processes, _make_facts(table, spans, forest, readings))


def _number_parents(forest: Forest) -> NDArray[np.int64]:
    """For each kept span the number of its parent."""
    number = np.zeros(len(forest.unit), np.int64)
    number[forest.kept] = forest.number
    parent = forest.parent[forest.kept]
    return np.where(parent == NOWHERE, NO_PARENT, number[np.maximum(parent, 0)] if len(number) else NO_PARENT)


def _find_resolutions(spans: SpanColumns) -> NDArray[np.int64]:
    """How finely each span's service measures: the largest power of ten that divides all of its times."""
    resolution = np.ones(int(spans.service.max()) + 1 if len(spans) else 0, np.int64)
    for service in range(len(resolution)):
        own = spans.service == service
        times = np.concatenate((spans.start_ns[own], spans.end_ns[own]))
        resolution[service] = next((power for power in _POWERS_OF_TEN if not (times % power).any()), 1)
    return resolution[spans.service]


def _make_facts(table: SpanTable, spans: SpanColumns, forest: Forest, readings: Sequence[_Reading]) -> Facts:
    malformed = [(reading.name, *row) for reading in readings for row in reading.malformed]
    lines = sum(reading.spans for reading in readings)
    notices = Counter(table.notices)
    notices["spans"] = len(spans)
    kinds = np.bincount(spans.call_kind[forest.kept], minlength=len(CALL_KINDS)).tolist()
    notices["spans-questions"], notices["spans-writes"], notices["spans-frames"] = kinds
    notices["spans-folded"] = forest.folded
    notices["spans-unfinished"] = forest.unfinished
    notices["spans-doubled"] = forest.doubled
    notices["spans-twins"] = forest.twins
    notices["invalid-utf8"] = sum(reading.holds_invalid for reading in readings)
    notices["spans-cut"] = int(forest.is_cut[forest.kept].sum())
    rows = tuple(
        MalformedLine(file=file, line=line, reason=reason, text=text)
        for file, line, reason, text in malformed[:MALFORMED_ROWS]
    )
    return Facts(
        input=Input(
            files=tuple(reading.name for reading in readings),
            record_kind="span",
            lines=lines,
            records=len(forest.kept),
            continuation_lines=0,
            malformed_lines=len(malformed),
            other_lines=lines - len(forest.kept) - len(malformed),
            malformed=Rows(len(malformed), rows),
            errors=tuple(f"{reading.name}: {reading.error}" for reading in readings if reading.error),
        ),
        notices={code: count for code, count in notices.items() if count},
    )
