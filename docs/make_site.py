"""Builds the documentation site from the repository's Markdown: ``python docs/make_site.py [FOLDER]``.

Pages keep the paths that they have in the repository, so that links between them are right in both. What they link to
beside Markdown is copied along; a folder leads to its README, or to a list of what is in it.
"""

import logging
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).resolve().parent.parent
# A report's summary may lie at the root: our own pages there are written in capitals.
PAGES = ("[A-Z]*.md", "docs/**/*.md", "examples/*.md", "examples/*/README.md")
PICTURES = re.compile(r'(?:src|srcset)="([^"]+)"')
WORKER = re.compile(r'<script src="https://unpkg\.com/iframe-worker/shim"></script>')
EXAMPLE_COMMENT = re.compile(r"^<!-- tracereport .* -->\n", re.MULTILINE)


def list_pages(root: Path = ROOT) -> list[Path]:
    """The Markdown files that become pages."""
    return sorted({path for pattern in PAGES for path in root.glob(pattern) if "reports" not in path.parts})


def find_local_links(text: str) -> Iterator[str]:
    """What a page links to or shows within the repository, without anchors."""
    tokens = MarkdownIt().enable("table").parse(text)
    inner = [child for token in tokens for child in token.children or ()]
    addresses = [str(child.attrGet("href") or child.attrGet("src") or "") for child in inner]
    for address in (*addresses, *PICTURES.findall(text)):
        if address and "://" not in address and not address.startswith(("#", "mailto:")):
            yield address.partition("#")[0]


def lay_out(folder: Path) -> None:
    """Puts the pages, and what they link to, into a folder, at the paths that they have in the repository.

    Raises:
        FileNotFoundError: a page links to what isn't there.
    """
    pages = list_pages()
    for page in pages:
        text = page.read_text(encoding="utf-8")
        target = folder / page.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        for link in find_local_links(text):
            linked = (page.parent / link).resolve()
            if linked.is_dir():
                text = text.replace(f"]({link})", f"]({link.rstrip('/')}/{_lay_out_folder(linked, folder)})")
            elif linked not in pages:
                shown = _as_shown(linked)
                _copy(shown, folder)
                text = text.replace(f"]({link}", f"]({link.removesuffix(linked.name)}{shown.name}")
        target.write_text(EXAMPLE_COMMENT.sub("", text), encoding="utf-8")


def _lay_out_folder(linked: Path, folder: Path) -> str:
    """What a link to a folder leads to: its README, or a page that lists it."""
    if (linked / "README.md").is_file():
        return "README.md"
    target = folder / linked.relative_to(ROOT)
    target.mkdir(parents=True, exist_ok=True)
    files = sorted({_as_shown(path) for path in linked.iterdir() if path.is_file()})
    for path in files:
        _copy(path, folder)
    rows = [f"- [{path.name}]({path.name})" for path in files]
    title = linked.relative_to(ROOT).as_posix()
    (target / "index.md").write_text("\n".join([f"# {title}", "", *rows, ""]), encoding="utf-8")
    return "index.md"


def _as_shown(path: Path) -> Path:
    """The page of an example report instead of its Markdown: on the site both would have one name."""
    page = path.with_suffix(".html")
    return page if path.suffix == ".md" and page.is_file() else path


def _copy(linked: Path, folder: Path) -> None:
    target = folder / linked.relative_to(ROOT)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(linked, target)


def make_site(target: Path) -> None:
    """Builds the site into a folder, which is emptied before; a broken link is an error."""
    with tempfile.TemporaryDirectory() as scratch:
        lay_out(Path(scratch))
        build(load_config(str(ROOT / "mkdocs.yml"), docs_dir=scratch, site_dir=str(target)))
    _keep_off_the_network(target)


def _keep_off_the_network(site: Path) -> None:
    """Takes what lets pages search where they are opened as files from this machine, or leaves it out.

    The theme would load it from elsewhere. Without it, the search works where a server serves the site.
    """
    worker = ROOT / "node_modules" / "iframe-worker" / "shim" / "index.js"
    if worker.is_file():
        shutil.copy(worker, site / "assets" / "javascripts" / "iframe-worker.js")
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        up = "../" * len(page.relative_to(site).parent.parts)
        ours = f'<script src="{up}assets/javascripts/iframe-worker.js"></script>' if worker.is_file() else ""
        page.write_text(WORKER.sub(ours, text), encoding="utf-8")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    make_site(Path(sys.argv[1] if len(sys.argv) > 1 else "site").resolve())
