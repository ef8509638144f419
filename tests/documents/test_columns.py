"""Tables and sentences fit the width that they are given."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tracereport.documents.terminal.canvas import Canvas, TextColumn
from tracereport.wording.units import display_width


def column(title: str, *cells: str, code: bool = False, loud: bool = False) -> TextColumn:
    return TextColumn(title, cells, align="left" if code else "right", code=code, loud=loud)


NAMES = column("function", "query_records", "load_node", code=True)
CALLS = column("calls", "1,523", "8")


def test_numbers_stand_right_and_names_left() -> None:
    assert Canvas(40, colour=False).table([CALLS, NAMES]) == [
        "  calls  function",
        "  1,523  query_records",
        "      8  load_node",
    ]


def test_a_table_without_rows_is_nothing() -> None:
    assert Canvas(40, colour=False).table([column("calls"), column("function", code=True)]) == []


def test_the_last_figures_go_before_a_name_is_cut() -> None:
    long_name = column("function", "a_function_with_a_very_long_name_indeed", code=True)
    total, longest = column("total", "12.3-15.1 s"), column("max", "114 ms")
    calls = column("calls", "8")
    wide, narrow, narrowest = (
        Canvas(width, colour=False).table([calls, long_name, total, longest]) for width in (80, 60, 40)
    )
    assert wide[0].split() == ["calls", "function", "total", "max"]
    assert narrow[0].split() == ["calls", "function", "total", "max"]
    assert "…" in narrow[1]
    assert narrowest[0].split() == ["calls", "function"]


def test_only_what_repeats_for_nothing_is_loud() -> None:
    lines = Canvas(60, colour=True).table([NAMES, column("unchanged", "282", "-", loud=True)])
    assert [line.count("\x1b[38;5;166m") for line in lines] == [0, 1, 0]
    assert "\x1b" not in "".join(Canvas(60, colour=False).table([NAMES, column("unchanged", "282", "-", loud=True)]))


def test_a_remark_stands_at_the_right_end_or_under_the_line() -> None:
    canvas = Canvas(20, colour=False)
    assert canvas.set_right(["first", "second"], "remark") == ["first", "second        remark"]
    assert canvas.set_right(["a line with no room"], "remark") == ["a line with no room", "              remark"]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zl", "Zp"])), st.integers(10, 60))
def test_wrapped_lines_fit_and_lose_no_short_word(text: str, width: int) -> None:
    lines = Canvas(width, colour=False).wrap(text, "  ", "    ")
    assert all(display_width(line) <= width for line in lines)
    kept = " ".join(line.removeprefix("  ").removeprefix("  " if index else "") for index, line in enumerate(lines))
    if all(display_width(word) <= width - 4 for word in text.split(" ")):
        assert kept.split() == text.split()


@given(st.lists(st.tuples(st.integers(0, 10**9), st.text(max_size=80)), min_size=1, max_size=4), st.integers(60, 140))
@settings(max_examples=60)
def test_a_table_never_exceeds_the_width(rows: list[tuple[int, str]], width: int) -> None:
    numbers, names = zip(*rows, strict=True)
    columns = [
        column("calls", *map(str, numbers)),
        TextColumn("function", names, align="left", code=True),
        *(column(title, *map(str, numbers)) for title in ("repeats", "unchanged", "total", "p99", "max")),
    ]
    assert all(display_width(line) <= width for line in Canvas(width, colour=False).table(columns))
