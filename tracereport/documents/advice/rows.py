"""Rows that are written one by one."""

from collections.abc import Iterator

from tracereport.documents.advice.paragraphs import fence, verify
from tracereport.documents.advice.words import Words
from tracereport.documents.markdown_text import code
from tracereport.wording.phrases import format_counted
from tracereport.wording.sentences import name_written


def advise(words: Words) -> Iterator[str]:
    """Advises to write them at once."""
    finding = words.finding
    yield words.rows_first()
    yield (
        f"**What it is.** Here {words.caller} writes {code(name_written(finding.function))} row by row: "
        f"{format_counted(finding.calls, 'call')}, where one for many rows would do. Each call pays for its own round "
        "trip, parsing and index update, so the cost grows with the rows."
    )
    yield (
        "**When it is no problem.** If there are few rows and always will be; if each row needs the database's answer "
        "for the previous one; or if a failing row must not undo the others."
    )
    yield f"**How to fix it.** Collect the rows first and write them at once: {words.rows_fix()}"
    yield fence(words.rows_sketch())
    yield from verify(finding)
