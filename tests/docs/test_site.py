"""The documentation site: it builds without a warning, needs no network, and each of its links leads somewhere."""

import importlib.util
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest

from tests.paths import ROOT

pytest.importorskip("material", reason="needs mkdocs-material")


def load_maker() -> ModuleType:
    """The script that makes the site: it is no part of a package."""
    spec = importlib.util.spec_from_file_location("make_site", ROOT / "docs" / "make_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Page(HTMLParser):
    """The addresses and anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in {"script", "img", "source", "iframe"}:
            self.loaded += [given[name] for name in ("src", "srcset") if name in given]
        elif tag == "link" and given.get("rel") not in {"canonical", "prev", "next"}:
            self.loaded.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    load_maker().make_site(target)
    return target


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """What we write; reports among the examples are pages of their own kind."""
    written = [path for path in site.rglob("*.html") if "reports" not in path.parts or path.name == "index.html"]
    assert len(written) > 40
    return {path: Page(path.read_text(encoding="utf-8")) for path in written if path.name != "404.html"}


def local(addresses: list[str]) -> Iterator[tuple[str, str]]:
    """Path and anchor of each address within the site."""
    for address in addresses:
        if not re.match(r"[a-z]+:", address):
            path, _, anchor = unquote(address).partition("#")
            yield path, anchor


def test_every_link_leads_somewhere(pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        for link, anchor in local([*page.links, *page.loaded]):
            target = (path.parent / link).resolve() if link else path
            assert target.exists(), f"{path.name}: {link}"
            if anchor and target in pages and not anchor.startswith("__"):
                assert anchor in pages[target].anchors, f"{path.name}: {link}#{anchor}"


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        assert [each for each in page.loaded if re.match(r"([a-z]+:)?//", each)] == [], path.name


def test_it_can_be_searched(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    for word in ("fan-out", "OpenTelemetry", "PERF_TRACE"):
        assert [entry["location"] for entry in index["docs"] if word in entry["text"]], word
    assert (site / "search" / "search_index.js").exists(), "what a page that is opened as a file reads"


def test_a_page_that_nobody_finds_is_no_page(site: Path) -> None:
    maker = load_maker()
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in maker.list_pages():
        assert page.relative_to(ROOT).as_posix() in navigation, page
        built = site / page.relative_to(ROOT).with_suffix(".html")
        assert built.exists() or built.with_name("index.html").exists(), page


def test_a_link_into_nothing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = load_maker()
    (tmp_path / "README.md").write_text("[gone](docs/gone.md)\n", encoding="utf-8")
    monkeypatch.setattr(maker, "ROOT", tmp_path)
    monkeypatch.setattr(maker, "list_pages", lambda: [tmp_path / "README.md"])
    with pytest.raises(FileNotFoundError):
        maker.lay_out(tmp_path / "out")


def test_messages_that_are_explained_are_the_programs_own() -> None:
    """What stands in quotes in the page on troubles is said by the program, or by pip."""
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    sources = [*(ROOT / "tracereport").rglob("*.py"), ROOT / "build_native.py", *(ROOT / "templates").glob("*.*")]
    said = " ".join(re.sub(r"\s+", " ", path.read_text(encoding="utf-8")) for path in sources)
    quoted = re.findall(r"\*\*\"(?:… )?(.+?)[. …]*\"", text)
    assert len(quoted) > 5
    for words in (part for each in quoted for part in re.split("[ ,]*…[ ,]*", each)):
        assert words in said or words == "externally-managed-environment", words
