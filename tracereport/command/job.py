"""What a run is told, and what it gives."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from tracereport.calls.calls import Calls
from tracereport.documents.interface import Format, RenderOptions
from tracereport.documents.places import Excerpt
from tracereport.judging.acceptances import AcceptanceRule
from tracereport.model import Gate, Report, Selection, Settings
from tracereport.sources.streams.names import InputState


class Watcher(Protocol):
    """Is told how far a run is."""

    def begin(self, stage: str, size: int | None = None, /) -> None:
        """A stage begins, over this many bytes where that is known."""

    def __call__(self, position: int, size: int | None, /) -> None:
        """So many bytes of the current input are read."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a run is told."""

    inputs: tuple[str, ...]
    targets: tuple[tuple[str, Format], ...]
    source: str | None = None
    """The format of all inputs; null: by the content of each."""
    settings: Settings = msgspec.field(default_factory=Settings)
    selection: Selection | None = None
    title: str | None = None
    label: str | None = None
    at_time: str | None = None
    names: Mapping[str, str] = msgspec.field(default_factory=dict)
    """How an input is called in the documents, where it isn't by its own name."""
    explain: str | None = None
    """The first digits of a finding's fingerprint; it is the document then."""
    baselines: tuple[Path, ...] = ()
    """What the run is held against; of several, the best of each figure."""
    fail_on: tuple[str, ...] = ()
    acceptances: tuple[AcceptanceRule, ...] = ()
    today: date | None = None
    redact: tuple[str, ...] = ()
    redact_key_file: Path | None = None
    unpacked_limit: int | None = None
    """The most bytes that a packed input may unpack to; null: as the streams say."""
    workers: str | None = None
    """Who measures: a number of processes, or the URL of a cluster; null: the cores, where the inputs are large."""
    parts: str | None = None
    """Where measured parts are kept: what is done stays done."""
    is_joined: bool = False
    """The inputs are such a place, whose parts others have measured."""
    rendering: RenderOptions = msgspec.field(default_factory=RenderOptions)
    """Width and colour are those of standard output; a file's are fixed."""
    source_lines: Literal["page", "all", "none"] = "none"
    """Which documents show lines of the working tree's sources."""
    tells_gates: bool = False
    """Whether the document on the terminal ends with the gates and the verdict."""
    quiet: bool = False
    """Nothing is printed but documents and errors."""


class Prepared(msgspec.Struct, frozen=True):
    """A job that nothing but its inputs and the disk can make fail any more, with what was read to know that."""

    job: Job
    baselines: tuple[Report, ...]
    redact_key: bytes | None
    """What the key file holds; null without one."""


class Result(msgspec.Struct, frozen=True):
    """What a run gives: the calls, and the report on them; documents are made from both."""

    inputs: tuple[str, ...]
    states: tuple[InputState | None, ...]
    """What the inputs were before they were read: lines of them are read once more only where they are still so."""
    calls: Calls | None
    """Null where the input was measured in parts: then they are held nowhere."""
    report: Report
    excerpts: Mapping[str, Excerpt] = msgspec.field(default_factory=dict)
    """Lines of source by the place that names them."""
    notices: tuple[tuple[str, str], ...] = ()
    """What is said on standard error whatever else is asked for: each with what follows from it."""

    def held_calls(self) -> Calls:
        """The calls.

        Raises:
            RuntimeError: they were measured in parts: nothing is made of them then.
        """
        if self.calls is None:
            raise RuntimeError("the calls were measured in parts")
        return self.calls

    @property
    def errors(self) -> tuple[str, ...]:
        """Why an input could not be read to its end."""
        return self.report.input.errors if self.report.input is not None else ()

    @property
    def failed_gates(self) -> tuple[Gate, ...]:
        """Those that did not hold."""
        return tuple(gate for gate in self.report.gates.rows if not gate.passed) if self.report.gates else ()
