"""One history: the names of files -> reports read -> history -> documents. Prints nothing and asks no clock."""

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePath
from urllib.parse import quote

import msgspec

from tracereport import __version__
from tracereport.documents.history.interface import HistoryFormat, HistoryOptions
from tracereport.documents.interface import STDOUT
from tracereport.documents.writer import Document, Rendered
from tracereport.errors import InputError, TracereportError, UsageError
from tracereport.judging.history.gathering import Gathering
from tracereport.judging.history.reading import read_runs
from tracereport.judging.history.runs import Named, is_time
from tracereport.judging.reading import NoReportError
from tracereport.model import Generator
from tracereport.model.history import History, Order, UnreadReport
from tracereport.sources.objects import list_objects
from tracereport.sources.streams.names import input_title
from tracereport.sources.urls import is_url

_PACKED = re.compile(r"(?:\.json)?(?:\.(?:gz|zst|xz))?$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{(?:label|name|folder)\}")
_LONGEST_LABEL = 200
"""That goes into an address."""
_DIGITS = re.compile(r"(\d+)")


class HistoryJob(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a history is told."""

    files: tuple[str, ...]
    """As named on the command line: paths and globs."""
    targets: tuple[tuple[str, HistoryFormat], ...]
    order: Order = "given"
    title: str | None = None
    page: str | None = None
    """Address of a run's page; null: the page beside its report, where there is one."""
    threads: int = 1
    rendering: HistoryOptions = HistoryOptions()


def run_history(job: HistoryJob) -> History:
    """Reads the reports and makes the history.

    Raises:
        InputError: no report could be read.
        UsageError: the address of the pages names no run.
    """
    if job.page is not None and not _PLACEHOLDER.search(job.page):
        raise UsageError(
            f"--page {job.page}: the same address for every run", "As in: --page 'https://HOST/{label}/report.html'"
        )
    files, unread = list_files(job.files)
    labels = label_files(files)
    base = _folder_of(job)
    gathering = Gathering()
    read = 0
    for index, report in read_runs(files, job.threads):
        file = input_title(files[index])
        if isinstance(report, NoReportError):
            unread.append(UnreadReport(file=file, reason=report.reason))
        elif job.order == "time" and not is_time(report.at_time):
            unread.append(UnreadReport(file=file, reason="doesn't know its time: it was made without --at"))
        else:
            page = _address_of(files[index], (report.label or labels[index])[:_LONGEST_LABEL], job.page, base)
            gathering.add(index, Named(file=file, label=labels[index], page=page), report)
            read += 1
    unread.sort(key=lambda row: row.file)
    if not read:
        first = unread[0]
        raise InputError(
            f"{first.file}: no report of a run could be read: it {first.reason}", "Name report.json files."
        )
    return gathering.finish(job.order, job.title, unread, Generator(name="tracereport", version=__version__))


def make_documents(job: HistoryJob, history: History) -> list[Document]:
    """The documents that were asked for; each is made when it is written."""
    for_files = HistoryOptions(top=job.rendering.top)

    def render(target: str, kind: HistoryFormat) -> Rendered:
        options = job.rendering if target == STDOUT else for_files
        return Rendered(lambda: kind.render(history, options))

    return [Document(target, render(target, kind)) for target, kind in job.targets]


def list_files(arguments: Sequence[str]) -> tuple[list[str], list[UnreadReport]]:
    """The files that the arguments name, in their order, those of a glob sorted naturally; and what names none.

    A file that comes twice counts once.
    """
    files: list[str] = []
    unread = []
    seen: set[str] = set()
    for argument in arguments:
        try:
            found = _expand(argument)
        except TracereportError as error:
            unread.append(UnreadReport(file=input_title(argument), reason=f"names nothing: {error.message}"))
            continue
        if not found:
            unread.append(UnreadReport(file=input_title(argument), reason="matches no file"))
        for name in found:
            identity = name if is_url(name) else os.path.realpath(name)
            if identity not in seen:
                seen.add(identity)
                files.append(name)
    return files, unread


def _expand(argument: str) -> list[str]:
    """The files, or objects of a store, that an argument names; none where nothing matches a glob.

    Raises:
        TracereportError: a store refuses, or nothing there matches.
    """
    if is_url(argument):
        return sorted(list_objects(argument), key=natural_order)
    if glob.has_magic(argument) and not os.path.lexists(argument):
        return sorted(glob.glob(argument, recursive=True), key=natural_order)  # noqa: PTH207 - takes absolute ones
    return [argument]


def natural_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts ``run-2`` before ``run-10``."""
    return tuple([(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(name)])


def label_files(files: Sequence[str]) -> list[str]:
    """What tells each file from the others: its name without suffixes, with as many of its folders as it takes."""
    names = [PurePath(input_title(file)) for file in files]
    parts = [(*name.parts[:-1], _PACKED.sub("", name.name) or str(name)) for name in names]
    depth = 1
    labels = [each[-1] for each in parts]
    while len(set(labels)) < len(files) and depth < max(map(len, parts), default=0):
        depth += 1
        labels = ["/".join(each[-depth:]) for each in parts]
    if depth > 1 and len({each[-1] for each in parts}) == 1:  # runs/41/report.json, runs/42/report.json
        labels = ["/".join(each[-depth:-1]) for each in parts]
    return labels


def _folder_of(job: HistoryJob) -> str:
    """The folder that pages are linked from: that of the first file that is written, else the working folder."""
    files = [target for target, _ in job.targets if target != STDOUT]
    return os.path.dirname(os.path.abspath(files[0])) if files else os.curdir  # noqa: PTH100, PTH120 - of names alone


def _address_of(file: str, label: str, template: str | None, base: str) -> str | None:
    """Where a run's page is: as the template says, else beside its report."""
    named = PurePath(input_title(file))
    stem = _PACKED.sub("", named.name)
    if template is not None:
        parts = {"{label}": label, "{name}": stem, "{folder}": named.parent.name}
        return _PLACEHOLDER.sub(lambda part: quote(parts[part[0]], safe=""), template)
    if is_url(file):
        return None
    page = Path(file).with_name(f"{stem}.html")
    if not os.path.isfile(page):  # noqa: PTH113 - false, and no error, where nobody may look
        return None
    return quote(os.path.relpath(page, base).replace(os.sep, "/"), errors="replace")
