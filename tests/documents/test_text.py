"""The terminal's report: its sections, findings first, within the width, safe from what a log holds."""

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sample_report import sample_report
from tests.sample_report.compared import compared_report, unchanged_report
from tests.sample_report.empty import empty_report
from tests.sample_report.findings import FINDINGS
from tests.sample_report.lookups import share, signature
from tests.sample_report.names import HOSTILE_VALUES, params, references, rows
from tracereport.documents.terminal.report import render_explanation, render_text
from tracereport.model import CallReference, Finding, QualityWarning, Report, Rows, Selection, Settings
from tracereport.sections.cells import Shares
from tracereport.wording.units import display_width, escape_controls

REPORTS = {
    "sample": sample_report(),
    "compared": compared_report(),
    "unchanged": unchanged_report(),
    "empty": empty_report(),
}


def quick_start_report() -> Report:
    """The example of the quick start, as far as it goes."""
    query = ("query_records", "query_directory_entries", params(part_id="abc123", node_id="abc123"))
    entry = ("query_single_directory_entry", "load_directory_entries", params(part_id="root", entry_name="data"))
    numbers = (42, 43, 44, 45, 56, 57, 58, 67, 68, 69, 70, 71)
    counts = (("query_records", 856), ("query_single_directory_entry", 234), ("load_node", 145))
    sample = sample_report()
    return msgspec.structs.replace(
        sample,
        totals=msgspec.structs.replace(sample.totals, calls=1523),
        functions=rows(
            *(
                msgspec.structs.replace(sample.functions.rows[0], function=function, calls=calls)
                for function, calls in counts
            )
        ),
        redundant_signatures=rows(signature(*query, *numbers, calls=12), signature(*entry, 1, 2, calls=8)),
        cache_candidates=rows(signature(*query, *numbers, calls=12)),
    )


def sections(text: str) -> dict[str, list[str]]:
    """Lines by the heading over them."""
    parted = re.split(r"^=== (.*) ===$", text, flags=re.MULTILINE)
    return {title: body.strip("\n").splitlines() for title, body in zip(parted[1::2], parted[2::2], strict=True)}


def test_the_quick_starts_own_lines_are_there_word_for_word() -> None:
    text = render_text(quick_start_report(), width=100)
    assert text.startswith("=" * 35 + "\nPerformance Analysis Report\n" + "=" * 35 + "\n")
    assert "\nTotal traces: 1523\n" in text
    assert "=== Top 10 Functions by Call Count ===" in text
    assert re.search(r"^ +856 +query_records ", text, re.MULTILINE)
    parts = sections(text)
    assert parts["Potential Redundant Calls"][0] == (
        "  12 calls: query_records|caller=query_directory_entries|part_id=abc123|node_id=abc123"
    )
    assert parts["Cache Hit Opportunities"][0] == "Signatures called 3+ times (cache candidates):"
    assert parts["Cache Hit Opportunities"][2] == "      Call numbers: #42 #43 #44 #45 #56 #57 #58 #67 #68 #69 #70 #71"


def test_lists_that_are_cut_say_so_wherever_they_stand() -> None:
    report = compared_report()
    assert report.input is not None
    source = msgspec.structs.replace(report.input, files=tuple(f"{n}.log" for n in range(30)), errors=("broken",) * 12)
    settings = msgspec.structs.replace(report.settings, top=2)
    text = render_text(msgspec.structs.replace(report, input=source, settings=settings))
    sections = {part.partition(" ===")[0]: part for part in text.split("=== ")}
    assert "and 28 more." in " ".join(sections["Input"].split())
    assert "and 10 more." in " ".join(sections["Input"].split())
    assert "\n  ... 2 of 4\n" in sections["Changed Findings"]


def test_an_explanation_counts_the_pairs_that_it_shows() -> None:
    finding = FINDINGS[0]
    pairs = Rows(15, finding.pairs.rows * 5)
    assert "of 15\n" not in render_explanation(sample_report(), msgspec.structs.replace(finding, pairs=pairs))
    cut = render_explanation(sample_report(), finding)
    assert "... 2 of 31" in cut
    assert "... 3 of 152" in cut


def test_callers_that_a_table_leaves_out_are_counted() -> None:
    shares = rows(share("a", 1, 2), share("b", 3), total=9)
    assert Shares(shares).plain() == "a 2, b 1 and 7 more"


def test_a_reader_meets_what_is_wrong_then_the_verdict_then_what_to_change() -> None:
    text = render_text(sample_report())
    order = [
        "=== What Would Mislead ===",
        "5,878 of 7,050 calls ask again",
        "=== What to Change First ===",
        "=== Top 10 Functions by Call Count ===",
        "=== Data Quality ===",
        "=== Input ===",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "could not be read as a record" not in "\n".join(sections(text)["Data Quality"])


def test_every_section_of_rows_ends_in_its_fix() -> None:
    without_fix = {
        "What Would Mislead",
        "What to Change First",
        "Processes",
        "Units of Work",
        "Accepted Findings",
        "Data Quality",
        "Input",
    }
    for title, lines in sections(render_text(sample_report(), width=200)).items():
        if title not in without_fix:
            assert lines[-1].startswith("  Fix: "), title
    findings = sections(render_text(sample_report(), width=200))["What to Change First"]
    assert sum("Fix: " in line or "Accepted: " in line for line in findings) == 10


def test_a_finding_says_worth_confidence_extent_fix_and_where() -> None:
    lines = sections(render_text(sample_report(), width=110))["What to Change First"]
    assert lines[0].startswith("  1. `metadata` asks `query_records` again for what is known ")
    assert lines[0].endswith(" saves 152 calls, sure")
    assert lines[1] == "     195 repeats over 26 `id`s: 152 unchanged, 43 changed; worst 29 times for one `id`"
    assert lines[2].startswith("     Fix: Let `metadata` keep what `query_records` answered for `id` until")
    assert lines[4] == "     See: #122 (line 126) asks what #98 (line 102) asked; --explain 074bb2de876e"


def test_a_likely_finding_says_why_above_its_fix() -> None:
    lines = sections(render_text(sample_report(), width=110))["What to Change First"]
    likely = [line for line in lines if line.startswith("     Likely: ")]
    assert likely
    assert len(likely) == sum(line.endswith(", likely") for line in lines)


def test_what_is_left_out_is_said() -> None:
    parts = sections(render_text(sample_report()))
    assert "  ... 6 of 856" in parts["Potential Redundant Calls"]
    assert "  ... 10 of 23" in parts["What to Change First"]
    assert not any("..." in line for line in parts["Slow Calls"])
    narrow = sections(render_text(sample_report(), width=80))["Cache Hit Opportunities"]
    shown = next(line for line in narrow if "Call numbers: #5 " in line)
    assert shown.endswith(" of 267")
    assert f"... {shown.count('#')} of 267" in shown


def test_top_bounds_every_list() -> None:
    report = msgspec.structs.replace(sample_report(), settings=Settings(top=2))
    parts = sections(render_text(report))
    assert "Top 2 Functions by Call Count" in parts
    assert "  ... 2 of 11" in parts["Top 2 Functions by Call Count"]
    assert "  ... 2 of 23" in parts["What to Change First"]
    assert "  3. " not in "\n".join(parts["What to Change First"])


def test_gates_then_what_is_new_or_worse_then_the_comparison() -> None:
    text = render_text(compared_report(), width=120)
    parts = sections(text)
    assert list(parts)[:4] == ["What Would Mislead", "Gates", "What to Change First", "Changed Findings"]
    first = parts["What to Change First"]
    assert first[0].startswith("  1. WORSE: `metadata` asks `query_records` again"), "what is worse comes first"
    assert any(line.startswith("  4. NEW: `load_node` asks `query_latest_record`") for line in first[:9])
    assert parts["Gates"][:4] == [
        "  FAILED: --fail-on new-findings",
        "      is 1, limit 0",
        "      Note: fan-out of query_latest_record",
        "  passed: --fail-on redundant_rate > 0.9",
    ]
    assert "\nCompared with main: +124 calls, 118 of them redundant: new N+1 in `load_directory`.\n" in text
    changed = [line for line in parts["Changed Findings"] if line.startswith("  ") and not line.startswith("   ")]
    assert changed[0] == "  new: `load_node` asks `query_latest_record` once for each `id`"
    assert "      80 after, change +80" in parts["Changed Findings"]
    assert not any(line.startswith("  unchanged") for line in changed)


def test_nothing_changed_says_so() -> None:
    text = render_text(unchanged_report())
    assert "\nCompared with main: Nothing changed: 7,050 calls, 5,878 of them redundant, as in main.\n" in text
    assert sections(text)["Changed Findings"][-1] == "  None: every finding is as before."


def test_empty_is_good_news_and_not_a_page_of_empty_tables() -> None:
    text = render_text(empty_report())
    assert "\nNone of the 1,523 calls was made twice.\n" in text
    assert list(sections(text)) == [
        "What to Change First",
        "Top 10 Functions by Call Count",
        "Times of Functions",
        "Potential Redundant Calls",
        "Cache Hit Opportunities",
        "Call Tree",
        "Processes",
        "Input",
    ]


def test_the_four_kinds_of_lines_are_accounted_for() -> None:
    lines = sections(render_text(sample_report()))["Input"]
    assert lines[0].startswith("7,053 lines = 7,049 records + 1 continuation line + 2 malformed + 1 other line, ")
    assert "no elapsed field" in lines[-2]
    assert lines[-1].startswith("      Text: PERF_TRACE|7050|"), "the reason is whole, and the line stands under it"


def test_what_was_not_judged_and_what_is_shown_is_said() -> None:
    sample = sample_report()
    report = msgspec.structs.replace(
        sample,
        totals=msgspec.structs.replace(sample.totals, judged_calls=6864),
        quality=rows(
            QualityWarning(code="interleaved", message="Processes are mixed.", remedy="Set them apart.", count=186)
        ),
        selection=Selection(callers=("load_*",)),
    )
    text = render_text(report)
    assert "\nNot judged: 186 calls of interleaved processes\n" in text
    assert "\nNarrowed to caller load_*; the totals are of all calls\n" in text


def test_with_several_processes_a_call_number_says_which_one() -> None:
    sample = sample_report()
    process = sample.processes.rows[0]
    candidate = msgspec.structs.replace(
        sample.cache_candidates.rows[0],
        call_references=Rows(
            4,
            tuple(
                CallReference(process=index, number=number, line=1)
                for index, number in ((0, 1), (0, 2), (3, 1), (3, 2))
            ),
        ),
    )
    report = msgspec.structs.replace(
        sample,
        processes=rows(process, msgspec.structs.replace(process, index=3, name="other", interleaved=True)),
        cache_candidates=rows(candidate),
    )
    parts = sections(render_text(report))
    assert parts["Cache Hit Opportunities"][2] == "      Call numbers: process 0: #1 #2 process 3: #1 #2"
    assert any("no: interleaved" in line for line in parts["Processes"])


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("name", REPORTS)
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    text = render_text(REPORTS[name], width=width)
    assert [line for line in text.splitlines() if display_width(line) > width] == []
    assert not any(line != line.rstrip() for line in text.splitlines())
    assert text.endswith("\n")
    assert "\n\n\n" not in text


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_of_a_log_steers_the_terminal(name: str) -> None:
    text = render_text(REPORTS[name])
    assert all(escape_controls(line) == line for line in text.split("\n"))


@pytest.mark.parametrize("name", REPORTS)
def test_colour_is_bold_and_one_loud_colour_and_changes_no_word(name: str) -> None:
    coloured = render_text(REPORTS[name], colour=True)
    assert set(re.findall("\x1b\\[[0-9;]*m", coloured)) <= {"\x1b[1m", "\x1b[38;5;166m", "\x1b[0m"}
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == render_text(REPORTS[name])


def test_what_is_asked_again_for_nothing_is_loud() -> None:
    loud = re.findall("\x1b\\[38;5;166m *(.*?)\x1b\\[0m", render_text(sample_report(), colour=True))
    assert "152 unchanged" in loud
    assert "282" in loud
    assert not any("changed" in text and "unchanged" not in text for text in loud)


@given(st.text(max_size=200), st.integers(0, 160))
@settings(max_examples=30, deadline=None)
def test_any_name_and_value_fits_and_is_harmless(text: str, width: int) -> None:
    sample = sample_report()
    named = params(id=text, part=text * 3)
    report = msgspec.structs.replace(
        sample,
        title=text,
        findings=rows(
            *(msgspec.structs.replace(found, function=text, callers=(text, *found.callers[1:])) for found in FINDINGS)
        ),
        redundant_signatures=rows(signature(text, text, named, 1, 2, calls=2)),
        edges=rows(msgspec.structs.replace(sample.edges.rows[0], caller=text, function=text)),
    )
    for line in render_text(report, width=width).split("\n"):
        assert display_width(line) <= max(width, 60)
        assert escape_controls(line) == line


def test_an_explanation_shows_one_finding_in_full() -> None:
    text = render_explanation(sample_report(), FINDINGS[0])
    assert text.startswith("`metadata` asks `query_records` again for what is known\n195 repeats over 26 `id`s")
    parts = sections(text)
    assert parts["Asked Again By"][0] == "  `metadata` after `get_next_version_for_node`: 67 unchanged, 9 changed"
    assert parts["Tests"][-1] == "  ... 2 of 31"
    evidence = "\n".join(parts["Evidence"])
    assert "#122 (line 126) asks what #98 (line 102) asked" in evidence
    assert f"      id={FINDINGS[0].evidence.rows[0].params[0].value}" in parts["Evidence"]
    assert "      total_count=1" in parts["Evidence"]
    assert "**How to verify it.**" in "\n".join(parts["What to Do"])
    assert "+    forget kept[id]" in parts["What to Do"]


def test_the_trace_lines_of_an_explanation_are_shown_as_logged_but_for_control_characters() -> None:
    text = render_explanation(sample_report(), FINDINGS[0], ["PERF_TRACE|1|f|id=\x1b[31m|elapsed_ms=1", "  second"])
    assert text.endswith("\n\n=== Trace Lines ===\nPERF_TRACE|1|f|id=\\x1b[31m|elapsed_ms=1\n  second\n")
    assert "Trace Lines" not in render_explanation(sample_report(), FINDINGS[0])


@pytest.mark.parametrize("found", FINDINGS, ids=lambda found: found.fingerprint)
def test_every_finding_can_be_explained_without_harm(found: Finding) -> None:
    text = render_explanation(sample_report(), found)
    assert all(escape_controls(line) == line for line in text.split("\n"))
    assert HOSTILE_VALUES[0] not in text


def test_references_are_elided_only_where_they_must_be() -> None:
    sample = sample_report()
    candidate = msgspec.structs.replace(sample.cache_candidates.rows[0], call_references=references(*range(0, 40, 2)))
    report = msgspec.structs.replace(sample, cache_candidates=rows(candidate))
    line = sections(render_text(report, width=140))["Cache Hit Opportunities"][2]
    assert line.endswith("#36 #38")
