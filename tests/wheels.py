"""Builds the wheels of a release from one machine, and checks each: ``python -m tests.wheels FOLDER [TARGET...]``.

Each is built from the source distribution by the package's own build, with the compiler from the package index. Its
library must export what the loader asks for and nothing else of ours, need no newer system than its tag says, and be
signed where the system demands it. What can be run here is run: the wheel for this machine, and the library's own tests
for another processor where its emulator is installed. The output says what wasn't run.
"""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

from tests.binaries import read_library
from tests.native.fuzz import CORPUS
from tests.native.fuzz import FOLDER as HARNESS
from tests.native.test_build import load_build
from tests.paths import ROOT
from tracereport.native.loader import SIGNATURES

BUILD_REQUIREMENTS = ("hatchling>=1.27", "vl-convert-python>=1.9")
OLDEST = {"linux-gnu": "GLIBC_2.17", "macos": "11.0"}
SMOKE_SECONDS = 3
LOG = "PERF_TRACE|0|load|id=1|elapsed_ms=3|found=1\nPERF_TRACE|1|load|id=1|elapsed_ms=3|found=1\n"


def main(folder: Path, targets: list[str]) -> None:
    """Builds, checks and runs, and says of each wheel what came of it."""
    build = load_build()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        python = make_environment(Path(scratch) / "build", *BUILD_REQUIREMENTS, build.ZIG_REQUIREMENT)
        run(python, "-m", "hatchling", "build", "-t", "sdist", "-d", str(folder), cwd=ROOT)
        sdist = max(folder.glob("tracereport-*.tar.gz"), key=lambda path: path.stat().st_mtime)
        print(f"{sdist.name}: {check_sdist(sdist)}", flush=True)
        for target in targets or build.RELEASE_TARGETS:
            wheel = build_wheel(python, sdist, target, folder)
            check_wheel(wheel, target)
            said = run_wheel(wheel, target, Path(scratch)) if is_own_machine(target) else try_library(python, target)
            print(f"{wheel.name}: exports and oldest system as they should be; {said}", flush=True)


def make_environment(folder: Path, *requirements: str) -> str:
    """The interpreter of a new environment that holds these packages."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    if requirements:
        run(python, "-m", "pip", "install", "-q", *requirements)
    return python


def run(*command: str, cwd: Path | None = None, **variables: str) -> str:
    """Runs a command that must succeed, and gives its output."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **variables}, check=False, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def check_sdist(sdist: Path) -> str:
    """The sources are in it, and no library is."""
    with tarfile.open(sdist) as archive:
        names = [Path(name).name for name in archive.getnames()]
    missing = {"build_native.py", "hatch_build.py", "common.h", "split.c"} - set(names)
    if missing or any(name.startswith("libtracereport") for name in names):
        sys.exit(f"{sdist.name}: lacks {missing or 'nothing'}, or holds a library")
    return "sources, and no library"


def build_wheel(python: str, sdist: Path, target: str, folder: Path) -> Path:
    """The wheel for a machine, built in a folder of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(sdist) as archive:
            archive.extractall(scratch, filter="data")
        (root,) = Path(scratch).iterdir()
        run(python, "-m", "hatchling", "build", "-t", "wheel", "-d", scratch, cwd=root, TRACEREPORT_TARGET=target)
        (wheel,) = Path(scratch).glob("*.whl")
        return Path(shutil.copy(wheel, folder))


def check_wheel(wheel: Path, target: str) -> None:
    """Its tag is that of the machine, and its one library exports and needs what it should."""
    build = load_build()
    if not wheel.name.endswith(f"-py3-none-{build.RELEASE_TARGETS[target]}.whl"):
        sys.exit(f"{wheel.name}: the tag isn't that of {target}")
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if Path(name).name.startswith("libtracereport")]
        if len(names) != 1 or Path(names[0]).parent.as_posix() != "tracereport/native":
            sys.exit(f"{wheel.name}: holds the libraries {names}")
        library = read_library(Path(archive.extract(names[0], scratch)))
    exported = {name for name in library.exports if name.startswith("tracereport_")}
    if exported != set(SIGNATURES):
        sys.exit(f"{wheel.name}: exports {sorted(exported ^ set(SIGNATURES))} too many or too few")
    machine = "arm64" if target == "aarch64-macos.11.0" else target.partition("-")[0]
    if library.machine != machine:
        sys.exit(f"{wheel.name}: is for {library.machine}")
    for kind, oldest in OLDEST.items():
        if kind in target and numbers_of(library.oldest) > numbers_of(oldest):
            sys.exit(f"{wheel.name}: needs {library.oldest}")
    if "musl" in target and library.oldest:
        sys.exit(f"{wheel.name}: is bound to {library.oldest}")
    if target.startswith("aarch64-macos") and not library.is_signed:
        sys.exit(f"{wheel.name}: its library isn't signed, or not as it stands")


def numbers_of(version: str) -> list[int]:
    """``[2, 17]`` of ``GLIBC_2.17``."""
    return [int(part) for part in version.rpartition("_")[2].split(".") if part]


def is_own_machine(target: str) -> bool:
    """Whether the wheel can be installed here."""
    libc = "gnu" if platform.libc_ver()[0] == "glibc" else "musl"
    return sys.platform == "linux" and target.startswith(f"{platform.machine()}-linux-{libc}")


def run_wheel(wheel: Path, target: str, scratch: Path) -> str:
    """Installs it into an environment of its own and makes a report."""
    python = make_environment(scratch / target, str(wheel))
    log = scratch / "perf_trace.log"
    log.write_text(LOG, encoding="utf-8")
    report = run(python, "-m", "tracereport", str(log), cwd=scratch)
    if "load" not in report:
        sys.exit(f"{wheel.name}: no report:\n{report}")
    return "installed and run"


def try_library(python: str, target: str) -> str:
    """Runs the library's own tests under an emulator of its processor, where there is one."""
    machine, _, system = target.partition("-")
    is_own = machine == platform.machine()
    emulator = None if is_own else shutil.which(f"qemu-{machine}")
    if not system.startswith("linux") or not (is_own or emulator):
        return "not run: there is no such machine here"
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / "harness"
        sources = [str(HARNESS / "harness.c"), str(HARNESS / "mutate.c")]
        options = ["-std=c11", "-O2", "-static", "-target", f"{machine}-linux-musl"]
        native = f"-I{ROOT / 'tracereport' / 'native'}"
        compiling = (python, "-m", "ziglang", "cc", *options, native, "-o", str(program), *sources)
        run(*compiling, ZIG_GLOBAL_CACHE_DIR=scratch, ZIG_LOCAL_CACHE_DIR=scratch)
        inputs = sorted(map(str, CORPUS.iterdir()))
        command = [*([emulator] if emulator else []), str(program), str(SMOKE_SECONDS), *inputs]
        tried = run(*command, cwd=Path(scratch)).strip()
    return f"the library's own tests run ({tried}{' under an emulator' if emulator else ''}), the wheel not run"


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
