"""Compiles the native library into ``tracereport/native``: for the build of a wheel, and for a checkout in use.

``python build_native.py`` does it where sources have changed; so do the tests. Standard library only: this file is read
before any build requirement is there, to tell which are needed.
"""

import importlib.util
import os
import platform
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
ZIG_REQUIREMENT = "ziglang==0.17.*"
"""The compiler from the package index, for machines that have none."""
TARGET_VARIABLE = "TRACEREPORT_TARGET"
"""Names one of ``RELEASE_TARGETS`` where a wheel is to be built for another machine than this one."""
RELEASE_TARGETS = {
    "x86_64-linux-gnu.2.17": "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "aarch64-linux-gnu.2.17": "manylinux_2_17_aarch64.manylinux2014_aarch64",
    "x86_64-linux-musl": "musllinux_1_2_x86_64",
    "aarch64-linux-musl": "musllinux_1_2_aarch64",
    "x86_64-macos.11.0": "macosx_11_0_x86_64",
    "aarch64-macos.11.0": "macosx_11_0_arm64",
    "x86_64-windows-gnu": "win_amd64",
}
"""Zig's name of each machine that wheels are released for, and its name in a wheel's tag."""
MACOS_VERSION = "11.0"
NO_COMPILER = (
    "tracereport's native library needs a C compiler, and none works here: install one (or set CC), "
    f"or pip install '{ZIG_REQUIREMENT}'."
)

_FLAGS = ("-std=c11", "-O3", "-shared", "-fvisibility=hidden")
_TRIAL = "#include <stdint.h>\n#include <stdlib.h>\n#include <string.h>\nint trial(void) { return 0; }\n"


class NoCompilerError(Exception):
    """No compiler works; its text says what to do."""


def find_compiler() -> list[str] | None:
    """The command of a C compiler of this machine that makes a shared library; none where no such compiler works."""
    named = os.environ.get("CC", "").strip()
    commands = [shlex.split(named)] if named else [["cc"], ["gcc"], ["clang"]]
    return next((command for command in commands if _compiles(command)), None)


def find_zig() -> list[str] | None:
    """The command of the compiler from the package index, where it is installed."""
    return [sys.executable, "-m", "ziglang", "cc"] if importlib.util.find_spec("ziglang") else None


def build_requirements() -> list[str]:
    """What a build needs from the package index to compile: nothing where this machine's own compiler does."""
    return [ZIG_REQUIREMENT] if os.environ.get(TARGET_VARIABLE) or find_compiler() is None else []


def wheel_platform() -> str:
    """The platform in the tag of a wheel that is built here: of the machine that is really compiled for."""
    target = os.environ.get(TARGET_VARIABLE)
    if target:
        return RELEASE_TARGETS[target]
    if sys.platform == "darwin":
        return f"macosx_{MACOS_VERSION.replace('.', '_')}_{platform.machine()}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def compile_library(root: Path = ROOT) -> Path:
    """Compiles the library in place, and removes any other one there.

    Raises:
        NoCompilerError: there is none.
        subprocess.CalledProcessError: the sources don't compile; the compiler has said why.
    """
    sources = _load_sources(root)
    target = os.environ.get(TARGET_VARIABLE)
    command = find_zig() if target else find_compiler() or find_zig()
    if command is None:
        raise NoCompilerError(NO_COMPILER)
    folder = root / "tracereport" / "native"
    kind = _platform_of(target) if target else sys.platform
    library: Path = folder / sources.library_name(kind)
    options = [*_FLAGS, f'-DTRACEREPORT_SOURCES="{sources.hash_sources(folder)}"']
    options += ["-target", target, "-s"] if target else []
    options += [] if kind == "win32" else ["-fPIC"]
    options += [f"-mmacosx-version-min={MACOS_VERSION}"] if kind == "darwin" and not target else []
    files = [str(path) for path in sources.list_sources(folder) if path.suffix == ".c"]
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / library.name
        subprocess.run([*command, *options, "-o", str(made), *files], check=True, env=_environment(scratch))
        for old in folder.glob("libtracereport.*"):
            if old != library:
                old.unlink()
        # In one step: a process that has the old library open keeps it.
        beside = folder / f"{library.name}.{os.getpid()}"
        beside.write_bytes(made.read_bytes())
        beside.chmod(0o755)
        beside.replace(library)
    return library


def is_up_to_date(root: Path = ROOT) -> bool:
    """Whether the library in place was made from the sources beside it."""
    sources = _load_sources(root)
    folder = root / "tracereport" / "native"
    library = folder / sources.library_name()
    return library.exists() and sources.hash_sources(folder).encode() in library.read_bytes()


def _compiles(command: list[str]) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "trial.c"
        source.write_text(_TRIAL, encoding="utf-8")
        options = [*_FLAGS, *([] if sys.platform == "win32" else ["-fPIC"])]
        try:
            done = subprocess.run(
                [*command, *options, "-o", str(source.with_suffix(".out")), str(source)],
                check=False,
                capture_output=True,
                env=_environment(scratch),
                timeout=300,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


def _environment(scratch: str) -> dict[str, str]:
    """The environment, with the compiler's caches in a folder that goes away with the build."""
    return {**os.environ, "ZIG_GLOBAL_CACHE_DIR": scratch, "ZIG_LOCAL_CACHE_DIR": scratch}


def _platform_of(target: str) -> str:
    """What ``sys.platform`` is on a machine that Zig calls so."""
    return "darwin" if "-macos" in target else "win32" if "-windows" in target else "linux"


def _load_sources(root: Path) -> Any:  # noqa: ANN401 - a module that isn't installed yet
    path = root / "tracereport" / "native" / "sources.py"
    spec = importlib.util.spec_from_file_location("tracereport_native_sources", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    if not is_up_to_date():
        try:
            compile_library()
        except NoCompilerError as error:
            sys.exit(str(error))
