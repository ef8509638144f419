"""The emitters: the file that a program takes a copy of, for each language, and what a traced command is given.

>>> from tracereport.command.emitter_files import read_emitter
>>> b"PERF_TRACE|" in read_emitter("rust")
True

Not a module of the emitters' package, which starts tracing when it is imported: the command is not to be traced.
"""

import ast
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, get_args

Language = Literal["python", "rust", "node", "node-commonjs", "node-types", "typescript", "node-emitter"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_PACKAGE = Path(__file__).resolve().parent.parent / "emit"
_AUTOSTART = _PACKAGE / "autostart"
"""In ``PYTHONPATH``, it has the hooks for libraries switch themselves on in each Python program."""
_EXAMPLES = _PACKAGE.parent.parent / "examples"
_NAMES: dict[Language, str] = {"rust": "perf_trace.rs", "node": "perf-trace.mjs"}
_NAMES |= {
    "node-commonjs": "perf-trace.cjs",
    "node-types": "perf-trace.d.mts",
    "node-emitter": "perf-trace-emitter.cjs",
}
_DECLARED = re.compile(r"^export declare (function|const) (\w+)(.+?);$(?=\n\n|\n*\Z)", re.MULTILINE | re.DOTALL)
_EXPORTED = re.compile(r"^export const \{.+?\} = (?=load\(\);$)", re.MULTILINE | re.DOTALL)
_PYTHON_MODULES = (
    "lines", "system", "log", "testing", "calls", "activations", "frames", "naming", "origins", "tracing", "answers",
)  # fmt: skip
"""What makes up the emitter itself, without hooks for libraries; each needs those before it."""


def read_emitter(language: Language) -> bytes:
    """The emitter's file, of the package or checkout; of Python its modules in one, of TypeScript with types in it."""
    if language == "python":
        return "\n".join(_join_python()).encode()
    if language == "typescript":
        return _join_typescript(read_emitter("node").decode(), read_emitter("node-types").decode()).encode()
    return _find_file(language).read_bytes()


def _find_file(language: Language) -> Path:
    packaged = _PACKAGE / _NAMES[language]
    return packaged if packaged.exists() else _EXAMPLES / language.partition("-")[0] / _NAMES[language]


def _join_python() -> Iterator[str]:
    package = ast.get_docstring(ast.parse((_PACKAGE / "__init__.py").read_text(encoding="utf-8")), clean=False)
    yield f'"""{package}"""\n\nfrom __future__ import annotations'
    for module in _PYTHON_MODULES:
        source = (_PACKAGE / f"{module}.py").read_text(encoding="utf-8")
        lines = source.splitlines()
        for place, node in enumerate(ast.parse(source).body):
            is_joined = isinstance(node, ast.ImportFrom) and (node.level > 0 or node.module == "__future__")
            if is_joined or place == 0:  # what it says of itself
                lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
        yield "\n".join(lines)


def _join_typescript(module: str, types: str) -> str:
    """One file that a compiler takes along with the program's, for either module system, with the types in it."""
    module = _EXPORTED.sub("const tracing = ", module.replace("import.meta.url", "`${process.cwd()}/`"))
    module = module.replace("perf-trace.mjs", "perf-trace.js").replace("beside this file", "where the program runs")
    declared = types[types.index("/** Whether") :]
    return f"// @ts-nocheck\n/* eslint-disable */\n{module}\n{_DECLARED.sub(_define, declared)}"


def _define(declared: re.Match[str]) -> str:
    kind, name, signature = declared.groups()
    if kind == "function":
        signature = f": {signature.replace('): ', ') => ', 1)}"
    return f"export const {name}{signature} = tracing.{name};"


def node_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variable to add to an environment, so that the file in a Node program finds what traces."""
    return {"PERF_TRACE_NODE": environment.get("PERF_TRACE_NODE") or str(_find_file("node-emitter"))}


def python_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables to add to an environment, so that a Python program in it traces its libraries by itself.

    The program's environment need not hold the emitter: without one it uses this package's own files.
    """
    paths = (str(_AUTOSTART), environment.get("PYTHONPATH", ""))
    return {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def tox_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variable to add to an environment, so that tox hands on to its tests what the others have added.

    The first key is of tox.ini, the second of tox.toml. A section with a ``pass_env`` of its own goes without.
    """
    names = "PERF_TRACE*,PYTHONPATH"
    overrides = (environment.get("TOX_OVERRIDE"), f"testenv.pass_env+={names}", f"env_run_base.pass_env+={names}")
    return {"TOX_OVERRIDE": ";".join(override for override in overrides if override)}
