"""What a comparison takes as one: a judged unit of work, else a process that can't be judged."""

import re
from collections.abc import Iterator

import msgspec

from tracereport.model import ProcessEdge, ProcessFinding, Report, Rows, TreeKind

NUMBERED_NAME = re.compile(r"process \d+")
"""What a process without a marker is called: its position, which moves when a process before it comes or goes."""


class Share(msgspec.Struct, frozen=True):
    """One unit of work, or one interleaved process: its repeats are withheld, its calls are not."""

    name: str
    """Of the test, whichever its try; else of the process."""
    is_process: bool
    """It is a whole process."""
    interleaved: bool
    index: int
    """Its position among the shares of its report."""
    process: int
    tree: TreeKind
    calls: int
    judged_questions: int
    writes: int | None
    frames: int | None
    by_edge: Rows[ProcessEdge]
    by_finding: Rows[ProcessFinding]

    @property
    def is_numbered(self) -> bool:
        """Its name is its position."""
        return self.is_process and NUMBERED_NAME.fullmatch(self.name) is not None

    @property
    def judged_calls(self) -> int:
        """All calls of a unit, none of an interleaved process."""
        return 0 if self.interleaved else self.calls


def list_shares(report: Report) -> tuple[Share, ...]:
    """The judged units of a report, then its interleaved processes."""
    return tuple(
        msgspec.structs.replace(share, index=index)
        for index, share in enumerate((*_list_units(report), *_list_interleaved(report)))
    )


def _list_units(report: Report) -> Iterator[Share]:
    for unit in report.units.rows:
        yield Share(
            name=unit.name.removesuffix(f" (try {unit.attempt})"),
            is_process=unit.kind == "process",
            interleaved=False,
            index=0,
            process=unit.process,
            tree=unit.tree,
            calls=unit.calls,
            judged_questions=unit.judged_questions,
            writes=unit.writes,
            frames=unit.frames,
            by_edge=unit.by_edge,
            by_finding=unit.by_finding,
        )


def _list_interleaved(report: Report) -> Iterator[Share]:
    for process in report.processes.rows:
        if process.interleaved:
            yield Share(
                name=process.name,
                is_process=True,
                interleaved=True,
                index=0,
                process=process.index,
                tree=process.tree,
                calls=process.calls,
                judged_questions=0,
                writes=None,
                frames=None,
                by_edge=process.by_edge,
                by_finding=process.by_finding,
            )
