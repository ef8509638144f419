"""The seam of formats: a new format is one file and one member of ``FORMATS``."""

import inspect
from pathlib import Path

import pytest

from tests.sample_report import sample_report
from tests.sample_report.empty import empty_report
from tracereport import documents
from tracereport.documents import FORMATS
from tracereport.documents.formats import choose_formats, find_format, list_suffixes, render_report
from tracereport.documents.interface import Format, MadeOf, RenderOptions, Result
from tracereport.errors import UsageError

FOLDER = Path(documents.__file__).parent


class Headline:
    """A toy format: the title and the verdict, for a sign at the door."""

    name = "headline"
    suffixes = (".sign",)
    help = "a line"
    all_rows = False
    made_of: MadeOf = "report"

    def render(self, result: Result, options: RenderOptions) -> str:
        return f"{result.report.title}: {result.report.verdict.message}"[: options.width] + "\n"


WITH_TOY: tuple[Format, ...] = (*FORMATS, Headline())


def test_a_new_format_is_one_class_and_its_suffix_chooses_it() -> None:
    report = sample_report()
    ((target, kind),) = choose_formats(["door.sign"], None, WITH_TOY)
    assert (target, kind.name) == ("door.sign", "headline")
    document = render_report(report, kind, RenderOptions(width=30))
    assert document == f"{report.title}: {report.verdict.message}"[:30] + "\n"
    assert find_format("headline", WITH_TOY) is kind
    with pytest.raises(UsageError, match="unknown format"):
        find_format("headline", FORMATS)


def test_each_format_stands_in_a_file_of_its_own() -> None:
    files = {Path(inspect.getfile(type(kind))) for kind in FORMATS}
    assert len(files) == len(FORMATS) - 1, "but JSON, which is one file packed or not"
    assert all(file.is_relative_to(FOLDER) for file in files)


def test_names_are_distinct_and_nothing_of_a_format_is_left_out() -> None:
    names = [kind.name for kind in FORMATS]
    assert len(set(names)) == len(names)
    for kind in FORMATS:
        assert {"name", "suffixes", "help", "all_rows", "made_of", "render"} <= set(dir(kind)), kind.name
        assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in kind.suffixes)


@pytest.mark.parametrize(
    ("target", "standard", "name"),
    [
        ("a.txt", None, "text"),
        ("a.txt", "raw", "raw"),
        ("a.txt", "brief", "brief"),
        ("a.txt", "markdown", "text"),
        ("A.HTM", None, "html"),
        ("a.json", None, "json"),
        ("a.json.gz", None, "json.gz"),
        ("a.speedscope.json", None, "speedscope"),
        ("a.speedscope.json", "json", "speedscope"),
        ("summary", "sarif", "sarif"),
        ("-", None, "text"),
        ("-", "github", "github"),
    ],
)
def test_the_longest_suffix_chooses_and_a_name_where_several_have_it(
    target: str, standard: str | None, name: str
) -> None:
    ((_, kind),) = choose_formats([target], standard, FORMATS)
    assert kind.name == name


def test_a_suffix_that_nobody_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="its suffix chooses no format") as error:
        choose_formats(["report.docx"], None, FORMATS)
    assert all(suffix in error.value.remedy for suffix in list_suffixes())


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind.made_of != "report"], ids=lambda kind: kind.name)
def test_a_report_alone_is_not_enough_for_what_is_made_of_calls(kind: Format) -> None:
    with pytest.raises(UsageError, match="A report doesn't hold"):
        render_report(sample_report(), kind)


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind.made_of == "report"], ids=lambda kind: kind.name)
def test_every_format_of_a_report_is_made_of_a_full_and_of_an_empty_one(kind: Format) -> None:
    for report in (sample_report(), empty_report()):
        first = render_report(report, kind, RenderOptions(location="src/main.py"))
        assert first == render_report(report, kind, RenderOptions(location="src/main.py"))
        assert first or kind.name == "github"
