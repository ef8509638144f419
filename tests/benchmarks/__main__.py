"""Measures the command against its limits: ``python -m tests.benchmarks``.

Prints a Markdown table, and writes nothing but the workloads and the documents, into a folder of their own.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from tests.benchmarks.contests import Check, Row
from tests.benchmarks.limits import Judgement
from tests.benchmarks.machine import describe_load, describe_machine
from tests.benchmarks.rows import list_rows
from tests.benchmarks.timing import Runs, run_command, take_turns
from tests.paths import ROOT

HEADER = ("workload", "measured", "ours", "the peer", "processor time", "peak memory", "figure", "at most", "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures the chosen rows; 1 if a limit isn't met."""
    given = _read_arguments(arguments)
    folder = Path(given.folder).resolve()
    rows = [row for row in list_rows(folder) if any(fnmatch(row.key, pattern) for pattern in given.only)]
    if given.list:
        print("\n".join(row.key for row in rows))
        return 0
    print(f"{describe_machine()}; {given.runs} runs of each in turns; {describe_load()} at the start.\n")
    _print_cells(HEADER)
    _print_cells(("---", "---", "--:", "--:", "--:", "--:", "--:", "--:", "---"))
    are_met = [_measure_row(row, folder, given.runs) for row in rows]
    print(f"\n{describe_load()} at the end.")
    return 0 if all(are_met) else 1


def _read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", default=["*"], metavar="ROW", help="keys of rows, as --list has them; globs"
    )
    parser.add_argument("--runs", type=int, default=5, help="of each command, after one that isn't counted (default 5)")
    parser.add_argument(
        "--folder", default=ROOT / "build" / "benchmarks", help="where workloads are kept (default build/benchmarks)"
    )
    parser.add_argument("--list", action="store_true", help="print the keys of the rows")
    return parser.parse_args(arguments)


def _measure_row(row: Row, folder: Path, runs: int) -> bool:
    """Prints a line for each limit of the row, and says whether all are met."""
    for name in row.needs:
        # By a process of its own: see ``timing`` on the memory of a parent.
        subprocess.run((sys.executable, "-m", "tests.benchmarks.workload", name, str(folder)), cwd=ROOT, check=True)
    if isinstance(row, Check):
        timings = ("", "", "", "")
        judgements = [row.judge()]
    else:
        if row.before:
            run_command(row.before)
        ours, peer = take_turns(row.ours, row.peer, runs)
        timings = _format_timings(ours, peer)
        judgements = [judge(ours, peer) for judge in row.limits]
    for judgement in judgements:
        _print_cells((row.workload, row.measured, *timings, *_format_judgement(judgement)))
    return all(judgement.is_met for judgement in judgements)


def _format_timings(ours: Runs, peer: Runs) -> tuple[str, str, str, str]:
    processor_time = f"{ours.cpu_seconds:.2f} / {peer.cpu_seconds:.2f} s"
    return _format_seconds(ours), _format_seconds(peer), processor_time, f"{ours.peak_bytes / 1e9:.2f} GB"


def _format_seconds(runs: Runs) -> str:
    shortest, longest = runs.extremes_seconds
    return f"{runs.seconds:.2f} s ({shortest:.2f}-{longest:.2f})"


def _format_judgement(judgement: Judgement) -> tuple[str, str, str]:
    return judgement.figure, judgement.limit, "met" if judgement.is_met else "**not met**"


def _print_cells(cells: Sequence[str]) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
