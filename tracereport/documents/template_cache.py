"""Compiled templates, kept in the user's cache: compiling them takes longer than measuring a small log.

Where that cache is the environment says (``XDG_CACHE_HOME``), which no other room below the command asks but
``vega_bundle``: what is kept there changes no document, only how soon it is made.
"""

import pickle
from contextlib import suppress
from pathlib import Path
from typing import Final

import platformdirs
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

_UNREADABLE: Final = (OSError, EOFError, ValueError, pickle.UnpicklingError)


class TemplateCache(FileSystemBytecodeCache):
    """A cache that is no error where it can't be read or written: the templates are there.

    Jinja replaces its files whole, and takes one only if the template's text and the versions of Python and of its own
    code are those that it was compiled from.
    """

    def __init__(self, settings: str) -> None:
        """Take ``settings``, a text that changes whenever the environment compiles the same template to other code."""
        super().__init__(str(platformdirs.user_cache_path("tracereport") / "templates"))
        self._settings = settings

    def get_source_checksum(self, source: str) -> str:
        """The checksum of all that the compiled code is made from."""
        return super().get_source_checksum(f"{self._settings}\n{source}")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, or leave it empty."""
        try:
            super().load_bytecode(bucket)
        except _UNREADABLE:
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what the bucket holds."""
        with suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)
