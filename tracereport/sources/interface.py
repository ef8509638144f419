"""What a format of input is: how it is told from the others, and how its bytes become calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:  # whoever only asks for a source's name loads nothing of what reads it
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tracereport.calls.calls import Calls, Facts
    from tracereport.errors import InputError
    from tracereport.sources.ranges import ByteRange
    from tracereport.sources.streams.raw import Progress
    from tracereport.sources.streams.stream import Stream


class Source(Protocol):
    """One format of input."""

    @property
    def name(self) -> str:
        """As the option ``--from`` calls it."""

    def recognises(self, path: str, head: bytes) -> bool:
        """Whether an input is of this format, by its content.

        Args:
            path: as named on the command line.
            head: how its content begins, unpacked: ``HEAD_BYTES`` of it, or all there is.
        """

    def read(self, streams: Sequence[Stream], progress: Progress | None) -> Iterator[Calls]:
        """The calls of neighbouring inputs of this format, in their order.

        Each set holds whole processes, and the facts of what was read for it alone: facts add up. What breaks off gives
        what could be read, and an entry in ``facts.input.errors``.

        Raises:
            InputError: an input can't be read at all.
        """

    def read_raw(self, calls: Calls, rows: NDArray[np.bool_], inputs: Sequence[str | None]) -> Iterator[bytes]:
        """The records of the selected calls as they stood in the input, each with its line feed.

        Args:
            calls: as ``read`` gave them.
            rows: the selected calls.
            inputs: where each of the calls' files is found; None where it is not to be read.
        """

    def explain_nothing(self, names: Sequence[str], facts: Facts | None) -> InputError:
        """The error for inputs of this format that hold no call at all, with its likely cause and what to do.

        Args:
            names: of the inputs, as documents call them.
            facts: of what was read.
        """


@runtime_checkable
class JoiningSource(Source, Protocol):
    """A format in which what is in one input may go on in the next: neighbours are read together."""

    @property
    def joins_inputs(self) -> Literal[True]:
        """Says so."""


@runtime_checkable
class CuttableSource(Source, Protocol):
    """A format whose inputs hold many processes, each of which is judged alone: no input has to be held whole."""

    def read_sets(self, streams: Sequence[Stream], progress: Progress | None, calls_at_once: int) -> Iterator[Calls]:
        """As ``read``, in sets of not many more calls than these, as far as processes allow."""

    def cut(self, stream: Stream, range_bytes: int) -> Sequence[ByteRange]:
        """An input in ranges of whole processes and about so many bytes; none where it is to be read in one go.

        They don't depend on who is there to read them.
        """
