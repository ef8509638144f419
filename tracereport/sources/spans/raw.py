"""Single spans as they stood in their document, each as one line of JSON."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import Calls
from tracereport.sources.spans.read import UNREADABLE, Skin, make_valid, split_input
from tracereport.sources.streams.raw import BrokenSourceError
from tracereport.sources.streams.stream import Stream


def read_raw(skin: Skin, calls: Calls, rows: NDArray[np.bool_], inputs: Sequence[str | None]) -> Iterator[bytes]:
    """The spans of the selected calls, each with its line feed.

    Args:
        skin: the form that they come in.
        calls: as read from the inputs.
        rows: the selected calls.
        inputs: where each of the calls' files is found; None where it is not to be read.
    """
    for index, name in enumerate(inputs):
        wanted = set(calls.line[rows & (calls.file == index)].tolist())
        if wanted and name is not None:
            yield from _read_spans(skin, name, wanted)


def _read_spans(skin: Skin, name: str, wanted: set[int]) -> Iterator[bytes]:
    """The spans with these ordinals; counted as the reader does, for whom a broken document is one."""
    ordinal = 0
    try:
        for document in split_input(skin, Stream(name), None):
            try:
                whole = skin.decode(make_valid(skin, document.content))
            except UNREADABLE:
                ordinal += document.is_whole
                continue
            for raw, _ in skin.walk(whole):
                ordinal += 1
                if ordinal in wanted:
                    yield skin.encode(raw) + b"\n"
    except BrokenSourceError:
        return  # what is wrong with the input is said where its calls are read
