"""The emitters to copy: found in a checkout, and where a wheel puts them."""

import shutil
import tomllib
from pathlib import Path

import pytest

from tests.paths import EXAMPLES, ROOT
from tracereport.command import emitter_files as files
from tracereport.command.emitter_files import LANGUAGES, Language, emitter_path


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_checkout_has_each(language: Language) -> None:
    sign = "export declare function trace" if language == "node-types" else "PERF_TRACE|"
    assert sign in emitter_path(language).read_text(encoding="utf-8")


def test_a_wheel_has_each_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for source, target in project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"].items():
        if source.startswith("examples/"):
            (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, tmp_path / target)
    package = tmp_path / "tracereport" / "emit"
    shutil.copy(str(files.__file__), package)
    shutil.copy(emitter_path("python"), package)
    monkeypatch.setattr(files, "_PACKAGE", package)
    assert {emitter_path(language).parent for language in LANGUAGES} == {package}
    assert emitter_path("rust").read_bytes() == (EXAMPLES / "rust" / "perf_trace.rs").read_bytes()
