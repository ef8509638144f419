"""Loads what workers need, in the process that they are forked from; see ``local_workers``."""

from contextlib import suppress

from tracereport.engine.own_process import load_numpy

load_numpy()

import zstandard  # noqa: E402, F401

from tracereport.engine import tasks  # noqa: E402, F401
from tracereport.errors import InstallationError  # noqa: E402
from tracereport.native.loader import library  # noqa: E402

with suppress(InstallationError):  # who needs it says so
    library()
