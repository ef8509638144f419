"""Where the emitters are that a program takes a copy of: one file for each language.

>>> from tracereport.emit.files import emitter_path
>>> emitter_path("rust").name
'perf_trace.rs'
"""

from pathlib import Path
from typing import Literal, get_args

Language = Literal["python", "rust", "node", "node-commonjs", "node-types"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_PACKAGE = Path(__file__).resolve().parent
_EXAMPLES = _PACKAGE.parent.parent / "examples"
_NAMES: dict[Language, str] = {"python": "core.py", "rust": "perf_trace.rs", "node": "perf-trace.mjs"}
_NAMES |= {"node-commonjs": "perf-trace.cjs", "node-types": "perf-trace.d.mts"}


def emitter_path(language: Language) -> Path:
    """The emitter's file: in this package, or, of a checkout, among the examples."""
    packaged = _PACKAGE / _NAMES[language]
    return packaged if packaged.exists() else _EXAMPLES / language.partition("-")[0] / _NAMES[language]
