"""Writes ``docs/figures.md`` from the definitions and sections of the documents: ``python -m tests.make_figures``."""

import re

from tests.paths import ROOT
from tests.sample_report.compared import compared_report
from tracereport.documents.page.page import EXACT_RULES
from tracereport.documents.templating import render_template
from tracereport.model import Settings
from tracereport.sections import SECTIONS

PAGE = ROOT / "docs" / "figures.md"
OPENING = """\
# What each figure means

The page of a report shows these definitions beside its figures, with the thresholds of its own run; here they are those
of the defaults. What stands under *exactly* only this page tells. Below stand the sections, which text, Markdown and
page show alike.

"""


def make_page() -> str:
    """The whole page."""
    written = render_template("definitions.md", settings=Settings())
    titles = {}
    parts = []
    for section in re.split(r"^## ", written, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        key, _, title = heading.partition(": ")
        titles[key] = title
        text = text.replace(EXACT_RULES + "\n", "**Exactly.** ").strip()
        parts.append(f"## {title}\n\n{text}\n")
    return f"{OPENING}{chr(10).join(parts)}\n## The sections\n\n{chr(10).join(_describe_sections(titles))}"


def _describe_sections(titles: dict[str, str]) -> list[str]:
    report = compared_report()
    described = []
    for view in SECTIONS:
        columns = ", ".join(
            f"[{column.title}](#{_anchor(titles[column.definition])})" if column.definition else column.title
            for column in view.columns(report)
        )
        summary = (type(view).__doc__ or "").partition("\n")[0]
        fix = f"\n*Fix: {view.fix}*\n" if view.fix else ""
        title = view.title.format_map({"top": report.settings.top})
        described.append(f"### {title}\n\n{summary}\n\n{columns}.\n{fix}")
    return described


def _anchor(title: str) -> str:
    """The name that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
