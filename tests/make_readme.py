"""Fills the examples of the README and of ``docs/`` with what the command prints: ``python -m tests.make_readme``.

An example is a ``text`` block behind a comment with the command, and the section that is shown of what it prints, if it
isn't all: ``<!-- tracereport examples/logs/shop.log --top 2 | Call Tree -->``.
"""

import os
import re
import shlex
import subprocess
import sys
from functools import cache

from tests.paths import ROOT

README = ROOT / "README.md"
REPORT = ROOT / "docs" / "report.md"
"""Every section of a report, with an example."""
FILLED = (README, REPORT, ROOT / "docs" / "ci.md", ROOT / "docs" / "reference" / "command.md")
"""The documents that have examples."""
EXAMPLE = re.compile(r"(<!-- (tracereport [^|]+?)(?: \| (.+?))? -->\n```text\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)


def fill_examples(text: str) -> str:
    """A document with each of its examples as it is printed now."""
    return EXAMPLE.sub(lambda example: f"{example[1]}{print_section(example[2], example[3])}", text)


def print_section(command: str, title: str | None) -> str:
    """What a command prints, or one section of that: its heading and what stands below it without a gap.

    The report's own heading is followed by all that stands before the first section.

    Raises:
        ValueError: there is no such section.
    """
    printed = run(command)
    if title is None:
        return printed
    beginning, *sections = re.split(r"\n\n(?==== )", printed)
    for section in sections:
        if section.startswith(f"=== {title} ===\n"):
            return section.partition("\n\n")[0].rstrip("\n") + "\n"
    if title in beginning.splitlines():
        return f"{beginning}\n"
    raise ValueError(f"{command} prints no section {title}")


@cache
def run(command: str) -> str:
    """What a command of this checkout prints on standard output."""
    line = [sys.executable, "-m", *shlex.split(command)]
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
    if not done.stdout:
        raise ValueError(f"{command}: {done.stderr}")
    return done.stdout


if __name__ == "__main__":
    for document in FILLED:
        document.write_text(fill_examples(document.read_text(encoding="utf-8")), encoding="utf-8")
