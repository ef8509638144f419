"""Evidence as a difference: what all calls share is said once."""

from msgspec.structs import replace

from tests.sample_report import sample_report
from tests.sample_report.findings import FINDINGS
from tests.sample_report.names import params
from tracereport.documents.page.page import render_html
from tracereport.documents.summary import render_markdown
from tracereport.documents.terminal.report import render_explanation
from tracereport.model import Finding, Rows
from tracereport.wording.differences import describe_values, find_difference

STATEMENT = "SELECT authors.id, authors.name, authors.born FROM authors WHERE authors.id = ?"


def fan_out() -> Finding:
    """One statement for each of six ids."""
    found = next(row for row in FINDINGS if row.kind == "fan-out")
    first = found.evidence.rows[0]
    calls = [replace(first, number=number, params=params(sql=STATEMENT, pk_1=str(number))) for number in range(10, 16)]
    return replace(found, evidence=Rows(6, tuple(calls)))


def test_what_is_shared_and_what_varies() -> None:
    difference = find_difference(fan_out())
    assert difference.shared == params(sql=STATEMENT)
    assert difference.values == (("pk_1", ("10", "11", "12", "13", "14", "15")),)
    assert difference.own(fan_out().evidence.rows[2]) == params(pk_1="12")


def test_one_call_differs_from_nothing() -> None:
    alone = replace(fan_out(), evidence=Rows(1, fan_out().evidence.rows[:1]))
    difference = find_difference(alone)
    assert (difference.shared, difference.values) == ((), ())
    assert difference.own(alone.evidence.rows[0]) == params(sql=STATEMENT, pk_1="10")


def test_values_are_listed_and_the_rest_is_counted() -> None:
    assert describe_values("pk_1", ["10", "11", "12"], str) == "pk_1 = 10, 11 and 12"
    assert describe_values("id", [str(number) for number in range(20)], str).endswith("7 and 12 more")
    assert describe_values("id", ["", "x" * 90], str).startswith("id = '' and xx")


def test_every_document_shows_a_shared_statement_once() -> None:
    report = replace(sample_report(), findings=Rows(1, (fan_out(),)), redundant_signatures=Rows(), fanouts=Rows())
    assert render_explanation(report, fan_out()).count(STATEMENT) == 1
    markdown = render_markdown(report)
    assert "- `pk_1` = `10, 11, 12, 13, 14 and 15`" in markdown
    assert markdown.count("sql=SELECT") == 1
    card = render_html(report, pictures=False).partition('class="opened"')[2].partition("</li>\n</ol>")[0]
    assert card.count("SELECT authors") == 2, "as it is shown, and its title"
    assert "Different: <code>pk_1</code> = <code>10, 11, 12, 13, 14 and 15</code>" in card
