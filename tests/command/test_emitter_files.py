"""The emitters to copy: found in a checkout, and where a wheel puts them."""

import ast
import re
import shutil
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tests.paths import EXAMPLES, ROOT
from tracereport.command import emitter_files as files
from tracereport.command.emitter_files import LANGUAGES, Language, node_environment, read_emitter, tox_environment

FRONTS = ("node", "node-commonjs", "typescript")
"""What only loads the emitter."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_checkout_has_each(language: Language) -> None:
    signs = {"node-types": "export declare function trace"} | dict.fromkeys(FRONTS, "PERF_TRACE_NODE")
    assert signs.get(language, "PERF_TRACE|") in read_emitter(language).decode()


def test_a_wheel_has_each_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for source, target in project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"].items():
        if source.startswith("examples/"):
            (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, tmp_path / target)
    package = tmp_path / "tracereport" / "emit"
    monkeypatch.setattr(files, "_EXAMPLES", tmp_path)
    monkeypatch.setattr(files, "_PACKAGE", package)
    assert read_emitter("rust") == (EXAMPLES / "rust" / "perf_trace.rs").read_bytes()
    assert read_emitter("node") == (EXAMPLES / "node" / "perf-trace.mjs").read_bytes()
    assert node_environment({}) == {"PERF_TRACE_NODE": str(package / "perf-trace-emitter.cjs")}
    assert b"export const answer: <T>(value: T) => T = tracing.answer;" in read_emitter("typescript")


def test_each_name_has_its_types() -> None:
    exported = re.findall(r"^exports\.(\w+) =", read_emitter("node-commonjs").decode(), re.MULTILINE)
    declared = re.findall(
        r"^export declare (?:function|const) (\w+)", read_emitter("node-types").decode(), re.MULTILINE
    )
    typescript = read_emitter("typescript").decode()
    typed = re.findall(r"^export const (\w+): .+? = tracing\.\1;$", typescript, re.MULTILINE | re.DOTALL)
    assert exported == declared == typed


def test_a_program_that_names_its_own_emitter_has_its_way() -> None:
    assert node_environment({"PERF_TRACE_NODE": "/app/own.cjs"}) == {"PERF_TRACE_NODE": "/app/own.cjs"}


def test_tox_is_told_what_to_hand_on_behind_what_it_is_told_anyway() -> None:
    told = "testenv.pass_env+=PERF_TRACE*,PYTHONPATH;env_run_base.pass_env+=PERF_TRACE*,PYTHONPATH"
    assert tox_environment({}) == {"TOX_OVERRIDE": told}
    assert tox_environment({"TOX_OVERRIDE": "testenv.deps=pytest"}) == {"TOX_OVERRIDE": f"testenv.deps=pytest;{told}"}


def test_the_one_file_of_python_holds_each_name_once_and_is_in_the_grammar_of_the_first_python() -> None:
    tree = ast.parse(read_emitter("python"), feature_version=(3, 9))
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.decorator_list]
    defined += [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    defined += [
        target.id
        for node in tree.body
        for target in (node.targets if isinstance(node, ast.Assign) else [])
        if isinstance(target, ast.Name)
    ]
    assert {"trace", "begin", "digest"} <= set(defined)
    assert Counter(defined).most_common(1)[0][1] == 1
    assert not [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level]
