"""The templates' environment is strict, and data of a script stays data."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from tracereport.documents.templating import environment, json_script
from tracereport.sections.charts.templates import templates_dir

VISIBLE = st.text(st.characters(codec="utf-8"), max_size=40)


def test_the_templates_are_found() -> None:
    assert (templates_dir() / "summary.md").is_file()


def test_a_name_that_is_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ missing }}").render()


def test_html_escapes_by_itself_and_text_does_not() -> None:
    escapes = environment().autoescape
    assert callable(escapes)
    assert [escapes(name) for name in ("report.html", "summary.md", "report.txt")] == [True, False, False]


@given(st.recursive(VISIBLE | st.integers(-(2**53), 2**53), lambda inner: st.lists(inner, max_size=3)))
def test_data_of_a_script_comes_back_whole_and_ends_no_script(value: object) -> None:
    written = str(json_script(value))
    assert json.loads(written) == value
    assert not set("<>&\u2028\u2029") & set(written)
