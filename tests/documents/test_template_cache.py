"""Compiled templates are kept, and never stand in the way."""

from pathlib import Path

import platformdirs
import pytest
from jinja2 import DictLoader, Environment

from tracereport.documents.template_cache import TemplateCache

COUNTED = "{{ calls }} calls"


class CountingEnvironment(Environment):
    compiled = 0

    def _generate(self, *args: object, **options: object) -> str:
        self.compiled += 1
        return super()._generate(*args, **options)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: tmp_path / "cache")
    return tmp_path / "cache"


def render(source: str, settings: str = "") -> tuple[str, bool]:
    """What the template says in a new environment, and whether it had to be compiled for that."""
    environment = CountingEnvironment(
        loader=DictLoader({"counted.txt": source}), bytecode_cache=TemplateCache(settings)
    )
    return environment.get_template("counted.txt").render(calls=7), bool(environment.compiled)


@pytest.mark.usefixtures("folder")
def test_a_template_is_compiled_once() -> None:
    assert render(COUNTED) == ("7 calls", True)
    assert render(COUNTED) == ("7 calls", False)


@pytest.mark.usefixtures("folder")
def test_a_template_is_compiled_again_after_a_change_of_its_text_or_of_the_settings() -> None:
    render(COUNTED)
    assert render("{{ calls }} records") == ("7 records", True)
    assert render("{{ calls }} records", "trim_blocks") == ("7 records", True)
    assert render("{{ calls }} records", "trim_blocks") == ("7 records", False)


@pytest.mark.parametrize("kept_bytes", [0, 10, 20, 60, 200])
def test_a_damaged_file_is_replaced(folder: Path, kept_bytes: int) -> None:
    render(COUNTED)
    (kept,) = (folder / "templates").iterdir()
    kept.write_bytes(kept.read_bytes()[:kept_bytes])
    assert render(COUNTED) == ("7 calls", True)
    assert render(COUNTED) == ("7 calls", False)


def test_a_cache_that_cannot_be_is_no_error(folder: Path) -> None:
    folder.write_text("a file, where the folder should be")
    assert render(COUNTED) == ("7 calls", True)
    assert render(COUNTED) == ("7 calls", True)
