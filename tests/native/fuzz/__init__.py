"""Hostile bytes for the native library: ``python -m tests.native.fuzz [SECONDS]``, an hour where none are given.

It is compiled with AddressSanitizer and UndefinedBehaviorSanitizer, with libFuzzer where clang has it, else with a
mutator of our own. What is found stays in the folder that is named at the end; put it into ``corpus`` with its mending.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
CORPUS = FOLDER / "corpus"
NATIVE = FOLDER.parents[2] / "tracereport" / "native"
SANITIZERS = "address,undefined"
LARGEST_INPUT = 4096


class NoSanitizerError(Exception):
    """No compiler here has the sanitizers."""


def compile_fuzzer(folder: Path) -> tuple[Path, bool]:
    """The program that tries inputs, made in this folder, and whether it is libFuzzer's.

    Raises:
        NoSanitizerError: neither clang nor the machine's own compiler can make it.
    """
    ways = ((["clang"], True), (["clang"], False), ([os.environ.get("CC") or "cc"], False))
    said = ""
    for command, has_engine in ways:
        if shutil.which(command[0]) is None:
            continue
        program = folder / "fuzzer"
        kinds = f"fuzzer,{SANITIZERS}" if has_engine else SANITIZERS
        options = ["-std=c11", "-g", "-O1", f"-fsanitize={kinds}", "-fno-sanitize-recover=undefined", f"-I{NATIVE}"]
        files = ["harness.c", *([] if has_engine else ["mutate.c"])]
        done = subprocess.run(
            [*command, *options, "-o", str(program), *(str(FOLDER / name) for name in files)],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            return program, has_engine
        said = done.stderr
    raise NoSanitizerError(said or "there is no compiler")


def fuzz(seconds: int) -> None:
    """Tries inputs for so long.

    Raises:
        NoSanitizerError: it can't be compiled here.
        subprocess.CalledProcessError: something was found; it lies in the folder that the output names.
    """
    folder = Path(tempfile.mkdtemp(prefix="tracereport-fuzz-"))
    program, has_engine = compile_fuzzer(folder)
    corpus = folder / "corpus"
    shutil.copytree(CORPUS, corpus)
    if has_engine:
        limits = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048", f"-max_len={LARGEST_INPUT}"]
        arguments = [*limits, f"-artifact_prefix={folder}/", "-print_final_stats=1", "-verbosity=0", str(corpus)]
    else:
        arguments = [str(seconds), *map(str, sorted(corpus.iterdir()))]
    subprocess.run([str(program), *arguments], check=True, cwd=folder)
    shutil.rmtree(folder)
