"""The order of findings: what differs from run to run decides last."""

import pytest

from tests.coded_calls import report_of
from tests.oracle import find_processes, read_lines
from tracereport.model import Settings


@pytest.mark.parametrize("repeat_us", [1, 900])
def test_of_two_that_save_as_many_calls_the_fan_out_is_first_whatever_takes_longer(repeat_us: int) -> None:
    lines = ["0|list_authors|caller=None|elapsed_us=99999|parent=none"]
    lines += [f"{n}|select books|caller=list_authors|author={n}|elapsed_us=20|rows=1|parent=0" for n in range(1, 9)]
    setting = "select settings|caller=get_setting|key=currency"
    lines += [f"{n}|{setting}|elapsed_us={repeat_us}|rows=1|digest=4529588577999528590|parent=0" for n in range(9, 17)]
    log = "\n".join(f"PERF_TRACE|{line}" for line in lines)
    findings = report_of(find_processes(read_lines(log.encode())), Settings()).findings.rows
    assert [(row.kind, row.calls_saved) for row in findings] == [("fan-out", 7), ("again", 7)]
