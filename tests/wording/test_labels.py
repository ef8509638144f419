import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tracereport.wording.labels import Labels
from tracereport.wording.units import NO_CALLER, display_width


@given(st.lists(st.none() | st.text(max_size=60), unique=True, max_size=30))
def test_no_two_names_share_a_label(names: list[str | None]) -> None:
    label = Labels(width=12)
    assert len({label(name) for name in names}) == len(names)


@given(st.text(max_size=200))
def test_a_label_is_short_and_shows_no_control(name: str) -> None:
    label = Labels(width=12)(name)
    assert label
    assert display_width(label) <= 12
    assert not {unicodedata.category(character) for character in label} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_a_name_keeps_its_label() -> None:
    label = Labels()
    first = label("load_node")
    label("other")
    assert label("load_node") == first == "load_node"


def test_a_missing_caller_is_not_the_caller_that_is_called_like_it() -> None:
    label = Labels()
    assert label(None) == NO_CALLER
    assert label(NO_CALLER) == f"{NO_CALLER} (2)"


def test_what_a_label_cuts_is_told_in_full() -> None:
    label = Labels(width=12)
    label("load_node")
    cut = label("query_latest_directory_record")
    assert label.cut(most=5, width=100) == {cut: "query_latest_directory_record"}
    assert label.cut(most=0, width=100) == {}
