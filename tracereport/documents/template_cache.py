"""Compiled templates, kept in the user's cache: compiling them takes longer than measuring a small log."""

from contextlib import suppress
from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

from tracereport.documents.user_cache import cache_folder


class TemplateCache(FileSystemBytecodeCache):
    """A cache that is no error where it can't be read or written: the templates are there.

    Jinja replaces its files whole, and takes one only if the template's text and the versions of Python and of its own
    code are those that it was compiled from.
    """

    def __init__(self, settings: str) -> None:
        """Take ``settings``, a text that changes whenever the environment compiles the same template to other code."""
        folder = cache_folder()
        self._is_there = folder is not None
        super().__init__(str((folder or Path()) / "templates"))
        self._settings = settings

    def get_source_checksum(self, source: str) -> str:
        """The checksum of all that the compiled code is made from."""
        return super().get_source_checksum(f"{self._settings}\n{source}")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, or leave it empty."""
        if not self._is_there:
            return
        try:
            super().load_bytecode(bucket)
        except Exception:  # noqa: BLE001 - a damaged pickle may raise anything
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what the bucket holds."""
        if not self._is_there:
            return
        with suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)
