"""A ``report.json`` read back, packed or not, told apart by content: whole, or as much of it as a purpose needs."""

import msgspec

from tracereport.errors import TracereportError
from tracereport.model import SCHEMA_VERSION, decode_json
from tracereport.model.base import Kind
from tracereport.sources.streams.raw import BrokenSourceError
from tracereport.sources.streams.stream import read_whole

REMEDY = "Give a report.json that `tracereport LOG -o report.json` wrote (also as .json.gz)."


class _Versioned(msgspec.Struct):
    schema_version: int


class NoReportError(Exception):
    """A file isn't a report that can be read.

    Args:
        reason: as the rest of a sentence that begins with the file's name.
        remedy: what to do about it.
    """

    def __init__(self, reason: str, remedy: str = REMEDY) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy


def read_report(name: str, kind: type[Kind], unpacked_limit: int | None = None) -> Kind:
    """The report in a file or an object, as far as ``kind`` has its keys.

    A report of an older version lacks the keys that came since; they have their defaults. Keys that ``kind`` doesn't
    know are ignored.

    Raises:
        NoReportError: the file can't be read, is no report, or was written by a later version with other keys.
    """
    try:
        content = read_whole(name, unpacked_limit)
    except OSError as error:
        raise NoReportError(f"can't be read: {error.strerror or error}") from error
    except BrokenSourceError as error:
        raise NoReportError(f"is damaged: {error}", "Make it again, or fetch it again.") from error
    except TracereportError as error:  # of an object store
        raise NoReportError(f"can't be read: {error.message.removesuffix('.')}", error.remedy) from error
    try:
        return _decode(content, kind)
    except msgspec.ValidationError as error:
        raise NoReportError(f"is not a report of tracereport: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NoReportError(f"is not JSON: {error}") from error
    except RecursionError as error:
        raise NoReportError("is nested too deeply for a report") from error


def _decode(content: bytes, kind: type[Kind]) -> Kind:
    """The version is looked at by itself only where the rest doesn't fit: reading it twice takes its time."""
    try:
        found = decode_json(content, kind)
    except msgspec.ValidationError:
        _refuse_later(decode_json(content, _Versioned).schema_version)
        raise
    _refuse_later(getattr(found, "schema_version", SCHEMA_VERSION))
    return found


def _refuse_later(version: int) -> None:
    if version > SCHEMA_VERSION:
        raise NoReportError(
            f"has schema version {version}, and this tracereport reads up to {SCHEMA_VERSION}",
            "Upgrade tracereport, or make the report again with this version.",
        )
