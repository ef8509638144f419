"""Makes the documents of every log in ``logs/``: ``python examples/make_reports.py [FOLDER]``, else into ``reports/``.

In the pages, named placeholders stand for what the chart libraries make (script, specifications, static pictures), so
that what is committed changes only when tracereport does. ``-o report.html`` writes the whole page.
"""

import sys
from pathlib import Path

from msgspec.structs import replace

from tracereport.command.job import Job
from tracereport.command.preparing import prepare_job
from tracereport.command.rendering import make_documents
from tracereport.command.running import run_job
from tracereport.documents import FORMATS
from tracereport.documents.formats import choose_formats
from tracereport.documents.interface import RenderOptions
from tracereport.documents.page.page import render_html
from tracereport.documents.writer import Document, write_documents

EXAMPLES = Path(__file__).parent
SUFFIXES = (".txt", ".md")
MORE_SUFFIXES = (".json.gz", ".sarif")
PROFILE = ".speedscope.json"
BASELINES = {"shop-fixed": "shop"}
"""Runs that are compared with an earlier one."""
WHOLE = frozenset(
    {"duckpond-single-thread", "duckpond-deep-single-thread", "minifs-interleaved", "hostile", "shop", "shop-fixed"}
)
"""Logs of our own lines: of these all documents are made, of what other tools wrote the text and the Markdown."""


def make_reports(folder: Path) -> None:
    """Writes the documents of all logs, a baseline's before those of the run that is compared with it."""
    folder.mkdir(exist_ok=True)
    logs = {log.name.partition(".")[0]: log for log in (EXAMPLES / "logs").iterdir()}
    for name in sorted(logs, key=lambda name: (name in BASELINES, name)):
        baseline = folder / f"{BASELINES[name]}.json.gz" if name in BASELINES else None
        make_documents_of(logs[name], folder / name, baseline)


def make_documents_of(log: Path, stem: Path, baseline: Path | None) -> None:
    """Writes the documents of one log; a profile for speedscope where there is a call tree to draw."""
    is_whole = stem.name in WHOLE
    suffixes = (*SUFFIXES, *MORE_SUFFIXES, PROFILE) if is_whole else SUFFIXES
    job = Job(
        inputs=(str(log),),
        targets=choose_formats([f"{stem}{suffix}" for suffix in suffixes], None, FORMATS),
        names={str(log): f"examples/logs/{log.name}"},
        rendering=RenderOptions(location=f"examples/logs/{log.name}"),
        baselines=(baseline,) if baseline else (),
        fail_on=("new-findings", "worse") if baseline else (),
    )
    result = run_job(prepare_job(job))
    has_tree = result.report.call_tree is not None
    targets = tuple(each for each in job.targets if has_tree or not each[0].endswith(PROFILE))
    documents = [*make_documents(replace(job, targets=targets), result)]
    if is_whole:
        documents.append(Document(f"{stem}.html", render_html(result.report, pictures=False).encode()))
    for failure in write_documents(documents, sys.stdout.buffer):
        raise failure


if __name__ == "__main__":
    make_reports(Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES / "reports")
