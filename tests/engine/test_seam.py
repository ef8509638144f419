"""A measure is one file, and so is a kind of finding: here is one of each, which the engine takes like its own.

The other seams: an input format in ``tests/sources/test_seam.py``, a section in ``tests/sections/test_sections.py``, a
document in ``tests/documents/test_formats.py``.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, Final

import pytest

from tests.engine.test_same_report import REAL, ignore, measuring
from tests.running import BARE
from tracereport.api import render
from tracereport.calls.grouping import ROW_LIMIT
from tracereport.documents import advice
from tracereport.documents.advice.words import Words
from tracereport.engine import measuring as engine
from tracereport.engine import tasks
from tracereport.engine.report import finish_report, make_report
from tracereport.engine.run import measure_inputs
from tracereport.findings import ranking
from tracereport.findings.interface import Candidate, FindingKind, Key
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.model import Finding, Report, Settings, encode_json
from tracereport.sources.inputs import read_inputs


def count_odd_numbers(context: Context) -> int:
    return int((context.calls.number % 2).sum())


def add_up(parts: Sequence[int]) -> int:
    return sum(parts)


def describe(whole: Whole) -> str:
    return f"{whole['odd-numbers']} odd"


TOY = Measure("odd-numbers", count_odd_numbers, add_up, describe)


def test_a_measure_of_one_file_is_measured_merged_and_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MEASURED", (*engine.MEASURED, TOY))
    monkeypatch.setattr(tasks, "MEASURED", engine.MEASURED)
    paths = REAL[:4]
    with measure_inputs(measuring(paths), ignore) as parts:
        merged = parts.merge()
    whole = Whole(merged, Settings(), is_narrowed=False, row_limit=ROW_LIMIT, details=parts.details)
    calls = sum(path.read_bytes().count(b"PERF_TRACE|") for path in paths)
    assert TOY.finish is not None
    assert TOY.finish(whole) == f"{merged['odd-numbers']} odd"
    assert 0 < merged["odd-numbers"] < calls


# A kind of finding: its file, and its advice

ODD: Final[Any] = "odd-numbered"


def advise(words: Words) -> Iterator[str]:
    yield f"Make {words.function} even."
    yield f"**What it is.** {words.finding.calls} calls, which two can't share."


def count_functions(context: Context) -> dict[str, int]:
    calls = context.calls
    return dict(Counter(calls.names[code] for code in calls.function.tolist()))


def add_counts(parts: Sequence[dict[str, int]]) -> dict[str, int]:
    return dict(sum(map(Counter, parts), Counter()))


def find_odd(whole: Whole) -> list[Candidate]:
    counts: dict[str, int] = whole["odd-functions"]
    return [candidate_of(function, count) for function, count in sorted(counts.items()) if count % 2]


def candidate_of(function: str, count: int) -> Candidate:
    key = Key(ODD, function, (None,), ())

    def describe() -> Finding:
        return Finding(
            fingerprint=key.fingerprint(), kind=ODD, function=function, callers=key.callers, param_names=(),
            calls=count, elapsed_ns=1_000_000, confidence="likely", reason="an odd number of calls",
        )  # fmt: skip

    return Candidate(
        key=key, calls_saved=1, possible_calls_saved=1, elapsed_ns=1_000_000, is_low=False, is_shown=True,
        describe=describe,
    )  # fmt: skip


TOY_KIND = FindingKind("odd-functions", count_functions, add_counts, find_odd, lambda _whole: [])


@pytest.fixture
def toy_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kind in its registry, and its advice beside that of the others."""
    monkeypatch.setattr(ranking, "KINDS", (*ranking.KINDS, TOY_KIND))
    monkeypatch.setattr(engine, "MEASURED", (*engine.MEASURED, TOY_KIND))
    monkeypatch.setattr(tasks, "MEASURED", engine.MEASURED)
    file = ModuleType(f"{advice.__name__}.odd_numbered")
    vars(file)["advise"] = advise
    monkeypatch.setitem(sys.modules, file.__name__, file)


@pytest.fixture
def odd_report(toy_kind: None) -> Report:  # noqa: ARG001 - what is made has it
    return make_report(read_inputs([str(BARE)]), Settings(), "a title")


def test_a_kind_of_finding_is_one_file_and_its_advice_and_every_document_tells_it(odd_report: Report) -> None:
    own = [finding for finding in odd_report.findings.rows if finding.kind == ODD]
    assert own
    function = own[0].function
    for kind in ("text", "markdown", "html", "json", "sarif", "github", "gitlab"):
        document = render(odd_report, kind, location="src/main.rs:1")
        shown = document.decode() if isinstance(document, bytes) else document
        assert "odd numbered" in shown or "odd-numbered" in shown, kind
        assert function in shown
        if kind in ("text", "markdown", "html", "sarif", "gitlab"):
            assert "even." in shown, kind
    text = render(odd_report, "text")
    assert isinstance(text, str)
    assert f"calls `{function}`: odd numbered" in " ".join(text.split())


@pytest.mark.usefixtures("toy_kind")
def test_a_kind_of_finding_is_merged_like_any_other() -> None:
    paths = REAL[:4]
    with measure_inputs(measuring(paths), ignore) as parts:
        merged = finish_report(parts, Settings(), "same")
    together = make_report(read_inputs([str(path) for path in paths]), Settings(), "same")
    assert encode_json(merged) == encode_json(together)
    assert any(finding.kind == ODD for finding in merged.findings.rows)
