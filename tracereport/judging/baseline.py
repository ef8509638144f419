"""A baseline read back: the ``report.json`` of an earlier run, or of an earlier version."""

from pathlib import Path

import msgspec

from tracereport.errors import BaselineError
from tracereport.model import SCHEMA_VERSION, Report, decode_report
from tracereport.sources.streams import BrokenSourceError, read_whole

REMEDY = "Give a report.json that `tracereport LOG -o report.json` wrote (also as .json.gz), or a table of calls."


class _Versioned(msgspec.Struct):
    schema_version: int


def read_baseline(path: Path, unpacked_limit: int | None = None) -> Report:
    """The report in a ``report.json``, packed or not, told apart by content.

    A report of an older version lacks the keys that came since; they have their defaults. Keys that this version
    doesn't know are ignored.

    Raises:
        BaselineError: it can't be read, is no report, or was written by a later version with other keys.
    """
    content = _read_bytes(path, unpacked_limit)
    try:
        version = msgspec.json.decode(content, type=_Versioned).schema_version
        if version > SCHEMA_VERSION:
            raise BaselineError(
                f"The baseline {path} has schema version {version}, and this tracereport reads up to {SCHEMA_VERSION}.",
                "Upgrade tracereport, or make the baseline again with this version.",
            )
        return decode_report(content)
    except msgspec.ValidationError as error:
        raise BaselineError(f"The baseline {path} is not a report of tracereport: {error}.", REMEDY) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BaselineError(f"The baseline {path} is not JSON: {error}.", REMEDY) from error
    except RecursionError as error:
        raise BaselineError(f"The baseline {path} is nested too deeply for a report.", REMEDY) from error


def _read_bytes(path: Path, unpacked_limit: int | None) -> bytes:
    try:
        return read_whole(str(path), unpacked_limit)
    except OSError as error:
        raise BaselineError(f"The baseline {path} can't be read: {error.strerror or error}.", REMEDY) from error
    except BrokenSourceError as error:
        raise BaselineError(f"The baseline {path} is damaged: {error}.", "Make it again, or fetch it again.") from error
