"""Where the emitters are that a program takes a copy of: one file for each language.

>>> from tracereport.command.emitter_files import emitter_path
>>> emitter_path("rust").name
'perf_trace.rs'

Not a module of the emitters' package, which starts tracing when it is imported: the command is not to be traced.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

Language = Literal["python", "rust", "node", "node-commonjs", "node-types"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_PACKAGE = Path(__file__).resolve().parent.parent / "emit"
_AUTOSTART = _PACKAGE / "autostart"
"""In ``PYTHONPATH``, it has the hooks for libraries switch themselves on in each Python program."""
_EXAMPLES = _PACKAGE.parent.parent / "examples"
_NAMES: dict[Language, str] = {"python": "core.py", "rust": "perf_trace.rs", "node": "perf-trace.mjs"}
_NAMES |= {"node-commonjs": "perf-trace.cjs", "node-types": "perf-trace.d.mts"}


def emitter_path(language: Language) -> Path:
    """The emitter's file: in its package, or, of a checkout, among the examples."""
    packaged = _PACKAGE / _NAMES[language]
    return packaged if packaged.exists() else _EXAMPLES / language.partition("-")[0] / _NAMES[language]


def python_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables to add to an environment, so that a Python program in it traces its libraries by itself.

    The program's environment need not hold the emitter: without one it uses this package's own files.
    """
    paths = (str(_AUTOSTART), environment.get("PYTHONPATH", ""))
    return {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
