"""The facts of the machine that figures were measured on."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path


def describe_machine() -> str:
    """Processor, cores, memory, system and versions, in one line."""
    memory_gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return ", ".join(
        (
            _name_processor(),
            f"{len(os.sched_getaffinity(0))} cores",
            f"{memory_gigabytes:.0f} GB",
            f"{platform.system()} {platform.release()}",
            f"Python {platform.python_version()}",
            *(f"{name} {version(name)}" for name in ("polars", "numpy", "altair", "vl-convert-python")),
            _first_line("mawk", "-W", "version"),
            _first_line("grep", "--version"),
        )
    )


def describe_load() -> str:
    """How many processes want the processor, on average of one and five minutes: more than none spoils the figures."""
    one, five, _ = os.getloadavg()
    return f"load {one:.1f} (one minute), {five:.1f} (five)"


def _name_processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _first_line(*command: str) -> str:
    shown = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    return (shown.stdout or shown.stderr).partition("\n")[0]
