"""The documents of a history: the same figures in each, bounded, and safe for whatever the reports say."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.judging.test_history import history_of, runs_that_repeat
from tests.runs import suite
from tracereport.documents.history import HISTORY_FORMATS
from tracereport.documents.history.interface import HistoryOptions
from tracereport.documents.history.page import render_history_html
from tracereport.documents.history.sparkline import WIDTH, draw_course
from tracereport.documents.history.written import render_history_markdown
from tracereport.documents.page.page import MOST_BYTES
from tracereport.documents.terminal.brief import MOST_LINES
from tracereport.documents.terminal.history import render_history_text
from tracereport.model import Rows
from tracereport.model.history import History, UnreadReport
from tracereport.sections.charts.history import _count_ticks, make_history_charts
from tracereport.wording.units import display_width

HOSTILE = "</script><img src=x onerror=alert(1)>`|@someone #1 \x1b[31m\u202e"


def labelled(history: History, label: str = "a1b2c3d", *, page: str | None = None) -> History:
    rows = tuple(
        replace(run, label=f"{label}-{index}", at_time=f"2026-05-{index % 28 + 1:02}", page=page)
        for index, run in enumerate(history.runs.rows)
    )
    return replace(history, runs=Rows(history.runs.total, rows))


def all_of(history: History) -> dict[str, str]:
    """The documents that a reader reads, by their format."""
    wide = HistoryOptions(width=200)
    return {
        "text": render_history_text(history, wide),
        "markdown": render_history_markdown(history, wide),
        "html": render_history_html(history, top=20, pictures=False),
    }


def plain(document: str) -> str:
    """A document's words in one line, without elements and code marks."""
    return " ".join(re.sub(r"<[^>]*>|`", "", document).split())


def some_history() -> History:
    with_other = suite({("page", "load"): "aab", ("page", "other"): "xyz"}, {("page", "load"): 7})
    return labelled(history_of(*runs_that_repeat(2, 2, 1009, 1009), with_other))


@pytest.mark.parametrize("kind", ["text", "markdown", "html"])
def test_every_document_tells_the_verdict_the_steps_and_the_runs(kind: str) -> None:
    history = some_history()
    document = plain(all_of(history)[kind])
    assert plain(history.verdict) in document
    assert "1,009 → 1 with a1b2c3d-4 on 5 May" in document
    for run in history.runs.rows:
        assert run.label in document


def test_a_step_leads_to_the_finding_in_the_page_of_its_run() -> None:
    history = labelled(some_history(), page="runs/one.html")
    row = history.findings.rows[0]
    assert f'<a href="runs/one.html#f-{quote(row.fingerprint, safe="")}">' in render_history_html(
        history, top=20, pictures=False
    )


@pytest.mark.parametrize("kind", ["text", "markdown", "html"])
def test_nothing_of_a_report_gets_into_the_syntax_of_a_document(kind: str) -> None:
    functions = {("page", f"load{HOSTILE}"): "aab", (f"page{HOSTILE}", "other"): "xyy"}
    history = labelled(history_of(*runs_that_repeat(2, 3), suite(functions)), HOSTILE, page="x.html")
    history = replace(history, title=HOSTILE, unread=Rows(1, (UnreadReport(file=HOSTILE, reason=f"is {HOSTILE}"),)))
    document = all_of(history)[kind]
    assert "\x1b" not in document
    assert "\u202e" not in document
    if kind == "html":
        assert "<img" not in document
        assert document.count("</script>") == 3
    if kind == "markdown":
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", document)
        assert "<img" not in outside
        assert "@someone" not in outside


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("is_brief", [False, True])
def test_the_text_fits_its_width_and_a_terminal(width: int, *, is_brief: bool) -> None:
    functions = {(f"page{number}", f"load_{'long_' * 12}{number}"): "a" * (number + 2) for number in range(30)}
    history = labelled(history_of(*runs_that_repeat(2, 3, 1), suite(functions)), "feature/a-branch-with-a-long-name")
    text = render_history_text(history, HistoryOptions(width=width, is_brief=is_brief, written=("history.html",)))
    lines = text.splitlines()
    assert max(map(display_width, lines)) <= width
    assert "".join(lines[-1].split()) in "".join(history.verdict.split())
    assert not is_brief or len(lines) <= MOST_LINES


def test_the_page_is_bounded_and_says_what_it_left_out() -> None:
    names = [f"function_{'x' * 150}_{number}" for number in range(1_500)]
    one, other = ({("page", name): "a" * (2 + shift) for name in names} for shift in (0, 1))
    history = history_of(*[suite(one), suite(other)] * 4)
    history = labelled(history, "label-" * 8)
    many = replace(history, runs=Rows(4_000, history.runs.rows * 500))
    page = render_history_html(many, top=20, pictures=False)
    assert len(page.encode()) <= MOST_BYTES
    assert " of 1,500</span>" in page
    assert " of 4,000</span>" in page
    markdown = render_history_markdown(many, HistoryOptions())
    assert len(markdown.encode()) <= 60_000
    assert " of 1,500 findings." in markdown


def test_no_runs_are_charted_of_one_that_cannot_be_compared() -> None:
    history = some_history()
    rows = history.runs.rows
    lacking = replace(history, runs=Rows(len(rows), (replace(rows[0], caution="not read to its end"), *rows[1:])))
    for chart in make_history_charts(lacking):
        assert [row["run"] for row in chart.datasets["runs"]] == [2, 3, 4, 5]
    assert not list(make_history_charts(replace(history, runs=Rows(1, rows[:1]))))


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_the_counts_beside_a_chart_are_few_and_round(one: int, other: int) -> None:
    lowest, highest = min(one, other), max(one, other) + 1
    ticks = _count_ticks(lowest, highest)
    assert len(ticks) <= 6
    assert len(ticks) >= 2 or highest - lowest < 3
    assert all(lowest <= tick <= highest for tick in ticks)


def test_charts_of_very_many_runs_keep_their_largest_steps() -> None:
    history = labelled(history_of(*runs_that_repeat(*[1] * 50, 90, *[1] * 50)))
    (calls, *_) = make_history_charts(history, readings=10)
    assert {row["run"] for row in calls.datasets["runs"]} == {1, 51, 52, 101}


def names_of(*repeats: int) -> list[tuple[str, float, str]]:
    """The names in the chart of the calls: what each says, where it begins or ends, and to which side it is set."""
    history = history_of(*runs_that_repeat(*repeats))
    (calls, *_) = make_history_charts(history)
    return [(row["text"], row["run"], row["side"]) for row in calls.datasets["named"]]


@pytest.mark.parametrize(
    ("repeats", "names"),
    [
        pytest.param([1] * 20 + [50] * 20, [("+49 run-20", 21, "right")], id="rises: above what was lower"),
        pytest.param([50] * 20 + [1] * 20, [("-49 run-20", 21, "left")], id="falls: above what is lower"),
        pytest.param([1, 50, 50, 50, 50, 50], [("+49 run-1", 0.5, "left")], id="moved into the frame"),
        pytest.param(
            [2, 2, 40, 100, 38, 38, 60, 2],
            [("-62 run-4", 5, "left"), ("+60 run-3", 4, "right")],
            id="each on its own side",
        ),
        pytest.param(
            [20] * 20 + [60] * 4 + [1] * 4,
            [("run-24", 28.5, "right"), ("+40 run-20", 21, "right")],
            id="shorter where it would reach the step before",
        ),
    ],
)
def test_the_name_of_a_step_stands_over_no_other(repeats: list[int], names: list[tuple[str, float, str]]) -> None:
    assert names_of(*repeats) == names


@given(st.lists(st.integers(0, 50), min_size=2, max_size=400))
def test_a_picture_of_a_course_stays_within_its_frame(repeats: list[int]) -> None:
    history = history_of(*runs_that_repeat(*repeats[:40]))
    for row in history.findings.rows:
        path = draw_course(row, history.runs.total)
        across = [0.0, *map(float, re.findall(r"H([\d.]+)", path))]
        up = [float(found) for found in re.findall(r"(?:V|M0 )([\d.]+)", path)]
        assert across == sorted(across)
        assert across[-1] == WIDTH
        assert min(up) >= 0
        assert max(up) <= 32
        assert min(up) == pytest.approx(2), "the largest count reaches the top"


def test_of_more_steps_than_pixels_each_pixel_shows_its_extremes() -> None:
    history = history_of(*runs_that_repeat(*[1, 2] * 300, 90, *[1, 2] * 300))
    (row,) = history.findings.rows
    path = draw_course(row, history.runs.total)
    assert path.count("H") <= WIDTH + 2
    assert "V2" in path


def test_each_format_has_a_name_and_a_suffix_of_its_own() -> None:
    assert len({kind.name for kind in HISTORY_FORMATS}) == len(HISTORY_FORMATS)
    suffixes = [suffix for kind in HISTORY_FORMATS for suffix in kind.suffixes]
    assert len(set(suffixes)) == len(suffixes)
