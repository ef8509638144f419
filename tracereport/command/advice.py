"""What to do where a command has run and nothing was traced: for this very command, as far as its kind is known."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from itertools import dropwhile, takewhile
from pathlib import PurePath
from typing import Final

from tracereport.command.collection import MODULES_VARIABLE, VARIABLE

_OFF: Final = {"", "0", "off", "false", "no"}
_TO_STANDARD_ERROR: Final = {"1", "on", "true", "yes", "stderr"}
"""What our emitters take the variable for; any other value is a file."""
_RUST: Final = (
    "`tracereport emitter rust > src/perf_trace.rs` gives the file that does; `mod perf_trace;` beside it, and "
    '`let _call = perf_trace::trace!("name");` in a function'
)
_NODE: Final = (
    "`tracereport emitter node > perf-trace.mjs` gives the file that does: `traceQueries(pool)` for statements, "
    "`traced` for functions."
)
_PYTHON: Final = (
    "asked a database or server by a library that there is a hook for. To trace functions of your own, name their "
    "modules, as in `{modules}=app.store tracereport run -- {command}`, or decorate them with `traced` of perf_trace "
    "(or of tracereport.emit, where that is installed)."
)
_ISOLATED: Final = "Python's option {option} keeps it from PYTHONPATH, by which tracing is switched on: leave it out."
_PYTHON_WORD: Final = re.compile(r"python[0-9.]*|pypy[0-9.]*|py")
_LONGEST_REPEATED: Final = 60
_OTHER_LANGUAGE: Final = (
    "There is no emitter for {language} yet. To write one is an hour's work, which `tracereport check-emitter LOG` "
    "checks; spans of OpenTelemetry are read as they are."
)
_KINDS: Final = (
    (re.compile("cargo"), "cargo"),
    (re.compile(r"pytest|py\.test"), "pytest"),
    (re.compile("tox"), "tox"),
    (re.compile("docker|podman|sudo|ssh|kubectl|vagrant|bazel"), "walled"),
    (re.compile(r"node|nodejs|npm|npx|yarn|pnpm|bun|tsx|ts-node|vitest|jest|mocha"), "node"),
    (re.compile("go|gotestsum|ginkgo"), "go"),
    (re.compile("mvnw?|gradlew?|java|sbt"), "java"),
    (re.compile("dotnet"), "dotnet"),
    (re.compile("bundle|rails|rspec|rake|ruby"), "ruby"),
    (re.compile("php|phpunit|pest|artisan|composer"), "php"),
    (re.compile("make|gmake|just|task|ninja|sh|bash|zsh"), "other"),
    (re.compile(rf"{_PYTHON_WORD.pattern}|uv|poetry|pdm|hatch|nox"), "python"),
)
"""By the words of a command, its program and whatever that runs; of several the first of these counts."""


def advise(argv: Sequence[str], environment: Mapping[str, str]) -> str:
    """What to do, in a sentence or two.

    Args:
        argv: the command.
        environment: as it was before anything was switched on for the command.
    """
    target = environment.get(VARIABLE)
    if target is not None and target.lower() in _OFF:
        return f"{VARIABLE}={target} switches the emitters off: unset it."
    if target is not None and target.lower() not in _TO_STANDARD_ERROR:
        return f"{VARIABLE}={target} sends the traces to that file: `tracereport {target}`, or unset {VARIABLE}."
    words = [PurePath(word).name.removesuffix(".exe").removesuffix(".cmd") for word in argv]
    kind = next((kind for pattern, kind in _KINDS if any(map(pattern.fullmatch, words))), "unknown")
    return _ADVICE[kind](argv, words, environment)


def _for_cargo(argv: Sequence[str], words: Sequence[str], environment: Mapping[str, str]) -> str:
    """Of Rust there are two kinds: those that have our file, and those that trace through a logger."""
    if "--no-run" in words or words[1:3] == ["nextest", "list"]:
        return f"`{shlex.join(argv)}` runs no test."
    logs = environment.get("RUST_LOG", "")
    switch = "" if "debug" in logs or "trace" in logs else "RUST_LOG=debug "
    command = shlex.join(argv)
    if "nextest" in words:
        if not {"--no-capture", "--nocapture"} & set(words):
            command += " --no-capture"
    elif {"test", "t"} & set(words) and "--nocapture" not in words:
        command += " --nocapture" if "--" in argv else " -- --nocapture"
    if not switch and command == shlex.join(argv):
        return f"{_RUST}."
    return f"{_RUST}. If traces are logged: `{switch}tracereport run -- {command}`"


def _for_pytest(argv: Sequence[str], words: Sequence[str], _: Mapping[str, str]) -> str:
    if option := _find_isolation(words):
        return _ISOLATED.format(option=option)
    return "No test " + _PYTHON.format(modules=MODULES_VARIABLE, command=_short(argv))


def _for_tox(argv: Sequence[str], _: Iterable[str], __: Mapping[str, str]) -> str:
    return (
        f"An old tox, or a section with a `pass_env` of its own, hands {VARIABLE} on only if it says "
        f"`pass_env = {VARIABLE}*, PYTHONPATH`; "
        f"else run what it runs: `tracereport run -- pytest` instead of `{shlex.join(argv)}`"
    )


def _for_walled(argv: Sequence[str], _: Iterable[str], __: Mapping[str, str]) -> str:
    return (
        f"{PurePath(argv[0]).name} hands no {VARIABLE} on, nor its files: run tracereport on the other side, or set "
        f"{VARIABLE}=1 there, so that the traces come on standard error."
    )


def _for_node(_: Sequence[str], __: Iterable[str], ___: Mapping[str, str]) -> str:
    return _NODE


def _short(argv: Sequence[str]) -> str:
    """The command as it is typed, if it isn't long: a program given by ``-c`` would hide what is said of it."""
    typed = shlex.join(argv)
    return typed if len(typed) <= _LONGEST_REPEATED else f"{shlex.quote(argv[0])} ..."


def _find_isolation(words: Sequence[str]) -> str | None:
    """The option that keeps Python from what switches tracing on, if there is one."""
    behind = dropwhile(lambda word: not _PYTHON_WORD.fullmatch(word), words)
    options = takewhile(lambda word: word.startswith("-") and word[1:2] not in {"c", "m"}, list(behind)[1:])
    return next((option for option in options if {"I", "E", "S"} & set(option)), None)


def _for_python(argv: Sequence[str], words: Sequence[str], _: Mapping[str, str]) -> str:
    if option := _find_isolation(words):
        return _ISOLATED.format(option=option)
    return "Nothing that ran " + _PYTHON.format(modules=MODULES_VARIABLE, command=_short(argv))


def _for_other(argv: Sequence[str], _: Iterable[str], __: Mapping[str, str]) -> str:
    return (
        f"What `{shlex.join(argv)}` runs writes no traces: run that itself, as in `tracereport run -- pytest`, "
        "`-- cargo test` or `-- npx vitest run`, to be told what it lacks."
    )


def _for_go(_: Sequence[str], __: Iterable[str], ___: Mapping[str, str]) -> str:
    return _OTHER_LANGUAGE.format(language="Go")


def _for_java(_: Sequence[str], __: Iterable[str], ___: Mapping[str, str]) -> str:
    return _OTHER_LANGUAGE.format(language="Java")


def _for_dotnet(_: Sequence[str], __: Iterable[str], ___: Mapping[str, str]) -> str:
    return _OTHER_LANGUAGE.format(language=".NET")


def _for_ruby(_: Sequence[str], __: Iterable[str], ___: Mapping[str, str]) -> str:
    return "Nothing that ran writes traces. Of Rails its log is enough: `tracereport log/test.log` after the tests."


def _for_php(_: Sequence[str], __: Iterable[str], ___: Mapping[str, str]) -> str:
    return (
        "Nothing that ran writes traces. Of Laravel the files of its Debugbar are enough: "
        "`tracereport storage/debugbar/*.json`."
    )


def _for_unknown(_: Sequence[str], __: Iterable[str], ___: Mapping[str, str]) -> str:
    return "Nothing that ran writes traces: `tracereport emitter --help` names the languages that have an emitter."


_ADVICE: Final = {
    "cargo": _for_cargo,
    "pytest": _for_pytest,
    "tox": _for_tox,
    "walled": _for_walled,
    "node": _for_node,
    "python": _for_python,
    "go": _for_go,
    "java": _for_java,
    "dotnet": _for_dotnet,
    "ruby": _for_ruby,
    "php": _for_php,
    "other": _for_other,
    "unknown": _for_unknown,
}
