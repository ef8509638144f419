"""Counts, shares and lists say the same in the report's own sentences and in the documents around them."""

from pathlib import Path

import pytest

from tracereport.engine.report import make_report
from tracereport.findings.repeats.findings import RepeatSums, state_confidence
from tracereport.model import Settings
from tracereport.sources.perf_trace.reader import read_log
from tracereport.wording.phrases import format_count, format_counted, format_list, format_rate


def test_counts_have_their_thousands_and_their_noun() -> None:
    assert format_count(1523) == "1,523"
    assert [format_counted(n, "call") for n in (0, 1, 7050)] == ["0 calls", "1 call", "7,050 calls"]
    assert format_counted(2, "process", "processes") == "2 processes"


@pytest.mark.parametrize(
    ("rate", "written"),
    [
        (None, "-"),
        (0.0, "0 %"),
        (0.0001, "< 1 %"),
        (0.27, "27 %"),
        (0.9996, "> 99 %"),
        (1.0, "100 %"),
        (3.0, "300 %"),
    ],
)
def test_a_share_is_all_or_nothing_only_where_it_is_exactly_that(rate: float | None, written: str) -> None:
    assert format_rate(rate) == written


def test_lists_read_as_a_sentence_does() -> None:
    assert [format_list(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_less_than_nothing_is_no_nothing() -> None:
    assert [format_rate(rate) for rate in (-0.004, -0.27, -2.0)] == ["> -1 %", "-27 %", "-200 %"]


def test_a_fall_has_its_noun_too() -> None:
    assert [format_counted(n, "call") for n in (-1, -25)] == ["-1 call", "-25 calls"]


def verdict_on(folder: Path, lookups: list[int]) -> str:
    """The verdict on calls for these lookups, all with the same answer."""
    path = folder / "perf_trace.log"
    answer = "digest=99999999999"
    lines = (f"PERF_TRACE|{n}|load|caller=main|id={asked}|elapsed_us=9|{answer}\n" for n, asked in enumerate(lookups))
    path.write_text("".join(lines))
    return make_report(read_log([str(path)]), Settings(), "a title").verdict.message


def test_the_verdict_rounds_no_share_to_nothing_or_to_the_whole(tmp_path: Path) -> None:
    assert "(< 1 % of all)" in verdict_on(tmp_path, [0, *range(400)])
    assert "(> 99 % of all)" in verdict_on(tmp_path, [0] * 401)


def test_one_repeat_is_no_plural() -> None:
    assert state_confidence(RepeatSums(unchanged=1), "content") == (
        "sure",
        "1 repeat got the answer of the call before",
    )
