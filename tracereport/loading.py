"""Loads NumPy as cheaply as the command can have it. A program that loads us as a library keeps its own ways."""

import os
from typing import Final

_THREADS: Final = "OPENBLAS_NUM_THREADS"


def load_numpy() -> None:
    """Loads NumPy without the threads of its linear algebra: nothing here uses them, and they double the time it takes.

    The variable that says so is taken back at once: a command that we run is to find the environment as it was.
    """
    if _THREADS in os.environ:
        return
    os.environ[_THREADS] = "1"
    try:
        import numpy  # noqa: F401, ICN001, PLC0415 - loaded for those who import it later
    finally:
        del os.environ[_THREADS]
