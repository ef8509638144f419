import sys

import pytest

import tracereport
from tests.sample_report import sample_report
from tracereport.documents.page.page import render_html
from tracereport.documents.page.pictures import Pictures, clean_svg
from tracereport.errors import InstallationError
from tracereport.sections import theme

BARS = {
    "data": {"values": [{"name": "<b>&\u202f</b>", "calls": 3}, {"name": "load_node", "calls": 5}]},
    "mark": "bar",
    "encoding": {"y": {"field": "name", "type": "nominal"}, "x": {"field": "calls", "type": "quantitative"}},
}


def test_pictures_are_drawn_in_the_background_and_belong_to_their_names() -> None:
    with Pictures(theme.altair_theme()) as engine:
        drawn = [engine.draw(name, BARS) for name in ("one", "other")]
        one, other = (picture.result() for picture in drawn)
    assert one == other
    assert "load_node" in one
    assert "&lt;b&gt;" in one


def test_a_picture_that_cannot_be_drawn_says_so_where_it_is_asked_for() -> None:
    with Pictures(theme.altair_theme()) as engine:
        broken = engine.draw("broken", {"mark": "no such mark"})
        with pytest.raises(ValueError, match="conversion failed"):
            broken.result()


def test_a_picture_leaves_out_what_no_one_sees() -> None:
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg"><g class="x" role="y"><g transform="translate(1.23456,2)">'
        '<path d="" fill="red"/><path d="M0,0"/><path display="none" d="M0,0" fill="red"/>'
        '<path d="M0.51234,3.00001h1" fill="red" opacity="1" stroke-width="1"/></g></g></svg>'
    )
    assert clean_svg(picture, "p") == ('<svg><g transform="translate(1.2,2)"><path d="M0.5,3h1" fill="red"/></g></svg>')


def test_nothing_but_shapes_and_text_passes_into_a_picture() -> None:
    hostile = (
        '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)" viewBox="0 0 1 1"><script>alert(1)</script>'
        '<a href="https://example.org"><text style="x" fill="red">a &lt;b&gt;</text></a>'
        '<foreignObject><text>html</text></foreignObject><g><path d="M0,0" fill="red"/></g></svg>'
    )
    assert clean_svg(hostile, "p") == '<svg viewBox="0 0 1 1"><path d="M0,0" fill="red"/></svg>'


def test_ids_are_renamed_together_with_what_refers_to_them() -> None:
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg"><defs><clipPath id="clip7"><rect width="1"/></clipPath></defs>'
        '<g clip-path="url(#clip7)"><path d="M0,0" fill="url(#hatch)"/></g></svg>'
    )
    assert clean_svg(picture, "p") == (
        '<svg><defs><clipPath id="p-0"><rect width="1"/></clipPath></defs>'
        '<g clip-path="url(#p-0)"><path d="M0,0" fill="url(#hatch)"/></g></svg>'
    )


def test_without_the_library_that_draws_the_page_says_what_to_add(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    monkeypatch.setattr("tracereport.documents.page.page.read_kept_bundle", lambda: None)
    page = render_html(sample_report())
    assert "pip install vl-convert-python" in page
    assert "<svg overflow" not in page
    assert page.count("No picture was drawn") > 1


def test_without_altair_a_chart_says_what_to_add(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(InstallationError, match="pip install altair"):
        tracereport.chart(sample_report(), "cache")
