from tracereport.sections import theme

TEXT = ("ink", "quiet", "link", "unchanged-text", "better")
MARKS = ("first", "fan-out", "unchanged", "changed", "unproven", "repeat", "time", "self", "better", "worse", "edge")


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_text_reaches_aa_on_both_grounds_and_on_what_is_raised() -> None:
    for name in TEXT:
        for tone in (0, 1):
            for ground in ("ground", "raised"):
                assert contrast(theme.COLOURS[name][tone], theme.COLOURS[ground][tone]) >= 4.5, (name, tone, ground)


def test_marks_reach_aa_on_both_grounds() -> None:
    for name in MARKS:
        for tone in (0, 1):
            assert contrast(theme.COLOURS[name][tone], theme.COLOURS["ground"][tone]) >= 3, (name, tone)


def test_answers_differ_in_lightness_where_colour_is_not_seen() -> None:
    for tone in (0, 1):
        unchanged, changed = (luminance(theme.COLOURS[name][tone]) for name in ("unchanged", "changed"))
        assert (max(unchanged, changed) + 0.05) / (min(unchanged, changed) + 0.05) >= 1.3


def test_a_chart_names_its_colour_for_the_page_and_carries_one_of_its_own() -> None:
    assert theme.colour("first") == f"var(--first, {theme.COLOURS['first'][0]})"


def test_every_colour_is_a_property_with_both_tones() -> None:
    css = theme.css_properties()
    for name, (light, dark) in theme.COLOURS.items():
        assert f"--{name}: light-dark({light}, {dark});" in css
