"""Runs what a Markdown document shows: its files are written as they stand, its commands run in order.

What a command prints must be what is shown behind it, where ``...`` alone stands for any lines, and the number behind
``elapsed_us=``, ``digest=`` and ``process=`` for any number.
"""

import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

from tests.paths import ROOT
from tests.shop import load_plugin
from tests.waiting import PATIENCE_SECONDS

FILE_NAME = re.compile(r"(?:#|//) (\S+\.\w+)\n")
FILE_LANGUAGES = frozenset({"python", "rust", "js", "ts", "sh", "ini", "toml"})
VARYING = re.compile(r"\b(elapsed_us|digest|process)=[0-9]+")
INSTALLATION = "pip install "
"""Commands that begin so aren't run: they would ask the network."""


@dataclass(frozen=True)
class Command:
    """One command of a console block, and the lines that are shown behind it."""

    line: int
    text: str
    output: tuple[str, ...]


def prepare_folder(folder: Path) -> Path:
    """Puts ``python``, ``pytest`` and ``tracereport`` there: those that run this test."""
    programs = {"python": "", "pytest": shlex.join(["-m", "pytest", *load_plugin()]), "tracereport": "-m tracereport"}
    (folder / "bin").mkdir()
    for name, module in programs.items():
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder


def run_blocks(document: Path, folder: Path, is_wanted: Callable[[str], bool] = lambda _: True) -> int:
    """Writes the files and runs the commands of the wanted sections, in order; gives how many commands there were."""
    ran = 0
    for section, line, language, text in read_blocks(document):
        if not is_wanted(section):
            continue
        if language in FILE_LANGUAGES:
            name = FILE_NAME.match(text)
            assert name is not None, f"line {line}: a file without a name"
            (folder / name[1]).parent.mkdir(exist_ok=True)
            (folder / name[1]).write_text(text, encoding="utf-8")
        elif language == "console":
            for command in read_commands(line, text):
                if not command.text.startswith(INSTALLATION):
                    run_command(command, folder)
                    ran += 1
        else:
            assert language == "text", f"line {line}: {language} isn't run"
    return ran


def read_blocks(document: Path) -> Iterator[tuple[str, int, str, str]]:
    """Section, line, language and text of each fenced block."""
    section = ""
    for token, following in pairwise([*MarkdownIt().parse(document.read_text(encoding="utf-8")), None]):
        assert token is not None
        if token.type == "heading_open":
            assert following is not None
            section = following.content
        elif token.type == "fence":
            assert token.map is not None
            yield section, token.map[0] + 1, token.info, token.content


def read_commands(line: int, text: str) -> Iterator[Command]:
    """The commands of a console block; each begins with ``$`` in the first column."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        first, *output = part.split("\n")
        yield Command(line, first, tuple(output[:-1]))


def run_command(command: Command, folder: Path) -> None:
    """Runs a command in the folder; it must end well, and print what is shown."""
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "100",
    }
    environment.pop("PERF_TRACE", None)
    done = subprocess.run(  # noqa: S602
        command.text,
        shell=True,  # as a reader would type it
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    shown = f"line {command.line}: $ {command.text}\n{done.stdout}"
    assert done.returncode == 0, shown
    assert re.fullmatch(pattern_of(command.output), done.stdout, re.DOTALL), shown


def pattern_of(lines: tuple[str, ...]) -> str:
    """What matches the output that is shown."""
    return "".join(".*" if line == "..." else VARYING.sub(r"\1=[0-9]+", re.escape(line)) + "\n" for line in lines)
