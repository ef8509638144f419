"""The library is compiled by what compiler there is, and refused where it isn't that of its sources."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.needs import required
from tests.paths import ROOT
from tests.running import SINGLE, environment
from tracereport.errors import ExitCode

NATIVE = ROOT / "tracereport" / "native"


def load_build() -> ModuleType:
    """The module that builds the library, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("build_native", ROOT / "build_native.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def build() -> ModuleType:
    return load_build()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "tracereport", tmp_path / "tracereport", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def report(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tracereport", str(SINGLE), "-q"],
        cwd=checkout,
        env=environment(PYTHONPATH=str(checkout)),
        capture_output=True,
        check=False,
        text=True,
    )


def load(checkout: Path) -> subprocess.CompletedProcess[str]:
    script = "import numpy; from tracereport.native.keys import factorize; print(factorize(numpy.array([7, 7]))[0])"
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=checkout,
        env=environment(PYTHONPATH=str(checkout)),
        capture_output=True,
        check=False,
        text=True,
    )


def test_it_is_compiled_in_place_and_loaded(build: ModuleType, checkout: Path) -> None:
    required(build.find_compiler(), "a C compiler (Debian: gcc libc6-dev)")
    (library := checkout / "tracereport" / "native" / NATIVE_NAME).unlink()
    assert not build.is_up_to_date(checkout)
    assert build.compile_library(checkout) == library
    assert build.is_up_to_date(checkout)
    assert load(checkout).stdout == "[0 0]\n"


NATIVE_NAME = next(NATIVE.glob("libtracereport.*")).name


def test_a_library_of_other_sources_is_refused_with_the_remedy(build: ModuleType, checkout: Path) -> None:
    with (checkout / "tracereport" / "native" / "keys.c").open("a") as source:
        source.write("/* changed */\n")
    assert not build.is_up_to_date(checkout)
    done = report(checkout)
    assert done.returncode == ExitCode.NOT_WRITTEN
    said, remedy = done.stderr.splitlines()
    assert said.endswith("the native library was built from other sources")
    assert remedy.strip() == "Install tracereport again (in a checkout: pip install -e .)"


def test_a_missing_or_foreign_library_is_said_to_be_so(checkout: Path) -> None:
    library = checkout / "tracereport" / "native" / NATIVE_NAME
    library.write_bytes(b"not a library")
    assert "no native library for this machine" in load(checkout).stderr
    library.unlink()
    assert "the native library wasn't built" in load(checkout).stderr


def test_a_compiler_that_does_not_work_is_none(build: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "false")
    assert build.find_compiler() is None
    assert build.build_requirements() == [build.ZIG_REQUIREMENT]


def test_an_empty_name_of_a_compiler_is_none_at_all(build: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    required(build.find_compiler(), "a C compiler (Debian: gcc libc6-dev)")
    monkeypatch.setenv("CC", "")
    assert build.find_compiler() is not None
    assert build.build_requirements() == []


def test_without_any_compiler_the_build_says_what_to_do(
    build: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "false")
    monkeypatch.setattr(build, "find_zig", lambda: None)
    with pytest.raises(build.NoCompilerError, match="install one"):
        build.compile_library(checkout)


def test_a_wheel_for_another_machine_asks_for_the_compiler_that_can_make_it(
    build: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(build.TARGET_VARIABLE, "aarch64-macos.11.0")
    assert build.wheel_platform() == "macosx_11_0_arm64"
    assert build.build_requirements() == [build.ZIG_REQUIREMENT]
