"""Values are written so that they never say more than is known."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.needs import examples
from tracereport.model import Param
from tracereport.wording.units import (
    display_width,
    elide_fields,
    elide_middle,
    escape_controls,
    format_bounds,
    format_call_runs,
    format_caller,
    format_change,
    format_cut_list,
    format_decimal,
    format_elapsed,
    format_exact_time,
    format_figure,
    format_figure_change,
    format_figure_name,
    format_left_out,
    format_magnitude,
    format_share,
    format_signature,
    format_time,
    pad_left,
    pad_right,
)

MS = 1_000_000


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_no_part_is_rounded_to_nothing_or_to_the_whole(part: int, whole: int) -> None:
    written = format_share(part, max(part, whole))
    assert (written == "0 %") == (part == 0)
    assert (written == "100 %") == (part >= whole)


def test_what_is_cut_says_so() -> None:
    assert [format_left_out(shown, 3) for shown in (2, 3)] == ["2 of 3", ""]
    assert [format_cut_list(["a", "b"], total) for total in (2, 3, 1_002)] == [
        "a and b",
        "a, b and 1 more",
        "a, b and 1,000 more",
    ]


def test_a_share_of_nothing_is_not_known() -> None:
    assert format_share(0, 0) == "-"


@pytest.mark.parametrize(
    ("time_ns", "written"),
    [
        (0, "0 ms"),
        (900, "900 ns"),
        (1_500, "1.5 µs"),
        (15 * MS, "15 ms"),
        (1_234 * MS, "1.2 s"),
        (123_456 * MS, "123 s"),
        (-2 * MS, "-2 ms"),
    ],
)
def test_a_time_stands_in_its_largest_fitting_unit(time_ns: int, written: str) -> None:
    assert format_time(time_ns) == written


@pytest.mark.parametrize(
    ("lower_ns", "upper_ns", "written"),
    [
        (0, MS, "< 1 ms"),
        (15 * MS, 40 * MS, "15-40 ms"),
        (14_836 * MS, 17_856 * MS, "14.8-17.9 s"),
        (50 * MS, 1_200 * MS, "50 ms-1.2 s"),
        (311 * MS, 1_200 * MS, "0.3-1.2 s"),
        (7 * MS, 7 * MS, "7 ms"),
        (0, 0, "0 ms"),
    ],
)
def test_bounds_read_as_one_range(lower_ns: int, upper_ns: int, written: str) -> None:
    assert format_bounds(lower_ns, upper_ns) == written


@given(st.integers(0, 10**13), st.integers(1, 10**13))
def test_written_bounds_hold_the_true_time(lower_ns: int, length_ns: int) -> None:
    ns = {"s": 10**9, "ms": 10**6, "µs": 10**3, "ns": 1}
    upper_ns = lower_ns + length_ns
    written = format_bounds(lower_ns, upper_ns)
    lower, _, upper = written.removeprefix("< ").rpartition("-")
    upper_figure, unit = upper.split(" ")
    lower_figure, _, lower_unit = lower.partition(" ")
    if lower:
        assert float(lower_figure.replace(",", "")) * ns[lower_unit or unit] <= lower_ns + 1e-3 * ns[lower_unit or unit]
    else:
        assert written.startswith("< ")
        assert lower_ns == 0
    assert float(upper_figure.replace(",", "")) * ns[unit] >= upper_ns - 1e-3 * ns[unit]


def test_a_truncated_zero_is_not_nothing() -> None:
    assert format_elapsed(0, MS) == "< 1 ms"
    assert format_elapsed(3 * MS, MS) == "3 ms"


def test_the_exact_time_is_a_title_away() -> None:
    assert format_exact_time(14_804 * MS) == "14,804 ms"
    assert format_exact_time(1_500_003) == "1,500,003 ns"


def test_call_numbers_are_drawn_together_in_runs() -> None:
    assert format_call_runs([42, 43, 44, 56, 57, 71]) == "#42-#44 #56-#57 #71"
    assert format_call_runs([]) == ""


def test_figures_are_written_by_the_unit_in_their_name() -> None:
    assert format_figure("calls", 7050) == "7,050"
    assert format_figure("redundant_rate", 0.27) == "27 %"
    assert format_figure("elapsed_ns", 15 * MS) == "15 ms"
    assert format_figure("elapsed_ns", None) == "-"
    assert [format_figure_name(name) for name in ("redundant_calls", "elapsed_ns")] == ["redundant calls", "elapsed"]
    assert format_figure_change("calls", 6926, 7050) == "+124"
    assert format_figure_change("redundant_rate", 0.2, 0.25) == "+5.0 points"
    assert format_figure_change("redundant_rate", 0.2, 0.2003) == "< 0.1 points"
    assert format_figure_change("redundant_rate", 0.2003, 0.2) == "> -0.1 points"
    assert format_figure_change("redundant_rate", 0.2, 0.2) == "0"
    assert format_figure_change("elapsed_ns", 1, 2) == "-"
    assert [format_change(3, after) for after in (0, 3, 5)] == ["-3", "0", "+2"]
    assert [format_decimal(number) for number in (12.0, 0.734, 1204.5)] == ["12", "0.73", "1,204.5"]
    assert [format_magnitude(number) for number in (1204.5, 2**64 - 1)] == ["1,204.5", "1.8e19"]


def test_a_missing_caller_is_none_of_the_callers() -> None:
    assert format_caller(None) == "(no caller)"
    assert format_caller("unknown") == "unknown"


def test_a_signature_stands_in_the_syntax_of_the_log() -> None:
    params = (Param(name="part_id", value="abc"), Param(name="node_id", value="x|y"))
    assert (
        format_signature("query_records", "load_node", params)
        == "query_records|caller=load_node|part_id=abc|node_id=x|y"
    )
    assert format_signature("query_records", None, ()) == "query_records"


def test_a_long_signature_keeps_its_names() -> None:
    params = (Param(name="id", value="0123456789" * 20), Param(name="part", value="root"))
    written = format_signature("query_records", "metadata", params, 60)
    assert display_width(written) == 60
    assert written.startswith("query_records|caller=metadata|id=0123")
    assert written.endswith("|part=root")
    shorter = format_signature("query_records", "get_next_version_for_node", params, 70)
    assert shorter.startswith("query_records|caller=get_next_version_for_node|id=0123")


FIELDS = st.tuples(st.sampled_from(("caller", "id", "")), st.text("a", max_size=30))


@given(st.text("fg", max_size=12), st.lists(FIELDS, max_size=6), st.integers(0, 80))
def test_of_the_values_no_more_is_left_out_than_must_be(
    function: str, fields: list[tuple[str, str]], width: int
) -> None:
    text = "|".join([function, *(f"{name}={value}" for name, value in fields)])
    fitting = (
        shown
        for kept in ("caller", None)
        for longest in range(width, 8, -1)
        if display_width(shown := shorten(function, fields, longest, kept)) <= width
    )
    expected = text if display_width(text) <= width else next(fitting, elide_middle(text, width))
    assert elide_fields(text, width) == expected


def shorten(function: str, fields: list[tuple[str, str]], longest: int, kept: str | None) -> str:
    values = [value if name == kept else elide_middle(value, longest) for name, value in fields]
    return "|".join([function, *(f"{name}={value}" for (name, _), value in zip(fields, values, strict=True))])


def test_a_lookup_of_a_million_fields_is_elided_at_once() -> None:
    text = "load|id=" + "x" * 10_000_000 + "|=y" * 1_000_000
    start = time.process_time()
    assert [elide_fields(text, width) for width in (60, 100)] == [elide_middle(text, width) for width in (60, 100)]
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("abc\u202edef", "abc\\u202edef"),
        ("line1\nline2\r\t", "line1\\nline2\\r\\t"),
        ("\x1b[31mred\x00\x7f\x85", "\\x1b[31mred\\x00\\x7f\\x85"),
        ("a\u2028b\u2029c\u200bd\ufeffe", "a\\u2028b\\u2029c\\u200bd\\ufeffe"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("Größe-日本語-🦀", "Größe-日本語-🦀"),
        ("C:\\dir\\n", "C:\\dir\\n"),
    ],
)
def test_nothing_in_a_value_can_steer_a_terminal_or_turn_a_line_round(text: str, written: str) -> None:
    assert escape_controls(text) == written


@given(st.text())
def test_escaped_text_is_visible_and_can_be_encoded(text: str) -> None:
    escaped = escape_controls(text)
    escaped.encode()
    assert escape_controls(escaped) == escaped
    assert len(escaped.splitlines()) <= 1


@given(st.text(), st.integers(0, 40))
@settings(max_examples=examples(200))
def test_elided_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    for elide in (elide_middle, elide_fields):
        elided = elide(text, width)
        assert display_width(elided) <= width
        if display_width(text) <= width:
            assert elided == text


def test_wide_characters_take_two_columns() -> None:
    assert display_width("日本e\u0301") == 5
    assert elide_middle("日本語日本語", 7) == "日…語"
    assert pad_right("日", 4) == "日  "
    assert pad_left("日", 4) == "  日"
