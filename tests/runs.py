"""Runs of a suite for its history: reports counted from a few calls, with planted changes, kept as files."""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from tests.counted_report import Run, calls, counted_report
from tracereport.model import Report, encode_json

LABELS = ("a1b2c3d", "b2c3d4e", "c3d4e5f", "d4e5f60", "e5f6071", "f607182")


def suite(values: Mapping[tuple[str, str], str], fanouts: Mapping[tuple[str, str], int] | None = None) -> Report:
    """A suite in one process: by caller and function what is asked for, one letter a call; and its fan-outs."""
    made = [call for (caller, function), letters in values.items() for call in calls(caller, function, letters)]
    known = tuple((caller, function, avoidable) for (caller, function), avoidable in (fanouts or {}).items())
    return counted_report(Run("suite", tuple(made), known))


def keep(folder: Path, reports: Sequence[Report], names: str = "run-{}.json.gz", *, with_labels: bool = True) -> None:
    """Each report as a file, numbered from 1 on, a day apart."""
    for number, report in enumerate(reports, start=1):
        path = folder / names.format(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        label = LABELS[number - 1] if with_labels and number <= len(LABELS) else None
        labelled = replace(report, label=label, at_time=f"2026-05-{number:02}T09:00:00+00:00")
        content = encode_json(labelled)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
