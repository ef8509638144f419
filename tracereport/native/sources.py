"""What the library is made from: its C sources, and the hash by which a library is known to be made from them.

The package's build reads this file as well, before the package is installed: standard library only.
"""

import hashlib
import sys
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
LIBRARY_SUFFIXES: Final = {"darwin": ".dylib", "win32": ".dll"}
"""By ``sys.platform``; elsewhere ``.so``."""


def library_name(platform: str = sys.platform) -> str:
    """The file name of the library on a platform."""
    return f"libtracereport{LIBRARY_SUFFIXES.get(platform, '.so')}"


def list_sources(folder: Path = FOLDER) -> list[Path]:
    """The C files, headers among them, in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.suffix in {".c", ".h"})


def hash_sources(folder: Path = FOLDER) -> str:
    """A hash of all that the library is compiled from, whatever ends the lines of the checkout."""
    digest = hashlib.sha256()
    for path in list_sources(folder):
        digest.update(f"{path.name}\n".encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:32]
