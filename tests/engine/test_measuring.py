"""Measures that run at once find what they find one after the other."""

import pytest

from tests.truth import log_path
from tracereport.engine import measuring
from tracereport.engine.measuring import LocalParts, measure_calls
from tracereport.engine.report import finish_report
from tracereport.model import Selection, Settings, encode_json
from tracereport.sources.inputs import read_inputs


@pytest.mark.parametrize("selection", [None, Selection(functions=("query_*",))])
@pytest.mark.parametrize("name", ["hostile", "stress-4-threads", "duckpond-deep-single-thread"])
def test_threads_change_no_figure(name: str, selection: Selection | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_CALLS_FOR_THREADS", 0)
    calls = read_inputs([str(log_path(name))])
    reports = []
    for threads in (1, 3):
        parts = LocalParts()
        parts.add(measure_calls(calls, Settings(), selection, first_process=0, threads=threads))
        reports.append(encode_json(finish_report(parts, Settings(), "same", selection)))
    assert reports[0] == reports[1]
