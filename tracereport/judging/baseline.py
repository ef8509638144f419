"""A baseline read back: the ``report.json`` of an earlier run, or of an earlier version."""

import gzip
import zlib
from pathlib import Path

import msgspec

from tracereport.errors import BaselineError
from tracereport.model import SCHEMA_VERSION, Report, decode_report
from tracereport.sources.streams import GZIP_MAGIC

REMEDY = "Give a report.json that `tracereport LOG -o report.json` wrote (also as .json.gz), or a table of calls."


class _Versioned(msgspec.Struct):
    schema_version: int


def read_baseline(path: Path) -> Report:
    """The report in a ``report.json`` or ``report.json.gz``, told apart by content.

    A report of an older version lacks the keys that came since; they have their defaults. Keys that this version
    doesn't know are ignored.

    Raises:
        BaselineError: it can't be read, is no report, or was written by a later version with other keys.
    """
    content = _read_bytes(path)
    try:
        if content.startswith(GZIP_MAGIC):
            content = gzip.decompress(content)
        version = msgspec.json.decode(content, type=_Versioned).schema_version
        if version > SCHEMA_VERSION:
            raise BaselineError(
                f"The baseline {path} has schema version {version}, and this tracereport reads up to {SCHEMA_VERSION}.",
                "Upgrade tracereport, or make the baseline again with this version.",
            )
        return decode_report(content)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BaselineError(f"The baseline {path} is damaged: {error}.", "Make it again, or fetch it again.") from error
    except msgspec.ValidationError as error:
        raise BaselineError(f"The baseline {path} is not a report of tracereport: {error}.", REMEDY) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BaselineError(f"The baseline {path} is not JSON: {error}.", REMEDY) from error


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BaselineError(f"The baseline {path} can't be read: {error.strerror}.", REMEDY) from error
