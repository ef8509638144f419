"""The same from Python: read calls into a frame, analyse them, render the report."""

from collections.abc import Sequence
from importlib.util import find_spec
from os import PathLike, fspath
from typing import Any, Literal

import polars as pl

from tracereport.documents import FORMATS
from tracereport.documents.formats import render_report
from tracereport.documents.interface import RenderOptions
from tracereport.documents.user_cache import some_home
from tracereport.engine.report import make_report
from tracereport.errors import InputError, InstallationError, UsageError
from tracereport.model import Report, Selection, Settings
from tracereport.sections.charts.registry import make_charts
from tracereport.sources.frames import read_frame
from tracereport.sources.inputs import read_inputs
from tracereport.sources.streams.names import expand_inputs
from tracereport.sources.table import make_table
from tracereport.wording.labels import Labels

Paths = str | PathLike[str] | Sequence[str | PathLike[str]]


def read_calls(
    paths: Paths, *, partial: Literal["error", "keep"] = "error", max_unpacked: int | None = None
) -> pl.DataFrame:
    """The calls of logs or tables of calls, one row per record, in the order of the inputs.

    Args:
        paths: a file, a glob, or several; packed or not, as on the command line.
        partial: what to do with an input that can't be read to its end: refuse it, or keep what could be read.
        max_unpacked: the most bytes that a packed input may unpack to; None: 100 times its size, and a gigabyte anyway.

    Returns:
        The columns of ``tracereport.sources.table.SCHEMA``: ``file``, ``line``, ``process``, ``process_name``,
        ``judged``, ``number``, ``function``, ``caller``, ``params``, ``elapsed_ns``, ``resolution_ns``, ``metrics``,
        ``tree``, ``parent``, ``test``, ``unit``, ``unit_name``, ``attempt``, ``phase``, ``kind``, ``values_known``,
        ``answer``, ``at``, ``via``, ``activation``, ``resource``, ``writes``, ``start_ns`` and ``implausible``. Times
        are in nanoseconds; a unit is what a repeat is wasteful within: a test's try, else a process.

    Raises:
        InputError: an input is missing, can't be read, or breaks off.
        UsageError: no input is named, or one twice.
    """
    names = [paths] if isinstance(paths, str | PathLike) else list(paths)
    if not names:
        raise UsageError("no input is named", "Name a log, a glob or a table of calls.")
    calls = read_inputs(expand_inputs([fspath(name) for name in names]), unpacked_limit=max_unpacked)
    if partial == "error" and calls.facts is not None and calls.facts.input.errors:
        raise InputError(calls.facts.input.errors[0], 'Read what there is with read_calls(..., partial="keep").')
    return make_table(calls)


def analyze(
    calls: pl.DataFrame | pl.LazyFrame,
    settings: Settings | None = None,
    *,
    title: str = "calls",
    selection: Selection | None = None,
) -> Report:
    """The report on a frame of calls, with ``input`` left null: only the lines of a log could fill it.

    Args:
        calls: a frame with the columns that ``read_calls`` gives, filtered or put together as you like.
        settings: the thresholds; their defaults if none are given.
        title: of the report.
        selection: what the report's lists are narrowed to; no figure changes.

    Raises:
        InputError: it is no frame of calls: a column is missing, has another type or holds what none of calls can, or a
            call stands there twice.
    """
    if isinstance(calls, pl.LazyFrame):
        calls = calls.collect()
    if not isinstance(calls, pl.DataFrame):
        raise InputError(f"{type(calls).__name__}: not a frame", "Give the frame that tracereport.read_calls makes.")
    return make_report(read_frame(calls), settings or Settings(), title, selection)


def render(report: Report, kind: str, *, location: str | None = None) -> str | bytes:
    """A document made from the report, the same bytes for the same report.

    Args:
        report: as ``analyze`` made it, or read back from a ``report.json``.
        kind: what ``--format`` calls a format that is made of the report alone, as ``"html"`` or ``"json"``; text comes
            as a string, anything else as bytes.
        location: ``FILE`` or ``FILE:LINE``, where ``sarif`` and ``gitlab`` show a finding whose trace names no source.

    Raises:
        UsageError: ``kind`` is none of these, or it is ``sarif`` or ``gitlab``, which need a place in the source for
            each finding, and neither the trace nor ``location`` names one.
    """
    rendered = {format_.name: format_ for format_ in FORMATS if format_.made_of == "report"}
    if kind not in rendered:
        raise UsageError(f"{kind}: no report can be rendered as that", f"Name one of {', '.join(rendered)}.")
    return render_report(report, rendered[kind], RenderOptions(location=location))


def chart(report: Report, name: str) -> Any:  # noqa: ANN401 - an altair.LayerChart; Altair is loaded by this call alone
    """A chart of the page as an Altair chart, with the report's figures: to show, change or save in a notebook.

    Args:
        report: as ``analyze`` made it, or read back from a ``report.json``.
        name: of the chart: ``activity``, ``asked-again``, ``breakdown``, ``cache``, ``caller-calls``, ``comparison``,
            ``edges``, ``function-calls``, ``function-times``, ``latencies`` or ``tree``.

    Raises:
        UsageError: no chart has that name, or the report has no figures for it.
        InstallationError: Altair isn't installed.
    """
    if find_spec("altair") is None:
        raise InstallationError("Charts need Altair, which isn't installed.", "Add it: pip install altair.")
    with some_home():
        from tracereport.sections.charts.drawn import DRAWINGS, draw  # noqa: PLC0415 - loads Altair

    if name not in DRAWINGS:
        raise UsageError(f"no chart of the report is called {name}", f"Name one of {', '.join(DRAWINGS)}.")
    for made in make_charts(report, Labels()):
        if made.name == name:
            return draw(made)
    raise UsageError(f"The report has no figures for the chart {name}", "See what it holds: tracereport.render.")
