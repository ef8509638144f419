"""The README and the pages in docs/: what they show is what the program prints, and what they name is there."""

import re
import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.make_readme import EXAMPLE, FILLED, README, REPORT, fill_examples
from tests.paths import EXAMPLES, ROOT
from tests.read_documents import prepare_folder, read_blocks, run_blocks
from tracereport.command.cli import COMMANDS
from tracereport.command.config import read_config
from tracereport.command.reporting import report
from tracereport.documents import FORMATS
from tracereport.documents.formats import choose_formats, list_suffixes
from tracereport.model import Settings

DOCS = ROOT / "docs"
CONFIGURATION = DOCS / "reference" / "configuration.md"
SUFFIXES = DOCS / "reference" / "formats.md"
DOCUMENTS = (
    *sorted(ROOT.glob("[A-Z]*.md")),
    *sorted(DOCS.rglob("*.md")),
    *sorted(EXAMPLES.glob("*.md")),
    *sorted(EXAMPLES.glob("*/README.md")),
)
COMMANDS_OF = (README, DOCS / "start.md", DOCS / "collect.md", DOCS / "ci.md", SUFFIXES)
LINES_OF_THE_README = 200
OTHER_PROGRAMS = frozenset({"cargo", "npm", "pytest", "sudo"})


def read(document: Path) -> str:
    return document.read_text(encoding="utf-8")


@pytest.mark.parametrize("document", FILLED, ids=lambda path: path.name)
def test_every_example_is_what_the_command_prints(document: Path) -> None:
    text = read(document)
    assert len(EXAMPLE.findall(text)) == text.count("```text"), "an example without the command that prints it"
    assert fill_examples(text) == text, "run python -m tests.make_readme"


def test_the_readme_is_short() -> None:
    assert len(read(README).splitlines()) < LINES_OF_THE_README


def test_every_section_of_the_reports_is_shown() -> None:
    texts = [read(path) for path in (EXAMPLES / "reports").glob("*.txt")]
    sections = {title for text in texts for title in re.findall(r"^=== (.+) ===$", text, re.MULTILINE)}
    assert len(sections) > 20
    shown = set(re.findall(r"^=== (.+) ===$", read(REPORT) + read(DOCS / "ci.md"), re.MULTILINE))
    assert {title for title in sections - shown if not title.startswith(("Top ", "Changed "))} == set()


@pytest.mark.parametrize(
    ("document", "section", "commands"),
    [(README, "From Python", 1), (SUFFIXES, "Raw traces", 3), (DOCS / "start.md", "2. Trace a program", 2)],
    ids=["readme", "formats", "start"],
)
def test_what_it_shows_runs(document: Path, section: str, commands: int, tmp_path: Path) -> None:
    folder = prepare_folder(tmp_path)
    shutil.copytree(EXAMPLES / "logs", folder / "examples" / "logs")
    assert run_blocks(document, folder, lambda title: title == section) == commands


def test_the_start_leads_to_a_gate(tmp_path: Path) -> None:
    assert run_blocks(DOCS / "start.md", prepare_folder(tmp_path), lambda title: not title.startswith("1.")) == 4


@pytest.mark.parametrize("document", COMMANDS_OF, ids=lambda path: path.name)
def test_its_commands_are_understood(document: Path) -> None:
    blocks = [text for _, _, language, text in read_blocks(document) if language == "sh"]
    commands = [part for block in blocks for part in re.split(r" && |\n", re.sub(r" +# .*", "", block)) if part]
    assert commands
    for command in commands:
        check_command(re.sub(r"^(\w+=\S+ )+", "", command))


def check_command(command: str) -> None:
    """Fails where a command names a program, an option, a file or a module that isn't there."""
    words = shlex.split(re.sub(r" [12]?> .*", "", command))
    program, arguments = Path(words[0]).name, words[1:]
    if program == "tracereport":
        named = COMMANDS.get(arguments[0])
        asked = (named or report).make_context(program, arguments[named is not None :]).params
        choose_formats(asked["output"], None, FORMATS)
        examples = [log for log in asked.get("logs", ()) if log.startswith("examples/")]
        assert all((ROOT / log).is_file() for log in examples), command
    elif program.startswith("python"):
        assert arguments[0] == "-m", command
        assert find_spec(arguments[1]), command
    else:
        assert program == "pip" or program in OTHER_PROGRAMS, command


def test_its_setup_is_that_of_the_gate() -> None:
    gate = read(ROOT / ".ci" / "run")
    for command in ("pip install -q -U pip", "pip install -q -e . --group dev", "python -m pytest"):
        assert command in gate
        for document in (README, ROOT / "CONTRIBUTING.md"):
            assert f".venv/bin/{command}" in read(document)


def test_every_suffix_has_its_use() -> None:
    rows = re.findall(r"^\| (`\..*?) \|", read(SUFFIXES), re.MULTILINE)
    named = {suffix for row in rows for suffix in re.findall(r"`(\.[\w.]+)`", row)}
    assert named == set(list_suffixes())


def test_its_configuration_is_read(tmp_path: Path) -> None:
    (block,) = [text for _, _, language, text in read_blocks(CONFIGURATION) if language == "toml"]
    path = tmp_path / "tracereport.toml"
    path.write_text(block, encoding="utf-8")
    config = read_config(path)
    assert config.acceptances
    assert config.settings != Settings()
    defaults = re.findall(r"^([\w-]+) = .* default: (\d+)(?: ms)?$", block, re.MULTILINE)
    assert len(defaults) == 3
    for key, default in defaults:
        value = getattr(Settings(), key.replace("-", "_"))
        assert int(default) == (value // 1_000_000 if key.endswith("-ns") else value), key


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in find_local_links(document):
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        assert target.exists(), link
        assert not anchor or anchor in find_anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_that_is_named_is_there(document: Path) -> None:
    """Named as code, by its path in the repository, or below the package."""
    folders = {path.name for base in (ROOT, ROOT / "tracereport") for path in base.iterdir() if path.is_dir()}
    for name in re.findall(r"`([\w.-]+(?:/[\w.-]+)+/?)`", read(document)):
        if name.partition("/")[0] in folders:
            assert any((base / name).exists() for base in (ROOT, ROOT / "tracereport", document.parent)), name


def find_local_links(document: Path) -> list[str]:
    """What a document links to or shows within the repository."""
    tokens = MarkdownIt().enable("table").parse(read(document))
    inner = [child for token in tokens for child in token.children or ()]
    addresses = [child.attrGet("href") or child.attrGet("src") for child in inner]
    addresses += re.findall(r'(?:src|srcset)="([^"]+)"', read(document))
    return [str(address) for address in addresses if address and "://" not in str(address)]


def find_anchors(document: Path) -> set[str]:
    """The names that GitHub gives the headings of a document."""
    titles = re.findall(r"^#+ (.+)$", read(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
