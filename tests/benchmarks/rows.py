"""What is measured: each row is a promise, with the workload, our command, the peer's, and the limit."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.benchmarks import other_inputs
from tests.benchmarks.contests import Check, Contest, Row
from tests.benchmarks.limits import Judgement, Limit, adds_at_most, memory_a_call_at_most, memory_at_most, ratio_at_most
from tests.benchmarks.parts_rows import list_parts_rows
from tests.benchmarks.timing import run_command
from tests.paths import LOGS

PEER_PROGRAM: Final = Path(__file__).parent / "peer_one_pass.awk"
PIPELINES: Final = Path(__file__).parent / "peer_pipeline.sh"
PAGE_LOGS: Final = (LOGS / "duckpond-deep-single-thread.log.zst", LOGS / "hostile.log")

IMPORT_POLARS: Final = (sys.executable, "-c", "import polars")
TRIVIAL_CHART: Final = """
import altair, polars, vl_convert
chart = altair.Chart(altair.Data(values=[{"x": 1, "y": 2}])).mark_bar().encode(x="x:Q", y="y:Q")
vl_convert.vegalite_to_svg(chart.to_dict())
"""
DRAW_TRIVIAL_CHART: Final = (sys.executable, "-c", TRIVIAL_CHART)


def list_rows(folder: Path) -> list[Row]:
    """All rows, with their workloads and documents in this folder."""
    others = (Check(*parts) for parts in other_inputs.list_checks(folder))
    small = (*_list_small(folder), *_list_checks(folder))
    return [*_list_large(folder), *list_parts_rows(folder), *small, *others]


def _list_large(folder: Path) -> list[Row]:
    def against_one_pass(key: str, workload: str, name: str, *limits: Limit) -> Contest:
        log = _log(folder, name)
        return Contest(key, workload, "text, one pass of mawk", _report(log), _one_pass(log), limits, (name,))

    five_million = _log(folder, "5m")
    documents = [f"-o{folder / f'documents.{suffix}'}" for suffix in ("html", "md", "json")]
    debug = _log(folder, "debug")
    return [
        against_one_pass("1m-text", "1,000,000 calls", "1m", ratio_at_most(0.7)),
        against_one_pass("5m-text", "5,000,000 calls", "5m", ratio_at_most(0.65), memory_at_most(0.8)),
        Contest(
            "pipeline",
            "1,000,000 calls",
            "text, the same sections by grep, cut, awk, sort and uniq",
            _report(_log(folder, "1m")),
            ("bash", str(PIPELINES), str(_log(folder, "1m"))),
            (ratio_at_most(0.15),),
            ("1m",),
        ),
        Contest(
            "5m-documents",
            "5,000,000 calls",
            "html, md and json, one pass of mawk",
            _report(five_million, "-q", *documents),
            _one_pass(five_million),
            (ratio_at_most(0.85), memory_at_most(1.0)),
            ("5m",),
        ),
        Contest(
            "growth",
            "from 1,000,000 to 5,000,000 calls",
            "text, of 5,000,000 and of 1,000,000",
            _report(five_million),
            _report(_log(folder, "1m")),
            (ratio_at_most(5.5),),
            ("1m", "5m"),
        ),
        Contest(
            "memory",
            "5,000,000 calls of one process",
            "text, of 1,500 calls: memory for each call more",
            _report(five_million),
            _report(_log(folder, "1500")),
            (memory_a_call_at_most(100, 5_000_000 - 1_500),),
            ("1500", "5m"),
        ),
        against_one_pass("distinct", "1,000,000 calls, nearly all distinct", "1m-distinct", ratio_at_most(0.45)),
        against_one_pass("one-function", "1,000,000 calls of one function", "1m-one-function", ratio_at_most(0.8)),
        against_one_pass("nested", "1,000,000 calls in one tree", "1m-nested", ratio_at_most(0.8)),
        Contest(
            "debug",
            "a debug log, 99.8 % other lines",
            "text, `grep -c` and then `import polars`",
            _report(debug),
            ("sh", "-c", 'grep -c PERF_TRACE "$1"; exec "$2" -c "import polars"', "sh", str(debug), sys.executable),
            (ratio_at_most(2.0),),
            ("debug",),
        ),
    ]


def _list_small(folder: Path) -> list[Row]:
    log = _log(folder, "1500")
    baseline = folder / "baseline.json"
    return [
        Contest(
            "small-text",
            "1,500 calls",
            "text, `import polars`",
            _report(log),
            IMPORT_POLARS,
            (ratio_at_most(1.2),),
            ("1500",),
        ),
        Contest(
            "small-html",
            "1,500 calls",
            "html, importing altair, polars, vl_convert and drawing a trivial chart",
            _report(log, "-q", "-o", str(folder / "small.html")),
            DRAW_TRIVIAL_CHART,
            (ratio_at_most(1.2),),
            ("1500",),
        ),
        Contest(
            "help",
            "nothing",
            "`--help`, `import click`",
            (sys.executable, "-m", "tracereport", "--help"),
            (sys.executable, "-c", "import click"),
            (ratio_at_most(1.5),),
            (),
        ),
        Contest(
            "version",
            "nothing",
            "`--version`, `import click`",
            (sys.executable, "-m", "tracereport", "--version"),
            (sys.executable, "-c", "import click"),
            (ratio_at_most(1.5),),
            (),
        ),
        Contest(
            "baseline",
            "1,500 calls",
            "text with a baseline, without",
            _report(log, "--baseline", str(baseline)),
            _report(log),
            (adds_at_most(0.1),),
            ("1500",),
            before=_report(log, "-q", "-o", str(baseline)),
        ),
    ]


def _list_checks(folder: Path) -> list[Row]:
    names = ("1500", "1m", "1m-distinct", "1m-nested")
    pages = (*PAGE_LOGS, *(_log(folder, name) for name in names))
    return [
        Check(
            "page",
            "any of six logs",
            "the largest page",
            lambda: _judge_page_size(pages, folder / "page.html"),
            names,
        ),
    ]


def _log(folder: Path, name: str) -> Path:
    return folder / f"{name}.log"


def _report(log: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "tracereport", str(log), *options]


def _one_pass(log: Path) -> list[str]:
    return ["mawk", "-F|", "-f", str(PEER_PROGRAM), str(log)]


def _judge_page_size(logs: Sequence[Path], page: Path, limit_megabytes: float = 1.5) -> Judgement:
    largest_megabytes = 0.0
    for log in logs:
        run_command(_report(log, "-q", "-o", str(page)))
        largest_megabytes = max(largest_megabytes, page.stat().st_size / 1e6)
    return Judgement(f"{largest_megabytes:.2f} MB", f"{limit_megabytes:g} MB", largest_megabytes <= limit_megabytes)
