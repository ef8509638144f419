import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

import tracereport
from tests.crowded_report import crowded_report
from tests.running import environment, run_python
from tests.sample_report import sample_report
from tests.sample_report.compared import compared_report
from tests.sample_report.empty import empty_report
from tests.sample_report.names import HOSTILE_CALLER, HOSTILE_FUNCTION
from tracereport.documents.page.page import MOST_BYTES, render_html
from tracereport.documents.page.pictures import Pictures
from tracereport.documents.terminal.report import render_text
from tracereport.errors import UsageError
from tracereport.model import Report, Rows, TreePath
from tracereport.sections import SECTIONS, theme
from tracereport.sections.charts.chart import Chart, read_template
from tracereport.sections.charts.drawn import DRAWINGS, OF_HISTORIES, draw, make_template
from tracereport.sections.charts.registry import CHARTS, ChartMaker, make_charts
from tracereport.sections.charts.templates import templates_dir
from tracereport.wording.labels import Labels
from tracereport.wording.phrases import format_count

ALL_NAMES = {
    "comparison",
    "function-calls",
    "function-times",
    "latencies",
    "caller-calls",
    "edges",
    "asked-again",
    "cache",
    "breakdown",
    "tree",
    "activity",
}


def charts_of(report: Report) -> dict[str, Chart]:
    return {chart.name: chart for chart in make_charts(report, Labels())}


@pytest.fixture(scope="module")
def charts() -> dict[str, Chart]:
    return charts_of(compared_report())


@pytest.fixture(scope="module")
def pictures(charts: dict[str, Chart]) -> dict[str, str]:
    with Pictures(theme.altair_theme()) as engine:
        drawn = {name: engine.draw(name, chart.specification()) for name, chart in charts.items()}
        return {name: picture.result() for name, picture in drawn.items()}


def values(specification: dict[str, Any]) -> list[dict[str, Any]]:
    """All rows of data of a specification, but for the areas that catch the pointer."""
    return [row for name, rows in specification["datasets"].items() if name != "areas" for row in rows]


def test_a_full_report_has_every_chart(charts: dict[str, Chart]) -> None:
    assert set(charts) == ALL_NAMES


def test_a_report_without_findings_has_only_the_charts_that_it_has_figures_for() -> None:
    assert set(charts_of(empty_report())) == {"function-calls", "function-times", "latencies"}


def test_a_report_without_calls_has_no_chart() -> None:
    nothing = msgspec.structs.replace(empty_report(), functions=Rows())
    assert charts_of(nothing) == {}


@pytest.mark.parametrize("make", CHARTS.values(), ids=CHARTS)
@pytest.mark.parametrize("report", [compared_report(), crowded_report()], ids=["compared", "crowded"])
def test_every_chart_is_valid_vega_lite_and_its_filled_template_is_what_altair_makes(
    make: ChartMaker, report: Report
) -> None:
    chart = make(report, Labels())
    if chart is None:
        assert report.comparison is None
        return
    by_altair = draw(chart).to_dict(validate=True)
    assert {key: by_altair[key] for key in by_altair if key not in {"$schema", "config"}} == chart.specification()


@pytest.mark.parametrize("name", [*DRAWINGS, *OF_HISTORIES])
def test_every_template_is_as_its_drawing_is_now(name: str) -> None:
    assert read_template(name) == make_template(name), "run python -m tracereport.sections.charts.drawn"


def test_every_drawing_has_its_template_and_its_chart() -> None:
    kept = {path.stem for path in (templates_dir() / "charts").iterdir()}
    assert set(DRAWINGS) == set(CHARTS) == ALL_NAMES
    assert kept == {*DRAWINGS, *OF_HISTORIES}


def test_the_page_shows_no_chart_that_says_what_the_table_beside_it_says() -> None:
    shown = {name for view in SECTIONS for name in view.charts}
    assert shown == ALL_NAMES - {"comparison", "function-calls", "function-times", "caller-calls", "breakdown"}


def test_text_of_a_log_is_never_taken_for_a_placeholder() -> None:
    report = sample_report()
    row = msgspec.structs.replace(report.functions.rows[0], function="$height")
    filled = charts_of(msgspec.structs.replace(report, functions=Rows(1, (row,))))["function-calls"].specification()
    assert [bar["function"] for bar in filled["datasets"]["sums"]] == ["$height"]
    assert filled["layer"][0]["encoding"]["y"]["scale"]["domain"] == ["$height"]


def test_a_notebook_gets_the_altair_chart_by_name() -> None:
    chart = tracereport.chart(sample_report(), "cache")
    assert chart.to_dict()["datasets"]["points"]
    assert chart.to_dict()["config"]["font"] == theme.SANS
    with pytest.raises(UsageError, match="no chart of the report is called nosuch") as error:
        tracereport.chart(sample_report(), "nosuch")
    assert "cache" in error.value.remedy
    with pytest.raises(UsageError, match="has no figures for the chart comparison"):
        tracereport.chart(sample_report(), "comparison")


def test_a_page_loads_no_altair() -> None:
    script = (
        "import sys, tests.sample_report as s; from tracereport.documents.page.page import render_html; "
        "render_html(s.sample_report()); print('altair' in sys.modules, 'vl_convert' in sys.modules)"
    )
    done = run_python(script, **environment())
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False", "True"]


def test_titles_say_the_finding(charts: dict[str, Chart]) -> None:
    assert charts["function-calls"].title == (
        "query_records: 282 of 691 calls (41 %) ask again for an unchanged answer"
    )
    assert charts["asked-again"].title == (
        "metadata asks again after get_next_version_for_node: 67 times for an unchanged answer"
    )
    assert charts["comparison"].title == "query_latest_record repeats 80 calls more than before"
    assert charts["cache"].title == "ensure_partition_cached: a cache of 2 entries reaches 80 % of all possible hits"


def test_caches_that_need_a_single_entry_have_no_curve() -> None:
    report = sample_report()
    curves = tuple(
        msgspec.structs.replace(curve, points=Rows(1, curve.points.rows[:1])) for curve in report.cache_curves.rows
    )
    assert "cache" in charts_of(report)
    assert "cache" not in charts_of(msgspec.structs.replace(report, cache_curves=Rows(len(curves), curves)))


def test_every_chart_has_words_and_a_table_for_those_who_do_not_see_it(charts: dict[str, Chart]) -> None:
    for chart in charts.values():
        assert chart.alternative.endswith(".")
        assert chart.rows
        assert {len(row) for row in chart.rows} == {len(chart.columns)}


def test_calls_per_function_are_split_by_what_is_known_of_the_answers(charts: dict[str, Chart]) -> None:
    shown = {
        row["kind"]: row["calls"]
        for row in values(charts["function-calls"].specification())
        if row.get("function") == "query_records" and "kind" in row
    }
    assert shown == {"first calls": 199, "asked again, unchanged": 282, "asked again, changed": 210}


def test_calls_that_were_not_judged_are_not_called_first() -> None:
    report = sample_report()
    row = msgspec.structs.replace(report.functions.rows[3], calls=900)
    caller = msgspec.structs.replace(report.callers.rows[5], calls=442)
    totals = msgspec.structs.replace(report.totals, judged_calls=7_050 - 209)
    report = msgspec.structs.replace(report, functions=Rows(1, (row,)), callers=Rows(1, (caller,)), totals=totals)
    charts = charts_of(report)
    for name, first in (("function-calls", 199), ("caller-calls", 0)):
        shown = {bar["kind"]: bar["calls"] for bar in values(charts[name].specification()) if "kind" in bar}
        assert shown.get("first calls", 0) == first
        assert shown["writes, others, and not judged"] == 209


def test_a_report_in_which_nothing_was_judged_claims_nothing_of_repeats() -> None:
    report = empty_report()
    totals = msgspec.structs.replace(report.totals, judged_calls=0)
    charts = charts_of(msgspec.structs.replace(report, totals=totals))
    assert charts["function-calls"].title == "query_records is called most: 1,523 calls, none of them judged"


def test_a_table_holds_the_figures_of_its_chart(charts: dict[str, Chart]) -> None:
    report = compared_report()
    table = {row[0]: row[1] for row in charts["function-calls"].rows}
    assert table["query_records"] == "691"
    assert list(table.values()) == [format_count(row.calls) for row in report.functions.rows]


def test_a_cut_list_says_so(charts: dict[str, Chart]) -> None:
    assert charts["caller-calls"].left_out == "9 of 14"
    assert charts["function-calls"].left_out == ""


def test_a_better_function_is_told_from_a_worse_one_in_words(charts: dict[str, Chart]) -> None:
    directions = {row["function"]: row["direction"] for row in values(charts["comparison"].specification())}
    assert directions["query_latest_record"] == "more than before"
    assert directions[Labels()(HOSTILE_FUNCTION)] == "fewer than before"


def test_the_icicle_puts_each_path_inside_of_its_caller(charts: dict[str, Chart]) -> None:
    boxes = {row["path"]: row for row in charts["tree"].datasets["rows"]}
    assert boxes["load_node"]["left"] == 0
    assert boxes["(unfinished)"]["calls"] is None
    for path, box in boxes.items():
        caller, _, _ = path.rpartition(" \u203a ")
        if caller:
            assert boxes[caller]["left"] <= box["left"] < box["right"] <= boxes[caller]["right"] + 1e-9


def test_the_strip_of_a_box_shows_all_that_its_calls_ask_for(charts: dict[str, Chart]) -> None:
    rows = charts["tree"].datasets["rows"]
    strips = [row for row in charts["tree"].datasets["strips"] if row["function"] == "query_latest_record"]
    box = next(row for row in rows if row["function"] == "query_latest_record")
    assert [strip["kind"] for strip in strips] == [
        "first calls",
        "one by one (fan-out)",
        "asked again, no evidence",
    ]
    assert (box["first"], box["fanOut"], box["unproven"]) == (74, 80, 534)
    shares = [(strip["right"] - strip["left"]) / (box["right"] - box["left"]) for strip in strips]
    assert shares == pytest.approx([74 / 688, 80 / 688, 534 / 688])
    assert strips[0]["left"] == box["left"]
    assert strips[-1]["right"] == pytest.approx(box["right"])


def test_the_breakdown_shows_metrics_beyond_the_elapsed_time_unclipped(charts: dict[str, Chart]) -> None:
    assert max(row["share"] for row in values(charts["breakdown"].specification())) == 3.0


def test_truncated_times_stand_apart(charts: dict[str, Chart]) -> None:
    cells = list(values(charts["latencies"].specification()))
    assert {row["elapsed"] for row in cells if row["cut_off"]} == {"< 1 ms"}
    assert all(not row["cut_off"] for row in cells if row["elapsed"] != "< 1 ms")


def test_charts_stay_small_whatever_the_report() -> None:
    for chart in charts_of(crowded_report()).values():
        assert len(json.dumps(chart.specification(), ensure_ascii=False).encode()) < 60_000, chart.name


def test_specifications_are_the_same_in_every_run(charts: dict[str, Chart]) -> None:
    again = charts_of(compared_report())
    for name, chart in charts.items():
        assert chart.specification() == again[name].specification()


def test_every_picture_has_marks(pictures: dict[str, str]) -> None:
    for name, picture in pictures.items():
        root = ET.fromstring(f"<div>{picture}</div>")  # noqa: S314 - our own picture
        shapes = [element for element in root.iter() if element.tag in {"path", "line", "rect"}]
        assert len(shapes) >= 5, name
        assert [element for element in root.iter() if element.tag == "text"], name


def test_pictures_are_the_same_in_every_run(charts: dict[str, Chart], pictures: dict[str, str]) -> None:
    with Pictures(theme.altair_theme()) as engine:
        backwards = {name: engine.draw(name, charts[name].specification()) for name in reversed(charts)}
        assert {name: picture.result() for name, picture in backwards.items()} == pictures


def test_no_two_pictures_share_an_id(pictures: dict[str, str]) -> None:
    ids = [found for picture in pictures.values() for found in re.findall(r'\bid="([^"]*)"', picture)]
    assert len(ids) == len(set(ids))


def test_a_picture_follows_the_page_and_still_has_colours_of_its_own(pictures: dict[str, str]) -> None:
    assert theme.colour("unchanged") in pictures["function-calls"]
    assert theme.HATCH in pictures["function-calls"]


def test_text_of_the_log_stays_text_in_a_picture(pictures: dict[str, str]) -> None:
    assert "</script" not in pictures["caller-calls"]
    assert "&lt;/details" in pictures["caller-calls"]
    assert Labels()(HOSTILE_CALLER) in ET.fromstring(f"<div>{pictures['caller-calls']}</div>").itertext()  # noqa: S314


def test_sample_and_comparison_share_all_other_charts() -> None:
    assert set(charts_of(sample_report())) == ALL_NAMES - {"comparison"}


def test_a_scale_of_powers_leaves_none_out(charts: dict[str, Chart]) -> None:
    elapsed = [column.title for column in charts["latencies"].columns[1:]]
    assert elapsed[:4] == ["< 1 ms", "1 ms", "2 ms", "4 ms"]


def test_a_tree_of_some_calls_speaks_of_those() -> None:
    report = sample_report()
    assert report.call_tree is not None
    partial = msgspec.structs.replace(report, call_tree=msgspec.structs.replace(report.call_tree, calls=52))
    assert " of the 52 calls whose tree is known run inside of " in charts_of(partial)["tree"].title


def test_no_row_and_no_column_of_a_matrix_is_empty() -> None:
    edges = tuple(
        msgspec.structs.replace(sample_report().edges.rows[0], caller=f"caller_{n}", function=f"function_{n // 2}")
        for n in range(40)
    )
    matrix = charts_of(msgspec.structs.replace(sample_report(), edges=Rows(40, edges)))["edges"].specification()
    cells = matrix["datasets"]["cells"]
    axes = next(
        layer["encoding"] for layer in matrix["layer"] if "x" in layer["encoding"] and "axis" in layer["encoding"]["x"]
    )
    assert set(axes["x"]["scale"]["domain"]) == {cell["function"] for cell in cells}
    assert set(axes["y"]["scale"]["domain"]) == {cell["caller"] for cell in cells}


def test_a_table_row_knows_the_functions_that_it_is_about(charts: dict[str, Chart]) -> None:
    for name, chart in charts.items():
        assert len(chart.functions) == (0 if name == "activity" else len(chart.rows)), name


def test_an_alternative_says_the_largest_values(charts: dict[str, Chart]) -> None:
    assert " From the top: ensure_partition_cached 1,818 calls, " in charts["function-calls"].alternative


def deep_report(levels: int) -> Report:
    """A tree of one chain, each level a path of its own, as deep as told."""
    sample = sample_report()
    assert sample.call_tree is not None
    names = tuple(f"level_{level}" for level in range(levels))
    depths = range(levels, 0, -max(1, levels // 40))
    paths = tuple(
        TreePath(path=names[:depth], calls=levels - depth + 1, total_ns=10**6, self_ns=10**3, redundant_calls=0)
        for depth in depths
    )
    tree = msgspec.structs.replace(sample.call_tree, paths=Rows(len(paths), paths), deepest=Rows(1, paths[:1]))
    return msgspec.structs.replace(sample, call_tree=tree)


def test_a_tree_of_any_depth_stays_in_bounds() -> None:
    report = deep_report(5_000)
    chart = charts_of(report)["tree"]
    assert chart.values["height"] <= 24 * 30
    assert len(json.dumps(chart.specification())) < 60_000
    page = render_html(report, pictures=False)
    assert len(page.encode()) <= MOST_BYTES
    assert "… 4,984 more …" in page
    assert "… 4,984 more …" in render_text(report, width=400)


def test_boxes_lie_inside_of_their_callers_by_time_too() -> None:
    boxes = {row["path"]: row for row in charts_of(sample_report())["tree"].datasets["rows"]}
    inner = [path for path in boxes if " \u203a " in path]
    assert inner
    for path in inner:
        box, caller = boxes[path], boxes.get(path.rpartition(" \u203a ")[0])
        if caller is not None:
            assert (
                caller["leftInTime"] - 1e-9 <= box["leftInTime"] <= box["rightInTime"] <= caller["rightInTime"] + 1e-9
            )


def test_what_has_no_room_when_narrow_is_there_as_bars_too(charts: dict[str, Chart]) -> None:
    assert {name for name, chart in charts.items() if chart.bars} == {"edges", "asked-again", "latencies"}
    for chart in charts.values():
        shares = [bar.share for bar in chart.bars]
        assert shares == sorted(shares, reverse=True)
        assert all(0 <= share <= 1 for share in shares)
    edges = charts["edges"]
    assert [bar.figure for bar in edges.bars[:2]] == [row[2] for row in edges.rows[:2]]
